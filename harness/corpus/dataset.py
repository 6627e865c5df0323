"""A corpus -> datasets.DatasetDict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.corpus.schema import Layer
from harness.records import Document

if TYPE_CHECKING:
    from datasets import DatasetDict

    from harness.corpus import Corpus


def to_dataset(corpus: Corpus) -> DatasetDict:
    """One dataset a split; documents in no split stand under `unsplit`.

    The position of a label in its ClassLabel is its position in `corpus.toml`. A layer that is not done on a
    document is None there, which is not the same as an empty list.
    """
    from datasets import Dataset, DatasetDict, Features, Value

    layers = corpus.schema.layers.values()
    features = Features(
        {name: Value("string") for name in ("id", "group", "language", "text")}
        | {layer.name: _feature(layer) for layer in layers}
    )
    splits: dict[str, list[dict[str, Any]]] = {}
    for document in corpus:
        row = {
            "id": document.id,
            "group": document.group,
            "language": document.language,
            "text": document.text,
        }
        row |= {layer.name: _value(document, layer) for layer in layers}
        splits.setdefault(document.split or "unsplit", []).append(row)
    return DatasetDict({split: Dataset.from_list(rows, features) for split, rows in sorted(splits.items())})


def _feature(layer: Layer) -> Any:
    from datasets import ClassLabel, List, Value

    label = ClassLabel(names=list(layer.labels))
    if layer.kind == "spans":
        integer = Value("int32")
        return List({"start": integer, "end": integer, "label": label, "text": Value("string")})
    facets = {facet: Value("string") for facet in layer.of}
    plain = {name: Value("string") for name, kind in layer.fields.items() if isinstance(kind, tuple)}
    if layer.kind == "label" and not layer.of:
        return label
    return List({**facets, "label": label, **plain})


def _value(document: Document, layer: Layer) -> Any:
    lines = document.gold.get(layer.name)
    if lines is None:
        return None
    if layer.kind == "spans":
        return [{key: line[key] for key in ("start", "end", "label", "text")} for line in lines]
    if layer.kind == "label" and not layer.of:
        return lines[0]["label"] if lines else None
    plain = [name for name, kind in layer.fields.items() if isinstance(kind, tuple)]
    return [
        {facet: line[facet] for facet in layer.of} | {"label": line["label"]} | {name: line.get(name) for name in plain}
        for line in lines
    ]
