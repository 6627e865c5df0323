"""Parquet: one document a row, layers by their column names, lists and structs as they are."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import Problem
from harness.files import write_atomically
from harness.formats._arrow import MARK, as_json, batches_of, column, rows_of, values_by_key
from harness.formats._documents import files_in
from harness.parts import Format, Row, Shape


def parquet() -> Format:
    """A Parquet file, or a folder of them, read in the order of their names. Columns are the keys of JSON lines.

    A null cell is absent, in a struct too, and so is NaN. Times become ISO texts. A column that Arrow has no
    type for, such as one of spans `[start, end, label]`, is written as JSON texts, and marked so in its metadata.
    """
    return Format(read=_read, write=_write, suffix=".parquet", counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    counted = 0
    for file in files_in(path, (".parquet",), problems):
        with file.open("rb") as opened:
            for batch in batches_of(file, opened, problems, counted):
                yield from rows_of(batch, str(file), counted + 1, problems)
                counted += batch.num_rows


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields, arrays = [], []
    for key, values in values_by_key(rows).items():
        array, mark = column(values, ordered=key not in layers), None
        if array is None:
            array, mark = pa.array(as_json(values), pa.string()), {MARK: b"json"}
        fields.append(pa.field(key, array.type, metadata=mark))
        arrays.append(array)
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), out, compression="zstd")
    write_atomically(path, out.getvalue())
