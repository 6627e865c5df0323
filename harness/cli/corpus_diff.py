"""What differs between two corpora, or between a corpus and an earlier commit of it, in words."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import _complete


@click.command()
@click.argument("before", shell_complete=_complete.corpora)
@click.argument("after", shell_complete=_complete.corpora)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(before: str, after: str, as_json: bool) -> int:
    """Say what AFTER has otherwise than BEFORE: documents, texts, splits, and every annotation by its words.

    \b
    harness corpus diff corpora/mine ../theirs/corpora/mine
    harness corpus diff mine@HEAD~3 mine                     a commit of its repository

    Exit code 1 where anything differs, as diff has it.
    """
    from contextlib import ExitStack

    from harness.cli import _states
    from harness.corpus import find
    from harness.editing.differing import difference

    with ExitStack() as open_:
        readings = []
        for name in (before, after):
            path, at, revision = name.rpartition("@") if not Path(name).exists() else (name, "", "")
            root = find(path if at else name)
            readings.append(open_.enter_context(_states.committed(root, revision)) if at else _states.reading_of(root))
        found = difference(*readings)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"exit": int(bool(found)), **vars(found)}).decode())
    else:
        for line in _states.plain_text(found):
            click.echo(line)
        if not found:
            click.echo("No difference.")
    return 1 if found else 0
