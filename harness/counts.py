"""Gold and predicted answers -> counts, one row an item."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.records import ANSWERED, Counts

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Value = Callable[[Array, Array, Array], Array]  # hits, said, due -> value, elementwise
Formula = Callable[[Array], Array]  # totals -> values
Codes = npt.NDArray[np.int32]
PIECE = 1 << 16  # items looked at together, so that they stay in the cache
HITS, SAID, DUE = range(3)


def label_counts(gold: Annotations, predicted: Annotations) -> Counts:
    """For each label whether it was right, said, and due; then the item, and whether it was right as a whole.

    Rows are (3 * n_labels + 2,): hits of every label, predictions of every label, gold of every label, 1, and 1
    where the answer is right as a whole. On one label an item and on sets. An item that was not answered has no
    prediction and is wrong.
    """
    if gold.kind == predicted.kind == "label":
        return _one_label(gold, predicted)
    said, due = _indicators(predicted, gold.labels), _indicators(gold, gold.labels)
    whole = (said == due).all(axis=1) & (predicted.status == ANSWERED)
    rows = np.column_stack([said & due, said, due, np.ones(len(gold)), whole])
    return coded(rows.astype(np.float64))


def split_labels(totals: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Totals (..., 3 * n_labels + 2) -> hits, said, due, each (..., n_labels), then n and right, each (...)."""
    k = (totals.shape[-1] - 2) // 3
    hits, said, due = (totals[..., part * k : (part + 1) * k] for part in (HITS, SAID, DUE))
    return hits, said, due, totals[..., -2], totals[..., -1]


def _one_label(gold: Annotations, predicted: Annotations) -> Counts:
    """The confusion of labels: a row for each pair of gold and predicted label.

    Codes of an item without an answer are -1 already, so that the two columns are read once.
    """
    k = len(gold.labels)
    if (k + 1) ** 2 <= max(len(gold), 4096):
        return _Confusion(gold.codes, predicted.codes, k)
    cell = (gold.codes + np.int64(1)) * (k + 1) + (predicted.codes + 1)
    cells, code = np.unique(cell, return_inverse=True)
    return Counts(code.astype(np.int64), _cell_vectors(cells, k))


class _Confusion(Counts):
    """Counts of one label an item; how often each pair occurs is counted piece by piece, no item is coded for it."""

    def __init__(self, due: Codes, said: Codes, k: int) -> None:
        for name, value in (("due", due), ("said", said), ("k", k)):
            object.__setattr__(self, name, value)

    due: Codes
    said: Codes
    k: int

    def __len__(self) -> int:
        return len(self.due)

    def cells(self, part: slice) -> npt.NDArray[np.int32]:
        """The pair of labels of some items: gold * (k + 1) + predicted, each counted from -1."""
        cells = self.due[part] * np.int32(self.k + 1)
        cells += self.said[part]
        cells += np.int32(self.k + 2)
        return cells

    @functools.cached_property
    def code(self) -> Ints:
        """The pair of labels of each item, (n_items,)."""
        return self.cells(slice(None)).astype(np.int64)

    @functools.cached_property
    def vectors(self) -> Array:
        """The row of each pair, ((k + 1)², 3 * k + 2)."""
        return _cell_vectors(np.arange((self.k + 1) ** 2), self.k)

    @functools.cached_property
    def times(self) -> Ints:
        """How many items have each pair."""
        times = np.zeros((self.k + 1) ** 2, np.int64)
        for start in range(0, len(self), PIECE):
            times += np.bincount(self.cells(slice(start, start + PIECE)), minlength=len(times))
        return times


def _cell_vectors(cells: Ints, k: int) -> Array:
    """The row of each cell of the confusion, (n_cells, 3 * k + 2)."""
    due, said = cells // (k + 1) - 1, cells % (k + 1) - 1
    vectors = np.zeros((len(cells), 3 * k + 2))
    each = np.arange(len(cells))
    for part, label, there in ((HITS, due, due == said), (SAID, said, said >= 0), (DUE, due, due >= 0)):
        there = there & (label >= 0)
        vectors[each[there], part * k + label[there]] = 1
    vectors[:, -2] = 1
    vectors[:, -1] = (due == said) & (due >= 0)
    return vectors


def coded(rows: Array) -> Counts:
    """Rows (n_items, k) of whole and half numbers as the distinct ones, in order, and which of them each item has."""
    return tallied([(2 * column).astype(np.int64) for column in rows.T], per=2)


