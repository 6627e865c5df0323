"""Scikit-learn estimators asked for a label or a set of labels, whatever they are fed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from harness.annotations import Annotations

Table = np.ndarray[Any, Any]  # (n_items, n_labels)


def table_of(gold: Annotations) -> Table:
    """(n_items, n_labels): whether the item has the label."""
    table = np.zeros((len(gold), len(gold.labels)), bool)
    lengths = np.ones(len(gold), int) if gold.offsets is None else np.diff(gold.offsets)
    rows = np.repeat(np.arange(len(gold)), lengths)
    known = gold.codes >= 0
    table[rows[known], gold.codes[known]] = True
    return table


def answers_from(scores: Table, item: Sequence[str], gold: Annotations) -> Annotations:
    """The label with the highest score, the scores as shares of one; or each label with a score of 0.5 and more.

    `gold` tells the kind and the labels. Where all scores of an item are 0, each label has the same share.
    """
    labels = gold.labels
    if gold.kind == "labels":
        sets = [[labels[k] for k in np.flatnonzero(row >= 0.5)] for row in scores]
        return Annotations.of_labels(item, labels, sets, scores=scores.astype(np.float32))
    best = [labels[int(k)] for k in scores.argmax(axis=1)]
    sums = scores.sum(axis=1, keepdims=True)
    share = np.divide(scores, sums, out=np.full(scores.shape, 1 / scores.shape[1]), where=sums > 0)
    return Annotations.of_label(item, labels, best, scores=share.astype(np.float32))


class Estimator:
    """For a label one estimator; for a set of labels one for all where it can, else one a label.

    `make` gives a new estimator; what it is fed, and whether it gives scores, is its own affair. A label that all
    items of training have, or none, is answered without one.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def fit(self, features: Any, gold: Annotations) -> None:
        self.gold = gold.take([])
        due = table_of(gold)
        self.always = due.any(axis=0) & due.all(axis=0)
        self.varying = np.flatnonzero(due.any(axis=0) & ~self.always)
        self.heads: list[Any] = []
        if not len(self.varying):
            return
        self.together = gold.kind == "labels" and len(self.varying) > 1 and _takes_sets(self.make())
        if gold.kind == "label":
            self.heads.append(self.make().fit(features, np.array(gold.answers())))
        elif self.together:
            self.heads.append(self.make().fit(features, due[:, self.varying].astype(int)))
        else:
            self.heads.extend(self.make().fit(features, column) for column in due[:, self.varying].T.astype(int))

    def predict(self, features: Any, item: Sequence[str]) -> Annotations:
        """The estimators' own answers, with scores where they give any."""
        if not len(item) or not self.heads:
            scores = np.tile(self.always.astype(float), (len(item), 1))
            return answers_from(scores, item, self.gold)
        if self.gold.kind == "label":
            return self._label(features, item)
        chosen = np.tile(self.always, (len(item), 1))
        said = [np.asarray(head.predict(features)).reshape(len(item), -1) for head in self.heads]
        chosen[:, self.varying] = np.hstack(said) > 0
        sets = [[self.gold.labels[k] for k in np.flatnonzero(row)] for row in chosen]
        return Annotations.of_labels(item, self.gold.labels, sets, scores=self._scores_of_sets(features, chosen))

    def _label(self, features: Any, item: Sequence[str]) -> Annotations:
        [head] = self.heads
        labels, scores = self.gold.labels, None
        if (given := _scores(head, features)) is not None:
            scores = np.zeros((len(item), len(labels)), np.float32)
            scores[:, [labels.index(label) for label in head.classes_]] = given
        return Annotations.of_label(item, labels, [str(label) for label in head.predict(features)], scores=scores)

    def _scores_of_sets(self, features: Any, chosen: Table) -> Table | None:
        given = [_scores(head, features, sets=self.together) for head in self.heads]
        if any(one is None for one in given):
            return None
        scores = chosen.astype(np.float32)
        columns = given[0] if self.together else np.column_stack([one[:, 1] for one in given if one is not None])
        scores[:, self.varying] = columns
        return scores


def _takes_sets(estimator: Any) -> bool:
    """Whether one estimator learns several labels at once."""
    from sklearn.utils import get_tags

    tags = get_tags(estimator).classifier_tags if hasattr(estimator, "__sklearn_tags__") else None
    return bool(tags and tags.multi_label)


def _scores(head: Any, features: Any, *, sets: bool = False) -> Table | None:
    """(n_items, n_classes): probabilities, else margins through a softmax or, of sets, a logistic function."""
    if hasattr(head, "predict_proba"):
        given = head.predict_proba(features)
        return np.column_stack([one[:, 1] for one in given]) if isinstance(given, list) else np.asarray(given)
    if not hasattr(head, "decision_function"):
        return None
    from scipy.special import expit, softmax

    margins = np.asarray(head.decision_function(features))
    if sets:
        return np.asarray(expit(margins))
    return np.asarray(softmax(np.column_stack([-margins / 2, margins / 2]) if margins.ndim == 1 else margins, axis=1))
