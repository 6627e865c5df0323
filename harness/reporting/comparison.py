"""A comparison in words and tables: one sentence that says what is true, then the numbers it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.comparing import Cell, Comparison, Many, Versus
from harness.parts import Task

LEFT, RIGHT = "l", "r"
METHODS = {"max-t": "the step-down max-T", "holm": "Holm's method"}


@dataclass(frozen=True)
class Table:
    """Cells of text; `align` has l or r for each column."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str


@dataclass(frozen=True)
class Page:
    """All that is said of one comparison; the writers of `writing` take it."""

    title: str  # what was compared
    sentence: str
    about: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    content: dict[str, Any] = field(repr=False)


def page(found: Comparison, title: str = "") -> Page:
    """Two results."""
    both, primary = found.pair, found.primary
    verdict = next((cell.verdict for cell in found.cells if cell.verdict), None)
    about = f"{_named(both.names, both.models)}. {_of(both.task, both.protocol, primary.units, primary.unit)}"
    how = " as a whole" if both.task.gold.kind != "label" else ""
    changed = (
        f"{len(found.changed):,} answered otherwise{how}: {len(found.newly_right):,} better, "
        f"{len(found.newly_wrong):,} worse than before."
    )
    rows = tuple(_row(cell) for cell in found.cells)
    table = Table(("score", f"{primary.unit}s", *both.names, "difference", "p", "verdict"), rows, "lrrrlrl")
    notes = [*_of_verdicts(found, verdict.margin, 2 * verdict.alpha)] if verdict else []
    notes += [f"{note[0].upper()}{note[1:]}." for note in found.notes]
    content = {
        "base": both.names[0],
        "candidate": both.names[1],
        "models": list(both.models),
        **_content(both.task, both.protocol, sentence(found)),
        "alpha": 2 * verdict.alpha if verdict else None,
        "margin": verdict.margin if verdict else None,
        "cells": [_cell(cell) for cell in found.cells],
        **{name: _items(both.task, getattr(found, name)) for name in ("changed", "newly_wrong", "newly_right")},
        "notes": list(found.notes),
    }
    return Page(title, sentence(found), f"{about} {changed}", (table,), tuple(notes), content)


def page_of_many(found: Many, title: str = "") -> Page:
    """More than two results: every difference, row less column, and each pair by itself."""
    n = len(found.names)
    rows = []
    for i, (name, value) in enumerate(zip(found.names, found.values, strict=True)):
        gaps = ["" if i == j else _gap(found, i, j) for j in range(n)]
        rows.append((name, number(value), *gaps))
    square = Table(("", found.metric, *found.names), tuple(rows), "lr" + "r" * n)
    pairs = Table(
        ("pair", "difference", "p", "verdict"),
        tuple(_pair(found, one) for one in found.pairs),
        "llrl",
    )
    level = f"{1 - found.alpha:.0%}".replace("%", " %")
    notes = [
        "Differences are row less column; * can be told apart.",
        f"p are two-sided and adjusted for all {len(found.pairs)} pairs by {METHODS[found.family]}: the chance of any "
        f"false * is {_share(found.alpha)}. Intervals are each pair's own, at {level}.",
        *(f"{note[0].upper()}{note[1:]}." for note in found.notes),
    ]
    about = f"{_named(found.names, found.models)}. {_of(found.task, found.protocol, found.units, found.unit)}"
    content = {
        "names": list(found.names),
        "models": list(found.models),
        **_content(found.task, found.protocol, sentence_of_many(found)),
        "metric": found.metric,
        "values": [_finite(value) for value in found.values],
        "alpha": found.alpha,
        "family": found.family,
        "pairs": [
            {**_versus(one), "one": found.names[one.one], "other": found.names[one.other]} for one in found.pairs
        ],
        "notes": list(found.notes),
    }
    return Page(title, sentence_of_many(found), about, (square, pairs), tuple(notes), content)


def sentence(found: Comparison) -> str:
    """What is true of two results by the primary metric."""
    cell, (a, b) = found.primary, found.pair.names
    if not found.changed and cell.difference == 0:
        items = found.pair.task.items
        what = "documents" if len(set(items["document"])) == len(items) else "items"
        return f"{a} and {b} answer alike on all {len(items):,} {what}."
    if math.isnan(cell.difference):
        return f"{a} and {b} cannot be compared by {cell.metric}: it has no value on these items."
    units = f"{cell.units} {cell.unit}{'s' if cell.units != 1 else ''}"
    if not cell.apart:
        gap = _points(cell.difference, cell.low, cell.high, cell.lower)
        return f"{a} and {b} cannot be told apart on {cell.metric}: difference {gap}, {units}."
    first, second = (b, a) if cell.candidate_better else (a, b)
    return f"{first} beats {second} by {_won(cell.metric, cell.difference, cell.low, cell.high, cell.lower)}."


def sentence_of_many(found: Many) -> str:
    """Who beats whom, and who cannot be told apart."""
    n = len(found.names)
    beats = [frozenset(one.other for one in found.pairs if one.apart and one.one == i) for i in range(n)]
    said = []
    for losers in dict.fromkeys(own for own in beats if own):
        winners = [found.names[i] for i in range(n) if beats[i] == losers]
        beaten = [found.names[i] for i in sorted(losers)]
        said.append(f"{_list(winners)} {'beat' if len(winners) > 1 else 'beats'} {_list(beaten)}")
    for group in _alike(found):
        said.append(f"{_list([found.names[i] for i in group])} cannot be told apart")
    return f"By {found.metric}: {'; '.join(said)}."


