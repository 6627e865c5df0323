"""What is special to one model."""

import random

import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.registry import make, parse


def fit(spec: str, texts: list[str], gold: list, kind: str = "label", **facets: list[str]):
    items = items_of(texts, **facets)
    makes = {"label": Annotations.of_label, "labels": Annotations.of_labels, "spans": Annotations.of_spans}
    model = make("models", parse(spec))
    model.fit(items, makes[kind](items["item"], LABELS, gold), seed=13)
    return model


def test_majority_takes_the_most_frequent_label_and_the_first_declared_among_equals() -> None:
    assert fit("majority", ["x"] * 3, ["B", "B", "A"]).predict(items_of(["y"])).answers() == ["B"]
    assert fit("majority", ["x"] * 2, ["B", "A"]).predict(items_of(["y"])).answers() == ["A"]


def test_tfidf_learns_words() -> None:
    model = fit("tfidf", ["banjir besar", "harga naik"] * 5, ["A", "B"] * 5)
    assert model.predict(items_of(["banjir lagi", "harga turun"])).answers() == ["A", "B"]


def test_tfidf_sees_a_facet_and_the_sentences_that_mention_it() -> None:
    text = "Warga menolak bendungan. Warga memuji tambang."
    model = fit("tfidf", [text] * 10, ["A", "B"] * 5, target=["bendungan", "tambang"] * 5)
    assert model.predict(items_of([text] * 2, target=["tambang", "bendungan"])).answers() == ["B", "A"]


def test_tfidf_answers_each_label_of_a_set_about_as_often_as_training_has_it() -> None:
    """Rare labels and many words: at a cut of one half most would be missed."""
    words = {"A": "banjir", "B": "harga", "C": "sidang"}
    sets = [["A"], ["B"], ["C"], ["A", "B"], ["C"], []] * 20
    noise = random.Random(1)
    texts = [" ".join([words[x] for x in s] + [f"kata{noise.randint(0, 900)}" for _ in range(30)]) for s in sets]
    model = fit("tfidf(chars=0)", texts[:60], sets[:60], "labels")
    said = model.predict(items_of(texts[60:]))
    assert said.scores is not None
    for label in "ABC":
        found = sum(label in answer for answer in said.answers())
        assert 10 <= found <= 30, label  # 20 have it
    assert all("D" not in answer for answer in said.answers())  # which training never has


def test_tfidf_cuts_do_not_depend_on_the_order_of_training_documents() -> None:
    texts, sets = ["banjir besar", "harga naik", "sidang lagi"] * 4, [["A"], ["A", "B"], ["C"]] * 4
    items = items_of(texts)
    gold = Annotations.of_labels(items["item"], LABELS, sets)
    cuts = []
    for order in (list(range(12)), list(reversed(range(12)))):
        model = make("models", parse("tfidf"))
        model.fit(items.take(order), gold.take(order), seed=13)
        cuts.append(model.cuts)
    assert cuts[0] == pytest.approx(cuts[1], abs=1e-3)


def test_gazetteer_finds_whole_known_names_the_longest_first() -> None:
    gold = [[(0, 9, "A")], [(0, 4, "B")]]
    model = fit("gazetteer", ["Kota Baru", "Kota"], gold, "spans")
    assert model.predict(items_of(["di Kota Baru, Kotanya, Kota"])).answers() == [[(3, 12, "A"), (23, 27, "B")]]


def test_crf_learns_a_name_from_its_shape_and_neighbours() -> None:
    texts = [f"Kata {name} tadi malam." for name in ("Ana", "Budi", "Citra", "Dewi")] * 3
    gold = [[(5, text.index(" tadi"), "A")] for text in texts]
    assert fit("crf", texts, gold, "spans").predict(items_of(["Kata Eka tadi malam."])).answers() == [[(5, 8, "A")]]
