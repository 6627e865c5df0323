"""Expected calibration error: how far the confidence in the top label is from how often that label is right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.calibration import Array, Judged, Unstacked, judged, stretches
from harness.errors import AskedWrongly
from harness.parts import Metric
from harness.records import Counts

MOST = 1000  # bins
TO_GRID = 1.5 * 2.0 ** (52 - 28)


def ece(*, bins: int = 15) -> Metric:
    """The mean over items of |mean confidence - share right| of the bin that an item's confidence is in.

    Confidence is the highest probability of an item; the label that has it is right or wrong (among equals the
    answered one, else the first). `bins` are of equal width, bin m holds confidences above (m - 1) / bins up to
    m / bins. Range 0 to 1, lower is better. Not defined (nan) on no items. An item without an answer or without
    scores has confidence 1 and is wrong. Refused where a model gives no scores, or scores that are no probabilities.
    Few items or many bins make it larger than the truth, so compare it at equal n and bins only.

    A confidence is rounded to a multiple of 2**-28 (from 1/16 up a float32 is one already), so that sums of up to 33
    million items are exact and no result depends on their order. Rows are 1, and in the column of
    the item's bin its confidence, less 1 where it is right.

    Source: M. Pakdaman Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, 2015; C. Guo
    et al., On calibration of modern neural networks, 2017, for the bins and the top label.
    """
    if not 1 <= bins <= MOST:
        raise AskedWrongly(f"ece(bins={bins}): bins must be 1 to {MOST}.")

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        found, n = judged(gold, predicted, "ece"), len(gold)

        def add() -> Array:
            total = np.zeros(1 + bins)
            for own in stretches(n):
                place, gap = _gaps(found, own, bins)
                total += np.bincount(place, weights=gap, minlength=1 + bins)
            total[0] = n
            return total

        def stack() -> Array:
            rows = np.zeros((n, 1 + bins))
            rows[:, 0] = 1
            for own in stretches(n):
                place, gap = _gaps(found, own, bins)
                rows[np.arange(own.start, own.start + len(gap)), place] = gap
            return rows

        return Unstacked(n, add, stack)

    return Metric(kinds=("label",), count=count, score=_score, better="lower")


def _gaps(found: Judged, own: slice, bins: int) -> tuple[npt.NDArray[np.int64], Array]:
    """The bin of each item of a stretch, from 1, and its confidence, less 1 where it is right."""
    confidence = found.filled(found.highest, own, 1.0)
    np.minimum(confidence, 1.0, out=confidence)
    confidence += TO_GRID  # rounds to the grid
    confidence -= TO_GRID
    # The product is exact (28 + 10 bits); a confidence on an edge belongs to the bin below.
    place = np.maximum(np.ceil(confidence * bins), 1.0).astype(np.int64)
    return place, np.subtract(confidence, found.right[own] & found.there[own], out=confidence)


def _score(totals: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(totals[..., 1:]).sum(axis=-1) / totals[..., 0])