def _alike(found: Many) -> list[tuple[int, ...]]:
    """The largest groups in which no two can be told apart, those of one left out."""
    n = len(found.names)
    near = [{j for j in range(n) if j != i and not found.between(i, j).apart} for i in range(n)]
    groups: list[tuple[int, ...]] = []

    def grow(inside: tuple[int, ...], open_: set[int], done: set[int]) -> None:  # C. Bron and J. Kerbosch, 1973
        if not open_ and not done and len(inside) > 1:
            groups.append(tuple(sorted(inside)))
        for i in sorted(open_):
            grow((*inside, i), open_ & near[i], done & near[i])
            open_, done = open_ - {i}, done | {i}

    grow((), set(range(n)), set())
    return sorted(groups)


def outcome(cell: Cell) -> str:
    """One word or two for a cell: better, worse, same, open, identical, few groups, not defined."""
    verdict = cell.verdict
    if math.isnan(cell.difference):
        return "not defined"
    if verdict is not None and verdict.identical:
        return "identical"
    if cell.apart:
        return "better" if cell.candidate_better else "worse"
    if verdict is not None and cell.p is None:
        return f"few {cell.unit}s"
    if verdict is not None and cell.low is not None and cell.high is not None:
        return "same" if max(-cell.low, cell.high) < verdict.margin else "open"
    return "open"


def number(value: float) -> str:
    """Three digits, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def _row(cell: Cell) -> tuple[str, ...]:
    name = f"  {cell.slice}" if cell.slice else cell.metric
    values = number(cell.base), number(cell.candidate)
    return (
        name,
        f"{cell.units:,}",
        *values,
        _difference(cell.difference, cell.low, cell.high),
        _p(cell.p),
        outcome(cell),
    )


def _difference(gap: float, low: float | None, high: float | None) -> str:
    if math.isnan(gap):
        return "–"
    if low is None or high is None:
        return f"{_signed(gap)} [no interval]" if gap else _signed(gap)
    return f"{_signed(gap)} [{_plain(low)}, {_plain(high)}]"


def _pair(found: Many, one: Versus) -> tuple[str, ...]:
    names = f"{found.names[one.one]} − {found.names[one.other]}"
    gap = _difference(one.difference, one.low, one.high)
    return names, gap, _p(one.p), f"{found.names[one.one]} better" if one.apart else "cannot be told apart"


def _gap(found: Many, i: int, j: int) -> str:
    versus = found.between(i, j)
    return f"{_signed(versus.difference if i < j else -versus.difference)}{'*' if versus.apart else ' '}"


def _of_verdicts(found: Comparison, margin: float, alpha: float) -> list[str]:
    """What the columns mean, and what is corrected."""
    primary, others = found.primary, [cell for cell in found.cells[1:] if cell.p is not None]
    level = f"{1 - alpha:.0%}".replace("%", " %")
    notes = [f"Intervals are each row's own, at {level}, over {primary.unit}s: of these fitted models."]
    if len(others) > 1:
        own = f"that of {primary.metric} is its own, " if primary.p is not None else ""
        together = f"those of the {len(others)} other rows are adjusted together (max-T)"
        notes.append(f"p are two-sided: {own}{together}: the chance of any false one is {_share(alpha)}.")
    else:
        notes.append("p are two-sided, each row's own.")
    words = {outcome(cell) for cell in found.cells}
    said = {
        "same": f"same: any difference is under {margin:g}",
        "open": f"open: neither told apart nor within {margin:g}",
    }
    if wanted := [text for word, text in said.items() if word in words]:
        notes.append("; ".join(wanted) + ".")
    return notes


def _of(task: Task, protocol: str, units: int, unit: str) -> str:
    documents = len(set(task.items["document"]))
    items = "" if documents == len(task) else f"{len(task):,} items of "
    groups = "" if unit == "document" else f" in {units:,} {unit}s"
    return f"{task.name} of {task.corpus}, {protocol}: {items}{documents:,} documents{groups}."


def _named(names: Sequence[str], models: Sequence[str]) -> str:
    both = zip(names, models, strict=True)
    return ", ".join(name if model in ("", name) else f"{name}: {model}" for name, model in both)


def _won(metric: str, gap: float, low: float | None, high: float | None, lower: bool) -> str:
    """`4.1 [0.9, 7.2] points of f1`: how much the better one is better."""
    small, large = (None, None) if low is None or high is None else sorted((abs(low), abs(high)))
    return f"{_points(abs(gap), small, large, lower)} of {metric}"


def _points(gap: float, low: float | None, high: float | None, lower: bool) -> str:
    """Points, hundredths of a score; what is better when lower may be any number and is told as it is."""
    digits, times = (3, 1) if lower else (1, 100)
    shown = [f"{round(times * value, digits) + 0.0:.{digits}f}" for value in (gap, low, high) if value is not None]
    ends = f" [{shown[1]}, {shown[2]}]" if len(shown) == 3 else ""
    return f"{shown[0]}{ends}{'' if lower else ' points'}"


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"


def _plain(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"


def _p(p: float | None) -> str:
    return "" if p is None or math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def _share(value: float) -> str:
    return f"{100 * value:g} %"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _content(task: Task, protocol: str, said: str) -> dict[str, Any]:
    return {"corpus": task.corpus, "task": task.name, "protocol": protocol, "n": len(task), "sentence": said}


def _cell(cell: Cell) -> dict[str, Any]:
    said = {key: _finite(value) for key, value in vars(cell).items() if key != "verdict"}
    return {**said, "outcome": outcome(cell), "told_apart": cell.apart}


def _versus(one: Versus) -> dict[str, Any]:
    return {key: _finite(value) for key, value in vars(one).items()}


def _items(task: Task, which: Sequence[int]) -> list[str]:
    return [task.items["item"][i] for i in which]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
