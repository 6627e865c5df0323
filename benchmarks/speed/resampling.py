"""10,000 resamples and swaps against scipy, sacrebleu and a numpy loop, and what memory they take.

    python benchmarks/speed/resampling.py [--items N ...] [--write]

Ours begin with columns of label codes, or with rows of counts by document, and end with the interval or p: the BCa
interval, the percentile interval of a difference, the two-sided p of randomization. scipy's bootstrap is asked for
the plain percentile interval at these sizes, which is less work than BCa; at 1,000 for BCa, to check the ends of ours.
The peers do a few resamples, 20 to 2,000, and are scaled linearly. The floor is one numpy sum over the
columns and one draw of 10,000 resamples of as many cells as occur.
"""

import math
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from _frame import HEAD, STAR, Comparison, Numbers, measure, metric, run
from _made_up import LABELS, label_codes, of_codes

from harness.counts import f1_of, joint, label_counts, of_one
from harness.stats.bootstrap import MANY, explained
from harness.stats.distinct import distinct, merged
from harness.stats.paired import differences
from harness.stats.randomization import randomize

DRAWS = 10_000
SEED = 13
SIGMAS = 5  # how far apart two Monte-Carlo numbers may be
MOST_MB = 200
PART = 20_000_000  # items that a peer draws in all: 200 resamples of 100,000; from 20 to 2,000 resamples
REACH = {
    100_000: {"macro": 1_500, "paired": 400, "randomized": 2_000, "entities 2.5": 600, "entities randomized": 900},
    1_000_000: {"macro": 5_000},
}
F1 = of_one(f1_of)
Array = npt.NDArray[Any]


def count_rows(n: int, spans: float, systems: int = 1, seed: int = 1) -> list[Array]:
    """Hits, spans said and spans due of n documents with so many spans on average, (n, 3) for each system."""
    rng = np.random.default_rng(seed)
    due = rng.poisson(spans, n)
    found = []
    for _ in range(systems):
        hits = rng.binomial(due, 0.8)
        found.append(np.column_stack([hits, hits + rng.poisson(0.2 * spans, n), due]))
    return found


def interval(vectors: Array, times: Array, formula: Callable[[Array], Array], draws: int) -> Numbers:
    """The value with its interval."""
    [found] = explained(vectors, times, [formula], seed=SEED, draws=draws)
    return {"value": float(formula(times @ vectors)), "low": float(found.low), "high": float(found.high)}


def macro_interval(gold: Array, said: Array, draws: int = DRAWS) -> Numbers:
    """Macro-F1 from codes."""
    counts = label_counts(of_codes(gold), of_codes(said))
    return interval(*merged(counts.vectors, counts.times), metric("f1").score, draws)


def entity_interval(rows: Array, draws: int = DRAWS) -> Numbers:
    """Micro F1 by document from rows of counts."""
    return interval(*distinct(rows), F1, draws)


Pairs = tuple[Array, Array, Array | None]  # rows of A and of B, and how many units have each pair: None, one each


def macro_pair(gold: Array, a: Array, b: Array) -> Pairs:
    """Rows of two systems from codes, each pair of rows once."""
    due = of_codes(gold)
    return joint(*(label_counts(due, of_codes(said)) for said in (a, b)))


def randomized(pairs: Pairs, formula: Callable[[Array], Array], draws: int = DRAWS) -> Numbers:
    """The difference with its p."""
    [found] = randomize(*pairs[:2], [formula], seed=SEED, draws=draws, times=pairs[2])
    return {"difference": float(found.difference), "p": float(found.p)}


def paired(pairs: Pairs, formula: Callable[[Array], Array], draws: int = DRAWS) -> Numbers:
    """The difference with its interval."""
    [found] = differences(*pairs[:2], [formula], seed=SEED, draws=draws, times=pairs[2])
    return {"value": float(found.difference), "low": float(found.low), "high": float(found.high)}


def sk_macro(gold: Array, said: Array) -> float:
    """scikit-learn's macro-F1."""
    from sklearn.metrics import f1_score

    return float(f1_score(gold, said, labels=range(len(LABELS)), average="macro", zero_division=0))


