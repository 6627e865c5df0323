"""How often tests at 5 % reject though both systems have the same expected score.

    python benchmarks/calibration/size.py [--trials 20000] [--cases TEXT] [--write]

Approximate randomization with 199 swaps, and McNemar's tests, on units drawn from a known joint distribution of
gold, A's answer and B's answer.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
from page import replace_table
from populations import cells_of, formula_of, shares

from harness.stats import randomization
from harness.stats.mcnemar import exact_p, mid_p
from harness.stats.randomization import randomize

LEVEL = 0.05
DRAWS = 199  # with add-one an exact test at 5 % has a size of 10 / 200
MOST = 0.06


@dataclass(frozen=True)
class Pair:
    """Two systems on documents with one label each, equal in expected `metric`.

    With the same profile both err alike; with different ones A is good at the frequent labels and B at the rare.
    `alike` is the share of documents on which they agree as far as they can.
    """

    name: str
    labels: int
    skew: float
    n: int
    metric: str = "f1"
    different: bool = True
    alike: float = 0.3

    def __str__(self) -> str:
        profile = "different profiles" if self.different else "same profile"
        return f"{self.metric}, {self.labels} labels, {self.name}, {profile}"

    def joint(self) -> np.ndarray:
        """Probabilities (labels³,) of gold, A's answer, B's answer."""
        share, recall = shares(self.labels, self.skew), np.linspace(0.9, 0.5, self.labels)
        b = answers(share, recall[::-1])
        a = answers(share, recall * self._scale(share, recall)) if self.different else b
        both = np.minimum(a, b)
        left = 1 - both.sum(1)
        rest = (a - both)[:, :, None] * (b - both)[:, None, :] / np.where(left > 0, left, 1)[:, None, None]
        agreed = both[:, :, None] * np.eye(self.labels) + rest
        apart = a[:, :, None] * b[:, None, :]
        return (share[:, None, None] * (self.alike * agreed + (1 - self.alike) * apart)).reshape(-1)

    def _scale(self, share: np.ndarray, recall: np.ndarray) -> float:
        """What A's recalls are multiplied by, so that both have the same score."""
        score, cells = formula_of(self.metric), cells_of(self.labels)

        def value(recall: np.ndarray) -> float:
            return float(score((share[:, None] * answers(share, recall)).reshape(-1) * 1e9 @ cells))

        due, low, high = value(recall[::-1]), 0.3, 1 / 0.9
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if value(recall * middle) < due else (low, middle)
        if abs(value(recall * low) - due) > 1e-9:
            raise ValueError(f"{self}: no A has the score of B")
        return low


