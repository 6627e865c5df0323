"""Gold from the readers of a document: what they agree on is taken, what they dispute is settled by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.checking import problems_of_file
from harness.corpus import Layer, Schema
from harness.corpus.lines import check_line
from harness.corpus.reading import AnnotationFile, Reading
from harness.corpus.writing import annotation_file
from harness.disputes import Dispute, about_of, dispute_file, disputes, key_of
from harness.editing.placing import File
from harness.errors import AskedWrongly, Problem, quote
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
    log: Sequence[Line] = ()  # lines of ID.disputes.jsonl that still hold
    differing: int = 0  # agreed lines whose evidence or other fields differ: the first reader's stand
    overruled: int = 0  # agreed lines that the open gold has otherwise: gold stands
    logged: bool = False  # whether there is a log, be all its lines stale
    undecided: Sequence[str] = ()  # layers disputed by other readers than those whose disputes the log holds

    def lines_for(self, dispute: Dispute) -> dict[str, list[Line]]:
        """What each reader wrote of a dispute: annotator -> lines, none where it has nothing there."""
        layer = next(layer for layer in self.layers if layer.name == dispute.about["layer"])
        return {file.by: _lines(file, layer).get(key_of(dispute.about), []) for file in self.readers}


def adjudicate(
    reading: Reading, document: Document, layers: Sequence[str] = (), readers: Sequence[str] = ()
) -> Adjudication | None:
    """What the readers of a document agree on and what they dispute; None where there is nothing to decide.

    `reading` has the files of all annotators. Decided are the layers asked for (all, where none is) that at least two
    readers have done and gold has not. Where readers differ by layer, those of the first such layer are heard first.
    A document with a log keeps the readers whose disputes stand in it.
    """
    files = {file.by: file for file in reading.annotations[document.id] if file.by != "gold"}
    gold = next((file for file in reading.annotations[document.id] if file.by == "gold"), None)
    head, *log = [line for _, line in reading.disputes.get(document.id, ("", [(1, {})]))[1]] or [{}]
    heard = [file for name, file in files.items() if not readers or name in readers]
    wanted = {
        layer.name: [file for file in heard if _done(file, layer)]
        for layer in reading.schema.layers.values()
        if (not layers or layer.name in layers) and not (gold and _done(gold, layer))
    }
    wanted = {name: done for name, done in wanted.items() if len(done) > 1}
    if not wanted:
        return None
    both = [files[name] for name in head.get("readers", ()) if name in files] if log else next(iter(wanted.values()))
    own = [reading.schema.layers[name] for name, done in wanted.items() if all(file in done for file in both)]
    undecided = [name for name in wanted if log and name not in {layer.name for layer in own}]
    if not own or len(both) < 2:
        return Adjudication(document, (), (), gold, {}, (), tuple(log), undecided=undecided) if undecided else None
    so_far = _by_layer(gold) if gold else {}
    agreed, differing, overruled = {}, 0, 0
    for layer in own:
        agreed[layer.name], more, less = _agreed(both, so_far.get(layer.name, []), layer)
        differing, overruled = differing + more, overruled + less
    states = {layer.name: "done" for layer in own}
    mine = AnnotationFile("", "gold", "", states, [(0, line) for layer in own for line in so_far.get(layer.name, [])])
    real = {key_of(dispute.about): dispute for dispute in disputes(both, mine, own)}
    others = [layer for name, layer in reading.schema.layers.items() if gold and name not in states]
    earlier = {key_of(dispute.about) for dispute in disputes(both, gold, others)} if gold else set()
    held, settled = [], set()
    for line in log:
        key = key_of(about_of(line, reading.schema.layers[line["layer"]]))
        if line["layer"] not in states and key not in earlier:
            continue  # no dispute any more
        if line["layer"] in states:
            if key not in real or line.get("gold") != real[key].gold or line.get("said") != dict(real[key].said):
                continue  # the readers corrected themselves, or a kill came between log and gold
            settled.add(key)
        held.append(line)
    still = [dispute for key, dispute in real.items() if key not in settled]
    return Adjudication(document, own, both, gold, agreed, still, held, differing, overruled, bool(head), undecided)


def adjudicated(one: Adjudication, settled: Sequence[Settled], schema: Schema) -> tuple[list[File], list[Problem]]:
    """The gold file and the log after some disputes are settled, as (name inside the group's folder, bytes), and what
    `harness check` would find in that gold.

    A layer of which disputes are left is "open" in the gold file and not used as gold. Raises AskedWrongly for what is
    no open dispute of the document, or has no rule.
    """
    layers = schema.layers
    open_disputes = {key_of(dispute.about): dispute for dispute in one.disputes}
    before = _by_layer(one.gold) if one.gold else {}
    log, lines = list(one.log), {}
    decided = {key_of(decision.about) for decision in settled}
    for name, some in one.agreed.items():  # what gold holds besides was settled before
        keys = decided | {key_of(about_of(line, layers[name])) for line in some}
        lines[name] = [
            *some,
            *(line for line in before.get(name, []) if key_of(about_of(line, layers[name])) not in keys),
        ]
    for decision in settled:
        dispute = open_disputes.pop(key_of(decision.about), None)
        if dispute is None:
            raise AskedWrongly(f"{one.document.id}: no open dispute is about {compact(dict(decision.about))}.")
        line, answer = _decided(one, decision, layers[str(decision.about["layer"])])
        if line is not None:
            lines[line["layer"]].append(line)
        final = Dispute(dispute.about, dispute.said, answer)
        log.append(final.line(decision.rule, slip=decision.slip, note=decision.note))
    unsettled = {str(dispute.about["layer"]) for dispute in open_disputes.values()}
    states = {**(one.gold.layers if one.gold else {})}
    states |= {layer.name: "open" if layer.name in unsettled else "done" for layer in one.layers}
    every = {**before, **lines}
    held = {name: every.get(name, []) for name in states}
    gold = annotation_file(one.document, "gold", held, layers, schema.guideline, states=states)
    files = [(f"{one.document.name}.gold.jsonl", gold)]
    if log or one.logged:
        log.sort(key=lambda line: list(layers).index(line["layer"]))
        names = [file.by for file in one.readers]
        files.append((f"{one.document.name}.disputes.jsonl", dispute_file(one.document, schema.guideline, names, log)))
    rows = list(enumerate((line for some in held.values() for line in some), 2))
    made = AnnotationFile(f"{one.document.id}.gold.jsonl", "gold", schema.guideline, states, rows)
    problems = [Problem(made.place, 0, found, remedy) for found, remedy in _flaws(rows, one.document, schema)]
    return files, [*problems, *(problems_of_file(made, one.document, schema) if not problems else ())]


def _decided(one: Adjudication, decision: Settled, layer: Layer) -> tuple[Line | None, Any]:
    """The gold line of a decision, and what it answers."""
    if not decision.rule.strip():
        raise AskedWrongly(f"{one.document.id}: no rule for {compact(dict(decision.about))}. Say which one decides.")
    if decision.line is None:
        return None, None
    line = {"layer": layer.name, **decision.line}
    if key_of(about_of(line, layer)) != key_of(decision.about):
        raise AskedWrongly(f"{one.document.id}: {compact(line)} is not about {compact(dict(decision.about))}.")
    return line, answer_of(line, layer)


def _flaws(rows: Sequence[tuple[int, Line]], document: Document, schema: Schema) -> list[tuple[str, str]]:
    """What is wrong with lines by themselves."""
    found: list[tuple[str, str]] = []
    for _, line in rows:
        layer = schema.layers[line["layer"]]
        check_line(line, layer, document.text, document.names, lambda told, remedy: found.append((told, remedy)))
    return found


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


def _agreed(readers: Sequence[AnnotationFile], gold: Sequence[Line], layer: Layer) -> tuple[list[Line], int, int]:
    """The lines on which all readers answer alike; of how many they differ otherwise, and of how many gold does.

    Gold's own line stands where it has one, then the first reader's.
    """
    tables = [_lines(file, layer) for file in readers]
    before: dict[tuple[str, ...], list[Line]] = {}
    for line in gold:
        before.setdefault(key_of(about_of(line, layer)), []).append(line)
    same, differing, overruled = [], 0, 0
    for key, lines in tables[0].items():
        answers = [sorted(str(answer_of(line, layer)) for line in table.get(key, [])) for table in tables]
        if any(answer != answers[0] for answer in answers):
            continue
        if key in before:
            same += before[key]
            overruled += sorted(str(answer_of(line, layer)) for line in before[key]) != answers[0]
            continue
        same += lines
        differing += any(sorted(map(compact, table[key])) != sorted(map(compact, lines)) for table in tables[1:])
    return same, differing, overruled
