"""A page written for a terminal, as Markdown, and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from harness.reporting.comparison import RIGHT, Page, Table
from harness.reporting.documents import Changed

Paint = Callable[[str, str], str]  # text, colour
COLOURS = {"better": "green", "worse": "red"}
SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "–": "--",
    "<": "$<$", ">": "$>$", "|": "$|$",  # which LaTeX's old fonts have as other signs
}  # fmt: skip


def plain(text: str, colour: str) -> str:
    """No colour."""
    return text


def terminal(
    page: Page, documents: Sequence[Changed] = (), heading: str = "", paint: Paint = plain, width: int = 100
) -> Iterator[str]:
    """Lines, the sentence first; sentences are broken at `width`, tables never."""
    yield from wrap(f"{page.title}: {page.sentence}" if page.title else page.sentence, width)
    yield from wrap(page.about, width)
    for table in page.tables:
        yield ""
        yield from _table(table, paint)
    yield ""
    for note in page.notes:
        yield from wrap(note, width)
    if heading:
        yield ""
        yield heading
    for one in documents:
        yield ""
        yield paint(one.item, "cyan")
        for line in one.lines:
            yield from wrap(line, width, initial_indent="  ", subsequent_indent="  ")


def _table(table: Table, paint: Paint) -> Iterator[str]:
    rows = [table.header, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.header))]

    def line(row: Sequence[str], colour: str = "") -> str:
        sides = zip(row, widths, table.align, strict=True)
        cells = [cell.rjust(width) if side == RIGHT else cell.ljust(width) for cell, width, side in sides]
        if colour:
            cells[-1] = paint(cells[-1].rstrip(), colour)
        return "  ".join(cells).rstrip()

    yield line(table.header)
    yield "─" * (sum(widths) + 2 * (len(widths) - 1))
    yield from (line(row, COLOURS.get(row[-1], "")) for row in table.rows)


def markdown(page: Page, documents: Sequence[Changed] = (), heading: str = "") -> Iterator[str]:
    """Lines, for a pull request or a README."""
    if page.title:
        yield from (f"### {escaped(page.title)}", "")
    yield from (f"**{escaped(page.sentence)}**", "", escaped(page.about))
    for table in page.tables:
        yield ""
        yield f"| {' | '.join(map(escaped, table.header))} |"
        yield f"|{'|'.join('---:' if side == RIGHT else '---' for side in table.align)}|"
        for row in table.rows:
            yield f"| {' | '.join(escaped(cell) for cell in row)} |"
    yield from ("", " ".join(map(escaped, page.notes)))
    if heading:
        yield from ("", f"#### {escaped(heading)}")
    for one in documents:
        yield from ("", f"`{one.item}`", "")
        yield from (f"> {escaped(line)}  " for line in one.lines)


def latex(page: Page) -> Iterator[str]:
    """Tables for a paper, by the package booktabs; the sentence, what was compared and the notes are the caption."""
    caption = " ".join(tex(text) for text in (page.sentence, page.about, *page.notes))
    yield r"\begin{table}"
    yield r"\centering"
    for i, table in enumerate(page.tables):
        if i:
            yield r"\par\medskip"
        yield rf"\begin{{tabular}}{{{table.align}}}"
        yield r"\toprule"
        yield rf"{' & '.join(map(tex, table.header))} \\"
        yield r"\midrule"
        for row in table.rows:
            indent = r"\quad " if row[0].startswith("  ") else ""
            yield rf"{indent}{' & '.join(tex(cell) for cell in row)} \\"
        yield r"\bottomrule"
        yield r"\end{tabular}"
    yield rf"\caption{{{caption}}}"
    yield r"\end{table}"


def escaped(text: str) -> str:
    """A name or a document's text as Markdown that shows it: neither Markdown nor HTML."""
    indent = "&nbsp;&nbsp;" if text.startswith("  ") else ""
    kept = text.strip().replace("&", "&amp;").replace("<", "&lt;")
    return indent + re.sub(r"([\\|*_`\[\]#~])", r"\\\1", kept)


def tex(text: str) -> str:
    """Text as LaTeX that prints it, and nothing else."""
    signed = re.sub(r"(?<![\w)])-(?=\d)", "−", text.strip())
    return "".join(SPECIAL.get(c, rf"\{c}" if c in "&%$#_{}" else c) for c in signed)
