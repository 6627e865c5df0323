"""What differs between two states of a corpus, in words: documents, texts, splits, and what each annotator says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.corpus import Layer
from harness.corpus.reading import AnnotationFile, Reading
from harness.files import compact
from harness.records import Document

Line = Mapping[str, Any]
LONGEST = 80  # characters of a piece of text that are shown


@dataclass(frozen=True)
class Change:
    """One annotation that was added, removed or changed by one annotator; None where it is absent."""

    document: str
    by: str
    layer: str
    before: Line | None
    after: Line | None
    said: str  # in words


@dataclass(frozen=True)
class Difference:
    """Two states of a corpus. Documents are named by id; added ones stand with all their annotations in `changes`."""

    schema: Sequence[str]  # what was declared otherwise, in words
    added: Sequence[str]
    removed: Sequence[str]
    facts: Mapping[str, Sequence[str]]  # document -> what is known of it otherwise: text, split, metadata
    changes: Sequence[Change]
    labels: Mapping[str, tuple[Counter[str], Counter[str]]]  # layer -> how often gold has each label, before and after

    def __bool__(self) -> bool:
        return bool(self.schema or self.added or self.removed or self.facts or self.changes)


def difference(before: Reading, after: Reading) -> Difference:
    """Everything that differs; both readings have the files of all annotators."""
    old, new = ({d.id: d for d in reading.documents} for reading in (before, after))
    facts: dict[str, list[str]] = {}
    changes: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        if name in old and name in new and (said := list(_facts(old[name], new[name]))):
            facts[name] = said
        if name in new:
            changes += _changes(before, after, name, new[name])
    return Difference(
        schema=list(_schema(before, after)),
        added=sorted(new.keys() - old.keys()),
        removed=sorted(old.keys() - new.keys()),
        facts=facts,
        changes=changes,
        labels=_labels(before, after),
    )


def _facts(old: Document, new: Document) -> Iterator[str]:
    if old.text != new.text:
        at = next((i for i, (a, b) in enumerate(zip(old.text, new.text, strict=False)) if a != b), len(old.text))
        yield f"THE TEXT CHANGED from character {at}: {_cut(old.text[at:])} → {_cut(new.text[at:])}"
    for what, one, other in (("split", old.split, new.split), ("language", old.language, new.language)):
        if one != other:
            yield f"{what} {one or 'none'} → {other or 'none'}"
    for key in sorted(old.meta.keys() | new.meta.keys()):
        if key not in ("sha256", "language") and old.meta.get(key) != new.meta.get(key):
            yield f"{key}: {_value(old.meta.get(key))} → {_value(new.meta.get(key))}"


def _schema(before: Reading, after: Reading) -> Iterator[str]:
    old, new = before.schema, after.schema
    for what in ("name", "version", "licence", "guideline", "languages"):
        if getattr(old, what) != getattr(new, what):
            yield f"{what} {_value(getattr(old, what))} → {_value(getattr(new, what))}"
    for name in {**old.layers, **new.layers}:
        if name not in new.layers or name not in old.layers:
            yield f"layer {name} is {'new' if name in new.layers else 'gone'}"
            continue
        for what in ("kind", "labels", "of", "evidence", "overlap", "tiers", "fields"):
            one, other = getattr(old.layers[name], what), getattr(new.layers[name], what)
            if one != other:
                yield f"layer {name}: {what} {_value(one)} → {_value(other)}"
    for name in {**old.tasks, **new.tasks}:
        if old.tasks.get(name) != new.tasks.get(name):
            yield f"task {name} is {'new' if name not in old.tasks else 'gone' if name not in new.tasks else 'changed'}"


def _labels(before: Reading, after: Reading) -> dict[str, tuple[Counter[str], Counter[str]]]:
    counts = []
    for reading in (before, after):
        count: dict[str, Counter[str]] = {}
        for document in reading.documents:
            for layer, lines in document.gold.items():
                count.setdefault(layer, Counter()).update(line["label"] for line in lines)
        counts.append(count)
    names = [name for name in after.schema.layers if counts[0].get(name) != counts[1].get(name)]
    return {name: (counts[0].get(name, Counter()), counts[1].get(name, Counter())) for name in names}


def _changes(before: Reading, after: Reading, name: str, document: Document) -> Iterator[Change]:
    old, new = ({file.by: file for file in reading.annotations.get(name, ())} for reading in (before, after))
    for by in sorted(old.keys() | new.keys(), key=lambda one: (one != "gold", one)):
        for layer in after.schema.layers.values():
            yield from _layer(old.get(by), new.get(by), layer, document, by)


def _layer(
    old: AnnotationFile | None, new: AnnotationFile | None, layer: Layer, document: Document, by: str
) -> Iterator[Change]:
    def change(one: Line | None, other: Line | None, said: str) -> Change:
        return Change(document.id, by, layer.name, one, other, said)

    states = [file.layers.get(layer.name, "") if file else "" for file in (old, new)]
    if states[0] != states[1] and "open" in states:
        yield change(None, None, f"{states[0] or 'not begun'} → {states[1] or 'not begun'}")
    elif states == ["", "done"] and not _lines(new, layer):
        yield change(None, None, "done, with nothing to annotate")
    were, are = _lines(old, layer), _lines(new, layer)
    gone = [line for line in were if line not in are]
    come = [line for line in are if line not in were]
    for line in gone:
        match = _match(line, come, layer)
        if match is None:
            yield change(line, None, f"removed {phrase(line, layer, document)}")
        else:
            come.remove(match)
            yield change(line, match, f"{phrase(line, layer, document)} → {_otherwise(line, match, layer, document)}")
    for line in come:
        yield change(None, line, f"added {phrase(line, layer, document)}")


def _lines(file: AnnotationFile | None, layer: Layer) -> list[Line]:
    return [line for _, line in file.lines if line["layer"] == layer.name] if file else []


def _match(line: Line, others: Sequence[Line], layer: Layer) -> Line | None:
    """The line that stands where this one stood: about the same, else a span that overlaps it, else the only label."""
    same = [other for other in others if layer.key_of(other) == layer.key_of(line)]
    if not same and layer.kind == "spans":
        same = [other for other in others if other["start"] < line["end"] and line["start"] < other["end"]]
    return same[0] if same else None


def phrase(line: Line, layer: Layer, document: Document) -> str:
    """`"Nicolás Maduro" PER`, `OPV > pembebasan FAVOR ("…")`, `RELEASE primary ("…")`."""
    if layer.kind == "spans":
        said = f"{_cut(line['text'])} {line['label']}"
    else:
        about = " > ".join(document.name_of(facet, str(line.get(facet))) for facet in layer.of)
        said = " ".join(part for part in (about, str(line["label"]), str(line.get("role", ""))) if part)
        said += f" ({' … '.join(map(_cut, line['text']))})" if line.get("text") else ""
    return said


def _otherwise(one: Line, other: Line, layer: Layer, document: Document) -> str:
    """What the new line says that the old one did not."""
    own = {"start", "end", "evidence", "layer"}
    parts = []
    for key in {**one, **other}:
        if key in own or one.get(key) == other.get(key):
            continue
        if key == "label":
            parts.append(str(other["label"]))
        elif key == "text" and layer.kind == "spans":
            parts.append(f"{_cut(other['text'])}")
        elif key == "text":
            parts.append(f"evidence {' … '.join(map(_cut, other.get('text', []))) or 'removed'}")
        else:
            parts.append(f"{key} {_value(other.get(key))}")
    if not parts and "start" in one:
        return "the same words elsewhere"
    return ", ".join(parts) or f"evidence elsewhere: {' … '.join(map(_cut, other.get('text', [])))}"


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list) and value and all(isinstance(one, dict) and "text" in one for one in value):
        return " … ".join(_cut(str(one["text"])) for one in value)
    return value if isinstance(value, str) else _cut(compact(value), quotes=False)


def _cut(text: str, *, quotes: bool = True) -> str:
    short = " ".join(text.split())
    short = short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"
    return f"“{short}”" if quotes else short
