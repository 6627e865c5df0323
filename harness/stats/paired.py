"""The paired bootstrap: the interval of a difference between two systems that answered the same units.

A unit is drawn with both its answers, over the distinct joint vectors (a_i, b_i), so that what the systems have in
common cancels in the difference.

Sources: B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993; P. Koehn, Statistical significance
tests for machine translation evaluation, 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.stats.distinct import Array, Counts, blocks_of, distinct_of, draw_counts, merged

Formula = Callable[[Array], Array]

DRAWS = 10_000
LEVEL = 0.95
TIES = 1e-12


@dataclass(frozen=True)
class Difference:
    """formula(A) - formula(B) with its percentile interval; arrays have the shape the formula gives one total."""

    difference: Array
    low: Array  # nan where not estimable
    high: Array
    p: Array  # two-sided, see `differences`
    level: float
    draws: int
    n_units: int
    reason: str | None  # why there is no interval


def differences(
    units_a: npt.NDArray[Any],
    units_b: npt.NDArray[Any],
    formulas: Sequence[Formula],
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = LEVEL,
    times: Counts | None = None,
) -> list[Difference]:
    """The difference of each formula between units_a and units_b (n_units, k), on the same draws.

    With `times` (n_rows,) the units are given as pairs of rows and how many units have each pair.

    A formula takes totals (..., k); draws on which it has no value are left out. Not estimable, with a reason:
    under two units, and where no draw changes the difference (the systems answer alike), since an interval without
    width would claim certainty.

    p is twice the smaller share of draws on either side of 0, draws at 0 on both, add-one: the level at which the
    interval would just reach 0. It agrees with the interval, is approximate, and rejects somewhat too often with
    few units: to decide, take `randomization`, whose p holds its level. It is 1 for identical systems, never 0.

    The same seed gives the same result whatever the order of the units. Raises ValueError where shapes differ.
    """
    if units_a.shape != units_b.shape or units_a.ndim != 2:
        raise ValueError(f"units of A are {units_a.shape}, of B {units_b.shape}: both must be the same (n_units, k)")
    k = units_a.shape[1]
    if times is None:
        vectors, times = distinct_of(blocks_of(units_a, units_b))
    else:
        vectors, times = merged(np.hstack([units_a, units_b])[times > 0], times[times > 0])
    n_units = int(times.sum())
    drawn: list[list[Array]] = [[] for _ in formulas]
    for totals in _totals(vectors, times, seed, draws) if n_units > 1 else ():
        for values, formula in zip(drawn, formulas, strict=True):
            values.append(np.asarray(formula(totals[:, :k]) - formula(totals[:, k:])))
    alike = n_units > 0 and bool((vectors[:, :k] == vectors[:, k:]).all())
    found = []
    for values, formula in zip(drawn, formulas, strict=True):
        a, b = (np.asarray(formula(times @ side)) for side in (vectors[:, :k], vectors[:, k:]))
        table = np.concatenate(values) if values else np.full((1, *a.shape), np.nan)
        low, high, p = _read(table, TIES * np.maximum(np.abs(a), np.abs(b)), level)
        p = np.ones_like(p) if alike else p
        found.append(Difference(a - b, low, high, p, level, draws, n_units, _reason(n_units, alike, low)))
    return found


def _totals(vectors: Array, times: Counts, seed: int, draws: int) -> Iterator[Array]:
    """Totals (block, 2k) of as many units as there are, drawn with replacement, in blocks that sum to `draws`."""
    for counts in draw_counts(times, np.random.default_rng(seed), draws):
        yield counts @ vectors


def _read(table: Array, slack: Array, level: float) -> tuple[Array, Array, Array]:
    """Low, high and p from drawn differences (draws, ...); nan where the draws do not differ or have no value."""
    known = ~np.isnan(table)
    n = known.sum(axis=0)
    filled = np.where(n > 0, table, 0.0)  # a column without any value would warn in nanquantile
    quantile = np.nanquantile if np.isnan(filled).any() else np.quantile
    low, high = quantile(filled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    below = (1 + (table <= slack).sum(axis=0)) / (1 + n)
    above = (1 + (table >= -slack).sum(axis=0)) / (1 + n)
    p = np.where(n > 0, np.minimum(1.0, 2 * np.minimum(below, above)), np.nan)
    flat = (n == 0) | (high - low <= slack)
    return np.where(flat, np.nan, low), np.where(flat, np.nan, high), p


def _reason(n_units: int, alike: bool, low: Array) -> str | None:
    if n_units < 2:
        return f"not estimable: {n_units} unit{'s' * (n_units != 1)}, an interval needs at least 2"
    if alike:
        return "not estimable: the systems answer alike on every unit, so that no draw can tell them apart"
    if np.isnan(low).any():
        return "not estimable: no draw changes the difference, or the formula has no value on the draws"
    return None
