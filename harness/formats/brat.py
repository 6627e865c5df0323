"""brat standoff: a .txt and a .ann file for each document, in a folder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import parse_object, read_text
from harness.formats._brat import BREAKS, DOCUMENT, NOTES, SPAN, parts_of, write
from harness.formats._documents import LINK, files_in
from harness.offsets import UNITS, to_codepoints
from harness.parts import Format, LeftOut, Row

NUMBERS = "[0-9]{1,9} [0-9]{1,9}"
SHAPES = {
    "T": re.compile(rf"(T\S*)\t(\S+) ({NUMBERS}(?:;{NUMBERS})*)(?:\t(.*))?", re.DOTALL),
    "E": re.compile(r"(E\S*)\t([^\s:]+):(\S+)((?: [^\s:]+:\S+)*) *"),
    "R": re.compile(r"(R\S*)\t(\S+)((?: [^\s:]+:\S+)+)\s*"),
    "*": re.compile(r"(\*)\t(\S+)((?: \S+)+)\s*"),
    "A": re.compile(r"([AM]\S*)\t(\S+) (\S+)(?: (\S.*))?", re.DOTALL),
    "N": re.compile(r"(N\S*)\t(\S+) (\S+) (\S+)(?:\t(.*))?", re.DOTALL),
    "#": re.compile(r"(#\S*)\t(\S+) (\S+)(?:\t(.*))?", re.DOTALL),
}
OWN = ("id", "text", "group", "split", "language", "annotator")


class _Unreadable(Exception):
    """Line number, finding and remedy."""


def brat() -> Format:
    """A folder of documents NAME.txt with NAME.ann beside it; or one .ann file. NAME is the id, a sub-folder the group.

    T lines become the spans `entities`, or a layer that an attribute `layer` names. Attributes, normalisations and
    notes become fields of what they are about, a note that is a JSON object several fields. A span in parts
    has a field `fragments`, unless line ends alone part it. E lines become the spans `events`: the trigger with the
    type as its label and a field a role; R lines become `relations` between the `id` of spans.

    A T of type Document over the whole text stands for the document: its attributes are labels (`A9 Event T1 POLICY`
    is Event: POLICY), its JSON note the other columns, with `annotated`, the layers that are done. An E
    with an attribute `label` becomes a label of the layer that it is named after, with its attributes as fields
    (holder, target), its trigger as the evidence, and spans in the role Evidence as further evidence. Such are written.

    Offsets stand as they are: brat's browser counts otherwise than its server.
    """
    return Format(read=_read, write=write, counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
    files = files_in(path, (".ann", ".txt"), problems)
    stems = dict.fromkeys(file.with_name(re.sub(r"\.(ann|txt)\Z", "", file.name) or file.name) for file in files)
    for number, stem in enumerate(stems, 1):
        ann = path if path.is_file() and path.suffix != ".txt" else stem.with_name(stem.name + ".ann")
        words = stem.with_name(stem.name + ".txt")
        linked = [one for one in (ann, words) if one != path and one.is_symlink()]
        if linked:
            if path.is_file():  # else it has been noted
                problems.append(Problem(str(linked[0]), 0, *LINK))
            continue
        if path.is_dir() and ann not in files:
            yield number, LeftOut("no .ann file beside the text")
            continue
        lines = read_text(ann, str(ann), problems)
        text = None if lines is None else read_text(words, str(words), problems)
        if lines is None or text is None:
            continue
        row: Row = {"id": stem.name}
        if path.is_dir() and stem.parent != path:
            row["group"] = stem.parent.relative_to(path).as_posix()
        try:
            yield number, row | _Annotations(lines.removeprefix("\ufeff"), text).row()
        except _Unreadable as wrong:
            problems.append(Problem(str(ann), *wrong.args))


class _Annotations:
    """The lines of an .ann file by what they are."""

    def __init__(self, lines: str, text: str) -> None:
        self.text = text
        self.found: dict[str, list[tuple[int, re.Match[str]]]] = defaultdict(list)
        self.at: dict[str, int] = {}  # id -> line
        for number, line in enumerate(lines.split("\n"), 1):
            line = line.removesuffix("\r")
            if not line.strip():
                continue
            kind = "A" if line[0] == "M" else line[0]
            match = SHAPES[kind].fullmatch(line) if kind in SHAPES else None
            if match is None:
                raise _Unreadable(number, f"no line of brat: {quote(line)}", "Mend or remove it.")
            if kind in "TER" and self.at.setdefault(match[1], number) != number:
                raise _Unreadable(number, f"a second {match[1]}", "Give it another id.")
            self.found[kind].append((number, match))
        self.spans = {match[1]: self._span(number, match) for number, match in self.found["T"]}
        self.fields: dict[str, dict[str, Any]] = defaultdict(dict)  # of T, E and R by their ids
        self.loose: list[dict[str, str]] = []  # notes on what has no fields
        self._gather()

    def _span(self, number: int, match: re.Match[str]) -> dict[str, Any]:
        parts = [tuple(map(int, part.split(" "))) for part in match[3].split(";")]
        span: dict[str, Any] = {"start": parts[0][0], "end": parts[-1][1], "label": match[2]}
        if len(parts) == 1:
            return span if match[4] is None else {**span, "text": match[4]}
        if any(one[1] > other[0] for one, other in pairwise(parts)):
            raise _Unreadable(number, "parts of a span out of order", "Order them.")
        at = self._turned(parts, match[4] or "")
        if at is None:
            raise _Unreadable(number, f"parts that do not read {quote(match[4])}", "Check the offsets of the span.")
        span["text"] = self.text[at[0][0] : at[-1][1]]
        gaps = "".join(self.text[one[1] : other[0]] for one, other in pairwise(at))
        if gaps.strip(BREAKS):
            both = zip(parts, at, strict=True)
            span["fragments"] = [{"start": s, "end": e, "text": self.text[a:b]} for (s, e), (a, b) in both]
        return span

    def _turned(self, parts: Sequence[Any], surface: str) -> list[tuple[int, int]] | None:
        """The parts in code points, in the first unit in which they read as the surface."""
        if " ".join(self.text[start:end] for start, end in parts) == surface:
            return list(parts)
        for unit in UNITS:
            at = [pair for pair in to_codepoints(parts, self.text, unit) if pair]
            if len(at) == len(parts) and " ".join(self.text[start:end] for start, end in at) == surface:
                return at
        return None

    def _gather(self) -> None:
        """Attributes, normalisations and notes as fields of what they are about."""
        for number, match in self.found["A"]:
            self._add(number, match[3], match[2], True if match[4] is None else match[4])
        for number, match in self.found["N"]:
            self._add(number, match[3], match[2], match[4])
            if match[5]:
                self._add(number, match[3], f"{match[2]}_text", match[5])
        for number, match in self.found["#"]:
            note = match[4] or ""
            fields = parse_object(note, "", 0, []) if match[2] == NOTES and note.startswith("{") else None
            if match[3] not in self.at:
                self.loose.append({"of": match[3], "type": match[2], "note": note})
            elif fields is not None:
                self.fields[match[3]] |= {key: value for key, value in fields.items() if key not in ("start", "end")}
            else:
                self._add(number, match[3], "note", note)

    def _add(self, number: int, target: str, name: str, value: object) -> None:
        if target not in self.at:
            raise _Unreadable(number, f"there is no {target}", "Remove the line, or give what it is about.")
        fields = self.fields[target]
        if name in fields:
            one = fields[name]
            value = [*one, value] if isinstance(one, list) else [one, value]
        fields[name] = value

    def _of(self, ident: str) -> dict[str, Any]:
        """The fields of a span or event, none of them named as its own keys."""
        return {f"{key}_" if key in SPAN else key: value for key, value in self.fields[ident].items()}

    def row(self) -> Row:
        """All that the file says."""
        whole = " ".join(self.text[start:end] for start, end in parts_of(self.text, 0, len(self.text)))
        whole_ones = (m[1] for _, m in self.found["T"] if m[2] == DOCUMENT and whole and m[4] == whole)
        document = next(whole_ones, None)
        row: Row = {**(self.fields[document] if document else {}), "text": self.text}
        annotated = row.pop("annotated", None)
        done = [name for name in annotated if isinstance(name, str)] if isinstance(annotated, list) else ["entities"]
        used = {document} if document else set()
        layers: dict[str, list[Any]] = {name: [] for name in done if name not in row}
        ids = self._referred()
        for number, match in self.found["E"]:
            roles = [role.split(":", 1) for role in match[4].split()]
            for _, target in [("", match[3]), *roles]:
                if target not in self.at:
                    raise _Unreadable(number, f"there is no {target}", "Remove the line, or give what it is about.")
            if match[3] not in self.spans:
                raise _Unreadable(number, f"the trigger {match[3]} is no span", "Name a T.")
            used.add(match[3])
            if "label" in self.fields[match[1]]:
                used.update(target for role, target in roles if role.startswith("Evidence"))
                layers.setdefault(match[2], []).append(self._line(match, roles, document))
            else:
                layers.setdefault("events", []).append(self._event(match, roles, ids))
        for ident, span in self.spans.items():
            if ident not in used:
                fields = self._of(ident)
                layer = fields.pop("layer", "entities")
                named = {"id": ident} if ident in ids else {}
                layers.setdefault(str(layer), []).append({**named, **span, **fields})
        relations = [self._relation(number, match) for kind in "R*" for number, match in self.found[kind]]
        layers = {f"{name}_" if name in OWN else name: lines for name, lines in layers.items()}
        return row | layers | ({"relations": relations} if relations else {}) | _some("notes", self.loose)

    def _referred(self) -> set[str]:
        """The ids that relations and roles of events name."""
        said = [match[3] for _, match in (*self.found["R"], *self.found["*"])]
        said += [match[4] for _, match in self.found["E"]]
        return {part.split(":", 1)[-1] for one in said for part in one.split()}

    def _line(self, match: re.Match[str], roles: Sequence[Sequence[str]], document: str | None) -> dict[str, Any]:
        line = dict(self.fields[match[1]])
        spans = [] if match[3] == document else [self.spans[match[3]]]
        spans += [self.spans[one] for role, one in roles if role.startswith("Evidence") and one in self.spans]
        line |= {role: one for role, one in roles if not role.startswith("Evidence")}
        if spans:
            line["evidence"] = [[span["start"], span["end"]] for span in spans]
        if spans and all("text" in span for span in spans):
            line["text"] = [span["text"] for span in spans]
        return line

    def _event(self, match: re.Match[str], roles: Sequence[Sequence[str]], ids: set[str]) -> dict[str, Any]:
        event = {**({"id": match[1]} if match[1] in ids else {}), **self.spans[match[3]], "label": match[2]}
        for role, one in roles:
            span = self.spans.get(one)
            value = one if span is None else {key: span[key] for key in ("start", "end", "text") if key in span}
            event[f"{role}_" if role in SPAN else role] = value
        return event | self._of(match[3]) | self._of(match[1])

    def _relation(self, number: int, match: re.Match[str]) -> dict[str, Any]:
        parts = match[3].split()
        targets = [part.split(":", 1)[-1] for part in parts]
        missing = next((one for one in targets if one not in self.at), None)
        if missing:
            raise _Unreadable(number, f"there is no {missing}", "Remove the line, or give what it is about.")
        if match[1] == "*":
            return {"label": match[2], "members": parts}
        return {"label": match[2], **dict(part.split(":", 1) for part in parts), **self._of(match[1])}


def _some(name: str, values: list[Any]) -> Row:
    return {name: values} if values else {}
