"""How often 95 % intervals hold the true score, by method.

    python benchmarks/calibration/coverage.py [--trials 1000] [--cases TEXT] [--write]

Each trial draws n units from a population whose true score is known. `harness` is what the harness gives
(`stats.bootstrap.intervals`); the others are made from the same draws: `percentile`, plain `BCa` (Efron 1987), and
`logit`, a normal interval on the logit scale about the value with the bootstrap's bias taken off, its width from the
draws and Student's t.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from page import replace_table
from populations import GROUP, Entities, Labels, formula_of

from harness.stats.bootstrap import LEVEL, METHOD, bca_tails, bias_of, half_width, intervals, leave_one_out

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
DRAWS = 1_000
LEAST, MOST = 0.93, 0.97
METHODS = ("percentile", "BCa", "logit", "harness")


@dataclass(frozen=True)
class Case:
    """Samples of n units of a population, scored by a metric; where they are clustered a unit is GROUP documents."""

    name: str
    metric: str
    population: Labels | Entities
    n: int
    clustered: bool = False


THREE = {
    "accuracy, 80 % right": ("accuracy", Labels(3, 0.80, 0.7)),
    "macro-F1, 3 labels, 70 % right": ("f1", Labels(3, 0.70, 0.7)),
    "macro-F1, 3 labels, 93 % right": ("f1", Labels(3, 0.93, 0.7)),
    "entity micro-F1": ("entity_f1", Entities(5, 0.75, 0.2)),
}
EVEN, UNEVEN = Labels(14, 0.60, 0.0), Labels(14, 0.80, 0.5)
CASES = [Case(name, *what, n, way) for name, what in THREE.items() for way in (False, True) for n in (100, 300, 1000)]
CASES += [
    Case("macro-F1, 14 labels, 60 % right, 21 or 22 gold each", "f1", Labels(14, 0.60, 0.0, fixed=True), 300),
    Case("macro-F1, 14 labels, 60 % right, even", "f1", EVEN, 300),
    Case("macro-F1, 14 labels, 60 % right, even", "f1", EVEN, 1000),
    Case("macro-F1, 14 labels, 60 % right, even", "f1", EVEN, 100, clustered=True),
    Case("macro-F1, 14 labels, 80 % right, rarest 1 in 23", "f1", UNEVEN, 300),
    Case("macro-F1, 14 labels, 80 % right, rarest 1 in 23", "f1", UNEVEN, 1000),
    Case("macro-F1, 50 labels, 70 % right, even", "f1", Labels(50, 0.70, 0.0), 300),
    Case("macro-F1, 200 labels, 70 % right, even", "f1", Labels(200, 0.70, 0.0), 1000),
]
SMALL = [Case(name, *what, n, True) for name, what in THREE.items() for n in (8, 12, 20, 28, 40, 60)]


def ends(vectors: np.ndarray, times: np.ndarray, formula: Callable, seed: int) -> Iterator[tuple[str, float, float]]:
    """The interval of each method on one sample; nan where there is none."""
    seen = []

    def watched(totals: np.ndarray) -> np.ndarray:
        values = formula(totals)
        seen.append(np.atleast_1d(values))
        return values

    [(low, high)] = intervals(vectors, times, [watched], seed=seed, draws=DRAWS)
    values = np.concatenate(seen)  # the draws, then the value, then the values without one unit
    drawn, value, without = values[:DRAWS], values[DRAWS], values[DRAWS + 1 :]
    n = int(times.sum())
    yield "harness", float(low), float(high)
    yield "percentile", *np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    below = ((drawn < value - 1e-12).mean() + (drawn <= value + 1e-12).mean()) / 2
    yield "BCa", *np.quantile(drawn, bca_tails(bias_of(float(below), DRAWS), leave_one_out(without, times)[1], Z))
    middle = np.clip(2 * value - drawn.mean(), 1e-6, 1 - 1e-6)
    width = half_width(n, LEVEL) * drawn.std() / (middle * (1 - middle))
    odds = middle / (1 - middle) * np.exp(np.clip([-width, width], -50, 50))
    yield "logit", *(odds / (1 + odds))


def coverage(case: Case, trials: int) -> dict[str, list[int]]:
    """For each method how often the truth lay inside, below, and above the interval, and how often there was none."""
    formula = formula_of(case.metric)
    truth, rng = (
        case.population.truth(formula),
        np.random.default_rng([case.n, case.clustered, zlib.crc32(case.name.encode())]),
    )
    counted = {method: [0, 0, 0, 0] for method in METHODS}
    for trial in range(trials):
        sample = case.population.sample(case.n, case.clustered, rng)
        for method, low, high in ends(*sample, formula, trial):
            none = not low < high
            place = 3 if none else 1 if truth < low else 2 if truth > high else 0
            counted[method][place] += 1
    return counted


def row(case: Case, counted: dict[str, list[int]]) -> str:
    """One line of the table; what is outside 93 to 97 % is marked. Samples without an interval are left out."""
    cells = []
    for method in METHODS:
        inside, below, above, _ = counted[method]
        rate = inside / max(1, inside + below + above)
        cells.append(f"{100 * rate:.1f}" if LEAST <= rate <= MOST else f"**{100 * rate:.1f}**")
    inside, below, above, none = counted["harness"]
    given = max(1, inside + below + above)
    cells += [f"{100 * below / given:.1f} / {100 * above / given:.1f}", f"{100 * none / (given + none):.1f}"]
    documents = case.n * GROUP if case.clustered else case.n
    units = f"{case.n} {'groups' if case.clustered else 'documents'}"
    return f"| {case.name} | {units} | {documents} | {' | '.join(cells)} |"


def table(cases: list[Case], trials: int) -> str:
    """The cases as Markdown; progress on stderr."""
    lines = [
        f"| case | units | documents | {' | '.join(METHODS)} | harness misses: truth below / above | no interval |",
        f"|---|---|---|{'---|' * len(METHODS)}---|---|",
    ]
    for case in cases:
        start = time.monotonic()
        lines.append(row(case, coverage(case, trials)))
        print(lines[-1], f"{time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or write them into README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1_000)
    parser.add_argument("--cases", default="", help="only those whose line has this text; nothing is written")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    start = time.monotonic()
    first, small = (table([c for c in cases if asked.cases in c.name], asked.trials) for cases in (CASES, SMALL))
    error = 100 * np.sqrt(0.95 * 0.05 / asked.trials)
    about = (
        f"{asked.trials:,} trials a case, {DRAWS:,} draws each, in %; standard error {error:.1f}; "
        f"{(time.monotonic() - start) / 60:.0f} minutes. The harness uses: {METHOD}."
    )
    replace_table("coverage", f"{about}\n\n{first}\n\nFew groups:\n\n{small}", write=asked.write and not asked.cases)


if __name__ == "__main__":
    main()
