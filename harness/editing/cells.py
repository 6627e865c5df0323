"""What one cell of a row says: names for ids and groups, the annotations of a layer, offsets in code points."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from harness.corpus.offsets import borders
from harness.corpus.reading import STEM
from harness.corpus.schema import Layer
from harness.errors import quote
from harness.parts import Row

LONGEST = 60  # characters of a name that are kept as letters


def slug(value: str) -> str:
    """An id of a-z, 0-9 and - for a name; what is lost of the name is made up for by a piece of its digest.

    >>> slug("Forum Penal"), slug("C++"), slug("Åsa"), slug("署名")
    ('forum-penal', 'c-f1deb7', 'asa-873296', '5bdb7e')
    """
    plain = _plain(value)
    if plain and re.sub(r"[\s_-]+", "-", value.strip().lower()) == plain:
        return plain
    return "-".join(part for part in (plain, _digest(value)[:6]) if part)


def as_name(value: str) -> str:
    """The name of a document or group on disk: the value itself where it can stand, else letters and a digest.

    Two values never get one name, so that groups which differ in a sign alone stay two groups.

    >>> as_name("a-1"), as_name("a/1"), as_name("../a 1")
    ('a-1', 'a-1-773232ab', 'a-1-bd4c8b37')
    """
    if STEM.fullmatch(value) and len(value) <= 100:
        return value
    plain = _plain(value)
    return f"{plain}-{_digest(value)[:8]}" if plain else _digest(value)[:12]


def _plain(value: str) -> str:
    letters = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST].strip("-")


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def lines_of(layer: Layer, row: Row) -> list[dict[str, Any]] | None:
    """The annotations that a row gives to a layer; None where it is not annotated.

    Raises ValueError with what is wrong with the cell.
    """
    value = row.get(layer.name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        if layer.kind == "spans":
            raise ValueError("spans are not given as a text")
        labels = [label.strip() for label in (value.split("|") if layer.kind == "labels" else [value])]
        if not all(labels):
            raise ValueError(f"{quote(value)} has an empty label")
        value = labels
    if not isinstance(value, list):
        raise ValueError("neither a text nor a list")
    if not value and layer.kind == "label" and not layer.of:
        raise ValueError("an empty list, where a document has one label")
    lines = [_line(one, layer) for one in value]
    for line in lines:
        for facet in layer.of:
            if facet not in line and facet in row:
                line[facet] = row[facet]
    return lines


def _line(one: Any, layer: Layer) -> dict[str, Any]:
    if isinstance(one, dict):
        if one.get("layer", layer.name) != layer.name:
            raise ValueError(f"an annotation of layer {quote(one['layer'])}")
        return {key: value for key, value in one.items() if key != "layer" and value is not None}
    if isinstance(one, str) and layer.kind != "spans":
        return {"label": one}
    if isinstance(one, list) and layer.kind == "spans" and len(one) == 3:
        return {"start": one[0], "end": one[1], "label": one[2]}
    raise ValueError(f"{quote(one)} cannot be read")


def how(layer: Layer) -> str:
    """The remedy where a layer's cell cannot be read."""
    if layer.kind == "spans":
        return 'Write [[start, end, "LABEL"]].'
    if layer.of:
        return f"Write the label, with columns {', '.join(layer.of)}."
    return "Write LABEL, or leave the cell empty." if layer.kind == "label" else "Write LABEL|LABEL, or [] for none."


def turn(line: dict[str, Any], layer: Layer, text: str, unit: str, lf: bool) -> list[tuple[int, int]]:
    """Turn every offset of a line from the file's unit into code points of the text that is stored.

    `text` is the text as the file has it; with `lf` its CRLF line ends become LF. A surface that the file does
    not give is taken from the text. The spans that are on no character's border are given back.
    """
    stored = text.replace("\r\n", "\n") if lf else text
    astray = []
    for span in _spans_in(line, layer):
        start, end = span.get("start"), span.get("end")
        if type(start) is not int or type(end) is not int:
            continue
        turned = _turned((start, end), text, stored, unit, lf)
        if turned is None:
            astray.append((start, end))
            continue
        span["start"], span["end"] = start, end = turned
        if lf and isinstance(span.get("text"), str):
            span["text"] = span["text"].replace("\r\n", "\n")
        span.setdefault("text", stored[start:end] if 0 <= start < end <= len(stored) else "")
    return astray


def _turned(span: tuple[int, int], text: str, stored: str, unit: str, lf: bool) -> tuple[int, int] | None:
    if unit == "crlf":  # counted as if every line end were two characters, whatever they are in the file
        text, lf = stored, False
    if unit != "codepoint":
        at = _places(text, unit)
        if span[0] not in at or span[1] not in at:
            return None
        span = at[span[0]], at[span[1]]
    if not lf:
        return span
    if any(text[at - 1 : at + 1] == "\r\n" for at in span if at > 0):
        return None
    return span[0] - text.count("\r\n", 0, max(span[0], 0)), span[1] - text.count("\r\n", 0, max(span[1], 0))


@functools.lru_cache(maxsize=1)  # a document's spans come one after another
def _places(text: str, unit: str) -> dict[int, int]:
    """Offset in a unit -> code point, for each border of a character."""
    return {offset: i for i, offset in enumerate(borders(text, unit))}


def _spans_in(line: dict[str, Any], layer: Layer) -> Iterator[dict[str, Any]]:
    """Each span of a line as a table that may be changed; evidence is written back as pairs and surfaces."""
    if layer.kind == "spans":
        yield line
    for name in layer.span_fields:
        value = line.get(name)
        yield from (span for span in (value if isinstance(value, list) else [value]) if isinstance(span, dict))
    pairs, surfaces = line.get("evidence"), line.get("text", [])
    if layer.kind == "spans" or layer.evidence == "none" or not isinstance(pairs, list):
        return
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return
    spans: list[dict[str, Any]] = [{"start": start, "end": end} for start, end in pairs]
    if isinstance(surfaces, list) and len(surfaces) == len(spans):
        for span, surface in zip(spans, surfaces, strict=True):
            span["text"] = surface
    elif "text" in line:
        return
    yield from spans
    line["evidence"] = [[span["start"], span["end"]] for span in spans]
    line["text"] = [span.get("text", "") for span in spans]
