"""Cohen's and Fleiss' kappa: against published examples, scikit-learn, and raters taken pair by pair."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score

from harness.stats.estimate import estimate
from harness.stats.kappa import agreements, cohen, confusions, fleiss, linear, quadratic
from harness.stats.krippendorff import alpha, disagreements, nominal

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "agreement.json"
needs_golden = pytest.mark.skipif(not GOLDEN.exists(), reason="shared/golden is not part of the repository")

two_raters = st.integers(1, 30).flatmap(lambda n: arrays(np.int64, (2, n), elements=st.integers(0, 3)))


def counts_of(ratings: np.ndarray, n_codes: int) -> np.ndarray:
    return (ratings[:, :, None] == np.arange(n_codes)).sum(axis=0)


@needs_golden
def test_published_tables_of_cohens_kappa_are_met_to_the_printed_digit() -> None:
    for case in json.loads(GOLDEN.read_text())["cohen"]:
        assert round(float(cohen(np.array(case["table"]))), 4) == case["kappa"], case["src"]


@needs_golden
def test_the_published_table_of_fleiss_kappa_is_met() -> None:
    case = json.loads(GOLDEN.read_text())["fleiss"]
    value = float(fleiss(agreements(np.array(case["counts"])).sum(axis=0)))
    assert value == pytest.approx(case["exact"], abs=1e-12)
    assert round(value, 2) == case["kappa"]


@given(two_raters)
@settings(max_examples=80, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_cohens_kappa_and_its_weights_are_scikit_learns(ratings: np.ndarray) -> None:
    table = confusions(*ratings, n_codes=4).sum(axis=0)
    for name, weights in ((None, None), ("linear", linear(4)), ("quadratic", quadratic(4))):
        ours = float(cohen(table, weights))
        if np.isnan(ours):  # scikit-learn says nan or 0, by version, where expected agreement is 1
            assert len(set(ratings.ravel().tolist())) == 1
        else:
            theirs = cohen_kappa_score(*ratings, labels=range(4), weights=name)
            assert ours == pytest.approx(theirs, abs=1e-12)


@given(st.integers(2, 5).flatmap(lambda m: arrays(np.int64, (m, 8), elements=st.integers(0, 2))))
@settings(max_examples=80, deadline=None)
def test_fleiss_kappa_is_that_of_raters_taken_pair_by_pair(ratings: np.ndarray) -> None:
    pairs = list(combinations(range(len(ratings)), 2))
    differ = np.mean([ratings[a] != ratings[b] for a, b in pairs])
    share = np.bincount(ratings.ravel(), minlength=3) / ratings.size
    due = 1 - differ / (1 - (share**2).sum()) if share.max() < 1 else np.nan
    value = fleiss(agreements(counts_of(ratings, 3)).sum(axis=0))
    assert float(value) == pytest.approx(due, abs=1e-12, nan_ok=True)


def test_fleiss_kappa_is_alpha_without_its_correction_for_small_samples() -> None:
    """Krippendorff 2011: of complete data 1 - alpha = (1 - kappa) * (n - 1) / n, n all ratings."""
    ratings = np.random.default_rng(1).integers(0, 3, (4, 25))
    kappa = float(fleiss(agreements(counts_of(ratings, 3)).sum(axis=0)))
    value = float(alpha(disagreements(ratings, nominal(3)).sum(axis=0), nominal(3)))
    assert 1 - value == pytest.approx((1 - kappa) * 99 / 100, abs=1e-12)


@given(two_raters, st.permutations(range(4)))
@settings(max_examples=60, deadline=None)
def test_neither_the_order_of_items_and_raters_nor_the_names_of_codes_matter(
    ratings: np.ndarray, names: list[int]
) -> None:
    value = float(cohen(confusions(*ratings, n_codes=4).sum(axis=0)))
    for other in (ratings[:, ::-1], ratings[::-1], np.array(names)[ratings]):
        again = float(cohen(confusions(*other, n_codes=4).sum(axis=0)))
        assert again == pytest.approx(value, abs=1e-12, nan_ok=True)


def test_perfect_is_1_one_label_alone_is_not_defined_and_nothing_neither() -> None:
    codes = np.arange(30) % 3
    assert cohen(confusions(codes, codes, 3).sum(axis=0)) == 1
    assert fleiss(agreements(counts_of(np.stack([codes] * 4), 3)).sum(axis=0)) == 1
    for table in (np.diag([9, 0, 0]), np.zeros((3, 3))):
        assert np.isnan(cohen(table))
    assert np.isnan(fleiss(agreements(np.array([[3, 0], [3, 0]])).sum(axis=0)))
    assert np.isnan(fleiss(np.zeros(4)))


def test_many_tables_at_once_equal_one_by_one() -> None:
    tables = np.random.default_rng(2).integers(0, 9, (5, 4, 3, 3))
    values = cohen(tables, linear(3))
    assert values.shape == (5, 4)
    assert values[2, 1] == cohen(tables[2, 1], linear(3))


def test_missing_ratings_leave_the_item_out_and_wrong_ones_are_refused() -> None:
    first, second = np.array([0, 1, -1, 1]), np.array([0, -1, 1, 0])
    assert confusions(first, second, 2).sum(axis=0).tolist() == [[1, 0], [1, 0]]
    with pytest.raises(ValueError, match="from 0 to 1"):
        confusions(first + 1, second, 2)
    with pytest.raises(ValueError, match="same number of ratings"):
        agreements(np.array([[2, 1], [2, 0]]))


def test_the_interval_covers_kappa_of_endless_data() -> None:
    rng = np.random.default_rng(3)

    def some(n: int) -> np.ndarray:
        truth = rng.integers(0, 3, n)
        ratings = np.where(rng.random((2, n)) < 0.8, truth, rng.integers(0, 3, (2, n)))
        return confusions(*ratings, n_codes=3)

    truth = float(cohen(some(300_000).sum(axis=0)))
    found = [estimate(some(80), cohen, seed=trial, draws=1000) for trial in range(200)]
    assert 0.91 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.985


def test_an_interval_of_too_few_items_is_none_and_says_why() -> None:
    rng = np.random.default_rng(4)
    few = estimate(confusions(*rng.integers(0, 2, (2, 7)), n_codes=2), cohen, seed=1)
    assert (few.low, few.high) == (None, None)
    assert few.note == "not estimable: 7 units are too few for an interval"
