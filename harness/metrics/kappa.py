"""Cohen's kappa of answers and gold: agreement beyond what their frequencies alone would give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts, split_labels
from harness.parts import Metric


def kappa() -> Metric:
    """(observed - expected) / (1 - expected) agreement, expected from the frequencies of gold and prediction.

    Range -1 to 1, higher is better, 0 is chance. Not defined (nan) where expected agreement is 1. An unanswered item
    agrees with nothing.

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    return Metric(kinds=("label",), count=label_counts, score=_score)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hits, said, due, n, _ = split_labels(totals)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = (said * due).sum(axis=-1) / (n * n)
        value = (hits.sum(axis=-1) / n - expected) / (1 - expected)
    return np.where(np.isfinite(value), value, np.nan)
