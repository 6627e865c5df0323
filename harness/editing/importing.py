"""Documents that come in: rows of a file -> what an import would do, and doing it, all or nothing."""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.corpus import SPLITS
from harness.corpus.lines import check_line
from harness.corpus.offsets import UNITS, to_codepoints
from harness.corpus.reading import STEM, Reading, read_folder
from harness.corpus.schema import Layer, Schema
from harness.corpus.writing import document_files, group_file
from harness.errors import Problem, ProblemsFound, UnknownName, quote, suggestion
from harness.files import canonical, sync_folder, write_atomically
from harness.parts import Row
from harness.records import Document

OWN = ("id", "group", "split", "language", "text")  # columns that are no layer, facet or metadata


@dataclass(frozen=True)
class Import:
    """What an import would do: every row of the file ends in one of these."""

    root: Path
    schema: Schema
    rows: int
    documents: Sequence[Document]  # new, in the order of the file
    known: int  # rows whose document is in the corpus already, the same in everything
    merged: int  # rows that add a label to the document of an earlier row
    rejected: Sequence[Problem]
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


@dataclass
class _Incoming:
    """The rows of one document while they are gathered."""

    place: str
    line: int
    row: Row
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)


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
    spans; `lf` turns CRLF line ends into LF, spans with them.
    """
    if offsets not in UNITS:
        raise UnknownName("offset unit", offsets, UNITS)
    reading = read_folder(root)
    if wrong := [problem for problem in reading.problems if "/.import-" not in problem.file]:
        raise ProblemsFound(wrong)
    importer = _Importer(reading, place, group, offsets, lf)
    count = 0
    for number, row in rows:
        count += 1
        importer.take(number, row)
    return importer.plan(count, problems)


class _Importer:
    def __init__(self, reading: Reading, place: str, group: str, offsets: str, lf: bool) -> None:
        self.reading, self.place, self.group, self.offsets, self.lf = reading, place, group, offsets, lf
        self.schema = reading.schema
        self.facets = {facet for layer in self.schema.layers.values() for facet in layer.of}
        self.problems: list[Problem] = []
        self.incoming: dict[str, _Incoming] = {}
        self.merged = 0
        self.bad: set[str] = set()
        self.columns: set[str] = set()

    def no(self, line: int, found: str, remedy: str) -> None:
        self.problems.append(Problem(self.place, line, found, remedy))

    def take(self, line: int, row: Row) -> None:
        """Read one row into the document that it belongs to."""
        self.columns.update(row)
        text = row.get("text")
        if not isinstance(text, str) or not text.strip():
            self.no(line, "no text", "Give the document a text, or remove the row.")
            return
        key = str(row["id"]) if "id" in row else f"text {text}"
        first = self.incoming.get(key)
        if first is None:
            if self.group and not str(row.get(self.group, "")):
                self.no(line, f"no value in column {quote(self.group)}", "Say which documents belong together.")
                return
            first = self.incoming[key] = _Incoming(self.place, line, dict(row))
            if self.lf:
                first.row["text"] = text.replace("\r\n", "\n")
        elif first.row["text"] not in (text, text.replace("\r\n", "\n")):
            self.no(line, f"id {quote(key)} has another text on line {first.line}", "Give it an id of its own.")
            return
        elif not self.facets & row.keys():
            self.no(line, f"the same document as line {first.line}", "Remove one of them.")
            return
        else:
            self.merged += 1
        before = len(self.problems)
        for name, layer in self.schema.layers.items():
            if row.get(name) is not None:
                self._layer(line, row, layer, first)
        if len(self.problems) > before:
            self.bad.add(key)

    def _layer(self, number: int, row: Row, layer: Layer, into: _Incoming) -> None:
        value = row[layer.name]
        text = into.row["text"]
        lines = into.lines.setdefault(layer.name, [])
        try:
            given = _lines_of(value, layer, row)
        except ValueError as error:
            self.no(number, f"layer {layer.name}: {error}", _how(layer))
            return
        for line in given:
            for facet in layer.of:
                line[facet] = self._name(str(line.get(facet, "")), facet, into)
            if layer.kind == "spans":
                self._turn(line, text, number)
            check_line(
                line,
                layer,
                text,
                self._names(into),
                lambda found, remedy: self.no(number, found, remedy),
            )
            if line in lines:
                self.no(number, f"the same annotation twice in layer {layer.name}", "Keep one.")
            elif layer.kind == "label" and any(layer.key_of(one) == layer.key_of(line) for one in lines):
                self.no(number, f"a second label in layer {layer.name}", "A layer of kind label has one.")
            lines.append(line)

    def _turn(self, line: dict[str, Any], text: str, number: int) -> None:
        """Offsets of the file's unit -> code points, and the surface where the file gives none."""
        start, end = line.get("start"), line.get("end")
        if type(start) is not int or type(end) is not int:
            return
        unit = "crlf" if self.lf and self.offsets == "codepoint" else self.offsets
        turned = to_codepoints([(start, end)], text, unit)[0]
        if turned is None:
            self.no(number, f"span {start}:{end} is on no character's border in {UNITS[unit]}", "Check --offsets.")
            return
        line["start"], line["end"] = turned
        line.setdefault("text", text[turned[0] : turned[1]])

    def _name(self, value: str, facet: str, into: _Incoming) -> str:
        """The id of a holder or target; a name that is not known yet is given one in the document."""
        known = self.schema.names.get(facet, {})
        for name_id, name in known.items():
            if value in (name_id, name):
                return name_id
        name_id = slug(value) if value else ""
        if name_id:
            into.names.setdefault(facet, {})[name_id] = value
        return name_id

    def _names(self, into: _Incoming) -> dict[str, dict[str, str]]:
        return {facet: {**self.schema.names.get(facet, {}), **into.names.get(facet, {})} for facet in self.facets}

    def plan(self, count: int, problems: Sequence[Problem]) -> Import:
        """All rows taken: documents with ids and groups of their own."""
        if self.group and self.group not in self.columns and count:
            raise UnknownName(f"column of {self.place}", self.group, self.columns)
        metadata = sorted(self.columns - {*OWN, self.group, *self.schema.layers, *self.facets})
        known = {document.id: document for document in self.reading.documents}
        there, documents = 0, []
        taken = {name.casefold() for name in known}
        for key, one in self.incoming.items():
            if key in self.bad:
                continue
            document = self._document(one, metadata)
            old = known.get(document.id)
            if old is not None and old.text == document.text and _same_gold(old, document):
                there += 1
            elif document.id.casefold() in taken:
                self.no(one.line, f"the corpus has another document {document.id}", "Give this one another id.")
            else:
                taken.add(document.id.casefold())
                documents.append(document)
        texts = Counter(document.text for document in documents)
        twice = sum(times - 1 for times in texts.values())
        notes = [f"{twice} texts occur more than once: let them share a group, or remove them"] if twice else []
        return Import(
            self.reading.root,
            self.schema,
            count,
            documents,
            there,
            self.merged,
            sorted({*problems, *self.problems}),
            metadata,
            notes,
        )

    def _document(self, one: _Incoming, metadata: Sequence[str]) -> Document:
        row = one.row
        name = as_name(str(row["id"])) if "id" in row else hashlib.sha256(row["text"].encode()).hexdigest()[:12]
        column = self.group or "group"
        said = str(row.get(column, ""))
        split = str(row.get("split", ""))
        if split and split not in SPLITS:
            self.no(one.line, f"unknown split {quote(split)}", suggestion(split, SPLITS))
        language = str(row.get("language", ""))
        languages = self.schema.languages
        if language and languages and language not in languages:
            remedy = f"{suggestion(language, languages)} Or add it to languages in corpus.toml."
            self.no(one.line, f"unknown language {quote(language)}", remedy)
        meta: dict[str, Any] = {key: row[key] for key in metadata if key in row}
        meta |= {f"{facet}s": names for facet, names in one.names.items()}
        pairs = {
            layer.name: [tuple(line[facet] for facet in layer.of) for line in one.lines[layer.name]]
            for layer in self.schema.layers.values()
            if layer.of and layer.name in one.lines
        }
        return Document(
            group=as_name(said) if said else name,
            name=name,
            text=row["text"],
            split=split,
            language=language or (languages[0] if len(languages) == 1 else ""),
            meta=meta,
            pairs=pairs,
            gold=one.lines,
        )


