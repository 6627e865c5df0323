"""Entity scores from Arrow span columns against seqeval, nervaluate and spaCy, each on what it takes itself.

    python benchmarks/speed/spans.py [--items N ...] [--write]

Sentences of 24 tokens with 2.5 spans of 4 types, as made up in `_made_up.py`. Ours begin with two Arrow columns, lists
of (start, end, label) structs, and so with their conversion; the peers have their tags, dicts and examples built. The
floor is one numpy sum over the columns and one sort of the spans as 64-bit keys.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from _frame import HEAD, STAR, Comparison, Numbers, in_words, measure, median, metric, run
from _made_up import SLOT, SLOTS, TYPES, Side, sides

from harness.annotations import Annotations
from harness.answers import Asked
from harness.answers.parquet import answers_of
from harness.counts import f1_of, ratio
from harness.entities import label_totals, scheme_totals
from harness.matching import MISSED, SPURIOUS, credit

SCHEMES = {"strict": "strict", "exact": "boundary", "partial": "partial", "ent_type": "type"}
ASKED = Asked("spans", TYPES)
PRF = ("precision", "recall", "f1-score")
OF_TYPE = tuple(f"[{name}]" for name in TYPES)
REACH = {"f1": 400, "report": 2_000, "nervaluate": 200}  # at a million sentences
PARTS = {
    "f1": 1_000_000,
    "report": 200_000,
    "strict": 200_000,
    "nervaluate": 100_000,
    "spacy": 100_000,
}  # the most a peer is given


def of_arrow(column: pa.ListArray) -> Annotations:
    """A column of span lists as answers, as `harness score` reads it from Parquet."""
    return answers_of({"spans": column}, ASKED)


def strict(gold: Annotations, said: Annotations) -> Numbers:
    """Micro F1 of spans that match exactly."""
    f1 = metric("entity_f1")
    return {"f1": float(f1.score(f1.count(gold, said).total))}


def report(gold: Annotations, said: Annotations) -> Numbers:
    """Precision, recall and F1 of every type, then micro, macro and weighted, as seqeval's report has them."""
    each = label_totals(gold, said)
    hits, found, due = np.column_stack([each, each.sum(axis=1)])
    values = np.stack([ratio(hits, found), ratio(hits, due), f1_of(hits, found, due)])
    macro, weighted = values[:, :-1].mean(axis=1), (values[:, :-1] * due[:-1]).sum(axis=1) / due[-1]
    rows = zip([*TYPES, "micro avg", "macro avg", "weighted avg"], [*values.T, macro, weighted], strict=True)
    return {f"{name}[{label}]": float(value) for label, row in rows for name, value in zip(PRF, row, strict=True)}


def four_schemes(gold: Annotations, said: Annotations) -> Numbers:
    """F1 under each scheme, overall and of every type."""
    totals = scheme_totals(gold, said)
    found = {}
    for name, match in SCHEMES.items():
        counts = totals[match]  # (1 + n_types, 5)
        due, given = (counts.sum(axis=1) - counts[:, other] for other in (SPURIOUS, MISSED))
        values = f1_of(credit(counts), given, due)
        found |= {name + where: float(value) for where, value in zip(("", *OF_TYPE), values, strict=True)}
    return found


def tags_of(gold: Side, said: Side) -> tuple[Any, ...]:
    """What seqeval takes."""
    return gold.tags, said.tags


def of_seqeval_f1(gold: list[list[str]], said: list[list[str]]) -> Numbers:
    """seqeval, default."""
    from seqeval.metrics import f1_score

    return {"f1": float(f1_score(gold, said))}


def of_seqeval_report(gold: list[list[str]], said: list[list[str]], **mode: Any) -> Numbers:
    """seqeval's report as numbers: its text has two digits."""
    from seqeval.metrics import classification_report

    table = classification_report(gold, said, output_dict=True, zero_division=0, **mode)
    return {f"{name}[{label}]": float(row[name]) for label, row in table.items() for name in PRF}


def of_seqeval_strict(gold: list[list[str]], said: list[list[str]]) -> Numbers:
    """The same, strict."""
    from seqeval.scheme import IOB2

    return of_seqeval_report(gold, said, mode="strict", scheme=IOB2)


def dicts_of(gold: Side, said: Side) -> tuple[Any, ...]:
    """What nervaluate takes."""
    return gold.dicts, said.dicts


