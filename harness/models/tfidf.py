"""Word and character n-grams weighted by tf-idf, and a linear classifier a label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items

KINDS = ("label", "labels")
LIBRARIES = ("scikit-learn", "scipy", "numpy")
Table = np.ndarray[Any, np.dtype[np.bool_]]  # (n_items, n_labels)
Numbers = np.ndarray[Any, np.dtype[np.float64]]
WORD = r"[^\W_]+"  # shipped, since a library's default may change
INNER = 3  # folds of the training documents that the cuts of label sets are found in
SENTENCE = re.compile(r"(?<=[.!?”»\"])\s+|\n+")


def tfidf(*, C: float = 1.0, words: int = 2, chars: int = 5, fewest: int = 1) -> Model:
    """A strong simple baseline: logistic regression, one against the rest, on tf-idf n-grams.

    `words` and `chars` are the longest n-grams (0: none), `fewest` the documents that an n-gram must occur in,
    `C` the inverse of the regularisation. Where items have facets, such as a target, it sees besides the text each
    facet's name, and the sentences that mention it as n-grams of their own.

    Of label sets, each label has its own cut: the one above which it would be answered as often as the training gold
    has it, where precision equals recall. Scores for that come from cross-validation within the training items, a
    group whole. Source: Y. Yang, A study of thresholding strategies for text categorization (PCut), 2001.
    """
    if words < 0 or chars < 0 or not (words or chars) or fewest < 1 or C <= 0:
        raise AskedWrongly("tfidf needs words or chars above 0, fewest at least 1 and C above 0.")
    return _Tfidf(C, words, chars, fewest)


class _Tfidf:
    def __init__(self, C: float, words: int, chars: int, fewest: int) -> None:
        self.C, self.words, self.chars, self.fewest = C, words, chars, fewest

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels = gold.kind, gold.labels
        due = _targets(gold)
        self.cuts = self._find_cuts(items, due, seed) if self.kind == "labels" else None
        self._learn(items, due, seed)

    def _find_cuts(self, items: Items, due: Table, seed: int) -> Numbers:
        """(n_labels,): the score of each label between its m-th best held-out item and the next, m being its items."""
        place = {group: i % INNER for i, group in enumerate(sorted(set(items["group"])))}
        if len(place) < 2:
            return np.full(due.shape[1], 0.5)
        fold = np.array([place[group] for group in items["group"]])
        scores = np.zeros(due.shape)
        for k in range(min(INNER, len(place))):
            learn, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            self._learn(items.take(learn), due[learn], seed)
            scores[held] = self._scores(items.take(held))
        ends = np.full((1, due.shape[1]), np.inf)
        falling = np.concatenate([ends, np.sort(scores, axis=0)[::-1], -ends])
        m, label = due.sum(axis=0), np.arange(due.shape[1])
        cuts: Numbers = (falling[m, label] + falling[m + 1, label]) / 2
        return cuts

    def _learn(self, items: Items, due: Table, seed: int) -> None:
        from scipy.sparse import hstack
        from sklearn.linear_model import LogisticRegression

        views = self._views(items)
        self.columns = [column for column, _ in views]
        self.encoders = [_Encoder(make()) for _, make in views]
        features = hstack([e.fit_transform(c(items)) for e, c in self._pairs()], format="csr")
        self.heads: list[Any] = []
        for has in due.T:
            if has.all() or not has.any() or not features.shape[1]:
                self.heads.append(float(has.mean()))
            else:
                head = LogisticRegression(C=self.C, solver="liblinear", class_weight="balanced", random_state=seed)
                self.heads.append(head.fit(features, has))

    def predict(self, items: Items) -> Annotations:
        if not len(items):
            make = Annotations.of_label if self.kind == "label" else Annotations.of_labels
            return make([], self.labels, [])
        scores = self._scores(items)
        if self.cuts is not None:
            sets = [[self.labels[k] for k in np.flatnonzero(row > self.cuts)] for row in scores]
            return Annotations.of_labels(items["item"], self.labels, sets, scores=scores.astype(np.float32))
        best = [self.labels[int(k)] for k in scores.argmax(axis=1)]
        sums = scores.sum(axis=1, keepdims=True)
        share = np.divide(scores, sums, out=np.full_like(scores, 1 / scores.shape[1]), where=sums > 0)
        return Annotations.of_label(items["item"], self.labels, best, scores=share.astype(np.float32))

    def _scores(self, items: Items) -> Numbers:
        """(n_items, n_labels): for each label how likely it is, taken by itself."""
        from scipy.sparse import hstack

        features = hstack([e.transform(c(items)) for e, c in self._pairs()], format="csr")
        scores = np.empty((len(items), len(self.heads)))
        for k, head in enumerate(self.heads):
            scores[:, k] = head if isinstance(head, float) else head.predict_proba(features)[:, 1]
        return scores

    def _pairs(self) -> Iterator[tuple[_Encoder, Callable[[Items], Sequence[str]]]]:
        return zip(self.encoders, self.columns, strict=True)

    def _views(self, items: Items) -> list[tuple[Callable[[Items], Sequence[str]], Callable[[], Any]]]:
        """What the classifier looks at: (items -> one text an item, a new vectorizer) for each view."""
        views = [(_column("text"), self._by_words)] if self.words else []
        if self.chars:
            views.append((_column("text"), self._by_chars))
        for facet in [name for name in items.columns if name not in ITEM_COLUMNS]:
            views += [(_column(facet), self._by_words), (_mentions(facet), self._by_words)]
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


def _targets(gold: Annotations) -> Table:
    """(n_items, n_labels): whether the item has the label."""
    answers = [{answer} if isinstance(answer, str) else set(answer or ()) for answer in gold.answers()]
    table = [[label in answer for label in gold.labels] for answer in answers]
    return np.array(table, bool).reshape(len(gold), len(gold.labels))
