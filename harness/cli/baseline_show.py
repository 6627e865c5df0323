"""List the baselines, and check that each is what was accepted."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(name: str | None, as_json: bool) -> int:
    """Show all baselines, or the results of one. Exit code 1 where a file of it is not what was accepted."""
    from dataclasses import asdict

    from harness import baselines
    from harness.errors import UnknownName
    from harness.files import compact

    known = baselines.accepted()
    if name is not None and name not in known:
        raise UnknownName("baseline", name, known)
    shown = {one: said for one, said in known.items() if name in (None, one)}
    problems = {one: list(baselines.problems_of(said, Path(baselines.FOLDER) / one)) for one, said in shown.items()}
    broken = [problem for found in problems.values() for problem in found]
    if as_json:
        rows = [{"name": one, **asdict(said), "problems": list(map(str, problems[one]))} for one, said in shown.items()]
        click.echo(compact({"exit": int(bool(broken)), "baselines": rows}))
        return int(bool(broken))
    if not known:
        click.echo('No baselines are here. Accept one: harness baseline accept RUN --name NAME --reason "…".')
    for one, said in shown.items():
        _print(one, said, whole=name is not None and not problems[one])
    for problem in broken:
        click.secho(str(problem), fg="red", err=True)
    return int(bool(broken))


def _print(name: str, said: object, *, whole: bool) -> None:
    from harness import baselines
    from harness.cli import _show
    from harness.scores import show_value

    assert isinstance(said, baselines.Accepted)
    looks = f"{said.looks} look{'s' if said.looks > 1 else ''} declared"
    at = f", commit {said.commit[:12]}" if said.commit else ""
    click.echo(f"{name}: {said.reason}\n  {len(said.results)} results of {said.benchmark}, {looks}{at}")
    if whole:
        results = baselines.results_of(name)
        rows = [
            (f"{task} · {model}", score.metric, show_value(score), _show.units(score))
            for (task, model), kept in results.items()
            for score in kept.headlines
        ]
        _show.console().print(_show.table("", ("result", "score", "value", "unit"), rows))
