"""Span counts and scores held against nervaluate 1.2.1 and spaCy's scorer on random spans, and where they err."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.entities import scheme_totals
from harness.matching import credit
from harness.registry import make, parse

LABELS = ("A", "B", "C")
OF_NERVALUATE = {"strict": "strict", "boundary": "exact", "partial": "partial", "type": "ent_type"}
FIVE = ("correct", "incorrect", "partial", "missed", "spurious")
Documents = list[list[tuple[int, int, str]]]

gaps = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(LABELS)), max_size=6)
pairs = st.lists(st.tuples(gaps, gaps), min_size=1, max_size=4)
nested = st.lists(
    st.sets(st.tuples(st.integers(0, 8), st.integers(1, 5), st.sampled_from(LABELS)), max_size=5),
    min_size=1,
    max_size=4,
)


def flat(gaps: list) -> list[tuple[int, int, str]]:
    """Spans one after another: how far after the last, how long, which label."""
    spans, at = [], 0
    for gap, length, label in gaps:
        spans.append((at + gap, at + gap + length, label))
        at += gap + length
    return spans


def ours(gold: Documents, said: Documents) -> dict[str, np.ndarray]:
    item = [str(i) for i in range(len(gold))]
    return scheme_totals(*(Annotations.of_spans(item, LABELS, side) for side in (gold, said)))


def nervaluates(gold: Documents, said: Documents) -> dict[str, np.ndarray]:
    """The same from nervaluate, whose ends are inclusive; a label that neither side holds has no counts there."""
    from nervaluate import Evaluator

    sides = ([[{"label": c, "start": a, "end": b - 1} for a, b, c in spans] for spans in side] for side in (gold, said))
    results = Evaluator(*sides, tags=list(LABELS), loader="dict").evaluate()
    tables = {}
    for match, name in OF_NERVALUATE.items():
        each = [results["overall"][name], *(results["entities"].get(label, {}).get(name) for label in LABELS)]
        tables[match] = np.array([[getattr(one, count) if one else 0 for count in FIVE] for one in each])
    return tables


def untangled(gold: list, said: list) -> list:
    """The predicted spans that overlap one gold span at most, each gold span overlapped once at most."""
    kept: list = []
    for span in said:
        near = [g for g in gold if max(g[0], span[0]) < min(g[1], span[1])]
        if len(near) < 2 and not any(max(g[0], s[0]) < min(g[1], s[1]) for g in near for s in kept):
            kept.append(span)
    return kept


@settings(max_examples=150, deadline=None)
@given(pairs=pairs)
def test_flat_sorted_spans_are_counted_as_nervaluate_counts_them(pairs: list) -> None:
    gold, said = [flat(g) for g, _ in pairs], [flat(s) for _, s in pairs]
    mine, theirs = ours(gold, said), nervaluates(gold, said)
    for match in ("strict", "boundary", "partial"):
        assert mine[match].tolist() == theirs[match].tolist(), match
    # by type it takes the nearest gold span of the label, which may leave another predicted span without one
    assert (credit(mine["type"]) >= credit(theirs["type"])).all()


@settings(max_examples=150, deadline=None)
@given(pairs=pairs)
def test_spans_that_do_not_compete_are_counted_as_nervaluate_counts_them_under_every_scheme(pairs: list) -> None:
    gold = [flat(g) for g, _ in pairs]
    said = [untangled(due, flat(s)) for due, (_, s) in zip(gold, pairs, strict=True)]
    mine, theirs = ours(gold, said), nervaluates(gold, said)
    assert {match: table.tolist() for match, table in mine.items()} == {m: theirs[m].tolist() for m in mine}


# Its strategies walk the predictions in the order given, and each takes the first gold span that it overlaps, or by
# type the nearest of its label. Ours is the pairing that gives most credit, whatever the order.
ERRS = [  # what happens, gold, predicted, scheme, nervaluate's five counts, ours
    ("of two overlaps the one of the wrong label comes first and takes the gold span",
     [(0, 9, "A")], [(0, 4, "B"), (5, 9, "A")], "type", [0, 1, 0, 0, 1], [1, 0, 0, 0, 1]),
    ("the nearest gold span is the only one that the next prediction overlaps",
     [(0, 4, "A"), (4, 9, "A")], [(3, 8, "A"), (8, 9, "A")], "type", [1, 0, 0, 1, 1], [2, 0, 0, 0, 0]),
    ("an overlap given first takes the partner of an exact span (its issue 40)",
     [(0, 6, "A")], [(0, 3, "A"), (0, 6, "A")], "strict", [0, 1, 0, 0, 1], [1, 0, 0, 0, 1]),
    ("an overlap steals a nested exact span (its issue 84)",
     [(0, 9, "A"), (0, 4, "B")], [(2, 9, "A"), (0, 9, "A")], "strict", [0, 2, 0, 0, 0], [1, 1, 0, 0, 0]),
    ("a label outside the tags vanishes, so that inventing labels is free",
     [(0, 3, "A")], [(0, 3, "A"), (5, 8, "who")], "strict", [1, 0, 0, 0, 0], [1, 0, 0, 0, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "gold", "said", "match", "theirs", "best"), ERRS, ids=[e[0][:40] for e in ERRS])
def test_where_nervaluate_errs_its_number_and_ours_are_known(
    what: str, gold: list, said: list, match: str, theirs: list[int], best: list[int]
) -> None:
    assert nervaluates([gold], [said])[match][0].tolist() == theirs, what
    assert ours([gold], [said])[match][0].tolist() == best, what


def test_the_order_of_predictions_changes_nervaluates_counts_and_not_ours() -> None:
    gold, said = [[(0, 6, "A")]], [[(0, 3, "A"), (0, 6, "A")]]
    turned = [said[0][::-1]]
    assert nervaluates(gold, said)["strict"][0].tolist() != nervaluates(gold, turned)["strict"][0].tolist()
    assert ours(gold, said)["strict"].tolist() == ours(gold, turned)["strict"].tolist()


def test_an_empty_first_document_breaks_nervaluates_default_loader_and_not_ours() -> None:
    from nervaluate import Evaluator

    spans = [[], [{"label": "A", "start": 0, "end": 2}]]
    with pytest.raises(IndexError):
        Evaluator(spans, spans, tags=["A"])
    assert ours([[], [(0, 3, "A")]], [[], [(0, 3, "A")]])["strict"][0].tolist() == [1, 0, 0, 0, 0]


@cache
def spacys_words():
    """spaCy's vocabulary and its Doc, Example, Span and scorer functions."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("spacy")
        from spacy.scorer import Scorer, get_ner_prf
        from spacy.tokens import Doc, Span
        from spacy.training import Example
        from spacy.vocab import Vocab
    return Vocab(), Doc, Span, Example, Scorer, get_ner_prf


