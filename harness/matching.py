"""Gold and predicted spans -> counts: which span answers which, under the four schemes of MUC-5 and SemEval-2013."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Whole: TypeAlias = "Ints | np.int64"
Match = Literal["strict", "boundary", "type", "partial"]
SCHEMES: tuple[Match, ...] = get_args(Match)
CORRECT, INCORRECT, PARTIAL, MISSED, SPURIOUS = range(5)

BLOCK = 1 << 15  # items looked at together, so that their keys stay in the cache of the processor
SMALL = 24  # pairs of a tangle that make one number
APART, TOUCH, ALIKE = range(3)  # two spans do not overlap, overlap, overlap and have one label


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans as columns of equal length; only spans of one group can match. Label -1, undeclared, matches nothing."""

    group: Ints
    start: npt.NDArray[np.integer]
    end: npt.NDArray[np.integer]
    label: npt.NDArray[np.integer]

    @classmethod
    def of(cls, annotations: Annotations, first: int = 0, last: int | None = None) -> Spans:
        """The spans of the items `first:last`, by default of all; the group is the position from `first` on."""
        assert annotations.offsets is not None and annotations.starts is not None and annotations.ends is not None
        offsets = annotations.offsets[first : len(annotations) + 1 if last is None else last + 1]
        flat = slice(offsets[0], offsets[-1])
        group = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        return cls(group, annotations.starts[flat], annotations.ends[flat], annotations.codes[flat])

    def __len__(self) -> int:
        return len(self.group)

    def take(self, which: npt.NDArray[np.generic]) -> Spans:
        """The spans at these positions, or where the mask is true."""
        if which.dtype == bool:
            which = np.flatnonzero(which)
        return Spans(self.group[which], self.start[which], self.end[which], self.label[which])

    @property
    def declared(self) -> Spans:
        """Those that can match."""
        return self.take(self.label >= 0) if self.label.min(initial=0) < 0 else self

    def within_labels(self, n: int) -> Spans:
        """The same spans grouped by label and item: group `label * n + item`, in the order of the groups."""
        own = self.take(
            np.argsort(self.label.astype(np.int16 if self.label.max(initial=0) < 2**15 else np.int64), kind="stable")
        )
        return Spans(own.label * np.int64(n) + own.group, own.start, own.end, own.label)

    def per_group(self, n: int) -> Ints:
        """How many spans each of n groups has, (n,)."""
        return np.bincount(self.group, minlength=n)


def blocks(gold: Annotations, predicted: Annotations) -> Iterator[tuple[slice, Spans, Spans]]:
    """Some items at a time, with their gold and predicted spans; groups count from the first item of the block."""
    for first in range(0, len(gold), BLOCK):
        last = min(first + BLOCK, len(gold))
        yield slice(first, last), Spans.of(gold, first, last), Spans.of(predicted, first, last)


def match_counts(gold: Spans, predicted: Spans, n: int, match: Match) -> Ints:
    """Correct, incorrect, partial, missed and spurious spans of each of n groups, (n, 5).

    Within a group each span is used once. Exact spans are paired first (borders, and the label too where the
    scheme asks for it). Of the others the one-to-one pairing of overlapping spans is counted that gives most credit
    and, among those, most pairs; so no count depends on an order of spans or on a choice among equals:

    - strict: correct = borders and label; incorrect = any other pair.
    - boundary: correct = borders, whatever the label; incorrect = any other pair.
    - type: correct = overlap and label; incorrect = any other pair.
    - partial: correct = borders, whatever the label; partial = any other pair.

    correct + incorrect + partial + missed = gold spans, ... + spurious = predicted spans. Two spans overlap when
    they share a character. A span of an undeclared label is spurious under every scheme.

    Source: N. Chinchor and B. Sundheim, MUC-5 evaluation metrics, 1993; I. Segura-Bedmar, P. Martínez and
    M. Herrero-Zazo, SemEval-2013 task 9, section 9.1.
    """
    due, said = gold.per_group(n), predicted.per_group(n)
    gold, predicted = gold.declared, predicted.declared
    in_gold, in_said = exact(gold, predicted, labelled=match in ("strict", "type"))
    same_borders = np.bincount(gold.group[in_gold], minlength=n)
    stretch = overlapping(without(gold, in_gold), without(predicted, in_said), labelled=match == "type")
    same, pairs = (np.bincount(stretch.group, weights, n).astype(np.int64) for weights in (stretch.same, stretch.pairs))
    return five(same_borders, same, pairs, due, said, match)


