"""The plan of a run: cells of one fit each, with the identity of everything that may change their answers."""

from __future__ import annotations

import functools
import platform
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from harness import outside
from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError, NotInstalled, UnknownName
from harness.files import digest, digest_bytes
from harness.parts import Model, Task
from harness.records import Items, digest_of
from harness.registry import Spec, make, module_of, parts_within
from harness.version import VERSION

HERE = Path(__file__).parent.parent


@dataclass(frozen=True, eq=False)
class Fold:
    """The items of a task to learn from and those to answer, by position; the gold is bare."""

    task: Task
    learn: Sequence[int]
    score: Sequence[int]

    @property
    def train(self) -> tuple[Items, Annotations]:
        """What a model learns from. No model sees the splits."""
        return self.task.items.without("split").take(self.learn), self.task.gold.take(self.learn)

    @property
    def test(self) -> Items:
        """What a model answers."""
        return self.task.items.without("split").take(self.score)

    @functools.cached_property
    def identity(self) -> tuple[str, str, str]:
        """Digests of the items and gold learned from and of the items answered."""
        rows = self.task.items.rows
        learn, score = (digest_of([rows[index].tobytes()]) for index in (self.learn, self.score))
        return learn, self.task.gold.take(self.learn).digest, score


@dataclass(frozen=True)
class Recipe:
    """A model as it stands today: its spec, and the identity of that, of its code and of the libraries it uses."""

    spec: Spec
    identity: str
    code: str  # the digest of its own code, and of what else it reads

    @property
    def changed(self) -> bool:
        """Whether its code, or what it reads, is another by now. Libraries are not looked at: that takes long."""
        try:
            return digest_bytes(code_of(self.spec)) != self.code
        except HarnessError:  # it can no longer be read
            return True

    @classmethod
    def of(cls, spec: Spec) -> Recipe:
        """Raises NotInstalled where a library is missing that the model is made of."""
        modules = [module_of("models", one.name) for one in specs_in(spec)]
        versions: dict[str, str] = {}
        for module in modules:
            versions |= versions_of(libraries_of(module), getattr(module, "EXTRA", ""))
        code = digest_bytes(code_of(spec))
        return cls(spec, digest([str(spec), code, versions, platform.python_version()]), code)


@dataclass(frozen=True, eq=False)
class Cell:
    """One model with one training seed on one fold: one fit, and the answers to what was held out."""

    fold: Fold
    recipe: Recipe
    seed: int
    name: str = ""  # how progress calls it

    @functools.cached_property
    def key(self) -> str:
        """The identity of everything that may change its answers; the store's name for them."""
        gold = self.fold.task.gold
        return digest([VERSION, *self.fold.identity, gold.kind, list(gold.labels), self.recipe.identity, self.seed])


def folds_of(task: Task, k: int, seed: int) -> list[list[int]]:
    """The items of each of k folds; a group stands in one fold whole.

    Groups are shuffled by the seed and dealt out, the largest first, each to the fold with the fewest items.
    """
    members: dict[str, list[int]] = {}
    for i, group in enumerate(task.items["group"]):
        members.setdefault(group, []).append(i)
    if not 2 <= k <= len(members):
        many = f"task {task.name} of {task.corpus}: {len(members)} groups of annotated documents"
        if len(members) < 2:
            raise AskedWrongly(f"{many}. At least 2 are needed to learn from some and score others.")
        raise AskedWrongly(f"{many} cannot be dealt into {k} folds. Ask for 2 to {len(members)} folds.")
    groups = sorted(members)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda group: -len(members[group]))
    folds: list[list[int]] = [[] for _ in range(k)]
    for group in groups:
        min(folds, key=len).extend(members[group])
    return [sorted(fold) for fold in folds]


def by_split(task: Task, protocol: str) -> tuple[list[int], list[int]]:
    """The items to learn from and to score, for `train>test` or `train+dev>test`. No split is on both sides."""
    learn, arrow, score = protocol.partition(">")
    if not arrow:
        raise AskedWrongly(f'protocol "{protocol}": write LEARN>SCORE, for example train>test.')
    sides = of_split(task, learn), of_split(task, score)
    if set(sides[0]) & set(sides[1]):
        raise AskedWrongly(f'protocol "{protocol}" scores what it learns from. Name each split on one side alone.')
    return sides


