"""Consistency over contrasts: who is right on both sides, and on nothing less."""

from dataclasses import replace

import numpy as np
import pytest

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.registry import make, parse

LABELS = ("FAVOR", "AGAINST", "NONE")
#        item of a document and pair    gold       contrasts that the document stands in
STORY = [
    ("g/1#h>t", "FAVOR", ["minimal_pair g/1+2", "event_twin g/1+3"]),
    ("g/1#h>u", "NONE", ["minimal_pair g/1+2", "event_twin g/1+3"]),
    ("g/2#h>t", "AGAINST", ["minimal_pair g/1+2"]),
    ("g/2#h>u", "NONE", ["minimal_pair g/1+2"]),  # the same on both sides: no pair
    ("g/3#h>t", "NONE", ["event_twin g/1+3"]),
    ("g/3#h>u", "FAVOR", ["event_twin g/1+3"]),
    ("g/4#h>t", "FAVOR", []),
]
GOLD = replace(
    Annotations.of_label([item for item, _, _ in STORY], LABELS, [label for _, label, _ in STORY]),
    marks={"pair": [names for _, _, names in STORY]},
)
RIGHT = [label for _, label, _ in STORY]


def share(said: list, spec: str = "pair_consistency", index: list[int] | None = None) -> float:
    index = list(range(len(STORY))) if index is None else index
    gold, predicted = GOLD.take(index), Annotations.of_label(GOLD.item, LABELS, said).take(index)
    metric = make("metrics", parse(spec))
    return float(metric.score(metric.count(gold, predicted).total))


def changed(**said: str | None) -> list:
    places = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "g": 6}
    answers: list = list(RIGHT)
    for name, label in said.items():
        answers[places[name]] = label
    return answers


def test_a_pair_is_right_when_all_of_it_is() -> None:
    assert share(RIGHT) == 1
    assert share(changed(c="FAVOR")) == 2 / 3  # of 1+2 about t, and 1+3 about t and u, the first is wrong
    assert share(changed(a="NONE")) == 1 / 3  # it stands in two
    assert share(changed(b="AGAINST", e=None)) == 1 / 3
    assert share(changed(d="FAVOR", g="NONE")) == 1  # items of no pair


def test_one_kind_of_contrast_may_be_picked() -> None:
    assert share(changed(c="FAVOR"), 'pair_consistency(kind="minimal_pair")') == 0
    assert share(changed(c="FAVOR"), 'pair_consistency(kind="event_twin")') == 1


def test_answering_the_same_everywhere_gets_nothing() -> None:
    assert share(["FAVOR"] * len(STORY)) == 0


def test_of_half_a_pair_nothing_counts() -> None:
    assert share(changed(a="NONE"), index=[0, 1, 4, 5]) == 1 / 2
    assert np.isnan(share(RIGHT, index=[0, 3, 6]))
    assert np.isnan(share(RIGHT, index=[]))


def test_the_row_of_a_pair_stands_on_its_first_item_whatever_the_order() -> None:
    metric, order = make("metrics", parse("pair_consistency")), [6, 5, 4, 3, 2, 1, 0]
    rows = metric.count(GOLD, GOLD).rows
    assert rows.tolist() == [[2, 2], [1, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
    back = metric.count(GOLD.take(order), GOLD.take(order)).rows
    assert back[order].tolist() == rows.tolist()


def test_sets_of_labels_pair_up_too() -> None:
    sets = [["FAVOR"], ["FAVOR", "NONE"]]
    gold = Annotations.of_labels(["g/1", "g/2"], LABELS, sets)
    gold = replace(gold, marks={"pair": [["minimal_pair g/1+2"]] * 2})
    metric = make("metrics", parse("pair_consistency"))
    assert metric.score(metric.count(gold, gold).total) == 1
    said = Annotations.of_labels(gold.item, LABELS, [["FAVOR"], ["FAVOR"]])
    assert metric.score(metric.count(gold, said).total) == 0


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("pair_consistency", ""),
        ('pair_consistency(kind="minimal")', 'no contrasts of kind "minimal". Did you mean "minimal_pair"?'),
    ],
)
def test_an_unknown_kind_is_refused(spec: str, told: str) -> None:
    assert make("metrics", parse(spec)).unfit(GOLD).startswith(told)
    assert make("metrics", parse(spec)).unfit(GOLD.bare) != ""
    with pytest.raises(AskedWrongly, match="the gold comes without its contrasts"):
        make("metrics", parse(spec)).count(GOLD.bare, GOLD)
