"""Every problem of a corpus in one pass, each with its place and what to do."""

from __future__ import annotations

import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.duplicates import Leakage

SHOWN = 20  # duplicates within a split; --json lists them all


@click.command()
@click.argument("corpus")
@click.option("--leakage", is_flag=True, help="Duplicates too: a problem across splits, else shown; names are counted.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(corpus: str, leakage: bool, as_json: bool) -> int:
    """Check CORPUS, by path or by its name under corpora/: exit 0 where it is well, 1 where it has problems.

    Warns on stderr of generated tables and metadata that are stale: harness corpus describe CORPUS --write.
    """
    from harness.checking import problems_of, summary
    from harness.cli import _show
    from harness.corpus import find
    from harness.corpus.reading import read_corpus
    from harness.describing.writing import warnings_of
    from harness.errors import ProblemsFound

    gc.disable()  # which looks for circles among documents, of which there are none
    click.get_current_context().call_on_close(gc.enable)
    root, leaks = find(corpus), None
    try:
        reading = read_corpus(root, everyone=True, tell=_show.counter("groups read"))
        problems, seen = problems_of(reading), dict(summary(reading))
        warnings = [] if problems else warnings_of(reading)
        if leakage:
            from harness.duplicates import leakage_of

            leaks = leakage_of(reading)
            problems = sorted([*problems, *(one.problem(reading.places) for one in leaks.duplicates if one.across)])
    except ProblemsFound as found:
        problems, seen, warnings = found.problems, {}, []
    code = 1 if problems else 0
    if as_json:
        import msgspec

        answer = {"exit": code, "corpus": str(root), "problems": problems, "warnings": warnings, "seen": seen}
        if leaks:
            answer["leakage"] = _plain(leaks)
        click.echo(msgspec.json.encode(answer).decode())
        return code
    for warning in warnings:
        click.secho(f"warning: {warning}", err=True, fg="yellow")
    for problem in problems:
        click.echo(str(problem))
    if leaks:
        _tell(leaks, reading.places)
    said = ", ".join(f"{count} {name}" for name, count in seen.items())
    many = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}" if problems else "no problems"
    click.secho(f"{root}: {many} in {said or 'it'}.", err=bool(problems), fg="red" if problems else "green")
    return code


def _plain(leaks: Leakage) -> dict[str, Any]:
    from harness.duplicates import RUN

    duplicates = [
        {
            "kind": one.kind,
            "documents": [one.first.id, one.second.id],
            "splits": [one.first.split, one.second.split],
            "where": one.where,
            "jaccard": one.jaccard,
            "containment": one.containment,
        }
        for one in leaks.duplicates
    ]
    names = {kind: {"across": across, "all": total} for kind, (across, total) in leaks.names.items()}
    return {"duplicates": duplicates, "runs": {"words": RUN, "across": leaks.runs}, "names": names}


def _tell(leaks: Leakage, places: Mapping[str, str]) -> None:
    """What is no problem: duplicates within a split, and what splits share besides."""
    from harness.duplicates import RUN

    count = Counter(one.where for one in leaks.duplicates)
    within = [one for one in leaks.duplicates if one.where == "split"]
    for one in within[:SHOWN]:
        click.echo(f"no problem, within a split: {one.problem(places)}")
    if len(within) > SHOWN:
        click.echo(f"{len(within) - SHOWN:,} more within a split; --json lists them all.")
    click.echo(
        f"duplicates: {count['across']:,} across splits, {count['split']:,} within a split, "
        f"{count['group']:,} within a group; runs of {RUN} words in several splits: {leaks.runs:,}"
    )
    said = [f"{across:,} of {total:,} {kind}" for kind, (across, total) in leaks.names.items()]
    click.echo(f"names in several splits: {', '.join(said) or 'none'}")
