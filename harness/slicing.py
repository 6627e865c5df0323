"""Items cut into parts by what is known of them: a mark, a facet, the language, the length, the label, seen names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName
from harness.records import Items

Mask = npt.NDArray[np.bool_]
Part = tuple[
    str, Annotations, Annotations, Mask
]  # name, the gold and predicted answers to count, the items they are of
Cut = Callable[[Annotations, Annotations], Iterator[Part]]

NOT_SLICED = ("item", "document", "text")
MOST = 200  # parts of one slice
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
SHORTEST = 32  # words in the first length bucket; each next one is twice as long


class Seen:
    """The surfaces of spans that a model learned from: `sets[fold[i]]` are those that item i was answered after."""

    def __init__(self, fold: npt.NDArray[np.int64], sets: Sequence[frozenset[str]]) -> None:
        self.fold, self.sets = fold, sets


def surfaces(texts: Sequence[str], spans: Annotations) -> list[str]:
    """The text of each span, flat."""
    assert spans.offsets is not None and spans.starts is not None and spans.ends is not None
    item = np.repeat(np.arange(len(spans)), np.diff(spans.offsets)).tolist()
    return [texts[i][a:b] for i, a, b in zip(item, spans.starts.tolist(), spans.ends.tolist(), strict=True)]


def cut_by(names: Sequence[str], items: Items, gold: Annotations, seen: Seen | None = None) -> Cut:
    """What cuts these items by each name in turn: parts called `name=value`, values in order.

    A name is a mark of the gold, a column of the items, `length`, `label`, or for spans `name`. An item stands in the
    parts of all its values (tags), in none where it has no value. Raises UnknownName, or AskedWrongly where the slice
    cannot be made.
    """
    names = tuple(dict.fromkeys(names))
    refuse_unknown(names, items, gold)
    if "name" in names and seen is None:
        raise AskedWrongly(
            "slice name tells names seen in training from unseen ones: it needs folds, or a split to learn from and "
            "another one to score. Leave it out here, or name the split that is scored."
        )
    values = {name: _values(name, items, gold) for name in names if name != "name"}
    for name, each in values.items():
        if (many := len({value for own in each for value in own})) > MOST:
            raise AskedWrongly(f"slice {name} has {many:,} values, and {MOST} is the most. Slice by something coarser.")

    def cut(due: Annotations, said: Annotations) -> Iterator[Part]:
        for name in names:
            if name == "name":
                assert seen is not None
                yield from _by_name(items["text"], due, said, seen)
            else:
                for value, mask in _masks(values[name]):
                    yield f"{name}={value}", due, said, mask

    return cut


def refuse_unknown(names: Sequence[str], items: Items, gold: Annotations) -> None:
    """Say no to what the items cannot be sliced by."""
    columns = [name for name in items.columns if name not in NOT_SLICED]
    length = ["length"] if "text" in items else []
    known = sorted({*columns, *gold.marks, *length, "name" if gold.kind == "spans" else "label"})
    for name in names:
        if name not in known:
            raise UnknownName("slice", name, known)


def no_slices(gold: Annotations, predicted: Annotations) -> Iterator[Part]:
    """Items that are not cut."""
    return iter(())


def _values(name: str, items: Items, gold: Annotations) -> list[tuple[str, ...]]:
    """The values of each item."""
    if name == "label" and name not in gold.marks:
        answers = gold.answers()
        return [tuple(a) if isinstance(a, list) else (a,) if a is not None else () for a in answers]
    if name == "length" and name not in gold.marks:
        return [(_bucket(len(text.split())),) for text in items["text"]]
    column: Sequence[Any] = items[name] if name in items else gold.marks[name]
    return [tuple(value) if isinstance(value, list | tuple) else (value,) if value else () for value in column]


def _bucket(words: int) -> str:
    """`32-63 words`: buckets that are the same for every corpus."""
    if words < SHORTEST:
        return f"under {SHORTEST} words"
    low = SHORTEST << ((words // SHORTEST).bit_length() - 1)
    return f"{low}-{2 * low - 1} words"


def _masks(values: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, Mask]]:
    places: dict[str, list[int]] = {}
    for i, own in enumerate(values):
        for value in own:
            places.setdefault(value, []).append(i)
    for value in sorted(places, key=in_order):
        mask = np.zeros(len(values), bool)
        mask[places[value]] = True
        yield value, mask


def in_order(value: str) -> tuple[float, str]:
    """What values are sorted by: the number that they begin with, so that `64-127 words` is before `128-255 words`."""
    number = NUMBER.match(value)
    return (float(number[0]) if number else 0.0, value)


def _by_name(texts: Sequence[str], due: Annotations, said: Annotations, seen: Seen) -> Iterator[Part]:
    """Gold and predicted spans whose surface stands in what was learned from, and those whose does not."""
    masks = [_is_seen(texts, spans, seen) for spans in (due, said)]
    for value, wanted in (("seen", True), ("unseen", False)):
        kept = [spans.keep(mask == wanted) for spans, mask in zip((due, said), masks, strict=True)]
        there = [np.diff(spans.offsets) > 0 for spans in kept if spans.offsets is not None]
        yield f"name={value}", kept[0], kept[1], there[0] | there[1]


def _is_seen(texts: Sequence[str], spans: Annotations, seen: Seen) -> Mask:
    assert spans.offsets is not None
    fold = np.repeat(seen.fold, np.diff(spans.offsets)).tolist()
    found = (surface in seen.sets[at] for surface, at in zip(surfaces(texts, spans), fold, strict=True))
    return np.fromiter(found, bool, len(fold))
