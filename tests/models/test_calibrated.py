"""Calibration held against scikit-learn's own, and what it does to a model that is too sure of itself."""

import random

import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.models.calibrated import calibrated
from harness.models.tfidf import tfidf
from harness.records import Items
from harness.registry import make, parse

METHODS = ("sigmoid", "isotonic", "temperature")


def noisy(n: int, seed: int, kind: str) -> tuple[Items, Annotations]:
    """Texts with words of their label, which for three in ten items is another than the gold says."""
    draw = random.Random(seed)
    meant = [draw.choice(LABELS) for _ in range(n)]
    texts = [" ".join(f"{label}{draw.randint(0, 9)}" for _ in range(8)) for label in meant]
    due = [label if draw.random() < 0.7 else draw.choice(LABELS) for label in meant]
    items = items_of(texts)
    return items, Annotations.of(kind, items["item"], LABELS, due if kind == "label" else [[label] for label in due])


class Sure:
    """Says its label with a score close to 1, and is right seven times in ten."""

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.fits = gold.kind, [*getattr(self, "fits", []), set(items["group"])]

    def predict(self, items: Items) -> Annotations:
        self.asked = set(items["group"])
        best = [text[0] for text in items["text"]]
        draw = np.random.default_rng(len(items))
        mass = draw.uniform(0.98, 0.9999, len(items))
        scores = np.array(
            [[m if label == said else (1 - m) / 3 for label in LABELS] for said, m in zip(best, mass, strict=True)]
        )
        make_ = Annotations.of_label if self.kind == "label" else Annotations.of_labels
        return make_(
            items["item"], LABELS, best if self.kind == "label" else [[b] for b in best], scores=scores.astype("f4")
        )


def losses(model: object, kind: str) -> dict[str, float]:
    items, gold = noisy(1500, 1, kind)
    model.fit(items, gold, seed=13)
    asked, due = noisy(1500, 2, kind)
    said = model.predict(asked)
    metrics = {name: make("metrics", parse(name)) for name in ("log_loss", "ece", "brier", "accuracy")}
    able = {name: metric for name, metric in metrics.items() if kind in metric.kinds}
    return {name: float(metric.score(metric.count(due, said).total)) for name, metric in able.items()}


@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_is_too_sure_gets_probabilities_that_hold(method: str) -> None:
    raw, mended = losses(Sure(), "label"), losses(calibrated(model=Sure(), method=method), "label")
    assert mended["log_loss"] < 0.7 * raw["log_loss"]
    assert mended["ece"] < 0.3 * raw["ece"]
    assert mended["accuracy"] == pytest.approx(raw["accuracy"], abs=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_sets_of_labels_are_mended_too(method: str) -> None:
    items, gold = noisy(1500, 1, "labels")
    model = calibrated(model=Sure(), method=method)
    model.fit(items, gold, seed=13)
    asked, due = noisy(1500, 2, "labels")
    [truth] = [np.array([[label in answer for label in LABELS] for answer in due.answers()])]

    def brier(scores: np.ndarray) -> float:
        return float(((scores - truth) ** 2).mean())

    raw = Sure()
    raw.fit(items, gold, seed=1)
    assert brier(model.predict(asked).scores) < 0.95 * brier(raw.predict(asked).scores)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["label", "labels"])
def test_it_maps_scores_as_scikit_learn_does(method: str, kind: str) -> None:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    from harness.models._estimator import answers_from, table_of
    from harness.models.calibrated import _learned

    class Given(ClassifierMixin, BaseEstimator):
        """Gives back the log-odds, or logarithms, that it is fed."""

        def fit(self, x, y):
            self.classes_ = np.unique(y)
            return self

        def decision_function(self, x):
            return x[:, 0] if len(self.classes_) == 2 else x

        def predict(self, x):
            return self.classes_[self.decision_function(x).argmax(axis=-1)]

    def peer(fed: np.ndarray, truth: np.ndarray) -> np.ndarray:
        whole = np.arange(len(truth))
        model = CalibratedClassifierCV(FrozenEstimator(Given().fit(fed, truth)), method=method, cv=[(whole, whole)])
        return model.fit(fed, truth).predict_proba(fed)

    items, gold = noisy(400, 1, kind)
    model = Sure()
    model.fit(items, gold, seed=1)
    said = model.predict(items)
    scores, due = said.scores.astype(float), table_of(gold)
    maps = _learned(method, kind, scores, due)
    if method == "temperature" and kind == "labels":
        return  # scikit-learn's has one temperature for each label
    if method == "temperature":
        ours, theirs = maps[0](scores), peer(np.log(scores), due.argmax(axis=1))
    else:
        odds = np.log(scores / (1 - scores))
        ours = np.column_stack([of(column) for of, column in zip(maps, scores.T, strict=True)])
        theirs = np.column_stack([peer(odds[:, [k]], due[:, k])[:, 1] for k in range(4)])
    assert np.allclose(ours, theirs, atol=2e-3)
    shares = answers_from(ours, items["item"], gold.take([])).scores
    assert kind == "labels" or np.allclose(shares.sum(axis=1), 1)


