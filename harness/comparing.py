"""Two results on the same items: whether they can be compared, where they differ, and by how much, with chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.errors import NotComparable
from harness.parts import Metric, Ranking, Task
from harness.records import column_digest
from harness.result import Kept
from harness.scores import Score
from harness.scoring import Measure, difference, right_answers, unit_of
from harness.slicing import cut_by
from harness.stats.bootstrap import sum_by_unit
from harness.stats.verdict import ALPHA, MARGIN, Slice, Verdict, family, judge

Array = npt.NDArray[np.float64]
Formula = Any


@dataclass(frozen=True, eq=False)
class Pair:
    """Two results on the same items; the task holds the gold that both are scored on."""

    task: Task
    names: tuple[str, str]  # base, candidate
    answers: tuple[Annotations, Annotations]
    seed: int  # of all draws, from the predictions: whoever compares these two gets the same p
    notes: tuple[str, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether no prediction differs."""
        return self.answers[0].digest == self.answers[1].digest


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

    @property
    def name(self) -> str:
        """`f1`, or `f1[language=id]`."""
        return f"{self.metric}[{self.slice}]" if self.slice else self.metric


@dataclass(frozen=True)
class Comparison:
    """The primary metric, tested by itself, and all others, tested as one family."""

    pair: Pair
    cells: tuple[Cell, ...]  # the primary one first
    newly_wrong: tuple[int, ...] = field(repr=False)  # positions of items
    newly_right: tuple[int, ...] = field(repr=False)

    @property
    def primary(self) -> Cell:
        """The first metric on all items."""
        return self.cells[0]


def pair(base: Kept, candidate: Kept, task: Task, names: tuple[str, str]) -> Pair:
    """Two results, their predictions read, on the task as it stands today.

    Raises NotComparable with the field that differs. Where the labels of the gold have changed since, both are scored
    on those of today, and `notes` says so.
    """
    a, b = base.content, candidate.content
    for field_, said in (
        ("task", lambda c: f"{c['corpus']['name']} {c['task']['name']}"),
        ("label set", lambda c: ", ".join(c["labels"])),
        ("protocol", lambda c: c["protocol"]),
    ):
        if said(a) != said(b):
            found = f"{names[0]} has {said(a)}, {names[1]} has {said(b)}"
            raise NotComparable(field_, found, "Run both in the same way.")
    own = (task.corpus, task.name), (a["corpus"]["name"], a["task"]["name"])
    if own[0] != own[1]:
        raise NotComparable(
            "task", f"the results are of {' '.join(own[1])}, not of {' '.join(own[0])}", "Name its corpus."
        )
    if list(task.gold.labels) != a["labels"]:
        found = f"the corpus has {', '.join(task.gold.labels)} today"
        raise NotComparable("label set", found, "Run both again.")
    answered = base.item, candidate.item
    _same_items(answered, names)
    place = {item: i for i, item in enumerate(task.items["item"])}
    if gone := [item for item in answered[0] if item not in place]:
        found = f"{len(gold_ids(gone))} documents of the results are no longer in the corpus, {gone[0]} first"
        raise NotComparable("items", found, "Restore them, or run both again.")
    task = task.take([place[item] for item in answered[0]])
    texts = column_digest(task.items["text"])
    for name, content in zip(names, (a, b), strict=True):
        if content["texts"] != texts:
            found = f"{name} was run on other texts than the corpus holds today"
            raise NotComparable("texts", found, "Restore the texts, or run both again on those of today.")
    notes = [
        f"labels of the gold have changed since {name} was run: both are scored on those of today"
        for name, content in zip(names, (a, b), strict=True)
        if content["gold"] != task.gold.digest
    ]
    missed = len(place) - len(task)
    if missed and ">" not in a["protocol"]:
        notes.append(f"{missed} items of the corpus are in neither result")
    seed = int(column_digest([a["predictions"], b["predictions"]])[:8], 16)
    both = base.answers(task.items), candidate.answers(task.items)
    return Pair(task, names, both, seed, tuple(notes))


def gold_ids(items: Sequence[str]) -> set[str]:
    """The documents of items."""
    return {item.partition("#")[0] for item in items}


