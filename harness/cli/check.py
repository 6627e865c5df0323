"""Every problem of a corpus in one pass, each with its place and what to do."""

from __future__ import annotations

import click


@click.command()
@click.argument("corpus")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(corpus: str, as_json: bool) -> int:
    """Check CORPUS, by path or by its name under corpora/: exit 0 where it is well, 1 where it has problems."""
    from harness.checking import problems_of, summary
    from harness.cli import _show
    from harness.corpus import find
    from harness.corpus.reading import read_corpus
    from harness.errors import ProblemsFound

    root = find(corpus)
    try:
        reading = read_corpus(root, everyone=True, tell=_show.counter("groups read"))
        problems, seen = problems_of(reading), dict(summary(reading))
    except ProblemsFound as found:
        problems, seen = found.problems, {}
    code = 1 if problems else 0
    if as_json:
        import msgspec

        rows = [{"file": p.file, "line": p.line, "found": p.found, "remedy": p.remedy} for p in problems]
        click.echo(msgspec.json.encode({"exit": code, "corpus": str(root), "problems": rows, "seen": seen}).decode())
        return code
    for problem in problems:
        click.echo(str(problem))
    said = ", ".join(f"{count} {name}" for name, count in seen.items())
    many = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}" if problems else "no problems"
    click.secho(f"{root}: {many} in {said or 'it'}.", err=bool(problems), fg="red" if problems else "green")
    return code
