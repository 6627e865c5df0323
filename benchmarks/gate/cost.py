"""What `harness gate` costs as a process: 27 label cells (3 metrics on the whole and 8 slices) at n = 5,000.

python benchmarks/gate/cost.py            prints processor seconds of the process, user and system, least and median of
5; beside them those of reading the corpus alone, in both its forms, and of starting Python with NumPy.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

LABELS, LANGUAGES = ("A", "B", "C"), ("ar", "de", "en", "es", "fr", "id", "it", "pt")
METRICS = ["f1", "accuracy", "balanced_accuracy"]
SCHEMA = f"""name = "waves"
version = "1"
licence = "CC0-1.0"
languages = {json.dumps(LANGUAGES)}
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = {json.dumps(LABELS)}
"""
HARNESS = [sys.executable, "-m", "harness"]


def write(root: Path, n: int) -> None:
    """A corpus of n documents of about 70 words, its built form, and two results that differ on 10 %."""
    from harness import api

    draw = random.Random(0)
    rows = root / "rows.jsonl"
    with rows.open("w") as file:
        for i in range(n):
            text = " ".join(draw.choice(("sun", "rain", "wind", "fog")) for _ in range(70))
            row = {"id": f"d{i:05}", "group": f"g{i:05}", "text": f"{text} {i}", "language": draw.choice(LANGUAGES)}
            file.write(json.dumps({**row, "tone": draw.choice(LABELS)}) + "\n")
    (root / "waves" / "documents").mkdir(parents=True)
    (root / "waves" / "corpus.toml").write_text(SCHEMA)
    harness(root, "import", "rows.jsonl", "--to", "waves", "--as", "jsonl", "--apply")
    harness(root, "corpus", "build", "waves", "--out", "built")
    task = api.task("tone", root / "waves")
    gold = task.gold.answers()
    base = [label if draw.random() < 0.8 else draw.choice(LABELS) for label in gold]
    other = [draw.choice((due, *LABELS)) if draw.random() < 0.1 else said for due, said in zip(gold, base, strict=True)]
    for name, said in (("base", base), ("candidate", other)):
        api.score(said, task, metrics=METRICS).write(root / "runs" / name)


def harness(root: Path, *args: str) -> str:
    """What a command of the harness prints."""
    done = subprocess.run([*HARNESS, *args], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.stdout


def seconds(command: Sequence[str], root: Path) -> float:
    """Processor seconds of a process, on one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, cwd=root, env=env, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(root: Path, times: int) -> Iterator[tuple[str, float, float]]:
    """Name, least and median seconds of each process, run in turn so that a busy moment strikes all alike."""
    (root / "gate.toml").write_text('slices = ["language"]\n')
    gate = [*HARNESS, "gate", "runs/base", "runs/candidate", "--policy", "gate.toml", "--json", "--corpus"]
    cells = json.loads(harness(root, *gate[len(HARNESS) :], "waves"))["gated"][0]["cells"]
    assert len(cells) == 27, len(cells)
    commands = {
        "`harness gate`, corpus as a folder": [*gate, "waves"],
        "`harness gate`, corpus built": [*gate, "built"],
        "reading the folder": [sys.executable, "-c", "import harness; harness.load('waves')"],
        "reading the built corpus": [sys.executable, "-c", "import harness; harness.load('built')"],
        "Python with NumPy": [sys.executable, "-c", "import numpy"],
    }
    rounds = [[seconds(command, root) for command in commands.values()] for _ in range(times)]
    for name, spent in zip(commands, zip(*rounds, strict=True), strict=True):
        yield name, min(spent), statistics.median(spent)


def main() -> None:
    """Print the table."""
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--n", type=int, default=5_000)
    parse.add_argument("--times", type=int, default=5)
    asked = parse.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), asked.n)
        print("| process | least, s | median, s |\n|---|---|---|")
        for name, least, median in measured(Path(folder), asked.times):
            print(f"| {name} | {least:.2f} | {median:.2f} |")


if __name__ == "__main__":
    main()
