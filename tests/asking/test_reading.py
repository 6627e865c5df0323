"""What a server says, read strictly; mentions found again in the text."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.asking.reading import UNALIGNED, _unfenced, align, read_answer, schema_of, written
from harness.records import ABSTAINED, ANSWERED, INVALID

LABELS = ("A", "B")
WORDS = ("Ana", "An", "Kota", "é", "👩‍👩‍👧", "นา", "a.b", " ", ", ")


@pytest.mark.parametrize(
    ("said", "kind", "read"),
    [
        ('{"label": "A"}', "label", "A"),
        ('\n```json\n{"label": "A"}\n```\n', "label", "A"),
        ('```\n{"label": "A"}```', "label", "A"),
        ("A", "label", "A"),
        ('{"label": "A", "why": "so"}', "label", "A"),
        ('{"labels": []}', "labels", []),
        ('{"labels": ["B", "A"]}', "labels", ["B", "A"]),
        ('{"spans": []}', "spans", []),
    ],
)
def test_what_is_asked_for_is_read(said: str, kind: str, read: object) -> None:
    assert read_answer(said, kind, LABELS, "text") == (ANSWERED, read)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("a", "label"),
        ("The answer is A.", "label"),
        ('The answer: {"label": "A"}', "label"),
        ('{"label": "C"}', "label"),
        ('{"label": "A"', "label"),
        ('{"label": "A"} {"label": "A"}', "label"),
        ('{"label": "A", "label": "B"}', "label"),
        ('{"label": ["A"]}', "label"),
        ('{"label": null}', "label"),
        ('["A"]', "label"),
        ("1" * 5000, "label"),
        ("[" * 100_000, "label"),
        ("A", "labels"),
        ('{"labels": "A"}', "labels"),
        ('{"labels": ["A", "C"]}', "labels"),
        ('{"labels": [1]}', "labels"),
        ('{"labels": [["A"]]}', "labels"),
        ('{"spans": [["Ana", "A"]]}', "spans"),
        ('{"spans": [{"text": "Ana"}]}', "spans"),
        ('{"spans": [{"text": 1, "label": "A"}]}', "spans"),
    ],
)
def test_anything_else_is_invalid(said: str, kind: str) -> None:
    assert read_answer(said, kind, LABELS, "Ana") == (INVALID, None)


def test_nothing_is_abstained() -> None:
    assert read_answer(" \n", "label", LABELS, "Ana") == (ABSTAINED, None)


def test_the_nth_mention_is_the_nth_occurrence_whole_words_first() -> None:
    mentions = [("Iran", "A"), ("Iran", "B"), ("Iran", "A"), ("Iran", "A")]
    assert align(mentions, "Iranian Iran, Iran") == (
        ANSWERED,
        [(8, 12, "A"), (14, 18, "B"), (0, 4, "A"), (0, 1, UNALIGNED)],
    )


def test_no_mention_has_a_place_in_an_empty_text() -> None:
    assert align([("Ana", "A")], "") == (INVALID, None)
    assert align([("", "A")], "") == (INVALID, None)
    assert align([("", "A")], "x") == (ANSWERED, [(0, 1, UNALIGNED)])
    assert align([], "") == (ANSWERED, [])


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.lists(st.sampled_from(WORDS), max_size=8))
def test_every_mention_becomes_one_span_and_each_place_is_used_once(words: list[str], surfaces: list[str]) -> None:
    text = "".join(words)
    status, spans = align([(surface, "A") for surface in surfaces], text)
    assert status == ANSWERED
    assert spans is not None
    assert len(spans) == len(surfaces)
    found = [(start, end) for start, end, label in spans if label == "A"]
    assert len(found) == len(set(found))
    for surface, (start, end, label) in zip(surfaces, spans, strict=True):
        assert 0 <= start < end <= len(text)
        assert label == UNALIGNED or text[start:end] == surface
    for surface in set(surfaces):
        placed = sum(s == surface and label == "A" for s, (_, _, label) in zip(surfaces, spans, strict=True))
        assert placed == min(surfaces.count(surface), text.count(surface))


@given(st.lists(st.sampled_from(WORDS[:6]), max_size=8), st.data())
def test_spans_that_are_written_are_read_back(words: list[str], data: st.DataObject) -> None:
    text, spans = "", []
    for word in words:  # each word alone between spaces, labelled each time it occurs
        start = len(text) + 1
        text += f" {word} "
        spans.append((start, start + len(word), data.draw(st.sampled_from(LABELS))))
    if len({word for word in words if any(word in other and word != other for other in words)}) == 0:
        assert read_answer(written("spans", spans, text), "spans", LABELS, text) == (ANSWERED, spans)


def test_the_schema_names_the_labels_and_nothing_else_fits() -> None:
    for kind in ("label", "labels", "spans"):
        schema = schema_of(kind, LABELS)
        assert schema["required"] == [kind]
        assert schema["additionalProperties"] is False
        assert json.dumps(list(LABELS)) in json.dumps(schema)


@pytest.mark.parametrize("blanks", [" ", "\n", " \n"])
def test_a_fence_of_many_blanks_is_read_in_a_moment(blanks: str) -> None:
    """It took time by the square of their number: 10 s for 40,000."""
    begun = time.process_time()
    assert read_answer(f"```{blanks * 40_000}x```", "label", LABELS, "text") == (INVALID, None)
    assert read_answer(f"```json\n{blanks * 40_000}x{blanks * 40_000}y```", "label", LABELS, "") == (INVALID, None)
    assert time.process_time() - begun < 2


@given(st.text("`json\n \r{}", max_size=12))
def test_a_fence_is_what_the_pattern_says(inside: str) -> None:
    said = f"```{inside}```".strip()
    due = re.fullmatch(r"```(?:json)?\s*\n(.*?)\n?\s*```", said, re.DOTALL)
    assert _unfenced(said).strip() == (due[1].strip() if due else said)
