"""Word and character n-grams weighted by tf-idf, and a linear classifier a label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items

KINDS = ("label", "labels")
LIBRARIES = ("scikit-learn", "scipy", "numpy")
WORD = r"[^\W_]+"  # shipped, since a library's default may change
SENTENCE = re.compile(r"(?<=[.!?”»\"])\s+|\n+")


def tfidf(*, C: float = 1.0, see: str = "all", words: int = 2, chars: int = 5, fewest: int = 1) -> Model:
    """A strong simple baseline: logistic regression, one against the rest, on tf-idf n-grams.

    `words` and `chars` are the longest n-grams (0: none), `fewest` the documents that an n-gram must occur in,
    `C` the inverse of the regularisation. What it sees: `all`; `text` alone; or one facet alone, such as
    `target` or `holder`, which makes it deliberately blind. Where items have facets, `all` adds each facet's
    name, and the sentences that mention it as n-grams of their own.
    """
    if words < 0 or chars < 0 or not (words or chars) or fewest < 1 or C <= 0:
        raise AskedWrongly("tfidf needs words or chars above 0, fewest at least 1 and C above 0.")
    return _Tfidf(C, see, words, chars, fewest)


class _Tfidf:
    def __init__(self, C: float, see: str, words: int, chars: int, fewest: int) -> None:
        self.C, self.see, self.words, self.chars, self.fewest = C, see, words, chars, fewest

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        from scipy.sparse import hstack
        from sklearn.linear_model import LogisticRegression

        self.kind, self.labels = gold.kind, gold.labels
        views = self._views(items)
        self.columns = [column for column, _ in views]
        self.encoders = [_Encoder(make()) for _, make in views]
        features = hstack([e.fit_transform(c(items)) for e, c in self._pairs()], format="csr")
        self.heads: list[Any] = []
        for due in _targets(gold).T:
            if due.all() or not due.any():
                self.heads.append(float(due.any()))
            else:
                head = LogisticRegression(C=self.C, solver="liblinear", class_weight="balanced", random_state=seed)
                self.heads.append(head.fit(features, due))

    def predict(self, items: Items) -> Annotations:
        if not len(items):
            make = Annotations.of_label if self.kind == "label" else Annotations.of_labels
            return make([], self.labels, [])
        from scipy.sparse import hstack

        features = hstack([e.transform(c(items)) for e, c in self._pairs()], format="csr")
        scores = np.empty((len(items), len(self.labels)))
        for k, head in enumerate(self.heads):
            scores[:, k] = head if isinstance(head, float) else head.predict_proba(features)[:, 1]
        if self.kind == "labels":
            sets = [[self.labels[k] for k in np.flatnonzero(row >= 0.5)] for row in scores]
            return Annotations.of_labels(items["item"], self.labels, sets, scores=scores.astype(np.float32))
        best = [self.labels[int(k)] for k in scores.argmax(axis=1)]
        sums = scores.sum(axis=1, keepdims=True)
        share = np.divide(scores, sums, out=np.full_like(scores, 1 / scores.shape[1]), where=sums > 0)
        return Annotations.of_label(items["item"], self.labels, best, scores=share.astype(np.float32))

    def _pairs(self) -> Iterator[tuple[_Encoder, Callable[[Items], Sequence[str]]]]:
        return zip(self.encoders, self.columns, strict=True)

    def _views(self, items: Items) -> list[tuple[Callable[[Items], Sequence[str]], Callable[[], Any]]]:
        """What the classifier looks at: (items -> one text an item, a new vectorizer) for each view."""
        facets = [name for name in items.columns if name not in ITEM_COLUMNS]
        if self.see not in ("all", "text", *facets):
            raise UnknownName("setting see of tfidf", self.see, ["all", "text", *facets])
        seen = ["text", *facets] if self.see == "all" else [self.see]
        views = []
        for name in seen:
            if self.words or name != "text":
                views.append((_column(name), self._by_words))
            if name == "text" and self.chars:
                views.append((_column(name), self._by_chars))
            if name != "text" and self.see == "all":
                views.append((_mentions(name), self._by_words))
        return views

    def _by_words(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        n = (1, max(1, self.words))
        return TfidfVectorizer(token_pattern=WORD, ngram_range=n, min_df=self.fewest, sublinear_tf=True)

    def _by_chars(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        n = (min(2, self.chars), self.chars)
        return TfidfVectorizer(analyzer="char_wb", ngram_range=n, min_df=self.fewest, sublinear_tf=True)


class _Encoder:
    """A vectorizer that has learned its vocabulary; each different text is read once."""

    def __init__(self, vectorizer: Any) -> None:
        self.vectorizer = vectorizer

    def fit_transform(self, texts: Sequence[str]) -> Any:
        different, row = _different(texts)
        try:
            return self.vectorizer.fit_transform(different)[row]
        except ValueError as error:
            if "empty vocabulary" not in str(error) and "no terms remain" not in str(error):
                raise
            self.vectorizer = None
            return self.transform(texts)

    def transform(self, texts: Sequence[str]) -> Any:
        from scipy.sparse import csr_matrix

        different, row = _different(texts)
        if self.vectorizer is None:
            return csr_matrix((len(texts), 0))
        return self.vectorizer.transform(different)[row]


def _different(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """The texts without repetition, and the place of each among them."""
    place: dict[str, int] = {}
    row = [place.setdefault(text, len(place)) for text in texts]
    return list(place), row


def _column(name: str) -> Callable[[Items], Sequence[str]]:
    return lambda items: items[name]


def _mentions(facet: str) -> Callable[[Items], Sequence[str]]:
    """For each item the sentences that share a word with the facet's name."""
    return lambda items: [
        " ".join(s for s in SENTENCE.split(text) if _words(name) & _words(s))
        for text, name in zip(items["text"], items[facet], strict=True)
    ]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(WORD, text.lower()) if len(word) > 3}


def _targets(gold: Annotations) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(n_items, n_labels): whether the item has the label."""
    answers = [{answer} if isinstance(answer, str) else set(answer or ()) for answer in gold.answers()]
    table = [[label in answer for label in gold.labels] for answer in answers]
    return np.array(table, bool).reshape(len(gold), len(gold.labels))
