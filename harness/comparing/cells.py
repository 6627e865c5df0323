"""What differs between two results: each metric on all items and on slices, with chance, and the items that changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.comparing.pairing import Pair
from harness.parts import Metric, Ranking
from harness.scores import Score
from harness.scoring import Measure, difference, right_answers, unit_of
from harness.slicing import Seen, cut_by
from harness.stats.bootstrap import sum_by_unit
from harness.stats.families import max_t
from harness.stats.mcnemar import mid_p
from harness.stats.randomization import null_differences, randomize
from harness.stats.verdict import ALPHA, FEWEST_GATED, MARGIN, Slice, Verdict, family, judge
from harness.version import VERSION

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Formula = Any

STORED = 1e-9  # a stored score farther than this from today's was made by another scorer


@dataclass(frozen=True)
class Cell:
    """One metric on all items, or on those of a slice, and what is said of the difference.

    Numbers of the verdict are so that higher is better; `lower` tells that the metric itself is better when lower, and
    `base`, `candidate`, `difference`, `low` and `high` are the metric's own. A ranking has no verdict.
    """

    metric: str
    slice: str
    n: int  # items
    units: int
    unit: str
    base: float
    candidate: float
    difference: float
    low: float | None
    high: float | None
    lower: bool = False
    verdict: Verdict | None = None
    p: float | None = None  # two-sided, where both sides were asked after: see `explore`

    @property
    def name(self) -> str:
        """`f1`, or `f1[language=id]`."""
        return f"{self.metric}[{self.slice}]" if self.slice else self.metric

    @property
    def apart(self) -> bool:
        """Whether the two can be told apart: 0 is outside the interval, and where there is a p, chance is too."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return False
        return self.verdict is None or (self.p is not None and self.p <= 2 * self.verdict.alpha + 1e-12)

    @property
    def candidate_better(self) -> bool:
        """Which of the two is nearer to the best."""
        return (self.difference < 0) if self.lower else (self.difference > 0)


@dataclass(frozen=True)
class Comparison:
    """The primary metric, tested by itself, and all others, tested as one family."""

    pair: Pair
    cells: tuple[Cell, ...]  # the primary one first
    newly_wrong: tuple[int, ...] = field(repr=False)  # positions of items that got worse, the most first
    newly_right: tuple[int, ...] = field(repr=False)
    changed: tuple[int, ...] = field(default=(), repr=False)  # those that are answered otherwise
    notes: tuple[str, ...] = ()  # those of the pair, and what today's scorer scores otherwise

    @property
    def primary(self) -> Cell:
        """The first metric on all items."""
        return self.cells[0]


def compare(
    both: Pair,
    metrics: Mapping[str, Measure],
    *,
    slices: Sequence[str] = (),
    margin: float = MARGIN,
    margins: Mapping[str, float] | None = None,
    alpha: float = ALPHA,
    seen: Seen | None = None,
) -> Comparison:
    """Every metric on all items and on each slice; the first metric is tested by itself, the others as one family.

    `margins` are those of single metrics. Intervals are at level 1 - 2 alpha, of the paired bootstrap over units.
    `seen` is what the models learned from, for the slice `name`.
    """
    due, (a, b) = both.task.gold, both.answers
    counted = _Counted.of(both, metrics, slices, seen)
    verdicts = counted.verdicts({name: (margins or {}).get(name, margin) for name in metrics}, alpha, both.seed)
    cells = []
    for name, metric in metrics.items():
        for part in counted.parts:
            if isinstance(metric, Ranking):
                cells.append(_ranked(name, metric, part, both, counted.unit))
            else:
                n = int(part.mask.sum())
                cells.append(cell_of(name, metric, part.name, n, counted.unit, verdicts[name, part.name]))
    worse = _wrongs(due, b) - _wrongs(due, a)
    order = np.argsort(-np.abs(worse), kind="stable")
    wrong, right = (tuple(order[sign * worse[order] > 0].tolist()) for sign in (1, -1))
    changed = tuple(np.flatnonzero(differing(a, b)).tolist())
    return Comparison(both, tuple(cells), wrong, right, changed, (*both.notes, *_rescored(both, cells)))


