"""Rows through a format and back, and a file's bytes through its reader."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rows import LAYERS

from harness.editing.exporting import Losses
from harness.errors import Problem
from harness.parts import LeftOut, Row
from harness.registry import make, parse


def back(spec: str, rows: list[Row]) -> list[Row]:
    """The rows as they are read again once they were written; nothing may be a problem or left out."""
    form, problems = make("formats", parse(spec)), list[Problem]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out{form.suffix}"
        form.write(rows, path, LAYERS)
        read = [row for _, row in form.read(path, problems)]
    assert not problems
    assert not [row for row in read if isinstance(row, LeftOut)]
    return read


def lost(spec: str, rows: list[Row]) -> Losses:
    """What is lost on the way."""
    losses = Losses(LAYERS)
    losses.compare(rows, back(spec, rows))
    return losses


def read(spec: str, data: object, folder: Path, name: str = "in") -> tuple[list[tuple[int, Row | LeftOut]], list[str]]:
    """What a reader makes of bytes, a text, or a value as JSON; and its problems without the file's name."""
    path, problems = folder / name, list[Problem]()
    text = data if isinstance(data, str | bytes) else json.dumps(data)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = list(make("formats", parse(spec)).read(path, problems))
    assert all(isinstance(row, LeftOut | dict) and number > 0 for number, row in found)
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


def starts(told: list[str], wanted: list[str]) -> bool:
    """Whether the problems are as many as wanted and begin so."""
    return len(told) == len(wanted) and all(map(str.startswith, told, wanted))


# Several annotators of one document, metadata of all kinds, nested spans with fields.
SAME: Row = {"id": "a", "group": "g", "split": "train", "language": "en", "text": "👩 Lima\r\nPort"}
SAME |= {"source": "paper", "year": 2024, "tags": ["x", "y"], "seen": {"by": [1, None]}, "odd": "007", "none": None}
READERS: list[Row] = [
    {
        **SAME,
        "entities": [
            {"start": 2, "end": 12, "label": "ORG", "text": "Lima\r\nPort", "entity_id": "lp", "sure": 0.5},
            {"start": 2, "end": 6, "label": "LOC", "text": "Lima", "inner": [{"start": 2, "end": 4, "label": "LOC"}]},
        ],
        "tone": [{"label": "WARM"}],
    },
    {**SAME, "annotator": "rina@example.org", "entities": [], "topic": [{"label": "TRADE", "role": "primary"}]},
]
