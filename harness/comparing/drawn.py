"""What a comparison leaves open, with documents besides that were drawn where the two models disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.annotations import Annotations, joined
from harness.comparing.cells import Cell, Comparison, cell_of, differing, formula_of
from harness.errors import NotComparable
from harness.parts import Metric, Task
from harness.records import MISSING
from harness.stats.bootstrap import sum_by_unit
from harness.stats.settling import combine, one_source
from harness.stats.verdict import MARGIN

UNUSED = "the settle set was not used"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A settle set: groups drawn with equal probability among those of a pool on which two models disagree."""

    task: Task  # the drawn documents that have gold
    said: tuple[Annotations, Annotations]  # all that the two predictions files answer, base first
    without_gold: int  # documents drawn that have none yet
    groups: int  # drawn
    apart: int  # groups of the pool, when it was drawn, on which the two disagreed
    pool: int  # groups of it in all


@dataclass(frozen=True)
class Settled:
    """The primary metric on test set and settle set together; its numbers are those of both, weighted."""

    cell: Cell
    groups: int  # drawn
    apart: int
    pool: int


def with_drawn(found: Comparison, metric: Metric, drawn: Drawn, *, margin: float = MARGIN) -> Settled | str:
    """The primary metric with the settle set, by `stats.settling.combine`, or why the two cannot be combined.

    The unit is the group, which is the document where each stands alone. Raises NotComparable where a predictions file
    that the set was drawn by answers items of the test set, and otherwise than the result does.
    """
    both, verdict = found.pair, found.primary.verdict
    for name, answers, said in zip(both.names, both.answers, drawn.said, strict=True):
        _refuse_another(name, answers, said)
    if both.protocol.partition(",")[0].endswith("-fold"):
        return f"{UNUSED}: under cross-validation no one model answered the test set"
    if drawn.without_gold:
        return f"{UNUSED}: {drawn.without_gold} of its documents have no gold of this task yet"
    groups = [*both.task.items["group"], *drawn.task.items["group"]]
    code = {group: i for i, group in enumerate(dict.fromkeys(groups))}  # those of the test set first
    unit, n = np.array([code[group] for group in groups]), len({*both.task.items["group"]})
    apart = np.zeros(n, bool)
    apart[unit[list(found.changed)]] = True
    if why := _not_of_one_source(apart, drawn):
        return f"{UNUSED}: {why}"
    due, sums = joined([both.task.gold, drawn.task.gold]), []
    own_of = [_own(said, drawn.task) for said in drawn.said]
    if unanswered := int(np.logical_or(*(own.status == MISSING for own in own_of)).sum()):
        return f"{UNUSED}: {unanswered} of its items are in no predictions file that it was drawn by"
    for answers, own in zip(both.answers, own_of, strict=True):
        sums.append(sum_by_unit(metric.count(due, joined([answers, own])).rows, unit, len(code)))
    assert verdict is not None  # a ranking has none, and none is left open
    a, b = sums
    judged = combine(a[:n], b[:n], apart, a[n:], b[n:], formula_of(metric), pool=drawn.pool, pool_apart=drawn.apart,
                     margin=margin, alpha=verdict.alpha, seed=both.seed)  # fmt: skip
    cell = cell_of(found.primary.metric, metric, "", len(groups), found.primary.unit, judged)
    return Settled(cell, drawn.groups, drawn.apart, drawn.pool)


def _own(said: Annotations, task: Task) -> Annotations:
    """What a predictions file answers of a task's items, in their order."""
    place = {item: i for i, item in enumerate(said.item)}
    return said.take([place[item] for item in task.items["item"]])


def _refuse_another(name: str, answers: Annotations, said: Annotations) -> None:
    """Say no to a predictions file of another model than the result's, as far as both answer the same items."""
    place = {item: i for i, item in enumerate(answers.item)}
    both = [(place[item], i) for i, item in enumerate(said.item) if item in place and said.status[i] != MISSING]
    other = differing(answers.take([i for i, _ in both]), said.take([i for _, i in both])).sum() if both else 0
    if other:
        found = f"the predictions that the settle set was drawn by answer {other} of {len(both)} items of the test set "
        raise NotComparable("models", f"{found}otherwise than {name}", "Draw a settle set for these two models.")


def _not_of_one_source(apart: np.ndarray, drawn: Drawn) -> str:
    """Why test set and pool cannot be taken for two samples of one source; nothing where they can."""
    if apart.all() and drawn.pool > drawn.apart:
        return "the two models agree on nothing in the test set, which then cannot speak for where they do"
    if one_source(len(apart), int(apart.sum()), drawn.pool, drawn.apart):
        return ""
    return (
        f"the two models disagree on {apart.mean():.1%} of the test set and on {drawn.apart / drawn.pool:.1%} of the "
        "pool, more apart than two samples of one source are"
    )
