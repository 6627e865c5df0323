"""The unit of a file's spans: found where surfaces tell it, asked for where nothing does."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import brought, new_root, only_splits_are_missing, planned, reasons

from harness.corpus import load
from harness.editing.importing import apply_import
from harness.editing.units import ALL, Detection, Found
from harness.errors import AskedWrongly, UnknownName
from harness.offsets import INCLUSIVE, places, to_codepoints


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_root(tmp_path)


SIZES = {  # how long a text is in each unit, said another way than harness/offsets.py does
    "codepoint": len,
    "utf16": lambda s: len(s.encode("utf-16-le")) // 2,
    "byte": lambda s: len(s.encode()),
    "crlf": lambda s: len(s.replace("\r\n", "\n").replace("\n", "\r\n")),
    "lf": lambda s: len(s.replace("\r\n", "\n")),
    "nfc": lambda s: len(unicodedata.normalize("NFC", s)),
    "nfd": lambda s: len(unicodedata.normalize("NFD", s)),
    "grapheme": lambda s: len(regex.findall(r"\X", s)),
}
# Each character tells some units apart; a word after all of them is elsewhere in every unit.
TELLING = "😀 e\u0301 u\u0301 éé \n\n\n\n\n a\r\nb 👩\u200d🌾 "


def span(text: str, word: str, unit: str) -> dict[str, Any]:
    """A span over the first such word, as a tool would give it that counts in this unit."""
    size, at = SIZES[unit.removesuffix(INCLUSIVE)], text.index(word)
    end = size(text[: at + len(word)]) - unit.endswith(INCLUSIVE)
    return {"start": size(text[:at]), "end": end, "label": "PER", "text": word}


@pytest.mark.parametrize("unit", ALL)
def test_the_unit_that_explains_all_surfaces_is_taken(unit: str, root: Path) -> None:
    text = TELLING + "Rina met Bo."
    rows = [{"text": "Zoe came.", "entities": [span("Zoe came.", "Zoe", unit)]}]
    rows += [{"text": text, "entities": [span(text, "Rina", unit), span(text, "Bo", unit)]}]
    found = planned(root, *rows, offsets="auto", lf=True)
    assert (found.unit, reasons(found)) == (Found(unit), [])
    apply_import(found)
    assert sorted(one["text"] for document in load(root) for one in document.gold["entities"]) == ["Bo", "Rina", "Zoe"]
    assert only_splits_are_missing(root)


@settings(max_examples=80, deadline=None)
@given(st.text("aé\u0301e\n\r😀👩\u200d🌾ก ำ한\u1112\u1161", max_size=15), st.sampled_from(sorted(SIZES)))
def test_places_are_where_the_lengths_of_beginnings_say(text: str, unit: str) -> None:
    size = SIZES[unit]
    whole = places(text, unit)
    for offset, at in whole.items():
        if unit not in ("nfc", "nfd"):  # where a beginning may compose with what follows
            assert size(text[:at]) == offset
    if whole:
        assert whole[size(text)] == len(text)


def test_inclusive_ends_are_turned() -> None:
    assert to_codepoints([(0, 2)], "one two", "codepoint-inclusive") == [(0, 3)]


def test_a_wrong_unit_is_told_with_the_place_and_the_unit_that_fits(root: Path) -> None:
    row = {"text": "😀 an annotation.", "entities": [{"start": 6, "end": 16, "label": "PER", "text": "annotation"}]}
    assert reasons(planned(root, row, offsets="codepoint", counts="item")) == [
        'in.jsonl item 1: layer entities, span 1: 6:16 reads "nnotation."; "annotation" is at 5:15. '
        "All 1 of 1 spans fit UTF-16. Import with --offsets utf16"
    ]
    assert planned(root, row, offsets="auto").unit == Found("utf16")


def test_surfaces_that_no_unit_explains_are_problems(root: Path) -> None:
    rows = [
        {"text": "Zoe left.", "entities": [{"start": 0, "end": 3, "label": "PER", "text": name}]}
        for name in ("Zoe", "Bo")
    ]
    rows[1]["text"] += " Bo."
    assert reasons(planned(root, *rows, offsets="auto")) == [
        'in.jsonl:2: layer entities, span 1: 0:3 reads "Zoe"; "Bo" is at 10:12. Check --offsets.'
    ]


@pytest.mark.parametrize(("text", "told"), [("😀 Rina", "utf16"), ("e\u0301 Rina", "grapheme"), ("a\r\nRina", "lf")])
def test_without_surfaces_what_could_be_counted_otherwise_is_asked(text: str, told: str, root: Path) -> None:
    row = {"text": text, "entities": [[3, 5, "PER"]]}
    with pytest.raises(AskedWrongly, match=rf"in.jsonl line 1: several units .*--offsets codepoint.*--offsets {told}"):
        planned(root, row, offsets="auto", lf=True)
    assert planned(root, row, offsets=told, lf=True).unit == Found(told)


def test_without_surfaces_and_without_such_characters_code_points_are_taken(root: Path) -> None:
    text = "Città\nè “Rina” – qui 😀"
    assert planned(root, {"text": text, "entities": [[9, 13, "PER"]]}, offsets="auto").unit == Found("codepoint")


SEÑOR = "El señor Núñez vio a Ana."


@pytest.mark.parametrize("unit", ["codepoint", "byte", "utf16"])
def test_without_surfaces_the_one_unit_that_marks_whole_words_is_taken_and_said(unit: str, root: Path) -> None:
    rows = [{"text": text, "entities": _bare(text, unit, "Núñez", "Ana")} for text in ("😀 " + SEÑOR, SEÑOR)]
    found = planned(root, *rows, offsets="auto")
    assert (found.unit, reasons(found)) == (Found(unit), [])
    assert found.notes == ['no span comes with its surface; the first read "Núñez", "Ana", "Núñez": are they whole?']


@pytest.mark.parametrize("text", ["é Rina", "é ...."])
def test_bytes_are_a_question_where_whole_words_are_marked_in_neither_unit_or_in_both(text: str, root: Path) -> None:
    row = {"text": text, "entities": [[3, 5, "PER"]]}
    with pytest.raises(AskedWrongly, match="--offsets codepoint or --offsets byte"):
        planned(root, row, offsets="auto")


def test_ends_that_would_be_whole_words_were_they_inclusive_are_a_question(root: Path) -> None:
    text = "Rina met Bo in Lima."
    row = {"text": text, "entities": _bare(text, "codepoint-inclusive", "Rina", "Bo", "Lima")}
    with pytest.raises(AskedWrongly, match=r"line 1: .*--offsets codepoint-inclusive or --offsets codepoint"):
        planned(root, row, offsets="auto")
    assert planned(root, row, offsets="codepoint-inclusive").unit == Found("codepoint-inclusive")
    row["entities"] = _bare(text, "codepoint", "Rina", "Bo", "Lim")
    assert planned(root, row, offsets="auto").unit == Found("codepoint")


def _bare(text: str, unit: str, *words: str) -> list[list[Any]]:
    spans = [span(text, word, unit) for word in words]
    return [[one["start"], one["end"], one["label"]] for one in spans]


def test_one_surface_tells_the_unit_of_all(root: Path) -> None:
    rows = [
        {"text": "😀 Rina", "entities": [span("😀 Rina", "Rina", "utf16")]},
        {"text": "😀😀 Bo", "entities": [[5, 7, "PER"]]},
    ]
    assert [d.gold["entities"][0]["text"] for d in brought(root, *rows, offsets="auto")] in (
        ["Rina", "Bo"],
        ["Bo", "Rina"],
    )


def test_units_that_explain_all_and_differ_are_asked(root: Path) -> None:
    row = {"text": "😀aa", "entities": [{"start": 2, "end": 3, "label": "PER", "text": "a"}]}
    with pytest.raises(AskedWrongly, match="explain all surfaces and place spans differently: code points, UTF-16"):
        planned(root, row, offsets="auto")


@pytest.mark.parametrize("surface", ["New York", "New\\nYork", "New \n York"])
def test_collapsed_white_space_is_borne_once_no_unit_is_exact_and_the_slice_is_stored(surface: str, root: Path) -> None:
    text = "In New\nYork, Rina."
    at = text.index("New")
    rows = [
        {
            "text": text,
            "entities": [
                {"start": at, "end": at + 8, "label": "ORG", "text": surface},
                span(text, "Rina", "codepoint"),
            ],
        }
    ]
    found = planned(root, *rows, offsets="auto")
    assert (found.unit, reasons(found)) == (Found("codepoint", loose=True), [])
    apply_import(found)
    assert load(root).documents[0].gold["entities"][0]["text"] == "New\nYork"


def test_other_letters_are_not_borne(root: Path) -> None:
    row = {"text": "In new\nYork.", "entities": [{"start": 3, "end": 11, "label": "ORG", "text": "New York"}]}
    assert planned(root, row, offsets="auto").rejected_rows == 1


def test_evidence_tells_the_unit_too() -> None:
    detection = Detection()
    detection.look(1, "😀 Rina", [(3, 7, "Rina")])
    detection.look(2, "Bo left", [(0, 2, "Bo")])
    assert detection.choose("auto", "x").unit == "utf16"
    with pytest.raises(UnknownName, match='Did you mean "utf16"'):
        detection.choose("utf-16", "x")
