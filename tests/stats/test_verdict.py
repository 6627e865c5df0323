"""The gate's rule: what it decides on known numbers, and small versions of benchmarks/gate."""

import importlib.util
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from harness.stats import settling
from harness.stats.mcnemar import mid_p
from harness.stats.randomization import randomize
from harness.stats.seeds import t_quantile
from harness.stats.verdict import Slice, Verdict, family, judge

FOLDER = Path(__file__).parents[2] / "benchmarks" / "gate"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/gate/simulate.py."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "populations", raising=False)
    spec = importlib.util.spec_from_file_location("gate_simulate", FOLDER / "simulate.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("populations", None)


def right(totals: np.ndarray) -> np.ndarray:
    """Accuracy of rows (right, 1)."""
    return totals[..., 0] / totals[..., 1]


def rows(only_a: int, only_b: int, both: int, neither: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of A and B with so many units that only A, only B, both and neither have right."""
    a = np.repeat([1, 0, 1, 0], [only_a, only_b, both, neither])
    b = np.repeat([0, 1, 1, 0], [only_a, only_b, both, neither])
    return np.column_stack([a, np.ones_like(a)]), np.column_stack([b, np.ones_like(b)])


def verdict(only_a: int, only_b: int, both: int, **settings: float) -> Verdict:
    """The verdict on accuracy."""
    return judge(*rows(only_a, only_b, both), [right], seed=1, **settings)[0]


@pytest.mark.parametrize(
    ("counts", "state", "words"),
    [
        ((80, 20, 900), "regressed", "worse"),
        ((20, 80, 900), "pass", "improved"),
        ((20, 20, 960), "pass", "same"),
        ((60, 25, 4915), "pass", "worse within the margin"),
        ((12, 10, 178), "inconclusive", "not settled"),
        ((0, 0, 200), "pass", "identical"),
    ],
)
def test_the_three_verdicts_follow_p_and_the_ends(counts: tuple[int, int, int], state: str, words: str) -> None:
    found = verdict(*counts)
    assert (found.state, found.words) == (state, words)


def test_a_drop_that_chance_explains_is_no_regression_however_low_its_end() -> None:
    found = verdict(9, 5, 86)
    assert found.low <= -found.margin and found.p_worse > found.alpha
    assert found.state == "inconclusive"


def test_nothing_changed_is_a_pass_with_a_warning_where_so_few_units_show_nothing() -> None:
    # 1 - 0.05^(1/n) is above 0.02 up to n = 148.
    small, large = verdict(0, 0, 148), verdict(0, 0, 149)
    assert small.state == large.state == "pass" and small.p_worse == 1
    assert small.blind and not large.blind and math.isnan(small.low)


def test_accuracy_of_single_items_is_tested_by_mid_p() -> None:
    found = verdict(15, 5, 80)
    assert found.test == "mid-p"
    assert found.p_worse == pytest.approx(0.026604 / 2, abs=1e-6)  # the two-sided value of R's exact2x2
    assert found.p_worse == float(mid_p(15, 5, side="greater"))


def test_accuracy_of_groups_and_other_formulas_are_tested_by_swaps() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, (2, 40, 1))
    units_a, units_b = (np.hstack([side, np.full((40, 1), 4)]) for side in (a, b))

    def f1(totals: np.ndarray) -> np.ndarray:
        return 2 * totals[..., 0] / (totals[..., 1] + 160)

    found = judge(units_a, units_b, [right, f1], seed=3)
    swapped = randomize(units_a, units_b, [right, f1], seed=3)
    assert [one.test for one in found] == ["randomization"] * 2
    assert [one.p_worse for one in found] == [float(one.p_greater) for one in swapped]


def test_half_the_interval_is_never_shorter_than_with_two_more_discordant_units() -> None:
    for counts in ((0, 1, 99), (1, 1, 98), (1, 3, 96), (4, 2, 394), (0, 5, 0)):
        found, n = verdict(*counts), sum(counts)
        error = found.standard_error or abs(found.difference) / math.sqrt(n)
        least = t_quantile(0.95, n - 1) * error * math.sqrt(1 + 2 / found.n_discordant)
        assert min(found.high - found.difference, found.difference - found.low) >= least - 1e-12
    assert verdict(0, 1, 59).state == "inconclusive"  # without it one lucky unit is a pass


def test_what_another_wrong_answer_replaces_changes_no_accuracy() -> None:
    a, b = rows(0, 0, 180, 20)
    a, b = (np.column_stack([side, side[:, 0] * 0]) for side in (a, b))
    b[-5:, 2] = 1
    [found] = judge(a, b, [right], seed=1)
    assert (found.n_apart, found.n_discordant, found.identical) == (5, 0, True)


def test_the_order_of_units_and_rows_given_as_pairs_change_nothing(gate: ModuleType) -> None:
    a, b, times = gate.same().sample(300, 1, np.random.default_rng(4))
    units = [np.repeat(side, times, axis=0) for side in (a, b)]
    order = np.random.default_rng(5).permutation(300)
    formulas = [gate.MACRO, gate.ACCURACY]
    found = judge(a, b, formulas, seed=9, times=times)
    assert judge(*units, formulas, seed=9) == found
    assert judge(*(side[order] for side in units), formulas, seed=9) == found


def test_exchanging_the_systems_turns_the_difference_round() -> None:
    one, other = verdict(30, 12, 200), verdict(12, 30, 200)
    assert one.difference == -other.difference
    assert one.low == pytest.approx(-other.high, abs=0.01)
    assert one.p_worse + other.p_worse == pytest.approx(1)


def test_rows_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="must be the same"):
        judge(np.ones((3, 2)), np.ones((4, 2)), [right], seed=1)


@pytest.mark.parametrize(
    ("n", "state"), [(0, "inconclusive"), (1, "inconclusive"), (3, "inconclusive"), (8, "regressed")]
)
def test_few_units_that_all_turn_wrong_are_said_to_be_few(n: int, state: str) -> None:
    def safe(totals: np.ndarray) -> np.ndarray:
        return np.divide(
            totals[..., 0], totals[..., 1], out=np.full(totals.shape[:-1], np.nan), where=totals[..., 1] > 0
        )

    assert judge(*rows(n, 0, 0), [safe], seed=1)[0].state == state


def test_a_margin_may_be_said_for_each_formula() -> None:
    tight, wide = judge(*rows(20, 20, 560), [right, right], seed=1, margin=[0.001, 0.1])
    assert (tight.state, wide.state) == ("inconclusive", "pass")


# --- the family ---


def slices(n: int, parts: list[np.ndarray], seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[Slice]]:
    """Accuracy on some parts of n documents, of which 20 % differ."""
    rng = np.random.default_rng(seed)
    a = (rng.random(n) < 0.8).astype(int)
    b = np.where(rng.random(n) < 0.2, 1 - a, a)
    units_a, units_b = (np.column_stack([side, np.ones(n, int)]) for side in (a, b))
    return units_a, units_b, [Slice(part, units_a[part], units_b[part], [right], [0.02]) for part in parts]


def test_a_family_is_adjusted_as_swapping_every_unit_by_hand_does() -> None:
    parts = [np.arange(240), np.arange(80), np.arange(40, 160), np.arange(160, 240)]
    units_a, units_b, asked = slices(240, parts)
    found = [row[0].p_worse for row in family(asked, seed=1)]
    gap = (units_a - units_b)[:, 0]
    signs = np.random.default_rng(2).choice([-1, 1], (10_000, 240))
    null = np.column_stack([(signs * gap)[:, part].mean(axis=1) for part in parts])
    scale = np.sqrt((null**2).mean(axis=0))
    seen, null = np.array([gap[part].mean() for part in parts]) / scale, null / scale
    expected, so_far = np.empty(4), 0.0
    order = np.argsort(-seen)
    for step, cell in enumerate(order):
        so_far = max(so_far, (null[:, order[step:]].max(axis=1) >= seen[cell] - 1e-9).mean())
        expected[cell] = so_far
    assert found == pytest.approx(expected.tolist(), abs=0.025)  # 3.5 standard errors of 10,000 draws, and ties


def test_the_same_cell_twice_costs_nothing_since_the_swaps_are_shared() -> None:
    part = np.arange(200)
    _, _, twice = slices(200, [part, part])
    one, two = family(twice, seed=5), family(twice[:1], seed=5)
    assert one[0][0].p_worse == one[1][0].p_worse == two[0][0].p_worse
    _, _, apart = slices(200, [part[:100], part[100:]])
    found = [row[0] for row in family(apart, seed=5)]
    low = min(found, key=lambda cell: cell.p_worse)
    swapped = [float(randomize(s.units_a, s.units_b, [right], seed=5)[0].p_greater) for s in apart]
    assert low.p_worse > min(swapped)


def test_slices_of_under_30_units_are_shown_and_weigh_on_nobody() -> None:
    _, _, asked = slices(300, [np.arange(100), np.arange(271, 300)])
    large, small = family(asked, seed=1)
    assert small[0].state == "shown" and small[0].words
    assert large == family(asked[:1], seed=1)[0]


def test_a_slice_without_change_is_identical_in_a_family_too() -> None:
    units_a, _, asked = slices(300, [np.arange(100)])
    calm = Slice(np.arange(100, 200), units_a[100:200], units_a[100:200], [right], [0.02])
    found = family([*asked, calm], seed=1)
    assert (found[1][0].state, found[1][0].p_worse, found[1][0].words) == ("pass", 1.0, "identical")


# --- what it says of itself ---


@pytest.mark.parametrize(
    ("looks", "alpha", "bound"),
    [(1, 0.05, 1.645), (2, 0.05, 1.875), (3, 0.05, 1.992), (5, 0.05, 2.122), (2, 0.025, 2.178), (5, 0.025, 2.413)],
)
def test_the_levels_of_looks_are_those_of_the_published_table(looks: int, alpha: float, bound: float) -> None:
    # C. Jennison and B. Turnbull, Group Sequential Methods, 2000, table 2.1 (two-sided 0.1 and 0.05).
    assert settling.NORMAL.inv_cdf(1 - settling.alpha_of_looks(looks, alpha=alpha)) == pytest.approx(bound, abs=0.001)


def test_more_certainty_and_a_smaller_gap_ask_for_more_units() -> None:
    found = verdict(12, 10, 178)
    units = settling.settle(found)
    assert units.at_random and units.where_apart and units.where_apart < units.at_random
    assert settling.settle(found, chance=0.9).at_random > units.at_random
    assert settling.settle(replace(found, margin=0.01)).at_random > units.at_random
    assert settling.settle(verdict(80, 20, 900)) == settling.Settling(None, None)


def test_what_can_be_detected_shrinks_with_more_units_and_is_unknown_where_nothing_differs() -> None:
    seen = [settling.detectable(verdict(5 * m, 5 * m, 90 * m)) for m in (1, 3, 10, 50)]
    assert seen == sorted(seen, reverse=True) and seen[-1] < 0.02 < seen[-2]
    assert settling.detectable(verdict(0, 0, 500)) is None


@pytest.mark.parametrize("where_apart", [False, True])
def test_as_many_units_as_it_says_settle_four_in_five(where_apart: bool, gate: ModuleType) -> None:
    found = gate.settled(where_apart, 300, 60)
    assert 0.8 - 0.18 <= found["settled"] / found["trials"] <= 0.95  # 3.5 standard errors


def test_the_drop_it_says_it_sees_is_caught_four_times_in_five(gate: ModuleType) -> None:
    found = gate.detected("macro-F1", 300, 120)
    assert found["regressed"] / found["trials"] == pytest.approx(0.8, abs=0.13)


@pytest.mark.parametrize(
    ("name", "n", "size"),
    [
        ("accuracy, alike", 300, 1),
        ("macro-F1, B better at 1 label in 10", 100, 1),
        ("entity F1, A precise, B complete", 100, 1),
        ("macro-F1, alike", 28, 4),
    ],
)
def test_no_change_alarms_seldom_where_two_numbers_alone_alarm_half_the_time(
    name: str, n: int, size: int, gate: ModuleType
) -> None:
    found = gate.Case(name, *gate.NO_CHANGE[name], n, size).count(200)
    assert found["regressed"] <= 200 * 0.06 + 3 * math.sqrt(200 * 0.06 * 0.94)
    assert found["below"] >= 70


def test_three_points_of_a_thousand_documents_are_caught_and_the_margin_does_not_pass(gate: ModuleType) -> None:
    three = gate.Case("3 points", gate.MACRO, gate.dropped(gate.MACRO, 0.03), 1_000).count(100)
    assert three["regressed"] >= 70
    for formula, pair in gate.AT_MARGIN.values():
        found = gate.Case("margin", formula, pair, 300).count(100)
        assert found["pass"] <= 13  # 6 and 3 standard errors


def test_27_cells_alarm_seldom_without_change_and_one_bad_slice_is_caught(gate: ModuleType) -> None:
    calm, bad = gate.sliced(0.1, 0.0, 30), gate.sliced(0.2, 0.15, 12)
    assert max(calm["family"], calm["primary"]) <= 6 <= calm["uncorrected"]  # 6 % and 3 standard errors; 40 %
    assert bad["slice"] >= 8


def test_ten_thousand_draws_of_5000_documents_take_a_fifth_of_a_second(gate: ModuleType) -> None:
    a, b, times = gate.same().sample(5_000, 1, np.random.default_rng(0))
    spent = []
    for _ in range(3):
        start = time.process_time()
        judge(a, b, [gate.MACRO], seed=1, times=times, draws=10_000)
        spent.append(time.process_time() - start)
    assert min(spent) <= 0.2
