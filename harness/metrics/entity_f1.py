"""F1 of labelled spans: strict (start, end and label right), or by borders, by type, or with half credit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import coded, f1_of
from harness.errors import quote, suggestion
from harness.matching import Match, Spans, credit, match_counts, span_counts
from harness.parts import Metric
from harness.records import Annotations, Counts

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


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

    def unfit(gold: Annotations) -> str:
        known = ["all", *gold.tiers]
        return "" if not tier or tier in known else f"no tier {quote(tier)}. {suggestion(tier, known)}"

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        chosen = np.isin(np.array(gold.labels), _tier(gold, tier))
        return coded((_strict_rows if match == "strict" else _rows)(gold, predicted, chosen, match))

    return Metric(kinds=("spans",), count=count, score=_score, by_label=_by_label, unfit=unfit)


def _strict_rows(gold: Annotations, predicted: Annotations, chosen: Mask, _: Match) -> Array:
    """Hits, said and due in the tier, then for each label, also outside the tier: (n_items, 3 + 3 * n_labels)."""
    hits, said, due, unknown = _split(span_counts(gold, predicted))
    headline = [counts[:, chosen].sum(axis=1) for counts in (hits, said, due)]
    headline[1] = headline[1] + unknown[:, 0]
    return np.hstack([np.column_stack(headline), hits, said, due])


def _rows(gold: Annotations, predicted: Annotations, chosen: Mask, match: Match) -> Array:
    """The same with credit in the place of hits."""
    n, k = len(gold), len(gold.labels)
    due, said = Spans.of(gold), Spans.of(predicted)
    in_tier = np.append(chosen, True)  # the last is label -1
    pair = due.take(in_tier[due.label]), said.take(in_tier[said.label])
    headline = [credit(match_counts(*pair, n, match)), pair[1].per_group(n), pair[0].per_group(n)]
    due, said = due.within_labels(k), said.within_labels(k)
    each = [credit(match_counts(due, said, n * k, match)), said.per_group(n * k), due.per_group(n * k)]
    return np.hstack([np.column_stack(headline), *(counts.reshape(n, k) for counts in each)])


def _tier(gold: Annotations, tier: str) -> tuple[str, ...]:
    if tier == "all" or (not tier and not gold.tiers):
        return gold.labels
    if not tier:
        return next(iter(gold.tiers.values()))
    return gold.tiers[tier]


def _split(rows: Array) -> list[Array]:
    k = (rows.shape[1] - 1) // 3
    return np.split(rows, [k, 2 * k, 3 * k], axis=1)


def _score(totals: Array) -> Array:
    return f1_of(totals[..., 0], totals[..., 1], totals[..., 2])


def _by_label(totals: Array) -> Array:
    return f1_of(*np.split(totals[..., 3:], 3, axis=-1))
