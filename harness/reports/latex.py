"""A table for a paper: models by metrics, the best in bold, those that cannot be told from it marked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.files import write_atomically
from harness.parts import Rendering

if TYPE_CHECKING:
    from harness.reporting.account import Account, Entry


def latex(*, digits: int = 3) -> Rendering:
    """A `tabular` for each task by the package booktabs, to be put in with \\input.

    The best by each metric is bold. A dagger marks those that cannot be told from the best by the primary metric
    (max-T over all pairs, 5 %). Intervals are at 95 %, over the unit that the caption names. Readers stand apart.
    """
    return Rendering(write=lambda account, path: _write(account, path, digits), suffix=".tex")


def _write(account: Any, path: Path, digits: int) -> None:
    write_atomically(path, "\n".join(_lines(account, digits)).encode() + b"\n")


def _lines(account: Account, digits: int) -> Iterator[str]:
    for title in account.titles:
        yield from _table(account, title, digits)
        yield ""


def _table(account: Account, title: str, digits: int) -> Iterator[str]:
    from harness.reporting.writing import tex

    own = account.of(title)
    metrics = [score.metric for score in own[0].kept.headlines]
    first = own[0].primary
    yield r"\begin{table}"
    yield r"\centering"
    yield rf"\begin{{tabular}}{{l{'l' * len(metrics)}}}"
    yield r"\toprule"
    yield rf"model & {' & '.join(map(tex, metrics))} \\"
    yield r"\midrule"
    tied = _tied(account, title)
    models = [entry for entry in own if entry.role != "reader"]
    for entry in models:
        cells = [_cell(entry, metric, models, account.lower_is_better(metric), digits) for metric in metrics]
        mark = r"$^{\dagger}$" if entry.label in tied else ""
        yield rf"{tex(entry.label)}{mark} & {' & '.join(cells)} \\"
    readers = [entry for entry in own if entry.role == "reader"]
    if readers:
        yield r"\midrule"
    for entry in readers:
        cells = [_cell(entry, metric, [], False, digits) for metric in metrics]
        yield rf"{tex(entry.label)} (reader) & {' & '.join(cells)} \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"
    ties = r" $^{\dagger}$: not told from the best." if tied else ""
    said = f"{title} of {first.n:,} items in {first.units:,} {first.unit}s. {account.sentence(title)}"
    yield rf"\caption{{{tex(said)} Intervals at 95\,\%.{ties}}}"
    yield r"\end{table}"


def _cell(entry: Entry, metric: str, models: list[Entry], lower: bool, digits: int) -> str:
    score = next((one for one in entry.kept.headlines if one.metric == metric), None)
    if score is None or score.value != score.value:
        return "--"
    values = [one.value for other in models for one in other.kept.headlines if one.metric == metric]
    defined = [value for value in values if value == value]
    text = f"{score.value:.{digits}f}"
    if defined and score.value == (min(defined) if lower else max(defined)):
        text = rf"\textbf{{{text}}}"
    if score.low is None or score.high is None:
        return text
    return rf"{text} {{\small [{score.low:.{digits}f}, {score.high:.{digits}f}]}}"


def _tied(account: Account, title: str) -> set[str]:
    """The models that cannot be told from the best by the primary metric."""
    found = account.compared(title)
    if found is None:
        return set()
    return {found.names[one.other] for one in found.pairs if one.one == 0 and not one.apart}
