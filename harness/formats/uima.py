"""UIMA CAS JSON and XMI, as INCEpTION has them: spans with a type system, document metadata for labels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from harness.errors import AskedWrongly, NotInstalled, Problem
from harness.files import compact, parse_object, write_atomically
from harness.formats._cas import Damaged, Ref, Structure, of_json, of_xmi, parse_xml, ranges_of
from harness.formats._documents import LINK, file_names, files_in, json_items
from harness.offsets import borders
from harness.parts import Format, Row, Shape

DKPRO = "de.tudarmstadt.ukp.dkpro.core.api."
META, FIELD = f"{DKPRO}metadata.type.DocumentMetaData", f"{DKPRO}metadata.type.MetaDataStringField"
PASSED = (f"{DKPRO}segmentation.type.", f"{DKPRO}metadata.type.Tag", "de.tudarmstadt.ukp.clarin.webanno.api.type.")
PASSED_TYPES = ("uima.cas.Sofa", "uima.tcas.DocumentAnnotation", "uima.cas.FSArray")
CUSTOM = "webanno.custom."  # where INCEpTION puts the layers of a project
TYPES = "TypeSystem.xml"
NAMED = {"documentTitle": "id", "documentId": "id", "collectionId": "group", "language": "language"}
MOST = 1_000_000  # references of a document that are followed
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def uima(*, form: Literal["json", "xmi"] = "json") -> Format:
    """A CAS a file: JSON, or XMI with a TypeSystem.xml in the same folder; or a folder of them.

    The last part of a type's name is the key. Annotations are spans, structures without begin and end (document
    metadata) labels of the document. The label is the feature `value`, else `label`, else the only text there is,
    else the type's name; other features are fields, and one that refers to an annotation is its start and end.
    Tokens and sentences are passed over. id, group and language are those of DKPro's DocumentMetaData, other keys
    MetaDataStringFields. Offsets are UTF-16 in the file and code points here.

    Layers are written as types `webanno.custom.LAYER`, which an INCEpTION project must have before it imports them;
    what has no type in UIMA, such as evidence, as JSON text.
    """

    def write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
        _write(list(rows), path, layers, form)

    return Format(read=_read, write=write, unit="codepoint", counts="item")


def _read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    for number, file in enumerate(files_in(path, (".json", ".xmi"), problems), 1):
        before = len(problems)
        try:
            structures = _structures(file, problems)
            rows = list(_rows(structures)) if structures is not None else []
        except Damaged as error:
            problems.append(Problem(str(file), number, str(error), "Export the document again."))
            continue
        if not rows and len(problems) == before:
            problems.append(Problem(str(file), number, "no text in it", "Export the document again."))
        yield from ((number, row) for row in rows)


def _structures(file: Path, problems: list[Problem]) -> dict[int, Structure] | None:
    with file.open("rb") as opened:
        is_xml = opened.read(400).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    if not is_xml:
        items = [item for _, item in json_items(file, problems)]
        return of_json(items[0]) if items else None
    types = file.with_name(TYPES)
    if types.is_symlink():
        problems.append(Problem(str(types), 0, *LINK))
        return None
    if not types.is_file():
        raise Damaged(f"no {TYPES} in the same folder, without which XMI cannot be read")
    described, root = parse_xml(types, problems), parse_xml(file, problems)
    return None if described is None or root is None else of_xmi(root, ranges_of(described))


def _rows(structures: Mapping[int, Structure]) -> Iterator[Row]:
    """A row for each text; where there are several, each with the name of its view."""
    sofas = {number: one.features for number, one in structures.items() if one.type == "uima.cas.Sofa"}
    texts = {number: of["sofaString"] for number, of in sofas.items() if isinstance(of.get("sofaString"), str)}
    owned: dict[int, list[Structure]] = {number: [] for number in texts}
    for one in structures.values():
        sofa = one.features.get("sofa")
        if isinstance(sofa, Ref) and sofa.number in owned:
            owned[sofa.number].append(one)
    for number, text in texts.items():
        view = {"view": str(sofas[number].get("sofaID"))} if len(texts) > 1 else {}
        yield {**_Reading(structures, text).row(owned[number]), **view}


class _Reading:
    """The structures over one text as a row."""

    def __init__(self, structures: Mapping[int, Structure], text: str) -> None:
        self.structures, self.text, self.followed = structures, text, 0
        self.at = {offset: i for i, offset in enumerate(borders(text, "utf16"))}

    def row(self, structures: Iterable[Structure]) -> Row:
        row: Row = {}
        fields: Row = {}
        layers: dict[str, list[dict[str, Any]]] = {}
        for one in structures:
            if one.type == META:
                said = {name: one.features.get(key) for key, name in NAMED.items()}
                row |= {
                    name: value for name, value in said.items() if isinstance(value, str) and value != "x-unspecified"
                }
            elif one.type == FIELD:
                fields[str(one.features.get("key"))] = _decoded(one.features.get("value"))
            elif one.type not in PASSED_TYPES and not one.type.startswith(PASSED):
                layers.setdefault(one.type.rpartition(".")[2], []).append(self._line(one))
        fields = {key: value for key, value in fields.items() if key not in layers}
        return {**row, **fields, **layers, "text": self.text}

    def _line(self, one: Structure) -> dict[str, Any]:
        """An annotation or metadata as a line."""
        fields = {
            key: self._value(value, 3) for key, value in one.features.items() if key not in ("sofa", "begin", "end")
        }
        fields = {key: value for key, value in fields.items() if value is not None}
        texts = [key for key, value in fields.items() if isinstance(value, str)]
        key = next((key for key in ("value", "label") if key in texts), texts[0] if len(texts) == 1 else "")
        label = fields.pop(key) if key else one.type.rpartition(".")[2]
        if clash := sorted({"start", "end", "label"} & fields.keys()):
            raise Damaged(f"{one.type} {one.number} has a feature {clash[0]}, which is no field")
        return {**self._place(one), "label": label, **fields}

    def _place(self, one: Structure) -> dict[str, int]:
        begin, end = one.features.get("begin"), one.features.get("end")
        if begin is None and end is None:
            return {}
        if type(begin) is not int or type(end) is not int or begin not in self.at or end not in self.at:
            raise Damaged(f"{one.type} {one.number}: {begin}:{end} is on no character's border in UTF-16")
        return {"start": self.at[begin], "end": self.at[end]}

    def _value(self, value: Any, depth: int) -> Any:
        """A feature's value; references are followed so deep, and no further."""
        if isinstance(value, list):
            return [self._value(one, depth) for one in value]
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if not isinstance(value, Ref):
            return _decoded(value)
        target = self.structures.get(value.number)
        if target is None or depth == 0:
            return None
        self.followed += 1
        if self.followed > MOST:
            raise Damaged("references that unfold without end")
        if "%ELEMENTS" in target.features:
            return self._value(target.features["%ELEMENTS"], depth - 1)
        if place := self._place(target):
            return place
        inner = {key: self._value(one, depth - 1) for key, one in target.features.items() if key != "sofa"}
        return {key: one for key, one in inner.items() if one is not None}


