"""How large the HTML report is, how fast it opens and filters: kabar, and 10,000 made-up documents on three tasks.

    python benchmarks/report_speed.py [RUN of kabar]

Exits with 1 where a limit is broken: kabar under 3 MB, open in 1 s; 10,000 documents under 25 MB, a filter in 200 ms.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from corpora import one_line, sha256, write_lines

ROOT = Path(__file__).parent.parent
MANY, WORDS, NAMES = 10_000, 130, 20  # documents; words and names in each
LIMITS = {"kabar": (3.0, 1000.0, 200.0), "10,000 documents": (25.0, 5000.0, 200.0)}  # MB, ms to open, ms to filter
CORPUS = """name = "many"
version = "1"
licence = "CC0-1.0"
languages = ["en", "id"]
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = ["WARM", "COLD", "NONE"]
[layers.topics]
kind = "labels"
labels = ["TRADE", "STRIKE", "WEATHER", "VOTE"]
[layers.names]
kind = "spans"
labels = ["PER", "ORG", "LOC"]
[tasks.tone]
layer = "tone"
[tasks.topics]
layer = "topics"
[tasks.names]
layer = "names"
metrics = ["entity_f1"]
"""
BENCH = """split = "train>test"
[[tasks]]
corpus = "many"
use = "tone"
[[tasks]]
corpus = "many"
use = "topics"
[[tasks]]
corpus = "many"
use = "names"
[models]
majority = "majority"
chance = "chance"
tfidf = "tfidf"
capitals = "./mine.py:Capitals"
"""
MODEL = '''
import re

from harness import Annotations

KINDS = ("spans",)


class Capitals:
    """Calls every second capitalised word a person, the others an organisation."""

    def fit(self, items, gold, *, seed):
        self.labels = gold.labels

    def predict(self, items):
        said = [[(*m.span(), ("PER", "ORG")[i % 2]) for i, m in enumerate(re.finditer(r"[A-Z]\\\\w+", text))]
                for text in items["text"]]
        return Annotations.of_spans(items["item"], self.labels, said)
'''


def make(folder: Path) -> None:
    """The corpus of made-up documents, ten a group, and what is run on it."""
    (folder / "many" / "documents").mkdir(parents=True)
    (folder / "many" / "corpus.toml").write_text(CORPUS)
    (folder / "bench.toml").write_text(BENCH)
    (folder / "mine.py").write_text(MODEL.replace("\\\\", "\\"))
    draw = random.Random(13)
    lexicon = ["".join(draw.choices("aeioubdgklmnprst", k=draw.randint(2, 9))) for _ in range(2000)]
    for g in range(MANY // 10 + 20):
        group = folder / "many" / "documents" / f"g{g:04}"
        group.mkdir()
        (group / "group.toml").write_text(f'split = "{"train" if g < 20 else "test"}"\n')
        for d in range(10):
            document(group, f"{d:02}", draw, lexicon)


def document(group: Path, name: str, draw: random.Random, lexicon: list[str]) -> None:
    """One text with a label, labels and names."""
    words, spans, at = [], [], 0
    names = set(draw.sample(range(WORDS), NAMES))
    for i in range(WORDS):
        word = draw.choice(lexicon)
        if i in names:
            word = word.capitalize()
            spans.append((at, at + len(word), draw.choice(("PER", "ORG", "LOC")), word))
        words.append(word)
        at += len(word) + 1
    text = " ".join(words) + "\n"
    (group / f"{name}.txt").write_bytes(text.encode())
    meta = {"sha256": sha256(text), "language": draw.choice(("en", "id")), "tags": [draw.choice(("long", "short"))]}
    (group / f"{name}.meta.json").write_text(one_line(meta) + "\n")
    done = dict.fromkeys(("tone", "topics", "names"), "done")
    head = {"doc": name, "text_sha256": sha256(text), "unit": "codepoint", "by": "gold", "guideline": "1"}
    rows = [{**head, "layers": done}, {"layer": "tone", "label": draw.choice(("WARM", "COLD", "NONE"))}]
    rows += [{"layer": "topics", "label": one} for one in draw.sample(("TRADE", "STRIKE", "WEATHER", "VOTE"), 2)]
    rows += [{"layer": "names", "start": a, "end": b, "label": label, "text": word} for a, b, label, word in spans]
    write_lines(group / f"{name}.gold.jsonl", rows)


def written(run: Path, cwd: Path) -> float:
    """Seconds that writing the report takes, reading the run and its corpus besides."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "harness", "report", str(run)], cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - start


def browsed(page_file: Path) -> tuple[float, float]:
    """Milliseconds to open the page by its own clock, the median of five, and the longest that a filter takes.

    The script has run by the load event, so the list is there. A filter's time ends with the layout of what it shows.
    """
    from playwright.sync_api import sync_playwright

    opened, filtered = [], []
    script = """async ([id, value]) => {
      const one = document.getElementById(id), start = performance.now();
      one.value = value;
      one.dispatchEvent(new Event(id === "search" ? "input" : "change"));
      document.body.getBoundingClientRect();
      return performance.now() - start;
    }"""
    with sync_playwright() as started:
        path = os.environ.get("HARNESS_CHROMIUM") or shutil.which("chromium")
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(5):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(page_file.as_uri())
            opened.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            page.wait_for_selector("#list article")
            if len(opened) < 5:
                page.close()
        page.evaluate("document.body.getBoundingClientRect()")
        tasks = page.evaluate("[...document.getElementById('task').options].map(o => o.value)")
        for task in tasks:
            filtered.append(("task", page.evaluate(script, ["task", task])))
            asks = [("label", "1"), ("slice", "0"), ("tag", ""), ("search", "ka"), ("search", "kar"), ("search", "")]
            for id_, value in [*asks, ("label", ""), ("slice", ""), ("show", "all"), ("show", "wrong"), ("model", "1")]:
                times = [page.evaluate(script, [id_, value]) for _ in range(3)]
                filtered.append((id_, statistics.median(times)))
        browser.close()
    return statistics.median(opened), max(ms for _, ms in filtered)


def main() -> int:
    """Measure, print, and say whether a limit is broken."""
    runs = sorted((ROOT / "runs").glob("kabar-????????"))
    kabar = Path(sys.argv[1]) if len(sys.argv) > 1 else runs[0]
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        ask = [sys.executable, "-m", "harness", "run", "bench.toml", "--out", "ran"]
        subprocess.run(ask, cwd=folder, check=True, capture_output=True)
        print(f"{'report':<18} {'MB':>6} {'written, s':>11} {'opens, ms':>10} {'filter, ms at most':>19}")
        for title, run, cwd in (("kabar", kabar.absolute(), ROOT), ("10,000 documents", folder / "ran", folder)):
            seconds = written(run, cwd)
            size = (run / "report.html").stat().st_size / 1e6
            opens, filters = browsed(run / "report.html")
            print(f"{title:<18} {size:>6.2f} {seconds:>11.1f} {opens:>10.0f} {filters:>19.0f}")
            broken |= any(got >= most for got, most in zip((size, opens, filters), LIMITS[title], strict=True))
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
