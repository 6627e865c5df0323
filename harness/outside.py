"""Somebody's own code: a file or an installed package as a module, and the files that it is made of."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from harness.errors import AskedWrongly

MANY = 5_000  # Python files that a module of somebody's own may be made of
NOT_OWN = ("__pycache__", "site-packages", "dist-packages", "node_modules")  # folders of others


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
    found = importlib.util.spec_from_file_location(name, path, loader=_AsWritten(name, str(path)))
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # where dataclasses look for the module that they stand in
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _AsWritten(SourceFileLoader):
    """Runs a file as it stands: compiled files are told apart by size and second, so an edit could go unseen."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def files_of(module: ModuleType) -> set[Path]:
    """The Python files on disk that a module may be made of, whether or not they have been imported by now.

    Of a module in a package, all of the top-level package; else those in the folder of its file, and below. Hidden
    folders, virtual environments and installed libraries are left out, and no link to a folder is followed.
    Raises AskedWrongly for more than MANY: to read a part of them would miss an edit.
    """
    if not getattr(module, "__file__", None):
        return set()
    own = Path(str(module.__file__)).resolve()
    package = sys.modules.get(module.__name__.partition(".")[0])
    folders = [Path(place).resolve() for place in getattr(package, "__path__", ())] or [own.parent]
    files = {own}
    for folder in folders:
        if folder.name in NOT_OWN or folder == Path(sysconfig.get_path("stdlib")).resolve():
            continue  # a library of one file: its neighbours are no part of it
        for path in _python_in(folder):
            files.add(path)
            if len(files) > MANY:
                found = f"{own} stands among more than {MANY:,} Python files in {folder}, and any may be a part of it"
                raise AskedWrongly(f"{found}. Put it into a folder of its own.")
    return files


def _python_in(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        if place != str(folder) and "pyvenv.cfg" in names:  # a virtual environment
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in NOT_OWN and not name.startswith(".")]
        paths = (Path(place, name) for name in names if name.endswith(".py") and not name.startswith("."))
        yield from (path for path in paths if path.is_file())


def raised(error: BaseException) -> str:
    """What somebody's own code raised, and where: `ValueError: no (mine.py:3)`."""
    said, importing = f"{type(error).__name__}: {error}", ("<frozen", importlib.__file__, __file__)
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not one.filename.startswith(importing)]
    if isinstance(error, SyntaxError) or not frames:  # it says its place itself, or has none
        return said
    return f"{said} ({Path(frames[-1].filename).name}:{frames[-1].lineno})"
