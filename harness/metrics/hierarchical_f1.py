"""F1 over nodes, types and sub-types, of labels that are paths: the right type alone earns a part."""

from __future__ import annotations

from harness.counts import f1_of, of_one
from harness.hierarchy import path_counts
from harness.parts import Metric


def hierarchical_f1(*, separator: str = "/") -> Metric:
    """Twice the nodes that prediction and gold share, divided by those of both, summed over items.

    `RELEASE/swap` has the nodes `RELEASE` and `RELEASE/swap`. Each node counts once an item, and a deeper label
    weighs more than a shallow one. It is the harmonic mean of hierarchical_precision and hierarchical_recall. Range
    0 to 1, higher is better; 0 where nothing is predicted or due. An item that was not answered predicts no node. On
    labels without the separator it is f1(average="micro").

    Source: S. Kiritchenko et al., Functional annotation of genes using hierarchical text categorization, 2005;
    A. Kosmopoulos et al., Evaluation measures for hierarchical classification, 2015, section 4.2 (set-based).
    """
    return Metric(kinds=("label", "labels"), count=path_counts(separator), score=of_one(f1_of))
