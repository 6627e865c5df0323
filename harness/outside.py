"""Somebody's own code: a file or an installed package as a module, and the files that it is made of."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def module_from(source: str) -> ModuleType:
    """The module of `./mine.py` or `package.module`; a file is run once for as long as its bytes stay the same.

    Raises whatever the code raises when it is imported.
    """
    if not source.endswith(".py"):
        return importlib.import_module(source)
    path = Path(source)
    identity = hashlib.sha256(str(path.resolve()).encode() + b"\0" + path.read_bytes()).hexdigest()[:16]
    name = f"harness_outside_{path.stem}_{identity}"
    if name in sys.modules:
        return sys.modules[name]
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # where dataclasses look for the module that they stand in
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def files_of(module: ModuleType) -> set[Path]:
    """A module's own file and those beside it that have been imported, it may be by this one."""
    if not getattr(module, "__file__", None):
        return set()
    own = Path(str(module.__file__)).resolve()
    files = {own}
    for other in list(sys.modules.values()):
        path = Path(getattr(other, "__file__", None) or "/")
        if path.suffix == ".py" and path.is_relative_to(own.parent) and "site-packages" not in path.parts:
            files.add(path)
    return files
