"""The identity of a corpus: a digest of everything that decides items, gold and scores, one document at a time."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from harness.corpus.schema import Schema
from harness.files import digest_bytes
from harness.records import Document

NOT_SCORED = ("pool", "settle")  # splits that no benchmark trains on or scores


class Identity:
    """Takes the documents of a corpus in their order, and keeps none of them.

    Of documents that no benchmark looks at, of remarks in free text, and of who suggested a line, it knows nothing.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._remarks = {
            name: {"suggested_by", *(field for field, kind in layer.fields.items() if kind == "text")}
            for name, layer in schema.layers.items()
        }
        self._sums = hashlib.sha256(b'{"documents":[')
        self._first = True

    def add(self, document: Document) -> None:
        """Take the next document."""
        if document.split in NOT_SCORED:
            return
        self._sums.update(b"" if self._first else b",")
        self._sums.update(_encode(self._content(document)))
        self._first = False

    def digest(self) -> str:
        """Hexadecimal SHA-256 of the schema and the documents taken so far."""
        sums = self._sums.copy()
        sums.update(b'],"schema":' + _encode(self._schema.identity()) + b"}")
        return sums.hexdigest()

    def _content(self, document: Document) -> dict[str, Any]:
        return {
            "id": document.id,
            "split": document.split,
            "language": document.language,
            "text": digest_bytes(document.text.encode()),
            "pairs": document.pairs,
            "names": [
                list(map(document.name_of, layer.of, pair))
                for layer in self._schema.layers.values()
                for pair in document.pairs.get(layer.name, ())
            ],
            "gold": {
                name: [{key: line[key] for key in line if key not in self._remarks[name]} for line in lines]
                for name, lines in document.gold.items()
            },
        }


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
