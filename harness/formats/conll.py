"""CoNLL-2002 and 2003: one token a line with its tag in a column, blank lines between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.errors import AskedWrongly, Problem
from harness.files import write_atomically
from harness.formats._tokenized import laid_out, said_of
from harness.formats._tokens import (
    COLUMNS,
    COMMENT,
    SPANS,
    Sentence,
    Unreadable,
    aligned,
    blocks,
    checked,
    columns_of,
    documents,
    spans_of,
)
from harness.parts import Format, Row, Shape

START = "-DOCSTART-"


def conll(*, scheme: str = "", column: int = 0) -> Format:
    """`Maduro TAB B-PER`: the token first, the tag last; columns are parted by tabs, else by blanks.

    Tags in IOB1, IOB2, BIOES and BILOU are all read as they are; with `scheme` ("IOB1", …) a tag that does not keep
    to it is a problem, and that scheme is written instead of IOB2. `column` counts from 1, or from the end with -1,
    and says where the tags are. They become the spans `entities`; a first line
    `# global.columns = FORM SPANS:NAME SPANS:OTHER` names several columns, each the layer NAME. A token alone, or `_`
    in place of every tag of a document, is not annotated.

    A document begins at `-DOCSTART-` or `# id = a1`; in a file with neither each sentence is a document, with its
    `# sent_id` as the id. `# text = …` before a sentence gives its text with white space as it was (several lines:
    line by line); else tokens are joined by blanks, and sentences by newlines. Other comments are columns:
    `# group = flood`, `# event = POLICY`, again for a second label, `# stance = target|holder|label`, or JSON where
    there is more to say; sentence ids inside of documents are passed over.
    """
    checked(scheme)
    if type(column) is not int:
        raise AskedWrongly("the column of the tags is a number: conll(column=4).")

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
        return _read(path, problems, scheme, column)

    def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
        names = [name for name, layer in layers.items() if layer.kind == "spans"]
        header = " ".join(["FORM", *(SPANS + name for name in names)])
        lines = [] if names in ([], ["entities"]) else [f"# {COLUMNS} = {header}"]
        for row in rows:
            lines += _lines(row, names, layers, scheme)
        write_atomically(path, "\n".join([*lines, ""]).encode())

    return Format(read=read, write=write, suffix=".conll", unit="codepoint")


def _read(path: Path, problems: list[Problem], scheme: str, column: int) -> Iterator[tuple[int, Row]]:
    sentences, tabs = _sentences(path, problems)
    header = next((value.split() for one in sentences[:1] for value in one.said(COLUMNS)), [])
    named = {i: name.removeprefix(SPANS) for i, name in enumerate(header) if name.startswith(SPANS)}
    alone = not any(one.starts or one.said("id") for one in sentences)
    for document in documents(sentences):
        try:
            yield document[0].number, _row(document, alone, tabs, scheme, column, {} if column else named)
        except Unreadable as wrong:
            problems.append(Problem(str(path), *wrong.args))


def _sentences(path: Path, problems: list[Problem]) -> tuple[list[Sentence], bool]:
    """The sentences of a file, and whether tabs part its columns."""
    found = list(blocks(path, problems))
    tabs = next(("\t" in line for block in found for _, line in block if not line.startswith("# ")), False)
    sentences = []
    for block in found:
        one = Sentence(block[0][0])
        for number, line in block:
            comment = COMMENT.fullmatch(line)
            if line.startswith(START):
                if one.lines or one.comments or one.starts:
                    sentences.append(one)
                one = Sentence(number, starts=True)
            elif comment:
                one.comments.append((comment[1], comment[2]))
            elif line.startswith("# newdoc") and "\t" not in line:
                one.starts = True
            elif not (line.startswith("# ") and tabs and "\t" not in line):
                one.lines.append((number, line))
        one.starts |= bool(one.said("newdoc id"))
        sentences.append(one)
    return sentences, tabs


def _row(
    document: Sequence[Sentence], alone: bool, tabs: bool, scheme: str, column: int, named: Mapping[int, str]
) -> Row:
    texts: list[str] = []
    places, lines, at = [], [], 0
    for one in document:
        cells = [(number, _cells(line, tabs)) for number, line in one.lines]
        if not cells and not one.said("text"):
            continue
        tokens = [(number, row[0]) for number, row in cells]
        text = "\n".join(one.said("text") or [" ".join(token for _, token in tokens)])
        places.append([(at + start, at + end) for start, end in aligned(tokens, text, one.number)])
        lines.append(cells)
        texts.append(text)
        at += len(text) + 1
    widths = {len(row): number for cells in reversed(lines) for number, row in reversed(cells)}
    if len(widths) > 1:
        found = f"{' and '.join(map(str, sorted(widths)))} columns in one document"
        raise Unreadable(max(widths.values()), found, "Give every token the same columns.")
    width = next(iter(widths), 0)
    row = columns_of(document, alone) | {"text": "\n".join(texts)}
    for i, name in (named or _default(width, column, lines)).items():
        if name in row:
            raise Unreadable(document[0].number, f"both a comment and a column {name}", "Rename the comment.")
        if i >= width > 0:
            raise Unreadable(lines[0][0][0], f"{width} columns, none of them {name}", "Name the columns as they are.")
        spans = spans_of([[(n, cells[i]) for n, cells in some] for some in lines], places, scheme) if width else None
        if spans is not None:
            row[name] = spans
    return row


def _default(width: int, column: int, lines: Sequence[Sequence[tuple[int, list[str]]]]) -> dict[int, str]:
    """The column of the tags, where no line names it."""
    if not width or (width == 1 and column in (0, -1)):
        return {}
    at = column - 1 if column > 0 else width + (column or -1)
    if not 1 <= at < width:
        remedy = "Say which column has the tags: conll(column=2)."
        raise Unreadable(next(cells[0][0] for cells in lines if cells), f"{width} columns, no {column}", remedy)
    return {at: "entities"}


def _cells(line: str, tabs: bool) -> list[str]:
    return line.removesuffix("\r").split("\t") if tabs else re.split("[ \t]+", line.strip(" \t\r"))


def _lines(row: Row, names: Sequence[str], layers: Mapping[str, Shape], scheme: str) -> Iterator[str]:
    text, tokens, sentences, columns = laid_out(row, names, scheme)
    yield "\t".join([START, *("O" for _ in names)])
    yield ""
    yield from said_of(row, layers)
    begin = 0
    for first, end in sentences or [(0, 0)]:
        stop = text.rfind("\n", tokens[end - 1][1], tokens[end][0]) if end < len(tokens) else len(text)
        yield from (f"# text = {line}" for line in text[begin:stop].split("\n"))
        for i in range(first, end):
            yield "\t".join([text[slice(*tokens[i])], *(tags[i] for tags in columns)])
        yield ""
        begin = stop + 1
