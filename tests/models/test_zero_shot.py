"""Zero-shot, held against the pipeline of the transformers library on a tiny model of random weights."""

import sys
from pathlib import Path

import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly, NotInstalled, UnknownName
from harness.parts import Model
from harness.registry import make, parse

pytest.importorskip("torch", reason="needs torch: pip install text-harness[transformer]")
pytest.importorskip("transformers", reason="needs transformers: pip install text-harness[transformer]")
from tiny_encoder import write_encoder, write_inference

TEXTS = ["banjir besar di kota", "harga naik di pasar", "Kata Ana 👩‍👩‍👧", "e\u0301 malam"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inference")
    write_inference(folder)
    return folder


def made(folder: Path, kind: str, more: str = "", labels: tuple[str, ...] = LABELS) -> Model:
    model = make("models", parse(f"zero_shot(name='{folder}'{more})"))
    model.fit(items_of([]), Annotations.of(kind, [], labels, []), seed=1)
    return model


@pytest.mark.parametrize("kind", ["label", "labels"])
def test_it_says_what_the_pipeline_of_transformers_says(folder: Path, kind: str) -> None:
    from transformers import pipeline

    words = {"A": "a flood", "B": "prices", "C": "c", "D": "d"}
    said = made(folder, kind, ", names={'A': 'a flood', 'B': 'prices'}").predict(items_of(TEXTS))
    peer = pipeline("zero-shot-classification", model=str(folder), device="cpu")
    for text, row, answer in zip(TEXTS, said.scores, said.answers(), strict=True):
        told = peer(text, [*words.values()], hypothesis_template="This text is about {}.", multi_label=kind == "labels")
        scores = dict(zip(told["labels"], told["scores"], strict=True))
        assert np.allclose(row, [scores[words[label]] for label in LABELS], atol=1e-5)
        if kind == "label":
            assert words[answer] == told["labels"][0]
        else:
            assert {words[label] for label in answer} == {word for word, score in scores.items() if score >= 0.5}


def test_which_class_is_entailment_is_told_by_its_name(folder: Path, tmp_path: Path) -> None:
    write_inference(tmp_path, ("ENTAILMENT", "NEUTRAL", "CONTRADICTION"))
    turned = tmp_path / "turned"
    write_inference(turned, ("CONTRADICTION", "NEUTRAL", "ENTAILMENT"))
    one, two = (made(path, "labels").predict(items_of(TEXTS)) for path in (tmp_path, turned))
    assert np.allclose(one.scores, two.scores)


def test_a_hypothesis_names_facets(folder: Path) -> None:
    asked = items_of(TEXTS[:2], holder=["Ana", "{x}"], target=["harga", "kota"])
    names = "{'A': '{holder} supports {target}', 'B': '{holder} opposes {target}', 'C': 'none', 'D': 'none'}"
    model = made(folder, "label", f", hypothesis='{{label}}.', names={names}")
    assert model._hypotheses(asked, "B") == ["Ana opposes harga.", "{x} opposes kota."]
    scores = model.predict(asked).scores
    assert np.allclose(scores[:, 2], scores[:, 3])  # the same words
    with pytest.raises(UnknownName, match='"holder"'):
        model.predict(items_of(TEXTS))


def test_a_long_text_is_read_in_windows_and_none_is_no_error(folder: Path) -> None:
    model = made(folder, "label")
    long = items_of(["banjir besar di kota " * 500])
    assert len(model.encoder.windows(long["text"], ["This text is about a."])) > 3
    assert model.predict(long).flaw(long) == ""
    assert model.predict(items_of([])).answers() == []


def test_a_model_that_is_not_of_inference_is_refused(tmp_path: Path) -> None:
    write_encoder(tmp_path)
    with pytest.raises(AskedWrongly, match="is no model of inference: it tells apart label_0, label_1"):
        made(tmp_path, "label")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", hypothesis='About it.'", "names no label"),
        (", hypothesis='{label} {'", "cannot be read"),
        (", names={'E': 'x'}", 'unknown label in names of zero_shot "E"'),
    ],
)
def test_what_cannot_be_asked_is_refused(folder: Path, more: str, said: str) -> None:
    with pytest.raises(AskedWrongly, match=said):
        made(folder, "label", more)


def test_without_its_library_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(NotInstalled, match=r"text-harness\[transformer\]"):
        made(folder, "label")
