"""Units that offsets are counted in: which one explains given surfaces, and how to turn it into code points."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Literal

UNITS = {
    "codepoint": "code points",
    "utf16": "UTF-16",
    "byte": "UTF-8 bytes",
    "crlf": "CRLF line ends",
    "lf": "LF line ends",
    "nfc": "code points of the text in NFC",
    "nfd": "code points of the text in NFD",
    "grapheme": "graphemes",
}
NORMAL: dict[str, Literal["NFC", "NFD"]] = {"nfc": "NFC", "nfd": "NFD"}
INCLUSIVE = "-inclusive"  # after a unit: an end is the last character's own place
# None of these characters joins its neighbour to one grapheme, nor do blanks, quotes, dashes and signs of money.
_APART = re.compile("[\x00-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]*")


def in_words(unit: str) -> str:
    """A unit as messages name it: `UTF-16 with inclusive ends`."""
    plain = UNITS[unit.removesuffix(INCLUSIVE)]
    return f"{plain} with inclusive ends" if unit.endswith(INCLUSIVE) else plain


def borders(text: str, unit: str) -> list[int]:
    """The offset of each code point's border in code points, `utf16`, `byte` or `crlf`: n + 1 rising numbers.

    `crlf` counts each line end as two characters, as a file with Windows line ends would.
    """
    if unit == "utf16":
        widths = (2 if c > "\uffff" else 1 for c in text)
    elif unit == "byte":
        widths = (len(c.encode("utf-8", "surrogatepass")) for c in text)
    elif unit == "crlf":
        widths = (2 if c == "\n" and before != "\r" else 1 for before, c in zip(f" {text}", text, strict=False))
    else:
        return list(range(len(text) + 1))
    return [0, *accumulate(widths)]


def places(text: str, unit: str) -> Mapping[int, int]:
    """Offset in a unit -> code point, for each border that the unit knows: no border is inside a grapheme there.

    Nothing is known of a text that cannot be normalised grapheme by grapheme.
    """
    if unit in ("codepoint", "utf16", "byte", "crlf"):
        return {offset: i for i, offset in enumerate(borders(text, unit))}
    at = {0: 0}
    offset = i = 0
    for piece, width in _pieces(text, unit):
        offset, i = offset + width, i + len(piece)
        at[offset] = i
    if unit in NORMAL and offset != len(unicodedata.normalize(NORMAL[unit], text)):
        return {}
    return at


def _pieces(text: str, unit: str) -> Iterator[tuple[str, int]]:
    """What the unit counts as wholes, with how much it counts each."""
    if unit == "lf":
        yield from ((piece, 1) for piece in re.findall(r"\r\n|[\s\S]", text))
        return
    import regex

    for piece in regex.findall(r"\X", text):
        if unit == "grapheme":
            yield piece, 1
        elif (normal := unicodedata.normalize(NORMAL[unit], piece)) != piece:
            yield piece, len(normal)
        else:
            yield from ((c, 1) for c in piece)


def unlike_codepoints(text: str) -> set[str]:
    """The units that may count this text otherwise than code points do; quick to ask."""
    alone = text.count("\n") - text.count("\r\n")
    found = {unit for unit, told in (("crlf", alone), ("lf", "\r\n" in text)) if told}
    if "\r\n" in text:
        found.add("grapheme")
    if not text.isascii():
        if not _APART.fullmatch(text):
            found.add("grapheme")
        found.add("byte")
        found |= {unit for unit, form in NORMAL.items() if not unicodedata.is_normalized(form, text)}
        if len(text.encode("utf-16-le", "surrogatepass")) != 2 * len(text):
            found.add("utf16")
    return found


def to_codepoints(spans: Sequence[tuple[int, int]], text: str, unit: str) -> list[tuple[int, int] | None]:
    """The same spans in code points; None where an offset is not on the border of a character."""
    at, more = places(text, unit.removesuffix(INCLUSIVE)), int(unit.endswith(INCLUSIVE))
    return [(at[s], at[e + more]) if s in at and e + more in at else None for s, e in spans]


def unit_that_fits(spans: Sequence[tuple[int, int, str]], text: str) -> str | None:
    """The unit under which *all* spans read as their surfaces say, if one does."""
    for unit in UNITS:
        turned = to_codepoints([(start, end) for start, end, _ in spans], text, unit)
        if all(t and text[t[0] : t[1]] == s for t, (_, _, s) in zip(turned, spans, strict=True)):
            return unit
    return None
