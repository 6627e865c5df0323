"""The percentile bootstrap over units, by multinomial draws over the distinct unit vectors.

Drawing n units with replacement and summing their rows is the same as drawing how often each *distinct* row
comes up, which is far less work and does not depend on the order of the units.

Source: B. Efron, Bootstrap methods: another look at the jackknife, 1979.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DRAWS = 10_000
LEVEL = 0.95
CELLS = 4_000_000  # numbers held at a time, so that memory stays flat however many units there are


def sum_by_unit(rows: Array, unit: npt.NDArray[np.int64], n_units: int) -> Array:
    """rows (n_items, k), the unit of each item (n_items,) -> (n_units, k)."""
    sums = np.zeros((n_units, rows.shape[1]))
    np.add.at(sums, unit, rows)
    return sums


def interval(
    units: Array, formula: Callable[[Array], Array], *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> tuple[Array, Array]:
    """The percentile interval of `formula(totals)`, for totals (draws, k) of resampled units (n_units, k).

    Returns (low, high), each of the shape that the formula gives one total. The same seed gives the same
    interval whatever the order of the units. Draws on which the formula is not defined (nan) are left out.
    """
    vectors, times = np.unique(units, axis=0, return_counts=True)
    share = times / times.sum()
    random = np.random.default_rng(seed)
    block = max(1, CELLS // max(1, len(vectors)))
    values = []
    for first in range(0, draws, block):
        counts = random.multinomial(len(units), share, size=min(block, draws - first))
        values.append(formula(counts.astype(np.float64) @ vectors))
    drawn = np.concatenate(values)
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)
