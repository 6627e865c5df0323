"""A Hugging Face transformer, fine-tuned or loaded: classes of texts, of pairs of texts, and of words."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import regex

from harness.annotations import Annotations, SpanTuple
from harness.errors import AskedWrongly, HarnessError
from harness.models._encoders import LIBRARIES, Encoder, Places, Window, calm, load, mean_of, refuse_source
from harness.models._saved import identity_of, refuse_strangers
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items
from harness.tags import spans_of_tags, tags_of_spans

__all__ = ["KINDS", "LIBRARIES", "transformer"]
KINDS = ("label", "labels", "spans")
EXTRA = "transformer"
ROOMS = ("models/_encoders.py", "models/_saved.py", "tags.py")  # whose code is a part of this model's identity
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"  # one sign is one word
WORD = regex.compile(rf"{UNSPACED}|(?:[\p{{L}}\p{{N}}]\p{{M}}*)+|(?!\s)\X")  # shipped, part of the model
WARM, DECAY, STEEPEST = 0.1, 0.01, 1.0  # share of steps to warm up, weight decay, longest gradient
IGNORED = -100  # the class of tokens that nothing is learned from


def transformer(
    *,
    name: str,
    revision: str = "",
    train: bool = True,
    names: dict[str, str] | None = None,
    epochs: int = 3,
    lr: float = 5e-5,
    batch: int = 16,
    window: int = 512,
    stride: int = 128,
    device: str = "",
) -> Model:
    """Fine-tunes a pretrained encoder with a new last layer, or with `train=False` asks one that somebody fine-tuned.

    `name` is a folder with a saved model, or a model of the hub, which then needs its commit as `revision`. Weights
    are read from safetensors alone, no code of theirs is run, and for a folder nothing is fetched. Facets are the
    first text of a pair (`holder: X; target: Y`), the text is the second.

    What is longer than `window` tokens is read in windows that share `stride` tokens with the one before; both are
    cut to what the model can take. An item's classes are the mean over its windows' logits; in training each window has
    its item's answer, and an item counts once, however many windows it has. A token in several windows is learned and
    answered in the one where it stands farthest from an edge. Spans are learned as IOB2 tags of words, a word by its
    first token; a gold span that cuts a word is widened to it, of overlapping ones the longest is learned.

    Training is AdamW, `lr` warmed up over a tenth of the steps and then falling to 0. On `device=""`, the CPU, the
    same seed gives the same answers on one machine. A loaded model's labels are taken by name, `names` says what they
    are called here; shares of labels that are called alike are summed, of sets the highest is taken. An answer with a
    label that is not declared is invalid, such a span a false positive.

    Source: J. Devlin and others, BERT, 2019; windows of most context as there for SQuAD.
    """
    refuse_source("transformer", name, revision, window, stride, batch)
    if epochs < 1 or lr <= 0:
        raise AskedWrongly("transformer needs at least 1 epoch and lr above 0.")
    source = {"name": name, "revision": revision, "window": window, "stride": stride, "batch": batch, "device": device}
    return _Transformer(source, names or {}, train, epochs, lr)


class _Transformer:
    def __init__(self, source: dict[str, Any], names: Mapping[str, str], train: bool, epochs: int, lr: float) -> None:
        self.source, self.names, self.train, self.epochs, self.lr = source, names, train, epochs, lr

    @property
    def identity(self) -> str:
        """The digest of a saved model: what it answers cannot change unseen."""
        return identity_of(self.source["name"])

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels = gold.kind, gold.labels
        head: Any = "TokenClassification" if self.kind == "spans" else "SequenceClassification"
        with calm(seed):
            if self.train:
                self.classes = _classes(self.kind, self.labels)
                code = {name: i for i, name in enumerate(self.classes)}
                own: dict[str, Any] = {"id2label": dict(enumerate(self.classes)), "label2id": code}
                self.encoder: Encoder = load(head, **self.source, **own)
                self._learn(items, gold, seed)
                return
            self.encoder = load(head, **self.source)
        told = self.encoder.network.config.id2label
        self.classes = [self._called(str(told[i])) for i in range(len(told))]
        known = [tag[2:] if self.kind == "spans" else tag for tag in self.classes if tag != "O" or self.kind != "spans"]
        refuse_strangers(f"transformer: {self.source['name']}", known, self.labels)

    def predict(self, items: Items) -> Annotations:
        with calm(0):
            windows = self._windows(items)
            said = self.encoder.logits(windows)
        if self.kind == "spans":
            owned = _owned(windows)
            places = _joined(len(items), windows, owned)
            told: list[list[str]] = [[] for _ in places]  # the class of each token
            for window, own, rows in zip(windows, owned, said, strict=True):
                names, shares = _merged(self.classes, _softmax(rows[own]), np.sum)
                told[window.item] += [names[int(k)] for k in shares.argmax(axis=1)]
            spans = [_spans(*one) for one in zip(items["text"], places, told, strict=True)]
            return Annotations.of_spans(items["item"], self.labels, spans)
        mean = mean_of(len(items), len(self.classes), windows, said)
        shares = _softmax(mean) if self.kind == "label" else 1 / (1 + np.exp(-mean))
        names, shares = _merged(self.classes, shares, np.sum if self.kind == "label" else np.max)
        scores = np.zeros((len(items), len(self.labels)), np.float32)
        for k, one in enumerate(names):
            if one in self.labels:
                scores[:, self.labels.index(one)] = shares[:, k]
        if self.kind == "label":
            best = [names[int(row.argmax())] for row in shares]
            return Annotations.of_label(items["item"], self.labels, best, scores=scores)
        sets = [[names[k] for k in np.flatnonzero(row >= 0.5)] for row in shares]
        return Annotations.of_labels(items["item"], self.labels, sets, scores=scores)

    def _called(self, told: str) -> str:
        """A class as it is called here; of words, always with a letter before it."""
        if self.kind != "spans" or told == "O":
            return self.names.get(told, told)
        letter, label = (told[0], told[2:]) if told[1:2] in ("-", "_") and told[0] in "BIESLU" else ("I", told)
        return f"{letter}-{self.names.get(label, label)}"

    def _windows(self, items: Items) -> list[Window]:
        facets = [name for name in items.columns if name not in ITEM_COLUMNS]
        if not facets:
            return self.encoder.windows(items["text"])
        about = ["; ".join(f"{name}: {items[name][i]}" for name in facets) for i in range(len(items))]
        return self.encoder.windows(about, items["text"], long=1)

    def _learn(self, items: Items, gold: Annotations, seed: int) -> None:
        answers = gold.answers()
        known = [i for i, answer in enumerate(answers) if answer is not None]
        if not known:
            raise HarnessError("transformer has no annotated item to learn from.")
        windows = self._windows(items.take(known))
        targets = self._targets([items["text"][i] for i in known], [answers[i] for i in known], windows)
        times = np.bincount([window.item for window in windows])
        _descend(self.encoder, windows, targets, 1 / times, self.epochs, self.lr, seed)

    def _targets(self, texts: Sequence[str], answers: Sequence[Any], windows: Sequence[Window]) -> list[Any]:
        """What is to be learned of each window: a class, a row of them, or a class for each of its text's tokens."""
        code = {name: i for i, name in enumerate(self.classes)}
        if self.kind == "label":
            return [code[answers[window.item]] for window in windows]
        if self.kind == "labels":
            return [[float(label in answers[window.item]) for label in self.labels] for window in windows]
        owned = _owned(windows)
        learned: list[dict[int, int]] = []  # of each text, the class of each first token of a word
        for text, answer, places in zip(texts, answers, _joined(len(texts), windows, owned), strict=True):
            words = [match.span() for match in WORD.finditer(text)]
            tags = zip(_first_tokens(words, places), _tags(words, answer), strict=True)
            learned.append({token: code[tag] for token, tag in tags})
        found = []
        for window, own in zip(windows, owned, strict=True):
            row = [IGNORED] * len(window.places)
            for j in own:
                row[j] = learned[window.item].get(window.first + j, IGNORED)
            found.append(row)
        return found


