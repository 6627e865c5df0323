"""Tell a run: one page to open, or the same numbers for another tool."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import _complete


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--as", "form", default="html", show_default=True, metavar="KIND", shell_complete=_complete.reports,
              help="One of `harness list reports`, with settings: \"html(most=500)\".")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to, instead of beside the run.")
@click.option("--corpus", "corpora", multiple=True, metavar="C", help="Where the gold is, if no run.json says it.")
@click.option("--no-text", is_flag=True, help="Ids alone, where a licence forbids to pass texts on (html).")
def command(runs: tuple[str, ...], form: str, out: Path | None, corpora: tuple[str, ...], no_text: bool) -> int:
    """Write a report of RUN, a folder that `harness run` wrote, or of several.

    \b
    harness report runs/kabar-159a70c7                          report.html, to open by double click
    harness report runs/kabar-159a70c7 --as latex --out t.tex   a table for a paper

    What is true stands on top; below it every score with its interval, and the documents that went wrong. Two reports
    of one run are the same, byte for byte.
    """
    from dataclasses import replace

    from harness.cli import _accounts
    from harness.registry import make, names, parse

    spec = parse(form)
    if spec.name not in names("reports") and spec.name.replace("-", "_") in names("reports"):
        spec = replace(spec, name=spec.name.replace("-", "_"))  # model-card, as its tools call it
    if no_text:
        spec = replace(spec, settings={**spec.settings, "texts": False})
    made = make("reports", spec)
    told = _accounts.account(runs, corpora)
    path = out or Path(runs[0]) / f"{'report' if spec.name in ('html', 'markdown') else spec.name}{made.suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    made.write(told, path)
    for note in told.notes:
        click.secho(f"Note: {note}", err=True, fg="yellow")
    click.echo(str(path))
    return 0
