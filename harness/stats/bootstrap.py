"""The BCa bootstrap over units, by multinomial draws over the distinct unit vectors.

Drawing n units with replacement and summing their rows is the same as drawing how often each *distinct* row
comes up, which is far less work and does not depend on the order of the units. The ends of an interval are draws
themselves: the quantiles at which they are read are moved for bias and skewness, and spread as Student's t is,
since few units vary less than they should.

Where a score is a mean over many parts with few units each (a hundred labels, targets), a draw misses some of them
and lies below the value. BCa then reads its ends among the last few draws and fails: the interval is then a normal
one about the value less what the draws are off by, and where they are off by two standard errors there is none.

Where nearly every unit has a vector of its own, drawing costs as much as there are units, and units are so many
that the normal theory holds: there the interval comes from leaving out one unit at a time, without draws.

Sources: B. Efron, Better bootstrap confidence intervals, 1987; T. Hesterberg, What teachers should know about the
bootstrap, 2015 (the spread); T. DiCiccio and B. Efron, More accurate confidence intervals in exponential families,
1992 (without draws). `benchmarks/calibration` holds them against simulated truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.stats.distinct import HELD, draw_counts, merged
from harness.stats.seeds import t_quantile

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Formula = Callable[[Array], Array]

DRAWS = 10_000
LEVEL = 0.95
FEWEST = 8  # units under which no interval is given
FEW = 20  # units under which the interval is likely too narrow
UNDEFINED = 0.05  # share of draws without a value above which there is no interval
MANY = 2_000  # distinct vectors above which none are drawn
TIES = 1e-12  # draws nearer than this share to the value are equal to it
LEANING = 0.5  # bias above which the interval is a normal one about the value less the bias
ASTRAY = 2.0  # bias above which there is none
METHOD = (
    f"BCa bootstrap over units with Student's t; bias-corrected normal where draws lean by {LEANING} standard errors; "
    f"above {MANY:,} distinct units the skew-corrected jackknife"
)
NORMAL = NormalDist()


@dataclass(frozen=True)
class Interval:
    """Ends, nan where there is no interval, and the reason why there is none; all of the shape the formula gives."""

    low: Array
    high: Array
    reason: npt.NDArray[Any]  # of str, "" where there is an interval


def sum_by_unit(rows: Array, unit: npt.NDArray[np.int64], n_units: int) -> Array:
    """rows (n_items, k), the unit of each item (n_items,) -> (n_units, k)."""
    sums = np.empty((n_units, rows.shape[1]))
    for column in range(rows.shape[1]):
        sums[:, column] = np.bincount(unit, weights=rows[:, column], minlength=n_units)
    return sums


def draw_sums(vectors: Array, times: Times, *, seed: int, draws: int = DRAWS) -> Iterator[Array]:
    """Totals (block, k) of as many units as there are, drawn with replacement, in blocks that sum to `draws` rows.

    `vectors` (m, k) are distinct and sorted, `times` (m,) is how many units have each: `distinct` gives both.
    """
    for counts in draw_counts(times, np.random.default_rng(seed), draws):
        yield counts @ vectors


def intervals(
    vectors: Array,
    times: Times,
    formulas: Sequence[Formula],
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> list[tuple[Array, Array]]:
    """The interval of each formula on the same draws: (low, high) of the shape the formula gives.

    `vectors` (m, k) of the units and how many units have each, `times` (m,). A formula takes totals (..., k); where
    its value is not defined it gives nan. Both ends are nan where there is no interval: no value, no value on more
    than UNDEFINED of the draws, or the same value on all of them. The ends are never equal.

    The order of vectors does not matter. They should be distinct: up to MANY they are merged here, above that what
    is repeated is only slower, and may take the jackknife where draws would do.
    """
    return [(one.low, one.high) for one in explained(vectors, times, formulas, seed=seed, draws=draws, level=level)]


def explained(
    vectors: Array,
    times: Times,
    formulas: Sequence[Formula],
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> list[Interval]:
    """The same with the reasons where there is no interval."""
    if len(vectors) > MANY:
        return [_each(formula, vectors, times, None, level) for formula in formulas]
    there = times > 0
    vectors, times = merged(vectors[there], times[there])
    drawn: list[list[Array]] = [[] for _ in formulas]
    for totals in draw_sums(vectors, times, seed=seed, draws=draws):
        for values, formula in zip(drawn, formulas, strict=True):
            values.append(np.asarray(formula(totals)))
    return [
        _each(formula, vectors, times, np.concatenate(values), level)
        for values, formula in zip(drawn, formulas, strict=True)
    ]


def _each(formula: Formula, vectors: Array, times: Times, drawn: Array | None, level: float) -> Interval:
    """The interval of every value that the formula gives; `drawn` (draws, ...), or None for the jackknife."""
    total = times @ vectors
    value = np.asarray(formula(total))
    without = values_without(formula, total, vectors, value.size)
    table = None if drawn is None else drawn.reshape(len(drawn), -1)
    found = []
    for i, one in enumerate(value.ravel().tolist()):
        spread, acceleration = leave_one_out(without[i], times)
        if math.isnan(one):
            found.append((math.nan, math.nan, "not defined"))
        elif table is None:
            found.append(_by_jackknife(one, spread, acceleration, int(times.sum()), level))
        else:
            found.append(_by_draws(table[:, i], one, acceleration, int(times.sum()), level))
    low, high, reason = zip(*found, strict=True) if found else ((), (), ())
    return Interval(*(np.array(part).reshape(value.shape) for part in (low, high, reason)))


def _by_draws(drawn: Array, value: float, acceleration: float, n: int, level: float) -> tuple[float, float, str]:
    """The draws (draws,) at which the interval begins and ends."""
    known = np.sort(drawn[~np.isnan(drawn)])
    undefined = 1 - len(known) / max(1, len(drawn))
    if undefined > UNDEFINED:
        return math.nan, math.nan, f"not estimable: {undefined:.0%} of draws have no value"
    slack = TIES * abs(value)
    if known[-1] - known[0] <= slack:
        return math.nan, math.nan, "not estimable: every draw gives the same value"
    below = float(((known < value - slack).mean() + (known <= value + slack).mean()) / 2)
    bias = bias_of(below, len(known))
    if abs(bias) > ASTRAY:
        return math.nan, math.nan, "not estimable: too many parts with too few units, nearly all draws are on one side"
    if abs(bias) > LEANING:
        middle, reach = 2 * value - float(known.mean()), half_width(n, level) * float(known.std())
        return min(middle - reach, value), max(middle + reach, value), ""
    tails = bca_tails(bias, acceleration, half_width(n, level))
    # Outward to the next draw: an end is then the same number on every machine, whatever its logarithm.
    low = known[math.floor(tails[0] * (len(known) - 1))]
    high = known[math.ceil(tails[1] * (len(known) - 1))]
    if high - low <= slack:
        return math.nan, math.nan, "not estimable: the draws take too few values"
    return float(low), float(high), ""


@cache
def half_width(n: int, level: float) -> float:
    """How many standard errors of a mean of n units, as the draws show them, either end is away from the middle.

    Student's t, and the draws' variance is that of units less a share of 1 / n.
    """
    if n < 2:
        return math.inf
    return t_quantile((1 + level) / 2, n - 1) * math.sqrt(n / (n - 1))


def bias_of(below: float, draws: int) -> float:
    """How far to one side of the value the draws are, in standard errors, from the share of them below it."""
    edge = 1 / (2 * draws)
    return NORMAL.inv_cdf(min(max(below, edge), 1 - edge))


def bca_tails(bias: float, acceleration: float, width: float) -> tuple[float, float]:
    """The shares of draws at which the interval begins and ends."""
    tails = []
    for far in (bias - width, bias + width):
        slope = 1 - acceleration * far
        tails.append(NORMAL.cdf(bias + far / slope) if slope > 0 else float(far > 0))
    return tails[0], tails[1]


def _by_jackknife(value: float, spread: float, acceleration: float, n: int, level: float) -> tuple[float, float, str]:
    """ABC of a mean: the normal interval with its ends moved for skewness."""
    if spread <= TIES * abs(value):
        return math.nan, math.nan, "not estimable: no unit changes the value"
    ends = []
    for far in (NORMAL.inv_cdf((1 - level) / 2), NORMAL.inv_cdf((1 + level) / 2)):
        moved = acceleration + far
        shift = moved / max(1 - acceleration * moved, 0.5) ** 2
        if shift * acceleration < 0:
            # Where e units of n err, se / (6 a) is e / n, within 2 / n of it: no score is better than without an error.
            shift = math.copysign(min(abs(shift), (1 - 2 / n) / (6 * abs(acceleration))), shift)
        ends.append(value + spread * shift)
    return ends[0], ends[1], ""


def values_without(formula: Formula, total: Array, vectors: Array, size: int) -> Array:
    """The values of the formula (size, m) with one unit of each vector left out."""
    without = np.empty((size, len(vectors)))
    step = max(1, HELD // max(1, vectors.shape[1]))
    for first in range(0, len(vectors), step):
        part = np.asarray(formula(total - vectors[first : first + step]))
        without[:, first : first + step] = part.reshape(len(part), size).T
    return without


def leave_one_out(without: Array, times: Times) -> tuple[float, float]:
    """The jackknife's standard error and its acceleration, a sixth of the skewness, from values (m,) without a unit.

    Units whose value without them is not defined are left aside. Both are 0 where no unit changes the value.
    """
    known = ~np.isnan(without)
    without, times = without[known], times[known]
    n = int(times.sum())
    if n < 2:
        return 0.0, 0.0
    pull = _sum(times * without) / n - without
    squares, cubes = _sum(times * pull * pull), _sum(times * pull * pull * pull)
    if squares == 0:
        return 0.0, 0.0
    return math.sqrt((n - 1) / n * squares), cubes / (6 * squares * math.sqrt(squares))


def _sum(terms: Array) -> float:
    """The sum, the same to the last bit in whatever order the terms come."""
    return float(np.sort(terms).sum())
