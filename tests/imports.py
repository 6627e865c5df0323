"""Corpora to import into, files to import, and what is asked of every import."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import checking, corpus
from harness.corpus.schema import Layer
from harness.editing.importing import Import, apply_import, plan_import
from harness.editing.new import new_corpus
from harness.errors import Problem
from harness.registry import make, parse

LAYERS = (
    Layer("tone", "label", ("WARM", "COLD")),
    Layer("frame", "labels", ("ECONOMY", "HEALTH")),
    Layer("stance", "label", ("FAVOR", "AGAINST"), of=("holder", "target")),
    Layer("entities", "spans", ("PER", "ORG")),
)


def new_root(folder: Path) -> Path:
    new_corpus(folder / "mine", LAYERS, ["id", "en"], folder / "mine.toml")
    return folder / "mine"


def write_csv(path: Path, header: str, *rows: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def write_jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def plan(root: Path, file: Path, **settings: Any) -> Import:
    problems: list[Problem] = []
    settings.setdefault("offsets", "codepoint")
    form = make("formats", parse(file.suffix.removeprefix(".")))
    return plan_import(root, str(file), form.read(file, problems), problems=problems, **settings)


def planned(root: Path, *rows: object, **settings: Any) -> Import:
    return plan(root, write_jsonl(root.parent / "in.jsonl", *rows), **settings)


def brought(root: Path, *rows: object, **settings: Any) -> corpus.Corpus:
    """The corpus after an import of these rows."""
    ready = planned(root, *rows, **settings)
    assert not ready.rejected, [str(problem) for problem in ready.rejected]
    apply_import(ready)
    return corpus.load(root)


def reasons(plan: Import) -> list[str]:
    return [f"{Path(problem.file).name}{str(problem).removeprefix(problem.file)}" for problem in plan.rejected]


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else b"" for p in sorted(root.rglob("*"))}


def adds_up(plan: Import) -> bool:
    told = {problem.line for problem in plan.rejected}
    everything = len(plan.documents) + plan.merged + plan.known + sum(plan.left_out.values()) + plan.rejected_rows
    return plan.rows == everything and len(told) == plan.rejected_rows


def only_splits_are_missing(root: Path) -> bool:
    return all("in no split" in problem.found for problem in checking.check(root))
