"""A map from the names of somebody else's file to those of a corpus: columns, controls, labels, annotators.

[fields]
topic = "group"             # also id, split, language, text, source, licence, date, annotator, and the facets
lead_time = ""              # left out

[layers."stance_*"]         # a control of the tool; one * stands for any text
layer = "stance"
target = "*"                # what the * stands for; or a name that is always the same
holder = {column = "speaker"}

[layers."stance_*".labels]
Pro = "FAVOR"
Unclear = ""                # left out

[layers."stance_*".fields]
sure = "explicit"           # fields of an annotation

[annotators]
"#1f8b2c3d" = "a1"          # a name, an id, or the digest of an e-mail address
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.corpus.schema import Layer, Schema
from harness.editing.cells import how, lines_of
from harness.editing.persons import EMAIL, may_annotate, pseudonym_key
from harness.errors import Problem, ProblemsFound, quote, suggestion
from harness.files import read_toml
from harness.parts import Row

FIELDS = ("id", "group", "split", "language", "text", "source", "licence", "date", "annotator")

No = Callable[[str, str], None]  # found, remedy


@dataclass(frozen=True)
class Column:
    """A facet that stands in a column of its own."""

    name: str


@dataclass(frozen=True)
class Control:
    """What one control of a tool is in the corpus; no layer where it is left out."""

    name: str
    layer: Layer | None = None
    facets: Mapping[str, str | Column] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def star(self, key: str) -> str | None:
        """What the * stands for in a column's name; None where the column is another one."""
        if "*" not in self.name:
            return "" if key == self.name else None
        first, last = self.name.split("*")
        fits = len(key) > len(first) + len(last) and key.startswith(first) and key.endswith(last)
        return key[len(first) : len(key) - len(last)] if fits else None

    def turned(self, line: dict[str, Any], star: str, row: Row) -> dict[str, Any] | None:
        """An annotation in the corpus's words; None where it is left out."""
        label = line.get("label")
        line["label"] = self.labels.get(label, label) if isinstance(label, str) else label
        if line["label"] == "":
            return None
        renamed = {self.fields.get(key, key): value for key, value in line.items() if self.fields.get(key, key)}
        for facet, said in self.facets.items():
            value = row.get(said.name) if isinstance(said, Column) else star if said == "*" else said
            if value is not None:
                renamed.setdefault(facet, value)
        return renamed


