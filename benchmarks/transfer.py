"""Does kabar's ranking of models carry over? The same models on kabar and on public data, and how alike they rank.

python benchmarks/transfer.py [--write]

Needs the corpora of `benchmarks/public/build.py`. Prints every score, and for each pair of corpora Kendall's tau-b and
Spearman's rho with 95 % intervals: the units of both test sets are drawn anew, all models on the same draws. `--write`
puts the figures into the card of kabar.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import harness
from harness.errors import AskedWrongly
from harness.files import write_atomically
from harness.parts import Metric, Task
from harness.registry import make, parse
from harness.scoring import unit_of
from harness.stats.bootstrap import bca_tails, bias_of, half_width, sum_by_unit
from harness.stats.distinct import draw_counts
from harness.store import Store

Array = npt.NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[1]
PUBLIC = Path(os.environ.get("HARNESS_PUBLIC") or ROOT / "runs" / "public")
CARD = ROOT / "corpora" / "kabar" / "README.md"
OWN = "./benchmarks/transfer_models.py"
SEED, DRAWS = 13, 4_000
FLOORS = ("majority", "chance", "length", "target alone")  # which any fair corpus puts last
OF_LABELS = {
    "majority": "majority",
    "chance": "chance(strategy='stratified')",
    "length": "blind(see='length')",
    "function words": "blind(see='function-words')",
    "words": "tfidf(words=1, chars=0)",
    "characters": "tfidf(words=0, chars=3)",
    "words, held back": "tfidf(words=2, chars=0, C=0.01)",
    "pairs of words": "tfidf(words=2, chars=0, C=10.0)",
    "naive Bayes": f"{OWN}:Bag(learner='naive-bayes')",
    "neighbours": f"{OWN}:Bag(learner='neighbours')",
    "centroid": f"{OWN}:Bag(learner='centroid')",
    "forest": f"{OWN}:Bag(learner='forest')",
}
OF_TARGETS = {"target alone": "blind(see='target')", "text alone": "blind(see='text')"}
OF_SPANS = {
    "majority": "majority",
    "names seen": "gazetteer",
    "names seen 3 times": "gazetteer(fewest=3)",
    "word": f"{OWN}:Tagger(see='word')",
    "shape": f"{OWN}:Tagger(see='shape')",
    "edges": f"{OWN}:Tagger(see='edges')",
    "neighbours": f"{OWN}:Tagger(see='neighbours')",
    "crf": "crf(iterations=30)",
    "crf, stopped early": "crf(iterations=15)",
    "crf, held back": "crf(c1=4.0, iterations=30)",
}


@dataclass(frozen=True)
class Side:
    """A corpus with its question: how models are scored there, and how many items they learn from at most."""

    corpus: str
    task: str
    protocol: str  # "train>test", or a number of folds
    most: int = 0

    @property
    def path(self) -> Path:
        return ROOT / "corpora" / "kabar" if self.corpus == "kabar" else PUBLIC / self.corpus

    def ask(self) -> Task:
        """The question; of the training items those of `most` drawn with the seed, in groups."""
        if not self.path.exists():
            raise AskedWrongly(f"{self.path} is not there. Build it: python benchmarks/public/build.py {self.corpus}")
        task = harness.task(self.task, self.path)
        split, group = np.array(task.items["split"]), np.array(task.items["group"])
        if not self.most:
            return task
        groups = np.unique(group[split == "train"])
        np.random.default_rng(SEED).shuffle(groups)
        sizes = np.cumsum([np.count_nonzero(group == one) for one in groups])
        kept = set(groups[: np.searchsorted(sizes, self.most) + 1].tolist())
        return task.take([i for i in range(len(task)) if split[i] == "test" or group[i] in kept])


@dataclass(frozen=True)
class Pair:
    """A kind of question, asked of kabar and of a public data set."""

    kind: str
    metric: str
    models: dict[str, str]
    ours: Side
    theirs: Side


NAMES = Side("kabar", "entities", "train+dev>test")
PAIRS = (
    Pair("entities", "entity_f1", OF_SPANS, NAMES, Side("nergrit", "entities", "train>test")),
    Pair("entities", "entity_f1", OF_SPANS, NAMES, Side("wnut17", "entities", "train>test", 1500)),
    Pair(
        "stance",
        "f1",
        OF_LABELS | OF_TARGETS,
        Side("kabar", "stance", "5"),
        Side("newsmtsc", "sentiment", "train>test", 2000),
    ),
    Pair("event", "f1", OF_LABELS, Side("kabar", "event", "5"), Side("plover", "event", "5")),
)


@dataclass(frozen=True)
class Scores:
    """The score of each model (n_models,), the same on draws of the units (draws, n_models), and what was drawn."""

    value: Array
    drawn: Array
    units: int
    unit: str
    learned: int  # items, at most in a fold


def scores_of(side: Side, models: dict[str, str], metric: str, store: Store) -> Scores:
    """Run the models on one side, and score them on the same draws of its units."""
    task, made = side.ask(), make("metrics", parse(metric))
    assert isinstance(made, Metric)
    how = {"folds": int(side.protocol)} if side.protocol.isdigit() else {"split": side.protocol}
    rows = []
    for name, spec in models.items():
        result = harness.run(spec, task, metrics=[metric], seed=SEED, store=store, **how)  # type: ignore[arg-type]
        unit, of_unit, units = unit_of(result.task.items)
        rows.append(sum_by_unit(made.count(result.task.gold, result.predicted).rows, of_unit, units))
        print(f"  {side.corpus} {side.task} · {name}: {result[str(parse(metric))].value:.3f}", file=sys.stderr)
    value = np.array([float(made.score(own.sum(axis=0))) for own in rows])
    random = np.random.default_rng([SEED, *side.corpus.encode()])  # the draws of two sides are not of one stream
    draws = draw_counts(np.ones(units, np.int64), random, DRAWS)
    drawn = np.concatenate([np.stack([made.score(times @ own) for own in rows], axis=1) for times in draws])
    sides = side.protocol.partition(">")[0].split("+")
    learned = sum(split in sides for split in task.items["split"]) or len(task) * (int(side.protocol) - 1) // int(
        side.protocol
    )
    return Scores(value, drawn, units, unit, learned)


def kendall(ours: Array, theirs: Array) -> Array:
    """Tau-b between the last axes (..., n_models); nan where one side is all ties. M. Kendall, 1945."""
    a, b = (np.sign(side[..., :, None] - side[..., None, :]) for side in (ours, theirs))
    both = np.sqrt((a * a).sum(axis=(-2, -1)) * (b * b).sum(axis=(-2, -1)))
    return np.divide((a * b).sum(axis=(-2, -1)), both, out=np.full(both.shape, np.nan), where=both > 0)


def spearman(ours: Array, theirs: Array) -> Array:
    """Rho between the last axes (..., n_models): Pearson's r of mid-ranks. C. Spearman, 1904."""
    a, b = (np.sign(side[..., :, None] - side[..., None, :]).sum(axis=-1) for side in (ours, theirs))  # ranks, centred
    both = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return np.divide((a * b).sum(axis=-1), both, out=np.full(both.shape, np.nan), where=both > 0)


