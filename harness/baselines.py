"""Accepted results, kept beside the code, so that a candidate is held against them and the base is not run again.

`baselines.lock` says what was accepted, why and at which commit; `baselines/NAME/TASK/MODEL/` holds it. A baseline that
follows the main branch and one that stays where it is (an anchor, since slow creep passes every rolling check) are two
names, nothing more.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.comparing import Comparison, compare, pair
from harness.errors import AskedWrongly, HarnessError, NotComparable, Problem, ProblemsFound, UnknownName, quote
from harness.files import (
    digest,
    digest_bytes,
    locked,
    opened,
    read_json,
    read_json_lines,
    read_toml,
    to_toml,
    write_atomically,
    write_json_lines,
)  # fmt: skip
from harness.parts import Task
from harness.registry import make, parse
from harness.result import CONTENT, PACKED, PROVENANCE, Kept
from harness.result import read as read_result
from harness.runs import STATE, results_in

LOCK, FOLDER, LOOKS = "baselines.lock", "baselines", "looks.jsonl"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
HEAD = "# What was accepted, and why. Written by `harness baseline accept`; results are named by their digests.\n\n"
Key = tuple[str, str]  # task, model


@dataclass(frozen=True)
class Accepted:
    """What the lock says of one baseline."""

    reason: str
    commit: str  # that it was accepted at; empty outside a repository
    looks: int  # candidates that will be held against it, as declared beforehand
    benchmark: str  # its file, or its name where it has none
    tasks: Mapping[str, Mapping[str, str]]  # task -> corpus (its path), digest (the corpus's), use
    results: Mapping[str, Mapping[str, str]]  # TASK/MODEL -> digests of content and of predictions as they were written


@dataclass(frozen=True)
class Look:
    """Which of the declared looks at a baseline a candidate is."""

    number: int
    declared: int
    recorded: bool

    def __str__(self) -> str:
        said = f"look {self.number} of {self.declared}"
        if self.number > self.declared:
            return f"{said} that were declared: false alarms are more frequent than alpha says. Accept the base anew"
        return said if self.recorded else f"{said}, not recorded: --look does"


@dataclass(frozen=True)
class Change:
    """What accepting a run would do to one result of a baseline."""

    task: str
    model: str
    what: Literal["added", "gone", "same", "changed", "not comparable"]
    base: Kept | None
    candidate: Kept | None
    comparison: Comparison | None = None
    error: HarnessError | None = None


def accepted(root: Path = Path()) -> dict[str, Accepted]:
    """What `baselines.lock` in a folder says, by name; nothing where there is none. Raises ProblemsFound."""
    if any((root / FOLDER).glob(".*.old")):
        with locked(root / FOLDER):
            _settle(root)
    return _read_lock(root)


def results_of(name: str, root: Path = Path()) -> dict[Key, Kept]:
    """The results of a baseline by task and model, each as it was accepted.

    Raises UnknownName where there is none of the name, ProblemsFound where its files are not what was accepted.
    """
    known = accepted(root)
    if name not in known:
        raise UnknownName("baseline", name, known)
    if problems := list(problems_of(known[name], root / FOLDER / name)):
        raise ProblemsFound(problems)
    return {(key.partition("/")[0], key.partition("/")[2]): read_result(root / FOLDER / name / key)
            for key in known[name].results}  # fmt: skip


def problems_of(one: Accepted, folder: Path) -> Iterator[Problem]:
    """Every file of a baseline that is not what was accepted."""
    remedy = f"Restore it (git checkout {FOLDER} {LOCK}), or accept a run anew."
    for key, said in one.results.items():
        for name, what in ((CONTENT, "content"), (PACKED, "predictions")):
            path = folder / key / name
            try:
                with opened(path) as file:
                    came = digest_bytes(file.read())
            except (OSError, EOFError, zlib.error):
                yield Problem(str(path), 0, "not there, or broken", remedy)
                continue
            if came != said.get(what):
                yield Problem(str(path), 0, "not what was accepted", remedy)
        if not (folder / key / PROVENANCE).is_file():
            yield Problem(str(folder / key / PROVENANCE), 0, "not there", remedy)


def accept(
    run: Path, name: str, *, reason: str, tasks: Mapping[str, Task], looks: int = 1, replace: bool = False,
    root: Path = Path(),
) -> tuple[Accepted, str]:  # fmt: skip
    """Keep the results of a run as a baseline, and give its entry and a note; all of it, or nothing.

    `tasks` has each task as it stands today. Raises AskedWrongly for a name that is taken, a tree with changes that are
    not committed, or no reason; HarnessError for a run that did not come to its end; NotComparable for another corpus.
    """
    if not NAME.fullmatch(name):
        raise AskedWrongly(f"baseline {quote(name)}: use letters, digits, - and _, since it names a folder.")
    if not reason.strip():
        raise AskedWrongly("a baseline needs a reason, for those who find it later.")
    if looks < 1:
        raise AskedWrongly(f"looks={looks} does not fit. It is 1 or more.")
    commit, note = commit_of(root)
    said, results = whole_run(run)
    for (task, model), kept in results.items():
        _refuse_other_corpus(kept, tasks[task], f"{task} · {model}")
    sources = {
        title: {**source, "digest": tasks[title].corpus_digest}
        for title, source in sorted(said["tasks"].items())
        if title in tasks
    }
    files = {f"{task}/{model}": _files_of(kept) for (task, model), kept in sorted(results.items())}
    digests = {
        key: {"content": digest_bytes(own[CONTENT]), "predictions": digest_bytes(gzip.decompress(own[PACKED]))}
        for key, own in files.items()
    }
    entry = Accepted(reason.strip(), commit, looks, said.get("file") or said["benchmark"], sources, digests)
    _put(root, name, entry, files, replace)
    return entry, note


def whole_run(run: Path) -> tuple[dict[str, Any], dict[Key, Kept]]:
    """What a run's `run.json` says, and its results. Raises HarnessError where some of them are missing."""
    problems: list[Problem] = []
    said = read_json(run / STATE, str(run / STATE), problems)
    if said is None:
        raise ProblemsFound(problems)
    if not said.get("complete"):
        raise HarnessError(f"{run} broke off before its end. Run it again: what was finished is kept.")
    if failures := said.get("failures"):
        raise HarnessError(f"{run} lacks {len(failures)} results, first {failures[0]} Mend that, and run it again.")
    results = results_in(run)
    if len(results) != said.get("planned"):
        found = f"{run} holds {len(results)} results, {said.get('planned')} were planned"
        raise HarnessError(f"{found}. Run it again into a folder of its own (--out).")
    lost = {task for task, _ in results} - (said.get("tasks") or {}).keys()
    if lost:
        found = f"{run} does not say where the gold of {min(lost)} is"
        raise HarnessError(f"{found}. Run it again, and accept the run's folder.")
    return said, results


