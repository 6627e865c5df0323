"""Prompts filled with items, and the examples they show."""

from answers import LABELS, items_of
from hypothesis import given
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.asking.prompts import built_in, facets_of, fill, filler, refuse_unfit, shown
from harness.records import Items


def train(n: int) -> tuple[Items, Annotations]:
    items = items_of([f"text {i}" for i in range(n)])
    return items, Annotations.of_label(items["item"], LABELS, ["A" if i % 10 else "D" for i in range(n)])


def test_every_prompt_of_ours_can_be_filled_and_shows_the_text() -> None:
    for facets in ([], ["target"], ["holder", "target"]):
        items = items_of(["the text"], **{name: [f"the {name}"] for name in facets})
        for kind in ("label", "labels", "spans"):
            prompt = built_in(kind, facets)
            refuse_unfit(prompt, kind, facets, 1)
            words = filler(prompt, ("X", "Y"), "the examples")(items, 0)
            assert all(part in words for part in ("the text", "X, Y", "the examples", "JSON", *items_of_facets(items)))


def items_of_facets(items: Items) -> list[str]:
    return [items[name][0] for name in facets_of(items)]


@given(st.text())
def test_a_text_is_shown_as_it_is(text: str) -> None:
    assert fill('<{text}> {"label": {labels}}', {"text": text, "labels": "L"}) == f'<{text}> {{"label": L}}'


def test_examples_are_balanced_drawn_by_the_seed_and_not_by_the_order_of_the_items() -> None:
    items, gold = train(100)
    four = shown(items, gold, 4, 13)
    assert four.count('"A"') == four.count('"D"') == 2
    assert four.count('"B"') == 0
    assert shown(items, gold, 4, 14) != four
    turned = list(reversed(range(100)))
    assert shown(items.take(turned), gold.take(turned), 4, 13) == four


def test_an_example_is_shown_once_and_there_are_no_more_than_items() -> None:
    items, _ = train(3)
    sets = Annotations.of_labels(items["item"], LABELS, [["A", "B"], ["A", "B", "C"], []])
    words = shown(items, sets, 10, 1)
    assert [words.count(f"text {i}\n") for i in range(3)] == [1, 1, 1]
    assert shown(items, sets, 0, 1) == ""


def test_an_item_without_gold_is_no_example() -> None:
    items, _ = train(2)
    gold = Annotations.of_label(items["item"], LABELS, [None, "A"])
    assert "text 0" not in shown(items, gold, 4, 1)


def test_spans_are_shown_as_they_are_asked_for() -> None:
    items = items_of(["Ana met Ana"])
    gold = Annotations.of_spans(items["item"], LABELS, [[(0, 3, "A"), (8, 11, "B")]])
    assert '{"spans":[{"text":"Ana","label":"A"},{"text":"Ana","label":"B"}]}' in shown(items, gold, 1, 1)
