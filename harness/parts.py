"""The promises that parts keep: Format, Task, Model, Metric, Rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from harness.annotations import Annotations
from harness.errors import Problem
from harness.records import Counts, Items, Kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Formula: TypeAlias = "Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]"  # totals -> values
Row = dict[str, Any]  # one document on its way in or out; the keys are those of the JSON lines format


class LeftOut(str):
    """Why an item of a file is no annotation, given in place of its row: skipped, rejected, a draft."""

    __slots__ = ()


class Shape(Protocol):
    """What a format may ask of a layer that it writes; `harness.corpus.Layer` is one."""

    @property
    def kind(self) -> str:
        """label, labels or spans."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in their frozen order."""

    @property
    def of(self) -> tuple[str, ...]:
        """The facets that a label is about besides the document: holder, target."""


@dataclass(frozen=True)
class Format:
    """Other people's files.

    `read(path, problems)` yields the number of a line or item and its row, or why it is left out; what cannot be read
    is noted as a problem. `write(rows, path, layers)` writes a file, or a folder where `suffix` is empty. It claims
    nothing: what is lost is found by reading back.
    """

    read: Callable[[Path, list[Problem]], Iterator[tuple[int, Row | LeftOut]]]
    write: Callable[[Iterable[Row], Path, Mapping[str, Shape]], None]
    suffix: str = ""  # of the file that is written; empty where it is a folder
    unit: str = ""  # that the spans are counted in; empty where the file does not say
    counts: str = "line"  # what the numbers count: line or item


@dataclass(frozen=True)
class Rendering:
    """One way to tell a run: `write(account, path)` makes a file, or a folder where `suffix` is empty.

    The account is `harness.reporting.account.Account`. The same account gives the same bytes.
    """

    write: Callable[[Any, Path], None]
    suffix: str = ""


@dataclass(frozen=True, eq=False)
class Task:
    """A question asked of a layer: items, and apart from them the gold answers."""

    name: str
    items: Items
    gold: Annotations
    metrics: tuple[str, ...]  # specs, the first is the primary one
    corpus: str  # its name
    corpus_digest: str
    of: tuple[str, ...] = ()  # the facets that an item has besides its document
    settings: Mapping[str, Any] = field(default_factory=dict)  # how the layer was asked; part of the identity
    slices: tuple[str, ...] = ()  # by what the scored items are cut besides
    readers: Mapping[str, Annotations] = field(default_factory=dict)  # who else answered, by name
    read: Sequence[bool] = ()  # of each item, whether every reader had it; where there are readers, only those count

    def __post_init__(self) -> None:
        object.__setattr__(self, "slices", tuple(dict.fromkeys(self.slices)))  # one asked for twice is one

    def __len__(self) -> int:
        return len(self.items)

    def take(self, index: Sequence[int]) -> Task:
        """The same question about some of the items."""
        readers = {name: answers.take(index) for name, answers in self.readers.items()}
        read = [self.read[i] for i in index] if readers else ()
        return replace(self, items=self.items.take(index), gold=self.gold.take(index), readers=readers, read=read)

    def __str__(self) -> str:
        return f"{self.name} of {self.corpus}: {len(self)} items, {len(self.gold.labels)} labels"


@runtime_checkable
class Model(Protocol):
    """Anything that learns from items with gold and then answers items.

    The gold handed to `fit` tells the kind of answer wanted and the labels. `seed` is the only randomness.
    `predict` may be asked for any items, none at all too, and sees no gold.
    """

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        """Learn. What was learned before is forgotten."""

    def predict(self, items: Items) -> Annotations:
        """One answer an item, in the order of the items."""


@dataclass(frozen=True)
class ByLabel:
    """The same measure of each label by itself: one Counts a label, in the order declared, and a formula on each."""

    count: Callable[[Annotations, Annotations], Sequence[Counts]]
    score: Formula


@dataclass(frozen=True)
class Metric:
    """A formula on summed counts.

    `count(gold, predicted)` gives each item a row of k numbers that may be summed over any set of items;
    `score(totals)` maps (..., k) to (...). Metrics that share one `count` are counted, and drawn, once.
    Every item has a row: one that was not answered counts as wrong. The best score is 1 where `better` is "higher";
    where it is "lower", the best is 0 and the worst the upper end of the range that the docstring says.
    """

    kinds: tuple[Kind, ...]
    count: Callable[[Annotations, Annotations], Counts]
    score: Formula
    by_label: ByLabel | None = None
    unfit: Callable[[Annotations], str] = field(default=lambda gold: "")  # why a gold of the right kind will not do
    better: Literal["higher", "lower"] = "higher"
    alone: bool = True  # whether the row of an item depends on that item alone; else each slice is counted anew


@dataclass(frozen=True)
class Ranking:
    """A measure that is no sum over items, such as an area under a curve: its value, and what each item does to it.

    `values(gold, predicted)` gives the values (1 + n_labels,), the headline first, nan where there is none, and their
    derivatives by the weight of each item (n_items, 1 + n_labels). Its interval comes from those, without draws.
    """

    kinds: tuple[Kind, ...]
    values: Callable[[Annotations, Annotations], tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
    unfit: Callable[[Annotations], str] = field(default=lambda gold: "")
    better: Literal["higher", "lower"] = "higher"
