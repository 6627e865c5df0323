"""Every file of a corpus in its one canonical form: keys, lines and spaces, never what they say."""

from __future__ import annotations

import click

from harness.cli import _complete


@click.command()
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS…", shell_complete=_complete.corpora)
@click.option("--check", is_flag=True, help="Change nothing, name the files that would change; exit code 1 if any.")
def command(corpora: tuple[str, ...], check: bool) -> int:
    """Bring annotation and meta files into canonical form, so that a diff shows what was changed and no more.

    Texts are never touched. A corpus with problems is left as it is.
    """
    from harness.corpus import find
    from harness.corpus.reading import read_folder
    from harness.editing.formatting import not_canonical
    from harness.errors import ProblemsFound
    from harness.files import locked, write_atomically

    changed = 0
    for corpus in corpora:
        root = find(corpus)
        with locked(root / "documents"):
            reading = read_folder(root, everyone=True)
            if reading.problems:
                raise ProblemsFound(reading.problems)
            for path, data in not_canonical(reading):
                changed += 1
                click.echo(f"{'would change' if check else 'changed'} {path}")
                if not check:
                    write_atomically(path, data)
    if not changed:
        click.echo("Every file is in canonical form.")
    return 1 if check and changed else 0
