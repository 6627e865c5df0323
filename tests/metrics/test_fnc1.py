"""The Fake News Challenge score against its scorer's rule and its authors' published figure."""

import random

import pytest

from harness.annotations import Annotations
from harness.registry import make, parse

LABELS = ("agree", "disagree", "discuss", "unrelated")


def ours(due: list, said: list, spec: str = "fnc1") -> float:
    metric, item = make("metrics", parse(spec)), [str(i) for i in range(len(due))]
    gold, predicted = (Annotations.of_label(item, LABELS, answers) for answers in (due, said))
    return float(metric.score(metric.count(gold, predicted).total))


def earned(due: list, said: list) -> float:
    """The rule of the challenge's scorer.py, in its own words: related and right are counted apart."""
    total = 0.0
    for g, t in zip(due, said, strict=True):
        if g == t:
            total += 0.25 if g == "unrelated" else 0.75
        if g in LABELS[:3] and t in LABELS[:3]:
            total += 0.25
    return total


@pytest.mark.parametrize(
    ("confusion", "score", "most"),
    [
        # README.md of github.com/FakeNewsChallenge/fnc-1-baseline: the organisers' baseline on their held-out split
        ([[119, 3, 560, 80], [14, 2, 131, 15], [59, 4, 1528, 209], [5, 1, 100, 6792]], 3539.75, 4448.5),
        # README.md of github.com/aiThanet/FNC-1, the scorer's output on the challenge's test set
        ([[351, 3, 1319, 230], [57, 0, 424, 216], [247, 0, 3601, 616], [32, 0, 412, 17905]], 8940.75, 11651.25),
    ],
)
def test_the_published_outputs_of_the_scorer(confusion: list, score: float, most: float) -> None:
    cells = [(g, t, confusion[g][t]) for g in range(4) for t in range(4)]
    due = [LABELS[g] for g, _, times in cells for _ in range(times)]
    said = [LABELS[t] for _, t, times in cells for _ in range(times)]
    assert (earned(due, said), earned(due, due)) == (score, most)
    assert ours(due, said) == score / most


@pytest.mark.parametrize("seed", range(20))
def test_random_answers_earn_what_the_rule_gives_them(seed: int) -> None:
    draw = random.Random(seed)
    due = [draw.choice(LABELS) for _ in range(30)]
    said = [draw.choice((*LABELS, None, "nonsense")) for _ in range(30)]
    assert ours(due, said) == earned(due, said) / earned(due, due)


def test_another_name_for_unrelated_may_be_given_and_a_wrong_one_is_refused() -> None:
    assert ours(["agree"], ["discuss"]) == 0.25
    assert ours(["agree"], ["discuss"], 'fnc1(unrelated="discuss")') == 0
    gold = Annotations.of_label(["a"], LABELS, ["agree"])
    metric = make("metrics", parse('fnc1(unrelated="unrelate")'))
    assert metric.unfit(gold).startswith('no label "unrelate". Did you mean "unrelated"?')
