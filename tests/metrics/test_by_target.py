"""The mean over targets: what a loop over targets gives, of any metric that is a sum."""

from dataclasses import replace

import numpy as np
import pytest
from answers import some_gold, some_predictions

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName
from harness.parts import Metric
from harness.registry import make, parse, settings_of

STANCE = ("FAVOR", "AGAINST", "NONE")
INNER = ("favor_against", "accuracy", "f1(average='micro')", "mcc", "brier", "fnc1(unrelated='NONE')")


def value(spec: str, gold: Annotations, predicted: Annotations) -> float:
    metric = make("metrics", parse(spec))
    return float(metric.score(metric.count(gold, predicted).total))


def by_loop(inner: str, gold: Annotations, predicted: Annotations) -> float:
    marks = gold.marks["target"]
    parts = [[i for i, mark in enumerate(marks) if mark == target] for target in sorted(set(marks) - {""})]
    return float(np.mean([value(inner, gold.take(part), predicted.take(part)) for part in parts]))


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_of_the_metric_on_each_target(inner: str, seed: int) -> None:
    gold, said = some_gold("label", 40, seed, STANCE), some_predictions("label", 40, seed + 1, STANCE)
    uneven = ["w"] * 20 + ["x", "y", ""] * 6 + ["z", "z"]
    for marks in (gold.marks["target"], uneven, ["x"] * 40):
        marked = replace(gold, marks={"target": marks})
        found = value(f'by_target(metric="{inner}")', marked, said)
        assert found == pytest.approx(by_loop(inner, marked, said), abs=1e-14)


def test_targets_without_items_do_not_count_and_without_any_there_is_no_mean() -> None:
    gold, said = some_gold("label", 30, 1, STANCE), some_predictions("label", 30, 2, STANCE)
    metric = make("metrics", parse('by_target(metric="accuracy")'))
    counts = metric.count(gold, said)
    some = [i for i, target in enumerate(gold.marks["target"]) if target != "z"]
    assert metric.score(counts.rows[some].sum(axis=0)) == by_loop("accuracy", gold.take(some), said.take(some))
    assert np.isnan(metric.score(counts.rows[[]].sum(axis=0)))
    none = replace(gold, marks={"target": [""] * 30})
    assert np.isnan(metric.score(metric.count(none, said).total))


def test_any_mark_may_divide_and_any_metric_be_taken() -> None:
    gold, said = some_gold("spans", 30, 1), some_predictions("spans", 30, 2)
    marked = replace(gold, marks={"source": gold.marks["target"]})
    found = value('by_target(metric="entity_f1", target="source")', marked, said)
    assert found == pytest.approx(by_loop("entity_f1", gold, said))
    assert make("metrics", parse('by_target(metric="log_loss")')).better == "lower"


def test_what_does_not_fit_is_told() -> None:
    gold = some_gold("label", 30, 1, STANCE)
    made = {spec: make("metrics", parse(spec)) for spec in ("by_target", 'by_target(target="targt")')}
    assert made["by_target"].unfit(gold) == ""
    assert made['by_target(target="targt")'].unfit(gold).startswith('no "targt" is known of its items. Did you mean "t')
    assert "several values" in make("metrics", parse('by_target(target="pair")')).unfit(gold)
    assert "needs the label FAVOR" in made["by_target"].unfit(some_gold("label", 30, 1))
    with pytest.raises(UnknownName, match="Did you mean"):
        make("metrics", parse('by_target(metric="accurac")'))
    with pytest.raises(AskedWrongly, match="a ranking is no sum"):
        make("metrics", parse('by_target(metric="roc_auc")'))
    with pytest.raises(AskedWrongly, match=r"metric=3 does not fit"):
        make("metrics", parse("by_target(metric=3)"))
    with pytest.raises(AskedWrongly, match='the gold comes without "target"'):
        value("by_target", gold.bare, gold)
    many = replace(gold, marks={"target": [str(i) for i in range(30)]}).take(list(range(30)) * 2000)
    with pytest.raises(AskedWrongly, match="30 values of target on 60000 items are too many"):
        value('by_target(metric="ece(bins=100)")', many, many)


def test_a_metric_given_as_a_setting_is_made_by_the_registry_by_default_too() -> None:
    assert settings_of("metrics", "by_target")["metric"] == '"favor_against"'
    nested = make("metrics", parse("by_target(metric=\"by_target(metric='accuracy')\")"))
    assert isinstance(nested, Metric)
    gold, said = some_gold("label", 30, 1, STANCE), some_predictions("label", 30, 2, STANCE)
    assert float(nested.score(nested.count(gold, said).total)) == value("by_target(metric='accuracy')", gold, said)
