"""Train and score models: every cell of a benchmark, or one model on one task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _complete
from harness.errors import AskedWrongly

if TYPE_CHECKING:
    from harness.benchmark import Benchmark, Outcome
    from harness.running import Step


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
@click.option("--seeds", type=click.IntRange(1), help="Train each model this often, with seeds one after another.")
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True,
              help="Processes that train and predict side by side; 0: one for each processor.")  # fmt: skip
@click.option("--folds", type=int, help="Grouped k-fold cross-validation over all documents.")
@click.option("--split", metavar="LEARN>SCORE", help="Learn from a split and score another: train>test.")
@click.option("--out", type=click.Path(path_type=Path), help="Where results go, instead of runs/NAME-IDENTITY.")
@click.option("--store", type=click.Path(path_type=Path), default=Path("runs/store"), show_default=True,
              help="Where finished cells are kept, so that they are not run again.")  # fmt: skip
@click.option("--again", is_flag=True, help="Run finished cells again too.")
@click.option("--report/--no-report", default=True, help="Write the page report.html beside the results.")
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
    seeds: int | None,
    workers: int,
    folds: int | None,
    split: str | None,
    out: Path | None,
    store: Path,
    again: bool,
    report: bool,
    by_label: bool,
    as_json: bool,
) -> int:
    """Train and score: `harness run benchmarks/kabar.toml`, or
    `harness run --corpus kabar --task stance --model "tfidf(C=0.5)"`.

    Every score comes with its 95 % interval. Results go to runs/, one folder a model.
    """
    from harness.benchmark import run_benchmark
    from harness.cli import _show
    from harness.cli._run_report import report_of
    from harness.runs import Run
    from harness.store import Store

    asked = _changed(_benchmark(bench, corpus, task, model, metrics, slices), seed, seeds, folds, split).only(only)
    plan = list(asked.asked())
    if not plan:
        raise AskedWrongly("no model of this benchmark answers any of its tasks.")
    kept = Store(store, again=again)
    kept.sweep()
    readers = sum(len(task.readers) for task in asked.tasks)  # they are scored beside the models
    folder = out or Path("runs") / f"{asked.name}-{asked.identity[:8]}"
    run = Run.begin(folder, asked.name, len(plan) + readers, asked.sources, str(asked.file or ""))
    spent: dict[str, float] = {}

    def place(task: str, model: str, seed: int) -> Path:
        return run.folder_of(task, model, seed if asked.seeds > 1 else None)

    if bench and not only:  # with --only, or without a benchmark, results are added to those that are there
        planned = [place(task, model, one.seed) for task, model, one in plan]
        planned += [place(asked.title(task), reader, asked.seed) for task in asked.tasks for reader in task.readers]
        if dropped := run.keep_only(planned):
            click.echo(f"{dropped} results in {folder} that {bench} no longer asks for were removed.", err=True)

    def keep(outcome: Outcome) -> None:
        where = place(outcome.task, outcome.model, outcome.seed)
        if outcome.result:
            outcome.result.write(where)
        else:
            run.drop(where)  # of an earlier run: it would pass for this one's

    with _show.progress(len(plan) * (1 if asked.split else asked.folds)) as tell:

        def step(now: Step) -> None:
            spent.update(now.spent)
            tell(_show.step(now))

        done = run_benchmark(asked, store=kept, workers=workers or os.cpu_count() or 1, progress=step, finished=keep)
    failed = [one for one in done if one.error]
    run.end([f"{one.task} · {one.model}: {one.failure}" for one in failed])
    code = max((one.error.exit_code for one in failed if one.error), default=0)
    if as_json:
        _print_json(asked, done, run.folder, code, spent)
    else:
        _print_tables(asked, done, by_label)
        if any(one.result for one in done):
            said = f" ({_show.spent(spent)})" if any(spent.values()) else ""
            click.echo(f"Results are in {run.folder}{said}.")
            if report:
                click.echo(report_of(run.folder, sum(one.result.n for one in done if one.result)))
    for one in failed:
        click.secho(f"{one.task} · {one.model}: {one.failure}", fg="red", err=True)
    return code


def _changed(asked: Benchmark, seed: int | None, seeds: int | None, folds: int | None, split: str | None) -> Benchmark:
    """The benchmark as the options change it."""
    from dataclasses import replace

    if folds is not None and split is not None:
        raise AskedWrongly("--folds and --split exclude each other: cross-validation, or one split against another.")
    changed: dict[str, Any] = {"seed": seed, "seeds": seeds, "folds": folds, "split": split}
    changed = {name: value for name, value in changed.items() if value is not None}
    return replace(asked, **(changed | ({"split": ""} if folds is not None else {})))


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
    from harness.built import task_in
    from harness.cli import _show
    from harness.corpus import find
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

    asked = task_in(find(corpus), task, metrics=metrics, slices=slices) or api.task(task, _show.loaded(corpus))
    if metrics:
        asked = replace(asked, metrics=tuple(metrics_of(asked, metrics)))
    if slices:
        refuse_unknown(slices, asked.items, asked.gold)
        asked = replace(asked, slices=slices)
    spec = parse(model)
    make("models", spec)
    refuse_unfit(asked, spec)
    where = {asked.corpus: find(corpus)}
    return Benchmark(f"{asked.corpus}-{asked.name}", (asked,), {spec.name.rpartition(":")[2]: spec}, corpora=where)


def _print_json(asked: Benchmark, done: list[Outcome], folder: Path, code: int, spent: Mapping[str, float]) -> None:
    from harness.files import canonical

    cells = [
        {"task": one.task, "model": one.model, "seed": one.seed, "failure": one.failure}
        | ({"content": one.result.content, "signature": one.result.signature} if one.result else {})
        for one in done
    ]
    answer = {"exit": code, "benchmark": asked.name, "out": str(folder), "cells": cells, "spent": dict(spent)}
    click.echo(canonical(answer).decode())


def _print_tables(asked: Benchmark, done: list[Outcome], by_label: bool) -> None:
    from harness.cli import _show

    screen = _show.console()
    for task in dict.fromkeys(one.task for one in done):
        own = [one for one in done if one.task == task]
        if not any(one.result for one in own):
            continue
        named = [(one.model if asked.seeds == 1 else f"{one.model} · seed {one.seed}", one.result) for one in own]
        screen.print(_show.results_table(task, named))
        for name, result in named:
            rows = _show.rows_of(result, by_label=by_label) if result else []
            if rows:
                screen.print(_show.table(f"{task} · {name}", ("score", "value", "n", "unit", ""), rows))
    protocol = asked.split or f"{asked.folds}-fold by group"
    screen.print(f"{protocol}, seed {asked.seed}, intervals of 95 % by bootstrap over units: of these fitted models.")
