"""A gold file and a file of predictions -> scores, block by block, so that memory does not grow with the items."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from harness import answers
from harness.answers import Asked, Block
from harness.answers.aligning import NotSorted, paired, paired_in_memory
from harness.answers.arrays import texts, values_of
from harness.columns import TaskHeader
from harness.errors import AskedWrongly
from harness.files import digest_file
from harness.records import Annotations, Items, Kind
from harness.result import Scored, interval_content, plain
from harness.scores import Score
from harness.scoring import Measure, Tally
from harness.slicing import Cut, cut_by, no_slices, refuse_unknown
from harness.version import VERSION

Ints = npt.NDArray[np.int64]
Tell = Callable[[int, int], None]  # items so far, of how many (0: not known)
Warn = Callable[[str], None]
UNITS = ("group", "document")  # columns that chance may be drawn over, the coarser first
NO_ITEMS = Items({"item": ()})  # what is known of them stands in the marks of the gold
__all__ = ["FileScores", "Question", "score_files"]


@dataclass(frozen=True)
class Question:
    """What is asked of two files: the kind of answer, the declared labels, and what else decides the scores."""

    kind: Kind
    labels: tuple[str, ...]
    slices: tuple[str, ...] = ()
    split: str = ""  # the items of this split alone
    tags: Mapping[str, Any] | None = None  # reading and scheme of tags
    task: TaskHeader | None = None  # what the gold file says of the task that it holds

    @property
    def prototype(self) -> Annotations:
        """A gold without items, to ask metrics whether they fit: it has no marks, since a stream carries none."""
        return replace(Annotations.of(self.kind, [], self.labels, []), tiers=self.tiers)

    @property
    def tiers(self) -> Mapping[str, tuple[str, ...]]:
        """The tiers of labels that the task declares."""
        return self.task.tiers if self.task else {}


@dataclass(frozen=True, eq=False)
class FileScores(Scored):
    """What came of scoring one file against another."""

    scores: tuple[Score, ...]
    denominators: Mapping[str, int]
    question: Question
    gold: Path
    predictions: Path
    digests: tuple[str, str]  # of the two files
    metrics: tuple[str, ...]
    seed: int

    @property
    def kind(self) -> str:
        """The kind of answer that was scored."""
        return self.question.kind

    @property
    def signature(self) -> str:
        """One line that says what was measured."""
        task = self.question.task
        what = (f"{self.gold.name}@{self.digests[0][:8]}", self.kind)
        if task:
            what = (f"{task.corpus}@{task.corpus_digest[:8]}", task.name)
        model = f"predictions(sha256='{self.digests[1][:16]}')"
        rest = (self.question.split or "all", model, f"seed {self.seed}", "+".join(self.metrics), f"harness {VERSION}")
        return " | ".join((*what, *rest))

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """What must come out the same whoever scores these two files."""
        task = self.question.task
        known = {
            "corpus": {"name": task.corpus, "digest": task.corpus_digest},
            "task": {"name": task.name, "of": list(task.of), **task.settings},
        } if task else {}  # fmt: skip
        return {
            **known,
            "gold": self.digests[0],
            "predictions": self.digests[1],
            "kind": self.kind,
            "labels": list(self.question.labels),
            "protocol": self.question.split or "all",
            "tags": dict(self.question.tags or {}),
            "seed": self.seed,
            "metrics": list(self.metrics),
            "slices": list(self.question.slices),
            "interval": interval_content(),
            "n": self.n,
            "denominators": dict(self.denominators),
            "scores": [plain(score) for score in self.scores],
        }


def score_files(
    predictions: Path,
    gold: Path,
    question: Question,
    metrics: Mapping[str, Measure],
    *,
    seed: int,
    forms: tuple[str, str] = ("", ""),
    tell: Tell = lambda done, total: None,
    warn: Warn = lambda said: None,
) -> FileScores:
    """Score one file of answers against another; `forms` names how each is read where its suffix does not.

    In a stream where both are sorted by item, else in memory, and then `warn` hears what that costs. One file that
    holds both, tags in columns, is read twice: gold is the last column but one, as conlleval has it.

    Raises ProblemsFound with every problem of either file.
    """
    header = answers.header(gold, forms[1])
    answers.header(predictions, forms[0])  # says no before anything is counted
    marks: dict[str, Sequence[Any]] = dict.fromkeys(header.columns, ())
    refuse_unknown(question.slices, NO_ITEMS, replace(question.prototype, marks=marks))
    unit = next((name for name in UNITS if name in header.columns), "item")
    finest = tuple(name for name in UNITS if name in header.columns)
    split = ("split",) if question.split else ()
    tags = dict(question.tags or {})
    due = Asked(
        question.kind,
        question.labels,
        gold=True,
        columns=tuple(dict.fromkeys((*finest, *question.slices, *split))),
        tags=tags | ({"column": -2} if gold.samefile(predictions) else {}),
    )
    said = Asked(question.kind, question.labels, tags=tags)

    both = (lambda: answers.read(gold, due, forms[1])), (lambda: answers.read(predictions, said, forms[0]))
    try:
        tally, name = _tallied(paired(*both, unit, predictions), question, metrics, unit, tell)
    except NotSorted as why:
        warn(f"{why}: all of both files is held in memory. Sort both by item to score them as a stream.")
        tally, name = _tallied(paired_in_memory(*both, predictions), question, metrics, unit, tell)
    return FileScores(
        scores=tuple(tally.scores(name, seed=seed)),
        denominators=tally.denominators,
        question=question,
        gold=gold,
        predictions=predictions,
        digests=(digest_file(gold), digest_file(predictions)),
        metrics=tuple(metrics),
        seed=seed,
    )


def _tallied(
    pairs: Iterator[tuple[Block, Annotations]],
    question: Question,
    metrics: Mapping[str, Measure],
    unit: str,
    tell: Tell,
) -> tuple[Tally, str]:
    """All blocks counted, and the name of the unit: a group that is never more than one document is called so."""
    tally = Tally(metrics, question.labels)
    documents = units = done = 0
    for block, predicted in pairs:
        done += len(block.item)
        tell(done, 0)
        block, predicted = _of_split(block, predicted, question.split)
        if not len(block.item):
            continue
        codes, n_units = _codes(block, unit)
        units += n_units
        documents += len(pc.unique(block.columns["document"])) if "document" in block.columns else n_units
        gold = replace(block.answers, tiers=question.tiers)
        tally.add(gold, predicted, codes, n_units, _cut(block, gold, question))
    tell(done, done)
    if not tally.blocks:
        raise AskedWrongly(f"no item {f'of split {question.split} ' if question.split else ''}to score.")
    return tally, "document" if documents == units and unit == "group" and "document" in block.columns else unit


def _of_split(block: Block, predicted: Annotations, split: str) -> tuple[Block, Annotations]:
    if not split:
        return block, predicted
    if "split" not in block.columns:
        raise AskedWrongly("the gold has no column split. Leave --split away.")
    chosen = pc.equal(block.columns["split"].cast(pa.string()), texts([split])[0])
    index = np.flatnonzero(values_of(chosen))
    columns = {name: values.filter(chosen) for name, values in block.columns.items()}
    return Block(block.item.filter(chosen), block.answers.take(index), columns), predicted.take(index)


def _codes(block: Block, unit: str) -> tuple[Ints, int]:
    """The unit of each item of a block, numbered from 0, and how many there are."""
    if unit == "item":
        return np.arange(len(block.item)), len(block.item)
    coded = block.columns[unit].cast(pa.string()).dictionary_encode()
    return values_of(coded.indices).astype(np.int64), len(coded.dictionary)


def _cut(block: Block, gold: Annotations, question: Question) -> Cut:
    if not question.slices:
        return no_slices
    columns = {name: values.to_pylist() for name, values in block.columns.items() if name in question.slices}
    marks: dict[str, Any] = {name: [value or "" for value in values] for name, values in columns.items()}
    return cut_by(question.slices, NO_ITEMS, replace(gold, marks=marks))
