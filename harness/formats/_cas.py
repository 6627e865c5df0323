"""CAS JSON and XMI -> feature structures: plain tables, no class is made and no reference is followed out of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from harness.errors import Problem, quote
from harness.files import read_text

SPECIFIER = "{http://uima.apache.org/resourceSpecifier}"
XMI = "{http://www.omg.org/XMI}"
NUMBERS = {"Integer": int, "Long": int, "Short": int, "Byte": int, "Float": float, "Double": float}
TAG = re.compile(r"\{http:///(.+)\.ecore\}(.+)")
Ranges = Mapping[str, Mapping[str, str]]  # type -> feature -> range; a type's supertype stands under ""


class Damaged(ValueError):
    """What is wrong with a CAS."""


@dataclass(frozen=True)
class Ref:
    """The number of another feature structure."""

    number: int


@dataclass(frozen=True)
class Structure:
    """A feature structure; values are as in JSON, or Ref, or lists of either."""

    number: int
    type: str
    features: Mapping[str, Any]


def of_json(data: Any) -> dict[int, Structure]:
    """The structures of a CAS JSON by their numbers. Raises Damaged."""
    found = data.get("%FEATURE_STRUCTURES") if isinstance(data, dict) else None
    if isinstance(found, dict):  # as older drafts of the format have it
        found = [
            {"%ID": int(key) if re.fullmatch("[0-9]{1,18}", key) else key, **one}
            for key, one in found.items()
            if isinstance(one, dict)
        ]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Damaged("no %FEATURE_STRUCTURES")
    structures = {}
    for one in found:
        number, kind = one.get("%ID"), one.get("%TYPE")
        if type(number) is not int or not isinstance(kind, str) or number in structures:
            raise Damaged(f"a feature structure without a %ID of its own, or without %TYPE ({quote(number)})")
        features: dict[str, Any] = {}
        for key, value in one.items():
            if key.startswith("@"):
                features[key[1:]] = Ref(value) if type(value) is int else None
            elif key == "%ELEMENTS":
                by_ref = kind.endswith("[]") or kind == "uima.cas.FSArray"
                features[key] = (
                    [Ref(v) if by_ref and type(v) is int else v for v in value] if isinstance(value, list) else value
                )
            elif key[:1] not in ("%", "^"):
                features[key.removeprefix("#")] = value
        structures[number] = Structure(number, kind, features)
    return structures


def parse_xml(path: Path, problems: list[Problem]) -> ElementTree.Element | None:
    """The root of an XML file; one that declares a document type, and so could declare entities, is refused."""
    place = str(path)
    text = read_text(path, place, problems)
    if text is None:
        return None
    if "<!DOCTYPE" in text:
        line = text[: text.index("<!DOCTYPE")].count("\n") + 1
        problems.append(Problem(place, line, "a document type, which could name entities", "Remove <!DOCTYPE …>."))
        return None
    try:
        return ElementTree.fromstring(text.removeprefix("\ufeff"))
    except ElementTree.ParseError as error:
        problems.append(Problem(place, error.position[0], f"malformed XML ({error})", "Export the file again."))
    except (ValueError, RecursionError) as error:
        problems.append(Problem(place, 1, f"malformed XML ({error})", "Export the file again."))
    return None


def ranges_of(root: ElementTree.Element) -> Ranges:
    """The ranges of the features of every type in a TypeSystem.xml."""
    ranges: dict[str, dict[str, str]] = {}
    for one in root.iter(f"{SPECIFIER}typeDescription"):
        of = ranges.setdefault(_text(one, "name"), {"": _text(one, "supertypeName")})
        for feature in one.iter(f"{SPECIFIER}featureDescription"):
            of[_text(feature, "name")] = _text(feature, "rangeTypeName")
    return ranges


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(f"{SPECIFIER}{name}") or "").strip()


def of_xmi(root: ElementTree.Element, ranges: Ranges) -> dict[int, Structure]:
    """The structures of an XMI by their numbers. Raises Damaged."""
    structures = {}
    for element in root:
        tag = TAG.fullmatch(element.tag) if isinstance(element.tag, str) else None
        if not tag or tag.groups() in (("uima/cas", "NULL"), ("uima/cas", "View")):
            continue
        kind = f"{tag[1].replace('/', '.')}.{tag[2]}".removeprefix("uima.noNamespace.")
        number = _number(element.get(f"{XMI}id", ""), f"the id of {kind}")
        if kind not in ranges and not kind.startswith("uima."):
            raise Damaged(f"type {kind} that TypeSystem.xml does not describe")
        features: dict[str, Any] = {}
        for child in element:
            features.setdefault(str(child.tag), []).append(child.text or "")
        for key, value in element.attrib.items():
            if not key.startswith(XMI):
                features[key] = _value(value, _range(kind, key, ranges), f"{kind} {number}: {key}", ranges)
        if "elements" in features:
            features["%ELEMENTS"] = features.pop("elements")
        structures[number] = Structure(number, kind, features)
    return structures


def _range(kind: str, feature: str, ranges: Ranges) -> str:
    if feature in ("begin", "end"):
        return "uima.cas.Integer"
    if feature == "elements":
        return kind
    for one in _with_supertypes(kind, ranges):
        if feature in ranges[one]:
            return ranges[one][feature]
    return "uima.cas.Sofa" if feature == "sofa" else "uima.cas.String"


def _with_supertypes(kind: str, ranges: Ranges) -> Iterator[str]:
    for _ in range(len(ranges)):
        if kind not in ranges:
            return
        yield kind
        kind = ranges[kind][""]


def _value(value: str, kind: str, what: str, ranges: Ranges) -> Any:
    """An attribute's value in the range of its feature."""
    name = kind.removeprefix("uima.cas.")
    several = re.fullmatch(r"(.*?)(Array|List)|(.*)\[\]", name)
    if several:
        inner = several[1] or several[3] or ""
        if inner in ("", "FS") or (inner not in NUMBERS and inner != "Boolean"):
            return value if inner in ("String", "Byte") else [Ref(_number(one, what)) for one in value.split()]
        return [_value(one, inner, what, ranges) for one in value.split()]
    if name in NUMBERS:
        return _number(value, what, NUMBERS[name])
    if name == "Boolean":
        return value == "true"
    if name == "String" or "uima.cas.String" in [ranges[one][""] for one in _with_supertypes(kind, ranges)]:
        return value
    return Ref(_number(value, what))


def _number(value: str, what: str, kind: Any = int) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise Damaged(f"{what} is {quote(value)}, no number") from error
