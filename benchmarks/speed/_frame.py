"""What every comparison stands in: an environment with the peers, the clock, the table and its section of the page."""

import argparse
import gc
import hashlib
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from harness.files import write_atomically
from harness.parts import Metric
from harness.registry import make, parse

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).parent / "README.md"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "text-harness"
PEERS = (
    "seqeval==1.2.2",
    "nervaluate==1.2.1",
    "spacy==3.8.18",
    "scipy==1.17.1",
    "scikit-learn==1.9.1",
    "sacrebleu==2.6.0",
    "numpy==2.4.6",
    "pyarrow==26.0.1",
)
MODULES = {  # what is imported before the clock starts, so that no import counts
    "scikit-learn": ("sklearn.metrics", "sklearn.calibration"),
    "scipy": ("scipy.stats",),
    "seqeval": ("seqeval.metrics", "seqeval.scheme"),
    "nervaluate": ("nervaluate",),
    "spacy": ("spacy.scorer", "spacy.training"),
    "sacrebleu": ("sacrebleu.significance",),
}
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENTERED = "TEXT_HARNESS_PEERS"
SIZES = (1_000, 100_000, 1_000_000)
RUNS = 7
PATIENCE = 4.0  # seconds a side that is measured more than once

Numbers = Mapping[str, float]
Work = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """The same work done by us and by a peer.

    Where a peer is too slow, `theirs` does a part of it, `part` is ours on that part, to be checked against theirs,
    and `times` is how many such parts the whole is: its seconds are scaled linearly, and marked.
    """

    work: str
    peer: str
    ours: Callable[[], Numbers]
    theirs: Callable[[], Numbers]
    floor: Work
    reach: float | None = None  # the ratio to reach
    part: Callable[[], Numbers] | None = None
    times: float = 1.0
    ready: Work = lambda: None  # what a side is given, built before the clock starts
    slack: Callable[[Numbers], Numbers] = lambda ours: {}  # how far each may differ, if not 1e-9: Monte-Carlo error


@dataclass(frozen=True)
class Row:
    """Seconds of one comparison at one size."""

    of: Comparison
    n: int
    ours: float
    theirs: float
    floor: float

    def __str__(self) -> str:
        ratio, star = self.theirs / self.ours, " *" * (self.of.times != 1)
        reach = "" if self.of.reach is None else f"{self.of.reach:,.0f} ×" + ", missed" * (ratio < self.of.reach)
        cells = (
            f"{self.n:,}",
            self.of.work,
            self.of.peer,
            in_words(self.ours),
            in_words(self.theirs) + star,
            f"{times(ratio)} ×{star}",
            reach,
            f"{times(self.ours / self.floor)} ({in_words(self.floor)})",
        )
        return "| " + " | ".join(cells) + " |"


HEAD = "| n | work | peer | ours | peer's | ratio | to reach | times the floor |\n|---|---|---|---|---|---|---|---|"
STAR = "\\* Measured on a part of the data or of the draws, and scaled linearly."


def enter() -> None:
    """Run this script again where the peers are, with one thread, unless this is there."""
    if os.environ.get(ENTERED) == str(_environment()):
        return
    python = _made() / "bin" / "python"
    here = {ENTERED: str(_environment()), "PYTHONHASHSEED": "0"}
    os.execve(python, [str(python), *sys.argv], {**os.environ, **ONE_THREAD, **here})


def _environment() -> Path:
    """Another one for other peers, another Python or another checkout."""
    wanted = "\n".join((*PEERS, platform.python_version(), str(ROOT)))
    return CACHE / f"peers-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


