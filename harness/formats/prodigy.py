"""Prodigy JSONL: one answered task a line, as `prodigy db-out` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import write_json_lines
from harness.formats._json import PLAIN, Unreadable, json_lines, put, span_of, tables
from harness.parts import Format, LeftOut, Row, Shape

LEFT_OUT = {"reject": "rejected", "ignore": "ignored"}  # a rejected label is wrong; it says not which one is right
MARKING = ("ner", "ner_manual", "spans", "spans_manual", "relations")  # views whose silence means no spans
READ = ("text", "meta", "tokens", "spans", "relations", "label", "options", "accept", "answer", "layers")


def prodigy() -> Format:
    """`spans` stay spans, `label` and `accept` become lists of labels of these names.

    Only what was accepted is an annotation: tasks answered `reject` or `ignore` are left out, and so are spans with
    such an answer of their own, relations, and spans without a label, which merely show what a pattern matched. A task
    without an answer counts as accepted, as `prodigy db-in` takes it. `_annotator_id`, else `_session_id`, is the
    annotator; `meta` and keys of your own are metadata, keys that begin with `_` (hashes, times) are not read. A
    question about one label (`textcat`) is a task for each label: several rows of one text.

    Written: spans and options with the layer that they belong to, and `layers`, the names of those annotated; an
    option holds all that is said with its label. Prodigy makes the tokens itself.
    """
    return Format(read=_read, write=_write, suffix=".jsonl", unit="codepoint")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
    for number, task in json_lines(path, problems):
        try:
            rows = list(_rows(task))
        except Unreadable as unreadable:
            problems.append(Problem(str(path), number, *unreadable.args))
        else:
            yield from ((number, row) for row in rows)


def _rows(task: Row) -> Iterator[Row | LeftOut]:
    answer = task.get("answer", "accept")
    if answer in list(LEFT_OUT):
        yield LeftOut(LEFT_OUT[answer])
        return
    if answer != "accept":
        raise Unreadable(f"answer {quote(answer)}", "There are: accept, reject, ignore.")
    if not isinstance(task.get("text"), str):
        raise Unreadable("no text", "Export tasks about text.")
    meta = task["meta"] if isinstance(task.get("meta"), dict) else {}
    who = next((task[key] for key in ("_annotator_id", "_session_id") if task.get(key)), None)
    row: Row = {"text": task["text"]} | ({"annotator": str(who)} if who is not None else {})
    cells, left = _cells(task)
    put(row, cells)
    put(row, meta, PLAIN)
    others = {key: value for key, value in task.items() if key not in READ and not key.startswith("_")}
    put(row, others, PLAIN)
    yield row
    yield from left


def _cells(task: Row) -> tuple[dict[str, Any], list[LeftOut]]:
    """The annotations of a task by their layers, and what of it is left out."""
    ours = isinstance(task.get("layers"), list)
    cells: dict[str, Any] = {layer: [] for layer in task["layers"] if isinstance(layer, str)} if ours else {}
    left = [LeftOut("relation") for _ in tables(task, "relations", "")]
    if not ours and ("spans" in task or task.get("_view_id") in list(MARKING)):
        cells["spans"] = []
    for n, one in enumerate(tables(task, "spans", ""), 1):
        if one.get("label") is None:
            left.append(LeftOut("a match without a label"))
        elif one.get("answer") in list(LEFT_OUT):
            left.append(LeftOut(LEFT_OUT[one["answer"]]))
        else:
            layer = one["layer"] if isinstance(one.get("layer"), str) else "spans"
            cells.setdefault(layer, []).append(_span(one, task, f"span {n}"))
    if isinstance(task.get("label"), str):
        cells.setdefault("label", []).append(task["label"])
    options = {str(one.get("id")): one for one in tables(task, "options", "")}
    accepted = task.get("accept", [] if options else None)
    if accepted is not None and not isinstance(accepted, list):
        raise Unreadable("accept is no list", "Export the file again.")
    if accepted is not None and not ours:
        cells["accept"] = []
    for one in accepted or []:
        if type(one) not in (int, str):
            raise Unreadable(f"accepted {quote(one)} is no option's id", "Export the file again.")
        option = options.get(str(one), {})
        if isinstance(option.get("layer"), str) and isinstance(option.get("line"), dict):  # as written below
            cells.setdefault(option["layer"], []).append(option["line"])
        else:
            cells.setdefault("accept", []).append(str(one))
    return cells, left


def _span(one: Row, task: Row, place: str) -> Row:
    """A span by its characters, else by its tokens, of which the last is within it: `token_end` is inclusive."""
    start, end = one.get("start"), one.get("end")
    if "start" not in one and "end" not in one:
        tokens = tables(task, "tokens", "")
        first, last = one.get("token_start"), one.get("token_end")
        if type(first) is int and type(last) is int and 0 <= first <= last < len(tokens):
            start, end = tokens[first].get("start"), tokens[last].get("end")
    span = span_of(start, end, one["label"], place)
    if isinstance(one.get("text"), str):
        span["text"] = one["text"]
    own = ("start", "end", "label", "text", "token_start", "token_end", "layer")
    return span | {key: value for key, value in one.items() if key not in own}


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    write_json_lines(path, (_task(row, layers) for row in rows))


def _task(row: Row, layers: Mapping[str, Shape]) -> Row:
    there = [name for name in layers if name in row]
    other = ("text", "annotator", *there)
    task: Row = {"text": row["text"], "meta": {key: value for key, value in row.items() if key not in other}}
    spans = [{**span, "layer": name} for name in there if layers[name].kind == "spans" for span in row[name]]
    accept: list[str] = []
    options: dict[str, Row] = {}
    for name in there:
        if layers[name].kind == "spans":
            continue
        if not layers[name].of:  # so that another label may be chosen
            options |= {f"{name}={label}": _option(name, {"label": label}, "") for label in layers[name].labels}
        for line in row[name]:
            about = "|".join(str(line.get(facet, "")) for facet in layers[name].of)
            key = f"{name}|{about}={line['label']}" if about else f"{name}={line['label']}"
            options[key] = _option(name, line, about)
            accept.append(key)
    task["spans"] = spans
    if options:
        task |= {"options": [{"id": key, **option} for key, option in options.items()], "accept": accept}
    task |= {"answer": "accept", "layers": there}
    return task | ({"_annotator_id": row["annotator"]} if "annotator" in row else {})


def _option(name: str, line: Row, about: str) -> Row:
    return {"text": f"{name}{about and f' ({about})'}: {line['label']}", "layer": name, "line": line}
