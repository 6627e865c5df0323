"""Files with a document each, and JSON files that hold one item, a list of them, or one a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import Problem
from harness.files import parse_object, read_text
from harness.parts import Row

LINK = ("a link, which is not followed", "Put the file itself there.")  # it may lead out of the folder


def files_in(path: Path, suffixes: tuple[str, ...], problems: list[Problem]) -> list[Path]:
    """The file itself, or the files of a folder that end so, by name; that there is none is noted."""
    if path.is_dir():
        before = len(problems)
        found = own_files(path, suffixes, problems)
        if not found and len(problems) == before:
            problems.append(Problem(str(path), 0, f"no file that ends in {' or '.join(suffixes)}", "Name the folder."))
        return found
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        remedy = "Check that it is there and that you may read it."
        problems.append(Problem(str(path), 0, f"cannot be read ({why})", remedy))
        return []
    return [path]


def own_files(folder: Path, suffixes: tuple[str, ...], problems: list[Problem]) -> list[Path]:
    """The files of a folder, and of those in it, that end so, by name; links are noted, not followed."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            if path.name.endswith(suffixes) or path.is_dir():
                problems.append(Problem(str(path), 0, *LINK))
        elif path.name.endswith(suffixes) and path.is_file():
            found.append(path)
    return found


def file_names(rows: Iterable[Row], suffix: str) -> Iterator[str]:
    """A name of its own for each row's file, made of group, id and annotator."""
    taken: set[str] = set()
    for row in rows:
        parts = [str(row[key]) for key in ("group", "id", "annotator") if row.get(key)]
        stem = re.sub(r"[^\w.-]+", "-", ".".join(parts)).strip(".-")[:100] or "document"
        name, more = stem, 1
        while name.lower() in taken:  # which are one file where the system does not tell case
            more += 1
            name = f"{stem}-{more}" if more < 100 else f"{stem}-{len(taken)}-{more}"
        taken.add(name.lower())
        yield name + suffix


def json_items(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Any]]:
    """Number and value of each item of a JSON file: the members of a list, one value alone, or one a line."""
    place = str(path)
    text = read_text(path, place, problems)
    text = (text or "").removeprefix("\ufeff").rstrip(" \t\r\n")
    if not text.strip():
        if not problems:
            problems.append(Problem(place, 0, "nothing in it", "Check that it is the right file."))
        return
    lines = text.split("\n")
    if len(lines) > 1 and _value(lines[0], place, 1, []) is not ...:
        items = (
            (number, _value(line, place, number, problems)) for number, line in enumerate(lines, 1) if line.strip()
        )
        yield from ((number, value) for number, value in items if value is not ...)
        return
    value = _value(text, place, 1, problems)
    if value is not ...:
        yield from enumerate(value if isinstance(value, list) and not _is_pair(value) else [value], 1)


def _is_pair(value: list[Any]) -> bool:
    """Whether a list is no list of items but one by itself: a text and what is said of it."""
    return len(value) > 1 and isinstance(value[0], str)


def _value(text: str, place: str, number: int, problems: list[Problem]) -> Any:
    """The value of a JSON text, `Ellipsis` where it is none."""
    said = parse_object(f'{{"":{text}}}', place, number, problems)
    if said is None or said.keys() != {""}:
        if said is not None:
            problems.append(Problem(place, number, "malformed JSON", "Write one value."))
        return ...
    return said[""]
