"""Predicted probabilities -> numbers an item that add up exactly, in any order and on any machine."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.errors import AskedWrongly, quote
from harness.records import ANSWERED, Counts

Array = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SLACK = 1e-3  # how far from 1 the probabilities of an item may sum
TO_COARSE, TO_FINE = 1.5 * 2.0 ** (52 - 20), 1.5 * 2.0 ** (52 - 48)
BLOCK, STRETCH = 2**17, 2**14  # scores, and numbers, looked at together, so that they stay in the cache
LN2 = 0.6931471805599453
# Bit patterns of float64: √½; from there to 1; the mantissa; 2**52.
ROOT_HALF, AHEAD, MANTISSA, TWO_52 = map(
    np.uint64, (0x3FE6A09E667F3BCD, 0x3FF0000000000000 - 0x3FE6A09E667F3BCD, (1 << 52) - 1, 0x433 << 52)
)
# 2 artanh(s) = s · (2 + s² · series): the polynomial of fdlibm's e_log.c (Sun Microsystems, 1993), within 2**-58.
SERIES = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)


@dataclass(frozen=True, eq=False)
class Judged:
    """What the probability metrics look at, one number an item, (n_items,) each."""

    there: Flags  # answered, with scores; what else is said of other items means nothing
    given: Probabilities  # the probability of the gold label
    highest: Probabilities
    right: Flags  # the label with the highest is the gold one: among equals the answered one, else the first
    squares: Array  # the sum over labels of (probability - truth)²

    @cached_property
    def whole(self) -> bool:
        """Whether every item is there."""
        return bool(self.there.all())

    def filled(self, values: npt.NDArray[Any], own: slice, other: float) -> Array:
        """A copy of a stretch of values (n_items,), with another value for items that are not there."""
        found: Array = values[own].astype(np.float64)
        if not self.whole:
            found[~self.there[own]] = other
        return found


class Unstacked(Counts):
    """Counts whose rows are mostly distinct: the total and the rows are each made when they are asked for."""

    n: int
    add: Callable[[], Array]
    stack: Callable[[], Array]

    def __init__(self, n: int, add: Callable[[], Array], stack: Callable[[], Array]) -> None:
        for name, value in (("n", n), ("add", add), ("stack", stack)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return self.n

    @cached_property
    def code(self) -> npt.NDArray[np.int64]:
        """Every item has a row of its own, (n_items,)."""
        return np.arange(self.n)

    @cached_property
    def vectors(self) -> Array:
        """One row an item, (n_items, k)."""
        return self.stack()

    @property
    def rows(self) -> Array:
        """One row an item, (n_items, k)."""
        return self.vectors

    @property
    def total(self) -> Array:
        """The sum of all rows, (k,)."""
        return self.add()


# What was judged of predictions that are still held by somebody: several metrics look at the same.
_JUDGED: weakref.WeakKeyDictionary[Annotations, tuple[weakref.ref[Annotations], Judged]] = weakref.WeakKeyDictionary()


def judged(gold: Annotations, predicted: Annotations, metric: str) -> Judged:
    """The scores of items that have any to judge (answered, with scores), reduced to what the metrics need.

    An item whose scores are all 0, or not all finite, is one without scores. Raises AskedWrongly where items were
    answered and no scores were given, or where those of an item are no probabilities: each 0 to 1, summing to 1
    within SLACK. They are taken as they are, not rescaled. Asked again of the same two objects, it gives the same
    answer without another look at them.
    """
    known = _JUDGED.get(predicted)
    if known is not None and known[0]() is gold:
        return known[1]
    there = (predicted.status == ANSWERED) & (gold.codes >= 0)
    if predicted.scores is None and there.any():
        raise AskedWrongly(
            f"metric {metric} needs a probability of every label, and the model gives no scores, or not with every "
            "answer. Choose a model that gives them, or leave the metric out."
        )
    n, k = len(gold), len(gold.labels)
    given, highest = np.zeros(n, np.float32), np.zeros(n, np.float32)
    if predicted.scores is None or k == 0:
        return Judged(np.zeros(n, bool), given, highest, np.zeros(n, bool), np.zeros(n))
    result = Judged(there, given, highest, np.empty(n, bool), np.empty(n))
    scores = np.ascontiguousarray(predicted.scores, np.float32)  # as they are stored
    odd: list[npt.NDArray[np.intp]] = []
    rows = min(max(256, BLOCK // k), max(n, 1))
    turned, exact = np.empty(rows * k, np.float32), np.empty(rows * k)  # one piece of memory for all blocks
    for start in range(0, n, rows):
        own = slice(start, min(start + rows, n))
        block = scores[own]
        columns = _by_label(block, turned)
        if not (block.min() >= 0 and _sum_to_one(columns, k)):  # also where one is not a number
            block, has, fair = _looked_at(block)
            there[own] &= has
            odd.append(start + np.flatnonzero(there[own] & ~fair))
            columns = _by_label(block, turned)
        _judge(result, own, block, columns, gold.codes[own], predicted.codes[own])
        squares = exact[: block.size].reshape(columns.shape)
        np.copyto(squares, columns)
        # Squares of float32 are exact in float64 and labels are added in their order: the same bits on any machine.
        cost = np.add(*_pairs(np.einsum("lm,lm->m", squares, squares), k), out=result.squares[own])
        cost -= 2.0 * result.given[own]
        cost += 1.0
    if any(map(len, odd)):
        _refuse(np.concatenate(odd), predicted, metric)
    _JUDGED[predicted] = (weakref.ref(gold), result)
    return result


def _sum_to_one(columns: Probabilities, k: int) -> bool:
    """Whether turned scores do so beyond doubt, so that rounding of the sums does not matter."""
    with np.errstate(over="ignore"):
        return bool(np.abs(np.add(*_pairs(columns.sum(axis=0), k)) - 1).max() <= SLACK / 2)


def _looked_at(block: Probabilities) -> tuple[Probabilities, Flags, Flags]:
    """The scores (m, k) with 0 in rows that are not finite; which rows have any; which are probabilities."""
    finite = np.asarray(np.isfinite(block).all(axis=1))
    block = np.where(finite[:, None], block, np.float32(0))
    sums = block.sum(axis=1, dtype=np.float64)
    fair: Flags = (np.abs(sums - 1) <= SLACK) & (block >= 0).all(axis=1)
    return block, np.asarray(block.any(axis=1)), fair


def _refuse(odd: npt.NDArray[np.intp], predicted: Annotations, metric: str) -> None:
    assert predicted.scores is not None
    row = np.asarray(predicted.scores[odd[0]], np.float32)
    raise AskedWrongly(
        f"metric {metric} needs probabilities; the scores of {odd.size} items are none, those of "
        f"{quote(predicted.item[odd[0]])} reach from {row.min():.4g} to {row.max():.4g} and sum to "
        f"{row.sum(dtype=np.float64):.6g}. Give each label 0 to 1, with a sum of 1 (within {SLACK:g})."
    )


def _judge(
    result: Judged,
    own: slice,
    block: Probabilities,
    columns: Probabilities,
    due: npt.NDArray[np.int32],
    said: npt.NDArray[np.int32],
) -> None:
    """Fill in which label of a block of scores (m, k) is on top, and what the gold one has."""
    m, k = block.shape
    highest = np.maximum(*_pairs(columns.max(axis=0), k), out=result.highest[own])
    first = np.arange(0, m * k, k)
    flat = block.reshape(-1)
    flat.take(first + due, mode="clip", out=result.given[own])
    right = np.equal(due, said, out=result.right[own])
    other = np.flatnonzero((flat.take(first + said, mode="clip") != highest) | (said < 0))  # the answer is not on top
    right[other] = block[other].argmax(axis=1) == due[other]


def _by_label(block: Probabilities, space: Probabilities) -> Probabilities:
    """Scores (m, k) turned, so that those of a label stand together: (k, m), or by pairs of labels (k / 2, 2 m).

    Two float32 moved as one take half the time.
    """
    m, k = block.shape
    width, kind = (1, np.float32) if k % 2 else (2, np.complex64)
    turned = space[: m * k].reshape(k // width, m * width)
    np.copyto(turned.view(kind), block.view(kind).T)
    return turned


def _pairs(found: npt.NDArray[Any], k: int) -> tuple[Any, Any]:
    """What was found over labels turned by pairs, in two halves to put together; a half of 0 where there is one.

    Neither a sum nor the highest of numbers from 0 is changed by 0.
    """
    return (found, found.dtype.type(0)) if k % 2 else (found[0::2], found[1::2])


def mean_counts(n: int, values: Callable[[slice], Array]) -> Counts:
    """Counts for the mean of n values, each from 0 to 128: rows are its coarse part, the rest, and 1.

    `values` gives a stretch of them, in an array of its own. The coarse part is a multiple of 2**-20 and the rest one
    of 2**-48 that is no larger than 2**-21, so that sums of both are exact up to 2**26 (67 million) items.
    """

    def add() -> Array:
        parts = [[part.sum() for part in _on_grids(values(own))] for own in stretches(n)]
        return np.array([*np.sum(parts, axis=0), n] if parts else [0.0, 0.0, 0.0])

    def stack() -> Array:
        rows = np.ones((n, 3))
        for own in stretches(n):
            rows[own, 0], rows[own, 1] = _on_grids(values(own))
        return rows

    return Unstacked(n, add, stack)


def _on_grids(values: Array) -> tuple[Array, Array]:
    """Values -> their coarse parts, and the rest in their place.

    Adding and taking away 1.5 · 2**52 steps of a grid rounds to it.
    """
    coarse = values + TO_COARSE
    coarse -= TO_COARSE
    values -= coarse
    values += TO_FINE
    values -= TO_FINE
    return coarse, values


def mean_of(totals: Array) -> Array:
    """Totals (..., 3) of `mean_counts` -> the mean (...), nan on no items."""
    with np.errstate(invalid="ignore"):
        return np.asarray((totals[..., 0] + totals[..., 1]) / totals[..., 2])


def natural_log(values: Array) -> Array:
    """ln of positive numbers above 2**-1022, within 4e-16 of their size and the same bits on any machine.

    numpy's log is not. ln(m · 2**e) = e · ln 2 + 2 artanh((m - 1) / (m + 1)), m from √½ to √2, by a polynomial:
    additions, multiplications and divisions alone, which IEEE 754 fixes to the last bit.

    >>> float(natural_log(np.array([0.5]))[0])
    -0.6931471805599453
    """
    bits = values.view(np.uint64) + AHEAD
    m = ((bits & MANTISSA) + ROOT_HALF).view(np.float64)
    bits >>= np.uint64(52)
    bits |= TWO_52  # the bits of 2**52 + e + 1023
    result = bits.view(np.float64)
    result -= 2.0**52 + 1023
    result *= LN2
    s = m - 1
    m += 1
    s /= m
    square = np.multiply(s, s, out=m)
    series = square * SERIES[0]
    for term in SERIES[1:]:
        series += term
        series *= square
    series += 2
    series *= s
    result += series
    return result


def stretches(n: int) -> Iterator[slice]:
    """n numbers in stretches that stay in the cache while they are worked on."""
    for start in range(0, n, STRETCH):
        yield slice(start, start + STRETCH)
