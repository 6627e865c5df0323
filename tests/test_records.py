"""Columns: taken by position, answers read back as they were given."""

from answers import items_of

from harness.annotations import Annotations


def test_items_and_answers_are_taken_by_position() -> None:
    items = items_of(["a", "b", "c"])
    assert items.take([2, 0])["text"] == ["c", "a"]
    spans = Annotations.of_spans(items["item"], ("X",), [[(0, 1, "X")], None, []])
    assert spans.take([2, 1, 0]).answers() == [[], None, [(0, 1, "X")]]
    sets = Annotations.of_labels(items["item"], ("X", "Y"), [["Y", "X"], [], ["Z"]])
    assert sets.answers() == [["X", "Y"], [], None]
    assert sets.status.tolist() == [0, 0, 1]
