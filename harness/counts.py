"""Gold and predicted answers -> counts, one row an item."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.records import ANSWERED, Annotations

Rows = npt.NDArray[np.float64]


def label_counts(gold: Annotations, predicted: Annotations) -> Rows:
    """For each label whether it was right, said, and due: rows (n_items, 3 * n_labels).

    The columns are hits of every label, then predictions of every label, then gold of every label. Works on
    one label an item and on sets. An item that was not answered has no prediction, so its gold counts as missed.
    """
    said, due = _indicators(predicted, gold.labels), _indicators(gold, gold.labels)
    return np.hstack([said & due, said, due]).astype(np.float64)


def span_counts(gold: Annotations, predicted: Annotations) -> Rows:
    """For each label the spans that match exactly, that were said, and that were due: (n_items, 3 * n_labels).

    A match is the same start, end and label, each gold span matched once. A predicted span whose label is
    unknown is said under no label, and counted in the last column: rows are (n_items, 3 * n_labels + 1).
    """
    n, k = len(gold), len(gold.labels)
    hits = np.zeros((n, k))
    said, unknown = _spans_per_label(predicted, k)
    due, _ = _spans_per_label(gold, k)
    keys_said, keys_due = _span_keys(predicted), _span_keys(gold)
    unique_due, many_due = np.unique(keys_due, axis=0, return_counts=True)
    unique_said, many_said = np.unique(keys_said, axis=0, return_counts=True)
    both = np.concatenate([unique_due, unique_said])
    _, first, code = np.unique(both, axis=0, return_index=True, return_inverse=True)
    code = code.reshape(-1)
    many = np.zeros((2, len(first)), np.int64)
    many[0, code[: len(unique_due)]] = many_due
    many[1, code[len(unique_due) :]] = many_said
    matched = many.min(axis=0)
    rows = both[first]
    known = (rows[:, 3] >= 0) & (matched > 0)
    np.add.at(hits, (rows[known, 0], rows[known, 3]), matched[known])
    return np.hstack([hits, said, due, unknown[:, None]])


def _indicators(annotations: Annotations, labels: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """(n_items, n_labels): whether the item was given the label."""
    table = np.zeros((len(annotations), len(labels)), bool)
    if annotations.kind == "label":
        answered = np.flatnonzero((annotations.status == ANSWERED) & (annotations.codes >= 0))
        table[answered, annotations.codes[answered]] = True
    else:
        table[_item_of(annotations), annotations.codes] = True
    return table


def _item_of(annotations: Annotations) -> npt.NDArray[np.int64]:
    """The position of the item that each flat answer belongs to."""
    assert annotations.offsets is not None
    return np.repeat(np.arange(len(annotations)), np.diff(annotations.offsets))


def _spans_per_label(annotations: Annotations, k: int) -> tuple[Rows, Rows]:
    counts = np.zeros((len(annotations), k + 1))
    np.add.at(counts, (_item_of(annotations), annotations.codes), 1)  # code -1 is the last column
    return counts[:, :k], counts[:, k]


def _span_keys(annotations: Annotations) -> npt.NDArray[np.int64]:
    """(n_spans, 4): item, start, end, label."""
    assert annotations.starts is not None and annotations.ends is not None
    columns = (_item_of(annotations), annotations.starts, annotations.ends, annotations.codes)
    return np.column_stack(columns).astype(np.int64)