def of_split(task: Task, side: str) -> list[int]:
    """The items of one split, or of several joined by +."""
    present = sorted(set(task.items["split"]) - {""})
    wanted = [split.strip() for split in side.split("+")]
    for split in wanted:
        if split not in present:
            raise UnknownName(f"split of {task.corpus}", split, present)
    return [i for i, split in enumerate(task.items["split"]) if split in wanted]


def dealt(task: Task, *, folds: int, split: str, seed: int, fraction: float = 1.0) -> list[Fold]:
    """The folds of a task: k of them over all documents, or one, from a split to another. All models share them.

    Of the groups to learn from, each fold has the first `fraction`; what is scored is the same whatever the fraction.
    """
    parts = [] if split else folds_of(task, folds, seed)
    sides = by_split(task, split) if split else ([], [])
    task = replace(task, gold=task.gold.bare)
    everything = set(range(len(task)))
    whole = [Fold(task, *sides)] if split else [Fold(task, sorted(everything - set(part)), part) for part in parts]
    return whole if fraction == 1 else [first_groups(fold, fraction, seed) for fold in whole]


def first_groups(fold: Fold, fraction: float, seed: int) -> Fold:
    """The fold with some of its groups to learn from, at least one: the first in the order that the seed gives them.

    A smaller fraction's groups are thus among those of a larger one.
    """
    group = fold.task.items["group"]
    groups = sorted({group[i] for i in fold.learn})
    random.Random(seed).shuffle(groups)
    first = set(groups[: max(1, round(fraction * len(groups)))])
    return replace(fold, learn=[i for i in fold.learn if group[i] in first])


def specs_in(spec: Spec, folder: str = "models") -> list[Spec]:
    """The spec of a model, or of a part of another folder, and before it those of its like that it is made of."""
    inner = [one for specs in parts_within(folder, spec).values() for where, one in specs if where == folder]
    return [*(deep for one in inner for deep in specs_in(one, folder)), spec]


def libraries_of(module: ModuleType) -> list[str]:
    """The libraries that a model's module says its answers depend on; where it says nothing, all there are."""
    from importlib.metadata import distributions  # late, here and below: it takes as long as all of this room

    said = getattr(module, "LIBRARIES", None)
    return list(said) if said is not None else [d.metadata["Name"] for d in distributions() if d.metadata["Name"]]


def versions_of(libraries: Sequence[str], extra: str) -> dict[str, str]:
    """The version of each library. Raises NotInstalled for the first that is not there."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in sorted(set(libraries)):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            raise NotInstalled(name, extra) from None
    return found


def kinds_of(spec: Spec) -> tuple[str, ...]:
    """The kinds of answer a model can give, as its module says; all where it says nothing.

    One that is made of others gives what all of them can give.
    """
    own = tuple(getattr(module_of("models", spec.name), "KINDS", ("label", "labels", "spans")))
    inner = [set(kinds_of(one)) for one in specs_in(spec)[:-1]]
    return tuple(kind for kind in own if all(kind in kinds for kinds in inner))


def code_of(spec: Spec) -> bytes:
    """All that a model is made of: code, and the `identity` that it tells of what else it reads (prompts, weights)."""
    parts = []
    for one in specs_in(spec):
        module = module_of("models", one.name)
        parts += [path.read_bytes() for path in sorted(files_of(module))]
        parts.append(identity_of(make("models", one), one).encode())
    return b"\0".join(parts)


def identity_of(model: Model, spec: Spec) -> str:
    """What a model says it depends on besides its code. Raises AskedWrongly where it cannot say it."""
    try:
        return str(getattr(model, "identity", ""))
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        raise AskedWrongly(f"model {spec} cannot tell its identity. {outside.raised(error)}.") from error


def files_of(module: ModuleType) -> set[Path]:
    """A part's own file and the rooms that it says it is made of; of somebody's own, the files beside it too."""
    if not module.__name__.startswith("harness."):
        return outside.files_of(module)
    rooms = [HERE / room for room in getattr(module, "ROOMS", ())]
    inside = (path for room in rooms for path in (room.rglob("*") if room.is_dir() else [room]))
    own = Path(str(module.__file__))
    return {own, *(path for path in inside if path.is_file() and "__pycache__" not in path.parts)}
