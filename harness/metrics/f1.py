"""F1 over the declared labels: 2 · hits / (predicted + gold), macro, micro or of one label."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts
from harness.parts import Metric


def f1(*, average: Literal["macro", "micro"] = "macro") -> Metric:
    """The harmonic mean of precision and recall.

    `macro` is the plain mean over *all declared* labels, whether or not gold or prediction holds them; `micro`
    counts hits, predictions and gold of all labels together. On one label an item, micro F1 is accuracy
    wherever every item was answered. Range 0 to 1, higher is better. A label that is neither predicted nor in
    the gold scores 0, as scikit-learn does with `labels=` and `zero_division=0`.

    Source: C. J. van Rijsbergen, Information Retrieval, 1979; the macro mean is that of F1 values (Opitz and
    Burst 2019 on the difference).
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=by_label)


def by_label(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(..., 3 * n_labels) -> (..., n_labels)."""
    return _f1(*np.split(totals, 3, axis=-1))


def _macro(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(by_label(totals).mean(axis=-1))


def _micro(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hits, said, due = np.split(totals, 3, axis=-1)
    return _f1(hits.sum(axis=-1), said.sum(axis=-1), due.sum(axis=-1))


def _f1(
    hits: npt.NDArray[np.float64], said: npt.NDArray[np.float64], due: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.divide(2 * hits, said + due, out=np.zeros_like(hits), where=said + due > 0)


SCORES = {"macro": _macro, "micro": _micro}
