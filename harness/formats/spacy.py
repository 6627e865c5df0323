"""spaCy's training data: JSON of texts with offsets, the JSON of version 2, and DocBin (.spacy)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, Problem, quote
from harness.files import compact, write_atomically
from harness.formats._docbin import Damaged, Held, pack, unpack
from harness.formats._documents import json_items
from harness.parts import Format, Row, Shape
from harness.tags import spans_of_tags

HALF = 0.5  # from which on a category counts as given
SPANS = ("start", "end", "label", "kb_id")
META = ("id", "group", "split", "language", "annotator")


def spacy(*, docbin: bool = False) -> Format:
    """JSON `[["text", {"entities": [[s, e, "L"]], "cats": {"A": 1.0}, "spans": {"sc": []}}]]`, a list or one a line;
    `doc.to_json()`; the old `[{"id", "paragraphs": []}]`, a paragraph a row; or a DocBin, known by its first byte.

    `entities` and each span group are layers of spans; entities that a group repeats are that group's alone.
    `cats` becomes a list of labels, those of at least 0.5, under `cats`. A category `topic|TRADE` is the label TRADE
    of `topic`, and `stance|holder=union|target=strike|FAVOR` is about holder and target: so label layers are written,
    every label of a layer with 1 or 0. User data of a DocBin, and other keys, are kept as metadata.

    Written is JSON, or with `docbin` a DocBin, which keeps ids and metadata. Entities are the spans of the first
    layer where they do not overlap, and all stand in span groups. Tokens are cut where spans begin or end.
    """

    def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
        documents = [_held(row, layers) for row in rows]
        if docbin or path.suffix == ".spacy":
            write_atomically(path, pack(documents))
        else:
            pairs = ",\n".join(compact([one.text, _annotations(one)]) for one in documents)
            write_atomically(path, f"[\n{pairs}\n]\n".encode())

    return Format(read=_read, write=write, suffix=".spacy" if docbin else ".json", unit="codepoint", counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    try:
        with path.open("rb") as file:
            packed = file.read(1) == b"\x78"  # with which zlib begins, and no JSON
        data = path.read_bytes() if packed else b""
    except OSError:
        packed = False  # said by whoever reads it as text
    if packed:
        yield from _unpacked(data, str(path), problems)
        return
    number = 0
    for line, item in json_items(path, problems):
        for row in _rows(item):
            number += 1
            if isinstance(row, dict):
                yield number, row
            else:
                problems.append(Problem(str(path), line, str(row), 'Write ["text", {"entities": [[0, 4, "LABEL"]]}].'))


def _unpacked(data: bytes, place: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    remedy = "Write it again: DocBin(docs=docs).to_disk(path)."
    try:
        for number, one in enumerate(unpack(data), 1):
            if isinstance(one, Damaged):
                problems.append(Problem(place, number, str(one), remedy))
            else:
                yield number, _row(one)
    except Damaged as error:
        problems.append(Problem(place, 0, str(error), remedy))


def _rows(item: Any) -> Iterator[Row | Damaged]:
    """The rows of an item, or what is wrong with each."""
    paragraphs = item.get("paragraphs") if isinstance(item, dict) else None
    if not isinstance(paragraphs, list):
        yield _tried(_item, item)
        return
    name = str(item["id"]) if isinstance(item.get("id"), str | int) else ""
    for i, paragraph in enumerate(paragraphs):
        row = _tried(_paragraph, paragraph)
        if isinstance(row, dict) and name:
            row["id"] = name if len(paragraphs) == 1 else f"{name}-{i}"
        yield row


def _tried(read: Any, value: Any) -> Row | Damaged:
    try:
        return _row(read(value))
    except Damaged as error:
        return error


def _item(item: Any) -> Held:
    if isinstance(item, list) and len(item) == 2 and isinstance(item[1], dict):
        item = {"text": item[0], **item[1]} if "text" not in item[1] else None
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        raise Damaged("no text with annotations")
    held = Held(item["text"], data={key: value for key, value in item.items() if key not in KNOWN})
    ents = item.get("entities", item.get("ents"))
    held.ents = None if ents is None else _spans(ents)
    groups, cats = item.get("spans") or {}, item.get("cats") or {}
    if not isinstance(groups, dict) or not isinstance(cats, dict):
        raise Damaged("spans or cats that are no object")
    held.groups = {key: _spans(group) for key, group in groups.items()}
    if not all(isinstance(value, int | float) for value in cats.values()):
        raise Damaged("a category that is no number")
    held.cats = cats
    return held


KNOWN = {"text", "entities", "ents", "cats", "spans"}


def _spans(some: Any) -> list[dict[str, Any]]:
    """Spans given as lists or objects; offsets as they stand."""
    if not isinstance(some, list):
        raise Damaged("spans that are no list")
    found = []
    for one in some:
        if isinstance(one, list) and 3 <= len(one) <= 5:
            one = dict(zip((*SPANS, "span_id"), one, strict=False))
        if (
            not isinstance(one, dict)
            or not {"start", "end", "label"} <= one.keys()
            or not isinstance(one["label"], str)
        ):
            raise Damaged(f"{quote(one)} is no span [start, end, label]")
        found.append({key: value for key, value in one.items() if value not in ("", None)})
        if type(one["start"]) is not int or type(one["end"]) is not int:
            raise Damaged(f"{quote(one)} has no whole numbers as start and end")
        if "" in (one["label"],):
            raise Damaged(f"{one['start']}:{one['end']} has no label")
    return found


def _paragraph(paragraph: Any) -> Held:
    """A paragraph of version 2: `raw`, and tokens whose BILUO tags are spans where no offsets are given."""
    try:
        tokens = [token for sentence in paragraph.get("sentences", ()) for token in sentence["tokens"]]
        words = [(token["orth"], token.get("space"), token.get("ner") or "-") for token in tokens]
        cats = {cat["label"]: cat["value"] for cat in paragraph.get("cats") or ()}
        raw, ents = paragraph.get("raw"), paragraph.get("entities")
    except (TypeError, KeyError, AttributeError) as error:
        raise Damaged("a paragraph without sentences, tokens and orth") from error
    if not all(isinstance(orth, str) and isinstance(ner, str) for orth, _, ner in words):
        raise Damaged("a token whose orth or ner is no text")
    known = any(isinstance(space, str) for _, space, _ in words)
    pieces = [
        orth + (" " if (space if known else i < len(words)) else "") for i, (orth, space, _) in enumerate(words, 1)
    ]
    text = raw if isinstance(raw, str) else "".join(pieces)
    said = {"text": text, "cats": cats}
    if ents or not any(ner != "-" for _, _, ner in words):
        return _item(said | ({"entities": ents} if ents else {}))
    places, at = [], 0
    for orth, _, _ in words:
        if not text.startswith(orth, at):
            at += len(text[at:]) - len(text[at:].lstrip())
        if not text.startswith(orth, at):
            raise Damaged(f"token {quote(orth)} is not what the text says next, at {at}")
        places.append((at, at + len(orth)))
        at += len(orth)
    try:
        spans = spans_of_tags([["O" if ner == "-" else ner for _, _, ner in words]])[0]
    except AskedWrongly as error:
        raise Damaged(f"a tag that is none: {error}") from error
    return _item(said | {"entities": [[places[a][0], places[b - 1][1], label] for a, b, label in spans]})


def _row(held: Held) -> Row:
    row: Row = {"text": held.text, **held.groups}
    ents = held.ents
    if ents is not None and not any(_alike(ents, group) for group in held.groups.values()):
        row["ents" if "entities" in row else "entities"] = ents
    for category, value in held.cats.items():
        control, *facets, label = category.split("|") if "|" in category else ("cats", category)
        pairs = [facet.partition("=") for facet in facets]
        if not control or not label or not all(key and sign for key, sign, _ in pairs):
            control, pairs, label = "cats", [], category
        lines = row.setdefault(control, [])
        if value >= HALF and isinstance(lines, list):
            lines.append({key: name for key, _, name in pairs} | {"label": label} if pairs else label)
    for key, value in held.data.items():
        row[f"{key}_" if key in row else key] = value
    return row


def _alike(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return sorted(map(compact, one)) == sorted(map(compact, other))


def _held(row: Row, layers: Mapping[str, Shape]) -> Held:
    held = Held(str(row.get("text", "")))
    first = next((name for name, layer in layers.items() if layer.kind == "spans"), "")
    for key, cell in row.items():
        if key not in layers:
            if key != "text":
                held.data[key] = cell
        elif layers[key].kind == "spans":
            spans = [{name: span[name] for name in SPANS if name in span} for span in cell or ()]
            held.groups[key] = spans
            ordered = sorted(spans, key=lambda span: span["start"])
            apart = all(a["end"] <= b["start"] for a, b in pairwise(ordered))
            if key == first and apart:
                held.ents = ordered
        else:
            for line in [cell] if isinstance(cell, str) else cell or ():
                line = {"label": line} if isinstance(line, str) else line
                about = "".join(f"|{facet}={line[facet]}" for facet in layers[key].of if facet in line)
                held.cats |= {
                    name: max(value, held.cats.get(name, 0.0)) for name, value in _cats(key + about, line, layers[key])
                }
            if not cell and not layers[key].of:
                held.cats |= {f"{key}|{label}": 0.0 for label in layers[key].labels}
    return held


def _cats(control: str, line: Mapping[str, Any], layer: Shape) -> Iterator[tuple[str, float]]:
    for label in dict.fromkeys((*layer.labels, line["label"])):
        yield f"{control}|{label}", float(label == line["label"])


def _annotations(held: Held) -> dict[str, Any]:
    """What the training form has room for: no ids and no metadata."""
    as_lists = {key: [list(span.values()) for span in group] for key, group in held.groups.items()}
    ents = {} if held.ents is None else {"entities": [list(span.values()) for span in held.ents]}
    return {**ents, **({"cats": held.cats} if held.cats else {}), **({"spans": as_lists} if as_lists else {})}
