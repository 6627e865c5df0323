"""JSON lines: one document a line, layers by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import Problem, ProblemsFound
from harness.files import stream_json_lines, write_json_lines
from harness.parts import Format, Row, Shape


def jsonl() -> Format:
    """`{"id": "a1", "text": "…", "group": "flood", "language": "id", "frame": ["economy"]}`.

    A label layer is a text; label sets are lists; spans are `[start, end, label]` or objects; labels about
    something are objects: `"stance": [{"holder": "…", "target": "…", "label": "FAVOR"}]`. A layer that is
    absent or null is not annotated, an empty list is annotated with nothing. Other keys are kept as metadata.
    """
    return Format(read=_read, write=_write, suffix=".jsonl")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    try:
        yield from stream_json_lines(path)
    except ProblemsFound as found:
        problems.extend(found.problems)


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    write_json_lines(path, rows)
