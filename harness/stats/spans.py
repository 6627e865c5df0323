"""Pairwise F1 of spans between annotators: how many spans two annotators both have, of all they have.

Two spans match when start, end and label are the same, each matched once. The hits and the spans of all pairs of
annotators of a document are summed, so the value is micro F1 over pairs: 0 to 1, higher is better, nan (not defined)
where nobody marked a span. With two annotators it is the F1 of one against the other, whichever is gold. F1 has no
correction for chance; where most of a text is no span it comes near kappa.

Source: G. Hripcsak and A. S. Rothschild, Agreement, the F-measure, and reliability in information retrieval, 2005.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def span_keys(document: Codes, start: Codes, end: Codes, label: Codes) -> Codes:
    """One integer a span (n_spans,), equal where document, start, end and label are; sorted by them in that order.

    Raises OverflowError where the four ranges do not fit in 63 bits together.
    """
    columns = (document, start, end, label)
    if min(int(column.min(initial=0)) for column in columns) < 0:
        raise ValueError("documents, offsets and labels must not be negative")
    widths = [int(column.max(initial=0)).bit_length() for column in columns]
    if sum(widths) > 63:
        raise OverflowError(f"span keys want {sum(widths)} bits, of 63")
    keys = np.zeros(len(document), np.int64)
    for column, width in zip(columns, widths, strict=True):
        keys = (keys << width) | column.astype(np.int64)
    return keys


def pair_counts(
    document: Codes, start: Codes, end: Codes, label: Codes, rater: Codes, *, answered: Flags, n_labels: int
) -> Array:
    """Summable rows (n_documents, n_labels, 2): for each label twice the matches, and the spans, over pairs of raters.

    The columns are one a span (n_spans,); `answered` (n_raters, n_documents) is whether the rater did the document,
    spans or not. All zero where fewer than two did. A span that a rater has twice can match two of another.
    Raises ValueError where a span comes from a rater who did not answer, OverflowError as `span_keys`.
    """
    if not answered[rater, document].all():
        raise ValueError("a span comes from a rater who did not answer its document")
    keys = span_keys(document, start, end, label)
    order = np.lexsort((rater, keys))
    keys, who, cell = keys[order], rater[order], (document * n_labels + label)[order]
    index = np.arange(len(keys))
    again = np.zeros(len(keys), bool)
    again[1:] = (keys[1:] == keys[:-1]) & (who[1:] == who[:-1])
    copy = index - np.maximum.accumulate(np.where(again, 0, index))  # how many of the same the rater had before
    order = np.lexsort((copy, keys))
    keys, copy, cell = keys[order], copy[order], cell[order]
    new = np.ones(len(keys), bool)
    new[1:] = (keys[1:] != keys[:-1]) | (copy[1:] != copy[:-1])
    first = np.flatnonzero(new)
    holders = np.diff(first, append=len(keys)).astype(np.float64)

    n_documents = answered.shape[1]
    shape = (n_documents, n_labels)
    many = n_documents * n_labels
    twice_hits = np.bincount(cell[first], holders * (holders - 1), minlength=many).reshape(shape)
    spans = np.bincount(cell, minlength=many).reshape(shape) * np.maximum(answered.sum(axis=0) - 1, 0)[:, None]
    return np.stack([twice_hits, spans], axis=-1)


def pairwise_f1(totals: Array) -> Array:
    """F1 over all labels of sums (..., n_labels, 2) of rows -> (...), 0 to 1; nan where there is no span."""
    return _ratio(totals.sum(axis=-2))


def pairwise_f1_by_label(totals: Array) -> Array:
    """F1 of each label of sums (..., n_labels, 2) of rows -> (..., n_labels), 0 to 1; nan where there is no span."""
    return _ratio(totals)


def _ratio(counts: Array) -> Array:
    above, below = counts[..., 0], counts[..., 1]
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
