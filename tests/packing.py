"""The files of any corpus folder, broken ones too, as a build in Parquet: written here a second time, for the tests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import harness
from harness.corpus.reading import read_corpus
from harness.errors import ProblemsFound

FEW = ("group", "split", "language", "group_toml")
COLUMNS = ("group", "id", "split", "language", "sha256", "text", "meta", "gold", "annotators", "group_toml")


def pack(root: Path, out: Path) -> bool:
    """Pack a folder, unchecked. False, and nothing written, where its files are not those that rows can hold."""
    if any(path.is_symlink() or path.is_dir() > (len(path.relative_to(root).parts) < 3) for path in root.rglob("*")):
        return False
    try:
        reading = read_corpus(root)
    except ProblemsFound:
        return False
    said = {document.id: document for document in reading.documents}
    rows, packed = [], {"corpus.toml"}
    for text in sorted(root.glob("documents/*/*.txt"), key=lambda path: (path.parent.name, path.stem)):
        folder, stem = text.parent, text.stem
        document = said.get(f"{folder.name}/{stem}")
        own = {path.name: path.read_bytes() for path in sorted(folder.glob(f"{stem}.*")) if path.is_file()}
        group_toml = folder / "group.toml"
        rows.append(
            {
                "group": folder.name,
                "id": stem,
                "split": document.split if document else "",
                "language": document.language if document else "",
                "sha256": hashlib.sha256(text.read_bytes()).hexdigest(),
                "text": own.pop(text.name),
                "meta": own.pop(f"{stem}.meta.json", None),
                "gold": own.pop(f"{stem}.gold.jsonl", None),
                "annotators": [
                    {"name": name.split(".")[1], "content": data}
                    for name, data in own.items()
                    if name.endswith(".jsonl") and name.count(".") == 2
                ],
                "group_toml": group_toml.read_bytes() if group_toml.is_file() else None,
            }
        )
        packed |= {f"documents/{folder.name}/{name}" for name in (text.name, *own, f"{stem}.gold.jsonl")}
        packed |= {f"documents/{folder.name}/{stem}.meta.json", f"documents/{folder.name}/group.toml"}
        if len(rows[-1]["annotators"]) < len(own):
            return False
    if not rows or {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - packed:
        return False
    if {row["group"] for row in rows} != {path.name for path in (root / "documents").iterdir()}:
        return False
    out.mkdir()
    (out / "corpus.toml").write_bytes((root / "corpus.toml").read_bytes())
    write_shard(out, rows)
    seal(out, harness.load(root).digest if not reading.problems else "", len(rows), len({row["group"] for row in rows}))
    return True


def write_shard(out: Path, rows: list[dict[str, Any]], **columns: Any) -> None:
    """The one shard of a build; `columns` are Arrow arrays instead of the rows' own, or None for no such column."""
    arrays = {name: _strings([row[name] for row in rows]) for name in COLUMNS if name != "annotators"}
    names = _strings([one["name"] for row in rows for one in row["annotators"]])
    contents = _strings([one["content"] for row in rows for one in row["annotators"]])
    offsets = [0]
    for row in rows:
        offsets.append(offsets[-1] + len(row["annotators"]))
    both = pa.StructArray.from_arrays([names, contents], names=["name", "content"])
    arrays["annotators"] = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), both)
    arrays = {name: array for name, array in ({name: arrays[name] for name in COLUMNS} | columns).items() if array}
    path = out / "documents-00000-of-00001.parquet"
    pq.write_table(pa.table(arrays), path, use_dictionary=list(FEW), compression="zstd")


def _strings(values: list[Any]) -> Any:
    """Strings of bytes that need not be UTF-8."""
    data = [value.encode() if isinstance(value, str) else value for value in values]
    return pa.array(data, pa.binary()).view(pa.string())


def seal(out: Path, digest: str, documents: int, groups: int) -> None:
    """Write the manifest for the files as they are."""
    paths = sorted([out / "corpus.toml", *out.glob("documents-*.parquet"), *out.glob("tasks/*.parquet")])
    files = {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    manifest = {"corpus": "tiny", "digest": digest, "documents": documents, "groups": groups, "files": files}
    (out / "build.json").write_text(json.dumps(manifest), "utf-8")


def seal_again(out: Path) -> None:
    """The manifest for the files as they are now, all else in it as it was."""
    said = json.loads((out / "build.json").read_text("utf-8"))
    seal(out, said["digest"], said["documents"], said["groups"])


def rows_of(out: Path) -> list[dict[str, Any]]:
    """The rows of the one shard of a build."""
    rows: list[dict[str, Any]] = pq.read_table(out / "documents-00000-of-00001.parquet").to_pylist()
    return rows
