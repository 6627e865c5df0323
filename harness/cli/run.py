"""Train and score models: every cell of a benchmark, or one model on one task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _complete
from harness.errors import AskedWrongly

if TYPE_CHECKING:
    from harness.benchmark import Benchmark, Cell


@click.command()
@click.argument("bench", required=False, type=click.Path(path_type=Path))
@click.option("--corpus", metavar="C", help="Instead of BENCH: a corpus, by path or by its name under corpora/.")
@click.option("--task", metavar="T", shell_complete=_complete.tasks, help="With --corpus: the task.")
@click.option("--model", metavar="SPEC", shell_complete=_complete.models, help="With --corpus: the model.")
@click.option("--metric", "metrics", multiple=True, shell_complete=_complete.metrics, help="Instead of the task's own.")
@click.option("--slice", "slices", multiple=True, metavar="NAME", shell_complete=_complete.slices,
              help="Scores of parts too: tags, target, language, length, label, name …; may be repeated.")  # fmt: skip
@click.option("--only", multiple=True, metavar="MODEL", help="With BENCH: this model alone; may be repeated.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Instead of the benchmark's, or of 13.")
@click.option("--folds", type=int, help="Grouped k-fold cross-validation over all documents.")
@click.option("--split", metavar="LEARN>SCORE", help="Learn from a split and score another: train>test.")
@click.option("--out", type=click.Path(path_type=Path), help="Where results go, instead of runs/NAME-IDENTITY.")
@click.option("--store", type=click.Path(path_type=Path), default=Path("runs/store"), show_default=True,
              help="Where finished cells are kept, so that they are not run again.")  # fmt: skip
@click.option("--again", is_flag=True, help="Run finished cells again too.")
@click.option("--by-label", is_flag=True, help="Show each label's own score too.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    bench: Path | None,
    corpus: str | None,
    task: str | None,
    model: str | None,
    metrics: tuple[str, ...],
    slices: tuple[str, ...],
    only: tuple[str, ...],
    seed: int | None,
    folds: int | None,
    split: str | None,
    out: Path | None,
    store: Path,
    again: bool,
    by_label: bool,
    as_json: bool,
) -> int:
    """Train and score: `harness run benchmarks/kabar.toml`, or
    `harness run --corpus kabar --task stance --model "tfidf(C=0.5)"`.

    Every score comes with its 95 % interval. Results go to runs/, one folder a model.
    """
    from dataclasses import replace

    from harness.benchmark import run_benchmark
    from harness.cli import _show
    from harness.store import Store

    asked = _benchmark(bench, corpus, task, model, metrics, slices)
    if folds is not None and split is not None:
        raise AskedWrongly("--folds and --split exclude each other: cross-validation, or one split against another.")
    changed: dict[str, Any] = {}
    if seed is not None:
        changed["seed"] = seed
    if folds is not None:
        changed |= {"folds": folds, "split": ""}
    if split is not None:
        changed["split"] = split
    asked = replace(asked, **changed).only(only)
    cells = list(asked.cells())
    if not cells:
        raise AskedWrongly("no model of this benchmark answers any of its tasks.")
    folder = out or Path("runs") / f"{asked.name}-{asked.identity[:8]}"

    def keep(cell: Cell) -> None:
        if cell.result:
            cell.result.write(folder / cell.task / cell.model)

    with _show.progress(len(cells) * (1 if asked.split else asked.folds)) as tell:
        done = run_benchmark(asked, store=Store(store, again=again), progress=tell, finished=keep)
    failed = [cell.error for cell in done if cell.error]
    code = max((error.exit_code for error in failed), default=0)
    if as_json:
        _print_json(asked, done, folder, code)
    else:
        _print_tables(asked, done, by_label)
        if any(cell.result for cell in done):
            click.echo(f"Results are in {folder}.")
    for cell in done:
        if cell.error:
            click.secho(f"{cell.task} · {cell.model}: {cell.failure}", fg="red", err=True)
    return code


def _benchmark(
    bench: Path | None,
    corpus: str | None,
    task: str | None,
    model: str | None,
    metrics: tuple[str, ...],
    slices: tuple[str, ...],
) -> Benchmark:
    """The benchmark in a file, or the one that the options describe."""
    from harness import api
    from harness.benchmark import Benchmark, read
    from harness.cli import _show
    from harness.registry import make, parse
    from harness.running import metrics_of, refuse_unfit
    from harness.slicing import refuse_unknown

    if bench is not None:
        if corpus or task or model or metrics or slices:
            raise AskedWrongly(
                "BENCH says corpus, task, model, metrics and slices itself: leave the options away, or BENCH."
            )
        return read(bench, _show.counter("groups read"))
    if not (corpus and task and model):
        raise AskedWrongly("give a BENCH.toml, or all of --corpus, --task and --model.")
    from dataclasses import replace

    asked = api.task(task, _show.loaded(corpus))
    if metrics:
        asked = replace(asked, metrics=tuple(metrics_of(asked, metrics)))
    if slices:
        refuse_unknown(slices, asked.items, asked.gold)
        asked = replace(asked, slices=slices)
    spec = parse(model)
    make("models", spec)
    refuse_unfit(asked, spec)
    return Benchmark(f"{asked.corpus}-{asked.name}", (asked,), {spec.name.rpartition(":")[2]: spec})


def _print_json(asked: Benchmark, done: list[Cell], folder: Path, code: int) -> None:
    from harness.files import canonical

    cells = [
        {"task": cell.task, "model": cell.model, "failure": cell.failure}
        | ({"content": cell.result.content, "signature": cell.result.signature} if cell.result else {})
        for cell in done
    ]
    answer = {"exit": code, "benchmark": asked.name, "out": str(folder), "cells": cells}
    click.echo(canonical(answer).decode())


def _print_tables(asked: Benchmark, done: list[Cell], by_label: bool) -> None:
    from harness.cli import _show

    screen = _show.console()
    for task in dict.fromkeys(cell.task for cell in done):
        own = [cell for cell in done if cell.task == task]
        if not any(cell.result for cell in own):
            continue
        screen.print(_show.results_table(task, [(cell.model, cell.result) for cell in own]))
        for cell in own:
            rows = _show.rows_of(cell.result, by_label=by_label) if cell.result else []
            if rows:
                screen.print(_show.table(f"{task} · {cell.model}", ("score", "value", "n", "unit", ""), rows))
    protocol = asked.split or f"{asked.folds}-fold by group"
    screen.print(f"{protocol}, seed {asked.seed}, intervals of 95 % by bootstrap over units.")
