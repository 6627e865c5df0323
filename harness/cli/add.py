"""Documents into a corpus by hand: files, a folder, standard input; what the eye cannot see is named first."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections import Counter

    from harness.editing.adding import Adding

SHOWN = 20  # lines of one kind; --json lists them all
LOTS = {"kept": "kept", "mended": "--fix repairs it", "refused": "no corpus holds it; --fix repairs it"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--to", "corpus", required=True, metavar="CORPUS", help="By path or by its name under corpora/.")
@click.option("--group", metavar="G", help="The documents about one event; without it each file is a group of its own.")
@click.option("--split", metavar="S", help="Of a group that is new: train, dev, test, or pool for not annotated yet.")
@click.option("--id", "name", metavar="ID", help="What one document is called, instead of by its file's name.")
@click.option("--lang", metavar="CODE", help="Language of the texts, where the corpus has several.")
@click.option("--source", metavar="TEXT", help="Where the texts are from.")
@click.option("--licence", metavar="TEXT", help="Under what they may be used.")
@click.option("--date", metavar="DATE", help="When they were published: 2024, 2024-05 or 2024-05-17.")
@click.option("--fix", is_flag=True, help="Repair what has one right repair, before the text is stored.")
@click.option("--encoding", default="", metavar="NAME", help="What the files are in, if not UTF-8: cp1252, utf-16, …")
@click.option("--apart", is_flag=True, help="A group of its own for each file, even where it resembles another.")
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(
    files: tuple[Path, ...],
    corpus: str,
    group: str | None,
    split: str | None,
    name: str | None,
    lang: str | None,
    date: str | None,
    fix: bool,
    encoding: str,
    apart: bool,
    dry_run: bool,
    as_json: bool,
    **texts: str | None,
) -> int:
    """Add texts to a corpus as they were received, all of them or none.

    \b
    harness add talks.txt --to kabar --group venezuela --lang id --source "Antara"
    harness add news/ --to mine --split pool                  each file a group of its own
    harness add a.docx b.html --to mine --group flood --split train
    pbpaste | harness add - --id talks-2 --to mine --group talks --fix
    harness add old.txt --to mine --group talks --encoding cp1252 --dry-run

    What cannot be seen is named, how often and where first: Windows line ends, byte order marks, odd spaces, soft
    hyphens, zero-width and directional characters, remains of CP1252, what is not NFC. --fix repairs line ends,
    marks, remains, soft hyphens, zero-width characters that no script needs, single blanks at line ends and NFC,
    and nothing else. A corpus holds no carriage return, byte order mark or NUL: such a text wants --fix. Once a
    document is there, its text is never changed.

    A folder gives its .txt and .md files. Of a Word file (pip install "text-harness[docx]") or a web page the text
    is taken, menus and footers with it, and the original's SHA-256 kept. A group that is new needs --split, or asks
    on a terminal. Without --group, a text that resembles one of the corpus is not added: its group is proposed.
    """
    from harness.cli import _show
    from harness.corpus import find
    from harness.editing.adding import Asked, apply_adding, plan_adding
    from harness.editing.receiving import MOST_BYTES, known_encoding, sources_of
    from harness.errors import AskedWrongly, Problem

    if sum(str(file) == "-" for file in files) > 1:
        raise AskedWrongly("- is standard input, which is read once.")
    problems: list[Problem] = []
    said = {key: value for key, value in (*texts.items(), ("date", _date(date))) if value}
    given = sys.stdin.buffer.read(MOST_BYTES + 1) if Path("-") in files else None
    sources, passed = sources_of(files, given, problems)
    asked = Asked(group or "", name or "", split or "", lang or "", said,
                  known_encoding(encoding) if encoding else "", fix, apart)  # fmt: skip
    plan = plan_adding(find(corpus), sources, asked, problems, _show.counter("texts read"))
    notes = [*_notes(plan), *_passed_over(passed)]
    if not as_json:
        _tell(plan, notes)
    stop = _stop(plan, corpus)
    if not (plan.problems or stop or split or dry_run) and plan.new_groups:
        split, stop = _ask_split(plan, piped=given is not None or as_json)
    code = 1 if plan.problems else 2 if stop else 0
    if not code and not dry_run:
        with _show.progress(len(plan.documents)) as tell:
            apply_adding(plan, split or "", lambda done: tell("writing"))
    written = not code and not dry_run and bool(plan.documents)
    if as_json:
        click.echo(_json(plan, notes, stop, code, written))
    elif code:
        click.secho("\n".join([*_shown(map(str, plan.problems)), *stop]), fg="red", err=True)
        click.secho("Nothing is written.", fg="red", err=True)
    else:
        _tell_end(plan, corpus, written)
    return code


def _date(date: str | None) -> str | None:
    """A date that is one, whole or in part."""
    from datetime import date as day

    from harness.errors import AskedWrongly, quote

    if date:
        try:
            day.fromisoformat(date + "0001-01-01"[len(date) :] if len(date) in (4, 7, 10) else "")
        except ValueError:
            raise AskedWrongly(f"--date {quote(date)}: write 2024, 2024-05 or 2024-05-17.") from None
    return date


def _ask_split(plan: Adding, *, piped: bool) -> tuple[str, list[str]]:
    """The split of the groups that are new, or where nobody can be asked, what to say."""
    from harness.editing.adding import SPLITS

    new = plan.new_groups
    which = f"group {new[0]} is new" if len(new) == 1 else f"{len(new):,} groups are new"
    if piped or not sys.stdin.isatty():
        return "", [f"{which}. Say the split: --split {' or '.join(SPLITS)} (pool: not annotated yet)."]
    return str(click.prompt(f"{which}; its split", type=click.Choice(SPLITS), default="pool", err=True)), []


def _passed_over(passed: Counter[str]) -> list[str]:
    said = ", ".join(f"{count:,} {what}" for what, count in passed.most_common(5))
    return (
        [f"passed over {passed.total():,} that are no .txt or .md: {said}{', …' * (len(passed) > 5)}"] if passed else []
    )


def _notes(plan: Adding) -> list[str]:
    """What to beware of, beside what cannot be seen."""
    notes = []
    if not plan.language and plan.schema.languages and plan.documents:
        notes.append(f"no language is noted: --lang {' or '.join(plan.schema.languages)}")
    alike = plan.proposals()
    for document in plan.documents:
        if document.left_out:
            notes.append(f"{document.source.place}: left out of the text: {', '.join(document.left_out)}")
        for one in plan.resembles.get(document.id, ()) if not alike else ():
            what = (
                "is a copy, or nearly one, of" if one.copy else f"resembles, by {one.share:.0%} of its words in threes,"
            )
            other = one.document.partition("/")[0]
            where = "" if other == document.group else f", which is in another group than {document.group}"
            notes.append(f"{document.source.place} {what} {one.document}{where}")
    return notes


def _stop(plan: Adding, corpus: str) -> list[str]:
    """What must be decided first, with the commands that decide it; the documents without a question come after."""
    if plan.problems:
        return []
    lines = []
    proposals = plan.proposals()
    for group, documents in proposals.items():
        for document in documents:
            for one in plan.resembles.get(document.id, ())[:1]:
                what = (
                    "is a copy, or nearly one, of"
                    if one.copy
                    else f"shares {one.share:.0%} of its words in threes with"
                )
                lines.append(f"{document.source.place} {what} {one.document}: group {group}?")
    lines = list(_shown(lines))
    commands = []
    for group, documents in proposals.items():
        places = [shlex.quote(str(document.source.path or "-")) for document in documents]
        options = ["--to", corpus, "--group", group, *_options(plan, group)]
        commands.append(f"  harness add {' '.join(places)} {shlex.join(options)}")
    if commands:
        rest = len(plan.documents) - sum(map(len, proposals.values()))
        more = f"; then the {rest:,} others by the same command" if rest else ""
        lines += [f"Documents about one event are one group. Add to it{more}; or --apart:", *_shown(commands)]
    return lines


def _options(plan: Adding, group: str) -> Iterator[str]:
    """What was asked besides, to be asked again."""
    asked = plan.asked
    said = {"id": asked.name, "lang": asked.language, **asked.meta, "encoding": asked.encoding}
    if group in plan.new_groups:
        said["split"] = asked.split
    for option, value in said.items():
        if value:
            yield from (f"--{option}", value)
    if asked.fix:
        yield "--fix"


def _tell(plan: Adding, notes: list[str]) -> None:
    groups = {document.group for document in plan.documents}
    for line in _shown(
        f"{d.source.place} -> {d.id}{'' if d.group in plan.splits else ' (new group)'}, {d.characters:,} characters"
        for d in plan.documents
    ):
        click.echo(line)
    if len(plan.documents) > SHOWN:
        click.echo(f"{len(plan.documents):,} new documents in {len(groups):,} group{'s' * (len(groups) != 1)}")
    for line in _shown(f"{place} is there already: {document}" for place, document in plan.known):
        click.echo(line)
    for (name, lot), (count, files, first) in _sights(plan).items():
        many = f"{count:,}" + (f" in {files:,} files" if files > 1 else "")
        done = "repaired" if plan.asked.fix and lot != "kept" else LOTS[lot]
        click.echo(f"  {name}: {many}, first at {first}; {done}")
    for note in _shown(notes):
        click.secho(f"note: {note}", err=True, fg="yellow")


def _sights(plan: Adding) -> dict[tuple[str, Any], tuple[int, int, str]]:
    """What cannot be seen, over all documents: (kind, lot) -> how many, in how many files, the first place."""
    found: dict[tuple[str, Any], tuple[int, int, str]] = {}
    for document in plan.documents:
        for sight in document.sights:
            first = f"{document.source.place}:{sight.line}:{sight.column}"
            count, files, first = found.get((sight.name, sight.lot), (0, 0, first))
            found[sight.name, sight.lot] = (count + sight.count, files + 1, first)
    return found


def _tell_end(plan: Adding, corpus: str, written: bool) -> None:
    where = shlex.quote(corpus)
    if not plan.documents:
        click.echo("Nothing is new, nothing is written.")
    elif not written:
        need = " A new group needs --split." if plan.new_groups and not plan.asked.split else ""
        click.echo(f"Nothing is written: --dry-run.{need}")
    else:
        many = f"{len(plan.documents):,} document{'s' if len(plan.documents) != 1 else ''}"
        click.secho(
            f"Added {many} to {plan.root}. Next: harness annotate {where}, then: harness check {where}", fg="green"
        )


def _shown(lines: Any) -> Iterator[str]:
    rest = 0
    for i, line in enumerate(lines):
        if i < SHOWN:
            yield line
        else:
            rest += 1
    if rest:
        yield f"… and {rest:,} more; --json lists them all"


def _json(plan: Adding, notes: list[str], stop: list[str], code: int, written: bool) -> str:
    import msgspec

    documents = [
        {
            "file": document.source.place,
            "id": document.id,
            "characters": document.characters,
            "sha256": document.sha256,
            "seen": document.sights,
            "left_out": document.left_out,
            "resembles": plan.resembles.get(document.id, ()),
        }
        for document in plan.documents
    ]
    answer = {
        "exit": code,
        "written": written,
        "documents": documents,
        "new_groups": plan.new_groups,
        "known": [{"file": place, "document": document} for place, document in plan.known],
        "problems": plan.problems,
        "proposed": {group: [one.source.place for one in some] for group, some in plan.proposals().items()},
        "stopped": stop,
        "notes": notes,
    }
    return msgspec.json.encode(answer).decode()
