"""Estimators of a user's own: what they are fed, what is asked of them, and what is told of mistakes."""

from pathlib import Path

import made
import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName
from harness.models.sklearn import sklearn

TEXTS = ["banjir besar", "harga naik", "banjir lagi", "harga turun", "rumah baru", "rumah lama"] * 4
GOLD = ["A", "B", "A", "B", "C", "C"] * 4
MINE = """
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
SEEN = []

class Echo(ClassifierMixin, BaseEstimator):
    def fit(self, texts, labels):
        SEEN[:] = [texts, list(labels)]
        return self
    def predict(self, texts):
        return ["A"] * len(texts)

def logistic(): return make_pipeline(TfidfVectorizer(), LogisticRegression())
def margins(): return make_pipeline(TfidfVectorizer(), LinearSVC())
def forest(): return make_pipeline(TfidfVectorizer(), RandomForestClassifier(5))
def seeded(seed): return make_pipeline(TfidfVectorizer(), RandomForestClassifier(5, random_state=seed + 1))
def nothing(): return 3
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(MINE)
    return f"{tmp_path}/mine.py"


def fitted(make: str, kind: str = "label", gold: list | None = None, seed: int = 13, **settings):
    model = sklearn(make=make, **settings)
    answers = gold or (GOLD if kind == "label" else [[label] for label in GOLD])
    items = items_of(TEXTS)
    model.fit(items, Annotations.of(kind, items["item"], LABELS, answers), seed=seed)
    return model


@pytest.mark.parametrize("name", ["logistic", "margins", "forest", "seeded"])
@pytest.mark.parametrize("kind", ["label", "labels"])
def test_an_estimator_of_any_kind_learns_labels_and_sets(mine: str, name: str, kind: str) -> None:
    said = fitted(f"{mine}:{name}", kind).predict(items_of(["banjir", "harga"]))
    assert said.answers() == (["A", "B"] if kind == "label" else [["A"], ["B"]])
    assert said.scores is not None
    assert np.allclose(said.scores[:, 3], 0)  # a label never seen
    assert (said.scores[0, 0], said.scores[1, 1]) > (0.5, 0.5) or kind == "label"


def test_its_scores_are_what_scikit_learn_itself_gives() -> None:
    import sklearn.feature_extraction.text as text
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    peer = make_pipeline(text.TfidfVectorizer(analyzer="char"), LogisticRegression()).fit(TEXTS, GOLD)
    said = fitted(f"{made.__file__}:pipeline").predict(items_of(["banjir", "harga", "x"]))
    assert np.allclose(said.scores[:, :3], peer.predict_proba(["banjir", "harga", "x"]))


def test_sets_that_one_estimator_takes_are_asked_of_it_at_once(mine: str) -> None:
    both = [["A", "B"], ["B"], ["A"], ["B"], ["C"], ["C"]] * 4
    for make in (f"{mine}:forest", f"{mine}:logistic", f"{made.__file__}:margins"):
        said = fitted(make, "labels", both).predict(items_of(TEXTS[:6]))
        assert said.answers() == both[:6]
        assert said.scores.shape == (6, 4)
        assert (said.scores[0] > 0.5).tolist() == [True, True, False, False] or "forest" in make


def test_a_random_state_left_open_is_the_seed(mine: str) -> None:
    def scores(make: str, seed: int) -> list:
        return fitted(f"{mine}:{make}", seed=seed).predict(items_of(["banjir harga rumah"])).scores.tolist()

    assert scores("forest", 1) == scores("forest", 1) == scores("seeded", 0)
    assert len({str(scores("forest", seed)) for seed in range(5)}) > 1


def test_facets_follow_the_text_as_lines_of_their_own_and_see_chooses(mine: str) -> None:
    items = items_of(["t", "u"], holder=["h", "i"], target=["x", "y"])
    gold = Annotations.of_label(items["item"], LABELS, ["A", "B"])
    for see, fed in (((), "t\n⟂\nh\n⟂\nx"), (("target", "text"), "x\n⟂\nt"), (("text",), "t")):
        model = sklearn(make=f"{mine}:Echo", see=see)
        model.fit(items, gold, seed=1)
        function = model.estimator.make().fit.__globals__["SEEN"]
        assert function == [[fed, fed.translate({ord("t"): "u", ord("h"): "i", ord("x"): "y"})], ["A", "B"]]
        said = model.predict(items)
        assert (said.answers(), said.scores) == (["A", "A"], None)
    with pytest.raises(UnknownName, match='Did you mean "target"'):
        sklearn(make=f"{mine}:Echo", see=("targets",)).fit(items, gold, seed=1)


def test_its_identity_is_that_of_the_file(mine: str) -> None:
    before = sklearn(make=f"{mine}:logistic").identity
    assert before == sklearn(make=f"{mine}:logistic").identity
    Path(mine).write_text(MINE + "\n# changed\n")
    assert before != sklearn(make=f"{mine}:logistic").identity


def test_an_estimator_of_a_package_is_made_too() -> None:
    model = fitted("sklearn.dummy:DummyClassifier", gold=["B"] * 20 + ["A"] * 4)
    assert model.predict(items_of(["x"])).answers() == ["B"]
    assert len(model.identity) == 64


@pytest.mark.parametrize(
    ("make", "finding"),
    [
        ("mine.py", "names no function"),
        ("./nowhere.py:pipeline", "no file ./nowhere.py"),
        ("{mine}:logistc", 'Did you mean "logistic"'),
        ("{mine}:nothing", "gives a int, which is no estimator"),
        ("nowhere_at_all:x", "cannot be imported"),
    ],
)
def test_what_cannot_be_made_is_told(make: str, finding: str, mine: str) -> None:
    with pytest.raises(AskedWrongly, match=finding):
        fitted(make.format(mine=mine))
