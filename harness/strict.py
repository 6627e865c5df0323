"""A JSON object as strictly as we read it: one that every reader takes the same way, or what is wrong with it."""

from __future__ import annotations

from typing import Any, NoReturn

import msgspec

from harness.errors import Problem, quote

DEEPEST = 64  # nesting that no file of ours needs and every reader bears
JSON_TYPES = {list: "array", str: "string", bool: "boolean", type(None): "null"}
LONGEST_INTEGER = 1000  # digits; Python refuses to print integers of some thousand


def parse_object(line: str, place: str, number: int, problems: list[Problem]) -> dict[str, Any] | None:
    """One JSON object from one line; malformed JSON, duplicate keys and other types are noted as problems.

    The quick way is taken where a line is, white space aside, what it reads as: there is no duplicate key in it.
    """
    shallow = line.count("[") + line.count("{") <= DEEPEST
    try:
        value = msgspec.json.decode(line)
        if shallow and isinstance(value, dict) and same(msgspec.json.encode(value), line.encode()):
            return value
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass
    import json

    try:
        value = json.loads(
            line, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
        )
        refuse_depth(value)
        msgspec.json.encode(value)  # refuses half a surrogate pair
    except json.JSONDecodeError as error:
        row = number + error.lineno - 1
        found = f"malformed JSON at column {error.colno}: {error.msg}"
        problems.append(Problem(place, row, found, 'Write one {"key": value} object.'))
    except RecursionError:
        problems.append(Problem(place, number, *TOO_DEEP))
    except UnicodeEncodeError:
        found = "half of a surrogate pair, which is no character"
        problems.append(Problem(place, number, found, "Write the character itself, not its escape."))
    except Refused as error:
        problems.append(Problem(place, number, *error.args))
    else:
        if isinstance(value, dict):
            return value
        found = f"a JSON {JSON_TYPES.get(type(value), 'number')} where an object was expected"
        problems.append(Problem(place, number, found, 'Write one {"key": value} object.'))
    return None


def same(one: bytes, other: bytes) -> bool:
    """Alike without white space: no quote is moved by that, and of it a JSON text holds only blanks in its strings."""
    return one == other or one.translate(None, b" \n\r\t") == other.translate(None, b" \n\r\t")


class Refused(Exception):
    """What was found and what to do, on its way out of a parser."""


TOO_DEEP = (f"brackets nested more than {DEEPEST} deep", "Write it flatter.")


def refuse_depth(value: object) -> None:
    """Refuse nesting that later readers, and our own messages, would stumble over."""
    level = [value]
    for _ in range(DEEPEST + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [one for some in inner for one in some]
        if not level:
            return
    raise Refused(*TOO_DEEP)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Refused(f"duplicate key {quote(twice)}", "Keep one of them.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise Refused(f"{name} is not JSON", "Write a number, or null.")


def _finite(digits: str) -> float:
    value = float(digits)
    if abs(value) == float("inf"):
        raise Refused(f"number {quote(digits)} is too big", "Write a smaller number.")
    return value


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise Refused("an integer that is too big", "Write a smaller number.")
    return int(digits)
