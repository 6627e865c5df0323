"""Inline markup: spans within spans, brackets with a backslash, a block of keys."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import LAYERS, many
from through import READERS, SAME, back, lost, read, starts

from harness.parts import Row
from harness.registry import make, parse


@settings(max_examples=80, deadline=None)
@given(rows=many())
def test_everything_comes_back(rows: list[Row]) -> None:
    assert lost("inline", rows).lines() == []


@settings(max_examples=80, deadline=None)
@given(rows=many(overlap=True))
def test_spans_that_cross_are_all_that_is_lost(rows: list[Row]) -> None:
    spans = [(s["start"], s["end"]) for row in rows for s in row.get("entities", [])]
    crossing = any(a < c < b < d for a, b in spans for c, d in spans)
    assert lost("inline", rows).keys <= ({"entities"} if crossing else set())


def test_readers_nested_spans_fields_and_metadata_come_back() -> None:
    assert lost("inline", READERS).lines() == []


@settings(max_examples=80, deadline=None)
@given(text=st.text(st.sampled_from("[]()\\-\n\r a:{\ufeff"), max_size=12), start=st.integers(0, 6))
def test_any_text_comes_back_whatever_its_brackets(text: str, start: int) -> None:
    spans = [{"start": start, "end": len(text), "label": "PER", "text": text[start:]}] if start < len(text) else []
    row: Row = {"id": "a", "text": text, "note": text, "entities": spans}
    assert lost("inline", [row]).lines() == []


def test_spans_of_several_layers_come_back(tmp_path: Path) -> None:
    layers: Any = {"entities": LAYERS["entities"], "events": LAYERS["entities"]}
    spans = [{"start": 0, "end": 1, "label": "events:X"}], [{"start": 0, "end": 1, "label": "PER"}]
    row: Row = {"id": "a", "text": "b", "entities": spans[0], "events": spans[1]}
    form = make("formats", parse("inline"))
    form.write([row], tmp_path / "out", layers)
    assert (tmp_path / "out" / "a.txt").read_text() == (
        "---\nid: a\nspans: entities, events\n---\n[[b](events:PER)](entities:events:X)"
    )
    assert list(form.read(tmp_path / "out", [])) == [(1, row)]


FRONT = """\
---
id: 007
group: harbour
spans: entities, events
topic: STRIKE|TRADE
year: 2024
stance: [{"holder": "union", "target": "strike", "label": "FAVOR"}]
---
"""


def test_a_document_with_all_that_the_docstring_tells(tmp_path: Path) -> None:
    text = r'The [[Lima](LOC) Port Union](ORG {"entity_id": "lpu"}) met. [Zoe](events:SPEAKER) said \[sic\] C:\x \\.'
    [(number, row)], told = read("inline", FRONT.replace("\n", "\r\n") + text + "\r\n", tmp_path)
    assert (number, told) == (1, [])
    assert row == {
        "id": "007", "group": "harbour", "topic": "STRIKE|TRADE", "year": 2024,
        "stance": [{"holder": "union", "target": "strike", "label": "FAVOR"}],
        "text": "The Lima Port Union met. Zoe said [sic] C:\\x \\.\r\n",
        "entities": [
            {"start": 4, "end": 8, "label": "LOC"},
            {"start": 4, "end": 19, "label": "ORG", "entity_id": "lpu"},
        ],
        "events": [{"start": 25, "end": 28, "label": "SPEAKER"}],
    }  # fmt: skip


def test_a_folder_is_a_document_a_file_and_a_folder_in_it_a_group(tmp_path: Path) -> None:
    for name, text in (("port/b.txt", "[Ana](PER)"), ("port/a.md", "x"), ("c.txt", "[y"), ("notes.csv", "z")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found, told = read("inline", "---\nspans: entities\n---\n", tmp_path, "d.txt")[0], list[Any]()
    assert found == [(1, {"id": "d", "text": "", "entities": []})]
    rows = list(make("formats", parse("inline")).read(tmp_path, told))
    assert rows[1:] == [
        (3, {"id": "a", "group": "port", "text": "x"}),
        (4, {"id": "b", "group": "port", "text": "Ana", "spans": [{"start": 0, "end": 3, "label": "PER"}]}),
    ]
    assert [(Path(one.file).name, one.line) for one in told] == [("c.txt", 1)]


def test_rows_of_like_names_do_not_overwrite_each_other() -> None:
    rows = [{**SAME, "id": "../a"}, {**SAME, "id": "..-a"}, {**SAME, "id": "..-A", "group": "G"}, {"text": "x"}]
    assert len(back("inline", rows)) == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\n[Ana(PER)", ':2: a "[" that nothing closes'),
        ("[a](X)\nAna](PER)", ':2: a "]" that closes nothing'),
        ("a\nthen [sic] b", ":2: brackets without a label behind them"),
        ("[Ana] (PER)", ":1: brackets without a label"),
        ("[Ana]()", ":1: brackets without a label"),
        ("[Ana](PER", ':1: label "PER" is not followed by'),
        ("[Ana](PER {)", ':1: label "PER" is not followed by'),
        ('[Ana](PER {"a": 1, "a": 2})', ':1: label "PER" is not followed by'),
        ("[Ana](PER {" + '"a": {' * 3000, ':1: label "PER" is not followed by'),
        ("---\nid: a\n", ":1: the block at the beginning does not end"),
        ("---\nid a\n---\n", ':2: "id a" is no `key: value`'),
        ("---\ntext: a\n---\n", ':2: "text: a" is no `key: value`'),
        ("---\nid: a\nid: b\n---\n", ':3: duplicate key "id"'),
        ("---\nid: a\nx: [1\n---\n", ':3: "x": malformed JSON'),
        ("---\nid: a\n---\n\n[b", ':5: a "[" that nothing closes'),
        ("---\nspans: text\n---\n", ':1: a layer of spans called "text"'),
        (b"\xff", ":1: byte 0 (0xff) is not UTF-8"),
    ],
)
def test_damaged_markup_is_a_problem_with_its_line(text: str | bytes, problem: str, tmp_path: Path) -> None:
    found, told = read("inline", text, tmp_path)
    assert found == []
    assert starts(told, [problem]), told


def test_a_folder_without_documents_is_a_problem(tmp_path: Path) -> None:
    problems: list[Any] = []
    assert list(make("formats", parse("inline")).read(tmp_path, problems)) == []
    assert problems[0].found.startswith("no file that ends in .txt or .md")
