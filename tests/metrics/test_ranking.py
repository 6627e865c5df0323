"""ROC-AUC and average precision against scikit-learn, DeLong's variance, and simulated truth."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from answers import LABELS, some_answers
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.parts import Ranking
from harness.registry import make, parse
from harness.stats.influence import interval, standard_error

SPECS = ("roc_auc", "average_precision")


def ranking(spec: str) -> Ranking:
    return make("metrics", parse(spec))


def coded(due: np.ndarray, scores: np.ndarray, *, status: np.ndarray | None = None) -> tuple[Annotations, Annotations]:
    """Gold codes and scores (n, k) as annotations; the answers are not looked at."""
    n, k = scores.shape
    labels, status = LABELS[:k], np.zeros(n, np.uint8) if status is None else status
    gold = Annotations("label", labels, range(n), np.zeros(n, np.uint8), due.astype(np.int32))
    said = np.where(status == 0, due, -1).astype(np.int32)
    return gold, Annotations("label", labels, range(n), status, said, scores=scores.astype(np.float32))


def some_scores(n: int, k: int, levels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gold codes and scores with as many levels, many of them equal; also below 0 and above 1."""
    draw = np.random.default_rng(seed)
    scores = draw.integers(-levels, levels + 1, (n, k)) / 4 + 0.125
    return draw.integers(0, k, n), scores


def theirs(spec: str, due: np.ndarray, scores: np.ndarray, **settings: np.ndarray) -> list[float]:
    from sklearn import metrics as sk

    measure = getattr(sk, f"{spec}_score")
    some = [0 < (due == code).sum() < len(due) for code in range(scores.shape[1])]
    each = [measure(due == code, scores[:, code], **settings) if fit else math.nan for code, fit in enumerate(some)]
    return [float(np.nanmean(each)) if any(some) else math.nan, *each]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 50),
    k=st.integers(2, 4),
    levels=st.integers(0, 30),
    seed=st.integers(0, 2**31),
    spec=st.sampled_from(SPECS),
)
def test_values_equal_scikit_learn_with_ties(n: int, k: int, levels: int, seed: int, spec: str) -> None:
    due, scores = some_scores(n, k, levels, seed)
    values, _ = ranking(spec).values(*coded(due, scores))
    assert values == pytest.approx(theirs(spec, due, scores), abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("k", [3, 4])
def test_the_mean_equals_scikit_learns_own_one_vs_rest(k: int) -> None:
    from sklearn import metrics as sk

    draw = np.random.default_rng(k)
    scores, due = draw.integers(1, 9, (80, k)).astype(float), draw.integers(0, k, 80)
    scores /= scores.sum(axis=1, keepdims=True)
    values, _ = ranking("roc_auc").values(*coded(due, scores))
    assert values[0] == pytest.approx(sk.roc_auc_score(due, np.float32(scores).astype(float), multi_class="ovr"))


@settings(max_examples=8, deadline=None)
@given(n=st.integers(8, 30), levels=st.integers(1, 20), seed=st.integers(0, 2**31), spec=st.sampled_from(SPECS))
def test_influence_is_the_derivative_of_scikit_learns_value_by_the_weight_of_an_item(
    n: int, levels: int, seed: int, spec: str
) -> None:
    due, scores = some_scores(n, 2, levels, seed)
    due[:4] = [0, 0, 1, 1]
    _, influence = ranking(spec).values(*coded(due, scores))
    assert np.abs(influence.sum(axis=0)).max() < 1e-12
    step = 1e-5
    for item in range(n):
        ends = [
            theirs(spec, due, scores, sample_weight=np.ones(n) + move * (np.arange(n) == item))
            for move in (-step, step)
        ]
        assert influence[item] == pytest.approx(np.subtract(*ends[::-1]) / (2 * step), abs=1e-7)


def delong_by_definition(positive: np.ndarray, scores: np.ndarray) -> float:
    """The variance as printed in DeLong 1988: every pair compared, one side's components at a time."""
    ours, others = scores[positive], scores[~positive]
    beats = (ours[:, None] > others) + 0.5 * (ours[:, None] == others)
    return beats.mean(axis=1).var(ddof=1) / len(ours) + beats.mean(axis=0).var(ddof=1) / len(others)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(6, 60), levels=st.integers(1, 30), seed=st.integers(0, 2**31))
