"""Rows of a file gathered into the documents that they make, each row taken or refused with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.corpus import SPLITS
from harness.corpus.lines import check_line
from harness.corpus.offsets import UNITS
from harness.corpus.reading import Reading
from harness.corpus.schema import Layer
from harness.editing.cells import as_name, how, lines_of, slug, turn
from harness.errors import Problem, quote, suggestion
from harness.files import compact, parse_object
from harness.parts import Row

OWN = ("id", "group", "split", "language", "text")  # columns that are no layer, facet or metadata
TEXTS = ("source", "licence", "written_by", "picked_by")  # metadata that must be a text


@dataclass
class Incoming:
    """The rows of one document while they are gathered."""

    line: int
    row: Row  # the first
    text: str  # as it is stored
    group: str
    name: str
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pairs: dict[str, dict[tuple[str, ...], None]] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)  # line numbers
    bad: set[int] = field(default_factory=set)  # of them, those with a problem


class Gathering:
    """The documents of a file while its rows are taken, one after another."""

    def __init__(self, reading: Reading, place: str, group: str, offsets: str, lf: bool) -> None:
        self.reading, self.place, self.offsets, self.lf = reading, place, offsets, lf
        self.column, self.asked = group or "group", bool(group)
        self.schema = reading.schema
        self.facets = {facet for layer in self.schema.layers.values() for facet in layer.of}
        self.problems: list[Problem] = []
        self.incoming: dict[tuple[str, ...], Incoming] = {}  # (group, id) as said, or the text where there is no id
        self.last: dict[str, tuple[str, ...]] = {}  # id -> its document, for further rows that leave the group out
        self.columns: set[str] = set()
        self.differing: set[str] = set()
        self.count = self.rejected = 0
        self.names: dict[str, dict[str, dict[str, str]]] = {}  # group -> facet -> id -> name
        for document in reading.documents:
            for facet, names in document.names.items():
                self.names.setdefault(document.group, {}).setdefault(facet, {}).update(names)

    def no(self, line: int, found: str, remedy: str) -> None:
        self.problems.append(Problem(self.place, line, found, remedy))

    def take(self, line: int, row: Row) -> None:
        """Read one row into the document that it belongs to."""
        self.columns.update(row)
        self.count += 1
        before = len(self.problems)
        into = self._document_of(line, row)
        if into is None:
            self.rejected += 1
            return
        into.rows.append(line)
        judged = False
        for name, layer in self.schema.layers.items():
            try:
                given = lines_of(layer, row)
            except ValueError as error:
                self.no(line, f"layer {name}: {error}", how(layer))
                continue
            if given is not None:
                judged = judged or bool(layer.of)
                self._layer(line, given, layer, into)
        if not judged:
            self._pair(line, row, into)
        if len(self.problems) > before:
            into.bad.add(line)

    def _document_of(self, line: int, row: Row) -> Incoming | None:
        """The document that a row belongs to, begun with it or before; None where the row cannot be taken."""
        before = len(self.problems)
        said = {key: self._plain(line, row, key) for key in dict.fromkeys((*OWN, self.column))}
        if not _can_be_stored(row):
            self.no(line, "a value that cannot be stored", "No half characters, infinite numbers or deep nesting.")
        elif not said["text"].strip():
            self.no(line, "no text", "Give the document a text, or remove the row.")
        if len(self.problems) > before:
            return None
        key: tuple[str, ...] = (said[self.column], said["id"]) if said["id"] else ("", "", said["text"])
        if said["id"] and not said[self.column]:
            key = self.last.get(said["id"], key)
        first = self.incoming.get(key)
        if first is not None:
            return first if self._belongs(line, row, said, first) else None
        if self.asked and not said[self.column]:
            self.no(line, f"no value in column {quote(self.column)}", "Say which documents belong together.")
        text = said["text"].replace("\r\n", "\n") if self.lf else said["text"]
        if "\r" in text:
            self.no(line, "a carriage return in the text", "Import with --lf; one without a line feed must be removed.")
        if said["split"] and said["split"] not in SPLITS:
            self.no(line, f"unknown split {quote(said['split'])}", suggestion(said["split"], SPLITS))
        self._language(line, said["language"])
        for name in TEXTS:
            if not isinstance(row.get(name, ""), str):
                self.no(line, f"{name} is not a text", "Put it in quotes.")
        if len(self.problems) > before:
            return None
        name = as_name(said["id"]) if said["id"] else hashlib.sha256(text.encode()).hexdigest()[:12]
        group = as_name(said[self.column]) if said[self.column] else name
        self.incoming[key] = Incoming(line, row, text, group, name)
        self.last[said["id"]] = key
        return self.incoming[key]

    def _plain(self, line: int, row: Row, key: str) -> str:
        value = row.get(key, "")
        if isinstance(value, str):
            return value if key == "text" else value.strip()
        if isinstance(value, int) and not isinstance(value, bool) and key != "text":
            return str(value)
        self.no(line, f"{key} is not a text", "Put it in quotes.")
        return ""

    def _language(self, line: int, language: str) -> None:
        known = self.schema.languages
        if language and known and language not in known:
            remedy = f"{suggestion(language, known)} Or add it to languages in corpus.toml."
            self.no(line, f"unknown language {quote(language)}", remedy)

    def _belongs(self, line: int, row: Row, said: Mapping[str, str], first: Incoming) -> bool:
        """Whether a further row adds to its document without saying otherwise than the first."""
        before = len(self.problems)
        if row["text"] != first.row["text"]:
            self.no(line, f"id {quote(said['id'])} has another text on line {first.line}", "Give it an id of its own.")
        elif not self.facets & row.keys():
            self.no(line, f"the same document as line {first.line}", "Remove one of them.")
        for key in ("split", "language"):
            there = str(first.row.get(key, "")).strip()
            if said[key] and said[key] != there:
                self.no(line, f"{key} {quote(said[key])}, on line {first.line} {quote(there)}", "Let them be the same.")
        own = {*OWN, self.column, *self.schema.layers, *self.facets}
        self.differing |= {key for key in row.keys() - own if row[key] != first.row.get(key)}
        return len(self.problems) == before

    def _layer(self, number: int, given: list[dict[str, Any]], layer: Layer, into: Incoming) -> None:
        lines = into.lines.setdefault(layer.name, [])
        earlier = list(lines)
        for line in given:
            before = len(self.problems)
            for key, facet in _facets_in(line, layer):
                line[key] = self._name(number, line.get(key, ""), facet, into)
            for start, end in turn(line, layer, into.row["text"], self.offsets, self.lf):
                found = f"span {start}:{end} is on no character's border in {UNITS[self.offsets]}"
                self.no(number, found, "Check --offsets.")
            if len(self.problems) > before:
                continue
            check_line(line, layer, into.text, self._names(into), lambda f, r: self.no(number, f, r))
            if line in earlier and not layer.of:
                continue  # the document's own label, said again on each of its rows
            if line in lines:
                self.no(number, f"the same annotation twice in layer {layer.name}", "Keep one.")
            elif layer.kind == "label" and any(layer.key_of(one) == layer.key_of(line) for one in lines):
                self.no(number, f"a second label in layer {layer.name}", "A layer of kind label has one.")
            lines.append(line)
            if layer.of:
                into.pairs.setdefault(layer.name, {})[tuple(str(line[facet]) for facet in layer.of)] = None

    def _pair(self, number: int, row: Row, into: Incoming) -> None:
        """A row with holder and target but no label lists a pair that is still to be judged."""
        for layer in self.schema.layers.values():
            if layer.of and all(isinstance(row.get(f), str) and row[f].strip() for f in layer.of):
                pair = tuple(self._name(number, row[facet], facet, into) for facet in layer.of)
                into.pairs.setdefault(layer.name, {})[pair] = None

    def _name(self, number: int, value: Any, facet: str, into: Incoming) -> str:
        """The id of a holder or target; a name that is not known yet is given one in the document."""
        if not isinstance(value, str) or not value.strip():
            self.no(number, f"no {facet}", f"Give its name in {quote(facet)}, as a text.")
            return ""
        value = value.strip()
        declared = self.schema.names.get(facet, {})
        own = into.names.setdefault(facet, {})
        known = {**self.names.get(into.group, {}).get(facet, {}), **own, **declared}
        for name_id, name in known.items():
            if value == name_id or _alike(value, name):
                break
        else:
            name_id, name = slug(value), value
            if name_id in known:  # "C" and "C++" are two
                name_id = f"{name_id}-{hashlib.sha256(value.encode()).hexdigest()[:6]}"
        if name_id not in declared:
            own[name_id] = name
        return name_id

    def _names(self, into: Incoming) -> dict[str, dict[str, str]]:
        return {facet: {**self.schema.names.get(facet, {}), **into.names.get(facet, {})} for facet in self.facets}


def _can_be_stored(row: Row) -> bool:
    """Whether our JSON gives a row back as it is: no half characters, no infinity, not nested beyond reading."""
    try:
        return parse_object(compact(row), "", 0, []) == row
    except (ValueError, TypeError, OverflowError, RecursionError):
        return False


def _facets_in(line: Mapping[str, Any], layer: Layer) -> Iterator[tuple[str, str]]:
    """(key, facet) for each key of a line that names a holder, target or other facet."""
    yield from ((facet, facet) for facet in layer.of)
    yield from ((name, str(kind)) for name, kind in layer.fields.items() if name in line and kind in layer.of)


def _alike(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()
