"""Tiny encoders with random weights, written to a folder as the benchmark's script writes its own."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "tiny_transformer.py"
TEXTS = ["👩‍👩‍👧 é Kata Ana tadi malam di rumah (Budi), banjir besar di kota, harga naik di pasar."] * 3


def write_encoder(folder: Path, texts: Iterable[str] = TEXTS, tokens: int = 512) -> None:
    """A BERT of two layers, 32 wide, that reads at most so many tokens. Needs torch and transformers."""
    found = importlib.util.spec_from_file_location("tiny_transformer", SCRIPT)
    assert found is not None and found.loader is not None
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    script.write(folder, texts, words=400, width=32, layers=2, tokens=tokens)


def write_inference(folder: Path, classes: tuple[str, ...] = ("contradiction", "neutral", "entailment")) -> None:
    """The same with a head that tells apart these classes; one class has the same weights at any place."""
    import torch
    from transformers import AutoModelForSequenceClassification

    write_encoder(folder)
    torch.manual_seed(1)
    names = {"id2label": dict(enumerate(classes)), "label2id": {name: i for i, name in enumerate(classes)}}
    network = AutoModelForSequenceClassification.from_pretrained(folder, **names)
    weights = {name: torch.randn(network.config.hidden_size) for name in sorted(classes)}
    with torch.no_grad():
        network.classifier.weight.copy_(torch.stack([weights[name] for name in classes]))
    network.save_pretrained(folder)
