"""UTF-8 that was once read as CP1252, "â€™" for "’": found only where nothing else can be meant, and turned back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

# Character -> the byte that CP1252 has it for; C1 controls too, which Latin-1 makes of the same bytes.
BYTE = {chr(byte): byte for byte in range(0x80, 0x100)}
BYTE |= {bytes([byte]).decode("cp1252", "ignore"): byte for byte in range(0x80, 0xA0)}
BYTE.pop("", None)
_CONTROL = re.compile("[\x80-\x9f]")


def _class(low: int, high: int) -> str:
    return "[" + re.escape("".join(c for c, byte in BYTE.items() if low <= byte < high)) + "]"


_NEXT = _class(0x80, 0xC0)
_BEGUN = re.compile(_class(0xC2, 0xF5) + _NEXT)  # any of them begins so, and of most texts no two characters do
_ONE = re.compile(f"{_class(0xC2, 0xE0)}{_NEXT}|{_class(0xE0, 0xF0)}{_NEXT}{{2}}|{_class(0xF0, 0xF5)}{_NEXT}{{3}}")
# By itself a sign of mojibake: no language sets these side by side. Quotes, dashes and the no-break space are not among
# what follows, since they may follow any capital: "IRMÃ”", "santé\xa0»".
_SURE = re.compile("Ã[¡-ª¬®-¶¹º¼-¿€‚ƒ„†‡ˆ‰ŠŒŽ˜™šœžŸ]|Â[¡-ª¬®-¶¹º¼-¿]|â[€‚„†ˆ‰ŠŒŽ˜™šœžŸ].|ðŸ..|ï»¿|ï¿½", re.DOTALL)
USUAL = "ÃÂâ"  # what most of it begins with


def mojibake(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what was meant) for each stretch that is UTF-8 read as CP1252 beyond doubt.

    >>> [meant for *_, meant in mojibake("itâ€™s a cafÃ©")]
    ['’', 'é']
    """
    stretches = list(_stretches(text))
    sure = [_is_sure(text, parts) for parts in stretches]
    # Where some is sure, the rest of what begins alike is too.
    leads = {text[start] for parts, one in zip(stretches, sure, strict=True) if one for start, *_ in parts}
    leads |= {*USUAL} if leads else set()
    for parts, one in zip(stretches, sure, strict=True):
        if one or all(text[start] in leads for start, *_ in parts):
            yield parts[0][0], parts[-1][1], "".join(meant for *_, meant in parts)


def _stretches(text: str) -> Iterator[list[tuple[int, int, str]]]:
    """Characters that make valid UTF-8, those side by side together."""
    parts: list[tuple[int, int, str]] = []
    for match in _ONE.finditer(text) if not text.isascii() and _BEGUN.search(text) else ():
        try:
            meant = bytes(BYTE[c] for c in match[0]).decode()
        except UnicodeDecodeError:
            continue
        if parts and parts[-1][1] != match.start():
            yield parts
            parts = []
        parts.append((*match.span(), meant))
    if parts:
        yield parts


def _is_sure(text: str, parts: Sequence[tuple[int, int, str]]) -> bool:
    if any(_SURE.fullmatch(text, start, end) or _CONTROL.search(text, start, end) for start, end, _ in parts):
        return True
    scripts = {unicodedata.name(meant, "?").split()[0] for *_, meant in parts}
    return len(parts) > 1 and len(scripts) == 1
