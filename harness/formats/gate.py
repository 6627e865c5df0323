"""GATE bdocjs: a JSON file a document, an annotation set an annotator; it alone declares the unit of its offsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import compact, write_atomically
from harness.formats._documents import file_names, files_in, json_items
from harness.formats._json import put
from harness.offsets import to_codepoints
from harness.parts import Format, LeftOut, Row, Shape

UNITS = {"p": "codepoint", "j": "utf16"}
WHOLE = "Document"  # the type of the annotation that holds an annotator's labels of the document, as in Teamware
SPANS = "entities"  # the key of spans whose features name no layer
OUT = {"rejected_by": "rejected", "timed_out": "timed out", "aborted": "aborted"}


def gate() -> Format:
    """A bdocjs file, or a folder of files that end in `.bdocjs` or `.json`; a file may hold a list of documents.

    Each annotation set is a row: its name is the annotator, the set without a name is gold. Annotations become
    spans under `entities`, or under what their feature `layer` says: the type is the label, features are fields.
    Features of the document are keys of each of its rows, those of a `Document` annotation (Teamware; nested under
    `label` before 2.2) keys of that annotator's row,
    with `_` behind one that a row has itself. `offset_type` p (code points) and j (UTF-16) are both read;
    p is written. Whom `teamware_status` says to have rejected, timed out or aborted is left out.
    """
    return Format(read=_read, write=_write, unit="codepoint", counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
    counted = 0
    for file in files_in(path, (".bdocjs", ".json"), problems):
        for number, item in json_items(file, problems):
            counted += 1
            try:
                rows = list(_rows(item, file.stem.removesuffix(".bdocjs")))
            except ValueError as error:
                problems.append(Problem(str(file), number, *error.args))
                continue
            yield from ((counted if path.is_dir() else number, row) for row in rows)


def _no(found: str, remedy: str) -> ValueError:
    return ValueError(found, remedy)


def _rows(item: Any, stem: str) -> Iterator[Row | LeftOut]:
    """The rows of one document. Raises ValueError with what is wrong and the remedy."""
    text = item.get("text") if isinstance(item, dict) else None
    if not isinstance(text, str):
        raise _no("no document with a text", 'Write {"text": "…", "offset_type": "p", "annotation_sets": {}}.')
    unit = UNITS.get(str(item.get("offset_type")))
    if unit is None:
        remedy = 'Write "p" where offsets count code points, "j" where they count UTF-16 units, as Java does.'
        raise _no(f"offset_type {quote(item.get('offset_type', ''))}, which is neither p nor j", remedy)
    features = _table(item.get("features"), "features of the document")
    name = item.get("name")
    shared: Row = {"id": name if isinstance(name, str) and name else stem, **features, "text": text}
    sets = _table(item.get("annotation_sets"), "annotation_sets")
    status = _table(item.get("teamware_status"), "teamware_status")
    out = [(str(who), why) for key, why in OUT.items() if isinstance(status.get(key), list) for who in status[key]]
    gone = {who for who, _ in out}
    if not sets and not out:
        yield shared
    for annotator, one in sets.items():
        annotations = _table(one, "an annotation set").get("annotations", [])
        if annotator not in gone:
            cells: Row = {}
            put(cells, _layers(annotations, text, unit))
            yield {**shared, **({"annotator": annotator} if annotator else {}), **cells}
    yield from (LeftOut(why) for _, why in out)


def _layers(annotations: Any, text: str, unit: str) -> Row:
    """What one set says: spans by layer, and the labels of its `Document` annotations."""
    if not isinstance(annotations, list):
        raise _no("annotations that are no list", "Write a list.")
    layers: Row = {} if annotations else {SPANS: []}
    spans: list[tuple[str, dict[str, Any]]] = []
    for one in annotations:
        one = _table(one, "an annotation")
        kind, features = one.get("type"), _table(one.get("features"), "features of an annotation")
        if kind == WHOLE:
            nested = features.pop("label") if isinstance(features.get("label"), dict) else {}
            layers |= {**features, **nested}
            continue
        if not isinstance(kind, str) or type(one.get("start")) is not int or type(one.get("end")) is not int:
            raise _no(f"annotation {quote(one.get('id', '?'))} without type, start or end", "Give it all three.")
        layer = features.pop("layer", SPANS)
        clash = sorted(features.keys() & {"start", "end", "label"})
        if not isinstance(layer, str) or clash:
            raise _no(f"annotation {one.get('id')} has a feature {clash or 'layer'} of no use", "Rename it.")
        spans.append((layer, {"start": one["start"], "end": one["end"], "label": kind, **features}))
    places = to_codepoints([(span["start"], span["end"]) for _, span in spans], text, unit)
    for (layer, span), place in zip(spans, places, strict=True):
        if place is None:
            where = f"{span['start']}:{span['end']} ({quote(span['label'])})"
            raise _no(f"{where} is on no character's border", "Check offset_type: p or j.")
        span["start"], span["end"] = place
        if not isinstance(layers.setdefault(layer, []), list):
            raise _no(f"{quote(layer)} is a layer of spans and a label as well", "Rename one of them.")
        layers[layer].append(span)
    return layers


def _table(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _no(f"{what}: no object", "Write {}.")
    return dict(value)


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    documents: dict[str, list[Row]] = {}
    for row in rows:
        same = compact([row.get("group"), row.get("id"), row.get("text")])
        documents.setdefault(same if "id" in row else f"{len(documents)}", []).append(row)
    path.mkdir(parents=True, exist_ok=True)
    some = list(documents.values())
    names = file_names(({**of[0], "annotator": None} for of in some), ".bdocjs")
    for name, of in zip(names, some, strict=True):
        write_atomically(path / name, f"{compact(_document(of, layers))}\n".encode())


def _document(rows: list[Row], layers: Mapping[str, Shape]) -> dict[str, Any]:
    """The rows of one document, which differ in their annotators alone."""
    features = {key: value for key, value in rows[0].items() if key not in {"text", "annotator", *layers}}
    sets: dict[str, Any] = {}
    text = str(rows[0].get("text", ""))
    for row in rows:
        spans, labels = [], {}
        for key, value in row.items():
            if key not in layers:
                continue
            if layers[key].kind == "spans" and value and all(isinstance(span, dict) for span in value):
                spans += [_annotation(key, span) for span in value]
            else:
                labels[key] = value
        annotator = str(row.get("annotator", ""))
        if len(rows) == 1 and not annotator:
            features |= labels
        elif annotator or labels:
            spans.append({"type": WHOLE, "start": 0, "end": len(text), "features": labels})
        if spans:
            annotations = [{**one, "id": i} for i, one in enumerate(spans)]
            sets[annotator] = {"name": annotator, "next_annid": len(spans), "annotations": annotations}
    return {
        "text": text,
        "offset_type": "p",
        **({"name": str(rows[0]["id"])} if "id" in rows[0] else {}),
        "features": features,
        "annotation_sets": sets,
    }


def _annotation(layer: str, span: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: value for key, value in span.items() if key not in ("start", "end", "label", "text")}
    named = {} if layer == SPANS else {"layer": layer}
    return {"type": span["label"], "start": span["start"], "end": span["end"], "features": {**named, **fields}}
