"""What the eye cannot see in a text: each kind by name, how often, where, and repaired where one repair is right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from harness.editing.mojibake import BYTE, mojibake

Lot = Literal["kept", "mended", "refused"]  # by `mend`; what is refused is mended too, and no corpus holds it

# (name, lot, start, end, what it is mended to)
Seen = tuple[str, Lot, int, int, str]

LF = "\n"
SIGNS = re.compile(
    "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # a flag: its tags are part of what is seen
    "|\r\n|[\0-\t\v-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)
ASCII_SIGNS = re.compile("\r\n|[\0-\t\v-\x1f\x7f]")
# Of them, those of the first plane that Python takes to be printable, or may in another version.
PRINTED = "\u034f\u115f\u1160\u180b\u180c\u180d\u180e\u180f\u3164\uffa0" + "".join(
    map(chr, (*range(0xFE00, 0xFE0E), *range(0xFFF0, 0x10000)))
)
TRAILING = re.compile("[ \t]+(?=[\r\n]|\\Z)")
NOT_ASCII = re.compile("[\0-\x7f]?[^\0-\x7f]+")  # no ASCII character is joined to the one before it
JOINERS = "\u200c\u200d"
BLANKS = (" ", "\t")
# Scripts without spaces, where a zero-width space is the border of a word.
UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u1950-\u1aaf\u1b00-\u1b7f\ua980-\ua9df\uaa60-\uaadf]")
CP1252 = {chr(byte): sign for sign, byte in BYTE.items() if byte < 0xA0 and sign > "\x9f"}
BROKEN: dict[str, tuple[str, Lot, str]] = {
    "\r\n": ("CRLF line end", "refused", LF),
    "\r": ("carriage return without a line feed", "refused", LF),
    "\0": ("NUL character", "refused", ""),
    "\ufeff": ("byte order mark", "refused", ""),
    "\xad": ("soft hyphen", "mended", ""),
    "\t": ("tab", "kept", "\t"),
}


@dataclass(frozen=True)
class Sight:
    """One kind of thing that cannot be seen in a text."""

    name: str
    count: int
    line: int  # of the first, 1-based, lines end on a line feed alone
    column: int  # 1-based, in code points
    lot: Lot


def look(text: str) -> list[Sight]:
    """Everything that cannot be seen, a Sight for each kind, in the order of their first places."""
    found: dict[tuple[str, Lot], list[int]] = {}
    hidden: list[tuple[int, int]] = []  # signs in there are no signs
    for stage in STAGES:
        for name, lot, start, end, _ in stage(text):
            if stage is _mojibake:
                hidden.append((start, end))
            elif stage is _signs and any(low <= start < high for low, high in hidden):
                continue
            found.setdefault((name, lot), [0, start])[0] += 1
    return [
        Sight(name, count, text.count(LF, 0, first) + 1, first - text.rfind(LF, 0, first), lot)
        for (name, lot), (count, first) in sorted(found.items(), key=lambda one: one[1][1])
    ]


def mend(text: str) -> str:
    """The text with everything repaired that has one right repair; nothing else is touched.

    A text in which `look` sees nothing that is mended or refused is given back as it is, and so is a mended one.
    """
    while True:
        before = text
        for stage in STAGES:
            text = _mended(text, stage)
        if text == before:
            return text


def _mended(text: str, stage: Callable[[str], Iterator[Seen]]) -> str:
    parts, at = [], 0
    for _, lot, start, end, meant in stage(text):
        if lot != "kept":
            parts += [text[at:start], meant]
            at = end
    return "".join([*parts, text[at:]]) if parts else text


def _mojibake(text: str) -> Iterator[Seen]:
    for start, end, meant in mojibake(text):
        yield "UTF-8 that was read as CP1252", "mended", start, end, meant


def _signs(text: str) -> Iterator[Seen]:
    if not _may_have_signs(text):
        return  # as most texts
    for match in (ASCII_SIGNS if text.isascii() else SIGNS).finditer(text):
        sign, (start, end) = match[0], match.span()
        if sign in BROKEN:
            name, lot, meant = BROKEN[sign]
            yield _with_number(name, sign) if sign > "\x7f" else name, lot, start, end, meant
        elif sign in CP1252:
            yield (
                f"CP1252 {CP1252[sign]} left as control character U+{ord(sign):04X}",
                "mended",
                start,
                end,
                CP1252[sign],
            )
        elif sign in JOINERS or sign == "\u200b":
            use = _use(text, start)
            if use == "word":
                yield f"{_name(sign)} that its script needs", "kept", start, end, sign
            elif not use:
                yield _name(sign), "mended", start, end, ""
        elif len(sign) == 1:
            yield _name(sign), "kept", start, end, sign


def _may_have_signs(text: str) -> bool:
    """Whether there may be something for SIGNS to find; a fraction of the time of looking."""
    if not text.replace(LF, " ").isprintable() or any(map(text.__contains__, PRINTED)):
        return True
    return len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)  # beyond the first plane: emoji and more


def _use(text: str, at: int) -> Literal["", "word", "emoji"]:
    """What a joiner or zero-width space is there for, by the characters on its sides, their marks aside."""
    before = text[_past(text, at, -1)] if _past(text, at, -1) >= 0 else " "
    after = text[_past(text, at, 1)] if _past(text, at, 1) < len(text) else " "
    sides = (before, after)
    if text[at] == "\u200b":
        return "word" if any(map(UNSPACED.match, sides)) else ""
    if text[at] == "\u200d" and any(unicodedata.category(c) in ("So", "Sk", "Cn") for c in sides):
        return "emoji"
    # Letters without case are those of scripts that join or stack; Adlam alone has case and joins.
    needed = any(unicodedata.category(c) in ("Lo", "Lm") or unicodedata.bidirectional(c) in ("R", "AL") for c in sides)
    return "word" if needed else ""


def _past(text: str, at: int, step: int) -> int:
    """The place of the next character that is no mark and no joiner."""
    at += step
    while 0 <= at < len(text) and (text[at] in JOINERS or unicodedata.category(text[at])[0] == "M"):
        at += step
    return at


def _composed(text: str) -> Iterator[Seen]:
    if unicodedata.is_normalized("NFC", text):
        return
    for match in NOT_ASCII.finditer(text):
        meant = unicodedata.normalize("NFC", match[0])
        if meant != match[0]:
            yield "not composed (not NFC)", "mended", *match.span(), meant


def _trailing(text: str) -> Iterator[Seen]:
    """White space at the ends of lines: two blanks may be a line break of Markdown, one is nothing."""
    if text[-1:] not in BLANKS and not any(blank + end in text for blank in BLANKS for end in "\r\n"):
        return  # as most texts are
    for match in TRAILING.finditer(text):
        if match[0] == " ":
            yield "space at the end of a line", "mended", *match.span(), ""
        else:
            yield "white space at the end of a line", "kept", *match.span(), match[0]


def _name(sign: str) -> str:
    kind = {"Co": "private-use character", "Cn": "character that Unicode does not have"}
    return _with_number(unicodedata.name(sign, kind.get(unicodedata.category(sign), "control character")).lower(), sign)


def _with_number(name: str, sign: str) -> str:
    return f"{name} U+{ord(sign):04X}"


STAGES: tuple[Callable[[str], Iterator[Seen]], ...] = (_mojibake, _signs, _composed, _trailing)
