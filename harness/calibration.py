"""Predicted probabilities -> numbers an item that add up exactly, in any order and on any machine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from harness.errors import AskedWrongly, quote
from harness.records import ANSWERED, Annotations, Counts

Array = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.float32]

SLACK = 1e-3  # how far from 1 the probabilities of an item may sum
COARSE, FINE = 2.0**20, 2.0**48
LN2 = 0.6931471805599453
TERMS = 12  # of the series of the logarithm: the rest is under 1e-20


def probabilities(
    gold: Annotations, predicted: Annotations, metric: str
) -> tuple[Probabilities, npt.NDArray[np.bool_]]:
    """The scores (n_items, n_labels) and which items have any to judge (n_items,): answered, with scores.

    An item whose scores are all 0, or not all finite, is one without scores. Raises AskedWrongly where items were
    answered and no scores were given, or where those of an item are no probabilities: each 0 to 1, summing to 1
    within SLACK. They are taken as they are, not rescaled.
    """
    answered = (predicted.status == ANSWERED) & (gold.codes >= 0)
    if predicted.scores is None:
        if answered.any():
            raise AskedWrongly(
                f"metric {metric} needs a probability of every label, and the model gives no scores, or not with every "
                "answer. Choose a model that gives them, or leave the metric out."
            )
        return np.zeros((len(gold), len(gold.labels)), np.float32), answered
    scores = np.asarray(predicted.scores, np.float32)  # as they are stored
    finite = np.asarray(np.isfinite(scores).all(axis=1))
    scores = scores if finite.all() else np.where(finite[:, None], scores, np.float32(0))
    sums = scores.sum(axis=1, dtype=np.float64)
    there = answered & scores.any(axis=1)
    fair = (np.abs(sums - 1) <= SLACK) & (scores >= 0).all(axis=1)
    if (odd := np.flatnonzero(there & ~fair)).size:
        first = odd[0]
        raise AskedWrongly(
            f"metric {metric} needs probabilities; the scores of {odd.size} items are none, those of "
            f"{quote(predicted.item[first])} reach from {scores[first].min():.4g} to {scores[first].max():.4g} and sum "
            f"to {sums[first]:.6g}. Give each label 0 to 1, with a sum of 1 (within {SLACK:g})."
        )
    return scores, there


def top_label(scores: Probabilities, answers: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], Probabilities]:
    """The label with the highest score and that score, each (n_items,).

    Among labels with equal scores it is the answered one, else the first in label order.
    """
    top = scores.argmax(axis=1).astype(np.int64)
    each = np.arange(len(scores))
    highest = scores[each, top]
    tied = (answers >= 0) & (scores[each, answers] == highest)
    return np.where(tied, answers, top), highest


def mean_counts(values: npt.NDArray[np.floating], formula: Callable[[Array], Array]) -> Counts:
    """Counts for the mean of `formula(values)`, which is from 0 to 128: rows are its coarse part, the rest, and 1.

    The coarse part is a multiple of 2**-20 and the rest one of 2**-48 that is no larger than 2**-21, so that sums of
    both are exact up to 2**26 (67 million) items. The formula is asked of each distinct value once.
    """
    levels, code = np.unique(values, return_inverse=True)
    exact = formula(levels.astype(np.float64))
    coarse = np.rint(exact * COARSE) / COARSE
    rest = to_grid(exact - coarse)
    return Counts(code.reshape(-1).astype(np.int64), np.column_stack([coarse, rest, np.ones(len(levels))]))


def mean_of(totals: Array) -> Array:
    """Totals (..., 3) of `mean_counts` -> the mean (...), nan on no items."""
    with np.errstate(invalid="ignore"):
        return np.asarray((totals[..., 0] + totals[..., 1]) / totals[..., 2])


def to_grid(values: Array) -> Array:
    """The nearest multiples of 2**-48; sums of numbers up to 32 of them are exact."""
    return np.asarray(np.rint(values * FINE) / FINE)


def natural_log(values: Array) -> Array:
    """ln of positive numbers, within 4e-16 of their size and the same bits on any machine, as numpy's log is not.

    ln(m · 2**e) = e · ln 2 + 2 artanh((m - 1) / (m + 1)), by the series of artanh, m from √½ to √2: additions,
    multiplications and divisions alone, which IEEE 754 fixes to the last bit.

    >>> float(natural_log(np.array([0.5]))[0])
    -0.6931471805599453
    """
    m, e = np.frexp(values)
    small = m < 0.7071067811865476
    m, e = np.where(small, 2 * m, m), np.where(small, e - 1, e)
    s = (m - 1) / (m + 1)
    series = np.zeros_like(s)
    for k in reversed(range(TERMS)):
        series = series * (s * s) + 1 / (2 * k + 1)
    return np.asarray(e * LN2 + 2 * s * series)
