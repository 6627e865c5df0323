"""Which document comes next: orders by what is not annotated, uncertain or disputed, and at random."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.annotating.documents import Opened
from harness.corpus import Schema
from harness.corpus.reading import AnnotationFile, Reading
from harness.disputes import disputes
from harness.records import Document

TITLE = 80  # characters of a text's first line


@dataclass(frozen=True)
class _Entry:
    """What the queue shows of a document."""

    id: str
    split: str
    language: str
    title: str
    layers: Mapping[str, str]  # as this annotator left them
    annotators: Sequence[str]
    disputed: int  # between annotators, gold aside


class Queue:
    """All documents of a corpus as one annotator sees them.

    It is read once; a document that the page opens or saves is read anew.
    """

    def __init__(self, reading: Reading, by: str) -> None:
        self.schema: Schema = reading.schema
        self.by = by
        self.entries: dict[str, _Entry] = {}
        for document in reading.documents:
            self._take(document, reading.annotations[document.id])

    def take(self, opened: Opened) -> None:
        """See a document as it is now."""
        self._take(opened.document, opened.reading.annotations[opened.document.id])

    def _take(self, document: Document, files: Sequence[AnnotationFile]) -> None:
        own = next((file.layers for file in files if file.by == self.by), {})
        first = next((line for line in document.text.split("\n") if line.strip()), "")
        self.entries[document.id] = _Entry(
            id=document.id,
            split=document.split,
            language=document.language,
            title=first.strip()[:TITLE],
            layers={name: own.get(name, "") for name in self.schema.layers},
            annotators=sorted(file.by for file in files),
            disputed=self._disputed(files),
        )

    def _disputed(self, files: Sequence[AnnotationFile]) -> int:
        readers = [file for file in files if file.by != "gold"]
        count = 0
        for layer in self.schema.layers.values():
            done = [file for file in readers if file.layers.get(layer.name) == "done"]
            if len(done) > 1:
                count += len(disputes(done, done[0], [layer]))  # what gold says is not asked
        return count

    @property
    def annotators(self) -> list[str]:
        """Everybody who wrote something, gold among them."""
        return sorted({by for entry in self.entries.values() for by in entry.annotators})

    @property
    def adjudicates(self) -> bool:
        """Whether some document has two readers."""
        return any(len(set(entry.annotators) - {"gold"}) > 1 for entry in self.entries.values())

    def documents(self, order: str, uncertainty: Mapping[str, float]) -> list[dict[str, Any]]:
        """The documents in an order, those that this annotator has done last.

        `uncertainty` is the model's, by document. The random order is the same for one annotator whenever it is asked.
        """

        def place(entry: _Entry) -> tuple[Any, ...]:
            done = sum(state == "done" for state in entry.layers.values())
            whole = done == len(entry.layers)
            if order == "uncertain":
                return (whole, -uncertainty.get(entry.id, -1.0), entry.id)
            if order == "disagreements":
                return (-entry.disputed, entry.id)
            if order == "random":
                drawn = hashlib.sha256(f"{self.schema.name}\0{self.by}\0{entry.id}".encode()).hexdigest()
                return (whole, drawn)
            return (whole, done, entry.id)

        def score(entry: _Entry) -> float | None:
            if order == "disagreements":
                return float(entry.disputed)
            return uncertainty.get(entry.id) if order == "uncertain" else None

        keys = ("id", "split", "language", "layers", "annotators", "title")
        return [
            {**{key: getattr(entry, key) for key in keys}, "score": score(entry)}
            for entry in sorted(self.entries.values(), key=place)
        ]
