"""Groups drawn from the pool where two models disagree: which, with what probability, and the record of it.

The record stands in each drawn `group.toml`, whose split becomes `settle`:

    [settle]
    task = "stance"
    picked_by = "disagreement"
    models = ["<digest of A's predictions file>", "<of B's>"]
    seed = 13
    probability = 0.325           # of being drawn, for each group on which the two disagree
    drawn = 65                    # groups
    apart = 200                   # groups of the pool on which the two disagree
    pool = 1200                   # groups of the pool
"""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.annotations import Annotations
from harness.corpus.reading import groups_of
from harness.corpus.writing import with_split
from harness.editing.splitting import rewrite
from harness.errors import AskedWrongly, HarnessError, Problem, ProblemsFound, quote
from harness.files import digest_file, read_toml, to_toml
from harness.parts import Task
from harness.records import MISSING, Document, Items
from harness.registry import Spec, make

SETTLE, POOL = "settle", "pool"
PICKED_BY = "disagreement"


@dataclass(frozen=True)
class Draw:
    """What is recorded of a draw; counts are of groups."""

    task: str
    models: tuple[str, str]  # digests of the two predictions files
    seed: int
    probability: float
    drawn: int
    apart: int
    pool: int


def items_of(documents: Iterable[Document], layer: str, of: Sequence[str]) -> Items:
    """What would be asked of documents whether or not they have gold: each, or each of its listed pairs."""
    asked = [(document, pair) for document in documents for pair in (document.pairs.get(layer, ()) if of else [()])]
    columns: dict[str, list[str]] = {
        "item": [f"{document.id}#{'>'.join(pair)}" if of else document.id for document, pair in asked],
        "document": [document.id for document, _ in asked],
        "group": [document.group for document, _ in asked],
        "split": [document.split for document, _ in asked],
        "language": [document.language for document, _ in asked],
        "text": [document.text for document, _ in asked],
    }
    for i, facet in enumerate(of):
        columns[facet] = [document.name_of(facet, pair[i]) for document, pair in asked]
    return Items(columns)


def answers_in(
    paths: tuple[Path, Path], items: Items, task: Task
) -> tuple[tuple[Annotations, Annotations], tuple[str, str]]:
    """What predictions files answer to these items, and the files' digests. Items that a file lacks are missing.

    Raises AskedWrongly where one is no file, ProblemsFound with every line that cannot be read.
    """
    found, digests = [], []
    for path in paths:
        if not path.is_file():
            raise AskedWrongly(f"{path} is no file of predictions. Give one with an answer a line: see harness score.")
        model = make("models", Spec("predictions", {"path": str(path)}))
        model.fit(items, task.gold, seed=0)
        found.append(model.predict(items))
        digests.append(digest_file(path))
    return (found[0], found[1]), (digests[0], digests[1])


def plan_draw(
    items: Items, said: Sequence[Annotations], *, task: str, models: tuple[str, str], n: int, seed: int
) -> tuple[Draw, list[str]]:
    """Which groups of the pool to label, about n documents in all: so many at random where two models disagree.

    Each group on which they do, on any item, is as likely as any other. Where they agree nothing needs a label: that
    they do is known of the whole pool, and what is right there the test set says (`stats.settling.combine`). Raises
    AskedWrongly where there is nothing to draw from, or a model has not answered the whole pool.
    """
    in_pool = [i for i, split in enumerate(items["split"]) if split == POOL]
    if not in_pool:
        raise AskedWrongly('nothing in split "pool" is asked by this task. Put what is not annotated yet there.')
    for name, answers in zip("AB", said, strict=True):
        if lacking := [i for i in in_pool if answers.status[i] == MISSING]:
            first = quote(items["item"][lacking[0]])
            raise AskedWrongly(
                f"{name} does not answer {len(lacking)} of the {len(in_pool)} items of the pool, {first} first. "
                "How often the two disagree must be known of all: let both models answer the whole pool."
            )
    a, b = (_comparable(answers, in_pool) for answers in said)
    group, document = items["group"], items["document"]
    apart = sorted({group[i] for i, one, other in zip(in_pool, a, b, strict=True) if one != other})
    if not apart:
        raise AskedWrongly(f"the two agree on all {len(in_pool)} items of the pool: there is nothing to draw.")
    documents = len({document[i] for i in in_pool if group[i] in {*apart}})
    wanted = min(len(apart), math.ceil(n * len(apart) / documents))
    drawn = sorted(random.Random(seed).sample(apart, wanted))
    pool = len({group[i] for i in in_pool})
    return Draw(task, models, seed, wanted / len(apart), wanted, len(apart), pool), drawn


