"""What a user brings to models that need it: functions that make pipelines, tiny saved models of both libraries."""

import json
from pathlib import Path
from typing import Any

from harness.annotations import Annotations
from harness.records import Items

WORDS = ("pasar", "banjir", "Menteri", "Ana", "Kota", "naik", "tidak", "kenaikan")


def pipeline() -> Any:
    """As a user writes it: probabilities, and a random state that is left open."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression())


def margins(seed: int) -> Any:
    """An estimator without probabilities, for which sets are asked by one estimator for all labels."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    return make_pipeline(TfidfVectorizer(analyzer="char"), OneVsRestClassifier(LinearSVC(random_state=seed)))


def model2vec(folder: Path) -> None:
    """Save a model with a random vector a word."""
    import numpy as np
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    known = {word: i for i, word in enumerate(("[UNK]", "[PAD]", *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).normal(size=(len(known), 16)).astype(np.float32)
    StaticModel(vectors, tokenizer).save_pretrained(folder)


def sentence_transformers(folder: Path) -> None:
    """Save a transformer of one layer with random weights, and mean pooling over it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    inner = folder.with_name(f"{folder.name}-bert")
    inner.mkdir()
    (inner / "vocab.txt").write_text("\n".join(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(str.lower, WORDS))))
    BertTokenizerFast(vocab=str(inner / "vocab.txt")).save_pretrained(inner)
    sizes = {"vocab_size": 5 + len(WORDS), "hidden_size": 16, "intermediate_size": 16, "max_position_embeddings": 64}
    BertModel(BertConfig(num_hidden_layers=1, num_attention_heads=2, **sizes)).save_pretrained(inner)
    reader = Transformer(str(inner), max_seq_length=32)
    SentenceTransformer(modules=[reader, Pooling(16)], device="cpu").save(str(folder))


def chat(request: dict[str, Any]) -> str:
    """What a chat server says that finds label A everywhere, and no spans."""
    schema = json.dumps(request["response_format"])
    said = {"spans": []} if '"spans"' in schema else {"labels": ["A"]} if '"labels"' in schema else {"label": "A"}
    return json.dumps(said)


class Spy:
    """Answers nothing, and keeps what it was shown."""

    shown: tuple[Items, Annotations, Items]

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.learned, self.gold = items, gold

    def predict(self, items: Items) -> Annotations:
        Spy.shown = self.learned, self.gold, items
        return Annotations.of_label(items["item"], self.gold.labels, [None] * len(items))
