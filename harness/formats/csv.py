"""Comma-separated values with a header line: one document a row, layers by their column names."""

from __future__ import annotations

import csv as reader
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import Problem, quote
from harness.files import compact, read_text, write_atomically
from harness.parts import Format, Row

LONGEST = 1 << 30  # characters in a cell; the library's own limit is too small for documents


def csv(*, delimiter: str = ",") -> Format:
    """Columns `text`, and as there are: `id`, `group`, `split`, `language`, a column for each layer.

    Several labels in a cell are separated by `|`; labels about something take a row each, with a column for
    each facet (`holder`, `target`) and the layer's column for the label. An empty cell is not annotated, `[]` is
    annotated with nothing; a cell that is a JSON list or object is read as one. Other columns are kept as
    metadata.
    """

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
        return _read(path, problems, delimiter)

    def write(rows: Iterable[Row], path: Path) -> list[str]:
        return _write(list(rows), path, delimiter)

    return Format(read=read, write=write)


def _read(path: Path, problems: list[Problem], delimiter: str) -> Iterator[tuple[int, Row]]:
    place = str(path)
    text = read_text(path, place, problems)
    if text is None:
        return
    reader.field_size_limit(LONGEST)
    lines = reader.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(lines, [])]
    if "text" not in header:
        there = ", ".join(map(quote, header))
        remedy = f"There are: {there}. Name it `text`, or say the delimiter: --as \"csv(delimiter=';')\"."
        problems.append(Problem(place, 1, "no column `text`", remedy))
        return
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        problems.append(Problem(place, 1, f"two columns named {quote(twice[0])}", "Rename one of them."))
        return
    last = lines.line_num
    try:
        for cells in lines:
            number, last = last + 1, lines.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                found = f"{len(cells)} cells where the header has {len(header)}"
                problems.append(Problem(place, number, found, "Put a cell that holds commas into quotes."))
                continue
            yield number, {name: _value(name, cell) for name, cell in zip(header, cells, strict=True) if cell}
    except reader.Error as error:
        problems.append(Problem(place, lines.line_num, f"malformed CSV: {error}", "Mend the row."))


def _value(name: str, cell: str) -> object:
    if name != "text" and cell[0] in "[{":
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell


def _write(rows: list[Row], path: Path, delimiter: str) -> list[str]:
    header = list(dict.fromkeys(["text", *(key for row in rows for key in row)]))
    out = io.StringIO(newline="")
    lines = reader.writer(out, delimiter=delimiter, lineterminator="\n")
    lines.writerow(header)
    losses = set()
    for row in rows:
        cells = []
        for name in header:
            value = row.get(name)
            cell = "" if value is None else value if isinstance(value, str) else compact(value)
            if name in row and (_value(name, cell) if cell else None) != value:
                losses.add(f"{name}: {_kind(value)} is read back as text or as absent")
            cells.append(cell)
        lines.writerow(cells)
    write_atomically(path, out.getvalue().encode())
    return sorted(losses)


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "this text", type(None): "null"}
    return names.get(type(value), "a value")
