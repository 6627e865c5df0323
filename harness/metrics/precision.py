"""Share of what was predicted that is right, over the declared labels: macro, micro, weighted or of one label."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts, ratio, split_labels
from harness.parts import Metric

Array = npt.NDArray[np.float64]


def precision(*, average: Literal["macro", "micro", "weighted"] = "macro") -> Metric:
    """Hits divided by predictions, of one label or averaged.

    `macro` is the plain mean over all declared labels, `micro` counts all labels together, `weighted` weighs each
    label by its gold. Range 0 to 1, higher is better. A label for which the divisor is 0 scores 0.

    Source: A. Kent et al., Machine literature searching VIII, 1955.
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=_by_label)


def _by_label(totals: Array) -> Array:
    hits, said, *_ = split_labels(totals)
    return ratio(hits, said)


def _macro(totals: Array) -> Array:
    return np.asarray(_by_label(totals).mean(axis=-1))


def _micro(totals: Array) -> Array:
    hits, said, *_ = split_labels(totals)
    return ratio(hits.sum(axis=-1), said.sum(axis=-1))


def _weighted(totals: Array) -> Array:
    due = split_labels(totals)[2]
    return ratio((_by_label(totals) * due).sum(axis=-1), due.sum(axis=-1))


SCORES = {"macro": _macro, "micro": _micro, "weighted": _weighted}
