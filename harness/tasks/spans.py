"""The labelled spans of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.annotations import Annotations
from harness.corpus import Corpus
from harness.parts import Task
from harness.tasks._columns import (
    check_where,
    document_items,
    layer_of,
    marked,
    matching,
    scored_documents,
    task_of,
)

METRICS = ("entity_f1",)


def spans(
    corpus: Corpus,
    name: str,
    *,
    layer: str,
    where: Mapping[str, Any] | None = None,
    metrics: tuple[str, ...] = METRICS,
) -> Task:
    """Ask for every span of a document that meets `where`. Offsets are code points, ends exclusive."""
    found = layer_of(corpus, name, layer, "spans", ("spans",))
    where = where or {}
    check_where(found, name, where)
    documents = list(scored_documents(corpus, found))
    answers = [
        [(line["start"], line["end"], line["label"]) for line in matching(document.gold[layer], where)]
        for document in documents
    ]
    items = document_items(documents)
    gold = marked(Annotations.of_spans(items["item"], found.labels, answers, tiers=found.tiers), documents, items)
    return task_of(corpus, found, name, "spans", where, items, gold, metrics)
