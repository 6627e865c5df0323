"""Documents -> the columns of items that every kind of question shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from harness.annotations import Annotations
from harness.corpus import NOT_SCORED, Corpus, Layer
from harness.errors import AskedWrongly, UnknownName
from harness.parts import Task
from harness.records import Document, Items

Where = Mapping[str, Any]
WORD = re.compile(r"\S+")
NO_MARKS = ("sha256", "language", "pair")  # the item's own column, or made here


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


def refined(layer: Layer, name: str, field: str) -> tuple[str, ...]:
    """The labels of a layer, each followed by `LABEL/VALUE` for the values that a field may have under it."""
    if not field:
        return layer.labels
    values = layer.fields.get(field)
    if not isinstance(values, Mapping):
        dividing = [key for key, kind in layer.fields.items() if isinstance(kind, Mapping)]
        raise UnknownName(f"field that divides labels in `refine` of task {name}", field, dividing)
    return tuple(one for label in layer.labels for one in (label, *(f"{label}/{sub}" for sub in values.get(label, ()))))


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
    *,
    refine: str = "",
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
        settings={"use": use, "layer": layer.name, "where": dict(where), **({"refine": refine} if refine else {})},
    )


def scored_documents(corpus: Corpus, layer: Layer) -> Iterator[Document]:
    """The documents on which the layer is done, without those set aside from every benchmark."""
    for document in corpus:
        if layer.name in document.gold and document.split not in NOT_SCORED:
            yield document


def marked(
    gold: Annotations,
    documents: Sequence[Document],
    items: Items,
    of: Sequence[str] = (),
    besides: Mapping[str, Annotations] = MappingProxyType({}),
) -> Annotations:
    """The gold with what metrics and slices need and no model sees: `documents[i]` is that of item i.

    Marks are the facets, the document's own meta data (texts, numbers, yes or no, lists of texts), and `pair`: the
    contrasts that the document stands in, each named alike in both of its documents.
    """
    names = {key for document in documents for key, value in document.meta.items() if _is_mark(key, value)}
    marks: dict[str, Sequence[Any]] = {name: items[name] for name in of}
    for name in sorted(names - set(of)):
        marks[name] = [_as_mark(document.meta.get(name)) for document in documents]
    pairs = [_contrasts(document) for document in documents]
    return replace(gold, marks={**marks, **({"pair": pairs} if any(pairs) else {})}, besides=besides)


def other_roles(layer: Layer, where: Where, documents: Sequence[Document], items: Items) -> dict[str, Annotations]:
    """For each value of a field that `where` picks by and does not want, the labels that have it, a set a document.

    `where = { role = "primary" }` gives the secondary and the background events.
    """
    found = {}
    for name, wanted in where.items():
        kind = layer.fields.get(name)
        chosen = wanted if isinstance(wanted, list | tuple) else [wanted]
        for value in kind if isinstance(kind, tuple) else ():
            if value not in chosen:
                sets = [{line["label"] for line in matching(d.gold[layer.name], {name: value})} for d in documents]
                found[value] = Annotations.of_labels(items["item"], layer.labels, sets)
    return found


class _Later(Mapping[str, Annotations]):
    """Answers by their names, each made when it is first asked for: few metrics ask for any."""

    def __init__(self, made_by: Mapping[str, Callable[[], Annotations]]) -> None:
        self._made_by = made_by
        self._made: dict[str, Annotations] = {}

    def __getitem__(self, name: str) -> Annotations:
        if name not in self._made:
            self._made[name] = self._made_by[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made_by)

    def __len__(self) -> int:
        return len(self._made_by)

    def __contains__(self, name: object) -> bool:
        return name in self._made_by

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # for other processes


def besides_of(
    lines: Sequence[Mapping[str, Any]], items: Items, others: Mapping[str, Annotations]
) -> Mapping[str, Annotations]:
    """What the answer `lines[i]` to item i rests on, and the words of its text, both as spans, and the others.

    Neither where no line gives evidence. A word is what stands between white space.
    """
    if not any(line.get("evidence") for line in lines):
        return others

    def evidence() -> Annotations:
        given = [[(start, end, "evidence") for start, end in line.get("evidence", ())] for line in lines]
        return Annotations.of_spans(items["item"], ("evidence",), given)

    def words() -> Annotations:
        of_text = {text: [(*word.span(), "word") for word in WORD.finditer(text)] for text in set(items["text"])}
        return Annotations.of_spans(items["item"], ("word",), [of_text[text] for text in items["text"]])

    return _Later(
        {"evidence": evidence, "words": words, **{name: partial(others.__getitem__, name) for name in others}}
    )


def _is_mark(key: str, value: Any) -> bool:
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return key not in NO_MARKS and (texts or isinstance(value, str | bool | int))


def _as_mark(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str | list) else "" if value is None else str(value)


def _contrasts(document: Document) -> list[str]:
    """`KIND GROUP/A+B` of each contrast; the same text in both documents."""
    found = []
    listed = document.meta.get("contrasts")
    for contrast in listed if isinstance(listed, list) else []:
        match contrast:
            case {"kind": str(kind), "with": str(other)}:
                found.append(f"{kind} {document.group}/{'+'.join(sorted((document.name, other)))}")
    return found


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
