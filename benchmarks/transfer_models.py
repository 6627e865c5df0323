"""Plain classifiers that are unlike those of the harness, so that a ranking has different models to rank."""

import re
from collections.abc import Iterator
from typing import Any

from harness.annotations import Annotations
from harness.errors import UnknownName
from harness.records import ITEM_COLUMNS, Items

LIBRARIES = ("python-crfsuite", "scikit-learn", "scipy", "numpy")
TOKEN = re.compile(r"\w+|[^\w\s]")
WORD = r"[^\W_]+"


class Bag:
    """Words of the text, and of what the label is about, counted; then one of four learners."""

    def __init__(self, *, learner: str) -> None:
        self.learner = learner

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.naive_bayes import ComplementNB
        from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

        learners = {
            "naive-bayes": lambda: ComplementNB(alpha=0.5),
            "neighbours": lambda: KNeighborsClassifier(9, metric="cosine"),
            "centroid": NearestCentroid,
            "forest": lambda: RandomForestClassifier(60, min_samples_leaf=2, random_state=seed),
        }
        if self.learner not in learners:
            raise UnknownName("learner of Bag", self.learner, learners)
        self.labels = gold.labels
        self.vectorizer = TfidfVectorizer(token_pattern=WORD, sublinear_tf=True)
        self.head: Any = learners[self.learner]()
        self.head.fit(self.vectorizer.fit_transform(_texts(items)), gold.answers())

    def predict(self, items: Items) -> Annotations:
        said = self.head.predict(self.vectorizer.transform(_texts(items))).tolist() if len(items) else []
        return Annotations.of_label(items["item"], self.labels, said)


def _texts(items: Items) -> list[str]:
    facets = [items[name] for name in items.columns if name not in ITEM_COLUMNS]
    return [" ".join(parts) for parts in zip(*facets, items["text"], strict=True)]


class Tagger:
    """A conditional random field that sees one view of each word: itself, its shape, its edges, or its neighbours."""

    def __init__(self, *, see: str) -> None:
        self.see = see

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        import pycrfsuite

        self.labels = gold.labels
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params({"c1": 0.1, "c2": 0.01, "max_iterations": 30})
        for text, spans in zip(items["text"], gold.answers(), strict=True):
            tokens = [match.span() for match in TOKEN.finditer(text)]
            trainer.append(self._features(text, tokens), [_tag(token, spans or ()) for token in tokens])
        path = f"{self._folder()}/model"
        trainer.train(path)
        self.tagger = pycrfsuite.Tagger()
        self.tagger.open(path)

    def predict(self, items: Items) -> Annotations:
        return Annotations.of_spans(items["item"], self.labels, [list(self._spans(text)) for text in items["text"]])

    def _folder(self) -> str:
        import tempfile

        self.kept = tempfile.TemporaryDirectory()  # goes with the model
        return self.kept.name

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        tokens = [match.span() for match in TOKEN.finditer(text)]
        start = end = 0
        label = ""
        for (a, b), tag in zip(tokens, self.tagger.tag(self._features(text, tokens)), strict=True):
            if tag[:2] == "I-" and tag[2:] == label:
                end = b
                continue
            if label:
                yield start, end, label
            start, end, label = a, b, tag[2:]
        if label:
            yield start, end, label

    def _features(self, text: str, tokens: list[tuple[int, int]]) -> list[list[str]]:
        words = ["", "", *(text[a:b] for a, b in tokens), "", ""]
        views = {
            "word": lambda i: [words[i].lower()],
            "shape": lambda i: [re.sub(r"(.)\1+", r"\1", "".join(map(_kind, word))) for word in words[i - 1 : i + 1]],
            "edges": lambda i: [f"{k}{end}" for k in (1, 2, 3, 4) for end in (words[i][:k] + "-", "-" + words[i][-k:])],
            "neighbours": lambda i: [f"{step}{words[i + step].lower()}" for step in (-2, -1, 1, 2)],
        }
        if self.see not in views:
            raise UnknownName("setting see of Tagger", self.see, views)
        own = views[self.see]
        return [["bias", *(f"{n}={part}" for n, part in enumerate(own(i)))] for i in range(2, len(tokens) + 2)]


def _kind(character: str) -> str:
    return "X" if character.isupper() else "x" if character.islower() else "d" if character.isdigit() else character


def _tag(token: tuple[int, int], spans: Any) -> str:
    for start, end, label in spans:
        if start <= token[0] < end:
            return f"{'B' if token[0] == start else 'I'}-{label}"
    return "O"
