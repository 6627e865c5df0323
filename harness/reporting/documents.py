"""The documents that changed: a piece of the text around what differs, the gold, and both predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.comparing import Comparison

LONGEST = 300  # characters of a text that are shown
AROUND = 40  # characters on either side of a span
SPANS = 6  # differing spans of one document that are shown


@dataclass(frozen=True)
class Changed:
    """One item, what to show of it, and its answers as data."""

    item: str
    lines: tuple[str, ...]
    content: dict[str, Any]


def documents(found: Comparison, which: Sequence[int], most: int) -> list[Changed]:
    """The first so many of these items."""
    return [_changed(found, i) for i in which[:most]]


def _changed(found: Comparison, i: int) -> Changed:
    both, names = found.pair, found.pair.names
    task = both.task
    three = zip(("gold", *names), (task.gold, *both.answers), strict=True)
    said = [(name, answers.answer(i)) for name, answers in three]
    text = task.items["text"][i]
    spans = task.gold.kind == "spans"
    about = [f"{facet} {task.items[facet][i]}" for facet in task.of if facet in task.items]
    lines = [*_in_place(text, said)] if spans else [_around(text, _evidence(found, i)), _in_a_line(said)]
    item, (due, a, b) = task.items["item"][i], (answer for _, answer in said)
    content = {"item": item, "text": text, "gold": due, "base": a, "candidate": b}
    return Changed(item, tuple([", ".join(about)] * bool(about) + lines), content)


def _evidence(found: Comparison, i: int) -> tuple[int, int]:
    """Where the gold's reason stands, or the start of the text."""
    rests_on = found.pair.task.gold.besides.get("evidence")
    spans = rests_on.answer(i) if rests_on is not None else None
    return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else (0, 0)


def _around(text: str, place: tuple[int, int]) -> str:
    """At most LONGEST characters that hold the place, on one line, cut between words."""
    if len(text) <= LONGEST:
        return " ".join(text.split())
    start = max(0, min(place[0] - AROUND, len(text) - LONGEST))
    piece = text[start : start + LONGEST]
    head, tail = start > 0, start + LONGEST < len(text)
    words = piece.split()
    words = words[1:] if head and len(words) > 2 else words
    words = words[:-1] if tail and len(words) > 2 else words
    return f"{'… ' if head else ''}{' '.join(words)}{' …' if tail else ''}"


def _in_a_line(said: Sequence[tuple[str, Any]]) -> str:
    return " · ".join(f"{name} {shown(answer)}" for name, answer in said)


def shown(answer: Any) -> str:
    """`FAVOR`, `A|B`, or a dash where there is none."""
    if answer is None:
        return "– (no answer)"
    return answer if isinstance(answer, str) else "|".join(answer) or "nothing"


def _in_place(text: str, said: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Each span that not all of them have, in its text, and who calls it what."""
    labels = [{(start, end): label for start, end, label in answer or ()} for _, answer in said]
    places = sorted({*labels[0], *labels[1], *labels[2]})
    apart = [place for place in places if len({own.get(place) for own in labels}) > 1]
    # What base and candidate agree on did not change, however wrong it is.
    apart = [place for place in apart if labels[1].get(place) != labels[2].get(place)]
    for start, end in apart[:SPANS]:
        before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
        head, tail = "…" if start > AROUND else "", "…" if end + AROUND < len(text) else ""
        piece = " ".join(f"{head}{before}[{text[start:end]}]{after}{tail}".split())
        names = (f"{name} {own.get((start, end), '–')}" for (name, _), own in zip(said, labels, strict=True))
        yield f"{piece}   {' · '.join(names)}"
    if len(apart) > SPANS:
        yield f"and {len(apart) - SPANS} spans more"
    for name, answer in said[1:]:
        if answer is None:
            yield f"{name} gave no answer"
