"""Importing what annotators say: files of their own, new for documents that are there, and nobody's address."""

import json
from pathlib import Path
from typing import Any

import pytest
from imports import adds_up, brought, new_root, only_splits_are_missing, plan, planned, reasons, tree, write_jsonl

from harness import checking, corpus
from harness.cli import run
from harness.corpus.reading import read_corpus
from harness.editing import placing
from harness.editing.exporting import rows_of
from harness.editing.importing import apply_import, plan_import
from harness.editing.persons import pseudonym_key
from harness.errors import AskedWrongly
from harness.parts import LeftOut


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_root(tmp_path)


ZOE = {"id": "a", "group": "g", "split": "train", "text": "Zoe met Bo."}
RINA = {**ZOE, "annotator": "rina", "tone": "WARM", "entities": [[0, 3, "PER"]]}
BO = {**ZOE, "annotator": "bo", "tone": "COLD", "entities": []}


def said(root: Path) -> dict[str, dict[str, list[Any]]]:
    """File -> layer -> labels, of all annotation files."""
    reading = read_corpus(root, everyone=True)
    assert not reading.problems
    files = [file for some in reading.annotations.values() for file in some]
    return {
        Path(file.place).name: {
            layer: [line["label"] for _, line in file.lines if line["layer"] == layer] for layer in file.layers
        }
        for file in files
    }


@pytest.mark.parametrize("key", ["id", "text"])
def test_rows_of_several_annotators_are_one_document_with_a_file_each(key: str, root: Path) -> None:
    rows = [{k: v for k, v in row.items() if key == "id" or k != "id"} for row in (RINA, BO, {**ZOE, "frame": []})]
    found = planned(root, *rows)
    assert (len(found.documents), found.merged, reasons(found), adds_up(found)) == (1, 2, [], True)
    apply_import(found)
    assert {name.split(".", 1)[1]: layers for name, layers in said(root).items()} == {
        "rina.jsonl": {"tone": ["WARM"], "entities": ["PER"]},
        "bo.jsonl": {"tone": ["COLD"], "entities": []},
        "gold.jsonl": {"frame": []},
    }
    assert only_splits_are_missing(root)
    before = tree(root)
    again = planned(root, *rows)
    assert (again.known, again.merged, adds_up(again)) == (3, 0, True)
    apply_import(again)
    assert tree(root) == before


def test_an_annotator_of_a_document_that_is_there_gets_a_file_and_then_further_layers(root: Path) -> None:
    brought(root, {**ZOE, "tone": "WARM"})
    gold = tree(root)
    for row, merged, known in ((RINA, 1, 0), (RINA, 0, 1), ({**RINA, "frame": "HEALTH"}, 1, 0), (BO, 1, 0)):
        found = planned(root, row)
        assert (len(found.documents), found.merged, found.known, reasons(found)) == (0, merged, known, [])
        assert found.added_to == merged
        apply_import(found)
    assert said(root) == {
        "a.gold.jsonl": {"tone": ["WARM"]},
        "a.rina.jsonl": {"tone": ["WARM"], "frame": ["HEALTH"], "entities": ["PER"]},
        "a.bo.jsonl": {"tone": ["COLD"], "entities": []},
    }
    assert tree(root).items() >= gold.items()
    assert only_splits_are_missing(root)


def test_other_annotations_by_the_same_annotator_are_rejected(root: Path) -> None:
    brought(root, RINA)
    before = tree(root)
    found = planned(root, {**RINA, "tone": "COLD", "frame": []}, BO)
    assert (found.rejected_rows, adds_up(found)) == (2, True)
    assert "other annotations of document g/a in layer tone by annotator rina" in reasons(found)[0]
    assert "in.jsonl:2: belongs to the document of line 1" in reasons(found)[1]
    assert tree(root) == before


