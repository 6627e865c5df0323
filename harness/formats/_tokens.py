"""How formats with a token a line are read: sentences and documents, tags as spans, comments as columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, Problem, quote
from harness.files import parse_object, read_text
from harness.parts import Row

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
