"""`harness add`: what it says, what it asks, its exit codes, and what its JSON holds."""

import io
import json
import shlex
import sys
from pathlib import Path

import pytest

from harness import corpus
from harness.cli import run
from harness.corpus.schema import Layer
from harness.editing.new import new_corpus

STORY = "The port union of Lima said on Monday that its members will not return to work before the ministry answers.\n"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    new_corpus(tmp_path / "mine", [Layer("tone", "label", ("WARM", "COLD"))], ["en", "id"], tmp_path / "mine.toml")
    (tmp_path / "a.txt").write_text(STORY)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mine"


def test_a_document_is_added_and_the_next_step_said(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["add", "a.txt", "--to", "./mine", "--group", "port", "--split", "pool", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        f"a.txt -> port/a (new group), {len(STORY)} characters",
        "Added 1 document to mine. Next: harness annotate ./mine, then: harness check ./mine",
    ]
    assert run(["check", str(mine)]) == 0
    assert run(["add", "a.txt", "--to", "./mine", "--group", "port"]) == 0
    assert "a.txt is there already: port/a\nNothing is new" in capsys.readouterr().out


def test_what_cannot_be_seen_is_named_before_anything_is_written(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("b.txt").write_bytes("so\xadft\r\n5\xa0km\r\n".encode())
    ask = ["add", "b.txt", "--to", "./mine", "--group", "port", "--split", "train", "--lang", "en"]
    assert run(ask) == 1
    said = capsys.readouterr()
    assert "  soft hyphen U+00AD: 1, first at b.txt:1:3; --fix repairs it\n" in said.out
    assert "  CRLF line end: 2, first at b.txt:1:6; no corpus holds it; --fix repairs it\n" in said.out
    assert "  no-break space U+00A0: 1, first at b.txt:2:2; kept\n" in said.out
    assert "b.txt:1: CRLF line end (2), which no corpus holds. Add --fix to repair it." in said.err
    assert run([*ask, "--fix", "--dry-run"]) == 0
    assert not len(corpus.load(mine))
    assert run([*ask, "--fix"]) == 0
    assert [document.text for document in corpus.load(mine)] == ["soft\n5\xa0km\n"]


def test_the_proposed_command_adds_it(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["add", "a.txt", "--to", "./mine", "--group", "port", "--split", "test"])
    Path("b c.txt").write_text(STORY.replace("Monday", "Friday"))
    capsys.readouterr()
    assert (
        run(["add", "b c.txt", "--to", "./mine", "--source", "A B", "--lang", "id", "--fix", "--split", "train"]) == 2
    )
    told = capsys.readouterr().err
    assert "b c.txt is a copy, or nearly one, of port/a: group port?" in told
    (line,) = [line for line in told.splitlines() if line.startswith("  harness add")]
    assert run(shlex.split(line)[1:]) == 0
    document = corpus.load(mine)["port/b-c-" + document_suffix(mine)]
    assert (document.split, document.language, document.meta["source"]) == ("test", "id", "A B")


def document_suffix(mine: Path) -> str:
    return next(path.stem.removeprefix("b-c-") for path in mine.glob("documents/port/b-c-*.txt"))


def test_another_group_than_that_of_a_copy_is_warned_of(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["add", "a.txt", "--to", "./mine", "--group", "port", "--split", "test"])
    Path("b.txt").write_text(STORY.upper())
    assert run(["add", "b.txt", "--to", "./mine", "--group", "other", "--split", "train"]) == 0
    assert "b.txt is a copy, or nearly one, of port/a, which is in another group than other" in capsys.readouterr().err


def test_standard_input_is_one_document_with_an_id(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, code in (([], 1), (["--id", "talk"], 0)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Naïve text.".encode())))
        assert run(["add", "-", "--to", "./mine", "--group", "g", "--split", "dev", *given]) == code
    assert "Say its id: --id NAME." in capsys.readouterr().err
    assert [(document.id, document.text) for document in corpus.load(mine)] == [("g/talk", "Naïve text.")]


def test_a_new_group_wants_its_split_where_nobody_can_be_asked(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["add", "a.txt", "--to", "./mine", "--group", "g", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["exit"], answer["written"], answer["new_groups"]) == (2, False, ["g"])
    assert answer["stopped"] == [
        "group g is new. Say the split: --split train or dev or test or pool (pool: not annotated yet)."
    ]


def test_a_new_group_asks_for_its_split_on_a_terminal(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO("nonsense\ndev\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert run(["add", "a.txt", "--to", "./mine", "--group", "g"]) == 0
    assert [document.split for document in corpus.load(mine)] == ["dev"]


def test_the_answer_as_json_holds_what_was_seen(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.txt").write_text("a\tb")
    assert run(["add", "b.txt", "nowhere.txt", "--to", "./mine", "--group", "g", "--split", "pool", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["documents"][0]["id"] == "g/b"
    assert answer["documents"][0]["seen"] == [{"name": "tab", "count": 1, "line": 1, "column": 2, "lot": "kept"}]
    assert [problem["file"] for problem in answer["problems"]] == ["nowhere.txt"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--date", "yesterday"], "--date"),
        (["--date", "2024-13"], "--date"),
        (["--encoding", "rot13"], "--encoding"),
        (["--encoding", "unicode_escape"], "--encoding"),
        (["--lang", "xx"], "unknown language"),
        (["--split", "tset"], 'Did you mean "test"?'),
        (["--group", "a b"], "for example a-b-"),
        (["--group", "g", "--apart"], "--apart"),
        (["a.txt", "--id", "x"], "--id is for one document"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    mine: Path, capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    assert run(["add", "a.txt", "--to", "./mine", *given]) == 2
    assert said in capsys.readouterr().err
    assert not len(corpus.load(mine))


def test_of_a_folder_what_is_no_text_is_counted(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("in")
    (folder / "deeper").mkdir(parents=True)
    for name in ("x.txt", "y.md", "z.jpg", ".hidden.txt"):
        (folder / name).write_text(f"{name} says this.")
    assert run(["add", "in", "--to", "./mine", "--group", "g", "--split", "pool", "--lang", "en"]) == 0
    assert "passed over 3 that are no .txt or .md: 1 .txt, 1 folder, 1 .jpg" in capsys.readouterr().err
    assert [document.name for document in corpus.load(mine)] == ["x", "y"]
