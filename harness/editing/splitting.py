"""Groups that get a split: by the group or by what groups share, never one changed silently."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from harness.corpus import SPLITS
from harness.corpus.reading import Reading
from harness.corpus.writing import with_split
from harness.errors import AskedWrongly, UnknownName
from harness.files import write_atomically

RATIOS = {"train": 0.6, "dev": 0.1, "test": 0.3}


def plan_split(
    reading: Reading, *, by: str, seed: int, ratios: Mapping[str, float] = RATIOS, again: bool = False
) -> dict[str, str]:
    """The split that each group without one would get; with `again`, each group but pool and settle.

    `by` is "group", or a metadata field whose values keep their groups together. Groups are shuffled by the
    seed and dealt, the largest first, each to the split that is furthest behind its share of documents.
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
    chosen = {}
    for cluster in clusters:
        settled = sorted({current[group] for group in cluster if current[group] and group not in free})
        if len(settled) > 1:
            there = ", ".join(f"{group} in {current[group]}" for group in sorted(cluster - free) if current[group])
            raise AskedWrongly(f"groups that share {by} are in two splits: {there}. Deal them anew with --again.")
        split = settled[0] if settled else max(behind, key=lambda one: (behind[one], one))
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
    before: dict[Path, bytes | None] = {}
    try:
        for group, split in chosen.items():
            path = root / "documents" / group / "group.toml"
            before[path] = path.read_bytes() if path.is_file() else None
            write_atomically(path, with_split((before[path] or b"").decode(), split).encode())
    except BaseException:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                write_atomically(path, old)
        raise
