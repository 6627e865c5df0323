"""What flows through the house: documents, items and counts; annotations have a file of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # numpy is imported when columns are built, so that `check` and `--help` never load it
    import numpy as np
    import numpy.typing as npt

Kind = Literal["label", "labels", "spans"]
ITEM_COLUMNS = ("item", "document", "group", "split", "language", "text")  # besides them: facets
STATUSES = ("answered", "invalid", "missing", "abstained", "refused", "errored")
ANSWERED, INVALID, MISSING, ABSTAINED, REFUSED, ERRORED = range(len(STATUSES))


@dataclass(frozen=True)
class Document:
    """One text with what is known of it. Offsets count Unicode code points of `text`, ends exclusive."""

    group: str
    name: str
    text: str
    split: str = ""
    language: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    pairs: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)  # layer -> what to judge
    gold: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)  # a layer not there: not done
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # facet -> id -> display name
    guideline: str = ""

    @property
    def id(self) -> str:
        """GROUP/NAME, unique in the corpus."""
        return f"{self.group}/{self.name}"

    def name_of(self, facet: str, name_id: str) -> str:
        """The display name of a holder, target or other facet; the id itself where it has none."""
        return self.names.get(facet, {}).get(name_id, name_id)


@dataclass(frozen=True)
class Items:
    """What a model is asked about, as columns of equal length; the gold stands apart.

    There are `item` (unique), `document`, `group`, `split`, `language`, and unless only scoring is asked, `text`; for
    a layer that is about something, one column for each facet (`holder`, `target`: their names).
    """

    columns: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.columns["item"])

    def __getitem__(self, name: str) -> Sequence[str]:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def take(self, index: Iterable[int]) -> Items:
        """The items at these positions, in this order."""
        index = [int(i) for i in index]
        return Items({name: list(map(column.__getitem__, index)) for name, column in self.columns.items()})

    def without(self, column: str) -> Items:
        """The items with one column less."""
        return Items({name: values for name, values in self.columns.items() if name != column})

    @functools.cached_property
    def digests(self) -> Mapping[str, str]:
        """The identity of each column."""
        return {name: column_digest(values) for name, values in self.columns.items()}

    @functools.cached_property
    def rows(self) -> npt.NDArray[np.uint8]:
        """What is known of each item but its split, as a SHA-256 of columns' names and its values, (n, 32)."""
        import hashlib

        import numpy as np

        encode, names = _encoder(), sorted(self.columns.keys() - {"split"})
        first = hashlib.sha256(encode(tuple(names)))
        sums = []
        for row in zip(*(self.columns[name] for name in names), strict=True):
            own = first.copy()
            own.update(encode(row))
            sums.append(own.digest())
        return np.frombuffer(b"".join(sums), np.uint8).reshape(-1, 32)

    @property
    def digest(self) -> str:
        """The identity of all columns, each value at its place."""
        return digest_of(part.encode() for column in sorted(self.digests.items()) for part in column)


@dataclass(frozen=True, eq=False)
class Counts:
    """What a metric counts: item i has the row `vectors[code[i]]`. Rows may be summed over any set of items.

    Many items share few rows, so sums and draws are made over the vectors and how often each occurs.
    """

    code: npt.NDArray[np.int64]  # (n_items,)
    vectors: npt.NDArray[np.float64]  # (m, k)

    def __len__(self) -> int:
        return len(self.code)

    @property
    def rows(self) -> npt.NDArray[np.float64]:
        """One row an item, (n_items, k)."""
        return self.vectors[self.code]

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """How many items have each vector, (m,)."""
        import numpy as np

        return np.bincount(self.code, minlength=len(self.vectors))

    @property
    def total(self) -> npt.NDArray[np.float64]:
        """The sum of all rows, (k,)."""
        total: npt.NDArray[np.float64] = self.times @ self.vectors
        return total


def _encoder() -> Callable[[tuple[str, ...]], bytes]:
    """Texts -> bytes that no other texts have: JSON, or where half a surrogate pair is in them, as Python has it."""
    import msgspec

    quick = msgspec.json.Encoder().encode

    def encode(values: tuple[str, ...]) -> bytes:
        try:
            return quick(values)
        except UnicodeEncodeError:
            return ascii(values).encode()

    return encode


def column_digest(values: Sequence[str]) -> str:
    """The identity of a column of texts, each value at its place: of how long each is, and of all of them joined."""
    import numpy as np

    lengths = np.fromiter(map(len, values), "<i8", len(values))
    return digest_of([lengths.tobytes(), "".join(values).encode("utf-8", "surrogatepass")])


def digest_of(parts: Iterable[bytes]) -> str:
    """SHA-256 of byte strings, each with its length before it, so that none runs into the next."""
    import hashlib

    sums = hashlib.sha256()
    for part in parts:
        sums.update(len(part).to_bytes(8, "little"))
        sums.update(part)
    return sums.hexdigest()
