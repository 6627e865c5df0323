"""Approximate randomization: against enumeration by scipy, McNemar's test, swaps by hand, and false alarms."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from harness.stats import distinct as distinct_module
from harness.stats import randomization as module
from harness.stats.distinct import distinct, draw_counts
from harness.stats.families import max_t
from harness.stats.mcnemar import exact_p
from harness.stats.paired import differences
from harness.stats.randomization import null_differences, randomize


def mean(totals: np.ndarray) -> np.ndarray:
    return totals[..., 0] / totals[..., 1]


def micro_f1(totals: np.ndarray) -> np.ndarray:
    return 2 * totals[..., 0] / np.maximum(totals[..., 1] + totals[..., 2], 1)


def macro_f1(totals: np.ndarray) -> np.ndarray:
    hits, said, due = np.split(totals, 3, axis=-1)
    return (2 * hits / np.maximum(said + due, 1)).mean(axis=-1)


def label_rows(gold: np.ndarray, said: np.ndarray, labels: int) -> np.ndarray:
    one = np.eye(labels)
    return np.concatenate([one[said] * (said == gold)[:, None], one[said], one[gold]], axis=1)


def right(answers: np.ndarray) -> np.ndarray:
    return np.column_stack([answers, np.ones(len(answers))]).astype(float)


def spans(n: int, seed: int, hit: float = 0.7) -> np.ndarray:
    """Rows (found, predicted, gold) of n documents whose gold is the same at every seed."""
    gold = np.random.default_rng(0).poisson(3, n)
    rng = np.random.default_rng(seed)
    found = rng.binomial(gold, hit)
    return np.column_stack([found, found + rng.poisson(1, n), gold]).astype(float)


UNITS = st.integers(2, 9).flatmap(lambda n: arrays(np.int64, (2, n, 3), elements=st.integers(0, 4)))


@settings(max_examples=25)
@given(UNITS)
def test_few_units_are_enumerated_as_scipy_does(units: np.ndarray) -> None:
    a, b = units.astype(float)

    def statistic(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        pick = np.arange(len(a))
        chosen = [np.where((part >= len(a))[..., None], b[pick], a[pick]).sum(axis=-2) for part in (x, y)]
        return np.round(micro_f1(chosen[0]) - micro_f1(chosen[1]), 12)

    codes = (np.arange(len(a)), np.arange(len(a)) + len(a))
    [ours] = randomize(a, b, [micro_f1], seed=1)
    assert ours.exact
    for alternative, p in (("two-sided", ours.p), ("greater", ours.p_greater), ("less", ours.p_less)):
        theirs = stats.permutation_test(
            codes, statistic, permutation_type="samples", vectorized=True, alternative=alternative, n_resamples=1 << 10
        )
        assert p == pytest.approx(theirs.pvalue, abs=1e-12)


@given(st.integers(0, 300), st.integers(0, 300))
def test_for_accuracy_it_is_mcnemars_exact_test(b: int, c: int) -> None:
    one = np.repeat([1, 0, 1, 0], [b, c, 20, 5])
    other = np.repeat([0, 1, 1, 0], [b, c, 20, 5])
    [found] = randomize(right(one), right(other), [mean], seed=1)
    assert found.exact
    assert found.n_differing == b + c
    assert found.p == pytest.approx(exact_p(b, c), rel=1e-9)
    assert found.p_greater == pytest.approx(exact_p(b, c, side="greater"), rel=1e-9)


def test_fifteen_to_five_counts_ties() -> None:
    # sacrebleu's strict inequality gives 0.011 here; the exact value is 0.0414.
    [found] = randomize(right(np.repeat([1, 0], [15, 5])), right(np.repeat([0, 1], [15, 5])), [mean], seed=1)
    assert found.p == pytest.approx(0.041389, abs=1e-6)


def test_drawn_swaps_are_those_of_units_one_by_one() -> None:
    a, b = spans(60, 1, 0.75), spans(60, 2)
    [found] = randomize(a, b, [micro_f1], seed=3, draws=100_000)
    rng = np.random.default_rng(5)
    swap = rng.random((40_000, 60)) < 0.5
    one = np.where(swap[..., None], b, a).sum(axis=1)
    null = micro_f1(one) - micro_f1(a.sum(axis=0) + b.sum(axis=0) - one)
    assert not found.exact
    assert found.draws == 100_000
    assert found.p == pytest.approx((np.abs(null) >= np.abs(found.difference) - 1e-12).mean(), abs=0.01)
    assert found.p_greater == pytest.approx((null >= found.difference - 1e-12).mean(), abs=0.01)
    assert found.p_greater + found.p_less >= 1


def test_counting_all_outcomes_and_drawing_them_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = spans(14, 1, 0.9), spans(14, 2)
    [exact] = randomize(a, b, [micro_f1], seed=3)
    monkeypatch.setattr(module, "OUTCOMES", 1)
    [drawn] = randomize(a, b, [micro_f1], seed=3, draws=100_000)
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.p == pytest.approx(exact.p, abs=0.01)


@pytest.mark.parametrize("n", [10, 200])
def test_the_order_of_units_does_not_matter_and_the_seed_decides_all(n: int) -> None:
    a, b = spans(n, 1), spans(n, 2)
    order = np.random.default_rng(0).permutation(n)
    [one], [other] = randomize(a, b, [micro_f1], seed=7), randomize(a[order], b[order], [micro_f1], seed=7)
    assert one == other
    if not one.exact:
        assert one.p != randomize(a, b, [micro_f1], seed=8)[0].p


def test_exchanging_the_systems_exchanges_the_sides() -> None:
    a, b = spans(200, 1), spans(200, 2)
    [one], [other] = randomize(a, b, [micro_f1], seed=7), randomize(b, a, [micro_f1], seed=7)
    assert one.difference == -other.difference
    assert one.p == other.p
    assert one.p_greater == pytest.approx(other.p_less, abs=0.03)  # by the symmetry of the draws alone


@given(UNITS)
def test_identical_systems_have_p_one(units: np.ndarray) -> None:
    [found] = randomize(units[0], units[0], [micro_f1], seed=1)
    assert found.p == found.p_greater == found.p_less == 1
    assert found.n_differing == 0


def test_equal_scores_of_different_answers_have_p_one() -> None:
    rng = np.random.default_rng(2)
    a = np.repeat([1, 0], 600)
    [found] = randomize(right(a), right(rng.permutation(a)), [mean], seed=1)
    assert found.difference == 0
    assert found.p == 1


def test_p_is_never_zero() -> None:
    n = 200_000
    a, b = right(np.ones(n)), right(np.zeros(n))
    [found] = randomize(a, b, [mean], seed=1, draws=999)
    assert found.p == found.p_greater == 1 / 1000
    assert found.p_less == 1


def test_formulas_share_their_swaps_and_may_give_many_values() -> None:
    a, b = spans(300, 1), spans(300, 2)

    def both(totals: np.ndarray) -> np.ndarray:
        return np.stack([micro_f1(totals), totals[..., 0] / totals[..., 2]], axis=-1)

    together, alone = randomize(a, b, [both, micro_f1], seed=4)
    assert together.p.shape == (2,)
    assert together.p[0] == alone.p
    assert together.difference[0] == alone.difference


def test_what_has_no_value_is_not_estimable_and_says_why() -> None:
    [none] = randomize(np.zeros((0, 2)), np.zeros((0, 2)), [lambda totals: totals[..., 0]], seed=1)
    assert np.isnan(none.p)
    assert none.reason == "not estimable: there are no units"
    [void] = randomize(right(np.ones(3)), right(np.zeros(3)), [lambda totals: totals[..., 0] * np.nan], seed=1)
    assert np.isnan(void.p)
    assert "no value" in str(void.reason)


def test_swaps_without_a_value_count_as_extreme() -> None:
    def where_equal(totals: np.ndarray) -> np.ndarray:
        return np.where(totals[..., 0] == 1, np.nan, totals[..., 0])

    # Of the four outcomes two give both systems one each, and no value.
    [found] = randomize(right(np.ones(2)), right(np.zeros(2)), [where_equal], seed=1)
    assert found.p == 1
    assert found.p_greater == pytest.approx(0.75, rel=1e-12)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="same"):
        randomize(np.zeros((3, 2)), np.zeros((4, 2)), [mean], seed=1)


def test_a_family_is_tested_on_shared_swaps() -> None:
    base, better, same = spans(300, 1), spans(300, 2, 0.85), spans(300, 3)

    def each(totals: np.ndarray) -> np.ndarray:
        return micro_f1(totals.reshape(*totals.shape[:-1], 2, 3))

    observed, null = null_differences(np.hstack([better, same]), np.hstack([base, base]), each, seed=1, draws=2000)
    assert null.shape == (2000, 2)
    assert observed[0] == randomize(better, base, [micro_f1], seed=1)[0].difference
    adjusted = max_t(observed, null)
    assert adjusted[0] < 0.01 < adjusted[1]
    assert np.corrcoef(null.T)[0, 1] > 0.2  # the baseline stands in both
    assert null_differences(base, base, micro_f1, seed=1, draws=10)[1].tolist() == [[0.0]] * 10


KINDS: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda rows: rows,
    lambda rows: rows / 7 - 0.1,
    lambda rows: rows * 1e12 - 3,
    lambda rows: np.tile(rows, 9) * np.arange(1, 1 + 9 * rows.shape[1]) ** 5,
]


@pytest.mark.parametrize("kind", KINDS)
@given(rows=arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 4)), elements=st.integers(-2, 3)))
def test_distinct_vectors_are_numpys(kind: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> None:
    vectors, times = distinct(kind(rows))
    expected = np.unique(kind(rows), axis=0, return_counts=True)
    np.testing.assert_array_equal(vectors, expected[0])
    np.testing.assert_array_equal(times, expected[1])


def test_distinct_vectors_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = spans(500, 1)
    whole = distinct(rows)
    monkeypatch.setattr(distinct_module, "BLOCK", 64)
    for one, other in zip(whole, distinct(rows), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="finite"):
        distinct(np.array([[np.nan]]))


def test_drawn_counts_are_multinomial() -> None:
    times = np.array([1, 40, 3, 12, 13, 1])
    drawn = np.concatenate(list(draw_counts(times, np.random.default_rng(1), 40_000)))
    share = times / 70
    assert drawn.shape == (40_000, 6)
    assert (drawn.sum(axis=1) == 70).all()
    np.testing.assert_allclose(drawn.mean(axis=0), times, atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), 70 * (np.diag(share) - np.outer(share, share)), atol=0.4)
    rare = stats.binom.pmf(np.arange(4), 70, share[0])
    assert (np.bincount(drawn[:, 0].astype(int))[:4] / 40_000).tolist() == pytest.approx(rare.tolist(), abs=0.01)


def alarms(
    trials: int, pair: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]], formula: Callable
) -> float:
    rng = np.random.default_rng(6)
    ps = [randomize(*pair(rng), [formula], seed=trial, draws=199)[0].p for trial in range(trials)]
    return float(np.mean(np.array(ps) <= 0.05))


def test_equal_scores_from_different_label_profiles_raise_few_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTCOMES", 200)  # drawing is faster here

    # A confuses the labels 0 and 1, B the labels 1 and 2: the same expected macro-F1 from other mistakes.
    def pair(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        gold = rng.choice(3, 120, p=[0.25, 0.5, 0.25])
        wrong_a, wrong_b = np.array([1, 0, 2])[gold], np.array([0, 2, 1])[gold]
        slip = rng.random((2, 120)) < 0.3
        return (
            label_rows(gold, np.where(slip[0], wrong_a, gold), 3),
            label_rows(gold, np.where(slip[1], wrong_b, gold), 3),
        )

    assert alarms(2000, pair, macro_f1) <= 0.06


def test_exchangeable_systems_on_documents_of_many_items_raise_few_false_alarms() -> None:
    def pair(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        gold = rng.poisson(3, 60)
        hit = rng.beta(4, 2, 60)
        found = rng.binomial(gold, hit, (2, 60))
        one, other = (np.column_stack([f, f + rng.poisson(1, 60), gold]).astype(float) for f in found)
        return one, other

    assert alarms(1500, pair, micro_f1) <= 0.06


def test_pairs_with_how_many_units_have_each_give_what_the_units_do() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 3, (500, 3)).astype(float), rng.integers(0, 3, (500, 3)).astype(float)
    pairs, times = np.unique(np.hstack([a, b]), axis=0, return_counts=True)

    def share(totals: np.ndarray) -> np.ndarray:
        return totals[..., 0] / totals.sum(axis=-1)

    [units] = randomize(a, b, [share], seed=3, draws=500)
    [rows] = randomize(pairs[:, :3], pairs[:, 3:], [share], seed=3, draws=500, times=times)
    assert (units.p, units.difference, units.n_units, units.n_differing) == (
        rows.p, rows.difference, rows.n_units, rows.n_differing,
    )  # fmt: skip
    [units] = differences(a, b, [share], seed=3, draws=500)
    [rows] = differences(pairs[:, :3], pairs[:, 3:], [share], seed=3, draws=500, times=times)
    assert (units.low, units.high, units.p, units.n_units) == (rows.low, rows.high, rows.p, rows.n_units)
