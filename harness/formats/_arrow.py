"""Arrow columns <-> rows: what a value is in JSON, and a column of JSON texts where Arrow has no type for it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from harness.errors import Problem, quote
from harness.files import compact, parse_object
from harness.parts import Row

MARK = b"harness"  # of a field's metadata: how its texts are to be read
BROKEN = "Write the file again with the tool that made it."


def batches_of(
    path: Path, file: IO[bytes], problems: list[Problem], counted: int = 0, stream: bool = False
) -> Iterator[Any]:
    """Record batches of a Parquet file, or of an Arrow stream; `counted` items came before."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pa.ipc.open_stream(file) if stream else pq.ParquetFile(file).iter_batches(1000):
            _ = batch.schema.names  # which raises where they are no UTF-8
            yield batch
            counted += batch.num_rows
    except (pa.ArrowException, OSError, MemoryError, ValueError) as error:
        kind = "an Arrow stream" if stream else "Parquet"
        why = quote(str(error).partition("\n")[0])
        problems.append(Problem(str(path), counted + 1, f"cannot be read as {kind} from here on ({why})", BROKEN))


def rows_of(batch: Any, place: str, first: int, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    """Number and row for each row of a record batch; null is absent, in structs too. The first is number `first`."""
    import pyarrow as pa

    names = batch.schema.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        remedy = "Rename one of them."
        for i in range(batch.num_rows):
            problems.append(Problem(place, first + i, f"two columns named {quote(twice[0])}", remedy))
        return
    ours = [(field.metadata or {}).get(MARK) == b"json" and _is_text(field.type) for field in batch.schema]
    try:
        batch.validate(full=True)
        columns = [column.to_pylist() for column in batch.columns]
    except (pa.ArrowException, ValueError, OverflowError) as error:
        if batch.num_rows > 1:
            for i in range(batch.num_rows):
                yield from rows_of(batch.slice(i, 1), place, first + i, problems)
        else:
            problems.append(Problem(place, first, f"a damaged row ({quote(str(error))})", BROKEN))
        return
    for number, cells in enumerate(zip(*columns, strict=True), first):
        row = _row(names, ours, cells, place, number, problems)
        if row is not None:
            yield number, row


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind))


def _row(
    names: Sequence[str], ours: Sequence[bool], cells: Sequence[Any], place: str, number: int, problems: list[Problem]
) -> Row | None:
    row: Row = {}
    for name, mine, cell in zip(names, ours, cells, strict=True):
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):  # as pandas says that nothing is there
            continue
        if mine:
            said = parse_object(f'{{"":{cell}}}', place, number, problems)
            if said is None:
                return None
            row[name] = said[""]
            continue
        try:
            row[name] = plain(cell)
        except ValueError as error:
            remedy = "Leave the column out, or write it as text."
            problems.append(Problem(place, number, f"column {quote(name)} holds {error}", remedy))
            return None
    return row


def plain(value: Any) -> Any:
    """A value of Arrow as one of JSON: times as ISO texts, null in a struct left out. Raises ValueError."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value}, which is no number of JSON")
        return value
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        raise ValueError("bytes, which are no text")
    return str(value)


def column(values: Sequence[Any], *, ordered: bool = True) -> Any | None:
    """An Arrow array that reads back as exactly these values, `Ellipsis` being none at all; None where there is none.

    Unless `ordered`, the keys of objects may come back in another order.
    """
    import pyarrow as pa

    if any(value is None for value in values):  # which would be read back as absent
        return None
    try:
        array = pa.array([None if value is ... else value for value in values])
        if not _writable(array.type) or len(array) != len(values):
            return None
        again = [... if one is None else plain(one) for one in array.to_pylist()]
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return None
    return array if all(map(_same(ordered), values, again)) else None


def _same(ordered: bool) -> Any:
    write = compact if ordered else msgspec.json.Encoder(order="sorted").encode
    return lambda one, other: one is other or (one is not ... and other is not ... and write(one) == write(other))


def _writable(kind: Any) -> bool:
    """Whether Parquet has such a type: it has no struct without fields."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return kind.num_fields > 0 and all(_writable(kind.field(i).type) for i in range(kind.num_fields))
    return _writable(kind.value_type) if pa.types.is_list(kind) else True


def values_by_key(rows: Iterable[Row]) -> Mapping[str, list[Any]]:
    """Each key of the rows with its value in every row, `Ellipsis` where a row has none."""
    rows = list(rows)
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key, ...) for row in rows] for key in keys}


def as_json(values: Sequence[Any]) -> list[str | None]:
    """The values as JSON texts."""
    return [None if value is ... else compact(value) for value in values]