def _comparable(answers: Annotations, of: Iterable[int]) -> list[Any]:
    """Each answer so that two are equal where they say the same, whatever the order."""
    found = []
    for i in of:
        said = answers.answer(i)
        found.append((int(answers.status[i]), frozenset(map(_hashed, said)) if isinstance(said, list) else said))
    return found


def _hashed(one: Any) -> Any:
    return tuple(one) if isinstance(one, list) else one


def apply_draw(root: Path, draw: Draw, groups: Iterable[str]) -> None:
    """Move groups to split settle with the record of the draw, all or none; the rest of their files stays."""
    table = to_toml({SETTLE: {"picked_by": PICKED_BY, **asdict(draw), "models": list(draw.models)}})
    texts = {}
    for group in groups:
        path = root / "documents" / group / "group.toml"
        text = path.read_bytes().decode()
        if SETTLE in tomllib.loads(text):
            raise AskedWrongly(f"{path} holds the record of an earlier draw. Take its [{SETTLE}] out first.")
        texts[group] = f"{with_split(text, SETTLE).rstrip()}\n\n{table}"
    rewrite(root, texts)


def draws_of(root: Path, documents: Iterable[Document]) -> Mapping[str, Draw]:
    """The record of every group in split settle that has one, in either form of a corpus.

    Raises ProblemsFound for a record that is none.
    """
    wanted = {document.group for document in documents if document.split == SETTLE}
    problems: list[Problem] = []
    found = {}
    for group in groups_of(root, problems, lambda done, total: None) if wanted else ():
        if group.name not in wanted:
            continue
        place = f"{group.place}/group.toml"
        table, lines = read_toml(group.file("group.toml"), place, problems)
        match table.get(SETTLE):
            case None:
                continue
            case {
                "task": str(task), "models": [str(a), str(b)], "seed": int(seed), "probability": float(chance),
                "drawn": int(drawn), "apart": int(apart), "pool": int(pool),
            } if 0 < drawn <= apart <= pool:  # fmt: skip
                found[group.name] = Draw(task, (a, b), seed, chance, drawn, apart, pool)
            case _:
                remedy = "Restore it as `harness corpus next` wrote it."
                problems.append(Problem(place, lines(SETTLE), "its [settle] is no record of a draw", remedy))
    if problems:
        raise ProblemsFound(problems)
    return found


def drawn_for(draws: Mapping[str, Draw], task: str, models: tuple[str, str]) -> tuple[Draw, list[str]]:
    """The draw for these two models, and its groups. Raises HarnessError where there is none, or a part of one."""
    own = {group: draw for group, draw in draws.items() if (draw.task, draw.models) == (task, models)}
    if not own:
        for_others = [draw for draw in draws.values() if draw.task == task]
        turned = any(draw.models == models[::-1] for draw in for_others)
        why = "Give them as they were drawn by, A before B." if turned else (
            f"Its settle set was drawn for others: {len(for_others)} groups." if for_others else "It has none."
        )  # fmt: skip
        raise AskedWrongly(f"the corpus has no settle set of {task} for these two predictions files. {why}")
    draw = next(iter(own.values()))
    if {*own.values()} != {draw} or len(own) != draw.drawn:
        raise HarnessError(
            f"the settle set of {task} is not whole: {len(own)} of {draw.drawn} drawn groups are there. Restore them."
        )
    return draw, sorted(own)
