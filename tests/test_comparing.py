"""Two results and more, held against each other: every number beside one that was found another way."""

import itertools
import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import some_answers
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score

import harness
from harness.comparing import Comparison, added, compare_all, explore, pair
from harness.errors import NotComparable
from harness.files import canonical
from harness.parts import Task
from harness.rerunning import seen_by
from harness.result import Kept, read
from harness.running import metrics_of, score_answers

LABELS = ("A", "B", "C")
NAMES = ("base", "candidate")


def asked(n: int, *, each: int = 1, seed: int = 1) -> Task:
    """n items in groups of `each`, marked as from here or there."""
    draw = random.Random(seed)
    gold = [draw.choice(LABELS) for _ in range(n)]
    group = [f"g{i // each:04}" for i in range(n)]
    marks = {"place": [("here", "there")[(i // each) % 2] for i in range(n)]}
    return harness.gold(gold, LABELS, group=group, texts=[f"text {i}" for i in range(n)], marks=marks)


def noisy(task: Task, wrong: float, seed: int) -> list[str]:
    """The gold with a share of wrong answers."""
    draw = random.Random(seed)
    return [draw.choice(LABELS) if draw.random() < wrong else label for label in task.gold.answers()]


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Kept]:
    """Keeps answers as the result of a model, and reads it again."""
    count = itertools.count()

    def keep(task: Task, answers: Sequence | object, metrics: Sequence[str] = ("f1", "accuracy"), **said) -> Kept:
        if isinstance(answers, list):
            answers = type(task.gold).of(task.gold.kind, task.items["item"], task.gold.labels, answers)
        said = {"model": "m", "protocol": "5-fold", **said}
        place = tmp_path / str(next(count))
        score_answers(task, answers, metrics_of(task, metrics), seed=13, **said).write(place)
        return read(place)

    return keep


def compared(a: Kept, b: Kept, task: Task, metrics=("f1", "accuracy"), **how) -> Comparison:
    return explore(pair(a, b, task, NAMES), metrics_of(task, metrics), **how)


def test_every_score_and_difference_is_that_of_scoring_each_by_itself(kept) -> None:
    task = asked(200, each=2)
    said = [noisy(task, wrong, i) for i, wrong in enumerate((0.5, 0.3))]
    metrics = ("f1", "accuracy", "mcc", "balanced_accuracy")
    found = compared(*(kept(task, one) for one in said), task, metrics, slices=("place", "label"))
    a, b = (harness.score(one, task, metrics=metrics, slices=["place", "label"]) for one in said)
    assert len(found.cells) == 4 * (1 + 2 + 3)
    for cell in found.cells:
        assert (cell.base, cell.candidate) == pytest.approx((a[cell.name].value, b[cell.name].value), nan_ok=True)
        assert cell.difference == pytest.approx(b[cell.name].value - a[cell.name].value, nan_ok=True)
        assert (cell.n, cell.units) == (a[cell.name].n, a[cell.name].units)


def test_a_metric_that_is_better_when_lower_keeps_its_own_sign(kept) -> None:
    task = asked(80)
    answers = [replace(some_answers("label", 80, i, labels=LABELS), item=task.items["item"]) for i in (1, 2)]
    a, b = (replace(one, status=np.zeros(80, np.uint8), codes=np.maximum(one.codes, 0)) for one in answers)
    found = compared(*(kept(task, one, ["brier"]) for one in (a, b)), task, ("brier",)).primary
    alone = [harness.score(one, task, metrics=["brier"])["brier"].value for one in (a, b)]
    assert found.lower
    assert found.difference == pytest.approx(alone[1] - alone[0])
    assert found.low < found.difference < found.high
    assert found.candidate_better == (alone[1] < alone[0])


def test_p_of_accuracy_is_mcnemars_mid_p(kept) -> None:
    task = asked(300)
    said = [noisy(task, wrong, i) for i, wrong in enumerate((0.4, 0.3))]
    right = [[x == y for x, y in zip(one, task.gold.answers(), strict=True)] for one in said]
    b, c = (sum(x > y for x, y in zip(*pair_, strict=True)) for pair_ in (right, right[::-1]))
    law = stats.binom(b + c, 0.5)
    mid = min(1.0, 2 * (law.cdf(min(b, c)) - 0.5 * law.pmf(min(b, c))))
    found = compared(*(kept(task, one) for one in said), task, ("accuracy",)).primary
    assert found.verdict.test == "mid-p"
    assert found.p == pytest.approx(mid, rel=1e-9)
    assert abs(mid - stats.binomtest(b, b + c).pvalue) < 0.05  # the exact one is near


def test_p_of_f1_is_that_of_all_swaps_of_whole_groups(kept) -> None:
    task = asked(60, each=3)
    base = noisy(task, 0.3, 1)
    candidate = [*base]
    for i in (0, 4, 8, 9, 17, 20, 21, 33, 34, 50):
        candidate[i] = task.gold.answers()[i] if i % 3 else "A"
    gold, units = task.gold.answers(), [i // 3 for i in range(60)]
    apart = sorted({u for u, x, y in zip(units, base, candidate, strict=True) if x != y})

    def gap(one: list[str], other: list[str]) -> float:
        ask = {"labels": LABELS, "average": "macro", "zero_division": 0}
        return f1_score(gold, other, **ask) - f1_score(gold, one, **ask)

    seen, hits = abs(gap(base, candidate)), 0
    for swaps in itertools.product((False, True), repeat=len(apart)):
        swapped = {u for u, swap in zip(apart, swaps, strict=True) if swap}
        both = [(y, x) if u in swapped else (x, y) for u, x, y in zip(units, base, candidate, strict=True)]
        hits += abs(gap(*map(list, zip(*both, strict=True)))) >= seen - 1e-12
    found = compared(kept(task, base), kept(task, candidate), task, ("f1",)).primary
    assert seen > 0
    assert found.p == pytest.approx(hits / 2 ** len(apart), rel=1e-9)


def test_p_of_the_other_rows_is_adjusted_for_all_of_them_at_once(kept) -> None:
    """Beside a max-T of its own: signs flipped unit by unit, each column on its own scale."""
    task = asked(240, each=2)
    base, draw = noisy(task, 0.4, 1), np.random.default_rng(5)
    gold = np.array(task.gold.answers())
    candidate = [g if i % 4 < 2 and i % 7 == 0 else x for i, (g, x) in enumerate(zip(gold, base, strict=True))]
    found = compared(kept(task, base), kept(task, candidate), task, ("f1", "accuracy"), slices=("place",))
    gain = (np.array(candidate) == gold).astype(float) - (np.array(base) == gold)
    unit, place = np.arange(240) // 2, np.array(task.gold.marks["place"])
    columns = np.stack([np.bincount(unit, gain * mask) for mask in (place != "", place == "here", place == "there")])
    columns = columns / np.array([[240], [120], [120]])  # (3, n_units)
    flips = draw.choice([-1.0, 1.0], (10_000, 120))
    null = flips @ columns.T
    scale = np.where(null.std(axis=0) > 0, np.sqrt((null**2).mean(axis=0)), 1)
    best = (np.abs(columns.sum(axis=1)) / scale).max()
    accuracy = [cell for cell in found.cells if cell.metric == "accuracy"]
    smallest = min(cell.p for cell in found.cells[1:])
    assert [cell.slice for cell in accuracy] == ["", "place=here", "place=there"]
    assert accuracy[2].p == 1.0  # nothing changed there
    bare = ((np.abs(null) / scale).max(axis=1) >= best - 1e-9).mean()
    assert smallest == pytest.approx(bare, abs=0.04)  # f1 of the slices goes along with accuracy
    own = (np.abs(null) >= np.abs(columns.sum(axis=1)) - 1e-9).mean(axis=0)
    assert all(cell.p >= p - 0.02 for cell, p in zip(accuracy, own, strict=True))
    assert 0.05 < bare < 0.5, (bare, smallest)


def test_the_interval_is_near_that_of_a_plain_paired_bootstrap(kept) -> None:
    task = asked(600, each=2)
    said = [noisy(task, wrong, i) for i, wrong in enumerate((0.4, 0.3))]
    found = compared(*(kept(task, one) for one in said), task, ("accuracy",)).primary
    right = [np.array([x == y for x, y in zip(one, task.gold.answers(), strict=True)], float) for one in said]
    gain = (right[1] - right[0]).reshape(-1, 2).mean(axis=1)
    drawn = gain[np.random.default_rng(1).integers(0, 300, (4000, 300))].mean(axis=1)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.012)


def test_exchanging_the_two_mirrors_everything(kept) -> None:
    task = asked(150, each=3)
    a, b = (kept(task, noisy(task, wrong, i)) for i, wrong in enumerate((0.5, 0.3)))
    one, other = (compared(*both, task, ("f1", "accuracy"), slices=("place",)) for both in ((a, b), (b, a)))
    assert one.changed == other.changed
    assert (one.newly_wrong, one.newly_right) == (other.newly_right, other.newly_wrong)
    for x, y in zip(one.cells, other.cells, strict=True):
        assert (x.p, x.difference) == (y.p, -y.difference)
        assert (x.low, x.high) == pytest.approx((-y.high, -y.low), abs=0.01)


def test_the_order_of_the_documents_changes_nothing(kept) -> None:
    task = asked(90, each=3)
    order = random.Random(3).sample(range(90), 90)
    mixed = task.take(order)
    said = [noisy(task, wrong, i) for i, wrong in enumerate((0.5, 0.3))]
    a, b = (kept(task, one) for one in said)
    other = kept(mixed, [said[1][i] for i in order])
    one, two = compared(a, b, task), compared(a, other, mixed)
    assert [cell.difference for cell in one.cells] == [cell.difference for cell in two.cells]
    assert (one.newly_wrong, one.newly_right) == (two.newly_wrong, two.newly_right)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["label", "labels", "spans"]), st.integers(0, 999), st.integers(2, 40))
def test_a_result_is_identical_with_itself(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, n: int
) -> None:
    gold, said = some_answers(kind, n, seed, gold=True), some_answers(kind, n, seed + 1)
    texts = ["twelve chars"] * n
    task = harness.gold(gold.answers(), gold.labels, kind=kind, item=gold.item, texts=texts)
    place = tmp_path_factory.mktemp("kept")
    score_answers(task, replace(said, item=task.items["item"]), metrics_of(task), seed=13).write(place)
    both = pair(read(place), read(place), task, NAMES)
    found = explore(both, metrics_of(task))
    assert both.identical
    assert not (found.changed or found.newly_wrong or found.newly_right or found.notes)
    for cell in found.cells:
        assert cell.difference == 0 or math.isnan(cell.difference)
        assert cell.p in (None, 1.0)
        assert not cell.apart


def test_an_answer_that_is_missing_is_a_wrong_one_and_not_left_out(kept) -> None:
    task = asked(40)
    whole = task.gold.answers()
    less = type(task.gold).of_label(task.items["item"], LABELS, whole, status=[2] * 10 + [0] * 30)
    found = compared(kept(task, whole), kept(task, less), task, ("accuracy",))
    assert (found.primary.base, found.primary.candidate, found.primary.n) == (1.0, 0.75, 40)
    assert sorted(found.newly_wrong) == [*range(10)]


@pytest.mark.parametrize("which", [0, 1])
def test_a_predictions_file_that_lost_or_changed_lines_is_refused(kept, which: int) -> None:
    task = asked(40)
    both = [kept(task, noisy(task, 0.3, i)) for i in (1, 2)]
    path = both[which].place / "predictions.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(NotComparable, match=r"not comparable, predictions: .* has 39 answers, not those of the 40"):
        pair(*both, task, NAMES)
    said = json.loads(lines[-1])
    path.write_text("".join([*lines[:-1], json.dumps({**said, "label": "A" if said["label"] != "A" else "B"}) + "\n"]))
    with pytest.raises(NotComparable, match=r"not comparable, predictions: .* not the predictions that content"):
        pair(*both, task, NAMES)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("task", {"corpus": {"name": "other", "digest": ""}}),
        ("task", {"task": {"name": "other", "of": []}}),
        ("task settings", {"task": {"name": "gold", "of": [], "where": {"role": "primary"}}}),
        ("kind of answer", {"kind": "labels"}),
        ("label set", {"labels": ["A", "C", "B"]}),
        ("protocol", {"protocol": "train>test"}),
        ("split", {"draw_seed": 14}),
        ("texts", {"texts": "0" * 64}),
    ],
)
def test_what_differs_is_refused_by_its_name(kept, field: str, change: dict) -> None:
    task = asked(40)
    a, b = (kept(task, noisy(task, 0.3, i)) for i in (1, 2))
    (b.place / "content.json").write_bytes(canonical({**b.content, **change}))
    for both in ((a, read(b.place)), (read(b.place), a)):
        with pytest.raises(NotComparable) as no:
            pair(*both, task, NAMES)
        assert no.value.field == field
    if field not in ("texts", "protocol", "split"):  # both alike, and not as the task asks today
        (a.place / "content.json").write_bytes(canonical({**a.content, **change}))
        with pytest.raises(NotComparable):
            pair(read(a.place), read(b.place), task, NAMES)


