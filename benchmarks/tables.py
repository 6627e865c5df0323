"""Writes the scores of the benchmarks into benchmarks/README.md and kabar's card, and draws them; --check holds it all.

python benchmarks/tables.py [--check | --full]

`--full` runs kabar-full.toml too, which takes some minutes and the libraries named in full.py; without it the section
of that benchmark stays as it stands, and tests/test_full.py holds it.
"""

import re
import sys
import tempfile
from pathlib import Path

import full
import pictures

from harness.benchmark import Outcome, read, run_benchmark
from harness.files import write_atomically
from harness.result import Result
from harness.scores import show_value
from harness.store import Store

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
CARD = HERE.parent / "corpora" / "kabar" / "README.md"
HEAD = """# Benchmarks

`kabar.toml` is the main benchmark: `make run`, or `harness run benchmarks/kabar.toml`. The tables below are written by
`python benchmarks/tables.py`; CI holds them. [speed/](speed/README.md) measures what the harness itself costs,
[reproduce.md](reproduce.md) tells whether all of it comes out the same on other CPUs.

Read them with care: {documents} documents in {groups} groups are few. Intervals are 95 % by bootstrap over groups, of
these fitted models: folds share training documents. The written texts are made so that shallow cues do not help.
"""
READERS = """
# Beside a second reader

`kabar-readers.toml`: the same models, learned as above, scored on the documents alone that were read twice. `reader2`
is a language model that saw the texts, the guidelines and the list of pairs, and neither gold nor writer.
"""
BEGIN, END = "<!-- begin: models -->\n", "<!-- end: models -->"
GAPS = """On the {documents} documents read twice, by the first metric of each task: the floor, the best of the light
models (`benchmarks/kabar-readers.toml`; 5 folds, each learning from all other groups), and the raw second reader, who
is a language model, against the gold.

| task | metric | majority | best light model | second reader | left to gain |
|---|---|---|---|---|---|
{rows}
"""


def result_of(cell: Outcome) -> Result:
    """What came of a cell. Ends the script where that is an error: a table without the row would look whole."""
    if cell.result is None:
        sys.exit(f"{cell.model} on {cell.task} gave no result: {cell.failure}")
    return cell.result


def table(cells: list[Outcome], benchmark: str = "kabar") -> str:
    """One task's models as a Markdown table, below their picture."""
    results = [(cell.model, result_of(cell)) for cell in cells]
    metrics = [score.metric for score in results[0][1].headlines]
    first = results[0][1]
    rows = [
        f"\n## {cells[0].task}\n",
        f"{len(first.task)} items, {first.headlines[0].units} {first.headlines[0].unit}s, {first.protocol},"
        f" `{first.task.corpus}@{first.task.corpus_digest[:8]}`, seed {first.seed}.\n",
        *pictures.shown(benchmark, cells[0].task, metrics[0].replace('"', "&quot;")),
        "",
        f"| model | {' | '.join(f'`{metric}`' for metric in metrics)} |",
        f"|---|{'---|' * len(metrics)}",
    ]
    for model, result in results:
        name = model if result.model == model else f"{model} (`{result.model}`)"
        rows.append(f"| {name} | {' | '.join(map(show_value, result.headlines))} |")
    return "\n".join(rows) + "\n"


def tables(cells: list[Outcome], benchmark: str) -> str:
    """A table for each task, in their order."""
    tasks = dict.fromkeys(cell.task for cell in cells)
    return "".join(table([cell for cell in cells if cell.task == task], benchmark) for task in tasks)


def drawn(store: Store | None = None) -> dict[Path, str]:
    """The pictures of the page, by their place."""
    both = {"kabar": run_benchmark(read(HERE / "kabar.toml"), store=store), "kabar-readers": beside_readers(store)}
    parts = (pictures.drawn(name, [(cell, result_of(cell)) for cell in cells]) for name, cells in both.items())
    return {path: svg for part in parts for path, svg in part.items()}


def text(store: Store | None = None, only: tuple[str, ...] = ()) -> str:
    """The whole page, or with `only` that of some models."""
    benchmark = read(HERE / "kabar.toml").only(only)
    cells = run_benchmark(benchmark, store=store)
    first = benchmark.tasks[1].items
    head = HEAD.format(documents=len(first), groups=len(set(first["group"])))
    names = tuple(name for name in only if name in read(HERE / "kabar-readers.toml").models)
    return head + tables(cells, "kabar") + READERS + tables(beside_readers(store, names), "kabar-readers")


def beside_readers(store: Store | None, only: tuple[str, ...] = ()) -> list[Outcome]:
    """The light models and the second reader on what was read twice."""
    return run_benchmark(read(HERE / "kabar-readers.toml").only(only), store=store)


def gaps(cells: list[Outcome]) -> str:
    """How far the best light model of each task is from the floor and from the second reader, for the data card."""
    rows, documents = [], 0
    for task in dict.fromkeys(cell.task for cell in cells):
        heads = {cell.model: result_of(cell).headlines[0] for cell in cells if cell.task == task}
        reader, floor = heads.pop("reader2"), heads.pop("majority")
        name, best = max(heads.items(), key=lambda one: one[1].value)
        shown = " | ".join((show_value(floor), f"{name} {show_value(best)}", show_value(reader)))
        rows.append(f"| {task} | `{best.metric}` | {shown} | {reader.value - best.value:.3f} |")
        documents = max(len(set(result_of(cell).task.items["document"])) for cell in cells)
    return GAPS.format(documents=documents, rows="\n".join(rows))


def card(cells: list[Outcome]) -> str:
    """The data card as it should stand, its part about models written anew."""
    said = CARD.read_text(encoding="utf-8")
    return re.sub(f"(?s){BEGIN}.*?{END}", lambda _: f"{BEGIN}{gaps(cells)}{END}", said)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) if "--check" in sys.argv else HERE.parent / "runs" / "store"
        heavy = full.section(root) if "--full" in sys.argv else full.standing(PAGE.read_text(encoding="utf-8"))
        wanted = {PAGE: text(Store(root)) + heavy, CARD: card(beside_readers(Store(root))), **drawn(Store(root))}
    left = [path for path in pictures.FOLDER.glob("*.svg") if path not in wanted]
    if "--check" in sys.argv:
        stale = [path for path, due in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != due]
        if stale or left:
            sys.exit(f"stale: {', '.join(map(str, stale + left))}. Run python benchmarks/tables.py")
    else:
        pictures.FOLDER.mkdir(exist_ok=True)
        for path, due in wanted.items():
            write_atomically(path, due.encode())
        for path in left:
            path.unlink()
