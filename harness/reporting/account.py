"""All that a report tells of one or more runs: results, their gold, the documents, and the sentences that are true."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.annotations import Annotations
from harness.comparing import Comparison, Many, compare, compare_all, pair
from harness.errors import HarnessError
from harness.gating import seen
from harness.parts import Metric, Task
from harness.records import Document
from harness.registry import make, parse
from harness.reporting.comparison import sentence_of_many
from harness.result import Kept
from harness.scores import Score

Role = Literal["model", "floor", "reader"]
FLOORS = ("majority", "chance", "gazetteer", "blind")  # what any model must beat
READ = "read"  # the protocol of a person who answered


@dataclass(frozen=True, eq=False)
class Entry:
    """One result of a run: a model, a floor or a second reader on one task."""

    task: str  # its title in the benchmark
    name: str  # the model's name in the benchmark
    kept: Kept
    seed: int | None = None  # where a model was trained several times

    @property
    def role(self) -> Role:
        """Whether this is a model, a floor, or a person."""
        if self.kept.content["protocol"] == READ:
            return "reader"
        return "floor" if parse(str(self.kept.content["model"])).name in FLOORS else "model"

    @property
    def label(self) -> str:
        """What it is called in a picture: `tfidf`, `tfidf · seed 14`."""
        return self.name if self.seed is None else f"{self.name} · seed {self.seed}"

    @property
    def primary(self) -> Score:
        """Its score by the first metric."""
        return self.kept.headlines[0]


@dataclass(frozen=True, eq=False)
class About:
    """What is known of the corpus behind a task: what a reader must be warned of."""

    corpus: str
    version: str = ""
    licence: str = ""
    guideline: str = ""
    card: str = ""  # the data card, as Markdown
    documents: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Account:
    """Results with all that makes them readable. `tasks` and `abouts` hold what could be read again, by task title."""

    name: str
    places: tuple[str, ...]  # the runs' folders, as they were given
    entries: tuple[Entry, ...]
    tasks: Mapping[str, Task]  # with gold; absent where the corpus is not at hand or has changed
    abouts: Mapping[str, About]
    command: str  # that makes these results again
    notes: tuple[str, ...] = ()  # why something is not shown: a corpus that is gone, a run that broke off

    @property
    def titles(self) -> list[str]:
        """The tasks, in the order of the run."""
        return list(dict.fromkeys(entry.task for entry in self.entries))

    def of(self, title: str) -> list[Entry]:
        """The results on one task, the best first by the primary metric."""
        own = [entry for entry in self.entries if entry.task == title]
        sign = -1 if self.lower(title) else 1
        return sorted(own, key=lambda entry: (-sign * _value(entry.primary), entry.label))

    def metric(self, title: str) -> str:
        """The primary metric of a task, as typed."""
        return next(entry.primary.metric for entry in self.entries if entry.task == title)

    def lower(self, title: str) -> bool:
        """Whether less is better by the primary metric."""
        return self.lower_is_better(self.metric(title))

    def lower_is_better(self, metric: str) -> bool:
        """Whether less is better by a metric, given as typed."""
        return bool(make("metrics", parse(metric)).better == "lower")

    def answers(self, entry: Entry) -> Annotations | None:
        """The predictions of a result, aligned with the items of its task; None where the gold is not at hand.

        Items that were not scored (as under train>test, or not read by the reader) are missing in it.
        """
        task = self.tasks.get(entry.task)
        return None if task is None else _answers(entry, task)

    def compared(self, title: str) -> Many | None:
        """Every model against every other by the primary metric; None where that cannot be."""
        return self._compared(title)

    @functools.cache  # noqa: B019  (an account lives as long as its process writes the report)
    def _compared(self, title: str) -> Many | None:
        own = [entry for entry in self.of(title) if entry.role != "reader"]
        task = self.tasks.get(title)
        metric = make("metrics", parse(self.metric(title)))
        if task is None or len(own) < 2 or not isinstance(metric, Metric):
            return None
        try:
            return compare_all([one.kept for one in own], [one.label for one in own], task, self.metric(title), metric)
        except HarnessError:
            return None

    def sentence(self, title: str) -> str:
        """What is true of a task: who leads, by how much, and who cannot be told apart."""
        found = self.compared(title)
        if found is not None:
            return sentence_of_many(found)
        best = self.of(title)[0]
        return f"{best.label} has {self.metric(title)} {best.primary.value:.3f}"

    def between(self, title: str, base: str, candidate: str) -> Comparison | None:
        """Two results on one task held against each other by its primary metric; None where that cannot be."""
        task, own = self.tasks.get(title), {entry.label: entry for entry in self.of(title)}
        metric = make("metrics", parse(self.metric(title)))
        if task is None:
            return None
        try:
            both = pair(own[base].kept, own[candidate].kept, task, (base, candidate))
            return compare(both, {self.metric(title): metric})
        except HarnessError:
            return None

    def detectable(self, title: str) -> float | None:
        """The smallest drop that a gate would catch 8 times in 10 between the two best models; None if unknown."""
        models = [entry.label for entry in self.of(title) if entry.role != "reader"]
        found = self.between(title, models[0], models[1]) if len(models) > 1 else None
        return seen(found.primary.verdict) if found else None


def _value(score: Score) -> float:
    return score.value if score.value == score.value else float("-inf")


@functools.lru_cache(maxsize=64)
def _answers(entry: Entry, task: Task) -> Annotations:
    answered = entry.kept.item
    place = {item: i for i, item in enumerate(answered)}
    known = [place.get(item, -1) for item in task.items["item"]]
    own = task.take([i for i, at in enumerate(known) if at >= 0])
    order = [place[item] for item in own.items["item"]]
    if order != list(range(len(answered))):  # in the order in which they were answered
        back = sorted(range(len(order)), key=order.__getitem__)
        own = own.take(back)
    said = entry.kept.answers(own.items)
    at = {item: i for i, item in enumerate(own.items["item"])}
    return said.take([at.get(item, -1) for item in task.items["item"]])


def scores(account: Account) -> Iterator[tuple[Entry, Score]]:
    """Every number of every result."""
    for entry in account.entries:
        yield from ((entry, score) for score in entry.kept.scores)


def command_of(file: str, places: Sequence[str]) -> str:
    """The command that makes the results again."""
    return f"harness run {file}" if file else f"harness reproduce {' '.join(places)}"
