"""The Parquet form of a corpus, read: the same files as in the folder, a row a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from harness.corpus.identity import Identity
from harness.corpus.schema import Schema
from harness.corpus.sources import MANIFEST, SHARD, Group, Tell, inside
from harness.errors import Problem, ProblemsFound, UnknownName, quote, shown
from harness.files import Readable, digest_bytes, read_json
from harness.records import Document

AGAIN = "Build it again: harness corpus build FOLDER --out DIR --replace."
Annotator = tuple[bytes | None, bytes | None]  # name, content of the file
REPEATED = ("group", "split", "language", "group_toml")  # columns of few values, kept as a dictionary
BIGGEST_BYTES, MOST_ROWS = 1 << 30, 1 << 20  # of a row group
FILE = re.compile(rf"corpus\.toml|{SHARD.pattern}|tasks/[a-z0-9_-]+\.parquet")


class Row(NamedTuple):
    """One document; what is no string says so by None."""

    group: bytes | None
    id: bytes | None
    split: bytes | None
    language: bytes | None
    sha256: bytes | None
    text: bytes | None
    meta: bytes | None
    gold: bytes | None
    annotators: list[Annotator]
    group_toml: bytes | None


def arrow_schema() -> Any:
    """The columns of a shard. `meta`, `gold`, `annotators` and `group_toml` are the texts of the files."""
    import pyarrow as pa

    few = pa.dictionary(pa.int32(), pa.string())
    annotator = pa.struct([("name", pa.string()), ("content", pa.string())])
    kinds = dict.fromkeys(Row._fields, pa.string()) | dict.fromkeys(REPEATED, few) | {"annotators": pa.list_(annotator)}
    return pa.schema(list(kinds.items()))


@dataclass(frozen=True)
class Manifest:
    """What a build says of itself: the corpus's digest, counts, and the digest of each of its files."""

    digest: str
    documents: int
    groups: int
    files: Mapping[str, str]  # path inside the build -> SHA-256


def read_manifest(root: Path, problems: list[Problem]) -> Manifest | None:
    """The manifest of a build, or None with the problems noted."""
    earlier = len(problems)
    path = root / MANIFEST
    if not inside(root, path):
        problems.append(Problem(MANIFEST, 0, "a link that leads out of the corpus", AGAIN))
        return None
    table = read_json(path, MANIFEST, problems) or {}
    if len(problems) > earlier:
        return None
    digest, documents, groups, files = (table.get(key) for key in ("digest", "documents", "groups", "files"))
    if not (
        isinstance(digest, str)
        and isinstance(documents, int)
        and isinstance(groups, int)
        and isinstance(files, dict)
        and all(FILE.fullmatch(name) and isinstance(sha, str) for name, sha in files.items())
    ):
        problems.append(Problem(MANIFEST, 1, "is not what a build says of itself", AGAIN))
        return None
    shards = [name for name in files if SHARD.fullmatch(name)]
    if sorted(shards) != [f"documents-{i:05}-of-{len(shards):05}.parquet" for i in range(len(shards))]:
        problems.append(Problem(MANIFEST, 1, "does not list every shard", AGAIN))
        return None
    return Manifest(digest, documents, groups, files)


def shard_groups(root: Path, problems: list[Problem], tell: Tell) -> Iterator[Group]:
    """The groups of a build, in the order of its shards; what is no shard of it is noted and not read."""
    manifest = read_manifest(root, problems)
    if manifest is None:
        return
    if (root / "documents").exists():
        found = "a folder of documents beside documents in Parquet"
        problems.append(Problem("documents", 0, found, f"Keep the one or the other: remove it, or {MANIFEST}."))
    reader = _Reader(problems)
    done = 0
    _is_as_built(root, "corpus.toml", manifest, problems)
    for name in sorted(name for name in manifest.files if SHARD.fullmatch(name)):
        if not _is_as_built(root, name, manifest, problems):
            continue
        for group in reader.groups(root / name):
            tell(done, manifest.groups)
            yield group
            done += 1
    tell(done, done)


def verify_build(root: Path, schema: Schema, documents: Sequence[Document], problems: list[Problem]) -> None:
    """Note where a build is not what it says, its task files too; `documents` are those that were read of it."""
    manifest = read_manifest(root, [])
    if manifest is None:
        return
    there = {f"tasks/{path.name}" for path in (root / "tasks").glob("*")}
    there |= {path.name for path in root.glob("documents-*.parquet")}
    for name in sorted(there - manifest.files.keys()):
        problems.append(Problem(shown(name), 0, "a file that does not belong to this build", "Remove it."))
    for name in manifest.files:
        if name.startswith("tasks/"):
            _is_as_built(root, name, manifest, problems)
    if problems:
        return
    identity = Identity(schema)
    for document in documents:
        identity.add(document)
    groups = len({document.group for document in documents})
    if (manifest.digest, manifest.documents, manifest.groups) != (identity.digest(), len(documents), groups):
        problems.append(Problem(MANIFEST, 1, "speaks of another corpus than this", AGAIN))


