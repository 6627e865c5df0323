"""Gold and predicted blocks brought together by item: a stream where both are sorted by item, else all in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from harness.annotations import Annotations, joined
from harness.answers import Block
from harness.answers.arrays import texts, values_of
from harness.errors import Problem, ProblemsFound, quote
from harness.records import Items

Ints = npt.NDArray[np.int64]
Blocks = Callable[[], Iterator[Block]]


class NotSorted(Exception):
    """A file that cannot be streamed: what is not in order."""


def paired(gold: Blocks, predicted: Blocks, unit: str, place: Path) -> Iterator[tuple[Block, Annotations]]:
    """Gold blocks with the answers to their items, an item without an answer missing; each block holds whole units.

    `unit` is the column whose values chance is drawn over, or `item`. Both files must be sorted by item (by code
    points), the gold by its unit too; where items stand in the same order in both, the predictions need not be looked
    at further. Raises NotSorted, after which nothing that was yielded counts; ProblemsFound where an answer belongs to
    no item, or an item is answered twice, `place` being the file of predictions.
    """
    rest = _Rest(predicted(), place)
    for block in _whole_units(gold(), unit):
        yield block, rest.answers_to(block.item)
    rest.finish()


def paired_in_memory(gold: Blocks, predicted: Blocks, place: Path) -> Iterator[tuple[Block, Annotations]]:
    """The same of files in any order, as one block that holds everything."""
    both = list(gold()), list(predicted())
    if not both[1]:
        raise ProblemsFound([_nothing(place)])
    if not both[0]:
        return
    whole, said = map(_together, both)
    if len(pc.unique(whole.item)) < len(whole.item):
        raise ProblemsFound([Problem("gold", 0, f"item {quote(_twice(whole.item))} stands there twice", "Keep one.")])
    yield whole, said.answers.take(_places(whole.item, said.item, place))


def answers_to(items: Items, blocks: list[Block], place: Path) -> Annotations:
    """The answers to these items, in their order; an item without one is missing. Raises ProblemsFound."""
    if not blocks:
        raise ProblemsFound([_nothing(place)])
    said = _together(blocks)
    item = list(items["item"])
    found = replace(said.answers.take(_places(texts(item), said.item, place)), item=item)
    for name, part in {"answers": found, **found.besides}.items():
        if flaw := replace(part, item=item).flaw(items):
            raise ProblemsFound([Problem(str(place), 0, f"{name} with {flaw}", "Mend the file.")])
    return found


class _Rest:
    """The predictions that no gold block has asked for yet."""

    def __init__(self, blocks: Iterator[Block], place: Path) -> None:
        self.blocks, self.place = blocks, place
        self.held: Block | None = None
        self.last = ""  # item of the gold that was asked for

    def answers_to(self, item: pa.Array) -> Annotations:
        n = len(item)
        before, self.last = self.last, item[n - 1].as_py()
        self._fill(lambda held: len(held) >= n)
        if self.held is not None and len(self.held.item) >= n and self.held.item.slice(0, n).equals(item):
            own, self.held = _cut(self.held, n)
            return own.answers
        self._fill(lambda held: len(held) > 0 and held[len(held) - 1].as_py() > self.last)
        held = self.held
        if held is None:
            raise ProblemsFound([_nothing(self.place)])
        _refuse_unsorted(held.item, before, "predictions")
        own, self.held = _cut(held, int(pc.sum(pc.less_equal(held.item, texts([self.last])[0])).as_py() or 0))
        return own.answers.take(_places(item, own.item, self.place))

    def finish(self) -> None:
        """Say no to answers that are left over."""
        self._fill(lambda held: len(held) > 0)
        if self.held is not None and len(self.held.item):
            first = self.held.item[0].as_py()
            if first <= self.last:
                raise NotSorted("the predictions are not sorted by item")
            raise ProblemsFound([_nobody(first, self.place)])
        for _ in self.blocks:  # to its end, so that the problems of the file are told
            pass

    def _fill(self, enough: Callable[[pa.Array], bool]) -> None:
        while self.held is None or not enough(self.held.item):
            block = next(self.blocks, None)
            if block is None:
                return
            self.held = block if self.held is None else _together([self.held, block])


def _whole_units(blocks: Iterator[Block], unit: str) -> Iterator[Block]:
    """The blocks cut anew so that no unit stands in two of them. Raises NotSorted."""
    held: Block | None = None
    last = ""
    for block in blocks:
        _refuse_unsorted(block.item, last, "gold")
        last = block.item[len(block.item) - 1].as_py()
        if unit == "item":
            yield block
            continue
        held = block if held is None else _together([held, block])
        values = _plain(held.columns[unit])
        if not _rises(values, strictly=False):
            raise NotSorted(f"the gold is not sorted by {unit}")
        at = int(pc.sum(pc.less(values, values[len(values) - 1])).as_py() or 0)
        if at:
            whole, held = _cut(held, at)
            yield whole
    if held is not None and len(held.item):
        yield held


def _refuse_unsorted(item: pa.Array, before: str, whose: str) -> None:
    """Raise NotSorted where the items do not rise, or not from the one before them."""
    if not _rises(item, strictly=True) or (len(item) and item[0].as_py() <= before):
        raise NotSorted(f"the {whose} {'is' if whose == 'gold' else 'are'} not sorted by item")


def _rises(values: pa.Array, *, strictly: bool) -> bool:
    """Whether each value is greater than the one before it, or as great."""
    n = len(values)
    compare = pc.less if strictly else pc.less_equal
    return n < 2 or bool(pc.all(compare(values.slice(0, n - 1), values.slice(1))).as_py())


def _places(wanted: pa.Array, given: pa.Array, place: Path) -> Ints:
    """Where each wanted item stands among the given ones, -1 where it does not."""
    if wanted.equals(given):
        return np.arange(len(wanted))
    back = pc.index_in(given, value_set=wanted)
    problems = []
    if back.null_count:
        problems.append(_nobody(given.filter(pc.is_null(back))[0].as_py(), place))
    if len(pc.unique(given)) < len(given):
        found = f"a second answer to item {quote(_twice(given))}"
        problems.append(Problem(str(place), 0, found, "Keep one answer an item."))
    if problems:
        raise ProblemsFound(problems)
    at = np.full(len(wanted), -1)
    at[values_of(back)] = np.arange(len(given))
    return at


def _nothing(place: Path) -> Problem:
    return Problem(str(place), 0, "holds no answers", "Write one item a line.")


def _nobody(item: str, place: Path) -> Problem:
    return Problem(str(place), 0, f"no item {quote(item)} in the gold", "Answer the items of the gold alone.")


def _twice(item: pa.Array) -> str:
    counts = pc.value_counts(item)
    again = counts.filter(pc.greater(counts.field("counts"), 1))
    return str(again[0]["values"].as_py())


def _together(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    columns: Mapping[str, pa.Array] = {
        name: _plain(pa.chunked_array([_plain(block.columns[name]) for block in blocks])) for name in blocks[0].columns
    }
    item = _plain(pa.chunked_array([_plain(block.item) for block in blocks]))
    return Block(item, joined([block.answers for block in blocks]), columns)


def _plain(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values


def _cut(block: Block, at: int) -> tuple[Block, Block]:
    """The first items of a block, and the others."""
    parts = []
    for low, high in ((0, at), (at, len(block.item))):
        columns = {name: values.slice(low, high - low) for name, values in block.columns.items()}
        parts.append(Block(block.item.slice(low, high - low), block.answers.stretch(low, high), columns))
    return parts[0], parts[1]
