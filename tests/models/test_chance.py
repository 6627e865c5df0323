"""Luck: shares, independence of order, and scikit-learn's dummy classifier beside it."""

import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.models.chance import chance

N = 4000
GOLD = (["A"] * 6 + ["B"] * 3 + ["C"]) * 10


def drawn(strategy: str, gold: Annotations, seed: int = 13) -> Annotations:
    model = chance(strategy=strategy)
    model.fit(items_of(["x"] * len(gold)), gold, seed=seed)
    return model.predict(items_of(["y"] * N))


def of_label() -> Annotations:
    return Annotations.of_label(items_of(["x"] * 100)["item"], LABELS, GOLD)


def of_labels() -> Annotations:
    sets = [{"A", answer} if i % 2 else {answer} for i, answer in enumerate(GOLD)]
    return Annotations.of_labels(items_of(["x"] * 100)["item"], LABELS, sets)


@pytest.mark.parametrize(("strategy", "shares"), [("uniform", [0.25] * 4), ("stratified", [0.6, 0.3, 0.1, 0])])
def test_labels_are_drawn_with_the_shares_that_the_scores_say(strategy: str, shares: list[float]) -> None:
    said = drawn(strategy, of_label())
    assert said.scores is not None
    assert np.allclose(said.scores, shares)
    assert np.allclose(np.bincount(said.codes, minlength=4) / N, shares, atol=4 * np.sqrt(0.25 / N))


@pytest.mark.parametrize("strategy", ["uniform", "stratified"])
def test_label_sets_are_drawn_as_often_as_by_scikit_learns_dummy_classifier(strategy: str) -> None:
    from sklearn.dummy import DummyClassifier

    gold = of_labels()
    table = np.array([[label in answer for label in LABELS[:3]] for answer in gold.answers()])
    theirs = DummyClassifier(strategy=strategy, random_state=1).fit(np.zeros((100, 1)), table).predict(np.zeros((N, 1)))
    ours = np.array([[label in answer for label in LABELS[:3]] for answer in drawn(strategy, gold).answers()])
    assert np.allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=6 * np.sqrt(0.25 / N))
    assert abs(np.corrcoef(ours[:, 0], ours[:, 1])[0, 1]) < 4 / np.sqrt(N)


def test_an_items_draw_depends_on_the_seed_and_on_nothing_around_it() -> None:
    model = chance(strategy="uniform")
    model.fit(items_of(["x"] * 100), of_label(), seed=13)
    asked = items_of(["y"] * 50)
    alone = [model.predict(asked.take([i])).answers()[0] for i in range(50)]
    assert model.predict(asked).answers() == alone
    assert drawn("uniform", of_label(), seed=14).answers()[:50] != alone


def test_without_any_training_answer_every_label_has_the_same_chance() -> None:
    nothing = Annotations.of_label(["a"], LABELS, [None])
    said = drawn("stratified", nothing)
    assert set(said.answers()) == set(LABELS)
