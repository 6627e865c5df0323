"""Every number as a Parquet table: a row a score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.files import write_atomically
from harness.parts import Rendering


def parquet() -> Rendering:
    """The columns of the report `csv`, with types: value, low and high are float64, null where there is none."""
    return Rendering(write=_write, suffix=".parquet")


def _write(account: Any, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from harness.reporting.numbers import COLUMNS, rows

    floats, whole = ("value", "low", "high"), ("seed", "n", "units")
    kinds = {**dict.fromkeys(floats, pa.float64()), **dict.fromkeys(whole, pa.int64())}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows(account), schema=schema), sink)
    write_atomically(path, sink.getvalue().to_pybytes())
