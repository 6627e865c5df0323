"""F1 of labelled spans: strict (start, end and label right), or by borders, by type, or with half credit."""

from __future__ import annotations

from harness.counts import f1_of, of_one
from harness.entities import each_label_counts, no_tier, span_counts
from harness.matching import Match
from harness.parts import ByLabel, Metric


def entity_f1(*, tier: str = "", match: Match = "strict") -> Metric:
    """Micro F1 over the spans of one tier of labels, each span weighing the same.

    `tier` is a tier that the layer declares; by default its first one, or all labels where it declares none;
    `tier="all"` is always all labels. A predicted span whose label is not declared is a false
    positive of every tier.

    `match` says when a predicted span is right: `strict`, its start, end and label are; `boundary`, its start and end
    are, whatever the label; `type`, its label is and it overlaps; `partial`, its start and end are, and one half where
    it only overlaps, whatever the label. Spans are paired one to one, exact ones first, then so that the credit is
    greatest; nested and overlapping spans too. The score of a label looks at the spans of that label alone.

    Range 0 to 1, higher is better; 0 where neither gold nor prediction holds a span, as in seqeval.

    Source: E. Tjong Kim Sang and F. De Meulder, CoNLL-2003 shared task, 2003 (exact match); strict is equal to
    seqeval's strict mode on tags that can be read in one way only. The others: N. Chinchor and B. Sundheim, MUC-5
    evaluation metrics, 1993, as in SemEval-2013 task 9.1 (I. Segura-Bedmar et al., 2013).
    """
    value = of_one(f1_of)
    by_label = ByLabel(each_label_counts(match), value)
    return Metric(("spans",), span_counts(tier, match), value, by_label, no_tier(tier))
