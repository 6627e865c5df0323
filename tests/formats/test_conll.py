"""The format conll: every tag scheme, documents and comments, texts with white space as it was."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import AskedWrongly, Problem
from harness.formats._tokenized import said
from harness.formats._tokens import (
    runs,
    value_of,
)
from harness.parts import Row
from harness.registry import make, parse
from harness.tags import spans_of_tags

DATA = Path(__file__).parents[3] / "shared" / "data"


def back(written: list[Row], name: str = "conll") -> tuple[list[Row], str]:
    """Rows as they are read back, and the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.conll"
        make("formats", parse(name)).write(written, path, LAYERS)
        rows, told = read(path.read_bytes(), Path(folder), name)
        assert not told
        return [row for _, row in rows], path.read_bytes().decode()


def read(data: bytes, folder: Path, name: str = "conll") -> tuple[list[tuple[int, Any]], list[str]]:
    path = folder / "in"
    path.write_bytes(data)
    problems: list[Problem] = []
    found = list(make("formats", parse(name)).read(path, problems))
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


@settings(max_examples=100, deadline=None)
@given(written=many())
def test_documents_with_flat_spans_come_back_whole(written: list[Row]) -> None:
    losses = Losses(LAYERS)
    losses.compare(written, back(written)[0])
    assert not losses.keys


@settings(max_examples=60, deadline=None)
@given(written=many(overlap=True), scheme=st.sampled_from(["IOB1", "IOB2", "BIOES", "BILOU"]))
def test_only_spans_that_overlap_are_lost_in_any_scheme(written: list[Row], scheme: str) -> None:
    losses = Losses(LAYERS)
    losses.compare(written, back(written, f"conll(scheme='{scheme}')")[0])
    assert losses.keys <= {"entities"}
    assert {what for _, what in losses.found} <= {"a span is lost"}


@given(tags=st.lists(st.sampled_from(["O", *(f"{a}{b}" for a in "BIESUL" for b in ("", "-X", "-Y-Z"))])))
def test_tags_are_read_as_everywhere_in_the_house(tags: list[str]) -> None:
    assert [runs(tags)] == spans_of_tags([tags])


@given(
    value=st.text(max_size=9) | st.sampled_from(["[1]", '"', "a|b|c", "{}", " a", "[", "a\nb"]) | st.lists(st.none())
)
def test_what_a_comment_says_is_read_as_it_was(value: object) -> None:
    assert value_of(said(value)) == value


def test_what_is_written_is_what_other_tools_read() -> None:
    row = {
        "id": "a1",
        "group": "g",
        "text": "Ana Ruiz\nwarned\n\nUNICEF's.",
        "entities": [
            {"start": 0, "end": 8, "label": "PER"},
            {"start": 17, "end": 22, "label": "ORG"},
            {"start": 22, "end": 23, "label": "LOC"},
        ],
        "topic": [{"label": "TRADE"}, {"label": "STRIKE"}],
        "stance": [{"holder": "union", "target": "strike", "label": "FAVOR"}],
    }
    rows, file = back([row])
    assert file == (
        "-DOCSTART-\tO\n\n# id = a1\n# group = g\n# topic = TRADE\n# topic = STRIKE\n"
        "# stance = strike|union|FAVOR\n# text = Ana Ruiz\nAna\tB-PER\nRuiz\tI-PER\n\n"
        "# text = warned\n# text = \nwarned\tO\n\n"
        "# text = UNICEF's.\nUNICE\tB-ORG\nF\tB-LOC\n'\tO\ns\tO\n.\tO\n\n"
    )
    assert rows[0]["stance"] == row["stance"]
    assert rows[0]["topic"] == ["TRADE", "STRIKE"]
    assert rows[0]["entities"] == row["entities"]


def test_layers_that_are_not_annotated_and_layers_of_other_names_are_told_apart(tmp_path: Path) -> None:
    one = LAYERS["entities"]
    rows: list[Row] = [
        {"id": "a", "text": "One two", "people": [{"start": 0, "end": 3, "label": "PER"}], "places": []},
        {"id": "b", "text": "One", "places": [{"start": 0, "end": 3, "label": "LOC"}]},
        {"id": "c", "text": " \n"},
    ]
    make("formats", parse("conll")).write(rows, tmp_path / "x.conll", {"people": one, "places": one})
    found, told = read((tmp_path / "x.conll").read_bytes(), tmp_path)
    assert ([row for _, row in found], told) == (rows, [])


@pytest.mark.parametrize("place", ["wnut17/emerging.dev.conll", "wnut17/wnut17train.conll", "nergrit/test.txt"])
def test_public_files_are_read_whole(place: str, tmp_path: Path) -> None:
    if not (DATA / place).is_file():
        pytest.skip("the public data is not there")
    rows, told = read((DATA / place).read_bytes(), tmp_path)
    lines = (DATA / place).read_text(encoding="utf-8").split("\n")
    tags = [line.split("\t")[1] for line in lines if line.strip()]
    assert not told
    assert sum(len(row["text"].split(" ")) for _, row in rows) == len(tags)
    assert sum(len(row["entities"]) for _, row in rows) == sum(tag[0] == "B" for tag in tags)
    assert all(row["text"] in " ".join(line.split("\t")[0] for line in lines[n - 1 :][:200]) for n, row in rows[:50])


