"""Offsets in one unit turned into another and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.offsets import borders, to_codepoints, unit_that_fits

ENCODINGS = ("codepoint", "utf16", "byte", "crlf")  # which have a border between any two code points
many = settings(max_examples=100, deadline=None)
TEXTS = st.text(
    st.sampled_from("a\n é👩🚢\u0301\u2028\u0085ا界") | st.characters(exclude_categories=["Cs"]), max_size=30
)


@many
@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_offsets_round_trip_in_every_unit(text: str, unit: str, data: st.DataObject) -> None:
    at = borders(text, unit)
    starts = st.integers(0, len(text))
    spans = [tuple(sorted(pair)) for pair in data.draw(st.lists(st.tuples(starts, starts), max_size=5))]
    assert to_codepoints([(at[start], at[end]) for start, end in spans], text, unit) == spans


@many
@given(TEXTS)
def test_borders_are_those_of_the_encodings(text: str) -> None:
    ends = range(len(text) + 1)
    assert borders(text, "codepoint") == list(ends)
    assert borders(text, "byte") == [len(text[:end].encode()) for end in ends]
    assert borders(text, "utf16") == [len(text[:end].encode("utf-16-le")) // 2 for end in ends]
    assert borders(text, "crlf") == [len(text[:end].replace("\r\n", "\n").replace("\n", "\r\n")) for end in ends]


@many
@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_the_unit_that_is_found_explains_every_span(text: str, unit: str, data: st.DataObject) -> None:
    at = borders(text, unit)
    starts = st.integers(0, len(text))
    pairs = [sorted(pair) for pair in data.draw(st.lists(st.tuples(starts, starts), min_size=1, max_size=5))]
    spans = [(at[start], at[end], text[start:end]) for start, end in pairs]
    found = unit_that_fits(spans, text)
    assert found is not None
    turned = to_codepoints([(start, end) for start, end, _ in spans], text, found)
    assert [text[slice(*pair)] for pair in turned if pair] == [surface for _, _, surface in spans]


@pytest.mark.parametrize(
    "unit, text, span",
    [
        ("codepoint", "🚢 one", (2, 5)),
        ("utf16", "🚢 one", (3, 6)),
        ("byte", "🚢 one", (5, 8)),
        ("crlf", "\n\none", (4, 7)),
    ],
)
def test_a_word_has_the_offsets_that_each_unit_gives_it(unit: str, text: str, span: tuple[int, int]) -> None:
    assert to_codepoints([span], text, unit) == [(2, 5)]
    assert unit_that_fits([(*span, "one")], text) == unit


def test_an_offset_inside_a_character_or_outside_the_text_is_none() -> None:
    assert to_codepoints([(1, 2), (0, 2), (0, 9), (-1, 2)], "🚢", "utf16") == [None, (0, 1), None, None]


def test_spans_that_no_unit_explains_have_none() -> None:
    assert unit_that_fits([(0, 3, "one"), (0, 3, "two")], "one two") is None