def spacys(gold: Documents, said: Documents, n_tokens: int, *, overlapping: bool) -> dict:
    """Precision, recall and F1 over all types, then of each type, from spaCy's scorer."""
    vocab, Doc, Span, Example, Scorer, get_ner_prf = spacys_words()
    examples = []
    for due, found in zip(gold, said, strict=True):
        docs = []
        for spans in (found, due):
            doc = Doc(vocab, words=["w"] * n_tokens)
            named = [Span(doc, start, end, label=label) for start, end, label in spans]
            if overlapping:
                doc.spans["all"] = named
            else:
                doc.set_ents(named)
            docs.append(doc)
        examples.append(Example(*docs))
    if not overlapping:
        return get_ner_prf(examples)
    own = {"attr": "ents", "getter": lambda doc, _: doc.spans["all"], "has_annotation": lambda doc: True}
    return Scorer.score_spans(examples, **own, allow_overlap=True)


def held_against_spacy(gold: Documents, said: Documents, n_tokens: int, *, overlapping: bool) -> None:
    theirs = spacys(gold, said, n_tokens, overlapping=overlapping)
    item = [str(i) for i in range(len(gold))]
    pair = [Annotations.of_spans(item, LABELS, side) for side in (gold, said)]
    for name, key in (("precision", "p"), ("recall", "r"), ("f1", "f")):
        metric = make("metrics", parse(f"entity_{name}"))
        value = metric.score(metric.count(*pair).total)
        assert value == pytest.approx(theirs[f"ents_{key}"] or 0, abs=1e-15)  # None: no span at all
        for label, counts in zip(LABELS, metric.by_label.count(*pair), strict=True):
            own = (theirs["ents_per_type"] or {}).get(label, {}).get(key, 0)
            assert metric.by_label.score(counts.total) == pytest.approx(own, abs=1e-15)


@settings(max_examples=60, deadline=None)
@given(pairs=pairs)
def test_entity_scores_are_those_of_spacys_get_ner_prf(pairs: list) -> None:
    held_against_spacy([flat(g) for g, _ in pairs], [flat(s) for _, s in pairs], 40, overlapping=False)


@settings(max_examples=60, deadline=None)
@given(gold=nested, said=nested)
def test_entity_scores_on_nested_spans_are_those_of_spacys_score_spans(gold: list, said: list) -> None:
    said = (said * len(gold))[: len(gold)]
    sides = (
        [[(start, start + length, c) for start, length, c in sorted(spans)] for spans in side] for side in (gold, said)
    )
    held_against_spacy(*sides, 14, overlapping=True)


def test_a_span_said_twice_is_two_predictions_to_us_and_one_to_spacy() -> None:
    # spaCy makes a set of the spans of a document, so that repeating a right answer costs nothing
    gold, said = [[(0, 2, "A")]], [[(0, 2, "A"), (0, 2, "A")]]
    assert spacys(gold, said, 4, overlapping=True)["ents_p"] == 1
    metric = make("metrics", parse("entity_precision"))
    pair = [Annotations.of_spans(["a"], LABELS, side) for side in (gold, said)]
    assert metric.score(metric.count(*pair).total) == 0.5
