"""Who annotated, without saying who it was: pseudonyms, and e-mail addresses kept out of everything that is written."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from harness.corpus.reading import STEM

# What is before the @ begins where a word does, which keeps the search of a long word without blanks quick. Addresses
# of pages (https://site.org/@name/x.html) and versions (tool@1.2) are none.
EMAIL = re.compile(
    r"(?<![^\s@<>\"',;:()\[\]])[^\s@<>\"',;:()\[\]]*[^\s@<>\"',;:()\[\]/]@[^\s@<>\"',;:()\[\]/]+\.[^\W\d_]"
)
NO_NAMES = ("gold", "meta", "disputes")  # what stands between ID. and .jsonl in other files of a document
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


def may_annotate(name: str) -> bool:
    """Whether a name can be an annotator's: the middle of a file's name that no other file has on any disk."""
    return bool(STEM.fullmatch(name)) and name.casefold() not in NO_NAMES


def has_address(value: Any) -> bool:
    """Whether a value holds an e-mail address; `text` in a table is a piece of the document, which is kept."""
    if isinstance(value, dict):
        return any(has_address(one) for key, one in value.items() if key != "text")
    if isinstance(value, list):
        return any(map(has_address, value))
    return isinstance(value, str) and "@" in value and bool(EMAIL.search(value))


def without_addresses(key: str, value: Any) -> Any:
    """A value of metadata without what holds an e-mail address; GONE where nothing is left of it.

    A text that has one is not kept, whatever else it says; of lists and tables the rest is.
    """
    if EMAIL.search(key):
        return GONE
    if isinstance(value, str):
        return GONE if has_address(value) else value
    if isinstance(value, list):
        kept = [one for one in (without_addresses("", one) for one in value) if one is not GONE]
        return kept if kept or not value else GONE
    if isinstance(value, dict):
        some = {name: without_addresses(name, one) for name, one in value.items()}
        left = {name: one for name, one in some.items() if one is not GONE}
        return left if left or not value else GONE
    return value
