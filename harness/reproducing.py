"""A result made again: from its stored predictions (T0), and by training anew (T1 labels, T2 scores)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import Any, Literal

import numpy as np

from harness.annotations import Annotations
from harness.errors import HarnessError, NotComparable, quote
from harness.files import canonical
from harness.parts import Task
from harness.registry import parse
from harness.result import Kept, Result, installed
from harness.running import Asked, Progress, metrics_of, run_all, score_answers, silent
from harness.running.plans import Deal, scored

Tier = Literal["T0", "T1", "T2"]
TIERS: tuple[Tier, ...] = ("T0", "T1", "T2")
NEAR = 1e-5  # how far a score of T2 may be off
Key = tuple[str, str]  # task, model


@dataclass(frozen=True)
class Reproduced:
    """What came of one result: for each tier that was tried the first thing that differs, empty where nothing does."""

    task: str
    model: str
    differs: Mapping[Tier, str]
    learns: bool  # a file of predictions, or a reader, has T0 alone
    libraries: tuple[str, ...]  # "numpy 2.3.1, then 2.2.0": those that are others than then

    @property
    def reached(self) -> Tier | None:
        """The highest tier that holds with all below it."""
        found: Tier | None = None
        for tier in TIERS:
            if self.differs.get(tier, "not tried"):
                break
            found = tier
        return found

    def reaches(self, wished: Tier) -> bool:
        """Whether the tier is reached; where nothing is learned, T0 is all there is."""
        wanted = wished if self.learns else "T0"
        return self.reached is not None and TIERS.index(self.reached) >= TIERS.index(wanted)


def reproduce(
    results: Mapping[Key, Kept],
    tasks: Mapping[str, Task],
    *,
    tier: Tier = "T1",
    workers: int = 1,
    progress: Progress = silent,
) -> list[Reproduced]:
    """Make each result again, and say how far it came out the same. Nothing is read from a store.

    `tasks` has each task as its corpus stands. Raises NotComparable where that is another corpus than the result's.
    """
    keys = sorted(results)
    for key in keys:
        _refuse_other_corpus(results[key], tasks[key[0]], key)
    plans = {key: asked for key in keys if (asked := asked_of(results[key], tasks[key[0]]))}
    again: dict[Key, Result | HarnessError] = {}
    if tier != "T0":
        done = run_all(list(plans.values()), workers=workers, progress=progress)
        again = {[*plans][i]: came for i, came in done}
    return [_held(key, results[key], tasks[key[0]], plans.get(key), again.get(key)) for key in keys]


def asked_of(kept: Kept, task: Task) -> Asked | None:
    """What was asked of the model, from what the result says; None where nothing was learned."""
    said = kept.content
    protocol, _, share = said["protocol"].partition(", ")
    folds = protocol.removesuffix("-fold")
    if ">" not in protocol and not (folds.isdigit() and protocol != folds):
        return None
    task = _as_asked(kept, task)
    items = set(kept.item)
    if len(items) < len(task):  # of a task with readers only what all of them read is scored
        task = replace(task, read=[item in items for item in task.items["item"]])
    how = {"split": protocol} if ">" in protocol else {"folds": int(folds)}
    fraction = float(share.split()[0]) if share else 1.0
    metrics = metrics_of(task)
    return Asked(task, parse(said["model"]), metrics, said["seed"], draw=said["draw_seed"], fraction=fraction, **how)


def scored_again(kept: Kept, task: Task, asked: Asked | None) -> Result:
    """The stored predictions, scored. Raises ProblemsFound where they are not those that content.json tells of."""
    said, names = kept.content, kept.item
    if asked is None:
        return _whole_again(kept, _as_asked(kept, task))
    deal = Deal.of(asked)
    if names != list(deal.scored.items["item"]):
        raise HarnessError(f"the {said['protocol']} protocol of today scores other items than were answered.")
    how = {"model": said["model"], "protocol": said["protocol"], "seed": said["seed"]}
    return scored(deal.scored, kept.answers(deal.scored.items), asked.metrics, deal.seen, draw=asked.draw, **how)


def _as_asked(kept: Kept, task: Task) -> Task:
    return replace(task, metrics=tuple(kept.content["metrics"]), slices=tuple(kept.content["slices"]))


def _whole_again(kept: Kept, task: Task) -> Result:
    """Answers that were given all at once: of all items, of some, or of a split, whose protocol bears its name."""
    said, names = kept.content, kept.item
    place = {item: i for i, item in enumerate(task.items["item"])}
    index = [place[item] for item in names if item in place]
    answers = kept.answers(task.items.take(index))
    how: dict[str, Any] = {"seed": said["seed"], "model": said["model"]}
    if said["protocol"] in ("all", "read"):
        return score_answers(task.take(index), answers, metrics_of(task), protocol=said["protocol"], **how)
    came = {item: i for i, item in enumerate(names)}
    padded = answers.take([came.get(item, -1) for item in task.items["item"]])
    padded = replace(padded, item=list(task.items["item"]))
    return score_answers(task, padded, metrics_of(task), split=said["protocol"], **how)


def _refuse_other_corpus(kept: Kept, task: Task, key: Key) -> None:
    then, now = kept.content["corpus"]["digest"], task.corpus_digest
    if then != now:
        found = f"{' · '.join(key)} is of {kept.content['corpus']['name']}@{then[:8]}, here stands {now[:8]}"
        raise NotComparable("corpus", found, "Check out the commit that it was run at.")


def _held(key: Key, kept: Kept, task: Task, asked: Asked | None, again: Result | HarnessError | None) -> Reproduced:
    differs: dict[Tier, str] = {}
    try:
        made = scored_again(kept, task, asked)
        same = canonical(made.content) == canonical(kept.content)
        differs["T0"] = "" if same else next(_other_content(kept.content, made.content), "content.json")
    except HarnessError as error:
        differs["T0"] = str(error)
    if isinstance(again, HarnessError):
        differs |= {"T1": str(again), "T2": str(again)}
    elif again is not None:
        try:
            then = kept.answers(again.task.items)
            differs["T1"] = _other_answers(then, again.predicted)
            differs["T2"] = _far_scores(then, again.predicted) or next(_far(kept.content, again.content), "")
        except HarnessError as error:
            differs |= {"T1": str(error), "T2": str(error)}
    return Reproduced(*key, differs, asked is not None, tuple(_other_libraries(kept)))


def _other_content(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What of two contents differs, scores by their names."""
    for field in sorted({*then, *now} - {"scores"}):
        if then.get(field) != now.get(field):
            yield f"{field}: {quote(then.get(field))} then, {quote(now.get(field))} now"
    yield from _far(then, now, 0.0)


