"""How often the gate alarms, passes and catches, on pairs of systems whose true scores are known.

    python benchmarks/gate/simulate.py [--quick] [--write] [--keep FILE]

Every comparison is one call of `harness.stats.verdict.judge` or `family`. --quick makes a twentieth of them. --keep
names a file in which finished cases are kept, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from populations import Entities, Formula, Labels, formula_of, labels, solved

from harness.files import write_atomically
from harness.stats import settling, verdict
from harness.stats.verdict import ALPHA, MARGIN, Slice, Verdict, family, judge

HERE = Path(__file__).parent
DRAWS = 1_000
MOST, LEAST = 0.06, 0.80
METRICS = ("f1", "accuracy", "f1(average='weighted')")
MACRO, ACCURACY, ENTITY = formula_of("f1"), formula_of("accuracy"), formula_of("entity_f1")
EVEN, UNEVEN, RARE = (1 / 3,) * 3, (0.6, 0.3, 0.1), (0.64, 0.32, 0.04)
MANY = tuple((1 / np.arange(1, 15) / (1 / np.arange(1, 15)).sum()).tolist())  # 14 labels, the rarest 1 in 46
Counted = dict[str, float]


def same(share: tuple[float, ...] = EVEN, apart: float = 0.1, astray: float = 0.02) -> Labels:
    """Two systems alike, 80 % right."""
    half = ((apart - astray) / 2,) * len(share)
    return labels(share, 0.8, half, half, astray)


def dropped(formula: Formula, drop: float, apart: float = 0.1, share: tuple[float, ...] = EVEN) -> Labels:
    """B worse by `drop`, every difference with one of the two right, which is hardest."""
    half, k = apart / 2, len(share)
    return solved(
        lambda x: labels(share, 0.8 - x / 2, (half + x / 2,) * k, (half - x / 2,) * k), formula, drop, 0.0, apart
    )


def traded(formula: Formula, share: tuple[float, ...], rare: float) -> Labels:
    """A better at the most frequent label, B at the rarest, by `rare` of its documents; equal in the formula."""
    return solved(lambda x: labels(share, 0.75, (x, 0.05, 0.0), (0.0, 0.05, rare)), formula, 0.0, 0.0, 0.4)


def turned(pair: Labels) -> Labels:
    """The same with A and B exchanged."""
    return Labels(pair.table.transpose(0, 2, 1))


def spans(drop: float) -> Entities:
    """Entities, B finding fewer of them."""
    return solved(lambda x: Entities(0.75, 0.75 - x, 0.70 - x, 0.25, 0.25, 0.18), ENTITY, drop, 0.0, 0.2)


PRECISE = solved(lambda x: Entities(0.70, 0.82, 0.66, 0.15, x, 0.1), ENTITY, 0.0, 0.1, 0.9)
EXCHANGED = Entities(0.82, 0.70, 0.66, PRECISE.spurious_b, 0.15, 0.1)
NO_CHANGE: dict[str, tuple[Formula, Labels | Entities]] = {
    "accuracy, alike": (ACCURACY, same()),
    "accuracy, different profiles": (ACCURACY, traded(ACCURACY, UNEVEN, 0.3)),
    "macro-F1, alike": (MACRO, same()),
    "macro-F1, B better at 1 label in 10": (MACRO, traded(MACRO, UNEVEN, 0.2)),
    "macro-F1, A better at 1 label in 10": (MACRO, turned(traded(MACRO, UNEVEN, 0.2))),
    "macro-F1, B better at 1 label in 25": (MACRO, traded(MACRO, RARE, 0.25)),
    "macro-F1 of 14 labels, alike": (MACRO, same(MANY)),
    "entity F1, alike": (ENTITY, Entities(0.75, 0.75, 0.70, 0.25, 0.25, 0.18)),
    "entity F1, A precise, B complete": (ENTITY, PRECISE),
    "entity F1, A complete, B precise": (ENTITY, EXCHANGED),
}
GROUPED = [name for name in NO_CHANGE if not any(w in name for w in ("different", "A better", "in 25", "A complete"))]
AT_MARGIN = {"accuracy": (ACCURACY, dropped(ACCURACY, MARGIN)), "macro-F1": (MACRO, dropped(MACRO, MARGIN))}
AT_MARGIN["entity F1"] = (ENTITY, spans(MARGIN))


@dataclass(frozen=True)
class Case:
    """Comparisons of one pair of systems on samples of n units, single documents or groups of a size."""

    name: str
    formula: Formula
    pair: Labels | Entities
    n: int
    size: int = 1
    trials: int = 2_000

    @property
    def units(self) -> str:
        return f"{self.n:,} documents" if self.size == 1 else f"{self.n:,} groups of {self.size}"

    def verdicts(self, trials: int, draws: int = DRAWS) -> Iterator[Verdict]:
        """One verdict a sample."""
        rng = np.random.default_rng([self.n, self.size, len(self.name)])
        for trial in range(trials):
            a, b, times = self.pair.sample(self.n, self.size, rng)
            yield judge(a, b, [self.formula], seed=trial, times=times, draws=draws)[0]

    def count(self, trials: int) -> Counted:
        """How often each verdict comes up, and how often a gate that looks at the two numbers alarms."""
        found = list(self.verdicts(trials))
        counted: Counted = {state: sum(v.state == state for v in found) for state in ("regressed", "pass")}
        counted["identical"] = sum(v.identical for v in found)
        counted["below"] = sum(v.difference < 0 for v in found)
        counted["p"] = sum(v.p_worse <= ALPHA for v in found)
        return counted | {"trials": trials, "apart": sum(v.n_apart for v in found) / trials / self.n}


def no_change() -> list[Case]:
    """Pairs of equal true score."""
    cases = [
        Case(name, formula, pair, n, trials=10_000 if formula is ACCURACY else 2_000)
        for name, (formula, pair) in NO_CHANGE.items()
        for n in (100, 300, 1_000, 5_000)
    ]
    groups = [(28, 4), (45, 4), (91, 4), (300, 4), (28, 10), (45, 10), (91, 10)]
    return cases + [Case(name, *NO_CHANGE[name], n, size, 1_000) for name in GROUPED for n, size in groups]


def drops() -> list[Case]:
    """Pairs of which B is worse by 3 points, and by the margin."""
    three = [Case("macro-F1, 3 points down", MACRO, dropped(MACRO, 0.03), 1_000)]
    fourteen = dropped(MACRO, 0.05, share=MANY)
    five = [
        Case("macro-F1 of 14 labels, 5 points down", MACRO, fourteen, n, g) for n, g in ((300, 1), (1_000, 1), (91, 4))
    ]
    three += [Case("accuracy, 3 points down", ACCURACY, dropped(ACCURACY, 0.03), 1_000)]
    units = [(100, 1), (300, 1), (1_000, 1), (5_000, 1), (28, 4), (45, 4), (91, 4), (45, 10), (91, 10)]
    margin = [
        Case(f"{name}, {100 * MARGIN:.0f} points down", *which, n, size, 2_000 if size == 1 else 1_000)
        for name, which in AT_MARGIN.items()
        for n, size in units
    ]
    return three + five + margin


def sliced(apart: float, drop: float, trials: int) -> Counted:
    """3 metrics on the whole of 1,000 documents and on 8 slices of 125, the first of which may drop in accuracy."""
    formulas, rng = [formula_of(metric) for metric in METRICS], np.random.default_rng([1, round(1000 * drop)])
    calm, bad = same(apart=apart), dropped(ACCURACY, drop, apart)
    rows = calm.rows
    counted = dict.fromkeys(("primary", "family", "either", "uncorrected", "slice", "its accuracy"), 0.0)
    for trial in range(trials):
        triples = [
            np.repeat(np.arange(27), pair.sample(125, 1, rng)[2]) for pair in [bad if drop else calm, *[calm] * 7]
        ]
        every, number = np.concatenate(triples), np.arange(1_000)
        a, b = (side[every] for side in rows)
        parts = [number, *number.reshape(8, 125)]
        asked = [
            Slice(part, a[part], b[part], formulas[1:] if i == 0 else formulas, [MARGIN] * (3 - (i == 0)))
            for i, part in enumerate(parts)
        ]
        [primary] = judge(a, b, formulas[:1], seed=trial, draws=DRAWS)
        found = family(asked, seed=trial, draws=DRAWS)
        alarms = [primary.state == "regressed", any(v.state == "regressed" for row in found for v in row)]
        counted["primary"] += alarms[0]
        counted["family"] += alarms[1]
        counted["either"] += any(alarms)
        counted["uncorrected"] += any(v.p_alone <= ALPHA for row in [[primary], *found] for v in row)
        counted["slice"] += any(v.state == "regressed" for v in found[1])
        counted["its accuracy"] += found[1][1].state == "regressed"
    return counted | {"trials": trials}


def detected(name: str, n: int, trials: int) -> Counted:
    """The smallest drop said to be caught 80 % of the time by a set without change, and how often it is caught."""
    formula = {"accuracy": ACCURACY, "macro-F1": MACRO}[name]
    said = [settling.detectable(v) for v in Case(name, formula, dropped(formula, 0.0), n).verdicts(100)]
    drop = float(np.median([one for one in said if one is not None]))
    case = Case(name, formula, dropped(formula, drop, max(0.1, drop)), n)
    return case.count(trials) | {"drop": drop}


def settled(where_apart: bool, n: int, trials: int) -> Counted:
    """How often as many further units as were said do settle an inconclusive comparison of accuracies.

    The true difference is the one that was seen: the further units are drawn from the sample itself.
    """
    rng, case = np.random.default_rng(n), Case("accuracy", ACCURACY, dropped(ACCURACY, 0.01), n)
    rows = case.pair.rows
    differ = (rows[0] != rows[1]).any(axis=1)
    counted: Counted = {"settled": 0, "trials": 0, "units": 0}
    while counted["trials"] < trials:
        times = case.pair.sample(n, 1, rng)[2]
        [first] = judge(*rows, [ACCURACY], seed=0, times=times, draws=DRAWS)
        further = settling.settle(first)
        more = further.where_apart if where_apart else further.at_random
        if more is None:
            continue
        pool = times * differ if where_apart else times
        drawn = times + rng.multinomial(more, pool / pool.sum())
        if where_apart:  # those alike stand for as many as they are known to be
            drawn = np.where(differ, drawn, np.rint(times * (drawn[differ].sum() / times[differ].sum())).astype(int))
        [second] = judge(*rows, [ACCURACY], seed=0, times=drawn, draws=DRAWS)
        counted["settled"] += second.state != "inconclusive"
        counted["trials"] += 1
        counted["units"] += more / trials
    return counted


def more_draws(trials: int) -> Counted:
    """How many verdicts are other ones with ten times the draws, among samples of 300 documents without change."""
    formula, pair = NO_CHANGE["macro-F1, alike"]
    case = Case("macro-F1", formula, pair, 300)
    few, many = list(case.verdicts(trials)), list(case.verdicts(trials, 10 * DRAWS))
    alarms = [sum(v.state == "regressed" for v in row) for row in (few, many)]
    other = sum(x.state != y.state for x, y in zip(few, many, strict=True))
    return {"other": other, "few": alarms[0], "many": alarms[1], "trials": trials}


def seconds() -> Counted:
    """CPU seconds at n = 5,000 with 10,000 draws each: one macro-F1, and 27 cells; the median of 5."""
    formulas, rng = [formula_of(metric) for metric in METRICS], np.random.default_rng(0)
    rows, triple = same().rows, np.repeat(np.arange(27), same().sample(5_000, 1, rng)[2])
    a, b = (side[triple] for side in rows)
    own = rng.permutation(5_000).reshape(8, 625)
    asked = [Slice(part, a[part], b[part], formulas, [MARGIN] * 3) for part in (np.arange(5_000), *own)]

    def median(work: Callable[[], object]) -> float:
        spent = []
        for _ in range(5):
            start = time.process_time()
            work()
            spent.append(time.process_time() - start)
        return float(np.median(spent))

    one = median(lambda: judge(a, b, formulas[:1], seed=1))
    return {"one": one, "cells": median(lambda: family(asked, seed=1))}


def share(counted: Counted, what: str, bar: str = "") -> str:
    """A share in % with its standard error, in bold where it is outside the bar by more than chance."""
    part, n = counted[what] / counted["trials"], counted["trials"]
    error = math.sqrt(part * (1 - part) / n)
    said = f"{100 * part:.2f} ± {100 * error:.2f}"
    missed = (bar == "most" and part > MOST) or (bar == "least" and part < LEAST)
    return f"**{said}**" if missed else said


class Kept:
    """Finished cases, by what they are and by the code that was run."""

    def __init__(self, path: Path | None, fewer: int) -> None:
        code = [Path(str(module.__file__)) for module in (verdict, settling)] + [HERE / "populations.py"]
        self.code = hashlib.sha256(b"".join(file.read_bytes() for file in code)).hexdigest()[:16]
        self.path, self.fewer = path, fewer
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.found: dict[str, Counted] = dict(json.loads(line) for line in lines)

    def of(self, name: str, count: Callable[[int], Counted], trials: int) -> Counted:
        """What was counted under this name, now or before."""
        trials = max(20, trials // self.fewer)
        key = f"{self.code} {name} {trials}"
        if key not in self.found:
            self.found[key] = count(trials)
            if self.path:
                with self.path.open("a") as file:
                    file.write(json.dumps([key, self.found[key]]) + "\n")
            print(name, self.found[key], file=sys.stderr, flush=True)
        return self.found[key]


def page(kept: Kept) -> str:
    """All tables."""
    return "\n\n".join(
        [
            _no_change(kept),
            _drops(kept),
            _cells(kept),
            _plans(kept),
            _draws(kept.of("draws", more_draws, 1_000)),
            _cpu(),
        ]
    )


def _no_change(kept: Kept) -> str:
    text = """## No change

