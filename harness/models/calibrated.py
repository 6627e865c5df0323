"""A model whose scores are made into probabilities that hold, learned on folds of its training items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.models._estimator import Table, answers_from, table_of
from harness.models._inner import added, spent_by, unfinished_of
from harness.parts import Model
from harness.records import ANSWERED, Items

KINDS = ("label", "labels")
ROOMS = ("models/_estimator.py", "models/_inner.py")  # whose code is a part of the identity
LIBRARIES = ("scikit-learn", "scipy", "numpy")
CLOSEST = 1e-6  # to 0 and 1 that a score may come, so that its logarithm is finite

Map = Callable[[Table], Table]  # scores -> probabilities, of one label (n_items,) or of all (n_items, n_labels)


def calibrated(
    *,
    model: Model | str = "tfidf",
    method: Literal["isotonic", "sigmoid", "temperature"] = "sigmoid",
    folds: int = 5,
) -> Model:
    """Fits the model on all but one of `folds` folds in turn, learns from its scores of the fold left out what they
    are worth, and then fits it on all. A group of documents stands in one fold whole.

    `sigmoid` (J. Platt, 1999) and `isotonic` (B. Zadrozny, C. Elkan, 2002) are learned for each label by itself, and
    made to sum to 1 where an item has one label, so that answers may change; isotonic wants some thousand items.
    Of sets, each label of 0.5 and more is answered. `temperature` (C. Guo et al., 2017) is one number for all labels
    and leaves every answer as it is.
    """
    assert isinstance(model, Model)
    if folds < 2:
        raise AskedWrongly("calibrated needs at least 2 folds.")
    return _Calibrated(model, method, folds)


class _Calibrated:
    def __init__(self, model: Model, method: str, folds: int) -> None:
        self.model, self.method, self.folds = model, method, folds
        self.spent: dict[str, float] = {}
        self.unfinished = False

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        from sklearn.model_selection import GroupKFold

        folds = min(self.folds, len(set(items["group"])))
        if folds < 2:
            raise AskedWrongly("calibrated needs at least 2 groups of documents to learn from.")
        self.learning, self.gaps = dict[str, float](), False  # what asking in the folds cost, and if it left any out
        scores = np.zeros((len(items), len(gold.labels)))
        answered = np.zeros(len(items), bool)
        for learn, ask in GroupKFold(folds).split(scores, groups=items["group"]):
            self.model.fit(items.take(learn), gold.take(learn), seed=seed)
            said = self.model.predict(items.take(ask))
            self.learning = added((self.learning, spent_by(self.model)))
            self.gaps = self.gaps or unfinished_of(self.model)
            scores[ask], answered[ask] = self._scores(said), said.status == ANSWERED
        self.maps = _learned(self.method, gold.kind, scores[answered], table_of(gold)[answered])
        self.model.fit(items, gold, seed=seed)

    def predict(self, items: Items) -> Annotations:
        said = self.model.predict(items)
        self.spent = added((self.learning, spent_by(self.model)))
        self.unfinished = self.gaps or unfinished_of(self.model)
        if not len(items):
            return said
        scores = self._scores(said)
        if self.method == "temperature":
            return replace(said, scores=answers_from(self.maps[0](scores), items["item"], said).scores)
        scores = np.column_stack([of(column) for of, column in zip(self.maps, scores.T, strict=True)])
        made = answers_from(scores, items["item"], said)
        answered = said.status == ANSWERED
        kept = [made.answer(i) if answered[i] else None for i in range(len(items))]
        make: Any = Annotations.of_label if said.kind == "label" else Annotations.of_labels
        again: Annotations = make(items["item"], said.labels, kept, status=said.status.tolist(), scores=made.scores)
        return again

    def _scores(self, said: Annotations) -> Table:
        if said.scores is None:
            raise AskedWrongly("calibrated needs a model that gives a score to each label; this one gives none.")
        return said.scores.astype(np.float64)


def _learned(method: str, kind: str, scores: Table, due: Table) -> list[Map]:
    """One map for all labels, or one for each, learned from scores and truth (n_items, n_labels)."""
    if method == "temperature":
        return [_temperature(kind, scores, due)]
    learn = _isotonic if method == "isotonic" else _sigmoid
    return [learn(column, of) for column, of in zip(scores.T, due.T, strict=True)]


def _isotonic(scores: Table, due: Table) -> Map:
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, due)
    return lambda asked: np.asarray(curve.predict(asked))


def _sigmoid(scores: Table, due: Table) -> Map:
    """Platt's logistic curve over the log-odds of the score, with his targets, which are never quite 0 or 1."""
    from sklearn.linear_model import LogisticRegression

    yes, no = due.sum(), (~due).sum()
    target = np.where(due, (yes + 1) / (yes + 2), 1 / (no + 2))
    x = np.tile(_odds(scores)[:, None], (2, 1))
    y = np.repeat([1, 0], len(due))
    curve = LogisticRegression(C=np.inf).fit(x, y, sample_weight=np.concatenate([target, 1 - target]))
    return lambda asked: np.asarray(curve.predict_proba(_odds(asked)[:, None])[:, 1])


def _temperature(kind: str, scores: Table, due: Table) -> Map:
    """The one divisor of all log-odds (or logarithms of shares) under which the truth is most likely."""
    from scipy.optimize import minimize_scalar
    from scipy.special import expit, softmax

    def warmed(asked: Table, heat: float) -> Table:
        if kind == "labels":
            return np.asarray(expit(_odds(asked) * np.exp(-heat)))
        return np.asarray(softmax(np.log(np.maximum(asked, CLOSEST)) * np.exp(-heat), axis=1))

    def loss(heat: float) -> float:
        share = np.clip(warmed(scores, heat), 1e-15, 1 - 1e-15)
        lost = np.log(share[due]).sum() + (np.log1p(-share[~due]).sum() if kind == "labels" else 0.0)
        return -float(lost)

    heat = float(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x) if len(scores) else 0.0
    return lambda asked: warmed(asked, heat)


def _odds(scores: Table) -> Table:
    share = np.clip(scores, CLOSEST, 1 - CLOSEST)
    return np.asarray(np.log(share / (1 - share)))
