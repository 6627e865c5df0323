"""All label metrics with 10,000-draw intervals against scikit-learn's five calls, in one run on the same answers.

    python benchmarks/speed/labels.py [--write]

The floor is one numpy sum over the two columns of codes. Both sides must give the same macro-F1, kappa and MCC.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn import metrics as sk

from harness.counts import label_counts
from harness.files import write_atomically
from harness.records import Annotations
from harness.registry import make, parse
from harness.stats.bootstrap import intervals
from harness.stats.distinct import merged

HERE = Path(__file__).parent
LABELS = tuple("ABCDE")
SPECS = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1(average='micro')", "mcc", "kappa")


def answers(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes of gold and of a prediction that is right three times in four."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(5, n, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    return gold, np.where(rng.random(n) < 0.75, gold, rng.integers(0, 5, n))


def columns(codes: np.ndarray) -> Annotations:
    """Codes as answers; the names of items are not looked at."""
    return Annotations("label", LABELS, range(len(codes)), np.zeros(len(codes), np.uint8), codes.astype(np.int32))


def seconds(work: Callable[[], object], runs: int) -> float:
    """The median time of some runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def ours(gold: Annotations, said: Annotations) -> dict[str, float]:
    """Every metric from one count."""
    total = label_counts(gold, said).total
    return {spec: float(make("metrics", parse(spec)).score(total)) for spec in SPECS}


def ours_with_intervals(gold: Annotations, said: Annotations) -> object:
    """The same, each with its interval."""
    counts = label_counts(gold, said)
    formulas = [make("metrics", parse(spec)).score for spec in SPECS]
    return intervals(*merged(counts.vectors, counts.times), formulas, seed=13)


def theirs(gold: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """scikit-learn's five calls."""
    sk.classification_report(gold, said, zero_division=0)
    sk.confusion_matrix(gold, said)
    return {
        "f1": sk.f1_score(gold, said, average="macro", zero_division=0),
        "kappa": sk.cohen_kappa_score(gold, said),
        "mcc": sk.matthews_corrcoef(gold, said),
    }


def main() -> None:
    """Print the table, or write it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for n in (1_000, 100_000, 1_000_000):
        gold, said = answers(n, 1)
        left, right = columns(gold), columns(said)
        found = ours(left, right)
        for name, value in theirs(gold, said).items():
            assert abs(found[name] - value) < 1e-9, (name, found[name], value)
        us = seconds(lambda: ours(left, right), 9)  # noqa: B023
        drawn = seconds(lambda: ours_with_intervals(left, right), 5)  # noqa: B023
        them = seconds(lambda: theirs(gold, said), 3)  # noqa: B023
        floor = seconds(lambda: int(left.codes.sum()) + int(right.codes.sum()), 9)  # noqa: B023
        times = f"{1000 * us:.2f} | {1000 * drawn:.1f} | {1000 * them:.1f}"
        rows.append(f"| {n:,} | {times} | {them / us:.0f} × | {us / floor:.0f} × |")
        print(rows[-1], flush=True)
    page = (
        "# Label metrics\n\n"
        "`python benchmarks/speed/labels.py --write`: eight metrics of ours from integer codes beside\n"
        "scikit-learn's five calls (report, macro-F1, confusion, kappa, MCC) on the same integers; medians.\n\n"
        "| items | ours, ms | with 10,000 draws, ms | scikit-learn, ms | ratio | times the floor |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    if asked.write:
        write_atomically(HERE / "LABELS.md", page.encode())


if __name__ == "__main__":
    main()