def task_file(root: Path, name: str) -> tuple[Path, str]:
    """The file of a task's items and gold in a build, and the digest of the corpus that it must be of.

    No document is read. Raises UnknownName where the build has no such task, ProblemsFound where the file, or
    `corpus.toml`, is not the one that the build made.
    """
    problems: list[Problem] = []
    manifest = read_manifest(root, problems)
    if manifest is not None:
        known = [file.removeprefix("tasks/").removesuffix(".parquet") for file in manifest.files if "/" in file]
        if name not in known:
            raise UnknownName(f"task of the build {root}", name, known)
        for file in ("corpus.toml", f"tasks/{name}.parquet"):
            _is_as_built(root, file, manifest, problems)
    if manifest is None or problems:
        raise ProblemsFound(problems)
    return root / "tasks" / f"{name}.parquet", manifest.digest


def texts_in(root: Path) -> dict[str, str]:
    """The text of each document of a build by its id; of the shards nothing else is read.

    Raises ProblemsFound where the build is not as it was built.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    problems: list[Problem] = []
    texts: dict[str, str] = {}
    manifest = read_manifest(root, problems)
    shards = sorted(name for name in manifest.files if SHARD.fullmatch(name)) if manifest else []
    if (root / "documents").exists() or not manifest:
        raise ProblemsFound([*problems, Problem(MANIFEST, 0, "does not stand alone", AGAIN)])
    for name in shards:
        if not _is_as_built(root, name, manifest, problems):
            raise ProblemsFound(problems)
        with pq.ParquetFile(root / name) as file:
            if flaws := list(_flaws(file)):
                raise ProblemsFound([Problem(name, 0, found, AGAIN) for found in flaws])
            for i in range(file.num_row_groups):
                table = file.read_row_group(i, columns=["group", "id", "text"], use_threads=False)
                columns = [table[name].cast(pa.string()).to_pylist() for name in ("group", "id", "text")]
                texts |= {f"{group}/{stem}": text for group, stem, text in zip(*columns, strict=True)}
    if len(texts) != manifest.documents:
        raise ProblemsFound([Problem(MANIFEST, 1, f"{len(texts)} documents are in the shards", AGAIN)])
    return texts


def _is_as_built(root: Path, name: str, manifest: Manifest, problems: list[Problem]) -> bool:
    """Whether a file has the bytes that the build gave it."""
    import hashlib

    path = root / name
    if not inside(root, path):
        problems.append(Problem(name, 0, "a link that leads out of the corpus", "Put the file itself here."))
        return False
    try:
        if not path.is_file():
            raise FileNotFoundError(2, "No such file")
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == manifest.files.get(name)
    except OSError as error:
        problems.append(Problem(name, 0, f"cannot be read ({error.strerror})", AGAIN))
        return False
    if not same:
        problems.append(Problem(name, 0, f"is not the file that {MANIFEST} tells of", AGAIN))
    return same


class _Reader:
    """Rows -> groups, shard after shard."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.last = ""  # the group that came last

    def groups(self, path: Path) -> Iterator[Group]:
        """The groups of one shard. Rows that cannot be of a document are noted and left out."""
        group: GroupRows | None = None
        for number, row in enumerate(_rows(path, self.problems), 1):
            names = [_name(value) for value in (row.group, row.id)]
            if None in names or row.text is None:
                self.problems.append(Problem(path.name, number, "a row without group, id or text", AGAIN))
                continue
            name, stem = cast("list[str]", names)
            if group is None or group.name != name:
                if group is not None:
                    yield group
                    group = None
                if name <= self.last:
                    found = f"group {quote(name)} after {quote(self.last)}: rows are not sorted, or a group is cut"
                    self.problems.append(Problem(path.name, number, found, AGAIN))
                    continue
                group, self.last = GroupRows(name), name
            group.add(path.name, number, stem, row, self.problems)
        if group is not None:
            yield group


def _name(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True)
class _Held:
    """The bytes of a file that stands in a row."""

    data: bytes

    def read_bytes(self) -> bytes:
        return self.data


