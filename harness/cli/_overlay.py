"""One document in a terminal, with what models said of it drawn over the gold."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from harness.errors import AskedWrongly

if TYPE_CHECKING:
    from harness.corpus import Corpus
    from harness.parts import Task
    from harness.records import Document
    from harness.reporting.account import Account, Entry
    from harness.reporting.overlaying import Mark

COLOURS = {"same": "green", "missed": "yellow", "spurious": "magenta", "label": "red", "border": "cyan"}
WRONG = "✗"


class Said(NamedTuple):
    """The answers to the items of a document on one task: gold, and of each result that was asked."""

    task: Task
    rows: tuple[int, ...]  # where the items stand in the task
    gold: list[Any]
    answers: list[tuple[Entry, list[tuple[bool, Any]]]]  # of each item, whether it was asked, and the answer


def said_of(corpus: Corpus, document: Document, places: Sequence[str]) -> dict[str, Said]:
    """What was said of a document, by the title of the task. Raises AskedWrongly where nobody was asked about it."""
    from harness.cli import _accounts

    account = _accounts.account(places, [str(corpus.root)])
    found = {title: said for title in account.titles if (said := _said(account, title, corpus, document))}
    if not found:
        if not account.tasks:
            raise AskedWrongly(" ".join(account.notes) or f"{', '.join(places)}: not of {corpus.name}.")
        asked = _asked(account, corpus)
        others = f" It was of {len(asked):,}: {', '.join(asked[:3])}{', …' if asked[3:] else ''}." if asked else ""
        raise AskedWrongly(
            f"{document.id}, of split {document.split}, is not among the items of {', '.join(places)}.{others} "
            "Name one of those, a run that was scored on this document, or leave --predictions out to see the gold."
        )
    return found


def _said(account: Account, title: str, corpus: Corpus, document: Document) -> Said | None:
    task = account.tasks.get(title)
    if task is None or task.corpus != corpus.name:
        return None
    rows = tuple(i for i, name in enumerate(task.items["document"]) if name == document.id)
    names = [task.items["item"][i] for i in rows]
    answers = []
    for entry in account.of(title):
        asked = entry.kept.item
        if {*asked}.isdisjoint(names):
            continue
        if not _changed(task, entry, asked).isdisjoint(names):
            raise AskedWrongly(f"{document.id} has another text than when {entry.kept.place} was made. Run it again.")
        said = account.answers(entry)
        assert said is not None  # since the task is there
        answers.append((entry, [(name in {*asked}, said.answer(i)) for i, name in zip(rows, names, strict=True)]))
    return Said(task, rows, [task.gold.answer(i) for i in rows], answers) if answers else None


def _changed(task: Task, entry: Entry, asked: Sequence[str]) -> set[str]:
    """The items whose text is another by now: spans would be drawn in wrong places."""
    place = {item: i for i, item in enumerate(task.items["item"])}
    if not all(item in place for item in asked):
        return set()
    return {*entry.kept.other_texts(task.items.take([place[item] for item in asked]))}


def _asked(account: Account, corpus: Corpus) -> list[str]:
    """The documents of the corpus that somebody was asked about."""
    known: dict[str, str] = {}
    for task in account.tasks.values():
        if task.corpus == corpus.name:
            known |= dict(zip(task.items["item"], task.items["document"], strict=True))
    asked = dict.fromkeys(known[item] for entry in account.entries for item in entry.kept.item if item in known)
    return sorted(asked)


def lines(document: Document, found: dict[str, Said]) -> Iterator[str]:
    """Each task: a table of labels, or the text once a model with its spans over those of the gold."""
    from harness.cli import _show

    spans = [title for title, said in found.items() if said.task.gold.kind == "spans"]
    for title, said in found.items():
        if title in spans:
            continue
        yield ""
        heads = (" → ".join(said.task.of) or "document", "gold", *(_who(entry) for entry, _ in said.answers))
        with (shown := _show.console()).capture() as held:
            shown.print(_show.table(title, heads, list(_rows(document, said))))
        yield held.get().rstrip()
    for title in spans:
        yield from _spans(document, title, found[title])
    if spans:
        from harness.reporting.overlaying import STATES

        yield ""
        yield "[gold] {predicted} " + " · ".join(f"{sign or '='} {words}" for sign, words in STATES.values())
    if len(spans) < len(found):
        yield f"{WRONG} wrong, counted as such where nothing was answered"


def _who(entry: Entry) -> str:
    return entry.label if entry.role == "model" else f"{entry.label} ({entry.role})"


def _rows(document: Document, said: Said) -> Iterator[list[str]]:
    """One item a row: what it is about, the gold, and each answer with a sign where it is wrong."""
    from harness.telling import shown_answer

    for at, (row, gold) in enumerate(zip(said.rows, said.gold, strict=True)):
        about = " → ".join(str(said.task.items[facet][row]) for facet in said.task.of) or document.id
        cells = [visible(about), visible(shown_answer(gold))]
        for _, answers in said.answers:
            asked, answer = answers[at]
            right = answer is not None and (answer == gold if isinstance(gold, str) else set(answer) == set(gold))
            cells.append(f"{visible(shown_answer(answer))}{'' if right else f' {WRONG}'}" if asked else "not asked")
        yield cells


def _spans(document: Document, title: str, said: Said) -> Iterator[str]:
    from harness.reporting.overlaying import STATES, marks

    for entry, answers in said.answers:
        answer = answers[0][1]
        drawn = marks(said.gold[0] or [], answer or [])
        counts = [(words, sum(mark.state == state for mark in drawn)) for state, (_, words) in STATES.items()]
        told = ", ".join(f"{n} {words}" for words, n in counts if n) or "no spans"
        yield ""
        yield click.style(f"{title} · {_who(entry)}: {told}{'' if answer is not None else ' (no answer)'}", bold=True)
        yield overlaid(document.text, drawn, colour=sys.stdout.isatty()).rstrip()


def overlaid(text: str, drawn: Sequence[Mark], *, colour: bool = False) -> str:
    """The text with `[gold]` and `{predicted}` borders, `[both]` where they are one, and `(− PER)` where a mark ends.

    Signs say what a colour says, so that nothing is lost without one.
    """
    cuts: list[tuple[int, int, int, str, str]] = []  # place, opening?, order, sign, state
    for mark in drawn:
        sides = [(span, signs) for span, signs in ((mark.gold, ("[", "]")), (mark.said, ("{", "}"))) if span]
        if mark.state in ("same", "label"):
            sides = sides[:1]
        for (start, end, _), (opens, closes) in sides:
            cuts.append((start, 1, start - end, opens, mark.state))
            cuts.append((end, 0, end - start, closes, mark.state))
        sign = mark.sign if mark.state != "same" else f"= {mark.sign}"
        cuts.append((mark.end, 0, mark.end - min(span[0] for span, _ in sides), f"({visible(sign)})", mark.state))
    parts, last = [], 0
    for at, _, _, sign, state in sorted(cuts, key=lambda cut: cut[:3]):
        parts += [visible(text[last:at]), click.style(sign, fg=COLOURS[state], bold=True) if colour else sign]
        last = at
    return "".join([*parts, visible(text[last:])])


def visible(text: str) -> str:
    """Text without characters that would command the terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() or c.isspace() else f"\\x{ord(c):02x}" for c in text)


def plain(found: dict[str, Said]) -> dict[str, Any]:
    """The same as data: the items of each task with gold, answers (null where none was given) and, of spans, marks."""
    from harness.reporting.overlaying import marks

    tasks: dict[str, Any] = {}
    for title, said in found.items():
        tasks[title] = []
        for at, (row, gold) in enumerate(zip(said.rows, said.gold, strict=True)):
            own = {entry.label: answers[at][1] for entry, answers in said.answers if answers[at][0]}
            item = {"item": said.task.items["item"][row], "gold": gold, "predicted": own}
            if said.task.gold.kind == "spans":
                item["marks"] = {label: [*map(_mark, marks(gold or [], answer or []))] for label, answer in own.items()}
            tasks[title].append(item)
    return tasks


def _mark(mark: Mark) -> dict[str, Any]:
    return {"state": mark.state, "gold": mark.gold, "predicted": mark.said}
