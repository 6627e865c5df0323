"""Lines that were read one by one -> blocks of answers, every line that cannot be used noted with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.annotations import Annotations, SpanTuple
from harness.answers import KINDS, OWN, SIZE, UNITS, Asked, Block, Header
from harness.answers.arrays import lists, texts
from harness.errors import Problem, ProblemsFound, quote
from harness.predictions import answer_of, evidence_of, scores_of
from harness.records import ANSWERED, Kind

Line = dict[str, Any]  # item, label | labels | spans, status, scores, and others
LONGEST = 2**31 - 1  # the text of an item is not at hand: any offset may be inside it
HEAD = 1000  # lines that tell what the others hold


def header_of(path: Path, lines: Iterable[tuple[int, Line]]) -> Header:
    """What a file says of itself, from its first lines: what is unknown in all of them is no column."""
    first = _first(lines)
    if not first or "item" not in first[0]:
        found = f"no item in the first line; it holds {quote(', '.join(first[0])) if first else 'nothing'}"
        raise ProblemsFound([Problem(str(path), 1, found, "Name each item under `item`.")])
    names = {key: None for line in first for key, value in line.items() if value is not None}
    cuts = {key for line in first for key, value in line.items() if not isinstance(value, dict | None)}
    others = tuple(key for key in names if key in UNITS or (key not in OWN and key in cuts))
    return Header(tuple(kind for kind in KINDS if kind in names), others)


def _first(lines: Iterable[tuple[int, Line]]) -> list[Line]:
    """The first lines; what is wrong with others is told when all are read."""
    first: list[Line] = []
    try:
        for _, line in islice(lines, HEAD):
            first.append(line)
    except ProblemsFound:
        if not first:
            raise
    return first


def labels_of(lines: Iterable[tuple[int, Line]], kind: Kind) -> set[str]:
    """Every label that the lines hold."""
    found: set[str] = set()
    for _, line in lines:
        value = line.get(kind)
        if kind == "label":
            found.update([value] if isinstance(value, str) else [])
        elif isinstance(value, list):
            each = value if kind == "labels" else map(_label_of, value)
            found.update(label for label in each if isinstance(label, str))
    return found


def _label_of(span: Any) -> Any:
    match span:
        case [_, _, label, *_] | {"label": label}:
            return label
    return None


def blocks_of(path: Path, lines: Iterator[tuple[int, Line]], asked: Asked) -> Iterator[Block]:
    """Blocks of at most SIZE lines. Raises ProblemsFound at the end, with every line that could not be used."""
    problems: list[Problem] = []
    known = set(asked.labels)
    while chunk := list(islice(lines, SIZE)):
        taken: list[tuple[Line, int, Any, list[float]]] = []
        for number, line in chunk:
            answer = answer_of(line, asked.kind, known, LONGEST)
            scores = scores_of(line.get("scores"), asked.labels)
            evidence = evidence_of(line.get("evidence"), LONGEST) if asked.evidence else None
            wrong = [one for one in (_flaw(line, asked), answer, scores, evidence) if isinstance(one, str) and one]
            problems.extend(Problem(str(path), number, one, REMEDY[asked.kind]) for one in wrong)
            if not wrong:
                assert not isinstance(answer, str) and not isinstance(scores, str)
                if asked.gold and (odd := _not_gold(answer, asked, known)):
                    problems.append(Problem(str(path), number, odd, asked.declare))
                taken.append((line, *answer, scores))
        if taken:
            yield _block(taken, asked)
    if problems:
        raise ProblemsFound(problems)


def _block(taken: Sequence[tuple[Line, int, Any, list[float]]], asked: Asked) -> Block:
    lines, status, answers, scores = (list(column) for column in zip(*taken, strict=True))
    item = [line["item"] for line in lines]
    if asked.kind == "spans":
        made = Annotations.of_spans(item, asked.labels, answers, status=status)
    else:
        table = None
        if all(row for row, state in zip(scores, status, strict=True) if state == ANSWERED) and any(scores):
            table = np.array([row or [0.0] * len(asked.labels) for row in scores], np.float32)
        make = Annotations.of_label if asked.kind == "label" else Annotations.of_labels
        made = make(item, asked.labels, answers, status=status, scores=table)
    if asked.evidence:
        made = replace(made, besides={"evidence": evidence_in([line.get("evidence") for line in lines])})
    columns = {}
    for name in asked.columns:
        values = [_texts_of(line.get(name)) for line in lines]
        one = name in UNITS or name == "split"
        columns[name] = texts(["|".join(value) for value in values]) if one else lists(values)
    return Block(texts(item), made, columns)


def evidence_in(given: Sequence[Any]) -> Annotations:
    """What answers rest on, [[start, end], …] or None an item. Raises ValueError with what is wrong."""
    spans: list[list[SpanTuple] | None] = []
    for one in given:
        said = evidence_of(one, LONGEST)
        if isinstance(said, str):
            raise ValueError(said)
        spans.append(said)
    return Annotations.of_spans(range(len(spans)), ("evidence",), spans)  # type: ignore[arg-type]


def _texts_of(value: Any) -> list[str]:
    """What a line says of its item, as texts; numbers and truth as they stand in Parquet."""
    if isinstance(value, list):
        return [text for one in value for text in _texts_of(one)]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(value).removesuffix(".0") if isinstance(value, float) else str(value)]


def _flaw(line: Line, asked: Asked) -> str:
    item = line.get("item")
    if not isinstance(item, str) or not item:
        return "no item is named"
    for name in UNITS if asked.gold else ():
        value = line.get(name)
        if name not in asked.columns and value is not None:
            return f"{name} is named here and not in the first {HEAD:,} lines"
        if name in asked.columns and (isinstance(value, bool) or not isinstance(value, str | int)):
            return f"no {name} is named as text or whole number: do so in every line, or in none"
    return ""


def _not_gold(answer: tuple[int, Any], asked: Asked, known: set[str]) -> str:
    """Why an answer cannot be gold."""
    status, value = answer
    if value is None:
        return "gold without an answer"
    each = [value] if asked.kind == "label" else value if asked.kind == "labels" else [span[2] for span in value]
    unknown = next((label for label in each if label not in known), None)
    if unknown is not None:
        return f"gold with a label that is not declared, {quote(unknown)}"
    return "gold without an answer" if status != ANSWERED else ""


REMEDY = {
    "label": 'Write {"item": "…", "label": "A"}.',
    "labels": 'Write {"item": "…", "labels": ["A", "B"]}.',
    "spans": 'Write {"item": "…", "spans": [[0, 7, "PER"]]}.',
}
