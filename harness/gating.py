"""May this be merged: every task and model of a candidate held against a base, by a policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.comparing import Cell, Comparison, Drawn, Settled, compare, pair, with_drawn
from harness.errors import AskedWrongly, HarnessError, Problem, UnknownName, quote, suggestion
from harness.files import read_toml
from harness.parts import Metric, Task
from harness.registry import make, parse
from harness.result import Kept
from harness.scoring import unit_of
from harness.slicing import refuse_unknown
from harness.stats.bootstrap import sum_by_unit
from harness.stats.seeds import compare_seeds
from harness.stats.settling import CHANCE, alpha_of_looks, detectable, settle
from harness.stats.verdict import ALPHA, MARGIN, Verdict

EXIT = {"pass": 0, "regressed": 1, "inconclusive": 3, "not comparable": 4, "failed": 5}
State = Literal["pass", "regressed", "inconclusive", "not comparable", "failed"]
Blocking = Literal["regressed", "inconclusive", "never"]
FAMILY, FAIL_ON = ("warn", "block"), ("regressed", "inconclusive", "never")
PIPELINE = 5  # trainings on a split from which on a word on the pipeline, not on these fitted models, is due
Key = tuple[str, str]  # task, model


@dataclass(frozen=True)
class Policy:
    """What a gate asks for. `margin` is the drop that matters, `alpha` the chance of a false alarm over all looks."""

    margin: float = MARGIN
    margins: dict[str, float] = field(default_factory=dict)  # of single metrics
    alpha: float = ALPHA
    looks: int = 1
    slices: tuple[str, ...] = ()
    family: Literal["warn", "block"] = "warn"  # what a regression of another metric or a slice does
    fail_on: Blocking = "regressed"

    @property
    def level(self) -> float:
        """The alpha of each look."""
        return self.alpha if self.looks == 1 else alpha_of_looks(self.looks, alpha=self.alpha)

    def margin_of(self, metric: str) -> float:
        """The drop of this metric that matters."""
        return self.margins.get(metric, self.margin)


@dataclass(frozen=True)
class Side:
    """The base or the candidate: its results by task and model, of several trainings each by `model/seed-N`."""

    name: str
    results: Mapping[Key, Kept]
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # task -> where its gold is read again
    alone: bool = False  # one result, and no run that was to hold several
    missing: str = ""  # what a run that broke off lacks
    failures: tuple[str, ...] = ()  # "task · model: why" of those that failed


@dataclass(frozen=True)
class Gated:
    """One task and model: the comparison, or why there is none."""

    task: str
    model: str
    comparison: Comparison | None
    error: HarnessError | None = None
    warnings: tuple[str, ...] = ()
    settled: Settled | None = None  # the primary metric with a settle set, where the test set left it open

    @property
    def state(self) -> State:
        """What is said of the primary metric, or what kept it from being said."""
        if self.comparison is None:
            return "not comparable" if self.error and self.error.exit_code == 4 else "failed"
        verdict = (self.settled.cell if self.settled else self.comparison.primary).verdict
        return "inconclusive" if verdict is None or verdict.state == "shown" else verdict.state

    @property
    def alarms(self) -> list[Cell]:
        """The cells of the family that regressed."""
        cells = self.comparison.cells[1:] if self.comparison else ()
        return [cell for cell in cells if cell.verdict and cell.verdict.state == "regressed"]

    @property
    def settling(self) -> tuple[int | None, int | None]:
        """Further documents that settle an inconclusive verdict 8 times in 10: drawn at random, where the two differ.

        Units are turned into documents by how many one has here. None where no number can be said, and after a second
        look.
        """
        verdict = self.comparison.primary.verdict if self.comparison else None
        if self.comparison is None or verdict is None or verdict.n_units == 0 or self.settled:
            return None, None
        wanted, items = settle(verdict), self.comparison.pair.task.items
        each = len(set(items["document"])) / verdict.n_units
        more, apart = (
            None if n is None else math.ceil(n * each - 1e-9) for n in (wanted.at_random, wanted.where_apart)
        )
        return more, apart


@dataclass(frozen=True)
class Report:
    """All that was gated, and what a process that tells it exits with."""

    policy: Policy
    gated: tuple[Gated, ...]
    names: tuple[str, str]  # base, candidate
    notes: tuple[str, ...] = ()  # of the whole: what this set can detect first

    @property
    def exit_code(self) -> int:
        """That of the worst that blocks: not comparable and failed always, the others as the policy says."""
        codes = [0]
        for one in self.gated:
            if one.state in ("not comparable", "failed"):
                codes.append(EXIT[one.state])
            elif self.policy.fail_on != "never" and (
                one.state == "regressed" or (self.policy.family == "block" and one.alarms)
            ):
                codes.append(EXIT["regressed"])
            elif self.policy.fail_on == "inconclusive" and one.state == "inconclusive":
                codes.append(EXIT["inconclusive"])
        worst = [5, 4, 1, 3, 0]
        return min(codes, key=worst.index)


def read_policy(path: Path) -> Policy:
    """A policy from its file. Raises AskedWrongly with every problem of it, each with its line."""
    problems: list[Problem] = []
    table, lines = read_toml(path, str(path), problems)

    def no(key: Sequence[str], found: str, remedy: str) -> None:
        problems.append(Problem(str(path), lines(*key), found, remedy))

    said = {key: value for key, value in table.items() if key in CHECKS or key == "margins"}
    for key in table.keys() - said.keys():
        no((key,), f"unknown key {quote(key)}", suggestion(key, [*CHECKS, "margins"]))
    for key, value in said.items():
        if key in CHECKS and not CHECKS[key][0](value):
            no((key,), f"{key} is {quote(value)}", f"Write {CHECKS[key][1]}.")
    margins: dict[str, float] = {}
    given = said.pop("margins", {})
    if not isinstance(given, dict):
        no(("margins",), "margins is no table", "Write [margins] and below it accuracy = 0.01.")
        given = {}
    for name, value in given.items():
        if not _is_share(value):
            no(("margins", name), f"the margin of {name} is {quote(value)}", f"Write {CHECKS['margin'][1]}.")
        try:
            make("metrics", parse(name))
            margins[str(parse(name))] = value
        except AskedWrongly as error:
            found, _, remedy = str(error).partition(". ")
            no(("margins", name), found, remedy or "Mend it.")
    if problems:
        raise AskedWrongly("\n".join(map(str, sorted(set(problems)))))
    return Policy(**{**said, "margins": margins, "slices": tuple(said.get("slices", ()))})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 < value < 1


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {  # key -> whether a value will do, and what does
    "margin": (_is_share, "a number above 0, under 1, such as 0.02"),
    "alpha": (lambda value: _is_number(value) and 0 < value < 0.5, "a number above 0, under 0.5, such as 0.05"),
    "looks": (lambda value: type(value) is int and 1 <= value <= 100, "a whole number from 1 to 100"),
    "slices": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'a list of texts, such as ["language"]',
    ),
    "family": (lambda value: value in FAMILY, '"warn" or "block"'),
    "fail_on": (lambda value: value in FAIL_ON, '"regressed", "inconclusive" or "never"'),
}


def gate(base: Side, candidate: Side, tasks: Mapping[str, Task], policy: Policy, drawn: Drawn | None = None) -> Report:
    """Every task and model of the base held against the candidate's; `tasks` has each task as it stands today.

    What the test set leaves open is looked at again with `drawn`, a settle set of the one task and model that there is.
    What cannot be compared, or was not run, is part of the report. Raises AskedWrongly where there is nothing to hold
    against each other, or a slice of the policy that no task has.
    """
    gated, notes = [], []
    for side in (base, candidate):
        if side.missing:
            gated.append(Gated("", side.name, None, HarnessError(f"{side.name} broke off: {side.missing}")))
    for task, model, ours, theirs in matched(base, candidate):
        if ours and theirs:
            gated.append(_gated(task, model, ours, theirs, tasks[task], policy, (base.name, candidate.name), drawn))
        elif ours:
            why = [one for one in candidate.failures if one.startswith(f"{task} · {model.partition('/')[0]}:")]
            because = f" ({why[0].partition(': ')[2]})" if why else ""
            error = HarnessError(f"not run: {candidate.name} has no result of it{because}. Run it, or mend the run.")
            gated.append(Gated(task, model, None, error))
        else:
            notes.append(f"{task} · {model}: only {candidate.name} has it, nothing to hold it against")
    known = {name for one in gated if one.comparison for name in _sliceable(one.comparison.pair.task, policy.slices)}
    if any(one.comparison for one in gated) and (unknown := [name for name in policy.slices if name not in known]):
        raise UnknownName("slice of the policy", unknown[0], known)
    first = _sight([one for one in gated if one.comparison])
    return Report(policy, tuple(gated), (base.name, candidate.name), (*first, *_of_whom(base, candidate), *notes))


def matched(base: Side, candidate: Side) -> Iterator[tuple[str, str, dict[int, Kept], dict[int, Kept]]]:
    """Task, model, and the trainings of each side by seed; empty where a side has none.

    By task and model name; a result by itself is held against the one of its task, whatever its model is called.
    """
    ours, theirs = (_trainings(side) for side in (base, candidate))
    if not (base.alone or candidate.alone) or not ours or not theirs:
        for task, model in sorted({*ours, *theirs}):
            yield task, model, ours.get((task, model), {}), theirs.get((task, model), {})
        return
    own, other = next(iter(ours)), next(iter(theirs))
    if not candidate.alone:
        other = _partner(own, ours[own], theirs, candidate.name)
    elif not base.alone:
        own = _partner(other, theirs[other], ours, base.name)
    task = other[0] if base.alone and not candidate.alone else own[0]
    yield task, own[1] if own[1] == other[1] else f"{own[1]} → {other[1]}", ours[own], theirs[other]


def _partner(key: Key, one: Mapping[int, Kept], many: Mapping[Key, Mapping[int, Kept]], name: str) -> Key:
    """The result of a run that a result by itself is held against."""
    about = _about(one)
    there = [other for other in many if _about(many[other]) == about]
    named = [other for other in there if other[1] == key[1]]
    if len(there) == 1 or named:
        return (named or there)[0]
    if not there:
        there_are = ", ".join(sorted(map("/".join, many)))
        raise AskedWrongly(f"{name} has no result of {' '.join(about)}. It has: {there_are}.")
    folders = ", ".join("/".join(other) for other in there)
    raise AskedWrongly(f"{name} has several results of {' '.join(about)}. Name the folder of one: {folders}.")


def _about(trainings: Mapping[int, Kept]) -> tuple[str, str]:
    content = next(iter(trainings.values())).content
    return content["corpus"]["name"], content["task"]["name"]


def _trainings(side: Side) -> dict[Key, dict[int, Kept]]:
    found: dict[Key, dict[int, Kept]] = {}
    for (task, name), kept in side.results.items():
        model, _, seed = name.rpartition("/seed-")
        found.setdefault((task, model if model and seed.isdigit() else name), {})[int(kept.content["seed"])] = kept
    return found


def _gated(
    title: str,
    model: str,
    ours: Mapping[int, Kept],
    theirs: Mapping[int, Kept],
    task: Task,
    policy: Policy,
    names: tuple[str, str],
    drawn: Drawn | None,
) -> Gated:
    """One task and model by the policy: of several trainings the first that both have is gated."""
    both = sorted(ours.keys() & theirs.keys())
    seeds = (both[0], both[0]) if both else (min(ours), min(theirs))
    base, candidate = ours[seeds[0]], theirs[seeds[1]]
    try:
        held = pair(base, candidate, task, names)
        metrics = {spec: make("metrics", parse(spec)) for spec in base.content["metrics"]}
        slices = _sliceable(held.task, policy.slices)
        found = compare(held, metrics, slices=slices, margin=policy.margin, margins=policy.margins, alpha=policy.level)
        more = _over_trainings(ours, theirs, held.task, metrics, policy.level)
        again = _again(found, metrics, policy, drawn)
    except HarnessError as error:
        if isinstance(error, AskedWrongly):
            raise
        return Gated(title, model, None, error)
    own = (
        f"training {seeds[0]} is gated" if seeds[0] == seeds[1] else f"training {seeds[0]} against {seeds[1]} is gated"
    )
    trained = [f"{own}, one of {max(len(ours), len(theirs))}{more}"] if max(len(ours), len(theirs)) > 1 else []
    settled, unused = (None, [again]) if isinstance(again, str) else (again, [])
    return Gated(title, model, found, warnings=(*held.notes, *trained, *_beware(found), *unused), settled=settled)


def _again(found: Comparison, metrics: Mapping[str, Any], policy: Policy, drawn: Drawn | None) -> Settled | str | None:
    """The second look, where there is a settle set and the first has left the primary metric open."""
    spec, verdict = found.primary.metric, found.primary.verdict
    if drawn is None or verdict is None or verdict.state != "inconclusive":
        return None
    return with_drawn(found, metrics[spec], drawn, margin=policy.margin_of(spec))


def _over_trainings(
    ours: Mapping[int, Kept], theirs: Mapping[int, Kept], task: Task, metrics: Mapping[str, Any], alpha: float
) -> str:
    """What the mean over all trainings of both sides says of the primary metric."""
    spec, metric = next(iter(metrics.items()))
    if min(len(ours), len(theirs)) < 2 or not isinstance(metric, Metric):
        return ""
    items = task.items["item"]
    if any(kept.item != list(items) for side in (ours, theirs) for kept in side.values()):
        return "; they did not all answer the same items"
    _, unit, n_units = unit_of(task.items)
    rows = [
        [sum_by_unit(metric.count(task.gold, kept.answers(task.items)).rows, unit, n_units) for kept in side.values()]
        for side in (theirs, ours)
    ]
    import numpy as np

    said = compare_seeds(np.array(rows[0]), np.array(rows[1]), metric.score, seed=0, level=1 - 2 * alpha)
    ends = f" [{said.low:+.3f}, {said.high:+.3f}]" if said.low is not None and said.high is not None else ""
    return f"; mean {spec} over {len(theirs)} and {len(ours)} trainings: {said.difference:+.3f}{ends}"


def _sliceable(task: Task, slices: Sequence[str]) -> list[str]:
    """Those of the slices that this task has."""
    found = []
    for name in slices:
        try:
            refuse_unknown([name], task.items, task.gold)
            found.append(name)
        except UnknownName:
            continue
    return found


def _beware(found: Comparison) -> Iterator[str]:
    primary = found.primary
    if primary.verdict is None:
        yield f"{primary.metric} is a ranking: shown, never gated. Put another metric first"
    elif found.pair.identical:
        yield f"no prediction differs on these {primary.n} items"
    if primary.verdict and primary.verdict.blind:
        share, margin = primary.verdict.least_visible, primary.verdict.margin
        yield (
            f"{primary.units} {primary.unit}s are too few: what touches {share:.1%} of all may well show in none "
            f"of them, and the margin is {margin:.1%}"
        )


def _sight(compared: Sequence[Gated]) -> tuple[str, ...]:
    """One sentence: for each task the drop that would be caught, of its models the one that is seen worst."""
    parts = []
    for task in dict.fromkeys(one.task for one in compared):
        cells = [one.comparison.primary for one in compared if one.task == task and one.comparison]
        judged = [(cell, seen(cell.verdict)) for cell in cells if cell.verdict]
        drops = [drop for _, drop in judged if drop is not None]
        about = f"{task} {cells[0].metric}: {cells[0].units} {cells[0].unit}s"
        if drops:
            what = f"{'rise' if cells[0].lower else 'drop'} of {100 * max(drops):.1f} points"
            parts.append(f"{about}; a {what} would be caught {CHANCE:.0%} of the time")
        elif judged and all(cell.verdict and cell.verdict.identical for cell, _ in judged):
            parts.append(f"{about}; the two never differ, which does not tell what drop would be caught")
        else:
            parts.append(f"{about}; too few to catch any drop {CHANCE:.0%} of the time")
    return (". ".join(parts),) if parts else ()


def seen(verdict: Verdict | None) -> float | None:
    """The smallest drop that this set catches 8 times in 10; None where none can be said."""
    return None if verdict is None else detectable(verdict)


def _of_whom(base: Side, candidate: Side) -> Iterator[str]:
    """Of what the verdicts hold."""
    contents = [kept.content for side in (base, candidate) for kept in side.results.values()]
    crossed = any(">" not in content["protocol"] for content in contents)
    fewest = min((len(own) for side in (base, candidate) for own in _trainings(side).values()), default=1)
    if crossed or fewest < PIPELINE:
        why = "cross-validation" if crossed else f"{fewest} training{'s' if fewest > 1 else ''} of each"
        yield f"said of these fitted models, not of this pipeline ({why})"