def of_nervaluate(gold: list[Any], said: list[Any]) -> Numbers:
    """nervaluate, all four schemes with types."""
    from nervaluate import Evaluator

    done = Evaluator(gold, said, tags=list(TYPES), loader="dict").evaluate()
    found = {scheme: float(done["overall"][scheme].f1) for scheme in SCHEMES}
    return found | {f"{s}[{label}]": float(done["entities"][label][s].f1) for s in SCHEMES for label in TYPES}


def examples_of(gold: Side, said: Side) -> tuple[Any, ...]:
    """What spaCy takes: examples, aligned."""
    from spacy.tokens import Doc
    from spacy.training import Example
    from spacy.vocab import Vocab

    vocab, words = Vocab(), ["w"] * (SLOTS * SLOT)
    pairs = zip(said.tags, gold.tags, strict=True)
    built = [Example(*(Doc(vocab, words, ents=tags) for tags in pair)) for pair in pairs]
    assert all(example.alignment is not None for example in built)
    return (built,)


def of_spacy(built: list[Any]) -> Numbers:
    """spaCy's scorer."""
    from spacy.scorer import get_ner_prf

    done = get_ner_prf(built)
    rows = {"micro avg": {letter: done[f"ents_{letter}"] for letter in "prf"}, **done["ents_per_type"]}
    return {f"{name}[{label}]": float(row[name[0]]) for label, row in rows.items() for name in PRF}


AGAINST = (  # the work, the peer, ours, theirs, what it takes, the key of its part and of its ratio to reach
    ("strict F1", "seqeval `f1_score`", strict, of_seqeval_f1, tags_of, "f1"),
    ("report by type", "seqeval `classification_report`", report, of_seqeval_report, tags_of, "report"),
    ("report by type", "seqeval, strict IOB2", report, of_seqeval_strict, tags_of, "strict"),
    ("four schemes, overall and by type", "nervaluate", four_schemes, of_nervaluate, dicts_of, "nervaluate"),
    ("P, R, F by type", "spaCy `get_ner_prf`", report, of_spacy, examples_of, "spacy"),
)


def comparisons(n: int) -> Iterator[Comparison]:
    """One peer after the other, on as many sentences as it can do in a minute."""
    pair = sides(n)
    columns = [side.arrow for side in pair]
    floor = floor_of([of_arrow(column) for column in columns])
    reach = REACH if n >= 1_000_000 else {}
    for work, peer, ours, theirs, taken, key in AGAINST:
        most = min(n, PARTS[key])
        part = tuple(side.first(most) for side in pair)
        held: list[Any] = []
        yield Comparison(
            work,
            peer,
            lambda ours=ours: ours(*map(of_arrow, columns)),
            lambda theirs=theirs, held=held: theirs(*held),
            floor,
            reach.get(key),
            part=lambda ours=ours, part=part: ours(*(of_arrow(side.arrow) for side in part)),
            times=n / most,
            ready=lambda held=held, taken=taken, part=part: held.extend(taken(*part)),
        )
        held.clear()  # of the next peer's memory


def floor_of(both: Sequence[Annotations]) -> Callable[[], object]:
    """One sum over all columns, one sort of all spans as numbers."""
    flat = [part for one in both for part in (one.offsets, one.starts, one.ends, one.codes)]
    keys = np.concatenate([_keys(one) for one in both])
    return lambda: ([int(part.sum()) for part in flat], np.sort(keys))


def _keys(one: Annotations) -> Any:
    """Sentence, start, end and label of each span in one number."""
    sentence = np.repeat(np.arange(len(one)), np.diff(one.offsets))
    return ((sentence * 32 + one.starts) * 32 + one.ends) * 8 + one.codes


def conversion(n: int) -> str:
    """What of ours is the conversion."""
    columns = [side.arrow for side in sides(n)]
    return f"{in_words(median(lambda: [of_arrow(column) for column in columns]))} at {n:,}"


def table(sizes: Sequence[int]) -> str:
    """One row a comparison and size."""
    rows = [str(measure(comparison, n)) for n in sizes for comparison in comparisons(n)]
    about = f"Of ours, the conversion of both columns from Arrow takes {', '.join(map(conversion, sizes))}."
    return "\n".join([HEAD, *rows, "", STAR, "", about])


if __name__ == "__main__":
    run("Entities from span columns", __doc__ or "", ("seqeval", "nervaluate", "spacy"), table)
