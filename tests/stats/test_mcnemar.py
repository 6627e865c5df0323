"""McNemar's test: against scipy's binomial test, published values, and its false alarms by simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.stats.mcnemar import exact_p, log_pmf, lower, mid_p, z

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
counts = st.integers(0, 400)


def golden(name: str) -> dict:
    file = GOLDEN / name
    if not file.exists():
        pytest.skip(f"{name} is not beside this checkout")
    return json.loads(file.read_text())


def test_agrestis_approval_ratings() -> None:
    case = golden("power_mcnemar.json")["mcnemar"]
    assert z(case["n01"], case["n10"]) ** 2 == pytest.approx(case["chi2"], abs=0.005)
    assert exact_p(case["n01"], case["n10"]) == pytest.approx(case["p_exact"], rel=1e-9)


def test_the_prototypes_value_is_met() -> None:
    (b, c), p = golden("resampling.json")["mcnemar"]
    assert exact_p(b, c) == pytest.approx(p, rel=1e-12)


@settings(max_examples=50)
@given(counts, counts)
def test_the_exact_test_is_scipys_binomial_test(b: int, c: int) -> None:
    for side in ("two-sided", "greater", "less"):
        expected = stats.binomtest(b, b + c, 0.5, side).pvalue if b + c else 1.0
        assert exact_p(b, c, side=side) == pytest.approx(expected, rel=1e-10)


@settings(max_examples=50)
@given(counts, counts)
def test_mid_p_takes_half_of_the_probability_of_what_was_seen(b: int, c: int) -> None:
    point = stats.binom.pmf(b, b + c, 0.5)
    assert mid_p(b, c, side="greater") == pytest.approx(exact_p(b, c, side="greater") - point / 2, abs=1e-12)
    assert mid_p(b, c, side="less") == pytest.approx(exact_p(b, c, side="less") - point / 2, abs=1e-12)
    doubled = 1.0 if b == c else exact_p(b, c) - point
    assert mid_p(b, c) == pytest.approx(doubled, abs=1e-12)


@settings(max_examples=50)
@given(counts, counts)
def test_exchanging_the_systems_changes_no_two_sided_p(b: int, c: int) -> None:
    assert exact_p(b, c) == exact_p(c, b)
    assert mid_p(b, c) == mid_p(c, b)
    assert exact_p(b, c, side="greater") == exact_p(c, b, side="less")


def test_fifteen_to_five_is_not_the_p_of_a_strict_inequality() -> None:
    # sacrebleu's procedure gives 0.011 for this split.
    assert exact_p(15, 5) == pytest.approx(0.041389, abs=1e-6)


def test_systems_that_do_not_differ_have_p_one() -> None:
    assert exact_p(0, 0) == mid_p(0, 0) == exact_p(31, 31) == mid_p(31, 31) == 1


def test_p_is_never_zero() -> None:
    assert exact_p(0, 10_000_000) > 0
    assert mid_p(3, 50_000) > 0


@pytest.mark.parametrize("n", [1_000, 100_000, 10_000_000])
def test_tails_of_large_counts_are_scipys(n: int) -> None:
    k = np.floor(n / 2 - np.array([0, 0.5, 1, 3, 8, 17]) * np.sqrt(n)).astype(int)
    expected = stats.binom.cdf(k, n, 0.5)
    np.testing.assert_allclose(lower(k, n, 0.5), expected, rtol=1e-9)


def test_tails_and_points_of_any_binomial_are_scipys() -> None:
    rng = np.random.default_rng(0)
    n = rng.integers(0, 2000, 4000)
    k = rng.integers(-1, n + 1)
    q = np.where(rng.random(4000) < 0.1, rng.integers(0, 2, 4000), rng.random(4000))
    np.testing.assert_allclose(lower(k, n, q), stats.binom.cdf(k, n, q), atol=1e-12)
    at = np.maximum(k, 0)
    np.testing.assert_allclose(np.exp(log_pmf(at, n, q)), stats.binom.pmf(at, n, q), atol=1e-12)


def test_arrays_give_what_their_parts_give() -> None:
    b, c = np.array([[3, 0], [12, 5]]), np.array([[9], [5]])
    both = np.array([[float(mid_p(x, y)) for x, y in zip(row, (9, 9), strict=True)] for row in b[:1]])
    assert mid_p(b, c).shape == (2, 2)
    assert mid_p(b, c)[:1] == pytest.approx(both, rel=1e-14)
    assert exact_p([], []).shape == (0,)


@pytest.mark.parametrize(("b", "c"), [(-1, 3), (0.5, 3)])
def test_what_is_no_count_is_refused(b: float, c: float) -> None:
    with pytest.raises(ValueError, match="counts"):
        exact_p(b, c)


@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize("discordance", [0.05, 0.2, 0.6])
def test_equal_systems_are_called_different_no_more_often_than_said(n: int, discordance: float) -> None:
    rng = np.random.default_rng(n)
    b, c, _ = rng.multinomial(n, [discordance / 2, discordance / 2, 1 - discordance], size=20_000).T
    assert (exact_p(b, c) <= 0.05).mean() <= 0.05
    assert (mid_p(b, c) <= 0.05).mean() <= 0.06
    assert (mid_p(b, c, side="greater") <= 0.05).mean() <= 0.06
