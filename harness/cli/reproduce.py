"""Make results again, and say how far they came out the same."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.reproducing import Reproduced


@click.command()
@click.argument("result")
@click.option("--tier", type=click.Choice(["T0", "T1", "T2"]), default="T1", show_default=True,
              help="What must hold for exit code 0. With T0 nothing is trained.")  # fmt: skip
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True,
              help="Processes that train and predict side by side; 0: one for each processor.")  # fmt: skip
@click.option("--corpus", "corpora", multiple=True, metavar="C",
              help="Where a corpus is, if not where the run found it; may be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(result: str, tier: str, workers: int, corpora: tuple[str, ...], as_json: bool) -> int:
    """Run RESULT again, a result's folder, a run's or a baseline's name, and say which tier each result reaches.

    \b
    T0  the scores of the stored predictions come out byte by byte
    T1  models that are trained again, without the store, give the same labels
    T2  and their scores are within 0.00001

    What learns nothing, such as a file of predictions, has T0 alone. Exit code 1 where a result does not reach --tier.
    """
    from harness.cli import _show, _sides
    from harness.errors import AskedWrongly
    from harness.files import compact
    from harness.reproducing import asked_of, reproduce

    side = _sides.side(result)
    if not side.results:
        raise AskedWrongly(f"{result} holds no result yet. Run it to its end.")
    tasks = _sides.tasks(side, side, corpora)
    plans = [asked_of(kept, tasks[task]) for (task, _), kept in side.results.items()] if tier != "T0" else []
    cells = sum(1 if one.split else one.folds for one in plans if one)
    with _show.progress(cells) as tell:
        found = reproduce(
            side.results, tasks, tier=tier, workers=workers or os.cpu_count() or 1,  # type: ignore[arg-type]
            progress=lambda now: tell(_show.step(now)),
        )  # fmt: skip
    short = [one for one in found if not one.reaches(tier)]  # type: ignore[arg-type]
    if as_json:
        rows = [
            {"task": one.task, "model": one.model, "reached": one.reached, "differs": dict(one.differs),
             "learns": one.learns, "libraries": list(one.libraries)}
            for one in found
        ]  # fmt: skip
        click.echo(compact({"exit": int(bool(short)), "tier": tier, "missing": side.missing, "results": rows}))
        return int(bool(short))
    if short:
        click.echo(f"{tier} is not reached by {len(short)} of {len(found)} results, first {_named(short[0])}.")
    else:
        alone = sum(not one.learns for one in found) if tier != "T0" else 0
        besides = f"; {alone} learn nothing and have T0 alone" if alone else ""
        click.echo(f"{tier} is reached by {len(found)} of {len(found)} results{besides}.")
    marks = [(_named(one), *_marks(one)) for one in found]
    _show.console().print(_show.table("", ("result", "T0", "T1", "T2"), marks))
    for one in found:
        for why in dict.fromkeys(filter(None, one.differs.values())):
            tiers = ", ".join(tier for tier, said in one.differs.items() if said == why)
            click.echo(f"{_named(one)}, {tiers}: {why}")
    _print_libraries(found)
    if side.missing:
        click.echo(f"{result} is not whole: {side.missing}", err=True)
    return int(bool(short))


def _named(one: Reproduced) -> str:
    return f"{one.task} · {one.model}"


def _marks(one: Reproduced) -> list[str]:
    from harness.reproducing import TIERS

    return ["-" if tier not in one.differs else "no" if one.differs[tier] else "yes" for tier in TIERS]


def _print_libraries(found: list[Reproduced]) -> None:
    """Libraries that have changed since, where they are the same for all results once."""
    others = {one.libraries: _named(one) for one in found if one.libraries}
    for libraries, name in others.items():
        whose = "" if len(others) == 1 else f" ({name})"
        more = f" and {len(libraries) - 10} more" if len(libraries) > 10 else ""
        click.echo(f"Libraries are others than then{whose}: {'; '.join(libraries[:10])}{more}.")
    if not others:
        click.echo("Every library has the version that it had then.")
