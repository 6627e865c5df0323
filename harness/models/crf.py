"""A linear-chain conditional random field over words, for spans."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.annotations import Annotations, SpanTuple
from harness.errors import UnknownName
from harness.parts import Model
from harness.records import Items

KINDS = ("spans",)
LIBRARIES = ("python-crfsuite",)
TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:-[^\W\d_]+)*|\S")  # shipped, part of the model
BLANKS = re.compile(r"\S+")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")

Token = tuple[int, int, str]  # start, end, surface


def crf(*, c1: float = 0.1, c2: float = 0.01, iterations: int = 100, tokens: str = "words") -> Model:
    """Learns IOB2 tags of words from their spelling, shape and neighbours; trained by L-BFGS.

    `c1` and `c2` weigh the L1 and L2 penalties. A gold span that cuts a word is widened to it in training. Flat:
    of overlapping gold spans the longest is learned. `tokens` are `words` and signs, sentence by sentence; or, for
    texts that were cut before, what stands between `blanks`, each line being a sentence.

    Source: J. Lafferty, A. McCallum, F. Pereira, Conditional random fields, 2001; CRFsuite, N. Okazaki, 2007.
    """
    if tokens not in ("words", "blanks"):
        raise UnknownName("setting tokens of crf", tokens, ["blanks", "words"])
    cut = _sentences if tokens == "words" else _lines
    return _Crf(cut, {"c1": c1, "c2": c2, "max_iterations": iterations, "feature.possible_transitions": True})


class _Crf:
    def __init__(self, cut: Callable[[str], Iterator[list[Token]]], settings: dict[str, float]) -> None:
        self.cut, self.settings = cut, settings

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        import pycrfsuite

        self.labels = gold.labels
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params(self.settings)
        learned = False
        for text, spans in zip(items["text"], gold.answers(), strict=True):
            for tokens in self.cut(text):
                tags = _tags(tokens, spans or ())
                learned = learned or any(tag != "O" for tag in tags)
                trainer.append(_features(tokens), tags)
        self.tagger = None
        if not learned:
            return
        with tempfile.TemporaryDirectory() as folder:  # CRFsuite hands its model over as a file
            path = Path(folder) / "model"
            trainer.train(str(path))
            self.learned = path.read_bytes()  # CRFsuite reads from it as long as the tagger lives
            self.tagger = pycrfsuite.Tagger()
            self.tagger.open_inmemory(self.learned)

    def predict(self, items: Items) -> Annotations:
        spans = [list(self._spans(text)) for text in items["text"]]
        return Annotations.of_spans(items["item"], self.labels, spans)

    def _spans(self, text: str) -> Iterator[SpanTuple]:
        if self.tagger is None:
            return
        for tokens in self.cut(text):
            start = end = 0
            label = ""
            for (s, e, _), tag in zip(tokens, self.tagger.tag(_features(tokens)), strict=True):
                if tag[:2] == "I-" and tag[2:] == label:
                    end = e
                    continue
                if label:
                    yield start, end, label
                start, end, label = s, e, tag[2:]
            if label:
                yield start, end, label


def _sentences(text: str) -> Iterator[list[Token]]:
    start = 0
    for match in [*SENTENCE.finditer(text), None]:
        end = match.start() if match else len(text)
        tokens = [(m.start(), m.end(), m[0]) for m in TOKEN.finditer(text, start, end)]
        if tokens:
            yield tokens
        start = match.end() if match else end


def _lines(text: str) -> Iterator[list[Token]]:
    start = 0
    for line in text.split("\n"):
        tokens = [(start + m.start(), start + m.end(), m[0]) for m in BLANKS.finditer(line)]
        if tokens:
            yield tokens
        start += len(line) + 1


def _tags(tokens: list[Token], spans: list[SpanTuple] | tuple[()]) -> list[str]:
    tags = ["O"] * len(tokens)
    for start, end, label in sorted(spans, key=lambda span: span[0] - span[1]):
        inside = [i for i, (s, e, _) in enumerate(tokens) if s < end and e > start]
        if inside and all(tags[i] == "O" for i in inside):
            tags[inside[0]] = f"B-{label}"
            for i in inside[1:]:
                tags[i] = f"I-{label}"
    return tags


def _features(tokens: list[Token]) -> list[list[str]]:
    own = [_spelling(surface) for _, _, surface in tokens]
    rows = []
    for i in range(len(tokens)):
        row = ["bias", *own[i]]
        for step in (-2, -1, 1, 2):
            if 0 <= i + step < len(tokens):
                near = own[i + step]
                row += [f"{step}:{feature}" for feature in (near if abs(step) == 1 else near[:1])]
            else:
                row.append(f"{step}:end")
        rows.append(row)
    return rows


def _spelling(word: str) -> list[str]:
    """A word's features, itself first."""
    lower = word.lower()
    shape = "".join("X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else c for c in word)
    short = re.sub(r"(.)\1+", r"\1", shape)
    return [f"w={lower}", f"shape={short}", f"pre={lower[:3]}", f"suf={lower[-3:]}", f"suf2={lower[-2:]}"]
