"""Learning curves: what models score that learn from the first groups alone, and what twice as many groups add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from harness.errors import AskedWrongly, HarnessError
from harness.result import Result
from harness.running import Progress, run_all, silent
from harness.running.cells import dealt
from harness.running.fitting import model_of
from harness.running.plans import Asked
from harness.scores import Score
from harness.scoring import difference
from harness.store import Store

FRACTIONS = (0.1, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Point:
    """What came of learning from a fraction of the groups."""

    fraction: float
    groups: float  # learned from, mean over the folds
    documents: float
    came: Result | HarnessError


@dataclass(frozen=True)
class Curve:
    """One model on one task, by the fraction of the groups that it learned from. The same items are scored at each."""

    asked: Asked
    points: tuple[Point, ...]  # the smallest fraction first

    def doublings(self) -> Iterator[tuple[float, float, Score]]:
        """Half a fraction, the fraction, and what the primary metric gains from the one to the other.

        The interval is that of a difference on the same held-out units, between these fitted models.
        """
        results = {point.fraction: point.came for point in self.points if isinstance(point.came, Result)}
        spec, metric = next(iter(self.asked.metrics.items()))
        for fraction, many in results.items():
            few = results.get(fraction / 2)
            if few:
                task, both = many.task, (many.predicted, few.predicted)
                yield fraction / 2, fraction, difference(task.gold, *both, task.items, spec, metric, seed=many.draw)


def learns(one: Asked) -> bool:
    """Whether the model learns anything: a file of predictions does not, and has no curve."""
    return not getattr(model_of(one.spec), "whole", False)


def curves(
    asked: Sequence[Asked],
    fractions: Sequence[float] = FRACTIONS,
    *,
    store: Store | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> list[Curve]:
    """The curve of each. Whole fractions, 1.0, are the cells of an ordinary run and share its store.

    Raises AskedWrongly for a fraction out of range; a cell that fails is told in its point.
    """
    if not fractions or not all(0 < fraction <= 1 for fraction in fractions):
        raise AskedWrongly("a fraction is above 0 and at most 1. Write for example 0.25,0.5,1.")
    steps = sorted(set(fractions))
    plan = [replace(one, fraction=fraction) for one in asked for fraction in steps]
    sizes: dict[tuple[int, float], tuple[float, float]] = {}
    for one in plan:
        if (id(one.task), one.fraction) not in sizes:
            sizes[id(one.task), one.fraction] = _learned_from(one)
    came = dict(run_all(plan, store=store, workers=workers, progress=progress))
    points = [Point(one.fraction, *sizes[id(one.task), one.fraction], came[i]) for i, one in enumerate(plan)]
    many = len(steps)
    return [Curve(one, tuple(points[i * many : (i + 1) * many])) for i, one in enumerate(asked)]


def _learned_from(one: Asked) -> tuple[float, float]:
    """How many groups and documents a fold learns from, on the mean."""
    folds = dealt(one.task, folds=one.folds, split=one.split, seed=one.draw, fraction=one.fraction)
    group, document = one.task.items["group"], one.task.items["document"]
    groups = fmean(len({group[i] for i in fold.learn}) for fold in folds)
    return groups, fmean(len({document[i] for i in fold.learn}) for fold in folds)
