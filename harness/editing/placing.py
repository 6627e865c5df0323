"""Files put into a corpus's groups, all or none: prepared beside their place, and taken back where that fails."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import AskedWrongly
from harness.files import locked, sync_folder, write_atomically

File = tuple[str, bytes]  # name inside the group's folder, content


def place(folder: Path, files: Iterable[tuple[str, Sequence[File]]], name: str) -> None:
    """Put files into groups below `folder`: (group, files) at a time, whole groups by one rename.

    An interruption takes back what had been put in place. A kill leaves the staging folder `.import-…`, from which
    the next call knows what stands half and takes that back first. One call at a time: another waits.
    """
    folder.mkdir(exist_ok=True)
    with locked(folder):
        take_back_leftovers(folder)
        _place(folder, files, name)


def _place(folder: Path, files: Iterable[tuple[str, Sequence[File]]], name: str) -> None:
    staging = folder / f".import-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    placed: list[tuple[Path, Path]] = []
    try:
        groups: set[str] = set()
        for group, some in files:
            groups.add(group)
            (staging / group).mkdir(parents=True, exist_ok=True)
            for file, data in some:
                _write(staging / group / file, data)
        for group in sorted(groups):
            sync_folder(staging / group)
            _put(staging / group, folder / group, placed)
        sync_folder(folder)
        done = folder / f".imported-{staging.name.removeprefix('.import-')}"
        if staging.exists():
            staging.rename(done)  # from here on nothing is taken back, whatever happens
            staging = done
    except BaseException:
        for prepared, final in reversed(placed):
            _take_back(prepared, final)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    """A file made durable; nobody looks at it before it is moved, so it need not be written beside and renamed."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put(prepared: Path, final: Path, placed: list[tuple[Path, Path]]) -> None:
    """A prepared group into its place: the whole folder, or file by file where the group is there already.

    A file that is copied stays in the staging folder too, since that is how a leftover tells what it had placed.
    """
    if not final.exists():
        placed.append((prepared, final))
        prepared.rename(final)
        return
    for path in sorted(prepared.iterdir()):
        target = final / path.name
        if target.exists():
            raise AskedWrongly(f"{target} was made by somebody else meanwhile. Import again.")
        placed.append((path, target))
        write_atomically(target, path.read_bytes())


def _take_back(prepared: Path, final: Path) -> None:
    if prepared.is_file():
        final.unlink(missing_ok=True)
    elif not prepared.exists() and final.is_dir():  # moved: what stands there is ours
        shutil.rmtree(final)


def half_placed(folder: Path) -> set[Path]:
    """The files that a killed import had put into groups which were there before."""
    found = set()
    for left in folder.glob(".import-*"):
        for staged in left.glob("*/*"):
            final = folder / staged.relative_to(left)
            if final.is_file() and final.read_bytes() == staged.read_bytes():
                found.add(final)
    return found


def take_back_leftovers(folder: Path) -> None:
    """Remove what a killed import left behind; the groups that it had finished stay."""
    for path in half_placed(folder):
        path.unlink()
    for left in sorted(folder.glob(".import*-*")):
        shutil.rmtree(left)
