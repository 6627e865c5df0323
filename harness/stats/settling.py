"""What a comparison can see, how many more units would settle it, what they then say, and the level of each look.

A verdict is settled where it is regressed or pass. By the normal approximation, with N units in all, a variance V of
one unit's share in the difference and U = V + d² its mean square (what swaps see), the difference that is found is

    regressed  at or below -z sqrt(U / N), below -z w, and at or below -m + z w
    pass       above -m + z w,                       w = sqrt(V / N + X / N²)

with margin m, and X what units not seen yet add to the interval (`Verdict.widened_error`). `benchmarks/gate` holds
both functions against simulation.

Sources: R. Connor, Sample size for testing differences in proportions for the paired-sample design, 1987 (variance
of a paired difference at a given discordance); S. Pocock, Group sequential methods in the design and analysis of
clinical trials, 1977; P. Armitage, C. McPherson and B. Rowe, Repeated significance tests on accumulating data, 1969;
J. Neyman, Contribution to the theory of sampling human populations, 1938 (double sampling: `combine`); W. Cochran,
Sampling Techniques, 1977, section 12.2 (its variance).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.stats.verdict import ALPHA, DRAWS, MARGIN, Formula, Verdict, judge

CHANCE = 0.8
ONE_SOURCE = 0.001  # p below which test set and pool differ more than two samples of one source do
MOST = 1 << 40  # units above which a number is none
NORMAL = NormalDist()


@dataclass(frozen=True)
class Settling:
    """Further units, besides those at hand; None where no number can be said."""

    at_random: int | None
    where_apart: int | None  # all drawn among units on which the two systems differ


def settle(verdict: Verdict, *, chance: float = CHANCE) -> Settling:
    """How many further units settle an inconclusive verdict with this chance, if the true difference is the one seen.

    Drawn at random: the difference found then scatters about d with sqrt(V M) / (n + M), since only the M new units
    are open, and M is the least number for which the chance of either verdict (see above) is reached. It exists:
    where 2 z sqrt(V / N) < m nothing is left between the two.

    Drawn where the systems differ: units alike on both sides add nothing to the difference, so that d is the share q
    of units that differ, which costs no annotation to know, times their mean share in it. The same holds with n
    the units that differ, V = q (V + d²) - d² and X = q² X.
    """
    n, apart, d = verdict.n_units, verdict.n_apart, verdict.difference
    if verdict.state != "inconclusive" or math.isnan(d) or not verdict.standard_error > 0:
        return Settling(None, None)
    v, share = n * verdict.standard_error**2, apart / n
    among = max(0.0, share * (v + d * d) - d * d)
    extra = _extra(verdict)
    return Settling(
        _further(n, v, extra, verdict, chance), _further(apart, among, share * share * extra, verdict, chance)
    )


def _further(n: int, v: float, extra: float, verdict: Verdict, chance: float) -> int | None:
    """The least number of units besides n, of variance v each."""
    d, z = verdict.difference, _z(verdict.alpha)

    def settled(more: int) -> float:
        every = n + more
        reach = z * math.sqrt(v / every + extra / every**2)
        narrow = -verdict.margin + reach
        low = min(narrow, -reach, -z * math.sqrt((v + d * d) / every))
        scatter = math.sqrt(v * more) / every
        if low >= narrow:
            return 1.0
        if scatter == 0:
            return float(d <= low or d > narrow)
        return NORMAL.cdf((low - d) / scatter) + 1 - NORMAL.cdf((narrow - d) / scatter)

    return _least(lambda more: settled(more) >= chance)


def combine(
    units_a: npt.NDArray[Any],
    units_b: npt.NDArray[Any],
    apart: npt.NDArray[np.bool_],
    drawn_a: npt.NDArray[Any],
    drawn_b: npt.NDArray[Any],
    formula: Formula,
    *,
    pool: int,
    pool_apart: int,
    margin: float = MARGIN,
    alpha: float = ALPHA,
    seed: int,
    draws: int = DRAWS,
) -> Verdict:
    """The verdict on a test set, units_a, units_b (n, k), with units drawn where two systems disagree (m, k).

    `apart` (n,) says on which units of the test set the predictions differ; `pool` and `pool_apart` count the units of
    the pool, and those of them where they do. Both are random samples of one source: `one_source` tells where not.

    This is double sampling for stratification (Neyman). Whether two systems agree is known of all n + pool units, gold
    of fewer, and within the strata, agree and disagree, those that have it are a random part. So each unit stands for
    as many as its stratum has in all, divided by those of it that have gold; for the m drawn ones that is one over
    the probability of being drawn, pooled with what the test set says of the same stratum. Totals are weighted sums,
    hence any formula may be asked: what the scores need of units on which both agree, the test set says of them.

    The rule is `judge` on weighted rows. Units that can be swapped to any effect have one weight all, so that p is that
    of the pooled paired test, for a share of units exact. The bootstrap draws units with their weights, as if the size
    of the strata were known from gold alone, and so is never too narrow: the variance of a sum is above Cochran's
    (12.3) by Σ_h W_h (ū_h - ū)² (w_h - 1) / (n + pool), W_h the share and w_h >= 1 the weight of stratum h, a few
    percent here. Inverse-variance weights of two estimates would need both variances, which few discordant units tell
    badly. Two looks at one level each alarm at most 1 - (1 - level)² of the time without change, being positively
    correlated, whatever the second adds: 5.99 % at the level of two declared looks.

    Raises ValueError where no unit with gold stands for one of the strata.
    """
    known = np.array([(~apart).sum() + pool - pool_apart, apart.sum() + pool_apart])
    labelled = np.array([(~apart).sum(), apart.sum() + len(drawn_a)])
    if ((labelled == 0) & (known > 0)).any():
        raise ValueError("no unit with gold where the two agree, or none where they disagree")
    weights = (known / np.maximum(labelled, 1))[np.append(apart, np.ones(len(drawn_a), bool)).astype(int), None]
    a, b = (weights * np.vstack(parts) for parts in ((units_a, drawn_a), (units_b, drawn_b)))
    return judge(a, b, [formula], margin=margin, alpha=alpha, seed=seed, draws=draws)[0]


def one_source(n: int, apart: int, pool: int, pool_apart: int) -> bool:
    """Whether two systems disagree on like shares of n units and of a pool, as far as chance goes (two-sided z)."""
    share = (apart + pool_apart) / (n + pool)
    error = math.sqrt(share * (1 - share) * (1 / n + 1 / pool))
    return abs(apart / n - pool_apart / pool) <= _z(ONE_SOURCE / 2) * error + 1e-12


def detectable(verdict: Verdict, *, chance: float = CHANCE) -> float | None:
    """The smallest true drop that comes out regressed with this chance on as many units as these.

    The systems are taken to differ as often as these do, or, where that is too little for the drop, as often as it
    needs: the mean square is U = max(U seen, D g), g the root mean square of the discordant units' share, and
    V = U - D². None where the two are identical, since nothing then tells what a unit may do.
    """
    n, k = verdict.n_units, verdict.n_discordant
    square = n * verdict.standard_error**2 + verdict.difference**2
    if not k or not square > 0:
        return None
    size, extra, z = math.sqrt(square * n / k), _extra(verdict), _z(verdict.alpha)

    def power(drop: float) -> float:
        u = max(square, drop * size)
        v = max(u - drop * drop, 1e-12 * u)
        reach = z * math.sqrt(v / n + extra / n**2)
        bar = min(-z * math.sqrt(u / n), -reach, -verdict.margin + reach)
        return NORMAL.cdf((bar + drop) / math.sqrt(v / n))

    if power(size) < chance:
        return None
    low, high = 0.0, size
    while high - low > 1e-6 * size:
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= chance else (middle, high)
    return high


def alpha_of_looks(looks: int, *, alpha: float = ALPHA) -> float:
    """The one-sided level of each of so many looks, after equal shares of the units, that keeps alpha over all.

    Pocock's constant: the one bound that a sum of normal steps passes at any look with probability alpha, integrated
    look by look as Armitage et al. do. Raises ValueError for fewer than one look.

    >>> round(alpha_of_looks(2), 4), round(alpha_of_looks(2, alpha=0.025), 4), round(alpha_of_looks(5), 4)
    (0.0304, 0.0147, 0.0169)
    """
    if looks < 1 or not 0 < alpha < 0.5:
        raise ValueError(f"looks = {looks}, alpha = {alpha}: at least 1, and a number above 0, under 0.5, are expected")
    low, high = _z(alpha), _z(alpha / looks) + 1e-9  # one look; Bonferroni
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (low, middle) if _never(middle, looks) >= 1 - alpha else (middle, high)
    return 1 - NORMAL.cdf(high)


def _never(bound: float, looks: int, points: int = 401) -> float:
    """The chance that no sum of the first j standard normal steps is above bound sqrt(j), j up to `looks`."""
    at, mass = np.zeros(1), np.ones(1)
    for look in range(1, looks + 1):
        top = bound * math.sqrt(look)
        onto, step = np.linspace(-8 * math.sqrt(look), top, points, retstep=True)
        weight = np.full(points, step)
        weight[[0, -1]] /= 2
        steps = np.exp(-((onto[:, None] - at) ** 2) / 2) / math.sqrt(2 * math.pi)
        at, mass = onto, weight * (steps @ mass)
    return float(mass.sum())


def _least(enough: Callable[[int], bool]) -> int | None:
    """The least whole number from 1 that is enough, if all above it are."""
    high = 1
    while not enough(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _extra(verdict: Verdict) -> float:
    """What unseen units add to the variance of the difference, times the square of the units."""
    return verdict.n_units**2 * max(0.0, verdict.widened_error**2 - verdict.standard_error**2)


def _z(alpha: float) -> float:
    return NORMAL.inv_cdf(1 - alpha)
