"""Gold from the readers of a document: what they agree on is taken, what they dispute is settled by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.corpus import Layer
from harness.corpus.reading import AnnotationFile, Reading
from harness.corpus.writing import annotation_file
from harness.disputes import Dispute, about_of, dispute_file, disputes, key_of
from harness.editing.placing import File
from harness.errors import AskedWrongly, quote
from harness.files import compact
from harness.records import Document

Line = dict[str, Any]


@dataclass(frozen=True)
class Settled:
    """How a dispute was decided: the gold line, None where gold has nothing there, and the rule that says so."""

    about: Mapping[str, Any]
    line: Mapping[str, Any] | None
    rule: str
    note: str = ""
    slip: bool = False


@dataclass(frozen=True)
class Adjudication:
    """One document's readers against each other, in the layers of which gold is not done yet."""

    document: Document
    layers: Sequence[Layer]  # those that are decided here
    readers: Sequence[AnnotationFile]
    gold: AnnotationFile | None
    agreed: Mapping[str, Sequence[Line]]  # layer -> lines with the same answer of all readers
    disputes: Sequence[Dispute]  # not yet settled
    log: Sequence[Line] = ()  # lines of ID.disputes.jsonl so far
    differing: int = 0  # agreed lines whose evidence or other fields differ: the first reader's stand

    def lines_for(self, dispute: Dispute) -> dict[str, list[Line]]:
        """What each reader wrote of a dispute: annotator -> lines, none where it has nothing there."""
        layer = next(layer for layer in self.layers if layer.name == dispute.about["layer"])
        return {file.by: _lines(file, layer).get(key_of(dispute.about), []) for file in self.readers}


def adjudicate(
    reading: Reading, document: Document, layers: Sequence[str] = (), readers: Sequence[str] = ()
) -> Adjudication | None:
    """What the readers of a document agree on and what they dispute; None where there is nothing to decide.

    `reading` has the files of all annotators. Decided are the layers asked for (all, where none is) that at least two
    readers have done and gold has not. Without names the readers are those of an earlier log, else all that have done
    every such layer.
    """
    files = {file.by: file for file in reading.annotations[document.id] if file.by != "gold"}
    gold = next((file for file in reading.annotations[document.id] if file.by == "gold"), None)
    log = [line for _, line in reading.disputes.get(document.id, ("", []))[1]]
    names = list(readers) or (log[0].get("readers", []) if log else []) or list(files)
    there = [files[name] for name in names if name in files]
    wanted = [
        layer
        for layer in reading.schema.layers.values()
        if (not layers or layer.name in layers)
        and sum(_done(file, layer) for file in there) > 1
        and not (gold and _done(gold, layer))
    ]
    both = [file for file in there if all(_done(file, layer) for layer in wanted)]
    if not wanted or len(both) < 2:
        return None
    so_far = _by_layer(gold) if gold else {}
    agreed, differing = {}, 0
    for layer in wanted:
        agreed[layer.name], more = _agreed(both, layer)
        differing += more
    states = {layer.name: "done" for layer in wanted}
    mine = AnnotationFile(
        "", "gold", "", states, [(0, line) for layer in wanted for line in so_far.get(layer.name, [])]
    )
    logged = {key_of(about_of(line, _layer(wanted, line))): line for line in log[1:] if line.get("layer") in states}
    still = []
    for dispute in disputes(both, mine, wanted):
        line = logged.get(key_of(dispute.about))
        if line is None or line.get("gold") != dispute.gold:  # not in the log, or killed between log and gold
            still.append(dispute)
    return Adjudication(document, wanted, both, gold, agreed, still, log[1:], differing)


