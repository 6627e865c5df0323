"""McNemar's test, exact and mid-p, of two systems that answered the same units, from the units only one had right.

Sources: Q. McNemar, Note on the sampling error of the difference between correlated proportions or percentages,
1947; mid-p: M. W. Fagerland, S. Lydersen and P. Laake, The McNemar test for binary matched-pairs data: mid-p and
asymptotic are better than exact conditional, 2013. The binomial point probabilities are those of C. Loader, Fast
and accurate computation of binomial probabilities, 2000.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Side = Literal["two-sided", "greater", "less"]

TINY = float(np.finfo(np.float64).tiny)  # a p-value too small for a float64 is given as this, never as 0
WIDTH = 64  # terms of a tail summed at a time
_SHORT = np.array(
    [0.0] + [math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi) for n in range(1, 16)]
)


def exact_p(b: npt.ArrayLike, c: npt.ArrayLike, *, side: Side = "two-sided") -> Array:
    """The exact conditional p-value, in (0, 1], of any shape that b and c broadcast to.

    b and c count the units that only A, and only B, has right; `greater` asks whether A is better. Without any
    such unit p is 1. The test never rejects too often, and at few such units far too seldom: `mid_p` is nearer.

    >>> float(exact_p(5, 15).round(6)), float(exact_p(7, 7))
    (0.041389, 1.0)
    """
    return _p(b, c, side, 0.0)


def mid_p(b: npt.ArrayLike, c: npt.ArrayLike, *, side: Side = "two-sided") -> Array:
    """The mid-p-value, in (0, 1]: as `exact_p`, with half of the probability of the very counts that were seen.

    Its size is near the level: at 0.05 and 10 to 1,000 units at most 0.0503 while at most 95 % of units differ, up to
    0.065 where every single one does. Without any unit that differs the two-sided p is 1, the
    one-sided 0.5.

    >>> float(mid_p(5, 15).round(6))
    0.026604
    """
    return _p(b, c, side, 0.5)


def z(b: npt.ArrayLike, c: npt.ArrayLike) -> Array:
    """The score statistic (b - c) / sqrt(b + c), standard normal for many units; 0 where none differs."""
    one, other = np.broadcast_arrays(np.asarray(b, np.float64), np.asarray(c, np.float64))
    return np.asarray((one - other) / np.sqrt(np.maximum(one + other, 1)))


def _p(b: npt.ArrayLike, c: npt.ArrayLike, side: Side, less: float) -> Array:
    one, other = np.broadcast_arrays(np.asarray(b), np.asarray(c))
    if (
        not (np.equal(one, np.rint(one)).all() and np.equal(other, np.rint(other)).all())
        or min(one.min(initial=0), other.min(initial=0)) < 0
    ):
        raise ValueError("b and c are counts of units: whole numbers of at least 0")
    one, other = one.astype(np.int64), other.astype(np.int64)
    n = one + other
    k = {"two-sided": np.minimum(one, other), "greater": other, "less": one}[side]
    # Simulations ask for the same few counts again and again.
    step = int(n.max(initial=0)) + 1
    pairs, where = np.unique((k * step + n).ravel(), return_inverse=True)
    k, n = np.divmod(pairs, step)
    tail = lower(k, n, 0.5) - less * np.exp(log_pmf(k, n, 0.5))
    if side == "two-sided":
        tail = np.where(2 * k == n, 1.0, 2 * tail)
    return np.asarray(np.clip(tail, TINY, 1.0)[where].reshape(one.shape))


def lower(k: npt.ArrayLike, n: npt.ArrayLike, q: npt.ArrayLike) -> Array:
    """P(X <= k) of X ~ binomial(n, q), k whole (also below 0), n whole, 0 <= q <= 1; arrays broadcast.

    Relative error under 1e-9 up to n = 1e7 where k is below the mean, absolute above it.
    """
    k, n, q = np.broadcast_arrays(np.asarray(k, np.int64), np.asarray(n, np.int64), np.asarray(q, np.float64))
    shape, k, n, q = k.shape, k.ravel(), n.ravel(), q.ravel()
    above = k > n * q
    short = np.where(above, n - k - 1, k)
    tail = _short_tail(short, n, np.where(above, 1 - q, q))
    return np.asarray(np.where(above, 1 - tail, tail).reshape(shape))


def _short_tail(k: Counts, n: Counts, q: Array) -> Array:
    """P(X <= k), k at most the mean: the last probability times a sum of falling products of ratios."""
    found = np.zeros(len(k))
    on = np.flatnonzero(k >= 0)
    q = np.clip(q, 1e-300, 1 - 2.0**-53)
    odds = (1 - q) / q
    total, last, done = np.ones(len(k)), np.ones(len(k)), 0
    active = on
    while len(active):
        j = done + np.arange(WIDTH)
        ratios = np.maximum(k[active, None] - j, 0) / (n[active, None] - k[active, None] + 1 + j) * odds[active, None]
        products = last[active, None] * np.cumprod(ratios, axis=1)
        total[active] += products.sum(axis=1)
        last[active] = products[:, -1]
        active = active[last[active] > 1e-18 * total[active]]
        done += WIDTH
    found[on] = np.exp(log_pmf(k[on], n[on], q[on])) * total[on]
    return np.minimum(found, 1.0)


def log_pmf(x: npt.ArrayLike, n: npt.ArrayLike, q: npt.ArrayLike) -> Array:
    """log P(X = x) of X ~ binomial(n, q), 0 <= x <= n; arrays broadcast. Absolute error near 1e-11 at n = 1e7."""
    at, of, one = (np.asarray(part, np.float64) for part in (x, n, q))
    one = np.clip(one, 1e-300, 1 - 2.0**-53)
    inner = (at > 0) & (at < of)
    # Where x is 0 or n the saddle point has no value: any inner point stands in, and is then replaced.
    y, m = np.where(inner, at, 1.0), np.where(inner, of, 2.0)
    saddle = _stirling(m) - _stirling(y) - _stirling(m - y) - _deviance(y, m * one) - _deviance(m - y, m * (1 - one))
    saddle = saddle + 0.5 * np.log(m / (2 * np.pi * y * (m - y)))
    return np.where(inner, saddle, np.where(at == 0, of * np.log1p(-one), of * np.log(one)))


def _stirling(n: Array) -> Array:
    """log n! less Stirling's approximation of it."""
    big = np.maximum(n, 16.0)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / big**2) / big**2) / big**2) / big**2) / big
    return np.where(n < 16, _SHORT[np.minimum(n, 15).astype(np.int64)], series)


def _deviance(x: Array, mean: Array) -> Array:
    """x log(x / mean) + mean - x, without the loss of digits where x is near the mean."""
    off = (x - mean) / mean
    return np.asarray(mean * ((1 + off) * np.log1p(off) - off))
