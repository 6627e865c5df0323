"""Argilla records: users are annotators, questions keys; what was not sent is left out."""

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
    questions = {f"stance_{line['holder']}_{line['target']}" for row in rows for line in row.get("stance", [])}
    stance = any("stance" in row for row in rows)
    wanted = {key for key, there in (("topic", proof), ("stance", stance)) if there} | questions
    assert lost("argilla", rows).keys == wanted


def test_readers_and_metadata_come_back_fields_do_not() -> None:
    assert lost("argilla", READERS).keys == {"entities", "topic"}
    assert lost("argilla", READERS).lines() == [
        "entities: field entity_id is lost (once in g/a)",
        "entities: field inner is lost (once in g/a)",
        "entities: field sure is lost (once in g/a)",
        "topic: field role is lost (once in g/a)",
    ]


PER = {"start": 0, "end": 3, "label": "PER"}


def record(**more: Any) -> dict[str, Any]:
    return {"id": "1", "fields": {"text": "Ana"}, "metadata": {"source": "paper"}, "vectors": {}, **more}


BARE: Row = {"id": "1", "text": "Ana", "source": "paper"}
RESPONSES: dict[str, list[Any]] = {
    "ner": [{"value": [PER], "user_id": "u"}, {"value": [], "user_id": "v"}],
    "event": [{"value": "POLICY", "user_id": "u"}],
    "stars": [{"value": 4, "user_id": "v"}],
    "order": [{"value": [{"value": "A", "rank": 1}], "user_id": "v"}],
}
READ = [
    (1, {**BARE, "annotator": "u", "ner": [PER], "event": "POLICY"}),
    (1, {**BARE, "annotator": "v", "ner": [], "stars": 4, "order": [{"value": "A", "rank": 1}]}),
]


def test_each_user_is_a_row(tmp_path: Path) -> None:
    assert read("argilla", [record(responses=RESPONSES)], tmp_path) == (READ, [])


def test_a_flat_record_reads_the_same(tmp_path: Path) -> None:
    flat: dict[str, Any] = {"id": "1", "status": "completed", "_server_id": "z", "text": "Ana", "source": "paper"}
    for question, answers in RESPONSES.items():
        flat[f"{question}.responses"] = [one["value"] for one in answers]
        flat[f"{question}.responses.users"] = [one["user_id"] for one in answers]
        flat[f"{question}.responses.status"] = ["submitted" for _ in answers]
        flat[f"{question}.suggestion.score"] = None
    assert read("argilla(text='text')", [flat], tmp_path) == (READ, [])
    flat["event.responses.status"] = ["draft"]
    assert (1, "draft") in read("argilla(text='text')", [flat], tmp_path)[0]


@pytest.mark.parametrize("status", [["discarded"], ["discarded", "submitted", "submitted"], [], "discarded"])
def test_states_that_are_not_one_a_response_are_a_problem(status: object, tmp_path: Path) -> None:
    flat = {"text": "Ana", "q.responses": ["A", "B"], "q.responses.users": ["u", "v"], "q.responses.status": status}
    found, told = read("argilla", [flat], tmp_path)
    assert found == []
    assert starts(told, [':1: "q.responses" without as many states. Export the records again']), told


def test_suggestions_are_no_annotations_unless_they_are_asked_for(tmp_path: Path) -> None:
    given = [record(suggestions={"ner": {"value": [{**PER, "score": 0.5}], "score": [0.5], "agent": "m"}})]
    assert read("argilla", given, tmp_path)[0] == [(1, BARE), (1, "suggestion")]
    found, _ = read("argilla(suggestions=True)", given, tmp_path)
    assert found == [(1, {**BARE, "annotator": "m", "ner": [{**PER, "score": 0.5}]})]


@pytest.mark.parametrize("status", ["draft", "discarded"])
def test_what_was_not_sent_is_left_out(status: str, tmp_path: Path) -> None:
    given = {"event": [{"value": "A", "user_id": "u", "status": status}], "ner": [{"value": None, "user_id": "u"}]}
    assert read("argilla", [record(responses=given)], tmp_path) == ([(1, status)], [])


def test_ids_are_of_one_kind_in_the_tool_and_of_a_group_here(tmp_path: Path) -> None:
    given = [record(id="g/1", metadata={"id": "1", "group": "g", "annotator": "x"})]
    assert read("argilla", given, tmp_path)[0] == [(1, {"id": "1", "group": "g", "text": "Ana", "annotator_": "x"})]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (record(fields={"chat": []}), "no text among its fields"),
        (record(fields={"a": "x", "b": "y"}), '2 texts. There are: "a", "b". Say which: --as "argilla(text=\'a\')"'),
        (record(fields=3), "fields is no object"),
        (record(responses=[]), "responses is no object"),
        (record(responses={"q": 3}), "the responses to q is no list of objects"),
        (record(responses={"q": [{"value": "x"}]}), 'a response to "q" without user_id'),
        (record(responses={"q": [{"value": [PER, 3], "user_id": "u"}]}), 'span 2 of "q" has no start and end'),
        (record(responses={"q": [{"value": [{"start": 0, "end": 1}], "user_id": "u"}]}), 'span 1 of "q" has no label'),
        ({"text": "x", "q.responses": ["A"]}, '"q.responses" without as many users'),
        (3, "a JSON number"),
    ],
)
def test_a_damaged_record_is_a_problem(given: Any, problem: str, tmp_path: Path) -> None:
    found, told = read("argilla", [given], tmp_path)
    assert found == []
    assert starts(told, [f":1: {problem}"]), told


def test_a_suggestion_that_is_none_is_a_problem_where_it_is_asked_for(tmp_path: Path) -> None:
    assert starts(read("argilla(suggestions=True)", [record(suggestions={"q": 3})], tmp_path)[1], [":1: the sugg"])
