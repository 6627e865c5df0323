"""A model on a task: what is asked of it, and the scores that come of its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness import scoring
from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError
from harness.parts import Metric, Ranking, Task
from harness.registry import Spec, make, module_of, parse
from harness.result import Result
from harness.running.cells import Cell, Recipe, by_split, folds_of, identity_of, kinds_of, of_split
from harness.running.fitting import ask, model_of
from harness.running.plans import FOLDS, SEED, Asked, Deal, Plan, names_in, scored
from harness.running.working import finished
from harness.scoring import Measure
from harness.slicing import Seen
from harness.store import Store

__all__ = [
    "FOLDS", "SEED", "Asked", "Progress", "Step", "answer_whole", "by_split", "default_metrics", "fits", "folds_of",
    "kinds_of", "measures", "metrics_of", "model_of", "refuse_seed", "refuse_unfit", "run_all", "run_model",
    "score_answers", "score_file", "silent",
]  # fmt: skip

TRAIN = "train"  # the split that a file of predictions is taken to have learned from


@dataclass(frozen=True)
class Step:
    """What progress is told as each cell ends."""

    said: str  # which cell it was
    failed: int = 0  # cells so far
    spent: Mapping[str, float] = field(default_factory=dict)  # so far: requests, tokens, cost


Progress = Callable[[Step], None]


def silent(_: Step) -> None:
    """The progress of a run that nobody watches."""


def metrics_of(task: Task, metrics: Sequence[str] | None = None) -> dict[str, Measure]:
    """The metrics named, or the task's own, made and found fit for the task; names as typed."""
    return measures(f"task {task.name}", task.gold, task.metrics if metrics is None else metrics)


def default_metrics(kind: str) -> tuple[str, ...]:
    """The metrics of a task of this kind that names none."""
    metrics: tuple[str, ...] = module_of("tasks", kind).METRICS
    return metrics


def measures(name: str, gold: Annotations, metrics: Sequence[str]) -> dict[str, Measure]:
    """The metrics named, made and found fit for such a gold, asked by a task or file of this name."""
    made = {}
    for text in [metrics] if isinstance(metrics, str) else metrics:
        spec = parse(text)
        metric = make("metrics", spec)
        if not isinstance(metric, Metric | Ranking):
            raise AskedWrongly(f"{spec} is no metric: it gives a {type(metric).__name__}.")
        scoring.refuse_unfit(name, gold, str(spec), metric)
        made[str(spec)] = metric
    return made


