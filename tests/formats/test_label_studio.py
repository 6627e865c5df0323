"""Label Studio: annotations are rows, controls keys; surfaces only where they can be compared."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rows import LAYERS, many
from through import READERS, SAME, lost, read, starts

from harness.parts import LeftOut, Row

RESULT: list[dict[str, Any]] = [
    {
        "id": "abc",
        "from_name": "ner",
        "to_name": "text",
        "type": "labels",
        "origin": "manual",
        "value": {"start": 2, "end": 7, "text": "Union", "labels": ["ORG"]},
    },
    {"id": "abc", "from_name": "sure", "type": "choices", "value": {"start": 2, "end": 7, "choices": ["yes"]}},
    {"id": "d", "from_name": "event", "to_name": "text", "type": "choices", "value": {"choices": ["POLICY"]}},
    {"id": "e", "from_name": "stance_strike", "to_name": "text", "type": "choices", "value": {"choices": ["FAVOR"]}},
    {"id": "f", "from_name": "frame", "type": "taxonomy", "value": {"taxonomy": [["A"], ["A", "B"]]}},
    {"id": "g", "from_name": "note", "type": "textarea", "value": {"text": ["seen"]}},
    {"id": "h", "from_name": "score", "type": "number", "value": {"number": 3}},
    {"type": "relation", "from_id": "abc", "to_id": "d", "direction": "right", "labels": []},
]
DATA = {"text": "𝔘 Union praised", "source": "paper", "group": "harbour"}


def annotation(result: Any = (), **more: Any) -> dict[str, Any]:
    return {"id": 7, "completed_by": 1, "was_cancelled": False, "lead_time": 7.6, "result": list(result), **more}


def task(*annotations: Any, **more: Any) -> dict[str, Any]:
    return {"id": 5, "data": DATA, "annotations": list(annotations), **more}


BARE: Row = {"id": "5", **DATA}


@settings(max_examples=80, deadline=None)
@given(rows=many(overlap=True))
def test_all_comes_back_but_that_nobody_was_asked_for_spans(rows: list[Row]) -> None:
    asked = any(row.get("entities") for row in rows)  # else the file does not tell that there was such a control
    astray = [row for row in rows if ("entities" in row) != (asked and bool(LAYERS.keys() & row.keys()))]
    assert lost("label_studio", rows).keys == ({"entities"} if astray else set())


def test_readers_of_a_document_fields_of_spans_and_metadata_come_back() -> None:
    assert lost("label_studio", [*READERS, SAME | {"id": "b"}]).lines() == []


def test_an_annotation_is_a_row_and_its_controls_are_keys(tmp_path: Path) -> None:
    (first, relation), told = read("label_studio", [task(annotation(RESULT))], tmp_path)
    assert first == (1, {
        **BARE, "annotator": "1", "event": ["POLICY"], "stance_strike": ["FAVOR"], "frame": ["A", "A/B"],
        "note": "seen", "score": 3, "ner": [{"start": 2, "end": 7, "label": "ORG", "text": "Union", "sure": "yes"}],
    })  # fmt: skip
    assert relation == (1, "relation")
    assert isinstance(relation[1], LeftOut)
    assert told == []


@pytest.mark.parametrize(
    ("more", "annotator"),
    [
        ({"completed_by": {"id": 4, "email": "rina@example.org"}}, "rina@example.org"),
        ({"completed_by": {"id": 4}}, "4"),
        ({"completed_by": "tom@example.org"}, "tom@example.org"),
        ({"completed_by": None}, "unknown"),
        ({"ground_truth": True}, None),
    ],
)
def test_who_annotated_is_told_and_the_ground_truth_is_gold(more: Row, annotator: str | None, tmp_path: Path) -> None:
    [(_, row)], _ = read("label_studio", [task(annotation(**more))], tmp_path)
    assert isinstance(row, dict)
    assert row.get("annotator") == annotator


def test_what_was_cancelled_or_drafted_or_predicted_is_left_out(tmp_path: Path) -> None:
    predicted = {"model_version": "m1", "score": 0.9, "result": RESULT[2:3]}
    given = [task(annotation(RESULT, was_cancelled=True), drafts=[{"result": RESULT}], predictions=[predicted])]
    assert read("label_studio", given, tmp_path)[0] == [(1, "cancelled"), (1, "draft"), (1, "prediction")]
    found, _ = read("label_studio(predictions=True)", given, tmp_path)
    assert found[2] == (1, {**BARE, "annotator": "m1", "event": ["POLICY"]})
    assert read("label_studio", [task(predictions=[12])], tmp_path)[0] == [(1, "prediction"), (1, BARE)]


def test_an_annotation_that_marks_nothing_says_that_there_is_nothing(tmp_path: Path) -> None:
    given = [task(annotation(RESULT)), task(annotation()), task()]
    rows = [row for _, row in read("label_studio", given, tmp_path)[0] if isinstance(row, dict)]
    assert [row.get("ner", "not annotated") for row in rows[1:]] == [[], "not annotated"]


@pytest.mark.parametrize(
    ("text", "surface", "given"),
    [
        ("Ana  met\nBo Li", "Bo Li", False),  # the white space of the text may have been collapsed
        ("Ana  met\nBo Li", "met\\nBo", False),  # a newline as a backslash and an n
        ("Ana  met\nBo Li", "Ana", True),
        ("Ana met Bo Li", "Bo Li", True),
        ("Ana met Bo Li", " Bo", False),
        ("Ana met", "", False),
    ],
)
def test_a_surface_is_told_only_where_it_can_be_compared(text: str, surface: str, given: bool, tmp_path: Path) -> None:
    marked = {"from_name": "ner", "type": "labels", "value": {"start": 0, "end": 5, "text": surface, "labels": ["X"]}}
    [(_, row)], _ = read("label_studio", [{"data": {"text": text}, "annotations": [annotation([marked])]}], tmp_path)
    assert isinstance(row, dict)
    assert row["ner"] == [{"start": 0, "end": 5, "label": "X"} | ({"text": surface} if given else {})]


def test_a_region_with_two_labels_is_two_spans_and_keeps_its_note(tmp_path: Path) -> None:
    marked = {"id": "r", "from_name": "ner", "type": "labels", "meta": {"text": ["sic"]}}
    marked["value"] = {"start": 0, "end": 1, "labels": ["X", "Y"]}
    [(_, row)], _ = read("label_studio", [task(annotation([marked]))], tmp_path)
    assert isinstance(row, dict)
    assert [(span["label"], span["note"]) for span in row["ner"]] == [("X", ["sic"]), ("Y", ["sic"])]


def test_controls_and_metadata_take_no_key_of_a_row(tmp_path: Path) -> None:
    chosen = {"from_name": "language", "type": "choices", "value": {"choices": ["id"]}}
    data = {"body": "x", "annotator": "z", "id": "n1", "language": "en"}
    [(_, row)], _ = read("label_studio", [{"id": 1, "data": data, "annotations": [annotation([chosen])]}], tmp_path)
    assert row == {"id": "n1", "language": "en", "text": "x", "annotator": "1", "language_": ["id"], "annotator_": "z"}


def test_the_text_is_the_field_that_is_asked_for(tmp_path: Path) -> None:
    given = [{"data": {"title": "t", "body": "b"}}]
    assert read("label_studio(text='body')", given, tmp_path)[0] == [(1, {"text": "b", "title": "t"})]
    assert read("label_studio", given, tmp_path)[1] == [
        ':1: 2 texts. There are: "title", "body". Say which: --as "label_studio(text=\'title\')".'
    ]


def test_exports_from_before_version_one_are_read(tmp_path: Path) -> None:
    old = {"id": 5, "data": DATA, "completions": [{"id": 1, "result": RESULT[2:3]}, {"skipped": True, "result": []}]}
    assert read("label_studio", [old], tmp_path)[0] == [
        (1, "cancelled"), (1, {**BARE, "annotator": "unknown", "event": ["POLICY"]})
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ({"type": "labels", "from_name": "ner", "value": {"start": 1.5, "end": 2, "labels": ["X"]}},
         "annotation 1 result 1 has no start and end that are whole numbers"),
        ({"type": "labels", "from_name": "ner", "value": {"start": 1, "end": 2}}, "annotation 1 result 1 has no label"),
        ({"type": "labels", "from_name": "ner", "value": {"start": 1, "end": 2, "labels": 3}},
         "annotation 1 result 1 has labels that are no list"),
        ({"type": "labels", "value": {}}, "annotation 1 result 1 has no from_name, or no value"),
        ({"type": "hypertextlabels", "from_name": "n", "value": {"start": "/p[1]", "end": "/p[1]"}},
         "annotation 1 result 1 marks a place in HTML"),
        ({"type": "choices", "from_name": "c", "value": {"choices": [1]}},
         "annotation 1 result 1 has choices that are no texts"),
        ({"type": "choices", "from_name": "c", "value": {"start": 1, "choices": ["x"]}},
         "annotation 1 result 1 is about a span that has no label"),
        (3, "annotation 1: result is no list of objects"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_rejects_the_task_and_says_where(result: Any, problem: str, tmp_path: Path) -> None:
    found, told = read("label_studio", [task(annotation([result])), task()], tmp_path)
    assert found == [(2, BARE)]
    assert starts(told, [f":1: {problem}"]), told


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ([{"text": "flat", "ner": []}], [":1: no data. Export as JSON: JSON_MIN"]),
        ([{"data": {"image": 3}}], [":1: no text among its fields"]),
        ([3, {"data": {"text": "x"}, "annotations": 3}], [":1: a JSON number", ":2: annotations is no list"]),
        ("{}", [": malformed JSON at line 1, column 1: Expecting '['"]),
        ("", [": malformed JSON at line 1, column 1"]),
        ('[\n{"data": {"text": "\\ud800"}},\n{"a": 1, "a": 2},\n{]', [
            ":1: half of a surrogate pair", ':2: duplicate key "a"', ": malformed JSON at line 4, column 2"]),
        ('[{"a": ' + "9" * 5000 + "}]", [":1: an integer that is too big"]),
        ("[" * 100_000, [": brackets nested too deep"]),
        ("[" * 80 + "]" * 80, [":1: brackets nested more than 64 deep"]),
        ("[] x", [": malformed JSON at line 1, column 3: Extra data"]),
        ("[{} {}]", [":1: no data", ": malformed JSON at line 1, column 5: Expecting ','"]),
        ("[]", []),
    ],
)  # fmt: skip
def test_a_damaged_file_ends_in_problems(data: object, problems: list[str], tmp_path: Path) -> None:
    found, told = read("label_studio", data, tmp_path)
    assert found == []
    assert starts(sorted(told), sorted(problems)), told
