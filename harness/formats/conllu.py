"""CoNLL-U and CoNLL-U Plus: one word a line in named columns, white space kept in MISC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import Problem
from harness.files import write_atomically
from harness.formats._tokenized import laid_out, said_of
from harness.formats._tokens import (
    COLUMNS,
    COMMENT,
    SPANS,
    Sentence,
    Unreadable,
    aligned,
    blocks,
    checked,
    columns_of,
    documents,
    spans_of,
)
from harness.parts import Format, Row, Shape

STANDARD = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
MISC = ("Name", "name", "NER", "ner")  # keys of MISC that hold tags: NorNE, Stanza
WORD = re.compile(r"[1-9][0-9]{0,8}(?:(?P<join>[-.])[0-9]{1,9})?|0(?P<before>\.)[0-9]{1,9}")
ESCAPES = {"\\s": " ", "\\t": "\t", "\\n": "\n", "\\r": "\r", "\\p": "|", "\\\\": "\\"}
ESCAPED = {char: escape for escape, char in ESCAPES.items()}
Word = tuple[int, int, list[str]]  # line number, which surface token it stands in, cells


def conllu(*, scheme: str = "", column: str = "") -> Format:
    """`# global.columns = ID FORM MISC X:NER`, or without that line the ten columns of CoNLL-U.

    Columns NER, with any prefix, and SPANS:NAME hold tags of any scheme (`scheme="IOB2"` refuses others and is
    written); else `Name=B-PER` or `NER=B-PER` in MISC does; `column` names another one. Each becomes a layer of spans
    by its name without the prefix (`NER`, `NAME`, `Name`), with it where two would be called the same. A document with
    `_` in place of every tag is not annotated.
    Multi-word ranges (`1-2`) are the text, and spans of their words stand on the whole of it; empty nodes (`1.1`) are
    no text. Other columns are passed over.

    Documents begin at `# newdoc id = a1`; in a file without it each sentence is a document. White space is taken from
    SpacesBefore and SpacesAfter (as UDPipe writes them), else from `# text`, else from SpaceAfter=No; sentences are
    parted by newlines. Other comments are columns, as in the format conll: `# group = flood`, `# event = POLICY`,
    `# stance = target|holder|label`. A text of white space alone has no word that would hold it.
    """
    checked(scheme)

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
        return _read(path, problems, scheme, column)

    def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
        names = [name for name, layer in layers.items() if layer.kind == "spans"]
        lines = [f"# {COLUMNS} = {' '.join(['ID', 'FORM', 'MISC', *(SPANS + name for name in names)])}"]
        for row in rows:
            lines += _lines(row, names, layers, scheme)
        write_atomically(path, "\n".join([*lines, ""]).encode())

    return Format(read=read, write=write, suffix=".conllup", unit="codepoint")


def _read(path: Path, problems: list[Problem], scheme: str, column: str) -> Iterator[tuple[int, Row]]:
    sentences = [_sentence(block) for block in blocks(path, problems)]
    header = next((value.split() for one in sentences[:1] for value in one.said(COLUMNS)), list(STANDARD))
    alone = not any(one.starts for one in sentences)
    if "ID" not in header or "FORM" not in header or (column and column not in header):
        found = f"no column {column if {'ID', 'FORM'} <= set(header) else 'ID or FORM'} in # {COLUMNS}"
        problems.append(
            Problem(str(path), sentences[0].number if sentences else 0, found, f"There are: {', '.join(header)}.")
        )
        return
    if twice := next((name for name in header if header.count(name) > 1), ""):
        problems.append(Problem(str(path), sentences[0].number, f"two columns named {twice}", "Rename one of them."))
        return
    for document in documents(sentences):
        try:
            yield document[0].number, _row(document, alone, header, scheme, column)
        except Unreadable as wrong:
            problems.append(Problem(str(path), *wrong.args))


def _sentence(block: Sequence[tuple[int, str]]) -> Sentence:
    one = Sentence(block[0][0])
    for number, line in block:
        comment = COMMENT.fullmatch(line)
        if comment and line.startswith("#"):
            one.comments.append((comment[1], comment[2]))
        elif not line.startswith("#"):
            one.lines.append((number, line))
        one.starts |= bool(re.match("# ?newdoc", line))
    return one


def _row(document: Sequence[Sentence], alone: bool, header: Sequence[str], scheme: str, column: str) -> Row:
    text, places, words = "", [], []
    for i, one in enumerate(document):
        surface, own = _words(one, header)
        sentence, after, where = _text(one, surface, header)
        last = i == len(document) - 1
        places.append([(len(text) + where[at][0], len(text) + where[at][1]) for _, at, _ in own])
        words.append(own)
        text += sentence + (after if after is not None else "" if last or not sentence else "\n")
    row = columns_of(document, alone) | {"text": text}
    for name, tags in _tags(words, header, column).items():
        spans = spans_of(tags, places, scheme)
        if name in row:
            raise Unreadable(document[0].number, f"both a comment and a column {name}", "Rename the comment.")
        if spans is not None:
            row[name] = spans
    return row


def _words(one: Sentence, header: Sequence[str]) -> tuple[list[tuple[int, list[str]]], list[Word]]:
    """The surface tokens of a sentence with their line numbers, and its words."""
    surface: list[tuple[int, list[str]]] = []
    words: list[Word] = []
    until = 0  # the last word of the range that stands for it
    for number, line in one.lines:
        cells = line.removesuffix("\r").split("\t")
        word = WORD.fullmatch(cells[header.index("ID")]) if len(cells) == len(header) else None
        if word is None:
            found = f"{len(cells)} columns, not {len(header)}" if len(cells) != len(header) else "an ID that is none"
            raise Unreadable(number, found, "Part columns with tabs; an ID is 1, 1-2 or 1.1.")
        if word["before"] or word["join"] == ".":
            continue
        first, _, end = word[0].partition("-")
        if end or int(first) > until:
            surface.append((number, cells))
            until = int(end or 0)
        if not end:
            words.append((number, len(surface) - 1, cells))
    if surface and not words:
        raise Unreadable(surface[0][0], "a range without its words", "Give the words of the range.")
    return surface, words


def _text(
    one: Sentence, surface: Sequence[tuple[int, list[str]]], header: Sequence[str]
) -> tuple[str, str | None, list[tuple[int, int]]]:
    """The text of a sentence, the white space after it where that is known, and where the tokens stand in it."""
    miscs = [_misc(cells, header) for _, cells in surface]
    tokens = [(number, cells[header.index("FORM")]) for number, cells in surface]
    spaced = any("SpacesAfter" in misc or "SpacesBefore" in misc for misc in miscs)
    after: str | None = None
    text, places = "", []
    for i, ((_, form), misc) in enumerate(zip(tokens, miscs, strict=True)):
        text += _unescaped(misc.get("SpacesBefore", ""))
        places.append((len(text), len(text) + len(form)))
        text += form
        after = _unescaped(misc["SpacesAfter"]) if "SpacesAfter" in misc else None
        after = "" if after is None and misc.get("SpaceAfter") == "No" else after
        if i + 1 < len(tokens):
            text += " " if after is None else after
    if one.said("text") and not spaced:
        text = "\n".join(one.said("text"))
        places = aligned(tokens, text, one.number)
    return text, after, places


def _misc(cells: Sequence[str], header: Sequence[str]) -> dict[str, str]:
    if "MISC" not in header:
        return {}
    pairs = (pair.partition("=")[::2] for pair in cells[header.index("MISC")].split("|") if "=" in pair)
    return dict(pairs)


def _unescaped(value: str) -> str:
    return re.sub(r"\\[stnrp\\]", lambda found: ESCAPES[found[0]], value)


def _tags(
    words: Sequence[Sequence[Word]], header: Sequence[str], column: str
) -> dict[str, list[list[tuple[int, str]]]]:
    """Columns of tags by the names of their layers, each a list of tags with line numbers for each sentence."""
    there = [name for name in header if name.startswith(SPANS) or name.split(":")[-1].upper() == "NER"]
    tags: dict[str, Any] = {}
    short = [name.split(":", 1)[-1] for name in there]
    for name in [column] if column else there:
        at, bare = header.index(name), name.split(":", 1)[-1]
        tags[name if not column and short.count(bare) > 1 else bare] = [
            [(number, cells[at]) for number, _, cells in own] for own in words
        ]
    key = next((key for own in words for _, _, cells in own for key in MISC if key in _misc(cells, header)), None)
    if key and not tags:
        said = [[(number, _misc(cells, header).get(key, "_")) for number, _, cells in own] for own in words]
        tags[key] = said
    return tags


def _lines(row: Row, names: Sequence[str], layers: Mapping[str, Shape], scheme: str) -> Iterator[str]:
    text, tokens, sentences, columns = laid_out(row, names, scheme)
    ident = row.get("id")
    fit = isinstance(ident, str) and ident == ident.strip() != "" and "\n" not in ident
    yield f"# newdoc id = {ident}" if fit else "# newdoc"
    yield from said_of({key: value for key, value in row.items() if key != "id"}, layers)
    for number, (first, end) in enumerate(sentences, 1):
        gaps = [text[tokens[i][1] : tokens[i + 1][0] if i + 1 < len(tokens) else None] for i in range(first, end)]
        forms = [text[slice(*tokens[i])] for i in range(first, end)]
        plain = "".join(form + (" " if gap else "") for form, gap in zip(forms, gaps, strict=True))
        yield from (f"# sent_id = {number}", f"# text = {plain.rstrip(' ')}")
        for i in range(first, end):
            before = text[: tokens[0][0]] if i == 0 else ""
            misc = [f"SpacesBefore={_escaped(before)}"] if before else []
            misc += _after(gaps[i - first])
            yield "\t".join([str(i - first + 1), forms[i - first], "|".join(misc) or "_", *(t[i] for t in columns)])
        yield ""
    if not tokens:
        yield ""


def _after(gap: str) -> list[str]:
    return [] if gap == " " else [f"SpacesAfter={_escaped(gap)}"] if gap else ["SpaceAfter=No"]


def _escaped(white: str) -> str:
    return "".join(ESCAPED.get(char, char) for char in white)
