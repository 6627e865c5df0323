"""What two results, or runs, to be held against each other are, and where their gold is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import AskedWrongly, HarnessError, ProblemsFound

if TYPE_CHECKING:
    from harness.comparing import Drawn
    from harness.corpus import Corpus
    from harness.gating import Side
    from harness.parts import Task


def side(place: str) -> Side:
    """The side that a baseline's name stands for, or the one in a result's folder or in a run's.

    Raises AskedWrongly where there is neither, HarnessError (and never exit code 1, which says regressed) where what is
    there cannot be read.
    """
    from harness.gating import Side
    from harness.result import CONTENT, PREDICTIONS, read
    from harness.runs import results_in

    folder = Path(place)
    try:
        if accepted := _baseline(place):
            return accepted
        if (folder / CONTENT).exists() or (folder / PREDICTIONS).exists():
            kept = read(folder)
            said = state(folder.parent.parent) or state(folder.parent.parent.parent)
            key = kept.content["task"]["name"], folder.resolve().name
            source = said.get("tasks", {}).get(folder.resolve().parent.name)
            return Side(place, {key: kept}, {key[0]: source} if source else {}, alone=True)
        said = state(folder)
        results = results_in(folder) if folder.is_dir() else {}
    except ProblemsFound as error:
        raise HarnessError(str(error)) from None
    if not results and not said:
        raise AskedWrongly(f"{place} is no result and no run. Name a folder that `harness run` wrote.")
    whole = said.get("complete", True)
    missing = "" if whole else f"{len(results)} of {said['planned']} results are there. Give its run command again."
    alone = whole and len(results) == said.get("planned", len(results)) == 1
    return Side(place, results, said.get("tasks", {}), alone, missing, tuple(said.get("failures", ())))


def _baseline(name: str) -> Side | None:
    """What was accepted under this name; nothing where nothing was."""
    from harness.baselines import accepted, results_of
    from harness.gating import Side

    if len(Path(name).parts) != 1 or name not in (known := accepted()):
        return None
    return Side(name, results_of(name), known[name].tasks)


def state(folder: Path) -> dict[str, Any]:
    """What a run's run.json says; nothing where there is none."""
    from harness.files import read_json
    from harness.runs import STATE

    problems: list[Any] = []
    said = read_json(folder / STATE, str(folder / STATE), problems) if (folder / STATE).exists() else {}
    if problems:
        raise ProblemsFound(problems)
    return said or {}


def tasks(
    base: Side, candidate: Side, corpora: Sequence[str], *, slices: Sequence[str] | None = None
) -> dict[str, Task]:
    """The tasks that both sides have, as their corpora stand today; each corpus is read once.

    A corpus is one of those given, or stands where the run says, or has its name under `corpora/`. Where `slices` say
    all that is cut by, a build's own columns are enough, and no document of it is read.
    """
    from harness.benchmark import task_of
    from harness.built import task_in
    from harness.corpus import find
    from harness.gating import matched

    loaded: dict[str, Corpus] = {}
    given = {_name_of(path): path for path in corpora}
    found = {}
    for title, _, ours, theirs in matched(base, candidate):
        if not (ours and theirs) or title in found:
            continue
        content = next(iter(theirs.values())).content
        name, use = content["corpus"]["name"], content["task"]["name"]
        source = candidate.sources.get(title) or base.sources.get(title) or {}
        where, use = given.get(name) or place(name, source.get("corpus", "")), source.get("use", use)
        quick = None if slices is None else task_in(find(where), use, metrics=content["metrics"], slices=slices)
        found[title] = quick or task_of(use, loaded_once(where, loaded))
    return found


def _name_of(path: str) -> str:
    """The name of a corpus. Raises HarnessError where there is none."""
    from harness.corpus import find
    from harness.corpus.schema import read_schema

    problems: list[Any] = []
    try:
        name = read_schema(find(path), problems).name
    except ProblemsFound as error:
        raise HarnessError(str(error)) from None
    if problems:
        raise HarnessError(str(ProblemsFound(problems)))
    return name


def drawn(base: Side, candidate: Side, corpora: Sequence[str], files: tuple[Path, Path]) -> Drawn:
    """The settle set that was drawn for the one task and model of both sides, by these two predictions files.

    Raises AskedWrongly where several are gated, or none was drawn by these files.
    """
    from harness.benchmark import task_of
    from harness.comparing import Drawn
    from harness.corpus import Corpus
    from harness.editing.drawing import SETTLE, answers_in, drawn_for, draws_of, items_of
    from harness.gating import matched

    gated = [row for row in matched(base, candidate) if row[2] and row[3]]
    if len(gated) != 1:
        raise AskedWrongly(
            f"--settle is of one task and model, {len(gated)} are gated. Name the folders of two results."
        )
    title, _, _, theirs = gated[0]
    content = next(iter(theirs.values())).content
    name, source = content["corpus"]["name"], candidate.sources.get(title) or base.sources.get(title) or {}
    loaded: dict[str, Corpus] = {}
    given = {corpus.name: corpus for corpus in (loaded_once(path, loaded) for path in corpora)}
    corpus = given.get(name) or loaded_once(place(name, source.get("corpus", "")), loaded)
    use = source.get("use", content["task"]["name"])
    empty = task_of(use, Corpus(corpus.root, corpus.schema, ()))
    layer = str(empty.settings["layer"])
    try:
        said, digests = answers_in(files, items_of(corpus, layer, empty.of), empty)
        draw, groups = drawn_for(draws_of(corpus.root, corpus), use, digests)
    except ProblemsFound as error:
        raise HarnessError(str(error)) from None
    own = [document for document in corpus if document.group in {*groups} and document.split == SETTLE]
    asked = [replace(document, split="test") for document in own if layer in document.gold]
    task = task_of(use, Corpus(corpus.root, corpus.schema, tuple(asked)))  # which a task of the corpus never asks
    return Drawn(task, said, len(own) - len(asked), draw.drawn, draw.apart, draw.pool)


def place(name: str, said: str) -> str:
    """Where a corpus stands: as a run says, else under `corpora/`. Raises AskedWrongly where it is in neither."""
    for place in (said, f"corpora/{name}"):
        if place and Path(place).is_dir():
            return place
    raise AskedWrongly(f"corpus {name}, which the results are of, is not at hand. Say where it is: --corpus FOLDER.")


def loaded_once(place: str, loaded: dict[str, Corpus]) -> Corpus:
    """The corpus in a folder, read once for all who ask."""
    from harness.cli import _show

    key = str(Path(place).resolve())
    if key not in loaded:
        try:
            loaded[key] = _show.loaded(place)
        except ProblemsFound as error:
            raise HarnessError(str(error)) from None
    return loaded[key]
