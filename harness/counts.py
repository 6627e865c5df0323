"""Gold and predicted answers -> counts, one row an item."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from harness.records import ANSWERED, Annotations, Counts

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Value = Callable[[Array, Array, Array], Array]  # hits, said, due -> value, elementwise
Formula = Callable[[Array], Array]  # totals -> values
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
    """The confusion of labels: one code for each pair of gold and predicted label that occurs."""
    k = len(gold.labels)
    said = np.where(predicted.status == ANSWERED, predicted.codes, -1).astype(np.int64)
    cell = (gold.codes.astype(np.int64) + 1) * (k + 1) + said + 1  # -1, no label, is the first row and column
    seen = np.bincount(cell, minlength=(k + 1) ** 2) > 0 if (k + 1) ** 2 <= max(len(gold), 4096) else None
    if seen is not None:
        cells = np.flatnonzero(seen)
        code = (np.cumsum(seen) - 1)[cell]
    else:
        cells, code = np.unique(cell, return_inverse=True)
    due, said = cells // (k + 1) - 1, cells % (k + 1) - 1
    vectors = np.zeros((len(cells), 3 * k + 2))
    each = np.arange(len(cells))
    for part, label, there in ((HITS, due, due == said), (SAID, said, said >= 0), (DUE, due, due >= 0)):
        there = there & (label >= 0)
        vectors[each[there], part * k + label[there]] = 1
    vectors[:, -2] = 1
    vectors[:, -1] = (due == said) & (due >= 0)
    return Counts(code.astype(np.int64), vectors)


def coded(rows: Array) -> Counts:
    """Rows (n_items, k) of whole and half numbers as the distinct ones, in order, and which of them each item has.

    One sort of packed numbers, not of whole rows.
    """
    keys = packed([(2 * column).astype(np.int64) for column in rows.T])
    _, first, code = np.unique(keys, return_index=True, return_inverse=True)
    return Counts(code.reshape(-1).astype(np.int64), rows[first])


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
        key = key * (high - low + 1) + (column - low)
        above *= high - low + 1
    return key


def by_label(value: Value) -> Formula:
    """Totals of label counts (..., k) -> the value of each label (..., n_labels)."""
    return lambda totals: value(*split_labels(totals)[:3])


def averages(value: Value) -> dict[str, Formula]:
    """Totals of label counts -> one value: the plain mean over labels, of all labels together, weighted by gold."""

    def micro(totals: Array) -> Array:
        return value(*(part.sum(axis=-1) for part in split_labels(totals)[:3]))

    def weighted(totals: Array) -> Array:
        due = split_labels(totals)[2]
        return ratio((each(totals) * due).sum(axis=-1), due.sum(axis=-1))

    each = by_label(value)
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
