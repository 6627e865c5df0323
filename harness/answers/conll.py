"""Tags in columns, a token a line and an empty line after each sentence: the last column, or another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.answers import SIZE, Asked, Block, Header
from harness.answers.arrays import texts
from harness.errors import AskedWrongly, Problem, ProblemsFound
from harness.records import Kind
from harness.tags import annotations_of_tags

DOCUMENT = "-DOCSTART-"
Sentence = tuple[int, str, list[list[str]]]  # line of its first token, document, tokens with their columns


def header(path: Path) -> Header:
    """Sentences are items, numbered from 1; documents are cut by -DOCSTART- lines, where there are any."""
    first = next(_sentences(path), None)
    if first is None:
        raise ProblemsFound([Problem(str(path), 0, "there are no tokens", "Write a token and its tag a line.")])
    return Header(("spans",), ("document",) if first[1] else ())


def read(path: Path, asked: Asked) -> Iterator[Block]:
    """Spans over token positions, by the reading and scheme that `asked.tags` names.

    `asked.tags["column"]` is the column from the end that holds the tags: -1 the last, -2 the one before it.
    """
    problems: list[Problem] = []
    sentences = _sentences(path)
    how = {key: value for key, value in asked.tags.items() if key != "column"}
    column = asked.tags.get("column", -1)
    number = 0
    while chunk := list(islice(sentences, SIZE)):
        item, rows = [], []
        for line, _, tokens in chunk:
            number += 1
            item.append(f"{number:09}")
            short = next((i for i, token in enumerate(tokens) if len(token) < max(2, -column)), None)
            if short is not None:
                found = f"a line of {len(tokens[short])} columns, too few for a tag"
                problems.append(Problem(str(path), line + short, found, "Write a token, then its tag."))
            rows.append(["O"] if short is not None else [token[column] for token in tokens])
        try:
            answers = annotations_of_tags(item, asked.labels, rows, **how)
        except AskedWrongly:
            problems.extend(_no_tags(path, chunk, rows, how))
            continue
        if asked.gold and (answers.codes < 0).any():
            assert answers.offsets is not None and answers.starts is not None
            at = int((answers.codes < 0).argmax())
            line = chunk[int(np.searchsorted(answers.offsets, at, side="right")) - 1][0] + int(answers.starts[at])
            problems.append(Problem(str(path), line, "gold with a label that is not declared", asked.declare))
        if asked.gold and chunk[-1][1] and "document" not in asked.columns:
            found = f"a {DOCUMENT} line, and none before the first sentence"
            problems.append(Problem(str(path), 0, found, "Begin with one, or leave them all away."))
        wanted = {"document": texts([document for _, document, _ in chunk])} if "document" in asked.columns else {}
        yield Block(texts(item), answers, wanted)
    if problems:
        raise ProblemsFound(problems)


def _no_tags(path: Path, chunk: Sequence[Sentence], rows: Sequence[Sequence[str]], how: Any) -> Iterator[Problem]:
    """The lines whose tag is none. Raises AskedWrongly where it is the reading or scheme that is none."""
    annotations_of_tags([""], (), [["O"]], **how)
    wrong: dict[str, tuple[str, str]] = {}
    for tag in {tag for row in rows for tag in row}:
        try:
            annotations_of_tags([""], (), [[tag]], **how)
        except AskedWrongly as error:
            found, _, remedy = str(error).partition(": ")[2].partition(". ")
            wrong[tag] = found, remedy
    for (line, _, _), row in zip(chunk, rows, strict=True):
        for i, tag in enumerate(row):
            if tag in wrong:
                yield Problem(str(path), line + i, *wrong[tag])


def refuse_other_tokens(gold: Path, predicted: Path) -> None:
    """Say no where the sentences of two files, each of its number, are not of the same tokens."""
    for due, said in zip(_sentences(gold), _sentences(predicted), strict=False):
        tokens = [[token[0] for token in tokens] for _, _, tokens in (due, said)]
        if tokens[0] != tokens[1]:
            found = f"another sentence than {gold}:{due[0]} ({len(tokens[1])} and {len(tokens[0])} tokens)"
            raise ProblemsFound([Problem(str(predicted), said[0], found, "Tag the tokens of the gold, all in order.")])


def labels_in(path: Path, kind: Kind) -> set[str]:
    """Every label of the last two columns."""
    tags = {tag for _, _, tokens in _sentences(path) for token in tokens for tag in token[-2:] if "-" in tag}
    return {tag[2:] for tag in tags if tag[1] == "-" and len(tag) > 2}


def _sentences(path: Path) -> Iterator[Sentence]:
    document, start, tokens = 0, 0, list[list[str]]()
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                columns = line.split()
                if columns and columns[0] != DOCUMENT:
                    start = start if tokens else number
                    tokens.append(columns)
                    continue
                if tokens:
                    yield start, f"{document:09}" if document else "", tokens
                    tokens = []
                document += bool(columns)
        if tokens:
            yield start, f"{document:09}" if document else "", tokens
    except UnicodeDecodeError:
        raise ProblemsFound([Problem(str(path), 0, "bytes that are not UTF-8", "Save as UTF-8.")]) from None
    except OSError as error:
        raise ProblemsFound([Problem(str(path), 0, f"cannot be read ({error.strerror})", "Check the path.")]) from None