def _decoded(value: Any) -> Any:
    """A text that is a JSON list, object or text as that."""
    if isinstance(value, str) and value[:1] in ("[", "{", '"'):
        said = parse_object(f'{{"":{value}}}', "", 0, [])
        return said[""] if said and said.keys() == {""} else value
    return value


def _encoded(value: Any) -> str:
    return value if isinstance(value, str) and _decoded(value) == value else compact(value)


def _write(rows: list[Row], path: Path, layers: Mapping[str, Shape], form: str) -> None:
    try:
        from cassis import Cas  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise NotInstalled("dkpro-cassis", "uima") from None
    types, ranges = _types(rows, layers)
    path.mkdir(parents=True, exist_ok=True)
    for name, row in zip(file_names(rows, f".{form}"), rows, strict=True):
        cas = Cas(typesystem=types)
        _fill(cas, types, row, layers, ranges)
        try:
            data = cas.to_json() if form == "json" else cas.to_xmi()
        except ValueError as error:
            remedy = "Write JSON: --as \"uima(form='json')\"."
            raise AskedWrongly(f"{name}: a character that XML cannot hold ({error}). {remedy}") from error
        write_atomically(path / name, data.encode())
    if form == "xmi":
        write_atomically(path / TYPES, types.to_xml().encode())


def _types(rows: list[Row], layers: Mapping[str, Shape]) -> tuple[Any, dict[str, dict[str, str]]]:
    """The type system, and for each layer that it can hold the range of each field."""
    from cassis import TypeSystem  # type: ignore[import-untyped, import-not-found, unused-ignore]

    types = TypeSystem()
    text = "uima.cas.String"
    for name, parent, features in (
        (META, "uima.tcas.DocumentAnnotation", ("documentTitle", "documentId", "collectionId")),
        (FIELD, "uima.tcas.Annotation", ("key", "value")),
    ):
        made = types.create_type(name, supertypeName=parent)
        for feature in features:
            types.create_feature(made, name=feature, rangeType=text)
    ranges: dict[str, dict[str, str]] = {}
    for layer, shape in layers.items():
        if not NAME.fullmatch(layer):
            continue
        spans = shape.kind == "spans"
        parent = "uima.tcas.Annotation" if spans else "uima.cas.AnnotationBase"
        made = types.create_type(CUSTOM + layer, supertypeName=parent)
        kinds: dict[str, set[type]] = {}
        for line in (line for row in rows for line in _lines(row.get(layer))):
            for key, value in line.items():
                kinds.setdefault(key, set()).add(type(value))
        known = {"label", "begin", "end", "sofa", "value", *(("start", "text") if spans else ())}
        ranges[layer] = {
            key: "uima.cas.Boolean" if kind == {bool} else text
            for key, kind in kinds.items()
            if key not in known and NAME.fullmatch(key)
        }
        for key, kind in {"value": text, **ranges[layer]}.items():
            types.create_feature(made, name=key, rangeType=kind)
    return types, ranges


def _lines(cell: Any) -> list[dict[str, Any]]:
    cells = [cell] if isinstance(cell, str) else cell or []
    return [{"label": one} if isinstance(one, str) else one for one in cells]


def _fill(cas: Any, types: Any, row: Row, layers: Mapping[str, Shape], ranges: Mapping[str, Mapping[str, str]]) -> None:
    text = str(row.get("text", ""))
    cas.sofa_string = text
    cas.sofa_mime = "text/plain"
    whole = {"begin": 0, "end": len(text)}
    said = {key: row[name] for key, name in NAMED.items() if isinstance(row.get(name), str)}
    cas.add(types.get_type(META)(**whole, **{"language": "x-unspecified", **said}))
    for key, value in row.items():
        if key in ranges and (lines := _lines(value)):
            made = types.get_type(CUSTOM + key)
            for line in lines:
                place = {"begin": line["start"], "end": line["end"]} if layers[key].kind == "spans" else {}
                kept = {name: line[name] for name in ranges[key] if line.get(name) is not None}
                texts = {
                    name: _encoded(one) if ranges[key][name] != "uima.cas.Boolean" else one
                    for name, one in kept.items()
                }
                cas.add(made(**place, value=line["label"], **texts))
        elif key != "text" and key not in said.values() and (key not in NAMED.values() or not isinstance(value, str)):
            cas.add(types.get_type(FIELD)(**whole, key=key, value=_encoded(value)))
