"""May this be merged: hold a candidate's results against a base's, by a policy."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _reports
from harness.errors import AskedWrongly

if TYPE_CHECKING:
    from harness.comparing import Comparison
    from harness.gating import Blocking, Policy, Report, Side
    from harness.parts import Task


@click.command()
@click.argument("base")
@click.argument("candidate", required=False)
@click.option("--policy", "policy_file", metavar="GATE.toml", type=click.Path(path_type=Path),
              help="Margin, alpha, looks, slices and what blocks; see benchmarks/gate.toml.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(["regressed", "inconclusive", "never"]),
              help="Instead of the policy's: the mildest verdict that ends with an error.")  # fmt: skip
@click.option("--corpus", "corpora", multiple=True, metavar="C",
              help="Where a corpus is, if not where the run found it; may be repeated.")  # fmt: skip
@click.option("--look", is_flag=True, help="Record this candidate as one of the looks that the baseline BASE declares.")
@click.option("--settle", nargs=2, metavar="A B", type=click.Path(path_type=Path),
              help="A second look, with what `corpus next` drew by these predictions, base first.")  # fmt: skip
@click.option("--docs", metavar="WHICH", help="List what changed: newly-wrong, newly-right, or the first N of each.")
@click.option("--plan", is_flag=True, help="Rehearse the policy on these documents: what it would catch and miss.")
@click.option("--disagreement", type=click.FloatRange(0, 1, min_open=True), default=0.1, show_default=True,
              help="With --plan and no CANDIDATE: on which share of items the two are taken to differ.")  # fmt: skip
@click.option("--trials", type=click.IntRange(20), help="With --plan: simulated comparisons for each number.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@_reports.options
def command(
    base: str,
    candidate: str | None,
    policy_file: Path | None,
    fail_on: Blocking | None,
    corpora: tuple[str, ...],
    look: bool,
    settle: tuple[Path, Path] | None,
    docs: str | None,
    plan: bool,
    disagreement: float,
    trials: int | None,
    as_json: bool,
    **told: Any,
) -> int:
    """Say of each task and model of CANDIDATE whether it regressed against BASE, passes, or cannot be told yet.

    \b
    harness gate runs/main runs/mine --policy gate.toml
    harness gate runs/main/stance/tfidf runs/mine/stance/svm --docs newly-wrong
    harness gate --plan runs/main
    harness gate rolling runs/mine --look
    harness gate runs/main/stance/tfidf runs/mine/stance/tfidf --settle main.jsonl mine.jsonl

    BASE and CANDIDATE are folders of runs, matched by task and model, or of one result each; or names of baselines.
    Nothing was accepted under that name yet: it says so, and ends well. The gold is that of the corpus as it stands
    today. REGRESSED: worse beyond chance, and perhaps by the margin or more. PASS: the interval rules out a drop of
    the margin. Exit codes: 0 nothing blocks, 1 regressed, 3 inconclusive (if the policy says so), 4 not comparable,
    5 not run.

    --settle: what the test set leaves open is looked at again, together with documents of split `settle` that were
    drawn from a pool where the two models disagree (`harness corpus next`), each weighted by its probability. The
    files must be those that they were drawn by; where a file answers the test set too, it must answer as the result.
    The policy, or the baseline, must have declared looks = 2, before the first look: both are then held at 0.0304.
    """
    from dataclasses import replace

    from harness.cli import _baselines, _sides
    from harness.gating import Policy, gate, read_policy

    gc.disable()  # a sixth of the time went into looking for circles among documents, of which there are none
    click.get_current_context().call_on_close(gc.enable)
    policy = read_policy(policy_file) if policy_file else Policy()
    policy = replace(policy, fail_on=fail_on) if fail_on else policy
    wanted = _wanted(docs)
    if none := _baselines.none_yet(base, candidate):
        _reports.tell_without_baseline((base, candidate or base), none.said, none.command, **told)
        _baselines.say_none_yet(none, as_json=as_json)
        return 0
    ours = _sides.side(base)
    if plan:
        theirs = _sides.side(candidate) if candidate else None
        return _plan(ours, theirs, policy, _sides.tasks(ours, theirs or ours, corpora), disagreement, trials, as_json)
    if candidate is None:
        raise AskedWrongly("give BASE and CANDIDATE; BASE alone is enough with --plan.")
    theirs = _sides.side(candidate)
    policy = _baselines.declared(base, policy)
    if settle and policy.looks < 2:
        raise AskedWrongly("--settle is a second look, and one is declared: write looks = 2 into the policy first.")
    drawn = _sides.drawn(ours, theirs, corpora, settle) if settle else None
    report = gate(ours, theirs, _sides.tasks(ours, theirs, corpora, slices=policy.slices), policy, drawn)
    report = _baselines.looked(base, theirs, report, record=look)
    _reports.tell(report, (ours, theirs), policy_file, fail_on, corpora, **told)  # what fails here leaves no trace
    if look:
        _baselines.record_look(base, theirs, report)
    if as_json:
        from harness import telling
        from harness.files import compact

        click.echo(compact(telling.plain(report)))
    else:
        _print(report, wanted)
    return report.exit_code


COLOURS = {"regressed": "red", "failed": "red", "not comparable": "red", "inconclusive": "yellow", "pass": "green"}


def _print(report: Report, wanted: tuple[str, int | None]) -> None:
    from harness import telling
    from harness.cli import _show

    for line in telling.lines(report):
        state = next((state for state in COLOURS if line.startswith(state.upper())), "")
        head = click.style(state.upper(), fg=COLOURS[state], bold=True) if state else ""
        click.echo(f"{head}{line[len(state) :]}")
    for one in report.gated if wanted[0] else ():
        for name, which in _changed(one.comparison, wanted):
            rows = list(telling.documents(one.comparison, which)) if one.comparison else []
            title = f"{one.task} · {one.model}: {name}"
            _show.console().print(_show.table(title, ("item", "gold", report.names[0], report.names[1]), rows))


def _wanted(docs: str | None) -> tuple[str, int | None]:
    """Which changed items are listed, and how many of each."""
    if docs is None or docs in ("newly-wrong", "newly-right"):
        return docs or "", None
    if not re.fullmatch(r"[1-9][0-9]*", docs):
        raise AskedWrongly(f"--docs {docs} is not newly-wrong, newly-right, or how many of each.")
    return "both", int(docs)


def _changed(found: Comparison | None, wanted: tuple[str, int | None]) -> list[tuple[str, tuple[int, ...]]]:
    if found is None:
        return []
    both = {"newly-wrong": found.newly_wrong, "newly-right": found.newly_right}
    return [(name, which[: wanted[1]]) for name, which in both.items() if which and wanted[0] in (name, "both")]


def _plan(
    base: Side,
    candidate: Side | None,
    policy: Policy,
    tasks: dict[str, Task],
    disagreement: float,
    trials: int | None,
    as_json: bool,
) -> int:
    from harness.rehearsing import TRIALS, lines, plain, rehearse

    found = rehearse(base, candidate, tasks, policy, disagreement=disagreement, trials=trials or TRIALS)
    if as_json:
        from harness.files import compact

        click.echo(compact({"exit": 0, "rehearsed": [plain(one) for one in found]}))
    else:
        for line in lines(found, policy):
            click.echo(line)
    return 0
