"""Answers that are at hand in Python -> a task, so that other answers can be scored on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName, quote
from harness.parts import Task
from harness.records import Items, Kind
from harness.running import default_metrics

KINDS = ("label", "labels", "spans")


def gold(
    answers: Sequence[Any],
    labels: Sequence[str],
    *,
    kind: Kind = "label",
    item: Sequence[str] | None = None,
    group: Sequence[Any] | None = None,
    texts: Sequence[str] | None = None,
    marks: Mapping[str, Sequence[Any]] | None = None,
) -> Task:
    """A task from answers that are at hand: a label, a set of labels, or (start, end, label) spans an item.

    `labels` are those declared, in their order; `group` says which items belong together, so that chance is drawn over
    groups; `marks` are columns to slice by. `score(predictions, gold(...))` then takes a list of answers too. Raises
    AskedWrongly where columns differ in length, a name stands twice, or an answer is none of the kind and labels.

    >>> import harness
    >>> due = harness.gold(["A", "B", "A", "B"] * 5, ["A", "B"])
    >>> harness.score(["A", "B", "B", "B"] * 5, due, metrics=["accuracy"])["accuracy"].value
    0.75
    """
    if kind not in KINDS:
        raise UnknownName("kind of answer", str(kind), KINDS)
    if isinstance(answers, str | Path):
        said = quote(str(answers))
        raise AskedWrongly(f"{said} is no list of answers. A file is scored by score(FILE, GOLD, labels=...).")
    answers, labels = list(answers), [str(label) for label in labels]
    names = [f"{i:09}" for i in range(len(answers))] if item is None else [str(one) for one in item]
    columns = _columns(names, group, texts)
    listed = {name: [_mark(value) for value in values] for name, values in (marks or {}).items()}
    for name, values in (*columns.items(), *listed.items()):
        if len(values) != len(answers):
            raise AskedWrongly(f"{name} has {len(values):,} values for {len(answers):,} answers. Give one an answer.")
    for what, values in (("label", labels), ("item", names)):
        if twice := next((one for one, times in Counter(values).items() if times > 1), None):
            raise AskedWrongly(f"{what} {quote(twice)} is given twice. Give each once.")
    made = replace(Annotations.of(kind, names, labels, answers), marks=listed)
    if (at := _first_unknown(made)) is not None:
        raise AskedWrongly(f"gold {quote(names[at])}: {quote(answers[at])} is not of the labels {', '.join(labels)}.")
    task = Task("gold", Items(columns), made, default_metrics(kind), "given", made.digest)
    if flaw := made.flaw(task.items):
        raise AskedWrongly(f"the gold has {flaw}.")
    return task


def _columns(names: list[str], group: Sequence[Any] | None, texts: Sequence[str] | None) -> dict[str, list[str]]:
    blank = [""] * len(names)
    groups = names if group is None else [str(one) for one in group]
    columns = {"item": names, "document": names, "group": groups, "split": blank, "language": blank}
    return columns if texts is None else {**columns, "text": list(texts)}


def _mark(value: Any) -> Any:
    """A text, or a list of texts; nothing where there is none."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return "" if value is None else str(value)


def _first_unknown(made: Annotations) -> int | None:
    """The first item without an answer, or with a label that is not declared."""
    unknown = made.status != 0
    if made.offsets is not None and len(made.codes):
        import numpy as np

        unknown |= np.bincount(np.repeat(np.arange(len(made)), np.diff(made.offsets)), made.codes < 0, len(made)) > 0
    return int(unknown.argmax()) if unknown.any() else None