Asked for: regressed at most 6 %. `dropped` is a gate that alarms where the metric is lower at all. `p` is the test on
its own, without the interval.

| pair | units | comparisons | regressed, % | pass, % | p ≤ 0.05, % | dropped, % |
|---|---|---|---|---|---|---|"""
    for case in no_change():
        found = kept.of(f"{case.name}, {case.units}", case.count, case.trials)
        numbers = [share(found, "regressed", "most"), share(found, "pass"), share(found, "p"), share(found, "below")]
        text += f"\n| {case.name} | {case.units} | {found['trials']:,} | {' | '.join(numbers)} |"
    return text


def _drops(kept: Kept) -> str:
    text = """## Drops

Labels differ on 10 % of the documents. Asked for: 3 points are regressed in at least 80 %; a drop of the margin, 2
points, passes in at most 6 %.

| pair | units | comparisons | regressed, % | pass, % | pass as identical, % |
|---|---|---|---|---|---|"""
    for case in drops():
        found = kept.of(f"{case.name}, {case.units}", case.count, case.trials)
        bars = ("least" * ("3 points" in case.name), "most" * ("2 points" in case.name))
        numbers = [share(found, "regressed", bars[0]), share(found, "pass", bars[1]), share(found, "identical")]
        text += f"\n| {case.name} | {case.units} | {found['trials']:,} | {' | '.join(numbers)} |"
    return text


def _cells(kept: Kept) -> str:
    text = """## 27 cells

