"""Krippendorff's unitizing alpha: agreement on where labelled spans begin and end, and on their labels.

The variant is u-alpha (nominal) of 2016, for two or more annotators, and its binary |u-alpha, which asks only what is
marked. A text is cut by each annotator into units (spans) and gaps; every character of the text has a value for each
annotator, its label or "gap". Observed is the length on which two annotators of a text differ. Expected are all
pairings of characters of the whole, without those of a unit with itself: a unit is one decision, so it takes the
square of its length from the pairs; a gap has no structure, so it takes its length alone. Therefore texts can be put
end to end without a change, and u-alpha is a formula on sums over texts. It is

    1 - (l^2 - T) / l * sum_{c != k} l_ck / sum_{c != k} l_c l_k,   T = sum of squared units + length of gaps

with l_ck the intersections (each pair of m annotators weighing 1 / (m - 1)), l_c their margins, l their total.
1 is perfect, 0 what chance gives, below 0 worse; higher is better. nan (not defined) where all have one and the same
value everywhere, as when nobody marked anything.

The older alpha of 1995 (squared differences; DKPro's) is another number. Units of one annotator must not overlap:
ask nested layers one tier or one label at a time.

Sources: K. Krippendorff, Y. Mathet, S. Bouvry, A. Widlöcher, On the reliability of unitizing textual continua: further
developments, Quality & Quantity 50, 2016, equations 1-6; K. Krippendorff, Content analysis, 4th edition 2019, 12.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spans:
    """Columns (n_spans,): document and rater counted from 0, start, end (exclusive) and label code."""

    document: Codes
    rater: Codes
    start: Codes
    end: Codes
    label: Codes


def intersections(spans: Spans, lengths: Codes, answered: Flags, n_labels: int) -> Array:
    """Summable rows (n_documents, n_labels + 5) of the spans that raters marked in documents.

    `lengths` (n_documents,) is how many characters a document has; `answered` (n_raters, n_documents) whether the
    rater did it at all, spans or not. The columns are the length on which raters differ, that on which they differ
    between span and gap, and the length they have, all three times one whole number, so that sums are exact; T; the
    length of gaps; the length of each label. All zero where fewer than two raters answered.
    Raises ValueError where spans overlap, are empty, leave the document, or come from who did not answer.
    """
    _refuse(spans, lengths, answered, n_labels)
    n = len(lengths)
    raters = answered.sum(axis=0)
    size = (spans.end - spans.start).astype(np.float64)

    cell = spans.document * n_labels + spans.label
    labelled = _sums(cell, size, n * n_labels).reshape(n, n_labels)
    marked = labelled.sum(axis=1)
    whole = (raters * lengths).astype(np.float64)
    same_label = _squares(cell, spans, n * n_labels).reshape(n, n_labels).sum(axis=1)
    same_span = _squares(spans.document, spans, n)
    same_gap = raters * whole - 2 * raters * marked + same_span
    differ = raters * whole - same_label - same_gap
    differ_marked = 2 * (raters * marked - same_span)
    gaps = whole - marked
    self_pairs = _sums(spans.document, size**2, n) + gaps
    paired = raters >= 2
    others = np.maximum(raters - 1, 1)
    scale = math.lcm(*np.unique(others[paired]).astype(int).tolist())
    scaled = np.column_stack([differ, differ_marked, whole * others]) * (scale / others)[:, None]
    return np.where(paired[:, None], np.column_stack([np.rint(scaled), self_pairs, gaps, labelled]), 0.0)


def u_alpha(totals: Array) -> Array:
    """Agreement on spans and their labels: sums (..., n_labels + 5) of rows -> (...), at most 1; nan: not defined."""
    values = totals[..., 4:]
    n = values.sum(axis=-1)
    return _alpha(totals[..., 0], totals, n**2 - (values**2).sum(axis=-1))


def u_alpha_marked(totals: Array) -> Array:
    """|u-alpha, agreement on what is marked whatever the label: sums (..., n_labels + 5) -> (...), as `u_alpha`."""
    gaps, marked = totals[..., 4], totals[..., 5:].sum(axis=-1)
    return _alpha(totals[..., 1], totals, 2 * gaps * marked)


def _alpha(differ: Array, totals: Array, could_differ: Array) -> Array:
    n = totals[..., 4:].sum(axis=-1)
    above, below = differ * (n**2 - totals[..., 3]), totals[..., 2] * could_differ
    return 1 - np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def _squares(stretch: Codes, spans: Spans, n_stretches: int) -> Array:
    """(n_stretches,): at each character the square of how many spans of the stretch cover it, summed."""
    where = np.concatenate([stretch, stretch])
    at = np.concatenate([spans.start, spans.end])
    step = np.repeat([1, -1], len(stretch))
    order = np.lexsort((at, where))
    where, at = where[order], at[order]
    cover = np.cumsum(step[order])  # back to 0 at the end of each stretch
    width = np.diff(at, append=at[-1:])
    return _sums(where, cover.astype(np.float64) ** 2 * width, n_stretches)


def _sums(of: Codes, values: Array, many: int) -> Array:
    return np.bincount(of, values, minlength=many).astype(np.float64)  # no spans at all would give integers


def _refuse(spans: Spans, lengths: Codes, answered: Flags, n_labels: int) -> None:
    if ((spans.start < 0) | (spans.end <= spans.start) | (spans.end > lengths[spans.document])).any():
        raise ValueError("a span is empty or leaves its document")
    if ((spans.label < 0) | (spans.label >= n_labels)).any():
        raise ValueError(f"labels must be codes from 0 to {n_labels - 1}")
    if not answered[spans.rater, spans.document].all():
        raise ValueError("a span comes from a rater who did not answer its document")
    order = np.lexsort((spans.start, spans.rater, spans.document))
    document, rater = spans.document[order], spans.rater[order]
    follows = (document[1:] == document[:-1]) & (rater[1:] == rater[:-1])
    if (follows & (spans.start[order][1:] < spans.end[order][:-1])).any():
        raise ValueError("spans of one rater overlap: unitizing alpha wants one tier or one label at a time")
