"""Overlap of predicted and gold labels: intersection over union, macro, micro or of one label."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts, ratio, split_labels
from harness.parts import Metric

Array = npt.NDArray[np.float64]


def jaccard(*, average: Literal["macro", "micro"] = "micro") -> Metric:
    """hits / (predicted + gold - hits), of all labels together (`micro`) or as the mean over labels (`macro`).

    Range 0 to 1, higher is better. A label that is neither predicted nor in the gold scores 0.

    Source: P. Jaccard, The distribution of the flora in the alpine zone, 1912.
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=_by_label)


def _by_label(totals: Array) -> Array:
    hits, said, due, *_ = split_labels(totals)
    return ratio(hits, said + due - hits)


def _macro(totals: Array) -> Array:
    return np.asarray(_by_label(totals).mean(axis=-1))


def _micro(totals: Array) -> Array:
    hits, said, due = (part.sum(axis=-1) for part in split_labels(totals)[:3])
    return ratio(hits, said + due - hits)


SCORES = {"macro": _macro, "micro": _micro}
