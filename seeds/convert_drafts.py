"""Writers' texts and readers' marks -> documents of corpora/kabar.

    python seeds/convert_drafts.py PLANS READINGS GROUP… [--to corpora/kabar] [--raw NAME:GUIDELINE:FOLDER]

PLANS/GROUP holds `group.toml`, `NN.txt` and `plan.json` (what the writer meant); READINGS/GROUP holds, for each
text, what a reader found: `NN.marked.txt`, the text with ⟦surface|LABEL|entity-id⟧ around every name, and
`NN.labels.json`, events and stance with surfaces copied from the text (`surface@@2`: its second occurrence).
The reader's marks become the gold, the writer's labels the file of the annotator `writer`; what readers marked
before it was made consistent is kept with `--raw` as a file of their own.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.corpus.schema import Schema, read_schema
from harness.corpus.writing import annotation_file, document_files, group_file
from harness.files import write_atomically
from harness.records import Document

Line = dict[str, Any]
Raw = tuple[str, str, Path]  # a reader, the guidelines read by, and the folder of what was found


def find(surface: str, text: str) -> Line:
    """A surface's span; `surface@@2` is its second occurrence."""
    surface, _, nth = surface.partition("@@")
    start = -1
    for _ in range(int(nth or 1)):
        start = text.index(surface, start + 1)
    return {"start": start, "end": start + len(surface), "text": surface}


def unmark(marked: str) -> tuple[str, list[Line]]:
    """The plain text and its entities, those inside another under its `inner`."""
    plain: list[str] = []
    opened: list[tuple[int, list[Line]]] = []
    entities: list[Line] = []
    i = 0
    while i < len(marked):
        if marked[i] == "⟦":
            opened.append((len(plain), []))
        elif marked[i] == "|" and opened:
            close = marked.index("⟧", i)
            label, _, entity_id = marked[i + 1 : close].partition("|")
            start, inner = opened.pop()
            line: Line = {"start": start, "end": len(plain), "label": label, "text": "".join(plain[start:])}
            if inner:
                line["inner"] = inner
            if entity_id:
                line["entity_id"] = entity_id
            (opened[-1][1] if opened else entities).append(line)
            i = close
        else:
            plain.append(marked[i])
        i += 1
    return "".join(plain), entities


def with_evidence(line: Line, given: Line, text: str) -> Line:
    """The line with its evidence as spans and their surfaces."""
    spans = [find(surface, text) for surface in given.get("evidence", [])]
    line = {key: value for key, value in line.items() if value not in (None, [], "")}
    if spans:
        line["evidence"] = [[span["start"], span["end"]] for span in spans]
        line["text"] = [span["text"] for span in spans]
    return line


def event(given: Line, text: str) -> Line:
    keys = ("role", "label", "subtype", "realis", "unsure", "note")
    line = {key: given.get(key) for key in keys}
    triggers = sorted((find(one, text) for one in given.get("triggers", [])), key=lambda span: span["start"])
    return with_evidence({**line, "triggers": triggers}, given, text)


def stance(given: Line, text: str) -> Line:
    keys = (
        "holder",
        "target",
        "label",
        "kind",
        "attribution",
        "explicit",
        "conditional",
        "mixed",
        "unsure",
        "via",
    )
    line = {key: given.get(key) for key in (*keys, "note")}
    if given.get("mention"):
        line["mention"] = find(given["mention"], text)
    return with_evidence(line, given, text)


def lines_of(folder: Path, name: str, text: str) -> dict[str, list[Line]]:
    """What a reader found in one text, by layer."""
    labels = json.loads((folder / f"{name}.labels.json").read_text(encoding="utf-8"))
    plain, entities = unmark((folder / f"{name}.marked.txt").read_bytes().decode())
    if plain.rstrip("\n") != text.rstrip("\n"):
        raise SystemExit(f"{folder / name}: the marked text is not the text")
    return {
        "event": [event(one, text) for one in labels["events"]],
        "stance": [stance(one, text) for one in labels["stance"]],
        "entities": entities,
    }


def convert(group: str, plans: Path, readings: Path, root: Path, schema: Schema, raw: Sequence[Raw]) -> None:
    """Write one group's folder."""
    plan = json.loads((plans / group / "plan.json").read_text(encoding="utf-8"))
    table = tomllib.loads((plans / group / "group.toml").read_text(encoding="utf-8"))
    folder = root / "documents" / group
    split = table.pop("split")
    write_atomically(folder / "group.toml", group_file(split, **table))
    for name, meant in sorted(plan.items()):
        text = (plans / group / f"{name}.txt").read_bytes().decode()
        document = Document(
            group=group,
            name=name,
            text=text,
            language=meant["language"],
            meta={
                "source": "written for this project",
                "licence": "CC-BY-4.0",
                "written_by": "a language model, from a brief by the project's developers",
                "picked_by": "design",
                "tags": meant["tags"],
                **({"contrasts": meant["contrasts"]} if meant.get("contrasts") else {}),
            },
            pairs={"stance": sorted((holder, target) for holder, target, _ in meant["pairs"])},
            gold=lines_of(readings / group, name, text),
        )
        for file, data in document_files(document, schema.layers, schema.guideline):
            write_atomically(folder / file, data)
        intended = [{"holder": h, "target": t, "label": label} for h, t, label in meant["pairs"]]
        file = annotation_file(document, "writer", {"stance": intended}, schema.layers, schema.guideline)
        write_atomically(folder / f"{name}.writer.jsonl", file)
        for reader, guideline, found in raw:
            if (found / group / f"{name}.marked.txt").exists():
                lines = lines_of(found / group, name, text)
                file = annotation_file(document, reader, lines, schema.layers, guideline)
                write_atomically(folder / f"{name}.{reader}.jsonl", file)


def raw_of(text: str) -> Raw:
    """NAME:GUIDELINE:FOLDER."""
    name, guideline, folder = text.split(":", 2)
    return name, guideline, Path(folder)


def main() -> None:
    """Convert the groups named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("plans", type=Path)
    parser.add_argument("readings", type=Path)
    parser.add_argument("groups", nargs="+")
    parser.add_argument("--to", type=Path, default=Path("corpora/kabar"))
    parser.add_argument("--raw", type=raw_of, action="append", default=[], metavar="NAME:GUIDELINE:FOLDER",
                        help="a reader's own files, before they were made consistent")  # fmt: skip
    asked = parser.parse_args()
    schema = read_schema(asked.to, [])
    for group in asked.groups:
        convert(group, asked.plans, asked.readings, asked.to, schema, asked.raw)


if __name__ == "__main__":
    main()
