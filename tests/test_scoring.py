"""Units, intervals and denominators."""

import pytest
from answers import items_of, some_answers

from harness.errors import AskedWrongly
from harness.parts import Task
from harness.records import Annotations, Items
from harness.registry import make, parse
from harness.scoring import denominators, score, unit_of


def task_with(groups: list[str], documents: list[str] | None = None) -> tuple[Task, Annotations]:
    n = len(groups)
    items = Items(
        {**items_of(["x"] * n).columns, "group": groups, "document": documents or [f"d{i}" for i in range(n)]}
    )
    gold, said = some_answers("label", n, 1, gold=True), some_answers("label", n, 2)
    return Task("t", items, gold, (), "c", "d"), said


def scores(task: Task, said: Annotations, spec: str = "f1"):
    return score(task, said, {spec: make("metrics", parse(spec))}, seed=13)


def test_the_unit_is_the_document_unless_documents_come_in_groups() -> None:
    alone, _ = task_with([f"g{i}" for i in range(20)])
    assert unit_of(alone.items)[::2] == ("document", 20)
    grouped, _ = task_with([f"g{i // 2}" for i in range(20)])
    assert unit_of(grouped.items)[::2] == ("group", 10)
    several_items_a_document, _ = task_with([f"g{i // 2}" for i in range(20)], [f"d{i // 2}" for i in range(20)])
    assert unit_of(several_items_a_document.items)[::2] == ("document", 10)


def test_under_8_units_no_interval_is_given_and_under_20_it_is_marked() -> None:
    for units, note in ((7, "7 documents are too few"), (19, "few documents: likely too narrow"), (20, "")):
        headline = scores(*task_with([f"g{i}" for i in range(units)]))[0]
        assert headline.note.startswith(note)
        assert (headline.low is None) == (units == 7)


def test_an_interval_has_never_no_width() -> None:
    task, _ = task_with([f"g{i}" for i in range(30)])
    for one in scores(task, task.gold, "accuracy"):
        assert (one.value, one.low, one.high) == (1.0, None, None)
        assert "every draw gives the same value" in one.note


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
