"""The numbers of `Corpus.describe()` -> tables for a terminal or a data card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 30  # recurring names or tags that a table shows; JSON has them all
UNIT = {"label": "labels", "labels": "labels", "spans": "spans"}


@dataclass(frozen=True)
class Table:
    """A title, a header, rows of as many cells, and under them a note, empty where there is nothing to say."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(about: Mapping[str, Any]) -> Iterator[Table]:
    """The tables of a description, those without rows left out."""
    splits = [*about["splits"], "all"] if len(about["splits"]) > 1 else ["all"]
    layers: Mapping[str, Any] = about["layers"]
    yield _sizes(about, splits)
    if about["languages"]:
        yield Table("Documents by language", ("language", *splits), _counts(about["languages"], splits))
    for name, layer in layers.items():
        yield _labels(name, layer, splits, about["tasks"])
    for name, layer in layers.items():
        for facet, names in layer.get("facets", {}).items():
            if names["recurring"] or names["others"]["names"]:
                yield _recurring(name, facet, names)
    if about["tags"]:
        most = dict(sorted(about["tags"].items(), key=lambda item: -item[1]["all"])[:MOST])
        more = f"And {len(about['tags']) - MOST} tags more." if len(about["tags"]) > MOST else ""
        yield Table("Documents by tag", ("tag", *splits), _counts(most, splits), more)
    if about["lengths"]["words"]:
        yield _lengths(about["lengths"])
    unseen = tuple(_unseen(layers))
    if unseen:
        note = "Share of spans whose surface no span of the training documents has."
        yield Table("Unseen in training", ("spans", *(s for s in splits if s not in ("train", "all"))), unseen, note)


def markdown(table: Table) -> str:
    """A table as GitHub writes it, under its title in bold, its note below."""
    rows = [table.header, ("---", *["---:"] * (len(table.header) - 1)), *table.rows]
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join([f"**{_cell(table.title)}**", "", *lines, *(["", _cell(table.note)] if table.note else [])])


def _cell(text: str) -> str:
    """Text that stays in its cell and is no markup, whatever a name holds."""
    text = " ".join(text.split())
    for sign in ("\\", "|", "<", "`", "[", "*"):
        text = text.replace(sign, f"\\{sign}")
    return text


def _counts(table: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple((name, *_numbers(row[column] for column in columns)) for name, row in table.items())


def _numbers(numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in numbers)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _sizes(about: Mapping[str, Any], splits: Sequence[str]) -> Table:
    rows = {"groups": about["groups"], "documents": about["documents"]}
    for name, layer in about["layers"].items():
        if layer["documents"] != about["documents"]:
            rows[f"documents with {name} done"] = layer["documents"]
        of = f" of {' and '.join(layer['of'])}" if layer["of"] else ""
        rows[f"{name}: {UNIT[layer['kind']]}{of}"] = layer["annotations"]
    note = "All layers are done on all documents." if len(rows) == 2 + len(about["layers"]) else ""
    return Table("Sizes by split", ("", *splits), _counts(rows, splits), note)


def _labels(name: str, layer: Mapping[str, Any], splits: Sequence[str], tasks: Mapping[str, Any]) -> Table:
    """Each label in each split and its share; then, of each task that picks among the annotations, what it picks."""
    own = {task: some for task, some in tasks.items() if some["layer"] == name}
    total = layer["annotations"]["all"]
    rows = [
        (
            *row,
            _share(layer["labels"][row[0]]["all"], total),
            *_numbers(t["labels"][row[0]]["all"] for t in own.values()),
        )
        for row in _counts(layer["labels"], splits)
    ]
    note = "; ".join(f"task {task}: {_where(some['where'])}" for task, some in own.items())
    header = (name, *splits, "share", *(f"task {task}" for task in own))
    return Table(f"{UNIT[layer['kind']].capitalize()} of {name}", header, tuple(rows), f"{note}." if note else "")


def _where(where: Mapping[str, Any]) -> str:
    said = (f"{key} {_values(value)}" for key, value in where.items())
    return ", ".join(said)


def _values(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _recurring(layer: str, facet: str, names: Mapping[str, Any]) -> Table:
    """Names that stand in several groups, those in most first, with their labels; the others in one row."""
    labels = list(names["others"]["labels"])
    shown = list(names["recurring"].values())[:MOST]
    rows = [
        (one["name"], str(one["groups"]), *_numbers(one["labels"].values()), f"{sum(one['labels'].values()):,}")
        for one in shown
    ]
    others = names["others"]
    if others["names"]:
        counts = others["labels"].values()
        rows.append((f"({others['names']:,} in one group each)", "1", *_numbers(counts), f"{sum(counts):,}"))
    left = len(names["recurring"]) - len(shown)
    note = f"And {left:,} more that stand in two groups or more." if left else ""
    return Table(f"Each {facet} of {layer}", (facet, "groups", *labels, "all"), tuple(rows), note)


def _lengths(lengths: Mapping[str, Mapping[str, float]]) -> Table:
    rows = tuple((name, *(f"{value:,.10g}" for value in lengths[name].values())) for name in ("words", "characters"))
    note = "Words are what stands between white space, characters are code points."
    return Table("Lengths of texts", ("", "shortest", "25 %", "median", "75 %", "longest"), rows, note)


def _unseen(layers: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, layer in layers.items():
        for tier, by_split in layer.get("unseen", {}).items():
            shares = [_share(counts["unseen"], counts["spans"]) for counts in by_split.values()]
            sizes = [f"{counts['spans']:,}" for counts in by_split.values()]
            cells = [f"{share} of {size}" if share else "" for share, size in zip(shares, sizes, strict=True)]
            if any(cells):
                yield (f"{name}: {tier}" if tier != name else name, *cells)
