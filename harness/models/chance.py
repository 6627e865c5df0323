"""Blind luck: labels drawn at random, alike for all, or as often as the training gold has them."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np

from harness.annotations import Annotations
from harness.parts import Model
from harness.records import Items

KINDS = ("label", "labels")
LIBRARIES = ("numpy",)


def chance(*, strategy: Literal["uniform", "stratified"] = "stratified") -> Model:
    """Answers each item by a draw that depends on the seed and the item alone, whatever stands around it.

    `uniform`: every label has the same chance; `stratified`: each has its share of the training gold. Of label sets
    each label is drawn by itself, with a chance of one half or its share. The scores are these chances. The same as
    scikit-learn's `DummyClassifier` but for the order of items.
    """
    return _Chance(strategy)


class _Chance:
    def __init__(self, strategy: str) -> None:
        self.strategy = strategy

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels, self.seed = gold.kind, gold.labels, seed
        k = len(gold.labels)
        counts = np.bincount(gold.codes[gold.codes >= 0], minlength=k)
        n = int(counts.sum()) if self.kind == "label" else len(gold)
        even = 1 / k if self.kind == "label" else 0.5
        self.chances = np.full(k, even) if self.strategy == "uniform" or not n else counts / n

    def predict(self, items: Items) -> Annotations:
        scores = np.tile(self.chances.astype(np.float32), (len(items), 1))
        if self.kind == "label":
            steps = np.cumsum(self.chances[:-1])  # the last label has what is left, however sums are rounded
            best = [self.labels[int(np.searchsorted(steps, self._draw(item), "right"))] for item in items["item"]]
            return Annotations.of_label(items["item"], self.labels, best, scores=scores)
        chances = list(zip(self.labels, self.chances, strict=True))
        sets = [[label for label, share in chances if self._draw(item, label) < share] for item in items["item"]]
        return Annotations.of_labels(items["item"], self.labels, sets, scores=scores)

    def _draw(self, *of: str) -> float:
        """A number in [0, 1) that the seed and these names decide."""
        text = "\0".join((str(self.seed), *of)).encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.sha256(text).digest()[:6], "big") / 2**48