def test_a_row_without_its_group_or_id_is_known_by_its_text(root: Path) -> None:
    brought(root, ZOE, {**ZOE, "id": "b", "text": "Other."})
    for left in ("id", "group"):
        found = planned(root, {key: value for key, value in RINA.items() if key != left})
        assert [(one.document.id, one.by) for one in found.annotated] == [("g/a", "rina")]
    assert len(planned(root, {**RINA, "id": "c"}).documents) == 1, "another id is another document"


def test_pairs_that_the_corpus_does_not_list_are_rejected(root: Path) -> None:
    stance = {"holder": "Union", "target": "Dam", "stance": "FAVOR"}
    brought(root, {**ZOE, **stance})
    assert planned(root, {**ZOE, **stance, "annotator": "bo", "stance": "AGAINST"}).merged == 1
    for row, reason in (
        ({"holder": "Mayor", "target": "Dam", "stance": "FAVOR"}, "lists no pair mayor > dam in layer stance. List it"),
        ({"holder": "Mayor", "target": "Dam"}, "lists no pair mayor > dam in layer stance. List it"),
    ):
        found = planned(root, {**ZOE, **row, "annotator": "bo"})
        assert any(reason in one for one in reasons(found)), reasons(found)
        assert adds_up(found)


@pytest.mark.parametrize(
    "name", ["Rina S.", "a/b", "../x", "meta", "Disputes", "Gold", "rina@example.org", "Rina <rina@example.org>"]
)
def test_an_annotator_whose_name_cannot_be_in_a_files_name_needs_a_pseudonym(name: str, root: Path) -> None:
    found = planned(root, {**RINA, "annotator": name})
    assert (found.rejected_rows, adds_up(found)) == (1, True)
    assert "[annotators]" in reasons(found)[0]
    assert "@" not in reasons(found)[0]


def test_annotators_but_for_their_case_are_rejected(root: Path) -> None:
    brought(root, RINA)
    assert "annotator Rina is rina but for the case" in reasons(planned(root, {**RINA, "annotator": "Rina"}))[0]


def test_addresses_are_not_kept_as_metadata(root: Path) -> None:
    row = {
        **RINA,
        "completed_by": {"email": "x@y.org", "id": 3},
        "updated_by": ["x@y.org"],
        "x": " x@y.org",
        "note": "ask x@y.org",
        "contact": "Rina P <x@y.org>",
        "url": "mailto:x@y.org",
        "completed": [{"who": "x@y.org (5)"}],
        "source": "from x@y.org",
        "x@y.org": "seen",
        "page": "https://press.example.org/@rina/42.html, tool@1.2",
    }
    ready = planned(root, row)
    apply_import(ready)
    assert b"x@y" not in b"".join(tree(root).values())
    assert {key: value for key, value in corpus.load(root)["a"].meta.items() if key != "sha256"} == {
        "completed_by": {"id": 3},
        "page": row["page"],
    }
    gone = (
        "completed",
        "completed_by",
        "contact",
        "note",
        "source",
        "updated_by",
        "url",
        "x",
        pseudonym_key("x@y.org"),
    )
    assert {note for note in ready.notes if "e-mail" in note} == {
        f"column {key}: e-mail addresses are not kept" for key in gone
    }


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"holder": "rina@example.org", "target": "Dam", "stance": "FAVOR"}, "an e-mail address as holder"),
        ({"holder": "Rina", "target": "the dam of rina@example.org"}, "an e-mail address as target"),
        ({"entities": [{"start": 0, "end": 3, "label": "PER", "note": "ask rina@example.org"}]}, "in field note"),
    ],
)
def test_addresses_in_what_is_annotated_are_rejected_and_those_of_the_text_stay(
    more: dict[str, Any], reason: str, root: Path
) -> None:
    found = planned(root, {**ZOE, **more})
    assert found.rejected_rows == 1
    assert reason in reasons(found)[0]
    assert "example.org" not in "".join(reasons(found))
    row = {**ZOE, "text": "zoe@example.org left.", "entities": [{"start": 0, "end": 15, "label": "PER"}]}
    assert brought(root, row).documents[0].gold["entities"][0]["text"] == "zoe@example.org"


