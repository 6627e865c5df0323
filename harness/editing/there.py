"""What a corpus has before an import: its documents by name and text, without what a killed import left half done."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from harness.corpus.reading import AnnotationFile, Reading, groups_of, read_folder, read_group
from harness.corpus.schema import read_schema
from harness.corpus.sources import Group, is_built
from harness.editing.cells import as_name
from harness.editing.placing import half_placed
from harness.errors import Problem, ProblemsFound
from harness.files import Readable
from harness.records import Document


def names_of(group: str, name: str, text: str) -> tuple[str, str]:
    """(name, group) on disk of a document whose group and id are said to be these, or are not said."""
    name = as_name(name) if name else hashlib.sha256(text.encode()).hexdigest()[:12]
    return name, as_name(group) if group else name


class Known:
    """The documents of a corpus, to be found by what a row says of them."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = {document.id: document for document in documents}
        self.names: dict[str, dict[str, dict[str, str]]] = {}  # group -> facet -> id -> name
        for document in documents:
            for facet, names in document.names.items():
                self.names.setdefault(document.group, {}).setdefault(facet, {}).update(names)

    def find(self, group: str, name: str, text: str) -> Document | None:
        """The document of this group and id; where one is not said, the only one that has the text."""
        stem, folder = names_of(group, name, text)
        there = self.documents.get(f"{folder}/{stem}")
        if there is not None or (group and name):
            return there
        alike = [one for one in self._by_text.get(text, ()) if name in ("", one.name) or stem == one.name]
        fitting = [one for one in alike if not group or one.group == folder]
        return fitting[0] if len(fitting) == 1 else None

    @cached_property
    def _by_text(self) -> dict[str, list[Document]]:
        found: dict[str, list[Document]] = {}
        for document in self.documents.values():
            found.setdefault(document.text, []).append(document)
        return found


def read_before(root: Path) -> Reading:
    """The corpus with its gold. Raises ProblemsFound for one that cannot be added to."""
    if is_built(root):
        return read_folder(root)  # which says why it is not edited
    reading = _read(root, None, everyone=False)
    wrong = [problem for problem in reading.problems if "/.import" not in problem.file]
    if wrong:
        raise ProblemsFound(wrong)
    return reading


def read_readers(root: Path, wanted: Mapping[str, Collection[str]]) -> dict[tuple[str, str], AnnotationFile]:
    """The annotation files that documents have already: (document, annotator) -> file.

    Raises ProblemsFound where one of those `wanted` of a document cannot be read; others are passed over.
    """
    if not wanted:
        return {}
    reading = _read(root, {document.split("/")[0] for document in wanted}, everyone=True)
    places = {f"documents/{document}.{by}.jsonl" for document, some in wanted.items() for by in some}
    wrong = [problem for problem in reading.problems if problem.file in places]
    if wrong:
        raise ProblemsFound(wrong)
    return {(document, file.by): file for document in wanted for file in reading.annotations[document]}


def bytes_before(root: Path, name: str) -> bytes:
    """What stands in documents/`name`, or stood before a killed import had replaced it."""
    path = root / "documents" / name
    return (half_placed(root / "documents").get(path) or path).read_bytes()


def _read(root: Path, groups: Collection[str] | None, *, everyone: bool) -> Reading:
    problems: list[Problem] = []
    reading = Reading(root, read_schema(root, problems), problems=problems)
    half = half_placed(root / "documents")
    for group in groups_of(root, problems, lambda done, total: None):
        if groups is None or group.name in groups:
            own = {path.name: old for path, old in half.items() if path.parent.name == group.name}
            read_group(reading, _Before(group, own) if own else group, everyone)
    return reading


class _Before:
    """A group without the files that a killed import had put into it; those that it had replaced as they were."""

    def __init__(self, group: Group, half: Mapping[str, Path | None]) -> None:
        self.group, self.half = group, half
        self.name, self.place = group.name, group.place

    def names(self, problems: list[Problem]) -> list[str]:
        return [name for name in self.group.names(problems) if self.half.get(name, Path()) is not None]

    def file(self, name: str) -> Readable:
        return self.half.get(name) or self.group.file(name)

    def compare(self, documents: Sequence[Document], problems: list[Problem]) -> None:
        self.group.compare(documents, problems)