def five(exact: Whole, same: Whole, pairs: Whole, due: Whole, said: Whole, match: Match) -> Ints:
    """The five counts (..., 5) of a scheme from exact pairs, the others of the same label and in all, and spans."""
    nothing = np.zeros_like(exact)
    correct, incorrect, partial = {
        "strict": (exact, pairs, nothing),
        "boundary": (exact, pairs, nothing),
        "type": (exact + same, pairs - same, nothing),
        "partial": (exact, nothing, pairs),
    }[match]
    paired = exact + pairs
    return np.stack([correct, incorrect, partial, due - paired, said - paired], axis=-1)


def credit(counts: Ints) -> Array:
    """What counts (..., 5) are worth: correct + partial / 2, (...)."""
    worth: Array = counts[..., CORRECT] + counts[..., PARTIAL] / 2
    return worth


def without(spans: Spans, used: Ints) -> Spans:
    """The spans but those at the positions `used`."""
    left = np.ones(len(spans), bool)
    left[used] = False
    return spans.take(left)


def exact(gold: Spans, said: Spans, *, labelled: bool) -> tuple[Ints, Ints]:
    """The positions of gold and of predicted spans with the same group and borders (and label), paired one to one.

    One merge of sorted keys: spans that come sorted, as they do in Annotations, are sorted already.
    """
    keys = _keys(gold, said, labelled=labelled)
    merged = np.argsort(keys.both, kind="stable")
    ordered = keys.both[merged]
    twins = np.flatnonzero(ordered[1:] == ordered[:-1])
    found = merged[twins], merged[twins + 1] - len(gold)
    in_gold, in_said = (at if order is None else order[at] for at, order in zip(found, keys.orders, strict=True))
    return in_gold, in_said


def exact_in_sum(gold: Spans, said: Spans, *, labelled: bool) -> tuple[Ints, Ints]:
    """The groups of the pairs that `exact` finds, and where `labelled` their labels: read off the keys, and sooner."""
    keys = _keys(gold, said, labelled=labelled)
    keys.both.sort(kind="stable")
    twins = keys.both[np.flatnonzero(keys.both[1:] == keys.both[:-1])]
    group, (shift, bits) = twins >> keys.group, keys.label
    twins >>= shift
    twins &= (1 << bits) - 1
    return group, twins


@dataclass(frozen=True, eq=False)
class _Keys:
    """One number a span, equal where group and borders (and label) are, rising on each side."""

    both: Ints  # those of the gold spans, then those of the predicted ones
    orders: list[Ints | None]  # the positions of the spans that the keys of a side belong to, where they were sorted
    group: int  # the bit at which the group begins
    label: tuple[int, int]  # the bit at which the label begins, and how many it has


def _keys(gold: Spans, said: Spans, *, labelled: bool) -> _Keys:
    """Columns shifted beside each other; equal keys of one side are numbered in the last bits, to match once each.

    What bits are left can number as many copies as there are spans; borders that leave too few, in texts of millions
    of characters, go by their rank. No column is negative but, in answers that are no spans, start and length.
    """
    sides = gold, said
    parts: list[list[npt.NDArray[np.integer]]]
    parts = [[side.group for side in sides], [side.start for side in sides], [side.end - side.start for side in sides]]
    parts += [[side.label for side in sides]] if labelled else []
    widths = [_width(*columns) for columns in parts]
    room = 63 - max(len(side) for side in sides).bit_length()
    if sum(bits for _, bits in widths) > room:
        (low, _), (least, bits) = widths[1:3]
        borders = [(s.astype(np.int64) - low) << bits | (length - least) for s, length in zip(*parts[1:3], strict=True)]
        rank = np.unique(np.concatenate(borders), return_inverse=True)[1].reshape(-1)
        parts[1:3] = [[rank[: len(gold)], rank[len(gold) :]]]
        widths = [_width(*columns) for columns in parts]
    both = np.empty(len(gold) + len(said), np.int64)
    halves = both[: len(gold)], both[len(gold) :]
    for half, (first, *columns) in zip(halves, zip(*parts, strict=True), strict=True):
        half[:] = first
        for column, (low, bits) in zip(columns, widths[1:], strict=True):
            half <<= bits
            half |= column if low == 0 else column - low
    orders: list[Ints | None] = [None if _rises(half) else np.argsort(half, kind="stable") for half in halves]
    for half, order in zip(halves, orders, strict=True):
        if order is not None:
            half[:] = half[order]
    copies = (
        0 if all(order is None or _rises(half) for half, order in zip(halves, orders, strict=True)) else _number(halves)
    )
    label = widths[-1][1] if labelled else 0
    return _Keys(both, orders, copies + sum(bits for _, bits in widths[1:]), (copies, label))


