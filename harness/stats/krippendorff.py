"""Krippendorff's alpha: agreement of any number of raters beyond chance, with missing ratings, by any distance.

Alpha is 1 - D_o / D_e, where D_o is the mean distance of two ratings of the same item, each rating weighing the
same, and D_e that of any two ratings of the whole. 1 is perfect, 0 what chance gives, below 0 worse; higher is
better. It is nan (not defined) where D_e is 0: nobody ever gave a second value. Items with fewer than two ratings
tell nothing and are left out.

Both parts are sums over items, so an interval is draws of rows (harness.stats.estimate), with D_e drawn anew too.
(Hayes and Krippendorff 2007 draw single pairs and hold D_e fixed; pairs of one item hang together, so we do not.)

Sources: K. Krippendorff, Computing Krippendorff's alpha-reliability, 2011; for the distance of sets, R. Passonneau,
Measuring agreement on set-valued items (MASI) for semantic and pragmatic annotation, LREC 2006.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FINEST = 2**30  # parts into which a disagreement is cut where it is no whole number


def nominal(n_codes: int) -> Array:
    """Distances (n_codes, n_codes): 0 of a code to itself, 1 to every other."""
    return 1 - np.eye(n_codes)


def masi(sets: Flags) -> Array:
    """Distances (n_sets, n_sets) between sets of labels (n_sets, n_labels), 0 to 1: 1 - Jaccard * monotonicity.

    Monotonicity is 1 of equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they do not.
    Two empty sets are equal; an empty set and another share nothing, so their distance is 1.

    >>> masi(np.array([[True, True, False], [True, False, False], [True, False, True]])).round(3).tolist()
    [[0.0, 0.667, 0.889], [0.667, 0.0, 0.667], [0.889, 0.667, 0.0]]
    """
    held = sets.astype(np.float64)
    size = held.sum(axis=1)
    both = held @ held.T
    either = size[:, None] + size - both
    smaller = np.minimum(size[:, None], size)
    monotonicity = np.select([either == both, both == 0, both == smaller], [1.0, 0.0, 2 / 3], 1 / 3)
    jaccard = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    return 1 - jaccard * monotonicity


def sets_as_codes(sets: Flags, answered: Flags) -> tuple[Codes, Flags]:
    """Sets (n_raters, n_items, n_labels) -> a code for each distinct set (n_raters, n_items), and those sets.

    Codes are -1 where `answered` (n_raters, n_items) is False. The distinct sets (n_sets, n_labels) are sorted, so
    that codes depend neither on the order of items nor on that of raters.
    """
    distinct, inverse = np.unique(sets[answered], axis=0, return_inverse=True)
    codes = np.full(answered.shape, -1, np.int64)
    codes[answered] = inverse.reshape(-1)
    return codes, distinct


def disagreements(ratings: Codes, distance: Array) -> Array:
    """Summable rows (n_items, n_codes + 2) of ratings (n_raters, n_items), -1 where missing.

    The columns are the item's disagreement and its number of ratings, both times one whole number, so that sums
    are exact and no order matters; then the ratings of each code. `distance` (n_codes, n_codes) is symmetric with
    a diagonal of 0. A row is all zero where there are fewer than two ratings. Raises ValueError on a code beyond.
    """
    n_items, n_codes = ratings.shape[1], len(distance)
    if ratings.min(initial=0) < -1 or ratings.max(initial=-1) >= n_codes:
        raise ValueError(f"ratings must be -1 (missing) or a code from 0 to {n_codes - 1}")
    item = np.broadcast_to(np.arange(n_items), ratings.shape)[ratings >= 0]
    cell = item * n_codes + ratings[ratings >= 0]
    given = np.bincount(cell, minlength=n_items * n_codes).reshape(n_items, n_codes).astype(np.float64)
    given[given.sum(axis=1) < 2] = 0
    many = given.sum(axis=1)
    others = np.maximum(many - 1, 1)
    between = ((given @ distance) * given).sum(axis=1)  # over ordered pairs of the item's ratings
    scale = math.lcm(*np.unique(others).astype(int).tolist())
    if scale > FINEST or not np.array_equal(distance, np.rint(distance)):
        scale = FINEST
    return np.column_stack([np.rint(between * scale / others), many * scale, given])


def alpha(totals: Array, distance: Array) -> Array:
    """Krippendorff's alpha of sums (..., n_codes + 2) of rows -> (...), at most 1; nan where not defined."""
    observed, weight, given = totals[..., 0], totals[..., 1], totals[..., 2:]
    n = given.sum(axis=-1)
    expected = ((given @ distance) * given).sum(axis=-1)
    return 1 - _ratio(observed * n * (n - 1), weight * expected)


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
