"""The bootstrap: against resampling by hand, against the closed form, and its invariances."""

import numpy as np
import pytest

from harness.stats.bootstrap import draw_totals, intervals, sum_by_unit
from harness.stats.distinct import distinct


def mean(totals: np.ndarray) -> np.ndarray:
    return totals[..., 0] / totals[..., 1]


def some_units(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, 4, n), np.full(n, 4)]).astype(float)


def test_the_interval_of_a_mean_is_that_of_the_normal_theory() -> None:
    units = some_units(400, 1)
    [(low, high)] = intervals(*distinct(units), [mean], seed=5)
    rate = units[:, 0] / 4
    half = 1.96 * rate.std() / np.sqrt(400)
    assert low == pytest.approx(rate.mean() - half, abs=0.003)
    assert high == pytest.approx(rate.mean() + half, abs=0.003)


def test_it_is_the_bootstrap_of_units_drawn_one_by_one() -> None:
    units = some_units(30, 2)
    [(low, high)] = intervals(*distinct(units), [mean], seed=5, draws=40_000)
    rng = np.random.default_rng(9)
    drawn = [mean(units[rng.integers(0, 30, 30)].sum(axis=0)) for _ in range(20_000)]
    by_hand = np.quantile(drawn, [0.025, 0.975])
    assert [low, high] == pytest.approx(by_hand, abs=0.006)


def test_every_draw_holds_as_many_units_as_there_are() -> None:
    units = some_units(50, 3)
    for totals in draw_totals(units, seed=1, draws=500):
        assert (totals[:, 1] == 200).all()


def test_the_order_of_units_does_not_matter_and_the_seed_decides_all() -> None:
    units = some_units(60, 4)
    shuffled = units[np.random.default_rng(0).permutation(60)]
    assert intervals(*distinct(units), [mean], seed=7) == intervals(*distinct(shuffled), [mean], seed=7)
    assert intervals(*distinct(units), [mean], seed=7) != intervals(*distinct(units), [mean], seed=8)


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    units = some_units(40, 5)
    at_once = intervals(*distinct(units), [mean], seed=7, draws=1000)
    monkeypatch.setattr("harness.stats.distinct.HELD", 100)
    assert intervals(*distinct(units), [mean], seed=7, draws=1000) == at_once


def test_draws_without_a_value_are_left_out() -> None:
    units = np.array([[1.0, 1], [0, 0], [0, 0], [0, 1]])
    with np.errstate(invalid="ignore"):
        [(low, high)] = intervals(*distinct(units), [mean], seed=1)
    assert 0 <= low <= high <= 1


def test_rows_are_summed_within_their_unit() -> None:
    rows = np.array([[1.0, 2], [3, 4], [5, 6]])
    assert sum_by_unit(rows, np.array([1, 0, 1]), 2).tolist() == [[3, 4], [6, 8]]


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # A small version of the simulation: accuracy of 0.7 on 100 items, 300 samples.
    rng = np.random.default_rng(11)
    covered = 0
    for trial in range(300):
        right = rng.random(100) < 0.7
        units = np.column_stack([right, np.ones(100)]).astype(float)
        [(low, high)] = intervals(*distinct(units), [mean], seed=trial, draws=1000)
        covered += low <= 0.7 <= high
    assert 0.90 <= covered / 300 <= 0.98
