"""Regressed, pass or inconclusive: the rule by which a candidate is held against a base on the same units.

Regressed asks for a drop that chance does not explain, by p and by the high end of the interval, and that may be as
large as the margin, by its low end. Pass asks that the interval rules out a drop of the margin. The rest is open.
A is the base, B the candidate, and differences are B - A; higher is better in every formula.

Where a formula is a share of units that are right (accuracy, every unit one item), which is seen from the numbers, p
is McNemar's mid-p; elsewhere it comes from swapping whole units. The interval is the bootstrap's of
`bootstrap.explained` on the difference, and neither side is ever shorter than t times the larger of
SE sqrt((k + 2) / k), k being the units that can change the difference, and sqrt(SE² + h²), h being the most that one
unit moves either score. With few discordant units the draws vary too little, and one lucky unit would be a pass; and
where one system is better at a rare label, the unit that says so may by chance not be among those drawn: the second is
as if one such unit were yet to come. Swaps take what is seen for symmetric and alarm there far too often on their own
(20 % at 100 documents, a label of 4 % of them), hence the high end in the rule.

Sources: paired randomization and mid-p as in `randomization` and `mcnemar`; non-inferiority by the interval's end:
G. Piaggio et al., Reporting of noninferiority and equivalence randomized trials, 2012; two more discordant units:
D. Bonett and R. Price, Adjusted Wald confidence interval for a difference of binomial proportions based on paired
data, 2012. `benchmarks/gate` holds the rule against simulated truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from harness.stats.bootstrap import explained, half_width, leave_one_out, values_without
from harness.stats.distinct import Array, Counts, blocks_of, distinct_of, merged
from harness.stats.families import max_t
from harness.stats.mcnemar import mid_p
from harness.stats.randomization import null_differences, randomize

Formula = Callable[[Array], Array]  # totals (..., k) -> (...), higher is better
State = Literal["regressed", "pass", "inconclusive", "shown"]

DRAWS = 10_000
MARGIN = 0.02
ALPHA = 0.05
FEWEST_GATED = 30  # units under which a slice is shown and never gated
TIES = 1e-12  # values nearer than this share of the score are equal


@dataclass(frozen=True)
class Verdict:
    """What is said of one formula; `state` is "shown" for slices too small to gate."""

    state: State
    words: str  # improved, same, worse within the margin, identical; worse; not settled; not defined
    base: float
    candidate: float
    difference: float  # candidate - base
    low: float  # of the interval at level 1 - 2 alpha; nan where identical or not estimable
    high: float
    p_worse: float  # one-sided, what the state was decided by; in a family adjusted for it
    p_alone: float  # the same before it was adjusted
    test: Literal["mid-p", "randomization"]
    margin: float
    alpha: float
    n_units: int
    n_apart: int  # units whose rows differ at all
    n_discordant: int  # those of them that change this difference
    standard_error: float  # of the difference, jackknife over units; 0 where identical
    widened_error: float  # with units not seen yet: neither side of the interval is shorter than t times it

    @property
    def identical(self) -> bool:
        """No unit changes this score."""
        return self.n_discordant == 0

    @property
    def least_visible(self) -> float:
        """The share of units that may change while none of these would show it: 1 - alpha^(1/n)."""
        return 1 - self.alpha ** (1 / self.n_units) if self.n_units else 1.0

    @property
    def blind(self) -> bool:
        """Identical, but on so few units that a drop of the margin might well show nowhere."""
        return self.identical and self.least_visible > self.margin


@dataclass(frozen=True)
class Slice:
    """Some of the units, with their numbers in the whole set, and what is asked of them."""

    unit: npt.NDArray[Any]  # (n,), whole numbers; the same number in two slices is the same unit
    units_a: npt.NDArray[Any]  # (n, k) sums of the base
    units_b: npt.NDArray[Any]
    formulas: Sequence[Formula]
    margins: Sequence[float]  # one a formula


@dataclass(frozen=True)
class _Pairs:
    """Distinct pairs of rows of A and B (d, k), and how many units have each (d,)."""

    a: Array
    b: Array
    times: Counts

    @property
    def n_units(self) -> int:
        return int(self.times.sum())

    @property
    def totals(self) -> tuple[Array, Array]:
        return self.times @ self.a, self.times @ self.b


def judge(
    units_a: npt.NDArray[Any],
    units_b: npt.NDArray[Any],
    formulas: Sequence[Formula],
    *,
    margin: float | Sequence[float] = MARGIN,
    alpha: float = ALPHA,
    seed: int,
    times: Counts | None = None,
    draws: int = DRAWS,
) -> list[Verdict]:
    """A verdict for each formula on units_a, units_b (n_units, k), each uncorrected: for a primary metric.

    With `times` (n_rows,) the units are given as pairs of rows and how many units have each. `margin` is one for all
    or one a formula. The same seed gives the same verdicts whatever the order of the units. Raises ValueError where
    shapes differ.
    """
    pairs = _pairs(units_a, units_b, times)
    margins = [margin] * len(formulas) if isinstance(margin, (int, float)) else list(margin)
    drafts = _drafts(pairs, formulas, margins, alpha, seed, draws)
    asked = [i for i, draft in enumerate(drafts) if draft.test == "randomization" and not draft.identical]
    if asked:
        swapped = randomize(pairs.a, pairs.b, [formulas[i] for i in asked], seed=seed, draws=draws, times=pairs.times)
        for i, found in zip(asked, swapped, strict=True):
            drafts[i] = replace(drafts[i], p_alone=float(found.p_greater))
    return [_decided(draft, draft.p_alone) for draft in drafts]


def family(slices: Sequence[Slice], *, alpha: float = ALPHA, seed: int, draws: int = DRAWS) -> list[list[Verdict]]:
    """Verdicts (n_slices, n_formulas) whose p are adjusted together: the chance of any false alarm is alpha.

    Step-down max-T over all formulas of all slices, on swaps that they share: a unit is swapped wherever it occurs.
    Intervals stay those of each cell alone, at 1 - 2 alpha. Slices under FEWEST_GATED units are no part of the family
    and "shown". The whole set may be one of the slices, for its other metrics. Raises ValueError where shapes differ.
    """
    pairs = [_pairs(part.units_a, part.units_b, None) for part in slices]
    drafts = [
        _drafts(pair, part.formulas, part.margins, alpha, seed, draws) for pair, part in zip(pairs, slices, strict=True)
    ]
    large = [i for i, pair in enumerate(pairs) if pair.n_units >= FEWEST_GATED]
    own, adjusted = _shared([slices[i] for i in large], seed, draws)
    found = [[_decided(draft, draft.p_alone, shown=True) for draft in row] for row in drafts]
    place = 0
    for i in large:
        for j, draft in enumerate(drafts[i]):
            alone = draft.p_alone if draft.test == "mid-p" else own[place]
            found[i][j] = _decided(replace(draft, p_alone=alone), adjusted[place])
            place += 1
    return found


def _shared(slices: Sequence[Slice], seed: int, draws: int) -> tuple[list[float], list[float]]:
    """p (worse) of every formula of every slice, by itself and adjusted, on one set of swaps."""
    if not slices:
        return [], []
    wide_a, wide_b = _side_by_side(slices)
    starts = np.cumsum([0, *(part.units_a.shape[1] for part in slices)])
    spots = list(zip(slices, starts, starts[1:], strict=False))

    def values(totals: Array) -> Array:
        columns = [formula(totals[..., i:j]) for part, i, j in spots for formula in part.formulas]
        return np.stack(columns, axis=-1)

    observed, null = null_differences(wide_a, wide_b, values, seed=seed, draws=draws)
    slack = TIES * np.maximum(np.abs(values(wide_a.sum(axis=0))), np.abs(values(wide_b.sum(axis=0))))
    own = (1 + (null >= observed - slack).sum(axis=0)) / (1 + draws)
    return own.tolist(), max_t(observed, null, side="greater").tolist()


def _side_by_side(slices: Sequence[Slice]) -> tuple[Array, Array]:
    """Units (m, sum of k) of A and of B: those that differ in any slice, and in one row more all that do not."""
    apart = [(part.units_a != part.units_b).any(axis=1) for part in slices]
    units = np.unique(np.concatenate([part.unit[there] for part, there in zip(slices, apart, strict=True)]))
    tables = []
    for side in ("units_a", "units_b"):
        blocks = []
        for part, there in zip(slices, apart, strict=True):
            rows = getattr(part, side)
            block = np.zeros((len(units) + 1, rows.shape[1]))
            block[np.searchsorted(units, part.unit[there])] = rows[there]
            block[-1] = rows[~there].sum(axis=0)
            blocks.append(block)
        tables.append(np.hstack(blocks))
    return tables[0], tables[1]


def _pairs(units_a: npt.NDArray[Any], units_b: npt.NDArray[Any], times: Counts | None) -> _Pairs:
    if units_a.shape != units_b.shape or units_a.ndim != 2:
        raise ValueError(f"units of A are {units_a.shape}, of B {units_b.shape}: both must be the same (n_units, k)")
    k = units_a.shape[1]
    if times is None:
        vectors, times = distinct_of(blocks_of(units_a, units_b))
    else:
        there = times > 0
        vectors, times = merged(np.hstack([units_a, units_b])[there], times[there])
    return _Pairs(vectors[:, :k], vectors[:, k:], times)


def _drafts(
    pairs: _Pairs, formulas: Sequence[Formula], margins: Sequence[float], alpha: float, seed: int, draws: int
) -> list[Verdict]:
    """Everything but the verdict; p is that of McNemar, or nan where units are still to be swapped."""
    k, both = pairs.a.shape[1], np.hstack([pairs.a, pairs.b])
    n, n_apart = pairs.n_units, int(pairs.times[(pairs.a != pairs.b).any(axis=1)].sum())
    gaps = [_gap(formula, k) for formula in formulas]
    ends = [(math.nan, math.nan)] * len(formulas)
    if n_apart:
        drawn = explained(both, pairs.times, gaps, seed=seed, draws=draws, level=1 - 2 * alpha)
        ends = [(float(end.low), float(end.high)) for end in drawn]
    found = []
    for formula, gap, (drawn_low, drawn_high), margin in zip(formulas, gaps, ends, margins, strict=True):
        base, candidate = (float(formula(total)) for total in pairs.totals)
        discordant, wins = _discordant(formula, pairs), _wins(formula, pairs)
        error = 0.0
        if discordant:
            error = leave_one_out(values_without(gap, pairs.times @ both, both, 1)[0], pairs.times)[0]
        wide = _widened(formula, pairs, candidate - base, error, discordant)
        reach = half_width(n, 1 - 2 * alpha) * math.sqrt((n - 1) / n) * wide if n > 1 else math.nan
        low = float(np.fmin(drawn_low, candidate - base - reach)) if discordant else math.nan
        high = float(np.fmax(drawn_high, candidate - base + reach)) if discordant else math.nan
        p = 1.0 if not discordant else math.nan if wins is None else float(mid_p(*wins, side="greater"))
        test: Literal["mid-p", "randomization"] = "randomization" if wins is None else "mid-p"
        numbers = (base, candidate, candidate - base, low, high, p, p, test, margin, alpha)
        found.append(Verdict("shown", "", *numbers, n, n_apart, discordant, error, wide))
    return found


def _gap(formula: Formula, k: int) -> Formula:
    return lambda totals: np.asarray(formula(totals[..., k:]) - formula(totals[..., :k]))


def _discordant(formula: Formula, pairs: _Pairs) -> int:
    """How many units change the score of A or of B when they alone are swapped."""
    apart = (pairs.a != pairs.b).any(axis=1)
    move, (a, b) = (pairs.b - pairs.a)[apart], pairs.totals
    changed = np.zeros(len(move), bool)
    for total, moved in ((a, a + move), (b, b - move)):
        was = formula(total)
        # Said by what is equal, so that a score that ceases to be defined (nan) counts as changed.
        changed |= ~(np.abs(formula(moved) - was) <= TIES * np.abs(was))
    return int(pairs.times[apart][changed].sum())


def _wins(formula: Formula, pairs: _Pairs) -> tuple[int, int] | None:
    """How many units only A, and only B, has right, where the formula is the share of units that are right."""
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = formula(pairs.a), formula(pairs.b)
    if not all(np.isin(value, (0.0, 1.0)).all() for value in (a, b)):
        return None
    shares = [pairs.times @ value / max(1, pairs.n_units) for value in (a, b)]
    if not np.allclose(shares, [formula(total) for total in pairs.totals], rtol=1e-9, atol=0):
        return None
    return int(pairs.times[a > b].sum()), int(pairs.times[b > a].sum())


def _widened(formula: Formula, pairs: _Pairs, difference: float, error: float, discordant: int) -> float:
    """The standard error as it may be with units that were not seen."""
    if not discordant:
        return 0.0
    error = error or abs(difference) / math.sqrt(pairs.n_units)  # no unit unlike another: none says how they vary
    heaviest = 0.0
    for rows, total in zip((pairs.a, pairs.b), pairs.totals, strict=True):
        without = values_without(formula, total, rows, 1)[0]
        middle = np.nansum(pairs.times * without) / max(1, int(pairs.times[~np.isnan(without)].sum()))
        heaviest = max(heaviest, float(np.fmax.reduce(np.abs(without - middle), initial=0.0)))
    return max(error * math.sqrt((discordant + 2) / discordant), math.hypot(error, heaviest))


def _decided(draft: Verdict, p: float, *, shown: bool = False) -> Verdict:
    state, words = _said(draft, p)
    return replace(draft, state="shown" if shown else state, words=words, p_worse=p)


def _said(draft: Verdict, p: float) -> tuple[State, str]:
    if math.isnan(draft.difference):
        return "inconclusive", "not defined"
    if draft.identical:
        return "pass", "identical"
    if draft.low > -draft.margin:
        return "pass", "improved" if draft.low > 0 else "worse within the margin" if draft.high < 0 else "same"
    if p <= draft.alpha and draft.high < 0:
        return "regressed", "worse"
    return "inconclusive", "not settled"
