"""The SemEval-2016 stance score: the mean of the F1 of FAVOR and the F1 of AGAINST."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.annotations import Annotations
from harness.counts import f1_of, label_counts, split_labels
from harness.errors import suggestion
from harness.parts import Metric
from harness.records import Counts


def favor_against(*, favor: str = "FAVOR", against: str = "AGAINST") -> Metric:
    """Mean of two F1s; NONE is not averaged but costs precision and recall of the other two.

    Range 0 to 1, higher is better. A label without gold and prediction scores 0.

    Source: S. Mohammad et al., SemEval-2016 Task 6: Detecting Stance in Tweets, 2016.
    """
    wanted = (favor, against)

    def unfit(gold: Annotations) -> str:
        absent = [label for label in wanted if label not in gold.labels]
        return f"it needs the label {absent[0]}. {suggestion(absent[0], gold.labels)}" if absent else ""

    def count(gold: Annotations, predicted: Annotations) -> Counts:
        counts = label_counts(gold, predicted)
        columns = [gold.labels.index(label) for label in wanted]
        parts = [part[:, columns] for part in split_labels(counts.vectors)[:3]]
        return Counts(counts.code, np.hstack(parts))

    return Metric(kinds=("label",), count=count, score=_score, unfit=unfit)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hits, said, due = np.split(totals, 3, axis=-1)
    return np.asarray(f1_of(hits, said, due).mean(axis=-1))