def _far(then: Mapping[str, Any], now: Mapping[str, Any], most: float = NEAR) -> Iterator[str]:
    """The scores of two contents of which a number is further off than `most`."""
    before, after = ({_name(row): row for row in content["scores"]} for content in (then, now))
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after:
            yield f"score {name}: {'not there' if name not in before else 'there'} then, but not so now"
            continue
        for field, was in before[name].items():
            came = after[name].get(field)
            numbers = all(isinstance(value, int | float) for value in (was, came))
            if not (isclose(was, came, rel_tol=0, abs_tol=most) if numbers else was == came):
                yield f"score {name}, {field}: {quote(was)} then, {quote(came)} now"


def _name(row: Mapping[str, Any]) -> str:
    inside = ", ".join(str(row[part]) for part in ("label", "slice") if row[part])
    return f"{row['metric']}[{inside}]" if inside else str(row["metric"])


def _other_answers(then: Annotations, now: Annotations) -> str:
    """The first item that is answered otherwise, and of how many that is true."""
    if then.digest == now.digest:
        return ""
    other = [
        i for i in range(len(then)) if then.status[i] != now.status[i] or then.answer(i) != now.answer(i)
    ]  # fmt: skip
    i = other[0]
    said = f"{quote(then.answer(i))} then, {quote(now.answer(i))} now"
    return f"{len(other)} of {len(then)} answers, first {then.item[i]}: {said}"


def _far_scores(then: Annotations, now: Annotations) -> str:
    """The first item whose scores beside the answer are further off than allowed."""
    if then.scores is None or now.scores is None:
        return "" if then.scores is now.scores else "scores beside the answers: there are some of one of the two alone"
    off = np.abs(then.scores.astype(float) - now.scores)
    far = np.flatnonzero((off > NEAR).any(axis=1))
    if not len(far):
        return ""
    i = far[0]
    k = int(off[i].argmax())
    said = f"{then.labels[k]} {then.scores[i, k]:.7g} then, {now.scores[i, k]:.7g} now"
    return f"scores of {len(far)} of {len(then)} answers by up to {off.max():.1e}, first {then.item[i]}: {said}"


def _other_libraries(kept: Kept) -> Sequence[str]:
    """Libraries that are others, or not there, than when the result was made; nothing where it does not say."""
    then: Mapping[str, str] = kept.provenance.get("libraries", {})
    now = installed()
    names = sorted({*then, *now}, key=str.lower) if then else []
    return [
        f"{name} {now.get(name, 'is not there')}, then {then.get(name, 'not there')}"
        for name in names
        if then.get(name) != now.get(name)
    ]
