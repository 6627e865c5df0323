"""Every number of a report as one table: a row a score, and a row a way in which items were answered."""

from __future__ import annotations

from typing import Any

from harness.reporting.account import Account, scores

COLUMNS = (
    *("corpus", "task", "model", "spec", "role", "seed", "protocol", "metric", "label", "slice"),
    *("value", "low", "high", "n", "units", "unit", "note", "result"),
)


def rows(account: Account) -> list[dict[str, Any]]:
    """The rows, in the order of the run. `metric` of a denominator is `items`, its `label` how they were answered.

    `value` is None where a score is not defined; `result` is the digest of the result's content.
    """
    found = []
    for entry, score in scores(account):
        value = None if score.value != score.value else score.value
        row = {"metric": score.metric, "label": score.label, "slice": score.slice, "value": value}
        row |= {"low": score.low, "high": score.high, "n": score.n, "units": score.units, "unit": score.unit}
        found.append((entry, row | {"note": score.note}))
    for entry in account.entries:
        for answered, count in entry.kept.denominators.items():
            row = {"metric": "items", "label": answered, "slice": "", "value": float(count), "n": entry.kept.n}
            found.append((entry, row | {"units": None, "unit": "", "low": None, "high": None, "note": ""}))
    table = []
    for entry, row in found:
        said = entry.kept.content
        about = {"corpus": said["corpus"]["name"], "task": entry.task, "model": entry.name, "spec": said["model"]}
        about |= {"role": entry.role, "seed": said["seed"], "protocol": said["protocol"]}
        whole = {**about, **row, "result": entry.kept.digest}
        table.append({name: whole[name] for name in COLUMNS})
    return table
