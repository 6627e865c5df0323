"""The content-addressed store of finished cells: a key made of identities -> the answers that came of it."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import predictions
from harness.files import digest, digest_bytes
from harness.parts import Task
from harness.records import Annotations


def key_of(train: Task, test: Task, model: str, code: bytes, libraries: tuple[str, ...], seed: int) -> str:
    """The identity of everything that may change the answers of one cell.

    Texts and gold that are learned from, texts that are answered, the model with its settings, the code of its
    adapter, the versions of its libraries, and the seed.
    """
    return digest(
        {
            "train": [_items(train), _answers(train.gold)],
            "test": _items(test),
            "kind": train.gold.kind,
            "labels": list(train.gold.labels),
            "model": model,
            "code": digest_bytes(code),
            "libraries": {name: _version(name) for name in libraries},
            "seed": seed,
        }
    )


def _items(task: Task) -> str:
    """Digest of all columns but the split, which no answer may depend on."""
    sums = hashlib.sha256()
    for name in sorted(task.items.columns):
        if name != "split":
            for value in (name, *task.items[name]):
                raw = value.encode("utf-8", "surrogatepass")
                sums.update(len(raw).to_bytes(8, "little") + raw)
    return sums.hexdigest()


def _answers(annotations: Annotations) -> str:
    columns = (
        annotations.status,
        annotations.codes,
        annotations.offsets,
        annotations.starts,
        annotations.ends,
    )
    sums = hashlib.sha256()
    for column in columns:
        raw = b"" if column is None else column.tobytes()
        sums.update(len(raw).to_bytes(8, "little") + raw)
    return sums.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


class Store:
    """A folder of finished cells. A file is written whole or not at all, so what is there can be trusted."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str, test: Task) -> Annotations | None:
        """The stored answers to these items, or None."""
        path = self._path(key)
        if not path.is_file():
            return None
        return predictions.read(path, test.items, test.gold.kind, test.gold.labels)

    def put(self, key: str, predicted: Annotations) -> None:
        """Keep the answers of a finished cell."""
        predictions.write(self._path(key), predicted)

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.jsonl"


def libraries_of(module: Any) -> tuple[str, ...]:
    """The libraries that a model's module says its answers depend on."""
    return tuple(getattr(module, "LIBRARIES", ()))
