"""Overlap of predicted and gold labels: intersection over union, macro, micro or of one label."""

from __future__ import annotations

from typing import Literal

from harness.counts import Array, averages, each_label, label_counts, of_one, ratio
from harness.parts import ByLabel, Metric


def jaccard(*, average: Literal["macro", "micro"] = "micro") -> Metric:
    """hits / (predicted + gold - hits), of all labels together (`micro`) or as the mean over labels (`macro`).

    Range 0 to 1, higher is better. A label that is neither predicted nor in the gold scores 0.

    Source: P. Jaccard, The distribution of the flora in the alpine zone, 1912.
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=EACH)


def _jaccard(hits: Array, said: Array, due: Array) -> Array:
    return ratio(hits, said + due - hits)


EACH, SCORES = ByLabel(each_label, of_one(_jaccard)), averages(_jaccard)
