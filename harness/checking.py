"""Every problem of a corpus, in one pass: what reading finds, and what only the whole can show."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.corpus import Corpus, Layer, Schema
from harness.corpus.lines import fits, spans_of
from harness.corpus.reading import AnnotationFile, Reading, read_corpus
from harness.corpus.schema import NOT_FOR_TEST
from harness.disputes import check_disputes
from harness.errors import Problem, quote, suggestion
from harness.records import Document

No = Callable[[str, int, str, str], None]
Rows = list[tuple[int, dict[str, Any]]]  # line numbers and lines
# Categories whose characters never join a neighbour into one grapheme; quick to ask, and most of any text.
APART = frozenset({"Lu", "Ll", "Nd", "Po", "Ps", "Pe", "Pi", "Pf", "Pd", "Zs", "Sm", "Sc"})


def check(corpus: Corpus | str | Path) -> list[Problem]:
    """All problems of a corpus, in the order of its files; an empty list where it is well."""
    root = corpus.root if isinstance(corpus, Corpus) else Path(corpus)
    return problems_of(read_corpus(root, everyone=True))


def problems_of(reading: Reading) -> list[Problem]:
    """What is wrong with a corpus that was read with everybody's files."""
    problems = list(reading.problems)

    def no(file: str, line: int, found: str, remedy: str) -> None:
        problems.append(Problem(file, line, found, remedy))

    for document in reading.documents:
        _check_text(document, reading.places[document.id], no)
        for file in reading.annotations[document.id]:
            _check_file(file, document, reading.schema, no)
        if document.id in reading.disputes:
            check_disputes(document, reading, no)
        _check_tasks(document, reading, no)
    _check_splits(reading, no)
    _check_names(reading, no)
    return sorted(set(problems))


def problems_of_file(file: AnnotationFile, document: Document, schema: Schema) -> list[Problem]:
    """What is wrong with one annotator's lines, each well formed by itself, against each other and the document."""
    problems: list[Problem] = []
    _check_file(file, document, schema, lambda *told: problems.append(Problem(*told)))
    return sorted(set(problems))


def _check_text(document: Document, place: str, no: No) -> None:
    text = document.text
    if not text.strip():
        no(place, 0, "an empty text", "Remove the document, or restore its text.")
    for sign, found, remedy in (
        ("\ufeff", "a byte order mark", "Save the file as UTF-8 without BOM, before it is annotated."),
        ("\r", "a carriage return", "Save the file with LF line ends, before it is annotated."),
        ("\x00", "a NUL character", "Remove it, before the text is annotated."),
    ):
        at = text.find(sign)
        if at >= 0:
            no(place, text.count("\n", 0, at) + 1, found, remedy)


def _check_file(file: AnnotationFile, document: Document, schema: Schema, no: No) -> None:
    """One annotator's lines against each other and against the pairs that were listed.

    Lines that reading found something wrong with are looked at too, as far as they go, so that mending one
    problem does not bring the next to light.
    """
    by_layer: dict[str, Rows] = {}
    for number, line in sorted(file.lines + file.broken, key=_number) if file.broken else file.lines:
        by_layer.setdefault(line["layer"], []).append((number, line))
    for name, rows in by_layer.items():
        layer = schema.layers[name]
        _check_contradictions(file, layer, rows, no)
        for number, line in rows:
            for start, end, surface in spans_of(line, layer):
                if _has_sure_edges(document.text, start, end, surface):
                    continue
                if not file.broken or fits(start, end, surface, document.text):
                    _check_edges(document.text, start, end, surface, lambda f, r, n=number: no(file.place, n, f, r))  # type: ignore[misc]
        if layer.kind == "spans" and layer.overlap != "any":
            placed = [row for row in rows if _has_place(row[1])] if file.broken else rows
            _check_overlap(file, layer, placed, no)
    for name in {**file.layers, **by_layer}:
        layer, done = schema.layers[name], file.layers.get(name) == "done"
        if layer.of:
            _check_pairs(file, layer, document, by_layer.get(name, []), done, no)
        elif layer.kind == "label" and done and not by_layer.get(name):
            no(file.place, 1, f"layer {name} is done but has no label", "Add the label, or write open.")


