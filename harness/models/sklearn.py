"""Any scikit-learn estimator or pipeline that a function of yours makes, fed with texts."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName, quote
from harness.files import digest, digest_file
from harness.models._estimator import Estimator
from harness.outside import files_of, module_from
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items

KINDS = ("label", "labels")  # no LIBRARIES: what your function imports is not known, so all that is installed counts
ROOMS = ("models/_estimator.py",)  # whose code is a part of the identity
BETWEEN = "\n⟂\n"


def sklearn(*, make: str, see: tuple[str, ...] = ()) -> Model:
    """Fits the estimator that `make` gives: `sklearn(make="./mine.py:pipeline")` or `"package.module:pipeline"`.

    The function is called without arguments, or with `seed` or `random_state` where it has a parameter of that name;
    every `random_state` left at None, in steps too, is set to the seed. The estimator is fitted on a list of texts,
    so that it may begin with TfidfVectorizer; where items have facets, a text is followed by a line with ⟂ and the
    facet's name: "Harga naik.\\n⟂\\nthe strike". `see` chooses and orders the parts, such as ("target", "text").

    A label is learned under its name; sets of labels by one estimator where it takes a table of 0 and 1
    (OneVsRestClassifier does), else by one a label. Scores are `predict_proba`; margins of `decision_function` go
    through a softmax, which orders well but is no probability: put `calibrated` around it.
    """
    return _Sklearn(make, see)


class _Sklearn:
    def __init__(self, make: str, see: tuple[str, ...]) -> None:
        self.source, colon, self.name = make.rpartition(":")
        if not colon or not self.source:
            raise AskedWrongly(f'sklearn: make={quote(make)} names no function. Write make="./mine.py:function".')
        if self.source.endswith(".py") and not Path(self.source).is_file():
            raise AskedWrongly(f"sklearn: there is no file {self.source}.")
        self.see = see

    @property
    def identity(self) -> str:
        """The digest of the file that the function stands in, and of those beside it that it imported."""
        return digest([digest_file(path) for path in sorted(files_of(_module(self.source)))])

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        function = getattr(_module(self.source), self.name, None)
        if not callable(function):
            public = [key for key, value in vars(_module(self.source)).items() if callable(value) and key[0] != "_"]
            raise UnknownName(f"function in {self.source}", self.name, public)
        self.estimator = Estimator(lambda: _made(function, seed))
        self.estimator.fit(self._texts(items), gold)

    def predict(self, items: Items) -> Annotations:
        return self.estimator.predict(self._texts(items), items["item"])

    def _texts(self, items: Items) -> list[str]:
        parts = ["text", *(name for name in items.columns if name not in ITEM_COLUMNS)]
        for name in self.see:
            if name not in parts:
                raise UnknownName("setting see of sklearn", name, parts)
        return [BETWEEN.join(row) for row in zip(*(items[name] for name in self.see or parts), strict=True)]


def _made(function: Callable[..., Any], seed: int) -> Any:
    """A new estimator, all its randomness from the seed."""
    try:
        takes = set(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # of a function in C, Python cannot tell
        takes = set()
    estimator = function(**{name: seed for name in ("seed", "random_state") if name in takes})
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        raise AskedWrongly(f"sklearn: {function.__name__} gives a {type(estimator).__name__}, which is no estimator.")
    if hasattr(estimator, "get_params"):
        settings = estimator.get_params().items()
        free = [name for name, value in settings if name.split("__")[-1] == "random_state" and value is None]
        estimator.set_params(**dict.fromkeys(free, seed))
    return estimator


def _module(source: str) -> ModuleType:
    try:
        return module_from(source)
    except Exception as error:  # whatever somebody else's file does when it is imported
        raise AskedWrongly(f"sklearn: {source} cannot be imported ({type(error).__name__}: {error}).") from error
