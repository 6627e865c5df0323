"""Whether two results can be held against each other, and their answers on the items of today's corpus."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.annotations import Annotations
from harness.errors import NotComparable, ProblemsFound
from harness.parts import Task
from harness.records import column_digest
from harness.result import PREDICTIONS, Kept

Content = Mapping[str, Any]

AGAIN = "Run both in the same way."
FIRST = 5  # documents that a refusal names
SAME: tuple[tuple[str, Callable[[Content], str], str], ...] = (  # field, what a result says of it, the remedy
    ("task", lambda c: f"{c['corpus']['name']} {c['task']['name']}", "Give two results of one task."),
    ("task settings", lambda c: _settings(c["task"]), AGAIN),
    ("kind of answer", lambda c: str(c["kind"]), AGAIN),
    ("label set", lambda c: ", ".join(c["labels"]), AGAIN),
    ("protocol", lambda c: str(c["protocol"]), AGAIN),
    ("split", lambda c: f"folds dealt by seed {c['draw_seed']}" if _in_folds(c) else "", AGAIN),
)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two results on the same items; the task holds the gold that both are scored on."""

    task: Task
    names: tuple[str, str]  # base, candidate
    answers: tuple[Annotations, Annotations]
    seed: int  # of all draws, from the predictions: whoever compares these two gets the same p
    notes: tuple[str, ...] = ()
    stored: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {})  # scores as kept, where the gold is the same
    protocol: str = ""
    models: tuple[str, str] = ("", "")  # specs

    @property
    def identical(self) -> bool:
        """Whether no prediction differs, nor any score beside one."""
        a, b = self.answers
        scores = a.scores is b.scores or (
            a.scores is not None and b.scores is not None and np.array_equal(a.scores, b.scores)
        )
        return a.digest == b.digest and scores


def pair(base: Kept, candidate: Kept, task: Task, names: tuple[str, str]) -> Pair:
    """Two results, their predictions read, on the task as it stands today, items in the order of the base.

    Raises NotComparable with the field that differs; a predictions file that was changed is one. Where the labels of
    the gold have changed since, both are scored on those of today, and `notes` says so.
    """
    a, b = base.content, candidate.content
    for field, said, remedy in SAME:
        if said(a) != said(b):
            found = f"{names[0]} has {said(a)}, {names[1]} has {said(b)}"
            raise NotComparable(field, found, remedy)
    _refuse_other_task(a, task)
    items = answered_by(base, task), answered_by(candidate, task)
    _refuse_other_items(items, names)
    place = {item: i for i, item in enumerate(task.items["item"])}
    if gone := [item for item in items[0] if item not in place]:
        found = (
            f"{many(gone)} of the results {'are' if len(gone) > 1 else 'is'} no longer in the corpus, {gone[0]} first"
        )
        raise NotComparable("items", found, "Restore what is gone, or run both again.")
    notes, answers, stored = [], [], []
    for name, kept, own in zip(names, (base, candidate), items, strict=True):
        asked = task.take([place[item] for item in own])
        if kept.content["texts"] != column_digest(asked.items["text"]):
            other = _first_of(kept.other_texts(asked.items))
            found = f"{name} was run on other texts than the corpus holds today{other}"
            raise NotComparable("texts", found, "Restore the texts, or run both again on those of today.")
        same_gold = kept.content["gold"] == asked.gold.digest
        if not same_gold:
            notes.append(f"labels of the gold have changed since {name} was run: both are scored on those of today")
        kept_scores = [score for score in kept.headlines if same_gold]
        stored.append({score.metric: score.value for score in kept_scores})
        try:
            answers.append(kept.answers(asked.items))
        except ProblemsFound as error:
            answered_by(kept)  # which says how many answers there are, where it is not as many
            raise NotComparable("predictions", *_in_two(str(error.problems[0]))) from None
    if items[0] != items[1]:
        came = {item: i for i, item in enumerate(items[1])}
        answers[1] = answers[1].take([came[item] for item in items[0]])
    if a["corpus"]["digest"] != b["corpus"]["digest"]:
        notes.append("the corpus was changed between the two runs: they may not have learned from the same documents")
    notes += _left_out(task, place.keys() - {*items[0]}, a["protocol"])
    seed = int(column_digest(sorted([a["predictions"], b["predictions"]]))[:8], 16)
    task = task.take([place[item] for item in items[0]])
    both, kept_both = (answers[0], answers[1]), (stored[0], stored[1])
    return Pair(task, names, both, seed, tuple(notes), kept_both, a["protocol"], (a["model"], b["model"]))


