"""More than two results on one metric: every difference between two of them, all p adjusted together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.comparing.cells import two_sided
from harness.comparing.pairing import pair
from harness.parts import Metric, Task
from harness.records import column_digest
from harness.result import Kept
from harness.scoring import unit_of
from harness.stats.bootstrap import sum_by_unit
from harness.stats.families import holm, max_t
from harness.stats.randomization import null_differences
from harness.stats.verdict import ALPHA, Verdict, judge

Array = npt.NDArray[np.float64]
Family = Literal["max-t", "holm"]


@dataclass(frozen=True)
class Versus:
    """Two of many results, by their positions: the score of `one` less that of `other`, in the metric's own numbers."""

    one: int
    other: int
    difference: float
    low: float | None
    high: float | None
    p: float  # two-sided, adjusted for all pairs
    p_alone: float
    apart: bool  # p is at most alpha, and 0 outside the interval


@dataclass(frozen=True, eq=False)
class Many:
    """Results on the same items, the best first, and each pair of them."""

    task: Task
    metric: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    pairs: tuple[Versus, ...]  # one < other in position
    units: int
    unit: str
    family: Family
    alpha: float
    lower: bool
    protocol: str
    models: tuple[str, ...]  # specs
    notes: tuple[str, ...] = ()

    def between(self, one: int, other: int) -> Versus:
        """The pair of these two, whichever comes first."""
        low, high = sorted((one, other))
        return next(versus for versus in self.pairs if (versus.one, versus.other) == (low, high))


def compare_all(
    results: Sequence[Kept],
    names: Sequence[str],
    task: Task,
    spec: str,
    metric: Metric,
    *,
    family: Family = "max-t",
    alpha: float = ALPHA,
) -> Many:
    """Every result against every other by one metric. Raises NotComparable as `pair` does.

    p are two-sided: by max-T on swaps that all pairs share, or Holm's of each pair's own p. Intervals are each pair's
    own, at level 1 - alpha.
    """
    held = [pair(results[0], other, task, (names[0], name)) for name, other in zip(names[1:], results[1:], strict=True)]
    task, seed = held[0].task, _seed(results)
    sign = 1 if metric.better == "higher" else -1
    unit_name, unit, n_units = unit_of(task.items)

    def score(totals: Array) -> Array:
        return sign * metric.score(totals)

    answers = [held[0].answers[0], *(one.answers[1] for one in held)]
    units = [sum_by_unit(metric.count(task.gold, said).rows, unit, n_units) for said in answers]
    values = [float(score(own.sum(axis=0))) for own in units]
    order = sorted(range(len(units)), key=lambda i: (-np.nan_to_num(values[i], nan=-np.inf), i))
    units = [units[i] for i in order]
    both = list(itertools.combinations(range(len(units)), 2))
    verdicts = [judge(units[j], units[i], [score], alpha=alpha / 2, seed=seed)[0] for i, j in both]
    alone = [
        two_sided(verdict, units[j], units[i], score, seed) for (i, j), verdict in zip(both, verdicts, strict=True)
    ]
    adjusted = holm(alone) if family == "holm" else _max_t(units, both, score, seed)
    found = [
        _versus(one, verdict, p, own, sign, alpha)
        for one, verdict, p, own in zip(both, verdicts, adjusted.tolist(), alone, strict=True)
    ]
    return Many(
        task,
        spec,
        tuple(names[i] for i in order),
        tuple(sign * values[i] for i in order),
        tuple(found),
        n_units,
        unit_name,
        family,
        alpha,
        sign < 0,
        held[0].protocol,
        tuple(str(results[i].content["model"]) for i in order),
        tuple(dict.fromkeys(note for one in held for note in one.notes)),
    )


def _max_t(units: Sequence[Array], both: Sequence[tuple[int, int]], score: object, seed: int) -> Array:
    """Adjusted p (m,): the units of each pair stand side by side, so that one swap goes through all of them."""
    k = units[0].shape[1]

    def values(totals: Array) -> Array:
        columns = [score(totals[..., n * k : (n + 1) * k]) for n in range(len(both))]  # type: ignore[operator]
        return np.stack(columns, axis=-1)

    ones, others = (np.hstack([units[one[side]] for one in both]) for side in (0, 1))
    return max_t(*null_differences(ones, others, values, seed=seed))


def _versus(both: tuple[int, int], verdict: Verdict, p: float, alone: float, sign: int, alpha: float) -> Versus:
    ends = sorted((sign * verdict.low, sign * verdict.high))
    low, high = (None, None) if np.isnan(ends).any() else ends
    beyond = low is not None and high is not None and not low <= 0 <= high
    return Versus(*both, sign * verdict.difference, low, high, p, alone, beyond and p <= alpha + 1e-12)


def _seed(results: Sequence[Kept]) -> int:
    """The seed of all draws, the same in whichever order the results are given."""
    return int(column_digest(sorted(kept.content["predictions"] for kept in results))[:8], 16)
