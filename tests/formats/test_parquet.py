"""Parquet: nested values come back exactly, other people's types become JSON values, damaged files are named."""

import datetime
import random
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import Problem
from harness.parts import Row
from harness.registry import make, parse


def read(path: Path) -> tuple[list[tuple[int, Row]], list[str]]:
    problems: list[Problem] = []
    found = list(make("formats", parse("parquet")).read(path, problems))
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


@settings(max_examples=60, deadline=None)
@given(rows=many(overlap=True))
def test_what_is_written_is_read_back(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.parquet")
        make("formats", parse("parquet")).write(rows, path, LAYERS)
        again, problems = read(path)
        losses = Losses(LAYERS)
        losses.compare(rows, [row for _, row in again])
        assert (problems, losses.lines()) == ([], [])
        assert not any(field.metadata for field in pq.read_schema(path)), "lists and structs, no JSON texts"


@pytest.mark.parametrize(
    "values", [[1, 2.0], [True, 1], [None, 1], [1 << 80], [{}], [{"b": 1, "a": 2}, {"a": 1, "b": 2}], [[None], [1]],
               [{"a": None}], ["x", 1], [[], [[]]], ["1", "null"], [-0.0, 5e-324], [[0, 1, "PER"]]]
)  # fmt: skip
def test_any_value_of_json_comes_back_as_it_was(values: list[Any], tmp_path: Path) -> None:
    rows: list[Row] = [{"text": "a", "x": value} for value in values] + [{"text": "b"}]
    make("formats", parse("parquet")).write(rows, tmp_path / "x.parquet", LAYERS)
    again, problems = read(tmp_path / "x.parquet")
    assert not problems
    assert repr([row for _, row in again]) == repr(rows)


def test_other_peoples_types_become_values_of_json(tmp_path: Path) -> None:
    day = datetime.date(2024, 2, 29)
    table = {
        "text": pa.array(["a", "b"]).dictionary_encode(),
        "day": [day, None],
        "time": [datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC)] * 2,
        "price": [Decimal("1.50")] * 2,
        "pairs": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int8())),
        "x": [float("nan"), 1.5],
        "lines": [[{"label": "A", "note": None}], []],
    }
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    same = {"time": "2024-02-29T12:00:00+00:00", "price": "1.50"}
    assert read(tmp_path / "x.parquet") == (
        [(1, {"text": "a", "day": "2024-02-29", **same, "pairs": [["k", 1]], "lines": [{"label": "A"}]}),
         (2, {"text": "b", **same, "x": 1.5, "lines": []})],
        [],
    )  # fmt: skip


def test_the_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b/2", "a/1", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"text": [name] * 2}), tmp_path / f"{name}.parquet")
    rows, problems = read(tmp_path)
    assert not problems
    assert [(number, row["text"]) for number, row in rows] == [
        (1, "a/1"), (2, "a/1"), (3, "b/2"), (4, "b/2"), (5, "c"), (6, "c")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "kept", "problems"),
    [
        ([("text", pa.array([b"a", None]))], 1, [':1: column "text" holds bytes']),
        ([("x", pa.array([1.0, float("inf")]))], 1, [':2: column "x" holds inf']),
        ([("x", pa.array([1])), ("x", pa.array([2]))], 0, [':1: two columns named "x"']),
        ([("x", pa.array([b"\xff", b"a"]).view(pa.string()))], 1, [":1: a damaged row"]),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_read(
    columns: list[tuple[str, Any]], kept: int, problems: list[str], tmp_path: Path
) -> None:
    names, arrays = [name for name, _ in columns], [array for _, array in columns]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), tmp_path / "x.parquet")
    rows, told = read(tmp_path / "x.parquet")
    assert len(rows) == kept
    assert [one.startswith(start) for one, start in zip(told, problems, strict=True)] == [True] * len(problems), told


def test_a_mark_of_ours_on_what_is_no_json_is_named(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("x", pa.string(), metadata={"harness": "json"})])
    pq.write_table(pa.table([["[1", "1", "[" * 99 + "]" * 99]], schema=schema), tmp_path / "x.parquet")
    rows, told = read(tmp_path / "x.parquet")
    assert rows == [(2, {"x": 1})]
    assert [one.partition(":")[2][0] for one in told] == ["1", "3"]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\xff" * 50 + b"PAR1"])
def test_what_is_no_parquet_is_named(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(data)
    rows, told = read(tmp_path / "x.parquet")
    assert (rows, len(told)) == ([], 1)
    assert told[0].startswith(":1: cannot be read as Parquet from here on")
    (tmp_path / "x.parquet").unlink()
    assert read(tmp_path)[1][0].startswith(": no file that ends in .parquet")


def test_no_changed_byte_of_parquet_or_arrow_makes_them_fall_over(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "bé"] * 20, "e": [[{"start": 1, "label": "x"}], []] * 20})
    pq.write_table(table, tmp_path / "whole.parquet")
    with pa.OSFile(str(tmp_path / "whole.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    draw = random.Random(1)
    for spec, name in [("parquet", "parquet"), ("huggingface", "arrow")] * 150:
        data = bytearray((tmp_path / f"whole.{name}").read_bytes())
        data[draw.randrange(len(data))] = draw.randrange(256)
        (tmp_path / f"x.{name}").write_bytes(data)
        problems: list[Problem] = []
        assert list(make("formats", parse(spec)).read(tmp_path / f"x.{name}", problems)) or problems
