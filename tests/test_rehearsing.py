"""A rehearsal: simulated drops are as large as they are said to be, false alarms as rare, whole units drawn."""

from collections import Counter

import numpy as np
import pytest
from answers import some_answers

from harness.gating import Policy
from harness.parts import Task
from harness.records import Items
from harness.registry import make, parse
from harness.rehearsing import _rehearsed, _Trials, _world, _wronged
from harness.scoring import right_answers, unit_of

METRIC = {"label": "f1", "labels": "f1(average='micro')", "spans": "entity_f1"}


def task(kind: str, n: int = 240, size: int = 2) -> Task:
    gold = some_answers(kind, n, 1, gold=True)
    ids = [f"g{i // size}/{i}" for i in range(n)]
    columns = {"item": ids, "document": ids, "group": [f"g{i // size}" for i in range(n)], "text": ["x" * 12] * n}
    items = Items({**columns, "split": [""] * n, "language": [""] * n})
    return Task("task", items, gold, (METRIC[kind],), "corpus", "digest")


def said(asked: Task, seed: int):
    """Answers of which some are right."""
    random = some_answers(asked.gold.kind, len(asked), seed)
    right = np.random.default_rng(seed).random(len(asked)) < 0.6
    both = [due if ok else one for due, one, ok in zip(asked.gold.answers(), random.answers(), right, strict=True)]
    return type(random).of(asked.gold.kind, list(asked.gold.item), asked.gold.labels, both)


def world(kind: str, share: float | None):
    asked = task(kind)
    made = make("metrics", parse(METRIC[kind]))
    return _world(made, asked, (said(asked, 2), said(asked, 3)), unit_of(asked.items)[1], share, 13)


@pytest.mark.parametrize("share", [0.1, None], ids=["assumed", "measured"])
@pytest.mark.parametrize("kind", METRIC)
def test_a_true_drop_is_what_it_is_said_to_be(kind: str, share: float | None) -> None:
    """By the sums of 4,000 drawn units each; without a drop neither side is the better."""
    made = world(kind, share)
    rng = np.random.default_rng(0)
    for drop in (0.0, 0.02, 0.05):
        loaded = made.loaded(drop)
        assert loaded is not None
        assert made.gap(*loaded) == pytest.approx(drop, abs=1e-9)
        gaps = []
        for _ in range(20):
            a, b = made.draw(4_000, *loaded, rng)
            gaps.append(made.formula(a.sum(axis=0)) - made.formula(b.sum(axis=0)))
        assert np.mean(gaps) == pytest.approx(drop, abs=4 * np.std(gaps) / np.sqrt(20))


def test_items_differ_more_often_only_where_the_drop_asks_for_it() -> None:
    made = world("label", 0.1)
    loads = [made.loaded(drop) for drop in (0.05, 0.2, 0.9)]
    assert loads[0][1] == 0.1  # type: ignore[index]
    assert loads[1][0] == 1.0  # type: ignore[index]
    assert 0.15 < loads[1][1] < 0.3  # type: ignore[index]
    assert made.gap(*loads[1]) == pytest.approx(0.2, abs=1e-9)  # type: ignore[misc]
    assert made.loaded(1.5) is None


@pytest.mark.parametrize("kind", METRIC)
def test_every_right_answer_is_turned_wrong_and_no_other_is_touched(kind: str) -> None:
    asked = task(kind)
    answers = said(asked, 2)
    turned = _wronged(asked.gold, answers, np.random.default_rng(0))
    right = right_answers(asked.gold, answers)
    empty = np.array([not due for due in asked.gold.answers()])
    assert 0.3 < right.mean() < 0.9
    assert not right_answers(asked.gold, turned).any()
    for was, now, ok in zip(answers.answers(), turned.answers(), right, strict=True):
        assert ok or was == now
    assert kind == "label" or all(
        now is None for now, none in zip(turned.answers(), empty & right, strict=True) if none
    )


def test_without_a_change_alarms_are_rare_and_a_large_drop_is_caught() -> None:
    trial = _Trials(world("label", 0.1), 0.02, 0.05, 200, 5)
    alarms = Counter(one.state for one in trial(0.0, 120) or ())
    assert alarms["regressed"] <= 20  # 10 are due; chance of more than 20: 0.1 %
    assert sum(alarms.values()) == 200
    caught = Counter(one.state for one in trial(0.1, 120, 40) or ())
    assert caught["regressed"] >= 36


def test_what_is_needed_grows_as_the_margin_shrinks() -> None:
    asked = task("label")
    metric = make("metrics", parse("f1"))
    answers = (said(asked, 2), said(asked, 2))
    needed = [
        _rehearsed("t", "m", "f1", metric, asked, answers, 0.1, Policy(margin=margin), 13, 20)
        for margin in (0.04, 0.08)
    ]
    units = [one.needed_units for one in needed]
    assert units[0] == pytest.approx(4 * units[1], rel=0.6)  # type: ignore[operator]
    assert needed[0].needed_documents == 2 * units[0]  # type: ignore[operator]
    assert needed[0].row(0.04).drop == 0.04
