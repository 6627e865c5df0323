"""How formats with a token a line are written: tokens of a text, spans as tags, comments for what tags cannot say."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.files import compact
from harness.formats._tokens import COMMENT, OWN, value_of
from harness.parts import Row, Shape


def said_of(row: Row, layers: Mapping[str, Shape]) -> Iterator[str]:
    """Comments for all columns of a row but its text and its spans. What no comment can hold is left out."""
    for key, value in row.items():
        kind = layers[key].kind if key in layers else ""
        fit = COMMENT.fullmatch(f"# {key} = ")
        if value is None or key in OWN or kind == "spans" or "\n" in key or not fit or fit[1] != key:
            continue
        for one in _simple(value) if kind else [value]:
            yield f"# {key} = {one if kind and isinstance(one, str) else said(one)}"


def said(value: Any) -> str:
    """A value as a comment says it."""
    if isinstance(value, str) and value == value.strip() and value and "\n" not in value and value_of(value) == value:
        return value
    return compact(value)


def _simple(cell: Any) -> list[Any]:
    """The comments of a cell of labels: one each where all of them are plain, else one for all."""
    lines = [
        {"label": line} if isinstance(line, str) else line for line in (cell if isinstance(cell, list) else [cell])
    ]
    plain = []
    for line in lines:
        texts = isinstance(line, dict) and all(isinstance(value, str) for value in line.values())
        if not texts or not line.get("label") or not line.keys() <= {"label", "holder", "target"}:
            return [lines]
        about = len(line) > 1
        text = "|".join(line.get(key, "") for key in ("target", "holder", "label")) if about else line["label"]
        back = value_of(text)
        if text != text.strip() or "\n" in text or back != ([line] if about else text) or ("|" in text) != about:
            return [lines]
        plain.append(text)
    return plain or [[]]


def tokenized(text: str, spans: Iterable[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Where the tokens stand: words and single signs, cut where a span begins or ends inside of one."""
    import regex

    cuts = sorted({span[key] for span in spans for key in ("start", "end")})
    tokens = []
    for match in regex.finditer(r"\w+|[^\w\s]", text):
        start, end = match.span()
        for cut in cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]:
            tokens.append((start, cut))
            start = cut
        tokens.append((start, end))
    return tokens


def covered(span: Mapping[str, Any], tokens: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The tokens that stand in a span: first, and one past the last."""
    first = bisect_left(tokens, (span["start"], 0))
    return first, bisect_right(tokens, span["end"], key=lambda token: token[1])


def spans_in(row: Row, layer: str) -> list[dict[str, Any]] | None:
    """The spans of a row in a layer, as tables; None where it is not annotated."""
    cell = row.get(layer)
    if not isinstance(cell, list):
        return None
    spans = [dict(zip(("start", "end", "label"), one, strict=False)) if isinstance(one, list) else one for one in cell]
    return [span for span in spans if isinstance(span["start"], int) and 0 <= span["start"] < span["end"]]


def flat(spans: Sequence[Mapping[str, Any]], tokens: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Spans over tokens, as tags can say them: of those that overlap the first stays, of those the longest."""
    found, free = [], 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        first, end = covered(span, tokens)
        if free <= first < end and not re.search(r"\s", span["label"]):
            found.append((first, end, span["label"]))
            free = end
    return found


def tagged(
    spans: Sequence[tuple[int, int, str]] | None, sentences: Iterable[tuple[int, int]], scheme: str
) -> list[str]:
    """One tag a token of all sentences, in IOB2 where no scheme is named; `_` where not annotated."""
    from harness.tags import tags_of_spans

    tags, left = [], list(reversed(spans or []))
    for first, end in sentences:
        own = []
        while left and left[-1][0] < end:
            start, stop, label = left.pop()
            own.append((start - first, stop - first, label))
        in_scheme = tags_of_spans(own, end - first, scheme=scheme or "IOB2")  # type: ignore[arg-type]
        tags += ["_"] * (end - first) if spans is None else in_scheme
    return tags


def laid_out(
    row: Row, names: Sequence[str], scheme: str
) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]], list[list[str]]]:
    """Of a row the text, where its tokens stand, the sentences over them, and a column of tags for each layer."""
    text = str(row.get("text", ""))
    cells = [spans_in(row, name) for name in names]
    tokens = tokenized(text, [span for cell in cells for span in cell or []])
    spans = [None if cell is None else flat(cell, tokens) for cell in cells]
    inside = {i for some in spans for first, end, _ in some or [] for i in range(first + 1, end)}
    sentences = list(sentences_of(text, tokens, inside))
    return text, tokens, sentences, [tagged(some, sentences, scheme) for some in spans]


def sentences_of(text: str, tokens: Sequence[tuple[int, int]], inside: set[int]) -> Iterator[tuple[int, int]]:
    """First token and one past the last of each sentence: they end at line ends, but not before a token `inside`."""
    first = 0
    for i in range(1, len(tokens)):
        if i not in inside and "\n" in text[tokens[i - 1][1] : tokens[i][0]]:
            yield first, i
            first = i
    if tokens:
        yield first, len(tokens)
