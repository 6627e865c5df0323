"""What a settle set adds: how often the gate alarms, passes and catches with documents drawn where two models disagree.

    python benchmarks/gate/settle.py [--quick] [--write] [--keep FILE]

A test set and a pool are drawn from one pair of systems whose true scores are known. What the test set leaves open is
judged again with units that are drawn from the pool where the two disagree (`harness.stats.settling.combine`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from populations import Formula, Labels
from simulate import ACCURACY, DRAWS, MACRO, RARE, UNEVEN, Counted, dropped, same, share, traded

from harness.files import write_atomically
from harness.stats import settling, verdict
from harness.stats.bootstrap import sum_by_unit
from harness.stats.settling import alpha_of_looks, combine
from harness.stats.verdict import ALPHA, MARGIN, judge

HERE = Path(__file__).parent
LEVEL = alpha_of_looks(2)
Units = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows of A, rows of B, whether their answers differ


@dataclass(frozen=True)
class Case:
    """Comparisons on n units with gold, and on as many as `drawn` out of a pool, documents or groups of a size."""

    name: str
    formula: Formula
    pair: Labels
    n: int
    drawn: int
    pool: int = 5_000
    size: int = 1
    trials: int = 2_000

    @property
    def units(self) -> str:
        """`300 documents + 65 of 5,000`."""
        what = "documents" if self.size == 1 else f"groups of {self.size}"
        return f"{self.n:,} {what} + {self.drawn} of {self.pool:,}"

    def count(self, trials: int) -> Counted:
        """How often each verdict comes up: of one look, of the first of two, and after both."""
        rng = np.random.default_rng([self.n, self.drawn, self.size, len(self.name)])
        counted = dict.fromkeys((f"{state} {look}" for look in ("one", "first", "both") for state in STATES), 0.0)
        counted |= {"undeclared": 0.0}
        for trial in range(trials):
            a, b, apart = units(self.pair, self.n, self.size, rng)
            one, first = (
                judge(a, b, [self.formula], alpha=alpha, seed=trial, draws=DRAWS)[0].state for alpha in (ALPHA, LEVEL)
            )
            both = first if first != "inconclusive" else self.settled(a, b, apart, rng, trial)
            for look, state in (("one", one), ("first", first), ("both", both)):
                counted[f"{state} {look}"] += 1
            counted["undeclared"] += (both if one == "inconclusive" else one) == "regressed"
        return counted | {"trials": trials}

    def settled(self, a: np.ndarray, b: np.ndarray, apart: np.ndarray, rng: np.random.Generator, seed: int) -> str:
        """The verdict with units of a pool, drawn where the two disagree."""
        pool_a, pool_b, differ = units(self.pair, self.pool, self.size, rng)
        there = np.flatnonzero(differ)
        own = rng.choice(there, min(self.drawn, len(there)), replace=False)
        about = {"pool": self.pool, "pool_apart": len(there), "alpha": LEVEL, "seed": seed, "draws": DRAWS}
        return combine(a, b, apart, pool_a[own], pool_b[own], self.formula, **about).state


def units(pair: Labels, n: int, size: int, rng: np.random.Generator) -> Units:
    """n units with their rows, and whether the two answer any document of them differently."""
    triple, unit = pair.triples(n, size, rng), np.repeat(np.arange(n), size)
    _, said_a, said_b = np.indices(pair.table.shape).reshape(3, -1)
    differ = np.bincount(unit, (said_a != said_b)[triple], n) > 0
    a, b = (sum_by_unit(rows[triple], unit, n) for rows in pair.rows)
    return a, b, differ


STATES = ("regressed", "pass", "inconclusive")
RARELY = traded(MACRO, UNEVEN, 0.2)


def no_change() -> list[Case]:
    """Pairs of equal true score."""
    return [
        Case("accuracy, alike", ACCURACY, same(), 100, 65),
        Case("accuracy, alike", ACCURACY, same(), 300, 65),
        Case("accuracy, alike", ACCURACY, same(), 300, 200),
        Case("accuracy, alike", ACCURACY, same(), 1_000, 200),
        Case("macro-F1, alike", MACRO, same(), 300, 65),
        Case("macro-F1, alike", MACRO, same(), 300, 200),
        Case("macro-F1, B better at 1 label in 10", MACRO, RARELY, 100, 100),
        Case("macro-F1, B better at 1 label in 10", MACRO, RARELY, 300, 200),
        Case("macro-F1, B better at 1 label in 25", MACRO, traded(MACRO, RARE, 0.25), 300, 200),
        Case("macro-F1, alike", MACRO, same(), 91, 60, 1_500, 4, trials=500),
    ]


def drops() -> list[Case]:
    """Pairs of which B is worse by 3 points, and by the margin."""
    metrics = {"accuracy": ACCURACY, "macro-F1": MACRO}
    sizes = ((300, 65, 5_000, 1, 1_000), (300, 200, 5_000, 1, 1_000), (91, 60, 1_500, 4, 500))
    return [
        Case(f"{name}, {100 * drop:.0f} points down", formula, dropped(formula, drop), *size)
        for drop in (0.03, MARGIN)
        for name, formula in metrics.items()
        for size in sizes
    ]


class Kept:
    """Finished cases, by what they are and by the code that was run."""

    def __init__(self, path: Path | None, fewer: int) -> None:
        code = [Path(str(module.__file__)) for module in (verdict, settling)] + [
            HERE / "populations.py",
            Path(__file__),
        ]
        self.code = hashlib.sha256(b"".join(file.read_bytes() for file in code)).hexdigest()[:16]
        self.path, self.fewer = path, fewer
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.found: dict[str, Counted] = dict(json.loads(line) for line in lines)

    def of(self, case: Case) -> Counted:
        """What was counted of this case, now or before."""
        trials = max(20, case.trials // self.fewer)
        key = f"{self.code} {case.name}, {case.units} {trials}"
        if key not in self.found:
            self.found[key] = case.count(trials)
            if self.path:
                with self.path.open("a") as file:
                    file.write(json.dumps([key, self.found[key]]) + "\n")
            print(case.name, case.units, self.found[key], file=sys.stderr, flush=True)
        return self.found[key]


def page(kept: Kept) -> str:
    """Both tables."""
    text = f"""## With a settle set

