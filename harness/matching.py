"""Gold and predicted spans -> counts: which span answers which, under the four schemes of MUC-5 and SemEval-2013."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from harness.counts import item_of, packed
from harness.records import Annotations

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Match = Literal["strict", "boundary", "type", "partial"]
SCHEMES: tuple[Match, ...] = get_args(Match)
CORRECT, INCORRECT, PARTIAL, MISSED, SPURIOUS = range(5)


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans as columns of equal length; only spans of one group can match. Label -1, undeclared, matches nothing."""

    group: Ints
    start: Ints
    end: Ints
    label: Ints

    @classmethod
    def of(cls, annotations: Annotations) -> Spans:
        """All spans of the annotations, the group being the position of their item."""
        assert annotations.starts is not None and annotations.ends is not None
        columns = (item_of(annotations), annotations.starts, annotations.ends, annotations.codes)
        return cls(*(np.asarray(column, np.int64) for column in columns))

    def __len__(self) -> int:
        return len(self.group)

    def take(self, which: npt.NDArray[np.generic]) -> Spans:
        """The spans at these positions, or where the mask is true."""
        return Spans(self.group[which], self.start[which], self.end[which], self.label[which])

    def within_labels(self, k: int) -> Spans:
        """The spans of declared labels, grouped by item and label: group `item * k + label`."""
        own = self.take(self.label >= 0)
        return Spans(own.group * k + own.label, own.start, own.end, own.label)

    def per_group(self, n: int) -> Array:
        """How many spans each of n groups has, (n,)."""
        return np.bincount(self.group, minlength=n).astype(np.float64)


def span_counts(gold: Annotations, predicted: Annotations) -> Array:
    """For each label the spans that match exactly, that were said, and that were due: (n_items, 3 * n_labels + 1).

    A match is the same start, end and label, each gold span matched once. A predicted span whose label is
    unknown is said under no label, and counted in the last column.
    """
    n, k = len(gold), len(gold.labels)
    due, said = Spans.of(gold), Spans.of(predicted)
    unknown = said.take(said.label < 0).per_group(n)
    due, said = due.within_labels(k), said.within_labels(k)
    hits = due.take(_exact(due, said, labelled=False)[0])
    parts = [spans.per_group(n * k).reshape(n, k) for spans in (hits, said, due)]
    return np.hstack([*parts, unknown[:, None]])


def match_counts(gold: Spans, predicted: Spans, n: int, match: Match) -> Array:
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
    in_gold, in_said = _exact(gold, predicted, labelled=match in ("strict", "type"))
    exact = gold.take(in_gold).per_group(n)
    same, pairs = _overlapping(gold.take(~in_gold), predicted.take(~in_said), n, labelled=match == "type")
    nothing = np.zeros(n)
    correct, incorrect, partial = {
        "strict": (exact, pairs, nothing),
        "boundary": (exact, pairs, nothing),
        "type": (exact + same, pairs - same, nothing),
        "partial": (exact, nothing, pairs),
    }[match]
    paired = exact + pairs
    missed, spurious = gold.per_group(n) - paired, predicted.per_group(n) - paired
    return np.column_stack([correct, incorrect, partial, missed, spurious])


def credit(counts: Array) -> Array:
    """What counts (..., 5) are worth: correct + partial / 2, (...)."""
    worth: Array = counts[..., CORRECT] + counts[..., PARTIAL] / 2
    return worth


