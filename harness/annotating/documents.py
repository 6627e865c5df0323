"""The documents of a corpus for one annotator: read one at a time, saved whole, and never over somebody else's work."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from harness.checking import problems_of_file
from harness.corpus.lines import check_facet, check_line
from harness.corpus.reading import LAYER_STATES, STEM, AnnotationFile, Reading, read_group
from harness.corpus.schema import NAME, NOT_FOR_TEST, read_schema
from harness.corpus.sources import GroupFolder, inside
from harness.corpus.writing import annotation_file, meta_file
from harness.editing.merging import Sheet, merge
from harness.editing.persons import EMAIL
from harness.errors import Problem, ProblemsFound, quote, suggestion
from harness.files import digest_bytes, locked, write_atomically
from harness.records import Document

LONGEST = 200  # characters of a name, beside which an ending fits into what file systems take
ORDERS = ("unannotated", "uncertain", "disagreements", "random")
Answer = dict[str, Any]


class Refused(Exception):
    """A request that is not done: its HTTP status, why, the problems found, and what else the page needs."""

    def __init__(self, status: int, why: str, problems: Sequence[Problem] = (), **more: Any) -> None:
        super().__init__(why)
        self.status = status
        told = [{"found": one.found, "remedy": one.remedy, "line": one.line} for one in problems]
        self.answer = {"error": why, "problems": told, **more}


@dataclass(frozen=True)
class Opened:
    """A document with all that its annotators wrote, read at one moment."""

    document: Document
    reading: Reading
    files: Mapping[str, AnnotationFile]
    folder: Path

    def etag(self, by: str) -> str:
        """The digest of an annotator's file, empty where there is none."""
        path = self.folder / f"{self.document.name}.{by}.jsonl"
        return digest_bytes(path.read_bytes()) if path.is_file() else ""

    def sheet(self, by: str) -> Sheet:
        """What an annotator's file says, nothing where there is none."""
        file = self.files.get(by)
        return Sheet(dict(file.layers), [line for _, line in file.lines]) if file else Sheet({}, [])


class _Alone(GroupFolder):
    """A group of which one document is looked at."""

    def __init__(self, root: Path, group: str, name: str) -> None:
        super().__init__(root, group, str(root / "documents" / group), f"documents/{group}")
        self.own = name

    def names(self, problems: list[Problem]) -> list[str]:
        wanted = ("group.toml", f"{self.own}.txt")
        return [
            name
            for name in super().names(problems)
            if name in wanted or (name.startswith(f"{self.own}.") and not name.endswith(".txt"))
        ]


