"""Importing: every row accounted for, all or nothing, and names that no file system confuses."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import adds_up, brought, new_root, only_splits_are_missing, planned, reasons, tree, write_csv, write_jsonl

from harness import corpus
from harness.cli import run
from harness.editing import placing
from harness.editing.importing import apply_import
from harness.errors import ProblemsFound


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_root(tmp_path)


# --- every row is accounted for -----------------------------------------------------------------------


def test_every_row_ends_as_imported_or_rejected_with_its_reason(root: Path) -> None:
    brought(root, {"id": "old", "text": "There already."})
    rows = [
        {"id": "old", "text": "There already."},
        {"id": "a", "text": "First.", "holder": "X", "target": "Y", "stance": "FAVOR"},
        {"id": "a", "text": "First.", "holder": "X", "target": "Z", "stance": "AGAINST"},
        {"id": "b", "text": "Second.", "holder": "X", "target": "Y", "stance": "FAVOUR"},
        {"id": "b", "text": "Second.", "holder": "X", "target": "Z", "stance": "FAVOR"},
        {"id": "c"},
        [],
    ]
    found = planned(root, *rows)
    assert (found.rows, len(found.documents), found.merged, found.known, found.rejected_rows) == (7, 1, 1, 1, 4)
    assert adds_up(found)
    assert reasons(found) == [
        'in.jsonl:4: unknown label "FAVOUR" in layer stance. Did you mean "FAVOR"? There are: FAVOR, AGAINST.',
        "in.jsonl:5: belongs to the document of line 4, which is rejected. Mend that line.",
        "in.jsonl:6: no text. Give the document a text, or remove the row.",
        'in.jsonl:7: a JSON array where an object was expected. Write one {"key": value} object.',
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": " "}, "no text"),
        ({"text": 5}, "text is not a text"),
        ({"id": ["a"]}, "id is not a text"),
        ({"id": True}, "id is not a text"),
        ({"group": {"a": 1}}, "group is not a text"),
        ({"split": "tran"}, 'unknown split "tran". Did you mean "train"?'),
        ({"split": 0.5}, "split is not a text"),
        ({"language": "idd"}, 'unknown language "idd". Did you mean "id"?'),
        ({"source": 5}, "source is not a text"),
        ({"text": "a\x00b"}, "a NUL character"),
        ({"text": "a\r\nb"}, "a carriage return in the text. Import with --lf"),
        ({"text": "\ufeffa"}, "a byte order mark"),
        ({"note": "\ud800"}, "surrogate pair"),
        ({"note": [[[[["x"]]]]], "tone": "COOLD"}, 'Did you mean "COLD"?'),
        ({"tone": []}, "an empty list, where a document has one label"),
        ({"tone": ["WARM", "COLD"]}, "a second label in layer tone"),
        ({"tone": 5}, "layer tone: neither a text nor a list"),
        ({"frame": "ECONOMY||HEALTH"}, "has an empty label"),
        ({"frame": "|"}, "has an empty label"),
        ({"frame": ["ECONOMY", "ECONOMY"]}, "the same annotation twice"),
        ({"frame": [5]}, '"5" cannot be read'),
        ({"frame": [{"label": ["ECONOMY"]}]}, "unknown label"),
        ({"frame": [{"label": "HEALTH", "layer": "tone"}]}, 'an annotation of layer "tone"'),
        ({"stance": "FAVOR"}, "no holder"),
        ({"stance": [{"holder": ["x"], "target": "y", "label": "FAVOR"}]}, "no holder"),
        ({"stance": "FAVOR", "holder": 5, "target": "y"}, "no holder"),
        ({"entities": "PER"}, "spans are not given as a text"),
        ({"entities": [[0, 99, "PER"]]}, "out of range"),
        ({"entities": [[True, 3, "PER"]]}, "whole numbers"),
        ({"entities": [[0, 2, "PERS"]]}, 'Did you mean "PER"?'),
        ({"entities": [[0, 1, "PER"]]}, "cuts the character"),
        ({"entities": [[3, 5, "PER"]]}, "starts or ends on white space"),
        ({"entities": [[0, 3, "PER"], [2, 8, "ORG"]]}, "overlaps"),
        ({"entities": [{"start": 0, "end": 3, "label": "PER", "text": "Zoo"}]}, "layer entities, span 1: 0:3 reads"),
    ],
)
def test_a_row_that_cannot_come_in_says_why(row: dict[str, Any], reason: str, root: Path) -> None:
    found = planned(root, {"text": "e\u0301te Zoe", **row})
    assert adds_up(found)
    assert found.rejected_rows == 1
    assert any(reason in one for one in reasons(found)), reasons(found)
    with pytest.raises(ProblemsFound):
        apply_import(found)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"id": "a", "text": "A"}, {"id": "a", "text": "B"}], '2: id "a" has another text on line 1'),
        ([{"id": "a", "text": "A"}, {"id": "a", "text": "A"}], "2: the same document as line 1"),
        ([{"text": "A"}, {"text": "A"}], "2: the same document as line 1"),
        ([{"id": "A", "group": "g", "text": "A"}, {"id": "a", "group": "g", "text": "B"}], "g/a is g/A but for its"),
        ([{"id": "A", "group": "G", "text": "A"}, {"id": "b", "group": "g", "text": "B"}], '"g" is group "G" but'),
        ([{"group": "g", "split": "train", "text": "A"}, {"group": "g", "split": "dev", "text": "B"}],
         '2: split "dev", but its group is in train on line 1'),
        ([{"id": "a", "language": "id", "text": "A", "holder": "h"},
          {"id": "a", "language": "en", "text": "A", "holder": "i"}], '2: language "en", on line 1 "id"'),
        ([{"id": "a", "text": "A", "holder": "h", "target": "t", "stance": "FAVOR"},
          {"id": "a", "text": "A", "holder": "h", "target": "t", "stance": "AGAINST"}], "2: a second label in layer"),
        ([{"id": "a", "text": "A", "holder": "h", "target": "t", "stance": "FAVOR"},
          {"id": "a", "text": "A", "holder": "h", "target": "u"}], "no label for the listed pair h > u"),
    ],
)  # fmt: skip
def test_rows_that_speak_against_each_other_are_rejected(rows: list[object], reason: str, root: Path) -> None:
    found = planned(root, *rows)
    assert adds_up(found)
    assert any(reason in one for one in reasons(found)), reasons(found)


# --- dry run, all or nothing --------------------------------------------------------------------------


def test_a_dry_run_writes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_csv(root.parent / "in.csv", "id,text,frame", ["a", "A.", "HEALTH"], ["b", "B.", "x"])
    good = write_csv(root.parent / "good.csv", "id,text,frame", ["a", "A.", "HEALTH"])
    monkeypatch.chdir(root.parent)
    before = tree(root)
    assert run(["import", str(good), "--to", "mine", "--as", "csv"]) == 0
    assert "Nothing is written" in capsys.readouterr().out
    assert run(["import", str(file), "--to", "mine", "--as", "csv", "--apply"]) == 1
    assert run(["import", str(file), "--to", "mine", "--as", "csv", "--apply", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out.rpartition("\n{")[2].join(["{", ""]))
    assert (answer["exit"], answer["rows"], answer["rejected_rows"], answer["written"]) == (1, 2, 1, False)
    assert tree(root) == before


def test_annotations_that_no_layer_takes_are_told(root: Path) -> None:
    rows = [{"text": "Zoe left.", "label": [[0, 3, "PER"]], "size": [[0, 3, 4]]}]
    rows += [{"text": "Bo left.", "spans": [{"start": 0, "end": 2, "label": "PER"}]}]
    assert [note for note in planned(root, *rows).notes if "annotations" in note] == [
        f"column {key} looks like annotations of no layer: --suggest-map" for key in ("label", "spans")
    ]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("call", ["_write", "_put", "_settle", "_make_durable"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_import_that_fails_half_way_leaves_the_corpus_as_it_was(
    error: BaseException, call: str, after: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(root, {"id": "a", "group": "old", "text": "There already."})
    before = tree(root)
    new = [{"id": f"{g}{i}", "group": g, "text": f"{g} {i}", "tone": "WARM"} for g in ("b", "old", "z") for i in (1, 2)]
    ready = planned(root, *new)
    real, calls = getattr(placing, call), iter(range(100))

    def fails(*given: Any, **more: Any) -> Any:
        done = real(*given, **more) if call == "_put" else None
        if next(calls) == (0 if call == "_make_durable" else after):
            raise error
        return done if call == "_put" else real(*given, **more)

    monkeypatch.setattr(placing, call, fails)
    with pytest.raises(type(error)):
        apply_import(ready)
    monkeypatch.undo()
    assert tree(root) == before
    apply_import(planned(root, *new))
    assert len(corpus.load(root)) == 7


KILLED = """
import os, signal, sys
from pathlib import Path
from harness.editing import placing
from harness.cli import run
real, left = placing.{call}, [{after}]
def fatal(*given, **more):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return real(*given, **more)
placing.{call} = fatal
run(["import", "in.jsonl", "--to", "mine", "--as", "jsonl", "--apply"])
"""


@pytest.mark.parametrize(("call", "after"), [("_write", 3), ("_put", 1), ("_settle", 1), ("_settle", 4)])
def test_after_a_kill_the_next_import_does_all(call: str, after: int, root: Path) -> None:
    brought(root, {"id": "a", "group": "old", "text": "There already."})
    new = [{"id": f"{g}{i}", "group": g, "text": f"{g} {i}", "tone": "WARM"} for g in ("b", "old", "z") for i in (1, 2)]
    write_jsonl(root.parent / "in.jsonl", *new)
    code = KILLED.format(call=call, after=after)
    done = subprocess.run([sys.executable, "-c", code], cwd=root.parent, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(root.glob("documents/.import-*"))
    again = planned(root, *new)
    assert adds_up(again)
    apply_import(again)
    assert not list(root.glob("documents/.import-*"))
    assert only_splits_are_missing(root)
    assert len(corpus.load(root)) == 7
    assert {d.name for d in corpus.load(root) if d.gold} == {row["id"] for row in new}


def test_importing_the_same_file_twice_changes_nothing(root: Path) -> None:
    rows = [
        {
            "id": "a b",
            "group": "g 1",
            "text": "A.",
            "holder": "Forum Penal",
            "target": "C++",
            "stance": "FAVOR",
            "n": 1,
        },
        {"id": "a b", "group": "g 1", "text": "A.", "holder": "Forum Penal", "target": "C", "stance": "AGAINST"},
        {"text": "Zoe left.", "entities": [[0, 3, "PER"]], "frame": [], "sha256": "x", "language": "en"},
    ]
    brought(root, *rows)
    before = tree(root)
    again = planned(root, *rows)
    assert (again.known, len(again.documents), adds_up(again)) == (3, 0, True)
    apply_import(again)
    assert tree(root) == before


def test_a_row_says_again_what_the_corpus_has_or_is_rejected(root: Path) -> None:
    brought(root, {"id": "a", "text": "A.", "tone": "WARM", "frame": "HEALTH", "note": "x"})
    assert planned(root, {"id": "a", "text": "A.", "tone": "WARM"}).known == 1
    for row, what in (
        ({"text": "B."}, "another document a/a: the text differs"),
        ({"text": "A.", "tone": "COLD"}, "other annotations of document a/a in layer tone by gold"),
        ({"text": "A.", "note": "y"}, "another document a/a: metadata note differs"),
        ({"text": "A.", "holder": "h", "target": "t"}, "lists no pair h > t in layer stance"),
    ):
        found = planned(root, {"id": "a", **row})
        assert what in reasons(found)[0]
        assert adds_up(found)


def test_documents_join_a_group_that_is_there_and_leave_its_files_as_they_are(root: Path) -> None:
    brought(
        root,
        {"id": "a", "group": "g", "split": "test", "text": "A.", "holder": "X Y", "target": "t", "stance": "FAVOR"},
    )
    before = tree(root)
    row = {"id": "b", "group": "g", "text": "B.", "holder": "x y", "target": "t", "stance": "FAVOR"}
    assert [d.split for d in brought(root, row)] == ["test", "test"]
    assert tree(root).items() >= before.items()
    assert corpus.load(root)["b"].pairs == {"stance": [("x-y", "t")]}, "one person under two names is one holder"
    assert 'split "train", but its group is in test in the corpus' in str(
        reasons(planned(root, {"id": "c", "group": "g", "text": "C.", "split": "train"}))
    )


# --- names --------------------------------------------------------------------------------------------

NAMES = [
    "a b",
    "a-b",
    "A B",
    "a/b",
    "../a",
    "/etc/passwd",
    "..",
    ".",
    "署名",
    "名署",
    "x" * 300,
    "con.txt",
    "-a",
    "a\nb",
    "é",
]


def test_any_id_and_group_gets_a_name_of_its_own_inside_the_corpus(root: Path) -> None:
    outside = tree(root.parent).keys() - tree(root).keys()
    rows = [
        {"id": name, "group": group, "text": f"{i} {j}."}
        for i, group in enumerate(NAMES)
        for j, name in enumerate(NAMES)
    ]
    got = brought(root, *rows)
    assert len(got) == len(NAMES) ** 2
    assert len({document.group.casefold() for document in got}) == len(NAMES)
    assert len({document.id.casefold() for document in got}) == len(got)
    new = {path for path in tree(root.parent) if path not in outside and not path.startswith("mine")}
    assert new <= {"in.jsonl"}
    assert only_splits_are_missing(root)
    assert {document.meta.get("id", document.name) for document in got} == set(NAMES), "what was said is kept"


@settings(max_examples=40, deadline=None)
@given(ids=st.lists(st.text(max_size=6) | st.sampled_from(["A", "a", "a b", "../x"]), min_size=1, max_size=6))
def test_two_ids_never_meet_on_disk(ids: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = new_root(Path(folder))
        ready = planned(root, *({"id": name, "group": "g", "text": f"{i}."} for i, name in enumerate(ids)))
        assert adds_up(ready)
        names = [document.id.casefold() for document in ready.documents]
        assert len(set(names)) == len(names)


def test_ten_thousand_rows_are_planned_in_a_few_seconds(root: Path) -> None:
    rows = [
        {"id": f"d{i}", "group": f"g{i // 4}", "text": f"Text {i}. " * 20, "frame": ["HEALTH"]} for i in range(10_000)
    ]
    started = os.times().user
    found = planned(root, *rows)
    assert len(found.documents) == 10_000
    assert os.times().user - started < 8
