"""How answers look in a terminal: tables, numbers, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.records import show_value

if TYPE_CHECKING:
    from rich.console import Console

    from harness.result import Result

WIDE = 500  # columns of a table at most, so that no number is cut


def console(*, stderr: bool = False) -> Console:
    """A console that colours on a terminal alone; a table is never cut, a narrow terminal breaks its lines itself."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stderr else WIDE
    return Console(file=stream, width=width, highlight=False, soft_wrap=False, legacy_windows=False)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    """A plain table, first column left and the others as they read best."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(header):
        made.add_column(name, no_wrap=True, style="" if i else "cyan")
    for row in rows:
        made.add_row(*map(Text, row))  # as text, since a bracket would be read as markup
    return made


def results_table(task: str, results: Sequence[tuple[str, Result | None]]) -> Any:
    """One task's models, a column for each metric; under it what to beware of."""
    from rich.text import Text

    first = next(result for _, result in results if result)
    metrics = [score.metric for score in first.headlines]
    rows = []
    for name, result in results:
        if result is None:
            rows.append((name, *["failed"] * len(metrics), "", ""))
            continue
        score = result.headlines[0]
        plural = "s" if score.units != 1 else ""
        shown = [show_value(one) for one in result.headlines]
        rows.append((name, *shown, str(score.n), f"{score.units} {score.unit}{plural}"))
    made = table(task, ("model", *metrics, "n", "unit"), rows)
    notes = sorted({score.note for _, result in results if result for score in result.headlines if score.note})
    for name, result in results:
        apart = {k: n for k, n in result.denominators.items() if n and k not in ("correct", "wrong")} if result else {}
        if apart:
            notes.append(f"{name}: {', '.join(f'{n} {k}' for k, n in apart.items())}, counted as wrong")
    made.caption = Text("\n".join(notes)) if notes else None
    made.caption_justify = "left"
    return made


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr with the time left, where stderr is a terminal; silence elsewhere."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda said: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        job = bar.add_task("starting", total=total)

        def tell(said: str) -> None:
            bar.update(job, advance=1, description=said)

        yield tell
