"""What a `corpus.toml` declares: layers, names, tasks; and what an annotation line of a layer may hold."""

from __future__ import annotations

import functools
import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.corpus.sources import inside
from harness.errors import Problem, ProblemsFound, quote, shown, suggestion
from harness.files import TomlLines, read_toml

KINDS = ("label", "labels", "spans")
OVERLAPS = ("none", "nested", "any")
EVIDENCE = ("none", "optional", "required")
SPLITS = ("train", "dev", "test", "settle", "pool")
NOT_FOR_TEST = ("unannotated", "uncertain", "disagreements", "suggestions")  # `picked_by`: orders that are not random
OFFSETS = "codepoint"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
OF_THE_HOUSE = re.compile(r"[a-z0-9_]+\s*\(")  # a part by its plain name: a corpus never names code
FIELD_KINDS = ("bool", "text", "id", "span", "spans")
# What a layer, a facet and a field may not be called: columns, tables and keys that stand beside them.
TAKEN_BY_COLUMNS = ("id", "item", "document", "group", "split", "language", "text")
TAKEN_BY_KEYS = ("layer", "label", "start", "end", "text", "evidence", "suggested_by")
TAKEN_BY_TABLES = ("layer", "task", "language", "pair", "tag")

FieldKind = str | tuple[str, ...] | Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Layer:
    """One layer of annotation: what is labelled, with which labels, about what."""

    name: str
    kind: str
    labels: tuple[str, ...]
    of: tuple[str, ...] = ()  # facets that a label is about, besides the document
    evidence: str = "none"
    overlap: str = "none"
    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: Mapping[str, FieldKind] = field(default_factory=dict)

    @functools.cached_property
    def keys(self) -> frozenset[str]:
        """Every key that a line of this layer may hold."""
        own = ("start", "end", "text") if self.kind == "spans" else ()
        proof = ("evidence", "text") if self.evidence != "none" else ()
        return frozenset(("layer", "label", *own, *proof, *self.of, *self.fields, "suggested_by"))

    @functools.cached_property
    def span_fields(self) -> tuple[str, ...]:
        """The fields that hold spans."""
        return tuple(name for name, kind in self.fields.items() if kind in ("span", "spans"))

    def key_of(self, line: Mapping[str, Any]) -> tuple[Any, ...]:
        """What two lines of this layer share when they speak of the same thing."""
        if self.kind == "spans":
            return (line.get("start"), line.get("end"), line.get("label"))
        facets = tuple(line.get(facet) for facet in self.of)
        return (*facets, line.get("label")) if self.kind == "labels" else facets


@dataclass(frozen=True)
class Schema:
    """A `corpus.toml`, checked."""

    name: str
    version: str
    layers: Mapping[str, Layer]
    tasks: Mapping[str, Mapping[str, Any]]
    languages: tuple[str, ...] = ()
    licence: str = ""
    guideline: str = ""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # facet -> id -> display name

    def identity(self) -> dict[str, Any]:
        """What of it decides items, gold and scores; part of the corpus's digest."""
        layers = {
            name: {"kind": layer.kind, "labels": layer.labels, "of": layer.of, "tiers": list(layer.tiers.items())}
            for name, layer in self.layers.items()
        }
        tasks = {name: {k: v for k, v in task.items() if k != "metrics"} for name, task in self.tasks.items()}
        return {"layers": layers, "tasks": tasks}


def read_schema(root: Path, problems: list[Problem]) -> Schema:
    """Read and check `corpus.toml`, noting every problem of it."""
    path = root / "corpus.toml"
    if not os.path.isfile(path):  # noqa: PTH113  (the method raises where a folder may not be entered)
        remedy = "Give the folder of a corpus, or make one: harness corpus new NAME."
        raise ProblemsFound([Problem(shown(str(root)), 0, "no corpus here: there is no corpus.toml", remedy)])
    if not inside(root, path):
        problems.append(Problem("corpus.toml", 0, "a link that leads out of the corpus", "Put the file itself here."))
        return Schema(root.name, "", {}, {})
    table, lines = read_toml(path, "corpus.toml", problems)
    if not table:
        if not problems:
            problems.append(Problem("corpus.toml", 1, "is empty", "Declare name and layers."))
        return Schema(root.name, "", {}, {})
    return _SchemaReader(table, lines, problems).read(root.name)


def schema_of(text: str, folder: str, problems: list[Problem]) -> Schema:
    """The schema that the text of a `corpus.toml` declares, every problem of it noted."""
    return _SchemaReader(tomllib.loads(text), TomlLines(text), problems).read(folder)


