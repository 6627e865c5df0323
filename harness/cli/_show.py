"""How answers look in a terminal: tables, numbers, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from harness.scores import Score, show_value

if TYPE_CHECKING:
    from rich.console import Console

    from harness.corpus import Corpus
    from harness.result import Result, Scored
    from harness.running import Step

T = TypeVar("T")
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
        shown = [show_value(one) for one in result.headlines]
        rows.append((name, *shown, str(score.n), units(score)))
    made = table(task, ("model", *metrics, "n", "unit"), rows)
    notes = sorted({score.note for _, result in results if result for score in result.headlines if score.note})
    for name, result in results:
        apart = {k: n for k, n in result.denominators.items() if n and k not in ("correct", "wrong")} if result else {}
        if apart:
            notes.append(f"{name}: {', '.join(f'{n} {k}' for k, n in apart.items())}, counted as wrong")
    made.caption = Text("\n".join(notes)) if notes else None
    made.caption_justify = "left"
    return made


def rows_of(result: Scored, *, by_label: bool) -> list[tuple[str, ...]]:
    """The scores of labels, where wanted, and of slices: name, value, n, units, and what to beware of."""
    asked = [score for score in result.scores if score.slice or (by_label and score.label)]
    return [(s.name, show_value(s), str(s.n), units(s), s.note) for s in asked]


def units(score: Score) -> str:
    """`91 groups`."""
    return f"{score.units} {score.unit}{'s' if score.units != 1 else ''}"


def loaded(corpus: str) -> Corpus:
    """The corpus by path or name, counted while it is read."""
    from harness.corpus import find, load

    return load(find(corpus), counter("groups read"))


def counter(what: str) -> Callable[[int, int], None]:
    """Counts on stderr what takes longer than a second, where stderr is a terminal; silence elsewhere."""
    import time

    last = time.monotonic() + 0.8  # when it was last told; nothing is, in the first second
    told = False

    def tell(done: int, total: int) -> None:
        nonlocal last, told
        if done == total and told:
            sys.stderr.write("\r\x1b[K")
        elif time.monotonic() - last > 0.2:
            last, told = time.monotonic(), True
            sys.stderr.write(f"\r{what}: {done} of {total}" if total else f"\r{what}: {done}")
        sys.stderr.flush()

    return tell if sys.stderr.isatty() else lambda done, total: None


def counted(rows: Iterable[T], what: str) -> Iterator[T]:
    """The same rows, counted while they are read."""
    tell, done = counter(what), 0
    for done, row in enumerate(rows, 1):
        tell(done, 0)
        yield row
    tell(done, done)


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


def step(now: Step) -> str:
    """What the bar says of a cell that has ended: which it was, what failed and what was spent so far."""
    failed = f" · {now.failed} failed" if now.failed else ""
    return f"{now.said}{failed}{f' · {spent(now.spent)}' if any(now.spent.values()) else ''}"


def spent(much: Mapping[str, float]) -> str:
    """`120 requests, 45,310 tokens, cost 0.0213`."""
    counts = [f"{much[name]:,.0f} {name}" for name in ("requests", "tokens") if much.get(name)]
    return ", ".join([*counts, *([f"cost {much['cost']:,.4f}"] if much.get("cost") else [])])


def size(number: float) -> str:
    """Bytes as a person reads them: `12.3 MB`."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
