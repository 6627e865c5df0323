"""What flows through the house: documents, items, annotations and scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:  # numpy is imported when columns are built, so that `check` and `--help` never load it
    import numpy as np
    import numpy.typing as npt

Kind = Literal["label", "labels", "spans"]
ITEM_COLUMNS = ("item", "document", "group", "split", "language", "text")  # besides them: facets
STATUSES = ("answered", "invalid", "missing", "abstained", "refused", "errored")
ANSWERED, INVALID, MISSING, ABSTAINED, REFUSED, ERRORED = range(len(STATUSES))

SpanTuple: TypeAlias = "tuple[int, int, str]"


@dataclass(frozen=True)
class Document:
    """One text with what is known of it. Offsets count Unicode code points of `text`, ends exclusive."""

    group: str
    name: str
    text: str
    split: str = ""
    language: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    pairs: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)  # layer -> what to judge
    gold: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)  # a layer not there: not done
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # facet -> id -> display name
    guideline: str = ""

    @property
    def id(self) -> str:
        """GROUP/NAME, unique in the corpus."""
        return f"{self.group}/{self.name}"

    def name_of(self, facet: str, name_id: str) -> str:
        """The display name of a holder, target or other facet; the id itself where it has none."""
        return self.names.get(facet, {}).get(name_id, name_id)


@dataclass(frozen=True)
class Items:
    """What a model is asked about, as columns of equal length; the gold stands apart.

    Always there: `item` (unique), `document`, `group`, `split`, `language`, `text`; for a layer that is about
    something, one column for each facet (`holder`, `target`: their names).
    """

    columns: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.columns["item"])

    def __getitem__(self, name: str) -> Sequence[str]:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def take(self, index: Iterable[int]) -> Items:
        """The items at these positions, in this order."""
        index = [int(i) for i in index]
        return Items({name: [column[i] for i in index] for name, column in self.columns.items()})

    def without(self, column: str) -> Items:
        """The items with one column less."""
        return Items({name: values for name, values in self.columns.items() if name != column})

    @property
    def digest(self) -> str:
        """The identity of all columns, each value at its place."""
        parts = [part for name in sorted(self.columns) for part in (name, *self.columns[name])]
        return _digest(part.encode("utf-8", "surrogatepass") for part in parts)


@dataclass(frozen=True, eq=False)
class Annotations:
    """Somebody's answers, columnar: gold, a person's and a model's are of this one type.

    `codes` are positions in `labels`. A label layer has one code an item, -1 where there is no answer; label
    sets and spans are flat, and item i owns the stretch `offsets[i]:offsets[i + 1]`. `status` (positions in
    STATUSES) tells an empty answer from none.
    """

    kind: Kind
    labels: tuple[str, ...]
    item: Sequence[str]
    status: npt.NDArray[np.uint8]  # (n_items,)
    codes: npt.NDArray[np.int32]  # (n_items,) or flat
    offsets: npt.NDArray[np.int64] | None = None  # (n_items + 1,)
    starts: npt.NDArray[np.int32] | None = None  # flat, code points
    ends: npt.NDArray[np.int32] | None = None  # flat, exclusive
    scores: npt.NDArray[np.float32] | None = None  # (n_items, n_labels), in label order
    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item)

    @classmethod
    def of_label(
        cls,
        item: Sequence[str],
        labels: Sequence[str],
        answers: Sequence[str | None],
        *,
        status: Sequence[int] | None = None,
        scores: npt.NDArray[np.float32] | None = None,
    ) -> Annotations:
        """One label an item. An answer outside `labels` is invalid, None is missing, unless `status` says."""
        import numpy as np

        code = {label: i for i, label in enumerate(labels)}
        codes = np.array([code.get(a, -1) if a is not None else -1 for a in answers], np.int32)
        if status is None:
            status = [
                MISSING if a is None else (ANSWERED if c >= 0 else INVALID) for a, c in zip(answers, codes, strict=True)
            ]
        state = np.asarray(status, np.uint8).reshape(len(item))
        codes[state != ANSWERED] = -1
        return cls("label", tuple(labels), item, state, codes.reshape(len(item)), scores=scores)

    @classmethod
    def of_labels(
        cls,
        item: Sequence[str],
        labels: Sequence[str],
        answers: Sequence[Iterable[str] | None],
        *,
        status: Sequence[int] | None = None,
        scores: npt.NDArray[np.float32] | None = None,
    ) -> Annotations:
        """A set of labels an item, possibly empty; None is missing, a set with an unknown label is invalid."""
        import numpy as np

        code = {label: i for i, label in enumerate(labels)}
        flat: list[int] = []
        offsets = [0]
        state: list[int] = []
        for i, answer in enumerate(answers):
            said = MISSING if answer is None else ANSWERED
            chosen = set() if answer is None else set(answer)
            if not chosen <= code.keys():
                said = INVALID
            if status is not None:
                said = status[i]
            if said == ANSWERED:
                flat.extend(sorted(code[label] for label in chosen))
            offsets.append(len(flat))
            state.append(said)
        return cls(
            "labels",
            tuple(labels),
            item,
            np.array(state, np.uint8),
            np.array(flat, np.int32),
            np.array(offsets, np.int64),
            scores=scores,
        )

    @classmethod
    def of_spans(
        cls,
        item: Sequence[str],
        labels: Sequence[str],
        answers: Sequence[Iterable[SpanTuple] | None],
        *,
        status: Sequence[int] | None = None,
        tiers: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Annotations:
        """(start, end, label) spans an item, sorted here; a span with an unknown label keeps code -1.

        Such a span matches nothing and so counts as a false positive: it is never dropped.
        """
        import numpy as np

        code = {label: i for i, label in enumerate(labels)}
        flat: list[tuple[int, int, int]] = []
        offsets = [0]
        state: list[int] = []
        for i, answer in enumerate(answers):
            said = status[i] if status is not None else MISSING if answer is None else ANSWERED
            if said == ANSWERED and answer is not None:
                flat.extend(sorted((start, end, code.get(label, -1)) for start, end, label in answer))
            offsets.append(len(flat))
            state.append(said)
        columns = np.array(flat, np.int32).reshape(len(flat), 3)
        return cls(
            "spans",
            tuple(labels),
            item,
            np.array(state, np.uint8),
            columns[:, 2].copy(),
            np.array(offsets, np.int64),
            columns[:, 0].copy(),
            columns[:, 1].copy(),
            tiers=dict(tiers or {}),
        )

    @property
    def digest(self) -> str:
        """The identity of the answers, whatever the items are called; scores beside them do not count."""
        columns = (self.status, self.codes, self.offsets, self.starts, self.ends)
        labels = (label.encode() for label in self.labels)
        return _digest([*labels, *(b"" if column is None else column.astype("<i8").tobytes() for column in columns)])

    def flaw(self, items: Items) -> str:
        """What is wrong with these answers to these items, or nothing: the promise of a model, held."""
        import numpy as np

        n, flat = len(items), self.kind != "label"
        if list(self.item) != list(items["item"]):
            return "not one answer an item, in the order of the items"
        if self.status.shape != (n,) or (self.status >= len(STATUSES)).any():
            return "a status that is none"
        if flat and (self.offsets is None or self.offsets.shape != (n + 1,) or (np.diff(self.offsets) < 0).any()):
            return "offsets that do not belong to the items"
        if len(self.codes) != (self.offsets[-1] if flat and self.offsets is not None else n):
            return "codes that do not belong to the items"
        if ((self.codes < -1) | (self.codes >= len(self.labels))).any():
            return "a label that is not declared"
        if not flat and ((self.status == ANSWERED) != (self.codes >= 0)).any():
            return "an answer without a label, or a label without an answer"
        if self.scores is not None and not (
            self.scores.shape == (n, len(self.labels)) and np.isfinite(self.scores).all()
        ):
            return "scores that are not one finite number a label"
        if self.kind == "spans":
            assert self.offsets is not None and self.starts is not None and self.ends is not None
            lengths = np.repeat([len(text) for text in items["text"]], np.diff(self.offsets)) if n else self.ends
            if ((self.starts < 0) | (self.starts >= self.ends) | (self.ends > lengths)).any():
                return "a span that is not inside its text"
        return ""

    def answer(self, i: int) -> Any:
        """The answer to item i as a person reads it: a label, a list of labels, or a list of spans.

        None where the item was not answered.
        """
        if self.status[i] != ANSWERED:
            return None
        if self.kind == "label":
            return self._name(self.codes[i])
        assert self.offsets is not None
        own = range(self.offsets[i], self.offsets[i + 1])
        if self.kind == "labels":
            return [self._name(self.codes[j]) for j in own]
        assert self.starts is not None and self.ends is not None
        return [(int(self.starts[j]), int(self.ends[j]), self._name(self.codes[j])) for j in own]

    def answers(self) -> list[Any]:
        """`answer(i)` for every item."""
        return [self.answer(i) for i in range(len(self))]

    def take(self, index: Iterable[int]) -> Annotations:
        """The answers at these positions, in this order."""
        index = [int(i) for i in index]
        item, answers = [self.item[i] for i in index], [self.answer(i) for i in index]
        status = [int(self.status[i]) for i in index]
        if self.kind == "spans":
            return Annotations.of_spans(item, self.labels, answers, status=status, tiers=self.tiers)
        scores = None if self.scores is None else self.scores[index]
        make = Annotations.of_label if self.kind == "label" else Annotations.of_labels
        return make(item, self.labels, answers, status=status, scores=scores)

    def _name(self, code: int) -> str:
        return self.labels[code] if code >= 0 else "?"


@dataclass(frozen=True, eq=False)
class Counts:
    """What a metric counts: item i has the row `vectors[code[i]]`. Rows may be summed over any set of items.

    Many items share few rows, so sums and draws are made over the vectors and how often each occurs.
    """

    code: npt.NDArray[np.int64]  # (n_items,)
    vectors: npt.NDArray[np.float64]  # (m, k)

    def __len__(self) -> int:
        return len(self.code)

    @property
    def rows(self) -> npt.NDArray[np.float64]:
        """One row an item, (n_items, k)."""
        return self.vectors[self.code]

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """How many items have each vector, (m,)."""
        import numpy as np

        return np.bincount(self.code, minlength=len(self.vectors))

    @property
    def total(self) -> npt.NDArray[np.float64]:
        """The sum of all rows, (k,)."""
        total: npt.NDArray[np.float64] = self.times @ self.vectors
        return total


def _digest(parts: Iterable[bytes]) -> str:
    """SHA-256 of byte strings, each with its length before it, so that none runs into the next."""
    import hashlib

    sums = hashlib.sha256()
    for part in parts:
        sums.update(len(part).to_bytes(8, "little") + part)
    return sums.hexdigest()


@dataclass(frozen=True)
class Score:
    """One number with the interval that chance draws around it.

    `low` and `high` are None where no interval can be given; `note` says why, or what to beware of.
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int  # items
    units: int  # what chance is drawn over
    unit: str  # "document" or "group"
    label: str = ""  # one label's own score; empty for the score as a whole
    note: str = ""

    def __str__(self) -> str:
        name = f"{self.metric}[{self.label}]" if self.label else self.metric
        about = f"n {self.n}, {self.units} {self.unit}{'s' if self.units != 1 else ''}"
        return f"{name} {show_value(self)}  {about}{f'  ({self.note})' if self.note else ''}"


def show_value(score: Score) -> str:
    """`0.612 [0.540, 0.690]`, the same everywhere a person reads a score."""
    if score.value != score.value:
        return "not defined"
    if score.low is None or score.high is None:
        return f"{score.value:.3f} [not estimable]"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
