"""No shortcut into kabar: what sees one cue alone stays near chance, and no single word tells the label."""

from pathlib import Path

import pytest
from answers import items_of

import harness
from harness.annotations import Annotations
from harness.benchmark import Outcome, run_benchmark
from harness.parts import Task
from harness.records import Items
from harness.scores import show_value

BENCHMARKS = Path(harness.__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def shortcuts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import shortcuts

        yield shortcuts


@pytest.fixture(scope="module")
def outcomes(shortcuts) -> list[Outcome]:
    return run_benchmark(shortcuts.BENCHMARK)


@pytest.mark.parametrize(
    ("task", "blind"),
    [
        ("stance", {"target", "holder", "length", "function-words", "first-sentence"}),
        ("event", {"length", "function-words"}),
    ],
)
def test_what_sees_one_cue_alone_is_at_most_10_points_of_macro_f1_above_chance(
    shortcuts, outcomes, task: str, blind: set[str]
) -> None:
    """The point score is held; intervals are shown, here and in the data card."""
    scores = shortcuts.scores_of(outcomes, task)
    assert set(scores) - set(shortcuts.CHANCE) == blind
    assert all(score.low is not None for score in scores.values())
    chance = shortcuts.chance_of(scores)
    shown = {name: show_value(score) for name, score in scores.items()}
    assert [name for name in blind if scores[name].value > chance + shortcuts.MARGIN] == [], shown


def test_no_word_is_associated_with_one_stance(shortcuts) -> None:
    found = shortcuts.associations(shortcuts.BENCHMARK.tasks[0])
    assert len(found) > 1000
    assert [one for one in found if one.z > shortcuts.bar(found)] == []
    assert [one for one in found if one.above > shortcuts.ABOVE["stance"]] == []


def test_a_word_may_name_an_event_but_none_decides_it(shortcuts) -> None:
    found = shortcuts.associations(shortcuts.BENCHMARK.tasks[1])
    assert [one for one in found if one.above > shortcuts.ABOVE["event"]] == []
    telling = {(one.word, one.label) for one in found if one.z > shortcuts.bar(found)}
    assert ("bebas", "RELEASE") in telling  # the measure sees what is there


def task_of(texts: list[str], labels: list[str], groups: list[str]) -> Task:
    items = Items({**items_of(texts).columns, "group": groups})
    return Task("t", items, Annotations.of_label(items["item"], ("A", "B"), labels), ("f1",), "c", "")


def test_a_word_that_always_goes_with_a_label_is_found_with_the_z_of_its_proportion(shortcuts) -> None:
    from scipy.stats import chisquare

    texts = ["Bocor di sini"] * 12 + ["Di sana"] * 12
    found = shortcuts.associations(task_of(texts, ["A"] * 12 + ["B"] * 12, [f"g{i}" for i in range(24)]))
    assert [(one.word, one.label, one.groups, one.share, one.base) for one in found[:2]] == [
        ("bocor", "A", 12, 1.0, 0.5),
        ("sana", "B", 12, 1.0, 0.5),
    ]
    assert found[0].z ** 2 == pytest.approx(chisquare([12, 0], [6, 6]).statistic)
    assert found[0].z > shortcuts.bar(found)


def test_a_group_counts_once_however_many_items_it_holds(shortcuts) -> None:
    texts, groups = ["bocor"] * 12, ["g"] * 10 + ["h", "i"]
    found = shortcuts.associations(task_of(texts, ["A"] * 10 + ["B"] * 2, groups), fewest=3)
    assert {one.label: one.share for one in found} == {"A": pytest.approx(1 / 3), "B": pytest.approx(2 / 3)}
    assert {one.groups for one in found} == {3}
