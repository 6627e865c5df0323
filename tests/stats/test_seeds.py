"""Several training runs: known variances come back, the interval covers, and few runs are never sure."""

import numpy as np
import pytest
from scipy import stats

from harness.stats.seeds import SeedComparison, compare_seeds, t_quantile


def mean(totals: np.ndarray) -> np.ndarray:
    return totals[..., 0] / totals[..., 1]


def runs(rng: np.random.Generator, n_seeds: int, hard: np.ndarray, spread: float, level: float = 1.0) -> np.ndarray:
    """Rows (n_seeds, n_units, 2) of runs whose skill varies by `spread` on the logit scale."""
    skill = level + rng.normal(0, spread, (n_seeds, 1)) + rng.normal(0, 0.3, len(hard))
    right = rng.random((n_seeds, len(hard))) < 1 / (1 + np.exp(-skill - hard))
    return np.stack([right, np.ones(right.shape)], axis=-1).astype(float)


def example(n_seeds: int = 4, n: int = 200, spread: float = 0.3, **settings) -> SeedComparison:
    rng = np.random.default_rng(3)
    hard = rng.normal(0, 1.5, n)
    a, b = runs(rng, n_seeds, hard, spread, 1.4), runs(rng, n_seeds, hard, spread)
    return compare_seeds(a, b, mean, **{"seed": 1, "draws": 2000, **settings})


def test_the_difference_is_that_of_the_mean_scores() -> None:
    rng = np.random.default_rng(3)
    hard = rng.normal(0, 1.5, 200)
    a, b = runs(rng, 4, hard, 0.3, 1.4), runs(rng, 3, hard, 0.3)
    found = compare_seeds(a, b, mean, seed=1, draws=500)
    assert found.difference == pytest.approx(a[..., 0].mean() - b[..., 0].mean(), abs=1e-12)
    assert found.spread_a == pytest.approx(a[..., 0].mean(axis=1).std(ddof=1), abs=1e-12)
    assert found.low < found.difference < found.high
    assert found.n_seeds == (4, 3)


def test_the_parts_of_the_variance_are_those_the_scores_were_made_with() -> None:
    # score = unit of A or B (variance 4, 9) + run (0.25 for A, none for B) + noise of each answer (variance 1)
    rng = np.random.default_rng(8)
    n, many, parts = 100, 5, []
    for trial in range(150):
        a = rng.normal(0, 2, n) + rng.normal(0, 0.5, (many, 1)) + rng.normal(0, 1, (many, n))
        b = rng.normal(0, 3, n) + rng.normal(0, 1, (many, n))
        rows = (np.stack([scores, np.ones((many, n))], axis=-1) for scores in (a, b))
        found = compare_seeds(*rows, mean, seed=trial, draws=200)
        parts.append([found.variance.units, found.variance.seeds_a, found.variance.seeds_b])
    units, seeds_a, seeds_b = np.mean(parts, axis=0)
    assert units == pytest.approx((4 + 9 + 2 / many) / n, rel=0.1)
    assert seeds_a == pytest.approx(0.25 / many, rel=0.15)
    assert seeds_b < 0.05 * 0.25


def test_documents_alone_would_be_too_sure() -> None:
    steady, shaky = example(spread=0.0), example(spread=0.8)
    assert shaky.high - shaky.low > 1.5 * (steady.high - steady.low)
    assert shaky.variance.seeds_a > shaky.variance.units > steady.variance.seeds_a


def test_fewer_runs_make_wider_intervals_with_fewer_degrees_of_freedom() -> None:
    few, many = example(n_seeds=2, spread=0.8), example(n_seeds=12, spread=0.8)
    assert few.high - few.low > many.high - many.low
    assert 1 <= few.freedom < many.freedom


def test_neither_units_nor_runs_have_an_order_and_the_seed_decides_all() -> None:
    rng = np.random.default_rng(3)
    hard = rng.normal(0, 1.5, 80)
    a, b = runs(rng, 3, hard, 0.3), runs(rng, 3, hard, 0.3)
    found, order = compare_seeds(a, b, mean, seed=1, draws=300), rng.permutation(80)
    assert found == compare_seeds(a[:, order], b[:, order], mean, seed=1, draws=300)
    assert found != compare_seeds(a, b, mean, seed=2, draws=300)
    turned = compare_seeds(a[::-1], b, mean, seed=1, draws=300)
    assert (turned.spread_a, turned.difference) == pytest.approx((found.spread_a, found.difference))


@pytest.mark.parametrize(("runs_a", "runs_b", "name"), [(1, 3, "A"), (3, 1, "B"), (3, 0, "B")])
def test_one_run_is_not_enough(runs_a: int, runs_b: int, name: str) -> None:
    rows = np.ones((3, 20, 2))
    found = compare_seeds(rows[:runs_a], rows[:runs_b], mean, seed=1)
    assert found.low is found.high is found.variance is None
    assert str(found.reason).startswith("not estimable")
    assert f"of {name}" in str(found.reason)


def test_small_and_still_samples_say_why() -> None:
    few = compare_seeds(np.ones((3, 1, 2)), np.ones((3, 1, 2)), mean, seed=1)
    assert few.reason == "not estimable: 1 unit, an interval needs at least 2"
    still = compare_seeds(np.ones((3, 9, 2)), np.ones((3, 9, 2)), mean, seed=1, draws=50)
    assert "neither documents nor runs" in str(still.reason)
    assert still.low is None


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        compare_seeds(np.ones((3, 9, 2)), np.ones((3, 8, 2)), mean, seed=1)


@pytest.mark.parametrize("freedom", [1, 1.7, 2, 5, 30, 1000, 1e6])
def test_quantiles_of_students_t_are_scipys(freedom: float) -> None:
    shares = (0.005, 0.5, 0.9, 0.975, 0.995)
    found = [t_quantile(share, freedom) for share in shares]
    assert found == pytest.approx(stats.t.ppf(shares, freedom).tolist(), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("n_seeds", "spread"), [(3, 0.1), (3, 0.5), (6, 0.3)])
def test_the_interval_covers_equal_systems_about_as_often_as_it_says(n_seeds: int, spread: float) -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(400):
        hard = rng.normal(0, 1.5, 100)
        a, b = runs(rng, n_seeds, hard, spread), runs(rng, n_seeds, hard, spread)
        found = compare_seeds(a, b, mean, seed=trial, draws=200)
        covered += bool(found.low <= 0 <= found.high)
    assert covered / 400 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)
