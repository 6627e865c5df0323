"""Contracts that every metric in the open folder keeps."""

import re

import numpy as np
import pytest
from answers import LABELS, some_answers

from harness.records import Annotations
from harness.registry import factory, make, names, parse, purposes

STANCE = ("FAVOR", "AGAINST", "NONE")
CASES = [(name, kind) for name in names("metrics") for kind in make("metrics", parse(name)).kinds]


def labels_for(name: str) -> tuple[str, ...]:
    metric = make("metrics", parse(name))
    return STANCE if metric.unfit(Annotations.of_label([], LABELS, [])) else LABELS


def stated(name: str) -> tuple[float, float, str]:
    """The range and the direction that the docstring says: low, high, and higher or lower."""
    said = " ".join((factory("metrics", name).__doc__ or "").split())
    found = re.search(r"Range (0|-1) to (1), (higher) is better|Range (0) to (\d+(?:\.\d+)?), (lower) is better", said)
    assert found, said
    low, high, better = (one for one in found.groups() if one is not None)
    return float(low), float(high), better


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def case(request: pytest.FixtureRequest):
    name, kind = request.param
    labels = labels_for(name)
    gold = some_answers(kind, 40, 1, gold=True, labels=labels)
    predicted = some_answers(kind, 40, 2, labels=labels)
    return make("metrics", parse(name)), gold, predicted


@pytest.fixture
def ends(request: pytest.FixtureRequest, case) -> tuple[float, float, str]:
    return stated(request.node.callspec.params["case"][0])


def test_perfect_answers_get_the_best_score(case) -> None:
    metric, gold, _ = case
    assert metric.score(metric.count(gold, gold).total) == (1 if metric.better == "higher" else 0)


def test_no_answer_at_all_gets_the_worst_score(case, ends) -> None:
    metric, gold, _ = case
    worst = 0 if metric.better == "higher" else pytest.approx(ends[1], abs=5e-4 if ends[1] % 1 else 0, rel=0)
    for status in range(1, 6):
        nothing = gold.take(range(len(gold)))
        silent = [None] * len(gold)
        makes = {"label": Annotations.of_label, "labels": Annotations.of_labels, "spans": Annotations.of_spans}
        nothing = makes[gold.kind](gold.item, gold.labels, silent, status=[status] * len(gold))
        assert metric.score(metric.count(gold, nothing).total) == worst


def test_the_order_of_items_does_not_matter(case) -> None:
    metric, gold, predicted = case
    order = np.random.default_rng(3).permutation(len(gold))
    before = metric.count(gold, predicted)
    after = metric.count(gold.take(order), predicted.take(order))
    assert np.array_equal(before.rows[order], after.rows)


def test_rows_are_counted_item_by_item_so_that_shards_add_up(case) -> None:
    metric, gold, predicted = case
    whole = metric.count(gold, predicted)
    assert len(whole) == len(gold)
    parts = [metric.count(gold.take(p), predicted.take(p)) for p in (range(13), range(13, 40))]
    assert np.array_equal(whole.rows, np.concatenate([part.rows for part in parts]))


def test_many_totals_at_once_equal_one_by_one(case) -> None:
    metric, gold, predicted = case
    rows = metric.count(gold, predicted)
    totals = np.random.default_rng(4).multinomial(40, np.full(40, 1 / 40), size=7) @ rows.rows
    for formula in (metric.score, metric.by_label):
        if formula is not None:
            at_once = formula(totals)
            assert np.array_equal(at_once, np.array([formula(total) for total in totals]))
            assert np.array_equal(formula(totals[None]), at_once[None])


def test_nothing_to_score_gives_a_stated_value_and_no_warning(case) -> None:
    metric, gold, predicted = case
    empty = metric.count(gold.take([]), predicted.take([]))
    value = metric.score(empty.total)
    assert value == 0 or np.isnan(value)


def test_scores_lie_in_the_range_that_is_said(case, ends) -> None:
    metric, gold, predicted = case
    low, high, better = ends
    assert low <= metric.score(metric.count(gold, predicted).total) <= high
    assert metric.better == better


@pytest.mark.parametrize("name", names("metrics"))
def test_a_metric_says_its_range_direction_and_source(name: str) -> None:
    assert stated(name)
    assert "Source: " in (factory("metrics", name).__doc__ or "")
    assert purposes("metrics")[name]
