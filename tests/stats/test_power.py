"""Power: published values of other programs, simulation, and what must hold between its parts."""

import json
import math
from pathlib import Path

import pytest

from harness.stats import power as module
from harness.stats.power import minimum_difference, needed_units, power, simulate

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "power_mcnemar.json"
CASES = json.loads(GOLDEN.read_text())["power"] if GOLDEN.exists() else []
ROUNDED = {"connor_round": round, "connor_round1": round, "connor_ceil": math.ceil}


@pytest.mark.skipif(not CASES, reason="power_mcnemar.json is not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["src"][:40])
def test_published_powers_and_sample_sizes_are_met(case: dict) -> None:
    kind, p10, p01 = case["kind"], case["p10"], case["p01"]
    if kind in ROUNDED:
        side = "one-sided" if kind.endswith("1") else "two-sided"
        found = needed_units(p10, p01, side=side).value
        assert ROUNDED[kind](found) == case["n"]
    else:
        one_sided = {"alpha": 0.025, "side": "one-sided"} if kind == "exact1" else {}
        found = power(case["n"], p10, p01, test="exact", **one_sided).value
        assert found == pytest.approx(case["power"], abs=case.get("tol", 0.005))
    assert found == pytest.approx(case["proto_power_or_n"], rel=1e-9)


@pytest.mark.parametrize("test", ["exact", "mid"])
@pytest.mark.parametrize(("n", "p10", "p01"), [(50, 0.3, 0.1), (300, 0.1, 0.05), (1000, 0.02, 0.0), (40, 0.2, 0.2)])
def test_exact_power_is_what_simulation_finds(n: int, p10: float, p01: float, test: str) -> None:
    drawn = simulate(n, p10, p01, seed=4, trials=20_000, test=test)
    assert power(n, p10, p01, test=test).value == pytest.approx(drawn.power, abs=4 * drawn.error + 1e-3)


def test_the_exact_test_never_passes_its_level_and_mid_p_hardly() -> None:
    for n in (10, 20, 50, 100, 200, 500):
        for share in (0.02, 0.1, 0.25, 0.5):
            assert power(n, share, share, test="exact").value <= 0.05
            if share < 0.5:
                assert power(n, share, share, test="mid").value <= 0.055


def test_mid_p_passes_its_level_where_every_unit_is_discordant() -> None:
    # Nothing then varies the number of discordant units, and the size at n = 50 is that of one binomial.
    assert power(50, 0.5, 0.5, test="mid").value == pytest.approx(0.0649, abs=1e-4)
    assert max(power(n, 0.45, 0.45, test="mid").value for n in range(5, 200)) <= 0.055


def test_the_normal_approximation_stands_in_for_large_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = power(40_000, 0.05, 0.047)
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    normal = power(40_000, 0.05, 0.047)
    assert (exact.method, normal.method) == ("exact", "normal")
    assert exact.value == pytest.approx(normal.value, abs=0.005)


@pytest.mark.parametrize("n", [100, 1000, 500_000])
@pytest.mark.parametrize("side", ["two-sided", "one-sided"])
def test_the_minimum_difference_has_just_the_power_asked_for(n: int, side: str) -> None:
    found = minimum_difference(n, 0.2, power=0.8, side=side).value
    assert found is not None
    at, below = (power(n, 0.1 + gap / 2, 0.1 - gap / 2, side=side).value for gap in (found, found * 0.98))
    assert below < 0.8 <= at + 1e-9
    assert at == pytest.approx(0.8, abs=1e-4)


def test_connors_units_reach_about_the_power_asked_for() -> None:
    n = math.ceil(needed_units(0.12, 0.06, power=0.9).value)
    assert power(n, 0.12, 0.06).value == pytest.approx(0.9, abs=0.02)


def test_direction_does_not_matter_and_one_sided_finds_more() -> None:
    assert power(200, 0.15, 0.08).value == pytest.approx(power(200, 0.08, 0.15).value, rel=1e-12)
    assert power(200, 0.15, 0.08, side="one-sided").value > power(200, 0.15, 0.08).value


def test_little_power_means_large_claims() -> None:
    weak, strong = simulate(100, 0.12, 0.1, seed=1), simulate(5000, 0.12, 0.1, seed=1)
    assert weak.exaggeration > 2 > strong.exaggeration
    assert weak.wrong_sign > strong.wrong_sign
    assert simulate(50, 0.0, 0.0, seed=1) == module.Simulated(0.0, 0.0, None, None)
    assert simulate(50, 0.1, 0.05, seed=1) == simulate(50, 0.1, 0.05, seed=1) != simulate(50, 0.1, 0.05, seed=2)


def test_where_there_is_no_answer_it_says_why() -> None:
    for found in (
        power(0, 0.1, 0.1),
        power(100, 0.0, 0.0),
        needed_units(0.1, 0.1),
        minimum_difference(20, 0.1),
        minimum_difference(100, 0.0),
    ):
        assert found.value is None
        assert found.reason.startswith("not estimable")


@pytest.mark.parametrize("wrong", [{"p10": -0.1}, {"p10": 0.7, "p01": 0.6}, {"alpha": 0.0}, {"alpha": 0.7}])
def test_what_is_no_probability_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        power(100, **{"p10": 0.1, "p01": 0.2, **wrong})
