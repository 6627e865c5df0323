"""What the cells of imported rows mean, offsets turned into code points, and rows of any kind at all."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import adds_up, brought, new_root, only_splits_are_missing, plan, planned, reasons, write_csv

from harness import checking, corpus
from harness.editing.importing import Import, apply_import
from harness.errors import UnknownName


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_root(tmp_path)


# --- what the cells mean ------------------------------------------------------------------------------


def test_stance_comes_from_holder_and_target_columns_over_several_rows(root: Path) -> None:
    file = write_csv(
        root.parent / "in.csv",
        "id,event,text,tone,holder,target,stance",
        ["a", "flood", "The union and C.", "WARM", "The Union", "C", "FAVOR"],
        ["a", "flood", "The union and C.", "WARM", "the union", "C++", "AGAINST"],
        ["b", "flood", "Another.", "", "The Union", "C", ""],
    )
    found = plan(root, file, group="event")
    assert (found.rows, len(found.documents), found.merged, reasons(found)) == (3, 2, 1, [])
    apply_import(found)
    a, b = corpus.load(root)
    assert [(s["holder"], s["target"], s["label"]) for s in a.gold["stance"]] == [
        ("the-union", "c", "FAVOR"),
        ("the-union", "c-f1deb7", "AGAINST"),
    ]
    assert len(set(a.pairs["stance"])) == 2
    assert sorted(a.names["target"].values()) == ["C", "C++"]
    assert len(a.gold["tone"]) == 1
    assert (b.pairs, b.gold) == ({"stance": [("the-union", "c")]}, {}), "a pair without a label waits to be judged"
    assert a.meta["event"] == "flood"
    assert only_splits_are_missing(root)


@pytest.mark.parametrize(
    ("cell", "gold"),
    [
        ("ECONOMY|HEALTH", ["ECONOMY", "HEALTH"]),
        (" HEALTH | ECONOMY ", ["ECONOMY", "HEALTH"]),
        ('["HEALTH"]', ["HEALTH"]),
        ("[]", []),
        ("", None),
        (" ", None),
    ],
)
def test_several_labels_none_and_not_annotated_are_three_things(cell: str, gold: list[str] | None, root: Path) -> None:
    apply_import(plan(root, write_csv(root.parent / "in.csv", "text,frame,x", ["A.", cell, "x"])))
    (document,) = corpus.load(root)
    lines = document.gold.get("frame")
    assert (None if lines is None else [line["label"] for line in lines]) == gold
    assert only_splits_are_missing(root)


TEXT = "Åsa 👩‍🌾 met\r\nBo in\r\nRio."


@pytest.mark.parametrize(
    ("offsets", "lf", "span"),
    [
        ("codepoint", False, (16 - 2, 19 - 2)),
        ("utf16", False, (16, 19)),
        ("byte", False, (23, 26)),
        ("crlf", False, (15, 18)),
        ("crlf", True, (22, 25)),
        ("codepoint", True, (21, 24)),
        ("utf16", True, (23, 26)),
        ("byte", True, (31, 34)),
    ],
)
def test_spans_are_turned_into_code_points_of_the_stored_text(
    offsets: str, lf: bool, span: tuple[int, int], root: Path
) -> None:
    text = TEXT if lf else TEXT.replace("\r\n", "\n")
    size = {"codepoint": len, "crlf": lambda s: len(s.replace("\r\n", "\n").replace("\n", "\r\n")),
            "utf16": lambda s: len(s.encode("utf-16-le")) // 2, "byte": lambda s: len(s.encode())}[offsets]  # fmt: skip
    at = text.index("Rio")
    start, end = size(text[:at]), size(text[: at + 3])
    (document,) = brought(root, {"text": text, "entities": [[start, end, "ORG"]]}, offsets=offsets, lf=lf)
    assert document.text == TEXT.replace("\r\n", "\n")
    assert [line["text"] for line in document.gold["entities"]] == ["Rio"]
    assert only_splits_are_missing(root)


@pytest.mark.parametrize(("offsets", "start"), [("utf16", 2), ("byte", 1), ("crlf", 6)])
def test_an_offset_inside_a_character_is_rejected(offsets: str, start: int, root: Path) -> None:
    found = planned(
        root, {"text": "Å👩 is\nand so on and on", "entities": [[start, start + 1, "PER"]]}, offsets=offsets
    )
    assert found.rejected_rows == 1


def test_unknown_offset_units_and_columns_get_the_nearest(root: Path) -> None:
    with pytest.raises(UnknownName, match='Did you mean "utf16"'):
        planned(root, {"text": "A."}, offsets="utf-16")
    with pytest.raises(UnknownName, match='Did you mean "event"'):
        planned(root, {"text": "A.", "event": "x"}, group="events")
    assert "no value in column" in str(
        reasons(planned(root, {"text": "A."}, {"text": "B.", "event": "x"}, group="event"))
    )


def test_columns_named_like_the_corpus_own_keys_are_kept_under_another_name(root: Path) -> None:
    row = {"text": "A.", "sha256": "0", "pairs": "p", "holders": "h", "holders_": 1, "tags": "t", "targets": ["x"]}
    ready = planned(root, row)
    assert "column sha256 is kept as sha256_: the corpus uses that name itself" in ready.notes
    apply_import(ready)
    (document,) = corpus.load(root)
    kept = {"sha256_": "0", "pairs_": "p", "holders__": "h", "holders_": 1, "tags": "t", "targets_": ["x"]}
    assert document.meta.items() >= kept.items()
    assert only_splits_are_missing(root)


# --- anything at all ----------------------------------------------------------------------------------

names = st.sampled_from(["a", "A", "b c", "../a", "署", "a"]) | st.text(max_size=3)
labels = st.sampled_from(["WARM", "ECONOMY", "FAVOR", "PER", "[]", "ECONOMY|HEALTH", "x", ""])
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | labels,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["label", "start", "end", "text", "holder", "target", "x"]), inner, max_size=4
        )
    ),
    max_leaves=5,
)
likely: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["Zoe met Bo.", "Zoe\r\nleft.", "e\u0301 👩‍🌾 x", "\ufeffx", "a\x00", " "])
    | st.text(max_size=8),
    "id": names,
    "group": names,
    "split": st.sampled_from(["train", "dev", "", "x"]),
    "language": st.sampled_from(["id", "en", "", "xx"]),
    "tone": labels,
    "frame": labels | st.lists(labels, max_size=2),
    "holder": names,
    "target": names,
    "stance": labels | st.lists(st.fixed_dictionaries({"label": labels, "holder": names, "target": names}), max_size=2),
    "entities": st.lists(st.tuples(st.integers(-1, 6), st.integers(0, 9), labels), max_size=2),
    **{key: st.text(max_size=2) for key in ("sha256", "pairs", "holders", "targets", "tags", "source", "layers", "")},
}
wild = st.fixed_dictionaries({}, optional={key: one | anything for key, one in likely.items()})
tame = st.fixed_dictionaries({"text": st.sampled_from(["Zoe met Bo.", "Bo.", "👩‍🌾 x"])}, optional={
    "id": names, "group": names,
    "tone": st.sampled_from(["WARM", "COLD", ""]), "frame": st.sampled_from(["[]", "HEALTH", ""]),
    "holder": names, "target": names, "stance": st.sampled_from(["FAVOR", "AGAINST", ""]),
    "sha256": anything, "pairs": anything, "holders": anything, "tags": anything, "note": anything, "id_": anything,
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(wild, max_size=4), lf=st.booleans(), offsets=st.sampled_from(["codepoint", "utf16", "byte", "crlf"])
)
def test_no_rows_give_a_traceback_and_what_is_accepted_passes_the_check(
    rows: list[Any], lf: bool, offsets: str
) -> None:
    accepted_passes_the_check(rows, lf=lf, offsets=offsets)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(tame, min_size=1, max_size=3))
def test_likely_rows_that_are_accepted_pass_the_check_and_are_known_afterwards(rows: list[Any]) -> None:
    accepted_passes_the_check(rows)


def accepted_passes_the_check(rows: list[Any], **settings: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = new_root(Path(folder))
        ready = planned(root, *rows, **settings)
        assert adds_up(ready)
        if ready.rejected:
            ready = planned(root, *without(rows, ready), **settings)
            if ready.rejected:  # what was rejected for the sake of another row
                return
        apply_import(ready)
        assert [p for p in checking.check(root) if "in no split" not in p.found] == []
        again = planned(root, *without(rows, ready), **settings)
        assert adds_up(again)
        assert len(corpus.load(root)) == len(ready.documents)


def without(rows: list[Any], plan: Import) -> Iterator[Any]:
    bad = {problem.line for problem in plan.rejected}
    return (row for number, row in enumerate(rows, 1) if number not in bad)
