"""Share of documents whose predicted main event is, in the gold, no more than background."""

from __future__ import annotations

from typing import Literal

import numpy as np

from harness.annotations import Annotations
from harness.counts import Array, item_of
from harness.errors import quote, suggestion
from harness.parts import Metric
from harness.records import Counts


def background_intrusion(*, role: str = "background", among: Literal["all", "having"] = "all") -> Metric:
    """Items whose predicted label is wrong and stands, in the gold, for an event of that role in the same document.

    Divided by all items, or, with `among="having"`, by those whose document has an event of that role: they alone
    can be got wrong in this way. Where the labels are `TYPE/SUB`, the type is looked for. Range 0 to 1, lower is
    better. Not defined (nan) on no items. An item that was not answered is no intrusion, though it is wrong: read this
    beside accuracy.

    Source: this project's own, for the confusion of news with its background: T. van Dijk, News as discourse, 1988.
    """

    def unfit(gold: Annotations) -> str:
        there = [name for name, other in gold.besides.items() if other.kind == "labels"]
        return (
            "" if role in there else f"the gold has no events of role {quote(role)} besides. {suggestion(role, there)}"
        )

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        others = gold.besides[role]
        held = np.zeros((len(gold), len(others.labels) + 1), bool)  # the last: labels that none of them has
        held[item_of(others), others.codes] = True
        place = {label: i for i, label in enumerate(others.labels)}
        near = [place.get(label, place.get(label.partition("/")[0], -1)) for label in gold.labels]
        said = np.append(near, -1)[predicted.codes]
        intruded = held[np.arange(len(gold)), said] & (predicted.codes != gold.codes)
        asked = held.any(axis=1) if among == "having" else np.ones(len(gold), bool)
        return Counts(2 * asked.astype(np.int64) + intruded, CASES)

    return Metric(kinds=("label",), count=count, score=_score, unfit=unfit, better="lower")


CASES = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], float)  # intruded, asked


def _score(totals: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(totals[..., 0] / totals[..., 1])
