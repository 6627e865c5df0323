"""Many comparisons at once: adjusted p-values by Holm, Benjamini-Hochberg and the step-down max-T.

Every function gives adjusted p-values in the order of its input: a hypothesis is rejected where its adjusted p is
at most the level. What has no p (nan) is no part of the family and stays nan.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TIES = 1e-12  # statistics nearer than this, relatively, are equal


def holm(p: npt.ArrayLike) -> Array:
    """p (m,) -> (m,): keeps the chance of any false rejection at the level, however the tests depend on each other.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, 1979. Raises ValueError where a p is
    outside 0 to 1.

    >>> holm([0.01, 0.04, float("nan"), 0.03]).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    known, order, given = _family(p)
    adjusted = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    return _placed(known, order, adjusted)


def benjamini_hochberg(p: npt.ArrayLike) -> Array:
    """p (m,) -> (m,): keeps the expected share of false among all rejections at the level.

    Holds for independent and positively dependent tests. Source: Y. Benjamini and Y. Hochberg, Controlling the
    false discovery rate, 1995. Raises ValueError where a p is outside 0 to 1.
    """
    known, order, given = _family(p)
    stepped = given[order] * len(given) / np.arange(1, len(given) + 1)
    return _placed(known, order, np.minimum.accumulate(stepped[::-1])[::-1])


def max_t(
    observed: npt.ArrayLike, null: npt.ArrayLike, *, side: Literal["two-sided", "greater"] = "two-sided"
) -> Array:
    """Step-down max-T: observed (m,) differences, and null (draws, m) made on shared draws -> adjusted p (m,).

    Each comparison is divided by the root mean square of its null draws, so that all are on one scale; the largest
    is held against the largest of its whole family on each draw, the second against that of the rest, and so on.
    Since the draws are shared, comparisons that depend on each other cost little, and power is above Holm's. The
    null draws must be centred on 0, as sign flips are (centre bootstrap draws first). Keeps the chance of any false
    rejection at the level where a set of true nulls has the same joint distribution whether or not the others are
    true. (1 + extreme) / (1 + draws), ties are extreme: p is in (0, 1], and 1 where nothing ever differs. A
    comparison with a nan anywhere stays nan.

    Sources: P. Westfall and S. Young, Resampling-Based Multiple Testing, 1993; J. Romano and M. Wolf, Exact and
    approximate stepdown methods for multiple hypothesis testing, 2005. Raises ValueError where shapes differ.
    """
    seen, drawn = np.asarray(observed, np.float64), np.asarray(null, np.float64)
    if seen.ndim != 1 or drawn.ndim != 2 or drawn.shape[1] != len(seen):
        raise ValueError(f"observed is {seen.shape}, null {drawn.shape}: (m,) and (draws, m) are expected")
    known = ~(np.isnan(seen) | np.isnan(drawn).any(axis=0))
    seen, drawn = seen[known], drawn[:, known]
    scale = np.sqrt((drawn**2).mean(axis=0)) if len(drawn) else np.zeros(len(seen))
    # A difference that no draw has is beyond all of them; no difference at all is beyond none.
    moved = np.divide(seen, scale, out=np.where(seen == 0, 0.0, np.copysign(np.inf, seen)), where=scale > 0)
    draws = np.divide(drawn, scale, out=np.zeros_like(drawn), where=scale > 0)
    if side == "two-sided":
        moved, draws = np.abs(moved), np.abs(draws)
    order = np.argsort(-moved, kind="stable")
    largest = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]  # of this and all smaller ones
    bound = moved[order] - TIES * np.where(np.isinf(moved[order]), 0.0, np.abs(moved[order]))
    p = (1 + (largest >= bound).sum(axis=0)) / (1 + len(draws))
    return _placed(known, order, np.maximum.accumulate(p))


def _family(p: npt.ArrayLike) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp], Array]:
    """Which p are known, the order of those, and they themselves."""
    given = np.asarray(p, np.float64)
    known = ~np.isnan(given)
    if given.ndim != 1 or ((given[known] < 0) | (given[known] > 1)).any():
        raise ValueError("p-values are one row of numbers from 0 to 1, nan where there is none")
    return known, np.argsort(given[known], kind="stable"), given[known]


def _placed(known: npt.NDArray[np.bool_], order: npt.NDArray[np.intp], adjusted: Array) -> Array:
    """Adjusted p-values, sorted, back in the order of the input."""
    there = np.empty(len(order))
    there[order] = np.minimum(adjusted, 1.0)
    found = np.full(len(known), np.nan)
    found[known] = there
    return found