def _made() -> Path:
    """The environment, installed if it is not there whole."""
    folder = _environment()
    if (folder / "whole").exists():
        return folder
    print(f"Installing the peers into {folder} (two minutes) …", file=sys.stderr)
    base = getattr(sys, "_base_executable", sys.executable)
    pip = [str(folder / "bin" / "python"), "-m", "pip"]
    if subprocess.run([base, "-m", "venv", "--clear", str(folder)], capture_output=True).returncode:
        # Where the system's Python comes without ensurepip, its own pip installs into the bare environment.
        subprocess.run([base, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
        pip = [base, "-m", "pip", "--python", str(folder / "bin" / "python")]
    install = ["install", "-qq", "--disable-pip-version-check", *PEERS, "-e", str(ROOT)]
    subprocess.run([*pip, *install], check=True)
    (folder / "whole").touch()
    return folder


@cache
def metric(spec: str) -> Metric:
    """A metric by its name, made before the clock starts."""
    return make("metrics", parse(spec))


def seconds(work: Work) -> float:
    """How long it takes once."""
    clock = time.process_time if "--cpu" in sys.argv else time.perf_counter
    start = clock()
    work()
    return clock() - start


def median(work: Work) -> float:
    """The median of some runs, after one that is not counted."""
    first = seconds(work)
    return statistics.median(seconds(work) for _ in range(_runs(first)))


def measure(comparison: Comparison, n: int) -> Row:
    """Check that both sides give the same numbers, then time them in turn: medians, or the one run of what is slow."""
    comparison.ready()
    gc.collect()
    gc.freeze()  # the data are nobody's garbage
    first = check(comparison)
    taken = [[one] if one > PATIENCE else [] for one in first]
    left = [0 if one > PATIENCE else _runs(one) for one in first]
    for turn in range(max(left)):
        for side, work, more in zip(taken, (comparison.ours, comparison.theirs), left, strict=True):
            if turn < more:
                side.append(seconds(work))
    ours, theirs = map(statistics.median, taken)
    row = Row(comparison, n, ours, theirs * comparison.times, median(comparison.floor))
    gc.unfreeze()
    print(row, flush=True)
    return row


def _runs(first: float) -> int:
    return max(1, min(RUNS, int(PATIENCE / max(first, 1e-9))))


def check(comparison: Comparison) -> tuple[float, float]:
    """Seconds that a run of ours and of theirs took, once ready; AssertionError where they differ."""
    found: list[Numbers] = []
    sides = (comparison.ours, comparison.theirs)
    taken = tuple(seconds(lambda side=side: found.append(side())) for side in sides)
    ours, theirs = comparison.part() if comparison.part else found[0], found[1]
    slack = comparison.slack(ours)
    assert theirs and theirs.keys() <= ours.keys(), f"{comparison.work}: {comparison.peer} gives {sorted(theirs)}"
    for name, value in theirs.items():
        assert abs(ours[name] - value) <= slack.get(name, 1e-9), (
            f"{comparison.work}, {name}: ours {ours[name]}, {comparison.peer} {value}, slack {slack.get(name)}"
        )
    return taken


def in_words(duration: float) -> str:
    """`12 ms`, `1.2 s`."""
    unit, factor = next(
        (u, f) for u, f, below in (("µs", 1e6, 1e-3), ("ms", 1e3, 1), ("s", 1, float("inf"))) if duration < below
    )
    return f"{times(duration * factor)} {unit}"


def times(value: float) -> str:
    """`1,234`, `56`, `7.8`."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def machine(*libraries: str) -> str:
    """In words: what the numbers were measured with."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", *libraries))
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def run(
    title: str,
    about: str,
    libraries: Sequence[str],
    table: Callable[[Sequence[int]], str],
    sizes: Sequence[int] = SIZES,
) -> None:
    """The command line of a comparison: measure, print, and with --write put the table into its section."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=list(sizes), help="how many, one or more sizes")
    parser.add_argument(
        "--cpu", action="store_true", help="CPU time instead of wall time, on a machine with other work"
    )
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name} beside this file")
    asked = parser.parse_args()
    enter()
    for module in (module for library in libraries for module in MODULES.get(library, ())):
        import_module(module)
    rows = table(asked.items)
    command = " ".join(["python", f"benchmarks/speed/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    clock = "CPU time" if asked.cpu else "wall time"
    section = f"`{command}`; {machine(*libraries)}; one thread, {clock}, medians of up to {RUNS} runs.\n\n{rows}\n"
    print(section)
    if asked.write:
        write_section(title, section)


def write_section(title: str, section: str, page: Path = PAGE) -> None:
    """Put the text under its heading in the page, in the place of what stands there; a new heading goes to the end."""
    text = page.read_text(encoding="utf-8") if page.exists() else "# What the harness costs\n"
    own = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = f"## {title}\n\n{section.strip()}\n\n"
    text = own.sub(lambda _: new, text) if own.search(text) else f"{text.rstrip()}\n\n{new}"
    write_atomically(page, (text.rstrip() + "\n").encode())
