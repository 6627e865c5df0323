"""Units, intervals and denominators."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from answers import items_of, some_answers
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.parts import Task
from harness.records import Items
from harness.registry import make, parse
from harness.scoring import Tally, denominators, score, unit_of
from harness.slicing import cut_by


def task_with(groups: list[str], documents: list[str] | None = None) -> tuple[Task, Annotations]:
    n = len(groups)
    items = Items(
        {**items_of(["x"] * n).columns, "group": groups, "document": documents or [f"d{i}" for i in range(n)]}
    )
    gold, said = some_answers("label", n, 1, gold=True), some_answers("label", n, 2)
    return Task("t", items, gold, (), "c", "d"), said


def scores(task: Task, said: Annotations, spec: str = "f1"):
    return score(task, said, {spec: make("metrics", parse(spec))}, seed=13)[0]


def test_the_unit_is_the_document_unless_documents_come_in_groups() -> None:
    alone, _ = task_with([f"g{i}" for i in range(20)])
    assert unit_of(alone.items)[::2] == ("document", 20)
    grouped, _ = task_with([f"g{i // 2}" for i in range(20)])
    assert unit_of(grouped.items)[::2] == ("group", 10)
    several_items_a_document, _ = task_with([f"g{i // 2}" for i in range(20)], [f"d{i // 2}" for i in range(20)])
    assert unit_of(several_items_a_document.items)[::2] == ("document", 10)


def test_under_8_units_no_interval_is_given_and_under_20_it_is_marked() -> None:
    for units, note in (
        (7, "not estimable: 7 documents are too few"),
        (19, "few documents: likely too narrow"),
        (20, ""),
    ):
        headline = scores(*task_with([f"g{i}" for i in range(units)]))[0]
        assert headline.note.startswith(note)
        assert (headline.low is None) == (units == 7)


def test_an_interval_has_never_no_width() -> None:
    task, _ = task_with([f"g{i}" for i in range(30)])
    for one in scores(task, task.gold, "accuracy"):
        assert (one.value, one.low, one.high) == (1.0, None, None)
        assert one.note == "not estimable: every draw gives the same value"


def test_each_label_has_its_own_score_with_its_interval() -> None:
    task, _ = task_with([f"g{i}" for i in range(40)])
    answers = [label if i % 3 else "A" for i, label in enumerate(task.gold.answers())]
    found = scores(task, Annotations.of_label(task.items["item"], task.gold.labels, answers))
    assert [one.label for one in found] == ["", "A", "B", "C", "D"]
    assert found[0].value == pytest.approx(sum(one.value for one in found[1:]) / 4)
    assert all(one.low < one.high and one.n == 40 for one in found)


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
def test_the_denominator_never_shrinks(kind: str) -> None:
    gold, said = some_answers(kind, 50, 1, gold=True), some_answers(kind, 50, 2)
    counts = denominators(gold, said)
    assert sum(counts.values()) == 50
    assert list(counts) == ["correct", "wrong", "invalid", "missing", "abstained", "refused", "errored"]
    assert denominators(gold, gold) == {**dict.fromkeys(counts, 0), "correct": 50}


def test_a_metric_is_refused_where_it_does_not_fit() -> None:
    task, said = task_with(["a", "b"])
    with pytest.raises(AskedWrongly, match="entity_f1 scores answers of kind spans; task t asks for label"):
        scores(task, said, "entity_f1")
    with pytest.raises(AskedWrongly, match="favor_against of task t: it needs the label FAVOR"):
        scores(task, said, "favor_against")


SUMS = {"label": ("f1", "accuracy", "log_loss"), "labels": ("f1", "jaccard"), "spans": ("entity_f1",)}


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), cuts=st.lists(st.integers(0, 10), max_size=3))
def test_blocks_of_whole_units_give_the_scores_of_all_items_at_once(kind: str, seed: int, cuts: list[int]) -> None:
    n = 40
    gold, said = some_answers(kind, n, seed, gold=True), some_answers(kind, n, seed + 1)
    metrics = {spec: make("metrics", parse(spec)) for spec in SUMS[kind]}
    unit = np.arange(n) // 4
    whole, parts = Tally(metrics, gold.labels), Tally(metrics, gold.labels)
    whole.add(gold, said, unit, 10)
    for low, high in pairwise(sorted({0, 10, *cuts})):
        own = range(4 * low, 4 * high)
        parts.add(gold.take(own), said.take(own), unit[: len(own)], high - low)
    assert parts.scores("group", seed=13) == whole.scores("group", seed=13)
    assert parts.denominators == whole.denominators


METRICS = {**SUMS, "label": ("f1", "accuracy", "log_loss", "roc_auc")}


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
def test_a_slice_scores_as_its_items_alone_do(kind: str) -> None:
    n = 60
    gold, said = some_answers(kind, n, 5, gold=True), some_answers(kind, n, 6)
    items = Items({**items_of(["x"] * n).columns, "group": [f"g{i // 2}" for i in range(n)]})
    marked = replace(gold, marks={"tags": [["all"] if i // 2 % 2 else ["all", "even"] for i in range(n)]})
    task = Task("t", items, marked, (), "c", "d")
    metrics = {spec: make("metrics", parse(spec)) for spec in METRICS[kind]}
    found, _ = score(task, said, metrics, seed=13, cut=cut_by(["tags"], items, marked))
    own = [i for i in range(n) if not i // 2 % 2]
    alone, _ = score(task.take(own), said.take(own), metrics, seed=13)
    for spec in METRICS[kind]:
        part = next(one for one in found if (one.metric, one.slice) == (spec, "tags=even"))
        assert replace(part, slice="") == next(one for one in alone if one.metric == spec and not one.label)


def test_answers_in_another_order_within_an_item_are_as_right() -> None:
    gold = Annotations.of_spans(["a"], ("X", "Y"), [[(0, 2, "X"), (3, 4, "Y")]])
    turned = replace(gold, starts=gold.starts[::-1], ends=gold.ends[::-1], codes=gold.codes[::-1])
    assert denominators(gold, turned)["correct"] == 1


def test_a_pair_that_a_slice_cuts_in_two_does_not_count_in_it() -> None:
    items = Items({**items_of(["x"] * 40).columns, "group": [f"g{i // 2}" for i in range(40)]})
    gold = Annotations.of_label(items["item"], ("A", "B"), ["A", "B"] * 20)
    marks = {"pair": [[f"minimal_pair g{i // 2}"] for i in range(40)], "half": ["first", "second"] * 20}
    task = Task("t", items, replace(gold, marks=marks), (), "c", "d")
    metric = {"pair_consistency": make("metrics", parse("pair_consistency"))}
    found, _ = score(task, gold, metric, seed=1, cut=cut_by(["half"], items, task.gold))
    assert [(one.slice, one.value == one.value) for one in found] == [
        ("", True), ("half=first", False), ("half=second", False),
    ]  # fmt: skip


THREADS = """
import json, sys
from answers import some_answers
import harness
from harness.annotations import Annotations
for kind, metrics in (("label", ["f1", "log_loss", "ece", "roc_auc"]), ("labels", ["f1"]), ("spans", ["entity_f1"])):
    gold, said = some_answers(kind, 3000, 1, gold=True), some_answers(kind, 3000, 2)
    group = [i // 2 for i in range(3000)]
    task = harness.gold(gold.answers(), gold.labels, kind=kind, group=group, item=gold.item)
    print(harness.score(said if kind == "label" else said.answers(), task, metrics=metrics).scores)
"""


def test_the_same_seed_gives_the_same_bytes_at_any_number_of_threads() -> None:
    found = set()
    for threads in ("1", "2", "5"):
        env = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        done = subprocess.run(
            [sys.executable, "-c", THREADS],
            env=env,
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert "roc_auc" in found.pop()


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
def test_an_item_that_is_not_there_is_taken_as_missing_also_from_nothing(kind: str) -> None:
    gold = some_answers(kind, 3, 1, gold=True)
    for source in (gold, gold.take([])):
        taken = source.take([-1, *range(len(source))])
        assert taken.status.tolist() == [2, *[0] * len(source)]
        assert taken.answers() == [None, *source.answers()]


def test_a_slice_that_is_asked_for_twice_is_cut_once() -> None:
    answers = ["A", "B"] * 20
    gold = harness.gold(answers, ["A", "B"], marks={"half": ["x"] * 20 + ["y"] * 20})
    once = harness.score(answers[::-1], gold, slices=["half"])
    assert harness.score(answers[::-1], gold, slices=["half", "half"]).content == once.content


def test_a_mean_over_many_rare_labels_lies_in_its_interval_or_has_none() -> None:
    draw = random.Random(1)
    for k, n in ((50, 300), (200, 600), (200, 1500)):
        labels = [f"l{i:03}" for i in range(k)]
        due = [draw.choice(labels) for _ in range(n)]
        said = [label if draw.random() < 0.7 else draw.choice(labels) for label in due]
        found = harness.score(said, harness.gold(due, labels), metrics=["f1"])["f1"]
        if found.low is None:
            assert "too many parts with too few units" in found.note
        else:
            assert found.low <= found.value <= found.high
            assert found.high - found.low > 0.04


GIVEN = {
    "more answers than items": (["A"] * 5, {}, "5 answers to 4 items"),
    "fewer answers than items": (["A"] * 3, {}, "3 answers to 4 items"),
    "an answer that is no text": ([["A"], "B", "A", "B"], {}, "an answer is not a text"),
}


@pytest.mark.parametrize("case", GIVEN)
def test_answers_at_hand_that_do_not_belong_to_the_items_are_refused(case: str) -> None:
    said, settings_, message = GIVEN[case]
    with pytest.raises(AskedWrongly, match=message):
        harness.score(said, harness.gold(["A", "B"] * 2, ["A", "B"], **settings_))


SPANS = {
    "before the text": (-1, 3),
    "turned": (3, 1),
    "no whole number": (0.5, 3),
    "far away": (0, 2**40),
}


@pytest.mark.parametrize("case", SPANS)
def test_spans_that_are_none_are_refused_and_not_bent(case: str) -> None:
    gold = harness.gold([[(0, 3, "A")]] * 2, ["A"], kind="spans")
    with pytest.raises(AskedWrongly, match=r"a span that is not inside its text|an answer is not a list of"):
        harness.score([[(0, 3, "A")], [(*SPANS[case], "A")]], gold)


GOLD = {
    "a label twice": ({"labels": ["A", "B", "A"]}, 'label "A" is given twice'),
    "an item twice": ({"item": ["a", "a"]}, 'item "a" is given twice'),
    "a group too few": ({"group": ["a"]}, "group has 1 values for 2 answers"),
    "a mark too many": ({"marks": {"x": [1, 2, 3]}}, "x has 3 values for 2 answers"),
    "no kind": ({"kind": "lable"}, 'Did you mean "label"'),
}


@pytest.mark.parametrize("case", GOLD)
def test_gold_that_cannot_be_is_refused(case: str) -> None:
    settings_, message = GOLD[case]
    with pytest.raises(AskedWrongly, match=message):
        harness.gold(["A", "B"], **{"labels": ["A", "B"], **settings_})


def test_gold_takes_arrays_and_numbers_as_groups_and_marks() -> None:
    gold = harness.gold(
        np.array(["A", "B"] * 10), ["A", "B"], group=np.arange(20) // 2, marks={"year": [2020, 2021] * 10}
    )
    found = harness.score(["A", "B"] * 10, gold, slices=["year"], metrics=["accuracy"])
    assert (found["accuracy"].units, found["accuracy[year=2021]"].n) == (10, 10)


def test_answers_in_another_order_than_the_items_are_refused() -> None:
    gold = harness.gold(["A", "B"], ["A", "B"], item=["x", "y"])
    with pytest.raises(AskedWrongly, match="in the order of the items"):
        harness.score(Annotations.of_label(["y", "x"], ("A", "B"), ["B", "A"]), gold)
