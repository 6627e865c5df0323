"""What is copied in a corpus: documents that are, nearly are, or hold one another, and what splits share besides.

Texts are compared after case folding, Unicode composition (NFC) and with white space as one blank, as sets of
shingles: every three words in a row (Broder 1997). A text with fewer words is one shingle. Where a script is written
without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) every three characters in a row are a word.

- exact: the same text; byte equality is a special case.
- near: the Jaccard index |A ∩ B| / |A ∪ B| of the shingles reaches `near`.
- contained: |A ∩ B| / min(|A|, |B|) reaches `containment`; not asked of a text with fewer than `shortest` words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from harness.corpus.reading import Reading
from harness.errors import AskedWrongly, Problem, quote
from harness.records import Document

Ints = npt.NDArray[np.int64]

RUN = 8  # words in a row that splits should not share
MOST = 1_000_000  # pairs of texts
BLOCK = 1 << 22  # products, or shingles, that are in memory at a time
# Ranges of code points, not properties: those change with the Unicode version.
UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
UNSPACED += "\U00020000-\U0003ffff"
HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
STRETCH = re.compile(f"[{UNSPACED}]+|[^\\s{UNSPACED}]+")
CHARACTERS = 3  # of an unspaced script that are a word


@dataclass(frozen=True)
class Duplicate:
    """Two documents; of a contained pair `first` is the one inside `second`, else the earlier in the corpus."""

    kind: Literal["exact", "near", "contained"]
    first: Document
    second: Document
    jaccard: float = 1.0
    containment: float = 1.0

    @property
    def across(self) -> bool:
        """Whether they stand in two splits; a document without a split stands in none."""
        return _across(self.first, self.second)

    @property
    def where(self) -> Literal["across", "split", "group"]:
        """Across splits, within a split (or where a document has none), or within a group."""
        if self.first.group == self.second.group:
            return "group"
        return "across" if self.across else "split"

    @cached_property
    def longest(self) -> tuple[str, int]:
        """The longest run of words that both texts share, folded, and how many words it has."""
        import difflib

        ours, theirs = _plain(self.first.text), _plain(self.second.text)
        places = list(_places(ours))
        if self.kind == "exact":
            return ours, len(places)
        words = [ours[a:b] for a, b in places], _words(theirs)
        run = difflib.SequenceMatcher(None, *words, autojunk=False).find_longest_match()
        if not run.size:
            return "", 0
        return ours[places[run.a][0] : places[run.a + run.size - 1][1]], run.size

    def problem(self, places: Mapping[str, str]) -> Problem:
        """It in words; `places` are the text files of the documents."""
        value, relation = {
            "exact": ("the same but for case and white space", "exact duplicate of"),
            "near": (f"Jaccard {self.jaccard:.2f}", "near duplicate of"),
            "contained": (f"containment {self.containment:.2f}", "contained in"),
        }[self.kind]
        if self.first.text == self.second.text:
            value = "the same text"
        run, words = self.longest
        splits = " and ".join(dict.fromkeys(one.split or "no split" for one in (self.first, self.second)))
        shared = f"{words} shared word{'s' if words != 1 else ''}: {quote(run)}"
        found = f"{relation} {places[self.second.id]} ({value}, {shared}), {splits}"
        return Problem(places[self.first.id], 0, found, "Put both in one group, or remove one.")


@dataclass(frozen=True)
class Leakage:
    """What the splits of a corpus share."""

    duplicates: list[Duplicate]
    runs: int  # distinct runs of RUN words that stand in more than one split
    names: dict[str, tuple[int, int]]  # kind -> names in more than one split, names


def leakage_of(reading: Reading) -> Leakage:
    """Duplicates by the usual settings, runs of words and names of a whole corpus."""
    return Leakage(find(reading.documents), shared_runs(reading.documents), shared_names(reading))


def find(
    documents: Sequence[Document],
    *,
    shingle: int = 3,
    near: float = 0.8,
    containment: float = 0.8,
    shortest: int = 8,
) -> list[Duplicate]:
    """Every pair of texts that are duplicates, in the order of the documents; none is missed.

    Of a text that stands in several documents, each copy is told once, beside an earlier one that is in another
    split where there is such; and it stands beside another text once, again in two splits where that can be. A blank
    text is no duplicate. Memory grows with the number of words and of pairs found, not with that of pairs compared.
    Raises AskedWrongly for a setting that cannot be, or where more than MOST pairs of texts are found.
    """
    if shingle < 1 or not (0 < near <= 1 and 0 < containment <= 1):
        raise AskedWrongly("shingle is at least 1; near and containment are above 0 and at most 1.")
    copies: dict[str, list[int]] = defaultdict(list)
    for i, document in enumerate(documents):
        if plain := _plain(document.text):
            copies[plain].append(i)
    found: list[tuple[int, int, Duplicate]] = []
    firsts: list[list[int]] = []  # of each text, its first document in each split
    for own in copies.values():
        of_split: dict[str, int] = {}
        for i in own:
            if of_split:
                beside = next((j for j in of_split.values() if _across(documents[i], documents[j])), own[0])
                found.append((beside, i, Duplicate("exact", documents[beside], documents[i])))
            of_split.setdefault(documents[i].split, i)
        firsts.append(list(of_split.values()))
    for smaller, larger, jaccard, contained in _alike(list(copies), shingle, near, containment, shortest):
        ones, others = firsts[smaller], firsts[larger]
        across = ((a, b) for a in ones for b in others if _across(documents[a], documents[b]))
        a, b = next(across, (ones[0], others[0]))
        kind: Literal["near", "contained"] = "near" if jaccard >= near else "contained"
        if kind == "near":
            a, b = sorted((a, b))
        found.append((a, b, Duplicate(kind, documents[a], documents[b], jaccard, contained)))
    return [one for *_, one in sorted(found, key=lambda row: row[:2])]


def shared_runs(documents: Sequence[Document], *, words: int = RUN) -> int:
    """How many distinct runs of that many words stand in documents of more than one split."""
    placed = [document for document in documents if document.split]
    number = {split: i for i, split in enumerate(sorted({document.split for document in placed}))}
    run, at = _runs([_plain(document.text) for document in placed], words, whole=False)
    split = np.array([number[document.split] for document in placed], np.int64)[at]
    splits = np.bincount(_distinct(run * max(1, len(number)) + split) // max(1, len(number)))
    return int((splits > 1).sum())


def shared_names(reading: Reading) -> dict[str, tuple[int, int]]:
    """Of the surfaces of spans and of each facet: names that stand in more than one split, and names in all.

    Names are compared without case. Of a layer with a tier called `names` only the spans of that tier count.
    """
    splits: dict[str, dict[str, set[str]]] = {}
    for layer in reading.schema.layers.values():
        tier = layer.tiers.get("names", layer.labels)
        for document in reading.documents:
            rows: list[tuple[str, str]] = []
            if layer.kind == "spans":
                lines = document.gold.get(layer.name, ())
                rows += [(layer.name, line["text"]) for line in lines if line["label"] in tier]
            for pair in document.pairs.get(layer.name, ()):
                rows += [(f"{facet}s", document.name_of(facet, one)) for facet, one in zip(layer.of, pair, strict=True)]
            for kind, name in rows:
                splits.setdefault(kind, {}).setdefault(_plain(name), set()).add(document.split)
    return {
        kind: (sum(len(own - {""}) > 1 for own in names.values()), len(names)) for kind, names in sorted(splits.items())
    }


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared here."""
    return _words(_plain(text))


