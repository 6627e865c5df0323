"""A corpus in another tool's format, with the list of what that format cannot hold."""

from __future__ import annotations

import tempfile
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
    from harness.editing.exporting import Losses, not_in_rows, rows_of
    from harness.errors import Problem, ProblemsFound, UnknownName
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
    whose = sorted(there) if "all" in annotators else annotators or ("gold",)
    rows = list(rows_of(reading, whose))
    target = out / f"{reading.schema.name}{made.suffix}"
    _refuse_target(target, root, replace)
    existing = next(folder for folder in (out, *out.absolute().parents) if folder.is_dir())
    with tempfile.TemporaryDirectory(prefix=".export-", dir=existing) as folder:
        new = Path(folder) / target.name
        made.write(rows, new, reading.schema.layers)
        losses, problems = Losses(reading.schema.layers), list[Problem]()
        losses.compare(rows, (row for _, row in made.read(new, problems)))
        lost = not_in_rows(reading, whose)
        lost += [f"the file: {problem}".replace(str(new), target.name) for problem in problems] + losses.lines()
        refused = strict and bool(lost)
        if not refused:
            out.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rename(Path(folder) / "before")
            new.replace(target)
            if target.is_dir():
                _mark(target).write_text(f"{form}\n", encoding="utf-8")
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


def _refuse_target(target: Path, root: Path, replace: bool) -> None:
    """Say no where something stands that no export has written: above all a corpus."""
    from harness.errors import AskedWrongly

    if not target.exists() and not target.is_symlink():
        return
    if not replace:
        raise AskedWrongly(f"{target} is there already. Add --replace, or choose another --out.")
    place, corpus = target.resolve(), root.resolve()
    related = place == corpus or place in corpus.parents or corpus in place.parents
    foreign = target.is_symlink() or (target.is_dir() and any(target.iterdir()) and not _mark(target).is_file())
    if related or foreign:
        what = "the corpus itself" if related else "a folder that no export has written"
        raise AskedWrongly(f"{target} is {what}, which is never replaced. Choose another --out.")


def _mark(target: Path) -> Path:
    """The file beside an exported folder that says an export wrote it."""
    return target.with_name(f".{target.name}.exported")