class Desk:
    """Where one annotator works on a corpus. Raises ProblemsFound where `corpus.toml` has any."""

    def __init__(self, root: Path, by: str) -> None:
        self.root, self.by = root, by
        problems: list[Problem] = []
        self.schema = read_schema(root, problems)
        if problems:
            raise ProblemsFound(problems)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Alone in the corpus among all who write to it."""
        with locked(self.root / "documents"):
            yield

    def open(self, group: str, name: str) -> Opened:
        """Read a document. Refused with 404 where there is none, with 409 where work on it could be lost."""
        folder = self.root / "documents" / group
        named = all(STEM.fullmatch(one) and len(one) <= LONGEST for one in (group, name))
        there = named and (folder / f"{name}.txt").is_file()
        if not there or not all(inside(self.root, path) for path in (folder, *folder.glob(f"{name}.*"))):
            raise Refused(404, "no such document")
        reading = Reading(self.root, self.schema)
        read_group(reading, _Alone(self.root, group, name), everyone=True)
        own = {f"{folder.name}/{name}.{ending}" for ending in ("txt", "meta.json", f"{self.by}.jsonl")}
        problems = [one for one in reading.problems if one.file.removeprefix("documents/") in own]
        if problems or not reading.documents:
            raise Refused(409, f"{problems[0] if problems else 'it cannot be read'} See: harness check", problems)
        [document] = reading.documents
        return Opened(document, reading, {file.by: file for file in reading.annotations[document.id]}, folder)

    def shown(self, group: str, name: str) -> tuple[Opened, Answer]:
        """A document, and all that the page needs of it. Offsets are code points."""
        with self.alone():
            opened = self.open(group, name)
            etag = opened.etag(self.by)
        document, mine = opened.document, opened.sheet(self.by)
        hidden = {self.by, *(["gold"] if document.split == "test" else [])}
        return opened, {
            "id": document.id,
            "text": document.text,
            "sha256": digest_bytes(document.text.encode()),
            "language": document.language,
            "split": document.split,
            "meta": document.meta,
            "names": document.names,
            "pairs": document.pairs,
            "etag": etag,
            "layers": mine.layers,
            "lines": mine.lines,
            "others": sorted(set(opened.files) - hidden),
        }

    def written_by(self, group: str, name: str, by: str) -> Answer:
        """What another annotator wrote. Refused with 403 for the gold of a test document."""
        opened = self.open(group, name)
        if by == "gold" and opened.document.split == "test":
            raise Refused(403, "the gold of test documents is not shown")
        if by not in opened.files:
            raise Refused(404, "no such annotator of this document")
        sheet = opened.sheet(by)
        return {"by": by, "layers": sheet.layers, "lines": sheet.lines}

    def save(self, group: str, name: str, etag: str, body: Mapping[str, Any]) -> tuple[Opened, Answer]:
        """Save what the page holds; where the file changed since `etag`, merged with it.

        Refused, and nothing written: 409 where the text is another, 412 where both changed the same thing to different
        things, 422 where a line is not as `harness check` wants it.
        """
        mine, base = _sheet(body, "the request"), _sheet(body.get("base", {}), "base")
        with self.alone():
            opened = self.open(group, name)
            document = opened.document
            if body.get("sha256") != digest_bytes(document.text.encode()):
                raise Refused(409, "the text was changed since the page read it. Load it again.")
            self._refuse_problems(mine, opened)
            now, theirs = opened.etag(self.by), opened.sheet(self.by)
            if now != etag:
                merged = merge(base, mine, theirs, self.schema.layers)
                if merged.conflicts:
                    conflicts: list[Answer] = msgspec.to_builtins(merged.conflicts)
                    told: Answer = {"etag": now, "lines": theirs.lines, "layers": theirs.layers}
                    raise Refused(412, "the same was changed elsewhere", conflicts=conflicts, **told)
                mine = Sheet(merged.layers, merged.lines)
                self._refuse_problems(mine, opened)
            if not now:
                self._note_order(opened, str(body.get("order", "")))
            guideline = opened.files[self.by].guideline if self.by in opened.files else self.schema.guideline
            data = self._file(document, mine, guideline)
            if digest_bytes(data) != now:
                write_atomically(opened.folder / f"{name}.{self.by}.jsonl", data)
            saved = self.open(group, name)
        lines = [line for _, line in saved.files[self.by].lines]
        layers = saved.files[self.by].layers
        merged_in = now != etag
        answer = {"etag": digest_bytes(data), "lines": lines, "layers": layers, "merged": merged_in, "problems": []}
        return saved, answer

    def _file(self, document: Document, sheet: Sheet, guideline: str) -> bytes:
        lines: dict[str, list[Mapping[str, Any]]] = {name: [] for name in sheet.layers}
        for line in sheet.lines:
            lines[line["layer"]].append(line)
        return annotation_file(document, self.by, lines, self.schema.layers, guideline, states=sheet.layers)

    def _refuse_problems(self, sheet: Sheet, opened: Opened) -> None:
        problems = self.problems(sheet, opened.document)
        if problems:
            raise Refused(422, f"{problems[0].found}. {problems[0].remedy}", problems)

    def problems(self, sheet: Sheet, document: Document) -> list[Problem]:
        """What `harness check` would say of a file with these lines; `line` counts them from 1."""
        problems: list[Problem] = []
        layers, place = self.schema.layers, "request"
        for unknown in sheet.layers.keys() - layers.keys():
            problems.append(Problem(place, 0, f"unknown layer {quote(unknown)}", suggestion(unknown, [*layers])))
        for number, line in enumerate(sheet.lines, 1):
            name = line.get("layer")
            layer = layers.get(name) if isinstance(name, str) else None
            if layer is None:
                problems.append(
                    Problem(place, number, f"unknown layer {quote(name)}", suggestion(str(name), [*layers]))
                )
                continue
            no = lambda found, remedy, n=number: problems.append(Problem(place, n, found, remedy))  # noqa: E731
            check_line(line, layer, document.text, document.names, no)
        if problems:
            return sorted(problems)
        rows = list(enumerate(map(dict, sheet.lines), 1))
        return problems_of_file(AnnotationFile(place, self.by, "", sheet.layers, rows), document, self.schema)

    def _note_order(self, opened: Opened, order: str) -> None:
        """Keep by which order of the page a document was picked, at its first save.

        A document that is in test came there before anybody picked it, so there an order says nothing of it.
        """
        document = opened.document
        decided = document.split == "test" and order in NOT_FOR_TEST
        if order in ORDERS and "picked_by" not in document.meta and not decided:
            self.write_meta(opened, replace(document, meta={**document.meta, "picked_by": order}))

    def write_meta(self, opened: Opened, document: Document) -> None:
        """Write what is known of a document besides its text."""
        write_atomically(opened.folder / f"{document.name}.meta.json", meta_file(document))

    def add_name(self, group: str, name: str, body: Mapping[str, Any]) -> tuple[Opened, Answer]:
        """Add a holder, target or other name to the document. Refused with 409 where its id is another's."""
        facet, name_id, shown = body.get("facet"), body.get("id"), body.get("name")
        facets = {one for layer in self.schema.layers.values() for one in layer.of}
        if not isinstance(facet, str) or facet not in facets:
            raise Refused(422, f"unknown facet {quote(facet)}. {suggestion(str(facet), sorted(facets))}")
        if not isinstance(name_id, str) or not NAME.fullmatch(name_id):
            raise Refused(422, f"id {quote(name_id)}. Ids are made of a-z, 0-9 and -.")
        if not isinstance(shown, str) or not shown.strip():
            raise Refused(422, "no name. Say what the page shall show.")
        if any(unicodedata.category(one) in ("Cc", "Zl", "Zp") for one in shown) or EMAIL.search(shown):
            raise Refused(422, "a name holds no control character and no e-mail address.")
        with self.alone():
            opened = self.open(group, name)
            known = opened.document.names.get(facet, {}).get(name_id)
            if known not in (None, shown):
                raise Refused(409, f"{name_id} is {quote(known)} already. Take another id.")
            if known is None:
                own = {**opened.document.meta.get(f"{facet}s", {}), name_id: shown}
                self.write_meta(opened, replace(opened.document, meta={**opened.document.meta, f"{facet}s": own}))
            opened = self.open(group, name)
        return opened, {"names": opened.document.names}

    def add_pairs(self, group: str, name: str, body: Mapping[str, Any]) -> tuple[Opened, Answer]:
        """List more of what is to be judged: holder and target, say."""
        layer = self.schema.layers.get(str(body.get("layer")))
        pairs = body.get("pairs")
        if layer is None or not layer.of:
            valid = sorted(one.name for one in self.schema.layers.values() if one.of)
            raise Refused(422, f"unknown layer {quote(body.get('layer'))}. {suggestion(str(body.get('layer')), valid)}")
        if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == len(layer.of) for p in pairs):
            raise Refused(422, f"pairs are lists of one id each for {', '.join(layer.of)}.")
        with self.alone():
            opened = self.open(group, name)
            document, problems = opened.document, []
            for number, pair in enumerate(pairs, 1):
                no = lambda found, remedy, n=number: problems.append(Problem("request", n, found, remedy))  # noqa: E731
                for facet, value in zip(layer.of, pair, strict=True):
                    check_facet(value, facet, document.names, no)
            if problems:
                raise Refused(422, f"{problems[0].found}. {problems[0].remedy}", problems)
            listed = list(document.pairs.get(layer.name, ()))
            more = [pair for pair in dict.fromkeys(map(tuple, pairs)) if pair not in listed]
            if more:
                self.write_meta(opened, replace(document, pairs={**document.pairs, layer.name: [*listed, *more]}))
            opened = self.open(group, name)
        return opened, {"pairs": opened.document.pairs}


def _sheet(value: Any, what: str) -> Sheet:
    """The layers and lines of a request. Refused with 422 where they have not that form."""
    layers, lines = (value.get("layers", {}), value.get("lines", [])) if isinstance(value, dict) else (None, None)
    if not isinstance(layers, dict) or any(state not in LAYER_STATES for state in layers.values()):
        raise Refused(422, f'{what} has no "layers" that are "open" or "done"')
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise Refused(422, f'{what} has no list of "lines"')
    if not all(isinstance(line.get("layer", ""), str) for line in lines):
        raise Refused(422, f'{what} has a line whose "layer" is no text')
    named = {line["layer"]: "open" for line in lines if "layer" in line}
    return Sheet({**named, **layers}, lines)
