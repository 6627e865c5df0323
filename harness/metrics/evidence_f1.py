"""Token F1 of predicted against gold evidence: which words an answer is said to rest on."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.counts import Array, coded, f1_of, item_of, of_one
from harness.parts import Metric
from harness.records import ANSWERED, Counts

COARSE, FINE = 2.0**20, 2.0**48


def evidence_f1(*, average: Literal["item", "micro"] = "item") -> Metric:
    """F1 over the words that evidence touches, of items whose gold gives evidence.

    `item` is the mean of each item's F1, `micro` counts the words of all items together. Predicted evidence counts
    whether or not the label is right. A word is what stands between white space; a word touched twice counts once,
    and a predicted span that touches none counts as one wrong word. Range 0 to 1, higher is better; `item` is not
    defined (nan) where no gold gives evidence, `micro` is 0 there. An item that was not answered, or has no evidence
    in its prediction, says no word and has F1 0. Items whose gold gives none are left out, whatever is predicted.

    Source: J. DeYoung et al., ERASER: a benchmark to evaluate rationalized NLP models, 2020, section 4 (token F1).
    """
    if average == "micro":
        return Metric(kinds=("label", "labels"), count=_words, score=of_one(f1_of), unfit=_unfit)
    return Metric(kinds=("label", "labels"), count=_f1_of_items, score=_mean, unfit=_unfit)


def _unfit(gold: Annotations) -> str:
    return "" if {"evidence", "words"} <= set(gold.besides) else "the gold gives no evidence besides its labels."


def _words(gold: Annotations, predicted: Annotations) -> Counts:
    """Words touched by both, by the prediction, and by the gold: (3,), nothing where the gold touches none."""
    n, words = len(gold), gold.besides["words"]
    item = item_of(words)
    due = _touched(words, gold.besides["evidence"])[0]
    given = predicted.besides.get("evidence")
    said, beside = np.zeros(len(due), bool), np.zeros(n)
    if given is not None:
        said, beside = _touched(words, given.keep((predicted.status == ANSWERED)[item_of(given)]))
    hits, said_words, due_words = (np.bincount(item[mask], minlength=n) for mask in (said & due, said, due))
    rows = np.column_stack([hits, said_words + beside, due_words]).astype(np.float64)
    return coded(np.where(rows[:, 2:] > 0, rows, 0))


def _f1_of_items(gold: Annotations, predicted: Annotations) -> Counts:
    """The F1 of each item in two parts, on grids on which sums of up to 2**26 items are exact, and 1."""
    counts = _words(gold, predicted)
    f1 = of_one(f1_of)(counts.vectors)
    coarse = np.rint(f1 * COARSE) / COARSE
    rest = np.rint((f1 - coarse) * FINE) / FINE
    return Counts(counts.code, np.column_stack([coarse, rest, counts.vectors[:, 2] > 0]))


def _mean(totals: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray((totals[..., 0] + totals[..., 1]) / totals[..., 2])


def _touched(words: Annotations, spans: Annotations) -> tuple[npt.NDArray[np.bool_], Array]:
    """Which words share a character with a span, (n_words,), and how many spans of each item touch none."""
    assert words.starts is not None and words.ends is not None and spans.starts is not None and spans.ends is not None
    width = 1 + max(words.ends.max(initial=0), spans.ends.max(initial=0))
    own, other = (item_of(side).astype(np.int64) * width for side in (words, spans))
    first = np.searchsorted(own + words.ends, other + spans.starts, side="right")
    after = np.searchsorted(own + words.starts, other + spans.ends, side="left")
    there = first < after
    steps = np.zeros(len(own) + 1, np.int64)
    np.add.at(steps, first[there], 1)
    np.add.at(steps, after[there], -1)
    none = np.bincount(item_of(spans)[~there], minlength=len(words)).astype(np.float64)
    return np.cumsum(steps)[:-1] > 0, none
