"""Random answers for tests: gold and predicted of each kind, with every status."""

import random

import numpy as np

from harness.records import STATUSES, Annotations, Items

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


def items_of(texts: list[str], **facets: list[str]) -> Items:
    """Items with these texts, each a document and a group of its own."""
    ids = [f"g{i}/d" for i in range(len(texts))]
    shared = {"group": [f"g{i}" for i in range(len(texts))], "split": [""] * len(texts), "language": [""] * len(texts)}
    return Items({"item": ids, "document": ids, **shared, "text": texts, **facets})
