"""Share of contrasting pairs of items, near in wording and far in meaning, both of which were answered rightly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.annotations import Annotations
from harness.counts import Array, coded, label_counts
from harness.errors import AskedWrongly, quote, suggestion
from harness.parts import Metric
from harness.records import Counts


def pair_consistency(*, kind: str = "") -> Metric:
    """Of the pairs whose gold differs, the share of which every item is right.

    Items pair up where their documents stand in the same contrast (the mark `pair`) and they ask about the same
    holder and target, by id; whoever answers both alike, as if the change were not there, gets none. `kind` picks one
    kind of contrast, such as `minimal_pair`. A pair counts on its first item by name; of a pair that is not there
    whole, nothing counts. Range 0 to 1, higher is better. Not defined (nan) on no pairs. An item that was not answered
    is wrong.

    Source: M. Gardner et al., Evaluating models' local decision boundaries via contrast sets, 2020.
    """

    def unfit(gold: Annotations) -> str:
        if "pair" not in gold.marks:
            return "its documents stand in no contrasts. List them in their meta data."
        kinds = sorted({_kind(name) for names in gold.marks["pair"] for name in names})
        return f"no contrasts of kind {quote(kind)}. {suggestion(kind, kinds)}" if kind and kind not in kinds else ""

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        if "pair" not in gold.marks:  # a file that is read as a stream gives none
            raise AskedWrongly("pair_consistency: the gold comes without its contrasts. Score a task of a corpus.")
        whole = label_counts(gold, predicted)
        right = whole.vectors[whole.code, -1] > 0
        answer = label_counts(gold, gold).code
        rows = np.zeros((len(gold), 2))
        for pair in _pairs(gold, kind):
            if len(set(answer[pair].tolist())) > 1:
                rows[min(pair, key=lambda i: gold.item[i])] += right[pair].all(), 1
        return coded(rows)

    return Metric(kinds=("label", "labels"), count=count, score=_score, unfit=unfit, alone=False)


def _pairs(gold: Annotations, kind: str) -> list[list[int]]:
    """The positions of the items that stand in one contrast and ask the same."""
    members: dict[tuple[str, str], list[int]] = {}
    names: Sequence[Sequence[str]] = gold.marks["pair"]
    for i, (own, item) in enumerate(zip(names, gold.item, strict=True)):
        for name in own:
            if not kind or _kind(name) == kind:
                members.setdefault((name, item.rpartition("#")[2] if "#" in item else ""), []).append(i)
    return list(members.values())


def _kind(name: str) -> str:
    return name.partition(" ")[0]


def _score(totals: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(totals[..., 0] / totals[..., 1])
