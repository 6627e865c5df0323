"""Gold and predicted answers -> scores, each with the interval that chance draws around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from harness.errors import AskedWrongly
from harness.parts import Metric, Task
from harness.records import STATUSES, Annotations, Counts, Items, Score
from harness.stats.bootstrap import FEW, FEWEST, intervals, sum_by_unit
from harness.stats.distinct import distinct, merged


def unit_of(items: Items) -> tuple[str, npt.NDArray[np.int64], int]:
    """What chance is drawn over: the group where documents come in groups, else the document.

    Returns its name, the unit of each item (n_items,) and how many units there are.
    """
    pairs = set(zip(items["group"], items["document"], strict=True))
    name = "document" if len({group for group, _ in pairs}) == len(pairs) else "group"
    codes: dict[str, int] = {}
    unit = [codes.setdefault(value, len(codes)) for value in items[name]]
    return name, np.array(unit, np.int64), len(codes)


def score(task: Task, predicted: Annotations, metrics: Mapping[str, Metric], *, seed: int) -> list[Score]:
    """Every metric on all items of the task, the headline first and then each label.

    Raises AskedWrongly where a metric cannot be asked of such a task.
    """
    name, unit, n_units = unit_of(task.items)
    scores: list[Score] = []
    for spec, metric in metrics.items():
        refuse_unfit(task, spec, metric)
        counts = metric.count(task.gold, predicted)
        vectors, times = units_of(counts, unit, n_units)
        formulas = [metric.score]
        if metric.by_label is not None:
            formulas.append(metric.by_label)
        enough = n_units >= FEWEST
        nothing = [(np.array(np.nan), np.array(np.nan))] * len(formulas)
        drawn = intervals(vectors, times, formulas, seed=seed) if enough else nothing
        for formula, (lows, highs) in zip(formulas, drawn, strict=True):
            labels = [""] if formula is metric.score else list(task.gold.labels)
            values = np.broadcast_to(formula(counts.total), len(labels))
            ends = [np.broadcast_to(end, len(labels)) for end in (lows, highs)]
            for label, value, low, high in zip(labels, values, *ends, strict=True):
                flat = not low < high  # also where an end is not defined
                scores.append(
                    Score(
                        metric=spec,
                        value=float(value),
                        low=None if flat else float(low),
                        high=None if flat else float(high),
                        n=len(task),
                        units=n_units,
                        unit=name,
                        label=label,
                        note=_note(n_units, name, flat, bool(np.isnan(low))),
                    )
                )
    return scores


def units_of(
    counts: Counts, unit: npt.NDArray[np.int64], n_units: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The distinct vectors of units (m, k), sorted, and how many units have each (m,).

    Where every unit is one item, its vectors are the items' own and nothing is summed.
    """
    if n_units == len(counts):
        there = np.flatnonzero(counts.times)
        return merged(counts.vectors[there], counts.times[there])
    return distinct(sum_by_unit(counts.rows, unit, n_units))


def _note(n_units: int, unit: str, flat: bool, undefined: bool) -> str:
    """Why there is no interval, or what to beware of."""
    if n_units < FEWEST:
        return f"{n_units} {unit}s are too few for an interval"
    if undefined:
        return "no interval: not defined on any draw"
    if flat:
        return "no interval: every draw gives the same value"
    return f"few {unit}s: likely too narrow" if n_units < FEW else ""


def refuse_unfit(task: Task, spec: str, metric: Metric) -> None:
    """Say no to a metric of another kind of answer, or of labels that the task does not have."""
    if task.gold.kind not in metric.kinds:
        wanted = " or ".join(metric.kinds)
        raise AskedWrongly(
            f"metric {spec} scores answers of kind {wanted}; task {task.name} asks for {task.gold.kind}."
        )
    if why := metric.unfit(task.gold):
        raise AskedWrongly(f"metric {spec} of task {task.name}: {why}")


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
