"""Pairwise span F1: against the spans of each pair of raters as multisets, and its invariances."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.estimate import estimate
from harness.stats.spans import pair_counts, pairwise_f1, pairwise_f1_by_label, span_keys

N_DOCUMENTS, N_RATERS, N_LABELS = 3, 4, 2

one_span = st.tuples(
    st.integers(0, N_DOCUMENTS - 1), st.integers(0, 3), st.integers(4, 5), st.integers(0, N_LABELS - 1),
    st.integers(0, N_RATERS - 1),
)  # fmt: skip
some_spans = st.lists(one_span, max_size=30)


def counts(spans: list[tuple[int, ...]], answered: np.ndarray) -> np.ndarray:
    columns = np.array(spans, np.int64).reshape(-1, 5).T
    return pair_counts(*columns, answered=answered, n_labels=N_LABELS)


def by_definition(spans: list[tuple[int, ...]], answered: np.ndarray, label: int | None = None) -> float:
    hits = sizes = 0
    for document in range(N_DOCUMENTS):
        for pair in combinations(np.flatnonzero(answered[:, document]), 2):
            first, second = (
                Counter(s[1:4] for s in spans if s[0] == document and s[4] == rater and label in (None, s[3]))
                for rater in pair
            )
            hits += (first & second).total()
            sizes += first.total() + second.total()
    return 2 * hits / sizes if sizes else float("nan")


@given(some_spans, st.lists(st.booleans(), min_size=12, max_size=12))
@settings(max_examples=80, deadline=None)
def test_it_is_that_of_each_pair_of_raters_by_definition(spans: list[tuple[int, ...]], who: list[bool]) -> None:
    answered = np.array(who).reshape(N_RATERS, N_DOCUMENTS)
    spans = [span for span in spans if answered[span[4], span[0]]]
    totals = counts(spans, answered).sum(axis=0)
    assert float(pairwise_f1(totals)) == pytest.approx(by_definition(spans, answered), nan_ok=True, abs=1e-12)
    for label, value in enumerate(pairwise_f1_by_label(totals)):
        assert value == pytest.approx(by_definition(spans, answered, label), nan_ok=True, abs=1e-12)


@given(some_spans, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_neither_the_order_of_spans_nor_of_raters_matters(spans: list[tuple[int, ...]], chance) -> None:
    answered = np.ones((N_RATERS, N_DOCUMENTS), bool)
    names = chance.sample(range(N_RATERS), N_RATERS)
    other = [(*span[:4], names[span[4]]) for span in chance.sample(spans, len(spans))]
    assert counts(spans, answered).tolist() == counts(other, answered).tolist()


def test_keys_are_equal_where_spans_are_sorted_as_they_are_and_refused_where_they_do_not_fit() -> None:
    rng = np.random.default_rng(1)
    columns = rng.integers(0, [[50], [900], [900], [12]], (4, 400))
    keys = span_keys(*columns)
    order = np.argsort(keys, kind="stable")
    assert [tuple(row) for row in columns.T[order]] == sorted(map(tuple, columns.T))
    assert len(np.unique(keys)) == len(np.unique(columns, axis=1).T)
    big = np.array([2**31])
    with pytest.raises(OverflowError, match="of 63"):
        span_keys(big, big, big, big)
    with pytest.raises(ValueError, match="negative"):
        span_keys(-big, big, big, big)


def test_perfect_is_1_nothing_is_not_defined_and_strangers_are_refused() -> None:
    answered = np.ones((N_RATERS, N_DOCUMENTS), bool)
    spans = [(document, 1, 4, 0, rater) for document in range(N_DOCUMENTS) for rater in range(N_RATERS)]
    assert pairwise_f1(counts(spans, answered).sum(axis=0)) == 1
    assert np.isnan(pairwise_f1(counts([], answered).sum(axis=0)))
    answered[2, 1] = False
    with pytest.raises(ValueError, match="did not answer"):
        counts(spans, answered)


def test_the_interval_by_documents_covers_and_empty_documents_do_not_count() -> None:
    rng = np.random.default_rng(2)

    def some(n: int) -> np.ndarray:
        """Two raters, up to five spans a document, in hard and easy documents."""
        keep = np.repeat(rng.choice([0.6, 0.95], n), 5).reshape(n, 5)
        there = rng.random((n, 5)) < 0.5
        flat = [
            [document, place, place + 1, place % 2, np.full(len(place), rater)]
            for rater in range(2)
            for document, place in [np.nonzero(there & (rng.random((n, 5)) < keep))]
        ]
        return pair_counts(*np.hstack(flat), answered=np.ones((2, n), bool), n_labels=2)

    truth = float(pairwise_f1(some(100_000).sum(axis=0)))
    data = [some(60) for _ in range(250)]
    found = [estimate(rows, pairwise_f1, seed=trial, draws=1000) for trial, rows in enumerate(data)]
    assert 0.91 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.985
    assert all(one.n_units == rows.any(axis=(1, 2)).sum() for one, rows in zip(found, data, strict=True))
