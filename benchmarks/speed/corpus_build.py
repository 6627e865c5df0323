"""What the Parquet form of a corpus costs: building and loading many made documents, with the memory of each.

    python benchmarks/speed/corpus_build.py [--documents 100000] [--in DIR]

Each step is a process of its own, so that its peak memory is its own. The folder is loaded beside its build, and both
must have one digest. Documents are those of tests/corpora.py in their kinds: a label, pairs, a set, and spans.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests"))

from corpora import CORPUS_TOML, write_document  # noqa: E402

WORDS = "The Port Union praised the strike. Zoe of Lima Port waited while the market stood still. "
LAYERS = {
    "tone": [{"label": "WARM"}],
    "stance": [{"holder": "union", "target": "strike", "label": "FAVOR", "evidence": ["praised the strike"]}],
    "topic": [{"role": "primary", "label": "STRIKE"}],
    "entities": [{"span": "Port Union", "label": "ORG"}, {"span": "Zoe", "label": "PER"}],
}
STEPS = {
    "start alone": "import pyarrow.parquet, harness.columns, harness.corpus.building",
    "build": "print(build_corpus(Path(folder), Path(built)).digest)",
    "load folder": "print(harness.load(folder).digest)",
    "load build": "print(harness.load(built).digest)",
    "check build": "assert not harness.check(built)",
}
PROCESS = """
import resource, sys, time
from pathlib import Path
import harness
from harness.cli.corpus_build import build_corpus
folder, built = sys.argv[1:]
start = time.perf_counter()
{step}
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def make(folder: Path, documents: int) -> None:
    """A corpus of many small groups, ten documents each."""
    folder.mkdir(parents=True)
    (folder / "corpus.toml").write_text(CORPUS_TOML, encoding="utf-8")
    for i in range(documents):
        group = folder / "documents" / f"g{i // 10:07}"
        if i % 10 == 0:
            group.mkdir(parents=True)
            (group / "group.toml").write_text(f'split = "{"test" if i % 30 else "train"}"\n', encoding="utf-8")
        text = WORDS * (1 + i % 20) + f"Number {i}.\n"
        write_document(group, f"d{i:07}", text, pairs=[("union", "strike")], layers=LAYERS)


def measured(step: str, folder: Path, built: Path) -> tuple[str, float, int]:
    """What a step prints, its seconds, and the peak memory of its process in MB."""
    code = PROCESS.format(step=STEPS[step])
    done = subprocess.run([sys.executable, "-c", code, folder, built], capture_output=True, text=True, check=True)
    *said, figures = done.stdout.strip().split("\n")
    seconds, megabytes = figures.split()
    return " ".join(said), float(seconds), int(megabytes)


def size(folder: Path, pattern: str) -> float:
    """MB of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file()) / 1e6


def main() -> None:
    """Make, build, load, and print a line for each."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--documents", type=int, default=100_000)
    asked.add_argument("--in", dest="where", type=Path, help="where the folders are made, and left; else they go")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=options.where) as made:
        folder, built = Path(made) / "folder", Path(made) / "built"
        start = time.perf_counter()
        make(folder, options.documents)
        print(f"{options.documents} documents, made in {time.perf_counter() - start:.0f} s, {os.cpu_count()} cores")
        digests = set()
        for step in STEPS:
            digest, seconds, megabytes = measured(step, folder, built)
            digests |= {digest} if digest else set()
            print(f"{step:<12} {seconds:8.2f} s  {megabytes:6} MB at most", flush=True)
        assert len(digests) == 1, digests
        print(f"files: folder {size(folder, '*'):.1f} MB, build {size(built, '*.parquet'):.1f} MB; one digest")


if __name__ == "__main__":
    main()
