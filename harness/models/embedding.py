"""Vectors of whole texts from a model2vec or sentence-transformers model, and a linear classifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.annotations import Annotations
from harness.errors import AskedWrongly, quote
from harness.models._encoders import calm
from harness.models._estimator import Estimator
from harness.models._saved import identity_of, need
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items, digest_of

KINDS = ("label", "labels")
EXTRA = "embedding"
ROOMS = ("models/_encoders.py", "models/_estimator.py", "models/_saved.py")  # whose code is a part of the identity
LIBRARIES = ("scikit-learn", "scipy", "numpy")  # the identity has the versions of those that read texts
READERS = {
    "model2vec": ("model2vec", "tokenizers"),
    "sentence-transformers": ("sentence-transformers", "transformers", "tokenizers", "torch"),
}
NEEDED = ("*.json", "*.txt", "*.model", "*.safetensors")  # in folders too; no pickles
COMMIT = r"[0-9a-f]{40}"


def embedding(
    *,
    name: str,
    revision: str = "",
    by: Literal["", "model2vec", "sentence-transformers"] = "",
    C: float = 1.0,
    device: str = "cpu",
) -> Model:
    """Logistic regression on standardised vectors of the text and, beside it, of each facet's name.

    `name` is a folder that holds a saved model, read without a network; or a name on the hub, with the commit as
    `revision`, since a branch moves. `by` says which library reads it: of a folder its config tells, and of a
    name on the hub it is sentence-transformers. A long text is read as far as the model reads: see its
    `max_seq_length`, or 512 tokens by model2vec. `C` is the inverse of the regularisation. No code that a model
    brings with it is run.
    """
    local = Path(name).is_dir()
    if not local and (name.startswith((".", "/", "~")) or not re.fullmatch(r"[\w.-]+/[\w.-]+", name)):
        raise AskedWrongly(f"embedding: there is no folder {quote(name)}. A name on the hub is OWNER/MODEL.")
    if not local and not re.fullmatch(COMMIT, revision):
        raise AskedWrongly(f'embedding: {name} on the hub may change. Pin it: revision="…", its commit of 40 digits.')
    if C <= 0:
        raise AskedWrongly("embedding needs C above 0.")
    reader = by or (_saved_by(Path(name)) if local else "sentence-transformers")
    return _Embedding(name, "" if local else revision, reader, C, device)


class _Embedding:
    def __init__(self, name: str, revision: str, by: str, C: float, device: str) -> None:
        self.name, self.revision, self.by, self.C, self.device = name, revision, by, C, device
        for library in READERS[by]:
            need(library.replace("-", "_"), "embedding")
        self.versions = [f"{library} {version(library)}" for library in READERS[by]]

    @property
    def identity(self) -> str:
        """The digest of the libraries that read, and of all files of a local model."""
        return digest_of(part.encode() for part in (*self.versions, "" if self.revision else identity_of(self.name)))

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.estimator = Estimator(lambda: _head(self.C))
        self.estimator.fit(self._vectors(items), gold)

    def predict(self, items: Items) -> Annotations:
        return self.estimator.predict(self._vectors(items) if len(items) else None, items["item"])

    def _vectors(self, items: Items) -> np.ndarray[Any, np.dtype[np.float32]]:
        """(n_items, n_views × width), each different text encoded once."""
        views = ["text", *(name for name in items.columns if name not in ITEM_COLUMNS)]
        place: dict[str, int] = {}
        rows = [[place.setdefault(text, len(place)) for text in items[name]] for name in views]
        with calm(0) if self.by != "model2vec" else nullcontext():
            vectors = np.asarray(self._encode(list(place)), np.float32)
        return np.hstack([vectors[row] for row in rows])

    @cached_property
    def _encode(self) -> Callable[[Sequence[str]], Any]:
        """The saved model, loaded when first asked and kept: nothing in it is learned here."""
        folder = self.name if not self.revision else _fetched(self.name, self.revision)
        if self.by == "model2vec":
            from model2vec import StaticModel

            static = StaticModel.from_pretrained(folder)
            return lambda texts: static.encode(list(texts), use_multiprocessing=False)
        from sentence_transformers import SentenceTransformer

        reader = SentenceTransformer(folder, device=self.device, local_files_only=True, trust_remote_code=False)
        return lambda texts: reader.encode(list(texts), show_progress_bar=False)


def _head(C: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=C, class_weight="balanced", max_iter=1000))


def _saved_by(folder: Path) -> str:
    """The library that saved a model: model2vec says so in the config, or that its one module is a table."""
    files = [path for path in (folder / "config.json", folder / "modules.json") if path.is_file()]
    said = "".join(path.read_text("utf-8", "replace") for path in files)
    return "model2vec" if '"model2vec"' in said or "StaticEmbedding" in said else "sentence-transformers"


def _fetched(name: str, revision: str) -> str:
    """The folder of a hub model at a commit, from the local cache where it is there."""
    from huggingface_hub import snapshot_download

    return snapshot_download(name, revision=revision, allow_patterns=list(NEEDED))