def _classes(kind: str, labels: Sequence[str]) -> list[str]:
    """What a head tells apart: the labels, or of words the tags B and I of each, and O."""
    return ["O", *(f"{letter}-{label}" for label in labels for letter in "BI")] if kind == "spans" else list(labels)


def _tags(words: Places, spans: Sequence[SpanTuple]) -> list[str]:
    """An IOB2 tag a word, of spans in the text; of those that share a word the longest."""
    taken: list[SpanTuple] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        inside = [i for i, (s, e) in enumerate(words) if s < end and e > start]
        if inside and all(inside[-1] < s or e <= inside[0] for s, e, _ in taken):
            taken.append((inside[0], inside[-1] + 1, label))
    return tags_of_spans(taken, len(words))


def _first_tokens(words: Places, tokens: Places) -> list[int]:
    """For each word the position of the first token that touches it; -1 where none does, or only one of a word before.

    A tokenizer may join a word and the sign after it, and may drop what it does not know.
    """
    found, token, last = [], 0, -1
    for start, end in words:
        while token < len(tokens) and tokens[token][1] <= start:
            token += 1
        touches = token < len(tokens) and tokens[token][0] < end and token != last
        last = token if touches else last
        found.append(token if touches else -1)
    return found


def _spans(text: str, places: Places, classes: Sequence[str]) -> list[SpanTuple]:
    """The spans of a text, from the class of each of its tokens."""
    words = [match.span() for match in WORD.finditer(text)]
    tags: list[str] = []
    for token in _first_tokens(words, places):
        tags.append(classes[token] if token >= 0 else _goes_on(tags))
    [spans] = spans_of_tags([tags])
    return [(words[start][0], words[end - 1][1], label) for start, end, label in spans]


