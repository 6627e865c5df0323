"""Token F1 of evidence against ERASER's way of counting, written out over sets of words."""

from dataclasses import replace

import numpy as np
import pytest
from answers import WORDS, some_gold, some_predictions

from harness.annotations import Annotations
from harness.registry import make, parse

SPECS = ("evidence_f1", 'evidence_f1(average="micro")')


def ours(gold: Annotations, predicted: Annotations) -> list[float]:
    metrics = [make("metrics", parse(spec)) for spec in SPECS]
    return [float(metric.score(metric.count(gold, predicted).total)) for metric in metrics]


def tokens(spans: list | None, words: list) -> set:
    return {i for i, (a, b, _) in enumerate(words) for start, end, _ in spans or () if max(a, start) < min(b, end)}


def as_eraser(gold: Annotations, predicted: Annotations) -> list[float]:
    """`instance_macro` and `instance_micro` of rationale_benchmark/metrics.py, of instances that have a truth."""
    pairs = []
    for i, spans in enumerate(gold.besides["evidence"].answers()):
        words = gold.besides["words"].answer(i)
        given = predicted.besides["evidence"].answer(i) if predicted.status[i] == 0 else None
        blank = {("blank", at) for at, span in enumerate(given or ()) if not tokens([span], words)}
        pairs.append((tokens(spans, words), tokens(given, words) | blank))
    pairs = [(truth, pred) for truth, pred in pairs if truth]

    def f1(truths: int, preds: int, both: int) -> float:
        precision, recall = both / preds if preds else 0, both / truths
        return 2 * precision * recall / (precision + recall) if both else 0

    each = [f1(len(truth), len(pred), len(truth & pred)) for truth, pred in pairs]
    sums = [sum(len(part) for part in column) for column in ([t for t, _ in pairs], [p for _, p in pairs])]
    return [sum(each) / len(each), f1(*sums, sum(len(truth & pred) for truth, pred in pairs))]


@pytest.mark.parametrize("kind", ["label", "labels"])
@pytest.mark.parametrize("seed", range(10))
def test_random_evidence_scores_as_eraser_counts(kind: str, seed: int) -> None:
    gold, said = some_gold(kind, 30, seed), some_predictions(kind, 30, seed + 100)
    assert ours(gold, said) == pytest.approx(as_eraser(gold, said), abs=1e-13)


def story(due: list, said: list | None) -> tuple[Annotations, Annotations]:
    """Items about the text `ab cd ef ghi` with gold and predicted evidence."""
    item = [str(i) for i in range(len(due))]
    gold, predicted = (Annotations.of_label(item, ("A",), ["A"] * len(due)) for _ in range(2))
    given, words = ([[(a, b, "evidence") for a, b in spans] for spans in due], [WORDS] * len(due))
    besides = {"evidence": Annotations.of_spans(item, ("evidence",), given)}
    besides["words"] = Annotations.of_spans(item, ("word",), words)
    gold = replace(gold, besides=besides)
    if said is not None:
        spans = [None if one is None else [(a, b, "evidence") for a, b in one] for one in said]
        predicted = replace(predicted, besides={"evidence": Annotations.of_spans(item, ("evidence",), spans)})
    return gold, predicted


def test_a_word_counts_once_and_is_touched_by_a_part_of_it() -> None:
    gold, said = story([[(0, 5)]], [[(1, 2), (0, 2), (6, 7)]])  # due: ab cd; said: ab ef
    assert ours(gold, said) == [1 / 2, 1 / 2]


def test_a_span_of_white_space_alone_is_a_wrong_word() -> None:
    assert ours(*story([[(0, 2)]], [[(0, 2), (2, 3)]])) == pytest.approx([2 / 3, 2 / 3])


def test_items_whose_gold_gives_no_evidence_are_left_out() -> None:
    gold, said = story([[(0, 2)], []], [[(0, 2)], [(3, 5), (9, 12)]])
    assert ours(gold, said) == [1, 1]
    nothing = ours(*story([[], []], [[(0, 2)], []]))
    assert np.isnan(nothing[0])
    assert nothing[1] == 0


def test_who_gives_no_evidence_says_no_word() -> None:
    assert ours(*story([[(0, 2)], [(3, 5)]], None)) == [0, 0]
    assert ours(*story([[(0, 2)], [(3, 5)]], [None, [(3, 5)]])) == pytest.approx([1 / 2, 2 / 3])


def test_evidence_of_an_item_that_was_not_answered_does_not_count() -> None:
    gold, said = story([[(0, 2)], [(3, 5)]], [[(0, 2)], [(3, 5)]])
    silent = Annotations.of_label(said.item, ("A",), ["A", None])
    assert ours(gold, replace(silent, besides=said.besides)) == pytest.approx([1 / 2, 2 / 3])


def test_a_gold_without_evidence_is_refused() -> None:
    gold = some_gold("label", 5, 1)
    for spec in SPECS:
        assert make("metrics", parse(spec)).unfit(gold) == ""
        assert make("metrics", parse(spec)).unfit(gold.bare) == "the gold gives no evidence besides its labels."
