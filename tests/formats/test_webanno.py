"""The format webanno: UTF-16 offsets, stacked and sub-token annotations, slots, relations, escapes."""

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

HEAD = "#FORMAT=WebAnno TSV 3.3\n"
SPAN = f"{HEAD}#T_SP=webanno.custom.Span|value\n\n\n"


def read(path: Path) -> tuple[list[Row | LeftOut], list[str]]:
    problems: list[Problem] = []
    rows = [row for _, row in make("formats", parse("webanno")).read(path, problems)]
    return rows, [str(problem).removeprefix(str(path)) for problem in problems]


def one(data: str, folder: Path) -> Row:
    (folder / "d.tsv").write_bytes(data.encode())
    rows, told = read(folder / "d.tsv")
    assert not told
    (row,) = rows
    assert isinstance(row, dict)
    return row


def back(written: list[Row]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        make("formats", parse("webanno")).write(written, Path(folder, "out"), LAYERS)
        rows, told = read(Path(folder, "out"))
        assert not told
        return rows


@settings(max_examples=100, deadline=None)
@given(written=many(overlap=True))
def test_all_but_metadata_comes_back(written: list[Row]) -> None:
    losses = Losses(LAYERS)
    losses.compare(written, back(written))
    assert losses.keys == {"language"}
    bare = [{key: value for key, value in row.items() if key != "language"} for row in written]
    losses = Losses(LAYERS)
    losses.compare(bare, back(bare))
    assert not losses.keys


def test_fields_names_and_annotators_come_back() -> None:
    span = {"start": 2, "end": 3, "label": "P|R[1]", "text": "𝔘"}
    first = {"id": "..", "group": "g/h é", "text": "a 𝔘nion\n\n\\_->b\r\x01\nc"}
    written: list[Row] = [
        {**first, "annotator": "rina@x", "entities": [{**span, "entity_id": "_", "sure": True, "s": "true",
                                                       "in": [span]}],
         "topic": [{"label": "TRADE", "role": "a;b->*", "evidence": [[4, 7], [2, 3]], "text": ["ion", "𝔘"]}]},
        {**first, "annotator": "sari", "entities": []},
        {"id": "A", "text": "x", "stance": []},
        {"id": "a", "text": "x"},
    ]  # fmt: skip
    losses = Losses(LAYERS)
    losses.compare(written, back(written))
    assert not losses.lines()


def test_numbers_and_white_space_outside_of_tokens_are_lost() -> None:
    span = {"start": 1, "end": 3, "label": "PER", "text": " a", "n": 3}
    written: list[Row] = [{"id": "a", "group": "g", "text": "\u00a0 a", "entities": [span], "split": "test"}]
    losses = Losses(LAYERS)
    losses.compare(written, back(written))
    assert losses.keys == {"text", "split", "entities"}


def test_what_is_written_is_what_inception_reads(tmp_path: Path) -> None:
    row: Row = {
        "id": "d", "text": "I 😊\tit\n\nO_K.", "tone": [{"label": "WARM"}],
        "entities": [{"start": 2, "end": 6, "label": "X_Y"}, {"start": 4, "end": 5, "label": "Z"}],
    }  # fmt: skip
    make("formats", parse("webanno")).write([row], tmp_path, LAYERS)
    assert (tmp_path / "d.tsv").read_text(encoding="utf-8") == (
        f"{HEAD}#T_SP=webanno.custom.tone|label|about\n#T_SP=webanno.custom.entities|label\n\n\n"
        "#Text=I 😊\\tit\n#Text=\n1-1\t0-1\tI\tWARM[1]\t1[1]\t_\t\n1-2\t2-4\t😊\tWARM[1]\t1[1]\tX\\_Y[2]\t\n"
        "1-3\t5-6\ti\tWARM[1]\t1[1]\tX\\_Y[2]|Z[3]\t\n1-4\t6-7\tt\tWARM[1]\t1[1]\tX\\_Y[2]\t\n\n"
        "#Text=O_K.\n2-1\t9-12\tO_K\tWARM[1]\t1[1]\t_\t\n2-2\t12-13\t.\tWARM[1]\t1[1]\t_\t\n"
    )


# The shapes of INCEpTION's own tests (inception-io-webanno-tsv), in words of our own.


def test_offsets_are_utf16_units_and_come_out_as_code_points(tmp_path: Path) -> None:
    tokens = "1-1\t0-2\tSo\t_\t\n1-2\t3-5\t😊\t*\t\n1-3\t6-10\tgood\tA\\_B\t\n1-4\t11-12\t.\t_\t\n"
    row = one(f"{SPAN}#Text=So 😊 good .\n{tokens}", tmp_path)
    assert row == {
        "id": "d", "text": "So 😊 good .",
        "Span": [{"start": 3, "end": 4, "text": "😊", "label": "*"},
                 {"start": 5, "end": 9, "text": "good", "label": "A_B"}],
    }  # fmt: skip


def test_stacked_sub_token_and_cross_sentence_spans_are_read(tmp_path: Path) -> None:
    row = one(
        f"{SPAN}#Text=aaaa bb\n#Text=\n1-1\t0-4\taaaa\tx[1]|y[2]\t\n1-1.1\t2-4\taa\tz[3]\t\n1-1.2\t4-4\t\tw\t\n"
        "1-2\t5-7\tbb\ty[2]|z[3]\t\n\n#Sentence.id=s2\n#Text=cc\n2-1\t10-12\tcc\ty[2]\t\n",
        tmp_path,
    )
    assert row["text"] == "aaaa bb\n\n cc"
    assert [(s["start"], s["end"], s["label"]) for s in row["Span"]] == [
        (0, 4, "x"), (0, 12, "y"), (2, 7, "z"), (4, 4, "w"),
    ]  # fmt: skip


def test_layers_features_slots_relations_and_chains_become_fields(tmp_path: Path) -> None:
    row = one(
        f"{HEAD}#T_SP=de.tudarmstadt.ner.type.NamedEntity|identifier|value\n#T_SP=webanno.custom.Bare|\n"
        "#T_SP=webanno.custom.Host|ROLE_webanno.custom.Host:links_webanno.custom.Link|uima.tcas.Annotation\n"
        "#T_RL=webanno.custom.Rel|kind|BT_webanno.custom.Bare\n#T_CH=webanno.custom.Coref|referenceType\n\n\n"
        "#Text=An Bo Cy\n"
        "1-1\t0-2\tAn\tQ1[1]\tPER[1]\t_\tp;q\t1-2[2];1-3\t_\t_\the->1-1\t\n"
        "1-2\t3-5\tBo\t_\t_\t*[2]\t_\t_\tof\t1-1[1_2]\the->1-2\t\n"
        "1-3\t6-8\tCy\t*\tLOC\t*[2]|*[3]\t_\t_\t*\t1-2\t_\t\n",
        tmp_path,
    )
    an, bo, cy = ({"start": s, "end": s + 2, "text": t} for s, t in ((0, "An"), (3, "Bo"), (6, "Cy")))
    both = {"start": 3, "end": 8, "text": "Bo Cy"}
    assert row == {
        "id": "d", "text": "An Bo Cy",
        "NamedEntity": [{**an, "label": "PER", "identifier": "Q1"}, {**cy, "label": "LOC"}],
        "Bare": [{**both, "label": "*"}, {**cy, "label": "*"}],
        "Host": [{**an, "label": "*", "links": [{"role": "p", **both}, {"role": "q", **cy}]}],
        "Rel": [{**both, "label": "of", "source": an}, {**cy, "label": "*", "source": bo}],
        "Coref": [{**an, "label": "he", "chain": "1"}, {**bo, "label": "he", "chain": "1"}],
    }  # fmt: skip


def test_features_named_as_what_a_span_has_already_get_a_name_of_their_own(tmp_path: Path) -> None:
    head = f"{HEAD}#T_SP=a.Span|start|end|text|text_|id|text\n#T_RL=a.Rel|source|BT_a.Span\n#T_CH=a.C|x|chain\n\n\n"
    row = one(f"{head}#Text=a b\n1-1\t0-1\ta\t7[1]\t8[1]\tt\tu\ti\tv\tr\t1-2\tc->1-1\tz\t\n"
              "1-2\t2-3\tb\t7[1]\t8[1]\tt\tu\ti\tv\t_\t_\t_\t_\t\n", tmp_path)  # fmt: skip
    span = {"start": 0, "end": 3, "text": "a b", "label": "7", "end_": "8", "text_": "t", "text__": "u", "id_": "i"}
    assert row["Span"] == [{**span, "text___": "v"}]
    assert row["Rel"] == [
        {"start": 0, "end": 1, "text": "a", "label": "r", "source": {"start": 2, "end": 3, "text": "b"}}
    ]
    assert row["C"] == [{"start": 0, "end": 1, "text": "a", "label": "c", "chain": "1", "chain_": "z"}]


def test_slots_named_as_what_a_span_has_already_get_a_name_of_their_own(tmp_path: Path) -> None:
    head = f"{HEAD}#T_SP=a.Host|label|ROLE_a.Host:start_a.Link|uima.tcas.Annotation\n\n\n"
    row = one(f"{head}#Text=a\n1-1\t0-1\ta\tx\tp\t1-1\t\n", tmp_path)
    place = {"start": 0, "end": 1, "text": "a"}
    assert row["Host"] == [{**place, "label": "x", "start_": [{"role": "p", **place}]}]


def test_gaps_between_sentences_are_filled_as_inception_does(tmp_path: Path) -> None:
    tokens = "#Text=a\n1-1\t2-3\ta\t_\t\n\n#Text=b\n2-1\t6-7\tb\t_\t\n\n#Text=c\n3-1\t7-8\tc\t_\t\n"
    assert one(SPAN + tokens, tmp_path)["text"] == "  a\n  bc"


def test_an_export_of_a_project_names_documents_and_annotators(tmp_path: Path) -> None:
    for name in ("annotation/doc.txt/ann", "annotation/doc.txt/INITIAL_CAS", "curation/doc.txt/CURATION_USER", "g/doc"):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{SPAN}#Text=a\n1-1\t0-1\ta\tX\t\n")
    rows, told = read(tmp_path)
    assert not told
    said = [
        {key: row[key] for key in ("id", "group", "annotator") if key in row} for row in rows if isinstance(row, dict)
    ]
    assert said == [{"id": "doc.txt", "annotator": "ann"}, {"id": "doc.txt"}, {"id": "doc", "group": "g"}]
    assert sum(isinstance(row, LeftOut) for row in rows) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("", ':1: starts with ""'),
        ("#FORMAT=WebAnno TSV 2.1\n", ":1: starts with"),
        (f"{HEAD}#T_XX=a|b\n", ':2: "#T_XX=a|b" is no layer'),
        (f"{SPAN}#Text=a\n1-1\t0-1\ta\n", ":6: 0 columns after the token, not 1"),
        (f"{SPAN}#Text=a\n1-1\t0-x\ta\t_\n", ":6: no token"),
        (f"{SPAN}#Text=a\n", ":6: a sentence without tokens"),
        (f"{SPAN}#Text=a\n1-1\t0-1\tb\t_\n", ':6: 0-1 reads "a", token 1-1 is "b"'),
        (f"{SPAN}#Text=😊\n1-1\t0-1\t😊\t_\n", ':6: 0-1 reads "", token 1-1 is "😊"'),
        (f"{SPAN}#Text=a\n1-1\t0-1\ta\t_\n\n#Text=b\n2-1\t0-1\tb\t_\n", ":9: begins at 0, the text so far ends at 1"),
        (f"{SPAN}#Text=a\n1-1\t999999999-999999999\ta\t_\n", ":6: begins at 999999999"),
        (f"{HEAD}#T_RL=x.Rel|BT_x.y\n\n\n#Text=a\n1-1\t0-1\ta\t4-4\n", ':6: there is no "4-4" to point to'),
    ],
)
def test_a_damaged_document_is_one_problem_with_its_line(data: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "d.tsv").write_bytes(data.encode())
    rows, problems = read(tmp_path / "d.tsv")
    assert not rows
    assert len(problems) == 1
    assert problems[0].startswith(told), problems


CELLS = ("_", "*", "a", "[1]", "[", "|", ";", "\\", "->1-1", "1-1", "[1_2]", "\t", "\t", "true", "{", "1.1", "\n")


@settings(max_examples=200, deadline=None)
@given(cells=st.lists(st.sampled_from(CELLS), max_size=20))
def test_no_cells_make_it_fall_over(cells: list[str]) -> None:
    head = (f"{HEAD}#T_SP=a.entities|label|about\n#T_SP=b.Host|ROLE_b.Host:links_b.Link|c.D\n#T_RL=b.Rel|BT_b.Host\n"
            "#T_CH=b.C|referenceType\n\n\n#Text=aa b\n1-1\t0-2\taa\t")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "d.tsv").write_text(head + "".join(cells) + "\t_" * 6, encoding="utf-8")
        rows, told = read(Path(folder))
        assert len(rows) + len(told) == 1
        assert all(isinstance(row, dict) and row["text"] == "aa b" for row in rows)
