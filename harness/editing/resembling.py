"""Which document a text that comes in resembles: the corpus is read as a stream, of the new texts numbers are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from harness.duplicates import words_of

Numbers = npt.NDArray[np.uint64]

SHINGLE = 3  # words in a row, as in `harness check --leakage`
ALIKE = 0.1  # of the smaller text's shingles; texts about one event, by two hands, share some hundredths
FEWEST = 10  # shingles that must be shared, unless the texts are copies
COPY = 0.8  # of the larger text's shingles, or of the smaller's where that has SHORTEST words or more
SHORTEST = 8
BATCH = 1_000_000  # shingles that are held at a time
HOLDERS = 50  # texts of a batch that are looked at for one shingle: those with a phrase in common may be thousands
VOCABULARY = 100_000  # words that are held
LONG = 40  # characters of a word above which it is not likely to come again
MIX = tuple(map(np.uint64, (1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)))


@dataclass(frozen=True)
class Resemblance:
    """A document that a text resembles, and the share of the smaller one's shingles that both have."""

    document: str
    share: float
    copy: bool  # so much that `harness check --leakage` calls it a duplicate


def resemblances(
    new: Sequence[str], texts: Iterable[tuple[int, str]], corpus: Iterable[tuple[str, str]], *, among: bool = True
) -> dict[int, list[Resemblance]]:
    """For each new text, by its number, what it resembles most: of the corpus, and `among` the new texts before it.

    `new` are the names of the new texts, `texts` each one's number and text in rising order, `corpus` the documents'
    ids and texts; both are gone through again for each batch. A text that resembles nothing has no entry.
    """
    found: dict[int, dict[bool, Resemblance]] = {}

    def take(number: int, other: str, of_corpus: bool, share: float, copy: bool) -> None:
        own = found.setdefault(number, {})
        if of_corpus not in own or share > own[of_corpus].share:
            own[of_corpus] = Resemblance(other, share, copy)

    known = _Known()
    for batch in _batches(texts, known):
        index, last = _Index(batch), batch[-1][0]
        if among:
            later = ((number, _shingles(text, known)) for number, text in texts if number > last)
            for number, own in chain(batch, later):
                for other, share, copy in index.alike(own):
                    if other < number:
                        take(number, new[other], False, share, copy)
        batch.clear()
        for document, text in corpus:
            for number, share, copy in index.alike(_shingles(text, known)):
                take(number, document, True, share, copy)
    return {number: [best[key] for key in (True, False) if key in best] for number, best in found.items()}


def _batches(texts: Iterable[tuple[int, str]], known: _Known) -> Iterator[list[tuple[int, Numbers]]]:
    batch: list[tuple[int, Numbers]] = []
    held = 0
    for number, text in texts:
        batch.append((number, _shingles(text, known)))
        held += len(batch[-1][1])
        if held >= BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


class _Known(dict[str, tuple[int, ...]]):
    """A word between blanks -> a number for each word that it is, compared as `words_of` a whole text is.

    Neither case folding nor composition looks across a blank, and texts share most of their words.
    """

    def __missing__(self, word: str) -> tuple[int, ...]:
        numbers = tuple(map(hash, words_of(word)))
        if len(word) <= LONG:
            if len(self) >= VOCABULARY:
                self.clear()
            self[word] = numbers
        return numbers


def _shingles(text: str, known: _Known) -> Numbers:
    """A number for each different shingle of a text, sorted; the same in all texts of this process."""
    words = list(chain.from_iterable(map(known.__getitem__, text.split())))
    words += [hash("")] * (SHINGLE - len(words))
    hashes = np.fromiter(words, np.int64, len(words)).view(np.uint64)
    many = len(words) - SHINGLE + 1
    mixed = np.zeros(many, np.uint64)
    for step, factor in enumerate(MIX):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * MIX[1] + hashes[step : step + many] * factor
    mixed.sort()
    return mixed[np.append(True, mixed[1:] != mixed[:-1])]


class _Index:
    """Which texts of a batch hold a shingle."""

    def __init__(self, batch: Sequence[tuple[int, Numbers]]) -> None:
        self.first = batch[0][0]
        self.size = np.array([len(own) for _, own in batch], np.int64)
        shingles = np.concatenate([own for _, own in batch])
        order = np.argsort(shingles, kind="stable")  # of equal ones the earliest text comes first
        self.shingles = shingles[order]
        self.owners = np.repeat(np.arange(len(batch), dtype=np.int32), self.size)[order]

    def alike(self, shingles: Numbers) -> Iterator[tuple[int, float, bool]]:
        """Each text that resembles one with these shingles: its number, the share, and whether it is a copy."""
        low = np.searchsorted(self.shingles, shingles)
        high = np.minimum(np.searchsorted(self.shingles, shingles, "right"), low + HOLDERS)
        there = high > low
        low, many = low[there], (high - low)[there]
        places = np.repeat(low - np.append(0, np.cumsum(many))[:-1], many) + np.arange(many.sum())
        texts, shared = np.unique(self.owners[places], return_counts=True)
        ours, theirs = self.size[texts], len(shingles)
        smaller = np.minimum(ours, theirs)
        share = shared / smaller
        copy = (shared >= COPY * (ours + theirs - shared)) | ((share >= COPY) & (smaller + SHINGLE - 1 >= SHORTEST))
        keep = copy | ((share >= ALIKE) & (shared >= FEWEST))
        columns = (texts[keep] + self.first, share[keep], copy[keep])
        yield from zip(*(column.tolist() for column in columns), strict=True)
