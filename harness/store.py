"""The content-addressed store: a key made of identities -> the answers, or the scores, that came of it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness import predictions
from harness.annotations import Annotations
from harness.errors import HarnessError
from harness.files import canonical, digest_bytes, sweep, write_atomically
from harness.records import Items

NAME = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{16}\.jsonl?")


class Store:
    """A folder of finished cells. With `again`, what is there is not looked at, and every cell is run and kept anew.

    A file is written whole, and its name holds the digest of its bytes: what was damaged since is not believed.
    """

    def __init__(self, root: Path, *, again: bool = False) -> None:
        self.root, self.again = root, again

    def get(self, key: str, test: Items, asked: Annotations) -> Annotations | None:
        """The stored answers to these items, of the kind and labels asked for, or None."""
        for path, _ in self._whole(key, "jsonl"):
            try:
                return predictions.read(path, test, asked.kind, asked.labels)
            except HarnessError:  # somebody else's bytes: the cell is run again
                continue
        return None

    def put(self, key: str, predicted: Annotations) -> str:
        """Keep the answers of a finished cell and no others of it; the digest in their name, as `held` tells it."""
        return self._put(key, "jsonl", predictions.to_bytes(predicted))

    def __contains__(self, key: str) -> bool:
        """Whether answers are there that are still whole."""
        return self.held(key) is not None

    def held(self, key: str) -> str | None:
        """The digest in the name of the answers that `get` gives, where they are still whole; None where none are."""
        return next((path.name.split(".")[1] for path, _ in self._whole(key, "jsonl")), None)

    def scores(self, key: str) -> Any | None:
        """What was kept of a result under this key, or None."""
        return next((msgspec.json.decode(data) for _, data in self._whole(key, "json")), None)

    def put_scores(self, key: str, value: Any) -> None:
        """Keep what need not be counted and drawn again: a value that canonical JSON can write."""
        self._put(key, "json", canonical(value))

    def sweep(self) -> None:
        """Remove what writers that were killed have left half written."""
        sweep(self.root)

    def unused(self, since: float) -> Iterator[os.DirEntry[str]]:
        """The files that were neither written nor read since then, in seconds since 1970. No link is followed."""
        if not self.root.is_dir():
            return
        for folder in os.scandir(self.root):
            if len(folder.name) == 2 and folder.is_dir(follow_symlinks=False):
                for file in os.scandir(folder):
                    own = NAME.fullmatch(file.name) and file.name.startswith(folder.name)
                    if own and file.is_file(follow_symlinks=False) and file.stat().st_mtime < since:
                        yield file

    def _whole(self, key: str, suffix: str) -> Any:
        """The files of a key that hold the bytes they were written with, and those."""
        if self.again:
            return
        folder = self.root / key[:2]
        names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208
        for name in sorted(name for name in names if name.startswith(f"{key}.") and name.endswith(f".{suffix}")):
            path = folder / name
            try:
                data = path.read_bytes()
            except OSError:
                continue
            if name == _name(key, data, suffix):
                with contextlib.suppress(OSError):  # a store that may only be read
                    os.utime(path)
                yield path, data

    def _put(self, key: str, suffix: str, data: bytes) -> str:
        own, folder = _name(key, data, suffix), self.root / key[:2]
        write_atomically(folder / own, data)
        for name in os.listdir(folder):  # noqa: PTH208
            if name != own and name.startswith(f"{key}.") and name.endswith(f".{suffix}"):
                (folder / name).unlink(missing_ok=True)  # of another time that this was run
        return own.split(".")[1]


def _name(key: str, data: bytes, suffix: str) -> str:
    return f"{key}.{digest_bytes(data)[:16]}.{suffix}"
