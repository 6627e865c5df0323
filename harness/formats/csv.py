"""Comma-separated values with a header line: one document a row, layers by their column names."""

from __future__ import annotations

import csv as reader
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, Problem, quote
from harness.files import compact, read_text, write_atomically
from harness.parts import Format, Row, Shape

PLAIN = ("text", "id", "group", "split", "language")  # columns that are never read as JSON
LONGEST = 1 << 30  # characters in a cell; the library's own limit is too small for documents


def csv(*, delimiter: str = ",") -> Format:
    """Columns `text`, and as there are: `id`, `group`, `split`, `language`, a column for each layer.

    Several labels in a cell are separated by `|`; labels about something take a row each, with a column for
    each facet (`holder`, `target`) and the layer's column for the label. An empty cell is not annotated, `[]` is
    annotated with nothing; a cell that is a JSON list or object is read as one. Other columns are kept as
    metadata.
    """

    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise AskedWrongly(f"the delimiter of a CSV is one character, not {quote(delimiter)}: csv(delimiter=';').")

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
        return _read(path, problems, delimiter)

    def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
        _write(list(rows), path, delimiter)

    return Format(read=read, write=write, suffix=".csv")


def _read(path: Path, problems: list[Problem], delimiter: str) -> Iterator[tuple[int, Row]]:
    place = str(path)
    text = read_text(path, place, problems)
    if text is None:
        return
    reader.field_size_limit(LONGEST)
    lines = reader.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    rows = _rows(lines, place, problems)
    _, cells = next(rows, (0, []))
    header = [name.strip() for name in cells]
    if not header:
        problems.append(Problem(place, 0, "no header line", "Name the columns in the first line: id,text,…"))
        return
    if "text" not in header:
        there = ", ".join(map(quote, header))
        remedy = f"There are: {there}. Name it `text`, or say the delimiter: --as \"csv(delimiter=';')\"."
        problems.append(Problem(place, 1, "no column `text`", remedy))
        return
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        problems.append(Problem(place, 1, f"two columns named {quote(twice[0])}", "Rename one of them."))
        return
    for number, cells in rows:
        if len(cells) != len(header):
            found = f"{len(cells)} cells where the header has {len(header)}"
            problems.append(Problem(place, number, found, "Put a cell that holds the delimiter into quotes."))
        else:
            yield number, {name: _value(name, cell) for name, cell in zip(header, cells, strict=True) if cell}


def _rows(lines: Any, place: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Number of the first line and cells of each row that is not empty; a malformed one is noted and passed over."""
    while True:
        number = lines.line_num + 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except reader.Error as error:
            found = f"malformed CSV: {error}"
            problems.append(Problem(place, number, found, 'Close quotes, and double those inside a cell: "".'))
            continue
        if cells:
            yield number, cells


def _value(name: str, cell: str) -> object:
    if name not in PLAIN and cell[0] in "[{":
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell


def _write(rows: list[Row], path: Path, delimiter: str) -> None:
    header: dict[str, str] = {}  # as it is read back -> as it is called in the rows
    for name in ("text", *(key for row in rows for key in row)):
        header.setdefault(name.strip(), name)
    out = io.StringIO(newline="")
    lines = reader.writer(out, delimiter=delimiter)  # ends lines with CRLF, so that both characters are quoted
    lines.writerow(header)
    for row in rows:
        lines.writerow(_cell(row.get(name)) for name in header.values())
    write_atomically(path, out.getvalue().encode())


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else compact(value)