def _lines_of(value: Any, layer: Layer, row: Row) -> list[dict[str, Any]]:
    """The annotations that one cell gives to a layer. Raises ValueError with what is wrong with it."""
    if isinstance(value, str):
        if layer.kind == "spans":
            raise ValueError("spans are not given as a text")
        labels = [value] if layer.kind == "label" else [label.strip() for label in value.split("|")]
        facets = {facet: row.get(facet, "") for facet in layer.of}
        return [{"label": label.strip(), **facets} for label in labels if label.strip()]
    if not isinstance(value, list):
        raise ValueError("neither a text nor a list")
    lines = []
    for one in value:
        if isinstance(one, dict):
            lines.append(dict(one))
        elif isinstance(one, str) and layer.kind != "spans":
            lines.append({"label": one})
        elif isinstance(one, list) and layer.kind == "spans" and len(one) == 3:
            lines.append({"start": one[0], "end": one[1], "label": one[2]})
        else:
            raise ValueError(f"{quote(one)} cannot be read")
    return lines


def _how(layer: Layer) -> str:
    if layer.kind == "spans":
        return 'Write [[start, end, "LABEL"]].'
    if layer.of:
        return f"Write the label, with columns {', '.join(layer.of)}."
    return "Write LABEL." if layer.kind == "label" else "Write LABEL|LABEL, or [] for none."