def tallied(columns: Sequence[Ints], *, per: npt.ArrayLike = 1) -> Counts:
    """Columns of whole numbers, one value an item, as distinct rows (m, k) in order, divided by `per`, and their codes.

    Small numbers make few keys, which are looked up in a table; others are sorted, packed into one number a row.
    """
    keys = packed(columns)
    n, most = len(keys), int(keys.max(initial=0)) + 1
    if most <= max(n, 4096):
        example = np.full(most, -1)
        example[keys] = np.arange(n)
        rank = np.cumsum(example >= 0) - 1
        code, example = rank[keys], example[example >= 0]
    else:
        _, example, code = np.unique(keys, return_index=True, return_inverse=True)
    vectors = np.column_stack([column[example] for column in columns]) / np.asarray(per)
    return Counts(code.reshape(-1).astype(np.int64, copy=False), vectors)


def packed(columns: Sequence[Ints]) -> Ints:
    """One number a row that is equal where all columns are equal, and ordered as they are, (n_rows,)."""
    key, above = np.zeros(len(columns[0]), np.int64), 1
    if not len(key):
        return key
    for column in columns:
        low, high = int(column.min()), int(column.max())
        if above * (high - low + 1) >= 1 << 62:
            key = np.unique(key, return_inverse=True)[1].reshape(-1).astype(np.int64)
            above = int(key.max()) + 1
        if high > low:
            if above > 1:
                key *= high - low + 1
            key += column
            if low:
                key -= low
        above *= high - low + 1
    return key


def each_label(gold: Annotations, predicted: Annotations) -> list[Counts]:
    """For every label by itself, in the order declared, rows of its hits, predictions and gold: (n_items, 3)."""
    counts = label_counts(gold, predicted)
    k = len(gold.labels)
    return [Counts(counts.code, counts.vectors[:, [label, k + label, 2 * k + label]]) for label in range(k)]


def of_one(value: Value) -> Formula:
    """Totals (..., 3) of hits, predictions and gold -> their value (...)."""
    return lambda totals: value(totals[..., HITS], totals[..., SAID], totals[..., DUE])


def joint(a: Counts, b: Counts) -> tuple[Array, Array, Ints]:
    """Two systems' counts of the same items -> the pairs of rows that occur, each (m, k), and how many items have each.

    `stats.paired` and `stats.randomization` take these as `times`: memory is that of the pairs, not of the items.
    """
    many = len(b.vectors)
    if len(a.vectors) * many <= max(4 * len(a), 1 << 16):
        times = np.bincount(a.code * many + b.code, minlength=len(a.vectors) * many)
        pairs = np.flatnonzero(times)
        times = times[pairs]
    else:
        pairs, times = np.unique(a.code * many + b.code, return_counts=True)
    return a.vectors[pairs // many], b.vectors[pairs % many], times


def averages(value: Value) -> dict[str, Formula]:
    """Totals of label counts -> one value: the plain mean over labels, of all labels together, weighted by gold."""

    def micro(totals: Array) -> Array:
        return value(*(part.sum(axis=-1) for part in split_labels(totals)[:3]))

    def weighted(totals: Array) -> Array:
        due = split_labels(totals)[2]
        return ratio((each(totals) * due).sum(axis=-1), due.sum(axis=-1))

    def each(totals: Array) -> Array:
        return value(*split_labels(totals)[:3])

    return {"macro": lambda totals: np.asarray(each(totals).mean(axis=-1)), "micro": micro, "weighted": weighted}


def f1_of(hits: Array, said: Array, due: Array) -> Array:
    """2 · hits / (said + due), 0 where nothing was said or due."""
    return ratio(2 * hits, said + due)


def ratio(part: Array, whole: Array) -> Array:
    """part / whole, 0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros_like(np.asarray(part, np.float64)), where=whole != 0)


def _indicators(annotations: Annotations, labels: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """(n_items, n_labels): whether the item was given the label."""
    table = np.zeros((len(annotations), len(labels)), bool)
    if annotations.kind == "label":
        answered = np.flatnonzero((annotations.status == ANSWERED) & (annotations.codes >= 0))
        table[answered, annotations.codes[answered]] = True
    else:
        table[item_of(annotations), annotations.codes] = True
    return table


def item_of(annotations: Annotations) -> npt.NDArray[np.int64]:
    """The position of the item that each flat answer belongs to."""
    assert annotations.offsets is not None
    return np.repeat(np.arange(len(annotations)), np.diff(annotations.offsets))
