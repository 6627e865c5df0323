"""What came in against itself and against the corpus: which documents are new, known, added to or rejected."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from harness.checking import problems_of
from harness.corpus.lines import spans_of
from harness.corpus.reading import AnnotationFile, Reading
from harness.corpus.schema import Schema
from harness.editing.gathering import GOLD, OWN, Gathering, Incoming, labels_in
from harness.editing.persons import GONE, pseudonym_key, without_addresses
from harness.editing.there import read_readers
from harness.editing.units import Found
from harness.errors import Problem, quote
from harness.records import Document

SHOWN = 3  # surfaces that the user is asked to look at
TOGETHER = 500  # documents that are checked at once
OURS = ("sha256", "pairs")  # keys of ID.meta.json that the corpus writes itself, with a table for each facet
Lines = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Annotated:
    """What one annotator says of a document: the layers that come in, and the file that they are added to."""

    document: Document
    by: str
    lines: Mapping[str, Lines]
    there: AnnotationFile | None = None


@dataclass(frozen=True)
class Import:
    """What an import would do: every item ends in one of documents, merged, known, left out and rejected."""

    root: Path
    schema: Schema
    rows: int  # items of the file; those that could not be read too
    documents: Sequence[Document]  # new, in the order of the file; each is one row
    annotated: Sequence[Annotated]  # what is written of annotations, of new documents and of those in the corpus
    merged: int  # rows that add to the document of an earlier row, or to one in the corpus
    known: int  # rows whose document is in the corpus already, with all that the row says
    left_out: Mapping[str, int]  # why -> items that are deliberately no annotation
    rejected_rows: int
    rejected: Sequence[Problem]  # why; a row may have several
    metadata: Sequence[str]
    unit: Found
    notes: Sequence[str] = ()
    counts: str = "line"  # what messages call an item

    @property
    def groups(self) -> list[str]:
        """The groups that the new documents stand in."""
        return sorted({document.group for document in self.documents})

    @property
    def added_to(self) -> int:
        """How many documents of the corpus get annotations."""
        return len({one.document.id for one in self.annotated} - {document.id for document in self.documents})

    def labels(self) -> dict[str, Counter[str]]:
        """For each layer how often each label comes in."""
        count: dict[str, Counter[str]] = {}
        for one in self.annotated:
            for layer in one.lines:
                count.setdefault(layer, Counter()).update(labels_in(one.lines, layer))
        return count


class Planning:
    """Gathered documents against each other and against the corpus."""

    def __init__(self, gathered: Gathering) -> None:
        self.gathered, self.reading, self.schema = gathered, gathered.reading, gathered.reading.schema
        self.incoming = list(gathered.incoming.values())
        self.there = gathered.there.documents
        self.ours = {*OURS, *(f"{facet}s" for facet in gathered.facets)}
        own = {*OWN, *self.schema.layers, *gathered.facets}
        kept = sorted(gathered.columns - (own if gathered.column == "group" else own - {"group"}))
        self.metadata = {key: self._free(key) for key in kept}  # column -> the name that it is kept under
        self.private: set[str] = set()  # columns of which something is not kept: e-mail addresses
        self.passed_over: set[str] = set()  # columns that say more of a document than the corpus has
        self.readers = read_readers(self.reading.root, self._wanted())

    def _wanted(self) -> dict[str, set[str]]:
        """The annotators of documents that are there already, gold aside, which is read."""
        wanted: dict[str, set[str]] = {}
        for one in self.incoming:
            if one.old is not None and (others := one.lines.keys() - {GOLD}):
                wanted.setdefault(one.old.id, set()).update(others)
        return wanted

    def plan(self, unit: Found, problems: Sequence[Problem]) -> Import:
        """All rows taken: documents with ids and groups of their own."""
        pairs = [(one, self._document(one)) for one in self.incoming]
        self._check_annotators()
        self._check_names(pairs)
        annotated = [self._annotated(one, document) for one, document in pairs]
        self._check_whole(pairs)
        documents, written = [], []
        merged, known, rejected = 0, 0, self.gathered.rejected
        for (one, document), some in zip(pairs, annotated, strict=True):
            if one.bad:
                rejected += len(one.rows)
                self._reject(one)
                continue
            written += some
            if one.old is None:
                documents.append(document)
                merged += len(one.rows) - 1
            else:
                new = {file.by for file in some}
                merged += sum(by in new for _, by in one.rows)
                known += sum(by not in new for _, by in one.rows)
        unread = len({(problem.file, problem.line) for problem in problems if problem.line})
        return Import(
            root=self.reading.root,
            schema=self.schema,
            rows=self.gathered.count + unread,
            documents=documents,
            annotated=written,
            merged=merged,
            known=known,
            left_out=dict(self.gathered.left_out),
            rejected_rows=rejected + unread,
            rejected=sorted({*problems, *self.gathered.problems}),
            metadata=list(self.metadata),
            unit=unit,
            notes=self._notes(documents),
            counts=self.gathered.counts,
        )

    def _free(self, key: str) -> str:
        """The name that a column is kept under: its own, unless the corpus uses that name itself."""
        name = key
        while name in self.ours or (name != key and name in self.gathered.columns):
            name += "_"
        return name

    def _bad(self, one: Incoming, found: str, remedy: str, line: int = 0) -> None:
        self.gathered.no(line or one.line, found, remedy)
        one.bad.add(line or one.line)

    def _reject(self, one: Incoming) -> None:
        """All rows of a document that cannot come in, each with a reason."""
        what = self.gathered.counts
        for line, _ in one.rows:
            if line not in one.bad:
                found = f"belongs to the document of {what} {min(one.bad)}, which is rejected"
                self.gathered.no(line, found, f"Mend that {what}.")

    def _document(self, one: Incoming) -> Document:
        row, languages = one.row, self.schema.languages
        meta: dict[str, Any] = {}
        for key in self.metadata:
            if key in row:
                self._keep(meta, self.metadata[key], key, row[key])
        for key, name in (("id", one.name), ("group", one.group)):  # what a name on disk cannot hold
            if key in row and str(row[key]).strip() not in ("", name):
                self._keep(meta, key, key, row[key])
        meta |= {f"{facet}s": names for facet, names in one.names.items() if names}
        return Document(
            group=one.group,
            name=one.name,
            text=one.text,
            split=str(row.get("split", "")).strip(),
            language=str(row.get("language", "")).strip() or (languages[0] if len(languages) == 1 else ""),
            meta=meta,
            pairs={layer: list(pairs) for layer, pairs in one.pairs.items()},
            gold=one.lines.get(GOLD, {}),
        )

    def _keep(self, meta: dict[str, Any], name: str, key: str, value: Any) -> None:
        kept = without_addresses(key, value)
        if kept is not value and kept != value:
            self.private.add(key)
        if kept is not GONE:
            meta[name] = kept

    def _annotated(self, one: Incoming, document: Document) -> list[Annotated]:
        """The files that a document's rows make or add to; a layer that a file has already must be the same."""
        if one.bad:
            return []
        if one.old is None:
            return [Annotated(document, by, lines) for by, lines in one.lines.items() if lines]
        files = {GOLD: next((file for file in self.reading.annotations[one.old.id] if file.by == GOLD), None)}
        found = []
        for by, layers in one.lines.items():
            file = files[by] if by in files else self.readers.get((one.old.id, by))
            differs = [name for name in layers if file and name in file.layers and not _same(file, name, layers[name])]
            for name in differs:
                line = next((number for number, who in one.rows if who == by), one.line)
                whose = "gold" if by == GOLD else f"annotator {by}"
                what = f"the corpus has other annotations of document {one.old.id} in layer {name} by {whose}"
                remedy = "An import changes no annotation: change the corpus's file, or leave the layer out by a map."
                self._bad(one, what, remedy, line)
            new = {name: lines for name, lines in layers.items() if not file or name not in file.layers}
            if new and not differs:
                found.append(Annotated(one.old, by, new, file))
        return found

    def _check_annotators(self) -> None:
        """No two annotators whose names some file system takes for one."""
        seen: dict[str, str] = {}
        for files in (self.reading.annotations.values(), [[file] for file in self.readers.values()]):
            seen |= {file.by.casefold(): file.by for some in files for file in some}
        for one in self.incoming:
            for line, by in one.rows:
                first = seen.setdefault(by.casefold(), by)
                if first != by:
                    remedy = "Give one of them another name, by a map."
                    self._bad(one, f"annotator {by} is {first} but for the case", remedy, line)

    def _check_whole(self, pairs: Sequence[tuple[Incoming, Document]]) -> None:
        """What `harness check` would find in the documents once they were in the corpus."""
        by_place: dict[str, Incoming] = {}
        fitting = []
        for one, document in pairs:
            if one.bad:
                continue
            first = by_place.setdefault(f"documents/{document.id}", one)
            if first is one:
                fitting.append((one, replace(one.old, gold=document.gold) if one.old else document))
            else:
                found = f"another document {document.id} stands on {self.gathered.counts} {first.line}"
                self._bad(one, found, "Give this one another id.")
        for i in range(0, len(fitting), TOGETHER):
            for problem in problems_of(self._as_read(fitting[i : i + TOGETHER])):
                stem, _, rest = problem.file.partition(".")
                if rest != "toml":  # splits come later
                    one, by = by_place[stem], rest.removesuffix(".jsonl")
                    line = next((number for number, who in one.rows if who == by), one.line)
                    self._bad(one, re.sub(r"\bline (\d+)", r"annotation \1", problem.found), problem.remedy, line)

    def _as_read(self, some: Sequence[tuple[Incoming, Document]]) -> Reading:
        """Documents as if they had been read from the corpus, with what comes in as all of their annotations."""
        reading = Reading(self.reading.root, self.schema)
        for one, document in some:
            stem = f"documents/{document.id}"
            reading.documents.append(document)
            reading.places[document.id] = f"{stem}.txt"
            reading.annotations[document.id] = [_file(stem, by, layers) for by, layers in one.lines.items() if layers]
        return reading

    def _check_names(self, pairs: Sequence[tuple[Incoming, Document]]) -> None:
        """Ids and groups against the corpus and each other: none that another file system takes for one."""
        ids = {name.casefold(): name for name in self.there}
        groups = {document.group.casefold(): document.group for document in self.reading.documents}
        for one, document in pairs:
            if one.bad:
                continue
            twin = ids.setdefault(document.id.casefold(), document.id)
            group = groups.setdefault(document.group.casefold(), document.group)
            if one.old is not None:
                self._check_old(one, one.old, document)
            elif group != document.group:
                found = f"group {quote(document.group)} is group {quote(group)} but for its case"
                self._bad(one, found, "Give one of them another name.")
            elif twin != document.id:
                found = f"document {document.id} is {twin} but for its case"
                self._bad(one, found, "Give one of them another id.")
        self._check_splits([(one, document) for one, document in pairs if document.split and not one.bad])

    def _check_old(self, one: Incoming, old: Document, new: Document) -> None:
        """What rows say of a document that is there, its annotations aside: no more than the corpus does."""
        differs = _differs(old, new)
        if differs:
            found = f"the corpus has another document {old.id}: {differs} differs"
            self._bad(one, found, "Give this one another id, or remove its rows: an import changes no document.")
            return
        self.passed_over |= new.meta.keys() - old.meta.keys() - {f"{facet}s" for facet in self.gathered.facets}
        for layer, pairs in new.pairs.items():
            for pair in pairs:
                if pair not in old.pairs.get(layer, ()):
                    said = " > ".join(pair)
                    remedy = f'List it first, under "pairs" in documents/{old.id}.meta.json: an import never does.'
                    self._bad(one, f"document {old.id} of the corpus lists no pair {said} in layer {layer}", remedy)
        for facet, names in one.names.items():
            for name_id in names.keys() - old.names.get(facet, {}).keys():
                if not any(name_id in pair for pairs in one.pairs.values() for pair in pairs):  # else it was told
                    remedy = f"Declare it in [{facet}s] of documents/{old.group}/group.toml first."
                    self._bad(one, f"{facet} {quote(name_id)} is unknown to document {old.id} of the corpus", remedy)

    def _check_splits(self, pairs: Sequence[tuple[Incoming, Document]]) -> None:
        """One split for each group, and the corpus's own where the group is there."""
        said = {document.group: (document.split, "in the corpus") for document in self.reading.documents}
        for one, document in pairs:
            there = (document.split, f"on {self.gathered.counts} {one.line}")
            split, where = said.setdefault(document.group, there)
            if split != document.split:
                found = f"split {quote(document.split)}, but its group is in {split or 'no split'} {where}"
                self._bad(one, found, "A group goes to one split whole.")

    def _surfaces(self) -> list[str]:
        """What the first three spans read, where no span of the file came with its surface."""
        if self.gathered.units.surfaces or not self.gathered.units.spans:
            return []
        every = (
            span[2]
            for one in self.incoming
            for layers in one.lines.values()
            for name, layer in self.schema.layers.items()
            if name in layers
            for line in layers[name]
            for span in spans_of(line, layer)
        )
        return list(islice(every, SHOWN))

    def _notes(self, documents: Sequence[Document]) -> list[str]:
        renamed = [(key, name) for key, name in self.metadata.items() if key != name]
        notes = [f"column {key} is kept as {name}: the corpus uses that name itself" for key, name in renamed]
        differing = sorted(self.gathered.differing)
        notes += [f"column {key} differs between rows of one document: the first is kept" for key in differing]
        notes += [f"column {pseudonym_key(key)}: e-mail addresses are not kept" for key in sorted(self.private)]
        notes += [
            f"column {key} looks like annotations of no layer: --suggest-map"
            for key in self.metadata
            if any(_like_spans(one.row.get(key)) for one in self.incoming)
        ]
        if reads := self._surfaces():
            notes.append(
                f"no span comes with its surface; the first read {', '.join(map(quote, reads))}: are they whole?"
            )
        if self.gathered.narrowed:
            some = ", ".join(sorted(self.gathered.narrowed))
            notes.append(f"named otherwise than in corpus.toml, and kept so for their documents: {some}")
        if self.passed_over:
            some = ", ".join(sorted(self.passed_over))
            notes.append(f"not added to documents that are in the corpus already: {some}")
        twice = sum(times - 1 for times in Counter(document.text for document in documents).values())
        if twice:
            notes.append(f"{twice} texts occur more than once: let them share a group, or remove them")
        return notes


