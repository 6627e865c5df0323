"""How often git cannot merge what two people changed in one annotation file: by itself, and with our merge driver.

python benchmarks/merging.py            300 pairs of edits on kabar's own gold files, two branches of a real repository

Each person makes one edit in a file: another label, a span removed, a span or label added. Drawn "apart", the two edits
are of different annotations; drawn "anywhere", they may hit the same one, and then a conflict is a real one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
KABAR = ROOT / "corpora" / "kabar"
Line = dict[str, Any]


def git(folder: Path, *asked: str) -> subprocess.CompletedProcess[str]:
    quiet = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false", "-c", "gc.auto=0"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["git", *quiet, *asked],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )


def harness(folder: Path, *asked: str) -> None:
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "harness", *asked], cwd=folder, check=True, capture_output=True, env=path)


def about(line: Line) -> tuple[Any, ...]:
    return tuple(line.get(key) for key in ("layer", "start", "end", "holder", "target"))


def edit(lines: list[Line], text: str, labels: dict[str, list[str]], draw: random.Random, but: set[Any]) -> Any:
    """One edit in place; what it was about."""
    kind = draw.choice(["label", "label", "remove", "add"])
    if kind == "add":
        taken = [(line["start"], line["end"]) for line in lines if "start" in line]
        for _ in range(200):
            start = draw.randrange(len(text))
            end = text.find(" ", start)
            word = text[start:end] if end > start else ""
            free = all(end <= s or start >= e for s, e in taken) and ("add", start) not in but
            if free and word.isalpha() and (start == 0 or not text[start - 1].isalnum()):
                label = draw.choice(labels["entities"])
                lines.append({"layer": "entities", "start": start, "end": end, "label": label, "text": word})
                return about(lines[-1])
    pool = [line for line in lines if about(line) not in but and line["layer"] != "event"]
    if kind == "remove":
        pool = [line for line in pool if line["layer"] == "entities"] or pool
    line = draw.choice(pool)
    if kind == "remove" and line["layer"] == "entities":
        lines.remove(line)
    else:
        line["label"] = draw.choice([label for label in labels[line["layer"]] if label != line["label"]])
    return about(line)


def simulate(pairs: int, apart: bool, driver: bool, seed: int = 13) -> list[tuple[int, bool, bool]]:
    """For each pair: lines of the file, whether git saw a conflict, whether both changed the same annotation."""
    from harness.corpus.reading import read_corpus
    from harness.corpus.writing import annotation_file

    reading = read_corpus(KABAR)
    labels = {name: list(layer.labels) for name, layer in reading.schema.layers.items()}
    draw = random.Random(seed)
    documents = draw.sample([d for d in reading.documents if sum(map(len, d.gold.values())) > 4], pairs)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copytree(KABAR, here / "kabar")
        git(here, "init", "-q", "-b", "main")
        for log in (here / "kabar").rglob("*.disputes.jsonl"):  # they say what gold was before these edits
            log.unlink()
        if driver:
            harness(here, "corpus", "merge", "--install", "kabar")
        git(here, "add", "-A"), git(here, "commit", "-qm", "base")
        touched: dict[str, list[Any]] = {}

        def person(branch: str, keep: Callable[[str], set[Any]]) -> None:
            git(here, "checkout", "-q", "-b", branch, "main")
            for document in documents:
                lines = [dict(line) for some in document.gold.values() for line in some]
                touched.setdefault(document.id, []).append(edit(lines, document.text, labels, draw, keep(document.id)))
                by_layer: dict[str, list[Line]] = {name: [] for name in document.gold}
                for line in lines:
                    by_layer[line["layer"]].append(line)
                data = annotation_file(document, "gold", by_layer, reading.schema.layers, document.guideline)
                (here / "kabar" / "documents" / f"{document.id}.gold.jsonl").write_bytes(data)
            git(here, "commit", "-qam", branch)

        person("ani", lambda _: set())
        person("budi", lambda name: set(touched[name]) if apart else set())
        git(here, "merge", "-q", "ani")
        unmerged = set(git(here, "diff", "--name-only", "--diff-filter=U").stdout.split())
        lengths = [sum(map(len, document.gold.values())) for document in documents]
        names = [f"kabar/documents/{document.id}.gold.jsonl" for document in documents]
        found = [
            (length, name in unmerged, touched[document.id][0] == touched[document.id][1])
            for length, name, document in zip(lengths, names, documents, strict=True)
        ]
        if driver and not unmerged:  # what was merged is a corpus still, and holds both edits
            harness(here, "check", "kabar")
        return found


def adding() -> int:
    """Conflicts where two people add a document each, to groups of their own."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copytree(KABAR, here / "kabar")
        git(here, "init", "-q", "-b", "main"), git(here, "add", "-A"), git(here, "commit", "-qm", "base")
        for person in ("ani", "budi"):
            git(here, "checkout", "-q", "-b", person, "main")
            rows = here / f"{person}.jsonl"
            rows.write_text(f'{{"id":"new","group":"of-{person}","text":"A text by {person}.","language":"en"}}\n')
            harness(here, "import", str(rows), "--to", "kabar", "--as", "jsonl", "--apply")
            rows.unlink()
            git(here, "add", "-A"), git(here, "commit", "-qm", person)
        git(here, "merge", "-q", "ani", "-m", "both")
        assert (here / "kabar/documents/of-ani/new.txt").exists()
        return len(git(here, "diff", "--name-only", "--diff-filter=U").stdout.split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=300)
    pairs = parser.parse_args().pairs
    print("| edits drawn | merged by | up to 20 lines | 21 to 30 | more | all | of them real |")
    print("|---|---|---|---|---|---|---|")
    for apart in (True, False):
        for driver in (False, True):
            found = simulate(pairs, apart, driver)
            cells = []
            for low, high in ((0, 20), (21, 30), (31, 10**9), (0, 10**9)):
                some = [conflict for length, conflict, _ in found if low <= length <= high]
                cells.append(f"{sum(some)} of {len(some)}" + (f" ({sum(some) / len(some):.1%})" if some else ""))
            real = sum(conflict and same for _, conflict, same in found)
            drawn, by = "apart" if apart else "anywhere", "our driver" if driver else "plain git"
            print(f"| {drawn} | {by} | {' | '.join(cells)} | {real} |", flush=True)
    print(f"\nTwo people adding documents to different groups: {adding()} conflicts.")


if __name__ == "__main__":
    main()
