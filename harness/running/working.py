"""Cells run one after another or by several processes, each kept as soon as it is finished."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.errors import HarnessError
from harness.running.cells import Cell
from harness.running.fitting import Answered, answers_of
from harness.store import Store

Came = Answered | HarnessError  # what came of a cell
RUN = "HARNESS_RUN"  # the variable by which the cells of one run know each other: they share a budget


def finished(cells: Sequence[Cell], *, store: Store | None, workers: int) -> Iterator[tuple[int, Came]]:
    """What came of each cell, with its position, in the order in which they end.

    What is finished stands in the store before it is told of, but for a model that was edited meanwhile: stderr says it
    once.
    """
    told = set[str]()
    for i, came in _ended(cells, store, workers):
        model = str(cells[i].recipe.spec)
        if isinstance(came, Answered) and came.edited and model not in told:
            told.add(model)
            print(f"{model} was edited while it ran: its answers are not kept. Run it again.", file=sys.stderr)
        yield i, came


def _ended(cells: Sequence[Cell], store: Store | None, workers: int) -> Iterator[tuple[int, Came]]:
    """What came of each cell, with its position, in the order in which they end.

    A worker that dies takes none of the others with it:
    the cells that were not finished are run again, each in a process of its own.
    """
    run = secrets.token_hex(8)
    if workers == 1 or len(cells) < 2:
        yield from ((i, _run(cell, store, run)) for i, cell in enumerate(cells))
        return
    left = dict(enumerate(cells))
    try:
        for i, came in _by_processes(left, store, run, workers):
            del left[i]
            yield i, came
    except _Died:
        for i, cell in list(left.items()):
            try:
                yield from _by_processes({i: cell}, store, run, 2)  # one alone would be run in this process
            except _Died as died:
                yield i, HarnessError(f"{cell.name}: the process that ran it was killed ({died}). Was memory short?")


class _Died(Exception):
    """A worker process ended before its cell."""


def _by_processes(cells: dict[int, Cell], store: Store | None, run: str, workers: int) -> Iterator[tuple[int, Came]]:
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool

    with parallel_config(backend="loky", inner_max_num_threads=1):
        pool = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
        try:
            for i, came in pool(delayed(_numbered)(i, cell, store, run) for i, cell in list(cells.items())):
                yield i, came if isinstance(came, Answered) else _said(*came)
        except BrokenProcessPool as error:
            raise _Died(str(error).split("\n")[0][:200]) from None


def _numbered(i: int, cell: Cell, store: Store | None, run: str) -> tuple[int, Answered | tuple[str, int]]:
    came = _run(cell, store, run)
    return i, came if isinstance(came, Answered) else (str(came), came.exit_code)  # not every error can be pickled


def _said(message: str, exit_code: int) -> HarnessError:
    error = HarnessError(message)
    error.exit_code = exit_code
    return error


def _run(cell: Cell, store: Store | None, run: str) -> Came:
    earlier = os.environ.get(RUN)
    os.environ[RUN] = run
    try:
        answered = answers_of(cell)
    except HarnessError as error:
        return error
    finally:
        os.environ.pop(RUN) if earlier is None else os.environ.update({RUN: earlier})
    if store is None or answered.unfinished:
        return answered
    if cell.recipe.changed:  # which of the two has answered cannot be told
        return replace(answered, edited=True)
    return replace(answered, held=store.put(cell.key, answered.predicted))
