"""A model on a task: folds or splits, fits and predictions, cell by cell."""

from __future__ import annotations

import random
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType

import numpy as np

from harness import scoring
from harness.annotations import Annotations, joined
from harness.errors import AskedWrongly, HarnessError, UnknownName
from harness.parts import Metric, Model, Ranking, Task
from harness.registry import Spec, make, module_of, parse, parts_within
from harness.result import Result
from harness.scoring import Measure
from harness.slicing import Seen, cut_by, surfaces
from harness.store import Store, key_of, libraries_of

FOLDS = 5
SEED = 13
TRAIN = "train"  # the split that a file of predictions is taken to have learned from
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
        many = f"task {task.name} of {task.corpus}: {len(members)} groups of annotated documents"
        if len(members) < 2:
            raise AskedWrongly(f"{many}. At least 2 are needed to learn from some and score others.")
        raise AskedWrongly(f"{many} cannot be dealt into {k} folds. Ask for 2 to {len(members)} folds.")
    groups = sorted(members)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: -len(members[group]))
    folds: list[list[int]] = [[] for _ in range(k)]
    for group in groups:
        min(folds, key=len).extend(members[group])
    return [sorted(fold) for fold in folds]


def by_split(task: Task, protocol: str) -> tuple[list[int], list[int]]:
    """The items to learn from and to score, for `train>test` or `train+dev>test`. No split is on both sides."""
    learn, arrow, score = protocol.partition(">")
    if not arrow:
        raise AskedWrongly(f'protocol "{protocol}": write LEARN>SCORE, for example train>test.')
    sides = _of_split(task, learn), _of_split(task, score)
    if set(sides[0]) & set(sides[1]):
        raise AskedWrongly(f'protocol "{protocol}" scores what it learns from. Name each split on one side alone.')
    return sides


def _of_split(task: Task, side: str) -> list[int]:
    """The items of one split, or of several joined by +."""
    present = sorted(set(task.items["split"]) - {""})
    wanted = [split.strip() for split in side.split("+")]
    for split in wanted:
        if split not in present:
            raise UnknownName(f"split of {task.corpus}", split, present)
    return [i for i, split in enumerate(task.items["split"]) if split in wanted]


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


def model_of(spec: Spec) -> Model:
    """The model that a spec names. Raises AskedWrongly where it cannot learn and answer."""
    model = make("models", spec)
    if not isinstance(model, Model):
        raise AskedWrongly(f"{spec} is no model: it needs fit(items, gold, *, seed) and predict(items).")
    return model


def run_model(
    task: Task,
    spec: Spec,
    metrics: Mapping[str, Measure],
    *,
    seed: int,
    folds: int = FOLDS,
    split: str = "",
    store: Store | None = None,
    progress: Progress = silent,
) -> Result:
    """Train a model on a task, by folds or by a split, and score it.

    A model that is `whole`, such as a file of predictions, learns nothing and is asked once.
    """
    refuse_seed(seed)
    refuse_unfit(task, spec)
    if getattr(model_of(spec), "whole", False):
        return answer_whole(task, spec, metrics, seed=seed, split=split.partition(">")[2])
    scored, predicted, seen = predict(task, spec, seed=seed, folds=folds, split=split, store=store, progress=progress)
    return _result(scored, predicted, metrics, seen, model=str(spec), protocol=split or f"{folds}-fold", seed=seed)


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
) -> Result:
    """Score answers that are at hand, in the order of the items."""
    refuse_seed(seed)
    if (predicted.kind, predicted.labels) != (task.gold.kind, task.gold.labels) or len(predicted) != len(task):
        raise AskedWrongly(f"the answers are not one {task.gold.kind} of the declared labels for each of the items.")
    if flaw := predicted.flaw(task.items):
        raise AskedWrongly(f"the answers have {flaw}.")
    seen = _seen_in(task, TRAIN, split)
    if split:
        index = _of_split(task, split)
        task, predicted = task.take(index), predicted.take(index)
    return _result(task, predicted, metrics, seen, model=model, protocol=split or "all", seed=seed)


def answer_whole(task: Task, spec: Spec, metrics: Mapping[str, Measure], *, seed: int, split: str = "") -> Result:
    """Ask a model that learns nothing about all items at once, and score all or those of one split.

    Its identity stands in for its settings.
    """
    model = model_of(spec)
    predicted = _ask(model, spec, task.take([]), task, seed)
    identity = str(getattr(model, "identity", ""))
    name = str(Spec(spec.name, {"sha256": identity[:16]})) if identity else str(spec)
    return score_answers(task, predicted, metrics, seed=seed, split=split, model=name)


