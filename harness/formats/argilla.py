"""Argilla records: a JSON array, with the responses of several people to each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import compact
from harness.formats._json import PLAIN, Unreadable, array_items, put, span_of, tables, text_of, write_items
from harness.parts import Format, LeftOut, Row, Shape

UNSENT = ("draft", "discarded", "pending")  # states of a response that is no annotation
STATE = ("id", "status", "_server_id", "inserted_at", "updated_at")  # of a flat record, besides fields and metadata
GOLD = "gold"  # the user whose responses are gold


def argilla(*, text: str = "", suggestions: bool = False) -> Format:
    """Each user who responded is a row: a question's name is the key, `user_id` the annotator.

    Spans become spans; the label of a label question a text, those of a multi-label question a list; texts, ratings
    and rankings stay as they are. Metadata is metadata, with `id`, `group`, `split`, `language` as they are called;
    the record's own id else. The text is the field `text=…`, else `text`, else the only one. Flat records
    (`q.responses`, `q.responses.users`) are read too. Drafts and discarded responses are left out, where the file
    still tells them: `to_dict` does not. So are suggestions, unless `suggestions=True`: then the agent is the
    annotator. A record without responses is a row without layers.

    Written: a question for each layer, for labels about something one each, called `stance_<holder>_<target>`; gold
    as the responses of "gold". Fields and evidence have no place there. The tool takes ids of its own users.
    """

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
        for number, record in array_items(path, problems):
            try:
                rows = list(_rows(_nested(record), text, suggestions))
            except Unreadable as unreadable:
                problems.append(Problem(str(path), number, *unreadable.args))
            else:
                yield from ((number, row) for row in rows)

    return Format(read=read, write=_write, suffix=".json", counts="item")  # page: UTF-16, server: code points; no unit


def _nested(record: Row) -> Row:
    """A flat record as a nested one."""
    if "fields" in record:
        return record
    nested: Row = {"id": record.get("id"), "fields": {}, "metadata": {}, "responses": {}, "suggestions": {}}
    for key, value in record.items():
        question, _, what = key.rpartition(".")
        if question and what == "responses" and isinstance(value, list):
            users, states = record.get(f"{key}.users"), record.get(f"{key}.status")
            if not isinstance(users, list) or len(users) != len(value):
                raise Unreadable(f"{quote(key)} without as many users", "Export the records again, users with them.")
            states = [None] * len(value) if states is None else states
            if not isinstance(states, list) or len(states) != len(value):
                raise Unreadable(f"{quote(key)} without as many states", "Export the records again, states with them.")
            parts = zip(value, users, states, strict=True)
            nested["responses"][question] = [{"value": v, "user_id": u, "status": s} for v, u, s in parts]
        elif question and what == "suggestion" and value is not None:
            nested["suggestions"][question] = {"value": value, "agent": record.get(f"{key}.agent")}
        elif key not in STATE and not {"responses", "suggestion"} & set(key.split(".")[1:]):
            nested["fields"][key] = value
    return nested


def _rows(record: Row, wanted: str, suggestions: bool) -> Iterator[Row | LeftOut]:
    fields, metadata = _table(record, "fields"), _table(record, "metadata")
    key, words = text_of(fields, wanted, "argilla")
    own: Row = {"id": str(record["id"])} if type(record.get("id")) in (int, str) else {}
    rest = {name: value for name, value in fields.items() if name != key} | metadata
    own |= {name: rest.pop(name) for name in PLAIN if name in rest} | {"text": words}
    answers, left = _responses(_table(record, "responses"))
    there = bool(answers or left)
    for question, one in _table(record, "suggestions").items():
        if not suggestions:
            left.append(LeftOut("suggestion"))
        elif not isinstance(one, dict):
            raise Unreadable(f"the suggestion to {quote(question)} is no object", "Export the records again.")
        elif one.get("value") is not None:
            who = str(one.get("agent") or "unknown")
            answers.setdefault(who, {})[question] = _value(one["value"], question)
    for who, cells in answers.items() if there or answers else [(GOLD, {})]:
        row = own | ({} if who == GOLD else {"annotator": who})
        put(row, cells)
        put(row, rest)
        yield row
    yield from left


def _responses(responses: Row) -> tuple[dict[str, dict[str, Any]], list[LeftOut]]:
    """The answers of each user by question, and why those of others are none."""
    answers: dict[str, dict[str, Any]] = {}
    unsent: dict[str, str] = {}
    for question in responses:
        for one in tables(responses, question, "the responses to "):
            who = one.get("user_id")
            if type(who) not in (int, str):
                raise Unreadable(f"a response to {quote(question)} without user_id", "Export the records again.")
            if one.get("status") in list(UNSENT):
                unsent[str(who)] = str(one["status"])
            elif one.get("value") is not None:
                answers.setdefault(str(who), {})[question] = _value(one["value"], question)
    return answers, [LeftOut(status) for status in unsent.values()]


def _table(record: Row, key: str) -> Row:
    value = record.get(key)
    if value is not None and not isinstance(value, dict):
        raise Unreadable(f"{key} is no object", "Export the records as JSON again.")
    return dict(value or {})


def _value(value: Any, question: str) -> Any:
    """An answer as a cell: spans with what is said of them, all else as it stands."""
    if not isinstance(value, list) or not any(isinstance(one, dict) and "start" in one for one in value):
        return value
    spans = []
    for n, one in enumerate(value, 1):
        span = one if isinstance(one, dict) else {}
        new = span_of(span.get("start"), span.get("end"), span.get("label"), f"span {n} of {quote(question)}")
        spans.append(new | {key: more for key, more in span.items() if key not in new})
    return spans


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    records: dict[str, Row] = {}
    for number, row in enumerate(rows):
        name = compact([row.get("group"), row["id"], row["text"]]) if "id" in row else str(number)
        new: Row = {"fields": {"text": row["text"]}, "metadata": {}, "suggestions": {}, "responses": {}}
        if "id" in row:  # which is one of a kind there, and in its group here
            new = {"id": f"{row['group']}/{row['id']}" if "group" in row else str(row["id"])} | new
        record = records.setdefault(name, new)
        own = {key: value for key, value in row.items() if key not in (*layers, "text", "annotator")}
        record["metadata"] = own | record["metadata"]
        for key in layers:
            for question, value in _answers(key, row[key], layers[key]) if key in row else ():
                answer = {"value": value, "user_id": row.get("annotator", GOLD)}
                record["responses"].setdefault(question, []).append(answer)
    write_items(path, records.values())


def _answers(name: str, lines: list[Row], layer: Shape) -> Iterator[tuple[str, Any]]:
    """Questions and answers that say what a layer says."""
    if layer.kind == "spans":
        yield name, [{key: span[key] for key in ("start", "end", "label")} for span in lines]
    elif layer.of:
        for line in lines:
            yield "_".join([name, *(str(line.get(facet, "")) for facet in layer.of)]), line["label"]
    elif layer.kind == "labels":
        yield name, [line["label"] for line in lines]
    else:
        yield from ((name, line["label"]) for line in lines[:1])