def test_what_is_left_out_is_counted_by_its_reason_and_blocks_nothing(root: Path) -> None:
    rows = [(1, RINA), (2, LeftOut("cancelled")), (3, LeftOut("rejected")), (4, LeftOut("cancelled"))]
    found = plan_import(root, "in.json", rows, counts="item")
    assert (found.rows, found.left_out, reasons(found), adds_up(found)) == (
        4,
        {"cancelled": 2, "rejected": 1},
        [],
        True,
    )


def test_a_corpus_that_was_exported_and_annotated_comes_back(root: Path) -> None:
    brought(
        root,
        {**ZOE, "tone": "WARM", "entities": [[0, 3, "PER"]], "note": "x", "id": "a b"},
        {**ZOE, "id": "b", "text": "B."},
    )
    rows = list(rows_of(read_corpus(root, everyone=True)))
    assert planned(root, *rows).known == 2
    worked = [{**row, "annotator": "a1", "tone": "COLD", "lead_time": 7.5} for row in rows]
    found = planned(root, *worked)
    assert (found.merged, found.added_to, reasons(found)) == (2, 2, [])
    assert "not added to documents that are in the corpus already: lead_time" in found.notes
    apply_import(found)
    assert {name: layers["tone"] for name, layers in said(root).items() if ".a1." in name}.keys() >= {"b.a1.jsonl"}
    assert [p for p in checking.check(root) if "in no split" not in p.found] == []


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("killed", [True, False])
def test_a_file_that_was_added_to_is_put_back_where_the_import_fails(
    killed: bool, after: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(root, RINA)
    before = tree(root)
    more = [BO, {**RINA, "frame": "HEALTH"}]
    ready = planned(root, *more)
    real, left = placing._settle, [after]

    def fails(*given: Any, **settings: Any) -> None:
        real(*given, **settings)
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(placing, "_settle", fails)
    if killed:  # nothing is taken back, nothing is removed
        monkeypatch.setattr(placing, "_take_back", lambda *given: None)
        monkeypatch.setattr(placing.shutil, "rmtree", lambda *given, **settings: None)
    with pytest.raises(KeyboardInterrupt):
        apply_import(ready)
    monkeypatch.undo()
    if not killed:
        assert tree(root) == before
    again = planned(root, *more)
    assert (again.merged, reasons(again)) == (2, [])
    apply_import(again)
    assert said(root)["a.rina.jsonl"]["frame"] == ["HEALTH"]
    assert said(root)["a.bo.jsonl"]["tone"] == ["COLD"]
    assert not list(root.glob("documents/.import*"))


def test_a_file_that_was_changed_since_the_plan_is_not_overwritten(root: Path) -> None:
    brought(root, RINA)
    ready = planned(root, {**RINA, "frame": "HEALTH"})
    apply_import(planned(root, {**RINA, "frame": "ECONOMY"}))
    before = tree(root)
    with pytest.raises(AskedWrongly, match="changed meanwhile"):
        apply_import(ready)
    assert tree(root) == before


def test_the_command_says_what_is_added_and_by_whom(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root.parent)
    write_jsonl(root.parent / "in.jsonl", RINA, BO)
    assert run(["import", "in.jsonl", "--to", "mine", "--as", "jsonl", "--apply"]) == 0
    assert "annotators, each with files of their own: bo, rina" in capsys.readouterr().out
    write_jsonl(root.parent / "in.jsonl", {**RINA, "annotator": "eve"})
    assert run(["import", "in.jsonl", "--to", "mine", "--as", "jsonl", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["merged"], answer["added_to"], answer["left_out"], answer["offsets"]) == (1, 1, {}, "codepoint")
    assert plan(root, root.parent / "in.jsonl").merged == 1
