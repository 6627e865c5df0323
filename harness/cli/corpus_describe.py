"""Sizes, balance, lengths and languages of a corpus; its data card's tables and Croissant metadata from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.argument("corpus")
@click.option("--as", "form", type=click.Choice(["table", "markdown"]), default="table", help="How tables look.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.option("--write", is_flag=True, help="Bring README.md and croissant.json of the corpus up to date.")
def command(corpus: str, form: str, as_json: bool, write: bool) -> int:
    """Count what CORPUS holds: groups, documents, labels, names, tags, words.

    With --write the tables go into README.md, between two comments that mark what is generated (at its end where it
    has none), and Croissant metadata into croissant.json beside it. `harness check` warns when either is stale.
    """
    from harness.cli import _show
    from harness.describing.tables import markdown, tables

    loaded = _show.loaded(corpus)
    about, written = loaded.describe(), []
    if write:
        from harness.describing.writing import write_generated

        written = write_generated(loaded)
    if as_json:
        from harness.files import compact

        answer = {"exit": 0, "corpus": str(loaded.root), "name": loaded.name, **about}
        click.echo(compact({**answer, "written": written} if write else answer))
    elif write:
        said = f"{' and '.join(written)} written" if written else "README.md and croissant.json are up to date"
        click.echo(f"{loaded.root}: {said}.")
    elif form == "markdown":
        click.echo("\n\n".join(map(markdown, tables(about))))
    else:
        _print(loaded.name, about)
    return 0


def _print(name: str, about: Mapping[str, Any]) -> None:
    from harness.cli import _show
    from harness.describing.tables import tables

    screen = _show.console()
    screen.print(name, style="bold")
    for table in tables(about):
        made = _show.table(table.title, table.header, table.rows)
        for column in made.columns[1:]:
            column.justify = "right"
        screen.print(made)
        if table.note:
            screen.print(f"{table.note}\n", markup=False)
