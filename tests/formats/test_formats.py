"""What every format keeps: read(write(x)) == x, or a printed list of losses; and what each does with broken files."""

import gzip
import json
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import LAYERS

from harness.editing.exporting import Losses
from harness.errors import AskedWrongly, Problem
from harness.parts import Format, LeftOut, Row
from harness.registry import make, names, parse

GENERAL = ("csv", "jsonl", "parquet")  # those whose columns are a row's own keys

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(["[1]", "{}", "[", '"', "a\rb", "a\nb", " a ", "\ufeff", "null", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["text", "id", "group", "frame", "frame ", " source", "holder"]) | texts
rows = st.lists(st.dictionaries(keys, values, max_size=5), max_size=5)


def back(form: Format, written: list[Row], folder: Path) -> list[Row]:
    problems: list[Problem] = []
    form.write(written, folder / f"file{form.suffix}", LAYERS)
    read = [row for _, row in form.read(folder / f"file{form.suffix}", problems)]
    assert not problems
    assert not any(isinstance(row, LeftOut) for row in read)
    return [row for row in read if not isinstance(row, LeftOut)]


def read(name: str, data: bytes, folder: Path) -> tuple[list[tuple[int, Row | LeftOut]], list[str]]:
    path = folder / "in"
    path.write_bytes(data)
    problems: list[Problem] = []
    found = list(make("formats", parse(name)).read(path, problems))
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


@pytest.mark.parametrize("name", [name for name in GENERAL if name in names("formats")])
@settings(max_examples=60, deadline=None)
@given(written=rows)
def test_any_row_is_read_back_or_the_loss_is_found(name: str, written: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        again = back(make("formats", parse(name)), written, Path(folder))
        losses = Losses({})
        losses.compare(written, again)
        assert losses.keys or list(map(exactly, again)) == list(map(exactly, written))


def exactly(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("name", [name for name in GENERAL if name in names("formats")])
def test_plain_documents_pass_through_a_general_format_without_loss(name: str, tmp_path: Path) -> None:
    plain: list[Row] = [
        {"id": "a1", "text": 'He said "no",\nthen\r\nleft; ok | fine', "frame": ["economy", "health"]},
        {"id": "a2", "text": "署名 👩‍🌾", "frame": [], "spans": [[0, 2, "PER"]]},
        {"id": "[3]", "text": "[1]", "group": "{}"},
    ]
    assert back(make("formats", parse(name)), plain, tmp_path) == plain


@pytest.mark.parametrize("name", names("formats"))
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60) | st.text('{}[]",:\r\n\x00\ufeff"text"a1;', max_size=60).map(str.encode))
def test_no_bytes_make_a_format_fall_over(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, row in read(name, b'text,"a"\n' * (name == "csv") + data, Path(folder))[0]:
            assert number > 0
            assert isinstance(row, dict)


@pytest.mark.parametrize("name", names("formats"))
def test_a_file_that_is_not_there_is_a_problem(name: str, tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert not list(make("formats", parse(name)).read(tmp_path / "none", problems))
    assert "cannot be read" in problems[0].found


@pytest.mark.parametrize(
    ("data", "rows", "problems"),
    [
        (b"\xef\xbb\xbfid,text\na,b\n", [(2, {"id": "a", "text": "b"})], []),
        (b'id,text\r\na,"b\r\n""c"", d"\r\ne,f\r\n', 
         [(2, {"id": "a", "text": 'b\r\n"c", d'}), (4, {"id": "e", "text": "f"})], []),
        (b"id , text\na,b\n", [(2, {"id": "a", "text": "b"})], []),
        (b"text,x\n\nb,\n", [(3, {"text": "b"})], []),
        (b'text,x\nb,"[1, ""A""]"\n', [(2, {"text": "b", "x": [1, "A"]})], []),
        (b"text,x\nb,[breaking] news\n", [(2, {"text": "b", "x": "[breaking] news"})], []),
        (b"text,x\nb," + b"[" * 2000 + b"\n", [(2, {"text": "b", "x": "[" * 2000})], []),
        (b"text\na\x00b\n", [(2, {"text": "a\x00b"})], []),
        (b"text,x\na\nb,c,d\ne,f\n", [(4, {"text": "e", "x": "f"})],
         [":2: 1 cells where the header has 2", ":3: 3 cells where the header has 2"]),
        (b'text,x\n"a"b,c\nd,e\n"f,g\nh,i\n', [(3, {"text": "d", "x": "e"})],
         [":2: malformed CSV", ":4: malformed CSV"]),
        (b"id;text\na;b\n", [], [':1: no column `text`. There are: "id;text". Name it `text`, or say the delimiter']),
        (b"text,x,x\na,b,c\n", [], [':1: two columns named "x"']),
        (b"", [], [": no header line"]),
        (b"text\nok\n\xff\n", [], [":3: byte 8 (0xff) is not UTF-8"]),
    ],
)  # fmt: skip
def test_a_csv_is_read_as_its_rows_and_all_its_problems(
    data: bytes, rows: list[tuple[int, Row]], problems: list[str], tmp_path: Path
) -> None:
    found, told = read("csv", data, tmp_path)
    assert found == rows
    assert len(told) == len(problems)
    assert all(one.startswith(start) for one, start in zip(told, problems, strict=True)), told


def test_a_csv_with_another_delimiter_is_read_when_it_is_said(tmp_path: Path) -> None:
    assert read("csv(delimiter=';')", b'text;x\n"a;b";c,d\n', tmp_path)[0] == [(2, {"text": "a;b", "x": "c,d"})]
    assert read("csv(delimiter='\\t')", b"text\tx\na\tb\n", tmp_path)[0] == [(2, {"text": "a", "x": "b"})]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_that_cannot_be_is_refused(delimiter: str) -> None:
    with pytest.raises(AskedWrongly, match="delimiter"):
        make("formats", parse(f"csv(delimiter={delimiter!r})"))


@pytest.mark.parametrize(
    ("data", "rows", "problems"),
    [
        ('\ufeff{"text": "a"}\r\n\n{"text": "b\u2028c"}', [(1, {"text": "a"}), (3, {"text": "b\u2028c"})], []),
        ('{"text": "a"\n[1]\n{"a": 1, "a": 2}\n{"text": "b"}\n', [(4, {"text": "b"})],
         [":1: malformed JSON at column", ":2: a JSON array where an object", ':3: duplicate key "a"']),
        ('{"x": NaN}\n', [], [":1: NaN is not JSON"]),
        ("[" * 5000, [], [":1: brackets nested"]),
    ],
)  # fmt: skip
def test_json_lines_are_read_as_their_rows_and_all_their_problems(
    data: str, rows: list[tuple[int, Row]], problems: list[str], tmp_path: Path
) -> None:
    found, told = read("jsonl", data.encode(), tmp_path)
    assert found == rows
    assert len(told) == len(problems)
    assert all(one.startswith(start) for one, start in zip(told, problems, strict=True)), told


@pytest.mark.parametrize("name", ["jsonl", "prodigy"])
def test_a_small_packed_file_with_a_huge_line_is_a_problem_and_takes_little_memory(name: str, tmp_path: Path) -> None:
    path, problems = tmp_path / "in.jsonl.gz", list[Problem]()
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "a"}\n')
        for _ in range(200):
            file.write(b"x" * (1 << 20))
    tracemalloc.start()
    try:
        found = list(make("formats", parse(name)).read(path, problems))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [number for number, _ in found] == [1]
    assert [str(one).removeprefix(str(path)) for one in problems] == [
        ":2: a line of more than 64 MiB. Check that it is the right file."
    ]
    assert peak < 200 << 20
