"""Labels that are paths, `RELEASE/swap` under `RELEASE` -> counts of the nodes on the way to each answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.counts import Array, label_counts, split_labels
from harness.errors import AskedWrongly
from harness.records import Counts


@cache  # so that metrics which read the same counts are counted, and drawn, once
def path_counts(separator: str) -> Callable[[Annotations, Annotations], Counts]:
    """What counts the nodes that gold and prediction share, that were said, and that were due: rows (3,).

    A label stands for itself and all labels above it, to the first separator. In a set of labels each node counts
    once an item. The root of all is no node, so an answer of another type shares nothing.
    """
    if not separator:
        raise AskedWrongly('separator="": give the text between the parts of a label, such as "/".')

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        counts = label_counts(gold, predicted)
        above = ancestors(gold.labels, separator)
        said, due = (part @ above > 0 for part in split_labels(counts.vectors)[1:3])
        rows = [part.sum(axis=1) for part in (said & due, said, due)]
        return Counts(counts.code, np.column_stack(rows).astype(np.float64))

    return count


def ancestors(labels: Sequence[str], separator: str) -> Array:
    """Which nodes each label stands for, (n_labels, n_nodes) of 0 and 1.

    >>> ancestors(["RELEASE", "RELEASE/swap"], "/").tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    nodes: dict[str, int] = {}
    paths = [[nodes.setdefault(node, len(nodes)) for node in _path(label, separator)] for label in labels]
    table: npt.NDArray[np.float64] = np.zeros((len(labels), len(nodes)))
    for row, path in zip(table, paths, strict=True):
        row[path] = 1
    return table


def _path(label: str, separator: str) -> list[str]:
    parts = label.split(separator)
    return [separator.join(parts[: depth + 1]) for depth in range(len(parts))]
