"""Prodigy: only what was accepted counts, and the last token is within its span."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rows import many
from through import READERS, lost, read, starts

from harness.parts import Row

TOKENS = [{"text": "Uber", "start": 0, "end": 4, "id": 0}, {"text": "Inc", "start": 5, "end": 8, "id": 1}]
HASHES = {"_input_hash": 1, "_task_hash": 2, "_session_id": "ner-rina", "_view_id": "ner_manual", "_timestamp": 3}


@settings(max_examples=80, deadline=None)
@given(rows=many(overlap=True))
def test_everything_comes_back(rows: list[Row]) -> None:
    assert lost("prodigy", rows).lines() == []


def test_readers_fields_and_metadata_come_back() -> None:
    assert lost("prodigy", READERS).lines() == []


def task(**more: Any) -> dict[str, Any]:
    return {"text": "Uber Inc", "meta": {"source": "paper", "id": "n1"}, "tokens": TOKENS, "answer": "accept", **more}


BARE: Row = {"text": "Uber Inc", "source": "paper", "id": "n1"}
ORG = {"start": 0, "end": 8, "label": "ORG"}


@pytest.mark.parametrize(
    ("given", "row"),
    [
        (task(spans=[{**ORG, "token_start": 0, "token_end": 1, "id": "Q1"}], **HASHES, _annotator_id="tom"),
         {**BARE, "annotator": "tom", "spans": [{**ORG, "id": "Q1"}]}),
        (task(spans=[{"token_start": 0, "token_end": 1, "label": "ORG"}]), {**BARE, "spans": [ORG]}),
        (task(**HASHES), {**BARE, "annotator": "ner-rina", "spans": []}),
        (task(label="X"), {**BARE, "label": ["X"]}),
        (task(options=[{"id": "A", "text": "a"}, {"id": 2, "text": "b"}], accept=["A", 2]),
         {**BARE, "accept": ["A", "2"]}),
        (task(options=[{"id": "A", "text": "a"}]), {**BARE, "accept": []}),
        (task(accept=["A"], id=7, note="n"), {**BARE, "accept": ["A"], "id_": 7, "note": "n"}),
        ({"text": "no answer is one, as for db-in", "label": "X"},
         {"text": "no answer is one, as for db-in", "label": ["X"]}),
    ],
)  # fmt: skip
def test_an_accepted_task_is_a_row(given: Any, row: Row, tmp_path: Path) -> None:
    assert read("prodigy", given, tmp_path) == ([(1, row)], [])


@pytest.mark.parametrize(("answer", "why"), [("reject", "rejected"), ("ignore", "ignored")])
def test_what_was_not_accepted_never_becomes_a_label(answer: str, why: str, tmp_path: Path) -> None:
    assert read("prodigy", task(label="X", spans=[ORG], answer=answer), tmp_path) == ([(1, why)], [])


def test_relations_and_matches_without_a_label_are_left_out(tmp_path: Path) -> None:
    given = task(label="X", spans=[{"start": 0, "end": 4, "pattern": 12}], relations=[{"head": 0, "child": 1}])
    assert read("prodigy", given, tmp_path)[0] == [
        (1, {**BARE, "spans": [], "label": ["X"]}), (1, "relation"), (1, "a match without a label")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (task(answer="yes"), 'answer "yes". There are: accept, reject, ignore.'),
        (task(answer=["accept"]), "answer \"['accept']\""),
        ({"image": "a.png"}, "no text"),
        (task(spans=[{"start": 0, "end": "4", "label": "X"}]), "span 1 has no start and end that are whole numbers"),
        (task(spans=[{"token_start": 0, "token_end": 2, "label": "X"}]), "span 1 has no start and end"),
        (task(spans=[{"start": 0, "end": 4, "label": 3}]), "span 1 has no label"),
        (task(spans=3), "spans is no list of objects"),
        (task(options=[3]), "options is no list of objects"),
        (task(accept="A"), "accept is no list"),
        (task(accept=[["A"]]), "accepted \"['A']\" is no option's id"),
        ('{"text": 1e999}', "number"),
    ],
)
def test_a_damaged_line_is_a_problem(given: Any, problem: str, tmp_path: Path) -> None:
    found, told = read("prodigy", given, tmp_path)
    assert found == []
    assert starts(told, [f":1: {problem}"]), told


@pytest.mark.parametrize(("answer", "why"), [("reject", "rejected"), ("ignore", "ignored")])
def test_a_span_that_was_not_accepted_is_left_out_of_an_accepted_task(answer: str, why: str, tmp_path: Path) -> None:
    given = task(spans=[{**ORG, "answer": answer}, ORG])
    assert read("prodigy", given, tmp_path) == ([(1, {**BARE, "spans": [ORG]}), (1, why)], [])
