"""What formats with a token a line share: tokens of a text, spans as tags, and comments for what tags cannot say."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, Problem, quote
from harness.files import compact, parse_object, read_text
from harness.parts import Row, Shape

SCHEMES = ("", "IOB1", "IOB2", "BIOES", "BILOU")
SPANS = "SPANS:"  # before a layer's name, in the name of the column that holds its tags
COLUMNS = "global.columns"
PLAIN = ("id", "group", "split", "language", "annotator")
OWN = ("text", "sent_id", COLUMNS, "newdoc", "newdoc id", "newpar", "newpar id")  # comments that are no column of a row
COMMENT = re.compile(r"# ([^\s=](?:[^=\t]*[^\s=])?) ?= ?(.*)", re.DOTALL)
ABOUT = re.compile(r"([^|]*)\|([^|]*)\|([^|]+)")
NO_LABEL = "_"  # what a letter alone means, as in seqeval
TAG = re.compile(r"O|[BIESUL](-.*)?", re.DOTALL)


class Unreadable(Exception):
    """Line number, finding and remedy, on their way out of a document that cannot be read."""


@dataclass
class Sentence:
    """Lines between blank lines: comments, then a line a token."""

    number: int
    comments: list[tuple[str, str]] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)
    starts: bool = False  # whether a mark says that a document begins here

    def said(self, key: str) -> list[str]:
        """The values of the comments of that name."""
        return [value for name, value in self.comments if name == key]


def checked(scheme: str) -> str:
    """The name of a tag scheme, or none. Raises AskedWrongly."""
    if scheme not in SCHEMES:
        raise AskedWrongly(f"no tag scheme {quote(scheme)}. There are: {', '.join(SCHEMES[1:])}.")
    return scheme


# reading


def blocks(path: Path, problems: list[Problem]) -> Iterator[list[tuple[int, str]]]:
    """Numbered lines between blank lines. Line ends are Windows' where every line has them, else a CR is text."""
    text = read_text(path, str(path), problems)
    lines = (text or "").removeprefix("\ufeff").split("\n")
    if len(lines) > 1 and all(line.endswith("\r") for line in lines[:-1]):
        lines = [line.removesuffix("\r") for line in lines]
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if line.strip(" \t\r"):
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def documents(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Sentences of one document each: from mark to mark, or where a file has none, one by one."""
    if not any(one.starts or one.said("id") for one in sentences):
        yield from ([one] for one in sentences if one.lines)
        return
    found: list[list[Sentence]] = []
    begun = False  # whether a mark before a first id would still belong to that id
    for one in sentences:
        if not found or one.starts or (begun and one.said("id")):
            found.append([])
            begun = False
        found[-1].append(one)
        begun |= bool(one.lines or one.said("id") or one.said("text"))
    for document in found:  # the first may be comments on the file
        if any(one.lines or one.starts or one.said("id") or one.said("text") for one in document):
            yield document


def columns_of(document: Sequence[Sentence], alone: bool) -> Row:
    """What the comments of a document say, by their names."""
    row: Row = {}
    for key, value in (pair for one in document for pair in one.comments):
        if key in ("id", "newdoc id") or (alone and key == "sent_id"):
            row.setdefault("id", _plain(value))
        elif key in PLAIN:
            row.setdefault(key, _plain(value))
        elif key not in OWN:
            said = value_of(value)
            row[key] = _together(row[key], said) if key in row else said
    return row


def _plain(value: str) -> str:
    said = value_of(value)
    return said if isinstance(said, str) else value


def _together(one: Any, other: Any) -> list[Any]:
    return [*(one if isinstance(one, list) else [one]), *(other if isinstance(other, list) else [other])]


def value_of(text: str) -> Any:
    """The value of a comment: `target|holder|label`, a JSON list, object or string, else the text itself."""
    if text[:1] in ("[", "{", '"'):
        said = parse_object(f'{{"":{text}}}', "", 0, [])
        return said[""] if said and said.keys() == {""} else text
    about = ABOUT.fullmatch(text)
    if about and any(about.group(1, 2)) and all(part == part.strip() for part in about.groups()):
        facets = {"holder": about[2], "target": about[1]}
        return [{**{key: value for key, value in facets.items() if value}, "label": about[3]}]
    return text


def aligned(tokens: Sequence[tuple[int, str]], text: str, number: int) -> list[tuple[int, int]]:
    """Where the tokens, given with their line numbers, stand in a text that has nothing but white space between them.

    `number` is the line where the text begins. Raises Unreadable.
    """
    places, at = [], 0
    for number, token in tokens:
        while not text.startswith(token, at) and text[at : at + 1].isspace():
            at += 1
        if not text.startswith(token, at):
            found = f"token {quote(token)} where # text goes on with {quote(text[at : at + len(token)])}"
            raise Unreadable(number, found, "Let tokens and # text agree, or remove # text.")
        places.append((at, at + len(token)))
        at += len(token)
    if text[at:].strip():
        raise Unreadable(
            tokens[-1][0] if tokens else number, f"# text goes on with {quote(text[at:])}", "Give its tokens too."
        )
    return places


def spans_of(
    rows: Sequence[Sequence[tuple[int, str]]], places: Sequence[Sequence[tuple[int, int]]], scheme: str
) -> list[dict[str, Any]] | None:
    """Sentences of tags with their line numbers -> spans, from where each token stands; None where all are `_`.

    Beginnings and ends are taken leniently, which reads every scheme that is kept to. Raises Unreadable.
    """
    if all(tag == "_" for row in rows for _, tag in row):
        return None
    for number, tag in (pair for row in rows for pair in row):
        if tag != "_" and not TAG.fullmatch(tag):
            raise Unreadable(number, f"{quote(tag)} is no tag", "Write O or B-LABEL, or name the column of the tags.")
    spans = []
    for row, where in zip(rows, places, strict=True):
        tags = ["O" if tag == "_" else tag for _, tag in row]
        found = runs(tags)
        if scheme:
            _hold(found, [number for number, _ in row], tags, scheme)
        spans += [{"start": where[a][0], "end": where[b - 1][1], "label": label} for a, b, label in found]
    return spans


def runs(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """(start, end, label) of each run of tags, as `harness.tags.spans_of_tags` reads them leniently, but for one row.

    That one is made for millions of rows at once; a row by itself takes it a hundred times as long.
    """
    found: list[tuple[int, int, str]] = []
    start, label, before = -1, "", "O"
    for i, tag in enumerate([*tags, "O"]):
        letter, own = tag[0], tag[2:] or NO_LABEL
        if before != "O" and (letter in "OBSU" or before in "ESLU" or own != label):
            found.append((start, i, label))
            before = "O"
        if before == "O":
            start, label = i, own
        before = letter
    return found


def _hold(found: Sequence[tuple[int, int, str]], numbers: Sequence[int], tags: Sequence[str], scheme: str) -> None:
    """Raises Unreadable at the first tag that is not what the scheme has for what was found."""
    from harness.tags import tags_of_spans

    wanted = tags_of_spans(found, len(tags), scheme=scheme)  # type: ignore[arg-type]
    for number, tag, right in zip(numbers, tags, wanted, strict=True):
        if right.removesuffix(f"-{NO_LABEL}") != tag.removesuffix(f"-{NO_LABEL}"):
            raise Unreadable(number, f"{quote(tag)}, where {scheme} has {quote(right)}", "Name another scheme.")


# writing


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
