"""Documents -> the files of a corpus folder, in their one canonical form."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from harness.corpus.lines import order_of, sort_key
from harness.corpus.schema import OFFSETS, Layer
from harness.errors import AskedWrongly
from harness.files import compact, digest_bytes, to_toml
from harness.records import Document


def annotation_file(
    document: Document,
    by: str,
    lines: Mapping[str, Iterable[Mapping[str, Any]]],
    layers: Mapping[str, Layer],
    guideline: str,
    *,
    states: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """One annotator's file: the header, then one annotation a line, layers in the order of `corpus.toml`.

    `lines` maps each layer to its annotations, an empty list where there is nothing to say. A layer is done unless
    `states` calls it open.
    """
    header: dict[str, Any] = {
        "doc": document.name,
        "text_sha256": _sha256(document.text),
        "unit": OFFSETS,
        "by": by,
        "guideline": guideline,
        "layers": {name: states.get(name, "done") for name in layers if name in lines},
    }
    rows: list[dict[str, Any]] = [header]
    for name in header["layers"]:
        layer, order = layers[name], order_of(layers[name])[1:]  # without "layer", which comes first
        done = [{"layer": name, **{key: line[key] for key in order if key in line}} for line in lines[name]]
        rows.extend(sorted(done, key=lambda line: sort_key(line, layer)))
    return msgspec.json.Encoder().encode_lines(rows)


@functools.lru_cache(maxsize=1)  # a document's files come one after another
def _sha256(text: str) -> str:
    return digest_bytes(text.encode())


def meta_file(document: Document) -> bytes:
    """What is known of a document besides its text: digest first, then the keys as given, one a line."""
    meta = {
        "sha256": _sha256(document.text),
        **({"language": document.language} if document.language else {}),
        **{key: value for key, value in document.meta.items() if key not in ("sha256", "language", "pairs")},
        **({"pairs": {k: [list(p) for p in v] for k, v in document.pairs.items()}} if document.pairs else {}),
    }
    rows = (f" {compact(key)}:{compact(value)}" for key, value in meta.items())
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()


def group_file(split: str, **tables: Any) -> bytes:
    """`group.toml`: the split, then what the documents share."""
    shared = {key: value for key, value in tables.items() if value}
    return to_toml(({"split": split} if split else {}) | shared).encode()


SPLIT_LINE = re.compile(r"""^(\s*(?:split|"split"|'split')\s*=\s*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE)


def with_split(group_toml: str, split: str) -> str:
    """The text of a `group.toml` with its split set, everything else as it was. Raises AskedWrongly where it cannot."""
    first_table = re.search(r"^\s*\[", group_toml, re.MULTILINE)
    end = first_table.start() if first_table else len(group_toml)
    head, found = SPLIT_LINE.subn(lambda match: f'{match[1]}"{split}"', group_toml[:end], count=1)
    text = (head if found else f'split = "{split}"\n{head}') + group_toml[end:]
    if tomllib.loads(text) != {**tomllib.loads(group_toml), "split": split}:
        raise AskedWrongly(
            'a group.toml holds its split in a way that cannot be set. Write split = "…" in its first line.'
        )
    return text


def document_files(document: Document, layers: Mapping[str, Layer], guideline: str) -> Sequence[tuple[str, bytes]]:
    """Every file of a document with its gold: (name inside the group's folder, bytes)."""
    files = [
        (f"{document.name}.txt", document.text.encode()),
        (f"{document.name}.meta.json", meta_file(document)),
    ]
    if document.gold:
        gold = annotation_file(document, "gold", document.gold, layers, guideline)
        files.append((f"{document.name}.gold.jsonl", gold))
    return files
