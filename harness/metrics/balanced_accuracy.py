"""Mean recall of the labels that the gold holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts, ratio, split_labels
from harness.parts import Metric


def balanced_accuracy() -> Metric:
    """The mean of each label's recall, over the labels that occur in the gold.

    Range 0 to 1, higher is better; chance is 1 / n_labels. Not defined (nan) on no items. Unlike macro recall it
    leaves out labels that the gold does not hold, as scikit-learn does.

    Source: K. Brodersen et al., The balanced accuracy and its posterior distribution, 2010.
    """
    return Metric(kinds=("label",), count=label_counts, score=_score)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hits, _, due, *_ = split_labels(totals)
    held = (due > 0).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(ratio(hits, due).sum(axis=-1) / held)
