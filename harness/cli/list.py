"""What there is: models, metrics, tasks, formats, reports, corpora."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("what", type=click.Choice(["models", "metrics", "tasks", "formats", "reports", "corpora"]))
@click.argument("name", required=False)
@click.option("--corpus", metavar="C", help="With tasks: those that this corpus declares.")
@click.option("--settings", is_flag=True, help="Each part's settings and their defaults too.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(what: str, name: str | None, corpus: str | None, settings: bool, as_json: bool) -> int:
    """List the parts of a kind with what each is for, or the corpora under corpora/.

    With NAME all about one part: `harness list formats csv`.
    """
    from harness import registry

    if name and what != "corpora":
        click.echo(registry.help_of(what, name))
        return 0
    if what == "corpora":
        rows = {path.parent.name: str(path.parent) for path in sorted(Path("corpora").glob("*/corpus.toml"))}
    elif what == "tasks" and corpus:
        rows = _tasks(corpus)
    else:
        rows = registry.purposes(what)
        if settings:
            for name in rows:
                said = ", ".join(f"{key}={value}" for key, value in registry.settings_of(what, name).items())
                rows[name] = f"({said}) {rows[name]}"
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"exit": 0, what: rows}).decode())
        return 0
    wide = max(map(len, rows), default=0)
    for name, purpose in rows.items():
        click.echo(f"{click.style(f'{name:<{wide}}', fg='cyan')}  {purpose}")
    if not rows:
        click.echo(f"No {what} here.", err=True)
    return 0


def _tasks(corpus: str) -> dict[str, str]:
    from harness import api
    from harness.benchmark import tasks_of
    from harness.cli import _show

    loaded = _show.loaded(corpus)
    rows = {}
    for name in tasks_of(loaded):
        task = api.task(name, loaded)
        about = f" of {', '.join(task.of)}" if task.of else ""
        rows[name] = f"{task.gold.kind}{about}: {', '.join(task.gold.labels)} ({len(task)} items)"
    return rows
