"""Gold and predicted answers -> scores, each with the interval that chance draws around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from harness.errors import AskedWrongly
from harness.parts import Metric, Task
from harness.records import STATUSES, Annotations, Items, Score
from harness.stats.bootstrap import interval, sum_by_unit

FEWEST = 8  # units under which no interval is given
FEW = 20  # units under which the percentile interval is likely too narrow


def unit_of(items: Items) -> tuple[str, npt.NDArray[np.int64], int]:
    """What chance is drawn over: the group where documents come in groups, else the document.

    Returns its name, the unit of each item (n_items,) and how many units there are.
    """
    pairs = set(zip(items["group"], items["document"], strict=True))
    name = "document" if len({group for group, _ in pairs}) == len(pairs) else "group"
    codes: dict[str, int] = {}
    unit = [codes.setdefault(value, len(codes)) for value in items[name]]
    return name, np.array(unit, np.int64), len(codes)


def score(
    task: Task, predicted: Annotations, metrics: Mapping[str, Metric], *, seed: int, by_label: bool = True
) -> list[Score]:
    """Every metric on all items of the task, the headline first and then each label.

    Raises AskedWrongly where a metric cannot be asked of such a task.
    """
    name, unit, n_units = unit_of(task.items)
    scores: list[Score] = []
    for spec, metric in metrics.items():
        refuse_unfit(task, spec, metric)
        units = sum_by_unit(metric.count(task.gold, predicted), unit, n_units)
        total = units.sum(axis=0)
        parts = [("", metric.score)]
        if by_label and metric.by_label is not None:
            parts.append(("each", metric.by_label))
        for part, formula in parts:
            labels = list(task.gold.labels) if part else [""]
            value = np.atleast_1d(formula(total))
            low, high, note = np.full(len(labels), np.nan), np.full(len(labels), np.nan), ""
            if n_units < FEWEST:
                note = f"{n_units} {name}s are too few for an interval"
            else:
                drawn = interval(units, formula, seed=seed)
                low, high = np.atleast_1d(drawn[0]), np.atleast_1d(drawn[1])
                note = f"{n_units} {name}s: likely too narrow" if n_units < FEW else ""
            for i, label in enumerate(labels):
                flat = not low[i] < high[i]
                why = note or "every draw gives the same value"
                scores.append(
                    Score(
                        metric=spec,
                        value=float(value[i]),
                        low=None if flat else float(low[i]),
                        high=None if flat else float(high[i]),
                        n=len(task),
                        units=n_units,
                        unit=name,
                        label=label,
                        note=why if flat else note,
                    )
                )
    return scores


def refuse_unfit(task: Task, spec: str, metric: Metric) -> None:
    """Say no to a metric of another kind of answer, or of labels that the task does not have."""
    if task.gold.kind not in metric.kinds:
        wanted = " or ".join(metric.kinds)
        raise AskedWrongly(
            f"metric {spec} scores answers of kind {wanted}; task {task.name} asks for {task.gold.kind}."
        )
    if why := metric.needs(task.gold.labels):
        raise AskedWrongly(f"task {task.name}: {why}")


def denominators(gold: Annotations, predicted: Annotations) -> dict[str, int]:
    """How the n items were answered; correct and wrong are of the answered ones, and all of it sums to n.

    A set of labels or spans is correct as a whole.
    """
    state = predicted.status
    right = sum(
        said == due for said, due, status in zip(_whole(predicted), _whole(gold), state, strict=True) if status == 0
    )
    counts = {name: int((state == code).sum()) for code, name in enumerate(STATUSES)}
    answered = counts.pop("answered")
    return {"correct": right, "wrong": answered - right, **counts}


def _whole(annotations: Annotations) -> Sequence[object]:
    if annotations.kind == "label":
        return annotations.codes.tolist()
    return annotations.answers()
