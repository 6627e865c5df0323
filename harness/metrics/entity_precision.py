"""Precision of labelled spans: how many of the predicted ones are right, under the matches of entity_f1."""

from __future__ import annotations

from harness.counts import Array, of_one, ratio
from harness.entities import each_label_counts, no_tier, span_counts
from harness.matching import Match
from harness.parts import ByLabel, Metric


def entity_precision(*, tier: str = "", match: Match = "strict") -> Metric:
    """Credit divided by predicted spans, over the spans of one tier of labels.

    `tier` and `match` are those of `entity_f1`. Range 0 to 1, higher is better; 0 where no span is predicted.

    Source: N. Chinchor and B. Sundheim, MUC-5 evaluation metrics, 1993, as in SemEval-2013 task 9.1
    (I. Segura-Bedmar et al., 2013).
    """
    value = of_one(_precision)
    by_label = ByLabel(each_label_counts(match), value)
    return Metric(("spans",), span_counts(tier, match), value, by_label, no_tier(tier))


def _precision(credit: Array, said: Array, due: Array) -> Array:
    return ratio(credit, said)
