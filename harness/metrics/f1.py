"""F1 over the declared labels: 2 · hits / (predicted + gold), macro, micro, weighted or of one label."""

from __future__ import annotations

from typing import Literal

from harness.counts import averages, each_label, f1_of, label_counts, of_one
from harness.parts import ByLabel, Metric


def f1(*, average: Literal["macro", "micro", "weighted"] = "macro") -> Metric:
    """The harmonic mean of precision and recall.

    `macro` is the plain mean over *all declared* labels, whether or not gold or prediction holds them; `micro`
    counts hits, predictions and gold of all labels together; `weighted` weighs each label by its gold. On one label
    an item, micro F1 is accuracy wherever every item was answered. Range 0 to 1, higher is better. A label that is
    neither predicted nor in the gold scores 0, as scikit-learn does with `labels=` and `zero_division=0`.

    Source: C. J. van Rijsbergen, Information Retrieval, 1979; the macro mean is that of F1 values (J. Opitz and
    S. Burst, Macro F1 and Macro F1, 2019, on the difference).
    """
    return Metric(kinds=("label", "labels"), count=label_counts, score=SCORES[average], by_label=EACH)


EACH, SCORES = ByLabel(each_label, of_one(f1_of)), averages(f1_of)
