"""What a gate does where its base is a baseline: there may be none yet, and looks are counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from harness.gating import Policy, Report, Side


class NoneYet(NamedTuple):
    """That nothing was accepted yet under a name, how to accept something, and the names that there are."""

    base: str
    said: str
    command: str
    known: tuple[str, ...]


def none_yet(base: str, candidate: str | None) -> NoneYet | None:
    """What is to be said where nothing was accepted yet under this name, else None.

    The first run has nothing to be held against, which is no error. A name so near to one that was accepted that it
    is likely a slip is refused: it would pass for ever.
    """
    import difflib

    from harness import baselines
    from harness.errors import HarnessError, ProblemsFound, UnknownName

    try:
        known = baselines.accepted()
    except ProblemsFound as error:  # never exit code 1, which says regressed
        raise HarnessError(str(error)) from None
    if base in known or not baselines.NAME.fullmatch(base) or Path(base).exists():
        return None
    if difflib.get_close_matches(base, known, n=1, cutoff=0.7):
        raise UnknownName("baseline", base, known)
    how = f'harness baseline accept {candidate or "RUN"} --name {base} --reason "…"'
    said = f"nothing was accepted as {base} yet, so nothing was gated. Accept a run, and commit it"
    return NoneYet(base, said, how, tuple(sorted(known)))


def say_none_yet(none: NoneYet, *, as_json: bool) -> None:
    """Print that there is no baseline."""
    from harness.errors import suggestion
    from harness.files import compact

    if as_json:
        answer = {"exit": 0, "state": "no baseline", "baseline": none.base, "accept": none.command}
        click.echo(compact({**answer, "baselines": none.known}))
        return
    click.echo(f"NO BASELINE  {none.said}: {none.command}")
    if none.known:
        click.echo(suggestion(none.base, none.known))


def looked(base: str, candidate: Side, report: Report, *, record: bool) -> Report:
    """The report with a note on which of the declared looks this is, as `record_look` will have it if `record`.

    Raises AskedWrongly where a look is to be recorded and the base is no baseline.
    """
    from harness import baselines
    from harness.errors import AskedWrongly

    if base not in baselines.accepted():
        if record:
            raise AskedWrongly(f"--look is kept with a baseline, and {base} is none. Accept it, or leave --look away.")
        return report
    look = baselines.look_at(base, candidate.results)
    look = replace(look, recorded=look.recorded or (record and _compared(report)))
    several = look.declared > 1 or look.number > 1 or look.recorded
    return replace(report, notes=(*report.notes, str(look))) if several else report


def record_look(base: str, candidate: Side, report: Report) -> None:
    """Keep that this candidate was looked at, where anything was compared."""
    from harness import baselines

    if _compared(report):
        baselines.look_at(base, candidate.results, record=True)


def _compared(report: Report) -> bool:
    return any(one.comparison for one in report.gated)


def declared(base: str, policy: Policy) -> Policy:
    """The policy with as many looks as the baseline declares, where it declares more."""
    from harness import baselines

    known = baselines.accepted()
    return replace(policy, looks=max(policy.looks, known[base].looks)) if base in known else policy
