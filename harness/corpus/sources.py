"""Where the files of a corpus's groups come from; and the first of the two forms, a folder a group."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from harness.errors import Problem, shown
from harness.files import Readable
from harness.records import Document

Tell = Callable[[int, int], None]  # done, total
MANIFEST = "build.json"
CHUNK = 1 << 16  # bytes read at once
READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)  # which Windows needs and others lack
SHARD = re.compile(r"documents-\d{5}-of-\d{5}\.parquet")


class Group(Protocol):
    """The files of one group, wherever they lie."""

    @property
    def name(self) -> str:
        """As it is in the ids of its documents."""

    @property
    def place(self) -> str:
        """What messages call it: `documents/GROUP`, in either form."""

    def names(self, problems: list[Problem]) -> list[str]:
        """Its files, sorted; what is none is noted."""

    def file(self, name: str) -> Readable:
        """One of its files, to be read."""

    def compare(self, documents: Sequence[Document], problems: list[Problem]) -> None:
        """Note where its form says of a document, beside the files, what the files do not say."""


def is_built(root: Path) -> bool:
    """Whether a corpus stands here in its Parquet form, whole or not."""
    try:
        return any(name == MANIFEST or SHARD.fullmatch(name) for name in os.listdir(root))  # noqa: PTH208
    except (OSError, ValueError):
        return False


def folder_groups(root: Path, problems: list[Problem], tell: Tell) -> Iterator[Group]:
    """The groups in the folder `documents`, sorted; what stands there and is none is noted."""
    folder = root / "documents"
    if folder.is_symlink() and not inside(root, folder):
        problems.append(Problem("documents", 0, "a link that leads out of the corpus", "Put the folder itself here."))
        return
    if not folder.is_dir():
        remedy = "Make documents/GROUP/ID.txt, or import: harness import FILE --to CORPUS --as csv."
        problems.append(Problem("documents", 0, "the folder is missing", remedy))
        return
    entries = _entries(folder, "documents", problems)
    for done, entry in enumerate(entries):
        tell(done, len(entries))
        place = f"documents/{shown(entry.name)}"
        if entry.name.startswith((".import-", ".imported-")):
            problems.append(
                Problem(place, 0, "left over from an import that was killed", "Import again, or remove it.")
            )
        elif entry.name == ".gitkeep":
            continue
        elif (kind := _kind(root, entry)) == "folder":
            yield GroupFolder(root, entry.name, entry.path, place)
        else:
            found = "a file that belongs to no group" if kind == "file" else kind
            problems.append(Problem(place, 0, found, "Documents stand in documents/GROUP/; move or remove it."))
    tell(len(entries), len(entries))


def all_of(handle: int, chunk: int) -> bytes:
    """What is left of an open file, so many bytes at a time."""
    data = os.read(handle, chunk)
    while more := os.read(handle, chunk):
        data += more
    return data


class _Plain:
    """A file by its path: of many small files, making a Path and a buffered reader takes more than the reading."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read_bytes(self) -> bytes:
        handle = os.open(self.path, READ)
        try:
            return all_of(handle, CHUNK)
        finally:
            os.close(handle)


class GroupFolder:
    """A group that is a folder on disk."""

    def __init__(self, root: Path, name: str, folder: str, place: str) -> None:
        self.root, self.name, self.folder, self.place = root, name, folder, place

    def names(self, problems: list[Problem]) -> list[str]:
        names = []
        for entry in _entries(self.folder, self.place, problems):
            if (kind := _kind(self.root, entry)) == "file":
                names.append(entry.name)
            else:
                found = "a folder inside a group" if kind == "folder" else kind
                place = f"{self.place}/{shown(entry.name)}"
                problems.append(Problem(place, 0, found, "Groups hold plain files only; move it."))
        return names

    def file(self, name: str) -> Readable:
        return _Plain(f"{self.folder}{os.sep}{name}")

    def compare(self, documents: Sequence[Document], problems: list[Problem]) -> None:
        """A folder holds its files and nothing beside them."""


def _entries(folder: str | Path, place: str, problems: list[Problem]) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        found = f"cannot be read ({error.strerror})"
        problems.append(Problem(place, 0, found, "Check that you may read the folder."))
        return []


def _kind(root: Path, entry: os.DirEntry[str]) -> str:
    """`file`, `folder`, or what it is instead."""
    if not entry.is_symlink():  # told by the folder's listing, without asking the disk again
        return "file" if entry.is_file() else "folder" if entry.is_dir() else "no plain file"
    path = Path(entry.path)
    if not inside(root, path):
        return "a link that leads out of the corpus"
    return "file" if path.is_file() else "folder" if path.is_dir() else "a link to nothing"


def inside(root: Path, path: Path) -> bool:
    """Whether a path, symbolic links followed, stays inside a folder; links that go in circles do not."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a circle of links is a RuntimeError before Python 3.13
        return False
