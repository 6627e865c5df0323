"""Answers as JSON lines, one item a line: {"item": …, "label": …}."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.answers import Asked, Block, Header
from harness.answers.rows import blocks_of, header_of, labels_of
from harness.files import stream_json_lines
from harness.records import Kind


def header(path: Path) -> Header:
    """What the first lines hold."""
    return header_of(path, stream_json_lines(path))


def read(path: Path, asked: Asked) -> Iterator[Block]:
    """Block by block, in the order of the lines."""
    return blocks_of(path, stream_json_lines(path), asked)


def labels_in(path: Path, kind: Kind) -> set[str]:
    """Every label of the file."""
    return labels_of(stream_json_lines(path), kind)
