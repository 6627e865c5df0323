"""Gold and predicted spans of one text, laid over one another: agreed, missed, spurious, wrong label, wrong border."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias, get_args

Kind = Literal["agreed", "label", "border", "missed", "spurious"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Span: TypeAlias = "tuple[int, int, str]"  # start, end, label


class Aligned(NamedTuple):
    """A gold span, a predicted one, or a pair of both. `start` and `end` are the stretch that both cover together."""

    start: int
    end: int
    kind: Kind
    gold: str | None  # label of the gold span; None where there is none
    predicted: str | None
    gold_at: tuple[int, int] | None  # the borders of the gold span
    predicted_at: tuple[int, int] | None


def aligned(gold: Iterable[Span] | None, predicted: Iterable[Span] | None) -> list[Aligned]:
    """Every span of either side once, alone or in a pair, by start, longest first. None (no answer) is no spans.

    Pairs are made one to one: first those of the same borders and label (`agreed`), then of the same borders (`label`),
    then of overlapping spans (`border`, whatever the label), those of one label first and, of these, those that share
    most characters. What is left is `missed` (gold) or `spurious` (predicted). So `agreed` is what the strict match
    of the metrics counts as correct.
    """
    due, said = sorted(gold or ()), sorted(predicted or ())
    found = []
    for one, other in _pairs(due, said):
        due.remove(one)
        said.remove(other)
        found.append(_pair(one, other))
    found += [Aligned(start, end, "missed", label, None, (start, end), None) for start, end, label in due]
    found += [Aligned(start, end, "spurious", None, label, None, (start, end)) for start, end, label in said]
    return sorted(found, key=lambda one: (one.start, -one.end, KINDS.index(one.kind), one.gold or "", one[4] or ""))


def _pairs(due: list[Span], said: list[Span]) -> list[tuple[Span, Span]]:
    """The pairs in the order in which they are made, each span in one at most."""
    meets = [(_closeness(one, other), i, j) for i, one in enumerate(due) for j, other in enumerate(said)]
    free_due, free_said, pairs = set(range(len(due))), set(range(len(said))), []
    for closeness, i, j in sorted(meets, key=lambda meet: (*(-part for part in meet[0]), meet[1], meet[2])):
        if closeness[-1] > 0 and i in free_due and j in free_said:
            free_due.remove(i)
            free_said.remove(j)
            pairs.append((due[i], said[j]))
    return pairs


def _closeness(one: Span, other: Span) -> tuple[bool, bool, int]:
    """Same borders, same label, shared characters: the first that differs decides."""
    return one[:2] == other[:2], one[2] == other[2], min(one[1], other[1]) - max(one[0], other[0])


def _pair(one: Span, other: Span) -> Aligned:
    same_borders, same_label, _ = _closeness(one, other)
    kind: Kind = "border" if not same_borders else "agreed" if same_label else "label"
    start, end = min(one[0], other[0]), max(one[1], other[1])
    return Aligned(start, end, kind, one[2], other[2], one[:2], other[:2])
