"""Who agrees: every two readers of a corpus, layer by layer, and the documents that they dispute most.

Readers are the annotators besides gold and the texts' writer. Two of them are compared on the documents where both
call the layer done. What they judge is an item: the document, or what of it the layer is about (a holder and a
target); in a layer of spans each distinct span that either marked. All coefficients are at most 1, higher is better.

- one label an item: Cohen's kappa and Krippendorff's alpha, nominal; of `labels` layers that have roles the same of
  the primary label. An item to which either gave no single label is left out, and counted in the note.
- sets of labels, whatever their role: Krippendorff's alpha by MASI distance; no label is the empty set.
- spans: pairwise F1 of start, end and label, overall and by label; not corrected for chance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.corpus import Layer
from harness.corpus.reading import Reading
from harness.errors import AskedWrongly, UnknownName
from harness.records import Document
from harness.scores import Score
from harness.stats import kappa, krippendorff, spans
from harness.stats.estimate import estimate

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Lines = list[dict[str, Any]]
Choice = Callable[[Lines], str | None]
Item = tuple[int, tuple[Any, ...], Lines, Lines]  # position of its document, what it is about, what each reader said

NO_READERS = ("gold", "writer")  # they knew what was meant, or saw what the readers wrote
SEED = 13


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree in a layer, by one coefficient."""

    layer: str
    readers: tuple[str, str]
    score: Score


@dataclass(frozen=True)
class Disputed:
    """A document, `GROUP/ID`, and in each layer how many items any two of its readers judged differently."""

    document: str
    items: Mapping[str, int]

    @property
    def total(self) -> int:
        """The items of all layers."""
        return sum(self.items.values())


@dataclass(frozen=True)
class _Pair:
    """Two readers, the documents whose layer both have done, and what each wrote there."""

    layer: Layer
    readers: tuple[str, str]
    documents: Sequence[Document]
    lines: tuple[Sequence[Lines], Sequence[Lines]]


def agreements(reading: Reading, *, layers: Collection[str] = (), seed: int = SEED) -> list[Agreement]:
    """Every coefficient of every two readers, of all layers or of these; wants a reading of everyone's files.

    Intervals are of 95 % by draws of groups, of documents where no group has two of those that both have done.
    Raises UnknownName for a layer that the corpus lacks, AskedWrongly where no two readers have done the same.
    """
    found = list(_pairs(reading, layers))
    if not found:
        raise AskedWrongly(_nobody(reading, layers))
    return [
        Agreement(pair.layer.name, pair.readers, score)
        for pair in found
        for score in (_spans(pair, seed) if pair.layer.kind == "spans" else _labels(pair, seed))
    ]


def disputed(reading: Reading, *, layers: Collection[str] = (), most: int = 10) -> list[Disputed]:
    """The documents with the most differing items, those first; an item that only one reader has differs too."""
    differing: dict[str, dict[str, set[tuple[Any, ...]]]] = {}
    for pair in _pairs(reading, layers):
        for document, item in _differences(pair):
            differing.setdefault(document, {}).setdefault(pair.layer.name, set()).add(item)
    counted = [
        Disputed(document, {layer: len(items) for layer, items in own.items()}) for document, own in differing.items()
    ]
    return sorted(counted, key=lambda one: (-one.total, one.document))[:most]


def _pairs(reading: Reading, layers: Collection[str]) -> Iterator[_Pair]:
    """Layer by layer as the corpus declares them, every two readers with a document that both have done."""
    known = reading.schema.layers
    for name in layers:
        if name not in known:
            raise UnknownName("layer", name, known)
    for layer in known.values():
        if layers and layer.name not in layers:
            continue
        done: dict[str, dict[str, Lines]] = {}
        for document, files in reading.annotations.items():
            for file in files:
                if file.by not in NO_READERS and file.layers.get(layer.name) == "done":
                    own = [line for _, line in file.lines if line["layer"] == layer.name]
                    done.setdefault(file.by, {})[document] = own
        for first, second in combinations(sorted(done), 2):
            both = [one for one in reading.documents if one.id in done[first] and one.id in done[second]]
            if both:
                lines = ([done[first][one.id] for one in both], [done[second][one.id] for one in both])
                yield _Pair(layer, (first, second), both, lines)


def _nobody(reading: Reading, layers: Collection[str]) -> str:
    readers = {file.by for files in reading.annotations.values() for file in files} - set(NO_READERS)
    wanted = " or ".join(sorted(layers)) or "any layer"
    return (
        f"{reading.root}: no two readers have done {wanted} of the same document "
        f"(readers: {', '.join(sorted(readers)) or 'none'}; gold and writer are none). "
        'Add a second ID.NAME.jsonl beside the text, and write the layer as "done" in both headers.'
    )


def _items(pair: _Pair) -> Iterator[Item]:
    """The items of a layer of labels: those that are listed, and those that either reader has."""
    for at, document in enumerate(pair.documents):
        listed = document.pairs.get(pair.layer.name, ()) if pair.layer.of else [()]
        both = [_by_item(pair.layer, lines[at]) for lines in pair.lines]
        for about in sorted({*listed, *both[0], *both[1]}):
            yield at, about, both[0].get(about, []), both[1].get(about, [])


def _by_item(layer: Layer, lines: Lines) -> dict[tuple[Any, ...], Lines]:
    found: dict[tuple[Any, ...], Lines] = {}
    for line in lines:
        found.setdefault(tuple(line[facet] for facet in layer.of), []).append(line)
    return found


