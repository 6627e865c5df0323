"""A file of predictions is a model: it answers what the file answers."""

from __future__ import annotations

from pathlib import Path

from harness import predictions as files
from harness.annotations import Annotations
from harness.files import digest_file
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items


def predictions(*, path: str) -> Model:
    """Answers from a file, one item a line of JSON or CSV or a row of Parquet; nothing is learned.

    `path` stands relative to the working folder. An item that the file lacks is missing and counts as wrong.
    """
    return _Predictions(Path(path))


COLUMNAR = (".parquet", ".csv", ".tsv")  # read into columns at once; all else is JSON lines


class _Predictions:
    whole = True  # asked once about all items, since a file that answers them all may not be cut by folds

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def identity(self) -> str:
        """The file's digest: what it answers cannot change unseen."""
        try:
            return digest_file(self.path)
        except OSError:
            return ""

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels = gold.kind, gold.labels

    def predict(self, items: Items) -> Annotations:
        of = [name for name in items.columns if name not in ITEM_COLUMNS]
        if self.path.suffix.lower() not in COLUMNAR:
            return files.read(self.path, items, self.kind, self.labels, of)
        from harness import answers
        from harness.answers.aligning import answers_to

        blocks = answers.read(self.path, answers.Asked(self.kind, self.labels))
        return answers_to(items, list(blocks), self.path)