def run_model(
    task: Task,
    spec: Spec,
    metrics: Mapping[str, Measure],
    *,
    seed: int,
    folds: int = FOLDS,
    split: str = "",
    store: Store | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Result:
    """Train a model on a task, by folds or by a split, and score it.

    A model that is `whole`, such as a file of predictions, learns nothing and is asked once.
    """
    asked = Asked(task, spec, metrics, seed, folds, split, seed)
    [(_, came)] = run_all([asked], store=store, workers=workers, progress=progress)
    if isinstance(came, HarnessError):
        raise came
    return came


def run_all(
    asked: Sequence[Asked],
    *,
    store: Store | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Iterator[tuple[int, Result | HarnessError]]:
    """What comes of each, with its position, in the order in which they end.

    With a store, a finished cell is read and not run again, and scores that were counted are not counted again.
    """
    plans: list[Plan] = []
    deals: dict[tuple[Any, ...], Deal] = {}
    recipes: dict[str, Recipe] = {}
    for i, one in enumerate(asked):
        try:
            refuse_seed(one.seed)
            refuse_unfit(one.task, one.spec)
            if getattr(model_of(one.spec), "whole", False):
                yield i, answer_whole(one.task, one.spec, one.metrics, seed=one.seed, split=one.split.partition(">")[2])
                continue
            of = (id(one.task), *one.metrics, one.folds, one.split, one.draw, one.fraction)
            if of not in deals:
                deals[of] = Deal.of(one)
            folds = deals[of].folds
            if str(one.spec) not in recipes:
                recipes[str(one.spec)] = Recipe.of(one.spec)
            recipe = recipes[str(one.spec)]
            cells = [
                Cell(fold, recipe, one.seed, f"{one.task.name} · {one.spec} · {n} of {len(folds)}")
                for n, fold in enumerate(folds, 1)
            ]
            plans.append(Plan(i, one, deals[of], cells))
        except HarnessError as error:
            yield i, error
    yield from _worked_off(plans, store, workers, progress)


def _worked_off(
    plans: Sequence[Plan], store: Store | None, workers: int, progress: Progress
) -> Iterator[tuple[int, Result | HarnessError]]:
    """Each plan's result as soon as its last cell ends; a cell that two plans share is run once."""
    waiting: dict[str, list[Plan]] = {}  # key of a cell that has to be run -> who waits for it
    cells: dict[str, Cell] = {}
    failed, spent = 0, dict[str, float]()
    for plan in plans:
        if (kept := plan.kept(store)) is None:
            for cell in plan.cells:
                if store is None or cell.key not in store:
                    waiting.setdefault(cell.key, []).append(plan)
                    cells.setdefault(cell.key, cell)
        done = [cell for cell in plan.cells if cell.key not in waiting]
        for cell in done:
            progress(Step(cell.name))
        if len(done) == len(plan.cells):
            yield plan.place, kept or plan.ended(store)
    for i, came in finished(list(cells.values()), store=store, workers=workers):
        key = [*cells][i]
        if isinstance(came, HarnessError):
            failed += 1
        else:
            spent = {name: spent.get(name, 0) + much for name, much in {**spent, **came.spent}.items()}
        for plan in waiting[key]:
            plan.came[key] = came
            progress(Step(cells[key].name, failed, spent))
            if all(cell.key in plan.came or cell.key not in waiting for cell in plan.cells):
                yield plan.place, plan.ended(store)


def score_file(task: Task, path: Path, metrics: Mapping[str, Measure], *, seed: int, split: str = "") -> Result:
    """Score the answers of a predictions file, on all items or on those of one split."""
    refuse_seed(seed)
    spec = Spec("predictions", {"path": str(path)})
    return answer_whole(task, spec, metrics, seed=seed, split=split)


def score_answers(
    task: Task,
    predicted: Annotations,
    metrics: Mapping[str, Measure],
    *,
    seed: int,
    split: str = "",
    model: str = "answers",
    protocol: str = "all",
) -> Result:
    """Score answers that are at hand, in the order of the items; `protocol` says where no split does how they came."""
    refuse_seed(seed)
    if (predicted.kind, predicted.labels) != (task.gold.kind, task.gold.labels) or len(predicted) != len(task):
        raise AskedWrongly(f"the answers are not one {task.gold.kind} of the declared labels for each of the items.")
    if flaw := predicted.flaw(task.items):
        raise AskedWrongly(f"the answers have {flaw}.")
    seen = _seen_in(task, TRAIN, split)
    if split:
        index = of_split(task, split)
        task, predicted = task.take(index), predicted.take(index)
    return scored(task, predicted, metrics, seen, model=model, protocol=split or protocol, seed=seed, draw=seed)


def answer_whole(task: Task, spec: Spec, metrics: Mapping[str, Measure], *, seed: int, split: str = "") -> Result:
    """Ask a model that learns nothing about all items at once, and score all or those of one split.

    Its identity stands in for its settings.
    """
    model = model_of(spec)
    nothing, items = task.take([]), task.items.without("split")
    predicted = ask(model, spec, nothing.items.without("split"), nothing.gold.bare, items, task=task.name, seed=seed)
    identity = identity_of(model, spec)
    name = str(Spec(spec.name, {"sha256": identity[:16]})) if identity else str(spec)
    return score_answers(task, predicted, metrics, seed=seed, split=split, model=name)


def _seen_in(task: Task, learn: str, split: str) -> Seen | None:
    """The names of the split that a model is taken to have learned from, where another one is scored."""
    if not split or split == learn or learn not in task.items["split"] or "name" not in task.slices:
        return None
    return Seen(np.zeros(len(of_split(task, split)), np.int64), [names_in(task.take(of_split(task, learn)))])


def refuse_seed(seed: int) -> None:
    """Say no to a seed that some library would not take."""
    if not 0 <= seed < 2**32:
        raise AskedWrongly(f"seed {seed}: give a whole number from 0 to {2**32 - 1}.")


def refuse_unfit(task: Task, spec: Spec) -> None:
    """Say no to a model that cannot give the kind of answer the task asks for, or has nothing to learn from."""
    if "text" not in task.items:
        raise AskedWrongly(f"task {task.name} has no texts for {spec} to read. Give them: gold(..., texts=...).")
    if not fits(task, spec):
        wanted = " or ".join(kinds_of(spec))
        raise AskedWrongly(f"{spec} answers with {wanted}; task {task.name} asks for {task.gold.kind}.")


def fits(task: Task, spec: Spec) -> bool:
    """Whether the model gives the kind of answer that the task asks for."""
    return task.gold.kind in kinds_of(spec)
