"""What the harness costs before it works: CPU of its commands against bare Python.

    python benchmarks/speed/startup.py [--runs 15] [--write]

Each command is run as a process of its own, in turn with the process it is compared to: medians of user and system
time, after one run that lets Python keep its compiled files, as an installed package has them. `score` is compared
to a process that imports the very modules that `score` ended with.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _frame import write_section

import harness

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
HARNESS = str(Path(sys.executable).parent / "harness")
MODULES = """
import sys
from harness.cli import run
assert run({args!r}) == 0
print("MODULES", *[name for name in sys.modules if name != "__main__"])
"""
IMPORTS = """
import importlib
for name in {modules!r}:
    try:
        importlib.import_module(name)
    except Exception:
        pass
"""


WARM = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cpu(command: Sequence[str]) -> float:
    """CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=WARM, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def side_by_side(commands: Sequence[Sequence[str]], runs: int) -> list[float]:
    """The median of each command, all of them run in turn."""
    times: list[list[float]] = [[] for _ in commands]
    for command in commands:
        cpu(command)
    for _ in range(runs):
        for taken, command in zip(times, commands, strict=True):
            taken.append(cpu(command))
    return [statistics.median(taken) for taken in times]


def measure(runs: int) -> list[str]:
    """The rows of the table."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "predictions.jsonl"
        task = harness.task("stance", ROOT / "corpora" / "kabar")
        harness.run("majority", task).write(Path(folder))
        score = ["score", str(file), "--corpus", "corpora/kabar", "--task", "stance"]
        ask = [python, "-c", MODULES.format(args=score)]
        done = subprocess.run(ask, capture_output=True, text=True, cwd=ROOT, check=True)
        modules = done.stdout.rpartition("MODULES")[2].split()
        bare, shown, checked, scored, imported = side_by_side(
            [
                [python, "-c", "pass"],
                [HARNESS, "--help"],
                [HARNESS, "check", "corpora/kabar"],
                [HARNESS, *score],
                [python, "-c", IMPORTS.format(modules=modules)],
            ],
            runs,
        )
    return [
        f"| `python -c pass` | {bare * 1000:.0f} | |",
        f"| `harness --help` | {shown * 1000:.0f} | {shown / bare:.1f} × bare Python (at most 6) |",
        f"| `harness check corpora/kabar` | {checked * 1000:.0f} | at most 300 ms{', missed' * (checked > 0.3)} |",
        f"| `harness score` of {len(task)} stance items | {scored * 1000:.0f} | {scored / imported:.2f} × its imports "
        f"alone, {imported * 1000:.0f} ms (at most 1.5{', missed' * (scored / imported > 1.5)}) |",
    ]


def main() -> None:
    """Write what came out, to the screen or into the README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="write the table into benchmarks/speed/README.md")
    asked = parser.parse_args()
    rows = measure(asked.runs)
    machine = f"{platform.machine()}, Python {platform.python_version()}, medians of {asked.runs} runs in turn"
    table = "| process | CPU, ms | |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    section = f"`python benchmarks/speed/startup.py --write`; {machine}.\n\n{table}"
    print(section)
    if asked.write:
        write_section("Start-up", section)


if __name__ == "__main__":
    main()
