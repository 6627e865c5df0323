"""Krippendorff's alpha: against published examples, against pairs of ratings by definition, and its invariances."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.stats.estimate import estimate
from harness.stats.krippendorff import alpha, disagreements, masi, nominal, sets_as_codes

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "agreement.json"
needs_golden = pytest.mark.skipif(not GOLDEN.exists(), reason="shared/golden is not part of the repository")


def alpha_of(ratings: np.ndarray, distance: np.ndarray) -> float:
    return float(alpha(disagreements(ratings, distance).sum(axis=0), distance))


def by_definition(ratings: np.ndarray, distance: np.ndarray) -> float:
    """Alpha from every ordered pair of ratings, one by one."""
    items = [[code for code in column if code >= 0] for column in ratings.T]
    items = [item for item in items if len(item) > 1]
    everything = [code for item in items for code in item]
    n = len(everything)
    observed = sum(distance[a, b] / (len(item) - 1) for item in items for a, b in permutations(item, 2))
    expected = sum(distance[a, b] for a, b in permutations(everything, 2))
    return 1 - (observed / n) / (expected / (n * (n - 1))) if expected > 0 else float("nan")


def distance_of(level: str, ratings: np.ndarray) -> np.ndarray:
    """Krippendorff's distances of values 1, 2, ... (code + 1); ordinal ones need how often each value was given."""
    many = int(ratings.max()) + 1
    values = np.arange(1.0, many + 1)
    if level == "nominal":
        return nominal(many)
    if level == "interval":
        return (values[:, None] - values) ** 2
    if level == "ratio":
        return ((values[:, None] - values) / (values[:, None] + values)) ** 2
    times = disagreements(ratings, nominal(many)).sum(axis=0)[2:]
    between = [
        [times[min(a, b) : max(a, b) + 1].sum() - (times[a] + times[b]) / 2 for b in range(many)] for a in range(many)
    ]
    return np.where(np.eye(many), 0, np.array(between)) ** 2


@needs_golden
def test_published_examples_of_every_level_are_met_to_the_printed_digit() -> None:
    for case in json.loads(GOLDEN.read_text())["krippendorff"]:
        ratings = np.array(case["data"])
        assert round(alpha_of(ratings, distance_of(case["level"], ratings)), 3) == case["alpha"], case["src"]


some_ratings = st.tuples(st.integers(2, 4), st.integers(1, 7)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(-1, 3))
)


@given(some_ratings)
@settings(max_examples=80, deadline=None)
def test_nominal_alpha_is_that_of_all_pairs_by_definition(ratings: np.ndarray) -> None:
    assert alpha_of(ratings, nominal(4)) == pytest.approx(by_definition(ratings, nominal(4)), nan_ok=True, abs=1e-12)


@given(some_ratings, st.lists(st.floats(0.1, 1), min_size=6, max_size=6))
@settings(max_examples=80, deadline=None)
def test_alpha_by_any_distance_is_that_of_all_pairs_by_definition(ratings: np.ndarray, far: list[float]) -> None:
    distance = np.zeros((4, 4))
    distance[np.triu_indices(4, 1)] = far
    distance += distance.T
    assert alpha_of(ratings, distance) == pytest.approx(by_definition(ratings, distance), nan_ok=True, abs=1e-6)


@given(some_ratings, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_neither_the_order_of_items_and_raters_nor_the_names_of_codes_matter(ratings: np.ndarray, chance) -> None:
    value = alpha_of(ratings, nominal(4))
    rows = np.array(chance.sample(range(len(ratings)), len(ratings)))
    columns = np.array(chance.sample(range(ratings.shape[1]), ratings.shape[1]))
    names = np.array([*chance.sample(range(4), 4), -1])
    shuffled = ratings[np.ix_(rows, columns)]
    assert alpha_of(shuffled, nominal(4)) == pytest.approx(value, nan_ok=True, abs=0)
    assert alpha_of(names[ratings], nominal(4)) == pytest.approx(value, nan_ok=True, abs=1e-12)


def test_perfect_agreement_is_1_chance_is_about_0_and_one_value_alone_is_not_defined() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, 200)
    assert alpha_of(np.stack([codes, codes, codes]), nominal(3)) == 1
    assert alpha_of(rng.integers(0, 3, (3, 20_000)), nominal(3)) == pytest.approx(0, abs=0.02)
    assert np.isnan(alpha_of(np.zeros((2, 9), int), nominal(3)))
    assert np.isnan(alpha_of(np.full((2, 9), -1), nominal(3)))
    assert np.isnan(alpha_of(np.zeros((2, 0), int), nominal(3)))


def test_many_totals_at_once_equal_one_by_one_and_rows_add_over_shards() -> None:
    ratings = np.random.default_rng(2).integers(-1, 3, (3, 60))
    rows = disagreements(ratings, nominal(3))
    totals = np.stack([rows[:20].sum(axis=0), rows[20:].sum(axis=0), rows.sum(axis=0)])
    assert alpha(totals, nominal(3)).tolist() == [float(alpha(total, nominal(3))) for total in totals]
    assert (totals[0] + totals[1] == totals[2]).all()


def test_a_code_beyond_the_distances_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        disagreements(np.array([[0, 2], [1, 1]]), nominal(2))


