"""The SemEval-2016 stance score: the mean of the F1 of FAVOR and the F1 of AGAINST."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.counts import label_counts
from harness.errors import suggestion
from harness.parts import Metric
from harness.records import Annotations


def favor_against(*, favor: str = "FAVOR", against: str = "AGAINST") -> Metric:
    """Mean of two F1s; NONE is not averaged but costs precision and recall of the other two.

    Range 0 to 1, higher is better. A label without gold and prediction scores 0.

    Source: S. Mohammad et al., SemEval-2016 Task 6: Detecting Stance in Tweets, 2016.
    """
    wanted = (favor, against)

    def unfit(gold: Annotations) -> str:
        absent = [label for label in wanted if label not in gold.labels]
        return f"it needs the label {absent[0]}. {suggestion(absent[0], gold.labels)}" if absent else ""

    def count(gold: Annotations, predicted: Annotations) -> npt.NDArray[np.float64]:
        hits, said, due = np.split(label_counts(gold, predicted), 3, axis=1)
        columns = [gold.labels.index(label) for label in wanted]
        return np.hstack([hits[:, columns], said[:, columns], due[:, columns]])

    return Metric(kinds=("label",), count=count, score=_score, unfit=unfit)


def _score(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    hits, said, due = np.split(totals, 3, axis=-1)
    f1 = np.divide(2 * hits, said + due, out=np.zeros_like(hits), where=said + due > 0)
    return np.asarray(f1.mean(axis=-1))
