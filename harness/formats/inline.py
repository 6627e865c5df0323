"""Inline markup: `[Nicolás Maduro](PER)` in plain text, a file for each document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import compact, parse_object, read_text, write_atomically
from harness.formats._documents import file_names, files_in
from harness.formats._json import OWN
from harness.parts import Format, Row, Shape

FENCE = "---"  # the line before and after the block of keys
SIGN = re.compile(r"\\[\\\[\]]|[\[\]]")
LABEL = re.compile(r"\(([^\s()\[\]\\]+)")
KEY = re.compile(r"[^\s:](?:[^:\n]*[^\s:])?")


def inline() -> Format:
    r"""A file is a document; a folder is one for each `.txt` and `.md` in it. The layer is called `spans`.

        ---
        id: a1
        group: harbour
        spans: entities
        topic: STRIKE|TRADE
        ---
        The [[Lima](LOC) Port Union](ORG {"entity_id": "lpu"}) met. [Zoe](events:SPEAKER) said \[sic\].

    A span is `[words](LABEL)`, spans stand within spans; its fields follow the label as a JSON object. A bracket
    of the text itself is written with a backslash, `\[` and `\]`, a backslash before a bracket or another as `\\`;
    a backslash before anything else is one. Nothing else is markup, so every line end and blank is text.

    The block between two lines `---` at the very beginning may be left out. It holds `key: value` lines: id (else
    the file's name), group (else the folder's, in a folder of folders), split, language, annotator, labels and
    metadata. A value is text as it stands, or JSON where it is JSON; id and its like are text unless in quotes.
    `spans: entities, events` names the layers of the spans, the first for labels that name none; a layer that is
    named was annotated, though no span be there. A file with neither spans nor that line is not annotated with any.
    """
    return Format(read=_read, write=_write, unit="codepoint", counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    for number, file in enumerate(files_in(path, (".txt", ".md"), problems), 1):
        text = read_text(file, str(file), problems)
        if text is None:
            continue
        row: Row = {"id": file.stem}
        if file.parent != path and path.is_dir():
            row["group"] = file.parent.name
        try:
            front, marked, first = _front(text.removeprefix("\ufeff"))
            named = front.pop("spans", "")
            row |= front | _unmarked(marked, first, [name.strip() for name in named.split(",") if name.strip()])
        except _Wrong as wrong:
            problems.append(Problem(str(file), *wrong.args))
        else:
            yield number, row


class _Wrong(Exception):
    """Line, finding and remedy."""


def _front(text: str) -> tuple[Row, str, int]:
    """The block's keys, the text below it, and the line that it begins on."""
    lines = text.split("\n")
    if lines[0].rstrip("\r") != FENCE:
        return {}, text, 1
    row: Row = {}
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip("\r") == FENCE:
            return row, "\n".join(lines[number:]), number + 1
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        key = key.strip()
        if not colon or not key or key == "text":
            raise _Wrong(number, f"{quote(line)} is no `key: value`", f"End the block with a line {FENCE}.")
        if key in row:
            raise _Wrong(number, f"duplicate key {quote(key)}", "Keep one of them.")
        row[key] = _value(key, value.strip(" \t\r"), number)
    raise _Wrong(1, "the block at the beginning does not end", f"End it with a line {FENCE}.")


def _value(key: str, value: str, number: int) -> Any:
    """A value as JSON where it is JSON, else as text."""
    problems: list[Problem] = []
    if key in (*OWN, "spans") and not value.startswith('"'):
        return value
    said = parse_object(f'{{"":{value}}}', "", number, problems)
    if said is not None and said.keys() == {""}:
        return said[""]
    if value.startswith(("[", "{", '"')):
        found = problems[0].found if problems else "malformed JSON"
        raise _Wrong(number, f"{quote(key)}: {found}", "Write JSON, or begin with another sign.")
    return value


