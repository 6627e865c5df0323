"""The content-addressed store of finished cells: a key made of identities -> the answers that came of it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

from harness import predictions
from harness.annotations import Annotations
from harness.errors import HarnessError
from harness.files import digest, digest_bytes, write_atomically
from harness.parts import Task
from harness.records import Items
from harness.version import VERSION


def key_of(train: Task, test: Items, model: str, code: bytes, libraries: Sequence[str], seed: int) -> str:
    """The identity of everything that may change the answers of one cell.

    Texts and gold that are learned from, texts that are answered, the model with its settings, the code of its
    adapter, the versions of the harness, of Python (its tables of characters) and of the libraries, and the seed.
    """
    return digest(
        {
            "train": [train.items.digest, train.gold.digest],
            "test": test.digest,
            "model": model,
            "code": digest_bytes(code),
            "versions": {"harness": VERSION, "python": platform.python_version(), **_versions(libraries)},
            "seed": seed,
        }
    )


def _versions(libraries: Sequence[str]) -> dict[str, str]:
    try:
        return {name: version(name) for name in libraries}
    except PackageNotFoundError as missing:
        raise HarnessError(f"the model needs {missing.name}, which is not installed.") from None


class Store:
    """A folder of finished cells. With `again`, what is there is not looked at, and every cell is run and kept anew.

    A file is written whole, and its name holds the digest of its bytes: what was damaged since is not believed.
    """

    def __init__(self, root: Path, *, again: bool = False) -> None:
        self.root, self.again = root, again

    def get(self, key: str, test: Items, asked: Annotations) -> Annotations | None:
        """The stored answers to these items, of the kind and labels asked for, or None."""
        if self.again:
            return None
        for path in sorted(self._folder(key).glob(f"{key}.*.jsonl")):
            try:
                if path.name == self._name(key, path.read_bytes()):
                    return predictions.read(path, test, asked.kind, asked.labels)
            except (HarnessError, OSError):  # somebody else's bytes: the cell is run again
                continue
        return None

    def put(self, key: str, predicted: Annotations) -> None:
        """Keep the answers of a finished cell, under a name that tells whether they are still whole."""
        data = predictions.to_bytes(predicted)
        write_atomically(self._folder(key) / self._name(key, data), data)

    def _folder(self, key: str) -> Path:
        return self.root / key[:2]

    def _name(self, key: str, data: bytes) -> str:
        return f"{key}.{digest_bytes(data)[:16]}.jsonl"


def libraries_of(module: Any) -> tuple[str, ...]:
    """The libraries that a model's module says its answers depend on; where it says nothing, all there are."""
    said = getattr(module, "LIBRARIES", None)
    if said is not None:
        return tuple(said)
    return tuple(sorted({d.metadata["Name"] for d in distributions() if d.metadata["Name"]}))
