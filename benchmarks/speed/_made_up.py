"""Made-up gold and answers of any size: labels, and labelled spans as Arrow columns, tags, dicts and documents."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from harness.annotations import Annotations

LABELS = ("ARREST", "RELEASE", "PROTEST", "LEGAL", "OTHER")
SHARES = (0.4, 0.25, 0.2, 0.1, 0.05)
TYPES = ("PER", "ORG", "LOC", "MISC")
SLOTS, SLOT = 4, 6  # a sentence is 24 tokens; each slot of 6 holds at most one gold and one predicted span
NUMBERS = range(1 << 40)

Ints = npt.NDArray[np.int64]


def label_codes(n: int, systems: int = 1, seed: int = 1) -> list[Ints]:
    """Codes of gold, then of systems each of which is right three times in four."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(len(LABELS), n, p=SHARES)
    guesses = [np.where(rng.random(n) < 0.75, gold, rng.integers(0, len(LABELS), n)) for _ in range(systems)]
    return [gold, *guesses]


def of_codes(codes: npt.NDArray[Any]) -> Annotations:
    """Codes as answers; the names of items are not looked at."""
    n = len(codes)
    return Annotations("label", LABELS, NUMBERS[:n], np.zeros(n, np.uint8), codes.astype(np.int32, copy=False))


@dataclass(frozen=True)
class Side:
    """Spans of n sentences over token positions, by slot (n, SLOTS); `there` says where there is one."""

    there: npt.NDArray[np.bool_]
    start: Ints
    end: Ints
    label: Ints

    @cached_property
    def arrow(self) -> pa.Array:
        """A list of (start, end, label) structs a sentence, the label a dictionary over TYPES."""
        offsets = np.append(0, np.cumsum(self.there.sum(axis=1))).astype(np.int32)
        places = [pa.array(part[self.there].astype(np.int32)) for part in (self.start, self.end)]
        labels = pa.DictionaryArray.from_arrays(pa.array(self.label[self.there].astype(np.int32)), list(TYPES))
        return pa.ListArray.from_arrays(
            pa.array(offsets), pa.StructArray.from_arrays([*places, labels], names=["start", "end", "label"])
        )

    @cached_property
    def tags(self) -> list[list[str]]:
        """IOB2, one list a sentence."""
        position = np.arange(SLOTS * SLOT).reshape(SLOTS, SLOT)
        start, end, label = (part[:, :, None] for part in (self.start, self.end, self.label))
        inside = self.there[:, :, None] & (position >= start) & (position < end)
        code = np.where(inside, 1 + 2 * label + (position > start), 0)
        names = np.array(["O", *(f"{letter}-{label}" for label in TYPES for letter in "BI")], object)
        return names[code.reshape(len(code), -1)].tolist()

    @cached_property
    def dicts(self) -> list[list[dict[str, Any]]]:
        """As nervaluate takes them: ends inclusive."""
        flat = zip(*(part[self.there].tolist() for part in (self.start, self.end, self.label)), strict=True)
        spans = ({"start": start, "end": end - 1, "label": TYPES[label]} for start, end, label in flat)
        return [[next(spans) for _ in range(many)] for many in self.there.sum(axis=1)]

    def first(self, n: int) -> "Side":
        """The same of the first n sentences."""
        return Side(self.there[:n], self.start[:n], self.end[:n], self.label[:n])


def sides(n: int, seed: int = 1) -> tuple[Side, Side]:
    """Gold, 2.5 spans a sentence, and a prediction of which four in five are right.

    No predicted span touches two gold ones, so that every scorer pairs them alike.
    """
    rng = np.random.default_rng(seed)
    shape = (n, SLOTS)
    first = np.arange(SLOTS) * SLOT
    start = first + rng.integers(0, 4, shape)
    gold = Side(rng.random(shape) < 0.625, start, start + rng.integers(1, 4, shape), rng.integers(0, len(TYPES), shape))
    chance = rng.random(shape)
    there = np.where(gold.there, chance > 0.06, chance < 0.05)
    label = np.where((chance > 0.06) & (chance < 0.13), (gold.label + 1) % len(TYPES), gold.label)
    shifted = (chance >= 0.13) & (chance < 0.2)
    end = np.where(shifted & (gold.end < first + SLOT), gold.end + 1, gold.end)
    return gold, Side(there, start, end, label)
