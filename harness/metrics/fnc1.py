"""The Fake News Challenge score: related or not earns a quarter, the right stance the rest."""

from __future__ import annotations

import numpy as np

from harness.annotations import Annotations
from harness.counts import Array, label_counts, split_labels
from harness.errors import quote, suggestion
from harness.parts import Metric
from harness.records import Counts


def fnc1(*, unrelated: str = "unrelated") -> Metric:
    """What the answers earn as a share of the most they could.

    Every label but `unrelated` is a related one. A right answer earns 0.25, and 0.5 more where it is a related label;
    and 0.25 is earned where gold and answer are both related: so a right related answer 1, a right `unrelated` 0.25,
    a wrong one that is at least related 0.25. Range 0 to 1, higher is better. Not defined (nan) on no items. An item
    that was not answered earns nothing.

    Source: Fake News Challenge stage 1 (D. Pomerleau and D. Rao, 2017), the official scorer.py, as a share of its MAX.
    """

    def unfit(gold: Annotations) -> str:
        return "" if unrelated in gold.labels else f"no label {quote(unrelated)}. {suggestion(unrelated, gold.labels)}"

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        related = np.array([label != unrelated for label in gold.labels], float)
        counts = label_counts(gold, predicted)
        hits, said, due, _, right = split_labels(counts.vectors)
        earned = 0.25 * right + 0.5 * (hits @ related) + 0.25 * (said @ related) * (due @ related)
        most = 0.25 * due.sum(axis=1) + 0.75 * (due @ related)
        return Counts(counts.code, np.column_stack([earned, most]))

    return Metric(kinds=("label",), count=count, score=_score, unfit=unfit)


def _score(totals: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(totals[..., 0] / totals[..., 1])
