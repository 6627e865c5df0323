"""What a comparison may need run again: a base on documents that were added, and what its models learned from."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from harness.annotations import joined
from harness.comparing import Pair, documents_of
from harness.errors import AskedWrongly, HarnessError, NotComparable
from harness.parts import Task
from harness.records import column_digest
from harness.registry import Spec, parse
from harness.result import Kept, Result, read
from harness.running import Asked, Progress, by_split, folds_of, kinds_of, metrics_of, model_of, run_all, silent
from harness.running.cells import Recipe
from harness.running.plans import names_in, scored
from harness.slicing import Seen
from harness.store import Store

FOLDS = re.compile(r"([0-9]+)-fold")


def rerun(
    base: Kept, task: Task, folder: Path, *, store: Store | None = None, progress: Progress = silent
) -> tuple[Kept, str]:
    """The base on all that the task asks today, written to a folder, and what to say of it.

    From one split to another, the model is trained as it was and answers the new items alone; what it answered before
    stays. Under cross-validation all is run anew, since every fold has changed. Raises NotComparable where the model
    cannot be run again, or the texts that it answered have changed.
    """
    said = base.content
    model, protocol = str(said["model"]), str(said["protocol"])
    spec = _runnable(model)
    if (then := base.provenance.get("model_code")) and then != Recipe.of(spec).code:
        found = f"the code of {model} is not what the base was run with: it would be the candidate's"
        raise NotComparable("model code", found, "Check out the base, and run it there on today's corpus.")
    metrics = metrics_of(task, said["metrics"])
    seeds = {"seed": said["seed"], "draw": said["draw_seed"]}
    if folds := FOLDS.fullmatch(protocol):
        whole = _run(Asked(task, spec, metrics, folds=int(folds[1]), **seeds), store, progress)
        whole.write(folder)
        return read(folder), f"the base, {model}, was run again on all of today's corpus: every fold has changed"
    if ">" not in protocol:
        found = f"the base was run by protocol {protocol}, which cannot be run again"
        raise NotComparable("items", found, "Run both again on one corpus.")
    learn, score = by_split(task, protocol)
    place, old = {task.items["item"][i]: i for i in score}, base.item
    kept = task.take([place[item] for item in old if item in place])
    if len(kept) < len(old) or column_digest(kept.items["text"]) != said["texts"]:
        found = "documents that the base answered have other texts today, or are gone"
        raise NotComparable("texts", found, "Restore them, or run both again on those of today.")
    new = [i for i in score if task.items["item"][i] not in {*old}]
    asked = Asked(task.take([*learn, *new]), spec, metrics, split=protocol, **seeds)
    fresh = _run(asked, store, progress) if new else None
    parts = [base.answers(kept.items), *([fresh.predicted] if fresh else [])]
    came = {item: i for i, item in enumerate([*old, *(task.items["item"][i] for i in new)])}
    answers = joined(parts).take([came[task.items["item"][i]] for i in score])
    scored(task.take(score), answers, metrics, None, model=model, protocol=protocol, **seeds).write(folder)
    many = len(documents_of(task.items["item"][i] for i in new))
    learned = protocol.partition(">")[0]
    return read(folder), f"the base, {model}, learned from today's {learned} and answered {many} further documents"


def seen_by(both: Pair, task: Task, draw: int) -> Seen:
    """The names that the models of both results learned from, found by their protocol; `draw` dealt the folds.

    `task` is the whole of it, as it stands today. Raises AskedWrongly where that no longer tells what was learned.
    """
    items = both.task.items["item"]
    if ">" in both.protocol and "," not in both.protocol:
        learn, _ = by_split(task, both.protocol)
        return Seen(np.zeros(len(items), np.int64), [names_in(task.take(learn))])
    folds = FOLDS.fullmatch(both.protocol)
    if folds is None or {*items} != {*task.items["item"]}:
        why = "the corpus has other documents today" if folds else f"protocol {both.protocol} does not say it"
        raise AskedWrongly(
            f"slice name needs what each model learned from, and {why}. Leave it out, or run both again."
        )
    parts = folds_of(task, int(folds[1]), draw)
    fold_of = {task.items["item"][i]: n for n, part in enumerate(parts) for i in part}
    everything = set(range(len(task)))
    sets = [names_in(task.take(sorted(everything - {*part}))) for part in parts]
    return Seen(np.array([fold_of[item] for item in items], np.int64), sets)


def _run(asked: Asked, store: Store | None, progress: Progress) -> Result:
    [(_, came)] = run_all([asked], store=store, progress=progress)
    if isinstance(came, HarnessError):
        raise came
    return came


def _runnable(model: str) -> Spec:
    """The spec of a model that learns and can be made here."""
    try:
        spec = parse(model)
        kinds_of(spec)
        whole = getattr(model_of(spec), "whole", False)
    except AskedWrongly as error:
        raise NotComparable("items", f"the base's model cannot be run again here: {error}", _REMEDY) from None
    if whole:
        found = f"the base is a file of predictions, {model}, and cannot answer what was added"
        raise NotComparable("items", found, _REMEDY)
    return spec


_REMEDY = "Run both on one corpus."