class _SchemaReader:
    """Takes a parsed `corpus.toml` apart, one table at a time."""

    def __init__(self, table: dict[str, Any], lines: TomlLines, problems: list[Problem]) -> None:
        self.table, self.lines, self.problems = table, lines, problems

    def no(self, path: Sequence[str], found: str, remedy: str) -> None:
        self.problems.append(Problem("corpus.toml", self.lines(*path), found, remedy))

    def read(self, folder: str) -> Schema:
        facets = {facet for layer in self._tables("layers").values() for facet in _strings(layer.get("of")) or ()}
        known = {"name", "version", "licence", "languages", "unit", "guideline", "layers", "tasks"}
        self._known((), self.table, known | {f"{facet}s" for facet in facets})
        unit = self.table.get("unit", OFFSETS)
        if unit != OFFSETS:
            self.no(("unit",), f"offset unit {quote(unit)}", f"Offsets are stored in {OFFSETS} units only.")
        layers = {name: self._layer(name, table) for name, table in self._tables("layers").items()}
        if not layers:
            self.no((), "declares no layer", "Add [layers.NAME] with kind and labels.")
        name = self._text("name", folder)
        if not NAME.fullmatch(name.replace("_", "-")):
            self.no(("name",), f"corpus name {quote(name)}", "Use a-z, 0-9, - and _.")
        return Schema(
            name=name,
            version=self._text("version", "0"),
            layers=layers,
            tasks={name: self._task(name, table, layers) for name, table in self._tables("tasks").items()},
            languages=self._list(("languages",), self.table.get("languages", [])),
            licence=self._text("licence", ""),
            guideline=self._text("guideline", ""),
            names={facet: self._names(f"{facet}s") for facet in sorted(facets)},
        )

    def _known(self, path: tuple[str, ...], table: Mapping[str, Any], known: set[str]) -> None:
        for key in table:
            if key not in known:
                self.no((*path, key), f"unknown key {quote(key)}", suggestion(key, sorted(known)))

    def _text(self, key: str, default: str) -> str:
        value = self.table.get(key, default)
        if isinstance(value, str):
            return value
        self.no((key,), f"{key} is not a string", 'Put it in quotes: "…".')
        return default

    def _tables(self, key: str) -> dict[str, dict[str, Any]]:
        value = self.table.get(key, {})
        if isinstance(value, dict) and all(isinstance(table, dict) for table in value.values()):
            return value
        self.no((key,), f"{key} is not made of tables", f"Write [{key}.NAME].")
        return {}

    def _list(self, path: tuple[str, ...], value: Any, *, what: str = "") -> tuple[str, ...]:
        strings = _strings(value)
        if strings is None or len(set(strings)) < len(strings):
            self.no(path, f"{what or path[-1]} is not a list of different strings", 'Write ["A", "B"].')
            return ()
        return strings

    def _names(self, key: str) -> dict[str, str]:
        return read_names(self.table.get(key, {}), key, self.no)

    def _layer(self, name: str, table: dict[str, Any]) -> Layer:
        path = ("layers", name)
        self._known(path, table, {"kind", "labels", "of", "evidence", "overlap", "tiers", "fields"})
        self._named(path, "layer", name, TAKEN_BY_COLUMNS)
        kind = self._one_of((*path, "kind"), table.get("kind"), KINDS)
        labels = self._list((*path, "labels"), table.get("labels"))
        if not labels:
            self.no((*path, "labels"), "declares no labels", 'Write labels = ["A", "B"]; only append later.')
        tiers = {tier: self._list((*path, "tiers", tier), some) for tier, some in self._inner(path, "tiers").items()}
        for tier, some in tiers.items():
            for label in some:
                if label not in labels:
                    self.no(
                        (*path, "tiers", tier),
                        f"tier of unknown label {quote(label)}",
                        suggestion(label, labels),
                    )
        of = self._list((*path, "of"), table.get("of", []))
        for facet in of:
            taken = (*TAKEN_BY_COLUMNS, *TAKEN_BY_KEYS, *TAKEN_BY_TABLES, *self.table["layers"])
            self._named((*path, "of"), "facet", facet, taken)
        if of and kind == "spans":
            self.no((*path, "of"), "spans are not about anything besides the text", "Remove `of`.")
        return Layer(
            name=name,
            kind=kind,
            labels=labels,
            of=of,
            evidence=self._one_of((*path, "evidence"), table.get("evidence", "none"), EVIDENCE),
            overlap=self._one_of((*path, "overlap"), table.get("overlap", "none"), OVERLAPS),
            tiers=tiers,
            fields={f: self._field(path, f, k, of, labels) for f, k in self._inner(path, "fields").items()},
        )

    def _named(self, path: Sequence[str], what: str, name: str, taken: Collection[str]) -> None:
        if not NAME.fullmatch(name.replace("_", "-")):
            self.no(path, f"{what} name {quote(name)}", "Use a-z, 0-9, - and _.")
        elif name in taken:
            self.no(path, f"{what} name {quote(name)} is taken", "Call it something else.")

    def _inner(self, path: tuple[str, ...], key: str) -> dict[str, Any]:
        """The table `key` inside a layer's table."""
        value = self.table["layers"][path[-1]].get(key, {})
        if isinstance(value, dict):
            return value
        self.no((*path, key), f"{key} is not a table", f"Write [{'.'.join(path)}.{key}].")
        return {}

    def _one_of(self, path: tuple[str, ...], value: Any, valid: tuple[str, ...]) -> str:
        if value in valid:
            return str(value)
        self.no(path, f"unknown {path[-1]} {quote(value)}", suggestion(str(value), valid))
        return valid[0]

    def _field(
        self, path: tuple[str, ...], name: str, kind: Any, of: tuple[str, ...], labels: tuple[str, ...]
    ) -> FieldKind:
        here = (*path, "fields", name)
        self._named(here, "field", name, (*TAKEN_BY_KEYS, *of))
        if isinstance(kind, dict):
            for label in kind.keys() - set(labels):
                self.no((*here, label), f"field {name} of unknown label {quote(label)}", suggestion(label, labels))
            return {label: self._list((*here, label), some) for label, some in kind.items()}
        if isinstance(kind, list):
            return self._list(here, kind)
        return self._one_of(here, kind, FIELD_KINDS + of)

    def _task(self, name: str, table: dict[str, Any], layers: Mapping[str, Layer]) -> Mapping[str, Any]:
        path = ("tasks", name)
        layer = table.get("layer", name)
        if not isinstance(layer, str) or layer not in layers:
            self.no((*path, "layer"), f"task of unknown layer {quote(layer)}", suggestion(str(layer), [*layers]))
            return {}
        settings = {"layer": layer, **table}
        if not NAME.fullmatch(name.replace("_", "-")):
            self.no(path, f"task name {quote(name)}", "Use a-z, 0-9, - and _.")
        if "use" in table and not (isinstance(table["use"], str) and OF_THE_HOUSE.match(table["use"] + "(")):
            self.no((*path, "use"), f"use is {quote(table['use'])}", 'Write use = "label", "labels" or "spans".')
            del settings["use"]
        if "metrics" in table:
            settings["metrics"] = list(self._list((*path, "metrics"), table["metrics"]))
            for metric in settings["metrics"]:
                if not OF_THE_HOUSE.match(metric + "("):
                    remedy = "A corpus names metrics of the house alone; code is named in a benchmark."
                    self.no((*path, "metrics"), f"metric {quote(metric)}", remedy)
        if "where" in table:
            settings["where"] = self._where((*path, "where"), table["where"], layers[layer])
        return settings

    def _where(self, path: tuple[str, ...], where: Any, layer: Layer) -> dict[str, Any]:
        if not isinstance(where, dict):
            self.no(path, "where is not a table", 'Write where = { FIELD = "value" }.')
            return {}
        known = sorted((*layer.fields, *layer.of, "label"))
        for key in where.keys() - set(known):
            self.no((*path, key), f"where asks for unknown field {quote(key)}", suggestion(key, known))
        return where


def read_names(value: Any, key: str, no: Callable[[Sequence[str], str, str], None]) -> dict[str, str]:
    """A table of ids and display names (`[holders]`, `[targets]`), its problems noted."""
    if not isinstance(value, dict):
        no((key,), f"{key} is not a table", f'Write [{key}] and below it id = "name".')
        return {}
    names = {}
    for name_id, name in value.items():
        if not isinstance(name, str):
            no((key, name_id), f"the name of {quote(name_id)} in {key} is not a string", 'Write id = "name".')
        elif not NAME.fullmatch(name_id):
            no((key, name_id), f"id {quote(name_id)} in {key}", "Ids are made of a-z, 0-9 and -.")
        else:
            names[name_id] = name
    return names


def _strings(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None
