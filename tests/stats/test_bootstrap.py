"""The bootstrap: against scipy and resampling by hand, against the closed form, and its invariances."""

import json
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.stats import bootstrap as module
from harness.stats.bootstrap import draw_sums, explained, half_width, intervals, leave_one_out, sum_by_unit
from harness.stats.distinct import distinct
from harness.stats.estimate import estimate

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "resampling.json"
needs_golden = pytest.mark.skipif(not GOLDEN.exists(), reason="shared/golden is not part of the repository")


def mean(totals: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return totals[..., 0] / totals[..., 1]


def macro_f1(totals: np.ndarray) -> np.ndarray:
    table = totals.reshape(*totals.shape[:-1], 5, 5)
    hits = np.einsum("...ii->...i", table)
    return (2 * hits / (table.sum(-1) + table.sum(-2))).mean(-1)


def some_units(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, 4, n), np.full(n, 4)]).astype(float)


def skewed_units(n: int, seed: int) -> np.ndarray:
    return np.column_stack([np.random.default_rng(seed).exponential(1, n) ** 2, np.ones(n)])


def bounds(units: np.ndarray, formula: Callable = mean, **settings: object) -> tuple[float, float]:
    [(low, high)] = intervals(*distinct(units), [formula], **{"seed": 5, **settings})
    return float(low), float(high)


def test_the_interval_of_a_mean_is_that_of_the_normal_theory() -> None:
    units = some_units(400, 1)
    rate = units[:, 0] / 4
    half = 1.966 * rate.std() / np.sqrt(400)
    assert bounds(units) == pytest.approx((rate.mean() - half, rate.mean() + half), abs=0.003)


def test_it_is_scipys_bca_of_units_drawn_one_by_one_at_the_level_that_students_t_asks_for() -> None:
    units = skewed_units(40, 2)
    level = 2 * NormalDist().cdf(half_width(40, 0.95)) - 1
    theirs = stats.bootstrap(
        (units[:, 0],), np.mean, method="BCa", confidence_level=level, n_resamples=60_000, rng=np.random.default_rng(3)
    ).confidence_interval
    plain = stats.bootstrap(
        (units[:, 0],), np.mean, method="percentile", n_resamples=60_000, rng=np.random.default_rng(3)
    ).confidence_interval
    ours = bounds(units, draws=60_000)
    assert ours == pytest.approx(tuple(theirs), rel=0.015)
    assert ours[1] - plain.high > 0.3  # the percentile interval does not know of the skewness


@needs_golden
def test_acceleration_and_draws_are_those_of_the_published_prototype() -> None:
    golden = json.loads(GOLDEN.read_text())
    times = np.array(golden["confusion_a"]).reshape(-1)
    vectors = np.eye(25)
    without = macro_f1(times - vectors)
    assert macro_f1(times.astype(float)) == pytest.approx(golden["macro_f1"], abs=1e-15)
    assert leave_one_out(without, times)[1] == pytest.approx(golden["bca_acceleration"], abs=1e-12)
    drawn = np.concatenate([macro_f1(totals) for totals in draw_sums(vectors, times, seed=1)])
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx(golden["percentile_200k"], abs=0.0015)
    assert drawn.std() == pytest.approx(golden["sd_200k"], rel=0.03)


def test_the_half_width_is_students_t_with_the_draws_variance_made_good() -> None:
    for n, level in ((10, 0.95), (10, 0.9), (1000, 0.95)):
        assert half_width(n, level) == pytest.approx(stats.t.ppf((1 + level) / 2, n - 1) * math.sqrt(n / (n - 1)), 1e-4)


def test_every_draw_holds_as_many_units_as_there_are() -> None:
    for totals in draw_sums(*distinct(some_units(50, 3)), seed=1, draws=500):
        assert (totals[:, 1] == 200).all()


def test_the_seed_decides_all() -> None:
    units = some_units(60, 4)
    assert bounds(units, seed=7) == bounds(units, seed=7)
    assert bounds(units, seed=7) != bounds(units, seed=8)


