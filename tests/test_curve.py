"""Learning curves: nested fractions, the same items scored at each, and the gain with its interval."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import items_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError
from harness.files import canonical
from harness.parts import Task
from harness.records import Items
from harness.registry import parse
from harness.result import Result
from harness.running import Asked, metrics_of, run_all
from harness.running.cells import Cell, Recipe, dealt
from harness.running.curve import curves, learns
from harness.scoring import difference
from harness.store import Store

WORDS = ("banjir surut deras hujan bah", "harga beras naik pasar upah")


def task_of(n: int, **columns: list[str]) -> Task:
    """Every document of one label, and one word of five that its label has: what was not learned from is unknown."""
    gold = ["A", "B"] * (n // 2)
    items = items_of([f"{WORDS['AB'.index(gold[i])].split()[i // 2 % 5]} {i}" for i in range(n)])
    items = Items({**items.columns, **columns})
    return Task("topic", items, Annotations.of_label(items["item"], ("A", "B"), gold), ("f1", "accuracy"), "c", "d")


def asked(task: Task, spec: str = "tfidf(chars=0)", **changed: object) -> Asked:
    return replace(Asked(task, parse(spec), metrics_of(task), seed=3, folds=4), **changed)


@settings(max_examples=40, deadline=None)
@given(
    groups=st.lists(st.integers(0, 9), min_size=10, max_size=40),
    seed=st.integers(0, 99),
    small=st.floats(0.01, 1),
    large=st.floats(0.01, 1),
)
def test_a_smaller_fraction_is_part_of_a_larger_one_and_both_answer_the_same(
    groups: list[int], seed: int, small: float, large: float
) -> None:
    group = [f"g{i}" for i in groups] + ["x", "y"]
    task = task_of(len(group) // 2 * 2, group=group[: len(group) // 2 * 2])
    if len(set(task.items["group"])) < 2:
        return
    small, large = sorted((small, large))
    few, many, whole = (dealt(task, folds=2, split="", seed=seed, fraction=f) for f in (small, large, 1.0))
    for a, b, all_of_it in zip(few, many, whole, strict=True):
        assert set(a.learn) <= set(b.learn) <= set(all_of_it.learn)
        assert list(a.score) == list(b.score) == list(all_of_it.score)
        names = [{task.items["group"][i] for i in fold.learn} for fold in (a, all_of_it)]
        assert len(names[0]) == max(1, round(small * len(names[1])))
        assert list(a.learn) == [i for i in all_of_it.learn if task.items["group"][i] in names[0]]  # groups are whole


def test_the_whole_fraction_is_the_very_cell_and_content_of_a_run(tmp_path: Path) -> None:
    one, store = asked(task_of(40)), Store(tmp_path)
    [(_, ran)] = run_all([one], store=store)
    assert isinstance(ran, Result)
    before = {path.name for path in tmp_path.rglob("*.json*")}
    [curve] = curves([one], [1.0, 0.5], store=store)
    half, whole = curve.points
    assert isinstance(whole.came, Result)
    assert isinstance(half.came, Result)
    assert canonical(whole.came.content) == canonical(ran.content)
    assert half.came.protocol == "4-fold, 0.5 of the groups learned from"
    assert half.came.signature != whole.came.signature
    after = {path.name for path in tmp_path.rglob("*.json*")}
    assert before < after
    assert len(after - before) == 5  # four cells and the scores of the half alone
    recipe = Recipe.of(one.spec)
    keys = [[Cell(f, recipe, 3).key for f in dealt(one.task, folds=4, split="", seed=13, fraction=x)] for x in (1, 0.5)]
    assert not set(keys[0]) & set(keys[1])


def test_a_model_that_needs_examples_rises_and_says_what_it_learned_from() -> None:
    [curve] = curves([asked(task_of(80))], [0.1, 0.2, 0.5, 1.0])
    assert [point.groups for point in curve.points] == [6, 12, 30, 60]
    assert [point.documents for point in curve.points] == [6, 12, 30, 60]
    values = [point.came["f1"].value for point in curve.points if isinstance(point.came, Result)]
    assert values[0] < values[-1] == 1
    [(few, many, gain), (half, _, last)] = curve.doublings()
    assert (few, many, half) == (0.1, 0.2, 0.5)
    assert gain.value == values[1] - values[0]
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low < gain.value < gain.high
    assert (gain.metric, gain.units, gain.unit) == ("f1", 80, "document")
    assert last.value == values[3] - values[2]


def test_a_split_is_learned_from_in_parts_too() -> None:
    task = task_of(40, split=["train"] * 20 + ["test"] * 20)
    [curve] = curves([asked(task, split="train>test")], [0.25, 1.0])
    assert [point.groups for point in curve.points] == [5, 20]
    assert all(len(point.came.task) == 20 for point in curve.points if isinstance(point.came, Result))


def test_a_fraction_that_fails_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from harness import Annotations\n"
        "class Needs:\n"
        "    def fit(self, items, gold, *, seed):\n"
        "        if len(items) < 10: raise ValueError('ten at least')\n"
        "        self.labels = gold.labels\n"
        "    def predict(self, items): return Annotations.of_label(items['item'], self.labels, ['A'] * len(items))\n"
    )
    [curve] = curves([asked(task_of(40), f"{tmp_path}/mine.py:Needs")], [0.25, 0.5, 1.0])
    assert isinstance(curve.points[0].came, HarnessError)
    assert "ten at least" in str(curve.points[0].came)
    [(few, many, gain)] = curve.doublings()
    assert (few, many, gain.value, gain.low) == (0.5, 1, 0, None)
    assert "alike" in gain.note


def test_what_learns_nothing_has_no_curve_and_a_fraction_has_a_range() -> None:
    assert learns(asked(task_of(10)))
    assert not learns(asked(task_of(10), "predictions(path='nowhere.jsonl')"))
    for fractions in ([], [0.0], [1.5], [math.nan]):
        with pytest.raises(AskedWrongly, match="above 0 and at most 1"):
            curves([asked(task_of(10))], fractions)


def test_a_gain_has_the_interval_of_a_mean_of_paired_differences() -> None:
    n, draw = 600, np.random.default_rng(5)
    gold = ["A"] * n
    said = [["A" if right else "B" for right in draw.random(n) < share] for share in (0.8, 0.6)]
    items = items_of(["x"] * n)
    due, a, b = (Annotations.of_label(items["item"], ("A", "B"), answers) for answers in (gold, *said))
    task = Task("t", items, due, ("accuracy",), "c", "d")
    gain = difference(due, a, b, items, "accuracy", metrics_of(task)["accuracy"], seed=1)
    each = np.array([(x == "A") - (y == "A") for x, y in zip(*said, strict=True)], float)
    half = 1.96 * each.std(ddof=1) / math.sqrt(n)
    assert gain.value == pytest.approx(each.mean())
    assert [gain.low, gain.high] == pytest.approx([each.mean() - half, each.mean() + half], abs=0.06 * half)


def test_the_gain_of_a_ranking_has_delongs_variance() -> None:
    n, draw = 300, np.random.default_rng(7)
    due = draw.integers(0, 2, n)
    first = due + draw.normal(size=n)
    both = [1 / (1 + np.exp(-x)) for x in (first, 0.5 * first + draw.normal(size=n))]
    items, names = items_of(["x"] * n), ("A", "B")
    gold = Annotations.of_label(items["item"], names, [names[code] for code in due])
    said = [replace(gold, scores=np.stack([1 - p, p], axis=1).astype(np.float32)) for p in both]
    task = Task("t", items, gold, ("roc_auc",), "c", "d")
    gain = difference(gold, *said, items, "roc_auc", metrics_of(task)["roc_auc"], seed=1)
    above = [(p[due == 1][:, None] > p[due == 0]).astype(float) for p in both]  # placements of E. DeLong, 1988
    positives, negatives = (above[0].mean(axis=k) - above[1].mean(axis=k) for k in (1, 0))
    error = math.sqrt(positives.var(ddof=1) / len(positives) + negatives.var(ddof=1) / len(negatives))
    assert gain.value == pytest.approx(above[0].mean() - above[1].mean(), abs=1e-6)
    assert gain.low is not None
    assert gain.high is not None
    assert gain.high - gain.low == pytest.approx(2 * 1.97 * error, rel=0.02)
    same = difference(gold, said[0], said[0], items, "roc_auc", metrics_of(task)["roc_auc"], seed=1)
    assert (same.value, same.low) == (0, None)
    assert "no unit changes" in same.note
