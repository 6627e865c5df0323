"""The front door: load a corpus, ask a task of it, run a model, score a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness import corpus as corpora
from harness.corpus import Corpus
from harness.errors import UnknownName
from harness.files import inside
from harness.registry import Spec, make, parse

if TYPE_CHECKING:  # numpy comes with the first task, not with the first corpus
    from harness.parts import Metric, Task
    from harness.records import Annotations
    from harness.result import Result
    from harness.running import Progress
    from harness.store import Store

SEED = 13
USE = {"label": "label", "labels": "labels", "spans": "spans"}  # how a layer is asked where no task says


def load(corpus: str | Path) -> Corpus:
    """The corpus in a folder; a bare name is looked for under `corpora/` too.

    Raises ProblemsFound with every problem that makes it unusable.
    """
    return corpora.load(find(corpus))


def find(corpus: str | Path) -> Path:
    """The folder of a corpus given by path, or by its bare name under `corpora/`."""
    path = Path(corpus)
    if not (path / "corpus.toml").is_file() and len(path.parts) == 1:
        under = Path("corpora") / path
        if (under / "corpus.toml").is_file() and inside(Path("corpora"), under):
            return under
    return path


def task(name: str, corpus: Corpus | str | Path) -> Task:
    """A question asked of a corpus: one that its `corpus.toml` declares, or a layer by its name."""
    if not isinstance(corpus, Corpus):
        corpus = load(corpus)
    declared = corpus.schema.tasks.get(name)
    if declared is None:
        if name not in corpus.schema.layers:
            raise UnknownName(f"task of {corpus.name}", name, tasks_of(corpus))
        declared = {"layer": name}
    settings = dict(declared)
    layer = corpus.schema.layers[settings["layer"]]
    use = settings.pop("use", USE[layer.kind])
    if "metrics" in settings:
        settings["metrics"] = tuple(settings["metrics"])
    return make("tasks", Spec(use, settings), corpus, name)


def tasks_of(corpus: Corpus) -> list[str]:
    """The tasks that can be asked of a corpus: those declared, then each layer by its name."""
    return [*corpus.schema.tasks, *(name for name in corpus.schema.layers if name not in corpus.schema.tasks)]


def run(
    model: str,
    task: Task,
    *,
    metrics: Sequence[str] | None = None,
    seed: int = SEED,
    folds: int = 5,
    split: str = "",
    store: Store | None = None,
    progress: Progress | None = None,
) -> Result:
    """Train a model on a task and score it.

    By default by grouped k-fold cross-validation over all documents, so that every item is scored once;
    `split="train>test"` learns from one split and scores another instead. `metrics` are those of the task
    unless given; the first is the primary one.
    """
    from harness.running import predict, silent

    spec = parse(model)
    chosen = metrics_of(task, metrics)
    scored, predicted = predict(
        task, spec, seed=seed, folds=folds, split=split, store=store, progress=progress or silent
    )
    protocol = split or f"{folds}-fold"
    return _result(scored, predicted, chosen, model=str(spec), protocol=protocol, seed=seed)


def score(
    predictions: str | Path,
    task: Task,
    *,
    metrics: Sequence[str] | None = None,
    seed: int = SEED,
    split: str = "",
) -> Result:
    """Score a predictions file on a task: the same kind of result as `run` gives.

    `split` scores the items of one split alone; an item that the file lacks is missing and counts as wrong.
    """
    from harness import predictions as files

    chosen = metrics_of(task, metrics)
    if split:
        present = sorted(set(task.items["split"]))
        if split not in present:
            raise UnknownName(f"split of {task.corpus}", split, present)
        task = task.take([i for i, one in enumerate(task.items["split"]) if one == split])
    path = Path(predictions)
    predicted = files.read(path, task.items, task.gold.kind, task.gold.labels, task.of)
    model = str(Spec("predictions", {"path": path.name}))
    return _result(task, predicted, chosen, model=model, protocol=split or "all", seed=seed)


def metrics_of(task: Task, metrics: Sequence[str] | None) -> dict[str, Metric]:
    """The metrics asked for, or the task's own, made and found fit for the task; names as typed."""
    from harness.scoring import refuse_unfit

    made = {}
    for text in metrics if metrics is not None else task.metrics:
        spec = parse(text)
        made[str(spec)] = make("metrics", spec)
        refuse_unfit(task, str(spec), made[str(spec)])
    return made


def _result(
    task: Task, predicted: Annotations, metrics: Mapping[str, Metric], *, model: str, protocol: str, seed: int
) -> Result:
    from harness.result import Result
    from harness.scoring import denominators
    from harness.scoring import score as score_all

    return Result(
        task=task,
        predicted=predicted,
        scores=tuple(score_all(task, predicted, metrics, seed=seed)),
        denominators=denominators(task.gold, predicted),
        model=model,
        protocol=protocol,
        metrics=tuple(metrics),
        seed=seed,
    )
