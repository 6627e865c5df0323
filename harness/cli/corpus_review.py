"""What a pull request changes in a corpus, as Markdown for its reviewer: words, not offsets."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import _complete


@click.command()
@click.argument("revision", required=False)
@click.option("--corpus", "corpora", multiple=True, metavar="CORPUS", shell_complete=_complete.corpora,
              help="By path or name; all under corpora/ unless given. May be repeated.")  # fmt: skip
def command(revision: str | None, corpora: tuple[str, ...]) -> int:
    """Write what changed since REVISION, by default the last commit shared with the main branch, as Markdown.

    \b
    harness corpus review | gh pr comment --body-file -

    Removed documents, changed texts and problems come first. Exit code 1 where `harness check` finds problems.
    """
    from harness.checking import problems_of
    from harness.cli import _states
    from harness.corpus import find
    from harness.editing.differing import difference
    from harness.errors import AskedWrongly

    roots = [find(name) for name in corpora] or sorted(path.parent for path in Path("corpora").glob("*/corpus.toml"))
    if not roots:
        raise AskedWrongly("There is no corpus under corpora/. Name one: --corpus PATH.")
    code = 0
    for root in roots:
        since = revision or _states.base_of(root)
        after = _states.reading_of(root)
        problems = problems_of(after)
        code = max(code, 1 if problems else 0)
        with _states.committed(root, since) as before:
            found = difference(before, after)
        short = _states.git(root, "rev-parse", "--short", since) or since
        for line in _states.markdown(found, after, f"{after.schema.name} since {short}", problems):
            click.echo(line)
    return code
