"""Metrics of probabilities and of rankings against scikit-learn, in turn on the same scores of ten labels.

    python benchmarks/speed/calibration.py [--write] [--most 1000000]

Fused: accuracy, calibration error, Brier score and log loss of one run, from float32 scores to four values, nothing
kept from the run before. scikit-learn has no calibration error: 15 bins of numpy stand in. Its Brier score is the one
over all labels; the one label at a time, three times slower, is not used. The floor is one numpy sum over the scores.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn import metrics as sk

from harness.files import write_atomically
from harness.parts import Metric, Ranking
from harness.records import Annotations
from harness.registry import make, parse

HERE = Path(__file__).parent
LABELS = tuple("ABCDEFGHIJ")
SPECS = ("accuracy", "ece", "brier", "log_loss")
Values = dict[str, float]


def answers(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gold codes, and float32 probabilities of ten labels that know something of them."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, len(LABELS), n)
    scores = rng.normal(size=(n, len(LABELS)))
    scores[np.arange(n), gold] += 2
    scores = np.exp(1.5 * scores)
    return gold, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def columns(codes: np.ndarray, scores: np.ndarray | None = None) -> Annotations:
    """Codes as answers; the names of items are not looked at."""
    status = np.zeros(len(codes), np.uint8)
    return Annotations("label", LABELS, range(len(codes)), status, codes.astype(np.int32), scores=scores)


def ours(gold: Annotations, said: Annotations) -> Values:
    """The four metrics; a fresh object of the same columns, so that nothing judged before is known of it."""
    fresh = Annotations("label", LABELS, said.item, said.status, said.codes, scores=said.scores)
    found = {}
    for spec in SPECS:
        metric: Metric = make("metrics", parse(spec))
        found[spec] = float(metric.score(metric.count(gold, fresh).total))
    return found


def theirs(gold: np.ndarray, scores: np.ndarray) -> Values:
    """Three calls of scikit-learn, and 15 bins."""
    said, codes = scores.argmax(axis=1), list(range(len(LABELS)))
    confidence, right = scores.max(axis=1), said == gold
    place = np.digitize(confidence, np.linspace(0, 1, 16)[1:-1], right=True)
    gaps = np.bincount(place, weights=confidence, minlength=15) - np.bincount(place, weights=right, minlength=15)
    return {
        "accuracy": sk.accuracy_score(gold, said),
        "ece": float(np.abs(gaps).sum() / len(gold)),
        "brier": sk.brier_score_loss(gold, scores, labels=codes, scale_by_half=False),
        "log_loss": sk.log_loss(gold, scores, labels=codes),
    }


def ranked(spec: str) -> tuple[Callable[[Annotations, Annotations], Values], Callable[..., Values]]:
    """One ranking measure with the influence of every item; scikit-learn's, one label against the rest, without."""
    measure: Ranking = make("metrics", parse(spec))
    peer = getattr(sk, f"{spec}_score")
    return (
        lambda gold, said: {spec: float(measure.values(gold, said)[0][0])},
        lambda gold, scores: {
            spec: float(np.mean([peer(gold == code, scores[:, code]) for code in range(len(LABELS))]))
        },
    )


def in_turn(works: list[Callable[[], object]], runs: int) -> list[float]:
    """The median seconds of each, all of them run in turn."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for times, work in zip(taken, works, strict=True):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def main() -> None:
    """Print the table, or write it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--most", type=int, default=1_000_000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # scikit-learn's, about float32 sums
    pairs = {"fused": (ours, theirs), **{spec: ranked(spec) for spec in ("roc_auc", "average_precision")}}
    rows = []
    for n in (n for n in (1_000, 100_000, 1_000_000) if n <= asked.most):
        gold, scores = answers(n, 1)
        left, right = columns(gold), columns(scores.argmax(axis=1), scores)
        for name, (mine, peer) in pairs.items():
            found, wanted = mine(left, right), peer(gold, scores)
            for spec, value in wanted.items():
                assert abs(found[spec] - value) < 1e-6, (spec, found[spec], value)
            works = [lambda: mine(left, right), lambda: peer(gold, scores), lambda: scores.sum()]  # noqa: B023
            us, them, floor = in_turn(works, 7 if name == "fused" or n < 1_000_000 else 3)
            times = f"{1000 * us:.2f} | {1000 * them:.1f} | {them / us:.1f} × | {us / floor:.0f} ×"
            rows.append(f"| {name} | {n:,} | {times} |")
            print(rows[-1], flush=True)
    page = (
        "# Metrics of probabilities and rankings\n\n"
        "`python benchmarks/speed/calibration.py --write`: ten labels, float32 scores, medians of runs in turn.\n"
        "Fused is accuracy, calibration error, Brier score and log loss together; the others are each label against\n"
        "the rest, ours with the influence of every item, from which the interval comes.\n\n"
        "| metrics | items | ours, ms | scikit-learn, ms | ratio | times the floor |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    if asked.write:
        write_atomically(HERE / "CALIBRATION.md", page.encode())


if __name__ == "__main__":
    main()