class GroupRows:
    """A group whose files stand in rows."""

    def __init__(self, name: str) -> None:
        self.name, self.place = name, f"documents/{shown(name)}"
        self.files: dict[str, bytes] = {}
        self.rows: dict[str, tuple[str, int, Row]] = {}  # id -> shard, row number, row

    def add(self, shard: str, number: int, stem: str, row: Row, problems: list[Problem]) -> None:
        """Take the row of one document."""
        if self.rows and stem <= next(reversed(self.rows)):
            problems.append(Problem(shard, number, f"id {quote(stem)}: rows are not sorted by group and id", AGAIN))
            return
        self.rows[stem] = (shard, number, row)
        files = [("txt", row.text), ("meta.json", row.meta), ("gold.jsonl", row.gold)]
        for by, content in row.annotators:
            name = _name(by)
            if name is None or content is None:
                problems.append(Problem(shard, number, "an annotator without name or content", AGAIN))
            else:
                files.append((f"{name}.jsonl", content))
        for ending, data in files:
            file = f"{stem}.{ending}"
            if data is None:
                continue
            if file in self.files:
                problems.append(Problem(shard, number, f"a second file {quote(file)}", AGAIN))
            self.files[file] = data
        first = next(iter(self.rows.values()))[2]
        if row is first and row.group_toml is not None:
            self.files["group.toml"] = row.group_toml
        elif row.group_toml != first.group_toml:
            problems.append(Problem(shard, number, "another group_toml than the group's first row", AGAIN))

    def names(self, problems: list[Problem]) -> list[str]:
        return sorted(self.files)

    def file(self, name: str) -> Readable:
        return _Held(self.files[name])

    def compare(self, documents: Sequence[Document], problems: list[Problem]) -> None:
        """Note columns for other people's tools that say otherwise than the files."""
        for document in documents:
            shard, number, row = self.rows[document.name]
            said = {"split": document.split, "language": document.language, "sha256": digest_bytes(row.text or b"")}
            for column, value in said.items():
                if getattr(row, column) != value.encode():
                    found = f"column {column} is not {quote(value)}, as the files of {quote(document.id)} have it"
                    problems.append(Problem(shard, number, found, AGAIN))


def _rows(path: Path, problems: list[Problem]) -> Iterator[Row]:
    """The rows of a shard, a row group in memory at a time; what is no such file is noted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            flaws = list(_flaws(file))
        if flaws:
            problems.extend(Problem(path.name, 0, found, AGAIN) for found in flaws)
            return
        with pq.ParquetFile(path, read_dictionary=list(REPEATED)) as file:
            for i in range(file.num_row_groups):
                yield from _rows_of(file.read_row_group(i, columns=list(Row._fields)))
    except (pa.ArrowException, OSError, MemoryError, ValueError) as error:
        why = quote(str(error).partition("\n")[0])
        problems.append(Problem(path.name, 0, f"cannot be read as Parquet ({why})", AGAIN))


def _flaws(file: Any) -> Iterator[str]:
    """Why a Parquet file is no shard, or one that would take more memory than its size tells."""
    wanted, there = arrow_schema(), file.schema_arrow
    plain = {wanted.field(name).type.value_type for name in REPEATED}  # other people's files keep no dictionary type
    for name in [*wanted.names, *(name for name in there.names if name not in wanted.names)]:
        if there.names.count(name) != 1 or name not in wanted.names:
            yield f"{there.names.count(name)} columns {quote(name)}, not {wanted.names.count(name)}"
        elif there.field(name).type not in (wanted.field(name).type, *(plain if name in REPEATED else ())):
            found = quote(str(there.field(name).type))
            yield f"column {name} is of type {found}, not {quote(str(wanted.field(name).type))}"
    for i in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(i)
        if group.num_rows > MOST_ROWS or group.total_byte_size > BIGGEST_BYTES:
            yield f"a row group of {group.num_rows} rows and {group.total_byte_size} bytes"
        for column in (group.column(j) for j in range(group.num_columns)):
            # A dictionary or a prefix said once and meant a million times is how a small file fills any memory.
            if column.path_in_schema not in REPEATED and not {*column.encodings} <= {"PLAIN", "RLE", "BIT_PACKED"}:
                yield f"column {quote(column.path_in_schema)} is encoded as {', '.join(column.encodings)}"


def _rows_of(table: Any) -> Iterator[Row]:
    columns = [_annotators(table[name]) if name == "annotators" else _values(table[name]) for name in Row._fields]
    yield from map(Row._make, zip(*columns, strict=True))


def _values(column: Any) -> list[bytes | None]:
    """A column of strings as bytes; each value of a dictionary is one object."""
    import pyarrow as pa

    found: list[bytes | None] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            few = _bytes(chunk.dictionary)
            found += [None if i is None else few[i] for i in chunk.indices.to_pylist()]
        else:
            found += _bytes(chunk)
    return found


def _annotators(column: Any) -> list[list[Annotator]]:
    import pyarrow.compute as pc

    found = []
    for chunk in column.chunks:
        names, contents = (_bytes(part) for part in chunk.flatten().flatten())
        flat = zip(names, contents, strict=True)
        for length in pc.list_value_length(chunk).to_pylist():
            found.append([next(flat) for _ in range(length or 0)])
    return found


def _bytes(strings: Any) -> list[bytes | None]:
    import pyarrow as pa

    found: list[bytes | None] = strings.cast(pa.binary()).to_pylist()
    return found
