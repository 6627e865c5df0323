"""The log of a document's disputes, `ID.disputes.jsonl`: what its readers said, what gold says, and the rule why.

A dispute is what the readers of a document judged differently, in the layers that all have done and gold has begun:

- one label: the label of what the layer is about (`holder` > `target`, or the document);
- sets of labels: each label by itself, its role where the layer has roles, else whether it is there;
- spans: each place by itself, its label; a moved border makes two disputes.

Differences of other fields (evidence, triggers, sub-type, `entity_id`) are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.corpus import Layer
from harness.corpus.reading import AnnotationFile, Reading
from harness.errors import quote, suggestion
from harness.files import compact, digest_bytes
from harness.records import Document

No = Callable[[str, int, str, str], None]  # file, line, found, remedy
Line = dict[str, Any]
Key = tuple[str, ...]  # JSON of each part, so that anything that a file may hold can be asked for
HEADER = ("doc", "text_sha256", "guideline", "readers")
SETTLED = ("said", "gold", "rule", "slip", "note")


@dataclass(frozen=True)
class Dispute:
    """What the readers judged differently: what it is about, what each said and gold says, None where it is absent."""

    about: Mapping[str, Any]
    said: Mapping[str, Any]
    gold: Any

    def line(self, rule: str, *, slip: bool = False, note: str = "") -> Line:
        """Its line in the log, settled by a rule; `slip`: the rule is plain, and a reader missed it."""
        more = {**({"slip": True} if slip else {}), **({"note": note} if note else {})}
        return {**self.about, "said": dict(self.said), "gold": self.gold, "rule": rule, **more}


def disputes(readers: Sequence[AnnotationFile], gold: AnnotationFile, layers: Iterable[Layer]) -> list[Dispute]:
    """Every dispute of the readers of one document, in the order of its annotation files."""
    found = []
    for layer in layers:
        if layer.name not in gold.layers or any(file.layers.get(layer.name) != "done" for file in readers):
            continue
        tables = {file.by: _answers(file, layer) for file in (*readers, gold)}
        keys = {key: about for file in readers for key, (about, _) in tables[file.by].items()}
        own = []
        for key, about in keys.items():
            said = {file.by: tables[file.by].get(key, (about, None))[1] for file in readers}
            if any(one != said[readers[0].by] for one in said.values()):
                own.append(Dispute(about, said, tables[gold.by].get(key, (about, None))[1]))
        found += sorted(own, key=lambda dispute: _place(dispute.about, layer))
    return found


def dispute_file(
    document: Document, guideline: str, readers: Sequence[str], lines: Iterable[Mapping[str, Any]]
) -> bytes:
    """The log as a file: the header, then the lines as they come."""
    sha = digest_bytes(document.text.encode())
    header = {"doc": document.name, "text_sha256": sha, "guideline": guideline, "readers": list(readers)}
    return "".join(f"{compact(row)}\n" for row in (header, *lines)).encode()


def check_disputes(document: Document, reading: Reading, no: No) -> None:
    """Note where a document's log is not what its readers' files and its gold say, or leaves a dispute out."""
    place, rows = reading.disputes[document.id]
    header = rows[0][1] if rows and rows[0][0] == 1 and "layer" not in rows[0][1] else None
    if header is None:
        remedy = 'Write {"doc": …, "text_sha256": …, "guideline": …, "readers": ["…", "…"]}.'
        no(place, 1, "the first line is not a header", remedy)
        return
    files = {file.by: file for file in reading.annotations[document.id]}
    readers = _check_header(place, header, document, files, no)
    if "gold" not in files:
        no(place, 0, "disputes without gold", f"Settle them in {document.name}.gold.jsonl, or remove the file.")
    elif readers:
        _Log(place, reading.schema.layers, no).check(rows[1:], [files[by] for by in readers], files["gold"])


def about_of(line: Mapping[str, Any], layer: Layer) -> dict[str, Any]:
    """What a line speaks of when readers are compared, in a fixed order of keys."""
    own = {"spans": ("start", "end", "text"), "labels": (*layer.of, "label"), "label": layer.of}[layer.kind]
    return {"layer": layer.name, **{name: line.get(name) for name in own}}


def key_of(about: Mapping[str, Any]) -> Key:
    """What an annotation is about as one value that can be looked up."""
    return tuple(map(compact, about.values()))


def _answers(file: AnnotationFile, layer: Layer) -> dict[Key, tuple[dict[str, Any], Any]]:
    """What one file says of everything it speaks of: a label or role, a sorted list where there are several."""
    held: dict[Key, tuple[dict[str, Any], list[str]]] = {}
    for _, line in file.lines:
        if line["layer"] == layer.name:
            about = about_of(line, layer)
            answer = line.get("role", line["label"]) if layer.kind == "labels" else line["label"]
            held.setdefault(key_of(about), (about, []))[1].append(answer)
    return {key: (about, said[0] if len(said) == 1 else sorted(said)) for key, (about, said) in held.items()}


def _place(about: Mapping[str, Any], layer: Layer) -> tuple[Any, ...]:
    if layer.kind == "spans":
        return about["start"], -about["end"]
    label = layer.labels.index(about["label"]) if "label" in about else 0
    return (*(about[facet] for facet in layer.of), label)


def _check_header(
    place: str, header: Line, document: Document, files: Mapping[str, AnnotationFile], no: No
) -> list[str]:
    """Note what is wrong with a header, and give the readers it names where they are to be had."""
    for key in header:
        if key not in HEADER:
            no(place, 1, f"unknown key {quote(key)} in the header", suggestion(key, HEADER))
    if header.get("doc") != document.name:
        no(place, 1, f"header says doc {quote(header.get('doc'))}", f"Write {quote(document.name)}.")
    sha = digest_bytes(document.text.encode())
    if header.get("text_sha256") != sha:
        found = f"text_sha256 is not the digest of {document.name}.txt, which is {sha}"
        no(place, 1, found, "Restore the text that the disputes are about, or log them anew.")
    if not isinstance(header.get("guideline", ""), str):
        no(place, 1, "guideline is not a string", 'Write "guideline": "…".')
    named = header.get("readers")
    if not isinstance(named, list) or len(named) < 2 or len({compact(one) for one in named}) < len(named):
        no(place, 1, "the header does not name two readers", 'Write "readers": ["…", "…"].')
        return []
    missing = [one for one in named if not isinstance(one, str) or one not in files]
    for one in missing:
        found = f"reader {quote(one)} has no file that can be read"
        no(place, 1, found, f"Restore {document.name}.{one}.jsonl, or name another: {', '.join(sorted(files))}.")
    return [] if missing else named


class _Log:
    """Holds the lines of one log against the files of its readers and the gold."""

    def __init__(self, place: str, layers: Mapping[str, Layer], no: No) -> None:
        self.place, self.layers, self.no = place, layers, no

    def check(self, rows: Sequence[tuple[int, Line]], readers: Sequence[AnnotationFile], gold: AnnotationFile) -> None:
        """Note every line that is stale, doubled or not settled, and every dispute that has no line."""
        broken = {line["layer"] for file in (*readers, gold) for _, line in file.broken}  # told, and not to be compared
        layers = [layer for layer in self.layers.values() if layer.name not in broken]
        real = {key_of(dispute.about): dispute for dispute in disputes(readers, gold, layers)}
        logged: dict[Key, int] = {}
        for number, line in rows:
            layer = self.layers.get(str(line.get("layer")))
            if layer is None:
                found = f"unknown layer {quote(line.get('layer'))}"
                self.no(self.place, number, found, suggestion(str(line.get("layer")), [*self.layers]))
                continue
            self._form(number, line, layer)
            key = key_of(about_of(line, layer))
            first = logged.setdefault(key, number)
            if first != number:
                self.no(self.place, number, f"the same dispute as line {first}", "Keep one.")
            elif layer in layers:
                self._against(number, line, layer, real.get(key))
        for key in real.keys() - logged.keys():
            if gold.layers[real[key].about["layer"]] != "done":
                continue  # its disputes are still being settled
            wanted = compact(real[key].line("…"))
            self.no(self.place, 0, f"no line for the dispute of {_shown(real[key].about)}", f"Settle it: {wanted}.")

    def _form(self, number: int, line: Line, layer: Layer) -> None:
        known = (*about_of(line, layer), *SETTLED)
        for key in line:
            if key not in known:
                self.no(self.place, number, f"unknown key {quote(key)} in a dispute", suggestion(key, known))
        rule = line.get("rule")
        if not isinstance(rule, str) or rule.strip() in ("", "…"):
            self.no(self.place, number, "no rule", 'Add the rule of the guidelines that settled it: "rule": "…".')
        if line.get("slip", True) is not True:
            self.no(self.place, number, "slip is not true", 'Write "slip": true, or nothing.')
        if "note" in line and (not isinstance(line["note"], str) or not line["note"]):
            self.no(self.place, number, "field note is not a text", 'Write "note": "…".')

    def _against(self, number: int, line: Line, layer: Layer, real: Dispute | None) -> None:
        if real is None:
            found = f"no dispute of the readers is about {_shown(about_of(line, layer))}"
            self.no(self.place, number, found, "Remove the line, or mend what it is about.")
            return
        for key, said in (("said", dict(real.said)), ("gold", real.gold)):
            if key not in line or line[key] != said:
                found = f"{key} is {compact(line.get(key))}, the files say {compact(said)}"
                self.no(self.place, number, found, "Settle it anew by what the files say.")


def _shown(about: Mapping[str, Any]) -> str:
    """`event ARREST`, `stance mayor > strike`, `entities 4:9 "Rome"`."""
    parts = dict(about)
    layer = parts.pop("layer")
    if "start" in parts:
        return f"{layer} {parts['start']}:{parts['end']} {quote(parts['text'])}"
    return f"{layer} {' > '.join(map(str, parts.values()))}".rstrip()
