"""F1 of labelled spans, strict: start, end and label must all be right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import coded, f1_of, span_counts
from harness.errors import quote, suggestion
from harness.parts import Metric
from harness.records import Annotations, Counts


def entity_f1(*, tier: str = "") -> Metric:
    """Micro F1 over the spans of one tier of labels, each span weighing the same.

    `tier` is a tier that the layer declares; by default its first one, or all labels where it declares none;
    `tier="all"` is always all labels. A predicted span whose label is not declared is a false
    positive of every tier. Range 0 to 1, higher is better; 0 where neither gold nor prediction holds a
    span, as in seqeval.

    Source: E. Tjong Kim Sang and F. De Meulder, CoNLL-2003 shared task, 2003 (exact match); equal to
    seqeval's strict mode on tags that can be read in one way only.
    """

    def unfit(gold: Annotations) -> str:
        known = ["all", *gold.tiers]
        return "" if not tier or tier in known else f"no tier {quote(tier)}. {suggestion(tier, known)}"

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        hits, said, due, unknown = _split(span_counts(gold, predicted))
        chosen = np.isin(np.array(gold.labels), _tier(gold, tier))
        # labels outside the tier keep their columns for `by_label`, and stand apart in the headline
        headline = [counts[:, chosen].sum(axis=1) for counts in (hits, said, due)]
        headline[1] = headline[1] + unknown[:, 0]
        return coded(np.hstack([np.column_stack(headline), hits, said, due]))

    return Metric(kinds=("spans",), count=count, score=_score, by_label=_by_label, unfit=unfit)


def _tier(gold: Annotations, tier: str) -> tuple[str, ...]:
    if tier == "all" or (not tier and not gold.tiers):
        return gold.labels
    if not tier:
        return next(iter(gold.tiers.values()))
    return gold.tiers[tier]


def _split(rows: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    k = (rows.shape[1] - 1) // 3
    return np.split(rows, [k, 2 * k, 3 * k], axis=1)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return f1_of(totals[..., 0], totals[..., 1], totals[..., 2])


def _by_label(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return f1_of(*np.split(totals[..., 3:], 3, axis=-1))
