"""Score a predictions file on a task of a corpus."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import _complete


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--corpus", required=True, metavar="C", help="A corpus, by path or by its name under corpora/.")
@click.option("--task", required=True, metavar="T", shell_complete=_complete.tasks, help="The task.")
@click.option("--metric", "metrics", multiple=True, shell_complete=_complete.metrics, help="Instead of the task's own.")
@click.option("--split", help="Score the items of this split alone.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=13, show_default=True, help="Of the draws.")
@click.option("--by-label", is_flag=True, help="Each label's own score too.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    predictions: Path,
    corpus: str,
    task: str,
    metrics: tuple[str, ...],
    split: str | None,
    seed: int,
    by_label: bool,
    as_json: bool,
) -> int:
    """Score PREDICTIONS, JSON lines with one item a line.

    \b
    {"item": "venezuela/000_57d2df40f0143d75", "label": "RELEASE"}
    {"item": "GROUP/ID", "spans": [[440, 454, "PER"]]}
    {"document": "GROUP/ID", "holder": "opv", "target": "penahanan", "label": "AGAINST"}

    An item that the file lacks is missing and counts as wrong.
    """
    from harness import api
    from harness.cli import _show

    result = api.score(
        predictions, api.task(task, _show.loaded(corpus)), metrics=metrics or None, seed=seed, split=split or ""
    )
    if as_json:
        from harness.files import canonical

        answer = {"exit": 0, "content": result.content, "signature": result.signature}
        click.echo(canonical(answer).decode())
        return 0
    click.echo(str(result))
    if by_label:
        for score in result.scores:
            if score.label:
                click.echo(str(score))
    return 0