def test_other_documents_are_refused_and_those_that_were_added_are_counted(kept) -> None:
    task = asked(40)
    whole, part, other = (
        kept(task.take(index), noisy(task.take(index), 0.3, 1)) for index in (range(40), range(30), range(20, 40))
    )
    assert added(part, whole) == task.items["item"][30:]
    assert added(whole, part) == added(part, other) == []
    with pytest.raises(NotComparable, match=r"items: 10 documents added since base was run. Add --rerun-base"):
        pair(part, whole, task, NAMES)
    with pytest.raises(NotComparable, match="items: candidate has answered 0 documents that base has not, and not 10"):
        pair(whole, part, task, NAMES)
    with pytest.raises(NotComparable, match="candidate has answered 10 documents that base has not, and not 20"):
        pair(part, other, task, NAMES)
    with pytest.raises(NotComparable, match="items: 10 documents of the results are no longer in the corpus"):
        pair(whole, whole, task.take(range(30)), NAMES)
    assert pair(part, part, task, NAMES).notes == ("10 items of today's corpus are in neither result",)


def test_where_labels_of_the_gold_changed_both_are_scored_on_those_of_today(kept) -> None:
    task = asked(60)
    said = [noisy(task, wrong, i) for i, wrong in enumerate((0.4, 0.2))]
    a, b = (kept(task, one) for one in said)
    gold = ["A" if label == "B" and i < 30 else label for i, label in enumerate(task.gold.answers())]
    today = harness.gold(gold, LABELS, texts=task.items["text"], group=task.items["group"])
    found = compared(a, b, today, ("accuracy",))
    alone = [harness.score(one, today, metrics=["accuracy"])["accuracy"].value for one in said]
    assert [found.primary.base, found.primary.candidate] == alone
    assert [note.split(":")[0] for note in found.notes] == [
        f"labels of the gold have changed since {name} was run" for name in NAMES
    ]