def _number(halves: Sequence[Ints]) -> int:
    """Number equal keys in bits added below them, in place; how many bits that took."""
    copies = [np.arange(len(half)) - np.searchsorted(half, half) for half in halves]
    bits = int(max(copy.max(initial=0) for copy in copies)).bit_length()
    for half, copy in zip(halves, copies, strict=True):
        half <<= bits
        half |= copy
    return bits


def _rises(keys: Ints) -> bool:
    """Whether each key is greater than the one before."""
    return bool((keys[1:] > keys[:-1]).all())


def _width(*columns: npt.NDArray[np.integer]) -> tuple[int, int]:
    """What to take off whole numbers so that none is negative, and how many bits they then need."""
    low = min(int(column.min(initial=0)) for column in columns)
    return low, (max(int(column.max(initial=0)) for column in columns) - low).bit_length()


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of text on which gold and predicted spans hang together, with the best pairing on each."""

    group: Ints
    same: Ints  # pairs of one label, counted where labels matter
    pairs: Ints


def overlapping(gold: Spans, said: Spans, *, labelled: bool) -> Stretches:
    """The best one-to-one pairing of overlapping spans: most pairs of one label where `labelled`, then most pairs.

    Most stretches hold one span of each side, and are done at once. Of the others, each pattern of overlaps and
    labels is solved once.
    """
    spans = Spans(*(np.concatenate([getattr(gold, c), getattr(said, c)]) for c in ("group", "start", "end", "label")))
    begin, stop = _line(spans)
    order = np.argsort(begin, kind="stable")
    reach = np.maximum.accumulate(stop[order])
    new = np.ones(len(order), bool)
    new[1:] = begin[order[1:]] >= reach[:-1]
    first = np.flatnonzero(new)
    sizes = np.diff(first, append=len(order))
    is_gold = order < len(gold)
    golds = np.add.reduceat(is_gold, first, dtype=np.int64) if len(first) else first
    there = np.flatnonzero((golds > 0) & (golds < sizes))
    first, golds, saids = first[there], golds[there], (sizes - golds)[there]
    same, pairs = np.zeros(len(there), np.int64), np.zeros(len(there), np.int64)

    lone = np.flatnonzero((golds == 1) & (saids == 1))
    one, other = order[first[lone]], order[first[lone] + 1]
    meets = _meets(spans, one, other)
    same[lone], pairs[lone] = labelled & (meets == ALIKE), meets > APART

    tangled = np.flatnonzero((golds > 1) | (saids > 1))
    if len(tangled):
        before: Ints = np.cumsum(is_gold)[first[tangled]] - is_gold[first[tangled]]  # gold spans before the stretch
        g, s = golds[tangled], saids[tangled]
        sides = (order[is_gold], before, g), (order[~is_gold], first[tangled] - before, s)
        same[tangled], pairs[tangled] = _tangles(spans, *sides, labelled=labelled)
    return Stretches(spans.group[order[first]], same, pairs)


def _line(spans: Spans) -> tuple[Ints, Ints]:
    """Where spans start and end on one line on which each group has its own stretch."""
    low, bits = _width(spans.start, spans.end)
    group = spans.group
    if _width(group)[1] + bits > 63:
        group = np.unique(group, return_inverse=True)[1].reshape(-1)
    base = group.astype(np.int64) << bits
    return base + (spans.start - low), base + (spans.end - low)


Side = tuple[Ints, Ints, Ints]  # positions of spans, tangle after tangle; the first of each tangle, and how many


def _meets(spans: Spans, one: Ints, other: Ints) -> Bytes:
    """How spans at some positions meet those at others: APART, TOUCH or ALIKE."""
    touch = np.maximum(spans.start[one], spans.start[other]) < np.minimum(spans.end[one], spans.end[other])
    table: Bytes = touch.astype(np.uint8) + (touch & (spans.label[one] == spans.label[other]))
    return table


def _tangles(spans: Spans, gold: Side, said: Side, *, labelled: bool) -> tuple[Ints, Ints]:
    """For each tangle pairs of one label and all pairs, (n_tangles,)."""
    (of_gold, first_gold, golds), (of_said, first_said, saids) = gold, said
    found = np.zeros((2, len(golds)), np.int64)
    small = np.flatnonzero(golds * saids <= SMALL)
    g, s = golds[small], saids[small]
    first = np.cumsum(g * s) - g * s
    tangle = np.repeat(np.arange(len(small)), g * s)
    place = np.arange(len(tangle)) - first[tangle]
    one = of_gold[first_gold[small][tangle] + place // s[tangle]]
    other = of_said[first_said[small][tangle] + place % s[tangle]]
    table = _meets(spans, one, other)
    if len(small):
        pattern = np.add.reduceat(table.astype(np.int64) << 2 * place, first) | s << 2 * SMALL | g << 2 * SMALL + 5
        _, example, which = np.unique(pattern, return_index=True, return_inverse=True)
        solved = [_solved(table[first[i] : first[i] + g[i] * s[i]].tobytes(), int(s[i]), labelled) for i in example]
        found[:, small] = np.array(solved, np.int64)[which.reshape(-1)].T
    for i in np.flatnonzero(golds * saids > SMALL):
        ours = of_gold[first_gold[i] : first_gold[i] + golds[i]]
        theirs = of_said[first_said[i] : first_said[i] + saids[i]]
        if all((spans.start[side[1:]] >= spans.end[side[:-1]]).all() for side in (ours, theirs)):
            found[:, i] = _chain(spans.take(ours), spans.take(theirs), labelled)
        else:
            found[:, i] = _best_pairing(_meets(spans, ours[:, None], theirs), labelled)
    return found[0], found[1]


def _chain(gold: Spans, said: Spans, labelled: bool) -> tuple[int, int]:
    """`_best_pairing` where the spans of neither side overlap each other, in one walk along the text.

    Overlaps come in an order in which those of one span stand together. `best[p]` is the weight of the best pairing
    among the first p; an overlap excludes those before it of its own gold and of its own predicted span.
    """
    heavy = min(len(gold), len(said)) + 1 if labelled else 1
    ours, theirs = (
        list(zip(*(getattr(x, c).tolist() for c in ("start", "end", "label")), strict=True)) for x in (gold, said)
    )
    best, i, j, of_gold, of_said = [0], 0, 0, 0, 0  # the last two: overlaps before the first of the span
    while i < len(ours) and j < len(theirs):
        (start, end, label), (begin, stop, other) = ours[i], theirs[j]
        if max(start, begin) < min(end, stop):
            weight = heavy if label == other else 1
            best.append(max(best[-1], weight + best[min(of_gold, of_said)]))
        if end <= stop:
            i, of_gold = i + 1, len(best) - 1
        if stop <= end:
            j, of_said = j + 1, len(best) - 1
    same = best[-1] // heavy if labelled else 0
    return same, best[-1] - same * (heavy - 1)


@lru_cache(maxsize=1 << 14)
def _solved(table: bytes, n_said: int, labelled: bool) -> tuple[int, int]:
    """`_best_pairing` of a small table, remembered."""
    return _best_pairing(np.frombuffer(table, np.uint8).reshape(-1, n_said), labelled)


def _best_pairing(table: Bytes, labelled: bool) -> tuple[int, int]:
    """Pairs of one label, and all pairs, in the heaviest one-to-one pairing of gold and predicted spans that overlap.

    `table` (n_gold, n_said) says how two spans meet. A pair weighs 1, one of the same label, where `labelled`, more
    than all others together.
    """
    heavy = min(table.shape) + 1 if labelled else 1
    weights = np.array([0, 1, heavy], np.int64)[table]
    partner = np.full(table.shape[1], -1)  # of each predicted span
    while _lengthened(weights, partner):
        pass
    paired = np.flatnonzero(partner >= 0)
    return int((table[partner[paired], paired] == ALIKE).sum()) if labelled else 0, len(paired)


def _lengthened(weights: Ints, partner: Ints) -> bool:
    """Make a pairing one pair larger along the alternating path that adds most weight; False where none adds any.

    Bellman and Ford on the alternating paths from unpaired gold spans; the pairing stays the heaviest of its size.
    """
    far = -(1 << 60)
    best_gold = np.zeros(len(weights), np.int64)
    best_gold[partner[partner >= 0]] = far
    best_said, via = np.full(len(partner), far), np.full(len(partner), -1)
    paired = np.flatnonzero(partner >= 0)
    open_ = weights > 0
    open_[partner[paired], paired] = False
    while True:
        reach = np.where(open_, best_gold[:, None] + weights, far)
        value, source = reach.max(axis=0), reach.argmax(axis=0)
        better = value > np.maximum(best_said, far // 2)
        if not better.any():
            break
        best_said[better], via[better] = value[better], source[better]
        turned = paired[better[paired]]
        best_gold[partner[turned]] = best_said[turned] - weights[partner[turned], turned]
    ends = np.where(partner < 0, best_said, far)
    at = int(ends.argmax())
    if ends[at] <= 0:
        return False
    while at >= 0:
        source_of = int(via[at])
        before = np.flatnonzero(partner == source_of)
        partner[at] = source_of
        at = int(before[0]) if len(before) else -1
    return True