def added(base: Kept, candidate: Kept) -> list[str]:
    """The items that only the candidate has answered, where it has answered all of the base's too; else none."""
    old, new = answered_by(base), answered_by(candidate)
    known = {*old}
    return [] if known - {*new} else [item for item in new if item not in known]


def answered_by(kept: Kept, task: Task | None = None) -> list[str]:
    """The items of a result, in their order. Raises NotComparable where its predictions file has others.

    Where they are those of the task, or of its splits that were scored, their digest says so, and no file is read.
    """
    names = kept.content["names"]
    if task is not None:
        scored = _scored(task, kept.content["protocol"])
        for items in (list(task.items["item"]), [i for i, own in zip(task.items["item"], scored, strict=True) if own]):
            if column_digest(items) == names:
                return items
    items = kept.item
    if column_digest(items) != names:
        found = (
            f"{kept.place / PREDICTIONS} has {len(items)} answers, not those of the {kept.content['n']} items scored"
        )
        raise NotComparable("predictions", found, "Restore it, or run the model again.")
    return items


def documents_of(items: Iterable[str]) -> set[str]:
    """The documents of items."""
    return {item.partition("#")[0] for item in items}


def many(items: Iterable[str]) -> str:
    """`1 document`, or `3 documents`: those that items are of."""
    n = len(documents_of(items))
    return f"{n} document{'s' if n != 1 else ''}"


def _first_of(items: Sequence[str]) -> str:
    """`: 6 documents, first a/01, a/02, a/03, a/04, b/01`."""
    own = sorted(documents_of(items))
    return f": {many(items)}, first {', '.join(own[:FIRST])}" if own else ""


def _refuse_other_task(content: Content, task: Task) -> None:
    """Say no where the task at hand is not the one that was answered."""
    own, theirs = f"{task.corpus} {task.name}", f"{content['corpus']['name']} {content['task']['name']}"
    if own != theirs:
        raise NotComparable("task", f"the results are of {theirs}, not of {own}", "Name its corpus.")
    today = _settings({"name": task.name, "of": list(task.of), **task.settings})
    if today != _settings(content["task"]):
        found = f"the results were asked {_settings(content['task'])}, the corpus asks {today} today"
        raise NotComparable("task settings", found, "Run both again.")
    if [*task.gold.labels] != content["labels"]:
        found = f"the corpus has {', '.join(task.gold.labels)} today, the results have {', '.join(content['labels'])}"
        raise NotComparable("label set", found, "Run both again.")


def _refuse_other_items(items: tuple[Sequence[str], Sequence[str]], names: tuple[str, str]) -> None:
    a, b = set(items[0]), set(items[1])
    if a == b:
        return
    more, less = b - a, a - b
    if more and not less:
        found = f"{many(more)} added since {names[0]} was run"
        again = f"harness compare {shlex.join(names)} --rerun-base"
        raise NotComparable("items", found, f"Add --rerun-base, so that the base answers them too: {again}")
    found = f"{names[1]} has answered {many(more)} that {names[0]} has not, and not {many(less)} that {names[0]} has"
    raise NotComparable("items", found, "Run both again on one corpus.")


def _left_out(task: Task, missed: Iterable[str], protocol: str) -> list[str]:
    """What to say of items that the corpus asks today and neither result has answered."""
    missed = set(missed)
    scored = zip(task.items["item"], _scored(task, protocol), strict=True) if missed else ()
    own = sum(item in missed for item, is_scored in scored if is_scored)
    return [f"{own} items of today's corpus are in neither result"] if own else []


def _scored(task: Task, protocol: str) -> list[bool]:
    """Which items a protocol scores: those of the splits after its `>`, else all of them."""
    wanted = protocol.partition(">")[2].split("+")
    return [">" not in protocol or split in wanted for split in task.items["split"]]


def _settings(task: Mapping[str, Any]) -> str:
    """How a task was asked, its name aside, the same whichever order it is written in."""
    from harness.files import canonical

    return canonical({key: value for key, value in task.items() if key != "name"}).decode()


def _in_two(problem: str) -> tuple[str, str]:
    """What was found, and the remedy."""
    found, _, remedy = problem.rpartition(". ")
    return found, remedy


def _in_folds(content: Content) -> bool:
    return str(content["protocol"]).partition(",")[0].endswith("-fold")
