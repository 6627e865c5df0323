"""Matthews correlation coefficient for any number of labels: how far answers and gold go together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts, ratio, split_labels
from harness.parts import Metric


def mcc() -> Metric:
    """The correlation of gold and prediction, every label a coordinate; unanswered items have no coordinate.

    Range -1 to 1, higher is better, 0 is chance; 0 where gold or prediction is constant, as in scikit-learn. An
    unanswered item counts among the predictions as a label of its own that is never right.

    Source: J. Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, 2004.
    """
    return Metric(kinds=("label",), count=label_counts, score=_score)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hits, said, due, n, _ = split_labels(totals)
    none = n - said.sum(axis=-1)  # unanswered
    together = hits.sum(axis=-1) * n - (said * due).sum(axis=-1)
    spread_said = n * n - (said * said).sum(axis=-1) - none * none
    spread_due = n * n - (due * due).sum(axis=-1)
    return ratio(together, np.sqrt(spread_said) * np.sqrt(spread_due))
