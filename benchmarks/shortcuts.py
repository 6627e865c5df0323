"""What shortcuts give on kabar: classifiers that see one cue alone, and words that go with one label.

python benchmarks/shortcuts.py [--write | --check]      --write puts it into corpora/kabar/README.md, --check holds it
"""

import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from harness.benchmark import Outcome, read, run_benchmark
from harness.files import write_atomically
from harness.parts import Task
from harness.scores import Score, show_value
from harness.store import Store

HERE = Path(__file__).parent
BENCHMARK = read(HERE / "kabar-shortcuts.toml")
CARD = HERE.parent / "corpora" / "kabar" / "README.md"
BEGIN, END = "<!-- begin: shortcuts -->\n", "<!-- end: shortcuts -->\n"

CHANCE = ("majority", "uniform", "stratified")
MARGIN = 0.10  # of macro-F1 that a blind classifier may have above chance
FEWEST = 10  # groups that a word must stand in
ALPHA = 0.01  # of finding any word associated with a label where none is
ABOVE = {  # how far the share of a label, where a word stands, may lie above its base rate
    "stance": 0.20,  # a word alone must not tell a stance, which is toward a target
    "event": 0.70,  # a word may name an event; still it must stand for others in one group of five
}
WORD = re.compile(r"[^\W\d_]+")
SHOWN = 5


@dataclass(frozen=True)
class Association:
    """How often a label is the answer where a word stands in the text, each group counted once."""

    word: str
    label: str
    groups: int  # that have the word
    share: float  # of the label among the items with the word in a group, mean over those groups
    base: float  # the same over all items of all groups

    @property
    def above(self) -> float:
        """How far the share lies above the base rate."""
        return self.share - self.base

    @property
    def z(self) -> float:
        """The statistic of M. Gardner et al., Competency Problems, 2021, with groups as draws.

        A group that has several items counts as one draw, though its share varies less: z errs on the low side.
        """
        return float(self.above / np.sqrt(self.base * (1 - self.base) / self.groups))


def associations(task: Task, fewest: int = FEWEST) -> list[Association]:
    """Each word that stands in enough groups with each label, the one furthest above its base rate first."""
    place = {group: i for i, group in enumerate(sorted(set(task.items["group"])))}
    group = np.array([place[name] for name in task.items["group"]])
    words_of = {text: set(WORD.findall(text.lower())) for text in set(task.items["text"])}
    having: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(task.items["text"]):
        for word in words_of[text]:
            having[word].append(i)

    def shares(index: np.ndarray) -> np.ndarray:
        """(n_labels,): the mean over groups of each label's share among these items."""
        table = np.zeros((len(place), len(task.gold.labels)))
        np.add.at(table, (group[index], task.gold.codes[index]), 1)
        table = table[table.any(axis=1)]
        return (table / table.sum(axis=1, keepdims=True)).mean(axis=0)

    base = shares(np.arange(len(task)))
    found = []
    for word in sorted(having):
        index = np.array(having[word])
        groups = len(set(group[index]))
        if groups >= fewest:
            for label, share, usual in zip(task.gold.labels, shares(index), base, strict=True):
                if usual > 0:
                    found.append(Association(word, label, groups, float(share), float(usual)))
    return sorted(found, key=lambda one: (-one.above, one.word, one.label))


def bar(found: list[Association]) -> float:
    """The z that the largest of so many passes by chance once in 1 / ALPHA times (Bonferroni)."""
    return NormalDist().inv_cdf(1 - ALPHA / len(found))


def scores_of(outcomes: list[Outcome], task: str) -> dict[str, Score]:
    """The score of each model on a task. Raises the error of one that failed."""
    scores = {}
    for one in outcomes:
        if one.task == task:
            if one.result is None:
                raise one.error or RuntimeError(one.failure)
            scores[one.model] = one.result.headlines[0]
    return scores


def chance_of(scores: dict[str, Score]) -> float:
    """The best of those that see nothing."""
    return max(scores[name].value for name in CHANCE)


def section(outcomes: list[Outcome]) -> str:
    """What the data card says of it."""
    lines = [
        "Classifiers that see one cue alone, 5-fold with groups whole, macro-F1 with its 95 % interval over groups;",
        f"chance is the best of the first three rows. None may be more than {MARGIN:.2f} above it",
        "(`tests/test_shortcuts.py`). Written by `python benchmarks/shortcuts.py --write`.\n",
        "| sees | " + " | ".join(f"{task.name} | above chance" for task in BENCHMARK.tasks) + " |",
        "|---|" + "---|---|" * len(BENCHMARK.tasks),
    ]
    by_task = [scores_of(outcomes, task.name) for task in BENCHMARK.tasks]
    for name in BENCHMARK.models:
        row = []
        for scores in by_task:
            blind = name in scores and name not in CHANCE
            row.append(show_value(scores[name]) if name in scores else "")
            row.append(f"{scores[name].value - chance_of(scores):+.3f}" if blind else "")
        lines.append(f"| {'nothing: ' if name in CHANCE else ''}{name} | " + " | ".join(row) + " |")
    lines.append("")
    lines += [
        f"Words that stand in {FEWEST} groups or more, and how often a label is the answer where one stands, each",
        "group counted once; z as in Gardner et al. (2021), held against what chance would give for so many words.\n",
        "| task | word | label | groups | share | base rate | z |",
        "|---|---|---|---|---|---|---|",
    ]
    said = []
    for task in BENCHMARK.tasks:
        found = associations(task)
        for one in found[:SHOWN]:
            numbers = f"{one.groups} | {one.share:.2f} | {one.base:.2f} | {one.z:.1f}"
            lines.append(f"| {task.name} | {one.word} | {one.label} | {numbers} |")
        words = {one.word for one in found}
        beyond = {one.word for one in found if one.z > bar(found)}
        said.append(
            f"- {task.name}: {len(beyond)} of {len(words)} words go with a label more than chance would have it"
            f" (z above {bar(found):.1f}); held: no share more than {ABOVE[task.name]:.2f} above its base rate."
        )
    lines += ["", *said, ""]
    lines += [
        "A stance is toward a target, so no word should tell it; an event is often named by its word. The z of stance",
        "errs low, since stances of one document differ by design: there the bound on the share is the stricter one.",
    ]
    return "\n".join(lines) + "\n"


def with_section(card: str, text: str) -> str:
    """The card with the section between its markers."""
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{CARD} lacks the markers {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}{text}{END}{after}"


if __name__ == "__main__":
    text = section(run_benchmark(BENCHMARK, store=Store(HERE.parent / "runs" / "store")))
    print(text, end="")
    card = CARD.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        write_atomically(CARD, with_section(card, text).encode())
    elif "--check" in sys.argv and with_section(card, text) != card:
        sys.exit(f"{CARD} is stale: run python benchmarks/shortcuts.py --write")
