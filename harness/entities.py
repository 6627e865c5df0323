"""Gold and predicted spans -> hits, spans said and spans due: of every item, of every label, and in sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.counts import tallied
from harness.errors import quote, suggestion
from harness.matching import SCHEMES, Ints, Match, Spans, blocks, exact, exact_in_sum, five, overlapping, without
from harness.records import Counts

Count = Callable[[Annotations, Annotations], Counts]
CountEach = Callable[[Annotations, Annotations], Sequence[Counts]]
HALVES = (2, 1, 1)  # credit is counted in halves


@lru_cache(maxsize=256)
def span_counts(tier: str, match: Match) -> Count:
    """The count of credit, spans said and spans due in a tier, rows (n_items, 3); equal settings, equal function."""

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        labels = tier_of(gold, tier)
        kept = None if labels == gold.labels else np.append(np.isin(np.array(gold.labels), labels), True)  # last: -1
        credit, said, due = (np.zeros(len(gold), np.int64) for _ in range(3))
        for part, ours, theirs in blocks(gold, predicted):
            n = part.stop - part.start
            if kept is not None:
                ours, theirs = ours.take(kept[ours.label]), theirs.take(kept[theirs.label])
                due[part], said[part] = ours.per_group(n), theirs.per_group(n)
            credit[part] = _credit(ours.declared, theirs.declared, n, match)
        if kept is None:
            due, said = _spans(gold), _spans(predicted)
        return tallied([credit, said, due], per=HALVES)

    return count


@lru_cache(maxsize=16)
def each_label_counts(match: Match) -> CountEach:
    """The count of the same of each label by itself, of its own spans alone; equal matches, equal function."""
    if match == "boundary":  # within one label it is strict
        return each_label_counts("strict")

    def count(gold: Annotations, predicted: Annotations) -> Sequence[Counts]:
        k = len(gold.labels)
        columns = np.zeros(
            (3, k, len(gold)), np.min_scalar_type(2 * max(_spans(side).max(initial=0) for side in (gold, predicted)))
        )
        for part, ours, theirs in blocks(gold, predicted):
            n = part.stop - part.start
            ours, theirs = ours.declared, theirs.declared
            credit = _credit_within_labels(ours, theirs, n, k, match)
            said, due = (np.bincount(side.label * np.int64(n) + side.group, minlength=k * n) for side in (theirs, ours))
            counted = credit, said, due
            for column, values in zip(columns, counted, strict=True):
                column[:, part] = values.reshape(k, n)
        return _Each(columns)

    return count


class _Each(Sequence[Counts]):
    """The Counts of each label, made when asked for, so that one at a time is held."""

    def __init__(self, columns: npt.NDArray[np.unsignedinteger]) -> None:
        self._columns = columns  # (3, n_labels, n_items)

    def __len__(self) -> int:
        return self._columns.shape[1]

    @overload
    def __getitem__(self, label: int) -> Counts: ...
    @overload
    def __getitem__(self, label: slice) -> Sequence[Counts]: ...
    def __getitem__(self, label: int | slice) -> Counts | Sequence[Counts]:
        if isinstance(label, slice):
            return _Each(self._columns[:, label])
        return tallied([column[label].astype(np.int64) for column in self._columns], per=HALVES)


def label_totals(gold: Annotations, predicted: Annotations) -> Ints:
    """For each label its exact hits, spans said and spans due in sum, (3, n_labels): a report of precision and recall.

    A predicted span of an undeclared label stands under none.
    """
    totals = np.zeros((3, len(gold.labels)), np.int64)
    for _, ours, theirs in blocks(gold, predicted):
        ours, theirs = ours.declared, theirs.declared
        _, hits = exact_in_sum(ours, theirs, labelled=True)
        for total, labels in zip(totals, (hits, theirs.label, ours.label), strict=True):
            total += np.bincount(labels, minlength=len(total))
    return totals


def scheme_totals(gold: Annotations, predicted: Annotations) -> dict[Match, Ints]:
    """Under each scheme the five counts of `match_counts` in sum, (1 + n_labels, 5): of all spans, then label by label.

    A label by itself is matched as if there were no other.
    """
    k = len(gold.labels)
    sums = {name: np.zeros((1 + k, 5), np.int64) for name in SCHEMES}
    for part, due, said in blocks(gold, predicted):
        n = part.stop - part.start
        ours, theirs = due.declared, said.declared
        hits, left = {}, {}
        for labelled in (True, False):
            at, other = exact(ours, theirs, labelled=labelled)
            hits[labelled], left[labelled] = at, (without(ours, at), without(theirs, other))
        labels = ours.label[hits[True]], ours.label, theirs.label
        exactly, dues, saids = (np.bincount(each, minlength=k) for each in labels)
        own = overlapping(*(side.within_labels(n) for side in left[True]), labelled=False)
        own_pairs = np.bincount(own.group // n, own.pairs, k).astype(np.int64)
        for match in SCHEMES:
            labelled = match in ("strict", "type")
            pairs = overlapping(*left[labelled], labelled=match == "type")
            found = np.int64(len(hits[labelled])), pairs.same.sum(), pairs.pairs.sum()
            sums[match][0] += five(*found, np.int64(len(due)), np.int64(len(said)), match)
            sums[match][1:] += five(exactly, own_pairs, own_pairs, dues, saids, match)
    return sums


def tier_of(gold: Annotations, tier: str) -> tuple[str, ...]:
    """The labels of a tier: by default the first that the layer declares, or all labels where it declares none."""
    if tier == "all" or (not tier and not gold.tiers):
        return gold.labels
    return gold.tiers[tier or next(iter(gold.tiers))]


def no_tier(tier: str) -> Callable[[Annotations], str]:
    """Why a gold does not have a tier."""

    def unfit(gold: Annotations) -> str:
        known = ["all", *gold.tiers]
        return "" if not tier or tier in known else f"no tier {quote(tier)}. {suggestion(tier, known)}"

    return unfit


def _credit(ours: Spans, theirs: Spans, n: int, match: Match) -> Ints:
    """The credit of each of n items, in halves, (n,)."""
    labelled = match in ("strict", "type")
    if match in ("strict", "boundary"):
        return 2 * np.bincount(exact_in_sum(ours, theirs, labelled=labelled)[0], minlength=n)
    hits, used = exact(ours, theirs, labelled=labelled)
    loose = overlapping(without(ours, hits), without(theirs, used), labelled=labelled)
    worth = 2 * loose.same if match == "type" else loose.pairs
    return 2 * np.bincount(ours.group[hits], minlength=n) + np.bincount(loose.group, worth, n).astype(np.int64)


def _credit_within_labels(ours: Spans, theirs: Spans, n: int, k: int, match: Match) -> Ints:
    """The credit of each of n items in each of k labels, whose spans alone are matched: in halves, (k * n,)."""
    if match == "strict":
        item, label = exact_in_sum(ours, theirs, labelled=True)
        return 2 * np.bincount(label * n + item, minlength=k * n)
    hits, used = exact(ours, theirs, labelled=True)
    credit = 2 * np.bincount(ours.label[hits] * np.int64(n) + ours.group[hits], minlength=k * n)
    loose = overlapping(without(ours, hits).within_labels(n), without(theirs, used).within_labels(n), labelled=False)
    worth = 2 * loose.pairs if match == "type" else loose.pairs
    return credit + np.bincount(loose.group, worth, k * n).astype(np.int64)


def _spans(annotations: Annotations) -> Ints:
    """How many spans each item has, (n_items,)."""
    assert annotations.offsets is not None
    return np.diff(annotations.offsets)