Macro-F1, accuracy and weighted F1, on 1,000 documents and on 8 slices of 125. Asked for without change: at most 6 %
for the primary and for the family of the other 26; with one slice down 15 points in accuracy: that slice is caught in
at least 80 %.

| case | primary, % | family, % | either, % | any p ≤ 0.05 uncorrected, % | the slice, % | its accuracy, % |
|---|---|---|---|---|---|---|"""
    for apart, drop in ((0.1, 0.0), (0.2, 0.0), (0.2, 0.15)):
        name = f"{apart:.0%} differ, " + (f"one slice {drop:.0%} down" if drop else "no change")
        trials = 1_000 if drop else 2_000
        found = kept.of(f"27 cells, {name}", lambda trials, a=apart, d=drop: sliced(a, d, trials), trials)
        bars = {"slice": "least"} if drop else {"primary": "most", "family": "most"}
        columns = ("primary", "family", "either", "uncorrected", "slice", "its accuracy")
        text += f"\n| {name} | " + " | ".join(share(found, what, bars.get(what, "")) for what in columns) + " |"
    return text


def _plans(kept: Kept) -> str:
    text = """## What it says of itself

`detectable`: the drop that is said to be caught 80 % of the time (median of 100 samples without change, 10 % differ),
and how often it is.

