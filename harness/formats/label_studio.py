"""Label Studio JSON: an array of tasks, each with the annotations of several people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import Problem, quote
from harness.files import compact
from harness.formats._json import PLAIN, Unreadable, array_items, put, span_of, tables, text_of, write_items
from harness.parts import Format, LeftOut, Row, Shape

Cells = dict[str, Any]
SPANS = ("labels", "hypertextlabels")  # types of result that mark text, by the key of their labels
ANSWERS = {  # other types of result -> the key of their value
    "choices": "choices",
    "taxonomy": "taxonomy",
    "textarea": "text",
    "number": "number",
    "rating": "rating",
    "datetime": "datetime",
    "pairwise": "selected",
}
ANNOTATIONS = ("annotations", "completions")  # as they are called now, and before version 1.0


def label_studio(*, text: str = "", predictions: bool = False) -> Format:
    """Each annotation is a row: a control's `from_name` is the key.

    - Labels -> spans. A control that marks spans anywhere in the file was before everybody: an annotation that does
      not use it found none.
    - Choices, Taxonomy (`"A/B"` for a path) -> a list of labels; `stance_<target>` stays a control of that name.
    - TextArea, Number, Rating, DateTime, Pairwise -> the value, a list where there are several.
    - Any of them asked of a region (`perRegion`), and the region's own meta -> fields of the span; its note is `note`.
    - `completed_by` -> annotator, by e-mail, else by id, else "unknown"; `ground_truth` -> gold, no annotator.
    - The task's data -> metadata, with `id`, `group`, `split`, `language` as they are called; its own id else.
      The text is the field `text=…`, else `text`, else the only one.
    - Drafts, cancelled annotations, relations and what marks no text are left out. So are predictions, unless
      `predictions=True`: then `model_version` is the annotator.

    A task without annotations is a row without layers. Times, scores and comments are not read.

    Written: several labels of a layer as one Choices; labels about something as one Choices each, called
    `stance_<holder>_<target>`; fields of a span that are texts or numbers as Choices or Number of the region; all
    else as the `meta` of a result, which the tool keeps. `completed_by` names e-mails: the tool takes those of members.
    """

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row | LeftOut]]:
        return _read(path, problems, text, predictions)

    return Format(read=read, write=_write, suffix=".json", counts="item")


def _read(path: Path, problems: list[Problem], text: str, predictions: bool) -> Iterator[tuple[int, Row | LeftOut]]:
    tasks = list(array_items(path, problems))
    keys = (*ANNOTATIONS, "predictions") if predictions else ANNOTATIONS
    controls = sorted({control for _, task in tasks for key in keys for control in _span_controls(task.get(key))})
    for number, task in tasks:
        try:
            rows = list(_task(task, text, predictions, controls))
        except Unreadable as unreadable:
            problems.append(Problem(str(path), number, *unreadable.args))
        else:
            yield from ((number, row) for row in rows)


def _span_controls(annotations: object) -> Iterator[str]:
    """The names of the controls that mark spans in some annotations, whatever else is in them."""
    for one in annotations if isinstance(annotations, list) else []:
        results = one.get("result") if isinstance(one, dict) and not _cancelled(one) else None
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict) and result.get("type") in SPANS and isinstance(result.get("from_name"), str):
                yield result["from_name"]


def _task(task: Row, wanted: str, predictions: bool, controls: Iterable[str]) -> Iterator[Row | LeftOut]:
    data = task.get("data")
    if not isinstance(data, dict):
        raise Unreadable("no data", "Export as JSON: JSON_MIN does not say who annotated what.")
    key, text = text_of(data, wanted, "label_studio")
    own = {"id": str(task["id"])} if type(task.get("id")) in (int, str) else {}
    own |= {name: data[name] for name in PLAIN if data.get(name) is not None} | {"text": text}
    rest = {name: value for name, value in data.items() if name != key and name not in PLAIN}
    answers: list[tuple[str, Row, str]] = []  # place in the task, annotation, annotator
    for many in ANNOTATIONS:
        for n, one in enumerate(tables(task, many, ""), 1):
            if _cancelled(one):
                yield LeftOut("cancelled")
            else:
                answers.append((f"annotation {n}", one, _annotator(one)))
    for many, reason in (("drafts", "draft"), ("predictions", "prediction")):
        if (reason == "draft" or not predictions) and isinstance(task.get(many), list):
            yield from (LeftOut(reason) for _ in task[many])
    for n, one in enumerate(tables(task, "predictions", "") if predictions else [], 1):
        answers.append((f"prediction {n}", one, str(one.get("model_version") or "unknown")))
    for place, one, annotator in answers:
        cells, left = _cells(tables(one, "result", f"{place}: "), text, place, controls)
        row = own | ({"annotator": annotator} if annotator else {})
        put(row, cells)
        put(row, rest)
        yield row
        yield from left
    if not answers and not any(task.get(many) for many in ANNOTATIONS):
        row = dict(own)
        put(row, rest)
        yield row


def _cancelled(annotation: Row) -> bool:
    return bool(annotation.get("was_cancelled") or annotation.get("skipped"))


def _annotator(annotation: Row) -> str:
    """Who annotated; nobody where it is the ground truth, since that is gold."""
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    if annotation.get("ground_truth") is True:
        return ""
    return str(who) if type(who) in (int, str) and who != "" else "unknown"


def _cells(results: list[Row], text: str, place: str, controls: Iterable[str]) -> tuple[Cells, list[LeftOut]]:
    """The results of one annotation by their controls, and what is left out of it."""
    cells: Cells = {control: [] for control in controls}
    regions: dict[str, list[Row]] = {}
    answers, left = [], []
    as_seen = " ".join(text.split()) == text.strip()
    for n, result in enumerate(results, 1):
        kind, at = result.get("type"), f"{place} result {n}"
        if kind not in (*SPANS, *ANSWERS):
            left.append(LeftOut("relation" if kind == "relation" else f"result of type {quote(kind)}"))
            continue
        if not isinstance(result.get("from_name"), str) or not isinstance(result.get("value"), dict):
            raise Unreadable(f"{at} has no from_name, or no value", "Export the file again.")
        if kind not in SPANS:
            answers.append((at, result))
            continue
        spans = _spans(result, as_seen, at)
        regions.setdefault(str(result.get("id", n)), []).extend(spans)
        cells.setdefault(result["from_name"], []).extend(spans)
    for at, result in answers:
        _answer(result, cells, regions.get(str(result.get("id"))), at)
    return cells, left


def _spans(result: Row, as_seen: bool, at: str) -> list[Row]:
    """A span for each label of a region."""
    value, labels = result["value"], result["value"].get(result["type"]) or [None]
    if isinstance(value.get("start"), str):  # a path in a page; the global offsets beside it are wrong (issue 4843)
        raise Unreadable(f"{at} marks a place in HTML", "Annotate the text itself: a Text tag, not HyperText.")
    if not isinstance(labels, list):
        raise Unreadable(f"{at} has labels that are no list", "Export the file again.")
    spans = [span_of(value.get("start"), value.get("end"), label, at) for label in labels]
    # `text` is what the browser shows: runs of white space are one blank (issue 3078), a newline may be a backslash
    # and an n. It can be held against the text where neither can be: a single word, or a text as it is shown.
    surface = value.get("text")
    if isinstance(surface, str) and (as_seen or "\\" not in surface) and surface:
        words = surface.split()
        if words == [surface] or (as_seen and surface == surface.strip()):
            spans = [span | {"text": surface} for span in spans]
    meta = result.get("meta")
    for span in spans:
        for key, field in (meta if isinstance(meta, dict) else {}).items():
            _field(span, "note" if key == "text" else key, field)
    return spans


def _field(span: Row, key: str, value: object) -> None:
    span[f"{key}_" if key in ("start", "end", "label", "text") else key] = value


def _answer(result: Row, cells: Cells, spans: list[Row] | None, at: str) -> None:
    """Put the answer of a control into its spans or its cell."""
    name, kind, value, meta = result["from_name"], result["type"], result["value"], result.get("meta")
    answer = value.get(ANSWERS[kind])
    if kind == "taxonomy" and isinstance(answer, list):
        answer = ["/".join(map(str, path)) if isinstance(path, list) else path for path in answer]
    several = answer if isinstance(answer, list) else [answer]
    if kind in ("choices", "taxonomy") and not all(isinstance(one, str) for one in several):
        raise Unreadable(f"{at} has {kind} that are no texts", "Export the file again.")
    if spans is not None:
        for span in spans:
            _field(span, name, several[0] if len(several) == 1 else several)
    elif "start" in value:
        raise Unreadable(f"{at} is about a span that has no label", "Label it in the tool, or remove it there.")
    elif kind not in ("choices", "taxonomy"):
        there = [cells[name]] if name in cells and not isinstance(cells[name], list) else cells.get(name, [])
        both = [*there, *several]
        cells[name] = both[0] if len(both) == 1 else both
    elif isinstance(meta, dict) and isinstance(meta.get("layer"), str):  # as written below
        about, fields = (one if isinstance(one, dict) else {} for one in (meta.get("about"), meta.get("fields")))
        own = [fields[label] if isinstance(fields.get(label), dict) else {} for label in several]
        lines = [{**about, "label": label, **more} for label, more in zip(several, own, strict=True)]
        _extend(cells, meta["layer"], lines)
    else:
        _extend(cells, name, several)


def _extend(cells: Cells, name: str, values: list[Any]) -> None:
    there = cells.get(name, [])
    cells[name] = [*(there if isinstance(there, list) else [there]), *values]


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    tasks: dict[str, Row] = {}
    for number, row in enumerate(rows):
        own = {key: value for key, value in row.items() if key not in layers and key != "annotator"}
        name = compact([row.get("group"), row["id"], row["text"]]) if "id" in row else str(number)
        task = tasks.setdefault(name, {"data": own, "annotations": []})
        results = [result for key in layers if key in row for result in _results(key, row, layers[key])]
        if "annotator" in row:
            task["annotations"].append({"completed_by": {"email": row["annotator"]}, "result": results})
        elif any(key in row for key in layers):
            task["annotations"].append({"ground_truth": True, "result": results})
    write_items(path, tasks.values())


def _results(name: str, row: Row, layer: Shape) -> Iterator[Row]:
    if layer.kind == "spans":
        for n, span in enumerate(row[name]):
            yield from _region(name, f"{name}-{n}", row["text"], span)
        return
    choices: dict[str, tuple[Row, Row]] = {} if row[name] else {name: ({}, {})}
    for line in row[name]:
        about = {facet: line[facet] for facet in layer.of if facet in line}
        _, fields = choices.setdefault("_".join([name, *map(str, about.values())]), (about, {}))
        fields[line["label"]] = {key: value for key, value in line.items() if key not in (*about, "label")}
    for control, (about, fields) in choices.items():
        more = {label: some for label, some in fields.items() if some}
        meta = {"layer": name, "about": about, "fields": more} if about or more else {}
        yield _result(control, control, "choices", {"choices": list(fields)}, meta)


def _region(name: str, region: str, text: str, span: Row) -> Iterator[Row]:
    """A span as a region; those of its fields that are a text or a number as answers about the region."""
    start, end = span["start"], span["end"]
    place = {"start": start, "end": end, "text": text[start:end]}
    fields = {key: value for key, value in span.items() if key not in ("start", "end", "label", "text")}
    kinds = {key: kind for key, value in fields.items() if (kind := _kind(value))}
    meta = {key: value for key, value in fields.items() if key not in kinds}
    yield _result(region, name, "labels", place | {"labels": [span["label"]]}, meta)
    for key, kind in kinds.items():
        yield _result(region, key, kind, {**place, kind: [fields[key]] if kind == "choices" else fields[key]}, {})


def _kind(value: object) -> str:
    return "choices" if isinstance(value, str) else "number" if type(value) in (int, float) else ""


def _result(region: str, name: str, kind: str, value: Row, meta: Row) -> Row:
    result = {"id": region, "from_name": name, "to_name": "text", "type": kind, "origin": "manual", "value": value}
    return result | ({"meta": meta} if meta else {})
