"""What one cell of a row says: names for ids and groups, the annotations of a layer, offsets in code points."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from harness.corpus.reading import STEM
from harness.corpus.schema import Layer
from harness.editing.units import Found, Said, same_surface
from harness.errors import quote
from harness.offsets import INCLUSIVE, in_words, places
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


def spans_given(line: dict[str, Any], layer: Layer) -> Iterator[Said]:
    """Every span of a line as the file has it, with its surface where it has one; malformed ones are not."""
    if layer.kind != "spans" and layer.evidence == "none" and not layer.span_fields:
        return
    for span in _spans_in(dict(line), layer):
        start, end, surface = span.get("start"), span.get("end"), span.get("text")
        if type(start) is int and type(end) is int:
            yield start, end, surface if isinstance(surface, str) else None


def turn(line: dict[str, Any], layer: Layer, text: str, found: Found, lf: bool) -> list[str]:
    """Turn every offset of a line from the file's unit into code points of the text that is stored.

    `text` is the text as the file has it; with `lf` its CRLF line ends become LF. A surface that the file does
    not give is taken from the text; one that fits but for white space gives way to it. What is wrong is given back.
    """
    stored = text.replace("\r\n", "\n") if lf else text
    wrong = []
    for span in _spans_in(line, layer):
        start, end, surface = span.get("start"), span.get("end"), span.get("text")
        if type(start) is not int or type(end) is not int or not isinstance(surface, str | None):
            continue
        at = _turned((start, end), text, found.unit, lf)
        if at is None:
            wrong.append(f"span {start}:{end} is on no character's border in {in_words(found.unit)}")
        elif not 0 <= at[0] < at[1] <= len(stored):
            wrong.append(f"span {start}:{end} is out of range: the text has {len(text)} characters")
        elif surface is not None and not same_surface(stored[slice(*at)], surface, loose=found.loose):
            where = _where(surface, at[0], stored, found.unit if stored == text else "codepoint")
            wrong.append(f"{start}:{end} reads {quote(stored[slice(*at)])}; {quote(surface)} is {where}")
        else:
            span["start"], span["end"] = at
            span["text"] = stored[slice(*at)]
    return wrong


def _turned(span: tuple[int, int], text: str, unit: str, lf: bool) -> tuple[int, int] | None:
    start, end = span[0], span[1] + unit.endswith(INCLUSIVE)
    plain = unit.removesuffix(INCLUSIVE)
    if plain != "codepoint":
        at = _places(text, plain)
        if start not in at or end not in at:
            return None
        start, end = at[start], at[end]
    if not lf or "\r" not in text:
        return start, end
    if any(text[at - 1 : at + 1] == "\r\n" for at in (start, end) if at > 0):
        return None
    return start - text.count("\r\n", 0, max(start, 0)), end - text.count("\r\n", 0, max(end, 0))


def _where(surface: str, start: int, text: str, unit: str) -> str:
    """The place nearest to where a surface was said to be, in the file's unit."""
    spots = [match.start() for match in re.finditer(re.escape(surface), text)] if surface else []
    if not spots:
        return "nowhere in the text"
    near = min(spots, key=lambda spot: (abs(spot - start), spot))
    back = {i: offset for offset, i in _places(text, unit.removesuffix(INCLUSIVE)).items()}
    first, last = (back.get(i, i) for i in (near, near + len(surface)))
    return f"at {first}:{last - unit.endswith(INCLUSIVE)}"


@functools.lru_cache(maxsize=1)  # a document's spans come one after another
def _places(text: str, unit: str) -> Mapping[int, int]:
    return places(text, unit)


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
