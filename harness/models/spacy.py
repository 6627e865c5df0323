"""A spaCy pipeline, trained from nothing or loaded: text categories and named entities."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError
from harness.models._saved import identity_of, installed, need, refuse_strangers
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items, digest_of

KINDS = ("label", "labels", "spans")
EXTRA = "spacy"
ROOMS = ("models/_saved.py",)  # whose code is a part of this model's identity
LIBRARIES = ("spacy", "thinc", "numpy")
BESIDES = (  # count where they are installed: without them spaCy, or we, take another tokenizer
    *("sudachipy", "sudachidict-core", "natto-py", "pythainlp", "pyvi", "jieba", "spacy-pkuseg"),
    *("spacy-lookups-data", "spacy-transformers", "spacy-curated-transformers"),
)
LONGEST = 10**9  # characters; spaCy's own limit is there for parsers
NETWORKS = {
    "words": {"@architectures": "spacy.TextCatBOW.v3", "ngram_size": 2, "length": 262144, "no_output_layer": False},
    "both": {},  # spaCy's default: the words, and a convolutional network over them
}


def spacy(
    *,
    path: str = "",
    names: dict[str, str] | None = None,
    language: str = "",
    network: Literal["words", "both"] = "both",
    epochs: int = 15,
    batch: int = 16,
    dropout: float = 0.2,
) -> Model:
    """Trains a blank pipeline: `textcat` for one label, `textcat_multilabel` for sets, `ner` for spans.

    `language` picks the tokenizer; empty, it is the language of the training items, or `xx` where they have several or
    one that spaCy does not know. `network` is what sorts texts: single words and pairs in a linear model, or `both`
    that and a convolutional network. Facets stand before the text, each as a line `target: its name`. A gold span
    that cuts a token is widened to it in training; of overlapping ones the longest is learned.

    With `path`, a folder that spaCy's `to_disk` wrote, nothing is learned. Its labels are taken by name, `names` says
    what they are called here; scores of labels that are called alike are summed, of sets the highest is taken. An
    answer with a label that is not declared is invalid, such a span a false positive.
    A saved pipeline is code: its configuration names functions that are then run. Load none that you would not run.

    Source: M. Honnibal, I. Montani and others, spaCy 3, 2020, doi:10.5281/zenodo.1212303.
    """
    need("spacy", "spacy")
    if epochs < 1 or batch < 1 or not 0 <= dropout < 1:
        raise AskedWrongly("spacy needs epochs and batch of at least 1 and a dropout from 0 to below 1.")
    if path and not Path(path, "config.cfg").is_file():
        raise AskedWrongly(f"spacy: {path} is no folder with a saved pipeline. It would hold a file config.cfg.")
    return _Spacy(path, names or {}, language, network, epochs, batch, dropout)


class _Spacy:
    def __init__(
        self, path: str, names: Mapping[str, str], language: str, network: str, epochs: int, batch: int, dropout: float
    ) -> None:
        self.path, self.names, self.language, self.network = path, names, language, network
        self.epochs, self.batch, self.dropout = epochs, batch, dropout

    @property
    def identity(self) -> str:
        """The digest of a saved pipeline and of the tokenizers installed: what it answers cannot change unseen."""
        return digest_of(part.encode() for part in (identity_of(self.path), *installed(BESIDES)))

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels = gold.kind, gold.labels
        with _calm(seed):
            if self.path:
                self._load()
            else:
                self._train(items, gold, seed)

    def predict(self, items: Items) -> Annotations:
        heads, texts = _heads(items), items["text"]
        with _calm(0):
            docs = list(self.nlp.pipe(map("".join, zip(heads, texts, strict=True)), batch_size=self.batch))
        if self.kind == "spans":
            spans = [self._spans(doc, len(head)) for doc, head in zip(docs, heads, strict=True)]
            return Annotations.of_spans(items["item"], self.labels, spans)
        join: Callable[[list[float]], float] = max if self.kind == "labels" else sum  # of labels that `names` makes one
        cats = [_merged(doc.cats, self.names, join) for doc in docs]
        scores = np.array([[c.get(label, 0) for label in self.labels] for c in cats], np.float32)
        scores = scores.reshape(len(items), len(self.labels))
        if self.kind == "label":
            best = [max(c, key=lambda name, c=c: c[name]) for c in cats]  # type: ignore[misc]
            return Annotations.of_label(items["item"], self.labels, best, scores=scores)
        sets = [[name for name, score in c.items() if score >= 0.5] for c in cats]
        return Annotations.of_labels(items["item"], self.labels, sets, scores=scores)

    def _spans(self, doc: Any, head: int) -> list[tuple[int, int, str]]:
        found = ((e.start_char - head, e.end_char - head, self.names.get(e.label_, e.label_)) for e in doc.ents)
        return [(max(start, 0), end, label) for start, end, label in found if end > 0]

    def _load(self) -> None:
        import spacy

        self.nlp = spacy.load(self.path)
        self.nlp.max_length = LONGEST
        wanted = ["ner"] if self.kind == "spans" else ["textcat", "textcat_multilabel"]
        there = [name for name in wanted if name in self.nlp.pipe_names]
        if not there:
            has = ", ".join(self.nlp.pipe_names) or "no component"
            raise AskedWrongly(f"spacy: {self.path} has {has}; to answer with {self.kind} it needs {wanted[0]}.")
        own = [self.names.get(name, name) for part in there for name in self.nlp.get_pipe(part).labels]
        refuse_strangers(f"spacy: {self.path}", own, self.labels)

    def _train(self, items: Items, gold: Annotations, seed: int) -> None:
        import spacy
        from spacy.training import Example

        self.nlp = _blank(self.language, items["language"])
        self.nlp.max_length = LONGEST
        component = self._component()
        for label in self.labels:
            component.add_label(label)
        examples = []
        for head, text, answer in zip(_heads(items), items["text"], gold.answers(), strict=True):
            if answer is not None:
                doc = self.nlp.make_doc(head + text)
                examples.append(Example(doc, self._reference(doc, len(head), answer)))
        if not examples:
            raise HarnessError("spacy has no annotated item to learn from.")
        optimizer = self.nlp.initialize(lambda: examples)
        order = random.Random(seed)
        for _ in range(self.epochs):
            order.shuffle(examples)
            for some in spacy.util.minibatch(examples, self.batch):
                self.nlp.update(some, sgd=optimizer, drop=self.dropout)

    def _component(self) -> Any:
        if self.kind == "spans":
            return self.nlp.add_pipe("ner")
        exclusive = self.kind == "label" and len(self.labels) > 1  # of one label, textcat makes nothing
        config = {"model": {**NETWORKS[self.network], "exclusive_classes": exclusive}} if NETWORKS[self.network] else {}
        return self.nlp.add_pipe("textcat" if exclusive else "textcat_multilabel", config=config)

    def _reference(self, doc: Any, head: int, answer: Any) -> Any:
        """A copy of the document with its gold."""
        from spacy.util import filter_spans

        gold = doc.copy()
        if self.kind != "spans":
            right = {answer} if isinstance(answer, str) else set(answer)
            gold.cats = {label: float(label in right) for label in self.labels}
            return gold
        longest = sorted(answer, key=lambda span: (span[0] - span[1], span))
        spans = (gold.char_span(head + s, head + e, label, alignment_mode="expand") for s, e, label in longest)
        gold.ents = filter_spans([solid for span in spans if span and (solid := _solid(span))])
        return gold


def _merged(
    scores: Mapping[str, float], names: Mapping[str, str], join: Callable[[list[float]], float]
) -> dict[str, float]:
    """Scores by what labels are called here; those of labels that are called alike are joined, by sum or max."""
    alike: dict[str, list[float]] = {}
    for name, score in scores.items():
        alike.setdefault(names.get(name, name), []).append(score)
    return {name: join(several) for name, several in alike.items()}


def _solid(span: Any) -> Any:
    """The span without the white space at its ends, which spaCy counts as tokens; None where nothing is left."""
    from spacy.tokens import Span

    solid = [token.i for token in span if not token.is_space]
    return Span(span.doc, solid[0], solid[-1] + 1, label=span.label_) if solid else None


def _blank(wanted: str, languages: Sequence[str]) -> Any:
    """An empty pipeline for the language wanted, or for that of the items."""
    import spacy

    found = {language.split("-")[0] for language in languages}
    try:
        return spacy.blank(wanted or (found.pop() if len(found) == 1 else "") or "xx")
    except ImportError as error:  # unknown, or its tokenizer needs another library
        if wanted:
            said = str(error).splitlines()[0]
            raise AskedWrongly(f'spacy: language "{wanted}" cannot be had ({said}). Use language="xx".') from None
        return spacy.blank("xx")


def _heads(items: Items) -> list[str]:
    """What stands before each text: a line a facet."""
    facets = [name for name in items.columns if name not in ITEM_COLUMNS]
    return ["".join(f"{name}: {items[name][i]}\n" for name in facets) for i in range(len(items))]


@contextmanager
def _calm(seed: int) -> Iterator[None]:
    """spaCy draws from the global generators: seeded here, and given back as they were."""
    from spacy.util import fix_random_seed

    before = random.getstate(), np.random.get_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spaCy's hints to those who write pipelines
        try:
            fix_random_seed(seed)
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
