"""How likely a paired comparison of accuracies finds a difference, how many units it needs, how little it can see.

What decides is how often exactly one of the two systems is right: p10 for A alone, p01 for B alone. Their sum is
the discordance, their difference that of the accuracies.

Sources: R. Connor, Sample size for testing differences in proportions for the paired-sample design, 1987; D. Card,
P. Henderson, U. Khandelwal, R. Jia, K. Mahowald and D. Jurafsky, With little power comes great responsibility, 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.stats.mcnemar import exact_p, log_pmf, lower, mid_p

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Side = Literal["two-sided", "one-sided"]
Test = Literal["exact", "mid"]

ALPHA = 0.05
POWER = 0.8
EXACT_UP_TO = 5_000  # expected discordant units, above which the normal approximation stands in
NORMAL = NormalDist()


@dataclass(frozen=True)
class Planned:
    """An answer about a comparison that is still to be made."""

    value: float | None  # None where not estimable
    method: Literal["exact", "normal"]
    reason: str | None


@dataclass(frozen=True)
class Simulated:
    """Power by simulation, with what the comparisons that were significant would have claimed."""

    power: float  # share of trials that are significant, whichever system they favour
    error: float  # standard error of that share
    wrong_sign: float | None  # among the significant, the share that favours the worse system (type S error)
    exaggeration: float | None  # mean size of the significant differences over the true one (type M error)


def power(
    n: int, p10: float, p01: float, *, alpha: float = ALPHA, side: Side = "two-sided", test: Test = "mid"
) -> Planned:
    """The chance, 0 to 1, that McNemar's test on n units is significant.

    Exact, over the number of discordant units and their division, up to EXACT_UP_TO expected discordant units; the
    normal approximation above. `one-sided` asks towards the system that is better. Where p10 equals p01 this is the
    size of the test. Not estimable without units or where no unit is ever discordant. Raises ValueError for
    probabilities that are none and for an alpha outside 0 to 0.5.

    >>> round(power(144, 0.25, 0.45, alpha=0.025, side="one-sided", test="exact").value, 3)
    0.801
    """
    _check(p10, p01, alpha)
    discordance = p10 + p01
    if n < 1 or discordance == 0:
        return Planned(None, "exact", "not estimable: no unit on which exactly one system is right can occur")
    if n * discordance > EXACT_UP_TO:
        return Planned(_normal_power(n, discordance, abs(p10 - p01), alpha, side), "normal", None)
    chance, units, critical = _rejections(n, discordance, alpha, side, test)
    return Planned(_exact_power(chance, units, critical, max(p10, p01) / discordance, side), "exact", None)


def needed_units(
    p10: float, p01: float, *, power: float = POWER, alpha: float = ALPHA, side: Side = "two-sided"
) -> Planned:
    """How many units the comparison needs, not rounded: take the next whole number.

    Connor's normal approximation, (z_a sqrt(d) + z_b sqrt(d - D^2))^2 / D^2 with the discordance d and the
    difference D. Not estimable where the systems do not differ. Raises ValueError as `power` does.

    >>> round(needed_units(0.05, 0.45).value, 2)
    22.01
    """
    _check(p10, p01, alpha)
    gap, discordance = abs(p10 - p01), p10 + p01
    if gap == 0:
        return Planned(None, "normal", "not estimable: systems of equal accuracy are never told apart")
    spread = _z(alpha, side) * math.sqrt(discordance) + NORMAL.inv_cdf(power) * math.sqrt(discordance - gap**2)
    return Planned((spread / gap) ** 2, "normal", None)


def minimum_difference(
    n: int,
    discordance: float,
    *,
    power: float = POWER,
    alpha: float = ALPHA,
    side: Side = "two-sided",
    test: Test = "mid",
) -> Planned:
    """The smallest difference of two accuracies that n units find with the given power.

    `discordance` is the share of units on which exactly one system is right, as seen on earlier results. Not
    estimable where even systems that differ on that share in one direction alone would be missed. Raises ValueError
    as `power` does.
    """
    _check(discordance, 0.0, alpha)
    if n < 1 or discordance == 0:
        return Planned(None, "exact", "not estimable: no unit on which exactly one system is right can occur")
    exact = n * discordance <= EXACT_UP_TO
    ground = _rejections(n, discordance, alpha, side, test) if exact else None

    def reached(gap: float) -> float:
        if ground is None:
            return _normal_power(n, discordance, gap, alpha, side)
        return _exact_power(*ground, (1 + gap / discordance) / 2, side)

    if reached(discordance) < power:
        of = f"{n} units, {discordance:.1%} of them discordant"
        said = f"not estimable: {of}, reach a power of {power:.0%} for no difference"
        return Planned(None, "exact" if exact else "normal", said)
    low, high = 0.0, discordance
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    return Planned(high, "exact" if exact else "normal", None)


def simulate(
    n: int,
    p10: float,
    p01: float,
    *,
    seed: int,
    trials: int = 10_000,
    alpha: float = ALPHA,
    test: Test = "mid",
) -> Simulated:
    """Power as Card et al. take it: draw comparisons of n units, test each (two-sided), count."""
    _check(p10, p01, alpha)
    drawn = np.random.default_rng(seed).multinomial(n, [p10, p01, max(0.0, 1 - p10 - p01)], size=trials)
    b, c = drawn[:, 0], drawn[:, 1]
    significant = (exact_p(b, c) if test == "exact" else mid_p(b, c)) <= alpha
    share, truth = float(significant.mean()), p10 - p01
    error = math.sqrt(share * (1 - share) / trials)
    if not significant.any() or truth == 0:
        return Simulated(share, error, None, None)
    claimed = (b - c)[significant] / n
    wrong = float((np.sign(claimed) != np.sign(truth)).mean())
    return Simulated(share, error, wrong, float(np.abs(claimed).mean() / abs(truth)))


def _rejections(n: int, discordance: float, alpha: float, side: Side, test: Test) -> tuple[Array, Counts, Counts]:
    """The numbers of discordant units that may come up, their chances, and the largest minority still significant."""
    reach = 10 * math.sqrt(n * discordance * (1 - discordance)) + 20
    units = np.arange(max(0, int(n * discordance - reach)), min(n, int(n * discordance + reach)) + 1)
    share, half = alpha / (2 if side == "two-sided" else 1), 0.5 if test == "mid" else 0.0
    low, high = np.full(len(units), -1), units // 2  # significant at low, not above high
    while (low < high).any():
        middle = (low + high + 1) // 2
        at = np.maximum(middle, 0)
        tail = lower(middle, units, 0.5) - half * np.where(middle < 0, 0.0, np.exp(log_pmf(at, units, 0.5)))
        low, high = np.where(tail <= share, middle, low), np.where(tail <= share, high, middle - 1)
    return np.exp(log_pmf(units, n, discordance)), units, low


def _exact_power(chance: Array, units: Counts, critical: Counts, better: float, side: Side) -> float:
    """The chance of a rejection where a discordant unit goes to the better system with probability `better`."""
    rejects = lower(critical, units, 1 - better)
    if side == "two-sided":
        rejects = rejects + lower(critical, units, better)
    return min(1.0, float((chance * rejects).sum()))


def _normal_power(n: int, discordance: float, gap: float, alpha: float, side: Side) -> float:
    bar = _z(alpha, side) * math.sqrt(discordance)
    spread = math.sqrt(max(discordance - gap**2, 1e-300))
    reached = NORMAL.cdf((gap * math.sqrt(n) - bar) / spread)
    return reached + (NORMAL.cdf((-gap * math.sqrt(n) - bar) / spread) if side == "two-sided" else 0.0)


def _z(alpha: float, side: Side) -> float:
    return NORMAL.inv_cdf(1 - alpha / (2 if side == "two-sided" else 1))


def _check(p10: float, p01: float, alpha: float) -> None:
    if not (p10 >= 0 and p01 >= 0 and p10 + p01 <= 1):
        raise ValueError(f"p10 = {p10}, p01 = {p01}: shares of units are expected, together at most 1")
    if not 0 < alpha <= 0.5:
        raise ValueError(f"alpha = {alpha}: a number above 0, at most 0.5, is expected")
