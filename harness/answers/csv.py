"""Answers as a table: columns `item` and `label`, or `labels` (A|B), or `spans` (as JSON); TSV by its suffix."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.answers import Asked, Block, Header
from harness.answers.rows import Line, blocks_of, header_of, labels_of
from harness.errors import Problem, ProblemsFound
from harness.records import Kind

JSON = ("spans", "scores", "evidence")
MOST = 10_000_000  # characters of a cell


def header(path: Path) -> Header:
    """The columns."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        names = _names(path, csv.DictReader(file, delimiter=_delimiter(path)))
    return header_of(path, [(1, dict.fromkeys(names, ""))])


def read(path: Path, asked: Asked) -> Iterator[Block]:
    """Block by block, in the order of the lines."""
    return blocks_of(path, _lines(path), asked)


def labels_in(path: Path, kind: Kind) -> set[str]:
    """Every label of the table."""
    return labels_of(_lines(path), kind)


def _names(path: Path, table: csv.DictReader[str]) -> Sequence[str]:
    """The names of the columns, each once."""
    csv.field_size_limit(MOST)
    try:
        names = table.fieldnames or ()
    except csv.Error as error:
        raise ProblemsFound([Problem(str(path), 1, f"cannot be read ({error})", "Close each quote.")]) from None
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ProblemsFound([Problem(str(path), 1, f"two columns {', '.join(twice)}", "Keep one of each name.")])
    return names


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    problems: list[Problem] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file, delimiter=_delimiter(path))
        try:
            _names(path, table)
            for row in table:
                if None in row or None in row.values():
                    found = f"{'more' if None in row else 'fewer'} cells than columns"
                    problems.append(Problem(str(path), table.line_num, found, "Quote commas; leave cells empty."))
                    continue
                line: dict[str, Any] = {key: value for key, value in row.items() if value}
                if "labels" in row:
                    line["labels"] = [one for one in row["labels"].split("|") if one and one != "[]"]
                for key in JSON:
                    if key in line:
                        line[key] = _json(line[key], key, path, table.line_num, problems)
                yield table.line_num, line
        except (csv.Error, UnicodeDecodeError) as error:
            problems.append(Problem(str(path), table.line_num + 1, f"cannot be read ({error})", "Save as UTF-8 CSV."))
    if problems:
        raise ProblemsFound(problems)


def _json(cell: str, key: str, path: Path, line: int, problems: list[Problem]) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        problems.append(Problem(str(path), line, f"{key} is no JSON", 'Write for example [[0, 7, "PER"]].'))
        return None


def _delimiter(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","
