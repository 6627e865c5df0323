"""Documents that come in: rows of a file -> what an import would do, and doing it, all or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.checking import problems_of
from harness.corpus.offsets import UNITS
from harness.corpus.reading import AnnotationFile, Reading, read_folder
from harness.corpus.schema import Schema
from harness.corpus.writing import document_files, group_file
from harness.editing.gathering import OWN, Gathering, Incoming
from harness.editing.placing import File, half_placed, place
from harness.errors import Problem, ProblemsFound, UnknownName, quote
from harness.parts import Row
from harness.records import Document

OURS = ("sha256", "pairs")  # keys of ID.meta.json that the corpus writes itself, with a table for each facet


@dataclass(frozen=True)
class Import:
    """What an import would do: every row ends in one of documents, merged, known and rejected."""

    root: Path
    schema: Schema
    rows: int  # those that could not be read too
    documents: Sequence[Document]  # new, in the order of the file; each is one row
    merged: int  # rows that add a label to the document of an earlier row
    known: int  # rows whose document is in the corpus already, with all that the row says
    rejected_rows: int
    rejected: Sequence[Problem]  # why; a row may have several
    metadata: Sequence[str]
    notes: Sequence[str] = ()

    @property
    def groups(self) -> list[str]:
        """The groups that the new documents stand in."""
        return sorted({document.group for document in self.documents})

    def labels(self) -> dict[str, Counter[str]]:
        """For each layer how often each label comes in."""
        count: dict[str, Counter[str]] = {}
        for document in self.documents:
            for layer, lines in document.gold.items():
                count.setdefault(layer, Counter()).update(line["label"] for line in lines)
        return count


def plan_import(
    root: Path,
    place: str,
    rows: Iterable[tuple[int, Row]],
    *,
    group: str = "",
    offsets: str = "codepoint",
    lf: bool = False,
    problems: Sequence[Problem] = (),
) -> Import:
    """What importing these rows into a corpus would do; nothing is written.

    `group` names the column that says which documents belong together; `offsets` is the unit of the file's
    spans; `lf` turns CRLF line ends into LF, spans with them. `problems` are the format's, on rows that it could
    not read.
    """
    if offsets not in UNITS:
        raise UnknownName("offset unit", offsets, UNITS)
    gathered = Gathering(_reading(root), place, group, offsets, lf)
    for number, row in rows:
        gathered.take(number, {key: value for key, value in row.items() if value is not None})
    if group and gathered.count and group not in gathered.columns:
        raise UnknownName(f"column of {place}", group, gathered.columns)
    return _Planning(gathered).plan(problems)


def _reading(root: Path) -> Reading:
    """The corpus as it is without what a killed import left half done."""
    reading = read_folder(root)
    half = {path.relative_to(root).as_posix().split(".")[0] for path in half_placed(root / "documents")}
    wrong = [p for p in reading.problems if "/.import" not in p.file and p.file.split(".")[0] not in half]
    if wrong:
        raise ProblemsFound(wrong)
    reading.documents = [d for d in reading.documents if reading.places[d.id].removesuffix(".txt") not in half]
    return reading


class _Planning:
    """Gathered documents against each other and against the corpus."""

    def __init__(self, gathered: Gathering) -> None:
        self.gathered, self.reading, self.schema = gathered, gathered.reading, gathered.reading.schema
        self.incoming = list(gathered.incoming.values())
        self.ours = {*OURS, *(f"{facet}s" for facet in gathered.facets)}
        own = {*OWN, *self.schema.layers, *gathered.facets}
        kept = sorted(gathered.columns - (own if gathered.column == "group" else own - {"group"}))
        self.metadata = {key: self._free(key) for key in kept}  # column -> the name that it is kept under
        self.there = {document.id: document for document in self.reading.documents}

    def plan(self, problems: Sequence[Problem]) -> Import:
        """All rows taken: documents with ids and groups of their own."""
        pairs = [(one, self._document(one)) for one in self.incoming]
        self._check_names(pairs)
        self._check_whole(pairs)
        documents, merged, known, rejected = [], 0, 0, self.gathered.rejected
        for one, document in pairs:
            if one.bad:
                rejected += len(one.rows)
                self._reject(one)
            elif document.id in self.there:
                known += len(one.rows)
            else:
                documents.append(document)
                merged += len(one.rows) - 1
        unread = len({(problem.file, problem.line) for problem in problems if problem.line})
        return Import(
            root=self.reading.root,
            schema=self.schema,
            rows=self.gathered.count + unread,
            documents=documents,
            merged=merged,
            known=known,
            rejected_rows=rejected + unread,
            rejected=sorted({*problems, *self.gathered.problems}),
            metadata=list(self.metadata),
            notes=self._notes(documents),
        )

    def _free(self, key: str) -> str:
        """The name that a column is kept under: its own, unless the corpus uses that name itself."""
        name = key
        while name in self.ours or (name != key and name in self.gathered.columns):
            name += "_"
        return name

    def _bad(self, one: Incoming, found: str, remedy: str) -> None:
        self.gathered.no(one.line, found, remedy)
        one.bad.add(one.line)

    def _reject(self, one: Incoming) -> None:
        """All rows of a document that cannot come in, each with a reason."""
        for line in one.rows:
            if line not in one.bad:
                found = f"belongs to the document of line {min(one.bad)}, which is rejected"
                self.gathered.no(line, found, "Mend that line.")

    def _document(self, one: Incoming) -> Document:
        row, languages = one.row, self.schema.languages
        meta: dict[str, Any] = {self.metadata[key]: row[key] for key in self.metadata if key in row}
        for key, name in (("id", one.name), ("group", one.group)):  # what a name on disk cannot hold
            if key in row and str(row[key]).strip() not in ("", name):
                meta[key] = row[key]
        meta |= {f"{facet}s": names for facet, names in one.names.items() if names}
        return Document(
            group=one.group,
            name=one.name,
            text=one.text,
            split=str(row.get("split", "")).strip(),
            language=str(row.get("language", "")).strip() or (languages[0] if len(languages) == 1 else ""),
            meta=meta,
            pairs={layer: list(pairs) for layer, pairs in one.pairs.items()},
            gold=one.lines,
        )

    def _check_whole(self, pairs: Sequence[tuple[Incoming, Document]]) -> None:
        """What `harness check` would find in the documents once they were in the corpus."""
        reading = Reading(self.reading.root, self.schema)
        by_place: dict[str, Incoming] = {}
        for one, document in pairs:
            if one.bad:
                continue
            stem = f"documents/{document.id}"
            first = by_place.setdefault(stem, one)
            if first is not one:
                found = f"another document {document.id} stands on line {first.line}"
                self._bad(one, found, "Give this one another id.")
                continue
            reading.documents.append(document)
            reading.places[document.id] = f"{stem}.txt"
            lines = [{"layer": layer, **line} for layer, some in document.gold.items() for line in some]
            layers = dict.fromkeys(document.gold, "done")
            gold = AnnotationFile(f"{stem}.gold.jsonl", "gold", "", layers, list(enumerate(lines, 1)))
            reading.annotations[document.id] = [gold] if layers else []
        for problem in problems_of(reading):
            stem, _, rest = problem.file.partition(".")
            if rest != "toml":  # splits come later
                found = re.sub(r"\bline (\d+)", r"annotation \1", problem.found)
                self._bad(by_place[stem], found, problem.remedy)

    def _check_names(self, pairs: Sequence[tuple[Incoming, Document]]) -> None:
        """Ids and groups against the corpus and each other: none that another file system takes for one."""
        ids = {name.casefold(): name for name in self.there}
        groups = {document.group.casefold(): document.group for document in self.reading.documents}
        for one, document in pairs:
            if one.bad:
                continue
            twin = ids.setdefault(document.id.casefold(), document.id)
            group = groups.setdefault(document.group.casefold(), document.group)
            differs = _differs(self.there[document.id], document) if document.id in self.there else ""
            if differs:
                found = f"the corpus has another document {document.id}: {differs} differs"
                self._bad(one, found, "Give this one another id, or remove its rows: an import changes no document.")
            elif group != document.group:
                found = f"group {quote(document.group)} is group {quote(group)} but for its case"
                self._bad(one, found, "Give one of them another name.")
            elif twin != document.id:
                found = f"document {document.id} is {twin} but for its case"
                self._bad(one, found, "Give one of them another id.")
        self._check_splits([(one, document) for one, document in pairs if document.split and not one.bad])

    def _check_splits(self, pairs: Sequence[tuple[Incoming, Document]]) -> None:
        """One split for each group, and the corpus's own where the group is there."""
        said = {document.group: (document.split, "in the corpus") for document in self.reading.documents}
        for one, document in pairs:
            split, where = said.setdefault(document.group, (document.split, f"on line {one.line}"))
            if split != document.split:
                found = f"split {quote(document.split)}, but its group is in {split or 'no split'} {where}"
                self._bad(one, found, "A group goes to one split whole.")

    def _notes(self, documents: Sequence[Document]) -> list[str]:
        renamed = [(key, name) for key, name in self.metadata.items() if key != name]
        notes = [f"column {key} is kept as {name}: the corpus uses that name itself" for key, name in renamed]
        differing = sorted(self.gathered.differing)
        notes += [f"column {key} differs between rows of one document: the first is kept" for key in differing]
        twice = sum(times - 1 for times in Counter(document.text for document in documents).values())
        if twice:
            notes.append(f"{twice} texts occur more than once: let them share a group, or remove them")
        return notes


