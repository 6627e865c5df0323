"""Who annotated, without saying who it was: pseudonyms, and e-mail addresses kept out of everything that is written."""

from __future__ import annotations

import hashlib
import re
from typing import Any

EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]]+@[^\s@<>\"',;:()\[\]]+\.[^\s@<>\"',;:()\[\].]+")
NO_NAMES = ("meta", "disputes")  # what stands between ID. and .jsonl in other files of a document
# Parts of the names under which tools keep who did something.
_PERSONAL = re.compile(r"mail|annotator|author|user|owner|reviewer|assign|_by|by$", re.IGNORECASE)
GONE = object()  # in the place of a value that is not kept


def pseudonym_key(annotator: str) -> str:
    """What a map calls an annotator whose name is an e-mail address: a piece of its digest, which names nobody.

    >>> pseudonym_key("Rina@example.org") == pseudonym_key(" rina@example.org")
    True
    >>> pseudonym_key("rina")
    'rina'
    """
    if not EMAIL.search(annotator):
        return annotator
    return f"#{hashlib.sha256(annotator.strip().lower().encode()).hexdigest()[:8]}"


def without_addresses(key: str, value: Any, *, personal: bool = False) -> Any:
    """A value of metadata without the e-mail addresses of who worked on it; GONE where nothing is left of it.

    A value that is an address, and one that holds an address under a key that speaks of a person, are not kept; of
    lists and tables the rest is.
    """
    personal = personal or bool(_PERSONAL.search(key))
    if isinstance(value, str):
        gone = EMAIL.search(value) if personal else EMAIL.fullmatch(value.strip())
        return GONE if gone else value
    if isinstance(value, list):
        kept = [one for one in (without_addresses(key, one, personal=personal) for one in value) if one is not GONE]
        return kept if kept or not value else GONE
    if isinstance(value, dict):
        some = {name: without_addresses(name, one, personal=personal) for name, one in value.items()}
        left = {name: one for name, one in some.items() if one is not GONE and not EMAIL.search(name)}
        return left if left or not value else GONE
    return value
