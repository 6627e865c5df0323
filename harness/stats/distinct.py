"""The distinct vectors among many units, sorted, and how often each occurs: what every draw is made over.

Resampling and flipping units needs no more than this, is as fast as there are few distinct vectors, and cannot
depend on the order of the units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

BLOCK = 65_536  # units looked at together, so that memory stays flat
HELD = 1_000_000  # drawn numbers held at a time
RARE = 12
EXACT = 2.0**53  # whole numbers below it are exact in a float64, sums of them too


def distinct(units: npt.NDArray[Any]) -> tuple[Array, Counts]:
    """units (n, k) of finite numbers -> (vectors (d, k) in lexicographic order, times (d,)), times summing to n.

    >>> vectors, times = distinct(np.array([[1, 0], [0, 2], [1, 0]]))
    >>> vectors.tolist(), times.tolist()
    ([[0.0, 2.0], [1.0, 0.0]], [1, 2])
    """
    return distinct_of(blocks_of(units))


def distinct_of(blocks: Iterable[Array]) -> tuple[Array, Counts]:
    """The same over units that come in blocks (n_i, k), at least one, of which no more than one is held."""
    vectors, times = zip(*(merged(block, None) for block in blocks), strict=True)
    if len(vectors) == 1:
        return vectors[0], times[0]
    return merged(np.concatenate(vectors), np.concatenate(times))


def blocks_of(*tables: npt.NDArray[Any]) -> Iterator[Array]:
    """Tables (n, k_i) over the same units, side by side, BLOCK units at a time; one empty block where n is 0."""
    for first in range(0, max(1, len(tables[0])), BLOCK):
        yield np.concatenate([np.asarray(table[first : first + BLOCK], np.float64) for table in tables], axis=1)


def draw_counts(times: Counts, random: np.random.Generator, draws: int) -> Iterator[Array]:
    """How often each vector comes up (block, d) among as many units drawn with replacement, in blocks of all draws.

    Exactly multinomial. Vectors that occur RARE times or less share one cell of it, whose units are then drawn one
    by one: that is cheaper than a binomial number for each of thousands of vectors.
    """
    n, d = int(times.sum()), len(times)
    rare, often = np.flatnonzero(times <= RARE), np.flatnonzero(times > RARE)
    pool = np.repeat(np.arange(len(rare)), times[rare])
    share = np.append(times[often], len(pool)) / n
    block = max(1, HELD // max(1, d, len(pool)))
    for first in range(0, draws, block):
        size = min(block, draws - first)
        counts = np.empty((size, d))
        cells = random.multinomial(n, share, size=size)
        counts[:, often] = cells[:, :-1]
        if len(rare):
            place = np.repeat(np.arange(size) * len(rare), cells[:, -1])
            place += pool[random.integers(0, len(pool), len(place))]
            counts[:, rare] = np.bincount(place, minlength=size * len(rare)).reshape(size, -1)
        yield counts


def merged(rows: Array, weights: Counts | None) -> tuple[Array, Counts]:
    """Distinct rows, and the sum of the weights (1 where none are given) of each."""
    n = len(rows)
    if n == 0:
        return rows, np.zeros(0, np.int64)
    key = _keys(rows)
    top = int(key.max()) + 1
    if top > 4 * n + BLOCK:
        values, key = np.unique(key, return_inverse=True)
        top = len(values)
    # Counts as weights are exact in bincount's float64 below 2^53 units.
    times = np.bincount(key, weights=weights, minlength=top).astype(np.int64)
    one = np.zeros(top, np.int64)
    one[key] = np.arange(n)
    seen = np.flatnonzero(times)
    return rows[one[seen]] + 0.0, times[seen]  # + 0.0: -0.0 and 0.0 are one value


def _keys(rows: Array) -> Counts:
    """One whole number per row (n, k) -> (n,), equal where rows are equal and ordered as the rows are."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    if not np.isfinite([low, high]).all():
        raise ValueError("rows hold a value that is not finite: counts and sums of counts are expected")
    varying = high > low
    columns, low, levels = rows[:, varying], low[varying], (high - low)[varying] + 1
    whole = (columns == np.rint(columns)).all(axis=0)
    with np.errstate(over="ignore"):
        cells = np.prod(levels)
    if whole.all() and cells < EXACT and np.abs(low).max(initial=0) < EXACT:
        place = np.cumprod(np.append(levels[1:], 1)[::-1])[::-1] if len(levels) else levels
        return np.asarray(((columns - low) @ place).astype(np.int64))
    return _keys_by_column(columns, low, levels, whole)


def _keys_by_column(columns: Array, low: Array, levels: Array, whole: npt.NDArray[np.bool_]) -> Counts:
    """The keys of rows whose columns are not all small whole numbers, renumbered whenever they grow too large."""
    key, size = np.zeros(len(columns), np.int64), 1
    for column in range(columns.shape[1]):
        if whole[column] and levels[column] < 2**31:
            code, count = (columns[:, column] - low[column]).astype(np.int64), int(levels[column])
        else:
            values, code = np.unique(columns[:, column], return_inverse=True)
            count = len(values)
        if size * count >= 2**62:
            values, key = np.unique(key, return_inverse=True)
            size = len(values)
        key, size = key * count + code, size * count
    return key
