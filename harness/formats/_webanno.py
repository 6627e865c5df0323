"""How documents are written as WebAnno TSV 3.3: a file each, labels of the document as spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent
from urllib.parse import unquote

from harness.files import compact, write_atomically
from harness.formats._tokenized import covered, sentences_of, spans_in, tokenized
from harness.formats._tokens import (
    value_of,
)
from harness.offsets import borders
from harness.parts import Row, Shape

FORMAT = "#FORMAT=WebAnno TSV 3"
TYPE = "webanno.custom."  # where INCEpTION keeps the layers that a user makes
ABOUT = "about"  # the feature that tells which label of the document a span is of, and which of its evidence
ESCAPES = {**{sign: f"\\{sign}" for sign in "\\[]|_;*"}, "->": "\\->", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
IN_TEXT = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\b": "\\b"}
IN_TEXT |= {chr(i): f"\\{chr(i)}" for i in range(32) if not 7 < i < 14}


def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    """A folder of files, in a folder for each group, and for each annotator."""
    path.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for number, row in enumerate(rows, 1):
        parts = [_as_name(row["group"])] if row.get("group") else []
        ident = _as_name(row.get("id") or number)
        parts += ["annotation", ident, _as_name(row["annotator"])] if row.get("annotator") else [ident]
        name = "/".join(parts)
        if name.lower() in taken:  # which are one file where the system does not tell case
            name = "/".join([*parts[:-1], "".join(f"%{byte:02x}" for byte in unquote(parts[-1]).encode())])
        while name.lower() in taken:
            name += f"~{number}"
        taken.add(name.lower())
        write_atomically(path / f"{name}.tsv", "\n".join(_lines(row, layers)).encode())


def _as_name(name: object) -> str:
    """A name as a file's; `name_of` takes it back."""
    return re.sub(r"\A\.|\.\Z", "%2E", percent(str(name)[:60], safe=" "))


def name_of(stem: str) -> str:
    """The name that a file's name stands for."""
    try:
        return unquote(stem, errors="strict")
    except UnicodeDecodeError:
        return stem


def _lines(row: Row, layers: Mapping[str, Shape]) -> Iterator[str]:
    text = str(row.get("text", ""))
    spans = {name: some for name in layers if (some := _spans(row, name, layers[name], len(text))) is not None}
    features = {name: _features(name, some, layers[name]) for name, some in spans.items()}
    tokens = tokenized(text, [span for some in spans.values() for span in some])
    numbers = count(1)  # of annotations, which INCEpTION tells apart by them in all layers together
    cells = {name: _cells(some, features[name], tokens, numbers) for name, some in spans.items()}
    yield f"{FORMAT}.3"
    yield from (f"#T_SP={TYPE}{re.sub(r'[^A-Za-z0-9_]', '_', name)}|{'|'.join(features[name])}" for name in spans)
    yield ""
    at = borders(text, "utf16")
    whole = {i for i, (start, _) in enumerate(tokens) if text[start - 1 : start] != "\n"}  # no sentence begins there
    for number, (first, end) in enumerate(sentences_of(text, tokens, whole), 1):
        yield ""
        stop = tokens[end][0] - 1 if end < len(tokens) else len(text)
        yield from (f"#Text={_escaped(line, IN_TEXT)}" for line in text[tokens[first][0] : stop].split("\n"))
        for i in range(first, end):
            (a, b), own = (
                tokens[i],
                [cell for name in spans for cell in cells[name].get(i, ["_"] * len(features[name]))],
            )
            place = f"{at[a]}-{at[b]}"
            yield "\t".join([f"{number}-{i - first + 1}", place, _escaped(text[a:b], IN_TEXT), *own, ""])
    yield ""


def _spans(row: Row, name: str, layer: Shape, length: int) -> list[dict[str, Any]] | None:
    """The annotations of a layer as spans; labels of the document stand on their evidence, or on the whole text."""
    if layer.kind == "spans":
        return spans_in(row, name)
    cell = row.get(name)
    if not isinstance(cell, str | list):
        return None
    spans = []
    for number, one in enumerate(cell if isinstance(cell, list) else [cell], 1):
        line = {"label": one} if isinstance(one, str) else dict(one)
        line.pop("text", None)
        places = [(f"{number}.{i}", pair) for i, pair in enumerate(line.pop("evidence", ()), 1)]
        for about, (start, end) in places or [(f"{number}", (0, length))]:
            spans.append({"start": start, "end": end, ABOUT: about, **line})
    return spans


def _features(name: str, spans: Sequence[Mapping[str, Any]], layer: Shape) -> list[str]:
    """The columns of a layer: its label, and what else is said of any of its spans."""
    there = dict.fromkeys(key for span in spans for key in span if re.fullmatch(r"[A-Za-z]\w*", key))
    about = [] if layer.kind == "spans" else [ABOUT]
    return ["label", *about, *(key for key in there if key not in ("start", "end", "text", "label", *about))]


def _cells(
    spans: Sequence[Mapping[str, Any]],
    features: Sequence[str],
    tokens: Sequence[tuple[int, int]],
    numbers: Iterator[int],
) -> dict[int, list[str]]:
    """For each token that has any, its cells: annotations that stack are parted by |, their numbers join tokens."""
    stacks: dict[int, list[list[str]]] = {}
    for span, number in zip(spans, numbers, strict=False):
        values = [f"{_said(key, span.get(key))}[{number}]" for key in features]
        for i in range(*covered(span, tokens)):
            stacks.setdefault(i, []).append(values)
    return {i: ["|".join(column) for column in zip(*stack, strict=True)] for i, stack in stacks.items()}


def _said(key: str, value: object) -> str:
    if value is None:
        return "*"
    plain = isinstance(value, str) and (key == "label" or (value_of(value) == value and value not in ("true", "false")))
    return _escaped(str(value) if plain else compact(value), ESCAPES)


def _escaped(value: str, escapes: Mapping[str, str]) -> str:
    return re.sub(r"->|.", lambda found: escapes.get(found[0], found[0]), value, flags=re.DOTALL)
