"""A task of a corpus in Parquet from its columns: the items and gold that the build wrote, and the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.columns import SHARED, TaskHeader, code, read_task_header
from harness.corpus.shards import task_file, texts_in
from harness.corpus.sources import is_built
from harness.errors import HarnessError
from harness.parts import Task
from harness.records import Items
from harness.running import metrics_of


def task_in(root: Path, name: str, *, metrics: Sequence[str] = (), slices: Sequence[str] = ()) -> Task | None:
    """A task as the build in `root` holds it in columns, so that no document is read by itself.

    Its gold has no marks but facets and nothing besides. None where the documents must be read: this is no build, or
    something of it is not as it was built, other code than today's made it, or metrics or slices ask for more.
    """
    if not is_built(root):
        return None
    try:
        path, corpus_digest = task_file(root, name)
        header = read_task_header(path)
        if (header.name, header.corpus_digest, header.code) != (name, corpus_digest, code()):
            return None
        task = _task(path, header, texts_in(root))
        metrics_of(task, metrics or None)
    except (HarnessError, KeyError, TypeError, ValueError, OSError):  # Arrow's errors are among these
        return None  # whoever reads the documents tells what is wrong
    return task if set(slices) <= task.items.columns.keys() else None


def _task(path: Path, header: TaskHeader, texts: Mapping[str, str]) -> Task:
    """Items and gold of a task file, with the texts by document. Raises ValueError where they are not a task's."""
    import pyarrow.parquet as pq

    from harness.answers import Asked
    from harness.answers.parquet import answers_of

    names = [*SHARED, *header.of]
    with pq.ParquetFile(path) as file:
        table = file.read([*names, header.kind], use_threads=False).combine_chunks()
    columns: dict[str, Sequence[str]] = {name: _texts(table[name]) for name in names}
    items = Items({**columns, "text": list(map(texts.__getitem__, columns["document"]))})
    given: dict[str, Any] = {header.kind: _one(table[header.kind])}
    marks = {name: items[name] for name in header.of}
    gold = answers_of(given, Asked(header.kind, header.labels, gold=True))
    gold = replace(gold, item=items["item"], tiers=header.tiers, marks=marks)
    if gold.status.any() or (gold.codes < 0).any() or gold.flaw(items):
        raise ValueError(f"{path} does not hold a declared answer for each item")
    return Task(
        name=header.name,
        items=items,
        gold=gold,
        metrics=header.metrics,
        corpus=header.corpus,
        corpus_digest=header.corpus_digest,
        of=header.of,
        settings=header.settings,
    )


def _one(column: Any) -> Any:
    """A column as one array."""
    import pyarrow as pa

    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _texts(column: Any) -> list[str]:
    """A column of texts, none of them null."""
    import pyarrow as pa

    if column.null_count:
        raise ValueError("a null")
    found: list[str] = column.cast(pa.string()).to_pylist()
    return found
