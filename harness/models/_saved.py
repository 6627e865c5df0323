"""A model that somebody saved in a folder: its identity, and what its labels are called here."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from harness.errors import AskedWrongly, NotInstalled, quote
from harness.files import digest_file
from harness.records import digest_of


def need(library: str, extra: str) -> None:
    """Raises NotInstalled, before anything is run, where a library is not there; it is not loaded yet."""
    if find_spec(library) is None:
        raise NotInstalled(library, extra)


def identity_of(folder: str) -> str:
    """The digest of the names and bytes of all files of a folder; empty where there is no such folder."""
    if not folder or not Path(folder).is_dir():
        return ""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    named = ((path.relative_to(folder).as_posix(), digest_file(path)) for path in files)
    return digest_of(part.encode() for pair in named for part in pair)


def installed(libraries: Iterable[str]) -> list[str]:
    """Name and version of those libraries that are there."""
    found = []
    for library in libraries:
        with suppress(PackageNotFoundError):
            found.append(f"{library} {version(library)}")
    return found


def refuse_strangers(what: str, own: Iterable[str], labels: Iterable[str]) -> None:
    """Raises AskedWrongly where a saved model knows none of the declared labels, so that no answer could be right."""
    own = list(own)
    if not set(own) & set(labels):
        raise AskedWrongly(
            f"{what} knows none of the labels asked for: it has {', '.join(map(quote, own[:8])) or 'none'}. "
            "Say which is which: names={'ITS LABEL': 'THE LABEL HERE'}."
        )
