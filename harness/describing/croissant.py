"""A corpus folder -> Croissant metadata (mlcommons.org/croissant/1.0): which files there are, and which records.

Texts and gold annotations are read from the files themselves. The split of a group stands in its `group.toml`, which
Croissant cannot read, and what is declared in `corpus.toml`: so groups and labels are given as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.corpus import Schema
from harness.records import Document

VERSION = "http://mlcommons.org/croissant/1.0"
TEXT, INTEGER = "sc:Text", "sc:Integer"
TEXTS, GOLD = "texts", "gold"
# The id of a document, and of its group, in the path of a file; readers that join apply them to what they gave too.
ID, GROUP = r"(?:.*documents/)?([^/]+/[^/.]+)", r"(?:.*documents/)?([^/]+)/"
OWN_TERMS = (  # of the Croissant vocabulary, by their own names
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in OWN_TERMS},
}


def metadata(schema: Schema, documents: Sequence[Document], said: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `croissant.json`. `said` is what the data card says (description, keywords, license).

    What a corpus does not say of itself is left out (citation, dates).
    """
    own = {"license": schema.licence, "version": schema.version, "inLanguage": list(schema.languages)}
    known = {**said, **{key: value for key, value in own.items() if value}}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": schema.name,
        **{key: value for key, value in known.items() if value},
        "distribution": [
            _files(TEXTS, "documents/*/*.txt", "text/plain", "One text a document, UTF-8."),
            _files(GOLD, "documents/*/*.gold.jsonl", "application/jsonlines", "Adjudicated annotations of a document."),
        ],
        "recordSet": [
            _documents(),
            _annotations(schema, documents),
            _given("groups", ("group", "split"), dict.fromkeys((d.group, d.split) for d in documents)),
            _given(
                "labels", ("layer", "label"), [(n, label) for n, own in schema.layers.items() for label in own.labels]
            ),
        ],
    }


def _files(name: str, includes: str, encoding: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": description,
        "encodingFormat": encoding,
        "includes": includes,
    }


def _documents() -> dict[str, Any]:
    path, content = {"fileProperty": "fullpath"}, {"fileProperty": "content"}
    fields = [
        _field("documents", "id", TEXT, TEXTS, path, ID),
        _field("documents", "group", TEXT, TEXTS, path, GROUP),
        _field("documents", "text", TEXT, TEXTS, content),
    ]
    return _records("documents", "One record a document.", fields)


def _annotations(schema: Schema, documents: Iterable[Document]) -> dict[str, Any]:
    """One record a line of the gold files: what is plain text or a number, of the keys that occur.

    A line holds the keys of its layer alone; mlcroissant finds the others empty only because of the reference: readers
    that need not join read file by file, and miss them.
    """
    layers = schema.layers.values()
    kinds = {"layer": TEXT, "label": TEXT, **{facet: TEXT for layer in layers for facet in layer.of}}
    kinds |= {name: TEXT for layer in layers for name, kind in layer.fields.items() if not isinstance(kind, str)}
    kinds |= {"start": INTEGER, "end": INTEGER} if any(layer.kind == "spans" for layer in layers) else {}
    occur = set[str]().union(*(line for document in documents for lines in document.gold.values() for line in lines))
    key = _field("annotations", "document", TEXT, GOLD, {"fileProperty": "fullpath"}, ID)
    fields = [{**key, "references": {"field": {"@id": "documents/id"}}}]
    fields += [_field("annotations", n, kind, GOLD, {"column": n}) for n, kind in kinds.items() if n in occur]
    said = "One record a line, also of headers, which have no layer. Offsets are code points, ends exclusive."
    return _records("annotations", said, fields)


def _given(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Records that stand in the metadata itself."""
    keys = [f"{name}/{column}" for column in columns]
    fields = [
        {"@type": "cr:Field", "@id": key, "name": column, "dataType": TEXT}
        for key, column in zip(keys, columns, strict=True)
    ]
    return {**_records(name, "", fields), "data": [dict(zip(keys, row, strict=True)) for row in rows]}


def _records(name: str, description: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    said = {"description": description} if description else {}
    return {"@type": "cr:RecordSet", "@id": name, "name": name, **said, "field": fields}


def _field(
    records: str, name: str, kind: str, files: str, extract: Mapping[str, str], regex: str = ""
) -> dict[str, Any]:
    source = {"fileSet": {"@id": files}, "extract": dict(extract), **({"transform": {"regex": regex}} if regex else {})}
    return {"@type": "cr:Field", "@id": f"{records}/{name}", "name": name, "dataType": kind, "source": source}
