"""One label an item: a document, or a document with what the label is about.

`where = { role = "primary" }` picks the one line of a layer that holds several a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.corpus import Corpus
from harness.errors import Problem, ProblemsFound
from harness.parts import Task
from harness.records import Annotations, Document
from harness.tasks._columns import (
    check_where,
    document_items,
    facet_items,
    layer_of,
    matching,
    scored_documents,
    task_of,
)

METRICS = ("f1", "accuracy")


def label(
    corpus: Corpus,
    name: str,
    *,
    layer: str,
    where: Mapping[str, Any] | None = None,
    metrics: tuple[str, ...] = METRICS,
) -> Task:
    """Ask for one label of each document, or of each listed pair where the layer is about something.

    Raises ProblemsFound where a document has no such label, or several: a question without one answer.
    """
    found = layer_of(corpus, name, layer, "label", ("label", "labels"))
    where = where or {}
    check_where(found, name, where)
    asked: list[tuple[Document, tuple[str, ...]]] = []
    answers: list[str] = []
    problems: list[Problem] = []
    for document in scored_documents(corpus, found):
        lines = matching(document.gold[layer], where)
        listed = document.pairs.get(layer, ()) if found.of else [()]
        for line in lines:
            if tuple(line[facet] for facet in found.of) not in listed:
                text = f"a label of {'>'.join(str(line[facet]) for facet in found.of)}, which is no listed pair"
                problems.append(
                    Problem(document.id, 0, text, "List the pair before it is labelled, or remove the label.")
                )
        for pair in listed:
            own = [line for line in lines if tuple(line[facet] for facet in found.of) == pair]
            if len(own) != 1:
                about = f" of {'>'.join(pair)}" if pair else ""
                text = f"task {name} wants one label{about}, layer {layer} has {len(own)}"
                remedy = f"Give it one{f' where {where}' if where else ''}, or ask another kind of task."
                problems.append(Problem(document.id, 0, text, remedy))
                continue
            asked.append((document, pair))
            answers.append(own[0]["label"])
    if problems:
        raise ProblemsFound(problems)
    items = facet_items(asked, found.of) if found.of else document_items([document for document, _ in asked])
    gold = Annotations.of_label(items["item"], found.labels, answers)
    return task_of(corpus, found, name, "label", where, items, gold, metrics)
