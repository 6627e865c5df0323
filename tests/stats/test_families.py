"""Families of tests: published worked values, the procedures by hand, and false alarms by simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.stats.families import benjamini_hochberg, holm, max_t

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "multiplicity.json"
ps = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.fixture
def golden() -> dict:
    if not GOLDEN.exists():
        pytest.skip("multiplicity.json is not beside this checkout")
    return json.loads(GOLDEN.read_text())


def test_the_fifteen_p_values_of_benjamini_and_hochberg(golden: dict) -> None:
    assert holm(golden["p"]) == pytest.approx(golden["holm"], rel=1e-12)
    assert benjamini_hochberg(golden["p"]) == pytest.approx(golden["bh"], rel=1e-12)
    assert (holm(golden["p"]) <= 0.05).sum() == golden["holm_rejected"]
    assert (benjamini_hochberg(golden["p"]) <= 0.05).sum() == golden["bh_rejected"]


@given(ps)
def test_benjamini_hochberg_is_scipys(p: list[float]) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), rtol=1e-12)


@given(ps, st.randoms())
def test_the_order_of_the_family_does_not_matter(p: list[float], random) -> None:
    order = list(range(len(p)))
    random.shuffle(order)
    for adjust in (holm, benjamini_hochberg):
        np.testing.assert_array_equal(adjust(np.array(p)[order]), adjust(p)[order])


@given(ps, st.integers(0, 12))
def test_what_has_no_p_is_no_part_of_the_family(p: list[float], at: int) -> None:
    # statsmodels' Holm counts a nan as one of the tests, its Benjamini-Hochberg then returns nan for all.
    at = min(at, len(p))
    for adjust in (holm, benjamini_hochberg):
        with_gap = adjust([*p[:at], float("nan"), *p[at:]])
        assert np.isnan(with_gap[at])
        np.testing.assert_array_equal(np.delete(with_gap, at), adjust(p))


@given(ps)
def test_adjusted_values_are_between_p_and_one(p: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        assert (adjust(p) >= np.array(p) * (1 - 1e-12)).all()
        assert (adjust(p) <= 1).all()
    assert (holm(p) >= benjamini_hochberg(p) * (1 - 1e-12)).all()


def test_families_of_nothing_and_of_one() -> None:
    assert holm([]).shape == benjamini_hochberg([]).shape == (0,)
    assert holm([0.03]) == benjamini_hochberg([0.03]) == [0.03]
    assert np.isnan(holm([float("nan")])).all()


def test_what_is_no_p_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        holm([0.1, 1.2])


def by_hand(observed: np.ndarray, null: np.ndarray) -> list[float]:
    """Westfall and Young's algorithm as it is written, one hypothesis at a time."""
    scale = np.sqrt((null**2).mean(axis=0))
    t, draws = np.abs(observed / scale), np.abs(null / scale)
    left, found, floor = list(np.argsort(-t)), [0.0] * len(t), 0.0
    while left:
        first = left[0]
        extreme = (draws[:, left].max(axis=1) >= t[first] - 1e-12).sum()
        floor = max(floor, (1 + extreme) / (1 + len(null)))
        found[first] = floor
        left = left[1:]
    return found


def test_max_t_is_the_algorithm_as_written() -> None:
    rng = np.random.default_rng(3)
    null = rng.normal(size=(500, 6)) * [1, 5, 0.1, 2, 1, 1] + rng.normal(size=(500, 1))
    observed = np.array([3.0, -4, 0.5, 6, 0.2, -2])
    assert max_t(observed, null) == pytest.approx(by_hand(observed, null), rel=1e-12)


def test_one_comparison_is_its_own_family() -> None:
    null = np.random.default_rng(1).normal(size=(999, 1))
    assert max_t([2.0], null) == pytest.approx((1 + (np.abs(null) >= 2).sum()) / 1000)
    assert max_t([2.0], null, side="greater") == pytest.approx((1 + (null >= 2).sum()) / 1000)


def test_comparisons_that_are_one_and_the_same_cost_nothing() -> None:
    null = np.random.default_rng(1).normal(size=(999, 1))
    assert max_t([2.0] * 5, np.repeat(null, 5, axis=1)) == pytest.approx([float(max_t([2.0], null)[0])] * 5)


def test_max_t_finds_more_than_holm_where_comparisons_hang_together() -> None:
    rng = np.random.default_rng(2)
    null = rng.normal(size=(4999, 1)) + 0.3 * rng.normal(size=(4999, 10))
    observed = np.full(10, 2.4)
    alone = [(1 + (np.abs(null[:, i]) >= 2.4).sum()) / 5000 for i in range(10)]
    assert (max_t(observed, null) < holm(alone)).all()
    assert (max_t(observed, null) >= alone).all()


def test_identical_systems_have_p_one_and_ties_are_extreme() -> None:
    assert max_t([0.0, 0.0], np.zeros((99, 2))).tolist() == [1, 1]
    coins = np.array([[1.0], [-1.0]] * 50)
    assert max_t([1.0], coins).tolist() == [1]
    assert max_t([1.0 + 1e-14], coins).tolist() == [1]


def test_a_comparison_without_a_value_stays_without_one() -> None:
    null = np.random.default_rng(1).normal(size=(99, 3))
    found = max_t([1.0, np.nan, 2.0], null)
    assert np.isnan(found[1])
    np.testing.assert_array_equal(found[[0, 2]], max_t([1.0, 2.0], null[:, [0, 2]]))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        max_t([1.0, 2.0], np.zeros((10, 3)))


def test_a_family_of_true_nulls_raises_a_false_alarm_no_more_often_than_said() -> None:
    rng = np.random.default_rng(8)
    mixing = rng.normal(size=(5, 5))
    alarms = {"max_t": 0, "holm": 0}
    for _ in range(2000):
        null, seen = rng.standard_normal((400, 5)) @ mixing, rng.standard_normal(5) @ mixing
        alarms["max_t"] += max_t(seen, null).min() <= 0.05
        alarms["holm"] += holm((1 + (np.abs(null) >= np.abs(seen)).sum(axis=0)) / 401).min() <= 0.05
    assert alarms["max_t"] / 2000 <= 0.06
    assert alarms["holm"] <= alarms["max_t"]
