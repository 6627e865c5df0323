"""spaCy's DocBin <-> texts with spans, categories and user data; read as plain numbers, nothing in it is executed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from harness.errors import NotInstalled
from harness.files import compact, parse_object

MOST = 64 << 20  # bytes that any file may unpack into
TIMES = 100  # its own size that a file may unpack into where that is more
SPAN = struct.Struct(">QQQllll")  # id, kb_id, label, first token, token after the last, and both in characters
LISTS = ("attrs", "strings", "cats")
Line = dict[str, Any]


@dataclass
class Held:
    """What a DocBin holds of one document; offsets are code points. `ents` is None where none are annotated."""

    text: str
    ents: list[Line] | None = None
    groups: dict[str, list[Line]] = field(default_factory=dict)
    cats: dict[str, float] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


class Damaged(ValueError):
    """What is wrong with a DocBin, or with one document of it."""


def unpack(data: bytes) -> Iterator[Held | Damaged]:
    """Each document of a DocBin, or what is wrong with it. Raises Damaged where none can be read."""
    import numpy as np

    whole = _message(_inflated(data))
    if not all(isinstance(whole.get(key), list) for key in LISTS) or any(type(a) is not int for a in whole["attrs"]):
        raise Damaged("no attrs, strings or cats")
    if not all(isinstance(whole.get(key), bytes) for key in ("tokens", "spaces", "lengths")):
        raise Damaged("no tokens, spaces or lengths")
    names = _names(whole["strings"])
    try:
        lengths = np.frombuffer(whole["lengths"], "<i4").astype(np.int64)
        tokens = np.frombuffer(whole["tokens"], "<u8").reshape(-1, len(whole["attrs"]))
    except ValueError as error:
        raise Damaged("tokens that are no table") from error
    count = len(lengths)
    if (lengths < 0).any() or not lengths.sum() == len(tokens) == len(whole["spaces"]):
        raise Damaged("lengths that do not add up")
    besides = [_one_each(whole, key, count) for key in ("cats", "flags", "span_groups", "user_data")]
    ends = np.cumsum(lengths).tolist()
    for i, end in enumerate(ends):
        first = end - int(lengths[i])
        columns = dict(zip(whole["attrs"], tokens[first:end].T.tolist(), strict=True))
        try:
            yield _document(columns, whole["spaces"][first:end], names, *(of[i] for of in besides))
        except Damaged as error:
            yield error


def _inflated(data: bytes) -> bytes:
    machine, most = zlib.decompressobj(), max(MOST, TIMES * len(data))
    try:
        unpacked = machine.decompress(data, most + 1)
    except (zlib.error, MemoryError) as error:
        raise Damaged("no DocBin: it cannot be unpacked") from error
    if len(unpacked) > most:
        raise Damaged(f"too big: it unpacks into more than {most >> 20} MiB")
    if not machine.eof:
        raise Damaged("cut off")
    return unpacked


def _message(data: Any) -> dict[Any, Any]:
    """A msgpack table, its numpy extensions left alone: they could hold a pickle."""
    try:
        value = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError, OverflowError) as error:
        raise Damaged("malformed msgpack") from error
    if not isinstance(value, dict):
        raise Damaged("no table")
    return value


def _names(strings: Sequence[Any]) -> dict[int, str]:
    try:
        from spacy.strings import get_string_id
    except ImportError:
        raise NotInstalled("spacy", "spacy") from None
    return {0: ""} | {get_string_id(name): name for name in strings if isinstance(name, str)}


def _one_each(whole: Mapping[Any, Any], key: str, count: int) -> list[Any]:
    some = whole.get(key)
    if some is None:
        return [None] * count
    if not isinstance(some, list) or len(some) != count:
        raise Damaged(f"{key} that are not one a document")
    return some


def _document(
    columns: Mapping[int, list[int]],
    spaces: bytes,
    names: Mapping[int, str],
    cats: Any,
    flags: Any,
    spans: Any,
    data: Any,
) -> Held:
    from spacy.attrs import ENT_IOB, ENT_KB_ID, ENT_TYPE, ORTH

    if not isinstance(cats, dict) or not all(isinstance(one, int | float) for one in cats.values()):
        raise Damaged("cats that are no table of numbers")
    words = [_name(names, key) for key in columns.get(ORTH, ())]
    if len(words) != len(spaces):
        raise Damaged("no words")
    gaps: Iterable[int] = spaces
    if isinstance(flags, dict) and flags.get("has_unknown_spaces"):
        gaps = [1] * (len(words) - 1) + [0]
    pieces = [word + " " * bool(gap) for word, gap in zip(words, gaps, strict=False)]
    starts = [0, *accumulate(map(len, pieces))]
    places = [(start, start + len(word)) for start, word in zip(starts, words, strict=False)]
    held = Held("".join(pieces), cats={str(key): float(value) for key, value in cats.items()})
    tags = columns.get(ENT_IOB)
    if tags and any(tags):
        none = [0] * len(tags)
        labels, kbs = ([_name(names, key) for key in columns.get(one, none)] for one in (ENT_TYPE, ENT_KB_ID))
        held.ents = _ents(tags, labels, kbs, places)
    held.groups = dict(_groups(spans, names, places))
    held.data = _data(data)
    return held


def _name(names: Mapping[int, str], key: int) -> str:
    if key not in names:
        raise Damaged("a number that stands for no string")
    return names[key]


def _ents(
    tags: Sequence[int], labels: Sequence[str], kbs: Sequence[str], places: Sequence[tuple[int, int]]
) -> list[Line]:
    """Spans of the tags 0 missing, 1 inside, 2 outside, 3 begin."""
    spans: list[Line] = []
    for i, (tag, label) in enumerate(zip(tags, labels, strict=True)):
        if tag == 1 and label and i and tags[i - 1] in (1, 3) and labels[i - 1] == label:
            spans[-1]["end"] = places[i][1]
        elif tag in (1, 3) and label:  # without one where spaCy was told that no entity may stand
            kb = {"kb_id": kbs[i]} if kbs[i] else {}
            spans.append({"start": places[i][0], "end": places[i][1], "label": label, **kb})
    return spans


def _groups(
    packed: Any, names: Mapping[int, str], places: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, list[Line]]]:
    if not packed or packed == b"\x90":
        return
    if not isinstance(packed, bytes):
        raise Damaged("span groups that are no bytes")
    try:
        groups = msgspec.msgpack.decode(packed)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Damaged("malformed span groups") from error
    keyed = groups.items() if isinstance(groups, dict) else ((one, None) for one in groups or ())
    for group, keys in keyed:
        table = _message(group) if isinstance(group, bytes) else {}
        spans = table.get("spans")
        keys = [table.get("name")] if keys is None else keys
        if not isinstance(spans, list) or not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise Damaged("a span group without keys or spans")
        yield from ((key, [_span(one, names, places) for one in spans]) for key in keys)


def _span(packed: Any, names: Mapping[int, str], places: Sequence[tuple[int, int]]) -> Line:
    if not isinstance(packed, bytes) or len(packed) != SPAN.size:
        raise Damaged("a span of another length")
    _, kb, label, first, after, _, _ = SPAN.unpack(packed)
    if not 0 <= first < after <= len(places):
        raise Damaged(f"a span over tokens {first}:{after}")
    span = {"start": places[first][0], "end": places[after - 1][1], "label": _name(names, label)}
    return span | ({"kb_id": _name(names, kb)} if kb else {})


def _data(packed: Any) -> dict[str, Any]:
    """User data of the document itself: plain keys, and extensions `doc._.name`, whose keys spaCy folds."""
    found: dict[str, Any] = {}
    for key, value in (_message(packed) if packed else {}).items():
        if isinstance(key, tuple) and len(key) == 4 and key[0] == "._." and key[2] is None and key[3] is None:
            key = key[1]
        if isinstance(key, str):
            try:
                said = parse_object(f'{{"":{compact(value)}}}', "", 0, [])
            except (TypeError, ValueError, RecursionError, UnicodeEncodeError):
                said = None
            if said is None:
                raise Damaged(f"user data {key} that is no JSON")
            found[key] = said[""]
    return found


def pack(documents: Iterable[Held]) -> bytes:
    """A DocBin of these documents; where a span begins or ends within a token, the token is cut there."""
    try:
        import spacy
        from spacy.tokens import Doc, DocBin, Span
    except ImportError:
        raise NotInstalled("spacy", "spacy") from None
    language = spacy.blank("xx")
    held = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"], store_user_data=True)
    for one in documents:
        spans = [span for some in (one.ents or [], *one.groups.values()) for span in some]
        words = list(_words(language.make_doc(one.text), spans))
        doc = Doc(language.vocab, [word for word, _ in words], [space for _, space in words])
        at = {token.idx: token.i for token in doc}
        ends = {token.idx + len(token): token.i + 1 for token in doc}

        def turned(some: Sequence[Line], doc: Any = doc, at: Any = at, ends: Any = ends) -> list[Any]:
            there = [
                span for span in some if span["start"] in at and span["end"] in ends and span["start"] < span["end"]
            ]
            return [
                Span(doc, at[span["start"]], ends[span["end"]], span["label"], kb_id=str(span.get("kb_id", "")))
                for span in there
            ]

        if one.ents is not None:
            doc.set_ents(turned(one.ents), default="outside")
        for key, some in one.groups.items():
            doc.spans[key] = turned(some)
        doc.cats = one.cats
        doc.user_data = {key: _packable(value) for key, value in one.data.items()}
        held.add(doc)
    return bytes(held.to_bytes())


def _packable(value: Any) -> Any:
    try:
        msgspec.msgpack.encode(value)
    except (OverflowError, TypeError):  # of integers that msgpack has no room for
        return compact(value)
    return value


def _words(doc: Any, spans: Sequence[Line]) -> Iterator[tuple[str, bool]]:
    """Words of a text, and whether a space follows, cut wherever a span begins or ends."""
    import bisect

    starts, ends = {span["start"] for span in spans}, {span["end"] for span in spans}
    borders = sorted(starts | ends)
    for token in doc:
        start, end, space = token.idx, token.idx + len(token), bool(token.whitespace_)
        inner = borders[bisect.bisect_right(borders, start) : bisect.bisect_left(borders, end)]
        cuts = [start, *inner, end]
        alone = space and (end in starts or end + 1 in ends)  # the space belongs to a span
        for a, b in pairwise(cuts):
            yield token.text[a - start : b - start], space and b == end and not alone
        if alone:
            yield " ", False
