"""The percentile bootstrap over units, by multinomial draws over the distinct unit vectors.

Drawing n units with replacement and summing their rows is the same as drawing how often each *distinct* row
comes up, which is far less work and does not depend on the order of the units.

Source: B. Efron, Bootstrap methods: another look at the jackknife, 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from harness.stats.distinct import distinct, draw_counts

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

DRAWS = 10_000
LEVEL = 0.95
FEWEST = 8  # units under which no interval is given
FEW = 20  # units under which the interval is likely too narrow


def sum_by_unit(rows: Array, unit: npt.NDArray[np.int64], n_units: int) -> Array:
    """rows (n_items, k), the unit of each item (n_items,) -> (n_units, k)."""
    sums = np.empty((n_units, rows.shape[1]))
    for column in range(rows.shape[1]):
        sums[:, column] = np.bincount(unit, weights=rows[:, column], minlength=n_units)
    return sums


def draw_totals(units: Array, *, seed: int, draws: int = DRAWS) -> Iterator[Array]:
    """Totals (block, k) of resampled units (n_units, k), in blocks that sum to `draws` rows.

    The same seed gives the same totals whatever the order of the units.
    """
    yield from draw_sums(*distinct(units), seed=seed, draws=draws)


def draw_sums(vectors: Array, times: Times, *, seed: int, draws: int = DRAWS) -> Iterator[Array]:
    """The same from the distinct vectors (m, k), sorted, and how many units have each (m,)."""
    for counts in draw_counts(times, np.random.default_rng(seed), draws):
        yield counts @ vectors


def intervals(
    vectors: Array,
    times: Times,
    formulas: Sequence[Callable[[Array], Array]],
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> list[tuple[Array, Array]]:
    """The percentile interval of each formula on the same draws: (low, high) of the shape the formula gives.

    `vectors` (m, k) are distinct and sorted, `times` (m,) how many units have each. Draws on which a formula is not
    defined (nan) are left out of its quantiles; where none is defined, neither is the interval.
    """
    drawn: list[list[Array]] = [[] for _ in formulas]
    for totals in draw_sums(vectors, times, seed=seed, draws=draws):
        for values, formula in zip(drawn, formulas, strict=True):
            values.append(formula(totals))
    tail = (1 - level) / 2
    return [_quantiles(np.concatenate(values), [tail, 1 - tail]) for values in drawn]


def _quantiles(drawn: Array, tails: Sequence[float]) -> tuple[Array, Array]:
    undefined = np.isnan(drawn)
    if not undefined.any():
        low, high = np.quantile(drawn, tails, axis=0)
    else:
        nowhere = undefined.all(axis=0)
        low, high = np.nanquantile(np.where(nowhere, 0.0, drawn), tails, axis=0)
        low, high = np.where(nowhere, np.nan, low), np.where(nowhere, np.nan, high)
    return np.asarray(low), np.asarray(high)
