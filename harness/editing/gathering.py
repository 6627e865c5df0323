"""Rows of a file gathered into the documents that they make, each row taken or refused with its reason."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harness.corpus import SPLITS
from harness.corpus.lines import check_line, is_plain
from harness.corpus.reading import Reading
from harness.corpus.schema import Layer
from harness.editing.cells import how, lines_of, slug, spans_given, turn
from harness.editing.mapping import Map
from harness.editing.naming import Pairs, taken_tables
from harness.editing.persons import EMAIL, has_address, may_annotate, pseudonym_key
from harness.editing.there import Known, names_of
from harness.editing.units import Detection, Found
from harness.errors import Problem, quote, suggestion
from harness.files import DEEPEST, parse_object
from harness.parts import LeftOut, Row
from harness.records import Document

OWN = ("id", "group", "split", "language", "text", "annotator")  # columns that are no layer, facet or metadata
TEXTS = ("source", "licence", "written_by", "picked_by")  # metadata that must be a text
GOLD = "gold"

Lines = list[dict[str, Any]]


@dataclass
class Incoming:
    """The rows of one document while they are gathered."""

    line: int
    row: Row  # the first, without its layers
    text: str  # as it is stored
    group: str
    name: str
    old: Document | None = None  # that the corpus has, with this text or another
    cells: list[bytes] = field(default_factory=list)  # of each row, packed: its line, facets and layers
    lines: Mapping[str, Mapping[str, Lines]] = field(default_factory=dict)  # annotator -> layer -> annotations
    pairs: dict[str, dict[tuple[str, ...], None]] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: list[tuple[int, str]] = field(default_factory=list)  # line number and annotator; several may share a number
    bad: set[int] = field(default_factory=set)  # of them, those with a problem


class Packed(Mapping[str, Lines]):
    """Annotations by layer as JSON, unpacked when they are asked for: a table takes ten times the memory."""

    __slots__ = ("_layers",)

    def __init__(self, layers: Mapping[str, Lines]) -> None:
        self._layers = {name: msgspec.json.encode(lines) for name, lines in layers.items()}

    def __getitem__(self, layer: str) -> Lines:
        lines: Lines = msgspec.json.decode(self._layers[layer])
        return lines

    def labels(self, layer: str) -> list[str]:
        """The labels of the annotations of a layer, quicker than by unpacking them."""
        return [line.label for line in msgspec.json.decode(self._layers[layer], type=list[_Labelled])]

    def __contains__(self, layer: object) -> bool:
        return layer in self._layers

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)


class _Labelled(msgspec.Struct):
    """An annotation of which nothing but the label is wanted."""

    label: str


def labels_in(layers: Mapping[str, Iterable[Mapping[str, Any]]], name: str) -> list[str]:
    """The labels of the annotations of a layer."""
    if isinstance(layers, Packed):
        return layers.labels(name)
    return [line["label"] for line in layers[name]]


class Gathering:
    """The documents of a file while its rows are taken, one after another; `finish` reads their annotations."""

    def __init__(
        self, reading: Reading, place: str, group: str, lf: bool, counts: str, mapped: Map | None = None
    ) -> None:
        self.reading, self.place, self.lf, self.counts, self.mapped = reading, place, lf, counts, mapped
        self.column, self.asked = group or "group", bool(group)
        self.schema = reading.schema
        self.facets = {facet for layer in self.schema.layers.values() for facet in layer.of}
        self.units = Detection()
        self.problems: list[Problem] = []
        self.incoming: dict[tuple[str, ...], Incoming] = {}  # (group, id) as said, or the text where there is no id
        self.last: dict[str, tuple[str, ...]] = {}  # id -> its document, for further rows that leave the group out
        self.there = Known(reading.documents)
        self.columns: set[str] = set()
        self.differing: set[str] = set()
        self.narrowed: set[str] = set()  # ids that corpus.toml has with another name
        self.left_out: Counter[str] = Counter()
        self.count = self.rejected = 0

    def no(self, line: int, found: str, remedy: str) -> None:
        self.problems.append(Problem(self.place, line, found, remedy, self.counts))

    def take(self, line: int, row: Row | LeftOut) -> None:
        """Read one row into the document that it belongs to."""
        self.count += 1
        if isinstance(row, LeftOut):
            self.left_out[row] += 1
            return
        before = len(self.problems)
        row = {key: value for key, value in row.items() if value is not None}
        if self.mapped:
            row = self.mapped.turn(row, lambda found, remedy: self.no(line, found, remedy))
        names, pairs = taken_tables(row, self.facets, self.schema.layers)
        self.columns.update(row)
        into = self._document_of(line, row)
        if into is None:
            self.rejected += 1
            return
        self._tables(line, names, pairs, into)
        cells = {}
        for name, layer in self.schema.layers.items():
            try:
                given = lines_of(layer, row)
            except ValueError as error:
                self.no(line, f"layer {name}: {error}", how(layer))
                continue
            if given is not None:
                cells[name] = given
        facets = {facet: row[facet] for facet in self.facets if facet in row}
        into.cells.append(msgspec.json.encode((*into.rows[-1], facets, cells)))
        lines = ((one, self.schema.layers[name]) for name, given in cells.items() for one in given)
        self.units.look(line, into.row["text"], [span for one, layer in lines for span in spans_given(one, layer)])
        if len(self.problems) > before:
            into.bad.add(line)

    def finish(self, offsets: str) -> Found:
        """Read the annotations of all rows, whose spans are in this unit, or in the one that explains them all."""
        unit = self.units.choose(offsets, f"{self.place} {self.counts}")
        for into in self.incoming.values():
            lines: dict[str, dict[str, Lines]] = {}
            for packed in into.cells:
                line, by, facets, cells = msgspec.json.decode(packed)
                before = len(self.problems)
                for name, given in cells.items():
                    own = lines.setdefault(by, {}).setdefault(name, [])
                    self._layer(line, given, own, self.schema.layers[name], into, unit)
                if not any(self.schema.layers[name].of for name in cells):
                    self._pair(line, facets, into)
                if len(self.problems) > before:
                    into.bad.add(line)
            into.cells = []
            into.lines = {by: Packed(layers) for by, layers in lines.items()}
        return unit

    def _document_of(self, line: int, row: Row) -> Incoming | None:
        """The document that a row belongs to, begun with it or before; None where the row cannot be taken."""
        before = len(self.problems)
        said = {key: self._plain(line, row, key) for key in dict.fromkeys((*OWN, self.column))}
        by = self._annotator(line, said["annotator"])
        if not _can_be_stored(row):
            self.no(line, "a value that cannot be stored", "No half characters, infinite numbers or deep nesting.")
        elif not said["text"].strip():
            self.no(line, "no text", "Give the document a text, or remove the row.")
        if len(self.problems) > before:
            return None
        key: tuple[str, ...] = (said[self.column], said["id"]) if said["id"] else ("", "", said["text"])
        if said["id"] and not said[self.column]:
            key = self.last.get(said["id"], key)
        into = self.incoming.get(key)
        if into is not None and not self._belongs(line, row, said, by, into):
            return None
        if into is None:
            into = self._begun(line, row, said)
            if into is None:
                return None
            self.incoming[key] = into
            self.last[said["id"]] = key
        into.rows.append((line, by))
        return into

    def _begun(self, line: int, row: Row, said: Mapping[str, str]) -> Incoming | None:
        """The document that a row is the first of; None where it cannot be one."""
        before = len(self.problems)
        text = said["text"].replace("\r\n", "\n") if self.lf else said["text"]
        if "\r" in text:
            self.no(line, "a carriage return in the text", "Import with --lf; one without a line feed must be removed.")
        if said["split"] and said["split"] not in SPLITS:
            self.no(line, f"unknown split {quote(said['split'])}", suggestion(said["split"], SPLITS))
        self._language(line, said["language"])
        for name in TEXTS:
            if not isinstance(row.get(name, ""), str):
                self.no(line, f"{name} is not a text", "Put it in quotes.")
        old = self.there.find(said[self.column], said["id"], text)
        if old is None and self.asked and not said[self.column]:
            self.no(line, f"no value in column {quote(self.column)}", "Say which documents belong together.")
        if len(self.problems) > before:
            return None
        kept = {key: value for key, value in row.items() if key not in self.schema.layers}
        if old is not None:
            return Incoming(line, kept, text, old.group, old.name, old)
        name, group = names_of(said[self.column], said["id"], text)
        return Incoming(line, kept, text, group, name)

    def _annotator(self, line: int, said: str) -> str:
        """Whose file the row's annotations go to; gold where nobody is named."""
        if EMAIL.search(said):
            key = f'"{pseudonym_key(said)}" = "a1"'
            self.no(line, "an annotator that is an e-mail address", f"Give a map (--map) with [annotators] {key}.")
        elif said not in ("", GOLD) and not may_annotate(said):
            remedy = f'Give a map (--map) with [annotators] {quote(said)} = "a1".'
            self.no(line, f"annotator {quote(said)}, which cannot be in a file's name", remedy)
        return said or GOLD

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

    def _belongs(self, line: int, row: Row, said: Mapping[str, str], by: str, first: Incoming) -> bool:
        """Whether a further row adds to its document without saying otherwise than the first."""
        before = len(self.problems)
        there = f"{self.counts} {first.line}"
        if row["text"] != first.row["text"]:
            self.no(line, f"id {quote(said['id'])} has another text on {there}", "Give it an id of its own.")
        elif any(who == by for _, who in first.rows) and not self.facets & row.keys():
            again = next(number for number, who in first.rows if who == by)
            whose = "" if by == GOLD else f" by {by}"
            self.no(line, f"the same document{whose} as {self.counts} {again}", "Remove one of them.")
        for key in ("split", "language"):
            one = str(first.row.get(key, "")).strip()
            if said[key] and said[key] != one:
                self.no(line, f"{key} {quote(said[key])}, on {there} {quote(one)}", "Let them be the same.")
        own = {*OWN, self.column, *self.schema.layers, *self.facets}
        self.differing |= {key for key in row.keys() - own if row[key] != first.row.get(key)}
        return len(self.problems) == before

    def _layer(self, number: int, given: Lines, lines: Lines, layer: Layer, into: Incoming, unit: Found) -> None:
        """Add what a row gives to the annotations of a layer."""
        # Lines that speak of the same thing: whether an earlier row has them, and they themselves.
        alike: defaultdict[Hashable, list[tuple[bool, dict[str, Any]]]] = defaultdict(list)
        for line in lines:
            alike[_key(line, layer)].append((True, line))
        as_stored = unit.unit == "codepoint" and into.text == into.row["text"]
        for i, line in enumerate(given, 1):
            plain = as_stored and is_plain(line, layer, into.text)
            if not plain and not self._mended(number, i, line, layer, into, unit):
                continue
            twins = alike[_key(line, layer)]
            if not layer.of and (True, line) in twins:
                continue  # the document's own label, said again on each of its rows
            if any(line == one for _, one in twins):
                self.no(number, f"the same annotation twice in layer {layer.name}", "Keep one.")
            elif twins and layer.kind == "label":
                self.no(number, f"a second label in layer {layer.name}", "A layer of kind label has one.")
            twins.append((False, line))
            lines.append(line)
            if layer.of:
                into.pairs.setdefault(layer.name, {})[tuple(str(line[facet]) for facet in layer.of)] = None

    def _mended(self, number: int, i: int, line: dict[str, Any], layer: Layer, into: Incoming, unit: Found) -> bool:
        """Write a line as the corpus has it and note what is wrong with it; false where it cannot be written so."""
        before = len(self.problems)
        for key, facet in _facets_in(line, layer):
            line[key] = self._name(number, line.get(key, ""), facet, into)
        what = "span" if layer.kind == "spans" else "annotation"
        for key in line:
            if key != "text" and has_address(line[key]):
                found = f"layer {layer.name}, {what} {i}: an e-mail address in field {key}"
                self.no(number, found, "Remove it from the file, or leave the field out by a map.")
        for wrong in turn(line, layer, into.row["text"], unit, self.lf):
            self.no(number, f"layer {layer.name}, {what} {i}: {wrong}", unit.advice or "Check --offsets.")
        if len(self.problems) > before:
            return False
        check_line(line, layer, into.text, self._names(into), lambda f, r: self.no(number, f, r))
        return True

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
        if has_address(value):
            self.no(number, f"an e-mail address as {facet}", "Give a name instead, which may be made up.")
            return ""
        own = into.names.setdefault(facet, {})
        known = {**self.schema.names.get(facet, {}), **self._in_group(facet, into), **own}
        for name_id, name in known.items() if value not in known else [(value, known[value])]:
            if value in (name_id, name_id.replace("-", "_")) or _alike(value, name):
                break
        else:
            name_id, name = slug(value), value
            if name_id in known:  # "C" and "C++" are two
                name_id = f"{name_id}-{hashlib.sha256(value.encode()).hexdigest()[:6]}"
        if name_id not in self.schema.names.get(facet, {}):
            own[name_id] = name
        return name_id

    def _in_group(self, facet: str, into: Incoming) -> dict[str, str]:
        """The names that the corpus has for this document, or its group has: id -> name."""
        old = into.old.names if into.old else {}
        return {**self.there.names.get(into.group, {}).get(facet, {}), **old.get(facet, {})}

    def _tables(self, line: int, names: Mapping[str, Mapping[str, str]], pairs: Pairs, into: Incoming) -> None:
        """Take the names behind ids and the pairs to judge that a row has in tables of their own."""
        for facet, table in names.items():
            own, corpus = into.names.setdefault(facet, {}), self.schema.names.get(facet, {})
            known = {**self._in_group(facet, into), **own}  # as in groups, names of the whole corpus may be narrowed
            for name_id, name in table.items():
                if has_address(name):
                    self.no(line, f"an e-mail address as name of {facet} {quote(name_id)}", "Give another name.")
                elif known.get(name_id, name) != name:
                    found = f"{facet} {quote(name_id)} is {quote(name)}, but {quote(known[name_id])} elsewhere"
                    self.no(line, found, "Let the names be the same, or give it an id of its own.")
                elif corpus.get(name_id) != name:
                    own[name_id] = name
                    self.narrowed |= {name_id} & corpus.keys()
        for layer, some in pairs.items():
            for pair in some:
                both = zip(self.schema.layers[layer].of, pair, strict=True)
                told = tuple(self._name(line, value, facet, into) for facet, value in both)
                into.pairs.setdefault(layer, {})[told] = None

    def _names(self, into: Incoming) -> dict[str, dict[str, str]]:
        return {facet: {**self.schema.names.get(facet, {}), **into.names.get(facet, {})} for facet in self.facets}


def _can_be_stored(row: Row) -> bool:
    """Whether our JSON gives a row back as it is: no half characters, no infinity, not nested beyond reading."""
    try:
        packed = msgspec.json.encode(row)
        if packed.count(b"[") + packed.count(b"{") > DEEPEST:
            return parse_object(packed.decode(), "", 0, []) == row
        return bool(msgspec.json.decode(packed) == row)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return False


def _key(line: Mapping[str, Any], layer: Layer) -> Hashable:
    """What lines share that speak of the same thing; of malformed ones too."""
    key = layer.key_of(line)
    try:
        hash(key)
    except TypeError:
        return repr(key)
    return key


def _facets_in(line: Mapping[str, Any], layer: Layer) -> Iterator[tuple[str, str]]:
    """(key, facet) for each key of a line that names a holder, target or other facet."""
    yield from ((facet, facet) for facet in layer.of)
    yield from ((name, str(kind)) for name, kind in layer.fields.items() if name in line and kind in layer.of)


def _alike(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()
