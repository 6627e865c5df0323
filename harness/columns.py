"""A task's items and gold in one Parquet file without the texts: what scoring needs, and nothing to read besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, Problem, ProblemsFound, quote
from harness.files import canonical, digest_bytes, parse_object, sync_folder
from harness.parts import Task
from harness.records import Kind

HERE = Path(__file__).parent
KEY = b"harness"  # of the Parquet file's metadata, where the header stands
SHARED = ("item", "document", "group", "split", "language")  # columns of every task; facets follow, then the gold
KINDS = ("label", "labels", "spans")  # also the name of the column that holds the gold
REMEDY = "Write it again: harness corpus build FOLDER --out DIR --replace."


@dataclass(frozen=True)
class TaskHeader:
    """What a task file says of itself. Whoever reads one compares `corpus_digest` with the corpus's own."""

    name: str
    corpus: str
    corpus_digest: str
    kind: Kind
    labels: tuple[str, ...]
    metrics: tuple[str, ...]
    tiers: Mapping[str, tuple[str, ...]]  # in the order declared: the first is the default
    of: tuple[str, ...]
    settings: Mapping[str, Any]
    items: int
    ordered: bool  # whether the items ascend by their UTF-8 bytes, each once
    code: str = ""  # the identity of the code that asked the documents


class TaskFile:
    """A task file while it is written, part after part; there is none before `finish`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.tmp")
        self._writer: Any = None
        self._task: Task | None = None
        self._items, self._last, self._ordered = 0, b"", True

    def add(self, task: Task) -> None:
        """The next items of the task. All parts are of one question: kind, labels, facets and settings are alike."""
        import pyarrow.parquet as pq

        table = _table(task)
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._task = task
            self._writer = pq.ParquetWriter(self._part, table.schema, compression="zstd")
        if len(task):
            self._writer.write_table(table)
        names = [item.encode() for item in task.items["item"]]
        pairs = zip([self._last, *names], names, strict=False)
        self._ordered = self._ordered and all(first < second for first, second in pairs)
        self._last = names[-1] if names else self._last
        self._items += len(names)

    def finish(self, corpus_digest: str) -> int:
        """Write the header, make the file durable and put it in its place; gives the number of items."""
        import os

        assert self._task is not None, "a task file has a part, though it may be empty"
        header = asdict(_header(self._task, corpus_digest, self._items, self._ordered))
        header["tiers"] = [[name, labels] for name, labels in header["tiers"].items()]  # canonical JSON sorts keys
        try:
            said = canonical(header)
        except ValueError as error:
            raise AskedWrongly(f"task {self._task.name}: its settings cannot be written as JSON ({error}).") from None
        self._writer.add_key_value_metadata({KEY: said})
        self._writer.close()
        self._writer = None
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        self._part.replace(self.path)
        sync_folder(self.path.parent)
        return self._items

    def drop(self) -> None:
        """Leave nothing behind."""
        if self._writer is not None:
            self._writer.close()
        self._part.unlink(missing_ok=True)


def write_task(path: Path, task: Task) -> None:
    """Write a task file, whole or not at all."""
    file = TaskFile(path)
    try:
        file.add(task)
        file.finish(task.corpus_digest)
    finally:
        file.drop()


def read_task_header(path: Path) -> TaskHeader:
    """The header of a task file; nothing else is read. Raises ProblemsFound where it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    problems: list[Problem] = []
    try:
        metadata = pq.read_metadata(path)
        said = (metadata.metadata or {}).get(KEY, b"").decode()
    except (pa.ArrowException, OSError, MemoryError, ValueError) as error:
        why = quote(str(error).partition("\n")[0])
        raise ProblemsFound([Problem(str(path), 0, f"cannot be read as Parquet ({why})", REMEDY)]) from None
    if said:
        table = parse_object(said, str(path), 0, problems)
        header = _header_of(table) if table is not None else None
        if header is not None and header.items == metadata.num_rows:
            return header
    problems.append(Problem(str(path), 0, "no header of a task, or one that does not fit the file", REMEDY))
    raise ProblemsFound(problems)


def _header(task: Task, corpus_digest: str, items: int, ordered: bool) -> TaskHeader:
    return TaskHeader(
        name=task.name,
        corpus=task.corpus,
        corpus_digest=corpus_digest,
        kind=task.gold.kind,
        labels=task.gold.labels,
        metrics=task.metrics,
        tiers=task.gold.tiers,
        of=task.of,
        settings=task.settings,
        items=items,
        ordered=ordered,
        code=code(),
    )


def code() -> str:
    """The identity of the code that makes items and gold of documents, as it stands today."""
    rooms = [*HERE.glob("corpus/*.py"), *HERE.glob("tasks/*.py"), HERE / "annotations.py", HERE / "columns.py"]
    return digest_bytes(b"".join(digest_bytes(path.read_bytes()).encode() for path in sorted(rooms)))


def _header_of(table: Mapping[str, Any]) -> TaskHeader | None:
    """A header from its JSON; None where it is none."""
    texts = all(isinstance(table.get(key), str) for key in ("name", "corpus", "corpus_digest"))
    lists = [table.get(key) for key in ("labels", "metrics", "of")]
    tiers = table.get("tiers")
    if not (texts and table.get("kind") in KINDS and all(map(_are_strings, lists)) and isinstance(tiers, list)):
        return None
    if not all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) for one in tiers):
        return None
    if not (all(_are_strings(labels) for _, labels in tiers) and isinstance(table.get("settings"), dict)):
        return None
    if type(table.get("items")) is not int or type(table.get("ordered")) is not bool:
        return None
    if not isinstance(table.get("code", ""), str):
        return None
    values = {"code": "", **table} | {"tiers": {name: tuple(labels) for name, labels in tiers}}
    values |= {key: tuple(table[key]) for key in ("labels", "metrics", "of")}
    return TaskHeader(**values) if values.keys() == TaskHeader.__dataclass_fields__.keys() else None


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _table(task: Task) -> Any:
    """Items and gold as Arrow columns; a label is a dictionary over the declared labels, in the order declared."""
    import pyarrow as pa

    few = pa.dictionary(pa.int32(), pa.string())
    kinds = dict.fromkeys(SHARED, pa.string()) | dict.fromkeys(("group", "split", "language", *task.of), few)
    columns = {name: pa.array(list(task.items[name]), pa.string()).cast(kind) for name, kind in kinds.items()}
    gold = task.gold
    codes = pa.array(gold.codes, pa.int32(), mask=gold.codes < 0)
    labels = pa.DictionaryArray.from_arrays(codes, pa.array(gold.labels, pa.string()))
    if gold.kind == "label":
        return pa.table({**columns, "label": labels})
    assert gold.offsets is not None
    flat = labels
    if gold.kind == "spans":
        places = [pa.array(gold.starts, pa.int32()), pa.array(gold.ends, pa.int32())]
        flat = pa.StructArray.from_arrays([*places, labels], names=["start", "end", "label"])
    offsets = pa.array(gold.offsets, pa.int32())
    return pa.table({**columns, gold.kind: pa.ListArray.from_arrays(offsets, flat)})