def scipy_bootstrap(data: Sequence[Array], statistic: Callable[..., float], draws: int, method: str) -> Numbers:
    """scipy's bootstrap of items with all their answers."""
    from scipy.stats import bootstrap

    done = bootstrap(
        tuple(data), statistic, n_resamples=draws, paired=True, vectorized=False, method=method, batch=10, rng=SEED
    )
    ends = done.confidence_interval
    return {"value": statistic(*data), "low": float(ends.low), "high": float(ends.high)}


def scipy_permutation(gold: Array, a: Array, b: Array, draws: int) -> Numbers:
    """scipy's swaps of the two answers to an item. Its batches hold 100 swaps, so that memory lasts."""
    from scipy.stats import permutation_test

    def statistic(a: Array, b: Array) -> float:
        return sk_macro(gold, a) - sk_macro(gold, b)

    done = permutation_test(
        (a, b), statistic, permutation_type="samples", vectorized=False, n_resamples=draws, batch=100, rng=SEED
    )
    return {"difference": float(done.statistic), "p": float(done.pvalue)}


def numpy_loop(rows: Array, draws: int) -> Numbers:
    """What people write by hand: the percentile interval of F1 over resampled rows of counts."""
    rng, n = np.random.default_rng(SEED), len(rows)
    values = []
    for _ in range(draws):
        hits, said, due = rows[rng.integers(0, n, n)].sum(axis=0)
        values.append(2 * hits / (said + due))
    hits, said, due = rows.sum(axis=0)
    low, high = np.quantile(values, [0.025, 0.975])
    return {"value": float(2 * hits / (said + due)), "low": float(low), "high": float(high)}


def sacrebleu_test(units_a: Array, units_b: Array, draws: int) -> Numbers:
    """sacrebleu's own paired approximate randomization, given a metric whose sufficient statistics are our counts."""
    from sacrebleu.significance import Result, _paired_ar_test

    def score(rows: Array) -> SimpleNamespace:
        return SimpleNamespace(score=float(F1(np.asarray(rows).sum(axis=0))))

    f1 = SimpleNamespace(_extract_corpus_statistics=lambda hypotheses, _: hypotheses, _aggregate_and_compute=score)
    before = score(units_a).score
    _, done = _paired_ar_test({"f1": (units_a, Result(before))}, "b", units_b, None, {"f1": f1}, draws, seed=SEED)
    return {"difference": before - done["f1"].score, "p": float(done["f1"].p_value)}


def comparisons(n: int, draws: int) -> Iterator[Comparison]:
    """Intervals, then paired tests, of labels and of entities; the peers do so many draws."""
    for key, one in (*_of_labels(n, draws), *_of_entities(n, draws)):
        yield replace(one, reach=REACH.get(n, {}).get(key), times=DRAWS / draws)


def _of_labels(n: int, draws: int) -> Iterator[tuple[str, Comparison]]:
    gold, a, b = label_codes(n, 2)
    f1, method = metric("f1").score, "BCa" if n <= 1_000 else "percentile"
    yield (
        "macro",
        Comparison(
            "interval of macro-F1",
            f"`scipy.stats.bootstrap`, {method}, scikit-learn",
            lambda: macro_interval(gold, a),
            lambda: scipy_bootstrap((gold, a), sk_macro, draws, method),
            _floor((gold, a), np.column_stack([gold, a])),
            slack=_of_ends(draws),
        ),
    )
    yield (
        "paired",
        Comparison(
            "paired interval of macro-F1",
            "`scipy.stats.bootstrap`, percentile, scikit-learn",
            lambda: paired(macro_pair(gold, a, b), f1),
            lambda: scipy_bootstrap((gold, a, b), lambda g, a, b: sk_macro(g, a) - sk_macro(g, b), draws, "percentile"),
            _floor((gold, a, b), np.column_stack([gold, a, b])),
            slack=_of_ends(draws),
        ),
    )
    if n > 100_000:  # scipy's swaps of a million items take minutes
        return
    yield (
        "randomized",
        Comparison(
            "paired randomization of macro-F1",
            "`scipy.stats.permutation_test`, scikit-learn",
            lambda: randomized(macro_pair(gold, a, b), f1),
            lambda: scipy_permutation(gold, a, b, draws),
            _floor((gold, a, b), np.column_stack([gold, *np.sort([a, b], axis=0)])[a != b], swaps=True),
            slack=_of_p(draws),
        ),
    )


