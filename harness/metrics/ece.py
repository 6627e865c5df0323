"""Expected calibration error: how far the confidence in the top label is from how often that label is right."""

from __future__ import annotations

import numpy as np

from harness.calibration import Array, probabilities, top_label
from harness.errors import AskedWrongly
from harness.parts import Metric
from harness.records import Annotations, Counts

MOST = 1000  # bins
GRID = 2.0**28


def ece(*, bins: int = 15) -> Metric:
    """The mean over items of |mean confidence - share right| of the bin that an item's confidence is in.

    Confidence is the highest probability of an item; the label that has it is right or wrong (among equals the
    answered one, else the first). `bins` are of equal width, bin m holds confidences above (m - 1) / bins up to
    m / bins. Range 0 to 1, lower is better. Not defined (nan) on no items. An item without an answer or without
    scores has confidence 1 and is wrong. Refused where a model gives no scores, or scores that are no probabilities.
    Few items or many bins make it larger than the truth, so compare it at equal n and bins only.

    A confidence is rounded to a multiple of 2**-28 (from 1/16 up a float32 is one already), so that sums of up to 33
    million items are exact and no result depends on their order. Rows are of each bin the items, the sum of
    confidence, and the right ones.

    Source: M. Pakdaman Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, 2015; C. Guo
    et al., On calibration of modern neural networks, 2017, for the bins and the top label.
    """
    if not 1 <= bins <= MOST:
        raise AskedWrongly(f"ece(bins={bins}): bins must be 1 to {MOST}.")

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        scores, there = probabilities(gold, predicted, "ece")
        top, highest = top_label(scores, predicted.codes)
        confidence = np.where(there, np.minimum(highest, 1), 1).astype(np.float64)
        right = there & (top == gold.codes)
        key = np.rint(confidence * GRID).astype(np.int64) * 2 + right
        levels, code = np.unique(key, return_inverse=True)
        held = (levels // 2) / GRID
        place = np.clip(np.ceil(held * bins) - 1, 0, bins - 1).astype(np.int64)  # the product is exact: 28 + 10 bits
        vectors = np.zeros((len(levels), 3, bins))
        for part, value in enumerate((np.ones(len(levels)), held, levels % 2)):
            vectors[np.arange(len(levels)), part, place] = value
        return Counts(code.reshape(-1).astype(np.int64), vectors.reshape(len(levels), 3 * bins))

    return Metric(kinds=("label",), count=count, score=_score, better="lower")


def _score(totals: Array) -> Array:
    n, confidence, right = np.split(totals, 3, axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(confidence - right).sum(axis=-1) / n.sum(axis=-1))
