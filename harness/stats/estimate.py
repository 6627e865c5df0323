"""A value with the interval that chance draws around it, or the reason why there is none.

The method is the bias-corrected and accelerated bootstrap (BCa) over units: whole units are drawn with replacement
and the formula is worked out anew on the sum of their rows, expected agreement included. Simulated on alpha of three
raters (300 trials a case, nominal 95 %): BCa covers 92-96 % from 30 units up, plain percentiles 90-95 %; lowest
where agreement is near perfect and disagreements few. Units whose row is all zero tell nothing (an item with one
rating, a document with no span): they are neither drawn nor counted.

Source: B. Efron, Better bootstrap confidence intervals, 1987.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from harness.stats.bootstrap import DRAWS, FEW, FEWEST, LEVEL, draw_totals, sum_by_unit

Array = npt.NDArray[np.float64]
Formula = Callable[[Array], Array]

UNDEFINED = 0.05  # share of draws without a value above which there is no interval


@dataclass(frozen=True)
class Estimate:
    """A value, nan where it is not defined; its interval, or None twice; over how many units; what to beware of."""

    value: float
    low: float | None
    high: float | None
    n_units: int
    note: str = ""


def estimate(
    rows: Array,
    formula: Formula,
    *,
    seed: int,
    unit: npt.NDArray[np.int64] | None = None,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Estimate:
    """The formula on the sum of rows (n_items, ...), and its BCa interval by units.

    `formula` takes totals (draws, ...) of the shape of a row to values (draws,), nan where it is not defined.
    `unit` (n_items,) says to which unit, counted from 0, an item belongs; without it each item is one.
    """
    shape = rows.shape[1:]
    units = rows.reshape(len(rows), int(np.prod(shape))).astype(np.float64)
    if unit is not None:
        units = sum_by_unit(units, unit, int(unit.max(initial=-1)) + 1)
    units = units[units.any(axis=1)]
    n = len(units)

    def values(totals: Array) -> Array:
        return formula(totals.reshape(-1, *shape))

    value = float(values(units.sum(axis=0))[0])
    if np.isnan(value):
        return Estimate(value, None, None, n, "not defined: no disagreement was possible")
    if n < FEWEST:
        return Estimate(value, None, None, n, f"not estimable: {n} units are too few for an interval")
    drawn = np.concatenate([values(totals) for totals in draw_totals(units, seed=seed, draws=draws)])
    undefined = float(np.isnan(drawn).mean())
    if undefined > UNDEFINED:
        return Estimate(value, None, None, n, f"not estimable: {undefined:.0%} of draws have no value")
    drawn = drawn[~np.isnan(drawn)]
    if drawn.min() == drawn.max():
        return Estimate(value, None, None, n, "not estimable: every draw gives the same value")
    tails = _bca_tails(drawn, value, _acceleration(units, values), level)
    low, high = np.quantile(drawn, tails)
    if not low < high:
        return Estimate(value, None, None, n, "not estimable: the draws take too few values")
    return Estimate(value, float(low), float(high), n, "few units: likely too narrow" if n < FEW else "")


def _bca_tails(drawn: Array, value: float, acceleration: float, level: float) -> list[float]:
    """The shares of draws at which the interval begins and ends, moved for bias and skewness."""
    normal = NormalDist()
    below = float((drawn < value).mean() + (drawn == value).mean() / 2)
    edge = 1 / (2 * len(drawn))
    bias = normal.inv_cdf(min(max(below, edge), 1 - edge))
    tails = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        far = bias + normal.inv_cdf(tail)
        slope = 1 - acceleration * far
        tails.append(normal.cdf(bias + far / slope) if slope > 0 else float(far > 0))
    return tails


def _acceleration(units: Array, values: Formula) -> float:
    """A sixth of the skewness of the value with one unit left out; 0 where that tells nothing."""
    vectors, times = np.unique(units, axis=0, return_counts=True)
    without = values(times @ vectors - vectors)
    known = ~np.isnan(without)
    without, times = without[known], times[known]
    pull = times @ without / times.sum() - without
    spread = float(times @ pull**2)
    return float(times @ pull**3) / (6 * spread**1.5) if spread > 0 else 0.0
