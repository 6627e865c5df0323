"""Lines that were read one by one -> blocks of answers, every line that cannot be used noted with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.answers import KINDS, OWN, SIZE, Asked, Block, Header
from harness.answers.arrays import lists, texts
from harness.errors import Problem, ProblemsFound
from harness.predictions import answer_of, scores_of
from harness.records import ANSWERED, Annotations, Kind

Line = dict[str, Any]  # item, label | labels | spans, status, scores, and others
LONGEST = 2**31 - 1  # the text of an item is not at hand: any offset may be inside it


def header_of(path: Path, first: Line) -> Header:
    """What a file says of itself, from its first line."""
    if "item" not in first:
        found = f"no item in the first line; it holds {', '.join(first) or 'nothing'}"
        raise ProblemsFound([Problem(str(path), 1, found, "Name each item under `item`.")])
    kinds = tuple(kind for kind in KINDS if kind in first)
    others = tuple(key for key, value in first.items() if key not in OWN and isinstance(value, str | list))
    return Header(kinds, others)


def labels_of(lines: Iterable[tuple[int, Line]], kind: Kind) -> set[str]:
    """Every label that the lines hold."""
    found: set[str] = set()
    for _, line in lines:
        value = line.get(kind)
        if kind == "label":
            found.update([value] if isinstance(value, str) else [])
        elif isinstance(value, list):
            each = (
                value if kind == "labels" else [span[2] if isinstance(span, list) else span["label"] for span in value]
            )
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
            no = _flaw(line, asked)
            answer = answer_of(line, asked.kind, known, LONGEST)
            scores = scores_of(line.get("scores"), asked.labels)
            wrong = [one for one in (no, answer, scores) if isinstance(one, str) and one]
            problems.extend(Problem(str(path), number, one, REMEDY[asked.kind]) for one in wrong)
            if not wrong:
                assert not isinstance(answer, str) and not isinstance(scores, str)
                if asked.gold and (odd := _not_gold(answer, asked, known)):
                    remedy = (
                        f"Declared labels are {', '.join(asked.labels)}: declare more by --labels, or mend the gold."
                    )
                    problems.append(Problem(str(path), number, odd, remedy))
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
    columns = {}
    for name in asked.columns:
        values = [line.get(name) for line in lines]
        if any(isinstance(value, list) for value in values):
            columns[name] = lists([v if isinstance(v, list) else [v] if v else [] for v in values])
        elif any(value is not None for value in values):
            columns[name] = texts(["" if value is None else str(value) for value in values])
    return Block(texts(item), made, columns)


def _flaw(line: Line, asked: Asked) -> str:
    if not isinstance(line.get("item"), str):
        return "no item is named"
    return ""


def _not_gold(answer: tuple[int, Any], asked: Asked, known: set[str]) -> str:
    """Why an answer cannot be gold."""
    status, value = answer
    if status != ANSWERED:
        return "gold without an answer, or with a label that is not declared"
    if asked.kind == "spans" and not all(label in known for _, _, label in value):
        return "gold with a label that is not declared"
    return ""


REMEDY = {
    "label": 'Write {"item": "…", "label": "A"}.',
    "labels": 'Write {"item": "…", "labels": ["A", "B"]}.',
    "spans": 'Write {"item": "…", "spans": [[0, 7, "PER"]]}.',
}
