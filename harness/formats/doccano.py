"""doccano JSONL: one document a line, for labels, spans, both, or spans with relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import write_json_lines
from harness.formats._json import Unreadable, json_lines, span_of
from harness.parts import Format, LeftOut, Row, Shape

LAYERS = ("label", "labels", "entities", "cats")  # keys that doccano itself keeps annotations under
OLD = (
    "labels are given as numbers, by an old doccano",
    'Export again as "JSONL (Text-Labels)", where they stand by name.',
)


def doccano() -> Format:
    """`label`, `labels`, `entities` and `cats` keep their names: lists of labels, or spans.

    `[0, 2, "ORG"]` and `{"start_offset": 0, "end_offset": 2, "label": "ORG"}` become spans under any key. Relations
    are left out; other columns are metadata, those in `meta` too. The text is `text`, else `data`. doccano keeps a
    file for each user and no status: `[]` may mean that nobody has looked yet, and the annotator is the file's.

    Written: each layer under its own name, to be asked for as "Column Label"; labels about something as
    `holder|target=LABEL`. Fields and evidence have no place there.
    """
    return Format(read=_read, write=_write, suffix=".jsonl")  # the page counts UTF-16, the server does not: no unit


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
    for number, value in json_lines(path, problems):
        try:
            row = _row(value)
        except Unreadable as unreadable:
            problems.append(Problem(str(path), number, *unreadable.args))
            continue
        yield number, row
        relations = value.get("relations")
        yield from ((number, LeftOut("relation")) for _ in (relations if isinstance(relations, list) else []))


def _row(value: Row) -> Row:
    key = "text" if "text" in value else "data"
    if not isinstance(value.get(key), str):
        raise Unreadable(f"no text in {quote(key)}", "Export text documents, not pictures or sounds.")
    if isinstance(value.get("annotations"), list):
        if value["annotations"]:
            raise Unreadable(*OLD)
        value = {name: one for name, one in value.items() if name != "annotations"}
    row = {name: _cell(name, one) for name, one in value.items() if name not in (key, "meta", "relations")}
    row["text"] = value[key]
    if type(row.get("id")) is int:
        row["id"] = str(row["id"])
    meta = value.get("meta")
    return (meta if isinstance(meta, dict) else {"meta": meta} if meta else {}) | row


def _cell(name: str, value: Any) -> Any:
    """Spans as objects; labels and metadata as they stand."""
    if not isinstance(value, list) or not value:
        if value is None or isinstance(value, str | list) or name not in LAYERS:
            return value
        raise Unreadable(*(OLD if type(value) is int else (f"{name} is no list", "Export the file again.")))
    if name not in LAYERS and not all(map(_like_span, value)):
        return value
    return value if all(isinstance(one, str) for one in value) else [_span(name, one) for one in value]


def _like_span(one: object) -> bool:
    if isinstance(one, dict):
        return "start_offset" in one
    return isinstance(one, list) and [type(part) for part in one] == [int, int, str]


def _span(name: str, one: object) -> Row:
    start, end, label = None, None, None
    if isinstance(one, dict):
        start, end, label = (one.get(key) for key in ("start_offset", "end_offset", "label"))
    elif isinstance(one, list) and len(one) == 3:
        start, end, label = one
    if type(one) is int or type(label) is int:
        raise Unreadable(*OLD)
    return span_of(start, end, label, f"{quote(one)} in {name}")


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    def told(name: str, line: Row) -> Any:
        if layers[name].kind == "spans":
            return [line["start"], line["end"], line["label"]]
        about = "|".join(str(line.get(facet, "")) for facet in layers[name].of)
        return f"{about}={line['label']}" if about else line["label"]

    def written(row: Row) -> Row:
        return {key: [told(key, line) for line in cell] if key in layers else cell for key, cell in row.items()}

    write_json_lines(path, map(written, rows))
