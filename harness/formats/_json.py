"""Shared by formats that are JSON: the items of a file, the text among an item's fields, keys that are free."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, ProblemsFound, quote
from harness.files import compact, parse_object, read_text, stream_json_lines, write_atomically
from harness.parts import Row

PLAIN = ("id", "group", "split", "language")  # keys that mean the same wherever a tool keeps its metadata
OWN = (*PLAIN, "text", "annotator")  # keys of a row that no control and no metadata may take
BLANK = re.compile(r"[ \t\r\n]*")


class Unreadable(Exception):
    """What was found in an item and what to do about it, on its way to becoming a problem."""


def array_items(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object for each item of a file that is one JSON array; what cannot be read is noted."""
    place = str(path)
    text = read_text(path, place, problems)
    if text is None:
        return
    try:
        for number, item in enumerate(_items(text), 1):
            if (value := parse_object(item, place, number, problems)) is not None:
                yield number, value
    except json.JSONDecodeError as error:
        found = f"malformed JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        problems.append(Problem(place, 0, found, "Export one JSON array: [{…}, {…}]."))
    except RecursionError:
        problems.append(Problem(place, 0, "brackets nested too deep", "Export one JSON array: [{…}, {…}]."))


def _items(text: str) -> Iterator[str]:
    """The text of each item of a JSON array. Raises JSONDecodeError."""
    decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode  # where it ends counts, not what it is
    at = _after_blank(text, len(text) - len(text.removeprefix("\ufeff")))
    sign, wanted = text[at : at + 1], "["
    if sign == "[" and text.startswith("]", _after_blank(text, at + 1)):
        at, sign = _after_blank(text, at + 1), "]"
    while sign != "]":
        if sign != wanted:
            raise json.JSONDecodeError(f"Expecting '{wanted}'", text, at)
        at, wanted = _after_blank(text, at + 1), ","
        _, end = decode(text, at)
        yield text[at:end]
        at = _after_blank(text, end)
        sign = text[at : at + 1]
    if _after_blank(text, at + 1) < len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)


def _after_blank(text: str, at: int) -> int:
    match = BLANK.match(text, at)
    return match.end() if match else at


def json_lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object for each line of a file; what cannot be read is noted."""
    try:
        yield from stream_json_lines(path)
    except ProblemsFound as found:
        problems.extend(found.problems)


def write_items(path: Path, values: Iterable[object]) -> None:
    """Write one JSON array, an item a line, atomically."""
    write_atomically(path, "\n".join(["[", ",\n".join(map(compact, values)), "]", ""]).encode())


def text_of(fields: Mapping[str, Any], wanted: str, form: str) -> tuple[str, str]:
    """Key and text of an item: the field asked for, else `text`, else the only text there is. Raises Unreadable."""
    there = [key for key, value in fields.items() if isinstance(value, str) and key not in (*PLAIN, "annotator")]
    key = wanted or ("text" if "text" in there else there[0] if len(there) == 1 else "")
    if key in fields and isinstance(fields[key], str):
        return key, fields[key]
    if not there:
        raise Unreadable("no text among its fields", "Export the text itself, not an address or a file's name.")
    found = f"no text in field {quote(key)}" if key else f"{len(there)} texts"
    remedy = f"There are: {', '.join(map(quote, there))}. Say which: --as \"{form}(text='{there[0]}')\"."
    raise Unreadable(found, remedy)


def tables(table: Mapping[str, Any], key: str, place: str) -> list[dict[str, Any]]:
    """The list of objects under a key, empty where there is none. Raises Unreadable where it is something else."""
    value = table.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unreadable(f"{place}{key} is no list of objects", "Export the file again.")
    return value


def span_of(start: object, end: object, label: object, place: str) -> dict[str, Any]:
    """A span, its offsets as they stand. Raises Unreadable where they are no whole numbers, or the label no text."""
    if type(start) is not int or type(end) is not int:
        raise Unreadable(f"{place} has no start and end that are whole numbers", "Mend it, or remove it.")
    if not isinstance(label, str) or not label:
        raise Unreadable(f"{place} has no label", "Label it in the tool, or remove it there, and export again.")
    return {"start": start, "end": end, "label": label}


def put(row: Row, cells: Mapping[str, Any], free: Iterable[str] = ()) -> None:
    """Add cells to a row, with `_` behind a key that the row uses itself, unless it is `free` to be used."""
    for key, value in cells.items():
        name = key
        while name in row or (name in OWN and name not in free):
            name += "_"
        row[name] = value
