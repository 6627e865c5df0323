"""All label metrics against scikit-learn's five calls, from dictionary columns, Python strings and integers.

    python benchmarks/speed/labels.py [--items N ...] [--write]

Ours: nine averaged metrics, and precision, recall and F1 of every label, from what stands in memory. Theirs: report,
macro-F1, confusion, kappa and MCC on the same answers. The floor is one numpy sum over the two columns of codes.
"""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from _frame import HEAD, Comparison, Numbers, measure, metric, run
from _made_up import LABELS, NUMBERS, label_codes, of_codes

from harness.annotations import Annotations
from harness.answers import Asked
from harness.answers.parquet import answers_of
from harness.counts import label_counts, split_labels
from harness.metrics.f1 import EACH as F1
from harness.metrics.precision import EACH as PRECISION
from harness.metrics.recall import EACH as RECALL

SPECS = (
    *("accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1(average='micro')", "f1(average='weighted')"),
    *("mcc", "kappa"),
)
ASKED = Asked("label", LABELS)
PEER = "scikit-learn, five calls"


def ours(gold: Annotations, said: Annotations) -> Numbers:
    """Every metric, and those of each label, from one count."""
    total = label_counts(gold, said).total
    found = {spec: float(metric(spec).score(total)) for spec in SPECS}
    each = np.stack(split_labels(total)[:3], axis=-1)  # hits, said, due: (n_labels, 3)
    for name, by_label in (("precision", PRECISION), ("recall", RECALL), ("f1-score", F1)):
        found |= {f"{name}[{label}]": float(value) for label, value in zip(LABELS, by_label.score(each), strict=True)}
    return found


def theirs(gold: Sequence[object], said: Sequence[object], labels: Sequence[object]) -> Numbers:
    """scikit-learn's five calls."""
    from sklearn import metrics as sk

    report = sk.classification_report(gold, said, labels=labels, output_dict=True, zero_division=0)
    confusion = sk.confusion_matrix(gold, said, labels=labels)
    each = (
        (f"{name}[{LABELS[i]}]", float(report[str(label)][name]))
        for name in ("precision", "recall", "f1-score")
        for i, label in enumerate(labels)
    )
    return {
        "accuracy": float(confusion.trace() / confusion.sum()),
        "f1": float(sk.f1_score(gold, said, labels=labels, average="macro", zero_division=0)),
        "f1(average='weighted')": report["weighted avg"]["f1-score"],
        "kappa": float(sk.cohen_kappa_score(gold, said, labels=labels)),
        "mcc": float(sk.matthews_corrcoef(gold, said)),
        **dict(each),
    }


def comparisons(n: int) -> Iterator[Comparison]:
    """The three ways in which labels come."""
    gold, said = label_codes(n)
    small = gold.astype(np.int32), said.astype(np.int32)
    names = [np.array(LABELS, object)[side] for side in (gold, said)]
    columns = [pa.array(side).dictionary_encode() for side in names]
    arrays, listed = [side.astype(str) for side in names], [side.tolist() for side in names]
    reach = dict(zip(("columns", "listed", "integers"), (1_500, 70, 180), strict=True)) if n >= 1_000_000 else {}

    def floor() -> int:
        return int(small[0].sum()) + int(small[1].sum())

    yield Comparison(
        "from dictionary columns of strings",
        f"{PEER} on string arrays",
        lambda: ours(*(answers_of({"label": side}, ASKED) for side in columns)),
        lambda: theirs(*arrays, LABELS),
        floor,
        reach.get("columns"),
    )
    yield Comparison(
        "from dictionary columns of strings",
        f"{PEER} on object arrays, as `to_numpy` gives",
        lambda: ours(*(answers_of({"label": side}, ASKED) for side in columns)),
        lambda: theirs(*names, LABELS),
        floor,
        reach.get("columns"),
    )
    yield Comparison(
        "from lists of Python strings",
        f"{PEER} on the lists",
        lambda: ours(*(Annotations.of_label(NUMBERS[:n], LABELS, side) for side in listed)),
        lambda: theirs(*listed, LABELS),
        floor,
        reach.get("listed"),
    )
    yield Comparison(
        "from integers (int64)",
        PEER,
        lambda: ours(of_codes(gold), of_codes(said)),
        lambda: theirs(gold, said, range(len(LABELS))),
        floor,
        reach.get("integers"),
    )


def table(sizes: Sequence[int]) -> str:
    """One row a comparison and size."""
    warnings.simplefilter("ignore")
    rows = [str(measure(comparison, n)) for n in sizes for comparison in comparisons(n)]
    return "\n".join([HEAD, *rows])


if __name__ == "__main__":
    run("Label metrics", __doc__ or "", ("scikit-learn",), table)
