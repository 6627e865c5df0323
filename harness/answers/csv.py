"""Answers as a table: columns `item` and `label`, or `labels` (A|B), or `spans` (as JSON); TSV by its suffix."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
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
        names = next(csv.reader(file, delimiter=_delimiter(path)), [])
    return header_of(path, dict.fromkeys(names, ""))


def read(path: Path, asked: Asked) -> Iterator[Block]:
    """Block by block, in the order of the lines."""
    return blocks_of(path, _lines(path), asked)


def labels_in(path: Path, kind: Kind) -> set[str]:
    """Every label of the table."""
    return labels_of(_lines(path), kind)


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    problems: list[Problem] = []
    csv.field_size_limit(MOST)
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file, delimiter=_delimiter(path))
        try:
            for row in table:
                line: dict[str, Any] = {key: value for key, value in row.items() if key is not None and value}
                line.setdefault("item", "")
                if None in row:
                    problems.append(Problem(str(path), table.line_num, "more cells than columns", "Quote commas."))
                    continue
                if "labels" in row:
                    line["labels"] = [one for one in (row["labels"] or "").split("|") if one and one != "[]"]
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