def explore(
    both: Pair,
    metrics: Mapping[str, Measure],
    *,
    slices: Sequence[str] = (),
    margin: float = MARGIN,
    alpha: float = ALPHA,
    seen: Seen | None = None,
) -> Comparison:
    """The same without a direction: p is two-sided at level `alpha`, intervals are at level 1 - alpha.

    p of the primary metric on all items is its own; those of all other cells are adjusted together by the step-down
    max-T, on shared swaps of whole units. A slice of fewer than FEWEST_GATED units, and a ranking, has none.
    """
    found = compare(both, metrics, slices=slices, margin=margin, alpha=alpha / 2, seen=seen)
    p = _Counted.of(both, metrics, slices, seen).two_sided(found, both.seed)
    return replace(found, cells=tuple(replace(cell, p=p.get((cell.metric, cell.slice))) for cell in found.cells))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Metrics that share a count on one slice, and the sums of their rows by unit."""

    part: _Slice
    names: list[str]
    which: Ints  # the unit of each row
    a: Array
    b: Array


@dataclass(frozen=True, eq=False)
class _Counted:
    """What all metrics but rankings count on each part."""

    metrics: Mapping[str, Metric]
    primary: str
    parts: list[_Slice]  # all items first
    rows: list[_Rows]  # the primary metric on all items by itself, first
    unit: str
    n_units: int

    @classmethod
    def of(cls, both: Pair, metrics: Mapping[str, Measure], slices: Sequence[str], seen: Seen | None) -> _Counted:
        due, (a, b) = both.task.gold, both.answers
        name, unit, n_units = unit_of(both.task.items)
        parts = [_Slice("", np.ones(len(due), bool), due, a, due, b), *_slices(both, slices, seen)]
        summed = {name: metric for name, metric in metrics.items() if isinstance(metric, Metric)}
        primary, found = next(iter(metrics)), list[_Rows]()
        for part in parts:
            for one in part.rows(summed, unit):
                if part is parts[0] and primary in one.names:
                    found.insert(0, replace(one, names=[primary]))
                    one = replace(one, names=[name for name in one.names if name != primary])
                if one.names:
                    found.append(one)
        return cls(summed, primary, parts, found, name, n_units)

    def formulas(self, one: _Rows) -> list[Formula]:
        """The metrics so that higher is better."""
        return [formula_of(self.metrics[name]) for name in one.names]

    def split(self) -> tuple[list[_Rows], list[_Rows]]:
        """The primary metric, if it is no ranking, and the family of all others."""
        own = 1 if self.primary in self.metrics else 0
        return self.rows[:own], self.rows[own:]

    def verdicts(self, margins: Mapping[str, float], alpha: float, seed: int) -> dict[tuple[str, str], Verdict]:
        first, others = self.split()
        found = {}
        for one in first:
            margin = margins[self.primary]
            [found[self.primary, ""]] = judge(one.a, one.b, self.formulas(one), margin=margin, alpha=alpha, seed=seed)
        asked = [
            Slice(one.which, one.a, one.b, self.formulas(one), [margins[name] for name in one.names]) for one in others
        ]
        for one, row in zip(others, family(asked, alpha=alpha, seed=seed) if asked else (), strict=True):
            found |= {(name, one.part.name): verdict for name, verdict in zip(one.names, row, strict=True)}
        return found

    def two_sided(self, found: Comparison, seed: int) -> dict[tuple[str, str], float]:
        first, others = self.split()
        p = {}
        for one in first:
            verdict = found.primary.verdict
            if verdict is not None:
                p[self.primary, ""] = two_sided(verdict, one.a, one.b, self.formulas(one)[0], seed)
        large = [one for one in others if len(one.which) >= FEWEST_GATED]
        if large:
            wide_a, wide_b = self._side_by_side(large)
            widths = np.cumsum([0, *(one.a.shape[1] for one in large)])
            spots = list(zip(large, widths, widths[1:], strict=False))

            def values(totals: Array) -> Array:
                columns = [score(totals[..., i:j]) for one, i, j in spots for score in self.formulas(one)]
                return np.stack(columns, axis=-1)

            observed, null = null_differences(wide_b, wide_a, values, seed=seed)
            names = [(name, one.part.name) for one in large for name in one.names]
            p |= dict(zip(names, max_t(observed, null).tolist(), strict=True))
        return {name: value for name, value in p.items() if not math.isnan(value)}

    def _side_by_side(self, rows: Sequence[_Rows]) -> tuple[Array, Array]:
        """(n_units, sum of k) of A and of B: a unit that is not in a slice counts nothing there."""
        wide = []
        for side in ("a", "b"):
            blocks = [np.zeros((self.n_units, one.a.shape[1])) for one in rows]
            for block, one in zip(blocks, rows, strict=True):
                block[one.which] = getattr(one, side)
            wide.append(np.hstack(blocks))
        return wide[0], wide[1]


def two_sided(verdict: Verdict, units_a: Array, units_b: Array, formula: Formula, seed: int) -> float:
    """The uncorrected two-sided p of a difference, by the test that the verdict was found by."""
    if verdict.identical:
        return 1.0
    if verdict.test == "mid-p":
        a, b = formula(units_a), formula(units_b)
        return float(mid_p(int((a > b).sum()), int((b > a).sum())))
    [found] = randomize(units_b, units_a, [formula], seed=seed)
    return float(found.p)


@dataclass(frozen=True, eq=False)
class _Slice:
    """The items of a slice with the gold and the answers to count, which may be parts of them (seen names)."""

    name: str
    mask: npt.NDArray[np.bool_]
    due_a: Annotations
    said_a: Annotations
    due_b: Annotations
    said_b: Annotations

    def rows(self, metrics: Mapping[str, Metric], unit: Ints) -> Iterator[_Rows]:
        """Metrics that share a count, and the sums of their rows by unit."""
        by_count: dict[Any, list[str]] = {}
        for name, metric in metrics.items():
            by_count.setdefault((metric.count, metric.alone or self.mask.all()), []).append(name)
        which, of_own = np.unique(unit[self.mask], return_inverse=True)
        for (count, alone), names in by_count.items():
            own, sums = np.flatnonzero(self.mask), []
            for due, said in ((self.due_a, self.said_a), (self.due_b, self.said_b)):
                rows = count(due, said).rows[self.mask] if alone else count(due.take(own), said.take(own)).rows
                sums.append(sum_by_unit(rows, of_own, len(which)))
            yield _Rows(self, names, which, sums[0], sums[1])


def _slices(both: Pair, names: Sequence[str], seen: Seen | None) -> Iterator[_Slice]:
    if not names:
        return
    cut = cut_by(names, both.task.items, both.task.gold, seen)
    for one, other in zip(*(cut(both.task.gold, answers) for answers in both.answers), strict=True):
        if (one[3] | other[3]).any():  # of names, either part may be empty
            yield _Slice(one[0], one[3] | other[3], one[1], one[2], other[1], other[2])


def formula_of(metric: Metric) -> Formula:
    """The metric so that higher is better."""
    return metric.score if metric.better == "higher" else lambda totals: -metric.score(totals)


def cell_of(name: str, metric: Metric, part: str, n: int, unit: str, verdict: Verdict) -> Cell:
    """A verdict as a cell, in the metric's own direction."""
    sign = 1 if metric.better == "higher" else -1
    ends = sorted((sign * verdict.low, sign * verdict.high))
    low, high = (None, None) if np.isnan(ends).any() else ends
    base, candidate, gap = sign * verdict.base, sign * verdict.candidate, sign * verdict.difference
    return Cell(name, part, n, verdict.n_units, unit, base, candidate, gap, low, high, sign < 0, verdict)


