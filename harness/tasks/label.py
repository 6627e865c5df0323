"""One label an item: a document, or a document with what the label is about.

`where = { role = "primary" }` picks the one line of a layer that holds several a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.annotations import Annotations
from harness.corpus import Corpus
from harness.errors import Problem, ProblemsFound
from harness.parts import Task
from harness.records import Document
from harness.tasks._columns import (
    besides_of,
    check_where,
    document_items,
    facet_items,
    layer_of,
    marked,
    matching,
    other_roles,
    refined,
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
    refine: str = "",
    metrics: tuple[str, ...] = METRICS,
) -> Task:
    """Ask for one label of each document, or of each listed pair where the layer is about something.

    `refine` names a field that divides labels further, such as a sub-type: the labels asked for are then `TYPE/SUB`,
    and `TYPE` alone where an annotation says no more.

    Raises ProblemsFound where a document has no such label, or several: a question without one answer.
    """
    found = layer_of(corpus, name, layer, "label", ("label", "labels"))
    where = where or {}
    check_where(found, name, where)
    labels = refined(found, name, refine)
    asked: list[tuple[Document, tuple[str, ...]]] = []
    chosen: list[Mapping[str, Any]] = []
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
            chosen.append(own[0])
    if problems:
        raise ProblemsFound(problems)
    documents = [document for document, _ in asked]
    items = facet_items(asked, found.of) if found.of else document_items(documents)
    answers = ["/".join(filter(None, (line["label"], line.get(refine)))) for line in chosen]
    besides = besides_of(chosen, items, {} if found.of else other_roles(found, where, documents, items))
    gold = marked(Annotations.of_label(items["item"], labels, answers), documents, items, found.of, besides)
    return task_of(corpus, found, name, "label", where, items, gold, metrics, refine=refine)
