"""A set of labels a document, possibly empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.annotations import Annotations
from harness.corpus import Corpus
from harness.errors import AskedWrongly
from harness.parts import Task
from harness.tasks._columns import (
    check_where,
    document_items,
    layer_of,
    marked,
    matching,
    other_roles,
    scored_documents,
    task_of,
)

METRICS = ("f1(average='micro')", "f1")


def labels(
    corpus: Corpus,
    name: str,
    *,
    layer: str,
    where: Mapping[str, Any] | None = None,
    metrics: tuple[str, ...] = METRICS,
) -> Task:
    """Ask for the set of a document's labels, of the annotations that meet `where`."""
    found = layer_of(corpus, name, layer, "labels", ("label", "labels"))
    if found.of:
        raise AskedWrongly(f"task {name}: layer {layer} is about {', '.join(found.of)}. Use label.")
    where = where or {}
    check_where(found, name, where)
    documents = list(scored_documents(corpus, found))
    answers = [{line["label"] for line in matching(document.gold[layer], where)} for document in documents]
    items = document_items(documents)
    besides = other_roles(found, where, documents, items)
    gold = marked(Annotations.of_labels(items["item"], found.labels, answers), documents, items, besides=besides)
    return task_of(corpus, found, name, "labels", where, items, gold, metrics)
