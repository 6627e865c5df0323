"""Files of answers, gold or predicted, in blocks of columns: Parquet, JSON lines, CSV, tags in columns (CoNLL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.annotations import Annotations
from harness.errors import AskedWrongly, Problem, ProblemsFound, suggestion
from harness.records import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from harness.columns import TaskHeader

SIZE = 1 << 17  # items of a block
SUFFIXES = {
    ".parquet": "parquet",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".csv": "csv",
    ".tsv": "csv",
    ".conll": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".bioes": "conll",
}
NAMES = ("parquet", "json_lines", "csv", "conll")
OWN = ("item", "label", "labels", "spans", "status", "scores", "evidence", "text")  # columns that are no marks
KINDS: tuple[Kind, ...] = ("label", "labels", "spans")
UNITS = ("group", "document")  # columns of a gold that chance is drawn over, the coarser first


@dataclass(frozen=True)
class Asked:
    """How a file of answers is read: the kind of answer, the declared labels, and which part of the file it is."""

    kind: Kind
    labels: tuple[str, ...]
    gold: bool = False  # an item without an answer, or with an unknown label, is then a problem
    columns: tuple[str, ...] = ()  # those wanted besides: units, slices
    tags: Mapping[str, Any] = field(default_factory=dict)  # of tags: reading and scheme; which column, from the end
    evidence: bool = True  # whether what answers rest on is read too

    @property
    def declare(self) -> str:
        """What to do about a gold label that is not declared."""
        return f"Declared labels are {', '.join(self.labels)}: declare more by --labels, or mend the gold."


@dataclass(frozen=True, eq=False)
class Block:
    """Some items of a file with their answers, as columns of one length; `columns` is what else it says of them."""

    item: pa.Array
    answers: Annotations
    columns: Mapping[str, pa.Array]  # those wanted that the file has, the same in every block: texts or lists of them


@dataclass(frozen=True)
class Header:
    """What a file says of itself before it is read: the kinds of answer it could hold, and what else is known."""

    kinds: tuple[Kind, ...]
    columns: tuple[str, ...]  # those beside item and answer that can be a unit or a slice
    task: TaskHeader | None = None  # where it holds a task that the harness wrote


Reader = Callable[[Path, Asked], Iterator[Block]]


def name_of(path: Path, given: str = "") -> str:
    """The reader of a file: the one named, or by the file's suffix. Raises AskedWrongly where neither tells."""
    if given:
        name = given.replace("-", "_").replace("jsonl", "json_lines")
        if name not in NAMES:
            raise AskedWrongly(f"unknown form of answers {given}. {suggestion(given, NAMES)}")
        return name
    if path.suffix.lower() not in SUFFIXES:
        raise AskedWrongly(f"{path}: the name does not tell how to read it. Say --as {', '.join(NAMES)}.")
    return SUFFIXES[path.suffix.lower()]


def header(path: Path, given: str = "") -> Header:
    """What the file says of itself. Raises ProblemsFound where it cannot be read."""
    found: Header = _module(path, given).header(path)
    return found


def read(path: Path, asked: Asked, given: str = "") -> Iterator[Block]:
    """The file in blocks of at most SIZE items, in its order. Raises ProblemsFound with all problems of the file."""
    blocks: Iterator[Block] = _module(path, given).read(path, asked)
    return blocks


def labels_in(path: Path, kind: Kind, given: str = "") -> list[str]:
    """Every label that the file holds, sorted: a suggestion of what to declare, never taken for it."""
    found: set[str] = _module(path, given).labels_in(path, kind)
    return sorted(found)


def _module(path: Path, given: str) -> Any:
    from importlib import import_module

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise ProblemsFound([Problem(str(path), 0, what, "Check the path.")])
    return import_module(f"harness.answers.{name_of(path, given)}")
