"""A model on a task: folds or splits, fits and predictions, cell by cell."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from harness import predictions, scoring
from harness.errors import AskedWrongly, HarnessError, UnknownName
from harness.parts import Metric, Model, Task
from harness.records import Annotations
from harness.registry import Spec, make, module_of, parse
from harness.result import Result
from harness.store import Store, key_of, libraries_of

FOLDS = 5
SEED = 13
Progress = Callable[[str], None]  # told of each cell as it is finished


def silent(_: str) -> None:
    """The progress of a run that nobody watches."""


def folds_of(task: Task, k: int, seed: int) -> list[list[int]]:
    """The items of each of k folds; a group stands in one fold whole.

    Groups are shuffled by the seed and dealt out, the largest first, each to the fold with the fewest items.
    """
    members: dict[str, list[int]] = {}
    for i, group in enumerate(task.items["group"]):
        members.setdefault(group, []).append(i)
    if not 2 <= k <= len(members):
        raise AskedWrongly(
            f"task {task.name}: {len(members)} groups cannot be dealt into {k} folds. "
            f"Ask for 2 to {len(members)} folds, or train and test by the corpus's splits."
        )
    groups = sorted(members)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: -len(members[group]))
    folds: list[list[int]] = [[] for _ in range(k)]
    for group in groups:
        min(folds, key=len).extend(members[group])
    return [sorted(fold) for fold in folds]


def by_split(task: Task, protocol: str) -> tuple[list[int], list[int]]:
    """The items to learn from and to score, for `train>test` or `train+dev>test`."""
    learn, arrow, score = protocol.partition(">")
    if not arrow:
        raise AskedWrongly(f'protocol "{protocol}": write LEARN>SCORE, for example train>test.')
    return _of_split(task, learn), _of_split(task, score)


def _of_split(task: Task, side: str) -> list[int]:
    """The items of one split, or of several joined by +."""
    present = sorted(set(task.items["split"]) - {""})
    wanted = [split.strip() for split in side.split("+")]
    for split in wanted:
        if split not in present:
            raise UnknownName(f"split of {task.corpus}", split, present)
    return [i for i, split in enumerate(task.items["split"]) if split in wanted]


def metrics_of(task: Task, metrics: Sequence[str] | None = None) -> dict[str, Metric]:
    """The metrics named, or the task's own, made and found fit for the task; names as typed."""
    made = {}
    for text in metrics if metrics is not None else task.metrics:
        spec = parse(text)
        made[str(spec)] = make("metrics", spec)
        scoring.refuse_unfit(task, str(spec), made[str(spec)])
    return made


def run_model(
    task: Task,
    spec: Spec,
    metrics: Mapping[str, Metric],
    *,
    seed: int,
    folds: int = FOLDS,
    split: str = "",
    store: Store | None = None,
    progress: Progress = silent,
) -> Result:
    """Train a model on a task, by folds or by a split, and score it."""
    scored, predicted = predict(task, spec, seed=seed, folds=folds, split=split, store=store, progress=progress)
    protocol = split or f"{folds}-fold"
    return _result(scored, predicted, metrics, model=str(spec), protocol=protocol, seed=seed)


def score_file(task: Task, path: Path, metrics: Mapping[str, Metric], *, seed: int, split: str = "") -> Result:
    """Score the answers of a predictions file, on all items or on those of one split."""
    if split:
        task = task.take(_of_split(task, split))
    predicted = predictions.read(path, task.items, task.gold.kind, task.gold.labels, task.of)
    model = str(Spec("predictions", {"path": path.name}))
    return _result(task, predicted, metrics, model=model, protocol=split or "all", seed=seed)


def _result(
    task: Task, predicted: Annotations, metrics: Mapping[str, Metric], *, model: str, protocol: str, seed: int
) -> Result:
    return Result(
        task=task,
        predicted=predicted,
        scores=tuple(scoring.score(task, predicted, metrics, seed=seed)),
        denominators=scoring.denominators(task.gold, predicted),
        model=model,
        protocol=protocol,
        metrics=tuple(metrics),
        seed=seed,
    )


