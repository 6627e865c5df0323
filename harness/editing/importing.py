"""Documents that come in: rows of a file -> what an import would do, and doing it, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.corpus.writing import annotation_file, document_files, group_file
from harness.editing.gathering import GOLD, Gathering
from harness.editing.mapping import Map
from harness.editing.placing import File, place
from harness.editing.planning import Annotated, Import, Planning
from harness.editing.there import bytes_before, read_before, read_readers
from harness.editing.units import ALL, AUTO
from harness.errors import AskedWrongly, Problem, ProblemsFound, UnknownName
from harness.parts import LeftOut, Row
from harness.records import Document

__all__ = ["Import", "apply_import", "plan_import"]


def plan_import(
    root: Path,
    place: str,
    rows: Iterable[tuple[int, Row | LeftOut]],
    *,
    group: str = "",
    offsets: str = AUTO,
    lf: bool = False,
    map: Path | None = None,
    counts: str = "line",
    problems: Sequence[Problem] = (),
) -> Import:
    """What importing these rows into a corpus would do; nothing is written.

    `group` names the column that says which documents belong together; `offsets` is the unit of the file's spans, or
    `auto` for the one that explains all their surfaces; `lf` turns CRLF line ends into LF, spans with them; `map`
    says what the file's names are in the corpus, `counts` whether its numbers count lines or items. `problems` are
    the format's, on rows that it could not read.

    Raises UnknownName for a unit or column that is not there, AskedWrongly where several units would do, and
    ProblemsFound for a corpus or a map that cannot be used.
    """
    if offsets not in (AUTO, *ALL):
        raise UnknownName("offset unit", offsets, (AUTO, *ALL))
    reading = read_before(root)
    mapped = Map(map, reading.schema) if map else None
    gathered = Gathering(reading, place, group, lf, counts, mapped)
    for number, row in rows:
        gathered.take(number, row)
    if mapped:
        mapped.finish()
    if group and gathered.columns and group not in gathered.columns:
        raise UnknownName(f"column of {place}", group, gathered.columns)
    unit = gathered.finish(offsets)
    own = [replace(problem, counts=counts) for problem in problems]
    planned = Planning(gathered).plan(unit, own)
    return replace(planned, notes=[*planned.notes, *mapped.notes]) if mapped else planned


def apply_import(plan: Import, progress: Callable[[int], None] = lambda done: None) -> None:
    """Write the documents and annotations of a plan, all or none. Refuses a plan with rejected rows.

    An interruption takes back what had been put in place. After a kill the same import goes on: it takes back what
    stood half, and passes over the groups that were finished.
    """
    if plan.rejected:
        raise ProblemsFound(plan.rejected)
    folder = plan.root / "documents"
    new = {document.id for document in plan.documents}
    by_group: dict[str, tuple[list[Document], list[Annotated]]] = {}
    for document in plan.documents:
        by_group.setdefault(document.group, ([], []))[0].append(document)
    for one in plan.annotated:
        if one.by != GOLD or one.document.id not in new:
            by_group.setdefault(one.document.group, ([], []))[1].append(one)
    there = {group for group in by_group if os.path.exists(f"{folder}{os.sep}{group}")}  # noqa: PTH110

    def files() -> Iterator[tuple[str, list[File]]]:
        done = 0
        for group, (documents, annotated) in by_group.items():
            split = next((document.split for document in documents if document.split), "")
            if split and group not in there:
                yield group, [("group.toml", group_file(split))]
            yield group, [_annotated_file(one, plan) for one in annotated]
            for document in documents:
                yield group, list(document_files(document, plan.schema.layers, plan.schema.guideline))
                done += 1
                progress(done)

    place(folder, files(), " ".join(sorted(by_group)), _before(plan))


def _before(plan: Import) -> dict[str, bytes]:
    """The files that are added to, as they are; they must still say what they said when the plan was made."""
    read = {(one.document.id, one.by): one.there for one in plan.annotated if one.there}
    before = {f"{document}.{by}.jsonl": bytes_before(plan.root, f"{document}.{by}.jsonl") for document, by in read}
    wanted: dict[str, set[str]] = {}
    for document, by in read:
        wanted.setdefault(document, set()).add(by)
    now = read_readers(plan.root, wanted)
    if any(now.get(key) != file for key, file in read.items()):
        raise AskedWrongly("The annotations of the corpus were changed meanwhile. Import again.")
    return before


def _annotated_file(one: Annotated, plan: Import) -> File:
    """An annotator's file, with the layers that it has already."""
    lines = {layer: list(some) for layer, some in one.lines.items()}
    states, guideline = {}, plan.schema.guideline
    if one.there:
        states, guideline = dict(one.there.layers), one.there.guideline
        lines |= {layer: [line for _, line in one.there.lines if line["layer"] == layer] for layer in states}
    data = annotation_file(one.document, one.by, lines, plan.schema.layers, guideline, states=states)
    return f"{one.document.name}.{one.by}.jsonl", data
