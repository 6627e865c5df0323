"""Pairs of systems whose true scores are known exactly, from which the simulations draw samples of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.annotations import Annotations
from harness.counts import f1_of, label_counts, of_one
from harness.registry import make, parse
from harness.stats.bootstrap import sum_by_unit

ALIKE = 0.8  # share of the documents of a group that are the image of it; correlation within a group 0.64
Formula = Callable[[np.ndarray], np.ndarray]
Sample = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows of A, rows of B, how many units have both

ENTITY_F1 = of_one(f1_of)


def formula_of(metric: str) -> Formula:
    """The harness's formula by name; entity F1 is asked of rows (hits, said, due)."""
    return ENTITY_F1 if metric == "entity_f1" else make("metrics", parse(metric)).score


@dataclass(frozen=True)
class Labels:
    """Documents with one label each, by how likely each triple of gold, answer of A and answer of B is."""

    table: np.ndarray  # (labels, labels, labels), sums to 1

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The harness's rows (labels³, k) of A and of B for every triple."""
        labels = len(self.table)
        gold, a, b = np.indices(self.table.shape).reshape(3, -1)
        return _rows(gold, a, labels), _rows(gold, b, labels)

    def truth(self, formula: Formula) -> tuple[float, float]:
        """The scores of A and B on endless data."""
        a, b = (float(formula(self.table.reshape(-1) @ rows)) for rows in self.rows)
        return a, b

    def sample(self, n: int, size: int, rng: np.random.Generator) -> Sample:
        """n units, single documents or groups of a size, with their rows."""
        rows = self.rows
        if size == 1:
            return *rows, rng.multinomial(n, self.table.reshape(-1))
        triple = self.triples(n, size, rng)
        unit = np.repeat(np.arange(n), size)
        return *(sum_by_unit(side[triple], unit, n) for side in rows), np.ones(n, np.int64)

    def triples(self, n: int, size: int, rng: np.random.Generator) -> np.ndarray:
        """The triple (n * size,) of every document of n groups."""
        chances = self.table.reshape(-1)
        image = np.repeat(rng.choice(len(chances), n, p=chances), size)
        return np.where(rng.random(n * size) < ALIKE, image, rng.choice(len(chances), n * size, p=chances))


def _rows(gold: np.ndarray, said: np.ndarray, labels: int) -> np.ndarray:
    names, state = tuple(map(str, range(labels))), np.zeros(len(gold), np.uint8)
    return label_counts(
        *(Annotations("label", names, range(len(gold)), state, codes.astype(np.int32)) for codes in (gold, said))
    ).rows


def labels(
    share: tuple[float, ...], accuracy: float, only_a: tuple[float, ...], only_b: tuple[float, ...], astray: float = 0.0
) -> Labels:
    """Of each gold label A alone is right on a share only_a, B alone on only_b; both are, on `accuracy` less these.

    On the share `astray` they err differently. Wrong answers are as frequent as the labels are.
    """
    k = len(share)
    table = np.zeros((k, k, k))
    for gold in range(k):
        wrong = np.array(share) * (np.arange(k) != gold) / (1 - share[gold])
        differ = np.outer(wrong, wrong) * (1 - np.eye(k))
        both = accuracy - (only_a[gold] + only_b[gold]) / 2
        err = 1 - both - only_a[gold] - only_b[gold] - astray
        assert min(both, err) >= -1e-12, "the shares leave no room"
        table[gold, gold, gold] = share[gold] * both
        table[gold, gold] += share[gold] * only_a[gold] * wrong
        table[gold, :, gold] += share[gold] * only_b[gold] * wrong
        table[gold] += share[gold] * (astray * differ / differ.sum() + err * np.diag(wrong))
    return Labels(table)


@dataclass(frozen=True)
class Entities:
    """Documents with several spans; A and B find a gold one with recall_a and recall_b, both on a share `both`."""

    recall_a: float
    recall_b: float
    both: float
    spurious_a: float  # mean number of false spans for a gold one
    spurious_b: float
    shared: float  # of them, those that both systems have
    spans: float = 2.5  # mean number of gold spans a document: a negative binomial, some documents have none

    def truth(self, formula: Formula) -> tuple[float, float]:
        """The scores of A and B on endless data."""
        each = ((self.recall_a, self.spurious_a), (self.recall_b, self.spurious_b))
        a, b = (float(formula(np.array([recall, recall + spurious, 1.0]))) for recall, spurious in each)
        return a, b

    def sample(self, n: int, size: int, rng: np.random.Generator) -> Sample:
        """n units, each of one document, or of documents with one density of spans and one image of errors."""
        chances = [self.both, self.recall_a - self.both, self.recall_b - self.both]
        length = rng.gamma(1.5, self.spans / 1.5, n)
        tables = [self._documents(length, chances, rng) for _ in range(1 + size * (size > 1))]
        if size == 1:
            return *tables[0], np.ones(n, np.int64)
        sums = [np.zeros((n, 3)), np.zeros((n, 3))]
        for own in tables[1:]:
            alike = (rng.random(n) < ALIKE)[:, None]
            for side in range(2):
                sums[side] += np.where(alike, tables[0][side], own[side])
        return sums[0], sums[1], np.ones(n, np.int64)

    def _documents(
        self, length: np.ndarray, chances: list[float], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        due = rng.poisson(length)
        both, only_a, only_b, _ = rng.multinomial(due, [*chances, 1 - sum(chances)]).T
        together = rng.poisson(length * self.shared)
        sides = ((both + only_a, self.spurious_a), (both + only_b, self.spurious_b))
        a, b = (
            np.column_stack([hits, hits + together + rng.poisson(length * (spurious - self.shared)), due]).astype(float)
            for hits, spurious in sides
        )
        return a, b


def solved(make: Callable[[float], Labels | Entities], formula: Formula, drop: float, low: float, high: float):
    """The pair of a family make(x) where A's true score is above B's by `drop`, which grows with x, to 1e-12."""

    def gap(x: float) -> float:
        a, b = make(x).truth(formula)
        return a - b - drop

    assert gap(low) <= 0 <= gap(high), f"no pair of this family drops by {drop}"
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if gap(middle) >= 0 else (middle, high)
    return make(high)
