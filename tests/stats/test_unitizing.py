"""Unitizing alpha: against every pair of characters by definition, a peer's number, and its invariances."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.estimate import estimate
from harness.stats.unitizing import Spans, intersections, u_alpha, u_alpha_marked

GAP = "gap"
Segment = tuple[object, int, int]  # value, start, end
Text = list[list[tuple[int, int, int]] | None]  # for each rater the spans (start, end, label), or None


def by_definition(documents: list[list[list[Segment]]]) -> float:
    """u-alpha from the coincidence of values at every character, for each document the segments of each rater."""
    observed: dict[tuple[object, object], float] = {}
    alone: dict[object, float] = {}
    total_alone = 0.0
    for raters in documents:
        if len(raters) < 2:
            continue
        lines = [{at: value for value, start, end in one for at in range(start, end)} for one in raters]
        for first, second in permutations(lines, 2):
            for at in first.keys() & second.keys():
                pair = (first[at], second[at])
                observed[pair] = observed.get(pair, 0) + 1 / (len(raters) - 1)
        for value, start, end in (segment for one in raters for segment in one):
            many = (end - start) if value == GAP else (end - start) ** 2
            alone[value] = alone.get(value, 0) + many
            total_alone += many
    total = sum(observed.values())
    margins = {value: sum(many for (a, _), many in observed.items() if a == value) for value in alone}
    same = sum(many for (a, b), many in observed.items() if a == b)
    scale = total**2 - total_alone
    if scale <= 0:
        return float("nan")
    expected_same = sum(total * (margins[value] ** 2 - alone[value]) / scale for value in alone)
    return 1 - (total - same) / (total - expected_same) if total - expected_same > 1e-9 else float("nan")


def segments(spans: list[tuple[int, int, int]], length: int) -> list[Segment]:
    """Spans and the gaps between them."""
    cut: list[Segment] = []
    at = 0
    for start, end, label in sorted(spans):
        cut += [(GAP, at, start), (label, start, end)]
        at = end
    return [segment for segment in [*cut, (GAP, at, length)] if segment[2] > segment[1]]


def rows_of(texts: list[tuple[int, Text]], n_labels: int = 3) -> np.ndarray:
    flat = [
        (document, rater, *span)
        for document, (_, raters) in enumerate(texts)
        for rater, spans in enumerate(raters)
        for span in spans or []
    ]
    columns = np.array(flat, np.int64).reshape(-1, 5).T
    answered = np.array([[spans is not None for spans in raters] for _, raters in texts]).T
    return intersections(Spans(*columns), np.array([length for length, _ in texts]), answered, n_labels)


@st.composite
def some_spans(draw: st.DrawFn, length: int) -> list[tuple[int, int, int]]:
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
    return [(start, end, draw(st.integers(0, 2))) for start, end in pairwise(cuts) if draw(st.booleans())]


@st.composite
def some_texts(draw: st.DrawFn) -> list[tuple[int, Text]]:
    n_raters = draw(st.integers(2, 4))
    texts = []
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 15))
        texts.append((length, [draw(st.none() | some_spans(length)) for _ in range(n_raters)]))
    return texts


@given(some_texts())
@settings(max_examples=80, deadline=None)
def test_it_is_that_of_every_pair_of_characters_by_definition(texts: list[tuple[int, Text]]) -> None:
    totals = rows_of(texts).sum(axis=0)
    whole = [[segments(spans, length) for spans in raters if spans is not None] for length, raters in texts]
    assert float(u_alpha(totals)) == pytest.approx(by_definition(whole), abs=1e-9, nan_ok=True)


@given(some_texts())
@settings(max_examples=60, deadline=None)
def test_with_one_label_alone_both_ask_the_same(texts: list[tuple[int, Text]]) -> None:
    texts = [
        (length, [None if spans is None else [(start, end, 0) for start, end, _ in spans] for spans in raters])
        for length, raters in texts
    ]
    totals = rows_of(texts).sum(axis=0)
    assert float(u_alpha_marked(totals)) == pytest.approx(float(u_alpha(totals)), abs=1e-12, nan_ok=True)


@given(some_texts(), st.permutations(range(3)), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_neither_order_nor_the_names_of_labels_matter(texts: list[tuple[int, Text]], names: list[int], chance) -> None:
    totals = rows_of(texts).sum(axis=0)
    turn = chance.sample(range(len(texts[0][1])), len(texts[0][1]))
    other = [(length, [raters[rater] for rater in turn]) for length, raters in texts]
    other = [
        (length, [None if one is None else [(a, b, names[c]) for a, b, c in reversed(one)] for one in raters])
        for length, raters in reversed(other)
    ]
    again = rows_of(other).sum(axis=0)
    for formula in (u_alpha, u_alpha_marked):
        assert float(formula(again)) == pytest.approx(float(formula(totals)), abs=1e-12, nan_ok=True)


CODERS = [[(3, 15, 0), (22, 53, 0)], [(3, 10, 0), (22, 53, 0)], [(22, 46, 0)]]


def test_an_example_of_three_coders_by_hand() -> None:
    """One of the three has another value than both others at 3-10, 10-15 and 46-53: two pairs of coders each."""
    totals = rows_of([(56, CODERS)]).sum(axis=0)
    marked = [12 + 31, 7 + 31, 24]
    differ = 2 * 2 * (7 + 5 + 7) / (3 - 1)  # ordered pairs, each weighing 1 / (m - 1)
    n, n_marked = 3 * 56, sum(marked)
    alone = 12**2 + 31**2 + 7**2 + 31**2 + 24**2 + (n - n_marked)
    due = 1 - (differ / n) / (2 * n_marked * (n - n_marked) / (n**2 - alone))
    assert float(u_alpha(totals)) == pytest.approx(due, abs=1e-12)


def test_a_peers_printed_number_comes_from_its_lost_characters() -> None:
    """The package krippendorff_unitized_alpha prints 0.5671992508994135 for these coders (its README).

    It takes ends as inclusive but lengths as end - start, so each segment loses a character. The definition gives its
    number on such segments with holes, and ours on the whole text.
    """
    whole = [segments(one, 56) for one in CODERS]
    holes = [[(value, start, end - 1) for value, start, end in one] for one in whole]
    assert by_definition([holes]) == pytest.approx(0.5671992508994135, abs=1e-12)
    assert float(u_alpha(rows_of([(56, CODERS)]).sum(axis=0))) == pytest.approx(by_definition([whole]), abs=1e-12)


def test_perfect_is_1_and_what_nobody_marked_is_not_defined() -> None:
    same: Text = [[(0, 4, 0), (6, 9, 1)]] * 3
    for formula in (u_alpha, u_alpha_marked):
        assert formula(rows_of([(12, same)]).sum(axis=0)) == 1
        for nothing in ([[], []], [[(1, 2, 0)], None]):
            assert np.isnan(formula(rows_of([(12, nothing)]).sum(axis=0)))


def test_texts_end_to_end_are_one_text() -> None:
    first: Text = [[(0, 3, 0), (5, 8, 1)], [(0, 4, 0)]]
    second: Text = [[(2, 6, 2)], [(1, 6, 2)]]
    moved = [one + [(a + 10, b + 10, c) for a, b, c in two] for one, two in zip(first, second, strict=True)]
    apart = rows_of([(10, first), (9, second)]).sum(axis=0)
    assert apart.tolist() == rows_of([(19, moved)]).sum(axis=0).tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ((9, [[(0, 4, 0), (3, 5, 1)], []]), "overlap"),
        ((9, [[(4, 4, 0)], []]), "empty or leaves"),
        ((9, [[(4, 10, 0)], []]), "empty or leaves"),
        ((9, [[(4, 6, 3)], []]), "labels must be"),
    ],
)
def test_what_is_no_unitizing_is_refused(text: tuple[int, Text], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows_of([text])


def test_spans_of_who_did_not_answer_are_refused() -> None:
    one = np.array([0])
    with pytest.raises(ValueError, match="did not answer"):
        intersections(Spans(one, one, one, one + 2, one), np.array([9]), np.array([[False], [True]]), 1)


def test_the_interval_covers_u_alpha_of_endless_data() -> None:
    rng = np.random.default_rng(1)

    def some(n: int) -> np.ndarray:
        """Two raters and four places for a span a document; each moves, forgets or relabels some."""
        there = rng.random((n, 4)) < 0.6
        flat = []
        for rater in range(2):
            document, place = np.nonzero(there & (rng.random((n, 4)) < 0.85))
            many = len(document)
            start = place * 20 + 5 + rng.integers(0, 2, many)
            label = np.where(rng.random(many) < 0.85, document % 3, rng.integers(0, 3, many))
            flat.append([document, np.full(many, rater), start, start + 6 + rng.integers(0, 3, many), label])
        return intersections(Spans(*np.hstack(flat)), np.full(n, 90), np.ones((2, n), bool), 3)

    truth = float(u_alpha(some(60_000).sum(axis=0)))
    found = [estimate(some(60), u_alpha, seed=trial, draws=1000) for trial in range(200)]
    assert 0.91 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.985
