"""A gate's policy rehearsed on a user's own documents: how often it cries wolf, what it catches, what it would need.

A comparison is simulated by drawing whole units with replacement and giving each document two answers. From one
result: on a share of the documents, drawn one by one, one of the two answers as the gold does and the other wrongly, a
coin says which; elsewhere both answer as the result does. From two results: both answers are as they are, and change
places by whole units. Either way neither is the better one. For a drop the coin is loaded, or right answers of the
candidate are turned wrong, until the scores of endless such documents differ by it. Each comparison is judged by
`verdict.judge`, with fewer draws.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.comparing import pair
from harness.errors import AskedWrongly
from harness.gating import Policy, Side, matched
from harness.parts import Metric, Task
from harness.registry import make, parse
from harness.scoring import right_answers, unit_of
from harness.stats.bootstrap import sum_by_unit
from harness.stats.settling import CHANCE
from harness.stats.verdict import Verdict, judge

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TRIALS = 100  # comparisons for each number
DRAWS = 399  # of each comparison, where the gate takes 10,000; (1 + 399) alpha is a whole number
DROPS = (0.01, 0.02, 0.03, 0.05)
FURTHER = (0.08, 0.12, 0.2, 0.3)  # tried in turn, until one is caught often enough
MOST_ITEMS = 20_000  # of a simulated comparison
NORMAL = NormalDist()


@dataclass(frozen=True)
class Row:
    """How comparisons with one true drop come out, as shares of them."""

    drop: float
    regressed: float
    passed: float


@dataclass(frozen=True)
class Rehearsed:
    """What a policy does on the documents of one task."""

    task: str
    model: str
    metric: str
    margin: float
    items: int
    documents: int
    units: int
    unit: str
    differing: float  # share of items on which the simulated two are not both right or both wrong alike
    measured: bool  # on two results; else assumed
    trials: int
    rows: tuple[Row, ...]  # no drop first, then ascending
    smallest: float | None  # the drop that is caught CHANCE of the time
    needed_units: int | None  # to catch a drop of the margin, and to pass no drop, CHANCE of the time each
    simulated: bool  # whether that number was tried, or is of the normal approximation alone

    @property
    def needed_documents(self) -> int | None:
        """Those units in documents, by how many one has here."""
        return None if self.needed_units is None else math.ceil(self.needed_units * self.documents / self.units)

    def row(self, drop: float) -> Row:
        """How a drop came out."""
        return next(row for row in self.rows if math.isclose(row.drop, drop, abs_tol=1e-9))


@dataclass(frozen=True, eq=False)
class _World:
    """Items with the rows of counts that each answer to them gives, from which comparisons are drawn."""

    unit: Ints  # (n,), sorted
    starts: Ints  # (n_units + 1,), where the items of each unit begin
    own: tuple[Array, Array]  # (n, k) of base and candidate; the same twice where there is one result
    right: Array  # (n, k) answered as the gold does
    wrong: tuple[Array, Array]  # (n, k) answered wrongly, of either side
    differing: float | None  # the share of items that differ, where it is assumed
    formula: Callable[[Array], Array]  # higher is better

    def gap(self, load: float, differing: float) -> float:
        """How much endless comparisons drop."""
        one, other = (rows.sum(axis=0) for rows in self.own)
        wrong = [rows.sum(axis=0) for rows in self.wrong]
        if self.differing is None:
            before = (one + other) / 2
            after = (1 - load) * before + load * (wrong[0] + wrong[1]) / 2
        else:
            right, more, less = self.right.sum(axis=0), (1 + load) / 2, (1 - load) / 2
            before = (1 - differing) * one + differing * (more * right + less * wrong[0])
            after = (1 - differing) * one + differing * (less * right + more * wrong[0])
        return float(self.formula(before) - self.formula(after))

    def loaded(self, drop: float) -> tuple[float, float] | None:
        """The load, and the share of items that differ, at which the true drop is this; None where none is so large.

        Items differ more often than was assumed only where the drop could not be reached otherwise.
        """
        differing = self.differing or 0.0
        if drop == 0:
            return 0.0, differing
        if self.gap(1.0, differing) >= drop:
            return _root(lambda load: self.gap(load, differing) - drop), differing
        if self.differing is None or self.gap(1.0, 1.0) < drop:
            return None
        return 1.0, _root(lambda share: self.gap(1.0, share) - drop)

    def draw(self, n_units: int, load: float, differing: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """Units (n_units, k) of base and candidate."""
        chosen = rng.integers(0, len(self.starts) - 1, n_units)
        sizes = np.diff(self.starts)[chosen]
        which = np.repeat(np.arange(n_units), sizes)
        first = np.cumsum(sizes) - sizes
        items = np.arange(len(which)) - first[which] + self.starts[chosen][which]
        if self.differing is None:
            swapped = (rng.random(n_units) < 0.5)[which][:, None]
            turned = (rng.random(len(which)) < load)[:, None]
            one, other = (rows[items] for rows in self.own)
            wrong_one, wrong_other = (rows[items] for rows in self.wrong)
            base = np.where(swapped, other, one)
            candidate = np.where(turned, np.where(swapped, wrong_one, wrong_other), np.where(swapped, one, other))
        else:
            apart = (rng.random(len(which)) < differing)[:, None]
            better = (rng.random(len(which)) < (1 + load) / 2)[:, None]
            own, right, wrong = self.own[0][items], self.right[items], self.wrong[0][items]
            base = np.where(apart, np.where(better, right, wrong), own)
            candidate = np.where(apart, np.where(better, wrong, right), own)
        return sum_by_unit(base, which, n_units), sum_by_unit(candidate, which, n_units)


def rehearse(
    base: Side,
    candidate: Side | None,
    tasks: Mapping[str, Task],
    policy: Policy,
    *,
    disagreement: float,
    trials: int = TRIALS,
) -> list[Rehearsed]:
    """Each task, with the model of the base that scores best on it; with a candidate, that model of both.

    The primary metric is rehearsed, by itself. The same arguments give the same numbers. Raises AskedWrongly where no
    task can be rehearsed, NotComparable as `comparing.pair` does.
    """
    best: dict[str, tuple[float, str, Any, Any]] = {}
    for title, model, ours, theirs in matched(base, candidate or base):
        if ours and theirs:
            one, other = ours[min(ours)], theirs[min(theirs)]
            kept = one.headlines[0]
            metric = make("metrics", parse(kept.metric))
            value = kept.value if metric.better == "higher" else -kept.value
            if title not in best or value > best[title][0]:
                best[title] = (value, model, one, other)
    found, names = [], (base.name, candidate.name if candidate else base.name)
    for title, (_, model, one, other) in best.items():
        held = pair(one, other, tasks[title], names)
        spec = one.content["metrics"][0]
        made = make("metrics", parse(spec))
        if isinstance(made, Metric) and made.alone and not (held.answers[0].scores is not None and _uses_scores(made)):
            share = None if candidate else disagreement
            found.append(
                _rehearsed(title, model, spec, made, held.task, held.answers, share, policy, held.seed, trials)
            )
    if not found:
        raise AskedWrongly("no task has a primary metric that can be rehearsed: a sum over items, of answers alone.")
    return found


def _uses_scores(metric: Metric) -> bool:
    return metric.count.__module__.endswith("calibration")


def _rehearsed(
    title: str,
    model: str,
    spec: str,
    metric: Metric,
    task: Task,
    answers: tuple[Annotations, Annotations],
    share: float | None,
    policy: Policy,
    seed: int,
    trials: int,
) -> Rehearsed:
    name, unit, n_units = unit_of(task.items)
    world = _world(metric, task, answers, unit, share, seed)
    margin = policy.margin_of(spec)
    trial = _Trials(world, margin, policy.level, trials, seed)
    rows, verdicts = {}, trial(0.0, n_units) or []
    rows[0.0] = _row(0.0, verdicts)
    for drop in sorted({*DROPS, margin}):
        if judged := trial(drop, n_units):
            rows[drop] = _row(drop, judged)
    for drop in FURTHER:
        if max(row.regressed for row in rows.values()) >= CHANCE:
            break
        if drop > max(rows) and (judged := trial(drop, n_units)):
            rows[drop] = _row(drop, judged)
    needed, tried = _needed(trial, verdicts, margin, policy.level, len(task) / n_units)
    ordered = tuple(rows[drop] for drop in sorted(rows))
    documents, both = len(set(task.items["document"])), right_answers(task.gold, answers[0])
    differing = share if share is not None else float((both != right_answers(task.gold, answers[1])).mean())
    about = (len(task), documents, n_units, name, differing, share is None, trials)
    return Rehearsed(title, model, spec, margin, *about, ordered, _smallest(ordered, trials), needed, tried)


def _world(
    metric: Metric,
    task: Task,
    answers: tuple[Annotations, Annotations],
    unit: Ints,
    share: float | None,
    seed: int,
) -> _World:
    order = np.argsort(unit, kind="stable")
    starts = np.searchsorted(unit[order], np.arange(unit.max() + 2))
    gold, rng = task.gold, np.random.default_rng(seed)

    def rows(said: Annotations) -> Array:
        return metric.count(gold, said).rows[order]

    own = [rows(said) for said in answers]
    wrong = [rows(_wronged(gold, said, rng)) for said in answers]
    formula = metric.score if metric.better == "higher" else lambda totals: -metric.score(totals)
    return _World(unit[order], starts, (own[0], own[1]), rows(gold), (wrong[0], wrong[1]), share, formula)


def _wronged(gold: Annotations, said: Annotations, rng: np.random.Generator) -> Annotations:
    """The same answers, the right ones turned wrong: into another label as often as wrong answers have it, or none."""
    right, answers = right_answers(gold, said), said.answers()
    wrong_labels = [answer for answer, ok in zip(answers, right, strict=True) if not ok and isinstance(answer, str)]
    pool = [*wrong_labels, *gold.labels]  # each label once besides, so that there is always another one
    turned = []
    for due, answer, ok in zip(gold.answers(), answers, right, strict=True):
        if ok and gold.kind == "label":
            others = [label for label in pool if label != due]
            answer = others[rng.integers(len(others))] if others else None
        elif ok:
            answer = [] if due else None
        turned.append(answer)
    return replace(Annotations.of(gold.kind, list(gold.item), gold.labels, turned), item=gold.item)


@dataclass(frozen=True, eq=False)
class _Trials:
    """Simulated comparisons, each judged; the same call gives the same."""

    world: _World
    margin: float
    alpha: float
    trials: int
    seed: int

    def __call__(self, drop: float, n_units: int, trials: int = 0) -> list[Verdict] | None:
        """The verdicts on so many comparisons with this true drop; None where no such drop can be."""
        loaded = self.world.loaded(drop)
        if loaded is None:
            return None
        rng = np.random.default_rng([self.seed, round(drop * 1e6), n_units])
        found = []
        for i in range(trials or self.trials):
            both = self.world.draw(n_units, *loaded, rng)
            found += judge(*both, [self.world.formula], margin=self.margin, alpha=self.alpha, seed=i, draws=DRAWS)
        return found


def _row(drop: float, judged: Sequence[Verdict]) -> Row:
    states = [one.state for one in judged]
    return Row(drop, states.count("regressed") / len(states), states.count("pass") / len(states))


def _smallest(rows: Sequence[Row], trials: int) -> float | None:
    """The drop that is caught CHANCE of the time, between those that were tried, on the scale of the normal."""
    for low, high in itertools.pairwise(rows):
        if low.regressed < CHANCE <= high.regressed:
            a, b = (_probit(row.regressed, trials) for row in (low, high))
            return low.drop + (high.drop - low.drop) * (NORMAL.inv_cdf(CHANCE) - a) / (b - a)
    return None


def _needed(
    trial: _Trials, unchanged: Sequence[Verdict], margin: float, alpha: float, items: float
) -> tuple[int | None, bool]:
    """Units that catch a drop of the margin, and pass no drop, CHANCE of the time each; and whether this was tried.

    With N units both are the normal's share at margin sqrt(N / V) - z, V the variance of one unit's part; what a
    trial at that N gives then corrects N.
    """
    variance = float(np.mean([one.n_units * one.standard_error**2 for one in unchanged]))
    if not variance > 0:
        return None, False
    z = NORMAL.inv_cdf(1 - alpha)
    aim = z + NORMAL.inv_cdf(CHANCE)
    first = max(2, math.ceil(variance * (aim / margin) ** 2))
    if first * items > MOST_ITEMS:
        return first, False
    trials = max(20, trial.trials // 2)
    judged = [trial(0.0, first, trials), trial(margin, first, trials)]
    if judged[0] is None or judged[1] is None:
        return None, False
    got = min(_row(0.0, judged[0]).passed, _row(margin, judged[1]).regressed)
    reached = max(z + _probit(got, trials), aim / 3)
    return max(2, math.ceil(first * (aim / reached) ** 2)), True


def _probit(share: float, trials: int) -> float:
    return NORMAL.inv_cdf(min(max(share, 0.5 / trials), 1 - 0.5 / trials))


def _root(function: Callable[[float], float]) -> float:
    """Where a function that rises from below 0 to above it, between 0 and 1, is 0."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) >= 0 else (middle, high)
    return high


