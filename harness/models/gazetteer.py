"""Names seen in training, found again: the leftmost first, then the longest."""

from __future__ import annotations

import re
from collections import Counter

from harness.annotations import Annotations, SpanTuple
from harness.parts import Model
from harness.records import Items

KINDS = ("spans",)
LIBRARIES = ()


def gazetteer(*, fewest: int = 1) -> Model:
    """Marks every surface that the training gold marked at least `fewest` times, with its most frequent label.

    Matches are on whole words and are case-sensitive; of overlapping ones the leftmost stays, then the longest.
    """
    return _Gazetteer(fewest)


class _Gazetteer:
    def __init__(self, fewest: int) -> None:
        self.fewest = fewest

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        seen: dict[str, Counter[str]] = {}
        for text, spans in zip(items["text"], gold.answers(), strict=True):
            for start, end, label in spans or ():
                seen.setdefault(text[start:end], Counter())[label] += 1
        order = {label: i for i, label in enumerate(gold.labels)}
        self.labels = gold.labels
        self.known = {
            surface: min(counts, key=lambda label, c=counts: (-c[label], order[label]))  # type: ignore[misc]
            for surface, counts in seen.items()
            if counts.total() >= self.fewest
        }
        longest_first = sorted(self.known, key=lambda surface: (-len(surface), surface))
        words = "|".join(re.escape(surface) for surface in longest_first)
        self.pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None

    def predict(self, items: Items) -> Annotations:
        return Annotations.of_spans(items["item"], self.labels, [self._spans(text) for text in items["text"]])

    def _spans(self, text: str) -> list[SpanTuple]:
        if self.pattern is None:
            return []
        return [(m.start(), m.end(), self.known[m[0]]) for m in self.pattern.finditer(text)]
