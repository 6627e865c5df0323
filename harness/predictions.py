"""A predictions file: anybody's answers, one item a line, read into Annotations and written from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.annotations import Annotations, SpanTuple
from harness.errors import Problem, ProblemsFound, quote, suggestion
from harness.files import compact, stream_json_lines, write_atomically
from harness.records import ANSWERED, INVALID, STATUSES, Items, Kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FEW, MANY = 20, 200  # problems that get a suggestion, names that one is looked for among
BIGGEST_SCORE = 3.4e38  # of float32
KEYS = {"label": "label", "labels": "labels", "spans": "spans"}


def write(path: Path, predicted: Annotations) -> None:
    """Write answers as JSON lines, in the order of the items."""
    write_atomically(path, to_bytes(predicted))


def to_bytes(predicted: Annotations) -> bytes:
    """Answers as the bytes of a predictions file."""
    if predicted.kind == "label" and predicted.scores is None and "evidence" not in predicted.besides:
        return b"".join(_label_lines(predicted))
    return "".join(compact(line) + "\n" for line in lines_of(predicted)).encode()


def _label_lines(predicted: Annotations) -> Iterator[bytes]:
    """The lines of plain labels: what follows the item is one of a few endings."""
    import msgspec

    ends = [f',"label":{compact(label)}}}\n'.encode() for label in predicted.labels]
    ends += [f',"status":{compact(status)}}}\n'.encode() for status in STATUSES]
    encode, many = msgspec.json.Encoder().encode, len(predicted.labels)
    answered = predicted.status == ANSWERED
    end = (predicted.codes * answered + (many + predicted.status.astype("i8")) * ~answered).tolist()
    for item, place in zip(predicted.item, end, strict=True):
        yield b'{"item":' + encode(item) + ends[place]


def lines_of(predicted: Annotations) -> Iterator[dict[str, Any]]:
    """Each answer as one object: `item`, then `label`, `labels` or `spans`, then `scores`, then `evidence`."""
    key, evidence = KEYS[predicted.kind], predicted.besides.get("evidence")
    for i, item in enumerate(predicted.item):
        status = STATUSES[predicted.status[i]]
        line: dict[str, Any] = {"item": item}
        if status == "answered":
            line[key] = predicted.answer(i)
        else:
            line["status"] = status
        if predicted.scores is not None and status == "answered":
            row = predicted.scores[i].tolist()
            line["scores"] = {name: float(f"{x:.9g}") for name, x in zip(predicted.labels, row, strict=True)}
        if evidence is not None and status == "answered" and (spans := evidence.answer(i)) is not None:
            line["evidence"] = [[start, end] for start, end, _ in spans]
        yield line


def read(path: Path, items: Items, kind: Kind, labels: Sequence[str], of: Sequence[str] = ()) -> Annotations:
    """The answers of a file to these items, in their order; an item that the file lacks is missing.

    `document`, `holder` and `target` (ids) may stand in place of `item`. Raises ProblemsFound with every line
    that cannot be read, names an item that is not asked about, or answers an item twice. Scores are kept where
    every answer has them; evidence, `[[start, end], …]`, wherever it is given, in `besides`.
    """
    place = str(path)
    problems: list[Problem] = []
    position = {item: i for i, item in enumerate(items["item"])}
    answers: list[Any] = [None] * len(items)
    status: list[int] = [STATUSES.index("missing")] * len(items)
    scores: dict[int, list[float]] = {}
    evidence: dict[int, list[SpanTuple]] = {}
    seen: dict[int, int] = {}
    known = set(labels)
    for number, line in _lines(path, problems):
        item = line.get("item", _item_of(line, of))
        i = position.get(item) if isinstance(item, str) else None
        if i is None:
            found = f"no item {quote(item)} in this task" if isinstance(item, str) else "no item is named"
            near = position if len(problems) < FEW else {}
            problems.append(Problem(place, number, found, _where_items_are(item, near, items["item"])))
        elif i in seen:
            problems.append(Problem(place, number, f"a second answer to {quote(item)}", f"See line {seen[i]}."))
        else:
            seen[i] = number
            answer = answer_of(line, kind, known, len(items["text"][i]))
            row = scores_of(line.get("scores"), labels)
            spans = evidence_of(line.get("evidence"), len(items["text"][i]))
            problems.extend(Problem(place, number, no, _example(kind)) for no in (answer, row) if isinstance(no, str))
            if isinstance(spans, str):
                problems.append(Problem(place, number, spans, 'Write "evidence": [[0, 7], [9, 12]], in code points.'))
            elif spans is not None and not isinstance(answer, str) and answer[0] == ANSWERED:
                evidence[i] = spans
            if not isinstance(answer, str):
                status[i], answers[i] = answer
            if not isinstance(row, str) and row and status[i] == ANSWERED:
                scores[i] = row
    if problems:
        raise ProblemsFound(problems)
    return annotations_of(items["item"], kind, labels, answers, status, scores, evidence)


def _lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines that can be read; the others are noted, so that all problems are told in one pass."""
    try:
        yield from stream_json_lines(path)
    except ProblemsFound as found:
        problems.extend(found.problems)


