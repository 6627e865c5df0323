"""The format brat: standoff lines of all kinds, spans in parts, labels of the document, offsets as they stand."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import Problem
from harness.parts import LeftOut, Row
from harness.registry import make, parse

TEXT = "Zoe met\nthe mayor of Lima. She 👩 agreed."


def read(folder: Path) -> tuple[list[Row | LeftOut], list[str]]:
    problems: list[Problem] = []
    rows = [row for _, row in make("formats", parse("brat")).read(folder, problems)]
    return rows, [str(problem).removeprefix(f"{folder}/") for problem in problems]


def one(ann: str, folder: Path, text: str = TEXT) -> Row:
    """The only row of a folder that holds one document."""
    folder.mkdir(exist_ok=True)
    (folder / "d.txt").write_bytes(text.encode())
    (folder / "d.ann").write_bytes(ann.encode())
    rows, told = read(folder)
    assert not told
    (row,) = rows
    assert isinstance(row, dict)
    assert row["text"] == text
    return row


def back(written: list[Row]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        make("formats", parse("brat")).write(written, Path(folder), LAYERS)
        rows, told = read(Path(folder))
        assert not told
        for file in Path(folder).rglob("*.ann"):  # the reader of brat itself takes these for line ends
            assert file.read_text(encoding="utf-8").splitlines() == file.read_text(encoding="utf-8").split("\n")[:-1]
        return rows


@settings(max_examples=100, deadline=None)
@given(written=many(overlap=True))
def test_all_of_a_document_comes_back(written: list[Row]) -> None:
    losses = Losses(LAYERS)
    losses.compare(written, back(written))
    assert not losses.keys


def test_fields_metadata_and_annotators_come_back() -> None:
    span = {"start": 0, "end": 3, "label": "PER", "text": "Zoe"}
    row: Row = {
        "id": "a/1 é", "group": "g h", "split": "test", "annotator": "rina", "text": TEXT, "year": 2026,
        "who": ["x\u2028"],
        "entities": [{**span, "entity_id": "zoe", "sure": True, "layer_": "x y", "inner": [span], "no": False}],
        "topic": [{"label": "TRADE", "role": "primary", "triggers": [span], "evidence": [[4, 11], [0, 3]],
                   "text": ["met\nthe", "Zoe"]}],
        "stance": [],
    }  # fmt: skip
    (again,) = back([row])
    losses = Losses(LAYERS)
    losses.compare([row], [again])
    assert again == {**row, "entities": again["entities"]}
    assert not losses.keys


def test_a_text_of_line_ends_alone_has_no_place_for_what_is_said_of_it() -> None:
    losses = Losses(LAYERS)
    written: list[Row] = [{"id": "a", "text": "\n", "group": "g", "tone": [{"label": "WARM"}]}]
    losses.compare(written, back(written))
    assert losses.keys == {"id", "group", "tone", "entities"}


def test_what_is_written_is_what_brat_reads(tmp_path: Path) -> None:
    row: Row = {
        "id": "d", "text": "Zoe met\nthe mayor", "tone": [{"label": "WARM"}],
        "entities": [{"start": 0, "end": 11, "label": "PER"}],
        "stance": [{"holder": "zoe", "target": "dam", "label": "FAVOR", "evidence": [[12, 17], [0, 3]]}],
    }  # fmt: skip
    make("formats", parse("brat")).write([row], tmp_path, LAYERS)
    assert (tmp_path / "d.txt").read_text(encoding="utf-8") == row["text"]
    assert (tmp_path / "d.ann").read_text(encoding="utf-8").split("\n") == [
        "T1\tDocument 0 7;8 17\tZoe met the mayor",
        '#1\tAnnotatorNotes T1\t{"id":"d","annotated":["tone","stance","entities"]}',
        "A1\ttone T1 WARM",
        "T2\tstance 12 17\tmayor",
        "T3\tstance 0 3\tZoe",
        "E1\tstance:T2 Evidence:T3",
        "A2\tlabel E1 FAVOR",
        "A3\tholder E1 zoe",
        "A4\ttarget E1 dam",
        "T4\tPER 0 7;8 11\tZoe met the",
        "",
    ]
    assert "tone\tArg:Document, Value:WARM|COLD" in (tmp_path / "annotation.conf").read_text(encoding="utf-8")


def test_lines_of_every_kind_are_read(tmp_path: Path) -> None:
    row = one(
        "T1\tPER 0 3\tZoe\r\nT2\tMeet 4 7\tmet\nT3\tPER 12 17\tmayor\nT4\tLOC 21 25\tLima\n\n"
        "E1\tMeet:T2 Agent:T1 Agent2:T3\nA1\tConfidence E1 Neutral\nM1\tNegation E1\n"
        "A2\tKind T4 city\nA3\tKind T4 capital\nN1\tReference T4 Wikidata:Q2868\tLima\n"
        "R1\tOf Arg1:T3 Arg2:T4\t\n*\tAlias T1 T3\n#1\tAnnotatorNotes T1\tsee line 2\n#2\tNote A1\twhy?\n",
        tmp_path,
    )
    assert row == {
        "id": "d", "text": TEXT,
        "entities": [
            {"id": "T1", "start": 0, "end": 3, "label": "PER", "text": "Zoe", "note": "see line 2"},
            {"id": "T3", "start": 12, "end": 17, "label": "PER", "text": "mayor"},
            {"id": "T4", "start": 21, "end": 25, "label": "LOC", "text": "Lima", "Kind": ["city", "capital"],
             "Reference": "Wikidata:Q2868", "Reference_text": "Lima"},
        ],
        "events": [{"start": 4, "end": 7, "label": "Meet", "text": "met", "Confidence": "Neutral", "Negation": True,
                    "Agent": {"start": 0, "end": 3, "text": "Zoe"},
                    "Agent2": {"start": 12, "end": 17, "text": "mayor"}}],
        "relations": [{"label": "Of", "Arg1": "T3", "Arg2": "T4"}, {"label": "Alias", "members": ["T1", "T3"]}],
        "notes": [{"of": "A1", "type": "Note", "note": "why?"}],
    }  # fmt: skip


def test_a_document_span_and_events_with_labels_are_labels_of_the_document(tmp_path: Path) -> None:
    text = "One two\nthree"
    row = one(
        "T99\tDocument 0 7;8 13\tOne two three\nA9\tEvent T99 POLICY\nT1\tstance 4 7\ttwo\nE1\tstance:T1\n"
        "A1\tlabel E1 AGAINST\nA2\ttarget E1 dam\nE2\tstance:T99\nA3\tlabel E2 NONE\n"
        "T2\tDocument 0 3\tOne\nA4\tlayer T2 parts\n",
        tmp_path, text,
    )  # fmt: skip
    assert row == {
        "id": "d", "text": text, "Event": "POLICY", "entities": [],
        "stance": [{"label": "AGAINST", "target": "dam", "evidence": [[4, 7]], "text": ["two"]}, {"label": "NONE"}],
        "parts": [{"start": 0, "end": 3, "label": "Document", "text": "One"}],
    }  # fmt: skip


def test_a_span_in_parts_keeps_them_and_one_parted_by_line_ends_is_whole(tmp_path: Path) -> None:
    row = one("T1\tPER 0 3;12 17\tZoe mayor\nT2\tX 4 7;8 11\tmet the\n", tmp_path)
    assert row["entities"] == [
        {"start": 0, "end": 17, "label": "PER", "text": "Zoe met\nthe mayor", "fragments": [
            {"start": 0, "end": 3, "text": "Zoe"}, {"start": 12, "end": 17, "text": "mayor"}]},
        {"start": 4, "end": 11, "label": "X", "text": "met\nthe"},
    ]  # fmt: skip


def test_offsets_of_the_browser_stand_as_they_are_with_the_surface_that_tells(tmp_path: Path) -> None:
    row = one("T1\tV 34 40\tagreed\nT2\tV 27 30;34 40\tShe agreed\n", tmp_path)  # UTF-16: one more than code points
    assert row["entities"][0] == {"start": 34, "end": 40, "label": "V", "text": "agreed"}
    assert row["entities"][1]["fragments"][1] == {"start": 34, "end": 40, "text": "agreed"}
    assert row["entities"][1]["text"] == "She 👩 agreed"


def test_the_folder_is_the_group_and_texts_without_annotations_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "flood").mkdir()
    for name in ("flood/a.txt", "flood/a.ann", "b.txt"):
        (tmp_path / name).write_text("" if name.endswith("ann") else "x")
    rows, told = read(tmp_path)
    assert (rows, told) == (
        [LeftOut("no .ann file beside the text"), {"id": "a", "group": "flood", "text": "x", "entities": []}],
        [],
    )
    assert read(tmp_path / "flood" / "a.ann")[0] == [{"id": "a", "text": "x", "entities": []}]


@pytest.mark.parametrize(
    ("ann", "told"),
    [
        ("T1\tPER 0 3\tZoe\nT1 PER\n", 'd.ann:2: no line of brat: "T1 PER"'),
        ("T1\tPER 0 9999999999\tZoe\n", "d.ann:1: no line of brat"),
        ("X1\tPER 0 3\tZoe\n", "d.ann:1: no line of brat"),
        ("T1\tPER 0 3\tZoe\nT1\tPER 0 3\tZoe\n", "d.ann:2: a second T1"),
        ("T1\tPER 0 3;9 12\tnothing\n", 'd.ann:1: parts that do not read "nothing"'),
        ("T1\tPER 8 11;4 7\tthe met\n", "d.ann:1: parts of a span out of order"),
        ("A1\tSure T1\n", "d.ann:1: there is no T1"),
        ("E1\tMeet:T1\n", "d.ann:1: there is no T1"),
        ("T1\tM 4 7\tmet\nE1\tM:T1 Agent:T2\n", "d.ann:2: there is no T2"),
        ("T1\tM 4 7\tmet\nE1\tM:T1\nE2\tM:E1\n", "d.ann:3: the trigger E1 is no span"),
        ("T1\tM 4 7\tmet\nR1\tOf Arg1:T1 Arg2:T7\n", "d.ann:2: there is no T7"),
        ("*\tEquiv T1 T2\n", "d.ann:1: there is no T1"),
    ],
)
def test_a_damaged_document_is_one_problem_with_its_line(ann: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_bytes(TEXT.encode())
    (tmp_path / "d.ann").write_bytes(ann.encode())
    rows, problems = read(tmp_path)
    assert not rows
    assert len(problems) == 1
    assert problems[0].startswith(told), problems


def test_a_missing_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "d.ann").write_text("")
    rows, told = read(tmp_path)
    assert not rows
    assert told[0].startswith("d.txt: cannot be read")


PIECES = ("T1", "E1", "#1", "A1", "R1", "*", "\t", "\t", " ", "\n", "PER", "stance", ":T1", "label", "layer", "text",
          "0 3", ";4 7", "Zoe", "AnnotatorNotes", '{"label":1}', '{"annotated":[1]}', "\r", "\u2028",
          "Document 0 3\tZoe")  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25))
def test_no_lines_make_it_fall_over(pieces: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "d.txt").write_text("Zoe")
        for head in ("", "T1\tDocument 0 3\tZoe\n", "T1\tstance 0 3\tZoe\nE1\tstance:T1\n"):
            Path(folder, "d.ann").write_bytes((head + "".join(pieces)).encode())
            rows, told = read(Path(folder))
            assert len(rows) + len(told) == 1
            assert all(isinstance(row, dict) and row["text"] == "Zoe" for row in rows)