def test_a_stored_score_that_todays_scorer_does_not_give_is_told(kept) -> None:
    task = asked(60)
    a, b = (kept(task, noisy(task, 0.3, i), ["accuracy"]) for i in (1, 2))
    [score] = [row for row in b.content["scores"] if row["metric"] == "accuracy" and not row["label"]]
    score["value"] -= 0.125
    (b.place / "content.json").write_bytes(canonical(b.content))
    [note] = compared(a, read(b.place), task, ("accuracy",)).notes
    assert note.startswith("accuracy of candidate is stored as 0.")
    assert compared(a, a, task, ("accuracy",)).notes == ()


def test_of_more_than_two_every_pair_is_as_of_two_alone_and_p_are_adjusted(kept) -> None:
    task = asked(300, each=2)
    results = [kept(task, noisy(task, wrong, 1)) for wrong in (0.6, 0.3, 0.28)]
    [(spec, metric)] = metrics_of(task, ["f1"]).items()
    found = {how: compare_all(results, "abc", task, spec, metric, family=how) for how in ("max-t", "holm")}
    names = found["holm"].names
    assert names[-1] == "a"
    assert list(found["holm"].values) == sorted(found["holm"].values, reverse=True)
    for versus in found["holm"].pairs:
        both = [results["abc".index(names[i])] for i in (versus.other, versus.one)]
        alone = compared(*both, task, ("f1",)).primary
        assert versus.difference == pytest.approx(alone.difference)
        assert versus.p_alone == pytest.approx(alone.p, abs=0.02)
    own = sorted((versus.p_alone, versus.p) for versus in found["holm"].pairs)
    steps = np.maximum.accumulate([min(1, p * k) for (p, _), k in zip(own, (3, 2, 1), strict=True)])
    assert [p for _, p in own] == pytest.approx(list(steps))
    for one, other in zip(found["max-t"].pairs, found["holm"].pairs, strict=True):
        assert one.p_alone - 0.01 <= one.p <= other.p + 0.02
        assert one.apart == other.apart
    again = compare_all(results[::-1], "cba", task, spec, metric)
    assert [(v.difference, v.p) for v in again.pairs] == [(v.difference, v.p) for v in found["max-t"].pairs]


