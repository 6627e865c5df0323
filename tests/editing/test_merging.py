"""Three versions of a file become one: nothing that one person did is lost, and only what both did is asked about."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.corpus.schema import Layer
from harness.editing.merging import Merged, Sheet, merge

LAYERS = {
    "entities": Layer("entities", "spans", ("PER", "ORG", "LOC"), fields={"unsure": "bool"}),
    "topic": Layer("topic", "labels", ("TRADE", "STRIKE"), fields={"role": ("primary", "secondary")}),
    "stance": Layer("stance", "label", ("FAVOR", "AGAINST", "NONE"), of=("holder", "target")),
}
KEYS: list[tuple[str, tuple[Any, ...]]] = [
    *(("entities", (start, start + 2)) for start in range(0, 24, 2)),  # beside each other, never across
    *(("topic", (label,)) for label in ("TRADE", "STRIKE")),
    *(("stance", (holder, target)) for holder in ("a", "b") for target in ("x", "y")),
]


def line(key: tuple[str, tuple[Any, ...]], value: int) -> dict[str, Any]:
    """The line about a key that says the value, of which there are three."""
    layer, about = key
    if layer == "entities":
        start, end = about
        said = {"start": start, "end": end, "label": ("PER", "ORG", "LOC")[value], "text": "ab"}
    elif layer == "topic":
        said = {"label": about[0], "role": ("primary", "secondary", "background")[value]}
    else:
        said = {"holder": about[0], "target": about[1], "label": ("FAVOR", "AGAINST", "NONE")[value]}
    return {"layer": layer, **said}


Table = dict[tuple[str, tuple[Any, ...]], int]
tables = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 2))
states = st.dictionaries(st.sampled_from(list(LAYERS)), st.sampled_from(["open", "done"]))


def sheet(table: Table, layers: dict[str, str] | None = None) -> Sheet:
    named = {**dict.fromkeys((key[0] for key in table), "open"), **(layers or {})}
    return Sheet(named, [line(key, value) for key, value in table.items()])


def said(merged: Merged) -> list[str]:
    return sorted(str(sorted(one.items(), key=str)) for one in merged.lines)


def lines_of(table: Table) -> list[str]:
    return sorted(str(sorted(line(*one).items(), key=str)) for one in table.items())


@st.composite
def disjoint_edits(draw: st.DrawFn) -> tuple[Table, Table, Table, Table]:
    """A file, two people's versions that never touch the same thing, and both of their edits at once."""
    base = draw(tables)
    mine, theirs, both = dict(base), dict(base), dict(base)
    for key in KEYS:
        who = draw(st.sampled_from(["nobody", "me", "them"]))
        value = draw(st.none() | st.integers(0, 2))
        for table in {"nobody": (), "me": (mine, both), "them": (theirs, both)}[who]:
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    return base, mine, theirs, both


@given(disjoint_edits())
def test_disjoint_edits_of_two_people_lose_nothing(edits: tuple[Table, Table, Table, Table]) -> None:
    base, mine, theirs, both = edits
    merged = merge(sheet(base), sheet(mine), sheet(theirs), LAYERS)
    assert not merged.conflicts
    assert said(merged) == lines_of(both)


@settings(max_examples=200)
@given(tables, tables, tables, st.tuples(states, states, states))
def test_a_merge_is_the_same_from_both_sides_but_for_whose_a_conflict_shows(
    base: Table, mine: Table, theirs: Table, named: tuple[dict[str, str], ...]
) -> None:
    was, own, other = (sheet(table, layers) for table, layers in zip((base, mine, theirs), named, strict=True))
    one, two = merge(was, own, other, LAYERS), merge(was, other, own, LAYERS)
    assert one.layers == two.layers
    assert [(c.layer, c.key, c.base, c.mine, c.theirs) for c in one.conflicts] == [
        (c.layer, c.key, c.base, c.theirs, c.mine) for c in two.conflicts
    ]
    disputed = [part for c in one.conflicts for part in (c.mine, c.theirs)]
    first, second = ([one_line for one_line in m.lines if one_line not in disputed] for m in (one, two))
    assert first == second


@given(tables, tables, states, states)
def test_where_one_side_changed_nothing_the_other_is_taken_as_it_is(
    base: Table, changed: Table, before: dict[str, str], after: dict[str, str]
) -> None:
    was, own = sheet(base, before), sheet(changed, after)
    for merged in (merge(was, own, was, LAYERS), merge(was, was, own, LAYERS), merge(was, own, own, LAYERS)):
        assert (said(merged), merged.layers, merged.conflicts) == (lines_of(changed), own.layers, [])


