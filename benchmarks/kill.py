"""Kills a run of 40 cells again and again, at random moments, and sees that nothing is lost, run twice or left over.

python benchmarks/kill.py [--kills 50] [--seed 1]
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.benchmark import read
from harness.running.cells import Cell, Recipe, dealt
from harness.store import Store

MODEL = """
import os, time
from harness import Annotations

class Slow:
    def __init__(self, *, k: int): self.k = k
    def fit(self, items, gold, *, seed):
        self.labels = gold.labels
        self.answer = gold.labels[(seed + self.k) % len(gold.labels)]
    def predict(self, items):
        with open({log!r}, "a") as log: log.write(f"{{self.k}} {{items['item'][0]}}\\n")
        time.sleep(0.03)
        return Annotations.of_label(items["item"], self.labels, [self.answer] * len(items))
"""


def prepare(folder: Path) -> Path:
    """A corpus of 20 documents, a model that tells what it is asked, and a benchmark of 8 of it: 40 cells."""
    documents = folder / "corpus" / "documents"
    for i in range(20):
        group = documents / f"g{i:02}"
        group.mkdir(parents=True)
        (group / "a.txt").write_text(f"text {i}")
        header = {
            "doc": "a",
            "text_sha256": _sha(f"text {i}"),
            "unit": "codepoint",
            "by": "gold",
            "layers": {"t": "done"},
        }
        lines = [header, {"layer": "t", "label": "AB"[i % 2]}]
        (group / "a.gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    schema = 'name = "small"\n[layers.t]\nkind = "label"\nlabels = ["A", "B"]\n'
    (folder / "corpus" / "corpus.toml").write_text(schema)
    (folder / "slow.py").write_text(MODEL.format(log=str(folder / "log")))
    (folder / "log").touch()
    models = "".join(f'm{k} = "{folder}/slow.py:Slow(k={k})"\n' for k in range(8))
    (folder / "bench.toml").write_text(f'[[tasks]]\ncorpus = "corpus"\nuse = "t"\n[models]\n{models}')
    return folder / "bench.toml"


def _sha(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def started(bench: Path, workers: int, out: str = "out", store: str = "store") -> "subprocess.Popen[bytes]":
    """The run as a process group of its own."""
    folder = bench.parent
    command = [sys.executable, "-m", "harness", "run", str(bench), "--workers", str(workers)]
    command += ["--store", str(folder / store), "--out", str(folder / out)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=folder, start_new_session=True, **quiet)


def kill_once(bench: Path, workers: int, wait: float) -> bool:
    """Start the run, kill it `wait` seconds after the first cell began; whether it was still running."""
    log = bench.parent / "log"
    before = log.stat().st_size
    process = started(bench, workers)
    while process.poll() is None and log.stat().st_size == before:
        time.sleep(0.002)
    time.sleep(wait)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def cells_of(bench: Path) -> dict[str, str]:
    """What the model tells of each cell -> the cell's key."""
    found = {}
    for _, _, asked in read(bench).asked():
        for fold in dealt(asked.task, folds=asked.folds, split="", seed=asked.draw):
            said = f"{asked.spec.settings['k']} {fold.test['item'][0]}"
            found[said] = Cell(fold, Recipe.of(asked.spec), asked.seed).key
    return found


def trial(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """What was seen over all the kills; `twice`, `lost`, `left over` and `differing` must be 0."""
    bench = prepare(folder)
    keys, draw = cells_of(bench), random.Random(seed)
    store, log = Store(folder / "store"), folder / "log"
    seen = {"cells": len(keys), "kills": 0, "twice": 0, "lost": 0, "left over": 0, "differing": 0}
    held: set[str] = set()
    for n in range(kills):
        length = len(log.read_text().splitlines())
        seen["kills"] += kill_once(bench, 1 + n % 2, draw.uniform(0, 0.06))
        asked = {keys[line] for line in log.read_text().splitlines()[length:]}
        seen["twice"] += len(asked & held)
        now = {key for key in keys.values() if key in store}
        seen["lost"] += len(held - now)
        held = now
    shutil.copytree(folder / "store", folder / "copy")
    contents = []
    for workers, out, place in ((1, "out", "store"), (2, "out-2", "copy"), (1, "never-killed", "fresh")):
        if started(bench, workers, out, place).wait():
            sys.exit(f"the run with {workers} workers failed")
        contents.append(
            {path.relative_to(folder / out): path.read_bytes() for path in (folder / out).rglob("content.json")}
        )
    seen["differing"] = sum(one != contents[2] for one in contents) + (len(contents[2]) != 8)
    seen["left over"] = len(list(folder.rglob("*.tmp")))
    return seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        seen = trial(Path(name), given.kills, given.seed)
    print(", ".join(f"{what} {count}" for what, count in seen.items()))
    sys.exit(any(seen[what] for what in ("twice", "lost", "left over", "differing")))