def names_task(n: int) -> Task:
    """Texts that begin with a name, in groups of two; every third group has a name of its own."""
    names = [f"Nam{i // 2:04}" if (i // 2) % 3 == 0 else ("Ana Lopez", "Ben Adams")[(i // 2) % 2] for i in range(n)]
    texts = [f"{name} came on day {i}." for i, name in enumerate(names)]
    gold = [[(0, len(name), "PER")] for name in names]
    group = [f"g{i // 2:03}" for i in range(n)]
    return harness.gold(gold, ["PER"], kind="spans", texts=texts, group=group)


def test_seen_names_are_those_that_the_folds_were_trained_on(tmp_path: Path) -> None:
    task = names_task(60)
    results = []
    for model in ("gazetteer", "crf"):
        ran = harness.run(model, task, metrics=["entity_f1"], slices=["name"])
        ran.write(tmp_path / model)
        results.append((ran, read(tmp_path / model)))
    both = pair(results[0][1], results[1][1], task, NAMES)
    found = explore(both, metrics_of(task, ["entity_f1"]), slices=["name"], seen=seen_by(both, task, 13))
    for cell in found.cells[1:]:
        assert (cell.base, cell.candidate) == pytest.approx(
            tuple(ran[cell.name].value for ran, _ in results), nan_ok=True
        )
    assert [cell.slice for cell in found.cells] == ["", "name=seen", "name=unseen"]