@given(tables, tables, tables)
def test_a_conflict_is_told_exactly_where_both_changed_one_thing_differently(
    base: Table, mine: Table, theirs: Table
) -> None:
    merged = merge(sheet(base), sheet(mine), sheet(theirs), LAYERS)
    differing = {
        key for key in KEYS if len({table.get(key) for table in (base, mine)}) == 2
        and base.get(key) != theirs.get(key) and mine.get(key) != theirs.get(key)
    }  # fmt: skip
    assert {(conflict.layer, conflict.key) for conflict in merged.conflicts} == differing


def span(start: int, end: int, label: str = "PER", **more: Any) -> dict[str, Any]:
    return {"layer": "entities", "start": start, "end": end, "label": label, "text": "ab", **more}


def one(*lines: dict[str, Any], state: str = "open") -> Sheet:
    return Sheet({"entities": state}, lines)


def test_the_same_span_labelled_differently_is_one_conflict_with_both_readings() -> None:
    merged = merge(one(span(0, 2)), one(span(0, 2, "ORG")), one(span(0, 2, "LOC")), LAYERS)
    [conflict] = merged.conflicts
    assert (conflict.key, conflict.base, conflict.mine, conflict.theirs) == (
        (0, 2), span(0, 2), span(0, 2, "ORG"), span(0, 2, "LOC"),
    )  # fmt: skip


def test_what_one_changed_and_the_other_removed_is_a_conflict() -> None:
    [conflict] = merge(one(span(0, 2)), one(span(0, 2, "ORG")), one(), LAYERS).conflicts
    assert (conflict.mine, conflict.theirs) == (span(0, 2, "ORG"), None)


def test_new_spans_of_both_that_overlap_are_a_conflict_where_the_layer_forbids_it() -> None:
    merged = merge(one(), one(span(0, 4)), one(span(2, 6)), LAYERS)
    assert [(c.mine, c.theirs) for c in merged.conflicts] == [(span(0, 4), span(2, 6))]
    assert merged.lines == [span(0, 4)]
    nested = {"entities": Layer("entities", "spans", ("PER",), overlap="nested")}
    assert not merge(one(), one(span(0, 6)), one(span(2, 6)), nested).conflicts
    assert merge(one(), one(span(0, 4)), one(span(2, 6)), nested).conflicts
    free = {"entities": Layer("entities", "spans", ("PER",), overlap="any")}
    assert len(merge(one(), one(span(0, 4)), one(span(2, 6)), free).lines) == 2


def test_two_labels_of_one_span_stay_two_lines() -> None:
    free = {"entities": Layer("entities", "spans", ("PER", "ORG", "LOC"), overlap="any")}
    base = one(span(0, 2), span(0, 2, "ORG"))
    merged = merge(base, one(span(0, 2)), one(span(0, 2), span(0, 2, "ORG"), span(0, 2, "LOC")), free)
    assert [one_line["label"] for one_line in merged.lines] == ["PER", "LOC"]
    assert not merged.conflicts


def test_who_suggested_a_line_is_no_conflict() -> None:
    merged = merge(one(), one(span(0, 2, suggested_by="tfidf")), one(span(0, 2)), LAYERS)
    assert (merged.lines, merged.conflicts) == ([span(0, 2)], [])


def test_a_layer_about_whose_state_they_disagree_is_open() -> None:
    empty = Sheet({}, [])
    assert merge(empty, one(state="done"), one(state="open"), LAYERS).layers == {"entities": "open"}
    assert merge(one(), one(state="done"), one(), LAYERS).layers == {"entities": "done"}


def test_a_layer_that_has_lines_after_the_merge_has_a_state() -> None:
    base = one(span(0, 2))
    merged = merge(base, Sheet({}, []), one(span(0, 2), span(4, 6)), LAYERS)
    assert (merged.lines, merged.layers) == ([span(4, 6)], {"entities": "open"})


def test_lines_that_no_file_may_hold_are_merged_without_an_error() -> None:
    odd = [{"layer": "entities"}, {"layer": "nowhere", "start": []}, {"layer": "stance", "holder": ["a"]}, {}]
    merged = merge(Sheet({}, []), Sheet({}, odd), Sheet({}, []), LAYERS)
    assert len(merged.lines) == len(odd)
