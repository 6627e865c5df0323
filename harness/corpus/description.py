"""Documents -> the numbers that describe them: sizes, balance, lengths, and how much of the test is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.corpus.schema import SPLITS, Layer, Schema
from harness.records import Document

Columns = dict[str, int]  # split -> how many; under "all" their sum
Line = Mapping[str, Any]


def describe(schema: Schema, documents: Sequence[Document]) -> dict[str, Any]:
    """Everything that is counted, as plain values that JSON can hold; of annotations the gold alone.

    `splits` lists those that occur. A table of counts has a row a name and in each row a column a split, then `all`;
    what names no split or language stands under `none`. `layers` and `tasks` are those of the schema, tasks only
    where they pick among the annotations of their layer.
    """
    there = {document.split for document in documents}
    by_split = [(s or "none", [d for d in documents if d.split == s]) for s in (*SPLITS, "") if s in there]
    splits = _Splits([name for name, _ in by_split], [own for _, own in by_split])
    languages = splits.count(lambda d: [d.language or "none"])
    known = [language for language in schema.languages if language in languages]
    tags = splits.count(_tags)
    return {
        "splits": splits.names,
        "groups": splits.columns([len({document.group for document in own}) for own in splits.documents]),
        "documents": splits.columns([len(own) for own in splits.documents]),
        "languages": {name: languages[name] for name in dict.fromkeys([*known, *sorted(languages)])},
        "tags": {name: tags[name] for name in sorted(tags)},
        "layers": {name: _layer(layer, splits) for name, layer in schema.layers.items()},
        "tasks": {
            name: {
                "layer": task["layer"],
                "where": dict(task["where"]),
                "labels": _labels(layer, splits, task["where"]),
            }
            for name, task in schema.tasks.items()
            if task.get("where") and (layer := schema.layers[task["layer"]])
        },
        "lengths": {
            "words": quartiles(len(document.text.split()) for document in documents),
            "characters": quartiles(len(document.text) for document in documents),
        },
    }


class _Splits:
    """The documents of each split, and counts of what they hold."""

    def __init__(self, names: list[str], documents: list[list[Document]]) -> None:
        self.names, self.documents = names, documents

    def columns(self, counts: Sequence[int]) -> Columns:
        """One count a split, and their sum."""
        return {**dict(zip(self.names, counts, strict=True)), "all": sum(counts)}

    def count(self, values_of: Any, first: Iterable[str] = ()) -> dict[str, Columns]:
        """How often each value occurs that `values_of` finds in a document; those of `first` first, even if never."""
        found = [Counter(value for document in own for value in values_of(document)) for own in self.documents]
        values = dict.fromkeys([*first, *(value for counter in found for value in counter)])
        return {value: self.columns([counter[value] for counter in found]) for value in values}


def _tags(document: Document) -> list[str]:
    tags = document.meta.get("tags", [])
    return list({str(tag) for tag in (tags if isinstance(tags, list) else [tags])})


def _layer(layer: Layer, splits: _Splits) -> dict[str, Any]:
    done = [[d for d in own if layer.name in d.gold] for own in splits.documents]
    about: dict[str, Any] = {
        "kind": layer.kind,
        "of": list(layer.of),
        "documents": splits.columns([len(own) for own in done]),
        "annotations": splits.columns([sum(len(d.gold[layer.name]) for d in own) for own in done]),
        "labels": _labels(layer, splits, {}),
    }
    if layer.of:
        about["facets"] = {facet: _facet(layer, facet, splits) for facet in layer.of}
    if layer.kind == "spans":
        about["unseen"] = _unseen(layer, splits)
    return about


def _labels(layer: Layer, splits: _Splits, where: Mapping[str, Any]) -> dict[str, Columns]:
    """The labels of a layer, of those annotations alone that meet every condition; a list means any of its values."""
    wanted = [(key, value if isinstance(value, list | tuple) else [value]) for key, value in where.items()]

    def labels(document: Document) -> Iterable[str]:
        lines: Iterable[Line] = document.gold.get(layer.name, ())
        return [line["label"] for line in lines if all(line.get(key) in values for key, values in wanted)]

    return splits.count(labels, layer.labels)


def _facet(layer: Layer, facet: str, splits: _Splits) -> dict[str, Any]:
    """The names (holders, targets) that stand in two groups or more, with their labels; the others in one sum."""
    labels: dict[str, Counter[str]] = {}
    groups: dict[str, set[str]] = {}
    shown: dict[str, str] = {}
    for document in (d for own in splits.documents for d in own):
        for line in document.gold.get(layer.name, ()):
            name = line[facet]
            labels.setdefault(name, Counter())[line["label"]] += 1
            groups.setdefault(name, set()).add(document.group)
            shown.setdefault(name, document.name_of(facet, name))
    recurring = sorted((name for name in groups if len(groups[name]) > 1), key=lambda name: (-len(groups[name]), name))
    once = sum((labels[name] for name in groups if len(groups[name]) == 1), Counter[str]())
    return {
        "recurring": {
            name: {
                "name": shown[name],
                "groups": len(groups[name]),
                "labels": {label: labels[name][label] for label in layer.labels},
            }
            for name in recurring
        },
        "others": {
            "names": len(groups) - len(recurring),
            "labels": {label: once[label] for label in layer.labels},
        },
    }


def _unseen(layer: Layer, splits: _Splits) -> dict[str, dict[str, dict[str, int]]]:
    """For each tier, or the layer where it has none, in each split but train: spans whose surface no span there has."""
    if "train" not in splits.names:
        return {}
    spans = {
        name: [line for document in own for line in document.gold.get(layer.name, ())]
        for name, own in zip(splits.names, splits.documents, strict=True)
    }
    learned = {line["text"] for line in spans.pop("train")}
    table: dict[str, dict[str, dict[str, int]]] = {}
    for tier, labels in (layer.tiers or {layer.name: layer.labels}).items():
        for split, lines in spans.items():
            own = [line["text"] for line in lines if line["label"] in labels]
            unseen = sum(text not in learned for text in own)
            table.setdefault(tier, {})[split] = {"spans": len(own), "unseen": unseen}
    return table


def quartiles(lengths: Iterable[int]) -> dict[str, float]:
    """Least, quartiles (linear between the nearest two) and most; nothing where there are none."""
    known = sorted(lengths)
    if not known:
        return {}
    found = {}
    for name, quarters in (("min", 0), ("q1", 1), ("median", 2), ("q3", 3), ("max", 4)):
        at, rest = divmod(quarters * (len(known) - 1), 4)
        above = known[min(at + 1, len(known) - 1)]
        found[name] = known[at] + (above - known[at]) * rest / 4
    return found
