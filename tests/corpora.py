"""A small throw-away corpus, valid as it is made: three documents in two groups, each kind of layer once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CORPUS_TOML = """\
name = "tiny"
version = "1"
licence = "CC0-1.0"
languages = ["en", "ar", "hi"]
unit = "codepoint"
guideline = "1"

[layers.tone]
kind = "label"
labels = ["WARM", "COLD"]

[layers.stance]
kind = "label"
of = ["holder", "target"]
labels = ["FAVOR", "AGAINST", "NONE"]
evidence = "optional"

[layers.stance.fields]
kind = ["evaluative", "epistemic"]
explicit = "bool"
via = "holder"
note = "text"

[layers.topic]
kind = "labels"
labels = ["TRADE", "STRIKE", "WEATHER"]
evidence = "optional"

[layers.topic.fields]
role = ["primary", "secondary"]
triggers = "spans"

[layers.topic.fields.subtype]
STRIKE = ["sit_in", "walk_out"]

[layers.entities]
kind = "spans"
labels = ["PER", "ORG", "LOC", "DATE"]
overlap = "none"

[layers.entities.tiers]
names = ["PER", "ORG", "LOC"]

[layers.entities.fields]
inner = "spans"
entity_id = "id"

[tasks.stance]
layer = "stance"

[tasks.topic]
layer = "topic"
use = "label"
where = { role = "primary" }

[tasks.topics]
layer = "topic"

[tasks.entities]
layer = "entities"

[holders]
union = "the Port Union"

[targets]
strike = "the strike"
"""

# Each document: its text, what its meta adds, and its annotations by layer with surfaces where offsets will stand.
# The emoji is outside the basic plane and joined by ZWJ; e and n carry combining accents; the others are not Latin.
A = "The Port Union 👩‍🌾 praised the strike.\nZoe\u0301 Nun\u0303ez of Lima Port waited.\n"
B = "قال اتحاد الميناء إن الإضراب ضروري 🚢.\nوصلت ليلى إلى عدن.\n"
C = "बंदरगाह संघ ने हड़ताल का विरोध किया।\nनेहा दिल्ली में रहती हैं।\n"

GROUPS: Mapping[str, tuple[str, Mapping[str, tuple[str, str, Sequence[tuple[str, str]], Mapping[str, Any]]]]] = {
    "harbour": (
        'split = "train"\nevent = "a strike in the port"\n\n[holders]\nmayor = "the mayor"\n',
        {
            "a": (
                A,
                "en",
                [("union", "strike"), ("mayor", "strike")],
                {
                    "tone": [{"label": "WARM"}],
                    "stance": [
                        {"holder": "mayor", "target": "strike", "label": "NONE", "via": "union"},
                        {
                            "holder": "union",
                            "target": "strike",
                            "label": "FAVOR",
                            "kind": "evaluative",
                            "explicit": True,
                            "evidence": ["praised the strike"],
                        },
                    ],
                    "topic": [
                        {
                            "role": "primary",
                            "label": "STRIKE",
                            "subtype": "walk_out",
                            "triggers": ["strike"],
                            "evidence": ["The Port Union 👩‍🌾 praised the strike."],
                        },
                        {"role": "secondary", "label": "TRADE"},
                    ],
                    "entities": [
                        {"span": "Port Union", "label": "ORG"},
                        {"span": "Zoe\u0301 Nun\u0303ez", "label": "PER", "entity_id": "zoe"},
                        {"span": "Lima Port", "label": "ORG", "inner": [("Lima", "LOC")]},
                    ],
                },
            ),
            "b": (
                B,
                "ar",
                [("union", "strike")],
                {
                    "tone": [{"label": "COLD"}],
                    "stance": [
                        {"holder": "union", "target": "strike", "label": "FAVOR", "evidence": ["الإضراب ضروري 🚢"]}
                    ],
                    "topic": [{"role": "primary", "label": "STRIKE"}],
                    "entities": [
                        {"span": "اتحاد الميناء", "label": "ORG"},
                        {"span": "ليلى", "label": "PER"},
                        {"span": "عدن", "label": "LOC"},
                    ],
                },
            ),
        },
    ),
    "market": (
        'split = "test"\n\n[targets]\nprices = "the prices"\n',
        {
            "c": (
                C,
                "hi",
                [("union", "strike"), ("union", "prices")],
                {
                    "stance": [
                        {"holder": "union", "target": "prices", "label": "NONE"},
                        {"holder": "union", "target": "strike", "label": "AGAINST", "evidence": ["विरोध किया"]},
                    ],
                    "topic": [{"role": "primary", "label": "WEATHER"}],
                    "entities": [{"span": "नेहा", "label": "PER"}, {"span": "दिल्ली", "label": "LOC"}],
                },
            ),
        },
    ),
}


def make_corpus(root: Path, *, toml: str = CORPUS_TOML) -> Path:
    """Write the corpus into `root` (made where it is missing) and give that folder back."""
    (root / "documents").mkdir(parents=True, exist_ok=True)
    (root / "corpus.toml").write_text(toml, encoding="utf-8")
    for group, (group_toml, documents) in GROUPS.items():
        folder = root / "documents" / group
        folder.mkdir()
        (folder / "group.toml").write_text(group_toml, encoding="utf-8")
        for name, (text, language, pairs, layers) in documents.items():
            write_document(folder, name, text, language=language, pairs=pairs, layers=layers)
    return root


def write_document(
    folder: Path,
    name: str,
    text: str,
    *,
    layers: Mapping[str, Sequence[Mapping[str, Any]]],
    language: str = "en",
    pairs: Sequence[tuple[str, ...]] = (),
    by: str = "gold",
) -> None:
    """Write a document's text, meta and annotations; a layer that is not given is not in the header."""
    (folder / f"{name}.txt").write_bytes(text.encode())
    meta: dict[str, Any] = {"sha256": sha256(text), "language": language}
    if pairs:
        meta["pairs"] = {"stance": [list(pair) for pair in pairs]}
    (folder / f"{name}.meta.json").write_text(one_line(meta) + "\n", encoding="utf-8")
    rows = [header(name, text, layers, by=by)]
    rows += [{"layer": layer, **resolve(line, text)} for layer, lines in layers.items() for line in lines]
    write_lines(folder / f"{name}.{by}.jsonl", rows)


