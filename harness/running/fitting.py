"""One cell run: a fit, the answers to what was held out, and a look at them before they are believed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field

from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError
from harness.outside import raised
from harness.parts import Model
from harness.records import Items
from harness.registry import Spec, make
from harness.running.cells import Cell

THREADS = (  # the variables by which libraries are told, when they are loaded, how many threads to start
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """The answers of a cell and, as the model tells, what they cost: `requests`, `tokens`, and money as `cost`.

    Those of a model that calls itself `unfinished`, since a server failed or a budget was spent, are not kept, nor
    those of one that was edited while it ran.
    """

    predicted: Annotations
    spent: Mapping[str, float] = field(default_factory=dict)
    unfinished: bool = False
    edited: bool = False
    held: str = ""  # the digest under which the store has the answers


def model_of(spec: Spec) -> Model:
    """The model that a spec names. Raises AskedWrongly where it cannot learn and answer."""
    model = make("models", spec)
    if not isinstance(model, Model):
        raise AskedWrongly(f"{spec} is no model: it needs fit(items, gold, *, seed) and predict(items).")
    return model


def answers_of(cell: Cell) -> Answered:
    """The answers of a cell, fitted and asked here and now. Raises HarnessError where the model fails."""
    spec = cell.recipe.spec
    model = model_of(spec)
    items, gold = cell.fold.train
    predicted = ask(model, spec, items, gold, cell.fold.test, task=cell.fold.task.name, seed=cell.seed)
    return Answered(predicted, dict(getattr(model, "spent", None) or {}), bool(getattr(model, "unfinished", False)))


def ask(
    model: Model, spec: Spec, items: Items, gold: Annotations, asked: Items, *, task: str, seed: int
) -> Annotations:
    """One fit and the answers to the items that were held out. Raises HarnessError where the model fails."""
    try:
        with one_thread(), redirect_stdout(sys.stderr):  # stdout is for the answer alone
            model.fit(items, gold, seed=seed)
            predicted = model.predict(asked)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        raise HarnessError(f"{spec} failed on task {task}: {raised(error)}.") from error
    if not isinstance(predicted, Annotations):
        raise HarnessError(f"{spec} answered task {task} with a {type(predicted).__name__}, not with Annotations.")
    if (predicted.kind, predicted.labels) != (gold.kind, gold.labels):
        raise HarnessError(f"{spec} answered task {task} with {predicted.kind} of other labels than asked for.")
    if flaw := predicted.flaw(asked):
        raise HarnessError(f"{spec} answered task {task} with {flaw}.")
    return predicted


@contextmanager
def one_thread() -> Iterator[None]:
    """One BLAS and OpenMP thread, so that sums are added in one order on any machine.

    What is loaded by now is told directly; what the model loads, and programs that it starts, read the environment.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with threadpool_limits(1):
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
