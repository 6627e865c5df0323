"""Approximate randomization: how often swapping whole units between two systems makes as large a difference.

Under the null hypothesis the two answers to a unit may change places. Swapping units changes only the sum of the
differences a_i - b_i, so that units without a difference drop out, units with the same difference (or its
negative) are one cell, and the swaps of a cell are one binomial(times, 1/2) draw. Where the cells have few
outcomes all are counted with their probabilities, and p is exact; for accuracy that is McNemar's exact test.

Sources: E. Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989; A. Yeh, More accurate tests for the
statistical significance of result differences, 2000; add-one: B. Phipson and G. Smyth, Permutation p-values
should never be zero, 2010.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.stats.distinct import Array, Counts, blocks_of, distinct_of, merged
from harness.stats.mcnemar import log_pmf

Formula = Callable[[Array], Array]

DRAWS = 10_000
OUTCOMES = 65_536  # up to so many all are counted: always at 16 differing units or fewer; fewer where draws are fewer
CELLS = 1_000_000  # numbers held at a time
TIES = 1e-12  # differences nearer than this share of the scores are equal
_ONES = np.unpackbits(np.arange(2**16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.int16
)


@dataclass(frozen=True)
class Randomization:
    """What the swaps say about formula(A) - formula(B); arrays have the shape the formula gives one total."""

    difference: Array
    p: Array  # two-sided; nan where the difference has no value
    p_greater: Array  # one-sided: A is greater than B
    p_less: Array
    exact: bool  # all outcomes were counted, none drawn
    draws: int  # swaps drawn, 0 where exact
    n_units: int
    n_differing: int
    reason: str | None  # why there is no p, or why it says little


@dataclass(frozen=True)
class _Cells:
    """Distinct differences (d, k) up to sign, and what the totals need besides."""

    vectors: Array
    times: Counts
    total_a: Array
    total_b: Array
    n_units: int

    def totals(self, gaps: Array) -> tuple[Array, Array]:
        """Swapped totals of A and B (m, k) from the sums of their differences."""
        both = self.total_a + self.total_b
        return (both + gaps) / 2, (both - gaps) / 2


def randomize(
    units_a: npt.NDArray[Any],
    units_b: npt.NDArray[Any],
    formulas: Sequence[Formula],
    *,
    seed: int,
    draws: int = DRAWS,
    times: Counts | None = None,
) -> list[Randomization]:
    """Tests formula(A) - formula(B) for each formula on the same swaps of units_a and units_b (n_units, k).

    With `times` (n_rows,) the units are given as pairs of rows and how many units have each pair.

    A formula takes totals (..., k). p is in (0, 1]; ties count as extreme, and so do swaps on which the formula
    has no value. The same seed gives the same p whatever the order of the units, and exchanging A and B leaves the
    two-sided p as it is. Raises ValueError where the shapes differ.
    """
    cells = _cells(units_a, units_b, times)
    differing = int(cells.times.sum())
    most = OUTCOMES * min(1.0, draws / DRAWS)
    exact = float(np.log(cells.times + 1.0).sum()) <= math.log(max(1.0, most)) + 1e-9
    tallies = [_Tally(formula, cells) for formula in formulas]
    for gaps, weights in _outcomes(cells) if exact else _drawn(cells, seed, draws):
        for tally in tallies:
            tally.add(cells.totals(gaps), weights)
    return [
        Randomization(
            tally.observed, *tally.p(exact), exact, 0 if exact else draws, cells.n_units, differing, tally.reason()
        )
        for tally in tallies
    ]


def null_differences(
    units_a: npt.NDArray[Any], units_b: npt.NDArray[Any], formula: Formula, *, seed: int, draws: int = DRAWS
) -> tuple[Array, Array]:
    """(observed (m,), null (draws, m)): differences on one shared set of swaps, as `families.max_t` takes them.

    `formula` gives m values a total, (..., k) -> (..., m). To test a family of systems against one, put their
    units side by side (n_units, m * k), and repeat those of the one: a unit is then swapped in all pairs at once,
    which keeps how the comparisons depend on each other.
    """
    cells = _cells(units_a, units_b, None)
    null = [_gap(formula, cells.totals(gaps)) for gaps, _ in _drawn(cells, seed, draws)]
    return np.atleast_1d(_gap(formula, (cells.total_a, cells.total_b))), np.concatenate(null).reshape(draws, -1)


class _Tally:
    """Counts, for one formula, the swaps that are at least as extreme as what was seen."""

    def __init__(self, formula: Formula, cells: _Cells) -> None:
        self.formula, self.n_units = formula, cells.n_units
        a, b = np.asarray(formula(cells.total_a)), np.asarray(formula(cells.total_b))
        self.observed = np.asarray(a - b)
        self.slack = TIES * np.maximum(np.abs(a), np.abs(b))
        self.hits = np.zeros((3, *self.observed.shape))
        self.missed = np.zeros((3, *self.observed.shape), bool)
        self.weight = 0.0

    def add(self, totals: tuple[Array, Array], weights: Array) -> None:
        gap = _gap(self.formula, totals)
        seen, slack = self.observed, self.slack
        # Said by what is *less* extreme, so that a swap without a value (nan) counts as extreme.
        less = np.stack([np.abs(gap) < np.abs(seen) - slack, gap < seen - slack, gap > seen + slack])
        self.hits += np.tensordot(~less, weights, axes=(1, 0))
        self.missed |= less.any(axis=1)
        self.weight += float(weights.sum())

    def p(self, exact: bool) -> tuple[Array, Array, Array]:
        p = self.hits / self.weight if exact else (1 + self.hits) / (1 + self.weight)
        p = np.where(self.missed, np.clip(p, 0, 1), 1.0)
        two, greater, less = np.where(np.isnan(self.observed) | (self.n_units == 0), np.nan, p)
        return np.asarray(two), np.asarray(greater), np.asarray(less)

    def reason(self) -> str | None:
        if self.n_units == 0:
            return "not estimable: there are no units"
        if np.isnan(self.observed).any():
            return "not estimable: the formula has no value on these totals"
        return None


def _gap(formula: Formula, totals: tuple[Array, Array]) -> Array:
    return np.asarray(formula(totals[0]) - formula(totals[1]))


def _cells(units_a: npt.NDArray[Any], units_b: npt.NDArray[Any], times: Counts | None) -> _Cells:
    if units_a.shape != units_b.shape or units_a.ndim != 2:
        raise ValueError(f"units of A are {units_a.shape}, of B {units_b.shape}: both must be the same (n_units, k)")
    k = units_a.shape[1]
    if times is None:
        n_units = len(units_a)
        total_a, total_b = (np.asarray(units.sum(axis=0, dtype=np.float64)) for units in (units_a, units_b))
        blocks = (joint[:, :k] - joint[:, k:] for joint in blocks_of(units_a, units_b))
        vectors, many = distinct_of(gaps[gaps.any(axis=1)] for gaps in blocks)
    else:
        n_units, total_a, total_b = int(times.sum()), times @ units_a, times @ units_b
        gaps = np.asarray(units_a - units_b, np.float64)
        there = gaps.any(axis=1) & (times > 0)
        vectors, many = merged(gaps[there], times[there])
    first = vectors[np.arange(len(vectors)), (vectors != 0).argmax(axis=1)]
    vectors, many = merged(vectors * np.where(first < 0, -1.0, 1.0)[:, None], many)
    return _Cells(vectors, many, total_a, total_b, n_units)


def _outcomes(cells: _Cells) -> Iterator[tuple[Array, Array]]:
    """Every sum of differences (m, k), with its probability (m,)."""
    shape = tuple(cells.times + 1)
    swaps = np.indices(shape).reshape(len(shape), math.prod(shape)).T  # (m, d), one outcome where d is 0
    weights = np.ones(1)
    for times in cells.times:  # in the order of the swaps: the last cell changes first
        chances = np.exp(log_pmf(np.arange(times + 1), times, 0.5))
        weights = np.outer(weights, chances).ravel()
    yield (cells.times - 2.0 * swaps) @ cells.vectors, weights


def _drawn(cells: _Cells, seed: int, draws: int) -> Iterator[tuple[Array, Array]]:
    """Sums of differences (block, k) after random swaps, in blocks that sum to `draws` rows, each of weight 1."""
    random = np.random.default_rng(seed)
    d, k = cells.vectors.shape
    few = cells.times <= 16
    mask = ((1 << cells.times[few]) - 1).astype(np.uint16)
    block = max(1, CELLS // max(1, d, k))
    for first in range(0, draws, block):
        size = min(block, draws - first)
        swaps = np.empty((size, d))
        # As many coins as units, at 16 a random number: exactly binomial, several times cheaper than a sampler.
        swaps[:, few] = _ONES[random.integers(0, 2**16, (size, int(few.sum())), np.uint16) & mask]
        for cell in np.flatnonzero(~few):
            swaps[:, cell] = random.binomial(cells.times[cell], 0.5, size)
        yield (cells.times - 2 * swaps) @ cells.vectors, np.ones(size)
