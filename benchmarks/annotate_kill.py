"""Kill the page's server around each of 100 saves: the file must stay whole, and hold every save that was acknowledged.

    python benchmarks/annotate_kill.py [--saves 100] [--seed 7]

Each time the real server is started on a corpus, saves one more span, is sent a further save, and gets SIGKILL within
the next 15 ms, while that one is under way. Then the corpus is read again.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2

from harness.checking import check

WORDS = [f"word{i:03}" for i in range(400)]
TEXT = " ".join(WORDS) + "\n"
CORPUS = """name = "killed"
version = "1"
guideline = "1"

[layers.entities]
kind = "spans"
labels = ["A"]
"""
IN_FLIGHT = 0.015  # seconds in which the kill comes after the last save was sent


class Server:
    """The real one, in a process of its own, on a corpus folder."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "harness", "annotate", str(root), "--by", "mira", "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        address = next(line for line in self.process.stdout if line.startswith("http")).strip()
        self.origin, _, token = address.partition("/#token=")
        self.client = httpx2.Client(base_url=self.origin, headers={"X-Harness-Token": token}, timeout=30)

    def shown(self) -> dict[str, Any]:
        """The document as the page reads it."""
        answer = self.client.get("/api/documents/g/d")
        answer.raise_for_status()
        shown: dict[str, Any] = answer.json()
        return shown

    def save(self, lines: list[dict[str, Any]], shown: dict[str, Any]) -> dict[str, Any]:
        """Save as the page does; raises where it is not acknowledged."""
        headers = {"If-Match": f'"{shown["etag"]}"', "Origin": self.origin, "Content-Type": "application/json"}
        body = {"sha256": shown["sha256"], "layers": {"entities": "open"}, "lines": lines}
        answer = self.client.put("/api/documents/g/d", content=json.dumps(body), headers=headers)
        answer.raise_for_status()
        return {**shown, **answer.json()}

    def kill(self) -> None:
        """SIGKILL, as a power cut would end it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def line(number: int) -> dict[str, Any]:
    """The annotation of one word."""
    start = TEXT.index(WORDS[number])
    return {"layer": "entities", "start": start, "end": start + 7, "label": "A", "text": WORDS[number]}


def trial(folder: Path, *, saves: int, seed: int) -> dict[str, int]:
    """Saves, each followed by one under way at the kill; counts of what went wrong, and of what was in flight."""
    root, dice = folder / "killed", random.Random(seed)
    (root / "documents" / "g").mkdir(parents=True)
    (root / "corpus.toml").write_text(CORPUS)
    (root / "documents" / "g" / "group.toml").write_text('split = "train"\n')
    (root / "documents" / "g" / "d.txt").write_text(TEXT)
    file = root / "documents" / "g" / "d.mira.jsonl"
    seen = Counter(saves=0, broken=0, lost=0, unasked=0, kept_in_flight=0, left_over=0)
    number = 0
    for _ in range(saves):
        server = Server(root)
        shown = server.shown()
        shown = server.save([*shown["lines"], line(number)], shown)
        acknowledged = shown["lines"]
        flying = Thread(target=_unheard, args=(server, [*acknowledged, line(number + 1)], shown))
        flying.start()
        time.sleep(dice.random() * IN_FLIGHT)
        server.kill()
        flying.join()
        server.client.close()
        number += 2
        seen["saves"] += 1
        problems = check(root)
        left = [problem for problem in problems if problem.found.startswith("left over")]  # the next start sweeps them
        seen["left_over"] += bool(left)
        seen["broken"] += len(problems) > len(left)
        lines = [json.loads(row) for row in file.read_text().split("\n")[1:] if row]
        seen["lost"] += any(one not in lines for one in acknowledged)
        more = [one for one in lines if one not in acknowledged]
        seen["kept_in_flight"] += more == [line(number - 1)]
        seen["unasked"] += more not in ([], [line(number - 1)])
    server = Server(root)
    server.kill()
    seen["left_over_after_a_start"] = len(check(root))
    return dict(seen)


def _unheard(server: Server, lines: list[dict[str, Any]], shown: dict[str, Any]) -> None:
    try:
        server.save(lines, shown)
    except httpx2.HTTPError:
        return  # killed before it could answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(trial(Path(folder), saves=asked.saves, seed=asked.seed)))