def annotations_of(
    item: Sequence[str],
    kind: Kind,
    labels: Sequence[str],
    answers: list[Any],
    status: list[int],
    scores: Mapping[int, list[float]],
    evidence: Mapping[int, list[SpanTuple]],
) -> Annotations:
    """Answers that were read one by one; scores and evidence by the item's place, scores kept where all have them."""
    if kind == "spans":
        said = Annotations.of_spans(item, labels, answers, status=status)
    else:
        make = Annotations.of_label if kind == "label" else Annotations.of_labels
        said = make(item, labels, answers, status=status, scores=_table(len(labels), status, scores))
    if not evidence:
        return said
    rests_on = Annotations.of_spans(item, ("evidence",), [evidence.get(i) for i in range(len(said))])
    return replace(said, besides={"evidence": rests_on})


def _table(labels: int, status: list[int], scores: Mapping[int, list[float]]) -> npt.NDArray[np.float32] | None:
    """(n_items, n_labels), or None where an answer has no scores."""
    if not scores or len(scores) < sum(one == ANSWERED for one in status):
        return None
    import numpy as np

    table = np.zeros((len(status), labels), np.float32)
    for i, row in scores.items():
        table[i] = row
    return table


def _item_of(line: dict[str, Any], of: Sequence[str]) -> str | None:
    document = line.get("document")
    if not of or document is None:
        return document
    return f"{document}#{'>'.join(str(line.get(facet)) for facet in of)}"


def _where_items_are(item: object, near: Mapping[str, int], items: Sequence[str]) -> str:
    said = suggestion(item, list(near)) if isinstance(item, str) and len(near) <= MANY else ""
    first = said.split(" There are:")[0] if "Did you mean" in said else ""
    return first or (f"Items are named like {quote(items[0])}." if items else "The task has no items.")


def answer_of(line: dict[str, Any], kind: Kind, labels: set[str], length: int) -> tuple[int, Any] | str:
    """(status, answer) of one line, or what is wrong with it.

    What a model may get wrong is no problem of the file: an unknown label is an invalid answer.
    """
    said = line.get("status", "answered")
    if said not in STATUSES:
        return f"unknown status {quote(said)}"
    if said != "answered":
        return STATUSES.index(said), None
    value = line.get(KEYS[kind])
    if value is None:
        return f'no "{KEYS[kind]}"'
    if kind == "label":
        return (ANSWERED if value in labels else INVALID, value) if isinstance(value, str) else "label is no text"
    if not isinstance(value, list):
        return f'"{kind}" is not a list'
    if kind == "labels":
        if not all(isinstance(label, str) for label in value):
            return "labels are not texts"
        return (ANSWERED if labels.issuperset(value) else INVALID, value)
    spans = []
    for span in value:
        match span:
            case [start, end, str(label), *_] | {"start": start, "end": end, "label": str(label)} if (
                type(start) is int and type(end) is int  # True is no offset
            ):
                if not 0 <= start < end <= length:
                    return f"span {start}:{end} is outside the text of {length} characters"
                spans.append((start, end, label))
            case _:
                return f"span {quote(span)} is not [start, end, label]"
    return ANSWERED, spans


def scores_of(given: Any, labels: Sequence[str]) -> list[float] | str:
    """A line's scores in label order, 0 for a label that it leaves out, or what is wrong with them."""
    if given is None:
        return []
    if not isinstance(given, dict):
        return '"scores" is not a table of labels'
    for label, value in given.items():
        if label not in labels:
            return f"a score for unknown label {quote(label)}; labels are {', '.join(labels)}"
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= BIGGEST_SCORE:
            return f"the score of {quote(label)} is no number"
    return [float(given.get(label, 0.0)) for label in labels]


def evidence_of(given: Any, length: int) -> list[SpanTuple] | str | None:
    """A line's evidence as spans of a text of `length` characters, None where it gives none, or what is wrong."""
    if given is None:
        return None
    if not isinstance(given, list):
        return '"evidence" is not a list'
    for span in given:
        match span:
            case [start, end] if type(start) is int and type(end) is int:  # True is no offset
                if not 0 <= start < end <= length:
                    return f"evidence {start}:{end} is outside the text of {length} characters"
            case _:
                return f"evidence {quote(span)} is not [start, end]"
    return [(start, end, "evidence") for start, end in given]


def _example(kind: Kind) -> str:
    value = {"label": '"FAVOR"', "labels": '["A", "B"]', "spans": '[[0, 7, "PER"]]'}[kind]
    return f'Write {{"item": "…", "{KEYS[kind]}": {value}}}; statuses are {", ".join(STATUSES)}.'
