"""Small versions of benchmarks/calibration: intervals hold the truth, tests keep their level, as often as they say."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "calibration"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Loads a script of the folder by its name."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"calibration_{name}", FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module

    return load


def shares(counted: dict[str, list[int]], method: str) -> np.ndarray:
    """Shares of samples with the truth inside, below and above the interval."""
    found = np.array(counted[method][:3])
    return found / found.sum()


def test_the_interval_misses_as_often_on_either_side_where_that_of_percentiles_does_not(script) -> None:
    coverage = script("coverage")
    [case] = [case for case in coverage.CASES if "93 % right" in case.name and case.n == 100 and not case.clustered]
    counted = coverage.coverage(case, 800)
    inside, below, above = shares(counted, "harness")
    assert inside >= 0.935  # 96.6 % in the large run; 4 standard errors
    assert max(below, above) <= 0.04  # 2.5 % and 2.7 standard errors
    assert shares(counted, "percentile")[1] > 0.04


@pytest.mark.parametrize(
    ("name", "n", "clustered"),
    [("accuracy", 100, True), ("3 labels, 70 %", 100, False), ("entity", 100, False), ("14 labels, 60 %", 300, False)],
)
def test_it_holds_the_truth_about_as_often_as_it_says(name: str, n: int, clustered: bool, script) -> None:
    coverage = script("coverage")
    case = next(c for c in coverage.CASES if name in c.name and c.n == n and c.clustered == clustered)
    counted = coverage.coverage(case, 100)
    assert shares(counted, "harness")[0] >= 0.88  # 95 % less 3 standard errors of 100 trials
    assert counted["harness"][3] == 0


def test_the_interval_without_draws_holds_the_truth(script, monkeypatch: pytest.MonkeyPatch) -> None:
    jackknife = script("jackknife")
    monkeypatch.setattr(jackknife.bootstrap, "MANY", 0)
    sample, formula, truth = jackknife.CASES["share of 5 in 2,000"]
    rng = np.random.default_rng(1)
    found = np.array([list(jackknife.ends(sample(rng), formula)) for _ in range(300)])  # (400, methods, 2)
    inside = ((found[..., 0] <= truth) & (truth <= found[..., 1])).mean(axis=0)
    assert inside[2] >= 0.93
    assert inside[0] < 0.93  # the plain one does not know of the skewness


@pytest.mark.parametrize("at", [2, 10])
def test_randomization_keeps_its_level_for_equal_scores(at: int, script, monkeypatch: pytest.MonkeyPatch) -> None:
    size = script("size")
    monkeypatch.setattr(size.randomization, "OUTCOMES", size.DRAWS)
    found, _ = size.rejections(size.PAIRS[at], 250)
    assert found / 250 <= 0.088  # 5 % and 2.8 standard errors


def test_systems_of_equal_score_are_equal_whatever_their_profiles(script) -> None:
    size = script("size")
    for case in size.PAIRS:
        cells, score = size.cells_of(case.labels), size.formula_of(case.metric)
        gold, a, b = np.indices((case.labels,) * 3).reshape(3, -1)
        values = [score(1e9 * case.joint() @ cells[gold * case.labels + said]) for said in (a, b)]
        assert values[0] == pytest.approx(values[1], abs=1e-9)
        assert case.joint().sum() == pytest.approx(1)


@pytest.mark.parametrize(("n", "part"), [(20, 0.6), (100, 0.2), (300, 0.9)])
def test_mcnemar_keeps_its_level(n: int, part: float, script) -> None:
    exact, mid = script("size").mcnemar_rejections(n, part, 20_000)
    assert exact <= mid <= 0.0545 * 20_000  # 5 % and 2.9 standard errors
    assert mid > 0.035 * 20_000
