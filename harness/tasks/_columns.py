"""Documents -> the columns of items that every kind of question shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from harness.corpus import NOT_SCORED, Corpus, Layer
from harness.errors import AskedWrongly, UnknownName
from harness.parts import Task
from harness.records import Annotations, Document, Items

Where = Mapping[str, Any]


def layer_of(corpus: Corpus, name: str, layer: str, use: str, fits: Sequence[str]) -> Layer:
    """The layer asked, if questions of this kind can be asked of it."""
    if layer not in corpus.schema.layers:
        raise UnknownName(f"layer of task {name}", layer, corpus.schema.layers)
    found = corpus.schema.layers[layer]
    if found.kind not in fits:
        raise AskedWrongly(
            f"task {name}: layer {layer} is of kind {found.kind}. {use} asks layers of kind {' or '.join(fits)}."
        )
    return found


def check_where(layer: Layer, name: str, where: Where) -> None:
    """Refuse a condition on a field or value that the layer does not have."""
    for key, wanted in where.items():
        if key not in (*layer.fields, *layer.of, "label"):
            raise UnknownName(f"field in `where` of task {name}", key, [*layer.fields, *layer.of, "label"])
        kind = layer.labels if key == "label" else layer.fields.get(key)
        for value in wanted if isinstance(wanted, list | tuple) else [wanted]:
            if isinstance(kind, tuple) and value not in kind:
                raise UnknownName(f"{key} in `where` of task {name}", str(value), kind)


def matching(lines: Sequence[Mapping[str, Any]], where: Where) -> list[Mapping[str, Any]]:
    """The annotations that meet every condition; a list of values means any of them."""
    wanted = {key: value if isinstance(value, list | tuple) else [value] for key, value in where.items()}
    return [line for line in lines if all(line.get(key) in values for key, values in wanted.items())]


def task_of(
    corpus: Corpus,
    layer: Layer,
    name: str,
    use: str,
    where: Where,
    items: Items,
    gold: Annotations,
    metrics: Sequence[str],
) -> Task:
    """The question with its items and gold, and how it was asked."""
    return Task(
        name=name,
        items=items,
        gold=gold,
        metrics=tuple(metrics),
        corpus=corpus.name,
        corpus_digest=corpus.digest,
        of=layer.of,
        settings={"use": use, "layer": layer.name, "where": dict(where)},
    )


def scored_documents(corpus: Corpus, layer: Layer) -> Iterator[Document]:
    """The documents on which the layer is done, without those set aside from every benchmark."""
    for document in corpus:
        if layer.name in document.gold and document.split not in NOT_SCORED:
            yield document


def document_items(documents: Sequence[Document]) -> Items:
    """One item a document."""
    return Items({**_shared(documents), "item": [document.id for document in documents]})


def facet_items(asked: Sequence[tuple[Document, tuple[str, ...]]], of: Sequence[str]) -> Items:
    """One item for each listed pair of a document: `GROUP/ID#HOLDER>TARGET`, facets by their display names."""
    columns = _shared([document for document, _ in asked])
    columns["item"] = [f"{document.id}#{'>'.join(pair)}" for document, pair in asked]
    for i, facet in enumerate(of):
        columns[facet] = [document.name_of(facet, pair[i]) for document, pair in asked]
    return Items(columns)


def _shared(documents: Sequence[Document]) -> dict[str, Sequence[str]]:
    read: dict[str, Callable[[Document], str]] = {
        "document": lambda document: document.id,
        "group": lambda document: document.group,
        "split": lambda document: document.split,
        "language": lambda document: document.language,
        "text": lambda document: document.text,
    }
    return {name: [get(document) for document in documents] for name, get in read.items()}
