"""Files put into a corpus's groups, all or none: prepared beside their place, and taken back where that fails."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from harness.errors import AskedWrongly
from harness.files import locked, sync_folder, write_atomically

File = tuple[str, bytes]  # name inside the group's folder, content
BEFORE = ".before"  # in the staging folder: the files that are replaced, as they were; no group has such a name
MANY = 100  # files from which on all are made durable by one call


def place(
    folder: Path,
    files: Iterable[tuple[str, Sequence[File]]],
    name: str,
    before: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Put files into groups below `folder`: (group, files) at a time, whole groups by one rename.

    A file that is there already is replaced only where `before` has its content, under GROUP/NAME. An interruption
    takes back what had been put in place. A kill leaves the staging folder `.import-…`, from which the next call
    knows what stands half and takes that back first. One call at a time: another waits.
    """
    folder.mkdir(exist_ok=True)
    with locked(folder):
        take_back_leftovers(folder)
        _place(folder, files, name, before)


def _place(folder: Path, files: Iterable[tuple[str, Sequence[File]]], name: str, before: Mapping[str, bytes]) -> None:
    staging = folder / f".import-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    placed: list[tuple[Path, Path]] = []
    try:
        groups: set[str] = set()
        written: list[str] = []  # as texts: of many small files, making a Path takes longer than the writing
        for group, some in files:
            if group not in groups:
                if not groups:
                    staging.mkdir(parents=True, exist_ok=True)
                os.mkdir(f"{staging}{os.sep}{group}")  # noqa: PTH102
                groups.add(group)
            for file, data in some:
                written.append(f"{staging}{os.sep}{group}{os.sep}{file}")
                _write(written[-1], data)
        for file, data in before.items():
            (staging / BEFORE / file).parent.mkdir(parents=True, exist_ok=True)
            written.append(str(staging / BEFORE / file))
            _write(written[-1], data)
        _make_durable(staging, written)
        for group in sorted(groups):
            _put(staging / group, folder / group, placed, before)
        sync_folder(folder)
        done = folder / f".imported-{staging.name.removeprefix('.import-')}"
        placed.clear()  # from here on nothing is taken back, whatever happens
        if staging.exists():
            staging.rename(done)
            staging = done
    except BaseException:
        for prepared, final in reversed(placed):
            _take_back(prepared, final, before)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(path: str, data: bytes) -> None:
    """A file that nobody looks at before it is durable and moved, so it need not be written beside and renamed."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)


def _make_durable(staging: Path, files: Sequence[str]) -> None:
    """Have the disk take files and their names: many by one call where the system has it, else one after another."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if os.name == "posix" else None
    if syncfs and len(files) >= MANY:
        handle = os.open(staging, os.O_RDONLY)
        try:
            if syncfs(handle):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), str(staging))
        finally:
            os.close(handle)
        return
    for path in files:
        handle = os.open(path, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    for parent in sorted({Path(path).parent for path in files} | {staging} if files else ()):
        sync_folder(parent)


def _put(prepared: Path, final: Path, placed: list[tuple[Path, Path]], before: Mapping[str, bytes]) -> None:
    """A prepared group into its place: the whole folder, or file by file where the group is there already.

    A file stays in the staging folder too, since that is how a leftover tells what it had placed.
    """
    if not os.path.exists(final):  # noqa: PTH110
        placed.append((prepared, final))
        os.rename(prepared, final)  # noqa: PTH104
        return
    for path in sorted(prepared.iterdir()):
        target = final / path.name
        old = before.get(f"{final.name}/{path.name}")
        if target.exists() and (old is None or target.read_bytes() != old):
            raise AskedWrongly(f"{target} was made or changed by somebody else meanwhile. Import again.")
        placed.append((path, target))
        _settle(path, target, replace=old is not None)
    sync_folder(final)


def _settle(prepared: Path, target: Path, *, replace: bool) -> None:
    """One file into a group that is there, whole or not at all; it gets a second name where the disk can do that."""
    if not replace:
        try:
            os.link(prepared, target)
            return
        except FileExistsError:
            raise AskedWrongly(f"{target} was made by somebody else meanwhile. Import again.") from None
        except OSError:  # a disk without second names
            pass
    write_atomically(target, prepared.read_bytes())


def _take_back(prepared: Path, final: Path, before: Mapping[str, bytes]) -> None:
    if not prepared.is_file():
        if not prepared.exists() and final.is_dir():  # moved: what stands there is ours
            shutil.rmtree(final)
        return
    old = before.get(f"{final.parent.name}/{final.name}")
    if final.is_file() and final.read_bytes() == prepared.read_bytes():
        _restore(final, old)


def _restore(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink()
    else:
        write_atomically(path, old)


def half_placed(folder: Path) -> dict[Path, Path | None]:
    """The files that a killed import had put into groups which were there before, and what each had replaced."""
    found: dict[Path, Path | None] = {}
    for left in folder.glob(".import-*"):
        for staged in left.glob("*/*"):
            final = folder / staged.relative_to(left)
            if final.is_file() and final.read_bytes() == staged.read_bytes():
                old = left / BEFORE / staged.relative_to(left)
                found[final] = old if old.is_file() else None
    return found


def take_back_leftovers(folder: Path) -> None:
    """Remove what a killed import left behind; the groups that it had finished stay."""
    for path, old in half_placed(folder).items():
        _restore(path, old.read_bytes() if old else None)
    for left in sorted(folder.glob(".import*-*")):
        shutil.rmtree(left)
