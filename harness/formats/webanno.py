"""WebAnno TSV 3, as INCEpTION and WebAnno write it: one token a line with the annotations of each layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import read_text
from harness.formats._documents import files_in
from harness.formats._tokens import Unreadable, value_of
from harness.formats._webanno import ABOUT, FORMAT, name_of, write
from harness.offsets import borders
from harness.parts import Format, LeftOut, Row

UNIT = re.compile(
    r"([0-9]{1,9}-[0-9]{1,9}(?:\.[0-9]{1,9})?)\t([0-9]{1,9})-([0-9]{1,9})\t([^\t]*)((?:\t.*)?)", re.DOTALL
)
# a value, and what joins it to those on other tokens: its number, or chain and link
VALUE = re.compile(r"((?:\\.|[^\\\[\]])*?)(?:\[([0-9]{1,9})\]|->([0-9]{1,9}-[0-9]{1,9}))?", re.DOTALL)
TARGET = re.compile(r"([0-9]+-[0-9]+(?:\.[0-9]+)?)(?:\[([0-9]{1,9})(?:_([0-9]{1,9}))?\])?")
WIDEST = 100_000  # UTF-16 units between two sentences, which the file does not hold
LABELS = ("label", "value")  # features that are a span's label, else its first one
OWN = ("id", "text", "group", "annotator", "start", "end", "layer")  # keys that no feature may take
OF_KIND = {"RL": ("source",), "CH": ("chain",)}  # further ones, of relations and chains


def webanno() -> Format:
    """A folder of .tsv files, or one: `#FORMAT=WebAnno TSV 3.3`, layers, and for each sentence #Text and its tokens.

    A layer becomes spans by the last part of its name (`…ner.type.NamedEntity` is NamedEntity) and its features
    become fields; the label is the feature `label`, `value`, or the first, and `*` where none is set. Slots are a field
    with a list of spans, each with its `role`. A relation is a span too, of what it points to, with a
    field `source`; an element of a chain has a field `chain`. Offsets come as UTF-16 units and are turned into code
    points. Text between sentences is not in the file: it is a newline, then blanks, as INCEpTION reads it.

    GROUP/NAME.tsv is document NAME of GROUP; in GROUP/annotation/NAME/WHO.tsv WHO is the annotator, in a folder
    `curation` nobody; INITIAL_CAS is left out. Labels of a document are written as spans too, on their evidence or
    on the whole text, with a feature `about` that says which (`2.1` is the first evidence of the second
    label, `2` the whole text), and read back as labels. A layer that the header does not name is not annotated. Other
    columns of a row, white space before the first token other than blanks, and numbers as such are not kept.
    """
    return Format(read=_read, write=write, unit="codepoint", counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
    for number, file in enumerate(files_in(path, (".tsv",), problems), 1):
        text = read_text(file, str(file), problems)
        if text is None:
            continue
        row = _named(file.relative_to(path) if path.is_dir() else Path(file.name))
        if row.get("annotator") == "INITIAL_CAS":
            yield number, LeftOut("the document before anybody annotated it")
            continue
        if row.get("annotator") == "CURATION_USER":
            del row["annotator"]
        try:
            yield number, row | _Document(text.removeprefix("\ufeff")).row()
        except Unreadable as wrong:
            problems.append(Problem(str(file), *wrong.args))


def _named(path: Path) -> Row:
    """Who annotated what, by the name of the file in its folder."""
    *folders, name = path.with_name(re.sub(r"\.tsv\Z", "", path.name) or path.name).parts
    row: Row = {"id": name_of(name)}
    if len(folders) > 1 and folders[-2] in ("annotation", "curation"):
        row = {"id": name_of(folders[-1])} | ({"annotator": name_of(name)} if folders[-2] == "annotation" else {})
        folders = folders[:-2]
    return row | ({"group": "/".join(map(name_of, folders))} if folders else {})


@dataclass
class _Layer:
    """A layer of the header: its kind (SP, RL, CH), and the columns of its features."""

    kind: str
    name: str
    features: list[str]
    first: int  # column
    label: str = ""
    spans: list[dict[str, Any]] = field(default_factory=list)  # offsets in UTF-16 units until all is read
    open: dict[str, dict[str, Any]] = field(default_factory=dict)  # by what joins them


class _Document:
    """One file: its layers, and the text and annotations of its sentences."""

    def __init__(self, content: str) -> None:
        lines = [(i, line.removesuffix("\r")) for i, line in enumerate(content.split("\n"), 1)]
        if not lines[0][1].startswith(FORMAT):
            raise Unreadable(1, f"starts with {quote(lines[0][1])}", f"Export as WebAnno TSV 3: {FORMAT}.3.")
        self.layers: list[_Layer] = []
        self.texts: list[str] = []
        self.length = 0  # of the text so far, in UTF-16 units
        self.units: dict[str, tuple[int, int]] = {}
        self.tokens: list[tuple[int, str, int, int, str]] = []
        self.numbered: dict[str, dict[str, Any]] = {}
        pending: list[str] = []
        for number, line in lines[1:]:
            if line.startswith("#T_") and not self.units:
                self._layer(number, line)
            elif line.startswith("#Text="):
                pending.append(_unescaped(line[6:]))
            elif line.strip() and not line.startswith("#"):
                pending = self._unit(number, line, pending)
        if pending:
            raise Unreadable(len(lines), "a sentence without tokens", "Give its tokens.")
        self.text = "".join(self.texts)
        self.at = {offset: i for i, offset in enumerate(borders(self.text, "utf16"))}

    def _layer(self, number: int, line: str) -> None:
        kind, _, rest = line[3:].partition("=")
        name, *columns = rest.split("|")
        if kind not in ("SP", "RL", "CH") or not name:
            raise Unreadable(number, f"{quote(line)} is no layer", "Write #T_SP=TYPE|FEATURE.")
        features: list[str] = []
        taken = {*OWN, *OF_KIND.get(kind, ())}

        def named(name: str) -> str:
            while name in taken:
                name += "_"
            taken.add(name)
            return name

        for column in columns or [""]:
            if features and features[-1].startswith("ROLE_"):
                features.append("SLOT_" + features[-1].removeprefix("ROLE_"))
            elif column.startswith("ROLE_"):
                features.append("ROLE_" + named(column.rsplit(":", 1)[-1].split("_")[0]))
            else:
                features.append("BT_" if column.startswith("BT_") else column and named(column))
        first = self.layers[-1].first + len(self.layers[-1].features) if self.layers else 0
        plain = [one for one in features if one and not re.match("ROLE_|SLOT_|BT_", one)]
        label = next((one for one in LABELS if one in plain), plain[0] if plain else "")
        self.layers.append(_Layer(kind, name.rsplit(".", 1)[-1], features, first, label))

    def _unit(self, number: int, line: str, pending: list[str]) -> list[str]:
        """A token or a part of one; before the first of a sentence the sentence's text is added."""
        match = UNIT.fullmatch(line)
        if match is None:
            raise Unreadable(number, f"no token: {quote(line)}", "Write 1-1 TAB 0-4 TAB This TAB a column a feature.")
        start, end = int(match[2]), int(match[3])
        if pending:
            gap = start - self.length
            if not 0 <= gap <= WIDEST:
                raise Unreadable(number, f"begins at {start}, the text so far ends at {self.length}", "Export anew.")
            before = " " * gap if not self.texts else "\n" + " " * (gap - 1) if gap else ""
            self.texts += [before, "\n".join(pending)]
            self.length += gap + len(self.texts[-1].encode("utf-16-le", "surrogatepass")) // 2
        self.units[match[1]] = start, end
        self.tokens.append((number, match[1], start, end, _unescaped(match[4])))
        cells = match[5].split("\t")[1:]
        width = sum(len(layer.features) for layer in self.layers)
        if len(cells) < width:
            raise Unreadable(number, f"{len(cells)} columns after the token, not {width}", "Export anew.")
        for layer in self.layers:
            own = cells[layer.first : layer.first + len(layer.features)]
            if any(cell != "_" for cell in own):
                self._annotations(layer, own, match[1])
        return []

    def _annotations(self, layer: _Layer, cells: Sequence[str], unit: str) -> None:
        """The annotations that stack on a token in one layer."""
        columns = [[] if cell == "_" else _split(cell, "|") for cell in cells]
        start, end = self.units[unit]
        for i in range(max(map(len, columns))):
            span: dict[str, Any] = {"start": start, "end": end}
            joined = ""
            for feature, values in zip(layer.features, columns, strict=True):
                raw = values[i] if i < len(values) else "*"
                if feature.startswith(("SLOT_", "BT_")):
                    span[feature] = raw
                    continue
                match = VALUE.fullmatch(raw)
                raw, joined = (match[1], match[2] or match[3] or joined) if match else (raw, joined)
                if raw != "*" and feature:
                    span[feature] = _split(raw, ";") if feature.startswith("ROLE_") else raw
            there = layer.open.get(joined) if joined else None
            if there:
                there["start"], there["end"] = min(start, there["start"]), max(end, there["end"])
                continue
            if joined:
                layer.open[joined] = self.numbered[joined] = span
            if "-" in joined:
                span["chain"] = joined.split("-")[0]
            layer.spans.append(span)

    def row(self) -> Row:
        """The text, and each layer with offsets in code points."""
        for number, unit, start, end, token in self.tokens:
            where = self._turned(start, end)
            if where is None or self.text[slice(*where)] != token:
                found = f"{start}-{end} reads {quote(self.text[slice(*where)] if where else '')}, token {unit} is"
                raise Unreadable(number, f"{found} {quote(token)}", "Count UTF-16 units; do not edit #Text.")
        row: Row = {"text": self.text}
        for layer in self.layers:
            name = f"{layer.name}_" if layer.name in OWN else layer.name
            about = [span for span in layer.spans if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", span.get(ABOUT, ""))]
            if ABOUT in layer.features and len(about) == len(layer.spans):
                row[name] = self._labels(layer)
            else:
                row[name] = [*row.get(name, []), *(self._line(span, layer) for span in layer.spans)]
        return row

    def _turned(self, start: int, end: int) -> tuple[int, int] | None:
        if start in self.at and end in self.at and start <= end:
            return self.at[start], self.at[end]
        return None

    def _place(self, span: Mapping[str, Any]) -> dict[str, Any]:
        where = self._turned(span["start"], span["end"])
        start, end = where or (span["start"], span["end"])  # a unit's own offsets, which have been checked
        return {"start": start, "end": end, "text": self.text[start:end]}

    def _line(self, span: Mapping[str, Any], layer: _Layer) -> dict[str, Any]:
        source, number = _source(span.get("BT_", ""))
        here = self.numbered.get(number, span)
        line = {**self._place(here), "label": _unescaped(span[layer.label]) if layer.label in span else "*"}
        for key, value in span.items():
            if key.startswith("SLOT_"):
                roles = span.get(f"ROLE_{key[5:]}", [])
                targets = [self._target(one) for one in _split(value, ";")] if value not in ("_", "*") else []
                pairs = zip([*roles, *["*"] * len(targets)], targets, strict=False)
                line[key[5:]] = [{"role": _unescaped(role), **place} for role, place in pairs]
            elif key == "BT_":
                line["source"] = self._target(source)
            elif key not in ("start", "end", layer.label) and not key.startswith("ROLE_"):
                line[key] = _value(value)
        return line

    def _target(self, address: str) -> dict[str, Any]:
        """Where the annotation at an address stands: the one of that number, else the token."""
        match = TARGET.fullmatch(address)
        if match and match[2] in self.numbered:
            return self._place(self.numbered[match[2]])
        if match is None or match[1] not in self.units:
            raise Unreadable(self.tokens[0][0], f"there is no {quote(address)} to point to", "Export anew.")
        start, end = self.units[match[1]]
        return self._place({"start": start, "end": end})

    def _labels(self, layer: _Layer) -> list[dict[str, Any]]:
        """Labels of the document, each with its evidence."""
        lines: dict[int, dict[str, Any]] = {}
        places: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for span in layer.spans:
            which, _, order = span[ABOUT].partition(".")
            line = self._line(span, layer)
            place = {key: line.pop(key) for key in ("start", "end", "text")}
            lines[int(which)] = {key: value for key, value in line.items() if key != ABOUT}
            if order:
                places.setdefault(int(which), []).append((int(order), place))
        for which, some in places.items():
            ordered = [place for _, place in sorted(some, key=lambda one: one[0])]
            lines[which]["evidence"] = [[place["start"], place["end"]] for place in ordered]
            lines[which]["text"] = [place["text"] for place in ordered]
        return [lines[which] for which in sorted(lines)]


def _source(cell: str) -> tuple[str, str]:
    """Of a relation: where it comes from, and the number of what it points to."""
    match = TARGET.fullmatch(cell)
    return (f"{match[1]}[{match[2]}]" if match[2] else match[1], match[3] or "") if match else (cell, "")


def _split(cell: str, sign: str) -> list[str]:
    """A cell at the signs that no backslash stands before."""
    parts = [""]
    for piece in re.findall(r"\\.?|[^\\]", cell, re.DOTALL):
        if piece == sign:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _unescaped(value: str) -> str:
    control = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}
    return re.sub(r"\\(->|.)", lambda found: control.get(found[1], found[1]), value, flags=re.DOTALL)


def _value(raw: str) -> Any:
    plain = _unescaped(raw)
    return plain == "true" if plain in ("true", "false") else value_of(plain)
