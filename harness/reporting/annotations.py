"""A gate as GitHub's workflow commands: at most ten lines that it shows beside the files of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness import telling
from harness.gating import Report
from harness.reporting.cases import Case, cases_of, worst_first

MOST = 10  # GitHub shows ten of a kind for a step, and drops the others without a word


def workflow_commands(report: Report, corpora: Mapping[str, str], *, file: str = "") -> list[str]:
    """What blocks as errors, the rest as warnings, and, as far as ten go, documents that are newly wrong.

    Where nothing is open, one line says so.

    `corpora` has the folder of each task's corpus, `file` is where the gate itself is asked for: its policy.
    """
    open_ = worst_first(cases_of(report))
    lines = [_line("error" if case.blocks else "warning", file, case.name, _said(case)) for case in open_]
    if not lines:
        return [_line("notice", file, "harness gate", telling.ending(report))]
    if len(lines) > MOST:
        rest = f"{len(lines) - MOST + 1} more are in the log"
        return [*lines[: MOST - 1], _line("warning", file, "harness gate", rest)]
    for case in open_:
        if case.primary:
            lines += _documents(case, corpora.get(case.gated.task, ""), MOST - len(lines))
    return lines


def without_baseline(said: str) -> str:
    """The one line where nothing was accepted yet under the name of the base."""
    return _line("notice", "", "harness gate", said)


def _said(case: Case) -> str:
    return f"{case.state}: {case.reason}"


def _documents(case: Case, corpus: str, most: int) -> Iterator[str]:
    """Newly wrong documents, each once, at the file of its text where there is one."""
    found = case.gated.comparison
    seen: set[str] = set()
    for row in telling.documents(found, found.newly_wrong) if found and corpus else ():
        document = row[0].partition("#")[0]
        path = Path(corpus) / "documents" / f"{document}.txt"
        if most > len(seen) and document not in seen and path.is_file():
            seen.add(document)
            said = f"{row[0]}: gold {row[1]}, base {row[2]}, candidate {row[3]}"
            yield _line("warning", path.as_posix(), f"newly wrong · {case.name}", said, line=1)


def _line(level: str, file: str, title: str, message: str, *, line: int = 0) -> str:
    place = {"file": file, **({"line": str(line)} if line else {}), "title": title}
    inner = ",".join(f"{key}={_escaped(text, ',:')}" for key, text in place.items() if text)
    return f"::{level} {inner}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """As the runner decodes it, so that no text ends a command or starts another."""
    text = text.replace("%", "%25")
    for character in "\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
