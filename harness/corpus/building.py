"""A corpus in any form -> its Parquet form: shards of documents, and a manifest that tells each file's digest."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.corpus import Corpus
from harness.corpus.identity import Identity
from harness.corpus.reading import Reading, groups_of, read_group
from harness.corpus.schema import Schema, read_schema
from harness.corpus.shards import BIGGEST_BYTES, MOST_ROWS, REPEATED, Row, arrow_schema
from harness.corpus.sources import MANIFEST, Group, Tell, inside, is_built
from harness.errors import AskedWrongly, Problem, ProblemsFound
from harness.files import canonical, digest_bytes, locked, read_text, sync_folder
from harness.records import Document

ROW_GROUP_BYTES = 8 << 20  # what is read, and held, at a time; a group larger than this is one all the same
COPIED = ("corpus.toml", "README.md", "GUIDELINES.md")
SEALED = ("corpus.toml", "documents-*.parquet", "tasks/*.parquet")  # whose digests the manifest holds


@contextmanager
def building(
    root: Path, out: Path, *, shard_bytes: int, replace: bool = False, tell: Tell = lambda done, total: None
) -> Iterator[Building]:
    """Build the corpus in `root` beside `out`, and put it in place when the block ends without an error.

    A kill at any moment leaves `out` as it was, or none, or the new build whole; the next call clears up after it.
    `replace` takes the place of an earlier build. Raises AskedWrongly where `out` is something else.
    """
    _refuse(root, out, replace)
    out.parent.mkdir(parents=True, exist_ok=True)
    with locked(out.parent):
        staging = out.parent / f".{out.name}.building"
        shutil.rmtree(staging, ignore_errors=True)
        try:
            staging.mkdir()
            build = Building(root, staging, shard_bytes, tell)
            yield build
            build.seal()
            _put(staging, out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _refuse(root: Path, out: Path, replace: bool) -> None:
    """Raise where `out` is not for us to write to."""
    if inside(root / "documents", out):
        raise AskedWrongly(f"{out} is among the documents of the corpus. Name a folder elsewhere.")
    if not os.path.lexists(out) or (out.is_dir() and not out.is_symlink() and not any(out.iterdir())):
        return
    if not is_built(out) or out.is_symlink() or (out / "documents").exists():
        raise AskedWrongly(f"{out} is there and is no build of a corpus. Name another folder.")
    if not replace:
        raise AskedWrongly(f"{out} holds a build. Add --replace, or name another folder.")


def _put(staging: Path, out: Path) -> None:
    """The finished build into its place; the earlier one stays until then."""
    old = out.parent / f".{out.name}.replaced"
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    try:
        staging.rename(out)
    except BaseException:
        if old.exists():
            old.rename(out)
        raise
    sync_folder(out.parent)
    shutil.rmtree(old, ignore_errors=True)


class Building:
    """A build while it is made. `parts` reads and writes the documents; task files are put into `folder` besides."""

    def __init__(self, root: Path, folder: Path, shard_bytes: int, tell: Tell) -> None:
        self.root, self.folder, self.tell = root, folder, tell
        self.problems: list[Problem] = []
        self.schema: Schema = read_schema(root, self.problems)
        self.identity = Identity(self.schema)
        self.documents = self.groups = 0
        self._shards = _Shards(folder, shard_bytes)

    @property
    def digest(self) -> str:
        """The digest of the corpus, once all parts were taken."""
        return self.identity.digest()

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return self._shards.count

    def parts(self) -> Iterator[Corpus]:
        """The corpus in parts of some MB, each written as it is given, so that one alone is in memory.

        A part's schema is the corpus's, its digest is not. Raises ProblemsFound at the end, with everything that
        makes the corpus unusable.
        """
        rows: list[Row] = []
        reading, size, given = self._reading(), 0, False
        for group in groups_of(self.root, self.problems, self.tell):
            kept = _Kept(group)
            documents = read_group(reading, kept, everyone=False)
            more = kept.rows(documents, self.problems)
            if self.problems:
                reading = self._reading()  # nothing will be written: read on for further problems alone
                continue
            size_of_group = sum(map(_size, more))
            if rows and (size + size_of_group > ROW_GROUP_BYTES or len(rows) + len(more) > MOST_ROWS):
                yield self._part(reading.documents[: -len(documents)], rows)
                reading, rows, size, given = self._reading(documents), [], 0, True
            rows += more
            size += size_of_group
            self.groups += 1
            if size > BIGGEST_BYTES or len(rows) > MOST_ROWS:
                found = f"a group of {len(more)} documents and {size_of_group} bytes, too much for one row group"
                self.problems.append(Problem(group.place, 0, found, "Divide it, or keep the corpus as a folder."))
        if self.problems:
            raise ProblemsFound(self.problems)
        if rows or not given:
            yield self._part(reading.documents, rows)
        self._shards.close()

    def _reading(self, documents: Sequence[Document] = ()) -> Reading:
        return Reading(self.root, self.schema, list(documents), problems=self.problems)

    def _part(self, documents: Sequence[Document], rows: list[Row]) -> Corpus:
        for document in documents:
            self.identity.add(document)
        self._shards.write(rows)
        self.documents += len(documents)
        return Corpus(self.root, self.schema, tuple(documents))

    def seal(self) -> None:
        """Copy what describes the corpus, make all files durable, and write the manifest."""
        for name in COPIED:
            path = self.root / name
            if path.is_file() and inside(self.root, path):
                (self.folder / name).write_bytes(path.read_bytes())
        sealed = sorted(path for pattern in SEALED for path in self.folder.glob(pattern))
        manifest = {
            "corpus": self.schema.name,
            "digest": self.digest,
            "documents": self.documents,
            "groups": self.groups,
            "files": {path.relative_to(self.folder).as_posix(): _sealed(path) for path in sealed},
        }
        (self.folder / MANIFEST).write_bytes(canonical(manifest) + b"\n")
        for name in (*COPIED[1:], MANIFEST):
            if (self.folder / name).exists():
                _sealed(self.folder / name)
        for folder in (self.folder / "tasks", self.folder):
            sync_folder(folder)


def _sealed(path: Path) -> str:
    """Make a file durable, and give the digest of its bytes."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(row: Row) -> int:
    plain = (row.text, row.meta, row.gold, row.group_toml, *(content for _, content in row.annotators))
    return 100 + sum(map(len, filter(None, plain)))  # 100 for its names and digest


