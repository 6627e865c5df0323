"""The interval of a measure that is no sum, from what each unit does to it: no draws, arrays alone.

The standard error is that of the infinitesimal jackknife, the root of the sum of squared influences of units, with
n/(n - 1). The interval is symmetric on the logit scale, so that it stays inside 0 to 1, and as wide as Student's t
makes it: its freedom is how well so many squares, a few of them perhaps much larger than the others, tell a variance
(Satterthwaite's, n on normal influences). `benchmarks/calibration/RANKING.md` says how often it holds the truth.

Source: L. Jaeckel, The infinitesimal jackknife, 1972; F. Satterthwaite, An approximate distribution of estimates of
variance components, 1946; for areas under curves E. DeLong et al., 1988, by cluster N. Obuchowski, 1997.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from harness.stats.bootstrap import LEVEL
from harness.stats.seeds import t_quantile

Array = npt.NDArray[np.float64]


def standard_error(influence_by_unit: Array) -> tuple[Array, Array]:
    """Influences (n_units, ...) -> the standard error and its degrees of freedom, each (...), nan below two units."""
    n = len(influence_by_unit)
    if n < 2:
        nothing = np.full(influence_by_unit.shape[1:], np.nan)
        return nothing, nothing
    squares = np.square(influence_by_unit - influence_by_unit.mean(axis=0))
    total = squares.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = squares / total
        freedom = 2 / (np.square(shares).sum(axis=0) - 1 / n)
    return np.sqrt(total * (n / (n - 1))), np.clip(freedom, 1, n - 1)


def interval(value: Array, influence_by_unit: Array, level: float = LEVEL) -> tuple[Array, Array]:
    """Values (...) between 0 and 1 and the influence on them of each unit (n_units, ...) -> low and high, (...).

    `influence_by_unit` is the derivative of the value by the weight of a unit, the sum of those of its items.
    Both are nan where no interval can be given: the value or an influence is nan, no unit moves the value (of one unit,
    or all alike), or the value is 0 or 1, where every unit agrees and the logit has no end.
    """
    value = np.asarray(value, np.float64)
    error, freedom = standard_error(influence_by_unit)
    inside = (value > 0) & (value < 1) & (error > 0)  # false for nan
    safe = np.where(inside, value, 0.5)
    far = np.array([t_quantile((1 + level) / 2, f) for f in np.where(inside, freedom, 1).flat]).reshape(value.shape)
    width = far * np.where(inside, error, 0.0) / (safe * (1 - safe))
    odds = (1 - safe) / safe
    with np.errstate(over="ignore"):
        low, high = 1 / (1 + odds * np.exp(width)), 1 / (1 + odds * np.exp(-width))
    real = inside & (low < high)
    return np.where(real, low, np.nan), np.where(real, high, np.nan)


def difference(value: float, influence_by_unit: Array, level: float = LEVEL) -> tuple[float, float]:
    """A difference of values and the difference in influence of each unit (n_units,) -> low and high, by Student's t.

    Symmetric about the difference, which has no end to stay inside. Both are nan where no unit moves it.
    """
    error, freedom = standard_error(influence_by_unit)
    if not error > 0:
        return math.nan, math.nan
    far = float(error) * t_quantile((1 + level) / 2, float(freedom))
    return value - far, value + far