def changes(base: Mapping[Key, Kept], candidate: Mapping[Key, Kept], tasks: Mapping[str, Task]) -> list[Change]:
    """What accepting the candidate in place of the base would change, by task and model."""
    found = []
    for task, model in sorted({*base, *candidate}):
        ours, theirs = base.get((task, model)), candidate.get((task, model))
        if ours is None or theirs is None:
            found.append(Change(task, model, "added" if theirs else "gone", ours, theirs))
        elif ours.digest == theirs.digest:
            found.append(Change(task, model, "same", ours, theirs))
        else:
            try:
                metrics = {spec: make("metrics", parse(spec)) for spec in theirs.content["metrics"]}
                held = compare(pair(ours, theirs, tasks[task], ("the baseline", "the run")), metrics)
                found.append(Change(task, model, "changed", ours, theirs, held))
            except NotComparable as error:
                found.append(Change(task, model, "not comparable", ours, theirs, error=error))
    return found


def look_at(name: str, candidate: Mapping[Key, Kept], root: Path = Path(), *, record: bool = False) -> Look:
    """Which look at a baseline a candidate is: one more than the other candidates that were recorded.

    One that is recorded already stays the look that it was. With `record` it is written into the baseline's folder,
    which is committed with it: a gate by itself leaves no trace.
    """
    path, declared = root / FOLDER / name / LOOKS, accepted(root)[name].looks
    mine = digest([[task, model, kept.digest] for (task, model), kept in sorted(candidate.items())])
    problems: list[Problem] = []
    before = (
        [str(line.get("candidate")) for _, line in read_json_lines(path, str(path), problems)] if path.exists() else []
    )
    if problems:
        raise ProblemsFound(problems)
    if mine in before:
        return Look(before.index(mine) + 1, declared, True)
    if record:
        write_json_lines(path, [{"candidate": one} for one in (*before, mine)])
    return Look(len(before) + 1, declared, record)


