"""GATE bdocjs: sets are annotators, the declared unit is obeyed, Teamware's two shapes are read."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import Problem
from harness.parts import LeftOut, Row
from harness.registry import make, parse


def back(rows: list[Row], folder: Path) -> list[Row | LeftOut]:
    form, problems = make("formats", parse("gate")), list[Problem]()
    form.write(rows, folder / "out", LAYERS)
    read = [row for _, row in form.read(folder / "out", problems)]
    assert not problems
    return read


def read(value: object, folder: Path) -> tuple[list[Row | LeftOut], list[str]]:
    path, problems = folder / "a.bdocjs", list[Problem]()
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    found = [row for _, row in make("formats", parse("gate")).read(path, problems)]
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


@settings(max_examples=60, deadline=None)
@given(rows=many(overlap=True))
def test_what_is_written_is_read_back(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        losses = Losses(LAYERS)
        losses.compare(rows, back(rows, Path(folder)))
        assert losses.lines() == []


def test_readers_and_gold_of_a_document_stand_in_one_file_and_come_back_as_rows(tmp_path: Path) -> None:
    span = {"start": 0, "end": 1, "label": "PER", "text": "👩", "entity_id": "x", "inner": [{"start": 0, "end": 1}]}
    same: dict[str, Any] = {"id": "a", "group": "g", "text": "👩 b", "source": "paper", "score": 0.5}
    rows: list[Row] = [
        {**same, "entities": [span], "topic": []},
        {**same, "annotator": "rina", "entities": [], "tone": [{"label": "WARM"}]},
        {**same, "annotator": "tom", "stance": [{"holder": "union", "target": "strike", "label": "FAVOR"}]},
        {**same, "annotator": "zoe"},
    ]
    losses = Losses(LAYERS)
    losses.compare(rows, back(rows, tmp_path))
    assert losses.lines() == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["g.a.bdocjs"]


def document(**more: Any) -> dict[str, Any]:
    return {"text": "😊 Ana", "offset_type": "p", "features": {}, "annotation_sets": {}, **more}


def spans(start: Any, end: Any, **more: Any) -> dict[str, Any]:
    one = {"type": "PER", "start": start, "end": end, "id": 0, "features": {}, **more}
    return {"rina": {"name": "rina", "next_annid": 1, "annotations": [one]}}


@pytest.mark.parametrize(("unit", "start", "end"), [("p", 2, 5), ("j", 3, 6)])
def test_offsets_are_read_in_the_unit_that_the_file_declares(unit: str, start: int, end: int, tmp_path: Path) -> None:
    file = document(offset_type=unit, features={"event": "POLICY"}, annotation_sets=spans(start, end))
    rows, problems = read(file, tmp_path)
    assert not problems
    span = {"start": 2, "end": 5, "label": "PER"}
    assert rows == [{"id": "a", "text": "😊 Ana", "event": "POLICY", "annotator": "rina", "entities": [span]}]


@pytest.mark.parametrize("features", [{"tone": "WARM", "why": ["x"]}, {"label": {"tone": "WARM", "why": ["x"]}}])
def test_labels_of_teamware_are_the_annotators_and_those_who_refused_are_left_out(
    features: dict[str, Any], tmp_path: Path
) -> None:
    sets = spans(0, 5, type="Document", features=features)
    file = document(annotation_sets=sets, teamware_status={"rejected_by": ["tom"], "timed_out": [], "aborted": ["al"]})
    rows, problems = read(file, tmp_path)
    assert not problems
    labelled = {"id": "a", "text": "😊 Ana", "annotator": "rina", "tone": "WARM", "why": ["x"]}
    assert rows == [labelled, LeftOut("rejected"), LeftOut("aborted")]


def test_a_list_of_documents_and_a_set_without_annotations_are_read(tmp_path: Path) -> None:
    rows, problems = read([document(name="x"), document(annotation_sets={"": {"annotations": []}})], tmp_path)
    assert not problems
    assert rows == [{"id": "x", "text": "😊 Ana"}, {"id": "a", "text": "😊 Ana", "entities": []}]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1], ":1: no document with a text"),
        ({"text": 1}, ":1: no document with a text"),
        ({"text": "a"}, ':1: offset_type "", which is neither p nor j'),
        (document(offset_type="x"), ':1: offset_type "x"'),
        (document(features=[]), ":1: features of the document: no object"),
        (document(annotation_sets=[]), ":1: annotation_sets: no object"),
        (document(annotation_sets={"a": 1}), ":1: an annotation set: no object"),
        (document(annotation_sets={"a": {"annotations": 1}}), ":1: annotations that are no list"),
        (document(annotation_sets={"a": {"annotations": [1]}}), ":1: an annotation: no object"),
        (document(annotation_sets=spans("0", 1)), ':1: annotation "0" without type, start or end'),
        (document(annotation_sets=spans(True, 1)), ':1: annotation "0" without'),
        (document(annotation_sets=spans(0, 1, type=None)), ':1: annotation "0" without'),
        (document(offset_type="j", annotation_sets=spans(1, 3)), ':1: 1:3 ("PER") is on no character\'s border'),
        (document(annotation_sets=spans(0, 10**900)), ":1: 0:1"),
        (document(annotation_sets=spans(0, 1, features={"layer": 1})), ":1: annotation 0 has a feature layer"),
        (document(annotation_sets=spans(0, 1, features={"start": 1})), ":1: annotation 0 has a feature ['start']"),
        ("[" * 9999, ":1: brackets nested"),
        ('{"text": "\\ud800"}', ":1: half of a surrogate pair"),
        ('{"text": "a"', ":1: malformed JSON"),
        ("", ": nothing in it"),
    ],
)
def test_what_is_damaged_is_named(value: object, problem: str, tmp_path: Path) -> None:
    rows, problems = read(value, tmp_path)
    assert rows == []
    assert len(problems) == 1
    assert problems[0].startswith(problem), problems


@pytest.mark.parametrize(
    ("key", "why"), [("rejected_by", "rejected"), ("timed_out", "timed out"), ("aborted", "aborted")]
)
def test_what_somebody_marked_who_refused_is_left_out_once(key: str, why: str, tmp_path: Path) -> None:
    sets = {**spans(2, 5), "7": {"annotations": []}}
    file = document(annotation_sets=sets, teamware_status={key: ["rina", 7], "aborted_by": 3})
    assert read(file, tmp_path) == ([LeftOut(why), LeftOut(why)], [])


def test_no_feature_takes_the_place_of_what_a_row_is_made_of(tmp_path: Path) -> None:
    own = ("text", "id", "annotator", "group", "split", "language")
    sets = spans(0, 5, type="Document", features={**dict.fromkeys(own[1:], "x"), "text_": "y", "tone": "WARM"})
    sets["rina"]["annotations"] += spans(2, 5, features={"layer": "text"})["rina"]["annotations"]
    rows, problems = read(document(features={"group": "g", "tone": "COLD"}, annotation_sets=sets), tmp_path)
    assert not problems
    kept = {"id": "a", "group": "g", "tone": "WARM", "text": "😊 Ana", "annotator": "rina"}
    assert {key: value for key, value in rows[0].items() if not key.endswith("_")} == kept
    assert {key for key in rows[0] if key.endswith("_")} >= {f"{key}_" for key in own}
