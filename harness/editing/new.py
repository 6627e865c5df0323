"""A new corpus: its folder with card, guidelines and a benchmark, from the layers asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.corpus.schema import NAME, Layer
from harness.editing.gathering import OWN
from harness.errors import AskedWrongly, quote
from harness.files import compact, to_toml, write_atomically

OF_A_LINE = ("layer", "label", "start", "end", "evidence")  # keys of an annotation
TABLES = ("layers", "tasks", "languages", "labels", "pairs", "tags")  # keys that a facet's plural must not be


def new_corpus(root: Path, layers: Sequence[Layer], languages: Sequence[str], benchmark: Path) -> list[Path]:
    """Write an empty corpus with these layers, its card, its guidelines and a benchmark; the files written.

    A benchmark that is there already is left as it is.
    """
    if root.exists():
        raise AskedWrongly(f"{root} is there already. Choose another name.")
    if not NAME.fullmatch(root.name):
        raise AskedWrongly(f"corpus name {quote(root.name)}: use a-z, 0-9 and -.")
    for layer in layers:
        _refuse_unfit(layer, [layer.name for layer in layers])
    languages = list(dict.fromkeys(languages))
    files = {
        root / "corpus.toml": _corpus_toml(root.name, layers, languages),
        root / "GUIDELINES.md": _guidelines(root.name, layers),
        root / "README.md": _card(root.name, languages),
        root / "documents" / ".gitkeep": "",
        root / ".gitattributes": "*.txt -text\n",
    }
    if not benchmark.exists():
        files[benchmark] = _benchmark(root, layers, benchmark)
    try:
        for path, text in files.items():
            write_atomically(path, text.encode())
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    return list(files)


def _refuse_unfit(layer: Layer, layers: Sequence[str]) -> None:
    """Names that `corpus.toml` or an import would take for something else."""
    if not NAME.fullmatch(layer.name.replace("_", "-")) or layer.name in OWN:
        taken = f" {', '.join(OWN)} are columns of their own." if layer.name in OWN else ""
        raise AskedWrongly(f"layer name {quote(layer.name)}: use a-z, 0-9, - and _.{taken}")
    for facet in layer.of:
        if not NAME.fullmatch(facet) or facet in (*OWN, *OF_A_LINE, *layers) or f"{facet}s" in TABLES:
            raise AskedWrongly(f"{quote(facet)} cannot be what a label is about: the name is taken. Use a-z, 0-9, -.")
    for label in layer.labels:
        if "|" in label or label[0] in "[{":
            raise AskedWrongly(f"label {quote(label)}: labels are separated by commas, and hold no | and no bracket.")


def _corpus_toml(name: str, layers: Sequence[Layer], languages: Sequence[str]) -> str:
    table: dict[str, Any] = {"name": name, "version": "0.1", "licence": "", "languages": list(languages)}
    table |= {"unit": "codepoint", "guideline": "0.1", "layers": {}}
    for layer in layers:
        shape: dict[str, Any] = {"kind": layer.kind, "labels": list(layer.labels)}
        if layer.of:
            shape["of"] = list(layer.of)
        if layer.kind == "spans":
            shape["overlap"] = layer.overlap
        table["layers"][layer.name] = shape
    return f"# The order of labels is frozen: it is their number elsewhere. Only append.\n{to_toml(table)}"


def _guidelines(name: str, layers: Sequence[Layer]) -> str:
    parts = [f"# Annotation guidelines 0.1 of {name}\n"]
    parts.append("For each label: what it means, one clear example, one that looks like it but is not.\n")
    for layer in layers:
        about = f" Judged for each listed {' and '.join(layer.of)}." if layer.of else ""
        parts.append(f"## {layer.name}\n\nKind: {layer.kind}.{about}\n")
        parts.extend(f"- **{label}**: " for label in layer.labels)
        parts.append("")
    return "\n".join(parts)


def _card(name: str, languages: Sequence[str]) -> str:
    tags = "".join(f"\n  - {language}" for language in languages) or " []"
    return f"""---
pretty_name: {name}
language:{tags}
license: unknown
---

# {name}

Say here what a stranger must know before using these texts: where they come from and under which licence,
who wrote and who annotated them, how they were picked, what they are not good for.
"""


def _benchmark(root: Path, layers: Sequence[Layer], benchmark: Path) -> str:
    corpus = Path(os.path.relpath(root.resolve(), benchmark.parent.resolve())).as_posix()
    kinds = {layer.kind for layer in layers}
    rows = [
        f"# harness run {benchmark}",
        "seed = 13",
        'folds = 5                # or: split = "train>test"',
    ]
    for layer in layers:
        rows += ["", "[[tasks]]", f"corpus = {compact(corpus)}", f'use = "{layer.name}"']
    rows += ["", "[models]", 'majority = "majority"']
    if kinds & {"label", "labels"}:
        rows.append('tfidf = "tfidf"')
    if "spans" in kinds:
        rows += ['gazetteer = "gazetteer"', 'crf = "crf"']
    return "\n".join(rows) + "\n"
