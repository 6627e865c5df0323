"""The answer that is asked for as a JSON schema, and a server's text read back into a status and an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from harness.annotations import SpanTuple
from harness.files import compact
from harness.records import ABSTAINED, ANSWERED, INVALID, Kind

MODES = ("json_schema", "json_object", "text")  # from the strictest, which not every server takes, to none
UNALIGNED = "?"  # the label of a mention that is not in the text: no label, so it matches nothing and is never dropped
FENCE = "```"


def schema_of(kind: Kind, labels: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an answer: a label, a list of labels, or a list of mentions with their labels."""
    label = {"type": "string", "enum": list(labels)}
    mention = _object({"text": {"type": "string"}, "label": label})
    answer = {"label": label, "labels": _list(label), "spans": _list(mention)}[kind]
    return _object({kind: answer})


def response_format(mode: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request that ask for such an answer, in a mode of MODES."""
    if mode == "json_schema":
        return {"response_format": {"type": mode, "json_schema": {"name": "answer", "strict": True, "schema": schema}}}
    return {"response_format": {"type": mode, "schema": schema}} if mode == "json_object" else {}


def read_answer(said: str, kind: Kind, labels: Sequence[str], text: str) -> tuple[int, Any]:
    """(status, answer) of what a server said about an item with this text.

    It must be one JSON object, alone or in one code fence, with the key asked for and what belongs there; keys besides
    do no harm. A bare label will do for a label. Nothing at all is abstained, anything else invalid, and so is a
    label that is not among those asked for.
    """
    said = said.strip()
    if not said:
        return ABSTAINED, None
    if kind == "label" and said in labels:
        return ANSWERED, said
    try:
        value = json.loads(_unfenced(said), object_pairs_hook=_no_key_twice)[kind]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return INVALID, None
    if kind == "label":
        return (ANSWERED, value) if isinstance(value, str) and value in labels else (INVALID, None)
    if not isinstance(value, list):
        return INVALID, None
    if kind == "labels":
        good = all(isinstance(label, str) and label in labels for label in value)
        return (ANSWERED, value) if good else (INVALID, None)
    mentions = []
    for one in value:
        match one:
            case {"text": str(surface), "label": str(label)}:
                mentions.append((surface, label))
            case _:
                return INVALID, None
    return align(mentions, text)


def _unfenced(said: str) -> str:
    """What stands in the one code fence that is the whole text; the text itself where there is none.

    No pattern: trying where a run of blanks ends takes time by the square of its length.
    """
    if not (said.startswith(FENCE) and said.endswith(FENCE)):
        return said
    inside = said[len(FENCE) : -len(FENCE)].removeprefix("json")
    answer = inside.lstrip()
    return answer.rstrip() if "\n" in inside[: len(inside) - len(answer)] else said


def align(mentions: Sequence[tuple[str, str]], text: str) -> tuple[int, list[SpanTuple] | None]:
    """(status, spans) of mentions, (surface, label) each: the n-th mention of a surface is its n-th occurrence.

    Occurrences that are whole words come before those inside of words. A mention that is not in the text becomes a
    span of no declared label at its first character, which no metric can match and each counts as said. In an empty
    text there is no place for it: the answer is invalid.
    """
    places: dict[str, list[int]] = {}
    spans: list[SpanTuple] = []
    for surface, label in mentions:
        left = places.setdefault(surface, _occurrences(surface, text)) if surface not in places else places[surface]
        if left:
            start = left.pop(0)
            spans.append((start, start + len(surface), label))
        elif text:
            spans.append((0, 1, UNALIGNED))
        else:
            return INVALID, None
    return ANSWERED, spans


def _occurrences(surface: str, text: str) -> list[int]:
    if not surface:
        return []
    word = re.compile(rf"(?<!\w){re.escape(surface)}(?!\w)")
    all_of_them = [match.start() for match in re.finditer(re.escape(surface), text)]
    return sorted(all_of_them, key=lambda start: not word.match(text, start))


def written(kind: Kind, answer: Any, text: str) -> str:
    """An answer as a server should write it: JSON, spans by their surfaces."""
    if kind == "spans":
        answer = [{"text": text[start:end], "label": label} for start, end, label in sorted(answer)]
    return compact({kind: answer})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unlike; of two answers under one key neither is believed."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made
