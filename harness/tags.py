"""Tags of tokens (IOB1, IOB2, BIOES, BILOU) <-> spans over token positions, under two named readings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations, SpanTuple
from harness.errors import AskedWrongly, quote

Reading = Literal["default", "strict"]
Scheme = Literal["IOB1", "IOB2", "BIOES", "BILOU"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
LETTERS = "OBIES"  # a scheme's U and L are read as S and E
O, B, I, E, S = range(5)  # noqa: E741
ALLOWED = {"IOB1": "OBI", "IOB2": "OBI", "BIOES": "OBIES", "BILOU": "OBILU"}
SAMPLE = 1000  # rows that most likely hold every tag
NO_LABEL = "_"  # what a letter without a label means, as in seqeval

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Codes: TypeAlias = npt.NDArray[Any]  # whole numbers, as narrow as they can be

# (letter before, letter, label): is this token the first of a span, further inside it, or past its end?
# Token patterns of seqeval 1.2.2, scheme.py; "*" is any letter, "=" the same label, "!" another, "?" either.
STRICT = {
    "IOB1": {
        "first": ("O I ?", "I I !", "B I ?", "I B =", "B B ="),
        "inside": ("B I =", "I I ="),
        "past": ("I I !", "I O ?", "I B ?", "B O ?", "B I !", "B B ="),
    },
    "IOB2": {
        "first": ("* B ?",),
        "inside": ("B I =", "I I ="),
        "past": ("I O ?", "I I !", "I B ?", "B O ?", "B I !", "B B ?"),
    },
    "BIOES": {
        "first": ("* B ?", "* S ?"),
        "inside": ("B I =", "B E =", "I I =", "I E ="),
        "past": ("S * ?", "E * ?"),
    },
}
STRICT["BILOU"] = STRICT["BIOES"]


def spans_of_tags(
    rows: Iterable[Sequence[str]], *, reading: Reading = "default", scheme: Scheme = "IOB2"
) -> list[list[SpanTuple]]:
    """Rows of tags, one a sentence -> for each its (start, end, label) spans over token positions, ends exclusive.

    `default` is lenient, as conlleval and seqeval without a mode: I or E without a beginning opens a span, another
    label opens the next one, B and S always begin, E and S always end. `strict` takes only what the rules of
    `scheme` allow, as `seqeval(mode="strict", scheme=...)`: other tags belong to no span. `scheme` matters to the
    strict reading alone. U is S and L is E in both. The same tags can score differently: name the reading.

    Raises AskedWrongly at a tag that is no tag (of the scheme), with its place.

    >>> spans_of_tags([["I-PER", "I-PER", "O", "B-LOC"]])
    [[(0, 2, 'PER'), (3, 4, 'LOC')]]
    >>> spans_of_tags([["I-PER", "I-PER", "O", "B-LOC"]], reading="strict")
    [[(3, 4, 'LOC')]]
    """
    start, end, code, offsets, names = _read(rows, reading, scheme)
    flat = list(zip(start.tolist(), end.tolist(), map(names.__getitem__, code.tolist()), strict=True))
    cuts = offsets.tolist()
    return [flat[a:b] for a, b in pairwise(cuts)]


def annotations_of_tags(
    item: Sequence[str],
    labels: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    reading: Reading = "default",
    scheme: Scheme = "IOB2",
) -> Annotations:
    """Rows of tags, one an item -> annotations whose offsets count tokens; columns all the way, no tuple a span.

    Equal to `Annotations.of_spans(item, labels, spans_of_tags(rows, ...))`. `rows` may be an Arrow column of lists of
    texts, dictionary-encoded or not: then no Python object is made for a tag.
    """
    start, end, code, offsets, names = _read(rows, reading, scheme)
    n = len(offsets) - 1
    if n != len(item):
        raise AskedWrongly(f"{n} rows of tags for {len(item)} items")
    declared = {label: i for i, label in enumerate(labels)}
    renamed = np.array([declared.get(name, -1) for name in names], np.int32)
    borders = (start.astype(np.int32), end.astype(np.int32))
    return Annotations("spans", tuple(labels), item, np.zeros(n, np.uint8), renamed[code], offsets, *borders)


def tags_of_spans(spans: Iterable[SpanTuple], n_tokens: int, *, scheme: Scheme = "IOB2") -> list[str]:
    """Flat spans over token positions -> one tag a token; `spans_of_tags` strictly read gives the spans back.

    In IOB1 a span begins with B only where it follows one of its own label at once. Raises AskedWrongly where spans
    overlap or leave the sentence, which tags cannot say.

    >>> tags_of_spans([(0, 2, "PER"), (3, 4, "LOC")], 4, scheme="BIOES")
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    tags, before = ["O"] * n_tokens, (0, 0, "")
    for start, end, label in sorted(spans):
        if not before[1] <= start < end <= n_tokens:
            raise AskedWrongly(
                f"span {start}:{end} {quote(label)} cannot be said in tags: not flat in {n_tokens} tokens"
            )
        adjoins = before[1] == start and before[2] == label
        for at, letter in zip(range(start, end), _letters(end - start, scheme, adjoins), strict=True):
            tags[at] = f"{letter}-{label}"
        before = (start, end, label)
    return tags