| metric | documents | drop, points | caught, % |
|---|---|---|---|"""
    for name in ("accuracy", "macro-F1"):
        for n in (100, 300, 1_000, 5_000):
            found = kept.of(f"detectable {name} {n}", lambda trials, m=name, n=n: detected(m, n, trials), 1_000)
            text += f"\n| {name} | {n:,} | {100 * found['drop']:.1f} | {share(found, 'regressed')} |"
    text += """

`settle`: further documents that are said to settle with a chance of 80 % what is inconclusive (accuracy, true
difference as it was seen), and how often they do.

| drawn | documents | further, mean | settled, % |
|---|---|---|---|"""
    for where, apart in (("at random", False), ("where the two differ", True)):
        for n in (300, 1_000):
            found = kept.of(f"settle {where} {n}", lambda trials, w=apart, n=n: settled(w, n, trials), 1_000)
            text += f"\n| {where} | {n:,} | {found['units']:,.0f} | {share(found, 'settled')} |"
    return text


def _draws(found: Counted) -> str:
    few, many, other = (share(found, what) for what in ("few", "many", "other"))
    return f"""## Draws

The tables are made with {DRAWS:,} draws each. With ten times as many, {other} % of the verdicts on macro-F1
at 300 documents without change are other ones; regressed are {few} % with the fewer, {many} % with the more."""


def _cpu() -> str:
    found = seconds()
    return (
        "## CPU\n\nAt 5,000 documents, 10,000 bootstrap and 10,000 randomization draws: "
        f"{found['one']:.2f} s for macro-F1 (asked for: 0.2 s),\n{found['cells']:.2f} s for 27 cells in one family."
    )


def main() -> None:
    """Print the tables, or write them into README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    text = page(Kept(asked.keep, 20 if asked.quick else 1))
    if not asked.write:
        print(text)
        return
    path, first, last = HERE / "README.md", "<!-- tables -->\n", "<!-- end of tables -->\n"
    whole = path.read_text(encoding="utf-8")
    head, tail = whole[: whole.index(first) + len(first)], whole[whole.index(last) :]
    write_atomically(path, f"{head}\n{text}\n\n{tail}".encode())


if __name__ == "__main__":
    main()
