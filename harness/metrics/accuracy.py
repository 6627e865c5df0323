"""Share of items that were answered rightly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts, split_labels
from harness.parts import Metric


def accuracy() -> Metric:
    """Right answers divided by all items; for sets of labels, the whole set must be right (subset accuracy).

    Range 0 to 1, higher is better. Not defined (nan) on no items. Unanswered items are wrong.

    Source: as scikit-learn's accuracy_score; subset accuracy as in G. Tsoumakas and I. Katakis, Multi-label
    classification: an overview, 2007.
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=_score)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    *_, n, right = split_labels(totals)
    with np.errstate(invalid="ignore"):
        return np.asarray(right / n)