def _result(
    task: Task,
    predicted: Annotations,
    metrics: Mapping[str, Measure],
    seen: Seen | None,
    *,
    model: str,
    protocol: str,
    seed: int,
) -> Result:
    cut = cut_by(task.slices, task.items, task.gold, seen)
    scores, denominators = scoring.score(task, predicted, metrics, seed=seed, cut=cut)
    return Result(
        task=task,
        predicted=predicted,
        scores=tuple(scores),
        denominators=denominators,
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
) -> tuple[Task, Annotations, Seen | None]:
    """The scored part of the task, the model's answers to it, every item answered once, and the names it had seen.

    By folds, all items are scored; by split, those on its right side. With a store, a finished cell is read
    and not run again.
    """
    if split:
        cells = [by_split(task, split)]
    else:
        dealt = folds_of(task, folds, seed)
        everything = set(range(len(task)))
        cells = [(sorted(everything - set(fold)), fold) for fold in dealt]
    modules = [module_of("models", one.name) for one in specs_in(spec)]
    code = b"\0".join(map(code_of, modules))
    libraries = sorted({name for module in modules for name in libraries_of(module)})
    parts = []
    for n, (learn, score) in enumerate(cells, 1):
        train, test = task.take(learn), task.take(score)
        key = key_of(train, test.items.without("split"), str(spec), code, libraries, seed)
        predicted = store.get(key, test.items, task.gold) if store else None
        if predicted is None:
            predicted = _ask(model_of(spec), spec, train, test, seed)
            if store:
                store.put(key, predicted)
        parts.append(predicted)
        progress(f"{task.name} · {spec} · {n} of {len(cells)}")
    order = [i for _, score in cells for i in score]
    back = np.argsort(order, kind="stable").tolist()
    scored = task.take(sorted(order))
    fold = np.repeat(np.arange(len(cells)), [len(score) for _, score in cells])[back]
    sets = [_names(task.take(learn)) for learn, _ in cells] if "name" in task.slices else None
    return scored, joined(parts).take(back), Seen(fold, sets) if sets else None


def _names(task: Task) -> frozenset[str]:
    """The surfaces of all gold spans of a task."""
    return frozenset(surfaces(task.items["text"], task.gold)) if task.gold.kind == "spans" else frozenset()


def _seen_in(task: Task, learn: str, split: str) -> Seen | None:
    """The names of the split that a model is taken to have learned from, where another one is scored."""
    if not split or split == learn or learn not in task.items["split"] or "name" not in task.slices:
        return None
    return Seen(np.zeros(len(_of_split(task, split)), np.int64), [_names(task.take(_of_split(task, learn)))])


def _ask(model: Model, spec: Spec, train: Task, test: Task, seed: int) -> Annotations:
    """One fit and the answers to the items that were held out. Raises HarnessError where the model fails.

    No model sees the splits, and what it answers is looked at before it is believed.
    """
    try:
        with one_thread(), redirect_stdout(sys.stderr):  # stdout is for the answer alone
            model.fit(train.items.without("split"), train.gold.bare, seed=seed)
            predicted = model.predict(test.items.without("split"))
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        raise HarnessError(f"{spec} failed on task {test.name}: {type(error).__name__}: {error} ({where}).") from error
    gold = test.gold
    if not isinstance(predicted, Annotations):
        raise HarnessError(f"{spec} answered task {test.name} with a {type(predicted).__name__}, not with Annotations.")
    if (predicted.kind, predicted.labels) != (gold.kind, gold.labels):
        raise HarnessError(f"{spec} answered task {test.name} with {predicted.kind} of other labels than asked for.")
    if flaw := predicted.flaw(test.items):
        raise HarnessError(f"{spec} answered task {test.name} with {flaw}.")
    return predicted


def code_of(module: ModuleType) -> bytes:
    """The code that a model is made of: its file, and of somebody's own model the files beside it that it imported."""
    own = Path(str(module.__file__)).resolve()
    if module.__name__.startswith("harness."):
        return own.read_bytes()
    files = {own}
    for other in list(sys.modules.values()):
        path = Path(getattr(other, "__file__", None) or "/")
        if path.suffix == ".py" and path.is_relative_to(own.parent) and "site-packages" not in path.parts:
            files.add(path)
    return b"\0".join(path.read_bytes() for path in sorted(files))


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


def kinds_of(spec: Spec) -> tuple[str, ...]:
    """The kinds of answer a model can give, as its module says; all where it says nothing.

    One that is made of others gives what all of them can give.
    """
    own = tuple(getattr(module_of("models", spec.name), "KINDS", ("label", "labels", "spans")))
    inner = [set(kinds_of(one)) for one in specs_in(spec)[:-1]]
    return tuple(kind for kind in own if all(kind in kinds for kinds in inner))


def specs_in(spec: Spec) -> list[Spec]:
    """A model's spec, and before it those of the models that it is made of."""
    inner = [one for specs in parts_within("models", spec).values() for where, one in specs if where == "models"]
    return [*(deep for one in inner for deep in specs_in(one)), spec]


@contextmanager
def one_thread() -> Iterator[None]:
    """One BLAS and OpenMP thread, so that sums are added in one order on any machine."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
