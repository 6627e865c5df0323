"""A tiny transformer of random weights, fine-tuned, saved and loaded."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly, NotInstalled
from harness.parts import Model
from harness.records import ANSWERED, INVALID, Items
from harness.registry import make, parse

pytest.importorskip("torch", reason="needs torch: pip install text-harness[transformer]")
pytest.importorskip("transformers", reason="needs transformers: pip install text-harness[transformer]")
from tiny_encoder import write_encoder

QUICK = "epochs=25, lr=0.002, batch=8, window=64, stride=16"
NAMES = ("Ana", "Budi", "Citra", "Dewi", "Eka")
TEXTS = [f"👩‍👩‍👧 e\u0301 𝒳 Kata {name} tadi malam di rumah ({name})." for name in NAMES] * 6
SPANS = [
    [(at, at + len(name), label) for label, at in (("A", text.index(name)), ("B", text.rindex(name)))]
    for text, name in zip(TEXTS, NAMES * 6, strict=True)
]


def joined(texts: list[str], spans: list) -> tuple[str, list]:
    """Texts as one, with their spans where they then stand."""
    found, base = [], 0
    for text, own in zip(texts, spans, strict=True):
        found += [(base + start, base + end, label) for start, end, label in own]
        base += len(text) + 1
    return " ".join(texts), found


LONG = [joined(TEXTS[k : k + 10], SPANS[k : k + 10]) for k in range(12)]  # of several windows each


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    write_encoder(folder, TEXTS)
    return folder


def fitted(folder: Path, texts: list[str], gold: list, kind: str = "label", more: str = QUICK, **facets) -> Model:
    items = items_of(texts, **facets)
    model = make("models", parse(f"transformer(name='{folder}', {more})"))
    model.fit(items, Annotations.of(kind, items["item"], LABELS, gold), seed=13)
    return model


@pytest.fixture(scope="module")
def finder(folder: Path) -> Model:
    """One that has learned to find names."""
    texts, spans = zip(*LONG, strict=True)
    return fitted(folder, [*TEXTS, *texts], [*SPANS, *spans], "spans")


@pytest.fixture(scope="module")
def reader(folder: Path) -> Model:
    """One that has learned to sort texts."""
    return fitted(folder, ["banjir besar", "harga naik"] * 12, ["B", "C"] * 12)


def saved(model: Model, source: Path, folder: Path, **changes) -> Path:
    """The fitted network in a folder, its configuration changed."""
    model.encoder.network.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    return folder


def test_it_learns_words(reader: Model) -> None:
    said = reader.predict(items_of(["harga lagi naik", "besar, banjir"]))
    assert said.answers() == ["C", "B"]
    assert said.scores is not None and np.allclose(said.scores.sum(axis=1), 1)


def test_it_learns_sets_of_labels(folder: Path) -> None:
    texts = ["banjir besar", "harga naik", "banjir, harga naik", "malam"] * 8
    model = fitted(folder, texts, [["A"], ["B"], ["A", "B"], []] * 8, "labels")
    assert model.predict(items_of(texts[:4])).answers() == [["A"], ["B"], ["A", "B"], []]


def test_a_facet_is_the_first_text_of_a_pair(folder: Path) -> None:
    model = fitted(folder, ["kata malam"] * 24, ["A", "B"] * 12, target=["banjir besar", "harga naik"] * 12)
    asked = items_of(["kata malam"] * 3, target=["harga naik", "banjir besar", "harga naik " * 500])
    assert model.predict(asked).answers() == ["B", "A", "B"]


def test_spans_keep_their_offsets_after_emoji_and_combining_marks(finder: Model) -> None:
    assert finder.predict(items_of(TEXTS[:5])).answers() == SPANS[:5]


def test_a_token_in_several_windows_is_one_token(finder: Model) -> None:
    text, spans = LONG[0]
    whole = finder.encoder.tokenizer(text, add_special_tokens=False).encodings[0].offsets
    windows = finder.encoder.windows([text])
    assert len(windows) == 3
    for window in windows:
        assert window.places == whole[window.first : window.first + len(window.places)]
    [found] = finder.predict(items_of([text])).answers()
    assert found == spans


def test_a_gold_span_that_cuts_a_word_is_widened_and_the_longest_of_overlapping_ones_learned(folder: Path) -> None:
    texts = ["Kata Anastasia tadi malam"] * 24
    model = fitted(folder, texts, [[(5, 8, "A"), (6, 21, "B")]] * 24, "spans")
    assert model.predict(items_of(texts[:1])).answers() == [[(5, 25, "B")]]


def test_a_long_text_is_answered_by_the_mean_of_its_windows(reader: Model) -> None:
    long = items_of(["banjir besar " * 100])
    windows = reader.encoder.windows(long["text"])
    logits = np.mean(reader.encoder.logits(windows), axis=0)
    powers = np.exp(logits - logits.max())
    said = reader.predict(long)
    assert len(windows) > 3
    assert said.scores is not None and np.allclose(said.scores[0], powers / powers.sum(), atol=1e-6)


def test_the_same_seed_gives_the_same_answers_and_another_one_others(folder: Path) -> None:
    asked = items_of(["harga banjir", "naik besar"])
    few = "epochs=2, lr=0.001, batch=8"
    made = [fitted(folder, ["banjir besar", "harga naik"] * 8, ["A", "B"] * 8, more=few) for _ in range(2)]
    one, two = (model.predict(asked).scores for model in made)
    assert np.array_equal(one, two)
    items = items_of(["banjir besar", "harga naik"] * 8)
    made[0].fit(items, Annotations.of_label(items["item"], LABELS, ["A", "B"] * 8), seed=14)
    assert not np.array_equal(made[0].predict(asked).scores, two)


def test_torch_is_left_as_it_was(folder: Path) -> None:
    import torch

    torch.manual_seed(3)
    due = torch.rand(1)
    torch.manual_seed(3)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    fitted(folder, ["banjir", "harga"], ["A", "B"], more="epochs=1")
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
    assert torch.equal(torch.rand(1), due)


def test_the_labels_of_a_loaded_model_are_taken_by_name(reader: Model, folder: Path, tmp_path: Path) -> None:
    asked = items_of(["harga naik", "banjir besar"])
    path = saved(reader, folder, tmp_path / "saved")
    model = make("models", parse(f"transformer(name='{path}', train=False)"))
    turned = tuple(reversed(LABELS))
    model.fit(asked.take([]), Annotations.of_label([], turned, []), seed=1)
    said, due = model.predict(asked), reader.predict(asked)
    assert said.answers() == due.answers() == ["C", "B"]
    assert said.labels == turned
    assert np.allclose(said.scores, due.scores[:, ::-1])


def test_a_label_of_a_loaded_model_that_is_not_declared_is_invalid(reader: Model, folder: Path, tmp_path: Path) -> None:
    asked = items_of(["harga naik", "banjir besar"])
    path = saved(reader, folder, tmp_path / "saved", id2label={"0": "A", "1": "FLOOD", "2": "PRICE", "3": "D"})
    model = make("models", parse(f"transformer(name='{path}', train=False, names={{'PRICE': 'C'}})"))
    model.fit(asked.take([]), Annotations.of_label([], LABELS, []), seed=1)
    assert model.predict(asked).status.tolist() == [ANSWERED, INVALID]
    model.fit(asked.take([]), Annotations.of_label([], ("C", "X"), []), seed=1)
    assert model.predict(asked).answers() == ["C", None]
    with pytest.raises(AskedWrongly, match=r'it has "A", "FLOOD", "C", "D"\. Say which is which'):
        model.fit(asked.take([]), Annotations.of_label([], ("X", "Y"), []), seed=1)


def test_a_loaded_models_tags_may_lack_a_letter_and_name_other_labels(
    finder: Model, folder: Path, tmp_path: Path
) -> None:
    tags = {str(i): tag[2:] or "O" for i, tag in enumerate(finder.classes)}
    path = saved(finder, folder, tmp_path / "saved", id2label=tags)
    model = make("models", parse(f"transformer(name='{path}', train=False, names={{'A': 'X'}})"))
    model.fit(items_of([]), Annotations.of_spans([], ("X", "C"), []), seed=1)
    said = model.predict(items_of(TEXTS[:1]))
    assert said.answers() == [[(start, end, {"A": "X"}.get(label, "?")) for start, end, label in SPANS[0]]]


def test_a_changed_weight_changes_the_identity(folder: Path, tmp_path: Path) -> None:
    write_encoder(tmp_path / "one")
    model = make("models", parse(f"transformer(name='{tmp_path}/one')"))
    before = model.identity
    weights = tmp_path / "one" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert before and model.identity and before != model.identity
    assert make("models", parse(f"transformer(name='a/b', revision='{'0' * 40}')")).identity == ""


@pytest.mark.parametrize("more", ["", ", revision='main'"])
def test_a_model_of_the_hub_needs_its_commit(more: str) -> None:
    with pytest.raises(AskedWrongly, match=r"there is no folder somebody/bert.*its commit"):
        make("models", parse(f"transformer(name='somebody/bert'{more})"))


def test_weights_that_would_be_unpickled_are_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(AskedWrongly, match="weights as safetensors are needed"):
        fitted(tmp_path, ["x"], ["A"])


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_without_its_library_it_says_what_to_install(
    library: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(NotInstalled, match=rf"{library} is not installed.*text-harness\[transformer\]"):
        make("models", parse(f"transformer(name='{folder}')"))


def test_no_item_has_no_answer(finder: Model, reader: Model) -> None:
    none = Items({name: [] for name in items_of([]).columns})
    assert finder.predict(none).answers() == reader.predict(none).answers() == []


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
def test_shares_of_labels_that_are_called_alike_are_joined(kind: str, folder: Path) -> None:
    texts = ["kata"]
    model = fitted(folder, texts, [{"label": "A", "labels": ["A"], "spans": [(0, 4, "A")]}[kind]], kind, "epochs=1")
    of_one = np.log([0.35, 0.4, 0.25]) if kind != "labels" else np.array([0.0, -1.0, -2.0])
    model.classes = ["B-A", "B-B", "B-A"] if kind == "spans" else ["A", "B", "A"]
    said = np.tile(of_one, (len(model._windows(items_of(texts))[0].places), 1)) if kind == "spans" else of_one
    model.encoder = SimpleNamespace(windows=model.encoder.windows, logits=lambda windows: [said])
    found = model.predict(items_of(texts))
    assert found.answers() == [{"label": "A", "labels": ["A"], "spans": [(0, 4, "A")]}[kind]]
    if kind != "spans":
        assert np.allclose(found.scores[0, :2], [0.6, 0.4] if kind == "label" else [0.5, 1 / (1 + np.e)])


def test_what_a_saved_head_told_apart_is_forgotten_in_training_and_drawn_by_the_seed(
    reader: Model, folder: Path, tmp_path: Path
) -> None:
    from harness.models._encoders import calm, load

    path = str(saved(reader, folder, tmp_path / "saved"))
    kept = reader.encoder.network.classifier.weight
    source = {"name": path, "revision": "", "window": 64, "stride": 16, "batch": 8, "device": ""}
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {label: i for i, label in enumerate(LABELS)}}

    def head(seed: int, **own) -> np.ndarray:
        with calm(seed):
            return load("SequenceClassification", **source, **own).network.classifier.weight.detach().numpy()

    assert np.array_equal(head(1), kept.detach().numpy())
    one, again, other = head(1, **names), head(1, **names), head(2, **names)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, head(1))
