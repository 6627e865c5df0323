"""Share of the predicted nodes, types and sub-types, that are right: of labels that are paths."""

from __future__ import annotations

from harness.counts import Array, of_one, ratio
from harness.hierarchy import path_counts
from harness.parts import Metric


def hierarchical_precision(*, separator: str = "/") -> Metric:
    """Nodes that prediction and gold share, divided by the predicted nodes, summed over items.

    `RELEASE/swap` has the nodes `RELEASE` and `RELEASE/swap`: the right type with the wrong sub-type is half right.
    Range 0 to 1, higher is better; 0 where nothing is predicted. An item that was not answered predicts no node: it
    costs recall. On labels without the separator it is precision(average="micro").

    Source: S. Kiritchenko et al., Functional annotation of genes using hierarchical text categorization, 2005;
    A. Kosmopoulos et al., Evaluation measures for hierarchical classification, 2015, section 4.2 (set-based).
    """
    return Metric(kinds=("label", "labels"), count=path_counts(separator), score=of_one(_precision))


def _precision(hits: Array, said: Array, due: Array) -> Array:
    return ratio(hits, said)
