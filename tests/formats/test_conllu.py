"""The format conllu: columns by name, multi-word ranges, empty nodes, white space in MISC."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import Problem
from harness.parts import Row
from harness.registry import make, parse


def read(data: bytes, folder: Path, name: str = "conllu") -> tuple[list[tuple[int, Any]], list[str]]:
    path = folder / "in"
    path.write_bytes(data)
    problems: list[Problem] = []
    found = list(make("formats", parse(name)).read(path, problems))
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


def back(written: list[Row]) -> tuple[list[Row], str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.conllup"
        make("formats", parse("conllu")).write(written, path, LAYERS)
        rows, told = read(path.read_bytes(), Path(folder))
        assert not told
        return [row for _, row in rows], path.read_bytes().decode()


@settings(max_examples=100, deadline=None)
@given(written=many())
def test_documents_with_flat_spans_come_back_whole(written: list[Row]) -> None:
    losses = Losses(LAYERS)
    losses.compare(written, back(written)[0])
    assert not losses.keys


@settings(max_examples=50, deadline=None)
@given(written=many(overlap=True))
def test_only_spans_that_overlap_are_lost(written: list[Row]) -> None:
    losses = Losses(LAYERS)
    losses.compare(written, back(written)[0])
    assert {what for _, what in losses.found} <= {"a span is lost"}


def test_what_is_written_keeps_to_conll_u_plus() -> None:
    row = {
        "id": "a1",
        "group": "g",
        "text": " Ana Ruiz.\nNo|\\\tway",
        "entities": [{"start": 1, "end": 9, "label": "PER"}],
        "tone": [{"label": "WARM"}],
    }
    rows, file = back([row])
    assert rows == [{**row, "tone": "WARM"}]
    assert file == (
        "# global.columns = ID FORM MISC SPANS:entities\n# newdoc id = a1\n# group = g\n# tone = WARM\n"
        "# sent_id = 1\n# text = Ana Ruiz.\n1\tAna\tSpacesBefore=\\s\tB-PER\n2\tRuiz\tSpaceAfter=No\tI-PER\n"
        "3\t.\tSpacesAfter=\\n\tO\n\n"
        "# sent_id = 2\n# text = No|\\ way\n1\tNo\tSpaceAfter=No\tO\n2\t|\tSpaceAfter=No\tO\n"
        "3\t\\\tSpacesAfter=\\t\tO\n"
        "4\tway\tSpaceAfter=No\tO\n\n"
    )


def test_a_text_of_white_space_alone_is_lost() -> None:
    losses = Losses(LAYERS)
    written: list[Row] = [{"id": "a", "group": "g", "text": " \n"}]
    losses.compare(written, back(written)[0])
    assert losses.keys == {"text"}


UD = "{}\t{}\t_\tX\t_\t_\t0\troot\t_\t{}\n"
FRENCH = (
    "# newdoc id = fr\n# sent_id = s1\n# text = Vive l'aide du Rhône!\n"
    + UD.format("1", "Vive", "_") + UD.format("2", "l'", "SpaceAfter=No") + UD.format("3", "aide", "Name=O")
    + UD.format("4-5", "du", "_") + UD.format("4", "de", "_") + UD.format("5", "le", "Name=B-LOC")
    + UD.format("5.1", "grand", "_") + UD.format("6", "Rhône", "Name=I-LOC|SpaceAfter=No") + UD.format("7", "!", "_")
    + "\n# sent_id = s2\n" + UD.format("1", "Oui", "SpaceAfter=No") + UD.format("2", ".", "_")
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (FRENCH, [(1, {"id": "fr", "text": "Vive l'aide du Rhône!\nOui.", "Name": [
            {"start": 12, "end": 20, "label": "LOC"}]})]),
        ("# global.columns = ID FORM X:NER\n# sent_id = 4\n1\tA\tB-PER\n2\tB\tO\n\n1\tC\tO\n",
         [(1, {"id": "4", "text": "A B", "NER": [{"start": 0, "end": 1, "label": "PER"}]}),
          (6, {"text": "C", "NER": []})]),
        ("# global.columns = ID FORM NER MISC\n# newdoc\n# text = A  B\n1\tA\t_\t_\n2\tB\t_\tName=B-X\n\n# newdoc\n"
         "# split = test\n1\tC\tO\t_\n",
         [(1, {"text": "A  B"}), (7, {"split": "test", "text": "C", "NER": []})]),
        (UD.format("1", "a", "SpacesAfter=\\s\\n\\n\\\\n") + UD.format("2", "b", "SpacesAfter=\\p") + "\n",
         [(1, {"text": "a \n\n\\nb|"})]),
    ],
)  # fmt: skip
def test_files_of_all_kinds_are_read(data: str, rows: list[tuple[int, Row]], tmp_path: Path) -> None:
    assert read(data.encode(), tmp_path) == (rows, [])
    assert read(data.replace("\n", "\r\n").encode(), tmp_path) == (rows, [])


def test_another_column_can_be_named(tmp_path: Path) -> None:
    data = b"# global.columns = ID FORM NER X:GOLD\n1\tA\tO\tB-X\n"
    rows, _ = read(data, tmp_path, "conllu(column='X:GOLD')")
    assert rows == [(1, {"text": "A", "GOLD": [{"start": 0, "end": 1, "label": "X"}]})]


def test_two_columns_of_entities_are_two_layers(tmp_path: Path) -> None:
    data = b"# global.columns = ID FORM A:NER B:ner SPANS:B:ner NER X:NER\n1\tA\tB-X\tO\tO\tB-Y\t_\n"
    one = {"start": 0, "end": 1}
    layers = {"A:NER": [{**one, "label": "X"}], "NER": [{**one, "label": "Y"}], "ner": [], "B:ner": []}
    assert read(data, tmp_path) == ([(1, {"text": "A", **layers})], [])


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("conllu", "1\ta\n", ":1: 2 columns, not 10"),
        ("conllu", UD.format("x", "a", "_"), ":1: an ID that is none"),
        ("conllu", UD.format("1-2", "a", "_"), ":1: a range without its words"),
        ("conllu", "# text = b\n" + UD.format("1", "a", "_"), ':2: token "a" where # text goes on with "b"'),
        ("conllu", UD.format("1", "a", "NER=PER"), ':1: "PER" is no tag'),
        ("conllu", "# global.columns = ID WORD\n1\ta\n", ":1: no column ID or FORM in # global.columns"),
        ("conllu", "# global.columns = ID FORM NER NER\n1\ta\tO\tB-X\n", ":1: two columns named NER"),
        ("conllu(column='NER')", UD.format("1", "a", "_"), ":1: no column NER in # global.columns"),
        ("conllu(scheme='IOB2')", UD.format("1", "a", "Name=I-X"), ':1: "I-X", where IOB2 has "B-X"'),
        ("conllu", "# Name = x\n" + UD.format("1", "a", "Name=O"), ":1: both a comment and a column Name"),
    ],
)
def test_a_damaged_document_is_one_problem_with_its_line(name: str, data: str, told: str, tmp_path: Path) -> None:
    rows, problems = read(data.encode(), tmp_path, name)
    assert not rows
    assert len(problems) == 1
    assert problems[0].startswith(told), problems


@settings(max_examples=200, deadline=None)
@given(data=st.text(st.sampled_from("12a#=_|-.\tBO \r\n\\sn"), max_size=60))
def test_no_lines_make_it_fall_over(data: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for head in ("", "# global.columns = ID FORM X:NER MISC\n", "# newdoc\n" + UD.format("1", "a", "_")):
            for number, row in read((head + data).encode(), Path(folder))[0]:
                assert number > 0
                assert isinstance(row["text"], str)
