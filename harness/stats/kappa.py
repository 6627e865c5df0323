"""Cohen's kappa of two raters, also weighted, and Fleiss' kappa of a fixed number of raters.

Kappa is 1 - observed / expected disagreement. 1 is perfect, 0 what chance gives, below 0 worse; higher is better.
It is nan (not defined) where expected agreement is 1, that is where only one label was ever given, and where
nothing was rated. Every input is a sum over items, so intervals come from sums of rows (harness.stats.estimate).

Sources: J. Cohen, A coefficient of agreement for nominal scales, 1960; J. Cohen, Weighted kappa, 1968; J. L. Fleiss,
Measuring nominal scale agreement among many raters, 1971.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def linear(n_codes: int) -> Array:
    """Weights (n_codes, n_codes) of ordered codes: how many steps apart."""
    steps = np.arange(n_codes, dtype=np.float64)
    return np.abs(steps[:, None] - steps)


def quadratic(n_codes: int) -> Array:
    """Weights (n_codes, n_codes) of ordered codes: the square of how many steps apart."""
    return linear(n_codes) ** 2


def confusions(first: Codes, second: Codes, n_codes: int) -> Array:
    """Rows (n_items, n_codes, n_codes) with a 1 in the cell of the two codes (n_items,) given to the item.

    All zero where either is -1 (missing): such items are left out, which only is fair where ratings are missing
    by chance. Raises ValueError on a code beyond.
    """
    if (
        min(first.min(initial=0), second.min(initial=0)) < -1
        or max(first.max(initial=0), second.max(initial=0)) >= n_codes
    ):
        raise ValueError(f"codes must be -1 (missing) or from 0 to {n_codes - 1}")
    rows = np.zeros((len(first), n_codes, n_codes))
    rated = np.flatnonzero((first >= 0) & (second >= 0))
    rows[rated, first[rated], second[rated]] = 1
    return rows


def cohen(tables: Array, weights: Array | None = None) -> Array:
    """Cohen's kappa of confusion tables (..., n_codes, n_codes) -> (...), at most 1; nan where not defined.

    `weights` (n_codes, n_codes) says how much each disagreement weighs, 0 on the diagonal; by default all the same.

    >>> cohen(np.array([[20, 5], [10, 15]])).round(3)
    np.float64(0.4)
    """
    tables = np.asarray(tables, np.float64)
    if weights is None:
        weights = 1 - np.eye(tables.shape[-1])
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    observed = (tables * weights).sum(axis=(-2, -1)) * rows.sum(axis=-1)
    expected = ((rows @ weights) * columns).sum(axis=-1)
    return 1 - _ratio(observed, expected)


def agreements(counts: Array) -> Array:
    """Summable rows (n_items, n_codes + 2) of how many raters gave each code, counts (n_items, n_codes).

    The columns are the ordered pairs of raters that differ and all such pairs, then the counts. Items nobody rated
    are all zero. Raises ValueError where items have different numbers of ratings, or one: Fleiss' kappa is not
    defined there, Krippendorff's alpha is.
    """
    counts = np.asarray(counts, np.float64)
    many = counts.sum(axis=1)
    if len(set(many[many > 0].tolist())) > 1 or (many == 1).any():
        raise ValueError("Fleiss' kappa wants the same number of ratings of each item, at least 2: see krippendorff")
    return np.column_stack([many**2 - (counts**2).sum(axis=1), many * (many - 1), counts])


def fleiss(totals: Array) -> Array:
    """Fleiss' kappa of sums (..., n_codes + 2) of rows of `agreements` -> (...), at most 1; nan where not defined."""
    differ, pairs, given = totals[..., 0], totals[..., 1], totals[..., 2:]
    n = given.sum(axis=-1)
    return 1 - _ratio(differ * n**2, pairs * (n**2 - (given**2).sum(axis=-1)))


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)[()]
