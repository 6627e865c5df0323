"""The paired bootstrap: against scipy's, the normal theory, its invariances and its coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from harness.stats.paired import differences


def mean(totals: np.ndarray) -> np.ndarray:
    return totals[..., 0] / totals[..., 1]


def micro_f1(totals: np.ndarray) -> np.ndarray:
    return 2 * totals[..., 0] / np.maximum(totals[..., 1] + totals[..., 2], 1)


def right(answers: np.ndarray) -> np.ndarray:
    return np.column_stack([answers, np.ones(len(answers))]).astype(float)


def spans(n: int, seed: int, hit: float = 0.7) -> np.ndarray:
    gold = np.random.default_rng(0).poisson(3, n)
    rng = np.random.default_rng(seed)
    found = rng.binomial(gold, hit)
    return np.column_stack([found, found + rng.poisson(1, n), gold]).astype(float)


def test_the_interval_is_that_of_scipys_paired_bootstrap() -> None:
    a, b = spans(80, 1), spans(80, 2, 0.8)

    def gap(pick: np.ndarray, axis: int) -> np.ndarray:
        return micro_f1(a[pick].sum(axis=axis - 1)) - micro_f1(b[pick].sum(axis=axis - 1))

    [ours] = differences(a, b, [micro_f1], seed=1, draws=40_000)
    theirs = stats.bootstrap(
        (np.arange(80),), gap, n_resamples=20_000, method="percentile", rng=np.random.default_rng(3), vectorized=True
    ).confidence_interval
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], abs=0.003)


def test_pairing_makes_the_interval_as_narrow_as_the_normal_theory_says() -> None:
    rng = np.random.default_rng(4)
    a = rng.random(800) < 0.8
    b = np.where(rng.random(800) < 0.1, ~a, a)
    [found] = differences(right(a), right(b), [mean], seed=1)
    gap = a.astype(int) - b
    half = 1.96 * gap.std() / np.sqrt(800)
    assert [found.low, found.high] == pytest.approx([gap.mean() - half, gap.mean() + half], abs=0.003)


def test_p_is_the_level_at_which_the_interval_reaches_zero() -> None:
    a, b = spans(80, 1, 0.8), spans(80, 2)
    [found] = differences(a, b, [micro_f1], seed=1)
    assert 0.001 < found.p < 0.5
    [at] = differences(a, b, [micro_f1], seed=1, level=float(1 - found.p))
    assert min(abs(at.low), abs(at.high)) < 1e-3


def test_the_order_of_units_does_not_matter_and_the_seed_decides_all() -> None:
    a, b = spans(90, 1), spans(90, 2)
    order = np.random.default_rng(0).permutation(90)
    assert differences(a, b, [micro_f1], seed=7) == differences(a[order], b[order], [micro_f1], seed=7)
    assert differences(a, b, [micro_f1], seed=7) != differences(a, b, [micro_f1], seed=8)


@given(arrays(np.int64, st.tuples(st.integers(1, 9), st.just(3)), elements=st.integers(0, 3)))
def test_identical_systems_have_p_one_and_no_interval(units: np.ndarray) -> None:
    [found] = differences(units, units, [micro_f1], seed=1, draws=50)
    assert found.p == 1
    assert found.difference == 0
    assert np.isnan([found.low, found.high]).all()
    assert str(found.reason).startswith("not estimable")


def test_small_and_still_samples_say_why_there_is_no_interval() -> None:
    [one] = differences(right(np.ones(1)), right(np.zeros(1)), [mean], seed=1)
    assert np.isnan([one.low, one.high, one.p]).all()
    assert one.reason == "not estimable: 1 unit, an interval needs at least 2"
    [flat] = differences(right(np.ones(9)), right(np.zeros(9)), [mean], seed=1)
    assert np.isnan(flat.low)
    assert "no draw changes" in str(flat.reason)
    assert flat.p == pytest.approx(2 / 10_001)
    [none] = differences(np.zeros((0, 2)), np.zeros((0, 2)), [lambda totals: totals[..., 0]], seed=1)
    assert none.reason == "not estimable: 0 units, an interval needs at least 2"


def test_formulas_share_their_draws_and_may_give_many_values() -> None:
    a, b = spans(90, 1), spans(90, 2)

    def both(totals: np.ndarray) -> np.ndarray:
        return np.stack([micro_f1(totals), np.full(totals.shape[:-1], np.nan)], axis=-1)

    together, alone = differences(a, b, [both, micro_f1], seed=4)
    assert (together.low[0], together.high[0], together.p[0]) == (alone.low, alone.high, alone.p)
    assert np.isnan([together.low[1], together.p[1]]).all()
    assert together.reason is not None


def test_draws_without_a_value_are_left_out() -> None:
    def where_odd(totals: np.ndarray) -> np.ndarray:
        return np.where(totals[..., 0] % 2 == 0, np.nan, totals[..., 0])

    rng = np.random.default_rng(1)
    [found] = differences(right(rng.random(31) < 0.5), right(np.repeat([1, 0], [15, 16])), [where_odd], seed=1)
    assert found.low < found.high


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="same"):
        differences(np.zeros((3, 2)), np.zeros((4, 2)), [mean], seed=1)


def test_the_interval_covers_the_true_difference_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    covered = alarms = 0
    for trial in range(800):
        hard = rng.beta(3, 2, 150)
        a, b = rng.random((2, 150)) < hard
        [found] = differences(right(a), right(b), [mean], seed=trial, draws=400)
        covered += bool(found.low <= 0 <= found.high)
        alarms += bool(found.p <= 0.05)
    assert 0.93 <= covered / 800 <= 0.97
    assert alarms / 800 <= 0.07
