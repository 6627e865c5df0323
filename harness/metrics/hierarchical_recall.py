"""Share of the gold's nodes, types and sub-types, that were found: of labels that are paths."""

from __future__ import annotations

from harness.counts import Array, of_one, ratio
from harness.hierarchy import path_counts
from harness.parts import Metric


def hierarchical_recall(*, separator: str = "/") -> Metric:
    """Nodes that prediction and gold share, divided by the nodes of the gold, summed over items.

    `RELEASE/swap` has the nodes `RELEASE` and `RELEASE/swap`: the type alone finds half of it. Range 0 to 1, higher
    is better; 0 where the gold holds nothing. Of an item that was not answered no node is found. On labels without
    the separator it is recall(average="micro").

    Source: S. Kiritchenko et al., Functional annotation of genes using hierarchical text categorization, 2005;
    A. Kosmopoulos et al., Evaluation measures for hierarchical classification, 2015, section 4.2 (set-based).
    """
    return Metric(kinds=("label", "labels"), count=path_counts(separator), score=of_one(_recall))


def _recall(hits: Array, said: Array, due: Array) -> Array:
    return ratio(hits, due)
