"""Name -> part. The open folders are the registry: a part is the function that its file is named after.

A spec is how a part is called everywhere: `tfidf`, `tfidf(C=0.5)`, `./mine.py:Model(depth=3)`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Literal, Union

from harness.errors import AskedWrongly, UnknownName, quote

FOLDERS = {"metrics": "metric", "models": "model", "tasks": "task", "formats": "format"}
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Spec:
    """A part's name and the settings given to it; it prints as it is typed."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = ", ".join(f"{key}={_literal(value)}" for key, value in self.settings.items())
        return f"{self.name}({said})" if said else self.name


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and '"' not in value and "\\" not in value else repr(value)


def parse(text: str) -> Spec:
    """A spec from its text.

    >>> str(parse("tfidf( see='target', C=1 )"))
    'tfidf(see="target", C=1)'
    """
    match = re.fullmatch(r"\s*([^()\s][^()]*?)\s*(\((.*)\))?\s*", text, re.DOTALL)
    if not match:
        raise AskedWrongly(f"{quote(text)} is not a part. Write NAME or NAME(setting=value).")
    try:
        call = ast.parse(f"f({match[3] or ''})", mode="eval").body
        assert isinstance(call, ast.Call)
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise AskedWrongly(f"{quote(text)} gives a setting without its name. Write NAME(setting=value).")
        settings = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, AssertionError):
        raise AskedWrongly(
            f"the settings of {quote(text)} cannot be read. Write values as in Python: C=0.5, see='target'."
        ) from None
    return Spec(match[1], settings)


def names(folder: str) -> list[str]:
    """The parts in an open folder, by file name; nothing is imported."""
    return sorted(path.stem for path in (HERE / folder).glob("*.py") if not path.stem.startswith("_"))


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
    if not source.endswith(".py"):
        try:
            return importlib.import_module(source)
        except ImportError as error:
            raise AskedWrongly(f"{what} {quote(name)}: {source} cannot be imported ({error}).") from None
    path = Path(source)
    found = importlib.util.spec_from_file_location(f"harness_outside_{path.stem}", path)
    if not path.is_file() or found is None or found.loader is None:
        raise AskedWrongly(f"{what} {quote(name)}: there is no file {source}.")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def factory(folder: str, name: str) -> Callable[..., Any]:
    """The function or class that makes the part."""
    module = module_of(folder, name)
    attribute = name.rpartition(":")[2]
    try:
        return getattr(module, attribute)
    except AttributeError:
        public = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UnknownName(f"{FOLDERS[folder]} in {module.__file__}", attribute, public) from None


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
    missing = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
        and parameter.default is parameter.empty
        and parameter.name not in spec.settings
    ]
    if missing:
        raise AskedWrongly(f"{spec.name} needs {missing[0]}. Write {spec.name}({missing[0]}=…).")
    return function(*given, **spec.settings)


def settings_of(folder: str, name: str) -> dict[str, str]:
    """A part's settings with their defaults, as text."""
    parameters = inspect.signature(factory(folder, name)).parameters.values()
    return {
        parameter.name: "required" if parameter.default is parameter.empty else _literal(parameter.default)
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def _settings(function: Callable[..., Any]) -> dict[str, Any]:
    target = function.__init__ if inspect.isclass(function) else function
    hints = typing.get_type_hints(target)
    parameters = inspect.signature(function).parameters.values()
    return {p.name: hints.get(p.name, Any) for p in parameters if p.kind is p.KEYWORD_ONLY}


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
        return isinstance(value, tuple | list)
    return isinstance(value, origin or hint) if isinstance(origin or hint, type) else True


def _show_type(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return " | ".join(_literal(one) for one in typing.get_args(hint))
    return getattr(hint, "__name__", str(hint))