def _number(row: tuple[int, dict[str, Any]]) -> int:
    return row[0]


def _has_place(line: Mapping[str, Any]) -> bool:
    start, end = line.get("start"), line.get("end")
    return type(start) is int and type(end) is int and start < end and isinstance(line.get("text"), str)


def _check_contradictions(file: AnnotationFile, layer: Layer, rows: Rows, no: No) -> None:
    if not file.broken and len({layer.key_of(line) for _, line in rows}) == len(rows):
        return
    seen: dict[tuple[Any, ...], tuple[int, dict[str, Any]]] = {}
    for number, line in rows:
        key = layer.key_of(line)
        if file.broken and not all(isinstance(part, str | int) for part in key):
            continue  # told as missing or unknown
        first = seen.setdefault(key, (number, line))
        if first[0] == number:
            continue
        if first[1] == line:
            no(file.place, number, f"the same annotation as line {first[0]}", "Keep one.")
        else:
            about = f" of {' > '.join(map(str, key))}" if layer.of and layer.kind == "label" else ""
            no(
                file.place,
                number,
                f"contradicts line {first[0]}{about} in layer {layer.name}",
                "Keep one of them.",
            )


def _check_pairs(file: AnnotationFile, layer: Layer, document: Document, rows: Rows, done: bool, no: No) -> None:
    listed = set(document.pairs.get(layer.name, ()))
    judged = {tuple(str(line.get(facet)) for facet in layer.of): number for number, line in rows}
    for pair in sorted(listed - judged.keys()) if done else ():
        remedy = f'Judge it, or write "{layer.name}": "open" in the header.'
        no(file.place, 0, f"no label for the listed pair {' > '.join(pair)}", remedy)
    known = [document.names.get(facet, {}) for facet in layer.of]
    for pair, number in judged.items():
        if pair not in listed and all(one in ids for one, ids in zip(pair, known, strict=True)):
            remedy = f'List it under "pairs" in {document.name}.meta.json before it is labelled, or remove the line.'
            no(file.place, number, f"a label for {' > '.join(pair)}, which is no listed pair", remedy)


def _has_sure_edges(text: str, start: int, end: int, surface: str) -> bool:
    """Whether a span, quick to ask, has ASCII characters on both sides of its borders and no white space at them."""
    sides = text[max(0, start - 1) : start + 1] + text[max(0, end - 1) : end + 1]
    return sides.isascii() and "\r" not in sides and surface == surface.strip()


def _check_edges(text: str, start: int, end: int, surface: str, no: Callable[[str, str], None]) -> None:
    if surface != surface.strip():
        no(
            f"span {start}:{end} starts or ends on white space: {quote(surface)}",
            "Move the border to the word.",
        )
    for border in (start, end):
        if not _is_grapheme_border(text, border):
            inside = _around(text, border)
            no(f"span {start}:{end} cuts the character {quote(inside)}", "Move the border beside it.")


def _is_grapheme_border(text: str, at: int) -> bool:
    """Whether a character that a reader sees ends here (Unicode's extended grapheme clusters)."""
    if at <= 0 or at >= len(text) or _are_apart(text[at - 1], text[at]):
        return True
    import regex

    first = at - 1
    while first > 0 and not _are_apart(text[first - 1], text[first]):
        first -= 1
    return any(first + match.end() == at for match in regex.finditer(r"\X", text[first : at + 64]))


@functools.lru_cache(4096)
def _are_apart(first: str, second: str) -> bool:
    """Whether a border between two characters is certain without looking further."""
    if first.isascii() and second.isascii():
        return first != "\r"
    kinds = {unicodedata.category(c) for c in (first, second) if not c.isascii() or c == "\r"}
    if kinds <= APART:
        return True
    if not kinds <= APART | {"Lo"}:
        return False
    import regex

    return not regex.fullmatch(r"\X", first + second)  # letters join as Hangul, or before Thai's AM: pairs tell


def _around(text: str, at: int) -> str:
    import regex

    for match in regex.finditer(r"\X", text):
        if match.start() < at < match.end():
            return str(match[0])
    return text[at - 1 : at + 1]