def predict(
    task: Task,
    spec: Spec,
    *,
    seed: int,
    folds: int = FOLDS,
    split: str = "",
    store: Store | None = None,
    progress: Progress = silent,
) -> tuple[Task, Annotations]:
    """The scored part of the task and the model's answers to it, every item answered once.

    By folds, all items are scored; by split, those on its right side. With a store, a finished cell is read
    and not run again.
    """
    module = module_of("models", spec.name)
    refuse_unfit(task, spec)
    if getattr(make("models", spec), "whole", False):
        scored = task.take(by_split(task, split)[1]) if split else task
        model = make("models", spec)
        model.fit(scored.items, scored.gold.take([]), seed=seed)
        return scored, _checked(model.predict(scored.items), scored, spec)
    if split:
        learn, score = by_split(task, split)
        cells = [(learn, score)]
    else:
        dealt = folds_of(task, folds, seed)
        everything = set(range(len(task)))
        cells = [(sorted(everything - set(fold)), fold) for fold in dealt]
    code = Path(str(module.__file__)).read_bytes()
    parts = []
    for n, (learn, score) in enumerate(cells, 1):
        train, test = task.take(learn), task.take(score)
        key = key_of(train, test, str(spec), code, libraries_of(module), seed)
        predicted = store.get(key, test) if store else None
        if predicted is None:
            predicted = fit_and_predict(spec, train, test, seed)
            if store:
                store.put(key, predicted)
        parts.append(predicted)
        progress(f"{task.name} · {spec} · {n} of {len(cells)}")
    order = [i for _, score in cells for i in score]
    back = np.argsort(order, kind="stable").tolist()
    scored = task.take(sorted(order))
    return scored, concatenate(parts, task).take(back)


def fit_and_predict(spec: Spec, train: Task, test: Task, seed: int) -> Annotations:
    """One fit and the answers to the items that were held out. Raises HarnessError where the model fails."""
    model: Model = make("models", spec)
    try:
        with one_thread():
            model.fit(train.items, train.gold, seed=seed)
            return _checked(model.predict(test.items), test, spec)
    except HarnessError:
        raise
    except Exception as error:
        raise HarnessError(f"{spec} failed on task {train.name}: {type(error).__name__}: {error}") from error


def refuse_unfit(task: Task, spec: Spec) -> None:
    """Say no to a model that cannot give the kind of answer the task asks for."""
    if not fits(task, spec):
        wanted = " or ".join(kinds_of(spec))
        raise AskedWrongly(f"{spec} answers with {wanted}; task {task.name} asks for {task.gold.kind}.")


def fits(task: Task, spec: Spec) -> bool:
    """Whether the model gives the kind of answer that the task asks for."""
    return task.gold.kind in kinds_of(spec)


def kinds_of(spec: Spec) -> tuple[str, ...]:
    """The kinds of answer a model can give, as its module says; all where it says nothing."""
    return tuple(getattr(module_of("models", spec.name), "KINDS", ("label", "labels", "spans")))


def concatenate(parts: list[Annotations], task: Task) -> Annotations:
    """The answers of several cells, one after another."""
    item = [item for part in parts for item in part.item]
    answers = [answer for part in parts for answer in part.answers()]
    status = [int(state) for part in parts for state in part.status]
    kind, labels = task.gold.kind, task.gold.labels
    if kind == "spans":
        return Annotations.of_spans(item, labels, answers, status=status)
    tables = [part.scores for part in parts]
    scores = None if any(table is None for table in tables) else np.concatenate([t for t in tables if t is not None])
    make_ = Annotations.of_label if kind == "label" else Annotations.of_labels
    return make_(item, labels, answers, status=status, scores=scores)


def _checked(predicted: Any, task: Task, spec: Spec) -> Annotations:
    """The promise held: one answer an item, in their order, of the kind and labels asked for."""
    good = (
        isinstance(predicted, Annotations)
        and predicted.kind == task.gold.kind
        and predicted.labels == task.gold.labels
        and list(predicted.item) == list(task.items["item"])
    )
    if not good:
        raise HarnessError(f"{spec} broke its promise: one answer an item, in order, of the kind asked for.")
    return predicted


@contextmanager
def one_thread() -> Iterator[None]:
    """One BLAS and OpenMP thread, so that sums are added in one order on any machine."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
