"""Gold and predicted spans over one another: which belong together, and the text cut at all their borders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

Span = tuple[int, int, str]
DEEPEST = 5  # lane of a page; bars farther from the text share it
STATES = {  # how a gold and a predicted span meet: the sign before their label, and what it means in words
    "same": ("", "agreement"),
    "missed": ("−", "missed"),
    "spurious": ("+", "spurious"),
    "label": ("≠", "wrong label"),
    "border": ("↔", "wrong border"),
}


@dataclass(frozen=True)
class Mark:
    """A gold span, a predicted one, or two that belong together."""

    gold: Span | None
    said: Span | None

    @property
    def state(self) -> str:
        """One of STATES; a wrong border may have a wrong label too."""
        if self.gold is None or self.said is None:
            return "missed" if self.said is None else "spurious"
        if self.gold[:2] != self.said[:2]:
            return "border"
        return "same" if self.gold[2] == self.said[2] else "label"

    @property
    def sign(self) -> str:
        """`PER`, `− PER`, `≠ PER → ORG`: what is written behind it."""
        gold, said = (span[2] if span else "" for span in (self.gold, self.said))
        names = gold or said if not (gold and said) or gold == said else f"{gold} → {said}"
        return f"{STATES[self.state][0]} {names}".strip()

    @property
    def end(self) -> int:
        """Where the last of its spans ends."""
        return max(span[1] for span in (self.gold, self.said) if span)


@dataclass(frozen=True)
class Bar:
    """A line along a stretch of text: above it for gold, below it for a prediction; lane 0 is the nearest."""

    start: int
    end: int
    side: str  # gold, said, or both where they run alike: "gold said"
    state: str
    lane: int

    @property
    def style(self) -> str:
        """The classes of a page that draw it."""
        own = self.state if self.side == "evidence" else f"{self.side} {self.state}"
        return f"{own} l{min(self.lane, DEEPEST)}" if self.lane else own


@dataclass(frozen=True)
class Piece:
    """A stretch of text over which the same bars run, the longest first, and the signs of marks that end with it."""

    text: str
    bars: tuple[Bar, ...]
    signs: tuple[tuple[str, str], ...]  # state, sign


def partners(gold: Sequence[Span], said: Sequence[Span]) -> list[int]:
    """Of each predicted span the position of the gold span that it belongs to, or -1; one to one.

    First those with the same borders and label, then the same borders, then the same label and the longest overlap,
    then the longest overlap.
    """
    found = [-1] * len(said)
    alike: dict[tuple[object, ...], list[int]] = {}  # first, since nearly all are such and the rest is slow
    for i in range(len(gold) - 1, -1, -1):
        alike.setdefault(tuple(gold[i]), []).append(i)
    for j, span in enumerate(said):
        if own := alike.get(tuple(span)):
            found[j] = own.pop()
    taken = {i for i in found if i >= 0}
    left = [(i, *span) for i, span in enumerate(gold) if i not in taken]
    ranked = []
    for j, (start, end, label) in enumerate(said):
        for i, a, b, name in left if found[j] < 0 else ():
            shared = min(end, b) - max(start, a)
            if shared > 0:
                ranked.append(((a, b) != (start, end), name != label, -shared, i, j))
    for _, _, _, i, j in sorted(ranked):
        if found[j] < 0 and i not in taken:
            found[j] = i
            taken.add(i)
    return found


def marks(gold: Sequence[Span], said: Sequence[Span]) -> list[Mark]:
    """All spans of both, each once, in the order of the text.

    >>> [mark.sign for mark in marks([(0, 4, "PER"), (9, 12, "LOC")], [(0, 6, "PER"), (9, 12, "ORG")])]
    ['↔ PER', '≠ LOC → ORG']
    """
    of = partners(gold, said)
    back = {i: j for j, i in enumerate(of) if i >= 0}
    found = [Mark(span, said[back[i]] if i in back else None) for i, span in enumerate(gold)]
    found += [Mark(None, span) for span, i in zip(said, of, strict=True) if i < 0]
    return sorted(found, key=lambda mark: (min(s[:2] for s in (mark.gold, mark.said) if s), mark.end, mark.sign))


def pieces(text: str, drawn: Sequence[Mark], evidence: Sequence[Span] = ()) -> Iterator[Piece]:
    """The text cut at every border, so that no span hides another. Evidence is tinted, its name a sign behind it."""
    gold, said = set(_bars(drawn, "gold")), set(_bars(drawn, "said"))
    both = {bar for bar in gold if replace(bar, side="said") in said}
    bars = [replace(bar, side="gold said") if bar in both else bar for bar in gold]
    bars += said - {replace(bar, side="said") for bar in both}
    bars += {Bar(start, end, "evidence", "evidence", 0) for start, end, _ in evidence}
    ends: dict[int, list[tuple[str, str]]] = {}
    for mark in drawn:
        ends.setdefault(min(mark.end, len(text)), []).append((mark.state, mark.sign))
    for end in dict.fromkeys(end for _, end, _ in evidence):
        names = ", ".join(dict.fromkeys(name for _, at, name in evidence if at == end))
        ends.setdefault(min(end, len(text)), []).append(("evidence", names))
    cuts = sorted({0, len(text), *(min(at, len(text)) for bar in bars for at in (bar.start, bar.end))})
    for start, end in pairwise(cuts):
        over = [bar for bar in bars if bar.start < end and bar.end > start]
        over.sort(key=lambda bar: (bar.start - bar.end, bar.side, bar.lane, bar.start))
        yield Piece(text[start:end], tuple(over), tuple(ends.get(end, ())))


def _bars(drawn: Sequence[Mark], side: str) -> Iterator[Bar]:
    """The spans of one side, each in the first lane that is free where it stands, inner ones nearer the text."""
    lanes: list[list[tuple[int, int]]] = []
    own = [(*span[:2], mark.state) for mark in drawn if (span := getattr(mark, side))]
    for start, end, state in sorted(own, key=lambda bar: (bar[1] - bar[0], bar)):
        free = [lane for lane, held in enumerate(lanes) if all(b <= start or a >= end for a, b in held)]
        if not free:
            lanes.append([])
        lane = free[0] if free else len(lanes) - 1
        lanes[lane].append((start, end))
        yield Bar(start, end, side, state, lane)
