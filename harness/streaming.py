"""A gold file and a file of predictions -> scores, block by block, so that memory does not grow with the items."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from harness import answers
from harness.annotations import Annotations
from harness.answers import UNITS, Asked, Block
from harness.answers.aligning import NotSorted, paired, paired_in_memory
from harness.answers.arrays import texts, values_of
from harness.columns import TaskHeader
from harness.errors import AskedWrongly, UnknownName
from harness.files import digest_file
from harness.parts import Ranking
from harness.records import Items, Kind
from harness.registry import Spec
from harness.result import Scored, interval_content, plain
from harness.scores import Score
from harness.scoring import Measure, Tally
from harness.slicing import Cut, cut_by, no_slices, refuse_unknown
from harness.version import VERSION

Ints = npt.NDArray[np.int64]
Tell = Callable[[int, int], None]  # items so far, of how many (0: not known)
Warn = Callable[[str], None]
TAGS = {"reading": "default", "scheme": "IOB2"}  # of tags, where nothing else is said
NO_ITEMS = Items({"item": ()})  # what is known of them stands in the marks of the gold
__all__ = ["FileScores", "Question", "score_files"]


@dataclass(frozen=True)
class Question:
    """What is asked of two files: the kind of answer, the declared labels, and what else decides the scores."""

    kind: Kind
    labels: tuple[str, ...]
    slices: tuple[str, ...] = ()
    split: str = ""  # the items of this split alone, or of several joined by +
    tags: Mapping[str, Any] = field(default_factory=dict)  # reading and scheme, where a file holds tags
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
        asked = Spec(self.kind, {"labels": list(self.question.labels), **self.question.tags})
        what = (f"{self.gold.name}@{self.digests[0][:8]}", str(asked))
        if task:
            what = (f"{task.corpus}@{task.corpus_digest[:8]}", task.name)
        model = str(Spec("predictions", {"sha256": self.digests[1][:16]}))
        rest = (self.question.split or "all", model, f"seed {self.seed}", "+".join(self.metrics), f"harness {VERSION}")
        return " | ".join((*what, *rest))

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """What must come out the same whoever scores these two files.

        The bytes of a task's file are no part of it: compression changes them, and the corpus's digest says the gold.
        """
        task = self.question.task
        gold = {
            "corpus": {"name": task.corpus, "digest": task.corpus_digest},
            "task": {"name": task.name, "of": list(task.of), **task.settings},
        } if task else {"gold": self.digests[0]}  # fmt: skip
        return {
            **gold,
            "predictions": self.digests[1],
            "kind": self.kind,
            "labels": list(self.question.labels),
            "protocol": self.question.split or "all",
            "tags": dict(self.question.tags),
            "seed": self.seed,
            "metrics": list(self.metrics),
            "slices": list(self.question.slices),
            "interval": interval_content(self.metrics),
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

    Raises ProblemsFound with every problem of either file, AskedWrongly where they cannot be asked so.
    """
    header = answers.header(gold, forms[1])
    answers.header(predictions, forms[0])  # says no before anything is counted
    marks: dict[str, Sequence[Any]] = dict.fromkeys(header.columns, ())
    refuse_unknown(question.slices, NO_ITEMS, replace(question.prototype, marks=marks))
    units = [name for name in UNITS if name in header.columns]
    unit = units[0] if units else "item"
    if question.split and "split" not in header.columns:
        raise AskedWrongly("the gold has no column split. Leave --split away.")
    split = ("split",) if question.split else ()
    forms = answers.name_of(predictions, forms[0]), answers.name_of(gold, forms[1])
    question = replace(question, tags=_tags(question.tags, forms))
    if forms == ("conll", "conll"):
        from harness.answers.conll import refuse_other_tokens

        refuse_other_tokens(gold, predictions)
    due = Asked(
        question.kind,
        question.labels,
        gold=True,
        columns=tuple(name for name in dict.fromkeys((*units, *question.slices, *split)) if name in header.columns),
        tags={**question.tags, **({"column": -2} if gold.samefile(predictions) else {})},
        evidence=False,
    )
    said = Asked(question.kind, question.labels, tags=question.tags, evidence=False)

    both = (lambda: answers.read(gold, due, forms[1])), (lambda: answers.read(predictions, said, forms[0]))
    whole = [spec for spec, metric in metrics.items() if isinstance(metric, Ranking)]
    try:
        if whole:
            raise NotSorted(f"metric {whole[0]} needs all answers at once")
        tally, name = _tallied(paired(*both, unit, predictions), question, metrics, unit, tell)
    except NotSorted as why:
        remedy = "Leave it out" if whole else "Sort both by item"
        warn(f"{why}: all of both files is held in memory. {remedy} to score them as a stream.")
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
    splits: set[str] = set()
    for block, predicted in pairs:
        done += len(block.item)
        tell(done, 0)
        if question.split:
            block, predicted = _of_split(block, predicted, question.split, splits)
        if not len(block.item):
            continue
        codes, n_units = _codes(block, unit)
        units += n_units
        documents += len(pc.unique(block.columns["document"])) if "document" in block.columns else n_units
        gold = replace(block.answers, tiers=question.tiers)
        named = replace(predicted, item=_Names(block.item))  # for messages
        tally.add(gold, named, codes, n_units, _cut(block, gold, question))
    tell(done, done)
    for name in _wanted(question.split):
        if name not in splits:
            raise UnknownName("split of the gold", name, splits)
    if not tally.blocks:
        raise AskedWrongly("no item to score.")
    return tally, "document" if documents == units and unit == "group" and "document" in block.columns else unit


class _Names(Sequence[str]):
    """Names of items that stay in their column until one is asked for."""

    def __init__(self, column: pa.Array) -> None:
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, place: Any) -> Any:
        return _Names(self.column[place]) if isinstance(place, slice) else self.column[int(place)].as_py()


def _tags(given: Mapping[str, Any], forms: tuple[str, str]) -> Mapping[str, Any]:
    """Reading and scheme of tags, as they are said or else are; nothing where no file holds tags."""
    if "conll" in forms:
        return {**TAGS, **given}
    if given:
        raise AskedWrongly(f"{' and '.join(given)} are of tags, and neither file holds tags. Leave them away.")
    return {}


def _wanted(split: str) -> list[str]:
    return [name.strip() for name in split.split("+")] if split else []


def _of_split(block: Block, predicted: Annotations, split: str, seen: set[str]) -> tuple[Block, Annotations]:
    """The items of the wanted splits; the names of all splits go into `seen`."""
    own = block.columns["split"].cast(pa.string())
    seen.update(name for name in pc.unique(own).to_pylist() if name)
    chosen = pc.is_in(own, value_set=texts(_wanted(split)))
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