`python benchmarks/gate/settle.py --write`. What the first look leaves open is judged again with so many units drawn
from a pool where the two systems disagree, both looks at {LEVEL:.4f}. Regressed, in %: one look at 5 % without a settle
set; both looks; *undeclared*, a first look at 5 % and then the second all the same, which `harness gate --settle`
refuses and nobody can see who writes `looks = 2` afterwards. Pass, in %: one look; both. Asked for without change:
regressed in at most 6 % after both looks.

{HEAD}"""
    text += "".join(f"\n{_row(case, kept.of(case), 'most', '')}" for case in no_change())
    text += f"""

10 % of the documents differ; pass asked for at a drop of the margin, 2 points: at most 6 %.

{HEAD}"""
    for case in drops():
        text += f"\n{_row(case, kept.of(case), '', 'most' if '2 points' in case.name else '')}"
    return text


REGRESSED = ("regressed one", "regressed both", "undeclared")
HEAD = """| pair | units | comparisons | regressed: one look | both looks | undeclared | pass: one look | both looks |
|---|---|---|---|---|---|---|---|"""


def _row(case: Case, found: Counted, alarms: str, passes: str) -> str:
    numbers = [share(found, what, alarms if "both" in what else "") for what in REGRESSED]
    numbers += [share(found, "pass one"), share(found, "pass both", passes)]
    return f"| {case.name} | {case.units} | {found['trials']:,} | {' | '.join(numbers)} |"


def main() -> None:
    """Print the tables, or write them into README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    text = page(Kept(asked.keep, 20 if asked.quick else 1))
    if not asked.write:
        print(text)
        return
    path, first, last = HERE / "README.md", "<!-- settle -->\n", "<!-- end of settle -->\n"
    whole = path.read_text(encoding="utf-8")
    head, tail = whole[: whole.index(first) + len(first)], whole[whole.index(last) :]
    write_atomically(path, f"{head}\n{text}\n\n{tail}".encode())


if __name__ == "__main__":
    main()
