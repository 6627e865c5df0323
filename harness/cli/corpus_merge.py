"""Annotation files merged by what their lines are about: the driver that git calls."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

ATTRIBUTE = "*.jsonl merge=harness"


@click.command()
@click.argument("versions", nargs=-1, type=click.Path(path_type=Path), metavar="[BASE MINE THEIRS PATH]")
@click.option("--install", type=click.Path(path_type=Path), metavar="CORPUS", help="Let git use it for this corpus.")
def command(versions: tuple[Path, ...], install: Path | None) -> int:
    """Merge three versions of an annotation file; git calls it as `harness corpus merge %O %A %B %P`.

    \b
    harness corpus merge --install corpora/mine      once in each clone

    The result is written to MINE. Two people's changes to different annotations are merged; what both changed to
    different things is marked as git does, and the exit code is 1.
    """
    from harness.errors import AskedWrongly

    if install and not versions:
        return _install(install)
    if install or len(versions) != 4:
        raise AskedWrongly("Give BASE MINE THEIRS PATH, as git does, or --install CORPUS.")
    return _merge(*versions)


def _merge(base: Path, mine: Path, theirs: Path, path: Path) -> int:
    from harness.corpus.schema import read_schema
    from harness.editing.formatting import merge_files
    from harness.errors import AskedWrongly, Problem, ProblemsFound
    from harness.files import write_atomically

    root = next((folder for folder in path.absolute().parents if (folder / "corpus.toml").is_file()), None)
    try:
        if root is None:
            raise AskedWrongly(f"{path} is in no corpus.")
        problems: list[Problem] = []
        schema = read_schema(root, problems)
        if problems:
            raise ProblemsFound(problems)
        data, conflicts = merge_files(base, mine, theirs, schema.layers)
    except (AskedWrongly, ProblemsFound) as error:  # a log of disputes, a file that cannot be read: as git would
        click.echo(f"{path}: merged as text. {error}", err=True)
        return subprocess.run(["git", "merge-file", str(mine), str(base), str(theirs)], check=False).returncode and 1
    write_atomically(mine, data)
    for conflict in conflicts:
        about = " ".join(map(str, conflict.key))
        click.echo(f"{path}: both changed {conflict.layer} {about}", err=True)
    return 1 if conflicts else 0


def _install(corpus: Path) -> int:
    from harness.corpus import find
    from harness.errors import AskedWrongly
    from harness.files import write_atomically

    root = find(corpus)
    if not (root / "corpus.toml").is_file():
        raise AskedWrongly(f"{root} is no corpus: there is no corpus.toml.")
    settings = {
        "merge.harness.name": "annotation files by what their lines are about",
        "merge.harness.driver": "harness corpus merge %O %A %B %P",
    }
    for key, value in settings.items():
        done = subprocess.run(
            ["git", "-C", str(root), "config", key, value], check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise AskedWrongly(f"{root} is in no git repository: {done.stderr.strip()}. Run git init first.")
    attributes = root / ".gitattributes"
    text = attributes.read_text(encoding="utf-8") if attributes.exists() else ""
    if ATTRIBUTE not in text.split("\n"):
        write_atomically(
            attributes, f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{ATTRIBUTE}\n".encode()
        )
        click.echo(f"{attributes}: added {ATTRIBUTE}. Commit it.")
    click.secho("git merges annotation files by what they say from now on, in this clone.", fg="green")
    return 0
