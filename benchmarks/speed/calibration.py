"""Metrics of probabilities and of rankings against scikit-learn, in turn on the same scores of ten labels.

    python benchmarks/speed/calibration.py [--items N ...] [--write]

Fused: accuracy, calibration error, Brier score and log loss, from float32 scores as a predictions file keeps them to
four values, nothing kept from the run before. Theirs: accuracy_score, calibration_curve with the sizes of its bins,
brier_score_loss over all labels (one label at a time is three times slower) and log_loss, on the float64 that
predict_proba gives. Rankings: each label against the rest; ours with the influence of every item, from which the
interval comes, theirs without. The floor is one numpy sum over the scores, and for rankings one sort of each column.
"""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from _frame import HEAD, Comparison, Numbers, measure, metric, run

from harness.annotations import Annotations
from harness.parts import Metric, Ranking

LABELS = tuple("ABCDEFGHIJ")
CODES = list(range(len(LABELS)))
SPECS = ("accuracy", "ece", "brier", "log_loss")
BINS = 15


def answers(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gold codes, and float32 probabilities of ten labels that know something of them."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, len(LABELS), n)
    scores = rng.normal(size=(n, len(LABELS)))
    scores[np.arange(n), gold] += 2
    scores = np.exp(1.5 * scores)
    return gold, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def columns(codes: np.ndarray, scores: np.ndarray | None = None) -> Annotations:
    """Codes as answers, an object of its own each time, so that nothing judged before is known of it."""
    status = np.zeros(len(codes), np.uint8)
    return Annotations("label", LABELS, range(len(codes)), status, codes.astype(np.int32), scores=scores)


def ours(gold: Annotations, said: Annotations) -> Numbers:
    """The four metrics."""
    found = {}
    for spec in SPECS:
        made = metric(spec)
        assert isinstance(made, Metric)
        found[spec] = float(made.score(made.count(gold, said).total))
    return found


def theirs(gold: np.ndarray, scores: np.ndarray) -> Numbers:
    """scikit-learn's four calls."""
    from sklearn import metrics as sk
    from sklearn.calibration import calibration_curve

    said = scores.argmax(axis=1)
    confidence, right = scores.max(axis=1), said == gold
    share, mean = calibration_curve(right, confidence, n_bins=BINS)
    sizes = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence), minlength=BINS)
    return {
        "accuracy": float(sk.accuracy_score(gold, said)),
        "ece": float((np.abs(share - mean) * sizes[sizes > 0]).sum() / len(gold)),
        "brier": float(sk.brier_score_loss(gold, scores, labels=CODES, scale_by_half=False)),
        "log_loss": float(sk.log_loss(gold, scores, labels=CODES)),
    }


def ranked(spec: str, gold: Annotations, said: Annotations) -> Numbers:
    """One ranking measure, with the influence of every item."""
    made = metric(spec)
    assert isinstance(made, Ranking)
    return {spec: float(made.values(gold, said)[0][0])}


def ranked_by_peer(spec: str, gold: np.ndarray, scores: np.ndarray) -> Numbers:
    """scikit-learn's, one label against the rest."""
    from sklearn import metrics as sk

    peer = getattr(sk, f"{spec}_score")
    return {spec: float(np.mean([peer(gold == code, scores[:, code]) for code in CODES]))}


def comparisons(n: int) -> Iterator[Comparison]:
    """The four together, then each ranking."""
    gold, scores = answers(n, 1)
    said, double = scores.argmax(axis=1), scores.astype(np.float64)
    due, near = columns(gold), (lambda found: dict.fromkeys(found, 1e-6))  # float32 bins and sums
    yield Comparison(
        "accuracy, ECE, Brier, log loss",
        "scikit-learn, four calls",
        lambda: ours(due, columns(said, scores)),
        lambda: theirs(gold, double),
        lambda: scores.sum(),
        18.0 if n >= 1_000_000 else None,
        slack=near,
    )
    for spec in ("roc_auc", "average_precision"):
        yield Comparison(
            spec,
            f"scikit-learn `{spec}_score`, ten calls",
            lambda spec=spec: ranked(spec, due, columns(said, scores)),
            lambda spec=spec: ranked_by_peer(spec, gold, scores),
            lambda: [np.sort(scores[:, code]) for code in CODES],
            slack=near,
        )


def table(sizes: Sequence[int]) -> str:
    """One row a comparison and size."""
    warnings.simplefilter("ignore")  # scikit-learn's, about float32 sums
    rows = [str(measure(comparison, n)) for n in sizes for comparison in comparisons(n)]
    return "\n".join([HEAD, *rows])


if __name__ == "__main__":
    run("Probabilities and rankings", __doc__ or "", ("scikit-learn",), table)
