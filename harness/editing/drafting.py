"""A map drafted from a file: what its columns, controls, labels and annotators may be in a corpus."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.corpus.schema import Layer, Schema
from harness.editing.mapping import FIELDS
from harness.editing.persons import EMAIL, pseudonym_key
from harness.files import compact
from harness.parts import LeftOut, Row

SYNONYMS = {
    "id": ("doc_id", "document_id", "docid", "uid", "uuid", "task_id", "example_id", "meta.id"),
    "group": ("topic", "story", "cluster", "event_id", "thread", "article_id", "group_id"),
    "split": ("fold", "subset", "partition", "set"),
    "language": ("lang", "locale", "iso"),
    "text": ("sentence", "content", "body", "document", "tweet"),
    "source": ("url", "link", "outlet", "publisher", "origin"),
    "licence": ("license", "rights", "copyright"),
    "date": ("published", "publication_date", "created", "timestamp", "time", "day"),
    "annotator": ("completed_by", "annotator_id", "_annotator_id", "worker", "worker_id", "coder", "rater", "user"),
}
ALIASES = {
    "PERSON": "PER", "PERS": "PER", "LOCATION": "LOC", "ORGANIZATION": "ORG", "ORGANISATION": "ORG", "COMPANY": "ORG",
    "FACILITY": "FAC", "PRO": "FAVOR", "FAVOUR": "FAVOR", "SUPPORT": "FAVOR", "POSITIVE": "FAVOR", "CON": "AGAINST",
    "OPPOSE": "AGAINST", "NEGATIVE": "AGAINST", "NEUTRAL": "NONE", "NEITHER": "NONE", "MISCELLANEOUS": "MISC",
}  # fmt: skip
MOST = 60  # different labels of a column; one with more holds texts
LABEL = 60  # characters of a label


@dataclass
class Seen:
    """What was seen of a column."""

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)  # of its annotations
    spans: bool = False
    texts: bool = False  # whether anything of it is neither labels nor spans

    def add(self, value: Any) -> None:
        self.rows += 1
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, list) and len(one) == 3:
                one = {"start": one[0], "end": one[1], "label": one[2]}
            if isinstance(one, dict) and isinstance(one.get("label"), str):
                self.spans = self.spans or "start" in one
                self.keys.update(str(key) for key in one if not EMAIL.search(str(key)))
                one = one["label"]
            if not isinstance(one, str) or len(one) > LABEL or EMAIL.search(one):
                self.texts = True
            elif len(self.labels) <= MOST:
                self.labels[one] += 1


def draft(rows: Iterable[tuple[int, Row | LeftOut]], schema: Schema, place: str, corpus: str) -> str:
    """A map as TOML. What is not sure stands in it as a comment with the choices; it is accepted as it is."""
    seen: dict[str, Seen] = {}
    people: dict[str, None] = {}
    who = {"annotator", *SYNONYMS["annotator"]}
    for _, row in rows:
        if isinstance(row, LeftOut):
            continue
        for key, value in row.items():
            if value is not None and not EMAIL.search(key):
                seen.setdefault(key, Seen()).add(value)
            if key in who and isinstance(value, str | int) and str(value).strip():
                people[pseudonym_key(str(value).strip())] = None
    return "\n".join([*_head(place, corpus), *_Draft(schema, seen, list(people)).lines()]) + "\n"


def _head(place: str, corpus: str) -> Iterator[str]:
    yield from _comment(f"What is what in {place}, for an import into {corpus}: drafted, to be read and mended.")
    yield "# A line that begins with # waits for your choice. Names on the left are the file's, on the right the"
    yield '# corpus\'s; "" leaves out.'


def _comment(text: str) -> Iterator[str]:
    yield "# " + "".join(c if c.isprintable() else "?" for c in text)


class _Draft:
    """The tables of a draft."""

    def __init__(self, schema: Schema, seen: Mapping[str, Seen], people: Sequence[str]) -> None:
        self.schema, self.seen, self.people = schema, seen, people
        self.facets = sorted({facet for layer in schema.layers.values() for facet in layer.of})
        self.controls = {key: layer for key in seen if (layer := self._layer_of(key)) is not None}
        self.unsure = {key for key, one in seen.items() if one.spans and key not in self.controls}

    def lines(self) -> Iterator[str]:
        yield from self._fields()
        done: set[str] = set()
        for key, layer in self.controls.items():
            if key in done:
                continue
            alike = self._family(key, layer)
            done |= {*alike}
            yield from self._control(key, layer, alike)
        for key in sorted(self.unsure):
            yield from ("", f"# [layers.{_key(key)}]")
            yield f'# layer = ""  # one of: {", ".join(self.schema.layers)}; its labels: {_some(self.seen[key].labels)}'
        yield from self._annotators()

    def _fields(self) -> Iterator[str]:
        yield from ("", "[fields]")
        own = {*FIELDS, *self.facets}
        taken = own & self.seen.keys()
        for key in self.seen:
            if key in own or key in self.controls or key in self.unsure or key in self.schema.layers:
                continue
            field_ = next((name for name, words in SYNONYMS.items() if key.lower() in (name, *words)), "")
            near = difflib.get_close_matches(key.lower(), sorted(own), n=1, cutoff=0.75)
            if field_ and field_ not in taken:
                taken.add(field_)
                yield f"{_key(key)} = {compact(field_)}"
            elif near and near[0] not in taken:
                yield f"# {_key(key)} = {compact(near[0])}  # or leave it, and it is kept as metadata"
            else:
                free = [name for name in sorted(own) if name not in taken]
                yield f'# {_key(key)} = ""  # else kept as metadata; or one of: {", ".join(free)}'

    def _layer_of(self, key: str) -> Layer | None:
        """The layer that a column is, by its kind, its name and its labels; None where no layer is like it."""
        one = self.seen[key]
        if key in FIELDS or key in self.facets or not one.labels or (one.texts or len(one.labels) > MOST):
            return None
        scores = {}
        for name, layer in self.schema.layers.items():
            if (layer.kind == "spans") != one.spans:
                continue
            ours = [label_of(label, layer) for label in one.labels]
            same_name = key == name or bool(re.search(rf"(^|[^a-z]){re.escape(name)}($|[^a-z])", key.lower()))
            overlap = sum(label is not None for label in ours) / len(ours)
            if same_name or overlap >= 0.5:
                scores[name] = overlap + same_name
        only = [layer for layer in self.schema.layers.values() if layer.kind == "spans"]
        if one.spans and not scores and len(only) == 1:
            return only[0]
        best = max(scores, key=lambda name: scores[name], default=None)
        return self.schema.layers[best] if best is not None else None

    def _family(self, key: str, layer: Layer) -> list[str]:
        """The columns that are one control but for what the label is about: `stance_dam`, `stance_strike`."""
        first = re.match(r"(.+[_.:/-])[^_.:/-]+$", key)
        if not layer.of or not first:
            return [key]
        alike = [name for name in self.seen if name.startswith(first[1])]
        return alike if all(self.controls.get(name) is layer for name in alike) else [key]

    def _control(self, key: str, layer: Layer, alike: Sequence[str]) -> Iterator[str]:
        labels: Counter[str] = sum((self.seen[name].labels for name in alike), Counter())
        keys = set().union(*(self.seen[name].keys for name in alike))
        prefix = re.match(r"(.+[_.:/-])", key) if len(alike) > 1 or key.startswith(f"{layer.name}_") else None
        control = f"{prefix[1]}*" if prefix else key
        if control == layer.name and all(label in layer.labels for label in labels):
            return  # it is the corpus's own
        yield from ("", f"[layers.{_key(control)}]", f"layer = {compact(layer.name)}")
        for i, facet in enumerate(reversed(layer.of)):
            if prefix and i == 0:
                yield f'{facet} = "*"'
            elif facet in keys or facet in self.seen:
                continue
            else:
                yield f'# {facet} = {{column = "…"}}  # or a name that is always the same: {facet} = "…"'
        if labels:
            yield f"[layers.{_key(control)}.labels]"
        for label in labels:
            ours = label_of(label, layer)
            choices = f'one of: {", ".join(layer.labels)}; or "" to leave it out'
            yield f"{_key(label)} = {compact(ours)}" if ours else f'# {_key(label)} = "…"  # {choices}'
        unknown = sorted(name for name in keys - layer.keys if name not in ("text", "start", "end"))
        if unknown:
            yield f"[layers.{_key(control)}.fields]"
            for name in unknown:
                fitting = next((one for one in layer.fields if one.lower() == name.lower()), "")
                yield f"{_key(name)} = {compact(fitting)}" + ("" if fitting else f"  # {_choices(layer)}")

    def _annotators(self) -> Iterator[str]:
        if not self.people:
            return
        yield from ("", "[annotators]")
        yield "# Pseudonyms; an e-mail address stands as a piece of its SHA-256 digest."
        for i, name in enumerate(self.people, 1):
            yield f'{_key(name)} = "a{i}"'


def label_of(label: str, layer: Layer) -> str | None:
    """The label of a layer that somebody else's is: the same but for case and signs, an alias, or nearly the same."""
    ours = {_plain(one): one for one in layer.labels}
    plain = _plain(label)
    if plain in ours:
        return ours[plain]
    alias = ALIASES.get(plain.upper(), "")
    if alias in layer.labels:
        return alias
    near = difflib.get_close_matches(plain, ours, n=2, cutoff=0.84) if len(plain) > 3 else []
    return ours[near[0]] if len(near) == 1 else None


def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", "_", label.strip().casefold())


def _key(name: str) -> str:
    """A key as TOML has it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else compact(name).replace("\x7f", "\\u007f")


def _choices(layer: Layer) -> str:
    return f"left out; fields are: {', '.join(layer.fields) or 'none'}"


def _some(labels: Iterable[str]) -> str:
    shown = [label if label.isprintable() else "?" for label in labels]
    return ", ".join(shown[:20]) + (", …" if len(shown) > 20 else "")
