"""Documents from a file into a corpus: a dry run that says what it would do, and --apply to do it."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import _complete


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "corpus", required=True, metavar="CORPUS", help="By path or by its name under corpora/.")
@click.option("--as", "form", required=True, metavar="FORMAT", shell_complete=_complete.formats,
              help="csv, jsonl, or with settings: \"csv(delimiter=';')\".")  # fmt: skip
@click.option("--group", metavar="COLUMN", help="The column that says which documents belong together.")
@click.option("--offsets", default="codepoint", show_default=True,
              help="The unit of the file's spans: codepoint, utf16, byte, crlf.")  # fmt: skip
@click.option("--lf", is_flag=True, help="Turn CRLF line ends of the texts into LF, spans with them.")
@click.option("--apply", "write", is_flag=True, help="Write, instead of only saying what would be written.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    file: Path, corpus: str, form: str, group: str | None, offsets: str, lf: bool, write: bool, as_json: bool
) -> int:
    """Import FILE into a corpus, all of it or nothing. Every row ends as imported or rejected with its reason.

    \b
    harness import news.csv --to mine --as csv              what it would do
    harness import news.csv --to mine --as csv --apply      does it

    A CSV has a header with `text` and, as there are, `id`, `group`, `split`, `language` and a column for each layer:
    several labels as A|B, an empty cell for "not annotated", [] for "none". A label about something takes a row
    each, with a column for holder, target and the like. Spans are a JSON cell, [[start, end, "LABEL"]]. All of it:
    `harness list formats csv`, `harness list formats jsonl`.
    """
    from harness.cli import _show
    from harness.corpus import find
    from harness.editing.importing import apply_import, plan_import
    from harness.errors import Problem
    from harness.registry import make, parse

    problems: list[Problem] = []
    rows = _show.counted(make("formats", parse(form)).read(file, problems), "rows read")
    plan = plan_import(find(corpus), str(file), rows, group=group or "", offsets=offsets, lf=lf, problems=problems)
    code = 1 if plan.rejected else 0
    if write and not plan.rejected:
        with _show.progress(len(plan.documents)) as tell:
            apply_import(plan, lambda done: tell("writing"))
    if as_json:
        import msgspec

        rejected = [{"file": p.file, "line": p.line, "found": p.found, "remedy": p.remedy} for p in plan.rejected]
        answer = {
            "exit": code,
            "rows": plan.rows,
            "documents": len(plan.documents),
            "groups": len(plan.groups),
            "known": plan.known,
            "merged": plan.merged,
            "rejected_rows": plan.rejected_rows,
            "rejected": rejected,
            "notes": list(plan.notes),
            "written": write and not plan.rejected,
        }
        click.echo(msgspec.json.encode(answer).decode())
        return code
    click.echo(f"{file}: {plan.rows} rows")
    click.echo(f"  {len(plan.documents)} new documents in {len(plan.groups)} groups")
    for count, what in (
        (plan.merged, "rows that add a label to one of them"),
        (plan.known, "rows whose documents are in the corpus already"),
        (plan.rejected_rows, "rows rejected"),
    ):
        if count:
            click.echo(f"  {count} {what}")
    for layer, labels in plan.labels().items():
        done = sum(layer in document.gold for document in plan.documents)
        said = ", ".join(f"{label} {count}" for label, count in labels.most_common())
        click.echo(f"  {layer}: {done} documents annotated: {said or 'nothing'}")
    if plan.metadata:
        click.echo(f"  kept as metadata: {', '.join(plan.metadata)}")
    for note in plan.notes:
        click.echo(f"  note: {note}")
    for problem in plan.rejected:
        click.echo(str(problem))
    if plan.rejected:
        many = f"{len(plan.rejected)} problem{'s' if len(plan.rejected) != 1 else ''}"
        click.secho(f"{many}; nothing is written. Mend the file and import it again.", fg="red", err=True)
    elif write and not plan.documents:
        click.echo("Nothing is new, nothing is written.")
    elif write:
        click.secho(f"Written to {plan.root}.", fg="green")
    else:
        click.echo("Nothing is written. Add --apply to write.")
    return code
