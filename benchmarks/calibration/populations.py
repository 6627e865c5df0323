"""Populations with a known true score, from which the simulations draw samples of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.annotations import Annotations
from harness.counts import f1_of, label_counts
from harness.registry import make, parse
from harness.stats.bootstrap import sum_by_unit
from harness.stats.distinct import distinct

GROUP = 4  # documents of a group, where documents come in groups
ALIKE = 0.8  # share of documents that are the image of their group; correlation within a group 0.64


def formula_of(metric: str) -> Callable[[np.ndarray], np.ndarray]:
    """The harness's formula; entity micro-F1 is asked of rows (hits, said, due)."""
    if metric == "entity_f1":
        return lambda totals: f1_of(totals[..., 0], totals[..., 1], totals[..., 2])
    return make("metrics", parse(metric)).score


def cells_of(labels: int) -> np.ndarray:
    """The rows (labels², k) that the harness counts for each pair of gold and predicted label."""
    names = tuple(map(str, range(labels)))
    gold, said = np.divmod(np.arange(labels**2), labels)
    state = np.zeros(labels**2, np.uint8)
    columns = [Annotations("label", names, range(labels**2), state, codes.astype(np.int32)) for codes in (gold, said)]
    return label_counts(*columns).rows


def shares(labels: int, skew: float) -> np.ndarray:
    """How frequent each label is (labels,): even at skew 0, the last rare at 1."""
    share = np.arange(1, labels + 1, dtype=float) ** -skew
    return share / share.sum()


def confusion(share: np.ndarray, accuracy: float) -> np.ndarray:
    """Joint probabilities (labels²,) of gold and prediction, wrong answers as frequent as the labels are."""
    table = np.array([share[i] * (1 - accuracy) * share / (1 - share[i]) for i in range(len(share))])
    table[np.diag_indices(len(share))] = share * accuracy
    return table.reshape(-1)


@dataclass(frozen=True)
class Labels:
    """Documents with one label each; `fixed`: the gold holds as many of each label as its share says."""

    labels: int
    accuracy: float
    skew: float
    fixed: bool = False

    def truth(self, formula) -> float:
        """The score of endless data."""
        table = confusion(shares(self.labels, self.skew), self.accuracy)
        return float(formula(table * 1e9 @ cells_of(self.labels)))

    def sample(self, n: int, clustered: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The distinct vectors of n units, documents or groups, and how many units have each."""
        share = shares(self.labels, self.skew)
        table, cells = confusion(share, self.accuracy), cells_of(self.labels)
        if self.fixed:
            gold = np.diff(np.rint(np.cumsum(np.append(0, share)) * n).astype(int))
            rows = table.reshape(self.labels, self.labels)
            times = rng.multinomial(gold, rows / rows.sum(1, keepdims=True)).reshape(-1)
            return cells[times > 0], times[times > 0]
        if not clustered:
            times = rng.multinomial(n, table)
            return cells[times > 0], times[times > 0]
        image = np.repeat(rng.choice(len(table), n, p=table), GROUP)
        alone = rng.choice(len(table), n * GROUP, p=table)
        cell = np.where(rng.random(n * GROUP) < ALIKE, image, alone)
        return distinct(sum_by_unit(cells[cell], np.repeat(np.arange(n), GROUP), n))


@dataclass(frozen=True)
class Entities:
    """Documents with several spans: their number and how well they are found differ from document to document."""

    spans: float  # mean number of gold spans a document; a negative binomial, some documents have none
    recall: float
    spurious: float  # mean number of false spans for a gold one

    def truth(self, formula) -> float:
        """The score of endless data."""
        hits = self.spans * self.recall
        return float(formula(np.array([hits, hits + self.spans * self.spurious, self.spans])))

    def sample(self, n: int, clustered: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The distinct vectors (hits, said, due) of n units, and how many units have each."""
        each = GROUP if clustered else 1
        strength = 4.0  # of the beta: found shares of 0.75 spread with a standard deviation of 0.19
        length = np.repeat(rng.gamma(1.5, self.spans / 1.5, n), each)
        found = np.repeat(rng.beta(strength * self.recall, strength * (1 - self.recall), n), each)
        due = rng.poisson(length)
        hits = rng.binomial(due, found)
        said = hits + rng.poisson(length * self.spurious * (1 - found) / (1 - self.recall))
        rows = np.column_stack([hits, said, due]).astype(float)
        return distinct(sum_by_unit(rows, np.repeat(np.arange(n), each), n))
