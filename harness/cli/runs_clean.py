"""Remove old runs, stored cells that nobody uses, and half-written files; without --apply, only say which."""

from __future__ import annotations

from pathlib import Path

import click

DAY = 86_400  # seconds


@click.command()
@click.option("--days", type=click.IntRange(0), default=30, show_default=True,
              help="Remove what was neither written nor, in the store, read for so long.")  # fmt: skip
@click.option("--store", type=click.Path(path_type=Path), default=Path("runs/store"), show_default=True,
              help="Where finished cells are kept.")  # fmt: skip
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="The folder that the runs stand in.")  # fmt: skip
@click.option("--apply", is_flag=True, help="Remove it; without this nothing is removed.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(days: int, store: Path, folder: Path, apply: bool, as_json: bool) -> int:
    """Say what would be removed from two folders and how many bytes; --apply removes it.

    A run that holds files which no run has written, or links, stays, and so does all that is no run, such as the
    answers of servers, which were paid for. A cell that was removed is run again when it is asked for.
    """
    import time

    from harness.cli import _show
    from harness.files import left_over
    from harness.runs import remove, runs_in
    from harness.store import Store

    since = time.time() - days * DAY
    old = [run for run in runs_in(folder) if run.written < since]
    runs, kept = [run for run in old if not run.foreign], [run for run in old if run.foreign]
    cells = {Path(entry): entry.stat().st_size for entry in Store(store).unused(since)}
    broken = {path: path.lstat().st_size for path in {*left_over(folder), *left_over(store)}}
    size = sum(run.size for run in runs) + sum(cells.values()) + sum(broken.values())
    if apply:
        for path in (*cells, *broken):
            path.unlink(missing_ok=True)
        for run in runs:
            remove(run)
    if as_json:
        from harness.files import canonical

        answer = {
            "exit": 0,
            "removed": apply,
            "bytes": size,
            "runs": [{"folder": str(run.folder), "bytes": run.size} for run in runs],
            "store": sorted(map(str, cells)),
            "half_written": sorted(map(str, broken)),
            "kept": [{"folder": str(run.folder), "foreign": sorted(map(str, run.foreign))} for run in kept],
        }
        click.echo(canonical(answer).decode())
        return 0
    for run in runs:
        click.echo(f"{run.folder}  {_show.size(run.size)}, {(time.time() - run.written) / DAY:.0f} days old")
    for run in kept:
        click.echo(f"{run.folder} stays: {run.foreign[0]} was written by no run.")
    counts = f"{len(runs)} runs, {len(cells)} files of the store, {len(broken)} half-written files"
    last = "." if apply or not size else ". --apply removes them."
    click.echo(f"{'Removed' if apply else 'To be removed'}: {counts}, {_show.size(size)}{last}")
    return 0
