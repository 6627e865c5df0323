"""Bytes on disk: canonical JSON, JSON lines, TOML, digests and atomic writes, every error with its line."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from harness.errors import Problem, ProblemsFound, quote

BIGGEST_INTEGER = 2**53 - 1  # what every JSON reader keeps exactly


def canonical(value: object) -> bytes:
    """Canonical JSON (RFC 8785): the same value gives the same bytes on every machine."""
    import rfc8785

    return rfc8785.dumps(value)  # type: ignore[arg-type]


def digest(value: object) -> str:
    """The identity of a value: hexadecimal SHA-256 of its canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of bytes as they are."""
    return hashlib.sha256(data).hexdigest()


def compact(value: object) -> str:
    """One line of JSON, keys in the order given, text unescaped: how annotation lines are written."""
    return msgspec.json.encode(value).decode()


def write_atomically(path: Path, data: bytes) -> None:
    """Write whole or not at all: a temporary file beside the target, fsync, replace.

    A kill at any moment leaves the old file or the new one. Folders that are missing are made.
    """
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system allows it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- reading -----------------------------------------------------------------------------------------


def read_text(path: Path, place: str, problems: list[Problem]) -> str | None:
    """The text of a file exactly as stored, or None with the problem noted.

    `place` is the name that messages give the file. Nothing is normalised, no line end is changed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.append(Problem(place, 0, f"cannot be read ({error.strerror})", "Check that it is there."))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
        problems.append(Problem(place, line, found, "Save the file as UTF-8."))
        return None


def parse_object(line: str, place: str, number: int, problems: list[Problem]) -> dict[str, Any] | None:
    """One JSON object from one line; malformed JSON, duplicate keys and other types are noted as problems.

    The quick way is taken where the line is its own canonical form, which leaves no room for a duplicate key.
    """
    try:
        value = msgspec.json.decode(line)
        if isinstance(value, dict) and msgspec.json.encode(value) == line.encode():
            return value
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass
    import json

    try:
        value = json.loads(line, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        row = number + error.lineno - 1
        found = f"malformed JSON at column {error.colno}: {error.msg}"
        problems.append(Problem(place, row, found, "Mend the line; each line is one JSON object."))
    except RecursionError:
        problems.append(Problem(place, number, "JSON nested too deep", "Mend the line."))
    except ValueError as error:
        problems.append(Problem(place, number, str(error), "Keep one of them."))
    else:
        if isinstance(value, dict):
            return value
        found = f"a JSON {_json_type(value)} where an object was expected"
        problems.append(Problem(place, number, found, 'Write one {"key": value} object.'))
    return None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"duplicate key {quote(twice)}")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _json_type(value: object) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def read_json(path: Path, place: str, problems: list[Problem]) -> dict[str, Any] | None:
    """A file that holds one JSON object, on one line or many."""
    text = read_text(path, place, problems)
    return None if text is None else parse_object(text.rstrip("\n"), place, 1, problems)


def read_json_lines(path: Path, place: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object for each line of a small JSON-lines file; lines are split on newline alone."""
    text = read_text(path, place, problems)
    if text is None:
        return
    if text.startswith("\ufeff"):
        problems.append(Problem(place, 1, "starts with a byte order mark", "Save it as UTF-8 without BOM."))
        text = text[1:]
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            problems.append(Problem(place, number, "an empty line", "Remove it."))
            continue
        value = parse_object(line, place, number, problems)
        if value is not None:
            yield number, value


def stream_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object for each line of a large JSON-lines file, read as a stream.

    Raises ProblemsFound at the end, with every line that could not be read.
    """
    problems: list[Problem] = []
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                try:
                    line = raw.decode().rstrip("\r\n")
                except UnicodeDecodeError:
                    problems.append(Problem(str(path), number, "bytes that are not UTF-8", "Save as UTF-8."))
                    continue
                if number == 1:
                    line = line.removeprefix("\ufeff")
                if line.strip():
                    value = parse_object(line, str(path), number, problems)
                    if value is not None:
                        yield number, value
    except OSError as error:
        raise ProblemsFound([Problem(str(path), 0, f"cannot be read ({error.strerror})", "Check the path.")]) from None
    if problems:
        raise ProblemsFound(problems)


def write_json_lines(path: Path, values: Iterable[object]) -> None:
    """Write objects one a line, atomically."""
    write_atomically(path, b"".join(msgspec.json.encode(value) + b"\n" for value in values))


# --- TOML --------------------------------------------------------------------------------------------


def read_toml(path: Path, place: str, problems: list[Problem]) -> tuple[dict[str, Any], TomlLines]:
    """A TOML file as a dictionary, and where its keys stand; an empty one with the problem noted."""
    text = read_text(path, place, problems)
    if text is None:
        return {}, TomlLines("")
    try:
        return tomllib.loads(text), TomlLines(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        found = "malformed TOML: " + re.sub(r" \(at .*\)$", "", str(error))
        problems.append(Problem(place, line, found, "Mend the line."))
        return {}, TomlLines("")


class TomlLines:
    """Line numbers of the keys of a TOML text, for messages: `lines("layers", "stance", "labels")`."""

    def __init__(self, text: str) -> None:
        self._text = text

    @functools.cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        key = r'(?:"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+)'
        path = rf"{key}(?:\s*\.\s*{key})*"
        for number, line in enumerate(self._text.split("\n"), 1):
            if match := re.match(rf"\s*\[\[?\s*({path})\s*\]", line):
                table = _toml_path(match[1])
                lines.setdefault(table, number)
            elif match := re.match(rf"\s*({path})\s*=", line):
                lines.setdefault(table + _toml_path(match[1]), number)
        return lines

    def __call__(self, *path: str) -> int:
        """The line of the key, or of the nearest table around it; 0 where nothing is known."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 0


def _toml_path(dotted: str) -> tuple[str, ...]:
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([A-Za-z0-9_-]+)', dotted)
    return tuple(next(part for part in group if part) if any(group) else "" for group in parts)


def to_toml(value: dict[str, Any]) -> str:
    """A dictionary as TOML text."""
    import tomli_w

    return tomli_w.dumps(value)


# --- folders -----------------------------------------------------------------------------------------


def inside(root: Path, path: Path) -> bool:
    """Whether a path, symbolic links followed, stays inside a folder."""
    return path.resolve().is_relative_to(root.resolve())
