"""The floor: always the most frequent answer of the training gold, no spans at all."""

from __future__ import annotations

import numpy as np

from harness.annotations import Annotations
from harness.parts import Model
from harness.records import Items

LIBRARIES = ()  # a count of labels, which no version of numpy changes


def majority() -> Model:
    """Answers every item alike: the most frequent label (the first declared among equals).

    For sets of labels, the most frequent label alone; for spans, none.
    """
    return _Majority()


class _Majority:
    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels = gold.kind, gold.labels
        counts = np.bincount(gold.codes[gold.codes >= 0], minlength=len(gold.labels))
        self.label = gold.labels[int(counts.argmax())]
        self.share = (counts / max(1, len(gold))).astype(np.float32)

    def predict(self, items: Items) -> Annotations:
        n = len(items)
        if self.kind == "spans":
            return Annotations.of_spans(items["item"], self.labels, [[]] * n)
        scores = np.tile(self.share, (n, 1))
        if self.kind == "label":
            return Annotations.of_label(items["item"], self.labels, [self.label] * n, scores=scores)
        return Annotations.of_labels(items["item"], self.labels, [[self.label]] * n, scores=scores)
