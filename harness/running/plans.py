"""What is asked of one model on one task, the cells that answer it, and the result that is made of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np

from harness import scoring
from harness.annotations import Annotations, joined
from harness.errors import HarnessError
from harness.files import digest, digest_bytes
from harness.parts import Task
from harness.records import STATUSES
from harness.registry import Spec, module_of, parse
from harness.result import Result, plain
from harness.running.cells import HERE, Cell, Fold, dealt, files_of, specs_in
from harness.running.fitting import Answered
from harness.scores import Score
from harness.scoring import Measure
from harness.slicing import Seen, cut_by, surfaces
from harness.store import Store

FOLDS = 5
SEED = 13


@dataclass(frozen=True, eq=False)
class Asked:
    """One model with one training seed on one task, and how it is to be scored."""

    task: Task
    spec: Spec
    metrics: Mapping[str, Measure]
    seed: int  # of training
    folds: int = FOLDS
    split: str = ""
    draw: int = SEED  # the seed of folds and draws
    fraction: float = 1.0  # of the groups to learn from

    @property
    def protocol(self) -> str:
        """How its result says what was learned from and what was scored."""
        whole = self.split or f"{self.folds}-fold"
        return whole if self.fraction == 1 else f"{whole}, {self.fraction:g} of the groups learned from"


@dataclass(frozen=True, eq=False)
class Deal:
    """The folds of a task as all models share them, and what of the task is scored."""

    task: Task
    folds: Sequence[Fold]

    @classmethod
    def of(cls, one: Asked) -> Deal:
        """The folds that are asked for. Raises AskedWrongly where there are none."""
        folds = dealt(one.task, folds=one.folds, split=one.split, seed=one.draw, fraction=one.fraction)
        return cls(lean(one.task, one.metrics), folds)

    @functools.cached_property
    def places(self) -> list[int]:
        """The positions in the task of what is scored: what was answered and, where there are readers, read by all."""
        read = self.task.read
        return sorted(i for fold in self.folds for i in fold.score if not read or read[i])

    @property
    def came_at(self) -> list[int]:
        """Where each of them came among the answers of all folds, one after another."""
        came = {i: n for n, i in enumerate(i for fold in self.folds for i in fold.score)}
        return [came[i] for i in self.places]

    @functools.cached_property
    def scored(self) -> Task:
        """The task with what is scored alone."""
        return self.task.take(self.places)

    @property
    def seen(self) -> Seen | None:
        """The names that were learned from before each item was answered, where names are sliced by."""
        if "name" not in self.task.slices:
            return None
        fold = np.repeat(np.arange(len(self.folds)), [len(one.score) for one in self.folds])
        return Seen(fold[self.came_at], [names_in(self.task.take(one.learn)) for one in self.folds])

    @functools.cached_property
    def identity(self) -> list[Any]:
        """All of the task that scores depend on."""
        task, gold = self.task, self.task.gold
        tiers = {name: list(labels) for name, labels in gold.tiers.items()}
        return [task.items.digest, list(task.read), gold.digest, gold.surroundings, tiers]


@dataclass(eq=False)
class Plan:
    """The cells of one model on one task, and what has come of them."""

    place: int
    asked: Asked
    deal: Deal
    cells: list[Cell]

    def __post_init__(self) -> None:
        self.came: dict[str, Answered | HarnessError] = {}

    def ended(self, store: Store | None) -> Result | HarnessError:
        """The result, or the reason why there is none."""
        errors = [came for came in self.came.values() if isinstance(came, HarnessError)]
        if errors:
            if len(errors) == len(self.cells) and len({str(error) for error in errors}) == 1:
                return errors[0]
            error = HarnessError(f"{len(errors)} of {len(self.cells)} folds failed. {errors[0]}")
            error.exit_code = errors[0].exit_code
            return error
        try:
            return self.result(store)
        except HarnessError as error:  # of slices and metrics
            return error

    def kept(self, store: Store | None) -> Result | None:
        """The result as it was scored before, where every cell, and all that scores depend on, are as they were.

        Cells that were cleaned away are missed here, and not when the answers are asked for.
        """
        found = store.scores(self.key) if store else None
        if found is None or store is None or found.get("of") != [store.held(cell.key) for cell in self.cells]:
            return None
        scores = [Score(**{**row, "value": nan if row["value"] is None else row["value"]}) for row in found["scores"]]
        return Result(
            task=self.deal.scored,
            answers=lambda: self._same_answers(store, found["predictions"]),
            answered=found["predictions"],
            scores=tuple(scores),
            denominators={name: found["denominators"][name] for name in ("correct", "wrong", *STATUSES[1:])},
            metrics=tuple(self.asked.metrics),
            **self._said(),
        )

    def result(self, store: Store | None) -> Result:
        """The answers of all cells, scored."""
        of = [self._held(cell, store) for cell in self.cells]  # before they are read: a later one is not theirs
        made = scored(self.deal.scored, self.answers(store), self.asked.metrics, self.deal.seen, **self._said())
        if store and all(of):
            rows = [plain(score) for score in made.scores]
            kept = {"scores": rows, "denominators": made.denominators, "predictions": made.answered, "of": of}
            store.put_scores(self.key, kept)
        return made

    def _held(self, cell: Cell, store: Store | None) -> str | None:
        """The digest under which the store has a cell's answers; nothing where they were not kept."""
        came = self.came.get(cell.key)
        if isinstance(came, Answered):
            return came.held
        return store.held(cell.key) if store else None

    def _said(self) -> dict[str, Any]:
        one = self.asked
        said = {"model": str(one.spec), "protocol": one.protocol, "seed": one.seed, "draw": one.draw}
        return {**said, "code": self.cells[0].recipe.code}

    def _same_answers(self, store: Store, digest: str) -> Annotations:
        """The answers that scores were kept of. Raises HarnessError where the store has others by now."""
        said = self.answers(store)
        if said.digest != digest:
            raise HarnessError(f"{self.asked.spec} was run anew meanwhile and answered otherwise. Score it again.")
        return said

    def answers(self, store: Store | None) -> Annotations:
        """One answer an item that was scored, in the order of the items."""
        parts = []
        for cell in self.cells:
            came = self.came.get(cell.key)
            if isinstance(came, Answered):
                parts.append(came.predicted)
                continue
            found = store.get(cell.key, cell.fold.test, cell.fold.task.gold) if store else None
            if found is None:
                raise HarnessError(f"the answers of {cell.name} are no longer in the store. Run it again.")
            parts.append(found)
        return joined(parts).take(self.deal.came_at)

    @functools.cached_property
    def key(self) -> str:
        """The identity of all that its scores depend on."""
        asked = [list(self.asked.metrics), list(self.asked.task.slices), self.asked.draw]
        cells = [cell.key for cell in self.cells]
        return digest([cells, self.deal.identity, asked, _scoring_code(self.asked.metrics)])


