"""Units that offsets are counted in: which one explains given surfaces, and how to turn it into code points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

UNITS = {"codepoint": "code points", "utf16": "UTF-16 units", "byte": "UTF-8 bytes", "crlf": "CRLF line ends"}


def borders(text: str, unit: str) -> list[int]:
    """The offset of each code point's border in a unit: n + 1 rising numbers for n code points.

    `crlf` counts each newline as two characters, as a file with Windows line ends would.
    """
    if unit == "utf16":
        widths = (2 if c > "\uffff" else 1 for c in text)
    elif unit == "byte":
        widths = (len(c.encode("utf-8", "surrogatepass")) for c in text)
    elif unit == "crlf":
        widths = (2 if c == "\n" else 1 for c in text)
    else:
        return list(range(len(text) + 1))
    return [0, *accumulate(widths)]


def to_codepoints(spans: Sequence[tuple[int, int]], text: str, unit: str) -> list[tuple[int, int] | None]:
    """The same spans in code points; None where an offset is not on the border of a character."""
    at = {offset: i for i, offset in enumerate(borders(text, unit))}
    return [(at[s], at[e]) if s in at and e in at else None for s, e in spans]


def unit_that_fits(spans: Sequence[tuple[int, int, str]], text: str) -> str | None:
    """The unit under which *all* spans read as their surfaces say, if one does."""
    for unit in UNITS:
        turned = to_codepoints([(start, end) for start, end, _ in spans], text, unit)
        if all(t and text[t[0] : t[1]] == s for t, (_, _, s) in zip(turned, spans, strict=True)):
            return unit
    return None