def _of_entities(n: int, draws: int) -> Iterator[tuple[str, Comparison]]:
    for spans in (2.5, 20.0):
        [rows] = count_rows(n, spans)
        drawn = "" if len(distinct(rows)[1]) <= MANY else " (jackknife, no draws)"
        yield (
            f"entities {spans:g}",
            Comparison(
                f"interval of entity F1, {spans:g} spans a document{drawn}",
                "numpy loop over rows of counts",
                lambda rows=rows: entity_interval(rows),
                lambda rows=rows: numpy_loop(rows, draws),
                _floor((rows,), rows),
                slack=_of_ends(draws),
            ),
        )
    pair = count_rows(n, 2.5, 2)
    gaps = np.abs(pair[0] - pair[1])
    yield (
        "entities randomized",
        Comparison(
            "paired randomization of entity F1, 2.5 spans a document",
            "sacrebleu's procedure on rows of counts",
            lambda: randomized((*pair, None), F1),
            lambda: sacrebleu_test(*pair, draws),
            _floor(pair, gaps[gaps.any(axis=1)], swaps=True),
            slack=_of_p(draws),
        ),
    )


def _floor(columns: Sequence[Array], cells: Array, *, swaps: bool = False) -> Callable[[], object]:
    """One sum over the columns and one draw of the distinct rows of `cells`: how many units have each, or swap it."""
    times = distinct(cells)[1]
    n, random = int(times.sum()), np.random.default_rng(SEED)

    def floor() -> object:
        sums = [column.sum() for column in columns]
        if swaps:
            return sums, random.binomial(times, 0.5, (DRAWS, len(times)))
        return sums, random.multinomial(n, times / n, DRAWS)

    return floor


def _of_ends(draws: int) -> Callable[[Numbers], Numbers]:
    """The standard error of an end is 2.7 / √draws standard errors of the value, with BCa's bias 3.7."""
    share = SIGMAS * 3.7 * math.sqrt(1 / draws + 1 / DRAWS) / 3.92
    return lambda ours: dict.fromkeys(("low", "high"), share * (ours["high"] - ours["low"]))


def _of_p(draws: int) -> Callable[[Numbers], Numbers]:
    """A two-sided p may be twice a share of p / 2; one draw more for strict or weak inequality."""
    spread = SIGMAS * math.sqrt(1 / draws + 1 / DRAWS)
    return lambda ours: {"p": spread * math.sqrt(ours["p"] * (2 - ours["p"])) + 2 / draws}


def memory(n: int) -> str:
    """What 10,000 draws hold at most, above the columns, in words."""
    gold, a, b = (of_codes(codes) for codes in label_codes(n, 2))
    [rows] = count_rows(n, 2.5)
    pair = count_rows(n, 2.5, 2)
    held = {
        "interval of macro-F1": lambda: macro_interval(gold.codes, a.codes),
        "paired randomization of macro-F1": lambda: randomized(
            macro_pair(gold.codes, a.codes, b.codes), metric("f1").score
        ),
        "paired interval of macro-F1": lambda: paired(macro_pair(gold.codes, a.codes, b.codes), metric("f1").score),
        "interval of entity F1": lambda: entity_interval(rows),
        "paired randomization of entity F1": lambda: randomized((*pair, None), F1),
        "paired interval of entity F1": lambda: paired((*pair, None), F1),
    }
    peaks = {name: _peak(work) for name, work in held.items()}
    said = ", ".join(f"{name} {peak:.0f} MB{' (missed)' * (peak > MOST_MB)}" for name, peak in peaks.items())
    return f"Memory of 10,000 draws at n = {n:,} above the columns, at most {MOST_MB} MB: {said}."


def _peak(work: Callable[[], object]) -> float:
    """The most that is held while it runs, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def table(sizes: Sequence[int]) -> str:
    """One row a comparison and size, then the memory."""
    rows = [str(measure(comparison, n)) for n in sizes for comparison in comparisons(n, max(20, min(2_000, PART // n)))]
    return "\n".join([HEAD, *rows, "", STAR, "", memory(max(sizes))])


if __name__ == "__main__":
    run("Resampling", __doc__ or "", ("scipy", "scikit-learn", "sacrebleu"), table)
