"""One line of an annotation file: what it may hold, and in which order its keys stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from harness.corpus.schema import Layer
from harness.errors import quote, suggestion

No = Callable[[str, str], None]  # found, remedy
Names = Mapping[str, Collection[str]]  # facet -> ids known to the document


def check_line(line: Mapping[str, Any], layer: Layer, text: str, names: Names, no: No) -> None:
    """Note what is wrong with one annotation of a layer: labels, fields, facets, types, spans against the text."""
    if is_plain(line, layer, text):
        return
    for key in () if line.keys() <= layer.keys else line.keys() - layer.keys:
        no(f"unknown field {quote(key)} in layer {layer.name}", suggestion(key, sorted(layer.keys)))
    label = line.get("label")
    if label not in layer.labels:
        no(f"unknown label {quote(label)} in layer {layer.name}", suggestion(str(label), layer.labels))
    for facet in layer.of:
        check_facet(line.get(facet), facet, names, no)
    if layer.kind == "spans":
        check_span(line, text, no)
    elif layer.evidence != "none":
        _check_evidence(line, layer, text, no)
    if not isinstance(line.get("suggested_by", ""), str):
        no("suggested_by is not a text", "Name the model that proposed the line, or remove it.")
    for name in [name for name in layer.fields if name in line]:
        _check_field(line[name], name, str(label), layer, text, names, no)


def is_plain(line: Mapping[str, Any], layer: Layer, text: str) -> bool:
    """Whether a line is as most are, a label or a span that reads as it says and no more; all is well with such."""
    if layer.of or line.get("label") not in layer.labels:
        return False
    own = len(line) - ("layer" in line)
    if layer.kind != "spans":
        return own == 1 and layer.evidence == "none"
    start, end = line.get("start"), line.get("end")
    return (
        own == 4
        and type(start) is type(end) is int
        and 0 <= start < end <= len(text)
        and text[start:end] == line.get("text")
    )


def check_facet(value: Any, facet: str, names: Names, no: No) -> None:
    """Note a holder, target or other facet that is not among the ids known to the document."""
    if isinstance(value, str) and value in names.get(facet, ()):
        return
    known = sorted(names.get(facet, ()))
    if value is None:
        no(
            f"no {facet}",
            f'Add "{facet}": one of {", ".join(known) or "the ids declared in [" + facet + "s]"}.',
        )
    else:
        where = f"Or declare it in [{facet}s] of group.toml."
        no(f"unknown {facet} {quote(value)}", f"{suggestion(str(value), known)} {where}")


DRIFT = ("text reads ", "span ")  # how the problems begin that offsets of another unit lead to


def check_span(span: Mapping[str, Any], text: str, no: No) -> bool:
    """Note a span that is not inside the text or whose surface is not the slice; true where all is well."""
    start, end, surface = span.get("start"), span.get("end"), span.get("text")
    if type(start) is not int or type(end) is not int or not isinstance(surface, str):
        no('a span needs whole numbers "start" and "end", and "text"', "Add what is missing.")
        return False
    if not 0 <= start < end <= len(text):
        no(
            f"span {start}:{end} of {quote(surface)} is out of range: the text has {len(text)} characters",
            "Offsets count code points from 0, the end is exclusive.",
        )
        return False
    if text[start:end] != surface:
        no(
            f"text reads {quote(text[start:end])}, annotation says {quote(surface)} (offsets {start}:{end})",
            where_it_is(surface, start, text),
        )
        return False
    return True


def where_it_is(surface: str, start: int, text: str) -> str:
    """The remedy for a surface that is not where it was said to be: the nearest place where it is."""
    places: list[int] = []
    at = text.find(surface) if surface else -1
    while at >= 0 and len(places) < 1000:
        places.append(at)
        at = text.find(surface, at + 1)
    if not places:
        return "The surface is nowhere in the text: was the text changed?"
    near = min(places, key=lambda place: (abs(place - start), place))
    return f"{quote(surface)} is at {near}:{near + len(surface)}."


def _check_evidence(line: Mapping[str, Any], layer: Layer, text: str, no: No) -> None:
    evidence, surfaces = line.get("evidence", []), line.get("text", [])
    if layer.evidence == "required" and not evidence:
        no(f"no evidence in layer {layer.name}", 'Add "evidence": [[start, end]] and "text".')
    if not isinstance(evidence, list) or not isinstance(surfaces, list) or len(evidence) != len(surfaces):
        no(
            "evidence and text do not belong together",
            'Write "evidence": [[start, end], …], "text": ["…", …].',
        )
        return
    for pair, surface in zip(evidence, surfaces, strict=True):
        if isinstance(pair, list) and len(pair) == 2:
            check_span({"start": pair[0], "end": pair[1], "text": surface}, text, no)
        else:
            no(f"evidence {quote(pair)} is not [start, end]", "Write two whole numbers.")


def _check_field(value: Any, name: str, label: str, layer: Layer, text: str, names: Names, no: No) -> None:
    kind = layer.fields[name]
    if isinstance(kind, Mapping):
        kind = kind.get(label, ())
        if not kind:
            no(f"field {name} says {quote(value)}, but {quote(label)} has no {name}", f"Remove {name}.")
            return
    if isinstance(kind, tuple):
        if value not in kind:
            no(f"unknown {name} {quote(value)}", suggestion(str(value), kind))
    elif kind == "bool":
        if not isinstance(value, bool):
            no(f"field {name} is not true or false", "Write true or false, without quotes.")
    elif kind in ("text", "id"):
        if not isinstance(value, str) or not value:
            no(f"field {name} is not a text", f'Write "{name}": "…".')
    elif kind in ("span", "spans"):
        spans = [value] if kind == "span" else value
        if not isinstance(spans, list) or not all(isinstance(span, dict) for span in spans):
            no(f"field {name} is not made of spans", 'Write {"start": …, "end": …, "text": "…"}.')
            return
        for span in spans:
            check_span(span, text, no)
            if "label" in span and span["label"] not in layer.labels:
                no(f"unknown label {quote(span['label'])} in {name}", suggestion(str(span["label"]), layer.labels))
    else:
        check_facet(value, str(kind), names, no)


def spans_of(line: Mapping[str, Any], layer: Layer) -> list[tuple[int, int, str]]:
    """Every (start, end, surface) that a line holds: its own, its evidence's, its fields'; malformed ones are not."""
    if layer.kind != "spans" and layer.evidence == "none" and not layer.span_fields:
        return []
    found: list[tuple[Any, Any, Any]] = []
    if layer.kind == "spans":
        found.append((line.get("start"), line.get("end"), line.get("text")))
    elif layer.evidence != "none":
        pairs, surfaces = line.get("evidence"), line.get("text")
        if isinstance(pairs, list) and isinstance(surfaces, list):
            both = zip(pairs, surfaces, strict=False)
            found.extend((*pair, surface) for pair, surface in both if isinstance(pair, list) and len(pair) == 2)
    for name in layer.span_fields:
        if name in line:
            spans = line[name] if isinstance(line[name], list) else [line[name]]
            found.extend((s.get("start"), s.get("end"), s.get("text")) for s in spans if isinstance(s, dict))
    return [span for span in found if type(span[0]) is type(span[1]) is int and isinstance(span[2], str)]


def fits(start: int, end: int, surface: str, text: str) -> bool:
    """Whether a span is inside the text and reads as it says."""
    return 0 <= start < end <= len(text) and text[start:end] == surface


def in_order(line: Mapping[str, Any], layer: Layer) -> dict[str, Any]:
    """The line with its keys in the fixed order of the layer, so that diffs show what changed and no more."""
    return {key: line[key] for key in order_of(layer) if key in line}


def order_of(layer: Layer) -> list[str]:
    """The keys that a line of a layer may have, in their fixed order."""
    if layer.kind == "spans":
        return ["layer", "start", "end", "label", "text", *layer.fields, "suggested_by"]
    first = ["layer", "start", "end", *layer.of, "role", "label", "subtype"]
    return [*first, *(name for name in layer.fields if name not in first), "evidence", "text", "suggested_by"]


def sort_key(line: Mapping[str, Any], layer: Layer) -> tuple[Any, ...]:
    """Where a line stands in its file: spans by place, labels by role and label order, pairs by their names."""
    place = layer.labels.index(line["label"]) if line.get("label") in layer.labels else len(layer.labels)
    if layer.kind == "spans":
        return (line["start"], -line["end"], place)
    roles = layer.fields.get("role", ())
    role = line.get("role")
    rank = roles.index(role) if isinstance(roles, tuple) and role in roles else len(roles)
    return (*(str(line.get(facet)) for facet in layer.of), rank, place)
