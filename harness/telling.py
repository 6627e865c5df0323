"""What a gate has found, in lines for a person and as plain data for a program."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from harness.comparing import Cell, Comparison
from harness.gating import EXIT, Gated, Report, seen
from harness.stats.settling import CHANCE
from harness.stats.verdict import FEWEST_GATED, Verdict

WIDE = 14  # of the column of verdicts
MOST = 5  # alarms of a family that are told
LONGEST = 100  # characters of an answer in a list of documents


def lines(report: Report) -> Iterator[str]:
    """The report: what the set can see, a line a task and model with what belongs to it, and how it ends."""
    notes = list(report.notes)
    if notes:
        yield f"{notes.pop(0)}."
    for one in report.gated:
        yield from of_gated(one, report)
    for note in notes:
        yield f"Note: {note}."
    yield f"{report.names[1]} against {report.names[0]}: {ending(report)}"


def of_gated(one: Gated, report: Report) -> Iterator[str]:
    """The verdict on one task and model, and below it what to know of it."""
    about = " · ".join(part for part in (one.task, one.model) if part)
    verdict = f"{one.state.upper():<{WIDE}}  {about}"
    if one.comparison is None:
        yield f"{verdict}: {one.error}"
        return
    primary = one.comparison.primary
    yield f"{verdict}: {cell_in_words(primary)}"
    if wanted := settling_in_words(one):
        yield f"  {wanted}"
    if changed := changed_in_words(one.comparison):
        yield f"  {changed}"
    does = "blocks" if report.policy.family == "block" and report.policy.fail_on != "never" else "warns, does not block"
    for cell in one.alarms[:MOST]:
        yield f"  also worse ({does}): {cell_in_words(cell)}"
    if len(one.alarms) > MOST:
        yield f"  also worse ({does}): {len(one.alarms) - MOST} more, which --json lists"
    for text in shown_only(one):
        yield f"  {text}"
    for warning in one.warnings:
        yield f"  beware: {warning}"


def shown_only(one: Gated) -> Iterator[str]:
    """The rankings beside the primary metric, which have no verdict."""
    for cell in one.comparison.cells[1:] if one.comparison else ():
        if cell.verdict is None and not cell.slice:
            yield f"a ranking, shown and never gated: {cell_in_words(cell)}"


def cell_in_words(cell: Cell) -> str:
    """`f1 0.612 → 0.604, -0.008 [-0.021, +0.005], p 0.21 (same)`; p is of being worse, in a family adjusted."""
    head = f"{cell.name} {cell.base:.3f} → {cell.candidate:.3f}, {cell.difference:+.3f}"
    ends = "" if cell.low is None or cell.high is None else f" [{cell.low:+.3f}, {cell.high:+.3f}]"
    said = cell.verdict
    return f"{head}{ends}" + (f", p {p_in_words(said.p_worse)} ({said.words})" if said else "")


def p_in_words(p: float) -> str:
    """Two digits that count, and never 0."""
    return "not defined" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.2g}"


def settling_in_words(one: Gated) -> str:
    """How many further documents would settle an inconclusive verdict, or what a settle set said; else nothing."""
    if one.settled:
        own = one.settled
        where = f"{own.groups:,} of the {own.apart:,} groups on which the two disagree, in a pool of {own.pool:,}"
        return f"left open by the test set; with gold of {where}, weighted: {cell_in_words(own.cell)}"
    if one.state != "inconclusive":
        return ""
    more, apart = one.settling
    ways = [f"about {more:,} further documents drawn at random"] if more else []
    ways += [f"about {apart:,} drawn where the two disagree"] if apart else []
    return f"would be settled, {CHANCE:.0%} of the time, by {', or by '.join(ways)}" if ways else ""


def changed_in_words(found: Comparison) -> str:
    """How many items turned from right to wrong, and from wrong to right."""
    if not found.newly_wrong and not found.newly_right:
        return ""
    return f"{len(found.newly_wrong)} items newly wrong, {len(found.newly_right)} newly right"


def ending(report: Report) -> str:
    """What the process ends with, and why."""
    code = report.exit_code
    states = [one.state for one in report.gated]
    counted = ", ".join(f"{states.count(state)} {state}" for state in EXIT if state in states)
    return f"{counted or 'nothing to gate'} (exit {code})"


def documents(found: Comparison, which: Sequence[int]) -> Iterator[tuple[str, str, str, str]]:
    """Item, gold, and what base and candidate answered, of the items at these positions."""
    gold, (base, candidate) = found.pair.task.gold, found.pair.answers
    for i in which:
        answers = (shown_answer(said.answer(i)) for said in (gold, base, candidate))
        yield (found.pair.task.items["item"][i], *answers)  # type: ignore[misc]


def shown_answer(answer: Any) -> str:
    """`FAVOR`, `A|B`, `0:7 PER, 9:12 LOC`, or a dash where there is none."""
    if answer is None or answer == []:
        return "–" if answer is None else "nothing"
    if isinstance(answer, str):
        return answer
    spans = isinstance(answer[0], tuple)
    text = ", ".join(f"{start}:{end} {label}" for start, end, label in answer) if spans else "|".join(answer)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def plain(report: Report) -> dict[str, Any]:
    """The same as data: verdicts, numbers, items that changed, and the exit code of the process; no nan in it."""
    return _no_nan(
        {
            "exit": report.exit_code,
            "base": report.names[0],
            "candidate": report.names[1],
            "policy": asdict(report.policy) | {"slices": list(report.policy.slices)},
            "notes": list(report.notes),
            "gated": [_plain(one) for one in report.gated],
        }
    )


def _plain(one: Gated) -> dict[str, Any]:
    said: dict[str, Any] = {"task": one.task, "model": one.model, "state": one.state, "warnings": list(one.warnings)}
    if one.comparison is None:
        return said | {"error": str(one.error), "field": getattr(one.error, "field", None)}
    item, found = one.comparison.pair.task.items["item"], one.comparison
    more, apart = one.settling
    return said | {
        "cells": [_cell(cell) for cell in found.cells],
        "detectable": seen(found.primary.verdict),
        "settled_by": {"at_random": more, "where_apart": apart},
        "settled": vars(one.settled) | {"cell": _cell(one.settled.cell)} if one.settled else None,
        "newly_wrong": [item[i] for i in found.newly_wrong],
        "newly_right": [item[i] for i in found.newly_right],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    row = {key: value for key, value in vars(cell).items() if key != "verdict"}
    said = cell.verdict
    few = f"fewer than {FEWEST_GATED} {cell.unit}s" if said and said.n_units < FEWEST_GATED else ""
    why = "a ranking has no verdict" if said is None else few if said.state == "shown" else ""
    return row | {"name": cell.name, "not_gated": why, "verdict": _verdict(said) if said else None}


def _verdict(said: Verdict) -> dict[str, Any]:
    wanted = ("state", "words", "p_worse", "p_alone", "test", "margin", "alpha", "n_units", "n_discordant")
    return {key: getattr(said, key) for key in wanted}


def _no_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _no_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_no_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
