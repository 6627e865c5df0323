"""Show what accepting a run in place of a baseline would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.baselines import Change


@click.command()
@click.argument("name")
@click.argument("run")
@click.option("--corpus", "corpora", multiple=True, metavar="C",
              help="Where a corpus is, if not where the run found it; may be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(name: str, run: str, corpora: tuple[str, ...], as_json: bool) -> int:
    """Show the scores that would change from baseline NAME to RUN, and which models come and go."""
    from harness import baselines
    from harness.cli import _show, _sides
    from harness.files import compact

    base = baselines.results_of(name)
    ours, theirs = _sides.side(name), _sides.side(run)
    found = baselines.changes(base, theirs.results, _sides.tasks(ours, theirs, corpora))
    rows = [row for one in found for row in _rows(one)]
    if as_json:
        click.echo(compact({"exit": 0, "baseline": name, "run": run, "changes": rows}))
        return 0
    same = sum(one.what == "same" for one in found)
    cells = [
        (f"{row['task']} · {row['model']}", row["metric"], *(_number(row[key]) for key in ("base", "run")), _said(row))
        for row in rows
        if row["what"] != "same"
    ]
    if cells:
        _show.console().print(_show.table(f"{name} → {run}", ("result", "score", name, "run", "difference"), cells))
    click.echo(f"{len(found) - same} of {len(found)} results would change.")
    for one in found:
        if one.error:
            click.echo(f"{one.task} · {one.model}: {one.error}", err=True)
    return 0


def _rows(one: Change) -> list[dict[str, Any]]:
    """A row for each metric, its difference where the two can be compared."""
    head = {"task": one.task, "model": one.model, "what": one.what}
    if one.comparison:
        return [
            {**head, "metric": cell.metric, "base": cell.base, "run": cell.candidate,
             "difference": cell.difference, "low": cell.low, "high": cell.high}
            for cell in one.comparison.cells
        ]  # fmt: skip
    scores = {
        side: {score.metric: score.value for score in kept.headlines} if kept else {}
        for side, kept in (("base", one.base), ("run", one.candidate))
    }
    metrics = dict.fromkeys([*scores["base"], *scores["run"]])
    return [{**head, "metric": name, **{side: values.get(name) for side, values in scores.items()}} for name in metrics]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _said(row: dict[str, Any]) -> str:
    if "difference" not in row:
        return str(row["what"])
    ends = "" if row["low"] is None else f" [{row['low']:+.3f}, {row['high']:+.3f}]"
    return f"{row['difference']:+.3f}{ends}"
