"""Groups that get a split: by the group or by what groups share, never one changed silently."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from harness.corpus import SPLITS
from harness.corpus.reading import Reading
from harness.corpus.schema import NOT_FOR_TEST
from harness.corpus.writing import with_split
from harness.errors import AskedWrongly, UnknownName
from harness.files import write_atomically

RATIOS = {"train": 0.6, "dev": 0.1, "test": 0.3}


def plan_split(
    reading: Reading, *, by: str, seed: int, ratios: Mapping[str, float] = RATIOS, again: bool = False
) -> dict[str, str]:
    """The split that each group without one would get; with `again`, each group but pool and settle.

    `by` is "group", or a metadata field whose values keep their groups together. Groups are shuffled by the
    seed and dealt, the largest first, each to the split that is furthest behind its share of documents. Groups with a
    document that was not picked at random never get test. Raises AskedWrongly where they can get nothing else.
    """
    if not ratios or not abs(sum(ratios.values()) - 1) <= 1e-9 or not min(ratios.values()) > 0:  # nan is neither
        raise AskedWrongly("the shares of the splits must be above 0 and sum to 1, for example train=0.6,test=0.4.")
    for split in ratios:
        if split not in SPLITS:
            raise UnknownName("split", split, SPLITS)
    current = {document.group: document.split for document in reading.documents}
    weight = Counter(document.group for document in reading.documents)
    free = {g for g, split in current.items() if not split or (again and split not in ("pool", "settle"))}
    behind = {
        split: -float(sum(weight[g] for g in current if current[g] == split and g not in free)) for split in ratios
    }
    total = sum(weight[group] for group in free) - sum(behind.values())
    behind = {split: had + ratios[split] * total for split, had in behind.items()}
    clusters = [cluster for cluster in _clusters(reading, by) if cluster & free]
    random.Random(seed).shuffle(clusters)
    clusters.sort(key=lambda cluster: -sum(weight[group] for group in cluster))
    picked = {document.group for document in reading.documents if document.meta.get("picked_by") in NOT_FOR_TEST}
    chosen = {}
    for cluster in clusters:
        settled = sorted({current[group] for group in cluster if current[group] and group not in free})
        if len(settled) > 1:
            there = ", ".join(f"{group} in {current[group]}" for group in sorted(cluster - free) if current[group])
            raise AskedWrongly(f"groups that share {by} are in two splits: {there}. Deal them anew with --again.")
        allowed = settled or [one for one in behind if one != "test" or not cluster & picked]
        if not allowed or (settled == ["test"] and cluster & free & picked):
            some = ", ".join(sorted(cluster & picked))
            raise AskedWrongly(
                f"{some}: its documents were not picked at random (picked_by), so they may not be in test. "
                "Give a share to another split too, or take them apart from the groups in test."
            )
        split = max(allowed, key=lambda one: (behind.get(one, 0.0), one))
        for group in sorted(cluster & free):
            chosen[group] = split
            if split in behind:
                behind[split] -= weight[group]
    return {group: split for group, split in chosen.items() if split != current[group]}


def _clusters(reading: Reading, by: str) -> list[set[str]]:
    """Groups that must stay together: each alone, or joined by a metadata value that they share."""
    groups = sorted({document.group for document in reading.documents})
    if by == "group":
        return [{group} for group in groups]
    root = {group: group for group in groups}

    def top(group: str) -> str:
        while root[group] != group:
            group = root[group]
        return group

    holders: dict[str, str] = {}
    known: set[str] = set()
    for document in reading.documents:
        known.update(document.meta)
        if by in document.meta:
            value = str(document.meta[by])
            root[top(document.group)] = top(holders.setdefault(value, document.group))
    if by not in known:
        raise UnknownName("field to split by", by, ["group", *sorted(known)])
    clusters: dict[str, set[str]] = {}
    for group in groups:
        clusters.setdefault(top(group), set()).add(group)
    return list(clusters.values())


def apply_split(root: Path, chosen: Mapping[str, str]) -> None:
    """Write splits into the groups' files, everything else in them as it was; an interruption takes all back."""
    texts = {}
    for group, split in chosen.items():
        path = root / "documents" / group / "group.toml"
        texts[group] = with_split(path.read_bytes().decode() if path.is_file() else "", split)
    rewrite(root, texts)


def rewrite(root: Path, texts: Mapping[str, str]) -> None:
    """Write the `group.toml` of groups; an interruption takes all back."""
    before: dict[Path, bytes | None] = {}
    try:
        for group, text in texts.items():
            path = root / "documents" / group / "group.toml"
            before[path] = path.read_bytes() if path.is_file() else None
            write_atomically(path, text.encode())
    except BaseException:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                write_atomically(path, old)
        raise
