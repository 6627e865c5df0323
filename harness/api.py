"""The front door: load a corpus, ask a task of it, run a model, score a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness import corpus as corpora
from harness.corpus import Corpus

if TYPE_CHECKING:  # numpy comes with the first task, not with the first corpus
    from harness.parts import Task
    from harness.result import Result
    from harness.running import Progress
    from harness.store import Store


def load(corpus: str | Path) -> Corpus:
    """The corpus in a folder; a bare name is looked for under `corpora/` too.

    Raises ProblemsFound with every problem that makes it unusable.
    """
    return corpora.load(corpora.find(corpus))


def task(name: str, corpus: Corpus | str | Path) -> Task:
    """A question asked of a corpus: one that its `corpus.toml` declares, or a layer by its name."""
    from harness.benchmark import task_of

    return task_of(name, corpus if isinstance(corpus, Corpus) else load(corpus))


def run(
    model: str,
    task: Task,
    *,
    metrics: Sequence[str] | None = None,
    seed: int = 13,
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
    from harness.registry import parse
    from harness.running import metrics_of, run_model, silent

    return run_model(
        task,
        parse(model),
        metrics_of(task, metrics),
        seed=seed,
        folds=folds,
        split=split,
        store=store,
        progress=progress or silent,
    )


def score(
    predictions: str | Path,
    task: Task,
    *,
    metrics: Sequence[str] | None = None,
    seed: int = 13,
    split: str = "",
) -> Result:
    """Score a predictions file on a task: the same kind of result as `run` gives.

    `split` scores the items of one split alone; an item that the file lacks is missing and counts as wrong.
    """
    from harness.running import metrics_of, score_file

    return score_file(task, Path(predictions), metrics_of(task, metrics), seed=seed, split=split)