def _letters(length: int, scheme: Scheme, adjoins: bool) -> str:
    """The letters of one span: adjoining = right after a span of the same label."""
    if scheme in ("IOB1", "IOB2"):
        return ("B" if scheme == "IOB2" or adjoins else "I") + "I" * (length - 1)
    last, single = ("E", "S") if scheme == "BIOES" else ("L", "U")
    return single if length == 1 else "B" + "I" * (length - 2) + last


def _read(rows: Iterable[Sequence[str]], reading: Reading, scheme: Scheme) -> tuple[Ints, Ints, Ints, Ints, list[str]]:
    """Start, end and label code of each span, where the spans of each row begin (n_rows + 1,), and the label names."""
    if reading not in get_args(Reading) or scheme not in SCHEMES:
        raise AskedWrongly(
            f"no reading {quote(reading)} of {quote(scheme)}: default or strict, of {', '.join(SCHEMES)}"
        )
    codes, tags, lengths = _arrow_codes(rows) if hasattr(rows, "chunks") or hasattr(rows, "buffers") else _codes(rows)
    letters, labels, names = _parsed(tags, ALLOWED[scheme] if reading == "strict" else "OBIESUL", codes, lengths)
    letter, label = letters[codes], labels[codes]
    before, other = np.append(np.uint8(O), letter[:-1]), np.append(True, label[1:] != label[:-1])
    first, stop = _default(before, letter, other) if reading == "default" else _strict(before, letter, other, scheme)
    borders = np.append(0, np.cumsum(lengths + 1)) + 1  # an O stands before and between the rows
    offsets = np.searchsorted(first, borders)
    base = np.repeat(borders[:-1], np.diff(offsets))
    return first - base, stop - base, label[first].astype(np.int64), offsets, names


def _codes(rows: Iterable[Sequence[str]]) -> tuple[Codes, list[str], Ints]:
    """The number of each tag with one O before the first row, between and after them; the tags; tokens of each row.

    The tags are learned from some rows, and from all only where that was too few: one walk over the tags, not two.
    """
    rows = list(rows)
    apart: list[Sequence[str]] = [("O",)] * (2 * len(rows) + 1)
    apart[1::2] = rows
    try:
        codes, tags = _numbered(apart, dict.fromkeys(chain.from_iterable(apart[:SAMPLE])))
    except KeyError:
        codes, tags = _numbered(apart, dict.fromkeys(chain.from_iterable(apart)))
    return codes, tags, np.fromiter(map(len, rows), np.int64, len(rows))


def _numbered(rows: Iterable[Sequence[str]], tags: Iterable[str]) -> tuple[Codes, list[str]]:
    """Tags as their places among all tags; bytes() walks faster over Python objects than numpy does."""
    number = {tag: i for i, tag in enumerate(tags)}
    walk = map(number.__getitem__, chain.from_iterable(rows))
    return np.frombuffer(bytes(walk), np.uint8) if len(number) <= 256 else np.fromiter(walk, np.int32), list(number)


