"""Which text classifier is better here, is it real, and where does it fail?

>>> import harness
>>> corpus = harness.load("corpora/kabar")                                     # doctest: +SKIP
>>> print(harness.run("tfidf(C=0.5)", harness.task("stance", corpus)))         # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from harness.version import VERSION as __version__

if TYPE_CHECKING:
    from harness.annotations import Annotations
    from harness.api import load, run, score, task
    from harness.benchmark import run_benchmark
    from harness.checking import check
    from harness.corpus import Corpus
    from harness.errors import HarnessError, Problem, ProblemsFound
    from harness.given import gold
    from harness.parts import ByLabel, Format, Metric, Model, Ranking, Task
    from harness.records import Counts, Document, Items
    from harness.result import Result
    from harness.scores import Score

_HOMES = {
    "load": "api", "task": "api", "gold": "given", "run": "api", "score": "api",
    "run_benchmark": "benchmark", "check": "checking", "Corpus": "corpus",
    "HarnessError": "errors", "Problem": "errors", "ProblemsFound": "errors",
    "Format": "parts", "Task": "parts", "Model": "parts", "Metric": "parts",
    "ByLabel": "parts", "Ranking": "parts",
    "Annotations": "annotations", "Document": "records", "Items": "records",
    "Counts": "records", "Score": "scores",
    "Result": "result",
}  # fmt: skip

__all__ = [
    "Annotations", "ByLabel", "Corpus", "Counts", "Document", "Format", "HarnessError", "Items", "Metric", "Model",
    "Problem", "ProblemsFound", "Ranking", "Result", "Score", "Task", "__version__", "check", "gold", "load", "run",
    "run_benchmark", "score", "task",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Each public name is imported when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(importlib.import_module(f"harness.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
