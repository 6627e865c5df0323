"""Columns: taken by position, answers read back as they were given."""

from answers import items_of
from hypothesis import given
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.records import Items


def test_items_and_answers_are_taken_by_position() -> None:
    items = items_of(["a", "b", "c"])
    assert items.take([2, 0])["text"] == ["c", "a"]
    spans = Annotations.of_spans(items["item"], ("X",), [[(0, 1, "X")], None, []])
    assert spans.take([2, 1, 0]).answers() == [[], None, [(0, 1, "X")]]
    sets = Annotations.of_labels(items["item"], ("X", "Y"), [["Y", "X"], [], ["Z"]])
    assert sets.answers() == [["X", "Y"], [], None]
    assert sets.status.tolist() == [0, 0, 1]


@given(st.lists(st.lists(st.text(st.characters(), max_size=3), min_size=2, max_size=2), min_size=2, max_size=2))
def test_items_that_differ_anywhere_have_other_digests(rows: list[list[str]]) -> None:
    items = Items({"item": [row[0] for row in rows], "text": [row[1] for row in rows]})
    same = Items({name: list(values) for name, values in items.columns.items()})
    assert (items.digest, items.rows.tolist()) == (same.digest, same.rows.tolist())
    assert (items.rows[0].tolist() == items.rows[1].tolist()) == (rows[0] == rows[1])
    moved = Items({"item": items["item"], "text": items["text"][::-1]})
    assert (items.digest == moved.digest) == (items["text"] == moved["text"])
    shifted = Items({"item": [a + b[:1] for a, b in rows], "text": [b[1:] for _, b in rows]})
    assert (items.digest == shifted.digest) == (items == shifted)
    renamed = Items({"item": items["item"], "holder": items["text"]})
    assert items.digest != renamed.digest and (items.rows != renamed.rows).any()


def test_half_a_surrogate_pair_has_a_digest_of_its_own() -> None:
    halves = [Items({"item": [text]}) for text in ("\ud83d", "\ude00", "?", "\\ud83d", "('\\ud83d',)")]
    assert len({one.digest for one in halves}) == len({bytes(one.rows[0]) for one in halves}) == 5
