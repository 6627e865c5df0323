"""How often 95 % intervals without draws hold the true score, where nearly every unit has a vector of its own.

    python benchmarks/calibration/jackknife.py [--trials 4000] [--write]

Samples of MANY units, the fewest at which the harness makes no draws. `plain` is the value less and plus 1.96 standard
errors of the jackknife, `logit` (`log`, of a mean above 1) the same on that scale, `harness` what is used.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from collections.abc import Callable, Iterator
from statistics import NormalDist

import numpy as np
from page import replace_table

from harness.counts import f1_of
from harness.stats import bootstrap
from harness.stats.bootstrap import LEVEL, MANY, intervals, leave_one_out, values_without

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def mean(totals: np.ndarray) -> np.ndarray:
    """Totals (..., 2), the sum and how many, -> their mean (...)."""
    return totals[..., 0] / totals[..., 1]


def f1(totals: np.ndarray) -> np.ndarray:
    """Totals (..., 3) of hits, said and due -> F1 (...)."""
    return f1_of(totals[..., 0], totals[..., 1], totals[..., 2])


def each(values: np.ndarray) -> np.ndarray:
    """Values (n,) -> rows (n, 2) for their mean."""
    return np.column_stack([values, np.ones(len(values))])


def rare(rng: np.random.Generator, gold: int) -> np.ndarray:
    """Rows of a label that so many units hold, found in 80 % of them, with 1 false for every 4 right."""
    due = rng.random(MANY) < gold / MANY
    hits = due & (rng.random(MANY) < 0.8)
    said = hits | (~due & (rng.random(MANY) < 0.2 * gold / (MANY - gold)))
    return np.column_stack([hits, said, due]).astype(float)


CASES: dict[str, tuple[Callable, Callable, float]] = {  # sample, formula, truth
    "mean in 0 to 1, beta(2, 2)": (lambda rng: each(rng.beta(2, 2, MANY)), mean, 0.5),
    "mean in 0 to 1, most near 0: beta(0.05, 5)": (lambda rng: each(rng.beta(0.05, 5, MANY)), mean, 0.05 / 5.05),
    "share of 5 in 2,000": (lambda rng: each(rng.random(MANY) < 0.0025), mean, 0.0025),
    "positive mean, log-normal(0, 1)": (lambda rng: each(rng.lognormal(0, 1, MANY)), mean, math.exp(0.5)),
    "positive mean, log-normal(0, 1.5)": (lambda rng: each(rng.lognormal(0, 1.5, MANY)), mean, math.exp(1.125)),
    "F1 of a label with 10 gold": (lambda rng: rare(rng, 10), f1, 0.8),
    "F1 of a label with 30 gold": (lambda rng: rare(rng, 30), f1, 0.8),
    "F1 of a label with 100 gold": (lambda rng: rare(rng, 100), f1, 0.8),
}


def ends(rows: np.ndarray, formula: Callable) -> Iterator[tuple[float, float]]:
    """The interval by each method."""
    times = np.ones(len(rows), np.int64)
    total = rows.sum(axis=0)
    value = float(formula(total))
    spread, _ = leave_one_out(values_without(formula, total, rows, 1)[0], times)
    yield value - Z * spread, value + Z * spread
    if 0 < value < 1:
        odds, width = value / (1 - value), Z * spread / (value * (1 - value))
        below, above = odds * math.exp(-width), odds * math.exp(width)
        yield below / (1 + below), above / (1 + above)
    elif value > 0:
        yield value * math.exp(-Z * spread / value), value * math.exp(Z * spread / value)
    else:
        yield math.nan, math.nan
    [(low, high)] = intervals(rows, times, [formula], seed=0)
    yield float(low), float(high)


def line(name: str, trials: int) -> str:
    """One line of the table: the share of intervals that hold the truth, and of those above and below it, in %."""
    sample, formula, truth = CASES[name]
    rng, counted = np.random.default_rng(zlib.crc32(name.encode())), np.zeros((3, 3))
    for _ in range(trials):
        for i, (low, high) in enumerate(ends(sample(rng), formula)):
            counted[i] += [low <= truth <= high, truth < low, truth > high]
    cells = [f"{100 * a / trials:.1f} ({100 * b / trials:.1f} / {100 * c / trials:.1f})" for a, b, c in counted]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table, or write it into README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=4_000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    bootstrap.MANY = 0  # the jackknife also where vectors are few
    lines = ["| case | plain | logit or log | harness |", "|---|---|---|---|"]
    for name in CASES:
        lines.append(line(name, asked.trials))
        print(lines[-1], file=sys.stderr, flush=True)
    error = 100 * math.sqrt(0.95 * 0.05 / asked.trials)
    about = f"n = {MANY:,}, {asked.trials:,} trials a case, in % (truth below / above); standard error {error:.1f}."
    replace_table("jackknife", "\n".join([about, "", *lines]), write=asked.write)


if __name__ == "__main__":
    main()
