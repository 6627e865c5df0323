"""What a blind model is handed, and that nothing else comes through."""

import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import UnknownName
from harness.models.blind import FUNCTION_WORDS, blind
from harness.records import ITEM_COLUMNS, Items
from harness.registry import make, parse

TEXTS = ["Warga menolak bendungan itu. Mereka tidak mau pindah.", 'He said "No." The dam will not stay.', "Sí.\nY no."]


class Spy:
    """A model that keeps what it was handed."""

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.learned, self.gold = items, gold

    def predict(self, items: Items) -> Annotations:
        self.asked = items
        return Annotations.of_label(items["item"], self.gold.labels, ["A"] * len(items))


def handed(see: str, texts: list[str] = TEXTS) -> Items:
    spy = Spy()
    n = len(texts)
    items = items_of(texts, target=["bendungan", "dam", "presa"][:n] * (n // 3), holder=["warga"] * n)
    gold = Annotations.of_label(items["item"], LABELS, ["A"] * n)
    model = blind(see=see, model=spy)
    model.fit(items, gold, seed=13)
    assert list(model.predict(items).item) == list(items["item"])
    assert dict(spy.learned.columns) == dict(spy.asked.columns)
    return spy.asked


@pytest.mark.parametrize(
    ("see", "shown"),
    [
        ("text", TEXTS),
        ("target", ["bendungan", "dam", "presa"]),
        ("holder", ["warga"] * 3),
        ("function-words", ["itu mereka tidak", "he no the will not", "sí y no"]),
        ("first-sentence", ["Warga menolak bendungan itu.", 'He said "No.', "Sí."]),
    ],
)
def test_the_model_inside_is_handed_the_cue_as_text(see: str, shown: list[str]) -> None:
    assert list(handed(see)["text"]) == shown


def test_length_is_told_in_tenths_of_the_training_texts() -> None:
    shown = handed("length", ["x" * n for n in range(1, 31)])["text"]
    assert list(shown) == [f"tenth{i // 3}" for i in range(30)]


@pytest.mark.parametrize("see", ["text", "target", "length", "function-words", "first-sentence"])
def test_nothing_else_comes_through(see: str) -> None:
    inside = handed(see)
    assert set(inside.columns) <= set(ITEM_COLUMNS)
    assert set(inside["language"]) == {""}
    names = [value for name in ("item", "document", "group") for value in inside[name]]
    assert all(len(name) == 16 and set(name) <= set("0123456789abcdef") for name in names)


def test_items_of_one_group_stay_of_one_group() -> None:
    items = items_of(["a", "b", "c"])
    items = Items({**items.columns, "group": ["g", "h", "g"]})
    spy = Spy()
    blind(model=spy).fit(items, Annotations.of_label(items["item"], LABELS, ["A"] * 3), seed=1)
    first, second, third = spy.learned["group"]
    assert first == third != second


def test_it_learns_the_cue_and_not_what_it_cannot_see() -> None:
    texts, targets = ["banjir", "harga"] * 5, ["bendungan", "tambang"] * 5
    items = items_of(texts, target=targets)
    gold = Annotations.of_label(items["item"], LABELS, ["A", "B"] * 5)
    asked = items_of(["harga", "banjir"], target=["bendungan", "tambang"])
    for see, said in (("target", ["A", "B"]), ("text", ["B", "A"])):
        model = make("models", parse(f"blind(see='{see}')"))
        model.fit(items, gold, seed=13)
        assert model.predict(asked).answers() == said


def test_asked_to_see_what_is_not_there_it_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match='Did you mean "target"'):
        handed("targets")


def test_each_language_has_its_function_words() -> None:
    assert {"yang", "tidak", "the", "not", "que", "según"} <= FUNCTION_WORDS


def test_it_tells_what_the_model_inside_spent_and_that_it_is_unfinished() -> None:
    spy = Spy()
    model = blind(model=spy)
    assert (model.spent, model.unfinished) == ({}, False)
    spy.spent, spy.unfinished = {"requests": 2.0}, True
    assert (model.spent, model.unfinished) == ({"requests": 2.0}, True)
