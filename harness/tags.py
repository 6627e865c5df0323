"""Tags of tokens (IOB1, IOB2, BIOES, BILOU) <-> spans over token positions, under two named readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from harness.errors import AskedWrongly, quote
from harness.records import Annotations, SpanTuple

Reading = Literal["default", "strict"]
Scheme = Literal["IOB1", "IOB2", "BIOES", "BILOU"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
LETTERS = "OBIES"  # a scheme's U and L are read as S and E
O, B, I, E, S = range(5)  # noqa: E741
ALLOWED = {"IOB1": "OBI", "IOB2": "OBI", "BIOES": "OBIES", "BILOU": "OBILU"}
NO_LABEL = "_"  # what a letter without a label means, as in seqeval

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

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
    row, start, end, code, names, n = _read(rows, reading, scheme)
    spans: list[list[SpanTuple]] = [[] for _ in range(n)]
    for i, a, b, c in zip(row.tolist(), start.tolist(), end.tolist(), code.tolist(), strict=True):
        spans[i].append((a, b, names[c]))
    return spans


def annotations_of_tags(
    item: Sequence[str],
    labels: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    reading: Reading = "default",
    scheme: Scheme = "IOB2",
) -> Annotations:
    """Rows of tags, one an item -> annotations whose offsets count tokens; columns all the way, no tuple a span.

    Equal to `Annotations.of_spans(item, labels, spans_of_tags(rows, ...))`.
    """
    row, start, end, code, names, n = _read(rows, reading, scheme)
    if n != len(item):
        raise AskedWrongly(f"{n} rows of tags for {len(item)} items")
    declared = {label: i for i, label in enumerate(labels)}
    renamed = np.array([declared.get(name, -1) for name in names], np.int32)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))]).astype(np.int64)
    ends = (start.astype(np.int32), end.astype(np.int32))
    return Annotations("spans", tuple(labels), item, np.zeros(n, np.uint8), renamed[code], offsets, *ends)


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


def _read(
    rows: Iterable[Sequence[str]], reading: Reading, scheme: Scheme
) -> tuple[Ints, Ints, Ints, Ints, list[str], int]:
    """Row, start, end and label code of each span; then the label names, and how many rows there are."""
    if reading not in get_args(Reading) or scheme not in SCHEMES:
        raise AskedWrongly(
            f"no reading {quote(reading)} of {quote(scheme)}: default or strict, of {', '.join(SCHEMES)}"
        )
    rows = list(rows)
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = list(chain.from_iterable(_apart(rows)))
    distinct = {tag: i for i, tag in enumerate(dict.fromkeys(flat))}
    table, names = _parsed(distinct, ALLOWED[scheme] if reading == "strict" else "OBIESUL", rows)
    letter, label = table[:, np.fromiter(map(distinct.__getitem__, flat), np.int64, len(flat))]
    if reading == "default":
        first, stop = _default(letter, label)
    else:
        first, stop = _strict(letter, label, scheme)
    row_starts = np.concatenate([[0], np.cumsum(lengths + 1)]) + 1  # a row of O stands before and between the rows
    row = np.searchsorted(row_starts, first, side="right") - 1
    return row, first - row_starts[row], stop - row_starts[row], label[first], names, len(rows)


def _apart(rows: list[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The rows with one O before the first, between, and after the last."""
    outside = ("O",)
    yield outside
    for row in rows:
        yield row
        yield outside


def _parsed(tags: Iterable[str], allowed: str, rows: list[Sequence[str]]) -> tuple[Ints, list[str]]:
    """The letter and the label of each distinct tag, (2, n_tags), and the names of the labels."""
    names: dict[str, int] = {}
    table = []
    for tag in tags:
        if tag[:1] not in tuple(allowed) or tag[1:2] not in ("", "-") or (tag[:1] == "O" and tag != "O"):
            at = next((i, list(row).index(tag)) for i, row in enumerate(rows) if tag in row)
            known = ", ".join(letter if letter == "O" else f"{letter}-LABEL" for letter in allowed)
            raise AskedWrongly(f"row {at[0] + 1}, token {at[1] + 1}: {quote(tag)} is no tag. There are: {known}.")
        label = tag[2:] or NO_LABEL
        table.append((LETTERS.index({"U": "S", "L": "E"}.get(tag[0], tag[0])), names.setdefault(label, len(names))))
    return np.array(table, np.int64).reshape(-1, 2).T, list(names)


def _default(letter: Ints, label: Ints) -> tuple[Ints, Ints]:
    """Where spans start and where they end, in the lenient reading."""
    before, other = _before(letter), np.append(True, label[1:] != label[:-1])
    inside = letter != O
    opens = (letter == B) | (letter == S) | (before == O) | (before == E) | (before == S) | other
    first = np.flatnonzero(inside & opens)
    cuts = np.flatnonzero(~inside | opens)  # a span ends where the next one starts, or at O
    return first, cuts[np.searchsorted(cuts, first, side="right")]


def _strict(letter: Ints, label: Ints, scheme: Scheme) -> tuple[Ints, Ints]:
    """Where spans start and where they end, by the rules of a scheme.

    Tokens hang together in runs as long as each is inside of the one before; the first beginning of a run is its
    span, which stands if what follows the run may end it.
    """
    before, same = _before(letter), np.append(False, label[1:] == label[:-1]).astype(np.int64)
    first, inside, past = (_table(STRICT[scheme][name])[before, letter, same] for name in ("first", "inside", "past"))
    heads = np.append(np.flatnonzero(~inside), len(letter))
    begins = np.flatnonzero(first)
    run, own = np.unique(np.searchsorted(heads, begins, side="right"), return_index=True)
    start, stop = begins[own], heads[run]
    stands = past[stop]  # the last token is O, so that every run of a span has one after it
    return start[stands], stop[stands]


def _before(letter: Ints) -> Ints:
    return np.append(np.int64(O), letter[:-1])


def _table(patterns: tuple[str, ...]) -> Bools:
    """Patterns as a table (letter before, letter, same label)."""
    table = np.zeros((len(LETTERS), len(LETTERS), 2), bool)
    for pattern in patterns:
        ours = pattern.split()
        left, right = (slice(None) if letter == "*" else LETTERS.index(letter) for letter in ours[:2])
        table[left, right, slice(None) if ours[2] == "?" else int(ours[2] == "=")] = True
    return table
