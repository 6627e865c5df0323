"""The top of the report as Markdown, for a pull request: what is true, every score, and how items were answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.parts import Rendering

if TYPE_CHECKING:
    from harness.reporting.account import Account
    from harness.reporting.sections import Section


def markdown() -> Rendering:
    """Tables that GitHub shows: no pictures and no texts of the corpus."""
    return Rendering(write=_write, suffix=".md")


def _write(account: Any, path: Path) -> None:
    from harness.files import write_atomically

    write_atomically(path, "\n".join(_lines(account)).encode() + b"\n")


def _lines(account: Account) -> Iterator[str]:
    from harness.reporting.sections import sections
    from harness.reporting.writing import escaped

    yield f"## {escaped(account.name)}"
    for note in account.notes:
        yield from ("", f"> {escaped(note)}")
    for own in sections(account):
        yield from _section(own)
    yield from ("", "<details><summary>Where this comes from</summary>", "")
    yield f"These results again: `{account.command}`"
    yield from ("", *(f"- `{entry.kept.signature}` ({entry.kept.digest[:12]})" for entry in account.entries))
    for about in {about.corpus: about for about in account.abouts.values()}.values():
        yield f"- {escaped(about.corpus)}: licence {escaped(about.licence or 'not stated')}"
    yield from ("", "</details>")


def _section(own: Section) -> Iterator[str]:
    from harness.reporting.writing import escaped
    from harness.scores import show_value

    yield from ("", f"### {escaped(own.title)}", "", f"**{escaped(own.sentence)}**", "")
    yield escaped(f"{own.about} {own.detects}")
    ways = list(own.entries[0].kept.denominators)
    yield from ("", f"| model | {' | '.join(map(escaped, [*own.metrics, *ways, 'n']))} |")
    yield f"|---|{'---:|' * (len(own.metrics) + len(ways) + 1)}"
    for entry in own.entries:
        scores = {score.metric: show_value(score) for score in entry.kept.headlines}
        cells = [scores.get(metric, "–") for metric in own.metrics]
        cells += [f"{count:,}" for count in (*entry.kept.denominators.values(), entry.kept.n)]
        role = f" ({own.roles[entry.role]})" if own.roles[entry.role] else ""
        yield f"| {escaped(entry.label + role)} | {' | '.join(map(escaped, cells))} |"
    if own.notes:
        yield from ("", escaped("; ".join(own.notes)))
