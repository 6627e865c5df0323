"""Draw documents to annotate next: from the pool, where two models disagree."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("corpus")
@click.option("--disagreements", nargs=2, required=True, metavar="A B", type=click.Path(path_type=Path),
              help="Two files of predictions, the base's first, that answer the whole pool.")  # fmt: skip
@click.option("--n", type=click.IntRange(1), required=True, help="Documents to draw, about so many with groups.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=13, show_default=True, help="Of the draw.")
@click.option("--task", metavar="T", help="The task, where the corpus declares several.")
@click.option("--apply", is_flag=True, help="Move what is drawn to split settle; without it nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    corpus: str, disagreements: tuple[Path, Path], n: int, seed: int, task: str | None, apply: bool, as_json: bool
) -> int:
    """Draw documents of CORPUS, from split pool, on which two models disagree: what settles a comparison soonest.

    \b
    harness corpus next kabar --disagreements main.jsonl mine.jsonl --n 65 --task stance --apply
    {"item": "GROUP/ID", "label": "RELEASE"}          (a line of such a file; see harness score)

    Each group on which they disagree is as likely as any other, and goes whole. Where they agree nothing needs a label:
    how often is known, and what the scores need of it the test set says. --apply writes split = "settle" and a record
    of the draw into each group.toml. Once annotated, `harness gate --settle A B` alone uses them; no benchmark, table
    or training ever does. The pool must be a random sample of what the test set is one of.
    """
    from dataclasses import asdict

    from harness.benchmark import task_of
    from harness.corpus import Corpus, find
    from harness.corpus.reading import read_folder
    from harness.editing.drawing import answers_in, apply_draw, draws_of, items_of, plan_draw
    from harness.errors import AskedWrongly, ProblemsFound
    from harness.files import compact

    reading = read_folder(find(corpus))
    if reading.problems:
        raise ProblemsFound(reading.problems)
    declared = [*reading.schema.tasks] or [*reading.schema.layers]
    if task is None and len(declared) != 1:
        raise AskedWrongly(f"say of which task: --task {' or '.join(declared)}.")
    asked = task_of(task or declared[0], Corpus(reading.root, reading.schema, ()))
    items = items_of(reading.documents, str(asked.settings["layer"]), asked.of)
    said, models = answers_in(disagreements, items, asked)
    before = draws_of(reading.root, reading.documents)
    if any((draw.task, draw.models) == (asked.name, models) for draw in before.values()):
        raise AskedWrongly(
            f"a settle set of {asked.name} was drawn for these two already. A second would be a third look."
        )
    draw, groups = plan_draw(items, said, task=asked.name, models=models, n=n, seed=seed)
    documents = [document.id for document in reading.documents if document.group in {*groups}]
    if apply:
        apply_draw(reading.root, draw, groups)
    if as_json:
        click.echo(compact({"exit": 0, "written": apply, **asdict(draw), "groups": groups, "documents": documents}))
        return 0
    click.echo(
        f"The two disagree on {draw.apart:,} of the {draw.pool:,} groups of the pool ({draw.apart / draw.pool:.1%}). "
        f"{draw.drawn:,} drawn, each with probability {draw.probability:.3g}: {len(documents):,} documents."
    )
    click.echo("\n".join(documents))
    if before:
        click.echo(
            f"Beware: {len(before)} groups left the pool in earlier draws, so that it stands for less than it did."
        )
    gate = f"harness gate BASE CANDIDATE --settle {disagreements[0]} {disagreements[1]}"
    now = f"In split settle now. Annotate them, write looks = 2 into the policy, then: {gate}"
    click.echo(now if apply else "Nothing was written: --apply moves them to split settle.")
    return 0
