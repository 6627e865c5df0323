"""Train on nested fractions of the documents: how much more annotation would buy, by task and model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.benchmark import Benchmark
    from harness.running.curve import Curve
    from harness.running.plans import Asked
    from harness.scores import Score

Drawn = Sequence[tuple[str, str, "Curve"]]  # the names of task and model, and the curve
BARS = "▁▂▃▄▅▆▇█"


@click.command()
@click.argument("bench", type=click.Path(path_type=Path))
@click.option("--fractions", metavar="F,F…", default="0.1,0.25,0.5,0.75,1", show_default=True,
              help="Of the groups to learn from; doubling one is told of where half of it is there.")  # fmt: skip
@click.option("--only", multiple=True, metavar="MODEL", help="This model alone; may be repeated.")
@click.option("--task", "tasks", multiple=True, metavar="T", help="This task alone; may be repeated.")
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True,
              help="Processes that train and predict side by side; 0: one for each processor.")  # fmt: skip
@click.option("--store", type=click.Path(path_type=Path), default=Path("runs/store"), show_default=True,
              help="Where finished cells are kept; those of the whole are the cells of `harness run`.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    bench: Path,
    fractions: str,
    only: tuple[str, ...],
    tasks: tuple[str, ...],
    workers: int,
    store: Path,
    as_json: bool,
) -> int:
    """Train every model of BENCH on a tenth, a quarter … of what there is to learn from, and score the same items.

    A smaller fraction's groups are among those of a larger one. Each score comes with its 95 % interval, and so does
    what twice as many groups add.
    """
    from harness.benchmark import read
    from harness.cli import _show
    from harness.errors import AskedWrongly, HarnessError
    from harness.running.curve import curves
    from harness.store import Store

    steps = _fractions(fractions)
    asked = read(bench, _show.counter("groups read")).only(only)
    plan, left_out = _plan(asked, tasks)
    if not plan:
        raise AskedWrongly("no model of this benchmark learns to answer these tasks.")
    kept, spent = Store(store), dict[str, float]()
    kept.sweep()
    with _show.progress(len(plan) * len(steps) * (1 if asked.split else asked.folds)) as tell:

        def step(now: Any) -> None:
            spent.update(now.spent)
            tell(now)

        jobs = [one for *_, one in plan]
        found = curves(jobs, steps, store=kept, workers=workers or os.cpu_count() or 1, progress=step)
    drawn = [(task, model, curve) for (task, model, _), curve in zip(plan, found, strict=True)]
    failed = [
        (f"{task} · {model} · {point.fraction:g}", point.came)
        for task, model, curve in drawn
        for point in curve.points
        if isinstance(point.came, HarnessError)
    ]
    code = max((error.exit_code for _, error in failed), default=0)
    if as_json:
        _print_json(asked, drawn, left_out, code, spent)
    else:
        _print_tables(asked, drawn, left_out)
        if spent:
            click.echo(f"Spent: {_show.spent(spent)}.")
    for name, error in failed:
        click.secho(f"{name}: {error}", fg="red", err=True)
    return code


def _fractions(text: str) -> list[float]:
    from harness.errors import AskedWrongly

    try:
        steps = sorted({float(part) for part in text.split(",")})
    except ValueError:
        steps = [0.0]
    if not all(0 < step <= 1 for step in steps):
        raise AskedWrongly(f'--fractions "{text}": write numbers above 0 and up to 1, such as 0.25,0.5,1.')
    return steps


def _plan(asked: Benchmark, tasks: tuple[str, ...]) -> tuple[list[tuple[str, str, Asked]], list[str]]:
    """What has a curve, by the names of task and model, and the models that learn nothing."""
    from harness.errors import UnknownName
    from harness.running.curve import learns

    titles = [asked.title(task) for task in asked.tasks]
    for name in tasks:
        if name not in titles:
            raise UnknownName(f"task of {asked.name}", name, titles)
    plan, left_out = [], []
    for task, model, one in asked.asked():
        if tasks and task not in tasks:
            continue
        if learns(one):
            plan.append((task, model if asked.seeds == 1 else f"{model} · seed {one.seed}", one))
        elif model not in left_out:
            left_out.append(model)
    return plan, left_out


def _print_json(asked: Benchmark, drawn: Drawn, left_out: Sequence[str], code: int, spent: Mapping[str, float]) -> None:
    from harness.files import canonical
    from harness.result import Result, plain

    rows = []
    for task, model, curve in drawn:
        points = []
        for point in curve.points:
            score = plain(point.came.headlines[0]) if isinstance(point.came, Result) else None
            size = {"fraction": point.fraction, "groups": point.groups, "documents": point.documents}
            points.append({**size, "score": score, "failure": "" if score else str(point.came)})
        doublings = [{"from": few, "to": many, "gain": plain(gain)} for few, many, gain in curve.doublings()]
        about = {"task": task, "model": model, "spec": str(curve.asked.spec), "seed": curve.asked.seed}
        rows.append({**about, "metric": next(iter(curve.asked.metrics)), "points": points, "doublings": doublings})
    said = {"exit": code, "benchmark": asked.name, "seed": asked.seed, "protocol": asked.split or f"{asked.folds}-fold"}
    click.echo(canonical({**said, "curves": rows, "without": list(left_out), "spent": dict(spent)}).decode())


def _print_tables(asked: Benchmark, drawn: Drawn, left_out: Sequence[str]) -> None:
    from harness.cli import _show

    screen, doubled = _show.console(), False
    for task in dict.fromkeys(task for task, *_ in drawn):
        own = [(model, curve) for name, model, curve in drawn if name == task]
        screen.print(_scores(task, own))
        gains = {model: list(curve.doublings()) for model, curve in own}
        steps = sorted({(few, many) for found in gains.values() for few, many, _ in found})
        rows = []
        for model, found in gains.items():
            said = {(few, many): _signed(gain) for few, many, gain in found}
            rows.append((model, *(said.get(pair, "") for pair in steps)))
        if steps:
            doubled = True
            header = ("model", *(f"{few:g} → {many:g}" for few, many in steps))
            screen.print(_show.table(f"{task}: what twice as many groups add", header, rows))
    protocol = asked.split or f"{asked.folds}-fold by group"
    screen.print(
        f"{protocol}, seed {asked.seed}: fractions of the groups to learn from, each holding the smaller ones; the same"
        " items scored at each.\nIntervals of 95 % by bootstrap over the units scored: of these fitted models, not of"
        " other draws of the groups learned from."
    )
    if doubled:
        screen.print(
            "Where a curve flattens from here on, annotating as many groups again adds less than its last column says."
        )
    if left_out:
        screen.print(f"Without a curve, since they learn nothing: {', '.join(left_out)}.")


def _scores(task: str, own: Sequence[tuple[str, Curve]]) -> Any:
    """The table of one task: a row a model, a column a fraction, and the curve in bars."""
    from harness.cli import _show
    from harness.result import Result
    from harness.scores import show_value

    first = own[0][1]
    values = {
        model: [point.came.headlines[0].value if isinstance(point.came, Result) else float("nan") for point in c.points]
        for model, c in own
    }
    known = [value for row in values.values() for value in row if value == value]
    rows = [("groups", *(f"{point.groups:.0f}" for point in first.points), "")]
    rows += [("documents", *(f"{point.documents:.0f}" for point in first.points), "")]
    for model, curve in own:
        shown = [show_value(p.came.headlines[0]) if isinstance(p.came, Result) else "failed" for p in curve.points]
        rows.append((model, *shown, _bars(values[model], known)))
    spec, metric = next(iter(first.asked.metrics.items()))
    lower = ", lower is better" if metric.better == "lower" else ""
    header = ("", *(f"{point.fraction:g}" for point in first.points), "")
    return _show.table(f"{task}: {spec}{lower}, by the fraction learned from", header, rows)


def _bars(values: Sequence[float], known: Sequence[float]) -> str:
    """A bar a value, from the lowest to the highest of the task; a blank where there is none."""
    low, wide = min(known, default=0.0), (max(known, default=0.0) - min(known, default=0.0)) or 1.0
    return "".join(BARS[round((value - low) / wide * 7)] if value == value else " " for value in values)


def _signed(gain: Score) -> str:
    """`+0.031 [+0.010, +0.052]`."""
    if gain.value != gain.value:
        return "not defined"
    ends = "not estimable" if gain.low is None or gain.high is None else f"{gain.low:+.3f}, {gain.high:+.3f}"
    return f"{gain.value:+.3f} [{ends}]"
