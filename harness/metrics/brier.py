"""Mean over items of the sum over labels of (probability - truth)², the truth being 1 for the gold label, else 0."""

from __future__ import annotations

import numpy as np

from harness.annotations import Annotations
from harness.calibration import Array, judged, mean_counts, mean_of
from harness.parts import Metric
from harness.records import Counts

WORST = 2.0


def brier() -> Metric:
    """The Brier score as it was first defined, over all labels, for any number of them.

    Range 0 to 2, lower is better. Not defined (nan) on no items. An item without an answer or without scores costs 2,
    as one that gives a wrong label the probability 1. Refused where a model gives no scores, or scores that are no
    probabilities. With two labels it is twice scikit-learn's brier_score_loss, which looks at one of them; it equals
    brier_score_loss(scale_by_half=False). Each item's sum is rounded to a multiple of 2**-48 and kept in two parts, so
    that sums of up to 67 million items are exact and no result depends on their order.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability, 1950.
    """
    return Metric(kinds=("label",), count=_count, score=mean_of, better="lower")


def _count(gold: Annotations, predicted: Annotations) -> Counts:
    found = judged(gold, predicted, "brier")

    def cost(own: slice) -> Array:
        squares = found.filled(found.squares, own, WORST)
        return np.clip(squares, 0.0, WORST, out=squares)

    return mean_counts(len(gold), cost)
