"""Documents from a file into a corpus: a dry run that says what it would do, and --apply to do it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _complete

if TYPE_CHECKING:
    from harness.editing.importing import Import

SHOWN = 50  # problems on the screen


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "corpus", required=True, metavar="CORPUS", help="By path or by its name under corpora/.")
@click.option("--as", "form", required=True, metavar="FORMAT", shell_complete=_complete.formats,
              help="One of `harness list formats`, with settings: \"csv(delimiter=';')\".")  # fmt: skip
@click.option("--map", "names", type=click.Path(path_type=Path), metavar="TOML",
              help="What the file's columns, controls, labels and annotators are in the corpus.")  # fmt: skip
@click.option("--suggest-map", is_flag=True, help="Print such a map, drafted from the file; nothing is imported.")
@click.option("--group", metavar="COLUMN", help="The column that says which documents belong together.")
@click.option("--offsets", default="auto", show_default=True, metavar="UNIT",
              help="The unit of the file's spans: codepoint, utf16, byte, crlf, lf, nfc, nfd, grapheme, each also "
                   "with -inclusive ends; auto takes the one that explains all surfaces.")  # fmt: skip
@click.option("--lf", is_flag=True, help="Turn CRLF line ends of the texts into LF, spans with them.")
@click.option("--apply", "write", is_flag=True, help="Write, instead of only saying what would be written.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    file: Path,
    corpus: str,
    form: str,
    names: Path | None,
    suggest_map: bool,
    group: str | None,
    offsets: str,
    lf: bool,
    write: bool,
    as_json: bool,
) -> int:
    """Import FILE into a corpus, all of it or nothing. Every row ends as imported or rejected with its reason.

    \b
    harness import news.csv --to mine --as csv              what it would do
    harness import news.csv --to mine --as csv --apply      does it
    harness import export.json --to mine --as label_studio --suggest-map > map.toml
    harness import export.json --to mine --as label_studio --map map.toml

    A CSV has a header with `text` and, as there are, `id`, `group`, `split`, `language`, `annotator` and a column for
    each layer: several labels as A|B, an empty cell for "not annotated", [] for "none". A label about something takes
    a row each, with a column for holder, target and the like. Spans are a JSON cell, [[start, end, "LABEL"]]. All of
    it: `harness list formats csv`, `harness list formats jsonl`.

    What an annotator says goes to the annotator's own file, without one it is gold. A document that is there already
    gets what its files do not have yet; nothing in them is changed.
    """
    from harness.cli import _show
    from harness.corpus import find
    from harness.editing.importing import apply_import, plan_import
    from harness.errors import Problem
    from harness.registry import make, parse

    gc.disable()  # which looks for circles among rows, of which there are none
    click.get_current_context().call_on_close(gc.enable)
    problems: list[Problem] = []
    made = make("formats", parse(form))
    rows = _show.counted(made.read(file, problems), f"{_many(made.counts)} read")
    if suggest_map:
        return _suggest(rows, corpus, file, problems)
    plan = plan_import(
        find(corpus),
        str(file),
        rows,
        group=group or "",
        offsets=made.unit if made.unit and offsets == "auto" else offsets,
        lf=lf,
        map=names,
        counts=made.counts,
        problems=problems,
    )
    if write and not plan.rejected:
        with _show.progress(len(plan.documents)) as tell:
            apply_import(plan, lambda done: tell("writing"))
    code = 1 if plan.rejected else 0
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(_answer(plan, code, write)).decode())
        return code
    for line in _told(plan, file):
        click.echo(line)
    if plan.rejected:
        many = f"{len(plan.rejected)} problem{'s' if len(plan.rejected) != 1 else ''}"
        click.secho(f"{many}; nothing is written. Mend the file and import it again.", fg="red", err=True)
    elif write and not plan.documents and not plan.annotated:
        click.echo("Nothing is new, nothing is written.")
    elif write:
        click.secho(f"Written to {plan.root}.", fg="green")
    else:
        click.echo("Nothing is written. Add --apply to write.")
    return code


def _many(counts: str) -> str:
    return "rows" if counts == "line" else f"{counts}s"


def _suggest(rows: Iterator[Any], corpus: str, file: Path, problems: list[Any]) -> int:
    from harness.corpus import find
    from harness.corpus.schema import read_schema
    from harness.editing.drafting import draft
    from harness.errors import ProblemsFound

    wrong: list[Any] = []
    root = find(corpus)
    schema = read_schema(root, wrong)
    if wrong:
        raise ProblemsFound(wrong)
    click.echo(draft(rows, schema, str(file), root.name), nl=False)
    if problems:
        click.secho(f"{len(problems)} problems of the file are passed over; the import names them.", fg="red", err=True)
    return 0


def _told(plan: Import, file: Path) -> Iterator[str]:
    """What an import would do, line by line."""
    from harness.offsets import in_words

    many = _many(plan.counts)
    also = f", or to {plan.added_to} documents of the corpus" if plan.added_to else ""
    yield f"{file}: {plan.rows} {many}"
    yield f"  {len(plan.documents)} new documents in {len(plan.groups)} groups"
    for count, what in (
        (plan.merged, f"{many} that add to one of them{also}"),
        (plan.known, f"{many} that the corpus has already"),
        (plan.rejected_rows, f"{many} rejected"),
    ):
        if count:
            yield f"  {count} {what}"
    if plan.left_out:
        yield f"  left out: {', '.join(f'{count} {why}' for why, count in sorted(plan.left_out.items()))}"
    for layer, labels in plan.labels().items():
        done = len({one.document.id for one in plan.annotated if layer in one.lines})
        said = ", ".join(f"{label} {count}" for label, count in labels.most_common())
        yield f"  {layer}: {done} documents annotated: {said or 'nothing'}"
    annotators = sorted({one.by for one in plan.annotated} - {"gold"})
    if annotators:
        yield f"  annotators, each with files of their own: {', '.join(annotators)}"
    if plan.unit.unit != "codepoint":
        yield f"  spans are counted in {in_words(plan.unit.unit)}; they are stored in code points"
    if plan.unit.loose:
        yield "  surfaces differ from the text in white space: the text's are stored"
    if plan.metadata:
        yield f"  kept as metadata: {', '.join(plan.metadata)}"
    yield from (f"  note: {note}" for note in plan.notes)
    yield from map(str, plan.rejected[:SHOWN])
    if len(plan.rejected) > SHOWN:
        yield f"… and {len(plan.rejected) - SHOWN:,} more; --json lists them all"


def _answer(plan: Import, code: int, write: bool) -> dict[str, Any]:
    rejected = [{"file": p.file, "line": p.line, "found": p.found, "remedy": p.remedy} for p in plan.rejected]
    return {
        "exit": code,
        "rows": plan.rows,
        "counts": plan.counts,
        "documents": len(plan.documents),
        "groups": len(plan.groups),
        "known": plan.known,
        "merged": plan.merged,
        "added_to": plan.added_to,
        "left_out": dict(plan.left_out),
        "rejected_rows": plan.rejected_rows,
        "rejected": rejected,
        "offsets": plan.unit.unit,
        "notes": list(plan.notes),
        "written": write and not plan.rejected,
    }
