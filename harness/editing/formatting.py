"""Files of a corpus brought into their one canonical form, and merged line by line when git merges them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.corpus.lines import in_order
from harness.corpus.reading import HEADER, Reading
from harness.corpus.schema import Layer
from harness.corpus.writing import annotation_file, meta_file
from harness.editing.merging import Conflict, Sheet, merge
from harness.errors import Problem, ProblemsFound
from harness.files import compact, read_json_lines

Line = dict[str, Any]


def not_canonical(reading: Reading) -> Iterator[tuple[Path, bytes]]:
    """Each meta and annotation file that is not in its canonical form, with the bytes that it should have.

    `reading` has the files of all annotators and no problems, so that nothing can be lost by writing them anew.
    """
    layers = reading.schema.layers
    for document in reading.documents:
        folder = reading.root / "documents" / document.group
        meta = folder / f"{document.name}.meta.json"
        files = [(meta, meta_file(document))] if meta.exists() else []
        for file in reading.annotations[document.id]:
            lines: dict[str, list[Line]] = {name: [] for name in file.layers}
            for _, line in file.lines:
                lines[line["layer"]].append(line)
            data = annotation_file(document, file.by, lines, layers, file.guideline, states=file.layers)
            files.append((reading.root / file.place, data))
        yield from ((path, data) for path, data in files if path.read_bytes() != data)


def merge_files(base: Path, mine: Path, theirs: Path, layers: Mapping[str, Layer]) -> tuple[bytes, list[Conflict]]:
    """Three versions of an annotation file -> the merged one, with git's marks around what people changed apart.

    Raises ProblemsFound where a version is no annotation file or their texts differ: then git's own merge is right.
    """
    problems: list[Problem] = []
    versions = [_version(path, problems, layers) for path in (base, mine, theirs)]
    if problems:
        raise ProblemsFound(problems)
    (_, was), (ours, own), (other, their) = versions
    header = _header(ours, other, versions[0][0], str(mine))
    merged = merge(was, own, their, layers)
    header["layers"] = merged.layers
    rows = [compact({key: header[key] for key in HEADER if key in header})]
    apart: dict[str, list[Conflict]] = {}
    for conflict in merged.conflicts:
        apart.setdefault(_row(conflict.mine, layers), []).append(conflict)
    for line in merged.lines:
        row = _row(line, layers)
        rows += _marked(apart.pop(row), layers) if row in apart else [row]
    for conflicts in apart.values():
        rows += _marked(conflicts, layers)
    return ("\n".join(rows) + "\n").encode(), merged.conflicts


def _version(path: Path, problems: list[Problem], layers: Mapping[str, Layer]) -> tuple[Line, Sheet]:
    """The header and the lines of one version; an empty file, as where both sides add one, has neither."""
    rows = [row for _, row in read_json_lines(path, str(path), problems)]
    if not rows:
        return {}, Sheet({}, [])
    header, *lines = rows
    states = header.get("layers")
    named = {"doc", "by", "text_sha256"} <= header.keys() and "layer" not in header
    if not isinstance(states, dict) or not named or not all(line.get("layer") in layers for line in lines):
        problems.append(Problem(str(path), 1, "no annotation file of this corpus", "Merge it as text."))
        return {}, Sheet({}, [])
    return header, Sheet(states, lines)


def _header(mine: Line, theirs: Line, base: Line, place: str) -> Line:
    """The one header of a merged file: what one side changed is taken; text and annotator must be the same."""
    if not mine or not theirs:
        raise ProblemsFound([Problem(place, 1, "one side is empty", "Decide whether the file stays.")])
    for key in ("doc", "text_sha256", "by", "unit"):
        if mine.get(key) != theirs.get(key):
            found = f"{key} is {compact(mine.get(key))} here and {compact(theirs.get(key))} there"
            raise ProblemsFound([Problem(place, 1, found, "Decide which is right, and merge by hand.")])
    guideline = mine.get("guideline") if theirs.get("guideline") == base.get("guideline") else theirs.get("guideline")
    return {**theirs, **mine, **({"guideline": guideline} if guideline is not None else {})}


def _marked(conflicts: list[Conflict], layers: Mapping[str, Layer]) -> list[str]:
    """What was changed apart, as git marks it: one line of ours, or none, and all of theirs that cannot stand by it."""
    ours = [_row(conflicts[0].mine, layers)] if conflicts[0].mine else []
    theirs = [_row(conflict.theirs, layers) for conflict in conflicts if conflict.theirs]
    return ["<<<<<<< ours", *ours, "=======", *theirs, ">>>>>>> theirs"]


def _row(line: Mapping[str, Any] | None, layers: Mapping[str, Layer]) -> str:
    """A line as it stands in a file; empty for none."""
    if line is None:
        return ""
    layer = layers.get(str(line.get("layer")))
    return compact({**(in_order(line, layer) if layer else {}), **line})
