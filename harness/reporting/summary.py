"""A gate as GitHub's job summary, in Markdown: the verdict first, what changed, and the command that gives it again."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from harness import telling
from harness.comparing import Cell
from harness.gating import Report
from harness.reporting.cases import Case, cases_of, worst_first

LIMIT = 1 << 20  # bytes that GitHub takes of one step; above it the whole summary is dropped
TEXTS = 5  # newly wrong items with their texts
LONGEST = 2_000  # characters of a text
WARNS = "⚠️"
SIGN = {"pass": "✅", "inconclusive": "❔", "regressed": "❌", "not comparable": "⛔", "failed": "⛔"}
HEADER = "| | task | model | metric | base | candidate | difference | p | |"
CUT = "\n_Cut here: GitHub takes 1 MiB a step. The command above gives it all._\n"


def summary(report: Report, command: str, *, limit: int = LIMIT) -> str:
    """Markdown of at most `limit` bytes; every text that is not ours is shown as it is and does nothing.

    `command` is what gives this report again.
    """
    taken, room = [], limit - len(CUT.encode())
    for block in _blocks(report, command):
        room -= len(block.encode()) + 1
        if room < 0:
            taken.append(CUT)
            break
        taken.append(block)
    return "\n".join(taken)


def without_baseline(names: tuple[str, str], said: str, command: str) -> str:
    """The page where nothing was accepted yet under the name of the base; `command` is what accepts something."""
    return f"## {WARNS} {_code(names[1])}: no baseline {_code(names[0])} yet\n\n{_inert(said)}:\n\n{_pre(command)}\n"


def _blocks(report: Report, command: str) -> Iterator[str]:
    """Pieces of the page, what matters most first; it may be cut between any two."""
    cases = cases_of(report)
    open_ = worst_first(cases)
    worst = next((case.state for case in open_ if case.blocks or case.primary), "pass")
    title = worst if report.exit_code or worst == "pass" else f"{worst}, does not block"
    yield f"## {SIGN[worst]} {_code(report.names[1])} against {_code(report.names[0])}: {title}"
    yield f"\n{_inert(telling.ending(report))}. Again:\n\n{_pre(command)}\n"
    if report.notes:
        yield f"{_inert(report.notes[0])}.\n"
    yield f"{HEADER}\n{re.sub(r'[^|]+', '---', HEADER)}"
    for case in [*open_, *(case for case in cases if case.state == "pass")]:
        yield _row(case)
    yield ""
    for text in [*report.notes[1:], *_warnings(report)]:
        yield f"- {_inert(text)}"
    yield from _texts(open_, cases)


def _row(case: Case) -> str:
    warns = case.state == "regressed" and not case.blocks
    columns = [WARNS if warns else SIGN[case.state], _code(case.gated.task), _code(case.gated.model)]
    if case.cell is None:
        return f"| {' | '.join(columns)} | | | | | | {_code(case.reason)} |"
    columns += [_code(case.cell.name), f"{case.cell.base:.3f}", f"{case.cell.candidate:.3f}", _difference(case.cell)]
    p = telling.p_in_words(case.cell.verdict.p_worse) if case.cell.verdict else ""
    words = case.cell.verdict.words if case.cell.verdict else "shown, never gated"
    return f"| {' | '.join(columns)} | {_inert(p)} | {words}{', warns only' if warns else ''} |"


def _difference(cell: Cell) -> str:
    ends = "" if cell.low is None or cell.high is None else f" [{cell.low:+.3f}, {cell.high:+.3f}]"
    return f"{cell.difference:+.3f}{ends}"


def _warnings(report: Report) -> Iterator[str]:
    for one in report.gated:
        about = " · ".join(part for part in (one.task, one.model) if part)
        wanted = telling.settling_in_words(one)
        for text in [*([wanted] if wanted else []), *telling.shown_only(one), *one.warnings]:
            yield f"{about}: {text}"


def _texts(open_: list[Case], cases: list[Case]) -> Iterator[str]:
    """Texts that the candidate has newly wrong, those of the worst verdict first."""
    left, seen = TEXTS, set()
    for case in [*open_, *cases]:
        found = case.gated.comparison
        if found is None or id(found) in seen or not left:
            continue
        seen.add(id(found))
        texts, gold_base_now = found.pair.task.items["text"], telling.documents(found, found.newly_wrong[:left])
        if found.newly_wrong:
            count = f"{len(found.newly_wrong)} newly wrong"
            yield f"\n### {_code(case.gated.task)} {_code(case.gated.model)}: {count}\n"
        for i, (item, gold, base, now) in zip(found.newly_wrong, gold_base_now, strict=False):
            left -= 1
            said = f"gold {_code(gold)}, base {_code(base)}, candidate {_code(now)}"
            yield f"{_code(item)}: {said}\n\n{_pre(_cut(str(texts[i])))}\n"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def visible(text: str) -> str:
    """Control and direction characters by their number; white space and what joins letters and emoji stay."""
    named = (c.isprintable() or c in "\n\t\u200c\u200d" or unicodedata.category(c) == "Zs" for c in text)
    return "".join(c if stays else f"\\u{ord(c):04x}" for c, stays in zip(text, named, strict=True))


def _inert(text: str) -> str:
    """One line in which no character is Markdown, HTML or the end of a table's cell, and no @name or #1 a link."""
    line = visible(" ".join(text.split("\n"))).replace("\t", " ")
    inert = re.sub(r"[!-/:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", line)
    return re.sub("&#(64|35);", r"&#\1;<!-- -->", inert)


def _code(text: str) -> str:
    """The same as code."""
    return f"<code>{_inert(text)}</code>" if text else ""


def _pre(text: str) -> str:
    """Lines as they stand; nothing in it is Markdown up to its end, which no text can hold."""
    return f"<pre>{html.escape(visible(text))}</pre>"
