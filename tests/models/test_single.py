"""What is special to one model."""

import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import UnknownName
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


def test_a_blind_tfidf_sees_its_facet_alone() -> None:
    texts, targets = ["banjir", "harga"] * 5, ["bendungan", "tambang"] * 5
    model = fit("tfidf(see='target')", texts, ["A", "B"] * 5, target=targets)
    asked = items_of(["harga", "banjir"], target=["bendungan", "tambang"])
    assert model.predict(asked).answers() == ["A", "B"]
    model = fit("tfidf(see='text')", texts, ["A", "B"] * 5, target=targets)
    assert model.predict(asked).answers() == ["B", "A"]


def test_tfidf_asked_to_see_what_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match='Did you mean "target"'):
        fit("tfidf(see='targets')", ["x"], ["A"], target=["y"])


def test_gazetteer_finds_whole_known_names_the_longest_first() -> None:
    gold = [[(0, 9, "A")], [(0, 4, "B")]]
    model = fit("gazetteer", ["Kota Baru", "Kota"], gold, "spans")
    assert model.predict(items_of(["di Kota Baru, Kotanya, Kota"])).answers() == [[(3, 12, "A"), (23, 27, "B")]]


def test_crf_learns_a_name_from_its_shape_and_neighbours() -> None:
    texts = [f"Kata {name} tadi malam." for name in ("Ana", "Budi", "Citra", "Dewi")] * 3
    gold = [[(5, text.index(" tadi"), "A")] for text in texts]
    assert fit("crf", texts, gold, "spans").predict(items_of(["Kata Eka tadi malam."])).answers() == [[(5, 8, "A")]]
