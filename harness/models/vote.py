"""Several models asked alike, the majority's answer taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.annotations import Annotations, SpanTuple
from harness.errors import AskedWrongly
from harness.models._inner import spent_by, unfinished_of
from harness.parts import Model
from harness.records import ANSWERED, Items, digest_of

KINDS = ("label", "labels", "spans")
LIBRARIES = ()
ROOMS = ("models/_inner.py",)  # whose code is a part of the identity


def vote(*, models: tuple[Model | str, ...]) -> Model:
    """Each item has the answer that most of the models give it; those that do not answer it have no vote.

    A label: the one with the most votes; among equals the highest sum of scores, then the first declared. A set: each
    label that more than half give; at exactly half, where the mean score is above 0.5. Spans: each that more than
    half give with the same borders and label; two such spans overlap only where one model gave both. An item that
    no model answers has the status that the first gives it. Scores are the mean, where all models give them.

    The first model is fitted with the seed, the second with seed + 1 and so on, so that a model may stand several
    times. Files of predictions vote among themselves: `vote(models=("predictions(path='a.jsonl')", ...))`.
    """
    made = [model for model in models if not isinstance(model, str)]
    assert len(made) == len(models)
    return _Vote(made)


class _Vote:
    def __init__(self, models: Sequence[Model]) -> None:
        if not models:
            raise AskedWrongly('vote needs models. Write vote(models=("tfidf", "majority")).')
        self.models = models
        self.whole = all(getattr(model, "whole", False) for model in models)

    @property
    def identity(self) -> str:
        """The identities of the models that have one, in their order."""
        own = [str(getattr(model, "identity", "")) for model in self.models]
        return digest_of(one.encode() for one in own) if any(own) else ""

    @property
    def spent(self) -> dict[str, float]:
        return spent_by(*self.models)

    @property
    def unfinished(self) -> bool:
        return unfinished_of(*self.models)

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        for n, model in enumerate(self.models):
            model.fit(items, gold, seed=(seed + n) % 2**32)

    def predict(self, items: Items) -> Annotations:
        said = [model.predict(items) for model in self.models]
        given = [one.scores for one in said if one.scores is not None]
        sums = np.zeros((len(items), len(said[0].labels)))
        for one in given:
            sums += one
        answers: list[Any] = []
        status: list[int] = []
        for i in range(len(items)):
            votes = [one.answer(i) for one in said if one.status[i] == ANSWERED]
            status.append(ANSWERED if votes else int(said[0].status[i]))
            answers.append(_elect(said[0], votes, sums[i]) if votes else None)
        if said[0].kind == "spans":
            return Annotations.of_spans(items["item"], said[0].labels, answers, status=status)
        make: Any = Annotations.of_label if said[0].kind == "label" else Annotations.of_labels
        scores = (sums / len(said)).astype(np.float32) if len(given) == len(said) else None
        voted: Annotations = make(items["item"], said[0].labels, answers, status=status, scores=scores)
        return voted


def _elect(said: Annotations, votes: list[Any], sums: np.ndarray[Any, Any]) -> str | list[str] | list[SpanTuple]:
    """The answer of the majority to one item; `sums` (n_labels,) are the scores summed over models."""
    labels, half = said.labels, len(votes) / 2
    if said.kind == "label":
        counts = Counter(votes)
        best = max(range(len(labels)), key=lambda k: (counts[labels[k]], sums[k], -k))
        return labels[best]
    times = Counter(one for answer in votes for one in set(answer))
    if said.kind == "labels":
        tied = {label for label, mass in zip(labels, sums, strict=True) if mass > half}
        return [label for label in labels if times[label] > half or (times[label] == half and label in tied)]
    return [span for span, n in times.items() if n > half]