def interval(value: float, drawn: Array, units: int) -> tuple[float, float]:
    """The bias-corrected percentile interval: draws are noisier than the data, so they rank less alike than it does.

    In simulation it holds the true value 98 times in 100 where errors are two fifths of the steps between models, 76
    times where they are as large: noise makes two rankings look less alike, and no draw undoes all of that.
    """
    known = np.sort(drawn[~np.isnan(drawn)])
    below = float(((known < value - 1e-9).mean() + (known <= value + 1e-9).mean()) / 2)
    tails = bca_tails(bias_of(below, len(known)), 0.0, half_width(units, 0.95))
    low, high = known[int(tails[0] * (len(known) - 1))], known[int(np.ceil(tails[1] * (len(known) - 1)))]
    return min(float(low), value), max(float(high), value)


def compare(pair: Pair, ours: Scores, theirs: Scores) -> tuple[list[str], str]:
    """Rows of the summary, for all models and for those that are no floor; and what the latter's tau says in words."""
    names, rows, verdict = list(pair.models), list[str](), ""
    for said, kept in (("all", names), ("without floors", [name for name in names if name not in FLOORS])):
        at = [names.index(name) for name in kept]
        cells = []
        for measure in (kendall, spearman):
            value = float(measure(ours.value[at], theirs.value[at]))
            low, high = interval(value, measure(ours.drawn[:, at], theirs.drawn[:, at]), min(ours.units, theirs.units))
            cells.append(f"{value:.2f} [{low:.2f}, {high:.2f}]")
            if measure is kendall:
                verdict = "alike" if low > 0 else "the other way round" if high < 0 else "cannot be told"
        rows.append(f"| {pair.kind} | {pair.theirs.corpus} | {said}, {len(at)} | {' | '.join(cells)} |")
    return rows, f"{pair.kind} and {pair.theirs.corpus}: {verdict}"


def main(arguments: list[str]) -> int:
    """Print the figures; with --write put them into the card."""
    os.chdir(ROOT)  # where models of a file are named from
    store = Store(ROOT / "runs" / "store")
    summary, verdicts, tables = list[str](), list[str](), list[str]()
    known: dict[tuple[Side, str], Scores] = {}
    for pair in PAIRS:
        for side in (pair.ours, pair.theirs):
            if (side, pair.kind) not in known:
                known[side, pair.kind] = scores_of(side, pair.models, pair.metric, store)
        ours, theirs = known[pair.ours, pair.kind], known[pair.theirs, pair.kind]
        rows, verdict = compare(pair, ours, theirs)
        summary += rows
        verdicts.append(verdict)
        tables += [f"\n| {pair.kind}, `{pair.metric}` | kabar | {pair.theirs.corpus} |", "|---|---|---|"]
        values = zip(pair.models, ours.value, theirs.value, strict=True)
        tables += [f"| {name} (`{pair.models[name]}`) | {a:.3f} | {b:.3f} |" for name, a, b in values]
        both = ((side.corpus, scores) for side, scores in ((pair.ours, ours), (pair.theirs, theirs)))
        tables += ["", *(f"{name}: scored on {s.units} {s.unit}s, {s.learned} items to learn from" for name, s in both)]
    head = ["| task | public data | models | Kendall's tau-b | Spearman's rho |", "|---|---|---|---|---|"]
    said = f"Without floors, the two rankings are, by whether the interval of tau holds 0: {'; '.join(verdicts)}."
    text = "\n".join([*head, *summary, "", textwrap.fill(said, 120)])
    print("\n".join(tables), text, sep="\n\n")
    if "--write" in arguments:
        mark = "<!-- {}: transfer -->"
        block = re.compile(f"({mark.format('begin')}\n).*?({mark.format('end')})", re.DOTALL)
        card, found = block.subn(lambda m: f"{m[1]}{text}\n{m[2]}", CARD.read_text(encoding="utf-8"))
        if not found:
            raise AskedWrongly(
                f"{CARD} has no place for it. Add the lines {mark.format('begin')}, {mark.format('end')}."
            )
        write_atomically(CARD, card.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