def test_temperature_leaves_every_answer_as_it_is() -> None:
    items, gold = noisy(200, 3, "label")
    plain, mended = tfidf(), calibrated(method="temperature", model=tfidf())
    for model in (plain, mended):
        model.fit(items, gold, seed=1)
    asked, _ = noisy(200, 4, "label")
    assert plain.predict(asked).answers() == mended.predict(asked).answers()
    assert not np.allclose(plain.predict(asked).scores, mended.predict(asked).scores, atol=0.01)


def test_no_group_is_learned_from_and_asked_about_at_once() -> None:
    items, gold = noisy(60, 1, "label")
    items = Items({**items.columns, "group": [f"g{i // 3}" for i in range(60)]})
    inner = Sure()
    seen: list[tuple[set, set]] = []
    predict = inner.predict
    inner.predict = lambda asked: (seen.append((inner.fits[-1], set(asked["group"]))), predict(asked))[1]
    calibrated(model=inner, folds=4).fit(items, gold, seed=1)
    assert len(seen) == 4
    assert all(not learned & asked for learned, asked in seen)
    assert set().union(*(asked for _, asked in seen)) == set(items["group"]) == inner.fits[-1]


def test_what_is_not_answered_stays_so_and_a_model_without_scores_is_refused() -> None:
    items, gold = noisy(60, 1, "label")

    class Half(Sure):
        def predict(self, asked: Items) -> Annotations:
            said = super().predict(asked)
            status = [i % 2 * 2 for i in range(len(asked))]
            return Annotations.of_label(asked["item"], LABELS, said.answers(), status=status, scores=said.scores)

    model = calibrated(model=Half())
    model.fit(items, gold, seed=1)
    assert model.predict(items).status.tolist() == [0, 2] * 30
    silent = Sure()
    silent.predict = lambda asked: Annotations.of_label(asked["item"], LABELS, ["A"] * len(asked))
    with pytest.raises(AskedWrongly, match="this one gives none"):
        calibrated(model=silent).fit(items, gold, seed=1)


def test_one_group_cannot_be_cut_into_folds() -> None:
    items, gold = noisy(10, 1, "label")
    with pytest.raises(AskedWrongly, match="at least 2 groups"):
        calibrated(model=Sure()).fit(Items({**items.columns, "group": ["g"] * 10}), gold, seed=1)
    with pytest.raises(AskedWrongly, match="at least 2 folds"):
        calibrated(model=Sure(), folds=1)


class Paid(Sure):
    """Costs a request an item, and leaves something out when it is asked the n-th time."""

    def __init__(self, gap: int) -> None:
        self.gap, self.times = gap, 0

    def predict(self, items: Items) -> Annotations:
        self.times += 1
        self.spent, self.unfinished = {"requests": float(len(items))}, self.times == self.gap
        return super().predict(items)


@pytest.mark.parametrize(("gap", "unfinished"), [(0, False), (2, True), (6, True)])
def test_what_was_spent_in_the_folds_counts_and_what_was_left_out_there_too(gap: int, unfinished: bool) -> None:
    items, gold = noisy(40, 1, "label")
    model = calibrated(model=Paid(gap))
    model.fit(items, gold, seed=1)
    model.predict(items.take(range(7)))
    assert (model.spent, model.unfinished) == ({"requests": 47.0}, unfinished)
    model.fit(items, gold, seed=1)
    model.predict(items.take(range(7)))
    assert (model.spent, model.unfinished) == ({"requests": 47.0}, False)  # what came before is forgotten
