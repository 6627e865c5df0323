"""Writes the scores of the main benchmark into benchmarks/README.md, or with --check holds them against it.

python benchmarks/tables.py [--check]
"""

import sys
from pathlib import Path

from harness.benchmark import Cell, read, run_benchmark
from harness.files import write_atomically
from harness.scores import show_value
from harness.store import Store

HERE = Path(__file__).parent
HEAD = """# Benchmarks

`kabar.toml` is the main benchmark: `make run`, or `harness run benchmarks/kabar.toml`. The tables below are written by
`python benchmarks/tables.py`; CI holds them. [speed/](speed/README.md) measures what the harness itself costs.

Read them with care: {documents} documents in {groups} groups are few. Intervals are 95 % by bootstrap over groups, and
with fewer than 20 groups they are likely too narrow. The written texts are made so that shallow cues do not help.
"""


def table(cells: list[Cell]) -> str:
    """One task's models as a Markdown table."""
    results = [(cell.model, cell.result) for cell in cells if cell.result]
    metrics = [score.metric for score in results[0][1].headlines]
    first = results[0][1]
    rows = [
        f"\n## {cells[0].task}\n",
        f"{len(first.task)} items, {first.headlines[0].units} {first.headlines[0].unit}s, {first.protocol},"
        f" `{first.task.corpus}@{first.task.corpus_digest[:8]}`, seed {first.seed}.\n",
        f"| model | {' | '.join(f'`{metric}`' for metric in metrics)} |",
        f"|---|{'---|' * len(metrics)}",
    ]
    for model, result in results:
        rows.append(f"| {model} (`{result.model}`) | {' | '.join(map(show_value, result.headlines))} |")
    return "\n".join(rows) + "\n"


def text(store: Store | None = None, only: tuple[str, ...] = ()) -> str:
    """The whole page, or with `only` that of some models."""
    benchmark = read(HERE / "kabar.toml").only(only)
    cells = run_benchmark(benchmark, store=store)
    first = benchmark.tasks[1].items
    page = HEAD.format(documents=len(first), groups=len(set(first["group"])))
    tasks = dict.fromkeys(cell.task for cell in cells)
    return page + "".join(table([cell for cell in cells if cell.task == task]) for task in tasks)


if __name__ == "__main__":
    if "--check" in sys.argv:
        if text() != (HERE / "README.md").read_text(encoding="utf-8"):
            sys.exit("benchmarks/README.md is stale: run python benchmarks/tables.py")
    else:
        write_atomically(HERE / "README.md", text(Store(HERE.parent / "runs" / "store")).encode())
