"""F1 over the declared labels: 2 · hits / (predicted + gold), macro, micro, weighted or of one label."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.counts import f1_of, label_counts, ratio, split_labels
from harness.parts import Metric

Array = npt.NDArray[np.float64]


def f1(*, average: Literal["macro", "micro", "weighted"] = "macro") -> Metric:
    """The harmonic mean of precision and recall.

    `macro` is the plain mean over *all declared* labels, whether or not gold or prediction holds them; `micro`
    counts hits, predictions and gold of all labels together; `weighted` weighs each label by its gold. On one label
    an item, micro F1 is accuracy wherever every item was answered. Range 0 to 1, higher is better. A label that is
    neither predicted nor in the gold scores 0, as scikit-learn does with `labels=` and `zero_division=0`.

    Source: C. J. van Rijsbergen, Information Retrieval, 1979; the macro mean is that of F1 values (J. Opitz and
    S. Burst, Macro F1 and Macro F1, 2019, on the difference).
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=_by_label)


def _by_label(totals: Array) -> Array:
    hits, said, due, _, _ = split_labels(totals)
    return f1_of(hits, said, due)


def _macro(totals: Array) -> Array:
    return np.asarray(_by_label(totals).mean(axis=-1))


def _micro(totals: Array) -> Array:
    hits, said, due, _, _ = split_labels(totals)
    return f1_of(hits.sum(axis=-1), said.sum(axis=-1), due.sum(axis=-1))


def _weighted(totals: Array) -> Array:
    due = split_labels(totals)[2]
    return ratio((_by_label(totals) * due).sum(axis=-1), due.sum(axis=-1))


SCORES = {"macro": _macro, "micro": _micro, "weighted": _weighted}
