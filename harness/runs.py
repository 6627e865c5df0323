"""The folder of a run: what was planned, whether it came to its end, one folder for each result; and all of them."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, ProblemsFound
from harness.files import canonical, sweep, write_atomically
from harness.result import PACKED, Kept, read

STATE = "run.json"
RESULT = "content.json"
REPORT, REPORT_OF = "report.html", "report.of"  # the page that tells the run, and the results that it tells
OWN = (STATE, REPORT, REPORT_OF)
FILES = (RESULT, "provenance.json", "predictions.jsonl")
RESULTS = (f"*/*/{RESULT}", f"*/*/seed-*/{RESULT}")  # where a run writes them


@dataclass(frozen=True)
class Run:
    """A folder of results; `run.json` in it says whether all that was planned has ended."""

    folder: Path
    said: dict[str, Any]

    @classmethod
    def begin(
        cls, folder: Path, benchmark: str, planned: int, sources: Mapping[str, Any] | None = None, file: str = ""
    ) -> Run:
        """A run that has begun and not ended: so it stands on disk until `end`, however it is broken off.

        `sources` tell for each task where its gold can be read again, `file` the benchmark that was run.
        """
        sweep(folder)
        state = {"planned": planned, "complete": False, "failures": []}
        run = cls(folder, {"benchmark": benchmark, "file": file, "tasks": dict(sources or {}), **state})
        run._write()
        return run

    def folder_of(self, task: str, model: str, seed: int | None = None) -> Path:
        """Where a result stands; one of several trainings has its seed in the path."""
        own = self.folder / task / model
        return own if seed is None else own / f"seed-{seed}"

    def drop(self, place: Path) -> None:
        """Remove the result of an earlier run, if one is there: its files, and the folders that are then empty."""
        for name in (*FILES, PACKED):
            (place / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something else is in it, or it was never there
            while place != self.folder:
                place.rmdir()
                place = place.parent

    def keep_only(self, places: Collection[Path]) -> int:
        """Drop the results of earlier runs that stand at none of these places; how many they were."""
        found = {path.parent for pattern in RESULTS for path in self.folder.glob(pattern)} - {*places}
        whole = self.folder.resolve()
        inside = [place for place in found if place.resolve() == whole / place.relative_to(self.folder)]  # no links
        written = [place for place in inside if (place / "provenance.json").is_file()]
        for place in written:
            self.drop(place)
        return len(written)

    def end(self, failures: list[str]) -> None:
        """Say that all that was planned has ended, and what failed."""
        self.said.update(complete=True, failures=failures)
        self._write()

    def _write(self) -> None:
        write_atomically(self.folder / STATE, canonical(self.said))


@dataclass(frozen=True)
class Stored:
    """A run's folder as it stands on disk."""

    folder: Path
    said: Mapping[str, Any]  # what its run.json says; nothing where an old folder has none, or it cannot be read
    files: tuple[Path, ...]
    size: int  # bytes
    written: float  # when its newest file was written, in seconds since 1970
    foreign: tuple[Path, ...] = field(default=())  # what no run has written, links among them

    @property
    def results(self) -> int:
        """How many results it holds."""
        return sum(path.name == RESULT for path in self.files)


def results_in(folder: Path) -> dict[tuple[str, str], Kept]:
    """The results of a run by task and model; of several trainings, each with its seed: `tfidf/seed-14`.

    Raises ProblemsFound with every one that is broken.
    """
    found, problems = {}, []
    for path in sorted(folder.rglob(RESULT)):
        task, _, model = path.parent.relative_to(folder).as_posix().partition("/")
        try:
            found[task, model] = read(path.parent)
        except ProblemsFound as error:
            problems += error.problems
    if problems:
        raise ProblemsFound(problems)
    return found


def runs_in(root: Path) -> list[Stored]:
    """The runs in a folder, the newest first: folders that hold a run.json, or results. No link is followed.

    Raises AskedWrongly where the folder itself is a run.
    """
    if (root / STATE).exists():
        raise AskedWrongly(f"{root} is one run. Name the folder that it stands in.")
    if not root.is_dir():
        return []
    folders = [Path(entry) for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    found = [run for folder in folders if (run := _stored(folder))]
    return sorted(found, key=lambda run: (-run.written, run.folder))


def _stored(folder: Path) -> Stored | None:
    files: dict[Path, os.stat_result] = {}
    foreign = []
    for entry in _entries(folder):
        path, about = Path(entry), entry.stat(follow_symlinks=False)
        if entry.is_file(follow_symlinks=False) and (entry.name in FILES or path in [folder / name for name in OWN]):
            files[path] = about
        else:
            foreign.append(path)
    if not any(path.name in (STATE, RESULT) for path in files):
        return None
    try:
        said = json.loads((folder / STATE).read_bytes()) if folder / STATE in files else {}
    except ValueError:
        said = {}
    size, written = sum(one.st_size for one in files.values()), max(one.st_mtime for one in files.values())
    return Stored(folder, said if isinstance(said, dict) else {}, tuple(files), size, written, tuple(foreign))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All that is no folder, in it and below, but temporary files: those come and go."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry))
        elif not entry.name.endswith(".tmp"):
            yield entry


def remove(run: Stored) -> None:
    """Remove the files of a run, and the folders that are then empty. What no run has written stays."""
    for path in run.files:
        path.unlink(missing_ok=True)
    for folder, *_ in os.walk(run.folder, topdown=False):
        with contextlib.suppress(OSError):  # something else is in it
            Path(folder).rmdir()
