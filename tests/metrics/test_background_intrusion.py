"""Background intrusion on events that are told by role."""

from dataclasses import replace

from harness.annotations import Annotations
from harness.registry import make, parse

LABELS = ("ARREST", "LEGAL", "RELEASE")
ITEM = ["a", "b", "c", "d", "e"]
GOLD = ["RELEASE", "RELEASE", "LEGAL", "LEGAL", "ARREST"]
BACKGROUND = [{"ARREST"}, {"ARREST", "LEGAL"}, {"ARREST"}, set(), {"LEGAL"}]


def share(said: list, spec: str = "background_intrusion", due: list = GOLD, labels: tuple[str, ...] = LABELS) -> float:
    besides = {"background": Annotations.of_labels(ITEM, LABELS, BACKGROUND)}
    gold = replace(Annotations.of_label(ITEM, labels, due), besides=besides)
    metric = make("metrics", parse(spec))
    assert metric.unfit(gold) == ""
    return float(metric.score(metric.count(gold, Annotations.of_label(ITEM, labels, said)).total))


def test_it_is_the_share_of_all_documents_or_of_those_with_background() -> None:
    said = ["ARREST", "LEGAL", "RELEASE", "ARREST", "ARREST"]  # background, background, wrong, wrong, right
    assert share(said) == 2 / 5
    assert share(said, 'background_intrusion(among="having")') == 2 / 4


def test_silence_and_wrong_answers_that_are_nowhere_in_the_document_are_no_intrusion() -> None:
    assert share([None, "nonsense", "RELEASE", "ARREST", "RELEASE"]) == 0
    assert share([None] * 5, 'background_intrusion(among="having")') == 0


def test_a_sub_type_intrudes_by_its_type() -> None:
    labels = ("ARREST", "ARREST/detention", "LEGAL", "LEGAL/trial", "RELEASE")
    said = ["ARREST/detention", "LEGAL/trial", "ARREST", "LEGAL/trial", "ARREST"]
    assert share(said, due=["RELEASE", "RELEASE", "LEGAL", "LEGAL", "ARREST"], labels=labels) == 3 / 5


def test_a_gold_without_such_events_is_refused_and_what_there_is_is_told() -> None:
    gold = replace(
        Annotations.of_label(ITEM, LABELS, GOLD), besides={"background": Annotations.of_labels(ITEM, LABELS, [[]] * 5)}
    )
    said = make("metrics", parse('background_intrusion(role="backdrop")')).unfit(gold)
    assert (
        said == 'the gold has no events of role "backdrop" besides. Did you mean "background"? There are: background.'
    )
    assert make("metrics", parse("background_intrusion")).unfit(gold.bare).endswith("There are: none.")
