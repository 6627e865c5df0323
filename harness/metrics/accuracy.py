"""Share of items that were answered rightly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts
from harness.parts import Metric
from harness.records import Annotations


def accuracy() -> Metric:
    """Right answers divided by all items; for sets of labels, the whole set must be right (subset accuracy).

    Range 0 to 1, higher is better. Not defined (nan) on no items. Unanswered items are wrong.

    Source: as scikit-learn's accuracy_score; subset accuracy as in Tsoumakas and Katakis, Multi-label
    classification: an overview, 2007.
    """
    return Metric(kinds=("label", "labels"), count=_count, score=_score)


def _count(gold: Annotations, predicted: Annotations) -> npt.NDArray[np.float64]:
    counts = label_counts(gold, predicted)
    hits, said, due = np.split(counts, 3, axis=1)
    right = (predicted.status == 0) & (hits == said).all(axis=1) & (hits == due).all(axis=1)
    return np.column_stack([right, np.ones(len(gold))]).astype(np.float64)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    right, n = totals[..., 0], totals[..., 1]
    with np.errstate(invalid="ignore"):
        return np.asarray(right / n)