def lines(found: Sequence[Rehearsed], policy: Policy) -> Iterator[str]:
    """What was rehearsed, for a person: in one sentence what each set can see, then how each drop comes out."""
    for one in found:
        units, points = f"{one.units} {one.unit}s", 100 * one.margin
        seen = "no drop that was tried" if one.smallest is None else f"a drop of {100 * one.smallest:.1f} points"
        at, same = one.row(one.margin) if one.margin in [row.drop for row in one.rows] else None, one.rows[0]
        catches = f"; one of {points:.3g}, the margin, {at.regressed:.0%}" if at else ""
        yield f"{one.task} · {one.model}, {one.metric}: {units} catch {seen} {CHANCE:.0%} of the time{catches}."
        yield f"  {'true drop':>14}  {'regressed':>10}  {'pass':>6}  {'inconclusive':>12}"
        for row in one.rows:
            name = "none" if row.drop == 0 else f"{100 * row.drop:.3g} points"
            marked = " (margin)" if row.drop == one.margin else ""
            open_ = 1 - row.regressed - row.passed
            yield f"  {name:>14}  {row.regressed:>10.0%}  {row.passed:>6.0%}  {open_:>12.0%}{marked}"
        if one.needed_units is not None:
            needed = f"about {one.needed_documents:,} documents ({one.needed_units:,} {one.unit}s) are needed"
            there = f"{one.documents:,} ({one.units:,}) are there"
            how = "" if one.simulated else "; by the normal approximation"
            yield f"  To catch a drop of {points:.3g} points, and pass one unchanged, {CHANCE:.0%} of the time each,"
            yield f"  {needed}; {there}{how}."
        source = "as the two results do" if one.measured else "taken for granted (--disagreement), each by itself"
        yield f"  Right on one side alone: {one.differing:.0%} of {one.items:,} items, {source}."
        yield f"  An unchanged model passes {same.passed:.0%} of the time, and {same.regressed:.0%} are false alarms."
    if found:
        error = 100 * math.sqrt(0.25 / found[0].trials)
        yield (
            f"Note: {found[0].trials} comparisons for each number (standard error at most {error:.0f} points), judged "
            f"with {DRAWS} draws; one-sided alpha {policy.level:.3g} a look. Of each task the model that scores best."
        )


def plain(one: Rehearsed) -> dict[str, Any]:
    """The same as data."""
    return asdict(one) | {"needed_documents": one.needed_documents, "draws": DRAWS}
