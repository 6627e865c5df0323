"""Area under the ROC curve of each label against all others, and the plain mean of them."""

from __future__ import annotations

import numpy as np

from harness.annotations import Annotations
from harness.parts import Ranking
from harness.ranking import Array, Ranked, one_vs_rest, too_few_labels


def roc_auc() -> Ranking:
    """The share of pairs of an item of the label and one of another that its scores put in order; equal ones half.

    Range 0 to 1, higher is better; scores that tell nothing have 0.5. Scores of a label are compared between items
    only, so they need not be probabilities. The headline is the plain mean over the declared labels that have gold
    items and are not the gold of all: any other label has no value (nan) and is left out; nan where all are. An item
    without an answer or without scores stands below all items for its gold label and above all for the others, the
    worst that it could get. Ties and mean are those of scikit-learn's roc_auc_score(multi_class="ovr").

    It is no sum over items. The influence of an item is its structural component less the value, over the number of
    its side; their squares sum to DeLong's variance but for the factors n/(n - 1). Sums over groups of them give the
    variance of clustered data. A label with one gold item has a value and no interval, nor has the mean with it.

    Source: J. Hanley and B. McNeil, The meaning and use of the area under a ROC curve, 1982; E. DeLong et al., 1988,
    for the components; N. Obuchowski, Nonparametric analysis of clustered ROC curve data, 1997.
    """
    return Ranking(kinds=("label",), values=_values, unfit=too_few_labels)


def _values(gold: Annotations, predicted: Annotations) -> tuple[Array, Array]:
    return one_vs_rest(gold, predicted, "roc_auc", _area)


def _area(ranked: Ranked) -> tuple[float, Array, Array]:
    p, n = ranked.positives, ranked.negatives
    # Twice the positives, and the negatives, below an item of a step; equal ones are half below.
    positives = ranked.below[1:] + ranked.below[:-1]
    negatives = ranked.edges[1:] + ranked.edges[:-1] - positives
    value = int(np.diff(ranked.below) @ negatives) / (2 * p * n)
    return value, (negatives / (2 * n) - value) / p, (1 - positives / (2 * p) - value) / n