def test_squared_influences_are_delongs_variance_but_for_its_small_sample_factors(
    n: int, levels: int, seed: int
) -> None:
    due, scores = some_scores(n, 2, levels, seed)
    due[:4] = [0, 0, 1, 1]
    _, influence = ranking("roc_auc").values(*coded(due, scores))
    for code in (0, 1):
        factors = {side: (due == side).sum() / ((due == side).sum() - 1) for side in (0, 1)}
        squares = influence[:, 1 + code] ** 2 * np.where(due == 0, factors[0], factors[1])
        assert squares.sum() == pytest.approx(delong_by_definition(due == code, scores[:, code]), abs=1e-14)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("size", [1, 4])
def test_the_standard_error_is_near_a_brute_force_jackknife_over_units(spec: str, size: int) -> None:
    draw, units = np.random.default_rng(size), 100
    due, unit = draw.integers(0, 3, units * size), np.arange(units).repeat(size)
    shared = draw.normal(size=units).repeat(size)[:, None]
    scores = np.float32(draw.normal(size=(len(due), 3)) + (due[:, None] == np.arange(3)) + shared)
    _, influence = ranking(spec).values(*coded(due, scores))
    by_unit = np.array([influence[unit == one].sum(axis=0) for one in range(units)])
    left_out = np.array([theirs(spec, due[unit != one], scores[unit != one]) for one in range(units)])
    jackknife = np.sqrt((units - 1) * left_out.var(axis=0))
    assert standard_error(by_unit)[0] == pytest.approx(jackknife, rel=0.12)


@pytest.mark.parametrize("spec", SPECS)
def test_a_label_that_all_or_no_gold_items_have_has_no_value_and_is_left_out(spec: str) -> None:
    due, scores = some_scores(30, 4, 9, 1)
    due %= 2
    values, influence = ranking(spec).values(*coded(due, scores))
    assert np.isnan(values[3:]).all() and np.isnan(influence[:, 3:]).all()
    assert values[0] == values[1:3].mean()
    values, influence = ranking(spec).values(*coded(np.zeros(30, int), scores))
    assert np.isnan(values).all() and np.isnan(influence).all()
    values, influence = ranking(spec).values(*coded(np.zeros(0, int), scores[:0]))
    assert np.isnan(values).all() and influence.shape == (0, 5)


@pytest.mark.parametrize("spec", SPECS)
def test_a_label_with_one_gold_item_has_a_value_and_no_interval_nor_has_the_mean(spec: str) -> None:
    due, scores = some_scores(40, 3, 9, 2)
    due %= 2
    due[7] = 2
    values, influence = ranking(spec).values(*coded(due, scores))
    assert not np.isnan(values).any()
    low, _ = interval(values, influence)
    assert np.isnan(low).tolist() == [True, False, False, True]


@pytest.mark.parametrize("spec", SPECS)
def test_an_item_without_an_answer_or_without_scores_gets_the_worst_rank_for_every_label(spec: str) -> None:
    due, scores = some_scores(60, 3, 9, 3)
    status = np.zeros(60, np.uint8)
    status[:5] = [1, 2, 3, 4, 5]
    scores[5], scores[6, 1], scores[7, 2] = 0, np.nan, np.inf
    found, _ = ranking(spec).values(*coded(due, scores, status=status))
    due_here = due[:, None] == np.arange(3)
    worst = np.where(np.arange(60)[:, None] < 8, np.where(due_here, -99.0, 99.0), scores)
    assert found == pytest.approx(theirs(spec, due, worst), abs=1e-14)
    best = np.where(np.arange(60)[:, None] < 8, np.where(due_here, 99.0, -99.0), scores)
    assert (found < theirs(spec, due, best)).all()


@pytest.mark.parametrize("spec", SPECS)
def test_perfect_scores_have_1_and_no_answers_the_least(spec: str) -> None:
    gold = some_answers("label", 40, 1, gold=True)
    values, influence = ranking(spec).values(gold, gold)
    assert values.tolist() == [1] * 5
    assert np.abs(influence).max() < 1e-15
    silent = Annotations.of_label(gold.item, LABELS, [None] * 40)
    values, _ = ranking(spec).values(gold, silent)
    assert (values <= (0 if spec == "roc_auc" else 0.6)).all()


