"""Answers in a Parquet file: a column `item`, then `label`, `labels` or `spans`; `status`, `scores`; and others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.annotations import Annotations
from harness.answers import KINDS, OWN, SIZE, UNITS, Asked, Block, Header
from harness.answers.arrays import as_texts, boolean, decoded, is_text, texts, values_of
from harness.answers.rows import evidence_in
from harness.columns import KEY, read_task_header
from harness.errors import Problem, ProblemsFound, quote
from harness.records import ANSWERED, INVALID, MISSING, STATUSES, Kind


def header(path: Path) -> Header:
    """The kinds of answer among its columns, and what the harness wrote of it."""
    file = _open(path)
    names = file.schema_arrow.names
    if "item" not in names:
        raise _problem(path, f"no column item; there are {', '.join(names)}", "Name each item in a column `item`.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _problem(path, f"two columns {', '.join(twice)}", "Keep one of each name.")
    kinds = tuple(kind for kind in KINDS if kind in names)
    others = tuple(
        one.name for one in file.schema_arrow if one.name in UNITS or (one.name not in OWN and _tells(one.type))
    )
    ours = KEY in (file.metadata.metadata or {})
    return Header(kinds, others, read_task_header(path) if ours else None)


def read(path: Path, asked: Asked) -> Iterator[Block]:
    """Row group by row group, blocks of at most SIZE rows; of the columns only those that are asked for."""
    file = _open(path)
    names = file.schema_arrow.names
    there = header(path).columns
    others = tuple(name for name in asked.columns if name in there)
    evidence = ("evidence",) if asked.evidence else ()
    wanted = [name for name in ("item", asked.kind, "status", "scores", *evidence, *others) if name in names]
    if asked.kind not in names:
        raise _problem(path, f"no column {asked.kind}", f"Give the answers in a column `{asked.kind}`.")
    row = 0
    try:
        for batch in file.iter_batches(SIZE, columns=wanted):
            if not len(batch):
                continue
            columns = dict(zip(batch.schema.names, map(decoded, batch.columns), strict=True))
            yield _block(path, row, columns, asked, others)
            row += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _problem(path, f"cannot be read ({_first(error)})", "Write the file again.") from None


def labels_in(path: Path, kind: Kind) -> set[str]:
    """Every label of the file."""
    found: set[str] = set()
    try:
        for batch in _open(path).iter_batches(SIZE, columns=[kind]):
            column = batch.column(0)
            if kind != "label":
                column = column.flatten()
            if kind == "spans":
                column = column.field("label")
            found.update(value for value in pc.unique(column).cast(pa.string()).to_pylist() if value is not None)
    except MISREAD as error:
        raise _problem(path, f"column {kind} cannot be read ({_first(error)})", SHAPE[kind]) from None
    return found


def answers_of(columns: Mapping[str, pa.Array], asked: Asked) -> Annotations:
    """The answers that Arrow columns hold (one of them named by the kind), as codes of the declared labels."""
    n, column = len(columns[asked.kind]), columns[asked.kind]
    state = _states(columns, asked)
    if asked.kind == "label":
        codes = _codes(column, asked.labels)
        if column.null_count or "status" in columns or (n and codes.min() < 0):
            state = np.where((state == ANSWERED) & (codes < 0), np.uint8(INVALID), state)
            codes = np.where(state == ANSWERED, codes, np.int32(-1))
        scores = _scores(columns.get("scores"), asked.labels)
        return Annotations("label", asked.labels, range(n), state, codes, scores=scores)
    flat = column.flatten()
    codes = _codes(flat.field("label") if asked.kind == "spans" else flat, asked.labels)
    if column.null_count == 0 and "status" not in columns:
        offsets = values_of(column.offsets).astype(np.int64)
        offsets -= offsets[0]
    else:
        lengths = np.where(state == ANSWERED, values_of(pc.list_value_length(column)), 0)
        kept = np.repeat(state == ANSWERED, values_of(pc.list_value_length(column)))
        flat, codes, offsets = flat.filter(boolean(kept)), codes[kept], np.append(0, np.cumsum(lengths))
    if asked.kind == "spans":
        return _spans(asked.labels, state, flat, codes, offsets)
    return _sets(asked.labels, state, codes, offsets, _scores(columns.get("scores"), asked.labels))


def _spans(labels: tuple[str, ...], state: States, flat: pa.Array, codes: Ints, offsets: Places) -> Annotations:
    if flat.null_count or flat.field("start").null_count or flat.field("end").null_count:
        raise ValueError("a span, or a part of one, is null")
    starts, ends = (values_of(flat.field(name).cast(pa.int32())) for name in ("start", "end"))  # nothing cut off
    rises = starts[1:] > starts[:-1]
    rises[offsets[(offsets > 0) & (offsets < len(starts))] - 1] = True  # from one item to the next
    if not rises.all():
        item = np.repeat(np.arange(len(state)), np.diff(offsets))
        order = np.lexsort((codes, ends, starts, item))
        starts, ends, codes = starts[order], ends[order], codes[order]
    return Annotations("spans", labels, range(len(state)), state, codes, offsets, starts, ends)


def _sets(
    labels: tuple[str, ...], state: States, codes: Ints, offsets: Places, scores: npt.NDArray[np.float32] | None
) -> Annotations:
    """Each label once and in order; a set with a label that is not declared is no answer."""
    n, k = len(state), max(len(labels), 1)
    item = np.repeat(np.arange(n), np.diff(offsets))
    state[item[codes < 0]] = INVALID
    kept = state[item] == ANSWERED
    key = np.unique(item[kept] * k + codes[kept])
    offsets = np.append(0, np.cumsum(np.bincount(key // k, minlength=n)))
    return Annotations("labels", labels, range(n), state, (key % k).astype(np.int32), offsets, scores=scores)


def _block(path: Path, row: int, columns: dict[str, pa.Array], asked: Asked, others: tuple[str, ...]) -> Block:
    problems = []
    if not is_text(columns["item"].type):
        found = f"column item is {columns['item'].type}, not text"
        raise _problem(path, found, "Write the names of items as texts.")
    item = columns["item"].cast(pa.string())
    if item.null_count:
        problems.append(_at(path, row, values_of(pc.is_null(item)), "no item is named", "Name each item."))
    try:
        answers = answers_of(columns, asked)
    except MISREAD as error:
        found = f"column {asked.kind} or scores is of another type than asked for ({_first(error)})"
        remedy = SHAPE[asked.kind] + (SCORES if "scores" in columns else "")
        raise _problem(path, f"{found}, rows from {row + 1}", remedy) from None
    if "evidence" in columns:
        try:
            besides = {"evidence": evidence_in(columns["evidence"].to_pylist())}
        except ValueError as error:
            raise _problem(path, str(error), "Give `evidence` as a list of [start, end].") from None
        answers = replace(answers, besides=besides)
    unknown = answers.status != ANSWERED
    if answers.starts is not None and answers.ends is not None and answers.offsets is not None:
        owner = np.repeat(np.arange(len(item)), np.diff(answers.offsets))
        unknown[owner[answers.codes < 0]] = True
        odd = np.zeros(len(item), bool)
        odd[owner[(answers.starts < 0) | (answers.starts >= answers.ends)]] = True
        if odd.any():
            problems.append(_at(path, row, odd, "a span that is empty or begins before 0", SHAPE["spans"]))
    if asked.gold and unknown.any():
        found = "gold without an answer, or with a label that is not declared"
        problems.append(_at(path, row, unknown, found, asked.declare))
    known = {name: _said_of_items(path, name, columns[name]) for name in others}
    for name in UNITS:
        if name in known and known[name].null_count:
            problems.append(_at(path, row, values_of(pc.is_null(known[name])), f"no {name} is named", UNIT))
    if problems:
        raise ProblemsFound(problems)
    return Block(item, answers, known)


def _said_of_items(path: Path, name: str, column: pa.Array) -> pa.Array:
    """A column that items are grouped or cut by, as texts."""
    if name in UNITS and not (is_text(column.type) or pa.types.is_integer(_inner(column.type))):
        raise _problem(path, f"column {name} is {column.type}, neither text nor whole numbers", UNIT)
    if name == "split" and pa.types.is_nested(column.type):
        raise _problem(path, f"column split is {column.type}, not text", "Give each item one split.")
    return as_texts(column)


SCORES = " Give `scores` as a list of numbers in label order, or null where there are none."
UNIT = "Name it as text for every item, or leave the column away."
MISREAD = (pa.ArrowException, KeyError, ValueError, TypeError, AttributeError)  # by a column of another type
Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]
SHAPE = {
    "label": "Give `label` as text, or as a dictionary of texts.",
    "labels": "Give `labels` as a list of texts.",
    "spans": "Give `spans` as a list of {start: int, end: int, label: text}.",
}


def _states(columns: Mapping[str, pa.Array], asked: Asked) -> States:
    """The status of each item: as it is said, else answered where there is an answer. An array of its own."""
    column = columns[asked.kind]
    said = np.full(len(column), ANSWERED, np.uint8)
    if column.null_count:
        said[values_of(column.is_null())] = MISSING
    if "status" in columns:
        codes = _codes(columns["status"], STATUSES)
        if (codes[values_of(columns["status"].is_valid())] < 0).any():
            raise ValueError(f"statuses are {', '.join(STATUSES)}")
        said[codes > ANSWERED] = codes[codes > ANSWERED]
    return said


def _codes(column: pa.Array, labels: tuple[str, ...]) -> npt.NDArray[np.int32]:
    """The position of each value in `labels`, -1 where it is none of them or null."""
    values = texts(labels)
    if pa.types.is_dictionary(column.type):
        held = values_of(pc.index_in(column.dictionary.cast(pa.string()), value_set=values), -1)
        places = values_of(column.indices.cast(pa.int32()), -1)
        if (held == np.arange(len(held))).all():
            return places
        if column.null_count:
            return np.append(held, np.int32(-1))[places]
        return held.take(places, mode="clip")  # no place is outside, and not looking is faster
    codes = pc.index_in(column.cast(pa.string()), value_set=values)
    return np.asarray(values_of(codes, -1), np.int32)


def _scores(column: pa.Array | None, labels: tuple[str, ...]) -> npt.NDArray[np.float32] | None:
    """A score a label, from a list in label order or a struct of labels; 0 where an item has none.

    As in JSON lines, a label that a struct leaves out has 0.
    """
    if column is None:
        return None
    if pa.types.is_struct(column.type):
        names = [field.name for field in column.type]
        if odd := set(names) - set(labels):
            raise ValueError(f"a score for unknown label {min(odd)}")
        zero = np.zeros(len(column), np.float32)
        table = np.column_stack([_floats(column.field(one)) if one in names else zero for one in labels])
        table[values_of(column.is_null())] = 0  # what stands below a null struct means nothing
    else:
        flat, lengths = column.flatten(), values_of(pc.list_value_length(column))
        there = lengths > 0
        if (lengths[there] != len(labels)).any() or flat.null_count:
            raise ValueError(f"scores must be {len(labels)} numbers an item")
        table = _floats(flat).reshape(-1, len(labels))
        if not there.all():
            given, table = table, np.zeros((len(column), len(labels)), np.float32)
            table[there] = given
    if not np.isfinite(table).all():
        raise ValueError("scores must be finite numbers")
    return table


def _floats(column: pa.Array) -> npt.NDArray[np.float32]:
    return values_of(column.cast(pa.float32()))


def _tells(kind: pa.DataType) -> bool:
    """Whether items can be cut by a column of this type: plain values, or lists of them."""
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    kind = _inner(kind.value_type if lists else kind)
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _inner(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, pre_buffer=False)  # else a whole row group is held
    except (pa.ArrowInvalid, OSError) as error:
        raise _problem(path, f"is no Parquet file ({_first(error)})", "Check the file, or say --as.") from None


def _at(path: Path, row: int, bad: npt.NDArray[np.bool_], found: str, remedy: str) -> Problem:
    places = np.flatnonzero(bad)
    first = row + int(places[0]) + 1
    return Problem(str(path), first, f"{found} (row {first}, {len(places)} in this block)", remedy)


def _problem(path: Path, found: str, remedy: str) -> ProblemsFound:
    return ProblemsFound([Problem(str(path), 0, found, remedy)])


def _first(error: BaseException) -> str:
    return quote(str(error).split("\n")[0])
