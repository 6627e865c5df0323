"""Random answers for tests: gold and predicted of each kind, with every status."""

import random
from dataclasses import replace

import numpy as np

from harness.annotations import Annotations
from harness.records import STATUSES, Items

LABELS = ("A", "B", "C", "D")


def some_answers(kind: str, n: int, seed: int, *, gold: bool = False, labels: tuple[str, ...] = LABELS) -> Annotations:
    """n random answers of a kind; the gold is always answered."""
    draw = random.Random(seed)
    item = [f"g/{i}" for i in range(n)]
    weights = [6, 1, 1, 1, 1, 1]
    status = [0 if gold else draw.choices(range(len(STATUSES)), weights)[0] for _ in range(n)]
    if kind == "label":
        answers = [draw.choice(labels) for _ in item]
        scores = some_scores(draw, labels, answers, sure=gold)
        return Annotations.of_label(item, labels, answers, status=status, scores=scores)
    if kind == "labels":
        sets = [[label for label in labels if draw.random() < 0.4] for _ in item]
        return Annotations.of_labels(item, labels, sets, status=status)
    spans = [some_spans(draw, labels) for _ in item]
    return Annotations.of_spans(item, labels, spans, status=status)


def some_scores(draw: random.Random, labels: tuple[str, ...], answers: list[str], *, sure: bool) -> np.ndarray:
    """Probabilities (n_items, n_labels) of which the answer has the highest, or all of it where `sure`."""
    said = np.array([[label == answer for label in labels] for answer in answers], float).reshape(-1, len(labels))
    if not sure:
        said += [[draw.random() for _ in labels] for _ in answers]
    return (said / said.sum(axis=1, keepdims=True)).astype(np.float32)


def some_spans(draw: random.Random, labels: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Flat spans over a text of 12 places, without overlap."""
    spans, at = [], 0
    while at < 12:
        end = at + draw.randint(1, 3)
        if draw.random() < 0.5:
            spans.append((at, min(end, 12), draw.choice(labels)))
        at = end
    return spans


WORDS = [(0, 2, "word"), (3, 5, "word"), (6, 8, "word"), (9, 12, "word")]


def some_gold(kind: str, n: int, seed: int, labels: tuple[str, ...] = LABELS) -> Annotations:
    """A random gold with all that a metric may look for: target, contrasts of neighbours, background, evidence."""
    gold, draw = some_answers(kind, n, seed, gold=True, labels=labels), random.Random(seed)
    item = gold.item
    marks = {
        "target": [("x", "y", "z")[i % 3] for i in range(n)],
        "pair": [[f"minimal_pair g/{i // 2}"] if i % 8 < 6 else [] for i in range(n)],
    }
    background = [{label for label in labels if draw.random() < 0.3} for _ in item]
    evidence = [draw.sample([(0, 2, "evidence"), (1, 5, "evidence"), (6, 12, "evidence")], i % 4) for i in range(n)]
    besides = {
        "background": Annotations.of_labels(item, labels, background),
        "evidence": Annotations.of_spans(item, ("evidence",), evidence),
        "words": Annotations.of_spans(item, ("word",), [WORDS] * n),
    }
    return replace(gold, marks=marks, besides=besides)


def some_predictions(kind: str, n: int, seed: int, labels: tuple[str, ...] = LABELS) -> Annotations:
    """Random answers of every status, with evidence."""
    said, draw = some_answers(kind, n, seed, labels=labels), random.Random(seed)
    evidence = [[(a, b, "evidence") for a, b, _ in some_spans(draw, labels)] for _ in said.item]
    return replace(said, besides={"evidence": Annotations.of_spans(said.item, ("evidence",), evidence)})


def items_of(texts: list[str], **facets: list[str]) -> Items:
    """Items with these texts, each a document and a group of its own."""
    ids = [f"g{i}/d" for i in range(len(texts))]
    shared = {"group": [f"g{i}" for i in range(len(texts))], "split": [""] * len(texts), "language": [""] * len(texts)}
    return Items({"item": ids, "document": ids, **shared, "text": texts, **facets})