def header(name: str, text: str, layers: Sequence[str] | Mapping[str, Any], *, by: str = "gold") -> dict[str, Any]:
    """The first line of an annotation file, all `layers` done."""
    return {
        "doc": name,
        "text_sha256": sha256(text),
        "unit": "codepoint",
        "by": by,
        "guideline": "1",
        "layers": dict.fromkeys(layers, "done"),
    }


def resolve(line: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A line with offsets where the surfaces stood: `span`, `evidence`, `triggers` and `inner`."""
    done = dict(line)
    if "span" in done:
        done = {**span(done.pop("span"), text), **done}
    if "evidence" in done:
        surfaces = done.pop("evidence")
        found = [span(surface, text) for surface in surfaces]
        done |= {"evidence": [[one["start"], one["end"]] for one in found], "text": surfaces}
    if "triggers" in done:
        done["triggers"] = [span(surface, text) for surface in done["triggers"]]
    if "inner" in done:
        inner = [(span(surface, text), label) for surface, label in done["inner"]]
        done["inner"] = [
            {"start": s["start"], "end": s["end"], "label": label, "text": s["text"]} for s, label in inner
        ]
    return done


def span(surface: str, text: str) -> dict[str, Any]:
    """The first place of a surface in a text."""
    start = text.index(surface)
    return {"start": start, "end": start + len(surface), "text": surface}


def sha256(text: str) -> str:
    """Hexadecimal SHA-256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def one_line(value: object) -> str:
    """JSON on one line, text unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_lines(path: Path, rows: Sequence[object]) -> None:
    """Write a JSON-lines file; a row that is a string stands as it is."""
    lines = [row if isinstance(row, str) else one_line(row) for row in rows]
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
