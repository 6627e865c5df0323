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

    Raises ProblemsFound where a version cannot be read or their texts differ: then git's own merge is as good.
    """
    problems: list[Problem] = []
    versions = [list(read_json_lines(path, str(path), problems)) for path in (base, mine, theirs)]
    if problems:
        raise ProblemsFound(problems)
    headers = [rows[0][1] if rows and "layer" not in rows[0][1] else {} for rows in versions]
    was, ours, other = [
        Sheet(header.get("layers", {}), [line for _, line in rows if "layer" in line])
        for header, rows in zip(headers, versions, strict=True)
    ]
    header = _header(headers, str(mine))
    merged = merge(was, ours, other, layers)
    header["layers"] = merged.layers
    rows = [compact({key: header[key] for key in HEADER if key in header})]
    apart = {compact(conflict.mine): conflict for conflict in merged.conflicts if conflict.mine is not None}
    for line in merged.lines:
        conflict = apart.pop(compact(line), None)
        rows += _marked(conflict, layers) if conflict else [compact(line)]
    mine_gone = [conflict for conflict in merged.conflicts if conflict.mine is None]
    for conflict in (*mine_gone, *apart.values()):
        rows += _marked(conflict, layers)
    return ("\n".join(rows) + "\n").encode(), merged.conflicts


def _header(headers: list[Line], place: str) -> Line:
    """The one header of a merged file: what one side changed is taken; text and annotator must be the same."""
    base, mine, theirs = headers
    for key in ("doc", "text_sha256", "by", "unit"):
        if mine.get(key) != theirs.get(key):
            found = f"{key} is {compact(mine.get(key))} here and {compact(theirs.get(key))} there"
            raise ProblemsFound([Problem(place, 1, found, "Decide which is right, and merge by hand.")])
    guideline = mine.get("guideline") if theirs.get("guideline") == base.get("guideline") else theirs.get("guideline")
    return {**theirs, **mine, **({"guideline": guideline} if guideline is not None else {})}


def _marked(conflict: Conflict, layers: Mapping[str, Layer]) -> list[str]:
    """Both versions of what was changed apart, as git marks them."""
    mine, theirs = (
        [compact(in_order(line, layers[conflict.layer]) if conflict.layer in layers else line)] if line else []
        for line in (conflict.mine, conflict.theirs)
    )
    return ["<<<<<<< ours", *mine, "=======", *theirs, ">>>>>>> theirs"]
