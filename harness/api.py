"""The front door: load a corpus, ask a task of it, run a model, score a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness import corpus as corpora
from harness.corpus import Corpus
from harness.errors import AskedWrongly

if TYPE_CHECKING:  # numpy comes with the first task, not with the first corpus
    from harness.annotations import Annotations
    from harness.parts import Task
    from harness.result import Result, Scored
    from harness.running import Progress
    from harness.store import Store
    from harness.streaming import FileScores


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
    slices: Sequence[str] = (),
    seed: int = 13,
    folds: int = 5,
    split: str = "",
    store: Store | None = None,
    progress: Progress | None = None,
) -> Result:
    """Train a model on a task and score it.

    By default by grouped k-fold cross-validation over all documents, so that every item is scored once;
    `split="train>test"` learns from one split and scores another instead. `metrics` are those of the task
    unless given; the first is the primary one. `slices` cut the scored items: a mark or facet by its name
    ("tags", "target"), "language", "length", "label", or "name" for names seen in training and not.
    """
    from harness.registry import parse
    from harness.running import metrics_of, run_model, silent

    return run_model(
        _sliced(task, slices),
        parse(model),
        metrics_of(task, metrics),
        seed=seed,
        folds=folds,
        split=split,
        store=store,
        progress=progress or silent,
    )


def score(
    predictions: str | Path | Annotations | Sequence[Any],
    task: Task | str | Path,
    *,
    metrics: Sequence[str] | None = None,
    slices: Sequence[str] = (),
    seed: int = 13,
    split: str = "",
    labels: Sequence[str] = (),
) -> Scored:
    """Score predictions on a task: the same kind of result as `run` gives.

    Predictions are a file, or answers in the order of the items. `split` scores the items of one split alone; an item
    that a file lacks is missing and counts as wrong. In place of a task a file of gold answers may stand, with the
    `labels` that are declared; both files are then scored in a stream.
    """
    from harness.annotations import Annotations
    from harness.running import metrics_of, score_answers, score_file

    if isinstance(task, str | Path):
        return score_files(predictions, task, metrics=metrics, slices=slices, seed=seed, split=split, labels=labels)
    if labels:
        raise AskedWrongly("labels are declared by the task. Leave them away.")
    task, asked = _sliced(task, slices), metrics_of(task, metrics)
    if isinstance(predictions, str | Path):
        return score_file(task, Path(predictions), asked, seed=seed, split=split)
    if not isinstance(predictions, Annotations):
        predictions = Annotations.of(task.gold.kind, task.items["item"], task.gold.labels, predictions)
    return score_answers(task, predictions, asked, seed=seed, split=split)


def score_files(
    predictions: Any,
    gold: str | Path,
    *,
    metrics: Sequence[str] | None = None,
    slices: Sequence[str] = (),
    seed: int = 13,
    split: str = "",
    labels: Sequence[str] = (),
    kind: str = "",
    forms: tuple[str, str] = ("", ""),
    tags: Mapping[str, str] = MappingProxyType({}),
    tell: Callable[[int, int], None] = lambda done, total: None,
    warn: Callable[[str], None] = lambda said: None,
) -> FileScores:
    """Score a file of predictions against a file of gold: Parquet, JSON lines, CSV, or tags in columns (CoNLL).

    `forms` name how predictions and gold are read where their suffixes do not tell; `tags` has the `reading` and
    `scheme` of tags. Labels are declared by the caller, or by a file that the harness wrote.
    """
    from harness import answers, streaming
    from harness.running import default_metrics, measures, refuse_seed

    refuse_seed(seed)
    if not isinstance(predictions, str | Path):
        raise AskedWrongly("predictions are answers at hand and the gold is a file. Give both as files, or use gold().")
    predictions, gold = Path(predictions), Path(gold)
    header = answers.header(gold, forms[1])
    wanted = kind or (header.task.kind if header.task else "")
    kinds = [one for one in header.kinds if wanted in ("", one)]
    if len(kinds) != 1:
        found = f"holds {' and '.join(header.kinds) or 'no label, labels or spans'}"
        raise AskedWrongly(f"{gold} {found}. Say which column is the gold: --kind label, labels or spans.")
    if len({*labels}) < len(labels):
        raise AskedWrongly(f"--labels {','.join(labels)} names a label twice. Name each once.")
    if header.task and labels:
        raise AskedWrongly(f"{gold} declares its labels itself. Leave --labels away.")
    declared = header.task.labels if header.task else tuple(labels)
    if not declared:
        there = ",".join(answers.labels_in(gold, kinds[0], forms[1]))
        raise AskedWrongly(
            f"{gold}: labels are not declared, and a score over those that happen to occur is not comparable. "
            f"The gold holds: {there}. Declare all there can be: --labels {there}"
        )
    question = streaming.Question(kinds[0], declared, _names(slices), split, dict(tags), header.task)
    asked = measures(
        str(gold), question.prototype, metrics or (header.task.metrics if header.task else default_metrics(kinds[0]))
    )
    return streaming.score_files(predictions, gold, question, asked, seed=seed, forms=forms, tell=tell, warn=warn)


def _sliced(task: Task, slices: Sequence[str]) -> Task:
    return replace(task, slices=_names(slices)) if slices else task


def _names(slices: Sequence[str]) -> tuple[str, ...]:
    """The names of slices; one may be given alone."""
    return (slices,) if isinstance(slices, str) else tuple(slices)
