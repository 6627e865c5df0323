"""Mean of -ln p, p being the probability that was given to the gold label."""

from __future__ import annotations

import numpy as np

from harness.annotations import Annotations
from harness.calibration import Array, judged, mean_counts, mean_of, natural_log
from harness.parts import Metric
from harness.records import Counts

SMALLEST = 2.0**-149  # of float32 above 0


def log_loss() -> Metric:
    """The cost in nats of the probabilities; a model that gives every label the same has ln(n_labels).

    Range 0 to 103.279, lower is better. Not defined (nan) on no items. p is clipped at the smallest float32 above 0,
    2**-149, and at 1; an item without an answer or without scores has p at the clip, 103.279. Refused where a model
    gives no scores, or scores that are no probabilities. scikit-learn's log_loss clips at 2.2e-16 instead, and is
    the same wherever no p is below that. Each item's value is rounded to a multiple of 2**-48 and kept in two parts,
    so that sums of up to 67 million items are exact and no result depends on their order.

    Source: I. J. Good, Rational decisions, 1952.
    """
    return Metric(kinds=("label",), count=_count, score=mean_of, better="lower")


def _count(gold: Annotations, predicted: Annotations) -> Counts:
    found = judged(gold, predicted, "log_loss")

    def cost(own: slice) -> Array:
        given = found.filled(found.given, own, SMALLEST)
        loss = natural_log(np.clip(given, SMALLEST, 1.0, out=given))
        return np.negative(loss, out=loss)

    return mean_counts(len(gold), cost)
