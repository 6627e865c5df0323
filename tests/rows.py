"""Rows as a corpus gives them to a format: spans, labels with evidence, labels about holder and target."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from corpora import CORPUS_TOML
from harness.corpus.schema import read_schema
from harness.parts import Row

with TemporaryDirectory() as folder:
    Path(folder, "corpus.toml").write_text(CORPUS_TOML, encoding="utf-8")
    LAYERS = dict(read_schema(Path(folder), []).layers)

# Words with everything that counts characters otherwise: combining marks, joined emoji, astral letters, right to left.
WORDS = (
    "Zoe\u0301",
    "👩\u200d🌾",
    "𝔘nion",
    "اتحاد",
    "\u200fליל\u200f",
    "हड़ताल",
    "naïve",
    "U.N.",
    "a",
    "O'Neil",
    "(x)",
    "B-PER",
)
GAPS = (" ", " ", " ", "\n", "\r\n", "  ", "\u2028", "\u00a0", "\t", ", ")


@st.composite
def documents(draw: st.DrawFn, *, gaps: tuple[str, ...] = GAPS, overlap: bool = False) -> Row:
    """One row: a text of words, and any of the layers of tests/corpora.py over it."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
    text, places = "", []
    for i, word in enumerate(words):
        text += draw(st.sampled_from(gaps)) if i else ""
        places.append((len(text), len(text) + len(word)))
        text += word
    row: Row = {"id": draw(st.sampled_from(["a", "b-1", "c_2"])), "group": "g", "text": text, "language": "en"}
    if draw(st.booleans()):
        row["entities"] = _spans(draw, text, places, overlap)
    if draw(st.booleans()):
        row["tone"] = [{"label": draw(st.sampled_from(LAYERS["tone"].labels))}]
    if draw(st.booleans()):
        labels = draw(st.lists(st.sampled_from(LAYERS["topic"].labels), unique=True, max_size=2))
        row["topic"] = [{"label": label, **_evidence(draw, text, places)} for label in labels]
    if draw(st.booleans()):
        pairs = draw(st.lists(st.sampled_from([("union", "strike"), ("mayor", "strike")]), unique=True, max_size=2))
        row["stance"] = [
            {
                "holder": holder,
                "target": target,
                "label": draw(st.sampled_from(LAYERS["stance"].labels)),
                **_evidence(draw, text, places),
            }
            for holder, target in pairs
        ]
    return row


def _spans(draw: st.DrawFn, text: str, places: list[tuple[int, int]], overlap: bool) -> list[dict[str, Any]]:
    spans, free = [], 0
    for i, (start, _) in enumerate(places):
        if (start >= free or overlap) and draw(st.booleans()):
            end = places[min(len(places) - 1, i + draw(st.integers(0, 2)))][1]
            label = draw(st.sampled_from(LAYERS["entities"].labels))
            spans.append({"start": start, "end": end, "label": label, "text": text[start:end]})
            free = end
    return spans


def _evidence(draw: st.DrawFn, text: str, places: list[tuple[int, int]]) -> dict[str, Any]:
    if draw(st.booleans()):
        return {}
    start, end = draw(st.sampled_from(places))
    return {"evidence": [[start, end]], "text": [text[start:end]]}


def many(**settings: Any) -> st.SearchStrategy[list[Row]]:
    """Several documents with ids of their own."""
    return st.lists(documents(**settings), min_size=1, max_size=3, unique_by=lambda row: row["id"])