def _across(one: Document, other: Document) -> bool:
    return bool(one.split and other.split) and one.split != other.split


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    folded = " ".join(text.casefold().split())
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def _words(plain: str) -> list[str]:
    if plain.isascii() or not HAS_UNSPACED.search(plain):
        return plain.split()
    return [plain[a:b] for a, b in _places(plain)]


def _places(plain: str) -> Iterator[tuple[int, int]]:
    """Start and end of each word; those of an unspaced script overlap."""
    for stretch in STRETCH.finditer(plain):
        start, end = stretch.span()
        if HAS_UNSPACED.match(stretch[0]):
            for at in range(start, max(start, end - CHARACTERS) + 1):
                yield at, min(at + CHARACTERS, end)
        else:
            yield start, end


def _runs(plains: Sequence[str], size: int, *, whole: bool) -> tuple[Ints, Ints]:
    """A number for each run of `size` words, the same for the same words, and the text that it stands in.

    A text with fewer words has no run, or where `whole` is asked one that no other text has.
    """
    known: defaultdict[str, int] = defaultdict()
    known.default_factory = known.__len__
    lengths: list[int] = []

    def texts() -> Iterator[Iterator[int]]:
        for plain in plains:
            words = _words(plain)
            if whole and len(words) < size:
                words += [""] * (size - len(words))
            lengths.append(len(words))
            yield map(known.__getitem__, words)

    words = np.fromiter(chain.from_iterable(texts()), np.int64)
    text = np.repeat(np.arange(len(plains)), np.array(lengths, np.int64))
    run = words
    for step in range(1, size):
        if step > 1 and (int(run.max(initial=0)) + 1) * len(known) > 1 << 62:
            run = np.unique(run, return_inverse=True)[1]
        run = run[:-1] * len(known) + words[step:]
    inside = text[: len(run)] == text[size - 1 :]
    numbers = np.unique(run[inside], return_inverse=True)[1]
    return numbers, text[: len(run)][inside]


