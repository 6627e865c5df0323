"""How often 95 % intervals of ROC-AUC and average precision hold the truth, on scores with known distributions.

    python benchmarks/calibration/ranking.py [--trials 2000] [--write]

Scores of a label are normal, those of its items shifted up, so that the true areas are known. In groups of 4 the items
share half of the variance of their scores, and half of the groups have one gold answer for all of their items. The
unit is the group. `normal` is the same interval with a normal quantile instead of Student's t.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np

from harness.annotations import Annotations
from harness.files import write_atomically
from harness.metrics import average_precision, roc_auc
from harness.parts import Ranking
from harness.stats.influence import interval, standard_error

HERE = Path(__file__).parent
NORMAL = NormalDist()
Z = NORMAL.inv_cdf(0.975)
MEASURES = {"ROC-AUC": roc_auc.roc_auc(), "average precision": average_precision.average_precision()}
CASES = [  # measure, share of positive items, true ROC-AUC
    ("ROC-AUC", 0.5, 0.7),
    ("ROC-AUC", 0.5, 0.9),
    ("ROC-AUC", 0.2, 0.7),
    ("ROC-AUC", 0.2, 0.9),
    ("average precision", 0.2, 0.7),
    ("average precision", 0.2, 0.9),
]


def shift_of(area: float) -> float:
    """How far apart two normal distributions stand that have this area under their ROC curve."""
    return NORMAL.inv_cdf(area) * math.sqrt(2)


def true_value(measure: str, share: float, area: float) -> float:
    """The area itself, or the mean of the precision at every threshold over the positive items."""
    if measure == "ROC-AUC":
        return area
    shift, grid = shift_of(area), np.linspace(-8, 10, 20_001)
    caught = np.array([1 - NORMAL.cdf(x - shift) for x in grid])
    false = np.array([1 - NORMAL.cdf(x) for x in grid])
    said = share * caught + (1 - share) * false
    precision = np.divide(share * caught, said, out=np.ones_like(said), where=said > 0)
    return float(-((precision[1:] + precision[:-1]) / 2) @ np.diff(caught))


def drawn(share: float, area: float, n: int, size: int, rng: np.random.Generator) -> tuple[Annotations, Annotations]:
    """Gold, and scores, of n items in groups of a size."""
    groups, group = n // size, np.arange(n) // size
    positive = rng.random(n) < share
    noise = rng.normal(size=n)
    if size > 1:
        together = (rng.random(groups) < 0.5)[group]
        positive = np.where(together, (rng.random(groups) < share)[group], positive)
        noise = (noise + rng.normal(size=groups)[group]) * math.sqrt(0.5)
    scores = (noise + shift_of(area) * positive).astype(np.float32)
    status, codes = np.zeros(n, np.uint8), positive.astype(np.int32)
    both = np.column_stack([-scores, scores])
    gold = Annotations("label", ("no", "yes"), range(n), status, codes)
    return gold, Annotations("label", ("no", "yes"), range(n), status, codes, scores=both)


def one_trial(measure: Ranking, pair: tuple[Annotations, Annotations], size: int, true: float) -> tuple[bool, ...]:
    """Whether there is an interval, whether it holds the truth, and whether the normal one does."""
    values, influence = measure.values(*pair)
    value, by_group = values[2], influence[:, 2].reshape(-1, size).sum(axis=1)
    low, high = interval(value, by_group)
    if not low < high:
        return False, False, False
    width = Z * float(standard_error(by_group)[0]) / (value * (1 - value))
    off = abs(math.log(value / (1 - value)) - math.log(true / (1 - true)))
    return True, bool(low <= true <= high), off <= width


def coverage(measure: str, share: float, area: float, n: int, size: int, trials: int) -> tuple[float, float, float]:
    """The shares of trials with an interval, and of those with one, in which it and the normal one hold the truth."""
    rng, true = np.random.default_rng([n, size]), true_value(measure, share, area)
    draw: Callable[[], tuple[Annotations, Annotations]] = lambda: drawn(share, area, n, size, rng)  # noqa: E731
    found = np.array([one_trial(MEASURES[measure], draw(), size, true) for _ in range(trials)])
    given, held, plain = found.mean(axis=0)
    return float(given), float(held / given), float(plain / given)


def main() -> None:
    """Print the table, or write it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows = []
    for measure, share, area in CASES:
        true = true_value(measure, share, area)
        for n in (100, 300):
            for size in (1, 4):
                given, held, plain = (100 * x for x in coverage(measure, share, area, n, size, asked.trials))
                case = f"{measure} | {true:.3f} | {100 * share:.0f} % | {n} | {'groups of 4' if size > 1 else 'single'}"
                rows.append(f"| {case} | {held:.1f} | {plain:.1f} | {100 - given:.1f} |")
                print(rows[-1], flush=True)
    error = 100 * math.sqrt(0.95 * 0.05 / asked.trials)
    page = (
        "# How often 95 % intervals of areas under curves hold the truth\n\n"
        f"`python benchmarks/calibration/ranking.py --write`: {asked.trials} trials a case, in %; "
        f"standard error {error:.1f}.\n\n"
        "The harness uses `logit, t` (`harness/stats/influence.py`). `none`: trials without an interval, the value\n"
        "being 1 or a side having fewer than two items; they are not in the other columns.\n\n"
        "| measure | true | positive | items | units | logit, t | logit, normal | none |\n"
        "|---|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    if asked.write:
        write_atomically(HERE / "RANKING.md", page.encode())


if __name__ == "__main__":
    main()