OF_2003 = (
    "-DOCSTART- -X- -X- O\n\nU.N. NNP I-NP I-ORG\nEkeus NNP I-NP I-PER\nAnn NNP I-NP B-PER\n# NN I-NP O\n\nOut RB O O\n"
)


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (OF_2003 + "\n-DOCSTART- -X- -X- O\n\nNo DT O O\n",
         [(1, {"text": "U.N. Ekeus Ann #\nOut", "entities": [
             {"start": 0, "end": 4, "label": "ORG"}, {"start": 5, "end": 10, "label": "PER"},
             {"start": 11, "end": 14, "label": "PER"}]}), (10, {"text": "No", "entities": []})]),
        ("Wolff B-PER\n, O\nin O\nel B-LOC\nRio I-LOC\n",
         [(1, {"text": "Wolff , in el Rio", "entities": [
             {"start": 0, "end": 5, "label": "PER"}, {"start": 11, "end": 17, "label": "LOC"}]})]),
        ("a\tB-X\nb\tE-X\nc\tS-X\nd\tU-Y\ne\tL-Y\n",
         [(1, {"text": "a b c d e", "entities": [
             {"start": 0, "end": 3, "label": "X"}, {"start": 4, "end": 5, "label": "X"},
             {"start": 6, "end": 7, "label": "Y"}, {"start": 8, "end": 9, "label": "Y"}]})]),
        ("\ufeffa\tB\r\n\r\n\t\r\nb\tO\r\n",
         [(1, {"text": "a", "entities": [{"start": 0, "end": 1, "label": "_"}]}), (4, {"text": "b", "entities": []})]),
        ("a\nb\n", [(1, {"text": "a b"})]),
        ("# sent_id = 7\n# text = a\u2028 b\na\t_\nb\t_\n", [(1, {"id": "7", "text": "a\u2028 b"})]),
        ("# id = 1\na\tO\n\nb\tO\n\n# id = 2\n# event = POLICY\n# stance = dam|opv|FAVOR\n# stance = dam||NONE\nc\tO\n",
         [(1, {"id": "1", "text": "a\nb", "entities": []}),
          (6, {"id": "2", "event": "POLICY", "text": "c", "entities": [], "stance": [
              {"holder": "opv", "target": "dam", "label": "FAVOR"}, {"target": "dam", "label": "NONE"}]})]),
        ('# newdoc id = n\n# note\n# event = A\n# event = B\n# k = {"a": 1}\n#\tO\n',
         [(1, {"id": "n", "event": ["A", "B"], "k": {"a": 1}, "text": "#", "entities": []})]),
    ],
)  # fmt: skip
def test_files_of_all_kinds_are_read(data: str, rows: list[tuple[int, Row]], tmp_path: Path) -> None:
    assert read(data.encode(), tmp_path) == (rows, [])


def test_the_column_of_the_tags_can_be_said(tmp_path: Path) -> None:
    rows = [{"text": "a b", "entities": [{"start": 0, "end": 3, "label": "X"}]}]
    assert [row for _, row in read(b"a B-X O\nb I-X O\n", tmp_path, "conll(column=2)")[0]] == rows
    assert [row for _, row in read(b"a B-X O\nb I-X O\n", tmp_path, "conll(column=-2)")[0]] == rows
    for asked in ("conll(column='x')", "conll(scheme='IOE1')"):
        with pytest.raises(AskedWrongly):
            make("formats", parse(asked))


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("conll", "a\tO\nb\tPER\n\nc\tO\n", ':2: "PER" is no tag'),
        ("conll", "a b O\nc O\n\nd O\n", ":2: 2 and 3 columns in one document"),
        ("conll", "# text = a c\na\tO\nb\tO\n", ':3: token "b" where # text goes on with "c"'),
        ("conll", "# text = a c\na\tO\n", ':2: # text goes on with " c"'),
        ("conll", "# id = 1\n# text = a c\n", ':1: # text goes on with "a c"'),
        ("conll", "# entities = x\na\tO\n", ":1: both a comment and a column entities"),
        ("conll", "# global.columns = FORM SPANS:x SPANS:y\na\tO\n", ":2: 2 columns, none of them y"),
        ("conll(column=4)", "a O\n", ":1: 2 columns, no 4"),
        ("conll(scheme='IOB2')", "a O\nb I-X\n", ':2: "I-X", where IOB2 has "B-X"'),
        ("conll(scheme='IOB1')", "a O\nb B-X\n", ':2: "B-X", where IOB1 has "I-X"'),
        ("conll(scheme='BIOES')", "a B-X\nb I-X\n", ':2: "I-X", where BIOES has "E-X"'),
    ],
)
def test_a_damaged_document_is_one_problem_with_its_line(name: str, data: str, told: str, tmp_path: Path) -> None:
    rows, problems = read(data.encode() + b"\n\n-DOCSTART- O\n\n", tmp_path, name)
    assert problems[0].startswith(told), problems
    assert len(problems) == 1
    assert len(rows) <= 1  # the document that the last line begins


@settings(max_examples=200, deadline=None)
@given(data=st.text(st.sampled_from('ab#=_|-O\tBX \r\n"[{}1\ud7ff\u2028'), max_size=60))
def test_no_lines_make_it_fall_over(data: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for head in ("", "# id = 1\n", "# global.columns = FORM SPANS:x\n", "-DOCSTART-\n"):
            for number, row in read((head + data).encode(), Path(folder))[0]:
                assert number > 0
                assert isinstance(row["text"], str)
