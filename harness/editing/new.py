"""A new corpus: its folder with card, guidelines, a benchmark and a CI file, from the layers asked for."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.corpus.schema import NAME, Layer, schema_of
from harness.errors import AskedWrongly, Problem, quote
from harness.files import compact, to_toml, write_atomically
from harness.version import VERSION

WORKFLOW = Path(".github/workflows/harness.yml")


def new_corpus(
    root: Path, layers: Sequence[Layer], languages: Sequence[str], benchmark: Path, project: Path | None = None
) -> list[Path]:
    """Write an empty corpus with these layers, its card, its guidelines and a benchmark; the files written.

    With `project`, the folder of a repository that the corpus is in, a CI file too. A benchmark or a CI file that is
    there already is left as it is.
    """
    if root.exists():
        raise AskedWrongly(f"{root} is there already. Choose another name.")
    if not NAME.fullmatch(root.name):
        raise AskedWrongly(f"corpus name {quote(root.name)}: use a-z, 0-9 and -.")
    languages = list(dict.fromkeys(languages))
    corpus_toml = _corpus_toml(root.name, layers, languages)
    _refuse_unfit(corpus_toml, root.name, layers)
    files = {
        root / "corpus.toml": corpus_toml,
        root / "GUIDELINES.md": _guidelines(root.name, layers),
        root / "README.md": _card(root.name, languages),
        root / "documents" / ".gitkeep": "",
        root / ".gitattributes": "*.txt -text\n",
    }
    if not benchmark.exists():
        files[benchmark] = _benchmark(root, layers, benchmark)
    if project and not (project / WORKFLOW).exists() and root.resolve().is_relative_to(project.resolve()):
        files[project / WORKFLOW] = _workflow(root, benchmark, project)
    try:
        for path, text in files.items():
            write_atomically(path, text.encode())
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    return list(files)


def _refuse_unfit(text: str, name: str, layers: Sequence[Layer]) -> None:
    """What `harness check` would say of the new `corpus.toml`, and labels that a CSV could not hold."""
    problems: list[Problem] = []
    schema_of(text, name, problems)
    if problems:
        raise AskedWrongly("\n".join(f"{problem.found}. {problem.remedy}" for problem in problems))
    for label in [label for layer in layers for label in layer.labels]:
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


def _workflow(root: Path, benchmark: Path, project: Path) -> str:
    """What GitHub runs; a path reaches the shell through the environment, where nothing of it is run."""
    text = Path(__file__).with_name("workflow.yml").read_text(encoding="utf-8")
    for name, path in (("@CORPUS@", root), ("@BENCHMARK@", benchmark)):
        within = path.resolve().relative_to(project.resolve()).as_posix()
        text = text.replace(f": {name}", f": {json.dumps(within)}").replace(name, within)
    return text.replace("@VERSION@", VERSION)