class _Kept:
    """A group whose files are kept as they are read, so that the very bytes that were checked are packed."""

    def __init__(self, group: Group) -> None:
        self.group, self.name, self.place = group, group.name, group.place
        self.bytes: dict[str, bytes] = {}
        self.known: list[str] = []

    def names(self, problems: list[Problem]) -> list[str]:
        self.known = self.group.names(problems)
        return self.known

    def file(self, name: str) -> Any:
        return _KeptFile(self, name)

    def compare(self, documents: Sequence[Document], problems: list[Problem]) -> None:
        self.group.compare(documents, problems)

    def rows(self, documents: Sequence[Document], problems: list[Problem]) -> list[Row]:
        """A row for each document that was read of the group."""
        own: dict[str, list[str]] = {}
        for name in self.known:  # those of annotators, which loading does not read
            stem, _, ending = name.partition(".")
            if ending.endswith("jsonl") and ending != "gold.jsonl":
                read_text(self.file(name), f"{self.place}/{name}", problems)
                own.setdefault(stem, []).append(name)
        return [self._row(document, own.get(document.name, [])) for document in documents]

    def _row(self, document: Document, own: Sequence[str]) -> Row:
        stem, text = document.name, document.text.encode()
        return Row(
            group=self.name.encode(),
            id=stem.encode(),
            split=document.split.encode(),
            language=document.language.encode(),
            sha256=digest_bytes(text).encode(),
            text=text,
            meta=self.bytes.get(f"{stem}.meta.json"),
            gold=self.bytes.get(f"{stem}.gold.jsonl"),
            annotators=[
                (name.removeprefix(f"{stem}.").removesuffix(".jsonl").encode(), self.bytes.get(name)) for name in own
            ],
            group_toml=self.bytes.get("group.toml"),
        )


class _KeptFile:
    """A file of a group whose bytes are kept."""

    def __init__(self, kept: _Kept, name: str) -> None:
        self.kept, self.name = kept, name

    def read_bytes(self) -> bytes:
        if self.name not in self.kept.bytes:
            self.kept.bytes[self.name] = self.kept.group.file(self.name).read_bytes()
        return self.kept.bytes[self.name]


class _Shards:
    """Rows -> shards, each closed once it has reached its size."""

    def __init__(self, folder: Path, shard_bytes: int) -> None:
        self.folder, self.shard_bytes = folder, shard_bytes
        self.count = 0
        self.writer: Any = None
        self.path = folder

    def write(self, rows: Sequence[Row]) -> None:
        """Write one row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = arrow_schema()
        if self.writer is None:
            self.path = self.folder / f"{self.count}.part"
            few = list(REPEATED)
            self.writer = pq.ParquetWriter(
                self.path, schema, compression="zstd", use_dictionary=few, write_statistics=["group", "id", *few[1:3]]
            )
            self.count += 1
        plain = {field.name: field.type for field in schema} | dict.fromkeys(REPEATED, pa.string())
        arrays = [pa.array([getattr(row, name) for row in rows], kind) for name, kind in plain.items()]
        self.writer.write_table(pa.Table.from_arrays(arrays, names=list(plain)).cast(schema), row_group_size=MOST_ROWS)
        if self.path.stat().st_size >= self.shard_bytes:
            self._end()

    def _end(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def close(self) -> None:
        """Give the shards the names that tell how many they are."""
        self._end()
        for i in range(self.count):
            (self.folder / f"{i}.part").rename(self.folder / f"documents-{i:05}-of-{self.count:05}.parquet")