@pytest.mark.parametrize("spec", SPECS)
def test_the_order_of_items_does_not_change_one_bit(spec: str) -> None:
    gold, said = some_answers("label", 300, 1, gold=True), some_answers("label", 300, 2)
    order = np.random.default_rng(1).permutation(300)
    before, after = ranking(spec).values(gold, said), ranking(spec).values(gold.take(order), said.take(order))
    assert before[0].tolist() == after[0].tolist()
    assert before[1][order].tolist() == after[1].tolist()


@pytest.mark.parametrize("spec", SPECS)
def test_a_model_without_scores_or_a_single_label_is_refused(spec: str) -> None:
    gold = some_answers("label", 20, 1, gold=True)
    bare = Annotations.of_label(gold.item, LABELS, gold.answers())
    with pytest.raises(AskedWrongly, match=f"metric {spec} needs a score of every label"):
        ranking(spec).values(gold, bare)
    assert not ranking(spec).unfit(gold)
    assert "no other label" in ranking(spec).unfit(Annotations.of_label([], ("A",), []))


def test_minus_zero_ties_with_zero() -> None:
    values, _ = ranking("roc_auc").values(*coded(np.array([0, 1]), np.array([[0.0, 1.0], [-0.0, 1.0]])))
    assert values.tolist() == [0.5, 0.5, 0.5]


def test_the_interval_is_symmetric_on_the_logit_scale_and_wider_where_few_units_carry_it() -> None:
    draw = np.random.default_rng(1)
    even = draw.choice([-0.01, 0.01], 400)
    low, high = interval(np.array(0.8), even)
    error = math.sqrt(400 / 399 * (np.square(even - even.mean()).sum()))
    width = NormalDist().inv_cdf(0.975) * error / 0.16
    for end, side in ((low, -1), (high, 1)):
        assert math.log(end / (1 - end)) == pytest.approx(math.log(4) + side * width, rel=0.01)
    carried = np.zeros(400)
    carried[:4] = [0.1, -0.1, 0.1, -0.1]
    assert standard_error(carried)[0] == pytest.approx(standard_error(even - even.mean())[0], rel=0.01)
    wide_low, wide_high = interval(np.array(0.8), carried)
    assert wide_low < low < high < wide_high


@pytest.mark.parametrize(
    ("value", "influence"),
    [(1.0, [0.1, -0.1]), (0.0, [0.1, -0.1]), (0.5, [0.0, 0.0]), (0.5, [0.1]), (0.5, []), (math.nan, [0.1, -0.1])],
)
def test_there_is_no_interval_where_none_can_be_estimated(value: float, influence: list[float]) -> None:
    assert np.isnan(interval(np.array(value), np.array(influence))).all()


def test_a_huge_standard_error_gives_the_whole_range() -> None:
    low, high = interval(np.array([1e-9, 0.5]), np.array([[5.0, 5.0], [-5.0, -5.0], [1.0, 1.0]]))
    assert (low < 1e-9).all() and (high > 0.99).all()


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("size", [1, 4])
def test_a_95_percent_interval_holds_the_truth_about_that_often(spec: str, size: int) -> None:
    # `benchmarks/calibration/ranking.py` does this at length; here 400 trials, 3 standard errors about 95 %
    draw, n, share, shift = np.random.default_rng(size), 200, 0.3, 1.2
    edges = np.linspace(-6, 8, 4001)
    caught, false = (np.array([1 - NormalDist(m).cdf(x) for x in edges]) for m in (shift, 0.0))
    if spec == "roc_auc":
        true = NormalDist().cdf(shift / math.sqrt(2))
    else:
        precision = share * caught / (share * caught + (1 - share) * false)
        true = float(-((precision[1:] + precision[:-1]) / 2) @ np.diff(caught))
    held = 0
    for _ in range(400):
        due = (draw.random(n) < share).astype(int)
        noise = draw.normal(size=n) + (draw.normal(size=n // size).repeat(size) if size > 1 else 0)
        scores = noise / math.sqrt(1 + (size > 1)) + shift * due
        values, influence = ranking(spec).values(*coded(due, np.column_stack([-scores, scores])))
        low, high = interval(values[2], influence[:, 2].reshape(-1, size).sum(axis=1))
        held += bool(low <= true <= high)
    assert 0.917 <= held / 400 <= 0.983
