"""Share of what was predicted that is right, over the declared labels: macro, micro, weighted or of one label."""

from __future__ import annotations

from typing import Literal

from harness.counts import Array, averages, each_label, label_counts, of_one, ratio
from harness.parts import ByLabel, Metric


def precision(*, average: Literal["macro", "micro", "weighted"] = "macro") -> Metric:
    """Hits divided by predictions, of one label or averaged.

    `macro` is the plain mean over all declared labels, `micro` counts all labels together, `weighted` weighs each
    label by its gold. Range 0 to 1, higher is better. A label for which the divisor is 0 scores 0.

    Source: A. Kent et al., Machine literature searching VIII, 1955.
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=EACH)


def _precision(hits: Array, said: Array, due: Array) -> Array:
    return ratio(hits, said)


EACH, SCORES = ByLabel(each_label, of_one(_precision)), averages(_precision)