def _check_overlap(file: AnnotationFile, layer: Layer, rows: Rows, no: No) -> None:
    """Spans that overlap where the layer forbids it; under `nested` one inside the other is allowed."""
    places = sorted((line["start"], line["end"]) for _, line in rows)
    if all(first[1] <= second[0] for first, second in pairwise(places)):
        return
    open_spans: list[tuple[int, int, int, Mapping[str, Any]]] = []
    for number, line in sorted(rows, key=lambda row: (row[1]["start"], -row[1]["end"])):
        start, end = line["start"], line["end"]
        open_spans = [span for span in open_spans if span[1] > start]
        for first, last, other, earlier in open_spans:
            if (first, last) == (start, end):
                continue  # told as a contradiction, or two labels of one span
            if layer.overlap == "none" or end > last:
                found = f"{quote(line['text'])} overlaps {quote(earlier['text'])} of line {other}"
                allowed = "Spans may nest, not cross." if layer.overlap == "nested" else "Keep the longest."
                no(file.place, number, f"{found} in layer {layer.name}", allowed)
        same = next((s for s in open_spans if (s[0], s[1]) == (start, end)), None)
        if same and layer.overlap == "none" and same[3].get("label") != line.get("label"):
            no(
                file.place,
                number,
                f"a second label for the span of line {same[2]} in layer {layer.name}",
                "Keep one.",
            )
        open_spans.append((start, end, number, line))


def _check_tasks(document: Document, reading: Reading, no: No) -> None:
    """Each task that wants one label of a document must find one."""
    for name, settings in reading.schema.tasks.items():
        layer = reading.schema.layers.get(str(settings.get("layer")))
        if layer is None or settings.get("use") != "label" or layer.of or layer.name not in document.gold:
            continue
        where: Mapping[str, Any] = settings.get("where", {})
        gold = next(file for file in reading.annotations[document.id] if file.by == "gold")
        lines = [line for _, line in gold.lines + gold.broken if line["layer"] == layer.name]
        found = [line for line in lines if all(_meets(line.get(k), v) for k, v in where.items())]
        if len(found) != 1:
            wanted = " and ".join(f"{key} {value}" for key, value in where.items())
            text = f"{len(found)} annotations of layer {layer.name} with {wanted or 'a label'}"
            no(gold.place, 0, text, f"Task {name} wants one a document.")


def _meets(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, list) else value == wanted


def _check_splits(reading: Reading, no: No) -> None:
    for place in reading.unsplit:
        command = f"harness corpus split {reading.root} --by group --seed 13"
        remedy = f'Write split = "train" (dev, test, settle, pool), or: {command}.'
        no(place, 0, "its documents are in no split", remedy)


def _check_names(reading: Reading, no: No) -> None:
    """Ids that some file system or reader would take for one, languages not declared, and what test may not hold."""
    seen: dict[str, str] = {}
    for document in reading.documents:
        place = reading.places[document.id]
        meta = place.removesuffix(".txt") + ".meta.json"
        folded = unicodedata.normalize("NFC", document.id).casefold()
        first = seen.setdefault(folded, place)
        if first != place:
            no(place, 0, f"the same id as {first} but for its case", "Rename one of them.")
        known = reading.schema.languages
        if document.language and known and document.language not in known:
            remedy = f"{suggestion(document.language, known)} Or add it to languages in corpus.toml."
            no(meta, 0, f"unknown language {quote(document.language)}", remedy)
        if document.split == "test" and document.meta.get("picked_by") in NOT_FOR_TEST:
            found = f"picked_by {quote(document.meta['picked_by'])}, and its group is in test"
            no(meta, 0, found, 'Test holds documents picked at random: write split = "train" in group.toml.')


def summary(reading: Reading) -> Iterator[tuple[str, int]]:
    """What was looked at, for a word of praise where nothing is wrong."""
    yield "documents", len(reading.documents)
    yield "groups", len({document.group for document in reading.documents})
    files = [file for own in reading.annotations.values() for file in own]
    yield "annotations", sum(len(file.lines) for file in files)
    yield "annotators", len({file.by for file in files})
