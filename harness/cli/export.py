"""A corpus in another tool's format, with the list of what that format cannot hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from harness.cli import _complete


@click.command()
@click.argument("corpus", shell_complete=_complete.corpora)
@click.option("--as", "form", required=True, metavar="FORMAT", shell_complete=_complete.formats,
              help='One of `harness list formats`, with settings: "conll(scheme=\'IOB1\')".')  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The folder to write into.")
@click.option("--by", "annotators", multiple=True, metavar="NAME",
              help="Whose annotations: gold (the default), an annotator, or all. May be repeated.")  # fmt: skip
@click.option(
    "--split", "splits", multiple=True, metavar="SPLIT", help="Documents of this split alone. May be repeated."
)
@click.option("--strict", is_flag=True, help="Write nothing where anything would be lost.")
@click.option("--replace", is_flag=True, help="Replace what is there already.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    corpus: str,
    form: str,
    out: Path,
    annotators: tuple[str, ...],
    splits: tuple[str, ...],
    strict: bool,
    replace: bool,
    as_json: bool,
) -> int:
    """Write CORPUS in a format that another tool reads. What the format cannot hold is found by reading it back.

    \b
    harness export kabar --as label_studio --out labelling
    harness export kabar --as conll --out wire --by reader1 --split dev

    Documents under licences that forbid passing them on are yours to leave out. Exit code 1 with --strict and a loss.
    """
    from harness.corpus import SPLITS, find
    from harness.corpus.reading import read_corpus
    from harness.editing.exporting import Losses, rows_of
    from harness.errors import AskedWrongly, Problem, ProblemsFound, UnknownName
    from harness.registry import make, parse

    root = find(corpus)
    made = make("formats", parse(form))
    reading = read_corpus(root, everyone=True)
    if reading.problems:
        raise ProblemsFound(reading.problems)
    there = {file.by for files in reading.annotations.values() for file in files}
    for name in annotators:
        if name not in {*there, "gold", "all"}:
            raise UnknownName("annotator", name, {*there, "gold", "all"})
    for split in splits:
        if split not in SPLITS:
            raise UnknownName("split", split, SPLITS)
    if splits:
        reading.documents = [document for document in reading.documents if document.split in splits]
    rows = list(rows_of(reading, sorted(there) if "all" in annotators else annotators or ("gold",)))
    target = out / f"{reading.schema.name}{made.suffix}"
    if target.exists() and not replace:
        raise AskedWrongly(f"{target} is there already. Add --replace, or choose another --out.")
    new = out / f".{target.name}.new{made.suffix}"
    _remove(new)
    out.mkdir(parents=True, exist_ok=True)
    try:
        made.write(rows, new, reading.schema.layers)
        losses, problems = Losses(reading.schema.layers), list[Problem]()
        losses.compare(rows, (row for _, row in made.read(new, problems)))
        lost = [f"the file: {problem}".replace(str(new), target.name) for problem in problems] + losses.lines()
        refused = strict and bool(lost)
        if not refused:
            _remove(target)
            new.rename(target)
    finally:
        _remove(new)
    code = 1 if refused else 0
    if as_json:
        import msgspec

        answer = {"exit": code, "rows": len(rows), "file": str(target), "losses": lost, "written": not refused}
        click.echo(msgspec.json.encode(answer).decode())
        return code
    click.echo(f"{len(reading.documents)} documents as {len(rows)} rows of {form}")
    for one in lost:
        click.echo(f"  lost: {one}")
    if refused:
        click.secho("Nothing is written: --strict refuses any loss.", fg="red", err=True)
    else:
        click.secho(f"Written to {target}" + ("." if lost else ", without loss."), fg="green")
    return code


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
