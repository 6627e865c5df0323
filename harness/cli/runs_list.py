"""The stored runs, the newest first: when, how much of what was planned, what failed, how big."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.runs import Stored


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="The folder that the runs stand in.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(folder: Path, as_json: bool) -> int:
    """List the runs that are stored: results done of those planned, whether all of them ended, failures, size."""
    import datetime

    from harness.cli import _show
    from harness.runs import runs_in

    found = runs_in(folder)
    when = [datetime.datetime.fromtimestamp(int(run.written), datetime.UTC) for run in found]
    if as_json:
        from harness.files import canonical

        plain = [
            {
                "folder": str(run.folder),
                "benchmark": run.said.get("benchmark"),
                "when": time.isoformat(),
                "results": run.results,
                "planned": run.said.get("planned"),
                "complete": run.said.get("complete"),
                "failures": run.said.get("failures", []),
                "bytes": run.size,
            }
            for run, time in zip(found, when, strict=True)
        ]
        click.echo(canonical({"exit": 0, "runs": plain}).decode())
        return 0
    if not found:
        click.echo(f"No runs are in {folder}.")
        return 0
    rows = []
    for run, time in zip(found, when, strict=True):
        planned = f"{run.results} of {run.said['planned']}" if "planned" in run.said else str(run.results)
        named = str(run.said.get("benchmark", ""))
        rows.append((run.folder.name, named, f"{time:%Y-%m-%d %H:%M}", planned, _ended(run), _show.size(run.size)))
    header = ("run", "benchmark", "last written, UTC", "results", "", "size")
    _show.console().print(_show.table(f"{len(found)} runs in {folder}", header, rows))
    return 0


def _ended(run: Stored) -> str:
    """Whether all that was planned has come to its end, as far as the folder tells."""
    if "complete" not in run.said:
        return "says nothing: no run.json, or one that cannot be read"
    if not run.said["complete"]:
        return "broken off, or still running"
    failed = len(run.said.get("failures", []))
    return f"complete, {failed} failed" if failed else "complete"
