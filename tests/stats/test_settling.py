"""Test set and settle set together: weights by hand, p against the exact test, no bias, and a small benchmark."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from harness.stats.mcnemar import exact_p
from harness.stats.settling import combine, one_source
from harness.stats.verdict import Verdict, judge

FOLDER = Path(__file__).parents[2] / "benchmarks" / "gate"
RIGHT = np.array([[1.0, 1.0], [0.0, 1.0]])  # rows (right, 1) of a unit that is right, and of one that is wrong


def right(totals: np.ndarray) -> np.ndarray:
    """Accuracy of rows (right, 1)."""
    return totals[..., 0] / totals[..., 1]


def rows(only_a: int, only_b: int, neither: int = 0, both: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of A and B with so many units that only A, only B, neither and both have right."""
    counts = [only_a, only_b, neither, both]
    return RIGHT[np.repeat([0, 1, 1, 0], counts)], RIGHT[np.repeat([1, 0, 1, 0], counts)]


def combined(test: tuple[int, ...], drawn: tuple[int, ...], pool: int, pool_apart: int) -> Verdict:
    """The verdict on (only A, only B, differently wrong, both right) of a test set and (...) drawn ones."""
    a, b = rows(*test)
    apart = np.arange(len(a)) < sum(test[:3])
    return combine(a, b, apart, *rows(*drawn), right, pool=pool, pool_apart=pool_apart, seed=1, draws=2_000)


def test_the_difference_is_the_share_that_differs_times_its_mean_as_in_double_sampling() -> None:
    found = combined((12, 8, 4, 176), (30, 12, 8, 0), 2_000, 240)
    share, mean = (24 + 240) / 2_200, (8 + 12 - 12 - 30) / (24 + 50)  # J. Neyman, 1938
    assert found.difference == pytest.approx(share * mean, abs=1e-12)
    assert found.base == pytest.approx(1 - share + share * 42 / 74)
    assert found.p_alone == pytest.approx(float(exact_p(12 + 30, 8 + 12, side="greater")), rel=1e-9)
    assert (found.n_units, found.n_discordant) == (250, 62)


def test_without_a_pool_it_is_the_test_set_and_with_all_of_it_drawn_the_two_as_one() -> None:
    test, none = (12, 8, 4, 176), (0, 0, 0, 0)
    [alone] = judge(*rows(*test), [right], seed=1, draws=2_000)
    found = combined(test, none, 0, 0)
    assert (found.difference, found.low, found.high) == (alone.difference, alone.low, alone.high)
    both = combined(test, (30, 12, 8, 0), 50, 50)
    [one] = judge(
        *(np.vstack(parts) for parts in zip(rows(*test), rows(30, 12, 8), strict=True)), [right], seed=1, draws=2_000
    )
    assert (both.difference, both.low, both.high) == pytest.approx((one.difference, one.low, one.high))


def test_it_has_no_bias_and_its_error_is_cochrans_or_a_little_more() -> None:
    rng, truth = np.random.default_rng(3), 0.15 * (0.2 - 0.6)
    found = []
    for _ in range(300):
        test = rng.multinomial(200, [0.09, 0.03, 0.03, 0.85])
        pool_apart = int(rng.binomial(2_000, 0.15))
        found.append(combined(tuple(test), tuple(rng.multinomial(60, [0.6, 0.2, 0.2, 0])), 2_000, pool_apart))
    differences = np.array([one.difference for one in found])
    assert differences.mean() == pytest.approx(truth, abs=4 * differences.std() / np.sqrt(300))
    said, scatter = float(np.mean([one.standard_error for one in found])), float(differences.std())
    assert 0.92 * scatter <= said <= 1.25 * scatter  # a scatter of 300 is known to 4 %


def test_a_stratum_that_nothing_with_gold_stands_for_is_refused() -> None:
    a, b = rows(3, 2)
    with pytest.raises(ValueError, match="no unit with gold"):
        combine(a, b, np.ones(5, bool), a, b, right, pool=100, pool_apart=20, seed=1)


def test_two_samples_of_one_source_are_told_from_others() -> None:
    assert one_source(300, 30, 5_000, 550)
    assert not one_source(300, 30, 5_000, 1_200)
    assert one_source(50, 0, 40, 0)


def test_a_settle_set_catches_more_and_seldom_alarms_without_change(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = settle(monkeypatch)
    calm = bench.Case("calm", bench.ACCURACY, bench.same(), 300, 100).count(80)
    worse = bench.Case("worse", bench.ACCURACY, bench.dropped(bench.ACCURACY, 0.03), 300, 100).count(60)
    assert calm["regressed both"] <= 80 * 0.06 + 3.5 * np.sqrt(80 * 0.06 * 0.94)
    assert calm["pass both"] > 1.5 * calm["pass one"]
    assert worse["regressed both"] > 1.3 * worse["regressed one"] > 10
    assert worse["pass both"] <= 3


def settle(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/gate/settle.py."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("populations", "simulate"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    spec = importlib.util.spec_from_file_location("gate_settle", FOLDER / "settle.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    for name in ("populations", "simulate"):
        sys.modules.pop(name, None)
    return module
