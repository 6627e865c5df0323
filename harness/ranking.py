"""Scores of labels -> each label's items in the order of their score: what areas under curves are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.records import ANSWERED

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Area = Callable[["Ranked"], tuple[float, Array, Array]]

SIGN = np.uint32(1 << 31)
MOST = 2**31  # items, so that a score, a position and a flag fit into 64 bits
FEWEST = 2  # positive and negative items each, under which nothing can be said of chance


@dataclass(frozen=True, eq=False)
class Ranked:
    """The items of one label from the lowest score to the highest, and the m steps of equal scores that they form."""

    item: Ints  # (n_items,) positions
    positive: npt.NDArray[np.bool_]  # (n_items,) whether the gold is the label
    edges: Ints  # (m + 1,) the first place of each step, then n_items

    @cached_property
    def below(self) -> Ints:
        """Positive items before each edge, (m + 1,): the last is all of them."""
        below = np.zeros(len(self.positive) + 1, np.int64)
        np.cumsum(self.positive, out=below[1:])
        return below if len(self.edges) == len(below) else below[self.edges]

    @property
    def positives(self) -> int:
        """How many items are positive."""
        return int(self.below[-1])

    @property
    def negatives(self) -> int:
        """How many items are not."""
        return len(self.item) - self.positives

    def by_item(self, if_positive: Array, if_negative: Array) -> Array:
        """What a step (m,) says of its positive and its negative items -> (n_items,) in the order of the items."""
        if len(self.edges) <= len(self.item):
            sizes = np.diff(self.edges)
            if_positive, if_negative = np.repeat(if_positive, sizes), np.repeat(if_negative, sizes)
        values = np.empty(len(self.item))
        values[self.item] = np.where(self.positive, if_positive, if_negative)
        return values


def one_vs_rest(gold: Annotations, predicted: Annotations, metric: str, area: Area) -> tuple[Array, Array]:
    """The area of each label against all others, (1 + n_labels,), the mean of them first; their influences.

    `area` gives for a ranking its value, and the influence (m,) of a positive and of a negative item at each step.
    A label that has no positive or no negative gold item has no value (nan) and is left out of the mean. One with a
    single one has a value and no influence (nan), nor has a mean that it is in: of chance nothing can be said.
    An item without an answer or without scores (all 0, or not all finite) is ranked below all items for its gold label
    and above all for the others. Raises AskedWrongly where items were answered and no scores were given.
    """
    n, k = len(gold), len(gold.labels)
    answered = (predicted.status == ANSWERED) & (gold.codes >= 0)
    if predicted.scores is None and answered.any():
        raise AskedWrongly(
            f"metric {metric} needs a score of every label, and the model gives none, or not with every answer. "
            "Choose a model that gives them, or leave the metric out."
        )
    if n >= MOST:
        raise AskedWrongly(f"metric {metric} ranks all items at once, {MOST} at most; there are {n}.")
    scores = np.zeros((n, k), np.float32) if predicted.scores is None else np.asarray(predicted.scores, np.float32)
    unknown = np.flatnonzero(~(answered & np.isfinite(scores).all(axis=1) & scores.any(axis=1)))
    values, influences = np.full(1 + k, np.nan), np.full((1 + k, n), np.nan)
    for label in range(k):
        positive = gold.codes == label
        column = scores[:, label].copy()
        column[unknown] = np.where(positive[unknown], -np.inf, np.inf)
        few = min(int(positive.sum()), n - int(positive.sum()))
        if few == 0:
            continue
        found = ranked(column, positive)
        values[1 + label], *steps = area(found)
        if few >= FEWEST:
            influences[1 + label] = found.by_item(*steps)
    known = np.flatnonzero(~np.isnan(values))
    if len(known):
        values[0] = values[known].mean()
        influences[0] = 0
        for label in known.tolist():
            influences[0] += influences[label]
        influences[0] /= len(known)
    return values, influences.T


def ranked(scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_]) -> Ranked:
    """Items with these scores (n,), none of them nan, in their order: one sort of score, position and flag in one."""
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0: -0.0 and 0.0 are one value
    if bits.max(initial=0) >= SIGN:
        bits = np.where(bits >= SIGN, ~bits, bits | SIGN)  # ordered as the scores are
    keys = bits.astype(np.uint64)
    keys <<= np.uint64(32)
    keys += np.arange(0, 2 * len(keys), 2, dtype=np.uint64)
    keys += positive
    keys.sort()
    fresh = np.ones(len(keys) + 1, bool)
    np.greater(keys[1:] ^ keys[:-1], np.uint64(2**32 - 1), out=fresh[1:-1])  # the scores differ
    edges = np.flatnonzero(fresh)
    flags = (keys & np.uint64(1)).astype(bool)
    keys >>= np.uint64(1)
    keys &= np.uint64(MOST - 1)
    return Ranked(keys.view(np.int64), flags, edges)


def too_few_labels(gold: Annotations) -> str:
    """Why labels cannot be ranked against each other, or nothing."""
    return "" if len(gold.labels) > 1 else "there is no other label to rank the items of a label against."
