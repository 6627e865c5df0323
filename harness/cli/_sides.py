"""What two results, or runs, to be held against each other are, and where their gold is read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import AskedWrongly, HarnessError, ProblemsFound

if TYPE_CHECKING:
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
            said = _state(folder.parent.parent) or _state(folder.parent.parent.parent)
            key = kept.content["task"]["name"], folder.resolve().name
            source = said.get("tasks", {}).get(folder.resolve().parent.name)
            return Side(place, {key: kept}, {key[0]: source} if source else {}, alone=True)
        said = _state(folder)
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


def _state(folder: Path) -> dict[str, Any]:
    """What a run's run.json says; nothing where there is none."""
    from harness.files import read_json
    from harness.runs import STATE

    problems: list[Any] = []
    said = read_json(folder / STATE, str(folder / STATE), problems) if (folder / STATE).exists() else {}
    if problems:
        raise ProblemsFound(problems)
    return said or {}


def tasks(base: Side, candidate: Side, corpora: Sequence[str]) -> dict[str, Task]:
    """The tasks that both sides have, as their corpora stand today; each corpus is read once.

    A corpus is one of those given, or stands where the run says, or has its name under `corpora/`.
    """
    from harness.benchmark import task_of
    from harness.gating import matched

    loaded: dict[str, Corpus] = {}
    given = {corpus.name: corpus for corpus in (_loaded(path, loaded) for path in corpora)}
    found = {}
    for title, _, ours, theirs in matched(base, candidate):
        if not (ours and theirs) or title in found:
            continue
        content = next(iter(theirs.values())).content
        name, use = content["corpus"]["name"], content["task"]["name"]
        source = candidate.sources.get(title) or base.sources.get(title) or {}
        corpus = given.get(name) or _loaded(_place(name, source.get("corpus", "")), loaded)
        found[title] = task_of(source.get("use", use), corpus)
    return found


def _place(name: str, said: str) -> str:
    for place in (said, f"corpora/{name}"):
        if place and Path(place).is_dir():
            return place
    raise AskedWrongly(f"corpus {name}, which the results are of, is not at hand. Say where it is: --corpus FOLDER.")


def _loaded(place: str, loaded: dict[str, Corpus]) -> Corpus:
    from harness.cli import _show

    key = str(Path(place).resolve())
    if key not in loaded:
        try:
            loaded[key] = _show.loaded(place)
        except ProblemsFound as error:
            raise HarnessError(str(error)) from None
    return loaded[key]