def adjudicated(
    one: Adjudication, settled: Sequence[Settled], layers: Mapping[str, Layer], guideline: str
) -> list[File]:
    """The gold file and the log after some disputes are settled: (name inside the group's folder, bytes).

    A layer of which disputes are left is "open" in the gold file and not used as gold. Raises AskedWrongly for what is
    no open dispute of the document, or has no rule.
    """
    open_disputes = {key_of(dispute.about): dispute for dispute in one.disputes}
    decided = {key_of(decision.about) for decision in settled}
    log = [line for line in one.log if key_of(about_of(line, layers[line["layer"]])) not in decided]
    before = _by_layer(one.gold) if one.gold else {}
    lines = {}
    for name, some in one.agreed.items():  # what gold holds besides was settled before
        keys = decided | {key_of(about_of(line, layers[name])) for line in some}
        lines[name] = [
            *some,
            *(line for line in before.get(name, []) if key_of(about_of(line, layers[name])) not in keys),
        ]
    for decision in settled:
        dispute = open_disputes.pop(key_of(decision.about), None)
        layer = layers[str(decision.about["layer"])]
        if dispute is None:
            raise AskedWrongly(f"{one.document.id}: no open dispute is about {compact(dict(decision.about))}.")
        if not decision.rule.strip():
            raise AskedWrongly(
                f"{one.document.id}: no rule for {compact(dict(decision.about))}. Say which one decides."
            )
        line = None if decision.line is None else {"layer": layer.name, **decision.line}
        if line is not None:
            if key_of(about_of(line, layer)) != key_of(decision.about):
                raise AskedWrongly(f"{one.document.id}: {compact(line)} is not about {compact(dict(decision.about))}.")
            lines[layer.name].append(line)
        answer = None if line is None else answer_of(line, layer)
        final = Dispute(dispute.about, dispute.said, answer)
        log.append(final.line(decision.rule, slip=decision.slip, note=decision.note))
    unsettled = {str(about["layer"]) for about in (dispute.about for dispute in open_disputes.values())}
    states = {**(one.gold.layers if one.gold else {})}
    states |= {layer.name: "open" if layer.name in unsettled else "done" for layer in one.layers}
    order = {name: place for place, name in enumerate(layers)}
    every = {**before, **lines}
    held = {name: every.get(name, []) for name in states}
    gold = annotation_file(one.document, "gold", held, layers, guideline, states=states)
    files = [(f"{one.document.name}.gold.jsonl", gold)]
    if log:
        log.sort(key=lambda line: order[line["layer"]])
        names = [file.by for file in one.readers]
        files.append((f"{one.document.name}.disputes.jsonl", dispute_file(one.document, guideline, names, log)))
    return files


def answer_of(line: Mapping[str, Any], layer: Layer) -> Any:
    """What a line answers where a dispute is about it: its role in a layer of label sets, else its label."""
    return line.get("role", line["label"]) if layer.kind == "labels" else line["label"]


def line_for(dispute: Dispute, answer: Any, one: Adjudication) -> Line | None:
    """The gold line that gives a dispute this answer: as the first reader with that answer wrote it, else bare."""
    if answer is None:
        return None
    layer = next(layer for layer in one.layers if layer.name == dispute.about["layer"])
    for lines in one.lines_for(dispute).values():
        for line in lines:
            if answer_of(line, layer) == answer:
                return dict(line)
    if not isinstance(answer, str):
        raise AskedWrongly(f"{one.document.id}: {quote(answer)} is no label. Write one label, or null for none.")
    if layer.kind == "labels" and layer.fields.get("role"):
        return {**dispute.about, "role": answer}
    return {**dispute.about, "label": answer}


def _done(file: AnnotationFile, layer: Layer) -> bool:
    return file.layers.get(layer.name) == "done"


def _layer(layers: Sequence[Layer], line: Line) -> Layer:
    return next(layer for layer in layers if layer.name == line["layer"])


def _by_layer(file: AnnotationFile) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for _, line in file.lines:
        found.setdefault(line["layer"], []).append(line)
    return found


def _lines(file: AnnotationFile, layer: Layer) -> dict[tuple[str, ...], list[Line]]:
    """The lines of a layer by what they are about."""
    found: dict[tuple[str, ...], list[Line]] = {}
    for line in _by_layer(file).get(layer.name, []):
        found.setdefault(key_of(about_of(line, layer)), []).append(line)
    return found


def _agreed(readers: Sequence[AnnotationFile], layer: Layer) -> tuple[list[Line], int]:
    """The first reader's lines that answer as all others' do, and how many of them the others wrote otherwise."""
    tables = [_lines(file, layer) for file in readers]
    same, differing = [], 0
    for key, lines in tables[0].items():
        answers = [sorted(str(answer_of(line, layer)) for line in table.get(key, [])) for table in tables]
        if all(answer == answers[0] for answer in answers):
            same += lines
            differing += any(sorted(map(compact, table[key])) != sorted(map(compact, lines)) for table in tables[1:])
    return same, differing
