"""Score a file of predictions: on a task of a corpus, or against a file of gold answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import _complete
from harness.errors import AskedWrongly

if TYPE_CHECKING:
    from harness.result import Scored


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--corpus", metavar="C", help="A corpus, by path or by its name under corpora/.")
@click.option("--task", metavar="T", shell_complete=_complete.tasks, help="With --corpus: the task.")
@click.option("--gold", type=click.Path(path_type=Path), help="Instead of a corpus: a file of gold answers.")
@click.option("--labels", metavar="A,B,C", help="With --gold: all labels there can be, in their order.")
@click.option("--kind", type=click.Choice(["label", "labels", "spans"]), help="With --gold, where it holds several.")
@click.option("--as", "form", metavar="FORM", default="",
              help="How PREDICTIONS are read where the suffix does not tell: parquet, jsonl, csv, conll.")  # fmt: skip
@click.option("--gold-as", metavar="FORM", default="", help="The same of --gold.")
@click.option("--scheme", type=click.Choice(["IOB1", "IOB2", "BIOES", "BILOU"]),
              help="Of tags, for the strict reading; IOB2 where none is named.")  # fmt: skip
@click.option("--reading", type=click.Choice(["default", "strict"]),
              help="Of tags: seqeval's default (as conlleval) or strict mode; they score differently.")  # fmt: skip
@click.option("--metric", "metrics", multiple=True, shell_complete=_complete.metrics, help="Instead of the task's own.")
@click.option("--slice", "slices", multiple=True, metavar="NAME", shell_complete=_complete.slices,
              help="Scores of parts too: tags, target, language, length, label, name …; may be repeated.")  # fmt: skip
@click.option("--split", default="", help="Score the items of this split alone.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=13, show_default=True, help="Of the draws.")
@click.option("--by-label", is_flag=True, help="Each label's own score too.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    predictions: Path,
    corpus: str | None,
    task: str | None,
    gold: Path | None,
    labels: str | None,
    kind: str | None,
    form: str,
    gold_as: str,
    scheme: str | None,
    reading: str | None,
    metrics: tuple[str, ...],
    slices: tuple[str, ...],
    split: str,
    seed: int,
    by_label: bool,
    as_json: bool,
) -> int:
    """Score PREDICTIONS, a file with one item a line or row, and show each score with its interval.

    \b
    harness score mine.jsonl --corpus kabar --task event
    harness score mine.parquet --gold gold.parquet --labels FAVOR,AGAINST,NONE
    harness score tags.conll --labels PER,LOC,ORG        (gold and predicted tag in the last two columns)

    \b
    JSON lines are of this shape; columns of Parquet and CSV have the same names:
    {"item": "venezuela/000_57d2df40f0143d75", "label": "RELEASE"}
    {"item": "GROUP/ID", "spans": [[440, 454, "PER"]]}
    {"document": "GROUP/ID", "holder": "opv", "target": "penahanan", "label": "AGAINST"}
    {"item": "GROUP/ID", "label": "A", "scores": {"A": 0.7, "B": 0.3}}      (for roc_auc, log_loss, ece ...)
    {"item": "GROUP/ID", "labels": ["A", "B"]}                              (in a CSV: A|B)

    An item that the file lacks is missing and counts as wrong; an item that was not asked is refused. A gold file may
    say more of each item: `document` and `group` are what chance is drawn over; they, `split` and any other column of
    texts, numbers, truth values or lists can be sliced by (in JSON lines, one that the first 1,000 lines know). Files
    that are sorted by item are scored in a stream, whatever their size.
    """
    from harness import api
    from harness.cli import _show

    result: Scored
    if corpus is not None:
        if gold or labels or kind or gold_as:
            raise AskedWrongly("--corpus says gold, labels and kind itself: leave --corpus away, or the others.")
        if form or scheme or reading:
            raise AskedWrongly(
                "with --corpus the suffix tells how PREDICTIONS are read: leave --as, --scheme, --reading."
            )
        if task is None:
            raise AskedWrongly("--corpus needs --task: the question that was asked of it.")
        gold = _gold_of_a_build(corpus, task, predictions, metrics, slices)
    if corpus is not None and task is not None and gold is None:
        loaded = api.task(task, _show.loaded(corpus))
        result = api.score(predictions, loaded, metrics=metrics or None, slices=slices, seed=seed, split=split)
    else:
        result = api.score_files(
            predictions,
            gold or _both_in(predictions, form),
            metrics=metrics or None,
            slices=slices,
            seed=seed,
            split=split,
            labels=tuple(label for label in map(str.strip, (labels or "").split(",")) if label),
            kind=kind or "",
            forms=(form, gold_as if gold else form),
            tags={name: said for name, said in (("reading", reading), ("scheme", scheme)) if said},
            tell=_show.counter("items scored"),
            warn=lambda said: click.secho(said, fg="yellow", err=True),
        )
    if 2 * result.denominators["invalid"] > result.n:
        click.secho("More than half of the answers hold a label that is not declared: is it spelt alike?", fg="yellow",
                    err=True)  # fmt: skip
    if as_json:
        from harness.files import canonical

        answer = {"exit": 0, "content": result.content, "signature": result.signature}
        click.echo(canonical(answer).decode())
        return 0
    click.echo(str(result))
    rows = _show.rows_of(result, by_label=by_label)
    if rows:
        _show.console().print(_show.table("", ("score", "value", "n", "unit", ""), rows))
    return 0


def _gold_of_a_build(
    corpus: str, task: str, predictions: Path, metrics: tuple[str, ...], slices: tuple[str, ...]
) -> Path | None:
    """The gold of a task of a corpus that was built, where that is all that scoring needs: no text is then read.

    None where the corpus is a folder, the predictions are no columns, or metrics or slices want more than gold.
    """
    from harness.corpus import find
    from harness.corpus.shards import task_file
    from harness.corpus.sources import is_built

    root = find(corpus)
    if not is_built(root) or predictions.suffix != ".parquet":
        return None
    from harness import answers
    from harness.errors import HarnessError, Problem, ProblemsFound
    from harness.running import measures
    from harness.streaming import Question

    path, digest = task_file(root, task)
    header = answers.header(path)
    if header.task is None or header.task.corpus_digest != digest:
        found = "holds no task of this build"
        raise ProblemsFound([Problem(str(path), 0, found, "Build it again: harness corpus build --replace.")])
    try:
        measures(str(path), Question(header.task.kind, header.task.labels, task=header.task).prototype, metrics)
    except HarnessError:
        return None
    return path if set(slices) <= {*header.columns, "label"} else None


def _both_in(predictions: Path, form: str) -> Path:
    """The gold of a file that holds both: tags in columns alone."""
    from harness.answers import SUFFIXES, name_of

    if not (form or predictions.suffix in SUFFIXES) or name_of(predictions, form) != "conll":
        raise AskedWrongly("say what the gold is: --corpus C --task T, or --gold FILE.")
    return predictions
