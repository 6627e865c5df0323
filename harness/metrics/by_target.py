"""The mean over targets of another label metric, each target weighing the same however many items it has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.counts import Array
from harness.errors import AskedWrongly, quote, suggestion
from harness.parts import Metric
from harness.records import Counts

LARGEST = 100_000_000  # numbers in all rows together


def by_target(*, metric: Metric | str = "favor_against", target: str = "target") -> Metric:
    """The mean of `metric` over the values of a mark, each value weighing the same however many items it has.

    `target` is what divides the items: a facet of the task, or what is known of a document, one text each; an item
    where it is empty stands in no part. Values without an item do not count. Not defined (nan) on no items, or where
    the metric is not defined on some value. With the default metric: Range 0 to 1, higher is better; else range,
    direction and the cost of silence are the metric's, which may not be a ranking. Its rules hold on every part: where
    a target lacks a label, favor_against and f1 score 0 for it, so that perfect answers may stay below 1.

    A row holds how many values the gold has and 1, then a stretch for each value: whether the item is there, and its
    row of the metric. Rows of golds with other values do not add up.

    Source: S. Mohammad et al., SemEval-2016 Task 6: Detecting Stance in Tweets, 2016 (the macro-average over targets).
    """
    if not isinstance(metric, Metric):
        raise AskedWrongly("by_target: a ranking is no sum over items. Name a metric that is one, such as f1.")
    inner = metric

    def unfit(gold: Annotations) -> str:
        if target not in gold.marks:
            return f"no {quote(target)} is known of its items. {suggestion(target, list(gold.marks))}"
        if any(isinstance(value, list | tuple) for value in gold.marks[target]):
            return f"items have several values of {quote(target)}. Name a mark with one value an item."
        return inner.unfit(gold)

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        if target not in gold.marks:  # a file that is read as a stream gives none
            raise AskedWrongly(f"by_target: the gold comes without {quote(target)}. Score a task of a corpus.")
        own = inner.count(gold, predicted)
        values, place = _coded(gold.marks[target])
        k, width = len(values), own.vectors.shape[1] + 1
        if k * width * len(gold) > LARGEST:
            raise AskedWrongly(f"by_target: {k} values of {target} on {len(gold)} items are too many to score.")
        cells, code = np.unique(own.code * (k + 1) + place, return_inverse=True)
        kind, at = np.divmod(cells, k + 1)
        table = np.zeros((len(cells), k + 1, width))
        table[np.arange(len(cells)), at] = np.column_stack([np.ones(len(cells)), own.vectors[kind]])
        head = np.tile([k, 1.0], (len(cells), 1))
        rows = table[:, :k].reshape(len(cells), k * width)  # without the place of items that have no value
        return Counts(code.reshape(-1).astype(np.int64), np.hstack([head, rows]))

    def score(totals: Array) -> Array:
        flat = totals.reshape(-1, totals.shape[-1])
        some = flat[flat[:, 1] > 0]
        values = np.full(len(flat), np.nan)
        if len(some) and (k := round(some[0, 0] / some[0, 1])):
            parts = flat[:, 2:].reshape(len(flat), k, -1)
            values = _mean(inner.score(parts[..., 1:]), parts[..., 0] > 0)
        return values.reshape(totals.shape[:-1])

    return Metric(kinds=inner.kinds, count=count, score=score, unfit=unfit, better=inner.better, alone=False)


def _mean(values: Array, there: npt.NDArray[np.bool_]) -> Array:
    """The mean over the last axis of the values that are there, nan where none is."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0).sum(axis=-1) / there.sum(axis=-1))


def _coded(marks: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The values in order, and the place of each item's; the place after the last where it has none."""
    values = sorted(set(marks) - {""})
    place = {value: i for i, value in enumerate(values)}
    return values, np.array([place.get(mark, len(values)) for mark in marks], np.int64)
