"""The seed article, its reference annotation and its second reading -> the first document of corpora/kabar.

python seeds/convert_seed.py [FOLDER]        (default: corpora/kabar)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from harness.corpus.schema import Schema, read_schema
from harness.corpus.writing import document_files, group_file
from harness.files import write_atomically
from harness.records import Document

HERE = Path(__file__).parent
GROUP = "venezuela"
TARGETS = {
    "T1": "pembebasan",
    "T2": "penahanan",
    "T3": "kemenangan-maduro",
    "T4": "kemenangan-gonzalez",
    "T5": "pemerintahan-maduro",
    "T6": "tinjauan-kasus",
    "T7": "partai-pemerintah",
}
HOLDERS = {
    "Observatorium Penjara Venezuela": "opv",
    "Forum Penal": "forum-penal",
    "Pejabat pemerintah": "pejabat-pemerintah",
    "Tarek William Saab": "saab",
    "IMPLICIT": "implicit",
    "Nicolás Maduro": "maduro",
    "Edmundo González": "gonzalez",
    "otoritas pemilihan Venezuela": "otoritas-pemilihan",
    "koalisi oposisi utama": "koalisi-oposisi",
    "para pengunjuk rasa": "pengunjuk-rasa",
    "wanita-wanita": "wanita",
}
SAME = {"jaksa agung": "Tarek William Saab", "Maduro": "Nicolás Maduro"}  # one person under two names


def span(of: dict[str, Any]) -> dict[str, Any]:
    """A span as the corpus holds it."""
    return {"start": of["start"], "end": of["end"], "text": of["text"]}


def entity_id(name: str) -> str:
    return name.lower().replace("_", "-")


def event(given: dict[str, Any]) -> dict[str, Any]:
    line = {
        "role": given["role"],
        "label": given["type"],
        "subtype": given["subtype"],
        "realis": given["realis"],
        "triggers": [span(trigger) for trigger in given["triggers"]],
        "note": given.get("note"),
        "evidence": [[one["start"], one["end"]] for one in given["evidence"]],
        "text": [one["text"] for one in given["evidence"]],
    }
    return {key: value for key, value in line.items() if value is not None}


def stance(given: dict[str, Any]) -> dict[str, Any]:
    holder = given["holder"]
    line = {
        "holder": HOLDERS[SAME.get(holder["name"], holder["name"])],
        "target": TARGETS[given["target_id"]],
        **{key: given.get(key) for key in ("label", "kind", "attribution", "explicit", "conditional", "unsure")},
        "mention": span(holder["span"]) if holder["span"] else None,
        "cue": span(given["cue"]) if "cue" in given else None,
        "note": given.get("note"),
        "evidence": [[given["evidence"]["start"], given["evidence"]["end"]]],
        "text": [given["evidence"]["text"]],
    }
    return {key: value for key, value in line.items() if value is not None}


def entity(given: dict[str, Any]) -> dict[str, Any]:
    line = {**span(given), "label": given["label"]}
    if "inner" in given:
        line["inner"] = [
            {**span(one), "label": one["label"], "entity_id": entity_id(one["entity_id"])} for one in given["inner"]
        ]
    if "entity_id" in given:
        line["entity_id"] = entity_id(given["entity_id"])
    return line


def seed_document(given: dict[str, Any], text: str) -> Document:
    """The seed document with its three layers."""
    stances = [stance(one) for one in given["stances"]]
    return Document(
        group=GROUP,
        name=given["doc_id"],
        text=text,
        language=given["language"],
        meta={
            "source": "given by the project's user; author, publisher and date unknown",
            "licence": "unknown",
            "written_by": "unknown",
            "picked_by": "seed",
            "register": given["register"],
            "tags": ["background-trap", "opposite-stances", "ambiguous-name", "planned-event", "typo"],
        },
        pairs={"stance": sorted((line["holder"], line["target"]) for line in stances)},
        gold={
            "event": [event(one) for one in given["events"]],
            "stance": stances,
            "entities": [entity(one) for one in given["entities"]],
        },
    )


def main(root: Path) -> None:
    given = json.loads((HERE / "seed_gold.json").read_text(encoding="utf-8"))
    text = (HERE / given["file"]).read_bytes().decode()
    schema: Schema = read_schema(root, [])
    document = seed_document(given, text)
    targets = {TARGETS[one["id"]]: one["name_id"] for one in given["stance_targets"]}
    folder = root / "documents" / GROUP
    write_atomically(
        folder / "group.toml",
        group_file(
            "train",
            event="Detainees of the post-election protests in Venezuela are released",
            holders={holder_id: name for name, holder_id in HOLDERS.items()},
            targets=targets,
        ),
    )
    for name, data in document_files(document, schema.layers, schema.guideline):
        write_atomically(folder / name, data)
    second = (HERE / "seed_reader2.jsonl").read_bytes()  # what the second reader wrote, in canonical form
    write_atomically(folder / f"{document.name}.reader2.jsonl", second)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "corpora" / "kabar")