def _unmarked(marked: str, first: int, names: list[str]) -> Row:
    """The text without its markup, and the spans by their layers. The text begins on line `first` of its file."""
    cells: dict[str, list[Row]] = {name: [] for name in names}
    if taken := cells.keys() & set(OWN):
        raise _Wrong(1, f"a layer of spans called {quote(min(taken))}", "Give it another name.")
    parts, length, at = [], 0, 0
    opened: list[tuple[int, int]] = []  # start in the text, place in the markup
    while match := SIGN.search(marked, at):
        parts.append(marked[at : match.start()] + match[0][1:])
        length += len(parts[-1])
        at = match.end()
        if match[0] == "[":
            opened.append((length, match.start()))
        elif match[0] == "]":
            if not opened:
                found = 'a "]" that closes nothing'
                raise _Wrong(_line_at(marked, at, first), found, r"Write \] for a bracket of the text.")
            start, _ = opened.pop()
            layer, span, at = _tail(marked, at, names, first)
            cells.setdefault(layer, []).append({"start": start, "end": length, **span})
    if opened:
        found = 'a "[" that nothing closes'
        raise _Wrong(_line_at(marked, opened[-1][1], first), found, r"Write \[ for a bracket of the text.")
    return {"text": "".join(parts) + marked[at:], **cells}


def _line_at(marked: str, at: int, first: int) -> int:
    return first + marked.count("\n", 0, at)


def _tail(marked: str, at: int, names: list[str], first: int) -> tuple[str, Row, int]:
    """The layer of a span, its label and fields, and where the markup behind it ends."""
    match = LABEL.match(marked, at)
    if not match:
        remedy = r"Write [words](LABEL), or \[ and \] for brackets of the text."
        raise _Wrong(_line_at(marked, at, first), "brackets without a label behind them", remedy)
    label, at = match[1], match.end()
    fields: Row | None = {}
    if marked.startswith(" {", at):
        try:
            _, end = json.JSONDecoder().raw_decode(marked, at + 1)
        except (ValueError, RecursionError):
            fields = None
        else:
            fields, at = parse_object(marked[at + 1 : end], "", 0, []), end
    if fields is None or not marked.startswith(")", at):
        remedy = 'Write [words](LABEL), or [words](LABEL {"field": "value"}).'
        found = f"label {quote(label)} is not followed by fields in JSON or by a bracket"
        raise _Wrong(_line_at(marked, at, first), found, remedy)
    layer, _, rest = label.partition(":")
    layer, label = (layer, rest) if layer in names and rest else (names[0] if names else "spans", label)
    own = {key: value for key, value in fields.items() if key not in ("start", "end", "label", "text")}
    return layer, {"label": label, **own}, at + 1


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    rows = list(rows)
    for name, row in zip(file_names(rows, ".txt"), rows, strict=True):
        names = [layer for layer in layers if layers[layer].kind == "spans" and layer in row]
        block = [_line(key, row[key]) for key in row if key not in ("text", "spans", *names) and KEY.fullmatch(key)]
        block += [f"spans: {', '.join(names)}"] if names else []
        text = "\n".join([FENCE, *block, FENCE, _marked(row, names)])
        write_atomically(path / name, text.encode())


def _line(key: str, value: Any) -> str:
    """A line of the block that is read as the value again."""
    try:
        plain = isinstance(value, str) and value == value.strip(" \t\r") and _value(key, value, 0) == value
        plain = plain and "\n" not in value
    except _Wrong:
        plain = False
    return f"{key}: {value if plain else compact(value)}"


def _marked(row: Row, names: list[str]) -> str:
    """The text with its spans; one that crosses another, which markup cannot hold, is not among them."""
    text, parts, at = row["text"], [], 0
    opened: list[tuple[int, str]] = []  # ends of the spans around, the innermost last, and what stands behind them
    spans = [(span["start"], -span["end"], _behind(span, name, names)) for name in names for span in row[name]]
    for start, minus, behind in [*sorted(spans), (len(text), 0, "")]:
        while opened and opened[-1][0] <= start:
            end, tail = opened.pop()
            parts.append(_escaped(text[at:end]) + tail)
            at = end
        if behind and 0 <= start < -minus <= (opened[-1][0] if opened else len(text)):
            parts.append(_escaped(text[at:start]) + "[")
            opened.append((-minus, behind))
            at = start
    return "".join(parts) + _escaped(text[at:])


def _behind(span: Row, name: str, names: list[str]) -> str:
    """What stands behind a span's words; empty where its label cannot be written."""
    label = span["label"]
    if name != names[0] or label.partition(":")[0] in names:
        label = f"{name}:{label}"
    fields = {key: value for key, value in span.items() if key not in ("start", "end", "label", "text")}
    return f"]({label}{f' {compact(fields)}' if fields else ''})" if LABEL.fullmatch(f"({label}") else ""


def _escaped(text: str) -> str:
    return re.sub(r"[\\\[\]]", r"\\\g<0>", text)