def test_masi_is_that_of_the_paper_pair_by_pair() -> None:
    """Passonneau 2006: 1 - Jaccard * (1, 2/3, 1/3, 0) for equal, nested, overlapping, disjoint."""
    sets = [set(), {0}, {1}, {0, 1}, {1, 2}, {0, 1, 2}, {3}]
    table = np.array([[label in one for label in range(4)] for one in sets])
    for a, first in enumerate(sets):
        for b, second in enumerate(sets):
            if first == second:
                due = 0.0
            elif not first & second:
                due = 1.0
            else:
                nested = first < second or second < first
                due = 1 - len(first & second) / len(first | second) * (2 / 3 if nested else 1 / 3)
            assert masi(table)[a, b] == pytest.approx(due, abs=1e-15)


@given(arrays(bool, (3, 6, 3)), arrays(bool, (3, 6)))
@settings(max_examples=80, deadline=None)
def test_masi_alpha_of_sets_is_that_of_all_pairs_and_one_label_sets_are_nominal(
    sets: np.ndarray, answered: np.ndarray
) -> None:
    codes, distinct = sets_as_codes(sets, answered)
    assert ((codes >= 0) == answered).all()
    assert (distinct[codes[answered]] == sets[answered]).all()
    assert alpha_of(codes, masi(distinct)) == pytest.approx(by_definition(codes, masi(distinct)), nan_ok=True, abs=1e-6)
    labels = sets.argmax(axis=2)
    one, distinct = sets_as_codes(np.eye(3, dtype=bool)[labels], answered)
    due = alpha_of(np.where(answered, labels, -1), nominal(3))
    assert alpha_of(one, masi(distinct)) == pytest.approx(due, nan_ok=True, abs=1e-6)


def test_nltk_says_the_same() -> None:
    agreement = pytest.importorskip("nltk.metrics.agreement", reason="nltk is not installed")
    ratings = np.random.default_rng(3).integers(0, 3, (3, 40))
    data = [(rater, item, code) for rater, row in enumerate(ratings.tolist()) for item, code in enumerate(row)]
    assert alpha_of(ratings, nominal(3)) == pytest.approx(agreement.AnnotationTask(data).alpha(), abs=1e-12)


def some_annotation(rng: np.random.Generator, n: int) -> np.ndarray:
    truth = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    ratings = np.where(rng.random((3, n)) < 0.8, truth, rng.choice(3, (3, n), p=[0.6, 0.3, 0.1]))
    return np.where(rng.random((3, n)) < 0.15, -1, ratings)


def interval_of(ratings: np.ndarray, **settings: object):
    rows = disagreements(ratings, nominal(3))
    return estimate(rows, lambda totals: alpha(totals, nominal(3)), **{"seed": 1, **settings})


def test_the_interval_covers_alpha_of_endless_data() -> None:
    rng = np.random.default_rng(4)
    truth = alpha_of(some_annotation(rng, 400_000), nominal(3))
    found = [interval_of(some_annotation(rng, 80), seed=trial, draws=1000) for trial in range(200)]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.91 <= covered <= 0.985  # 95 % less and more 2.5 standard errors of 200 trials


def test_the_interval_by_groups_covers_where_that_by_items_does_not() -> None:
    rng = np.random.default_rng(5)

    def grouped(groups: int) -> tuple[np.ndarray, np.ndarray]:
        """Three items a group, all of them hard or all easy, and with the same gold."""
        unit = np.repeat(np.arange(groups), 3)
        sure = np.repeat(rng.choice([0.3, 0.95], groups), 3)
        truth = np.repeat(rng.choice(3, groups), 3)
        return np.where(rng.random((2, 3 * groups)) < sure, truth, rng.integers(0, 3, (2, 3 * groups))), unit

    truth = alpha_of(grouped(200_000)[0], nominal(3))
    data = [grouped(50) for _ in range(120)]
    by_group = [interval_of(ratings, unit=unit, draws=800) for ratings, unit in data]
    by_item = [interval_of(ratings, draws=800) for ratings, _ in data]
    covered = [np.mean([one.low <= truth <= one.high for one in found]) for found in (by_group, by_item)]
    assert covered[0] >= 0.90
    assert covered[1] < covered[0]
    assert {one.n_units for one in by_group} == {50}


def test_the_interval_depends_on_the_seed_and_not_on_the_order_of_items() -> None:
    ratings = some_annotation(np.random.default_rng(6), 60)
    assert interval_of(ratings) == interval_of(ratings[:, ::-1])
    assert interval_of(ratings) != interval_of(ratings, seed=2)


def test_what_is_too_little_says_why_and_has_no_bounds() -> None:
    rng = np.random.default_rng(7)
    few = interval_of(some_annotation(rng, 7)[:, :7])
    same = interval_of(np.tile(np.arange(30) % 3, (2, 1)))
    alone = interval_of(np.zeros((2, 30), int))
    rare = interval_of(np.stack([np.zeros(30, int), np.arange(30) // 29]))
    unpaired = interval_of(np.where(np.arange(60) < 54, [[0], [-1]], some_annotation(rng, 60)[:2]))
    notes = ["too few", "same value", "not defined", "of draws have no value"]
    for one, note in zip((few, same, alone, rare), notes, strict=True):
        assert one.low is None and one.high is None
        assert note in one.note
    assert unpaired.n_units <= 6 and unpaired.low is None
    assert "likely too narrow" in interval_of(some_annotation(np.random.default_rng(8), 18)).note