def _same_items(answered: tuple[list[str], list[str]], names: tuple[str, str]) -> None:
    a, b = set(answered[0]), set(answered[1])
    if a == b:
        if answered[0] != answered[1]:
            raise NotComparable("items", "the same items stand in another order", "Run both again.")
        return
    more, less = gold_ids([*(b - a)]), gold_ids([*(a - b)])
    counts = f"{names[1]} has {len(more)} documents that {names[0]} lacks, and lacks {len(less)} that it has"
    remedy = "Run both again on one corpus."
    if more and not less:
        counts = f"{len(more)} documents were added since {names[0]} was run"
        remedy = "Add --rerun-base: the base answers them too, and all are compared."
    raise NotComparable("items", counts, remedy)


def compare(
    both: Pair,
    metrics: Mapping[str, Measure],
    *,
    slices: Sequence[str] = (),
    margin: float = MARGIN,
    margins: Mapping[str, float] | None = None,
    alpha: float = ALPHA,
) -> Comparison:
    """Every metric on all items and on each slice; the first metric is tested by itself, the others as one family.

    `margins` are those of single metrics. Intervals are at level 1 - 2 alpha, of the paired bootstrap over units.
    """
    due, (a, b) = both.task.gold, both.answers
    unit_name, unit, _ = unit_of(both.task.items)
    wide = _Slice("", np.ones(len(due), bool), due, a, due, b)
    parts = [wide, *_slices(both, slices)]
    summed = {name: metric for name, metric in metrics.items() if isinstance(metric, Metric)}
    primary = next(iter(metrics))
    asked: list[tuple[_Slice, list[str], Slice]] = []
    verdicts: dict[tuple[str, str], Verdict] = {}
    said = {name: (margins or {}).get(name, margin) for name in metrics}
    for part in parts:
        for names, rows in part.rows(summed, unit):
            formulas = [_formula(summed[name]) for name in names]
            if part is wide and primary in names:
                at = names.index(primary)
                [verdicts[primary, ""]] = judge(
                    rows.units[0], rows.units[1], [formulas[at]], margin=said[primary], alpha=alpha, seed=both.seed
                )
                names, formulas = names[:at] + names[at + 1 :], formulas[:at] + formulas[at + 1 :]
            if names:
                own = Slice(rows.which, *rows.units, formulas, [said[name] for name in names])
                asked.append((part, names, own))
    for (part, names, _), row in zip(
        asked, family([own for *_, own in asked], alpha=alpha, seed=both.seed) if asked else (), strict=True
    ):
        verdicts |= {(name, part.name): verdict for name, verdict in zip(names, row, strict=True)}
    cells = []
    for name, metric in metrics.items():
        for part in parts:
            n = int(part.mask.sum())
            if isinstance(metric, Ranking):
                cells.append(_ranked(name, metric, part, both, unit_name))
            else:
                cells.append(_cell(name, metric, part.name, n, unit_name, verdicts[name, part.name]))
    wrong = right_answers(due, a), right_answers(due, b)
    newly_wrong, newly_right = np.flatnonzero(wrong[0] & ~wrong[1]), np.flatnonzero(~wrong[0] & wrong[1])
    return Comparison(both, tuple(cells), tuple(newly_wrong.tolist()), tuple(newly_right.tolist()))


@dataclass(frozen=True, eq=False)
class _Rows:
    which: npt.NDArray[np.int64]  # the unit of each row
    units: tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class _Slice:
    """The items of a slice with the gold and the answers to count, which may be parts of them (seen names)."""

    name: str
    mask: npt.NDArray[np.bool_]
    due_a: Annotations
    said_a: Annotations
    due_b: Annotations
    said_b: Annotations

    def rows(self, metrics: Mapping[str, Metric], unit: npt.NDArray[np.int64]) -> Iterator[tuple[list[str], _Rows]]:
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
            yield names, _Rows(which, (sums[0], sums[1]))


def _slices(both: Pair, names: Sequence[str]) -> Iterator[_Slice]:
    if not names:
        return
    cut = cut_by(names, both.task.items, both.task.gold)
    for one, other in zip(*(cut(both.task.gold, answers) for answers in both.answers), strict=True):
        yield _Slice(one[0], one[3] | other[3], one[1], one[2], other[1], other[2])


def _formula(metric: Metric) -> Formula:
    """The metric so that higher is better."""
    return metric.score if metric.better == "higher" else lambda totals: -metric.score(totals)


def _cell(name: str, metric: Metric, part: str, n: int, unit: str, verdict: Verdict) -> Cell:
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
