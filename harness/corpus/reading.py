"""The files of a corpus, in either form -> documents, with every problem that would make the data unusable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.corpus.lines import DRIFT, check_facet, check_line, is_plain, spans_of
from harness.corpus.schema import OFFSETS, SPLITS, Layer, Schema, read_names, read_schema
from harness.corpus.sources import Group, Tell, folder_groups, is_built
from harness.errors import AskedWrongly, Problem, quote, shown, suggestion
from harness.files import digest_bytes, read_json, read_json_lines, read_text, read_toml
from harness.offsets import UNITS, unit_that_fits
from harness.records import Document

STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
LAYER_STATES = ("done", "open")
HEADER = ("doc", "text_sha256", "unit", "by", "guideline", "layers")


@dataclass(frozen=True)
class AnnotationFile:
    """One annotator's file on one document: which layers are done, and the lines with their line numbers."""

    place: str
    by: str
    guideline: str
    layers: Mapping[str, str]
    lines: list[tuple[int, dict[str, Any]]]
    broken: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # of a known layer, but told wrong


@dataclass
class Reading:
    """What was read of a corpus, and what was wrong with it."""

    root: Path
    schema: Schema
    documents: list[Document] = field(default_factory=list)
    annotations: dict[str, list[AnnotationFile]] = field(default_factory=dict)  # document -> its files
    problems: list[Problem] = field(default_factory=list)
    disputes: dict[str, tuple[str, list[tuple[int, dict[str, Any]]]]] = field(default_factory=dict)  # place and rows
    places: dict[str, str] = field(default_factory=dict)  # document -> its text file
    unsplit: list[str] = field(default_factory=list)  # the group.toml that name no split


def read_corpus(
    root: Path, *, everyone: bool = False, by: str = "gold", tell: Tell = lambda done, total: None
) -> Reading:
    """Read a whole corpus in either form; `everyone` reads the files of all annotators, not the gold alone.

    What the annotator `by` wrote becomes the documents' gold. `tell` hears after each group how many of how many are
    done.
    """
    problems: list[Problem] = []
    reading = Reading(root, read_schema(root, problems), problems=problems)
    for group in groups_of(root, problems, tell):
        read_group(reading, group, everyone, by)
    if everyone and is_built(root):
        from harness.corpus.shards import verify_build

        verify_build(root, reading.schema, reading.documents, problems)
    return reading


def groups_of(root: Path, problems: list[Problem], tell: Tell) -> Iterator[Group]:
    """The groups of a corpus in either form, in the order of their names."""
    if is_built(root):
        from harness.corpus.shards import shard_groups

        return shard_groups(root, problems, tell)
    return folder_groups(root, problems, tell)


def read_folder(root: Path, *, everyone: bool = False, tell: Tell = lambda done, total: None) -> Reading:
    """Read a corpus that is to be edited, which is always a folder. Raises AskedWrongly for a build of one."""
    if is_built(root):
        remedy = f"Edit the folder that it was built from, then: harness corpus build FOLDER --out {root} --replace."
        raise AskedWrongly(f"{root} is a corpus built into Parquet, which is not edited. {remedy}")
    return read_corpus(root, everyone=everyone, tell=tell)


def read_group(reading: Reading, group: Group, everyone: bool, by: str = "gold") -> list[Document]:
    """Read one group into `reading`, and give its documents."""
    earlier = len(reading.documents)
    _GroupReader(reading, group, everyone, by).read()
    documents = reading.documents[earlier:]
    group.compare(documents, reading.problems)
    return documents


