"""Gold from several readers: agreement is accepted, disputes are queued and settled by a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _complete

if TYPE_CHECKING:
    from harness.corpus.reading import Reading
    from harness.corpus.schema import Schema
    from harness.disputes import Dispute
    from harness.editing.adjudicating import Adjudication, Settled
    from harness.errors import Problem

OPEN = "?"  # what stands for the answer of a dispute that nobody has settled
STALE = ("no line for the dispute", "no dispute of the readers", "gold is", "said is", "disputes without gold")
AROUND = 60  # characters of the text on each side of what a dispute is about


@click.command()
@click.argument("corpus", shell_complete=_complete.corpora)
@click.option("--layer", "layers", multiple=True, metavar="LAYER", help="This layer alone; may be repeated.")
@click.option("--reader", "readers", multiple=True, metavar="NAME", help="These readers alone; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the disputes as JSON lines.")
@click.option("--settle", type=click.Path(path_type=Path), metavar="FILE",
              help="Those lines with gold and rule filled in.")  # fmt: skip
@click.option("--ask", is_flag=True, help="Settle them here, one after another.")
@click.option("--apply", "write", is_flag=True, help="Write gold and logs, instead of only saying what would be.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    corpus: str,
    layers: tuple[str, ...],
    readers: tuple[str, ...],
    out: Path | None,
    settle: Path | None,
    ask: bool,
    write: bool,
    as_json: bool,
) -> int:
    """Make gold of what two or more readers wrote. Their files are never touched.

    \b
    harness corpus adjudicate mine                              what they agree on, and what not
    harness corpus adjudicate mine --out disputes.jsonl         a line a dispute: fill in "gold" and "rule"
    harness corpus adjudicate mine --settle disputes.jsonl --apply

    What all readers answer alike becomes gold. For a dispute write the label (or role) that is right, or null where
    gold has nothing, and the rule of the guidelines that decides; "?" leaves it open. A layer with open disputes is
    "open" in the gold file, and no gold yet. Rules are kept in ID.disputes.jsonl. `harness annotate` has the same
    queue in its tab Compare. Exit code 1 while disputes are open.
    """
    from harness.corpus import find
    from harness.editing.adjudicating import adjudicate, adjudicated
    from harness.errors import UnknownName

    root = find(corpus)
    reading = _read(root)
    schema = reading.schema
    for layer in layers:
        if layer not in schema.layers:
            raise UnknownName("layer", layer, schema.layers)
    known = {file.by for files in reading.annotations.values() for file in files} - {"gold"}
    for reader in readers:
        if reader not in known:
            raise UnknownName("reader", reader, known)
    found = (adjudicate(reading, document, layers, readers) for document in reading.documents)
    every = {one.document.id: one for one in found if one}
    settled = _read_settled(settle, every, schema) if settle else {}
    if ask:
        for one in every.values():
            try:
                for decision in _ask(one, settled.get(one.document.id, ())):
                    settled.setdefault(one.document.id, []).append(decision)
            except (click.Abort, KeyboardInterrupt):
                if write and settled:
                    _write(root, {name: every[name] for name in settled}, settled, layers, readers)
                    click.echo("\nWhat was answered is written.", err=True)
                raise
    decided = sum(map(len, settled.values()))
    if write:
        _write(root, every, settled, layers, readers)
    else:
        _refuse(adjudicated(one, settled.get(name, ()), schema)[1] for name, one in every.items())
    if out:
        _write_queue(out, every, settled)
    left = sum(len(one.disputes) for one in every.values()) - decided
    agreed: dict[str, int] = {}
    open_in: dict[str, int] = {}
    for one in every.values():
        for name, lines in one.agreed.items():
            agreed[name] = agreed.get(name, 0) + len(lines)
        for dispute in one.disputes:
            open_in[dispute.about["layer"]] = open_in.get(dispute.about["layer"], 0) + 1
    code = 1 if left else 0
    if as_json:
        import msgspec

        answer = {"exit": code, "documents": len(every), "agreed": agreed, "disputes": open_in, "settled": decided}
        click.echo(msgspec.json.encode({**answer, "open": left, "written": write}).decode())
        return code
    click.echo(f"{len(every)} documents with readers and without gold")
    for name in agreed:
        click.echo(f"  {name}: {agreed[name]} annotations agreed, {open_in.get(name, 0)} disputed")
    differing = sum(one.differing for one in every.values())
    if differing:
        click.echo(f"  {differing} agreed annotations differ in evidence or fields: the first reader's stand")
    if every:
        click.echo(f"{decided} disputes settled, {left} open")
    overruled = sum(one.overruled for one in every.values())
    if overruled:
        click.echo(f"  {overruled} agreed annotations stand otherwise in the open gold: gold's stand")
    for name, one in every.items():
        if one.undecided:
            click.echo(f"  {name}: {', '.join(one.undecided)} was read by others than those of its log: decide by hand")
    if out:
        click.echo(f"The open ones stand in {out}: fill in gold and rule, then --settle {out} --apply.")
    if not every:
        click.echo("Nothing to do: gold is done wherever two readers are.")
    elif write:
        click.secho(f"Gold is written in {root}.", fg="green")
    else:
        click.echo("Nothing is written. Add --apply to write.")
    return code


def _read(root: Path) -> Reading:
    """The corpus with the files of all annotators. Raises ProblemsFound for whatever could be lost in it."""
    from harness.checking import problems_of
    from harness.corpus.reading import read_folder
    from harness.errors import ProblemsFound

    reading = read_folder(root, everyone=True)
    logs = [] if reading.problems else [p for p in problems_of(reading) if p.file.endswith(".disputes.jsonl")]
    broken = [p for p in logs if not p.found.startswith(STALE)]
    if reading.problems or broken:
        raise ProblemsFound([*reading.problems, *broken])
    return reading


def _refuse(found: Iterable[list[Problem]]) -> None:
    from harness.errors import ProblemsFound

    if problems := [problem for some in found for problem in some]:
        raise ProblemsFound(problems)


def _write(
    root: Path,
    every: Mapping[str, Adjudication],
    settled: Mapping[str, list[Settled]],
    layers: Sequence[str],
    readers: Sequence[str],
) -> None:
    """Write gold and logs of these documents as they stand now, which may be otherwise than when they were read."""
    from harness.editing.adjudicating import adjudicate, adjudicated
    from harness.files import locked, write_atomically

    with locked(root / "documents"):
        reading = _read(root)
        files = []
        problems = []
        for document in reading.documents:
            one = adjudicate(reading, document, layers, readers) if document.id in every else None
            if one:
                some, wrong = adjudicated(one, settled.get(document.id, ()), reading.schema)
                files.append((document.group, some))
                problems.append(wrong)
        _refuse(problems)
        for group, some in files:
            for name, data in reversed(some):  # the log before the gold: what a kill leaves is asked again
                write_atomically(root / "documents" / group / name, data)


def _context(one: Adjudication, dispute: Dispute) -> str:
    """The text around a span, or the readers' evidence, with the place itself in ⟦ ⟧."""
    from harness.reporting.summary import visible

    text, about = one.document.text, dispute.about
    places = [(about["start"], about["end"])] if "start" in about else []
    for lines in one.lines_for(dispute).values():
        places += [tuple(pair) for line in lines for pair in line.get("evidence", [])]
    if not places:
        return visible(text[: 2 * AROUND])
    start, end = places[0]
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return visible(" ".join(f"{before}⟦{text[start:end]}⟧{after}".split()))


