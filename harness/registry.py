"""Name -> part. The open folders are the registry: a part is the function that its file is named after.

A spec is how a part is called everywhere: `tfidf`, `tfidf(C=0.5)`, `./mine.py:Model(depth=3)`.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import inspect
import math
import os
import re
import typing
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Literal, Union

from harness.errors import AskedWrongly, HarnessError, UnknownName, quote
from harness.outside import module_from, raised
from harness.parts import Metric, Model

FOLDERS = {"metrics": "metric", "models": "model", "tasks": "task", "formats": "format", "reports": "report"}
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Spec:
    """A part's name and the settings given to it; it prints as it is typed, settings in the order of their names."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = ", ".join(f"{key}={_literal(value)}" for key, value in sorted(self.settings.items()))
        return f"{self.name}({said})" if said else self.name


def _literal(value: Any) -> str:
    if isinstance(value, float) and math.isinf(value):
        return "1e999" if value > 0 else "-1e999"  # `inf` is no literal
    plain = isinstance(value, str) and value.isprintable() and '"' not in value and "\\" not in value
    return f'"{value}"' if plain else repr(value)


def parse(text: str) -> Spec:
    """A spec from its text.

    >>> str(parse("blind( see='target', model='majority' )"))
    'blind(model="majority", see="target")'
    """
    match = re.fullmatch(r"\s*([^()\s][^()]*?)\s*(\((.*)\))?\s*", text, re.DOTALL)
    if not match:
        raise AskedWrongly(f"{quote(text)} is not a part. Write NAME or NAME(setting=value).")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash in a text, told to whoever writes Python
            call = ast.parse(f"f({match[3] or ''})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):  # as in `a(b=1)(c=2)`
            raise ValueError("more than one call")
        if any(isinstance(node, ast.Set) for node in ast.walk(call)):  # which has no order, so no identity
            raise ValueError("a set")
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise AskedWrongly(f"{quote(text)} gives a setting without its name. Write NAME(setting=value).")
        given = [(str(keyword.arg), ast.literal_eval(keyword.value)) for keyword in call.keywords]
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise AskedWrongly(
            f"the settings of {quote(text)} cannot be read. Write values as in Python: C=0.5, see='target'."
        ) from None
    settings = dict(given)
    if len(settings) < len(given):
        raise AskedWrongly(f"{quote(text)} gives a setting twice. Keep one.")
    return Spec(match[1], settings)


def names(folder: str) -> list[str]:
    """The parts in an open folder, by file name; nothing is imported."""
    files = os.listdir(HERE / folder)  # noqa: PTH208, asked for often
    return sorted(name.removesuffix(".py") for name in files if name.endswith(".py") and not name.startswith("_"))


def purpose(path: Path) -> str:
    """The first line of a file's docstring; nothing is imported."""
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().strip('"').rstrip(".")


def purposes(folder: str) -> dict[str, str]:
    """For each part of a folder what it is for, in one line."""
    return {name: purpose(HERE / folder / f"{name}.py") for name in names(folder)}


def module_of(folder: str, name: str) -> ModuleType:
    """The module that holds a part: of the open folder, of a file (`./mine.py:Model`) or of a package."""
    what = FOLDERS[folder]
    source, colon, _ = name.rpartition(":")
    if not colon:
        if name not in names(folder):
            raise UnknownName(what, name, names(folder))
        return importlib.import_module(f"harness.{folder}.{name}")
    if source.endswith(".py") and not Path(source).is_file():
        raise AskedWrongly(f"{what} {quote(name)}: there is no file {source}.")
    try:
        return module_from(source)
    except (Exception, SystemExit) as error:  # whatever somebody else's file does when it is imported
        raise AskedWrongly(f"{what} {quote(name)}: {source} cannot be imported. {raised(error)}.") from error


def factory(folder: str, name: str) -> Callable[..., Any]:
    """The function or class that makes the part."""
    module = module_of(folder, name)
    attribute = name.rpartition(":")[2]
    made = getattr(module, attribute, None)
    if callable(made):
        return typing.cast("Callable[..., Any]", made)
    public = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    raise UnknownName(f"{FOLDERS[folder]} in {module.__file__}", attribute, public)


def make(folder: str, spec: Spec, *given: Any) -> Any:
    """The part that a spec names, its settings checked by name and type.

    >>> make("metrics", parse("f1(averag='micro')"))
    Traceback (most recent call last):
    harness.errors.UnknownName: unknown setting of f1 "averag". Did you mean "average"? There are: average.
    """
    function = factory(folder, spec.name)
    settings = _settings(function)
    for key, value in spec.settings.items():
        if key not in settings:
            raise UnknownName(f"setting of {spec.name}", key, settings)
        if not _fits(value, settings[key]):
            wanted = _show_type(settings[key])
            raise AskedWrongly(f"{spec.name}: {key}={_literal(value)} does not fit. It takes {wanted}.")
        if isinstance(value, str) and "\0" in value:  # which no file, program or server takes
            raise AskedWrongly(f"{spec.name}: {key}={quote(value)} holds a null character. Leave it out.")
    missing = [
        parameter.name
        for parameter in _keywords(function)
        if parameter.default is parameter.empty and parameter.name not in spec.settings
    ]
    if missing:
        raise AskedWrongly(f"{spec.name} needs {missing[0]}. Write {spec.name}({missing[0]}=…).")
    try:
        inspect.signature(function).bind(*given, **spec.settings)
    except (TypeError, ValueError) as error:
        raise AskedWrongly(f"{spec.name} is no {FOLDERS[folder]}: it cannot be called as one ({error}).") from None
    settings = {**spec.settings, **_made_within(folder, spec)}
    try:
        return function(*given, **settings)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        if ":" not in spec.name:  # one of ours: it says no by itself
            raise
        raise AskedWrongly(f"{FOLDERS[folder]} {spec} cannot be made. {raised(error)}.") from error


def parts_within(folder: str, spec: Spec) -> dict[str, list[tuple[str, Spec]]]:
    """The parts that a part takes as settings, by setting: each as its folder and spec, defaults too.

    Such a setting is declared as `metric: Metric | str`, `model: Model | str` or `models: tuple[Model | str, ...]`.
    """
    function = factory(folder, spec.name)
    hints = _settings(function)
    found: dict[str, list[tuple[str, Spec]]] = {}
    for parameter in _keywords(function):
        inner = _folder_of(hints[parameter.name])
        given = spec.settings.get(parameter.name, parameter.default)
        if inner and given is not parameter.empty and given is not None:
            texts = [given] if isinstance(given, str) else [text for text in given if isinstance(text, str)]
            found[parameter.name] = [(inner, parse(text)) for text in texts]
    return found


def _folder_of(hint: Any) -> str:
    """The open folder whose parts such a setting takes; empty where it takes none."""
    for one in (hint, *typing.get_args(hint)):
        for promise, folder in ((Metric, "metrics"), (Model, "models")):
            if promise in typing.get_args(one):
                return folder
    return ""


def _made_within(folder: str, spec: Spec) -> dict[str, Any]:
    """The parts that a part takes as settings, made from their specs."""
    hints = _settings(factory(folder, spec.name))
    made: dict[str, Any] = {}
    for key, inner in parts_within(folder, spec).items():
        parts = tuple(make(where, one) for where, one in inner)
        made[key] = parts if typing.get_origin(hints[key]) in (tuple, list) else parts[0]
    return made


def settings_of(folder: str, name: str) -> dict[str, str]:
    """A part's settings with their defaults, as text."""
    return {
        parameter.name: "required" if parameter.default is parameter.empty else _literal(parameter.default)
        for parameter in _keywords(factory(folder, name))
    }


def _keywords(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The keyword-only parameters, which are a part's settings; none where Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def help_of(folder: str, name: str) -> str:
    """All that a part says of itself: purpose, settings with defaults, docstring."""
    function = factory(folder, name)
    said = ", ".join(f"{key}={value}" for key, value in settings_of(folder, name).items())
    return f"{name}({said})\n\n{inspect.getdoc(function) or ''}"


@functools.cache
def _settings(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        hints = typing.get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except Exception:  # names in somebody else's annotations that are not there when they are asked
        hints = {}
    return {parameter.name: hints.get(parameter.name, Any) for parameter in _keywords(function)}


def _fits(value: Any, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in typing.get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in typing.get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin in (tuple, list):
        inner = [one for one in typing.get_args(hint) if one is not ...]
        return isinstance(value, tuple | list) and (
            len(inner) != 1 or all(_fits(one, inner[0]) for one in value)  # of one kind, as in tuple[str, ...]
        )
    return isinstance(value, origin or hint) if isinstance(origin or hint, type) else True


def _show_type(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return " | ".join(_literal(one) for one in typing.get_args(hint))
    return getattr(hint, "__name__", str(hint))