def scored(
    task: Task,
    predicted: Annotations,
    metrics: Mapping[str, Measure],
    seen: Seen | None,
    *,
    draw: int,
    **said: Any,
) -> Result:
    """The answers to the items of a task, scored; `said` is what the result says of itself."""
    task = lean(task, metrics)
    cut = cut_by(task.slices, task.items, task.gold, seen)
    scores, denominators = scoring.score(task, predicted, metrics, seed=draw, cut=cut)
    return Result(
        task=task,
        answers=lambda: predicted,
        answered=predicted.digest,
        scores=tuple(scores),
        denominators=denominators,
        draw=draw,
        metrics=tuple(metrics),
        **said,
    )


def lean(task: Task, metrics: Mapping[str, Measure]) -> Task:
    """The task with what its metrics and slices need besides the gold, so that a result depends on nothing else.

    Where a metric does not fit a gold that has its facets and the slices alone, everything stays.
    """
    needed = {name: values for name, values in task.gold.marks.items() if name in (*task.of, *task.slices)}
    gold = replace(task.gold, marks=needed, besides={})
    return task if any(metric.unfit(gold) for metric in metrics.values()) else replace(task, gold=gold)


def names_in(task: Task) -> frozenset[str]:
    """The surfaces of all gold spans of a task."""
    return frozenset(surfaces(task.items["text"], task.gold)) if task.gold.kind == "spans" else frozenset()


def _scoring_code(metrics: Mapping[str, Measure]) -> str:
    """The identity of the code that scores: all of the harness, numpy, and the metrics that are somebody's own."""
    specs = [one for text in metrics for one in specs_in(parse(text), "metrics")]
    modules = [module_of("metrics", spec.name) for spec in specs]
    own = [path.read_bytes() for module in modules for path in sorted(files_of(module))]
    return digest([_harness_code(), np.__version__, [digest_bytes(data) for data in own]])


@functools.cache
def _harness_code() -> str:
    return digest([digest_bytes(path.read_bytes()) for path in sorted(HERE.rglob("*.py"))])
