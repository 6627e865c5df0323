"""doccano: four shapes of a line, and an old one that is refused with its remedy."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rows import many
from through import READERS, lost, read, starts

from harness.parts import Row


@settings(max_examples=80, deadline=None)
@given(rows=many(overlap=True))
def test_labels_and_spans_come_back_and_the_rest_is_a_loss(rows: list[Row]) -> None:
    proof = any("evidence" in line for row in rows for line in row.get("topic", []))
    stance = any(row.get("stance") for row in rows)
    assert lost("doccano", rows).keys == {key for key, there in (("topic", proof), ("stance", stance)) if there}


def test_readers_and_metadata_come_back_fields_do_not() -> None:
    assert lost("doccano", READERS).lines() == [
        "entities: field entity_id is lost (once in g/a)",
        "entities: field inner is lost (once in g/a)",
        "entities: field sure is lost (once in g/a)",
        "topic: field role is lost (once in g/a)",
    ]


SPANS = [{"start": 0, "end": 2, "label": "ORG"}, {"start": 11, "end": 17, "label": "MISC"}]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ({"text": "EU rejects German call", "label": [[0, 2, "ORG"], [11, 17, "MISC"]]},
         {"text": "EU rejects German call", "label": SPANS}),
        ({"id": 3, "text": "Great price.", "label": ["positive"], "Comments": ["hm"]},
         {"id": "3", "text": "Great price.", "label": ["positive"], "Comments": ["hm"]}),
        ({"text": "exampleA", "entities": [[0, 2, "ORG"]], "cats": ["positive"]},
         {"text": "exampleA", "entities": SPANS[:1], "cats": ["positive"]}),
        ({"text": "x", "labels": [], "meta": {"wikiPageID": 2}}, {"text": "x", "labels": [], "wikiPageID": 2}),
        ({"data": "x", "label": "one", "meta": None}, {"text": "x", "label": "one"}),
        ({"text": "x", "grid": [[1, 2]], "box": [1, 2, 3]}, {"text": "x", "grid": [[1, 2]], "box": [1, 2, 3]}),
        ({"text": "x", "annotations": [], "annotation_approver": None}, {"text": "x", "annotation_approver": None}),
    ],
)  # fmt: skip
def test_each_shape_of_a_line_is_read(line: Any, row: Row, tmp_path: Path) -> None:
    assert read("doccano", line, tmp_path) == ([(1, row)], [])


def test_relations_are_left_out(tmp_path: Path) -> None:
    line = {
        "text": "..",
        "entities": [{"id": 0, "start_offset": 0, "end_offset": 2, "label": "ORG"}],
        "relations": [{"from_id": 0, "to_id": 1, "type": "foundedAt"}],
    }
    assert read("doccano", line, tmp_path)[0] == [(1, {"text": "..", "entities": SPANS[:1]}), (1, "relation")]


OLD = ":1: labels are given as numbers, by an old doccano. Export again"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"id": 1, "text": "..", "annotations": [{"label": 2, "start_offset": 0, "end_offset": 2, "user": 1}]}, OLD),
        ({"text": "..", "label": [2]}, OLD),
        ({"text": "..", "label": 2}, OLD),
        ({"text": "..", "label": [[0, 1, 2]]}, OLD),
        ({"text": "..", "cats": {"A": 1}}, ":1: cats is no list"),
        ({"text": "..", "label": [[0, "1", "X"]]},
         ''':1: "[0, '1', 'X']" in label has no start and end that are whole numbers'''),
        ({"text": "..", "entities": [{"start_offset": 0, "end_offset": 1}]}, ':1: "{\'start_offset\': 0, \'end_offset'),
        ({"text": "..", "label": [[0, 1, ""]]}, ''':1: "[0, 1, '']" in label has no label'''),
        ({"text": "..", "label": ["A", [0, 1, "B"]]}, ''':1: "A" in label has no start'''),
        ({"text": 1}, ':1: no text in "text"'),
        ({"filename": "a.png"}, ':1: no text in "data"'),
        ('{"text": "a"', ":1: malformed JSON"),
        ([1], ":1: a JSON array"),
        (b"\xff", ":1: bytes that are not UTF-8"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_a_problem_with_its_remedy(line: Any, problem: str, tmp_path: Path) -> None:
    found, told = read("doccano", line, tmp_path)
    assert found == []
    assert starts(told, [problem]), told
