"""Gold and predicted answers -> scores, each with the interval that chance draws around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.parts import ByLabel, Formula, Metric, Ranking, Task
from harness.records import ANSWERED, STATUSES, Counts, Items
from harness.scores import Score
from harness.slicing import Cut, in_order, no_slices
from harness.stats.bootstrap import FEW, FEWEST, explained, sum_by_unit
from harness.stats.distinct import distinct, merged

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
DIGITS = 12  # of an interval's ends: the last bits of a logarithm may differ by machine
Measure = Metric | Ranking
Count = Callable[[Annotations, Annotations], Any]  # what is counted, as the key of its sums


def unit_of(items: Items) -> tuple[str, npt.NDArray[np.int64], int]:
    """What chance is drawn over: the group where documents come in groups, else the document.

    Returns its name, the unit of each item (n_items,) and how many units there are.
    """
    groups, n = len(set(items["group"])), len(items)
    alone = groups == n or groups == len(set(zip(items["group"], items["document"], strict=True)))
    name = "document" if alone else "group"
    codes = {value: i for i, value in enumerate(dict.fromkeys(items[name]))}
    return name, np.fromiter(map(codes.__getitem__, items[name]), np.int64, n), len(codes)


@dataclass
class _Sum:
    """The distinct rows of units so far (m, k), how many units have each (m,), and of how many items they are."""

    vectors: Array | None = None
    times: Ints | None = None
    n: int = 0

    def add(self, counts: Counts, unit: Ints, n_units: int, chosen: npt.NDArray[np.bool_] | None) -> None:
        vectors, times = units_of(counts, unit, n_units, chosen)
        self.n += len(counts) if chosen is None else int(chosen.sum())
        if self.vectors is not None and self.times is not None:
            both = np.concatenate([self.vectors, vectors]), np.concatenate([self.times, times])
            vectors, times = merged(*both)
        self.vectors, self.times = vectors, times


class Tally:
    """What metrics count over blocks of items, and the scores that come of it.

    A block holds whole units, so that blocks may be added one after another; the sum is that of all items at once.
    """

    def __init__(self, metrics: Mapping[str, Measure], labels: Sequence[str]) -> None:
        self.metrics, self.labels = metrics, labels
        self.sums: dict[tuple[Count, str, str], _Sum] = {}  # count, label, slice
        self.rankings: dict[tuple[str, str], tuple[Array, Array, int]] = {}  # metric, slice -> values, influence, items
        self.denominators: dict[str, int] = {}
        self.names: dict[str, int] = {}  # of slices, in the order asked for
        self.blocks = 0

    def add(
        self,
        gold: Annotations,
        predicted: Annotations,
        unit: Ints,
        n_units: int,
        cut: Cut = no_slices,
    ) -> None:
        """Count a block: `unit` (n_items,) is the unit of each item, numbered from 0 in this block.

        `cut` cuts the block into named parts, each with the answers to count and the items it is of.
        """
        self.blocks += 1
        for name, number in denominators(gold, predicted).items():
            self.denominators[name] = self.denominators.get(name, 0) + number
        self._rank("", gold, predicted, unit, n_units)
        counted = {count: count(gold, predicted) for count in self._counts()}
        for count, counts in counted.items():
            self._sum(count, "", "").add(counts, unit, n_units, None)
        for by_label in self._by_label():
            for label, counts in zip(self.labels, by_label.count(gold, predicted), strict=True):
                self._sum(by_label.count, label, "").add(counts, unit, n_units, None)
        for name, due, said, chosen in cut(gold, predicted):
            self.names.setdefault(name.partition("=")[0], len(self.names))
            picked = [count for count in counted if due is gold and said is predicted and self._alone(count)]
            for count in picked:
                self._sum(count, "", name).add(counted[count], unit, n_units, chosen)
            if len(picked) == len(counted) and not any(isinstance(m, Ranking) for m in self.metrics.values()):
                continue
            own = np.flatnonzero(chosen)
            units, of_own = np.unique(unit[own], return_inverse=True)
            due, said = due.take(own), said.take(own)
            self._rank(name, due, said, of_own, len(units))
            for count in counted:
                if count not in picked:
                    self._sum(count, "", name).add(count(due, said), of_own, len(units), None)

    def _sum(self, count: Count, label: str, slice_name: str) -> _Sum:
        return self.sums.setdefault((count, label, slice_name), _Sum())

    def _counts(self) -> list[Count]:
        """What is counted, each once: metrics that share a count share its rows."""
        return list(dict.fromkeys(m.count for m in self.metrics.values() if isinstance(m, Metric)))

    def _alone(self, count: Count) -> bool:
        """Whether rows may be picked from those of all items, and need not be counted anew."""
        return all(m.alone for m in self.metrics.values() if isinstance(m, Metric) and m.count is count)

    def _by_label(self) -> list[ByLabel]:
        own = [m.by_label for m in self.metrics.values() if isinstance(m, Metric) and m.by_label]
        return list({by_label.count: by_label for by_label in own}.values())

    def _rank(self, part: str, gold: Annotations, predicted: Annotations, unit: Ints, n_units: int) -> None:
        for spec, metric in self.metrics.items():
            if isinstance(metric, Ranking):
                if (spec, part) in self.rankings:
                    raise AskedWrongly(f"metric {spec} needs all answers at once and cannot be scored in a stream.")
                values, effects = metric.values(gold, predicted)
                self.rankings[spec, part] = values, sum_by_unit(effects, unit, n_units), len(gold)

    def scores(self, unit: str, *, seed: int) -> list[Score]:
        """Of every metric the headline, then each label, then each slice. The unit of chance is so called."""
        formulas: dict[tuple[Count, str, str], list[tuple[str, Formula]]] = {}
        for spec, metric in self.metrics.items():
            if isinstance(metric, Metric):
                for key in self.sums:
                    count, label, _ = key
                    if not label and count is metric.count:
                        formulas.setdefault(key, []).append((spec, metric.score))
                    elif label and metric.by_label and count is metric.by_label.count:
                        formulas.setdefault(key, []).append((spec, metric.by_label.score))
        found: dict[str, list[Score]] = {spec: [] for spec in self.metrics}
        for (count, label, part), asked in formulas.items():
            for score in _scores(self.sums[count, label, part], asked, unit, seed):
                found[score.metric].append(replace(score, label=label, slice=part))
        for (spec, part), (values, effects, n) in self.rankings.items():
            own = list(_ranked(spec, values, effects, n, unit, self.labels))
            found[spec].extend(replace(score, slice=part) for score in (own[:1] if part else own))
        return [score for own in found.values() for score in sorted(own, key=self._place)]

    def _place(self, score: Score) -> tuple[Any, ...]:
        """The headline, then labels in the order declared, then slices by value, whatever block they came up in."""
        name, _, value = score.slice.partition("=")
        return (self.names.get(name, -1), in_order(value), self.labels.index(score.label) if score.label else -1)


def score(
    task: Task,
    predicted: Annotations,
    metrics: Mapping[str, Measure],
    *,
    seed: int,
    cut: Cut = no_slices,
) -> tuple[list[Score], dict[str, int]]:
    """Every metric on all items of the task, the headline first, then each label, then each slice; and how the items
    were answered.

    Raises AskedWrongly where a metric cannot be asked of such a task.
    """
    for spec, metric in metrics.items():
        refuse_unfit(f"task {task.name}", task.gold, spec, metric)
    name, unit, n_units = unit_of(task.items)
    tally = Tally(metrics, task.gold.labels)
    tally.add(task.gold, predicted, unit, n_units, cut)
    return tally.scores(name, seed=seed), tally.denominators


def difference(
    gold: Annotations,
    a: Annotations,
    b: Annotations,
    items: Items,
    spec: str,
    metric: Measure,
    *,
    seed: int,
) -> Score:
    """What A scores above B on the same items: units are drawn with both answers, so that what is common cancels.

    A ranking's interval comes from the difference in what each unit does to it (E. DeLong et al., 1988).
    """
    from harness.stats import influence, paired

    name, unit, n_units = unit_of(items)
    if isinstance(metric, Ranking):
        (value_a, effects_a), (value_b, effects_b) = metric.values(gold, a), metric.values(gold, b)
        value = float(value_a[0] - value_b[0])
        low, high = influence.difference(value, sum_by_unit(effects_a - effects_b, unit, n_units)[:, 0])
        reason = "" if low < high else "not estimable: no unit changes the difference"
    else:
        both = [sum_by_unit(metric.count(gold, said).rows, unit, n_units) for said in (a, b)]
        [found] = paired.differences(both[0], both[1], [metric.score], seed=seed)
        value, low, high = float(found.difference), float(found.low), float(found.high)
        reason = found.reason or ""
    return _score(spec, value, low, high, reason, len(gold), n_units, name)


def _scores(total: _Sum, asked: Sequence[tuple[str, Formula]], unit: str, seed: int) -> Iterator[Score]:
    """The score of each formula on one sum of rows, on the same draws."""
    assert total.vectors is not None and total.times is not None
    n_units = int(total.times.sum())
    formulas = [formula for _, formula in asked]
    drawn = explained(total.vectors, total.times, formulas, seed=seed) if n_units >= FEWEST else [None] * len(asked)
    for (spec, formula), interval in zip(asked, drawn, strict=True):
        value = float(formula(total.times @ total.vectors))
        ends = (float(interval.low), float(interval.high), str(interval.reason)) if interval else (np.nan, np.nan, "")
        yield _score(spec, value, *ends, total.n, n_units, unit)


def _ranked(spec: str, values: Array, effects: Array, n: int, unit: str, labels: Sequence[str]) -> Iterator[Score]:
    """The scores of a ranking, the headline and each label: their intervals come from the influence of units."""
    from harness.stats import influence

    low, high = influence.interval(values, effects)
    for label, value, a, b in zip(("", *labels), values.tolist(), low.tolist(), high.tolist(), strict=True):
        reason = "" if a < b else "not estimable: too few items of a label, or all in order"
        yield replace(_score(spec, value, a, b, reason, n, len(effects), unit), label=label)


def _score(spec: str, value: float, low: float, high: float, reason: str, n: int, n_units: int, unit: str) -> Score:
    """A score with its interval, or with the reason why there is none, or with what to beware of."""
    if value != value:
        reason = "not defined on these items"
    elif n_units < FEWEST:
        reason = f"not estimable: {n_units} {unit}s are too few for an interval"
    there = not reason and low < high
    ends = [float(f"{end:.{DIGITS}g}") if there else None for end in (low, high)]
    note = reason or (f"few {unit}s: likely too narrow" if n_units < FEW else "")
    return Score(spec, value, ends[0], ends[1], n, n_units, unit, note=note)


def units_of(
    counts: Counts, unit: Ints, n_units: int, chosen: npt.NDArray[np.bool_] | None = None
) -> tuple[Array, Ints]:
    """The distinct vectors of units (m, k), sorted, and how many units have each (m,).

    Where every unit is one item, its vectors are the items' own and nothing is summed. Of `chosen` items alone, the
    units are those that hold any of them.
    """
    if n_units == len(counts):
        code = counts.code if chosen is None else counts.code[chosen]
        times = np.bincount(code, minlength=len(counts.vectors))
        there = np.flatnonzero(times)
        return merged(counts.vectors[there], times[there])
    if chosen is None:
        return distinct(sum_by_unit(counts.rows, unit, n_units))
    units, unit = np.unique(unit[chosen], return_inverse=True)
    return distinct(sum_by_unit(counts.vectors[counts.code[chosen]], unit, len(units)))


def refuse_unfit(task: str, gold: Annotations, spec: str, metric: Measure) -> None:
    """Say no to a metric of another kind of answer, or of labels that the task does not have."""
    if gold.kind not in metric.kinds:
        wanted = " or ".join(metric.kinds)
        raise AskedWrongly(f"metric {spec} scores answers of kind {wanted}; {task} asks for {gold.kind}.")
    if why := metric.unfit(gold):
        raise AskedWrongly(f"metric {spec} of {task}: {why}")


def denominators(gold: Annotations, predicted: Annotations) -> dict[str, int]:
    """How the n items were answered; correct and wrong are of the answered ones, and all of it sums to n.

    A set of labels or spans is correct as a whole.
    """
    counts = dict(zip(STATUSES, np.bincount(predicted.status, minlength=len(STATUSES)).tolist(), strict=True))
    answered = counts.pop("answered")
    right = int(right_answers(gold, predicted).sum())
    return {"correct": right, "wrong": answered - right, **counts}


def right_answers(gold: Annotations, predicted: Annotations) -> npt.NDArray[np.bool_]:
    """Whether each item was answered, and as the gold answers it, (n_items,); a set or list of spans as a whole."""
    return _alike(gold, predicted) & (predicted.status == ANSWERED)


def _alike(gold: Annotations, predicted: Annotations) -> npt.NDArray[np.bool_]:
    """Whether each item is answered as the gold answers it, (n_items,)."""
    if gold.offsets is None or predicted.offsets is None:
        return gold.codes == predicted.codes
    lengths = np.diff(gold.offsets)
    alike = lengths == np.diff(predicted.offsets)
    due = _in_order(gold, np.repeat(alike, lengths))
    said = _in_order(predicted, np.repeat(alike, np.diff(predicted.offsets)))
    differing = np.logical_or.reduce([a != b for a, b in zip(due, said, strict=True)])
    alike[due[0][differing]] = False
    return alike


def _in_order(annotations: Annotations, kept: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.generic]]:
    """The kept flat answers as columns, item first, in one order whatever order they came in."""
    assert annotations.offsets is not None
    item = np.repeat(np.arange(len(annotations)), np.diff(annotations.offsets))
    flat = [item, annotations.starts, annotations.ends, annotations.codes]
    columns = [column[kept] for column in flat if column is not None]
    order = np.lexsort(columns[::-1])
    return [column[order] for column in columns]