def _differs(old: Document, new: Document) -> str:
    """What a row says that the corpus has otherwise; empty where all of it is so. What it leaves open may differ."""
    if old.text != new.text:
        return "the text"
    for layer, lines in new.gold.items():
        if layer not in old.gold or _plain_lines(old.gold[layer]) != _plain_lines(lines):
            return f"layer {layer}"
    for layer, pairs in new.pairs.items():
        if not set(pairs) <= set(old.pairs.get(layer, ())):
            return f"the pairs of layer {layer}"
    if old.language and new.language and old.language != new.language:
        return "the language"
    tables = {f"{facet}s" for facet in old.names}
    return next((f"metadata {k}" for k, value in new.meta.items() if k not in tables and old.meta.get(k) != value), "")


def _plain_lines(lines: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Annotations without what files add to them, in one order."""
    plain = ({key: value for key, value in line.items() if key != "layer"} for line in lines)
    return sorted(msgspec.json.encode(line, order="deterministic") for line in plain)


def apply_import(plan: Import, progress: Callable[[int], None] = lambda done: None) -> None:
    """Write the documents of a plan, all or none. Refuses a plan with rejected rows.

    An interruption takes back what had been put in place. After a kill the same import goes on: it takes back what
    stood half, and passes over the groups that were finished.
    """
    if plan.rejected:
        raise ProblemsFound(plan.rejected)
    folder = plan.root / "documents"
    by_group: dict[str, list[Document]] = {}
    for document in plan.documents:
        by_group.setdefault(document.group, []).append(document)
    there = {group for group in by_group if (folder / group).exists()}

    def files() -> Iterator[tuple[str, list[File]]]:
        done = 0
        for group, documents in by_group.items():
            split = next((document.split for document in documents if document.split), "")
            if split and group not in there:
                yield group, [("group.toml", group_file(split))]
            for document in documents:
                yield group, list(document_files(document, plan.schema.layers, plan.schema.guideline))
                done += 1
                progress(done)

    place(folder, files(), " ".join(sorted(by_group)))