def answers(share: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Probabilities (labels, labels) of the answer to each gold label; wrong ones as frequent as the labels are."""
    table = np.array([(1 - recall[i]) * share / (1 - share[i]) for i in range(len(share))])
    table[np.diag_indices(len(share))] = recall
    return table


PAIRS = [
    Pair("even", 3, 0.0, 100, different=False),
    Pair("even", 3, 0.0, 100),
    Pair("uneven", 3, 1.0, 100),
    Pair("uneven", 3, 1.0, 300),
    Pair("uneven", 3, 1.0, 1000),
    Pair("uneven, little disagreement", 3, 1.0, 300, different=False, alike=0.9),
    Pair("one label in 25", 3, 2.5, 100, different=False),
    Pair("one label in 25", 3, 2.5, 100),
    Pair("uneven", 3, 1.0, 100, metric="accuracy"),
    Pair("even", 14, 0.0, 300, different=False),
    Pair("even", 14, 0.0, 300),
    Pair("rarest 1 in 45", 14, 1.0, 300),
    Pair("rarest 1 in 45", 14, 1.0, 300, different=False, alike=0.9),
]
MCNEMAR = [(n, part) for n in (20, 50, 100, 300, 1000) for part in (0.05, 0.2, 0.6, 0.9, 1.0)]
ENTITIES = [(100, False), (300, True)]


def rejections(case: Pair, trials: int) -> tuple[int, int]:
    """How often randomization and McNemar's mid-p reject."""
    joint, cells, metric = case.joint(), cells_of(case.labels), formula_of(case.metric)
    gold, a, b = np.indices((case.labels,) * 3).reshape(3, -1)
    rows = [cells[gold * case.labels + said] for said in (a, b)]
    rng = np.random.default_rng([case.n, case.labels, PAIRS.index(case)])
    found, only_a, only_b = 0, [], []
    differ = np.flatnonzero(a != b)
    for trial in range(trials):
        times = rng.multinomial(case.n, joint)
        # Where both answer alike a swap changes nothing: those documents are one row, their sum.
        alike = times[a == b] @ rows[0][a == b]
        units = [np.vstack([np.repeat(part[differ], times[differ], axis=0), alike]) for part in rows]
        found += bool(randomize(*units, [metric], seed=trial, draws=DRAWS)[0].p <= LEVEL)
        only_a.append(times[(a == gold) & (b != gold)].sum())
        only_b.append(times[(b == gold) & (a != gold)].sum())
    return found, int((mid_p(only_a, only_b) <= LEVEL).sum())


def entity_rejections(n: int, different: bool, trials: int) -> int:
    """The same of entity micro-F1 by document; A and B find 75 % each, or A less but with fewer false spans."""
    rng, score, found = np.random.default_rng([n, different]), formula_of("entity_f1"), 0
    recall_a = 0.65 if different else 0.75
    # F1 = 2 r / (r + f + 1) with r found and f false spans for a gold one; B has 0.75 and 0.25.
    false_a = recall_a * (0.75 + 0.25 + 1) / 0.75 - recall_a - 1
    for trial in range(trials):
        length, ease = rng.gamma(1.5, 5 / 1.5, n), rng.beta(6, 2, n) / 0.75
        due = rng.poisson(length)
        units = []
        for recall, false in ((recall_a, false_a), (0.75, 0.25)):
            hits = rng.binomial(due, np.minimum(recall * ease, 1))
            units.append(np.column_stack([hits, hits + rng.poisson(length * false), due]).astype(float))
        found += bool(randomize(*units, [score], seed=trial, draws=DRAWS)[0].p <= LEVEL)
    return found


def mcnemar_rejections(n: int, part: float, trials: int) -> tuple[int, int]:
    """How often exact and mid-p reject, of n units of which the part is discordant."""
    rng = np.random.default_rng([n, int(100 * part)])
    discordant = rng.binomial(n, part, trials)
    b = rng.binomial(discordant, 0.5)
    return tuple(int((test(b, discordant - b) <= LEVEL).sum()) for test in (exact_p, mid_p))


def shown(found: int, trials: int) -> str:
    """A share in % with its standard error, marked where it is above 6 %."""
    rate = found / trials
    text = f"{100 * rate:.2f} ± {100 * np.sqrt(rate * (1 - rate) / trials):.2f}"
    return f"**{text}**" if rate > MOST else text


def tables(trials: int, cases: str) -> str:
    """The cases whose line has the text, as Markdown; progress on stderr."""
    lines = ["| randomization of | n | rejects, % | mid-p of the same, % |", "|---|---|---|---|"]

    def add(line: str, start: float) -> None:
        lines.append(line)
        print(line, f"{time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)

    for case in PAIRS:
        start = time.monotonic()
        if cases in str(case):
            found, by_mid = rejections(case, trials)
            equal = case.metric == "accuracy" or not case.different
            add(f"| {case} | {case.n} | {shown(found, trials)} | {shown(by_mid, trials) if equal else ''} |", start)
    for n, different in ENTITIES:
        start, name = time.monotonic(), f"entity micro-F1 by document, {'different' if different else 'same'} profile"
        if cases in name:
            add(f"| {name} | {n} | {shown(entity_rejections(n, different, trials), trials)} | |", start)
    if cases:
        return "\n".join(lines)
    many = 10 * trials
    lines += ["", f"McNemar, {many:,} trials a case:", ""]
    lines += ["| n | discordant, % of units | exact rejects, % | mid-p rejects, % |", "|---|---|---|---|"]
    for n, part in MCNEMAR:
        cells = " | ".join(shown(found, many) for found in mcnemar_rejections(n, part, many))
        lines.append(f"| {n} | {100 * part:.0f} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or write them into README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--cases", default="", help="only those whose line has this text; nothing is written")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    randomization.OUTCOMES = DRAWS  # counting 65,536 outcomes a trial would take hours and change little
    start = time.monotonic()
    text = tables(asked.trials, asked.cases)
    about = f"{asked.trials:,} trials a case, {DRAWS:,} swaps each, {(time.monotonic() - start) / 60:.0f} minutes."
    replace_table("size", f"{about}\n\n{text}", write=asked.write and not asked.cases)


if __name__ == "__main__":
    main()
