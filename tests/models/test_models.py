"""Contracts that every model in the open folder keeps."""

import random

import pytest
from answers import LABELS

from harness.annotations import Annotations
from harness.records import ANSWERED, Items
from harness.registry import Spec, make, module_of, names

KINDS = ("label", "labels", "spans")
WORDS = ("pasar", "banjir", "Menteri", "Ana", "Kota", "naik", "13", "tidak", "é", "👩‍👩‍👧", "สวัสดี", "(x)", "…")
CASES = [
    (name, kind)
    for name in names("models")
    if name != "predictions"  # has a file instead of an opinion: tests/models/test_predictions.py
    for kind in getattr(module_of("models", name), "KINDS", KINDS)
]


def some_items(n: int, seed: int) -> Items:
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 15))) for _ in range(n)]
    ids = [f"g{i}/d" for i in range(n)]
    return Items(
        {
            "item": ids,
            "document": ids,
            "group": [f"g{i}" for i in range(n)],
            "split": ["train"] * n,
            "language": ["id"] * n,
            "text": texts,
            "target": [draw.choice(["kenaikan pasar", "Kota Ana"]) for _ in range(n)],
        }
    )


def some_gold(items: Items, kind: str) -> Annotations:
    if kind == "spans":
        spans = []
        for text in items["text"]:
            at = text.find("Ana")
            spans.append([(at, at + 3, "A")] if at >= 0 else [])
        return Annotations.of_spans(items["item"], LABELS, spans)
    words = ("pasar", "banjir", "Menteri")
    sets = [[label for label, word in zip(LABELS, words, strict=False) if word in text] for text in items["text"]]
    if kind == "labels":
        return Annotations.of_labels(items["item"], LABELS, sets)
    return Annotations.of_label(items["item"], LABELS, [(labels or ["D"])[0] for labels in sets])


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def case(request: pytest.FixtureRequest):
    name, kind = request.param
    items = some_items(40, 1)
    return lambda: make("models", Spec(name)), items, some_gold(items, kind)


def test_it_answers_every_item_once_in_order_with_declared_labels(case) -> None:
    new, items, gold = case
    model = new()
    model.fit(items, gold, seed=13)
    asked = some_items(9, 2)
    said = model.predict(asked)
    assert said.kind == gold.kind
    assert said.labels == gold.labels
    assert list(said.item) == list(asked["item"])
    assert (said.status == ANSWERED).all()
    assert (said.codes >= 0).all()
    if said.scores is not None:
        assert said.scores.shape == (9, len(LABELS))
        assert ((said.scores >= 0) & (said.scores <= 1)).all()


def test_the_same_seed_gives_the_same_answers(case) -> None:
    new, items, gold = case
    said = []
    for model in (new(), new()):
        model.fit(items, gold, seed=13)
        said.append(model.predict(some_items(9, 2)).answers())
    assert said[0] == said[1]


def test_fitting_again_forgets_what_was_learned(case) -> None:
    new, items, gold = case
    model = new()
    model.fit(items.take(range(5)), gold.take(range(5)), seed=13)
    model.fit(items, gold, seed=13)
    fresh = new()
    fresh.fit(items, gold, seed=13)
    assert model.predict(items).answers() == fresh.predict(items).answers()


def test_the_order_of_the_asked_items_does_not_matter(case) -> None:
    new, items, gold = case
    model = new()
    model.fit(items, gold, seed=13)
    asked = some_items(9, 2)
    turned = list(reversed(range(9)))
    assert model.predict(asked.take(turned)).answers() == model.predict(asked).take(turned).answers()


def test_none_one_and_a_very_long_item_are_answered(case) -> None:
    new, items, gold = case
    model = new()
    model.fit(items, gold, seed=13)
    assert len(model.predict(items.take([]))) == 0
    assert len(model.predict(items.take([0]))) == 1
    long = Items({**some_items(1, 3).columns, "text": ["Ana naik pasar 👩‍👩‍👧. " * 500]})
    for answer in model.predict(long).answers():
        if gold.kind == "spans":
            assert all(0 <= start < end <= len(long["text"][0]) for start, end, _ in answer)


def test_training_texts_without_a_word_and_a_gold_of_one_label_are_no_error(case) -> None:
    new, items, gold = case
    empty = Items({**items.columns, "text": ["…"] * len(items), "target": ["…"] * len(items)})
    model = new()
    spans = Annotations.of_spans(items["item"], LABELS, [[]] * len(items))
    model.fit(empty, spans if gold.kind == "spans" else gold, seed=1)
    model.predict(items)
    same = {"label": ["A"] * 40, "labels": [["A"]] * 40, "spans": [[(0, 1, "A")]] * 40}[gold.kind]
    makes = {"label": Annotations.of_label, "labels": Annotations.of_labels, "spans": Annotations.of_spans}
    model = new()
    model.fit(items, makes[gold.kind](items["item"], LABELS, same), seed=1)
    said = model.predict(items)
    if gold.kind == "label":
        assert set(said.answers()) == {"A"}


@pytest.mark.parametrize("name", [name for name, kind in CASES if kind == "spans"])
def test_emoji_and_combining_marks_keep_offsets(name: str) -> None:
    items = some_items(40, 1)
    model = make("models", Spec(name))
    text = "👩‍👩‍👧 é Ana 𝒳 tidak Ana"
    train = Items({**items.columns, "text": [text] * 40})
    at = [i for i in range(len(text)) if text.startswith("Ana", i)]
    spans = [[(i, i + 3, "A") for i in at]] * 40
    model.fit(train, Annotations.of_spans(items["item"], LABELS, spans), seed=1)
    [said] = model.predict(train.take([0])).answers()
    assert said or name == "majority"  # which finds nothing, anywhere
    assert all(text[start:end] == "Ana" for start, end, _ in said)