@pytest.mark.parametrize("many", [0, 100])
def test_neither_the_order_of_vectors_nor_an_unused_one_matters(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", many)
    vectors, times = distinct(np.rint(8 * skewed_units(90, 4)) / 8)
    order = np.random.default_rng(0).permutation(len(vectors))
    due = intervals(vectors, times, [mean], seed=7, draws=500)
    assert intervals(vectors[order], times[order], [mean], seed=7, draws=500) == due
    more = np.vstack([vectors, [[99.0, 1.0]]]), np.append(times, 0)
    assert intervals(*more, [mean], seed=7, draws=500) == due


def test_repeated_vectors_are_merged() -> None:
    units = some_units(60, 4)
    assert intervals(units, np.ones(60, int), [mean], seed=7) == intervals(*distinct(units), [mean], seed=7)


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = bounds(some_units(40, 5), draws=1000)
    monkeypatch.setattr("harness.stats.distinct.HELD", 100)
    monkeypatch.setattr(module, "HELD", 10)
    assert bounds(some_units(40, 5), draws=1000) == at_once


@pytest.mark.parametrize("many", [0, 100])
def test_many_values_at_once_are_those_one_by_one(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", many)
    rng = np.random.default_rng(6)
    units = np.column_stack([rng.integers(0, 3, (50, 3)), np.full(50, 2)]).astype(float)
    units[:, 2] = 1  # the third has no interval

    def three(totals: np.ndarray) -> np.ndarray:
        return totals[..., :3] / totals[..., 3:]

    vectors, times = distinct(units)
    [(lows, highs)] = intervals(vectors, times, [three], seed=1)
    alone = [lambda totals, i=i: three(totals)[..., i] for i in range(3)]
    found = [(float(low), float(high)) for low, high in intervals(vectors, times, alone, seed=1)]
    assert lows.shape == highs.shape == (3,)
    assert np.column_stack([lows, highs]) == pytest.approx(np.array(found), rel=0, abs=0, nan_ok=True)
    assert np.isnan(lows).tolist() == [False, False, True]


@given(st.lists(st.integers(0, 2), min_size=8, max_size=40), st.integers(0, 2))
def test_an_estimate_has_the_same_bits_and_no_interval_is_without_width(values: list[int], seed: int) -> None:
    units = np.column_stack([values, np.full(len(values), 2)]).astype(float)
    low, high = bounds(units, seed=seed, draws=200)
    one = estimate(units, mean, seed=seed, draws=200)
    assert (one.low, one.high) == ((low, high) if low == low else (None, None))
    assert low < high or (math.isnan(low) and math.isnan(high))


def test_the_ends_are_draws_and_hold_the_value() -> None:
    units = some_units(30, 2)
    low, high = bounds(units)
    assert low < mean(units.sum(axis=0)) < high
    assert [low * 120, high * 120] == pytest.approx(np.rint([low * 120, high * 120]))


def test_draws_without_a_value_are_left_out_unless_they_are_many() -> None:
    def units(zeros: int) -> np.ndarray:
        return np.array([[1.0, 1], [0, 1], [1, 1]] + [[0, 0]] * zeros)

    assert bounds(units(3)) == (0.0, 1.0)  # 1 in 64 draws has no value
    [one] = explained(*distinct(units(57)[1:]), [mean], seed=1)
    assert math.isnan(one.low) and math.isnan(one.high)
    assert one.reason in [f"not estimable: {share}% of draws have no value" for share in (12, 13, 14)]  # (57/59)^59


def test_where_there_is_no_interval_both_ends_are_nan_and_a_reason_is_given() -> None:
    vectors = np.ones((1, 2))
    same, nothing = explained(vectors, np.array([30]), [mean, lambda totals: totals[..., 0] * np.nan], seed=1)
    assert (str(same.reason), str(nothing.reason)) == ("not estimable: every draw gives the same value", "not defined")
    assert all(math.isnan(end) for one in (same, nothing) for end in (one.low, one.high))


@pytest.mark.parametrize(("power", "near"), [(1, 0.03), (2, 0.09)])
def test_the_jackknife_of_many_vectors_gives_nearly_the_interval_of_draws(
    power: int, near: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = np.column_stack([np.random.default_rng(8).exponential(1, 1500) ** power, np.ones(1500)])
    drawn = bounds(units)
    monkeypatch.setattr(module, "MANY", 1000)
    found = bounds(units)
    assert found == pytest.approx(drawn, abs=near * (drawn[1] - drawn[0]))
    assert found == bounds(units[::-1], seed=99, draws=1)  # no chance in it
    assert found[1] - mean(units.sum(axis=0)) > mean(units.sum(axis=0)) - found[0]  # towards the long tail


@pytest.mark.parametrize("wrong", [1, 2, 5, 20])
def test_the_jackknife_of_a_share_stays_inside_0_and_1_and_near_the_exact_interval(
    wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 1)
    n = 3000
    low, high = bounds(np.column_stack([np.arange(n) >= wrong, np.ones(n)]).astype(float))
    exact = stats.binomtest(n - wrong, n).proportion_ci(method="wilson")
    assert high <= 1 + 1e-12
    assert ((1 - low) * n, (1 - high) * n) == pytest.approx(((1 - exact.low) * n, (1 - exact.high) * n), abs=1.2)


def test_a_million_distinct_units_take_little_memory() -> None:
    vectors = np.column_stack([np.arange(1e6), np.ones(1_000_000)])
    times = np.ones(1_000_000, np.int64)
    tracemalloc.start()
    [(low, high)] = intervals(vectors, times, [mean], seed=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    half = 1.959964 * 1e6 / math.sqrt(12) / 1e3
    assert [low, high] == pytest.approx([499_999.5 - half, 499_999.5 + half], rel=1e-5)
    assert peak < 100e6


def test_rows_are_summed_within_their_unit() -> None:
    rows = np.array([[1.0, 2], [3, 4], [5, 6]])
    assert sum_by_unit(rows, np.array([1, 0, 1]), 2).tolist() == [[3, 4], [6, 8]]


def test_empty_units_count_where_the_caller_says_so() -> None:
    units = np.vstack([some_units(20, 9), np.zeros((20, 2))])
    found = [estimate(units, mean, seed=1, empty_units=flag) for flag in (False, True)]
    assert [one.n_units for one in found] == [20, 40]
    assert (found[1].low, found[1].high) == bounds(units, seed=1)
    assert (found[0].low, found[0].high) != (found[1].low, found[1].high)