def _like_spans(value: object) -> bool:
    """Whether a value is a list of spans, as tables or as [start, end, label]."""
    if not isinstance(value, list) or not value:
        return False
    parts = [[one.get(key) for key in ("start", "end", "label")] if isinstance(one, dict) else one for one in value]
    return all(isinstance(one, list) and [type(part) for part in one] == [int, int, str] for one in parts)


def _file(stem: str, by: str, layers: Mapping[str, Lines]) -> AnnotationFile:
    lines = [{"layer": layer, **line} for layer, some in layers.items() for line in some]
    return AnnotationFile(f"{stem}.{by}.jsonl", by, "", dict.fromkeys(layers, "done"), list(enumerate(lines, 1)))


def _differs(old: Document, new: Document) -> str:
    """What a row says that the corpus has otherwise; empty where all of it is so. What one leaves open may differ."""
    if old.text != new.text:
        return "the text"
    if old.language and new.language and old.language != new.language:
        return "the language"
    tables = {f"{facet}s" for facet in old.names}
    both = new.meta.keys() & old.meta.keys() - tables
    return next((f"metadata {key}" for key in sorted(both) if old.meta[key] != new.meta[key]), "")


def _same(file: AnnotationFile, layer: str, lines: Lines) -> bool:
    """Whether a file has this layer done, with these annotations."""
    there = [line for _, line in file.lines if line["layer"] == layer]
    return file.layers[layer] == "done" and _plain_lines(there) == _plain_lines(lines)


def _plain_lines(lines: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Annotations without what files add to them, in one order."""
    plain = ({key: value for key, value in line.items() if key != "layer"} for line in lines)
    return sorted(msgspec.json.encode(line, order="deterministic") for line in plain)
