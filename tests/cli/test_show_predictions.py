"""harness show CORPUS DOC --predictions RUN: gold and predictions over one another, in signs that need no terminal."""

import json
import shutil
from pathlib import Path

import pytest
from told import make_run

from harness.cli import run
from harness.cli._overlay import overlaid
from harness.reporting.overlaying import marks


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


@pytest.fixture
def show(told: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(told.parent)

    def call(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["show", "waves", *args])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.mark.parametrize(
    ("gold", "said", "due"),
    [
        ([(0, 3, "A")], [(0, 3, "A")], "[abc](= A) def ghi"),
        ([(0, 3, "A")], [], "[abc](− A) def ghi"),
        ([], [(0, 3, "A")], "{abc}(+ A) def ghi"),
        ([(0, 3, "A")], [(0, 3, "B")], "[abc](≠ A → B) def ghi"),
        ([(0, 7, "A")], [(4, 7, "A")], "[abc {def}](↔ A) ghi"),
        ([(0, 7, "A")], [(4, 11, "B")], "[abc {def] ghi}(↔ A → B)"),
        ([(0, 11, "A"), (4, 7, "B")], [(0, 11, "A"), (4, 7, "B")], "[abc [def](= B) ghi](= A)"),
        ([(0, 3, "A"), (4, 7, "B")], [(4, 7, "C"), (8, 11, "D")], "[abc](− A) [def](≠ B → C) {ghi}(+ D)"),
    ],
)
def test_each_way_to_be_wrong_has_a_sign_of_its_own(gold: list, said: list, due: str) -> None:
    drawn = overlaid("abc def ghi", marks(gold, said))
    assert drawn == due


def test_colour_adds_nothing_that_the_signs_do_not_say() -> None:
    import click

    drawn = marks([(0, 3, "A"), (4, 7, "B")], [(4, 7, "C")])
    coloured = overlaid("abc def ghi", drawn, colour=True)
    assert "\x1b[" in coloured
    assert click.unstyle(coloured) == overlaid("abc def ghi", drawn)


def test_every_task_of_a_run_is_shown_of_a_document_with_all_who_answered(show) -> None:
    code, out, err = show("g01/d", "--predictions", "told")
    assert (code, err) == (0, "")
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "g01/d · en · test"
    tone = lines[lines.index("tone") + 2].split()
    assert tone[:4] == ["document", "gold", "reader2", "(reader)"]
    assert [line.split() for line in lines if line.startswith("g01/d  ")] == [
        ["g01/d", "WARM", "WARM", "WARM", "WARM"],
    ]
    assert any(
        line.split() == ["Ana", "&", "co", "→", "the", "rain_fall", "AGAINST", "FAVOR", "✗", "FAVOR", "✗"]
        for line in lines
    )
    assert "names · finder: 1 agreement, 1 missed, 1 spurious, 1 wrong label, 1 wrong border" in lines
    drawn = "[Ana Lestari](= PER) in [Lima](≠ LOC → PER) and [{Beni} Sutan](↔ PER) in [Quito](− LOC) on {day}(+ LOC) 1"
    assert any(drawn in line for line in lines)
    assert "names · floor (floor): 4 missed" in lines
    assert "\x1b" not in out  # no terminal, and a text that would turn it around says so
    assert "\\x202eabc" in out


def test_one_result_or_several_may_be_named(show) -> None:
    code, out, _ = show("g01/d", "--predictions", "told/names/finder")
    assert code == 0
    assert "names · finder: " in out
    assert "tone" not in out
    code, out, _ = show("g01/d", "--predictions", "told/names/finder", "--predictions", "told/tone/bayes")
    assert code == 0
    assert "names · finder: " in out
    assert "bayes" in out


def test_json_has_gold_predictions_and_how_spans_meet(show) -> None:
    code, out, _ = show("g01/d", "--predictions", "told", "--json")
    answer = json.loads(out)
    assert code == answer["exit"] == 0
    [tone], [names] = answer["tasks"]["tone"], answer["tasks"]["names"]
    assert (tone["gold"], tone["predicted"]) == ("WARM", {"reader2": "WARM", "bayes": "WARM", "floor": "WARM"})
    assert [mark["state"] for mark in names["marks"]["finder"]] == ["same", "label", "border", "missed", "spurious"]
    assert [mark["gold"] for mark in names["marks"]["floor"]] == names["gold"]


def test_a_document_that_only_some_were_asked_about_names_only_them(show) -> None:
    code, out, _ = show("g00/d", "--predictions", "told")  # of train, which the reader alone has answered
    assert code == 0
    assert "reader2 (reader)" in out
    assert "bayes" not in out


def test_a_document_that_nobody_was_asked_about_is_refused_with_a_remedy(show) -> None:
    code, out, err = show("g00/d", "--predictions", "told/names/finder")
    assert (code, out) == (2, "")
    assert (
        "g00/d, of split train, is not among the items of told/names/finder. It was of 12: g01/d, g03/d, g05/d, …"
        in err
    )
    assert "leave --predictions out" in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("g01/d", "--predictions", "nowhere"), "nowhere is no result and no run"),
        (("--predictions", "told"), "--predictions are drawn over one document"),
        (("g99/d", "--predictions", "told"), "g99/d"),
    ],
)
def test_what_cannot_be_shown_is_said_without_a_traceback(show, args: tuple[str, ...], said: str) -> None:
    code, out, err = show(*args)
    assert (code, out) == (2, "")
    assert said in err


def test_a_text_that_has_changed_since_is_refused(told: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    shutil.copytree(told.parent, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    for name in ("d.txt", "d.gold.jsonl", "d.reader2.jsonl", "d.meta.json"):
        source, target = (Path(f"waves/documents/{group}/{name}") for group in ("g03", "g01"))
        shutil.copy(source, target)
    assert run(["show", "waves", "g01/d", "--predictions", "told"]) == 2
    assert "g01/d has another text than when told/names/" in capsys.readouterr().err
