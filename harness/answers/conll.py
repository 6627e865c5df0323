"""Tags in columns, a token a line and an empty line after each sentence: the last column, or another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from harness.answers import SIZE, Asked, Block, Header
from harness.answers.arrays import texts
from harness.errors import Problem, ProblemsFound
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
        answers = annotations_of_tags(item, asked.labels, rows, **how)
        if asked.gold and (answers.codes < 0).any():
            remedy = f"Declared labels are {', '.join(asked.labels)}: declare more by --labels, or mend the gold."
            problems.append(Problem(str(path), 0, "gold with a label that is not declared", remedy))
        documents = {"document": texts([document for _, document, _ in chunk])} if chunk[0][1] else {}
        wanted = {name: values for name, values in documents.items() if name in asked.columns}
        yield Block(texts(item), answers, wanted)
    if problems:
        raise ProblemsFound(problems)


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