def _write_queue(out: Path, every: dict[str, Adjudication], settled: dict[str, list[Settled]]) -> None:
    from harness.disputes import key_of
    from harness.files import write_json_lines

    def lines() -> Iterator[dict[str, Any]]:
        for name, one in every.items():
            done = {key_of(decision.about) for decision in settled.get(name, ())}
            for dispute in one.disputes:
                if key_of(dispute.about) not in done:
                    row = {"doc": name, **dispute.about, "said": dict(dispute.said)}
                    yield {**row, "context": _context(one, dispute), "gold": OPEN, "rule": "", "note": ""}

    write_json_lines(out, lines())


def _read_settled(path: Path, every: dict[str, Adjudication], schema: Schema) -> dict[str, list[Settled]]:
    """The decisions of a queue file, by document; every line that cannot be taken is told."""
    from harness.disputes import about_of, key_of
    from harness.editing.adjudicating import Settled, line_for
    from harness.errors import AskedWrongly, Problem, ProblemsFound, quote
    from harness.files import read_json_lines

    problems: list[Problem] = []
    settled: dict[str, list[Settled]] = {}
    for number, row in read_json_lines(path, str(path), problems):
        if row.get("gold", OPEN) == OPEN:
            continue
        one, layer = every.get(str(row.get("doc"))), schema.layers.get(str(row.get("layer")))
        about = about_of(row, layer) if layer else {}
        dispute = next((d for d in one.disputes if key_of(d.about) == key_of(about)), None) if one else None
        if one is None or layer is None or dispute is None:
            found = "no open dispute is about this"
            problems.append(Problem(str(path), number, found, "Write the queue anew with --out, and settle that."))
            continue
        rule, note = row.get("rule"), row.get("note", "")
        if not isinstance(rule, str) or not rule.strip() or not isinstance(note, str):
            problems.append(Problem(str(path), number, "no rule", 'Write "rule": "5.6", or "none" with a "note".'))
            continue
        valid = layer.fields.get("role") if layer.kind == "labels" else None
        valid = valid if isinstance(valid, tuple) else layer.labels
        if row["gold"] is not None and row["gold"] not in valid:
            there = ", ".join(valid)
            problems.append(Problem(str(path), number, f"gold {quote(row['gold'])}", f"Write one of {there}, or null."))
            continue
        try:
            line = line_for(dispute, row["gold"], one)
        except AskedWrongly as error:
            problems.append(Problem(str(path), number, str(error), "Write it anew."))
            continue
        slip = row.get("slip") is True
        settled.setdefault(one.document.id, []).append(Settled(dispute.about, line, rule, note, slip))
    if problems:
        raise ProblemsFound(problems)
    return settled


def _ask(one: Adjudication, settled: Any) -> Iterator[Settled]:
    """Each dispute of a document on the terminal; an empty answer leaves it open."""
    from harness.disputes import key_of
    from harness.editing.adjudicating import Settled, line_for

    done = {key_of(decision.about) for decision in settled}
    for dispute in one.disputes:
        if key_of(dispute.about) in done:
            continue
        about = " ".join(str(value) for key, value in dispute.about.items() if key not in ("start", "end"))
        click.echo(f"\n{one.document.id}: {about}\n  {_context(one, dispute)}")
        for number, (reader, answer) in enumerate(dispute.said.items(), 1):
            click.echo(f"  {number}  {reader}: {'nothing' if answer is None else answer}")
        choice = click.prompt(f"Which is right? 1 to {len(dispute.said)}, empty: later", default="", show_default=False)
        if not choice.isdigit() or not 1 <= int(choice) <= len(dispute.said):
            continue
        answer = list(dispute.said.values())[int(choice) - 1]
        rule = ""
        while not rule.strip():
            rule = click.prompt("By which rule?")
        note = click.prompt("Note", default="none") if rule == "none" else ""
        yield Settled(dispute.about, line_for(dispute, answer, one), rule, note)
