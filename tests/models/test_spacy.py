"""A blank spaCy pipeline, trained, saved and loaded."""

import random
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly, NotInstalled
from harness.parts import Model
from harness.records import ANSWERED, INVALID, Items
from harness.registry import make, parse

pytest.importorskip("spacy", reason="needs spacy: pip install text-harness[spacy]")

NAMES = ("Ana", "Budi", "Citra", "Dewi")
TEXTS = [f"👩‍👩‍👧 e\u0301 𝒳 Kata {name} tadi malam." for name in NAMES] * 6
SPANS = [[(text.index(name), text.index(name) + len(name), "B")] for text, name in zip(TEXTS, NAMES * 6, strict=True)]


def fitted(texts: list[str], gold: list, kind: str = "label", more: str = "", language: str = "", **facets) -> Model:
    items = items_of(texts, **facets)
    items = Items({**items.columns, "language": [language] * len(texts)})
    model = make("models", parse(f"spacy({more})"))
    model.fit(items, Annotations.of(kind, items["item"], LABELS, gold), seed=13)
    return model


@pytest.fixture(scope="module")
def finder() -> Model:
    return fitted(TEXTS, SPANS, "spans")


@pytest.fixture(scope="module")
def reader() -> Model:
    return fitted(["banjir besar", "harga naik"] * 12, ["B", "C"] * 12)


@pytest.mark.parametrize("network", ["words", "both"])
def test_it_learns_words(network: str) -> None:
    model = fitted(["banjir besar", "harga naik"] * 12, ["B", "C"] * 12, more=f"network='{network}'")
    said = model.predict(items_of(["harga lagi naik", "besar, banjir"]))
    assert said.answers() == ["C", "B"]
    assert np.allclose(said.scores.sum(axis=1), 1)


def test_it_learns_sets_of_labels() -> None:
    texts = ["banjir besar", "harga naik", "banjir harga", "malam"] * 8
    model = fitted(texts, [["A"], ["B"], ["A", "B"], []] * 8, "labels")
    assert model.predict(items_of(texts[:4])).answers() == [["A"], ["B"], ["A", "B"], []]


def test_a_facet_stands_before_the_text() -> None:
    model = fitted(["kata"] * 24, ["A", "B"] * 12, target=["banjir besar", "harga naik"] * 12)
    asked = items_of(["kata"] * 2, target=["harga naik", "banjir besar"])
    assert model.predict(asked).answers() == ["B", "A"]


def test_spans_keep_their_offsets_after_emoji_combining_marks_and_facets(finder: Model) -> None:
    assert finder.predict(items_of(TEXTS[:4])).answers() == SPANS[:4]
    model = fitted(TEXTS, SPANS, "spans", target=["𝒳 Ana"] * len(TEXTS))
    assert model.predict(items_of(TEXTS[:4], target=["𝒳 Ana"] * 4)).answers() == SPANS[:4]


def test_a_gold_span_that_cuts_a_token_is_widened_and_white_space_left_out() -> None:
    texts = ["Kata Anastasia  \n tadi malam"] * 24
    model = fitted(texts, [[(7, 18, "A"), (5, 9, "B"), (15, 17, "C")]] * 24, "spans")
    assert model.predict(items_of(texts[:1])).answers() == [[(5, 14, "A")]]


@pytest.mark.parametrize(
    ("given", "language", "due"),
    [("", "id", "id"), ("", "es-MX", "es"), ("", "", "xx"), ("", "zz", "xx"), ("en", "id", "en")],
)
def test_the_tokenizer_is_that_of_the_items_language(given: str, language: str, due: str) -> None:
    more = f"epochs=1, network='words', language='{given}'"
    assert fitted(["x", "y"], ["A", "B"], more=more, language=language).nlp.lang == due


def test_the_same_seed_gives_the_same_answers_and_draws_nothing_from_others() -> None:
    asked = items_of(["harga banjir", "naik besar"])
    random.seed(3)
    due = random.random()
    random.seed(3)
    texts, gold = ["banjir besar", "harga naik"] * 6, ["A", "B"] * 6
    one, two = (fitted(texts, gold, more="epochs=2").predict(asked).scores for _ in range(2))
    assert np.array_equal(one, two)
    assert random.random() == due


def test_the_labels_of_a_loaded_pipeline_are_taken_by_name(reader: Model, tmp_path: Path) -> None:
    reader.nlp.to_disk(tmp_path)
    asked = items_of(["harga naik", "banjir besar"])
    model = make("models", parse(f"spacy(path='{tmp_path}', names={{'C': 'price'}})"))
    model.fit(asked.take([]), Annotations.of_label([], ("price", "A"), []), seed=1)
    said = model.predict(asked)
    assert said.status.tolist() == [ANSWERED, INVALID]
    assert said.answers() == ["price", None]
    assert said.scores[0, 0] == reader.predict(asked).scores[0, 2]
    with pytest.raises(AskedWrongly, match="knows none of the labels asked for"):
        model.fit(asked.take([]), Annotations.of_label([], ("X", "Y"), []), seed=1)
    with pytest.raises(AskedWrongly, match="has textcat; to answer with spans it needs ner"):
        model.fit(asked.take([]), Annotations.of_spans([], ("A",), []), seed=1)


def test_a_loaded_name_of_an_unknown_label_is_a_false_positive(finder: Model, tmp_path: Path) -> None:
    finder.nlp.to_disk(tmp_path)
    model = make("models", parse(f"spacy(path='{tmp_path}')"))
    model.fit(items_of([]), Annotations.of_spans([], ("A",), []), seed=1)
    start, end, _ = SPANS[0][0]
    assert model.predict(items_of(TEXTS[:1])).answers() == [[(start, end, "?")]]
    before = model.identity
    (tmp_path / "config.cfg").write_text("", encoding="utf-8")
    assert before and model.identity != before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("epochs=0", "epochs and batch of at least 1"),
        ("path='nowhere'", "nowhere is no folder with a saved pipeline"),
        ("language='zz'", 'language "zz" cannot be had'),
    ],
)
def test_what_cannot_be_asked_is_refused(more: str, said: str) -> None:
    with pytest.raises(AskedWrongly, match=said):
        fitted(["x"], ["A"], more=more)


def test_without_spacy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(NotInstalled, match=r"spacy is not installed.*text-harness\[spacy\]"):
        make("models", parse("spacy"))


def test_a_tokenizer_that_is_installed_later_is_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """For without SudachiPy Japanese is read by the tokenizer of no language."""
    before = make("models", parse("spacy")).identity
    monkeypatch.setattr("harness.models._saved.version", lambda name: "1.0")
    assert make("models", parse("spacy")).identity != before


@pytest.mark.parametrize("kind", ["label", "labels"])
def test_scores_of_labels_that_are_called_alike_are_joined(kind: str) -> None:
    class Doc:
        cats: ClassVar = {"x": 0.35, "y": 0.4, "z": 0.25}

    model = make("models", parse("spacy(names={'x': 'A', 'y': 'B', 'z': 'A'})"))
    model.kind, model.labels, model.nlp = kind, LABELS, SimpleNamespace(pipe=lambda texts, batch_size: [Doc()])
    said = model.predict(items_of(["text"]))
    assert said.answers() == ["A" if kind == "label" else []]
    assert np.allclose(said.scores, [[0.6 if kind == "label" else 0.35, 0.4, 0, 0]])
