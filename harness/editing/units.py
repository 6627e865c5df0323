"""Which unit a file's spans are counted in: the one that explains every surface, or a question to the user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.errors import AskedWrongly, UnknownName
from harness.offsets import INCLUSIVE, UNITS, in_words, places, unlike_codepoints

ALL = (*UNITS, *(f"{unit}{INCLUSIVE}" for unit in UNITS))
AUTO = "auto"
# What tools count in that tell no surface: nobody who normalises leaves the surface out.
LIKELY = ("codepoint", "utf16", "byte", "lf", "grapheme")

Said = tuple[int, int, str | None]  # a span as the file has it, with its surface where the file has one
Placed = tuple[int, int] | None


@dataclass(frozen=True)
class Found:
    """The unit that spans are turned from; `loose` where surfaces fit but for their white space."""

    unit: str
    loose: bool = False
    advice: str = ""  # where not all surfaces fit: the unit that they would fit


class Detection:
    """Units against the spans of a whole file, one row at a time; what a row refutes is not looked at again."""

    def __init__(self) -> None:
        self.exact = list(ALL)
        self.loose = list(ALL)  # of them, those that fit but for white space; all that are exact too
        self.surfaces = self.spans = 0
        # Of the spans without a surface: the units under which one is outside the text, and those under which one
        # begins or ends inside a word.
        self.outside: set[str] = set()
        self.inside: set[str] = set()
        self.cut = self.cut_even_so = 0  # ends inside a word, and spans that are cut even if ends are inclusive
        self.first = 0  # row with such an end
        self.apart: dict[frozenset[str], int] = {}  # two units -> the first row whose spans they place differently

    def look(self, number: int, text: str, spans: Sequence[Said]) -> None:
        """Hold the spans of one row against its text."""
        told = [span for span in spans if span[2] is not None]
        self.surfaces += len(told)
        self.spans += len(spans)
        if not spans:
            return
        if not told:
            self._look_at_ends(number, text, spans)
        # Up to the first character that they count differently, units are alike: more need not be looked at.
        other = unlike_codepoints(text[: max(0, *(span[1] for span in spans)) + 2])
        if not told and not other & {*LIKELY}:
            alike = [(start, end) for start, end, _ in spans]
            self._look_at_borders(text, dict.fromkeys(LIKELY, alike))
            return
        kinds = {unit: _kind_of(unit, other) for unit in self._worth(told)}  # those of one kind are alike here
        placed = {kind: _placed(text, *kind, spans, other) for kind in dict.fromkeys(kinds.values())}
        if told:
            fits = {kind: _fit(text, at, spans) for kind, at in placed.items()}
            self.exact = [unit for unit in self.exact if fits[kinds[unit]] == "exact"]
            self.loose = [unit for unit in self.loose if fits[kinds[unit]]]
        if not told:
            self._look_at_borders(text, {unit: placed[kinds[unit]] for unit in LIKELY if unit in kinds})
        if other:
            self._compare(number, {unit: placed[kinds[unit]] for unit in self.loose if unit in kinds}, spans)

    def _worth(self, told: Sequence[Said]) -> list[str]:
        if told:
            return self.loose
        done = {unit for unit in self.inside if frozenset(("codepoint", unit)) in self.apart}  # out of the question
        return [unit for unit in self.loose if unit.removesuffix(INCLUSIVE) in {*LIKELY} - done]

    def _look_at_borders(self, text: str, placed: Mapping[str, Sequence[Placed]]) -> None:
        """Note the units under which these spans are outside the text, or begin or end inside a word."""
        seen: dict[int, tuple[bool, bool]] = {}  # units of one kind share their places
        for unit, spans in placed.items():
            if id(spans) not in seen:
                whole = all(at is not None and 0 <= at[0] < at[1] <= len(text) for at in spans)
                seen[id(spans)] = whole, whole and all(at is not None and _is_whole(text, *at) for at in spans)
            possible, clean = seen[id(spans)]
            self.outside |= set() if possible else {unit}
            self.inside |= set() if clean else {unit}

    def _look_at_ends(self, number: int, text: str, spans: Sequence[Said]) -> None:
        for start, end, _ in spans:
            if start == end or _is_inside(text, end):
                self.cut += 1
                self.first = self.first or number
            self.cut_even_so += end >= len(text) or any(_is_inside(text, at) for at in (start, end + 1))

    def _compare(self, number: int, placed: dict[str, list[Placed]], spans: Sequence[Said]) -> None:
        for one, two in combinations(placed, 2):
            pair = frozenset((one, two))
            if pair in self.apart or placed[one] == placed[two]:
                continue
            both = {one.removesuffix(INCLUSIVE), two.removesuffix(INCLUSIVE)}
            likely = both <= {*LIKELY} and one.endswith(INCLUSIVE) == two.endswith(INCLUSIVE)
            sides = zip(placed[one], placed[two], spans, strict=True)
            if any(a != b and (likely or span[2] is not None) for a, b, span in sides):
                self.apart[pair] = number

    def choose(self, asked: str, place: str) -> Found:
        """The unit that was asked for, or under `auto` the one that explains all surfaces.

        `place` is the file and what its numbers count, for messages. Raises UnknownName for a unit that there is
        not, AskedWrongly where several units would do and place spans differently.
        """
        if asked not in (AUTO, *ALL):
            raise UnknownName("offset unit", asked, (AUTO, *ALL))
        among = ALL if asked == AUTO else (asked,)
        if not self.surfaces:
            exact = list(LIKELY) if asked == AUTO else [asked]
        else:
            exact = [unit for unit in self.exact if unit in among]
        fitting = exact or [unit for unit in self.loose if unit in among]
        if not fitting:
            return Found("codepoint" if asked == AUTO else asked, advice=self._advice())
        rivals = [unit for unit in fitting[1:] if frozenset((fitting[0], unit)) in self.apart]
        if asked == AUTO and not self.surfaces:
            if self.cut * 2 > self.spans and not self.cut_even_so:
                raise AskedWrongly(self._question_of_ends(place, fitting[0]))
            fitting, rivals = self._by_words(fitting) if rivals else (fitting, [])
        if rivals:
            raise AskedWrongly(self._question(place, fitting[0], rivals))
        return Found(fitting[0], loose=not exact)

    def _by_words(self, units: Sequence[str]) -> tuple[list[str], list[str]]:
        """Of units that no surface tells apart: those to choose from, and of them those unlike the first.

        Where whole words are marked under some of them, it is one of those. Code points alone are taken without.
        """
        whole = [unit for unit in units if unit not in self.inside]
        possible = [unit for unit in units if unit not in self.outside or unit == units[0]]
        left = whole or possible
        return left, [unit for unit in left[1:] if frozenset((left[0], unit)) in self.apart]

    def _question_of_ends(self, place: str, unit: str) -> str:
        why = "no span comes with its surface, most end inside a word, and one character more would end all with one"
        return f"{place} {self.first}: {why}. Say --offsets {unit}{INCLUSIVE} or --offsets {unit}."

    def _advice(self) -> str:
        if not self.exact:
            return ""
        unit = self.exact[0]
        return f"All {self.surfaces} of {self.surfaces} spans fit {in_words(unit)}. Import with --offsets {unit}"

    def _question(self, place: str, first: str, rivals: Sequence[str]) -> str:
        where = min(self.apart[frozenset((first, unit))] for unit in rivals)
        names = ", ".join(in_words(unit) for unit in (first, *rivals))
        options = " or ".join(f"--offsets {unit}" for unit in (first, *rivals))
        why = "explain all surfaces" if self.surfaces else "are possible, since no span comes with its surface,"
        return f"{place} {where}: several units of offsets {why} and place spans differently: {names}. Say {options}."


def _is_inside(text: str, at: int) -> bool:
    """Whether there is a letter on both sides of a place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a span is of whole words, with no blank at its ends."""
    blank = text[start].isspace() or text[end - 1].isspace()
    return not (blank or _is_inside(text, start) or _is_inside(text, end))


def _kind_of(unit: str, other: set[str]) -> tuple[str, int]:
    """What a unit is on a text of which only some units count otherwise: (unit, what is added to an end)."""
    plain = unit.removesuffix(INCLUSIVE)
    return plain if plain in other else "codepoint", int(unit.endswith(INCLUSIVE))


def _placed(text: str, unit: str, more: int, spans: Sequence[Said], other: set[str]) -> list[Placed]:
    """Each span in code points; None where it is outside the text or on no border."""
    if unit not in other:
        return [(s, e + more) if 0 <= s <= e + more <= len(text) else None for s, e, _ in spans]
    at = places(text, unit)
    return [(at[s], at[e + more]) if s in at and e + more in at else None for s, e, _ in spans]


def _fit(text: str, placed: Sequence[Placed], spans: Sequence[Said]) -> str:
    """Whether all surfaces are `exact`, `loose`, or not there at all."""
    fit = "exact"
    for at, (_, _, surface) in zip(placed, spans, strict=True):
        found = None if at is None else text[at[0] : at[1]]
        if surface is None or found == surface:
            continue
        if found is None or not same_surface(found, surface, loose=True):
            return ""
        if not same_surface(found, surface):
            fit = "loose"
    return fit


def same_surface(found: str, surface: str, *, loose: bool = False) -> bool:
    """Whether a slice is what the file says it is: but for line ends, and if `loose` for all white space.

    Tools collapse runs of white space, and write a newline as a backslash and an n.
    """
    if found == surface or found.replace("\r\n", "\n") == surface.replace("\r\n", "\n"):
        return True
    return loose and _collapsed(found) == _collapsed(surface)


def _collapsed(surface: str) -> str:
    return re.sub(r"\s+", " ", surface.replace("\\r", "\r").replace("\\n", "\n"))
