"""Average precision of each label against all others, and the plain mean of them."""

from __future__ import annotations

import numpy as np

from harness.annotations import Annotations
from harness.parts import Ranking
from harness.ranking import Array, Ranked, one_vs_rest, too_few_labels


def average_precision() -> Ranking:
    """The mean over the gold items of a label of the precision among all items that score as high or higher.

    Range 0 to 1, higher is better; scores that tell nothing have the share of the label. Scores of a label are
    compared between items only, so they need not be probabilities. It is the area under the steps of precision and
    recall over the distinct scores, with nothing between them, as scikit-learn's average_precision_score. The headline
    is the plain mean over the declared labels that have gold items and are not the gold of all: any other label has no
    value (nan) and is left out; nan where all are. An item without an answer or without scores stands below all items
    for its gold label and above all for the others, the worst that it could get.

    It is no sum over items; the influence of an item is the derivative of the value by its weight. A label with one
    gold item has a value and no interval, nor has the mean with it.

    Source: C. Buckley and E. Voorhees, Evaluating evaluation measure stability, 2000; L. Jaeckel, The infinitesimal
    jackknife, 1972, for the influence.
    """
    return Ranking(kinds=("label",), values=_values, unfit=too_few_labels)


def _values(gold: Annotations, predicted: Annotations) -> tuple[Array, Array]:
    return one_vs_rest(gold, predicted, "average_precision", _area)


def _area(ranked: Ranked) -> tuple[float, Array, Array]:
    p, here = ranked.positives, np.diff(ranked.below)
    above = len(ranked.item) - ranked.edges[:-1]  # items as high or higher
    precision = (p - ranked.below[:-1]) / above
    # Running sums add in the order of the steps, on any machine.
    value = float(np.cumsum(here * precision)[-1]) / p
    share = here / above  # what one more item above adds or takes at each step that it is above
    lost = np.cumsum(share * precision)
    gained = precision - value + np.cumsum(share) - lost
    return value, gained / p, -lost / p
