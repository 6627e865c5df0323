"""The files in which a gate tells other programs what it has found."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.gating import Report, Side

FILE = click.Path(path_type=Path, dir_okay=False)
OPTIONS = (
    click.option("--junit", metavar="FILE", type=FILE, help="Write verdicts as JUnit XML, a case a gated cell."),
    click.option("--summary", metavar="FILE", type=FILE,
                 help="Write Markdown for a reviewer; what stands in $GITHUB_STEP_SUMMARY is kept."),
    click.option("--metrics", metavar="FILE", type=FILE, help="Write scores, differences and p as OpenMetrics text."),
    click.option("--annotate", is_flag=True, help="Say it in at most ten lines that GitHub shows beside the files."),
)  # fmt: skip


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that tells its report to other programs: junit, summary, metrics, annotate."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def tell(
    report: Report,
    sides: tuple[Side, Side],
    policy: Path | None,
    fail_on: str | None,
    corpora: Sequence[str],
    *,
    junit: Path | None = None,
    summary: Path | None = None,
    metrics: Path | None = None,
    annotate: bool = False,
) -> None:
    """Write what was asked for, each file whole; lines for GitHub go to stderr, where it reads them too."""
    from harness.files import write_atomically

    if junit:
        from harness.reporting.junit import junit as junit_xml

        write_atomically(junit, junit_xml(report).encode())
    if metrics:
        from harness.reporting.openmetrics import openmetrics

        write_atomically(metrics, openmetrics(report).encode())
    if summary:
        _summarize(report, _again(report, policy, fail_on, corpora), summary)
    if annotate:
        from harness.reporting.annotations import workflow_commands

        places = {task: said.get("corpus", "") for side in sides for task, said in side.sources.items()}
        for line in workflow_commands(report, places, file=policy.as_posix() if policy else ""):
            click.echo(line, err=True)


def tell_without_baseline(
    names: tuple[str, str],
    said: str,
    command: str,
    *,
    junit: Path | None = None,
    summary: Path | None = None,
    metrics: Path | None = None,
    annotate: bool = False,
) -> None:
    """Write what was asked for where nothing was accepted yet under the name of the base, so that nobody misses it."""
    from harness.files import write_atomically
    from harness.gating import Policy, Report
    from harness.reporting import annotations, openmetrics
    from harness.reporting import junit as xml
    from harness.reporting import summary as page

    if junit:
        write_atomically(junit, xml.without_baseline(names[0], f"{said}: {command}").encode())
    if metrics:
        write_atomically(metrics, openmetrics.openmetrics(Report(Policy(), (), names)).encode())
    if summary:
        _append(summary, lambda limit: page.without_baseline(names, said, command))
    if annotate:
        click.echo(annotations.without_baseline(f"{said}: {command}"), err=True)


def _again(report: Report, policy: Path | None, fail_on: str | None, corpora: Sequence[str]) -> str:
    """The command that gives this report."""
    command = ["harness", "gate", *report.names, *(["--policy", str(policy)] if policy else [])]
    command += ["--fail-on", fail_on] if fail_on else []
    return shlex.join([*command, *(part for corpus in corpora for part in ("--corpus", corpus))])


def _summarize(report: Report, again: str, path: Path) -> None:
    from harness.reporting.summary import summary

    _append(path, lambda limit: summary(report, again, limit=limit))


def _append(path: Path, page: Callable[[int], str]) -> None:
    """Write a page of so many bytes at most; what stands in GitHub's own file stays before it."""
    from harness.files import write_atomically
    from harness.reporting.summary import LIMIT

    before = b""
    if path.exists() and os.environ.get("GITHUB_STEP_SUMMARY") == str(path):
        before = path.read_bytes()
    write_atomically(path, before + page(max(0, LIMIT - len(before))).encode())