def _distinct(numbers: Ints) -> Ints:
    """Each number once, ascending: by a sort, several times as fast here as the hash table of `np.unique`."""
    numbers = np.sort(numbers)
    return numbers[np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)]]


def _alike(
    plains: Sequence[str], shingle: int, near: float, containment: float, shortest: int
) -> Iterator[tuple[int, int, float, float]]:
    """The pairs of different texts that are near or contained, each once: smaller, larger, Jaccard, containment."""
    held, size, words = _shingles(plains, shingle)
    long = words >= shortest
    total = 0
    for smaller, larger in _candidates(held, size, min(near, containment)):
        possible = long[smaller] | (size[smaller] >= near * size[larger] - 1e-9)
        smaller, larger = smaller[possible], larger[possible]
        shared = _shared(held, smaller, larger)
        jaccard, contained = shared / (size[smaller] + size[larger] - shared), shared / size[smaller]
        keep = (jaccard >= near) | ((contained >= containment) & long[smaller])
        columns = (smaller[keep], larger[keep], jaccard[keep], contained[keep])
        yield from zip(*(column.tolist() for column in columns), strict=True)
        total += int(keep.sum())
        if total > MOST:
            remedy = "Take out what most of them have in common, or check a part of the corpus."
            raise AskedWrongly(f"more than {MOST:,} pairs of texts are duplicates. {remedy}")


def _shingles(plains: Sequence[str], shingle: int) -> tuple[Any, Ints, Ints]:
    """Which text holds which shingle (n_texts, n_shared), the rarest first; its shingles and words (n_texts,).

    The columns are the shingles of more than one text: the others cannot be shared, and count in the sizes alone.
    """
    from scipy import sparse

    run, text = _runs(plains, shingle, whole=True)
    words = np.bincount(text, minlength=len(plains)) + shingle - 1
    every = int(run.max(initial=0)) + 1
    text, run = np.divmod(_distinct(text * every + run), every)
    size = np.bincount(text, minlength=len(plains))
    texts_of = np.bincount(run, minlength=every)
    alone = int((texts_of <= 1).sum())
    rank = np.empty(every, np.int64)
    rank[np.argsort(texts_of, kind="stable")] = np.arange(every) - alone
    kept = texts_of[run] > 1
    text, column = np.divmod(np.sort(text[kept] * every + rank[run[kept]]), every)
    start = np.append(0, np.cumsum(np.bincount(text, minlength=len(plains))))
    shape = (len(plains), every - alone)
    return sparse.csr_array((np.ones(len(column), np.int32), column, start), shape=shape), size, words


def _candidates(held: Any, size: Ints, share: float) -> Iterator[tuple[Ints, Ints]]:
    """Blocks of pairs (smaller, larger), every pair that shares that share of the smaller one's shingles among them.

    Such a pair shares one of any `size - wanted + 1` shingles of the smaller, and its rarest make the fewest
    candidates: the prefix filter of Chaudhuri, Ganti & Kaushik (2006), which misses none.
    """
    from scipy import sparse

    many = np.diff(held.indptr)
    wanted = np.maximum(1, np.ceil(share * size - 1e-9)).astype(np.int64)
    text = np.repeat(np.arange(len(size)), many)
    place = np.arange(len(text)) - held.indptr[text] + (size - many)[text]  # those of no other text come before
    first = place <= (size - wanted)[text]
    text, column = text[first], held.indices[first]
    rare = sparse.csr_array((held.data[first], (text, column)), shape=held.shape)
    holders = held.T.tocsr()
    work = np.bincount(text, np.diff(holders.indptr)[column], minlength=len(size))
    for low, high in _blocks(work):
        pairs = (rare[low:high] @ holders).tocoo()
        smaller, larger = pairs.row.astype(np.int64) + low, pairs.col.astype(np.int64)
        ours, theirs = size[smaller], size[larger]
        once = (ours < theirs) | ((ours == theirs) & (smaller < larger))
        yield smaller[once], larger[once]


def _shared(held: Any, smaller: Ints, larger: Ints) -> Ints:
    """How many shingles the texts of each pair share."""
    many = np.diff(held.indptr)
    shared = np.zeros(len(smaller), np.int64)
    for low, high in _blocks(many[smaller] + many[larger]):
        shared[low:high] = held[smaller[low:high]].multiply(held[larger[low:high]]).sum(axis=1)
    return shared


def _blocks(work: npt.NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Borders of stretches with about BLOCK of work each."""
    block = np.cumsum(work) // BLOCK
    borders = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(work)]
    return pairwise(borders)
