"""Contracts that every metric in the open folder keeps, sums and rankings each on their own terms."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from answers import LABELS, some_answers, some_gold, some_predictions

from harness.annotations import Annotations
from harness.counts import joint, label_counts
from harness.parts import Metric, Ranking
from harness.records import Counts
from harness.registry import factory, make, names, parse, purposes

LABEL_SETS = (LABELS, ("FAVOR", "AGAINST", "NONE"), ("agree", "disagree", "unrelated"))
MADE = {name: make("metrics", parse(name)) for name in names("metrics")}
CASES = {
    promise: [(name, kind) for name, metric in MADE.items() if isinstance(metric, promise) for kind in metric.kinds]
    for promise in (Metric, Ranking)
}
SHARDS = (range(12), range(12, 40))  # of whole groups, here pairs of neighbours, and with items of every target
SILENCE_IS_NO_FAULT = ("background_intrusion",)  # whoever says nothing takes no background event for the news

sums = pytest.mark.parametrize("case", CASES[Metric], ids="-".join)
rankings = pytest.mark.parametrize("case", CASES[Ranking], ids="-".join)


def answers(case: tuple[str, str]) -> tuple[Annotations, Annotations]:
    """Gold and predictions of a kind, of labels that the metric can be asked of."""
    name, kind = case
    for labels in LABEL_SETS:
        gold = some_gold(kind, 40, 1, labels)
        if not MADE[name].unfit(gold):
            return gold, some_predictions(kind, 40, 2, labels)
    raise AssertionError(f"{name} fits none of the golds of these tests")


def silence(gold: Annotations, status: int) -> Annotations:
    """No answer to any item."""
    makes = {"label": Annotations.of_label, "labels": Annotations.of_labels, "spans": Annotations.of_spans}
    return makes[gold.kind](gold.item, gold.labels, [None] * len(gold), status=[status] * len(gold))


def stated(name: str) -> tuple[float, float, str]:
    """The range and the direction that the docstring says: low, high, and higher or lower."""
    said = " ".join((factory("metrics", name).__doc__ or "").split())
    found = re.search(r"Range (0|-1) to (1), (higher) is better|Range (0) to (\d+(?:\.\d+)?), (lower) is better", said)
    assert found, said
    low, high, better = (one for one in found.groups() if one is not None)
    return float(low), float(high), better


def formulas(metric: Metric) -> list[tuple[Callable[[Annotations, Annotations], list[Counts]], Callable]]:
    """What is counted and how it is scored: the whole, and each label by itself."""
    each = [(metric.by_label.count, metric.by_label.score)] if metric.by_label else []
    return [(lambda gold, predicted: [metric.count(gold, predicted)], metric.score), *each]


@sums
def test_perfect_answers_get_the_best_score(case) -> None:
    metric, (gold, _) = MADE[case[0]], answers(case)
    assert metric.score(metric.count(gold, gold).total) == (1 if metric.better == "higher" else 0)


@sums
@pytest.mark.parametrize("status", range(1, 6))
def test_no_answer_at_all_gets_the_worst_score(case, status: int) -> None:
    metric, (gold, _), top = MADE[case[0]], answers(case), stated(case[0])[1]
    worst = 0 if metric.better == "higher" else pytest.approx(top, abs=5e-4 if top % 1 else 0, rel=0)
    if case[0] in SILENCE_IS_NO_FAULT:
        worst = 0
    assert metric.score(metric.count(gold, silence(gold, status)).total) == worst


@sums
def test_the_order_of_items_does_not_matter(case) -> None:
    gold, predicted = answers(case)
    order = np.random.default_rng(3).permutation(len(gold))
    for count, _ in formulas(MADE[case[0]]):
        after = count(gold.take(order), predicted.take(order))
        for one, other in zip(count(gold, predicted), after, strict=True):
            assert np.array_equal(one.rows[order], other.rows)


@sums
def test_rows_are_counted_item_by_item_so_that_shards_add_up(case) -> None:
    gold, predicted = answers(case)
    for count, _ in formulas(MADE[case[0]]):
        whole = count(gold, predicted)
        assert all(len(counts) == len(gold) for counts in whole)
        shards = zip(*(count(gold.take(shard), predicted.take(shard)) for shard in SHARDS), strict=True)
        for counts, parts in zip(whole, shards, strict=True):
            assert np.array_equal(counts.rows, np.concatenate([part.rows for part in parts]))
            assert np.array_equal(counts.total, counts.rows.sum(axis=0))


@sums
def test_many_totals_at_once_equal_one_by_one(case) -> None:
    gold, predicted = answers(case)
    draws = np.random.default_rng(4).multinomial(40, np.full(40, 1 / 40), size=7)
    for count, formula in formulas(MADE[case[0]]):
        for counts in count(gold, predicted):
            totals = draws @ counts.rows
            at_once = formula(totals)
            assert at_once.shape == (7,)
            assert np.array_equal(at_once, np.array([formula(total) for total in totals]), equal_nan=True)
            assert np.array_equal(formula(totals[None]), at_once[None], equal_nan=True)


@sums
def test_there_is_a_score_of_every_label_or_of_none(case) -> None:
    metric, (gold, predicted) = MADE[case[0]], answers(case)
    assert metric.by_label is None or len(metric.by_label.count(gold, predicted)) == len(gold.labels)


@sums
def test_nothing_to_score_gives_a_stated_value_and_no_warning(case) -> None:
    metric, (gold, predicted) = MADE[case[0]], answers(case)
    value = metric.score(metric.count(gold.take([]), predicted.take([])).total)
    assert value == 0 or np.isnan(value)


@sums
def test_scores_lie_in_the_range_that_is_said(case) -> None:
    metric, (gold, predicted) = MADE[case[0]], answers(case)
    low, high, better = stated(case[0])
    assert low <= metric.score(metric.count(gold, predicted).total) <= high
    assert metric.better == better


@rankings
def test_a_ranking_gives_a_value_and_an_influence_to_the_whole_and_each_label(case) -> None:
    metric, (gold, predicted) = MADE[case[0]], answers(case)
    low, high, better = stated(case[0])
    values, influence = metric.values(gold, predicted)
    assert values.shape == (1 + len(gold.labels),)
    assert influence.shape == (len(gold), 1 + len(gold.labels))
    assert ((low < values) & (values < high)).all()
    assert np.abs(influence).max() > 0
    assert np.abs(influence.sum(axis=0)).max() < 1e-12
    assert metric.better == better


@rankings
def test_the_order_of_items_does_not_matter_to_a_ranking(case) -> None:
    metric, (gold, predicted) = MADE[case[0]], answers(case)
    order = np.random.default_rng(3).permutation(len(gold))
    before, after = metric.values(gold, predicted), metric.values(gold.take(order), predicted.take(order))
    assert np.array_equal(before[0], after[0])
    assert np.array_equal(before[1][order], after[1])


@rankings
def test_perfect_scores_rank_best_and_silence_below_even_odds(case) -> None:
    metric, (gold, _) = MADE[case[0]], answers(case)
    assert metric.values(gold, gold)[0].tolist() == [1] * (1 + len(gold.labels))
    for status in range(1, 6):
        assert (metric.values(gold, silence(gold, status))[0] < 1 / 2).all()


@rankings
def test_a_ranking_of_nothing_is_not_defined(case) -> None:
    metric, (gold, predicted) = MADE[case[0]], answers(case)
    values, influence = metric.values(gold.take([]), predicted.take([]))
    assert np.isnan(values).all()
    assert influence.shape == (0, 1 + len(gold.labels))


@pytest.mark.parametrize("name", MADE)
def test_a_metric_says_its_range_direction_value_when_empty_and_source(name: str) -> None:
    said = " ".join((factory("metrics", name).__doc__ or "").split())
    assert stated(name)
    assert re.search(r"\(nan\)|nan where|scores 0|\b0 where", said)
    assert "Source: " in said
    assert purposes("metrics")[name]


@pytest.mark.parametrize("few", [1, 4])
def test_joint_counts_are_the_pairs_of_rows_that_occur(few: int) -> None:
    gold = some_answers("label", 300, 1, gold=True, labels=LABELS[:few])
    gold = Annotations.of_label(gold.item, LABELS, gold.answers())
    a, b = (label_counts(gold, some_answers("label", 300, seed)) for seed in (2, 3))
    rows_a, rows_b, times = joint(a, b)
    found = np.repeat(np.hstack([rows_a, rows_b]), times, axis=0)
    wanted = np.hstack([a.rows, b.rows])
    assert sorted(map(tuple, found)) == sorted(map(tuple, wanted))