class _GroupReader:
    """Reads the files of one group."""

    def __init__(self, reading: Reading, group: Group, everyone: bool, by: str) -> None:
        self.reading, self.group, self.place, self.everyone, self.by = reading, group, group.place, everyone, by
        self.problems = reading.problems
        self.schema = reading.schema

    def no(self, file: str, line: int, found: str, remedy: str) -> None:
        self.problems.append(Problem(file, line, found, remedy))

    def read(self) -> None:
        if not STEM.fullmatch(self.group.name):
            self.no(self.place, 0, f"group name {quote(self.group.name)}", "Use A-Z, a-z, 0-9, - and _.")
        files = self.group.names(self.problems)
        split, names = self._group(files)
        stems = sorted(file.removesuffix(".txt") for file in files if file.endswith(".txt"))
        own: dict[str, list[str]] = {stem: [] for stem in stems}
        for name in files:
            if name == "group.toml" or name.endswith(".txt"):
                continue
            if name.startswith(".") and name.endswith(".tmp"):
                if self.everyone:  # a matter for `check`; nothing is read from it
                    self.no(f"{self.place}/{name}", 0, "left over from a write that was killed", "Remove it.")
                continue
            if (stem := name.split(".", 1)[0]) in own:
                own[stem].append(name)
            elif not name.startswith(tuple(f"{stem}." for stem in stems if "." in stem)):
                found = "a file that belongs to no document"
                self.no(f"{self.place}/{shown(name)}", 0, found, "Add the text beside it (ID.txt), or remove it.")
        for stem in stems:
            if STEM.fullmatch(stem):
                self._document(stem, split, names, own[stem])
            else:
                place = f"{self.place}/{shown(stem)}.txt"
                self.no(place, 0, f"document name {quote(stem)}", "Use A-Z, a-z, 0-9, - and _, no dots.")
        if not stems:
            self.no(self.place, 0, "a group without documents", "Add ID.txt, or remove the folder.")

    def _group(self, files: list[str]) -> tuple[str, dict[str, dict[str, str]]]:
        """The group's split, and for each facet the ids that its documents may use."""
        names = {facet: dict(known) for facet, known in self.schema.names.items()}
        place = f"{self.place}/group.toml"
        if "group.toml" not in files:
            self.reading.unsplit.append(place)
            return "", names
        earlier = len(self.problems)
        table, lines = read_toml(self.group.file("group.toml"), place, self.problems)
        split = table.get("split", "")
        if split == "":
            self.reading.unsplit += [place] if len(self.problems) == earlier else []
        elif split not in SPLITS:
            self.no(place, lines("split"), f"unknown split {quote(split)}", suggestion(str(split), SPLITS))
            split = ""
        for facet in names:
            names[facet] |= read_names(
                table.get(f"{facet}s", {}),
                f"{facet}s",
                lambda path, found, remedy: self.no(place, lines(*path), found, remedy),
            )
        return split, names

    def _document(self, stem: str, split: str, names: dict[str, dict[str, str]], own: list[str]) -> None:
        place = f"{self.place}/{stem}.txt"
        path = self.group.file(f"{stem}.txt")
        text = read_text(path, place, self.problems)
        if text is None:
            self._syntax(own)
            return
        sha = digest_bytes(text.encode())
        meta = self._meta(stem, own, sha)
        names = {facet: self._with_own_names(known, stem, meta, facet) for facet, known in names.items()}
        pairs = self._pairs(f"{self.place}/{stem}.meta.json", meta, names)
        files = {}
        for name in own:
            by = name.removeprefix(f"{stem}.").removesuffix(".jsonl")
            if name == f"{stem}.meta.json":
                continue
            if name == f"{stem}.disputes.jsonl":
                if self.everyone:  # a matter for `check`, which holds it against the readers' files
                    log = f"{self.place}/{name}"
                    rows = list(read_json_lines(self.group.file(name), log, self.problems))
                    self.reading.disputes[f"{self.group.name}/{stem}"] = (log, rows)
            elif name != f"{stem}.{by}.jsonl" or not STEM.fullmatch(by):
                found = "a file that is neither meta, gold nor an annotator's"
                self.no(f"{self.place}/{name}", 0, found, "Name it ID.NAME.jsonl, or remove it.")
            elif self.everyone or by == self.by:
                read = self._annotations(name, by, stem, text, sha, names)
                if read:
                    files[by] = read
        gold = files.get(self.by)
        document = Document(
            group=self.group.name,
            name=stem,
            text=text,
            split=split,
            language=meta["language"] if isinstance(meta.get("language"), str) else "",
            meta=meta,
            pairs=pairs,
            gold=_done(gold) if gold else {},
            names=names,
            guideline=gold.guideline if gold else "",
        )
        self.reading.documents.append(document)
        self.reading.annotations[document.id] = list(files.values())
        self.reading.places[document.id] = place

    def _syntax(self, own: list[str]) -> None:
        """Note what is wrong with the files of a document whose text cannot be read, as far as can be told."""
        for name in own:
            if name.endswith(".json"):
                read_json(self.group.file(name), f"{self.place}/{name}", self.problems)
            elif name.endswith(".jsonl"):
                list(read_json_lines(self.group.file(name), f"{self.place}/{name}", self.problems))

    def _meta(self, stem: str, own: list[str], sha: str) -> dict[str, Any]:
        name = f"{stem}.meta.json"
        if name not in own:
            return {}
        place = f"{self.place}/{name}"
        meta = read_json(self.group.file(name), place, self.problems) or {}
        if meta.get("sha256", sha) != sha:
            found = f"sha256 is not the text's, which is {sha}"
            self.no(place, 1, found, "Restore the text, or the annotations no longer belong to it.")
        for key in ("language", "source", "licence", "written_by", "picked_by"):
            if key in meta and not isinstance(meta[key], str):
                self.no(place, 1, f"{key} is not a string", f'Write "{key}": "…".')
        return meta

    def _with_own_names(self, known: dict[str, str], stem: str, meta: Mapping[str, Any], facet: str) -> dict[str, str]:
        place = f"{self.place}/{stem}.meta.json"
        own = read_names(
            meta.get(f"{facet}s", {}), f"{facet}s", lambda _, found, remedy: self.no(place, 1, found, remedy)
        )
        return {**known, **own} if own else known  # shared where it can be: there may be a million documents

    def _pairs(
        self, place: str, meta: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]
    ) -> dict[str, list[tuple[str, ...]]]:
        """For each layer that is about something, what is to be judged: tuples of ids in the order of `of`."""
        listed = meta.get("pairs", {})
        if not isinstance(listed, dict):
            self.no(place, 1, "pairs is not a table of layers", 'Write "pairs": {"stance": [["a", "b"]]}.')
            return {}
        pairs: dict[str, list[tuple[str, ...]]] = {}
        for name, some in listed.items():
            layer = self.schema.layers.get(name)
            if not self.schema.layers:
                continue  # corpus.toml itself is broken, and said to be
            if layer is None or not layer.of:
                valid = sorted(n for n, one in self.schema.layers.items() if one.of)
                self.no(place, 1, f"pairs of unknown layer {quote(name)}", suggestion(name, valid))
                continue
            pairs[name] = []
            for pair in some if isinstance(some, list) else [some]:
                if not (isinstance(pair, list) and len(pair) == len(layer.of)):
                    self.no(place, 1, f"pair {quote(pair)}", f"Write one id each for {', '.join(layer.of)}.")
                    continue
                earlier = len(self.problems)
                for facet, value in zip(layer.of, pair, strict=True):
                    check_facet(
                        value,
                        facet,
                        names,
                        lambda found, remedy: self.no(place, 1, f"{found} in pairs", remedy),
                    )
                if tuple(pair) in pairs[name]:
                    self.no(place, 1, f"pair {quote(pair)} is listed twice", "Keep one.")
                elif len(self.problems) == earlier:
                    pairs[name].append(tuple(pair))
        return pairs

    def _annotations(
        self, file: str, by: str, stem: str, text: str, sha: str, names: Mapping[str, Mapping[str, str]]
    ) -> AnnotationFile | None:
        place = f"{self.place}/{file}"
        before = len(self.problems)
        rows = list(read_json_lines(self.group.file(file), place, self.problems))
        if not self.schema.layers:
            return None  # corpus.toml itself is broken, and said to be
        header = rows.pop(0)[1] if rows and rows[0][0] == 1 and "layer" not in rows[0][1] else None
        if header is None and not any(problem.line <= 1 for problem in self.problems[before:]):
            remedy = 'Write {"doc": …, "text_sha256": …, "unit": "codepoint", "by": …, "layers": {…}}.'
            self.no(place, 1, "the first line is not a header", remedy)
        layers = self._header(place, header, by, stem, sha) if header is not None else {}
        lines: list[tuple[int, dict[str, Any]]] = []
        broken: list[tuple[int, dict[str, Any]]] = []
        for number, line in rows:
            name = line.get("layer")
            layer = self.schema.layers.get(name) if isinstance(name, str) else None
            if layer is None:
                self.no(place, number, f"unknown layer {quote(name)}", suggestion(str(name), [*self.schema.layers]))
                continue
            if header is not None and layers.get(layer.name) is None:
                found = f"an annotation of layer {layer.name}, which the header does not list"
                self.no(place, number, found, f'Add "{layer.name}": "done" (or "open") to its layers.')
            if is_plain(line, layer, text):
                lines.append((number, line))
                continue
            earlier = len(self.problems)
            check_line(line, layer, text, names, lambda f, r, n=number: self.no(place, n, f, r))  # type: ignore[misc]
            (lines if len(self.problems) == earlier else broken).append((number, line))
        self._explain_offsets(before, rows, text)
        if header is None:
            return None
        return AnnotationFile(place, by, str(header.get("guideline", "")), layers, lines, broken)

    def _header(self, place: str, header: dict[str, Any], by: str, stem: str, sha: str) -> dict[str, str]:
        for key in header:
            if key not in HEADER:
                self.no(place, 1, f"unknown key {quote(key)} in the header", suggestion(key, HEADER))
        if header.get("doc") != stem:
            self.no(place, 1, f"header says doc {quote(header.get('doc'))}", f"Write {quote(stem)}.")
        if header.get("by") != by:
            self.no(place, 1, f"header says by {quote(header.get('by'))}", f"Write {quote(by)}.")
        if header.get("text_sha256") != sha:
            found = f"text_sha256 is not the digest of {stem}.txt, which is {sha}"
            self.no(place, 1, found, "Restore the text these annotations were made on, or annotate it anew.")
        if header.get("unit", OFFSETS) != OFFSETS:
            self.no(place, 1, f"offset unit {quote(header['unit'])}", f"Only {OFFSETS} is stored.")
        if not isinstance(header.get("guideline", ""), str):
            self.no(place, 1, "guideline is not a string", 'Write "guideline": "…".')
        layers = header.get("layers")
        if not isinstance(layers, dict):
            self.no(place, 1, "the header lists no layers", 'Write "layers": {"entities": "done"}.')
            return {}
        for name, state in layers.items():
            if name not in self.schema.layers:
                self.no(place, 1, f"unknown layer {quote(name)}", suggestion(name, sorted(self.schema.layers)))
            if state not in LAYER_STATES:
                self.no(place, 1, f"layer state {quote(state)}", suggestion(str(state), LAYER_STATES))
        return {name: state for name, state in layers.items() if name in self.schema.layers}

    def _explain_offsets(self, before: int, rows: list[tuple[int, dict[str, Any]]], text: str) -> None:
        """Where spans do not fit, say whether another unit explains all of them."""
        drifted = [i for i in range(before, len(self.problems)) if self.problems[i].found.startswith(DRIFT)]
        if not drifted:
            return
        unit = unit_that_fits(list(_all_spans(rows, self.schema.layers)), text)
        if unit is None or unit == OFFSETS:
            return
        advice = f" All spans fit {UNITS[unit]}: import with --offsets {unit}."
        for i in drifted:
            old = self.problems[i]
            self.problems[i] = Problem(old.file, old.line, old.found, old.remedy + advice)


def _done(file: AnnotationFile) -> dict[str, list[Mapping[str, Any]]]:
    """The lines of each layer that is done."""
    done: dict[str, list[Mapping[str, Any]]] = {name: [] for name, state in file.layers.items() if state == "done"}
    for _, line in file.lines:
        if (own := done.get(line["layer"])) is not None:
            own.append(line)
    return done


def _all_spans(rows: list[tuple[int, dict[str, Any]]], layers: Mapping[str, Layer]) -> Iterator[tuple[int, int, str]]:
    for _, line in rows:
        name = line.get("layer")
        if isinstance(name, str) and name in layers:
            yield from spans_of(line, layers[name])