def _arrow_codes(rows: Any) -> tuple[Codes, list[str], Ints]:
    """The same from an Arrow column of lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = rows.combine_chunks() if isinstance(rows, pa.ChunkedArray) else rows
    flat, lengths = rows.flatten(), pc.fill_null(pc.list_value_length(rows), 0).to_numpy().astype(np.int64)
    if not pa.types.is_dictionary(flat.type):
        flat = flat.dictionary_encode()
    tags = ["O", *flat.dictionary.to_pylist()]
    codes = np.zeros(int(lengths.sum()) + len(lengths) + 1, np.int32)
    inside = np.ones(len(codes), bool)
    inside[np.append(0, np.cumsum(lengths + 1))] = False
    codes[inside] = pc.fill_null(flat.indices, len(tags) - 1).to_numpy().astype(np.int32) + 1
    return codes, [*tags, ""], lengths


def _parsed(tags: list[str], allowed: str, codes: Codes, lengths: Ints) -> tuple[Bytes, Codes, list[str]]:
    """The letter and the label of each tag, and the names of the labels."""
    names: dict[str, int] = {}
    letters, labels = np.zeros(len(tags), np.uint8), np.zeros(len(tags), np.int32)
    for code, tag in enumerate(tags):
        known = isinstance(tag, str) and tag[:1] in tuple(allowed) and tag[1:2] in ("", "-")
        if known and (tag[0] != "O" or tag == "O"):
            letters[code] = LETTERS.index({"U": "S", "L": "E"}.get(tag[0], tag[0]))
            labels[code] = names.setdefault(tag[2:] or NO_LABEL, len(names))
        elif (at := np.flatnonzero(codes == code)).size:
            borders = np.cumsum(lengths + 1)
            row = int(np.searchsorted(borders, at[0]))
            token = int(at[0] - (borders[row - 1] if row else 0))
            there = ", ".join(letter if letter == "O" else f"{letter}-LABEL" for letter in allowed)
            raise AskedWrongly(f"row {row + 1}, token {token}: {quote(str(tag))} is no tag. There are: {there}.")
    return letters, labels.astype(np.min_scalar_type(len(names))), list(names)


def _default(before: Bytes, letter: Bytes, other: Bools) -> tuple[Ints, Ints]:
    """Where spans start and where they end, in the lenient reading: they hold every token that is not O."""
    inside = letter != O
    opens = inside & ((letter == B) | (letter == S) | (before == O) | (before == E) | (before == S) | other)
    closes = inside[:-1] & (opens[1:] | ~inside[1:])  # the last token is O
    return np.flatnonzero(opens), np.flatnonzero(closes) + 1


def _strict(before: Bytes, letter: Bytes, other: Bools, scheme: Scheme) -> tuple[Ints, Ints]:
    """Where spans start and where they end, by the rules of a scheme.

    Tokens hang together in runs as long as each is inside of the one before; the first beginning of a run is its
    span, which stands if what follows the run may end it.
    """
    step = before * np.uint8(2 * len(LETTERS)) + letter * np.uint8(2) + ~other
    first, inside, past = (_table(STRICT[scheme][name]).reshape(-1) for name in ("first", "inside", "past"))
    begins, heads = np.flatnonzero(first[step]), np.flatnonzero(~inside[step])
    after = np.searchsorted(heads, begins, side="right")
    own = np.append(True, after[1:] != after[:-1])[: len(after)]
    start, stop = begins[own], np.append(heads, len(letter))[after[own]]
    stands = past[step[stop]]  # the last token is O, so that every run of a span has one after it
    return start[stands], stop[stands]


def _table(patterns: tuple[str, ...]) -> Bools:
    """Patterns as a table (letter before, letter, same label)."""
    table = np.zeros((len(LETTERS), len(LETTERS), 2), bool)
    for pattern in patterns:
        ours = pattern.split()
        left, right = (slice(None) if letter == "*" else LETTERS.index(letter) for letter in ours[:2])
        table[left, right, slice(None) if ours[2] == "?" else int(ours[2] == "=")] = True
    return table
