"""Three versions of one annotation file -> one, merged by what each line is about and not by where it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.corpus.lines import in_order, sort_key
from harness.corpus.schema import Layer
from harness.files import compact

Line = Mapping[str, Any]
Key = tuple[Any, ...]


class Sheet(NamedTuple):
    """What one version of an annotation file says: the state of each layer, and its lines, each with its `layer`."""

    layers: Mapping[str, str]  # name -> "done" or "open"
    lines: Sequence[Line]


@dataclass(frozen=True)
class Conflict:
    """What two people changed to different things, None where it is absent; with `base` it was before."""

    layer: str
    key: Key
    base: Line | None
    mine: Line | None
    theirs: Line | None


class Merged(NamedTuple):
    """The lines in their order on disk, the layers' states, and what is left for a person; of that, mine stands."""

    lines: list[dict[str, Any]]
    layers: dict[str, str]
    conflicts: list[Conflict]


def merge(base: Sheet, mine: Sheet, theirs: Sheet, layers: Mapping[str, Layer]) -> Merged:
    """Merge what two people made of `base`.

    A line is what it is about: the place of a span, the holder and target of a stance, the label of a set. What one
    of them changed, added or removed is taken; the same change on both sides is one change. Different changes are a
    conflict, and so are spans of both that may not stand beside each other. A layer about which they disagree is open.
    """
    keys = _Keys((base, mine, theirs), layers)
    was, own, other = (keys.table(sheet) for sheet in (base, mine, theirs))
    merged: dict[Key, Line] = {}
    conflicts = []
    for key in {**own, **other, **was}:
        versions = was.get(key), own.get(key), other.get(key)
        line, agreed = _three(*versions)
        if not agreed:
            conflicts.append(Conflict(str(key[0]), key[1:], *versions))
        if line is not None:
            merged[key] = line
    for key, rival in _clashes(merged, own.keys() - other.keys(), other.keys() - own.keys(), layers):
        conflicts.append(Conflict(str(key[0]), key[1:], None, own[key], merged.pop(rival)))
    lines = _sorted(merged.values(), layers)
    held = {name for line in (*lines, *map(vars, conflicts)) if isinstance(name := line.get("layer"), str)}
    return Merged(lines, _states(base, mine, theirs, held, layers), sorted(conflicts, key=_place))


def _three(base: Line | None, mine: Line | None, theirs: Line | None) -> tuple[Line | None, bool]:
    """What comes of three versions of one line, and whether it is agreed."""
    if mine == theirs or theirs == base:
        return mine, True
    if mine == base:
        return theirs, True
    if mine is not None and theirs is not None and _by_hand(mine) == _by_hand(theirs):
        return _by_hand(mine), True
    return mine, False


def _by_hand(line: Line) -> dict[str, Any]:
    """A line without the word on which model proposed it: people who agree on it need not agree on that."""
    return {key: value for key, value in line.items() if key != "suggested_by"}


class _Keys:
    """What lines are about. Where a file has several lines about one thing, their labels tell them apart, else all."""

    def __init__(self, sheets: Sequence[Sheet], layers: Mapping[str, Layer]) -> None:
        self.layers = layers
        self.crowded: set[Key] = set()
        for _ in range(2):
            crowded = set()
            for sheet in sheets:
                seen: dict[Key, Line] = {}
                for line in sheet.lines:
                    if seen.setdefault(self.of(line), line) is not line:
                        crowded.add(self.of(line))
            self.crowded |= crowded

    def table(self, sheet: Sheet) -> dict[Key, Line]:
        return {self.of(line): line for line in sheet.lines}

    def of(self, line: Line) -> Key:
        layer = self.layers.get(str(line.get("layer")))
        if layer is None:
            return (line.get("layer"), compact(line))
        about = layer.key_of(line)
        key: Key = (layer.name, *(map(_hashable, about[:2] if layer.kind == "spans" else about)))
        if key in self.crowded:
            key = (*key, _hashable(line.get("label")))
        if key in self.crowded:
            key = (*key, compact(dict(sorted(line.items()))))
        return key


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else compact(value)


def _clashes(
    merged: Mapping[Key, Line], mine: set[Key], theirs: set[Key], layers: Mapping[str, Layer]
) -> Iterator[tuple[Key, Key]]:
    """Spans of mine and of theirs that overlap where their layer forbids it; each of theirs once."""
    for name, layer in layers.items():
        if layer.kind != "spans" or layer.overlap == "any":
            continue
        own, others = (
            sorted((k for k in keys if k[0] == name and k in merged and _whole(k)), key=lambda k: (*k[1:3], repr(k)))
            for keys in (mine, theirs)
        )
        near: list[Key] = []  # those of mine that may reach the next of theirs
        waiting = iter([*own, None])
        coming = next(waiting)
        for rival in others:
            while coming is not None and coming[1] < rival[2]:
                near.append(coming)
                coming = next(waiting)
            near = [key for key in near if key[2] > rival[1]]
            clash = next((key for key in near if _cross(key, rival, layer.overlap)), None)
            if clash is not None:
                yield clash, rival


def _whole(key: Key) -> bool:
    """Whether a span has borders; one without cannot be written, and whoever reads the file says so."""
    return all(isinstance(border, int) for border in key[1:3])


def _cross(one: Key, other: Key, overlap: str) -> bool:
    (_, last), (start, end) = sorted((one[1:3], other[1:3]), key=lambda span: (span[0], -span[1]))
    return bool(start < last and (overlap == "none" or end > last))


def _states(
    base: Sheet, mine: Sheet, theirs: Sheet, held: Collection[str], layers: Mapping[str, Layer]
) -> dict[str, str]:
    """Each layer's state: what one of them changed, `open` where both did or where a layer that is held has none."""
    named = {*base.layers, *mine.layers, *theirs.layers, *held}
    states = {}
    for name in sorted(named, key=lambda one: ([*layers, one].index(one), one)):
        was, own, other = (sheet.layers.get(name) for sheet in (base, mine, theirs))
        state = own if own == other or other == was else other if own == was else "open"
        if state is not None or name in held:
            states[name] = state or "open"
    return states


def _sorted(lines: Any, layers: Mapping[str, Layer]) -> list[dict[str, Any]]:
    """Lines in the order, and with the keys in the order, in which files have them."""
    order = {name: number for number, name in enumerate(layers)}

    def place(line: Line) -> tuple[Any, ...]:
        layer = layers.get(str(line.get("layer")))
        whole = all(isinstance(line.get(border), int) for border in ("start", "end"))
        if layer is None or (layer.kind == "spans" and not whole):
            return (len(order), (), compact(line))
        return (order[layer.name], sort_key(line, layer), compact(line))

    def ordered(line: Line) -> dict[str, Any]:
        layer = layers.get(str(line.get("layer")))
        return {**(in_order(line, layer) if layer else {}), **line}

    return [ordered(line) for line in sorted(lines, key=place)]


def _place(conflict: Conflict) -> str:
    return compact([conflict.layer, *conflict.key])
