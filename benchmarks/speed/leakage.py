"""What it costs to look for copies among many made documents, beside scikit-learn's sparse product of shingles.

    python benchmarks/speed/leakage.py [--documents 10000 100000] [--peer-up-to 10000] [--runs 3] [--cpu] [--write]

Documents of 20 to 180 words drawn by Zipf's law, of which one in fifty is a copy, a near copy or a part of an earlier
one. Each run is a process of its own, so that its peak memory is its own; the sides take turns, and the medians are
told. The peer hashes the shingles (`HashingVectorizer`, as it comes), multiplies all with all, and asks the true sets
of each candidate; the script stops where it finds other pairs. The floor is what must be done to know the sets: fold
the texts, number their words, and sort the shingles once.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _frame import ONE_THREAD, in_words, times, write_section

VOCABULARY = 30_000
STEPS = {
    "ours": "print(*sorted(ours(documents)), sep='\\n')",
    "runs": "print(shared_runs(documents))",
    "peer": "print(*sorted(peer(documents)), sep='\\n')",
    "floor": "floor(documents)",
    "memory alone": "pass",
}
PROCESS = """
import resource, sys, time
sys.path.insert(0, {here!r})
import numpy, scipy.sparse
from leakage import floor, made, ours, peer
from harness.duplicates import shared_runs
if {step!r} == "peer":
    import sklearn.feature_extraction.text
documents = made(int(sys.argv[1]))
start = time.{clock}()
{code}
seconds = time.{clock}() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def made(n: int, seed: int = 1) -> list:
    """Documents, the odd ones in `test`."""
    import numpy as np

    from harness.records import Document

    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, VOCABULARY + 1)
    words = np.array([f"w{i}" for i in range(VOCABULARY)])
    lengths = rng.integers(20, 181, n)
    drawn = words[rng.choice(VOCABULARY, int(lengths.sum()), p=share / share.sum())]
    texts = [part.tolist() for part in np.split(drawn, np.cumsum(lengths)[:-1])]
    for i in range(1, n):
        if rng.random() < 0.02:
            copy = list(texts[rng.integers(i)])
            kind = rng.integers(3)
            if kind == 1:
                copy[rng.integers(len(copy))] = "mended"
            elif kind == 2:
                copy = copy[: len(copy) // 2]
            texts[i] = copy
    return [Document(f"g{i:07}", "d", " ".join(text), "test" if i % 2 else "train") for i, text in enumerate(texts)]


def ours(documents: Sequence) -> set[tuple[str, str]]:
    """The pairs of documents that are duplicates."""
    from harness.duplicates import find

    return {tuple(sorted((one.first.id, one.second.id))) for one in find(documents)}  # type: ignore[misc]


def peer(documents: Sequence) -> set[tuple[str, str]]:
    """The same by a product of all shingles with all, each text once, copies beside the first."""
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer

    texts: dict[str, str] = {}
    found = set()
    for document in documents:
        if (first := texts.setdefault(document.text, document.id)) != document.id:
            found.add((first, document.id))
    hashing = HashingVectorizer(
        ngram_range=(3, 3), token_pattern=r"\S+", norm=None, binary=True, alternate_sign=False, dtype=np.int32
    )
    held, all_texts, names = hashing.transform(texts), list(texts), list(texts.values())
    size, turned = np.diff(held.indptr), held.T.tocsr()
    for low in range(0, len(names), 1000):
        pairs = (held[low : low + 1000] @ turned).tocoo()
        a, b = pairs.row + low, pairs.col
        candidate = (a < b) & (pairs.data >= 0.75 * np.minimum(size[a], size[b]))
        both = zip(a[candidate].tolist(), b[candidate].tolist(), strict=True)
        found |= {(names[i], names[j]) for i, j in both if _alike(all_texts[i], all_texts[j])}
    return found


def _alike(one: str, other: str) -> bool:
    """By the true sets; both have 8 words or more, so that near texts are among the contained."""
    words = one.split(), other.split()
    first, second = ({tuple(own[i : i + 3]) for i in range(len(own) - 2)} for own in words)
    return len(first & second) / min(len(first), len(second)) >= 0.8


def floor(documents: Sequence) -> object:
    """Words as numbers, and one sort of the shingles."""
    import numpy as np

    known: dict[str, int] = {}
    numbers = [known.setdefault(word, len(known)) for one in documents for word in one.text.casefold().split()]
    word = np.array(numbers, np.int64)
    return np.sort((word[:-2] * len(known) + word[1:-1]) * len(known) + word[2:])


def measured(step: str, n: int, clock: str) -> tuple[str, float, int]:
    """What a step prints, its seconds, and the peak memory of its process in MB."""
    code = PROCESS.format(step=step, code=STEPS[step], clock=clock, here=str(Path(__file__).parent))
    environment = {**os.environ, **ONE_THREAD}
    asked = [sys.executable, "-c", code, str(n)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment)
    *said, figures = done.stdout.strip().split("\n")
    seconds, megabytes = figures.split()
    return "\n".join(said), float(seconds), int(megabytes)


def row(n: int, runs: int, clock: str, *, with_peer: bool) -> str:
    """One size in a line of the table."""
    taken: dict[str, list[tuple[str, float, int]]] = {}
    for _ in range(runs):
        for step in STEPS:
            if step != "peer" or with_peer:
                taken.setdefault(step, []).append(measured(step, n, clock))
    said = {step: own[0][0] for step, own in taken.items()}
    assert not with_peer or said["ours"] == said["peer"], f"the peer finds other pairs among {n}"
    second = {step: statistics.median(seconds for _, seconds, _ in own) for step, own in taken.items()}
    memory = {step: max(megabytes for *_, megabytes in own) for step, own in taken.items()}
    ratio = f"{times(second['peer'] / second['ours'])} ×" if with_peer else ""
    cells = (
        f"{n:,}",
        f"{len(said['ours'].splitlines()):,}",
        in_words(second["ours"]),
        in_words(second["peer"]) if with_peer else "not run",
        ratio,
        f"{times(second['ours'] / second['floor'])} ({in_words(second['floor'])})",
        f"{memory['ours']:,} MB",
        f"{memory['peer']:,} MB" if with_peer else "",
        f"{memory['memory alone']:,} MB",
        in_words(second["runs"]),
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure each size, print, and with --write put the table into its section."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--documents", type=int, nargs="+", default=[10_000, 100_000])
    asked.add_argument("--peer-up-to", type=int, default=10_000, help="the most documents that the peer is given")
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--cpu", action="store_true", help="CPU time instead of wall time, on a machine with other work")
    asked.add_argument("--write", action="store_true", help="write the table into README.md beside this file")
    options = asked.parse_args()
    clock = "process_time" if options.cpu else "perf_counter"
    head = (
        "documents | pairs | ours | peer's | ratio | times the floor | peak memory | peer's | documents alone | "
        "runs of 8 words"
    )
    lines = [f"| {head} |", "|" + "---|" * (head.count("|") + 1)]
    for n in options.documents:
        lines.append(row(n, options.runs, clock, with_peer=n <= options.peer_up_to))
        print(lines[-1], flush=True)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"
    command = " ".join(["python", "benchmarks/speed/leakage.py", *sys.argv[1:]])
    spent = "CPU time" if options.cpu else "wall time"
    section = f"`{command}`; {machine}; one thread, {spent}, medians of {options.runs} runs.\n\n" + "\n".join(lines)
    print(section)
    if options.write:
        write_section("Duplicates", section)


if __name__ == "__main__":
    main()
