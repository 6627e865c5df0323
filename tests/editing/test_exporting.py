"""A corpus written for another tool: what is lost is found by reading back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rows import LAYERS

from corpora import make_corpus
from harness.cli import run
from harness.corpus import load
from harness.editing.exporting import Losses
from harness.editing.importing import apply_import, plan_import
from harness.files import compact
from harness.parts import LeftOut, Row

TEXT = "Zoe of Lima waited in Lima."
ROW: Row = {
    "id": "a",
    "group": "g",
    "text": TEXT,
    "entities": [
        {"start": 0, "end": 3, "label": "PER", "text": "Zoe", "entity_id": "zoe"},
        {"start": 7, "end": 11, "label": "LOC", "text": "Lima"},
    ],
    "topic": [{"label": "STRIKE", "evidence": [[12, 18]], "text": ["waited"]}],
}


@pytest.mark.parametrize(
    ("back", "told"),
    [
        (ROW, []),
        ({**ROW, "entities": [[0, 3, "PER"], [7, 11, "LOC"]]}, ["entities: field entity_id is lost (once in g/a)"]),
        ({**ROW, "entities": ROW["entities"][:1]}, ["entities: a span is lost (once in g/a)"]),
        (
            {**ROW, "entities": [ROW["entities"][0], {**ROW["entities"][1], "end": 18, "text": TEXT[7:18]}]},
            ["entities: a span is added (once in g/a)", "entities: a span is lost (once in g/a)"],
        ),
        (
            {**ROW, "topic": "STRIKE"},
            ["topic: field evidence is lost (once in g/a)", "topic: field text is lost (once in g/a)"],
        ),
        ({**ROW, "topic": []}, ["topic: a label is lost (once in g/a)"]),
        ({key: ROW[key] for key in ROW if key != "topic"}, ["topic: is read back as not annotated (once in g/a)"]),
        ({**ROW, "text": TEXT[:-1]}, ["text: other text is read back as other text (once in g/a)"]),
        ({**ROW, "topic": 7}, ["topic: is read back as something else (once in g/a)"]),
        (LeftOut("skipped"), ["documents: 1 are written, 0 read back (once in a)"]),
    ],
)
def test_every_difference_is_named(back: Any, told: list[str]) -> None:
    losses = Losses(LAYERS)
    losses.compare([ROW], [back])
    assert losses.lines() == told


def test_rows_are_held_against_each_other_by_name_and_not_by_place() -> None:
    other = {**ROW, "id": "b", "text": "…", "entities": [], "topic": []}
    losses = Losses(LAYERS)
    losses.compare([ROW, other], [other, ROW])
    assert losses.lines() == []


def test_a_corpus_comes_out_and_goes_into_a_new_one_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_corpus(tmp_path / "tiny")
    assert run(["corpus", "fmt", str(root)]) == 0
    capsys.readouterr()
    assert run(["export", str(root), "--as", "jsonl", "--out", str(tmp_path / "out"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rows"], answer["losses"], answer["written"]) == (3, [], True)
    copy = make_corpus(tmp_path / "copy" / "tiny")
    for path in sorted((copy / "documents").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    asked = ["import", answer["file"], "--to", str(copy), "--as", "jsonl", "--apply"]
    assert run(asked) == 0, capsys.readouterr()
    for path in sorted(root.rglob("*.gold.jsonl")):
        assert (copy / path.relative_to(root)).read_text("utf-8").split("\n")[1:] == path.read_text("utf-8").split(
            "\n"
        )[1:]


KABAR = Path(__file__).parent.parent.parent / "corpora" / "kabar"


def told(root: Path) -> dict[str, Any]:
    """Of each document its text, split and language, its pairs, its gold, and the names of all that it speaks of."""
    said = {}
    for document in load(root):
        pairs = {layer: sorted(some) for layer, some in document.pairs.items() if some}
        spoken = [
            one for some in pairs.values() for pair in some for one in zip(("holder", "target"), pair, strict=True)
        ]
        spoken += [("holder", line["via"]) for lines in document.gold.values() for line in lines if "via" in line]
        names = {(facet, one): document.name_of(facet, one) for facet, one in spoken}
        gold = {layer: sorted(map(compact, lines)) for layer, lines in document.gold.items()}
        said[document.id] = (document.text, document.split, document.language, pairs, gold, names)
    return said


@pytest.mark.parametrize("form", ["jsonl", "label_studio", "brat"])
def test_kabar_comes_out_and_goes_into_an_empty_corpus_with_its_pairs_and_names(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "kabar"
    (empty / "documents").mkdir(parents=True)
    shutil.copy(KABAR / "corpus.toml", empty)
    assert run(["export", str(KABAR), "--as", form, "--out", str(tmp_path / "out"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert run(["import", answer["file"], "--to", str(empty), "--as", form, "--apply"]) == 0, capsys.readouterr()
    assert told(empty) == told(KABAR)


def test_a_pair_that_nobody_judged_and_a_name_come_back_and_another_name_for_an_id_is_rejected(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    row = {"id": "z", "group": "new", "text": "Zoe left.", "split": "train", "language": "en"}
    row |= {"pairs": {"stance": [["zoe", "strike"]]}, "holders": {"zoe": "Zoe of Lima"}}
    plan = plan_import(root, "in", [(1, row)])
    assert ([str(one) for one in plan.rejected], plan.metadata) == ([], [])
    apply_import(plan)
    [document] = [one for one in load(root) if one.id == "new/z"]
    assert (document.pairs, document.name_of("holder", "zoe")) == ({"stance": [("zoe", "strike")]}, "Zoe of Lima")
    [found] = plan_import(
        root, "in", [(1, {**row, "id": "y", "text": "Z.", "holders": {"zoe": "Zoe of Rome"}})]
    ).rejected
    assert found.found == 'holder "zoe" is "Zoe of Rome", but "Zoe of Lima" elsewhere'


def test_strict_writes_nothing_where_something_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = make_corpus(tmp_path / "tiny"), tmp_path / "out"
    assert run(["export", str(root), "--as", "conll", "--out", str(out), "--strict"]) == 1
    assert "lost: " in capsys.readouterr().out
    assert not out.exists()
    assert run(["export", str(root), "--as", "conll", "--out", str(out)]) == 0
    assert [path.name for path in out.iterdir()] == ["tiny.conll"]


def test_a_corpus_or_a_folder_of_somebody_else_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_corpus(tmp_path / "corpora" / "tiny")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    asked = ["export", str(root), "--as", "brat", "--replace", "--out"]
    assert run([*asked, str(root.parent)]) == 2
    assert "is the corpus itself" in capsys.readouterr().err
    (tmp_path / "mine" / "tiny").mkdir(parents=True)
    (tmp_path / "mine" / "tiny" / "letters.txt").write_text("Dear Ana")
    assert run([*asked, str(tmp_path / "mine")]) == 2
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert (tmp_path / "mine" / "tiny" / "letters.txt").read_text() == "Dear Ana"
    assert run([*asked, str(tmp_path / "out")]) == 0
    assert run([*asked, str(tmp_path / "out")]) == 0
    assert len([*(tmp_path / "out" / "tiny").rglob("*.ann")]) == 3


def test_what_no_row_says_is_a_loss_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_corpus(tmp_path / "tiny")
    gold = root / "documents/harbour/a.gold.jsonl"
    gold.write_text(gold.read_text("utf-8").replace('"tone":"done"', '"tone":"open"'), encoding="utf-8")
    asked = ["export", str(root), "--as", "jsonl", "--strict", "--json", "--out", str(tmp_path / "out")]
    assert run(asked) == 1
    assert json.loads(capsys.readouterr().out)["losses"] == ["tone: annotations of 1 documents in which it is open"]


def test_what_is_there_is_not_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = make_corpus(tmp_path / "tiny"), tmp_path / "out"
    asked = ["export", str(root), "--as", "csv", "--out", str(out)]
    assert run(asked) == 0
    assert run(asked) == 2
    assert "Add --replace" in capsys.readouterr().err
    assert run([*asked, "--replace", "--split", "train"]) == 0
    assert run([*asked, "--replace", "--by", "nobody"]) == 2
