"""A corpus of annotated documents, a folder or Parquet; nothing outside this room knows how it lies on disk."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.corpus.identity import NOT_SCORED, Identity
from harness.corpus.reading import read_corpus
from harness.corpus.schema import SPLITS, Layer, Schema
from harness.corpus.sources import Tell
from harness.errors import ProblemsFound, UnknownName
from harness.records import Document

if TYPE_CHECKING:
    from datasets import DatasetDict

__all__ = ["NOT_SCORED", "SPLITS", "Corpus", "Layer", "Schema", "find", "load"]


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents with their gold, and the schema that says what may be asked of them."""

    root: Path
    schema: Schema
    documents: tuple[Document, ...]

    @property
    def name(self) -> str:
        """The name that stands in `corpus.toml`."""
        return self.schema.name

    def __len__(self) -> int:
        return len(self.documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    def __getitem__(self, document_id: str) -> Document:
        """A document by its id, `GROUP/ID`; by `ID` alone where only one document has it."""
        found = [d for d in self.documents if document_id in (d.id, d.name)]
        if len(found) != 1:
            raise UnknownName("document", document_id, [d.id for d in self.documents])
        return found[0]

    def __repr__(self) -> str:
        groups = len({document.group for document in self.documents})
        return f"Corpus({self.name!r}, {len(self)} documents in {groups} groups, {self.digest[:8]})"

    @functools.cached_property
    def digest(self) -> str:
        """The identity of everything that decides items, gold and scores.

        Of documents that no benchmark looks at, and of remarks in free text, it knows nothing.
        """
        identity = Identity(self.schema)
        for document in self.documents:
            identity.add(document)
        return identity.digest()

    def to_dataset(self) -> DatasetDict:
        """The corpus as a `datasets.DatasetDict`, one dataset a split, labels as ClassLabel features."""
        from harness.corpus.dataset import to_dataset

        return to_dataset(self)

    def describe(self) -> dict[str, Any]:
        """Sizes by split, balance of labels and names, tags, lengths: what `harness corpus describe --json` says."""
        from harness.corpus.description import describe

        return describe(self.schema, self.documents)


def find(corpus: str | Path) -> Path:
    """The folder of a corpus given by path, or by its bare name under `corpora/`."""
    path = Path(corpus)
    try:
        if len(path.parts) != 1 or path.exists():
            return path
    except (OSError, ValueError):  # a name that no file can have
        return path
    known = sorted(folder.parent.name for folder in Path("corpora").glob("*/corpus.toml"))
    if not known:
        return path
    if path.name not in known:
        raise UnknownName("corpus", str(corpus), known)
    return Path("corpora") / path


def load(path: Path, tell: Tell = lambda done, total: None, *, by: str = "gold") -> Corpus:
    """Read the corpus in a folder, or built from one; with `by`, what another annotator wrote instead of the gold.

    Raises ProblemsFound with everything that makes it unusable.
    """
    reading = read_corpus(path, by=by, tell=tell)
    if reading.problems:
        raise ProblemsFound(reading.problems)
    return Corpus(path, reading.schema, tuple(reading.documents))