def _only(lines: Lines) -> str | None:
    return lines[0]["label"] if len(lines) == 1 else None


def _primary(lines: Lines) -> str | None:
    return _only([line for line in lines if line.get("role") == "primary"])


def _set(lines: Lines) -> frozenset[str]:
    return frozenset(line["label"] for line in lines)


def _places(lines: Lines) -> set[tuple[int, int, str]]:
    return {(line["start"], line["end"], line["label"]) for line in lines}


def _differences(pair: _Pair) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each item that the two judged differently, with its document."""
    if pair.layer.kind == "spans":
        for document, first, second in zip(pair.documents, *pair.lines, strict=True):
            for place in _places(first) ^ _places(second):
                yield document.id, place
        return
    for at, about, first, second in _items(pair):
        if _set(first) != _set(second) or _primary(first) != _primary(second):
            yield pair.documents[at].id, about


def _labels(pair: _Pair, seed: int) -> Iterator[Score]:
    items = list(_items(pair))
    if pair.layer.kind == "label":
        yield from _one_label(pair, items, _only, "", seed)
        return
    if "primary" in (pair.layer.fields.get("role") or ()):
        yield from _one_label(pair, items, _primary, "(role='primary')", seed)
    labels = pair.layer.labels
    held = np.array([[[label in _set(said) for label in labels] for said in item[2:]] for item in items], bool)
    sets = held.reshape(len(items), 2, len(labels)).swapaxes(0, 1)
    codes, distinct = krippendorff.sets_as_codes(sets, np.ones(sets.shape[:2], bool))
    yield _alpha(pair, items, codes, krippendorff.masi(distinct), "alpha(distance='masi')", seed)


def _one_label(pair: _Pair, items: Sequence[Item], choice: Choice, which: str, seed: int) -> Iterator[Score]:
    labels = pair.layer.labels
    code: dict[str | None, int] = {None: -1} | {label: i for i, label in enumerate(labels)}
    codes = np.array([[code[choice(item[2])], code[choice(item[3])]] for item in items], np.int64).reshape(-1, 2).T
    rows = kappa.confusions(codes[0], codes[1], len(labels))
    at = np.array([item[0] for item in items], np.int64)
    yield _score(pair, f"kappa{which}", rows, kappa.cohen, at, seed, n=_both(codes), left_out=_left_out(codes))
    yield _alpha(pair, items, codes, krippendorff.nominal(len(labels)), f"alpha{which}", seed)


def _alpha(pair: _Pair, items: Sequence[Item], codes: Codes, distance: Array, metric: str, seed: int) -> Score:
    rows = krippendorff.disagreements(codes, distance)
    at = np.array([item[0] for item in items], np.int64)

    def formula(totals: Array) -> Array:
        return krippendorff.alpha(totals, distance)

    return _score(pair, metric, rows, formula, at, seed, n=_both(codes), left_out=_left_out(codes))


def _both(codes: Codes) -> int:
    return int((codes >= 0).all(axis=0).sum())


def _left_out(codes: Codes) -> int:
    """Items (of codes (2, n_items), -1 where there is none) that not both gave a single label."""
    return codes.shape[1] - _both(codes)


def _spans(pair: _Pair, seed: int) -> Iterator[Score]:
    labels = pair.layer.labels
    code = {label: i for i, label in enumerate(labels)}
    table = [
        (at, line["start"], line["end"], code[line["label"]], rater)
        for rater, documents in enumerate(pair.lines)
        for at, lines in enumerate(documents)
        for line in lines
    ]
    columns = np.array(table, np.int64).reshape(-1, 5).T
    answered = np.ones((2, len(pair.documents)), bool)
    rows = spans.pair_counts(*columns, answered=answered, n_labels=len(labels))
    at = np.arange(len(pair.documents))
    twice_hits, marked = rows.sum(axis=0).T
    distinct = (marked - twice_hits / 2).astype(int)
    yield _score(pair, "strict_f1", rows, spans.pairwise_f1, at, seed, n=int(distinct.sum()))
    for i, label in enumerate(labels):
        if distinct[i]:
            one = rows[:, [i]]
            yield _score(pair, "strict_f1", one, spans.pairwise_f1, at, seed, n=int(distinct[i]), label=label)


def _score(
    pair: _Pair,
    metric: str,
    rows: Array,
    formula: Callable[[Array], Array],
    at: Codes,
    seed: int,
    *,
    n: int,
    left_out: int = 0,
    label: str = "",
) -> Score:
    """The formula on rows (n_items, ...), item i of the document at position `at[i]`, with its interval by units."""
    groups = [document.group for document in pair.documents]
    name = "group" if len(set(groups)) < len(groups) else "document"
    number = {group: i for i, group in enumerate(sorted(set(groups)))}  # a group has one document, or is the unit
    unit = np.array([number[group] for group in groups], np.int64)[at]
    if n == 0:
        return Score(metric, float("nan"), None, None, 0, 0, name, label, "not defined: nothing that both judged")
    found = estimate(rows, formula, seed=seed, unit=unit)
    notes = [found.note] if found.note else []
    if left_out:
        notes.append(f"{left_out} left out, without a single label of both")
    return Score(metric, found.value, found.low, found.high, n, found.n_units, name, label, "; ".join(notes))