def _same_gold(old: Document, new: Document) -> bool:
    return _plain_gold(old) == _plain_gold(new)


def _plain_gold(document: Document) -> dict[str, list[str]]:
    """The gold without what files add to it, in one order."""
    return {
        layer: sorted(canonical({k: v for k, v in line.items() if k != "layer"}).decode() for line in lines)
        for layer, lines in document.gold.items()
    }


def slug(value: str) -> str:
    """An id of a-z, 0-9 and - for a name; what is lost of the name is made up for by a piece of its digest.

    >>> slug("Forum Penal"), slug("Åsa"), slug("署名")
    ('forum-penal', 'asa-4bdf55', '9ba0ba')
    """
    letters = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:60].strip("-")
    if plain and value.isascii() and len(value) <= 60:
        return plain
    return "-".join(part for part in (plain, hashlib.sha256(value.encode()).hexdigest()[:6]) if part)


def as_name(value: str) -> str:
    """The name of a document or group on disk: the value itself where it can stand, else a slug of it."""
    return value if STEM.fullmatch(value) and len(value) <= 100 else slug(value)


def apply_import(plan: Import, progress: Callable[[int], None] = lambda done: None) -> None:
    """Write the documents of a plan, all or none. Refuses a plan with rejected rows.

    Whole groups are prepared beside their place and then renamed into it. An interruption takes back what this
    import had put in place; after a kill the same import goes on, since what is there already is passed over.
    """
    if plan.rejected:
        raise ProblemsFound(plan.rejected)
    folder = plan.root / "documents"
    folder.mkdir(exist_ok=True)
    for left in sorted(folder.glob(".import-*")):
        shutil.rmtree(left)
    by_group: dict[str, list[Document]] = {}
    for document in plan.documents:
        by_group.setdefault(document.group, []).append(document)
    staging = folder / f".import-{hashlib.sha256(repr(sorted(by_group)).encode()).hexdigest()[:12]}"
    placed: list[Path] = []
    try:
        done = 0
        for group, documents in by_group.items():
            for document in documents:
                for name, data in document_files(document, plan.schema.layers, plan.schema.guideline):
                    write_atomically(staging / group / name, data)
                done += 1
                progress(done)
            split = documents[0].split
            if split and not (folder / group).exists():
                write_atomically(staging / group / "group.toml", group_file(split))
        for group in by_group:
            _place(staging / group, folder / group, placed)
        sync_folder(folder)
    except BaseException:
        for path in reversed(placed):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _place(prepared: Path, folder: Path, placed: list[Path]) -> None:
    """A prepared group into its place: the whole folder, or file by file where the group is there already."""
    if not folder.exists():
        prepared.rename(folder)
        placed.append(folder)
        return
    for path in sorted(prepared.iterdir()):
        path.rename(folder / path.name)
        placed.append(folder / path.name)
    sync_folder(folder)