def _ranked(name: str, metric: Ranking, part: _Slice, both: Pair, unit: str) -> Cell:
    own = np.flatnonzero(part.mask)
    due, a, b = part.due_a.take(own), part.said_a.take(own), part.said_b.take(own)
    gap: Score = difference(due, b, a, both.task.items.take(own), name, metric, seed=both.seed)
    base, candidate = (float(metric.values(due, said)[0][0]) for said in (a, b))
    numbers = (base, candidate, gap.value, gap.low, gap.high)
    return Cell(name, part.name, gap.n, gap.units, unit, *numbers, lower=metric.better == "lower")


def _rescored(both: Pair, cells: Sequence[Cell]) -> Iterator[str]:
    """What to say where the same gold and answers were once given another score."""
    for cell in cells:
        for name, stored, now in zip(both.names, both.stored, (cell.base, cell.candidate), strict=True):
            then = stored.get(cell.metric, math.nan)
            if not cell.slice and abs(then - now) > STORED * max(1.0, abs(now)):
                yield (
                    f"{cell.metric} of {name} is stored as {then:.3f}, harness {VERSION} scores {now:.3f}: "
                    "both are scored anew"
                )


def _wrongs(gold: Annotations, said: Annotations) -> Ints:
    """How much is wrong with each answer (n_items,): 0 or 1 of a label, of a set or spans what is too much or lacks."""
    if gold.offsets is None:
        return (~right_answers(gold, said)).astype(np.int64)
    found = []
    for due, answer in zip(gold.answers(), said.answers(), strict=True):
        own = {*map(_hashed, due or ())}
        found.append(len(own) + 1 if answer is None else len(own ^ {*map(_hashed, answer)}))
    return np.array(found, np.int64)


def differing(a: Annotations, b: Annotations) -> npt.NDArray[np.bool_]:
    """Whether each item is answered otherwise, (n_items,), whatever the order of spans or labels."""
    if a.offsets is None:
        return np.asarray((a.codes != b.codes) | (a.status != b.status))
    said = zip(a.answers(), b.answers(), strict=True)
    other = [{*map(_hashed, one or ())} != {*map(_hashed, two or ())} for one, two in said]
    return np.asarray(np.array(other, bool) | (a.status != b.status))


def _hashed(one: Any) -> Any:
    return tuple(one) if isinstance(one, list) else one
