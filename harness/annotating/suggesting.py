"""A model that learns from the gold of train, beside the page, and proposes annotations; never of test documents."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness import corpus as corpora
from harness.annotations import Annotations
from harness.checking import problems_of_file
from harness.corpus import Corpus, Layer, Schema
from harness.corpus.lines import check_line
from harness.corpus.reading import AnnotationFile
from harness.errors import AskedWrongly, HarnessError
from harness.parts import Model, Task
from harness.records import ANSWERED, Document, Items
from harness.registry import Spec, make
from harness.running import fits
from harness.running.fitting import ask, model_of
from harness.tasks._columns import document_items, facet_items

SEED = 13


@dataclass
class _Learned:
    """One task that a model learned."""

    task: Task
    layer: Layer
    model: Model


class Suggester:
    """Learns in a thread of its own; `error` says why nothing came of it, `uncertainty` which documents it doubts."""

    def __init__(self, root: Path, spec: Spec) -> None:
        self.root, self.spec = root, spec
        self.ready = threading.Event()
        self.error = ""
        self.uncertainty: dict[str, float] = {}
        self._learned: list[_Learned] = []
        self._asking = threading.Lock()  # no model promises that it may be asked by two at once

    def start(self) -> None:
        """Begin to learn."""
        model_of(self.spec)  # a wrong name is told at once
        threading.Thread(target=self._learn, daemon=True, name="suggesting").start()

    def _learn(self) -> None:
        try:
            corpus = corpora.load(self.root)
            why = [said for layer in corpus.schema.layers.values() if (said := self._learn_layer(corpus, layer))]
            if not self._learned:
                self.error = why[0] if why else f"{self.spec} answers none of the tasks of {corpus.name}"
            self.uncertainty = self._uncertainty(corpus)
        except HarnessError as error:
            self.error = str(error)
        except Exception as error:
            self.error = f"{self.spec} failed: {error}"
            raise
        finally:
            self.ready.set()

    def _learn_layer(self, corpus: Corpus, layer: Layer) -> str:
        """Learn the first task of a layer that the model can answer; why not, where it cannot."""
        try:
            task = next((task for task in _tasks(corpus, layer) if fits(task, self.spec)), None)
            if task is None:
                return ""
            train = [i for i, split in enumerate(task.items["split"]) if split == "train"]
            if not train:
                return f"no document of train has gold for task {task.name}"
            items, gold = task.items.take(train), task.gold.bare.take(train)
            model = model_of(self.spec)
            ask(model, self.spec, items.without("split"), gold, items.take([]), task=task.name, seed=SEED)
            self._learned.append(_Learned(task, layer, model))
        except HarnessError as error:
            return str(error)
        return ""

    def lines(self, document: Document, schema: Schema) -> list[dict[str, Any]]:
        """What the model proposes for a document: lines that could be saved as they are, each with a score or None.

        Nothing for a test document: whoever calls refuses those.
        """
        found: list[dict[str, Any]] = []
        if document.split == "test":
            return found
        for one in self._learned:
            items, pairs = _items([document], one.layer)
            answers = self._answers(one, items)
            for i, pair in enumerate(pairs):
                found += _lines(one, answers, i, dict(zip(one.layer.of, pair[1], strict=True)), document)
        scores = [line.pop("score") for line in found]
        found = [{**line, "suggested_by": str(self.spec)} for line in found]
        bad = _unfit(found, document, schema)
        both = enumerate(zip(found, scores, strict=True))
        return [{**line, "score": score} for i, (line, score) in both if i not in bad]

    def _answers(self, one: _Learned, items: Items) -> Annotations:
        with self._asking:
            return one.model.predict(items)

    def _uncertainty(self, corpus: Corpus) -> dict[str, float]:
        """Document -> how unsure the model is of its labels, 0 to 1, mean over what it is asked; none for test."""
        import numpy as np

        doubts: dict[str, list[float]] = {}
        documents = [document for document in corpus if document.split != "test"]
        for one in self._learned:
            items, pairs = _items(documents, one.layer)
            answers = self._answers(one, items) if pairs else None
            if answers is None or answers.scores is None:
                continue
            scores = answers.scores
            doubt = 1 - (scores.max(axis=1) if answers.kind == "label" else np.abs(2 * scores - 1).mean(axis=1))
            for (document, _), value in zip(pairs, doubt, strict=True):
                doubts.setdefault(document.id, []).append(float(value))
        return {name: sum(values) / len(values) for name, values in doubts.items()}


def spec_of(text: str) -> Spec:
    """The model that `--suggest` names: a spec, or the path of a file of predictions."""
    from harness.registry import parse

    path = Path(text)
    if path.is_dir():
        raise AskedWrongly(f"{text} is a folder. Name a file in it: RUN/TASK/MODEL/predictions.jsonl.")
    return Spec("predictions", {"path": text}) if path.is_file() else parse(text)


def _tasks(corpus: Corpus, layer: Layer) -> list[Task]:
    """The tasks that a corpus declares of a layer; where it declares none, the layer by its own kind."""
    declared = {name: table for name, table in corpus.schema.tasks.items() if table["layer"] == layer.name}
    made = []
    for name, table in (declared or {layer.name: {"layer": layer.name}}).items():
        settings = {key: value for key, value in table.items() if key not in ("use", "metrics")}
        made.append(make("tasks", Spec(str(table.get("use", layer.kind)), settings), corpus, name))
    return made


def _items(documents: Sequence[Document], layer: Layer) -> tuple[Items, list[tuple[Document, tuple[str, ...]]]]:
    """What a model is asked of documents, and of each item its document and what it is about."""
    if not layer.of:
        return document_items(documents).without("split"), [(document, ()) for document in documents]
    asked = [(document, pair) for document in documents for pair in document.pairs.get(layer.name, ())]
    return facet_items(asked, layer.of).without("split"), asked


def _lines(one: _Learned, answers: Annotations, i: int, about: Mapping[str, Any], document: Document) -> list[Any]:
    """The lines of a layer that an answer makes."""
    if answers.status[i] != ANSWERED:
        return []
    answer, name = answers.answer(i), one.layer.name
    if answers.kind == "spans":
        spans = [(start, end, label) for start, end, label in answer if label in one.layer.labels]
        text = document.text
        return [
            {"layer": name, "start": s, "end": e, "label": label, "text": text[s:e], "score": None}
            for s, e, label in spans
        ]
    where, refine = one.task.settings.get("where", {}), str(one.task.settings.get("refine", ""))
    fixed = {key: value for key, value in where.items() if isinstance(value, str | bool)}
    lines = []
    for chosen in [answer] if answers.kind == "label" else answer:
        label, _, sub = chosen.partition("/") if refine else (chosen, "", "")
        score = None if answers.scores is None else float(answers.scores[i, answers.labels.index(chosen)])
        more = {refine: sub} if sub else {}
        lines.append({"layer": name, **about, **fixed, "label": label, **more, "score": score})
    return lines


def _unfit(lines: Sequence[dict[str, Any]], document: Document, schema: Schema) -> set[int]:
    """Positions of lines that could not be saved: a span that cuts a character, evidence that is missing."""
    bad: set[int] = set()
    for i, line in enumerate(lines):
        check_line(
            line,
            schema.layers[line["layer"]],
            document.text,
            document.names,
            lambda *_, i=i: bad.add(i),
        )
    rows = [(i, line) for i, line in enumerate(lines) if i not in bad]
    file = AnnotationFile("", "", "", dict.fromkeys(schema.layers, "open"), rows)
    problems = problems_of_file(file, replace(document, gold={}), schema)
    return bad | {problem.line for problem in problems}
