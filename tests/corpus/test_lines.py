"""What one annotation line may hold, and how its keys and neighbours are ordered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.corpus.lines import check_line, fits, in_order, sort_key, spans_of, where_it_is
from harness.corpus.schema import Layer

many = settings(max_examples=100, deadline=None)

TEXT = "The union praised the strike. The union waits."
NAMES = {"holder": {"union": "the union"}, "target": {"strike": "the strike"}}
STANCE = Layer(
    "stance",
    "label",
    ("FAVOR", "AGAINST"),
    of=("holder", "target"),
    evidence="required",
    fields={"kind": ("evaluative",), "via": "holder", "cue": "span", "sure": "bool"},
)
ENTITIES = Layer("entities", "spans", ("PER", "ORG"), fields={"inner": "spans", "entity_id": "id"})
LINE = {
    "layer": "stance", "holder": "union", "target": "strike", "label": "FAVOR", "kind": "evaluative",
    "evidence": [[10, 17]], "text": ["praised"], "cue": {"start": 10, "end": 17, "text": "praised"}, "via": "union",
    "sure": True,
}  # fmt: skip
ENTITY = {"layer": "entities", "start": 4, "end": 9, "label": "ORG", "text": "union", "inner": []}


def found_in(line: dict[str, Any], layer: Layer) -> list[str]:
    notes: list[str] = []
    check_line(line, layer, TEXT, NAMES, lambda found, remedy: notes.append(found))
    return notes


def test_a_sound_line_has_no_problems() -> None:
    assert found_in(LINE, STANCE) == []
    assert found_in(ENTITY, ENTITIES) == []


def test_required_evidence_is_asked_for() -> None:
    line = {key: value for key, value in LINE.items() if key not in ("evidence", "text")}
    assert found_in(line, STANCE) == ["no evidence in layer stance"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 60) | st.sampled_from(["union", "FAVOR", "praised", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["start", "end", "text", "label"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@many
@given(st.sampled_from([(LINE, STANCE), (ENTITY, ENTITIES)]), st.data())
def test_a_wrong_value_anywhere_is_noted_and_never_an_exception(
    sound: tuple[dict[str, Any], Layer], data: st.DataObject
) -> None:
    line, layer = sound
    key = data.draw(st.sampled_from([key for key in line if key != "layer"]))
    changed = line | {key: data.draw(VALUES)}
    notes = found_in(changed, layer)
    for start, end, surface in spans_of(changed, layer):
        assert notes or fits(start, end, surface, TEXT)
    assert notes or type(changed[key]) is type(line[key])


@many
@given(st.permutations(list(LINE.items())))
def test_keys_stand_in_one_order_whatever_order_they_came_in(items: list[tuple[str, Any]]) -> None:
    order = ["layer", "holder", "target", "label", "kind", "via", "cue", "sure", "evidence", "text"]
    assert list(in_order(dict(items), STANCE)) == order
    assert in_order(dict(items), STANCE) == LINE


def test_spans_stand_by_place_with_the_longer_first() -> None:
    rows = [{"start": s, "end": e, "label": label} for s, e, label in [(4, 9, "ORG"), (0, 3, "PER"), (4, 12, "PER")]]
    rows.append({"start": 4, "end": 9, "label": "PER"})
    ordered = sorted(rows, key=lambda row: sort_key(row, ENTITIES))
    assert [(row["start"], row["end"], row["label"]) for row in ordered] == [
        (0, 3, "PER"), (4, 12, "PER"), (4, 9, "PER"), (4, 9, "ORG"),
    ]  # fmt: skip


def test_labels_stand_by_role_and_then_by_the_order_of_labels() -> None:
    layer = Layer("topic", "labels", ("B", "A"), fields={"role": ("primary", "secondary")})
    rows = [{"label": "A", "role": "secondary"}, {"label": "B", "role": "secondary"}, {"label": "A", "role": "primary"}]
    ordered = sorted(rows, key=lambda row: sort_key(row, layer))
    assert [(row["role"], row["label"]) for row in ordered] == [
        ("primary", "A"), ("secondary", "B"), ("secondary", "A"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "surface, start, said",
    [("union", 0, "is at 4:9"), ("union", 40, "is at 34:39"), ("guild", 0, "nowhere"), ("", 0, "nowhere")],
)
def test_the_remedy_names_the_nearest_place_of_a_surface(surface: str, start: int, said: str) -> None:
    assert said in where_it_is(surface, start, TEXT)


def test_a_surface_that_is_everywhere_costs_no_time() -> None:
    assert "is at" in where_it_is("a", 5, "a" * 1_000_000)


def test_who_suggested_a_line_may_stand_in_any_layer_and_stands_last() -> None:
    for line, layer in ((LINE, STANCE), (ENTITY, ENTITIES)):
        assert found_in({"suggested_by": "tfidf", **line}, layer) == []
        assert found_in({**line, "suggested_by": 1}, layer) == ["suggested_by is not a text"]
        assert list(in_order({"suggested_by": "tfidf", **line}, layer))[-1] == "suggested_by"
