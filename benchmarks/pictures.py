"""Draws the scores of a benchmark as SVG for benchmarks/README.md, light and dark; tables.py writes and holds them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.benchmark import Outcome
from harness.reporting.account import Entry
from harness.reporting.figures import STYLE, Point, forest
from harness.result import Result

FOLDER = Path(__file__).parent / "pictures"
DARK = re.compile(r"@media \(prefers-color-scheme:dark\)\{(svg\{[^}]*\})\}")
THEMES = {  # GitHub says by <picture> which theme is on; a picture that asks its own browser may get another answer
    "light": DARK.sub("", STYLE),
    "dark": DARK.sub(r"\1", STYLE),
}


def shown(benchmark: str, task: str, metric: str) -> Iterator[str]:
    """The lines of a page that show the picture of a task."""
    place = f"pictures/{benchmark}-{task}"
    yield "<picture>"
    yield f'  <source media="(prefers-color-scheme: dark)" srcset="{place}-dark.svg">'
    yield f'  <img alt="{metric} of each model with its interval, as in the table below" src="{place}-light.svg">'
    yield "</picture>"


def drawn(benchmark: str, cells: Sequence[tuple[Outcome, Result]]) -> dict[Path, str]:
    """The pictures of a benchmark by their place: of each task every model by the primary metric, the best on top."""
    found = {}
    for task in dict.fromkeys(cell.task for cell, _ in cells):
        own = [(cell.model, result) for cell, result in cells if cell.task == task]
        points = sorted((_point(task, *one) for one in own), key=lambda point: -point.value)
        svg = forest(points, metric=own[0][1].headlines[0].metric, style=True)
        for theme, style in THEMES.items():
            found[FOLDER / f"{benchmark}-{task}-{theme}.svg"] = svg.replace(STYLE, style) + "\n"
    return found


def _point(task: str, model: str, result: Result) -> Point:
    head = result.headlines[0]
    return Point(model, Entry(task, model, result).role, head.value, head.low, head.high)
