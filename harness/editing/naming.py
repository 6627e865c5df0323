"""What a row says of names in tables of its own: the holders and targets behind ids, and the pairs to judge."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from harness.corpus.schema import NAME, Layer
from harness.parts import Row

Pairs = dict[str, list[list[str]]]


def taken_tables(
    row: Row, facets: Collection[str], layers: Mapping[str, Layer]
) -> tuple[dict[str, dict[str, str]], Pairs]:
    """The names by facet and the pairs by layer, taken out of a row; tables that are no such stay in it.

    Called as in `ID.meta.json`: `"holders": {"opv": "the Observatory"}`, `"pairs": {"stance": [["opv", "x"]]}`.
    """
    names = {facet: row.pop(f"{facet}s") for facet in sorted(facets) if _are_names(row.get(f"{facet}s"))}
    return names, row.pop("pairs") if _are_pairs(row.get("pairs"), layers) else {}


def _are_names(value: Any) -> bool:
    if not isinstance(value, dict) or not _can_be_written(value):
        return False
    return all(NAME.fullmatch(key) and isinstance(name, str) and name.strip() for key, name in value.items())


def _are_pairs(value: Any, layers: Mapping[str, Layer]) -> bool:
    if not isinstance(value, dict) or not all(name in layers and layers[name].of for name in value):
        return False
    every = [
        (pair, layers[name].of) for name, pairs in value.items() for pair in (pairs if isinstance(pairs, list) else [0])
    ]
    return all(
        isinstance(pair, list) and len(pair) == len(of) and all(isinstance(one, str) for one in pair)
        for pair, of in every
    ) and _can_be_written(value)


def _can_be_written(value: Any) -> bool:
    """Whether there are no halves of characters in it."""
    try:
        msgspec.json.encode(value)
    except (ValueError, TypeError):
        return False
    return True
