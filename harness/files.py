"""Bytes on disk: canonical JSON, JSON lines, TOML, digests and atomic writes, every error with its line."""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import os
import platform
import re
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from harness.errors import Problem, ProblemsFound
from harness.strict import DEEPEST, TOO_DEEP, Refused, parse_object, refuse_depth
from harness.strict import same as _same

_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]  # in the names of temporary files
CHUNK = 1 << 20  # bytes of whole lines that are read together
LONGEST_LINE = 64 << 20  # bytes; a small packed file may hold one without end
TOO_LONG = ("a line of more than 64 MiB", "Check that it is the right file.")


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


def digest_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes, read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compact(value: object) -> str:
    """One line of JSON, keys in the order given, text unescaped: how annotation lines are written."""
    return msgspec.json.encode(value).decode()


def write_atomically(path: Path, data: bytes) -> None:
    """Write whole or not at all: a temporary file beside the target, fsync, replace.

    A kill at any moment leaves the old file or the new one. Folders that are missing are made.
    """
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{_HOST}-{os.getpid()}-", suffix=".tmp")
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


def sweep(folder: Path) -> None:
    """Remove from a folder, and those in it, the temporary files of processes of this machine that were killed."""
    for path in left_over(folder):
        path.unlink(missing_ok=True)


def left_over(folder: Path) -> list[Path]:
    """Those temporary files."""
    named = ((path, path.name.split("-")[1]) for path in folder.rglob(f".{_HOST}-*.tmp"))
    return [path for path, process in named if process.isdigit() and not _alive(int(process))]


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # else it is somebody else's
    return True


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


class Readable(Protocol):
    """What holds the bytes of a file: a Path, or something lighter."""

    def read_bytes(self) -> bytes:
        """All of them. Raises OSError."""


def read_text(path: Readable, place: str, problems: list[Problem]) -> str | None:
    """The text of a file exactly as stored, or None with the problem noted.

    `place` is the name that messages give the file. Nothing is normalised, no line end is changed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        remedy = "Check that it is there and that you may read it."
        problems.append(Problem(place, 0, f"cannot be read ({error.strerror})", remedy))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
        problems.append(Problem(place, line, found, "Save the file as UTF-8."))
        return None


def read_json(path: Readable, place: str, problems: list[Problem]) -> dict[str, Any] | None:
    """A file that holds one JSON object, on one line or many."""
    text = _without_mark(read_text(path, place, problems), place, problems)
    return None if text is None else parse_object(text.rstrip("\n"), place, 1, problems)


def _without_mark(text: str | None, place: str, problems: list[Problem]) -> str | None:
    """The text without a byte order mark, which is noted."""
    if text is None or not text.startswith("\ufeff"):
        return text
    problems.append(Problem(place, 1, "starts with a byte order mark", "Save it as UTF-8 without BOM."))
    return text[1:]


def read_json_lines(path: Readable, place: str, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object for each line of a small JSON-lines file; lines are split on newline alone."""
    text = _without_mark(read_text(path, place, problems), place, problems)
    lines = text.removesuffix("\n").split("\n") if text else []
    if together := _read_together((text or "").encode(), len(lines)):
        yield from enumerate(together, 1)
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            problems.append(Problem(place, number, "an empty line", "Remove it."))
        elif (value := parse_object(line, place, number, problems)) is not None:
            yield number, value


def _read_together(data: bytes, lines: int) -> list[dict[str, Any]]:
    """The objects of so many lines that are all as `parse_object` takes them the quick way; else none."""
    # Each line that is an object has a bracket: of so few more than lines, no line has too many.
    few = data.count(b"[") + data.count(b"{") < DEEPEST + lines
    if not few and any(line.count(b"[") + line.count(b"{") > DEEPEST for line in data.split(b"\n")):
        return []
    try:
        values = msgspec.json.Decoder().decode_lines(data)
        same = _same(msgspec.json.Encoder().encode_lines(values), data)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return []
    return values if same and len(values) == lines and all(isinstance(one, dict) for one in values) else []


def stream_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object for each line of a large JSON-lines file, read as a stream, unpacked where it ends in .gz.

    Raises ProblemsFound at the end, with every line that could not be read.
    """
    problems, number = list[Problem](), 1
    try:
        with opened(path) as file:
            while some := file.read(CHUNK):
                rest = file.readline(LONGEST_LINE + 1)
                lines = io.BytesIO(some + rest).readlines()
                long = lines.pop() if len(rest) > LONGEST_LINE else b""
                yield from _streamed(lines, number, str(path), problems)
                number += len(lines)
                if long:
                    raise ProblemsFound([*problems, Problem(str(path), number, *TOO_LONG)])
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ProblemsFound([Problem(str(path), 0, f"cannot be read ({why})", "Check the path.")]) from None
    if problems:
        raise ProblemsFound(problems)


def _streamed(
    lines: list[bytes], first: int, place: str, problems: list[Problem]
) -> Iterator[tuple[int, dict[str, Any]]]:
    if together := _read_together(b"".join(lines), len(lines)):
        yield from enumerate(together, first)
        return
    for number, raw in enumerate(lines, first):
        try:
            line = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            problems.append(Problem(place, number, "bytes that are not UTF-8", "Save as UTF-8."))
            continue
        line = line.removeprefix("\ufeff") if number == 1 else line
        if line.strip() and (value := parse_object(line, place, number, problems)) is not None:
            yield number, value


def opened(path: Path) -> IO[bytes]:
    """A file to read from, unpacked where it ends in .gz."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def write_json_lines(path: Path, values: Iterable[object]) -> None:
    """Write objects one a line, atomically."""
    write_atomically(path, b"".join(msgspec.json.encode(value) + b"\n" for value in values))


def read_toml(path: Readable, place: str, problems: list[Problem]) -> tuple[dict[str, Any], TomlLines]:
    """A TOML file as a dictionary, and where its keys stand; an empty one with the problem noted."""
    text = _without_mark(read_text(path, place, problems), place, problems)
    if text is None:
        return {}, TomlLines("")
    try:
        table = tomllib.loads(text)
        refuse_depth(table)
        repr(table)  # refuses integers too long to print, which hexadecimal digits can write
        return table, TomlLines(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(at[1]) if at else text.rstrip("\n").count("\n") + 1
        column = f" at column {at[2]}" if at else ""
        found = f"malformed TOML{column}: " + re.sub(r" \(at .*\)$", "", str(error))
        problems.append(Problem(place, line, found, "Mend the line."))
    except (RecursionError, Refused):
        problems.append(Problem(place, 0, *TOO_DEEP))
    except ValueError:
        problems.append(Problem(place, 0, "an integer that is too big", "Write a smaller number."))
    return {}, TomlLines("")


class TomlLines:
    """Line numbers of the keys of a TOML text, for messages: `lines("layers", "stance", "labels")`.

    The tables of an array are counted from 0: `lines("tasks", "1", "corpus")`.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @functools.cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        key = r'(?:"(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+)'
        path = rf"{key}(?:\s*\.\s*{key})*"
        many: dict[tuple[str, ...], int] = {}
        for number, line in enumerate(self._text.split("\n"), 1):
            if match := re.match(rf"\s*(\[\[?)\s*({path})\s*\]", line):
                table = _toml_path(match[2])
                lines.setdefault(table, number)
                if match[1] == "[[":
                    many[table] = many.get(table, -1) + 1
                    table = (*table, str(many[table]))
                    lines[table] = number
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


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone in a folder among processes that ask for the same; waits for its turn, ends with the process."""
    if os.name == "nt":  # no such lock on folders there
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
