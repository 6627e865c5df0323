"""Runs that are to be told, with their gold and documents read again where they are at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import AskedWrongly, HarnessError

if TYPE_CHECKING:
    from harness.corpus import Corpus
    from harness.gating import Side
    from harness.parts import Task
    from harness.reporting.account import About, Account, Entry


def account(places: Sequence[str], corpora: Sequence[str] = ()) -> Account:
    """The account of runs, single results or baselines. What cannot be read again stands in its notes."""
    from harness.cli import _sides
    from harness.reporting.account import Account, command_of

    sides = [_sides.side(place) for place in places]
    names = _short(places)
    entries = [entry for side, name in zip(sides, names, strict=True) for entry in _entries(side, name, len(sides) > 1)]
    if not entries:
        raise AskedWrongly(f"{', '.join(places)}: no result has come out yet. Run the benchmark again.")
    notes = [f"{side.name} broke off: {side.missing}" for side in sides if side.missing]
    notes += [f"{side.name}: {failure}" for side in sides for failure in side.failures]
    loaded: dict[str, Corpus] = {}
    given = {corpus.name: corpus for corpus in (_sides.loaded_once(path, loaded) for path in corpora)}
    tasks, abouts = {}, {}
    for entry in entries:
        if entry.task in tasks:
            continue
        source = next((side.sources[entry.task] for side in sides if entry.task in side.sources), {})
        try:
            task, about = _gold(entry, source, given, loaded)
            if entry.kept.content["corpus"]["digest"] != task.corpus_digest:
                notes.append(f"{entry.task}: {about.corpus} has changed since the run. {_of_today(entry, task)}")
            tasks[entry.task], abouts[entry.task] = task, about
        except HarnessError as error:
            notes.append(f"{entry.task}: without texts and gold. {error}")
    state = _state(Path(places[0]))
    return Account(
        name=str(state.get("benchmark") or Path(places[0]).name),
        places=tuple(places),
        entries=tuple(entries),
        tasks=tasks,
        abouts=abouts,
        command=command_of(str(state.get("file") or ""), places),
        notes=tuple(dict.fromkeys(notes)),
    )


def _entries(side: Side, name: str, several: bool) -> Iterator[Entry]:
    from harness.reporting.account import Entry

    for (task, model), kept in side.results.items():
        base, _, seed = model.partition("/seed-")
        own = f"{base} ({name})" if several and name != base else base
        yield Entry(task, own, kept, int(seed) if seed.isdigit() else None)


def _gold(
    entry: Entry, source: Mapping[str, str], given: dict[str, Corpus], loaded: dict[str, Corpus]
) -> tuple[Task, About]:
    """The task of a result as its corpus stands today, and what is known of the corpus."""
    from harness.benchmark import task_of
    from harness.cli import _sides
    from harness.reporting.account import About

    content = entry.kept.content
    name = content["corpus"]["name"]
    corpus = given.get(name) or _sides.loaded_once(_sides.place(name, source.get("corpus", "")), loaded)
    task = task_of(source.get("use", content["task"]["name"]), corpus)
    card = corpus.root / "README.md"
    schema = corpus.schema
    return task, About(
        corpus=f"{corpus.name}@{corpus.digest[:8]}",
        version=schema.version,
        licence=schema.licence,
        guideline=schema.guideline,
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        documents={document.id: document for document in corpus},
    )


def _of_today(entry: Entry, task: Task) -> str:
    """What is shown of a corpus that has changed. Raises AskedWrongly where it no longer holds what was answered."""
    gone = {*entry.kept.item} - {*task.items["item"]}
    if gone:
        raise AskedWrongly(f"{len(gone):,} of the items answered, as {min(gone)}, are no longer in the corpus.")
    return "The scores are those of the run; texts and gold are today's."


def _state(folder: Path) -> dict[str, object]:
    from harness.cli import _sides

    return _sides.state(folder) or _sides.state(folder.parent.parent)


def _short(places: Sequence[str]) -> list[str]:
    """What tells runs apart: the last part of their paths, numbered where that is the same."""
    names = [Path(place).name for place in places]
    return [name if names.count(name) == 1 else f"{name} {i}" for i, name in enumerate(names, 1)]