class Map:
    """A map that was read and fits a corpus; it turns rows, and remembers what of it was met.

    Raises ProblemsFound with all that is wrong with the file.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.place, self.schema, self.problems = str(path), schema, list[Problem]()
        self.table, self.lines = read_toml(path, self.place, self.problems)
        self.facets = sorted({facet for layer in schema.layers.values() for facet in layer.of})
        self._known((), self.table, ("fields", "layers", "annotators"))
        self.fields = self._fields()
        self.controls = [self._control(name, table) for name, table in self._inner((), "layers").items()]
        self.annotators = self._annotators()
        if self.problems:
            raise ProblemsFound(self.problems)
        facets = [one for control in self.controls for one in control.facets.values()]
        self.taken = {one.name for one in facets if isinstance(one, Column)}
        self.seen: set[str] = set()  # columns of the file
        self.found: dict[str, tuple[Control, str] | None] = {}  # column -> its control, and what its * stands for
        self.said: dict[tuple[str, ...], set[str]] = {}  # table of the map -> what the file has of its kind
        self.notes: list[str] = []

    def no(self, path: Sequence[str], found: str, remedy: str) -> None:
        self.problems.append(Problem(self.place, self.lines(*path), found, remedy))

    def _known(self, path: tuple[str, ...], table: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                self.no((*path, key), f"unknown key {quote(key)}", suggestion(key, known))

    def _inner(self, path: tuple[str, ...], key: str) -> dict[str, Any]:
        table: Any = self.table
        for part in (*path, key):
            table = table.get(part, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict):
            return table
        self.no((*path, key), f"{key} is not a table", f"Write [{'.'.join((*path, key))}].")
        return {}

    def _names(self, path: tuple[str, ...], key: str, valid: Sequence[str], what: str) -> dict[str, str]:
        """A table of their names to ours; an empty name is left out."""
        names = {}
        for theirs, ours in self._inner(path, key).items():
            if not isinstance(ours, str) or (ours and ours not in valid):
                said = ours if isinstance(ours, str) else repr(ours)
                self.no((*path, key, theirs), f"unknown {what} {quote(said)}", suggestion(said, valid) + ' Or "".')
            else:
                names[theirs] = ours
        return names

    def _fields(self) -> dict[str, str]:
        fields = self._names((), "fields", (*FIELDS, *self.facets), "field")
        first: dict[str, str] = {}
        for theirs, ours in fields.items():
            if ours and first.setdefault(ours, theirs) != theirs:
                self.no(("fields", theirs), f"{quote(first[ours])} is {quote(ours)} already", "Keep one of them.")
        return fields

    def _control(self, name: str, table: Any) -> Control:
        path = ("layers", name)
        if not isinstance(table, dict) or not isinstance(table.get("layer"), str):
            self.no(path, f"control {quote(name)} names no layer", 'Write layer = "…", or layer = "" to leave it out.')
            return Control(name)
        if name.count("*") > 1:
            self.no(path, f"control {quote(name)} has more than one *", "Keep one.")
        layer = self.schema.layers.get(table["layer"])
        if layer is None:
            if table["layer"]:
                remedy = suggestion(table["layer"], [*self.schema.layers])
                self.no((*path, "layer"), f"unknown layer {quote(table['layer'])}", remedy)
            return Control(name)
        self._known(path, table, ("layer", "labels", "fields", *layer.of))
        facets = {facet: self._facet((*path, facet), table[facet]) for facet in layer.of if facet in table}
        return Control(
            name,
            layer,
            facets,
            self._names(path, "labels", layer.labels, f"label of layer {layer.name}"),
            self._names(path, "fields", (*layer.fields, *layer.of), f"field of layer {layer.name}"),
        )

    def _facet(self, path: tuple[str, ...], said: Any) -> str | Column:
        if isinstance(said, dict) and said.keys() == {"column"} and isinstance(said["column"], str):
            return Column(said["column"])
        if isinstance(said, str) and said.strip():
            if said == "*" and "*" not in path[1]:
                self.no(path, f'{path[-1]} is "*", but the control has none', "Write a name, or * into the control.")
            return said
        self.no(path, f"{path[-1]} is no name", f'Write {path[-1]} = "…" or {path[-1]} = {{column = "…"}}.')
        return ""

    def _annotators(self) -> dict[str, str]:
        names: dict[str, str] = {}
        whose: dict[str, str] = {}  # pseudonym, folded -> the annotator it is
        for theirs, ours in self._inner((), "annotators").items():
            if isinstance(ours, str) and may_annotate(ours):
                key = pseudonym_key(theirs)
                if whose.setdefault(ours.casefold(), key) != key:
                    found = f"pseudonym {quote(ours)} is another annotator's already"
                    self.no(("annotators", theirs), found, "Give each a name of their own.")
                names[key] = ours
            else:
                shown = "a pseudonym" if isinstance(ours, str) and EMAIL.search(ours) else f"pseudonym {quote(ours)}"
                self.no(("annotators", theirs), f"{shown} cannot be in a file's name", "Use A-Z, a-z, 0-9, - and _.")
        return names

    def turn(self, row: Row, no: No) -> Row:
        """A row in the corpus's words."""
        self.seen.update(row)
        turned: Row = {}
        controls = []
        for key, value in row.items():
            if key in self.fields:
                if self.fields[key]:
                    self._put(turned, self.fields[key], value, no)
            elif found := self._control_of(key):
                controls.append((key, *found))
            elif key not in self.taken:
                self._put(turned, key, value, no)
        for key, control, star in controls:
            if control.layer is not None:
                try:
                    self._add(turned, control, star, row, key)
                except ValueError as error:
                    no(f"{key}: {error}", how(control.layer))
        annotator = turned.get("annotator")
        if isinstance(annotator, str | int) and (name := str(annotator).strip()):
            key = pseudonym_key(name)
            self.said.setdefault(("annotators",), set()).add(key)
            if self.annotators and key not in self.annotators and may_annotate(name):  # else a row is refused for it
                remedy = f"{suggestion(key, sorted(self.annotators))} Or add it there."
                no(f"annotator {quote(key)}, whom the map's [annotators] do not list", remedy)
            turned["annotator"] = self.annotators.get(key, name)
        return turned

    def _put(self, turned: Row, key: str, value: Any, no: No) -> None:
        if key in turned and turned[key] != value:
            no(f"two columns say otherwise of {key}", 'Leave one out: under [fields] of the map, COLUMN = "".')
        turned[key] = value

    def _control_of(self, key: str) -> tuple[Control, str] | None:
        """The control that a column is; one of its very name comes before those with a *."""
        if key not in self.found:
            exact = sorted(self.controls, key=lambda control: "*" in control.name)
            fitting = ((control, control.star(key)) for control in exact)
            self.found[key] = next(((control, star) for control, star in fitting if star is not None), None)
        return self.found[key]

    def _add(self, turned: Row, control: Control, star: str, row: Row, key: str) -> None:
        """Add what a control says to its layer, to which several may add. Raises ValueError as `lines_of` does."""
        layer = control.layer
        lines = lines_of(layer, {layer.name: row[key]}) if layer else None
        if layer is None or lines is None:
            return
        for line in lines:
            path = ("layers", control.name)
            self.said.setdefault((*path, "fields"), set()).update(line)
            if isinstance(line.get("label"), str):
                self.said.setdefault((*path, "labels"), set()).add(line["label"])
        earlier = lines_of(layer, {layer.name: turned.get(layer.name)})
        kept = [one for one in (control.turned(line, star, row) for line in lines) if one is not None]
        if kept or earlier is not None or layer.kind != "label" or layer.of:
            turned[layer.name] = [*(earlier or ()), *kept]

    def finish(self) -> None:
        """Note what of the map the file has not. Raises ProblemsFound for what is like a column that is not mapped."""
        if not self.seen:
            return
        free = sorted(key for key in self.seen - self.fields.keys() - self.taken if not self.found.get(key))
        met = {found[0].name for found in self.found.values() if found}
        missing = [("fields", name) for name in [*self.fields] if name not in self.seen]
        missing += [("layers", control.name) for control in self.controls if control.name not in met]
        for path in missing:
            self._missing(path, free)
        for control in self.controls:
            if control.name in met and control.layer is not None:
                own = {"labels": {*control.layer.labels}, "fields": {*control.layer.keys}}
                for what, table in (("labels", control.labels), ("fields", control.fields)):
                    self._unused(("layers", control.name, what), table, own[what])
        self._unused(("annotators",), self.annotators, set())
        if self.problems:
            raise ProblemsFound(self.problems)

    def _unused(self, path: tuple[str, ...], table: Mapping[str, str], fine: set[str]) -> None:
        """The names in a table of the map that the file has not; `fine` are those that need no map."""
        said = self.said.get(path, set())
        written = {pseudonym_key(name): name for name in self._inner(path[:-1], path[-1])}  # whose line is told
        for key in table:
            if key not in said:
                self._missing((*path, written.get(key, key)), sorted(said - table.keys() - fine))

    def _missing(self, path: tuple[str, ...], free: Sequence[str]) -> None:
        """A name in the map that the file has not: an error where the file has one that is nearly it."""
        name = pseudonym_key(path[-1])
        near = difflib.get_close_matches(name, free, n=1, cutoff=0.7)
        if near:
            self.no(path, f"the file has no {quote(name)}", f"Did you mean {quote(near[0])}?")
        else:
            told = (*path[path[0] != "annotators" : -1], name)
            self.notes.append(f"the map's {' '.join(told)} is not in the file")