def _exact(gold: Spans, said: Spans, *, labelled: bool) -> tuple[Mask, Mask]:
    """Which gold and which predicted spans have a partner with the same borders (and label), each used once."""
    n = len(gold)
    columns = [np.concatenate([getattr(gold, c), getattr(said, c)]) for c in ("group", "start", "end", "label")]
    group, start, end, label = columns
    order = np.argsort(keys := packed([group, start, end - start, *([label] if labelled else [])]), kind="stable")
    ordered = keys[order]
    first = np.ones(len(keys), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    run = np.cumsum(first) - 1  # which key, (n_spans,) in order
    is_gold, able = order < n, label[order] >= 0
    runs = int(first.sum())
    due = np.bincount(run[is_gold & able], minlength=runs)
    found = np.minimum(due, np.bincount(run[~is_gold & able], minlength=runs))
    matched = np.zeros(len(keys), bool)
    for side in (is_gold & able, ~is_gold & able):
        own = run[side]
        rank = np.arange(len(own)) - np.searchsorted(own, own)  # the how-manieth of its key on its side
        matched[order[side]] = rank < found[own]
    return matched[:n], matched[n:]


def _overlapping(gold: Spans, said: Spans, n: int, *, labelled: bool) -> tuple[Array, Array]:
    """Pairs of the same label, and all pairs, in the best pairing of overlapping spans: each (n_groups,).

    Best is most pairs of the same label where `labelled`, then most pairs. Spans are cut into the stretches that
    hang together; a stretch with one span on a side is decided at once, only the others are searched.
    """
    gold, said = gold.take(gold.label >= 0), said.take(said.label >= 0)
    if not len(gold) or not len(said):
        return np.zeros(n), np.zeros(n)
    of_gold, of_said = _stretches(gold, said)
    m = int(max(of_gold.max(), of_said.max())) + 1
    many_gold, many_said = np.bincount(of_gold, minlength=m), np.bincount(of_said, minlength=m)
    group = np.zeros(m, np.int64)
    group[of_gold] = gold.group
    same, pairs = np.zeros(m), np.zeros(m)
    for lone, others, of_lone, of_others in ((gold, said, of_gold, of_said), (said, gold, of_said, of_gold)):
        at = np.full(m, -1)
        at[of_lone] = np.arange(len(lone))
        alone = np.bincount(of_lone, minlength=m) == 1
        near = np.flatnonzero(alone[of_others])
        there, here = at[of_others[near]], of_others[near]
        touch = np.maximum(lone.start[there], others.start[near]) < np.minimum(lone.end[there], others.end[near])
        pairs[here[touch]] = 1
        same[here[touch & (lone.label[there] == others.label[near])]] = 1
    for stretch, own_gold, own_said in _tangled((many_gold > 1) & (many_said > 1), of_gold, of_said):
        same[stretch], pairs[stretch] = _best_pairing(gold.take(own_gold), said.take(own_said), labelled=labelled)
    return np.bincount(group, same, n).astype(np.float64), np.bincount(group, pairs, n).astype(np.float64)


def _stretches(gold: Spans, said: Spans) -> tuple[Ints, Ints]:
    """The number of the stretch of touching spans that each gold and each predicted span belongs to."""
    group, start, end = (np.concatenate([getattr(gold, c), getattr(said, c)]) for c in ("group", "start", "end"))
    group = np.unique(group, return_inverse=True)[1].reshape(-1).astype(np.int64)
    low = int(start.min())
    width = int(max(start.max(), end.max())) - low + 1
    begin, stop = group * width + (start - low), group * width + (end - low)
    order = np.argsort(begin, kind="stable")
    new = np.ones(len(order), bool)
    new[1:] = begin[order][1:] >= np.maximum.accumulate(stop[order])[:-1]
    stretch = np.empty(len(order), np.int64)
    stretch[order] = np.cumsum(new) - 1
    return stretch[: len(gold)], stretch[len(gold) :]


def _tangled(chosen: Mask, of_gold: Ints, of_said: Ints) -> list[tuple[int, Ints, Ints]]:
    """For each chosen stretch its number and the positions of its gold and predicted spans."""
    wanted = np.flatnonzero(chosen)
    cuts = []
    for stretch in (of_gold, of_said):
        order = np.argsort(stretch, kind="stable")
        low, high = (np.searchsorted(stretch[order], wanted, side) for side in ("left", "right"))
        cuts.append([order[a:b] for a, b in zip(low, high, strict=True)])
    return list(zip(wanted.tolist(), *cuts, strict=True))


def _best_pairing(gold: Spans, said: Spans, *, labelled: bool) -> tuple[int, int]:
    """Pairs of the same label, and all pairs, in the heaviest one-to-one pairing of overlapping spans.

    A pair weighs 1, one of the same label, where `labelled`, more than all others together.
    """
    touch = np.maximum.outer(gold.start, said.start) < np.minimum.outer(gold.end, said.end)
    alike = touch & np.equal.outer(gold.label, said.label)
    heavy = min(touch.shape) + 1 if labelled else 1
    weights = np.where(alike, heavy, touch.astype(np.int64))
    partner = np.full(len(said), -1)  # of each predicted span
    while _lengthened(weights, partner):
        pass
    paired = np.flatnonzero(partner >= 0)
    return int(alike[partner[paired], paired].sum()), len(paired)


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
