"""How documents are written for brat: spans, labels of the document, and what only a note can hold."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import tee
from pathlib import Path
from typing import Any

from harness.files import compact, write_atomically
from harness.formats._documents import file_names
from harness.parts import Row, Shape

DOCUMENT, NOTES = "Document", "AnnotatorNotes"
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # all that Python, in which brat is written, takes for a line end
SPAN = ("start", "end", "label", "text")
RESERVED = (*SPAN, "id", "layer", "fragments", "note")  # names that no A line that we write has


def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    """A folder of documents, and the configuration with which brat shows them."""
    path.mkdir(parents=True, exist_ok=True)
    named, rows = tee(rows)
    for row, name in zip(rows, file_names(named, ""), strict=True):
        write_atomically(path / f"{name}.txt", str(row.get("text", "")).encode())
        write_atomically(path / f"{name}.ann", "".join(f"{line}\n" for line in _Lines(row, layers).lines).encode())
    write_atomically(path / "annotation.conf", _configuration(layers).encode())


def _configuration(layers: Mapping[str, Shape]) -> str:
    """What brat must know to show the documents."""
    spans = {label: "" for layer in layers.values() if layer.kind == "spans" for label in layer.labels}
    others = {name: layer for name, layer in layers.items() if layer.kind != "spans"}
    lines = ["[entities]", DOCUMENT, *others, *spans, "", "[relations]", "", "[events]"]
    lines += [f"{name}\tEvidence*:<ENTITY>" for name in others]
    lines += ["", "[attributes]"]
    lines += [f"{name}\tArg:{DOCUMENT}, Value:{'|'.join(layer.labels)}" for name, layer in others.items()]
    every = dict.fromkeys(label for layer in others.values() for label in layer.labels)
    return "\n".join([*lines, f"label\tArg:<EVENT>, Value:{'|'.join(every)}", ""])


def parts_of(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A span without its line ends: a T line cannot hold them."""
    return [(start + m.start(), start + m.end()) for m in re.finditer(rf"[^{BREAKS}]+", text[start:end])]


class _Lines:
    """The lines of a document's .ann file."""

    def __init__(self, row: Row, layers: Mapping[str, Shape]) -> None:
        self.text, self.lines, self.last = str(row.get("text", "")), list[str](), defaultdict[str, int](int)
        document = self._span(DOCUMENT, 0, len(self.text))
        if document is None:
            return
        known = [name for name in layers if isinstance(row.get(name), str | list)]
        others = {key: value for key, value in row.items() if key != "text" and key not in known and value is not None}
        self._note(document, others | {"annotated": known})
        for name in known:
            lines = row[name] if isinstance(row[name], list) else [row[name]]
            if layers[name].kind == "spans":
                self._spans(name, lines)
            else:
                self._labels(name, [{"label": one} if isinstance(one, str) else one for one in lines], document)

    def _new(self, kind: str, rest: str) -> str:
        self.last[kind] += 1
        self.lines.append(f"{kind}{self.last[kind]}\t{rest}")
        return f"{kind}{self.last[kind]}"

    def _span(self, label: str, start: int, end: int) -> str | None:
        parts = parts_of(self.text, start, end)
        if not parts or re.search(r"\s", label) or not label:
            return None
        offsets = ";".join(f"{a} {b}" for a, b in parts)
        return self._new("T", f"{label} {offsets}\t{' '.join(self.text[a:b] for a, b in parts)}")

    def _note(self, target: str, fields: Mapping[str, Any]) -> None:
        line = re.sub(f"[{BREAKS}]", lambda found: f"\\u{ord(found[0]):04x}", compact(fields))
        self._new("#", f"{NOTES} {target}\t{line}")

    def _fields(self, target: str, fields: Mapping[str, Any]) -> None:
        rest = {}
        for key, value in fields.items():
            plain = isinstance(value, str) and re.fullmatch(r"\S+", value)
            if key in RESERVED or not re.fullmatch(r"[\w-]+", key) or not (plain or value is True):
                rest[key] = value
            else:
                self._new("A", f"{key} {target}" + ("" if value is True else f" {value}"))
        if rest:
            self._note(target, rest)

    def _spans(self, name: str, spans: Sequence[Any]) -> None:
        for one in spans:
            span = dict(zip(SPAN, one, strict=False)) if isinstance(one, list) else one
            target = self._span(span["label"], span["start"], span["end"])
            if target:
                if name != "entities":
                    self._new("A", f"layer {target} {name}")
                self._fields(target, {key: value for key, value in span.items() if key not in SPAN})

    def _labels(self, name: str, lines: Sequence[Mapping[str, Any]], document: str) -> None:
        if all(line.keys() == {"label"} and re.fullmatch(r"\S+", line["label"]) for line in lines):
            for line in lines:
                self._new("A", f"{name} {document} {line['label']}")
            return
        for line in lines:
            spans = [self._span(name, start, end) for start, end in line.get("evidence", ())]
            first, *more = [one for one in spans if one] or [document]
            roles = "".join(f" Evidence{i if i > 1 else ''}:{one}" for i, one in enumerate(more, 1))
            event = self._new("E", f"{name}:{first}{roles}")
            label = line["label"]
            plain = bool(re.fullmatch(r"\S+", label))
            if plain:
                self._new("A", f"label {event} {label}")
            rest = {key: value for key, value in line.items() if key not in ("label", "evidence", "text")}
            self._fields(event, rest if plain else {"label": label, **rest})
