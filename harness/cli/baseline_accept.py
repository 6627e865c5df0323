"""Keep the results of a run as a baseline, committed with the code, for candidates to be held against."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What it is called, as in `harness gate NAME RUN`.")
@click.option("--reason", required=True, metavar="TEXT", help="Why this run: it stands in the lock.")
@click.option("--looks", type=click.IntRange(1), default=1, show_default=True,
              help="How many candidates will be held against it; alpha is shared among them.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Put it in the place of the baseline of this name.")
@click.option("--corpus", "corpora", multiple=True, metavar="C",
              help="Where a corpus is, if not where the run found it; may be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    run: Path, name: str, reason: str, looks: int, replace: bool, corpora: tuple[str, ...], as_json: bool
) -> int:
    """Copy content and predictions of every result of RUN to baselines/NAME, and note it in baselines.lock.

    Commit both. Refused are a run that did not come to its end, another corpus than stands here, changes that are not
    committed, and a name that is taken. Two references are two names: one that you replace with each merge, and an
    anchor that stays, since slow creep passes every check against the former.
    """
    from dataclasses import asdict

    from harness import baselines
    from harness.cli import _sides
    from harness.files import compact

    baselines.whole_run(run)
    side = _sides.side(str(run))
    tasks = _sides.tasks(side, side, corpora)
    entry, note = baselines.accept(run, name, reason=reason, tasks=tasks, looks=looks, replace=replace)
    if as_json:
        click.echo(compact({"exit": 0, "baseline": name, "note": note, **asdict(entry)}))
        return 0
    at = f" at commit {entry.commit[:12]}" if entry.commit else ""
    click.echo(f"Accepted {len(entry.results)} results of {run} as {name}{at}.")
    click.echo(f"Commit {baselines.LOCK} and {baselines.FOLDER}/{name}.")
    if note:
        click.echo(note, err=True)
    return 0