def commit_of(root: Path) -> tuple[str, str]:
    """The commit that stands here, and a note where there is none.

    Raises AskedWrongly where files that are followed were changed since, those of baselines apart.
    """
    code, _, said = _git(root, "rev-parse", "--git-dir")
    if code:
        if "not a git repository" in said or code == 127:
            return "", "Not in a git repository: no commit stands in the lock."
        raise AskedWrongly(f"git says: {said.strip().splitlines()[0]}. Mend that first.")
    where = (":/", f":(exclude){FOLDER}", f":(exclude){LOCK}")
    _, changed, _ = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *where)
    if changed:
        first = changed.splitlines()[0][3:]
        found = f"{len(changed.splitlines())} files have changes that are not committed, first {first}"
        raise AskedWrongly(f"{found}. Commit them, and run again, so that the baseline belongs to a commit.")
    code, commit, _ = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    return (commit.strip(), "") if code == 0 else ("", "Nothing is committed yet: no commit stands in the lock.")


def _git(root: Path, *asked: str) -> tuple[int, str, str]:
    command, plain = ["git", "--no-optional-locks", *asked], {**os.environ, "LC_ALL": "C"}  # its words are read
    try:
        done = subprocess.run(command, cwd=root, env=plain, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        return 127, "", "there is no git"
    return done.returncode, done.stdout, done.stderr


def _refuse_other_corpus(kept: Kept, task: Task, name: str) -> None:
    """Say no to a result of another corpus than stands here, and to predictions that it was not counted from."""
    then, now = kept.content["corpus"]["digest"], task.corpus_digest
    if then != now:
        found = f"{name} was run on {kept.content['corpus']['name']}@{then[:8]}, here stands {task.corpus}@{now[:8]}"
        raise NotComparable("corpus", found, "Run it again on the corpus as it is.")
    place = {item: i for i, item in enumerate(task.items["item"])}
    kept.answers(task.items.take([place[item] for item in kept.item if item in place]))


def _files_of(kept: Kept) -> dict[str, bytes]:
    with opened(kept.file) as file:
        packed = gzip.compress(file.read(), mtime=0)  # no time: the same bytes whenever it is accepted
    plain = {name: (kept.place / name).read_bytes() for name in (CONTENT, PROVENANCE)}
    return {**plain, PACKED: packed}


def _put(root: Path, name: str, entry: Accepted, files: Mapping[str, Mapping[str, bytes]], replace: bool) -> None:
    """The folder first and the lock last; what was there is kept aside until the lock is written."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    place, new, old = folder / name, folder / f".{name}.new", folder / f".{name}.old"
    with locked(folder):
        _settle(root)
        known = _read_lock(root)
        if (name in known or place.exists()) and not replace:
            raise AskedWrongly(f"baseline {quote(name)} is there already. --replace puts this run in its place.")
        for key, own in files.items():
            for file, data in own.items():
                write_atomically(new / key / file, data)
        if place.exists():
            place.rename(old)
        new.rename(place)
        table = {one: asdict(said) for one, said in sorted({**known, name: entry}.items())}
        write_atomically(root / LOCK, (HEAD + to_toml(table)).encode())
        shutil.rmtree(old, ignore_errors=True)


def _settle(root: Path) -> None:
    """Clear up after one that was killed while it accepted: the lock decides which of two folders stays."""
    folder, known = root / FOLDER, _read_lock(root)
    for old in sorted(folder.glob(".*.old")):
        name = old.name[1 : -len(".old")]
        if name in known and not any(problems_of(known[name], old)):
            shutil.rmtree(folder / name, ignore_errors=True)
            old.rename(folder / name)
        else:
            shutil.rmtree(old)
    for new in folder.glob(".*.new"):
        shutil.rmtree(new)


def _read_lock(root: Path) -> dict[str, Accepted]:
    path, problems = root / LOCK, list[Problem]()
    if not path.exists():
        return {}
    table, lines = read_toml(path, str(path), problems)
    found = {}
    for name, said in table.items():
        try:
            found[name] = Accepted(**said)
            whole = [dict(one) for held in (found[name].tasks, found[name].results) for one in held.values()]
            if not all(isinstance(text, str) for one in whole for text in one.values()) or not NAME.fullmatch(name):
                raise ValueError
        except (TypeError, ValueError, AttributeError):
            problems.append(Problem(str(path), lines(name), f"{quote(name)} is no baseline", f"Restore {LOCK}."))
    if problems:
        raise ProblemsFound(problems)
    return found
