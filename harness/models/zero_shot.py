"""Zero-shot: how far the text entails a sentence that says the label, by a model of natural language inference."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

import numpy as np

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName
from harness.models._encoders import LIBRARIES, Encoder, calm, load, mean_of, refuse_source
from harness.models._saved import identity_of
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items

__all__ = ["KINDS", "LIBRARIES", "zero_shot"]
KINDS = ("label", "labels")
EXTRA = "transformer"
ROOMS = ("models/_encoders.py", "models/_saved.py")  # whose code is a part of this model's identity


def zero_shot(
    *,
    name: str,
    revision: str = "",
    hypothesis: str = "This text is about {label}.",
    names: dict[str, str] | None = None,
    batch: int = 16,
    window: int = 512,
    stride: int = 128,
    device: str = "",
) -> Model:
    """Learns nothing: for each label, the text is the premise and `hypothesis` with the label in it the conclusion.

    `names` gives a label the words that stand for it, such as `{"LEGAL": "a court case"}`; one without is put in
    lower case. Both may name facets: `names={"FAVOR": "{holder} supports {target}", …}` and `hypothesis="{label}."`.
    Of one label, the answer is the one most entailed, and scores are shares of the entailment over the labels; of
    sets, each label whose entailment against contradiction is at least 0.5.

    `name` is a folder, or a model of the hub with its commit as `revision`; which class is entailment its own
    configuration says. Long texts are read in windows, whose logits are averaged, as `transformer` does.

    Source: W. Yin, J. Hay, D. Roth, Benchmarking zero-shot text classification, 2019.
    """
    refuse_source("zero_shot", name, revision, window, stride, batch)
    source = {"name": name, "revision": revision, "window": window, "stride": stride, "batch": batch, "device": device}
    if "{label}" not in hypothesis:
        raise AskedWrongly('zero_shot: the hypothesis names no label. Write one with it: "This text is about {label}."')
    for pattern in (hypothesis, *(names or {}).values()):
        try:
            list(Formatter().parse(pattern))
        except ValueError as error:
            raise AskedWrongly(f'zero_shot: "{pattern}" cannot be read ({error}). Write {{{{ for a brace.') from None
    return _ZeroShot(source, hypothesis, names or {})


class _ZeroShot:
    def __init__(self, source: dict[str, Any], hypothesis: str, names: Mapping[str, str]) -> None:
        self.source, self.hypothesis, self.names = source, hypothesis, names

    @property
    def identity(self) -> str:
        """The digest of a saved model: what it answers cannot change unseen."""
        return identity_of(self.source["name"])

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels = gold.kind, gold.labels
        if strange := [label for label in self.names if label not in gold.labels]:
            raise UnknownName("label in names of zero_shot", strange[0], gold.labels)
        with calm(seed):
            self.encoder: Encoder = load("SequenceClassification", **self.source)
        classes = {str(one).lower(): i for one, i in self.encoder.network.config.label2id.items()}
        self.yes = [i for one, i in classes.items() if one.startswith("entail")]
        against = [i for one, i in classes.items() if one.startswith(("contradict", "not_entail"))]
        if len(self.yes) != 1 or len(against) != 1:
            has = ", ".join(classes)
            raise AskedWrongly(f"zero_shot: {self.source['name']} is no model of inference: it tells apart {has}.")
        self.pair = [*against, *self.yes]

    def predict(self, items: Items) -> Annotations:
        n, k = len(items), len(self.labels)
        hypotheses = [said for label in self.labels for said in self._hypotheses(items, label)]
        with calm(0):
            windows = self.encoder.windows(list(items["text"]) * k, hypotheses)
            said = [row[self.pair] for row in self.encoder.logits(windows)]
        logits = mean_of(k * n, 2, windows, said).reshape(k, n, 2).transpose(1, 0, 2)  # (n_items, n_labels, 2)
        if self.kind == "labels":
            scores = 1 / (1 + np.exp(logits[..., 0] - logits[..., 1]))
            sets = [[self.labels[j] for j in np.flatnonzero(row >= 0.5)] for row in scores]
            return Annotations.of_labels(items["item"], self.labels, sets, scores=scores.astype(np.float32))
        powers = np.exp(logits[..., 1] - logits[..., 1].max(axis=1, keepdims=True))
        best = [self.labels[int(j)] for j in powers.argmax(axis=1)]
        shares = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return Annotations.of_label(items["item"], self.labels, best, scores=shares)

    def _hypotheses(self, items: Items, label: str) -> list[str]:
        """The sentence that says the label of each item."""
        pattern = self.hypothesis.replace("{label}", self.names.get(label, label.lower().replace("_", " ")))
        facets = [name for name in items.columns if name not in ITEM_COLUMNS]
        for _, field, _, _ in Formatter().parse(pattern):
            if field is not None and field not in facets:
                raise UnknownName("field in the hypothesis of zero_shot", field, ["label", *facets])
        return [pattern.format(**{name: items[name][i] for name in facets}) for i in range(len(items))]
