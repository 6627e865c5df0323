"""Every number as comma-separated values: a row a score."""

from __future__ import annotations

import csv as writer
import io
from pathlib import Path
from typing import Any

from harness.files import write_atomically
from harness.parts import Rendering


def csv() -> Rendering:
    """Columns: corpus, task, model, spec, role, seed, protocol, metric, label, slice, value, low, high, n, units, unit,
    note, result. How items were answered stands in rows whose metric is `items`. Numbers are written in full.
    """
    return Rendering(write=_write, suffix=".csv")


def _write(account: Any, path: Path) -> None:
    from harness.reporting.numbers import COLUMNS, rows

    out = io.StringIO(newline="")
    lines = writer.DictWriter(out, COLUMNS, lineterminator="\n")
    lines.writeheader()
    lines.writerows({key: _plain(value) for key, value in row.items()} for row in rows(account))
    write_atomically(path, out.getvalue().encode())


def _plain(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets a quote before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
