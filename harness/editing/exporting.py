"""A corpus as rows for a format, and what a format lost of them: found by reading back, never claimed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from harness.corpus import Layer
from harness.corpus.reading import AnnotationFile, Reading
from harness.editing.cells import lines_of
from harness.files import compact
from harness.parts import LeftOut, Row
from harness.records import Document

Line = dict[str, Any]
UNNAMED = ("sha256", "language", "pairs")  # keys of ID.meta.json that a row says in another way, or not at all


def rows_of(reading: Reading, annotators: Sequence[str] = ("gold",)) -> Iterator[Row]:
    """Each document as a row, for each of the annotators that has a file on it; gold's rows name no annotator.

    A document that none of them has annotated is one row without layers.
    """
    for document in reading.documents:
        files = [file for file in reading.annotations[document.id] if file.by in annotators]
        yield from (_row(document, file, reading.schema.layers) for file in files)
        if not files:
            yield _row(document, None, reading.schema.layers)


def _row(document: Document, file: AnnotationFile | None, layers: Mapping[str, Layer]) -> Row:
    row: Row = {"id": document.name, "group": document.group, "text": document.text}
    row |= {key: value for key, value in (("split", document.split), ("language", document.language)) if value}
    row |= {key: value for key, value in document.meta.items() if key not in UNNAMED}
    if file is not None and file.by != "gold":
        row["annotator"] = file.by
    lines = [line for _, line in file.lines] if file else []
    for layer in [name for name, state in file.layers.items() if state == "done"] if file else ():
        own = (line for line in lines if line["layer"] == layer)
        row[layer] = [{key: value for key, value in line.items() if key != "layer"} for line in own]
    for facet, names in _names(document, row, layers).items():
        row[f"{facet}s"] = {**names, **row.get(f"{facet}s", {})}
    if waiting := _waiting(document, row, layers):
        row["pairs"] = waiting
    return row


def _waiting(document: Document, row: Row, layers: Mapping[str, Layer]) -> dict[str, list[list[str]]]:
    """The listed pairs of each layer that the row does not judge."""
    waiting: dict[str, list[list[str]]] = {}
    for layer, pairs in document.pairs.items():
        judged = {tuple(line[facet] for facet in layers[layer].of) for line in row.get(layer, ())}
        if left := [list(pair) for pair in pairs if pair not in judged]:
            waiting[layer] = left
    return waiting


def _names(document: Document, row: Row, layers: Mapping[str, Layer]) -> dict[str, dict[str, str]]:
    """The names of the holders and targets that a document speaks of, wherever they are declared."""
    used: dict[str, dict[str, str]] = {}
    for name, layer in layers.items():
        said = [one for pair in document.pairs.get(name, ()) for one in zip(layer.of, pair, strict=True)]
        facets = [(field, kind) for field, kind in layer.fields.items() if isinstance(kind, str) and kind in layer.of]
        said += [(kind, line[field]) for field, kind in facets for line in row.get(name, ()) if field in line]
        for facet, one in said:
            if document.name_of(facet, one) != one:
                used.setdefault(facet, {})[one] = document.name_of(facet, one)
    return used


def not_in_rows(reading: Reading, annotators: Sequence[str] = ("gold",)) -> list[str]:
    """What the corpus holds and no row says, whatever the format: annotations in layers that are open."""
    open_ = Counter[str]()
    for document in reading.documents:
        files = [file for file in reading.annotations[document.id] if file.by in annotators]
        for file in files:
            begun = {line["layer"] for _, line in file.lines}
            open_.update(layer for layer, state in file.layers.items() if state != "done" and layer in begun)
    return [f"{layer}: annotations of {count} documents in which it is open" for layer, count in open_.items()]


class Losses:
    """What differs between rows that were written and rows that were read back, counted by what it is."""

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        self.layers = layers
        self.found: dict[tuple[str, str], list[str]] = {}  # (key, what) -> the documents, one for each time

    def lines(self) -> list[str]:
        """`entities: field inner is lost (3 times, first in venezuela/000_57d2)`, one line a kind of loss."""
        said = []
        for (key, what), where in sorted(self.found.items()):
            times = "once" if len(where) == 1 else f"{len(where)} times, first"
            said.append(f"{key}: {what} ({times} in {where[0]})")
        return said

    @property
    def keys(self) -> set[str]:
        """The columns and layers of which something is lost."""
        return {key for key, _ in self.found}

    def compare(self, written: Sequence[Row], read: Iterable[Row | LeftOut]) -> None:
        """Take note of every difference. Rows belong together by id and annotator, else by their order."""
        back = [row for row in read if not isinstance(row, LeftOut)]
        pairs = list(zip(written, back, strict=False))
        if _named(written) and _named(back):
            there = {_name(row): row for row in back}
            pairs = [(row, there[_name(row)]) for row in written if _name(row) in there]
            if len(pairs) < len(written) == len(back):
                self._note("id", "names are read back otherwise", str(written[0]["id"]))
                pairs = list(zip(written, back, strict=True))
        if len(back) != len(written):
            place = str(written[0].get("id", "row 1")) if written else "the file"
            self._note("documents", f"{len(written)} are written, {len(back)} read back", place)
        for number, (row, again) in enumerate(pairs, 1):
            self._row(row, again, f"{row['group']}/{row['id']}" if {"group", "id"} <= row.keys() else f"row {number}")

    def _note(self, key: str, what: str, place: str) -> None:
        self.found.setdefault((key, what), []).append(place)

    def _row(self, row: Row, again: Row, place: str) -> None:
        for key in sorted(row.keys() | again.keys()):
            if (key in row) == (key in again) and _sorted(row.get(key)) == _sorted(again.get(key)):
                continue
            if key in self.layers:
                self._layer(self.layers[key], row, again, place)
            elif key not in again:
                self._note(key, "is lost", place)
            elif key not in row:
                self._note(key, "is added", place)
            else:
                self._note(key, f"{_kind(row[key])} is read back as {_kind(again[key])}", place)

    def _layer(self, layer: Layer, row: Row, again: Row, place: str) -> None:
        try:
            before, after = _filed(layer, row), _filed(layer, again)
        except (ValueError, TypeError):
            self._note(layer.name, "is read back as something else", place)
            return
        if before is None or after is None:
            if before is not after:
                what = "is read back, but was not annotated" if before is None else "is read back as not annotated"
                self._note(layer.name, what, place)
            return
        what = {"label": "label", "labels": "label", "spans": "span"}[layer.kind]
        for key in before.keys() | after.keys():
            ours, theirs = before.get(key, []), after.get(key, [])
            for _ in range(len(ours) - len(theirs)):
                self._note(layer.name, f"a {what} is lost", place)
            for _ in range(len(theirs) - len(ours)):
                self._note(layer.name, f"a {what} is added", place)
            for one, other in zip(ours, theirs, strict=False):
                for name in one.keys() | other.keys():
                    if name not in other:
                        self._note(layer.name, f"field {name} is lost", place)
                    elif name not in one:
                        self._note(layer.name, f"field {name} is added", place)
                    elif _sorted(one[name]) != _sorted(other[name]):
                        self._note(layer.name, f"field {name} is changed", place)


def _named(rows: Sequence[Row]) -> bool:
    """Whether each row has a name of its own."""
    return all("id" in row for row in rows) and len({_name(row) for row in rows}) == len(rows)


def _name(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(key, "")) for key in ("group", "id", "annotator"))


def _filed(layer: Layer, row: Row) -> dict[tuple[Any, ...], list[Line]] | None:
    """The annotations of a layer by what they speak of; a surface that a span leaves out is the text's."""
    lines = lines_of(layer, row)
    if lines is None:
        return None
    filed: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        if layer.kind == "spans" and "text" not in line and isinstance(row.get("text"), str):
            line["text"] = row["text"][line["start"] : line["end"]]
        filed.setdefault((*map(compact, layer.key_of(line)),), []).append(line)
    return {key: sorted(some, key=compact) for key, some in filed.items()}


def _sorted(value: object) -> bytes:
    """A value as JSON, keys in one order."""
    return msgspec.json.encode(value, order="deterministic")


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", type(None): "null", list: "a list"}
    return names.get(type(value), "other text" if isinstance(value, str) else "a value")