def _goes_on(tags: Sequence[str]) -> str:
    """The tag of a word without a token of its own: that of the word before, gone on with."""
    return f"I-{tags[-1][2:]}" if tags and tags[-1][:2] in ("B-", "I-") else "O"


def _owned(windows: Sequence[Window]) -> list[list[int]]:
    """For each window the tokens, by their place in it, that stand farther from its edges than in another window."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for k, window in enumerate(windows):
        n = len(window.places)
        for j in range(n):
            token, context = (window.item, window.first + j), min(j, n - 1 - j)
            if token not in best or context > best[token][0]:
                best[token] = context, k
    return [
        [j for j in range(len(window.places)) if best[window.item, window.first + j][1] == k]
        for k, window in enumerate(windows)
    ]


def _joined(n: int, windows: Sequence[Window], owned: Sequence[Sequence[int]]) -> list[Places]:
    """The places of the tokens of each of n items, its windows put together."""
    places: list[Places] = [[] for _ in range(n)]
    for window, own in zip(windows, owned, strict=True):
        places[window.item] += [window.places[j] for j in own]
    return places


def _merged(
    classes: Sequence[str], shares: npt.NDArray[np.float64], join: Any
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The classes without repetition, and shares (n, n_classes) with the columns of classes called alike joined."""
    names = list(dict.fromkeys(classes))
    of = [[k for k, one in enumerate(classes) if one == name] for name in names]
    return names, np.column_stack([join(shares[:, columns], axis=1) for columns in of])


def _softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    shares: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _descend(
    encoder: Encoder,
    windows: Sequence[Window],
    targets: Sequence[Any],
    weights: npt.NDArray[np.float64],
    epochs: int,
    lr: float,
    seed: int,
) -> None:
    """Fit the network to the targets of the windows; `weights` says how much a window of each item counts."""
    import torch

    network, order = encoder.network, list(range(len(windows)))
    steps = epochs * -(-len(windows) // encoder.batch)
    warm = max(1, round(WARM * steps))
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=DECAY)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
    )
    shuffler = random.Random(seed)
    network.train()
    for _ in range(epochs):
        shuffler.shuffle(order)
        for at in range(0, len(order), encoder.batch):
            some = order[at : at + encoder.batch]
            chosen = [windows[k] for k in some]
            inputs = encoder.inputs(chosen)
            said = network(**inputs).logits
            loss = _loss(said, chosen, [targets[k] for k in some], [weights[w.item] for w in chosen])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), STEEPEST)
            optimizer.step()
            rate.step()


def _loss(said: Any, windows: Sequence[Window], targets: Sequence[Any], weights: Sequence[float]) -> Any:
    """The mean loss of some windows: cross-entropy of a class, of each label's yes or no, or of each token."""
    import torch
    from torch.nn import functional

    if said.ndim == 3:
        due = torch.full(said.shape[:2], IGNORED)
        for row, window, target in zip(due, windows, targets, strict=True):
            row[window.inside.start : window.inside.stop] = torch.tensor(target, dtype=torch.long)
        total = functional.cross_entropy(said.transpose(1, 2), due.to(said.device), reduction="sum")
        return total / max(1, int((due != IGNORED).sum()))
    due = torch.tensor(targets, device=said.device)
    each = (
        functional.cross_entropy(said, due, reduction="none")
        if due.ndim == 1
        else functional.binary_cross_entropy_with_logits(said, due, reduction="none").mean(dim=1)
    )
    share = torch.tensor(weights, dtype=said.dtype, device=said.device)
    return (each * share).sum() / share.sum()
