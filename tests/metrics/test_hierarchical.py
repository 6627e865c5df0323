"""Hierarchical precision, recall and F1 against the sets of ancestors written out, and a worked example."""

import random

import pytest
from answers import some_gold, some_predictions

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.registry import make, parse

NAMES = ("hierarchical_precision", "hierarchical_recall", "hierarchical_f1")
PATHS = ("A", "A/x", "A/x/1", "A/y", "B", "B/x", "C")


def ours(gold: Annotations, predicted: Annotations, settings: str = "") -> list[float]:
    metrics = [make("metrics", parse(name + settings)) for name in NAMES]
    return [float(metric.score(metric.count(gold, predicted).total)) for metric in metrics]


def of_sets(due: list[list[str]], said: list[list[str]], labels: tuple[str, ...]) -> tuple[Annotations, Annotations]:
    item = [str(i) for i in range(len(due))]
    return Annotations.of_labels(item, labels, due), Annotations.of_labels(item, labels, said)


def with_ancestors(answer: str | list[str] | None) -> set[str]:
    chosen = [answer] if isinstance(answer, str) else answer or []
    return {label[:end] for label in chosen for end in range(1, len(label) + 1) if (label + "/")[end] == "/"}


def by_the_formula(due: list, said: list) -> list[float]:
    """hP, hR and hF as in hiclass.metrics and Kiritchenko et al.: sums over items of the sizes of ancestor sets."""
    sets = [(with_ancestors(g), with_ancestors(p)) for g, p in zip(due, said, strict=True)]
    shared = sum(len(g & p) for g, p in sets)
    precision = shared / max(1, sum(len(p) for _, p in sets))
    recall = shared / max(1, sum(len(g) for g, _ in sets))
    return [precision, recall, 2 * precision * recall / (precision + recall) if shared else 0.0]


def test_the_worked_example_of_semeval_2024_task_4() -> None:
    # hierarchy_evaluation.html of that task: said 1.2 and 2.1, gold 2.2; one of four said nodes is shared, of two due
    gold, said = of_sets([["2/2.2"]], [["1/1.2", "2/2.1"]], ("1/1.2", "2/2.1", "2/2.2"))
    assert ours(gold, said) == [1 / 4, 1 / 2, pytest.approx(1 / 3)]


@pytest.mark.parametrize("kind", ["label", "labels"])
@pytest.mark.parametrize("seed", range(10))
def test_random_answers_score_as_the_ancestor_sets_say(kind: str, seed: int) -> None:
    gold, said = some_gold(kind, 30, seed, PATHS), some_predictions(kind, 30, seed + 100, PATHS)
    assert ours(gold, said) == pytest.approx(by_the_formula(gold.answers(), said.answers()), abs=1e-15)


def test_the_type_alone_and_the_type_with_another_sub_type_earn_a_part() -> None:
    gold = Annotations.of_label(["a"], PATHS, ["A/x"])
    assert ours(gold, Annotations.of_label(["a"], PATHS, ["A"])) == [1, 1 / 2, pytest.approx(2 / 3)]
    assert ours(gold, Annotations.of_label(["a"], PATHS, ["A/y"])) == [1 / 2, 1 / 2, 1 / 2]
    assert ours(gold, Annotations.of_label(["a"], PATHS, ["B/x"])) == [0, 0, 0]


@pytest.mark.parametrize("kind", ["label", "labels"])
def test_without_paths_they_are_micro_precision_recall_and_f1(kind: str) -> None:
    draw = random.Random(5).randrange(1000)
    gold, said = some_gold(kind, 40, draw), some_predictions(kind, 40, draw + 1)
    flat = [make("metrics", parse(f'{name}(average="micro")')) for name in ("precision", "recall", "f1")]
    assert ours(gold, said) == [float(metric.score(metric.count(gold, said).total)) for metric in flat]


def test_another_separator_may_be_given_and_none_is_refused() -> None:
    gold, said = of_sets([["A.x"]], [["A.y"]], ("A.x", "A.y"))
    assert ours(gold, said) == [0, 0, 0]
    assert ours(gold, said, '(separator=".")') == [1 / 2, 1 / 2, 1 / 2]
    with pytest.raises(AskedWrongly, match="give the text between the parts"):
        make("metrics", parse('hierarchical_f1(separator="")'))


def test_the_three_share_their_counts_so_that_they_are_drawn_once() -> None:
    assert len({make("metrics", parse(name)).count for name in NAMES}) == 1
