"""Tags <-> spans: conlleval's printed digits, seqeval's values in both modes, and seqeval itself on random tags."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.entities import label_totals
from harness.errors import AskedWrongly
from harness.tags import ALLOWED, SCHEMES, annotations_of_tags, spans_of_tags, tags_of_spans

GOLDEN = Path(__file__).parents[2] / "shared" / "golden"
OF_SEQEVAL = {"IOB1": "IOB1", "IOB2": "IOB2", "BIOES": "IOBES", "BILOU": "BILOU"}


def golden(name: str) -> dict:
    path = GOLDEN / name
    if not path.is_file():
        pytest.skip(f"the reference values are not at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


def counted(gold: list, said: list, labels: list[str], **how: str) -> np.ndarray:
    """Hits, said and due of each label, (3, n_labels)."""
    item = [str(i) for i in range(len(gold))]
    pair = [annotations_of_tags(item, labels, rows, **how) for rows in (gold, said)]
    assert all((side.codes >= 0).all() for side in pair)
    return label_totals(*pair)


def over(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def prf(hits: float, said: float, due: float) -> list[float]:
    return [over(hits, said), over(hits, due), over(2 * hits, said + due)]


def labels_in(*sides: list) -> list[str]:
    return sorted({span[2] for rows in sides for spans in spans_of_tags(rows) for span in spans})


SPLIT = "IOBES E then B not split by perl (spyysalo/conlleval.py#1)"


def test_the_default_reading_prints_the_digits_of_conlleval() -> None:
    cases = [case for case in golden("conlleval.json")["cases"] if "gold" in case and case["name"] != SPLIT]
    assert len(cases) == 16
    for case in cases:
        expected, labels = case["expected"], labels_in(case["gold"], case["pred"])
        assert labels == sorted(expected["types"]), case["name"]
        counts = counted(case["gold"], case["pred"], labels)
        hits, said, due = counts.sum(axis=1)
        assert [hits, said, due] == [expected["correct"], expected["found"], expected["gold"]], case["name"]
        printed = [f"{100 * value:.2f}" for value in prf(hits, said, due)]
        assert printed == [f"{expected[name]:.2f}" for name in ("precision", "recall", "f1")], case["name"]
        for label, own in zip(labels, counts.T, strict=True):
            theirs = expected["types"][label]
            printed = [f"{100 * value:.2f}" for value in prf(*own)] + [own[1]]
            assert printed == [f"{theirs[name]:.2f}" for name in ("precision", "recall", "f1")] + [theirs["found"]]


def test_e_then_b_is_two_spans_as_in_seqeval_and_one_in_conlleval() -> None:
    # conlleval.pl has no rule that ends a span at E before B, nor one that begins there: it finds 1 gold span of 4
    # tokens, and an F1 of 100. In BIOES E ends a span by definition: 2 gold spans, the single one found is wrong, 0.
    (case,) = [case for case in golden("conlleval.json")["cases"] if case["name"] == SPLIT]
    assert [case["expected"][name] for name in ("gold", "found", "correct", "f1")] == [1, 1, 1, 100.0]
    assert counted(case["gold"], case["pred"], ["M"])[:, 0].tolist() == [0, 1, 2]
    assert spans_of_tags(case["gold"]) == [[(0, 2, "M"), (2, 4, "M")]]
    assert spans_of_tags(case["gold"], reading="strict", scheme="BIOES") == [[(0, 2, "M"), (2, 4, "M")]]


def test_both_readings_give_the_values_that_seqeval_publishes() -> None:
    file = golden("seqeval.json")
    cases = [*file["cases"], *file["iobes"]]
    assert len(cases) == 10
    for case in cases:
        mode, _, scheme = f"{case['mode']} {case.get('scheme', '')}".strip().partition(" ")
        how = {"reading": mode, "scheme": {"IOBES": "BIOES"}.get(scheme, scheme or "IOB2")}
        labels = case.get("types") or labels_in(case["gold"], case["pred"])
        counts = counted(case["gold"], case["pred"], labels, **how)
        assert prf(*counts.sum(axis=1)) == pytest.approx(case["micro"], abs=1e-15), case["src"]
        each, due = np.array([prf(*own) for own in counts.T]).reshape(-1, 3), counts[2]
        for at, name in enumerate(("precision", "recall", "f1")):
            assert name not in case or each[:, at] == pytest.approx(case[name], abs=1e-15), case["src"]
        assert "support" not in case or due.tolist() == case["support"]
        assert "macro" not in case or each.mean(axis=0) == pytest.approx(case["macro"], abs=1e-15)
        assert "weighted" not in case or due @ each / due.sum() == pytest.approx(case["weighted"], abs=1e-15)


def tag_rows(letters: str) -> st.SearchStrategy:
    tag = st.one_of(st.just("O"), *(st.sampled_from([f"{letter}-A", f"{letter}-B-C", letter]) for letter in letters))
    return st.lists(st.lists(tag, max_size=9), max_size=4)


@settings(max_examples=300, deadline=None)
@given(rows=tag_rows("BIES"))
def test_the_default_reading_is_seqevals(rows: list) -> None:
    from seqeval.metrics.sequence_labeling import get_entities

    theirs = [[(start, end + 1, label) for label, start, end in get_entities(row)] for row in rows]
    assert spans_of_tags(rows) == theirs


@settings(max_examples=400, deadline=None)
@given(data=st.data(), scheme=st.sampled_from(SCHEMES))
def test_the_strict_reading_is_seqevals(data: st.DataObject, scheme: str) -> None:
    import seqeval.scheme

    rows = data.draw(tag_rows(ALLOWED[scheme].replace("O", "")))
    entities = seqeval.scheme.Entities(rows, getattr(seqeval.scheme, OF_SEQEVAL[scheme])).entities
    theirs = [[(e.start, e.end, e.tag) for e in row] for row in entities]
    assert spans_of_tags(rows, reading="strict", scheme=scheme) == theirs


@settings(max_examples=60, deadline=None)
@given(gold=tag_rows("BI"), said=tag_rows("BI"), strict=st.booleans())
def test_the_scores_are_seqevals(gold: list, said: list, strict: bool) -> None:
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
    from seqeval.metrics.v1 import precision_recall_fscore_support as strictly
    from seqeval.scheme import IOB2

    gold = [row for row in gold if row]
    said = [(row * 9 + ["O"] * 9)[: len(due)] for due, row in zip(gold, (*said, *[[]] * 4), strict=False)]
    if not gold:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if strict:
            theirs = strictly(gold, said, average="micro", scheme=IOB2, zero_division=0)
        else:
            theirs = precision_recall_fscore_support(gold, said, average="micro", zero_division=0)
    how = {"reading": "strict"} if strict else {}
    counts = counted(gold, said, ["A", "B-C", "_"], **how).sum(axis=1)
    assert prf(*counts) == pytest.approx(theirs[:3], abs=3e-16)
    assert counts[2] == theirs[3]


flat = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("AB")), max_size=5)


@settings(max_examples=200, deadline=None)
@given(gaps=flat, scheme=st.sampled_from(SCHEMES), after=st.integers(0, 2))
def test_tags_of_spans_read_back_are_the_spans(gaps: list, scheme: str, after: int) -> None:
    spans, at = [], 0
    for gap, length, label in gaps:
        spans.append((at + gap, at + gap + length, label))
        at += gap + length
    tags = tags_of_spans(spans[::-1], at + after, scheme=scheme)
    assert len(tags) == at + after
    assert spans_of_tags([tags]) == [spans]
    assert spans_of_tags([tags], reading="strict", scheme=scheme) == [spans]


@settings(max_examples=100, deadline=None)
@given(rows=tag_rows("BIESUL"))
def test_annotations_of_tags_are_those_of_their_spans(rows: list) -> None:
    item, labels = [str(i) for i in range(len(rows))], ("B-C", "A")
    ours = annotations_of_tags(item, labels, rows)
    theirs = Annotations.of_spans(item, labels, spans_of_tags(rows))
    assert ours.digest == theirs.digest
    for name in ("status", "codes", "offsets", "starts", "ends"):
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype


@settings(max_examples=60, deadline=None)
@given(rows=tag_rows("BI"), before=tag_rows("BI"), strict=st.booleans())
def test_an_arrow_column_of_tags_is_read_as_lists_of_tags_are(rows: list, before: list, strict: bool) -> None:
    import pyarrow as pa

    item, how = [str(i) for i in range(len(rows))], {"reading": "strict"} if strict else {}
    plain = annotations_of_tags(item, ["B-C", "A"], rows, **how)
    for kind in (pa.string(), pa.dictionary(pa.int8(), pa.string())):
        column = pa.array([*before, *rows], pa.list_(kind))[len(before) :]
        parts = pa.chunked_array([column[: len(rows) // 2], column[len(rows) // 2 :]])
        for arrow in (column, parts):
            assert annotations_of_tags(item, ["B-C", "A"], arrow, **how).digest == plain.digest


def test_what_is_no_tag_in_an_arrow_column_is_refused_with_its_place() -> None:
    import pyarrow as pa

    for bad in ("EVENT", None):
        with pytest.raises(AskedWrongly, match=r"row 2, token 3: .* is no tag"):
            annotations_of_tags(["a", "b"], ["A"], pa.array([["O"], ["B-A", "O", bad]]))


def test_tags_that_come_late_and_more_tags_than_a_byte_can_number_are_read() -> None:
    rows = [["O"]] * 3000 + [[f"B-{i}", f"I-{i}"] for i in range(300)]
    assert spans_of_tags(rows) == [[]] * 3000 + [[(0, 2, str(i))] for i in range(300)]
    assert spans_of_tags([["O"]] * 3000 + [["B-A"]])[-1] == [(0, 1, "A")]


def test_the_same_tags_are_read_differently_and_the_reading_is_named() -> None:
    rows = [["I-A", "I-A", "O", "B-A", "I-B"]]
    assert spans_of_tags(rows) == [[(0, 2, "A"), (3, 4, "A"), (4, 5, "B")]]
    assert spans_of_tags(rows, reading="strict") == [[(3, 4, "A")]]
    assert spans_of_tags(rows, reading="strict", scheme="IOB1") == [[(0, 2, "A"), (4, 5, "B")]]


def test_strict_iob1_loses_a_span_before_a_b_of_another_label_as_seqevals_does() -> None:
    # no IOB1 tagger writes B after another label; seqeval's patterns then neither end the one nor begin the other
    from seqeval.scheme import IOB1, Entities

    tags = ["I-A", "B-A", "B-B"]
    assert [e.to_tuple() for e in Entities([tags], IOB1).entities[0]] == [(0, "A", 0, 1)]
    assert spans_of_tags([tags], reading="strict", scheme="IOB1") == [[(0, 1, "A")]]
    assert spans_of_tags([tags]) == [[(0, 1, "A"), (1, 2, "A"), (2, 3, "B")]]


def test_u_and_l_are_s_and_e_while_seqevals_default_reading_joins_them() -> None:
    # seqeval's default reading knows no U and no L: two units of one label are one span of two tokens to it
    from seqeval.metrics.sequence_labeling import get_entities

    tags = ["U-A", "U-A"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert get_entities(tags) == [("A", 0, 1)]
    assert spans_of_tags([tags]) == [[(0, 1, "A"), (1, 2, "A")]]
    assert spans_of_tags([tags], reading="strict", scheme="BILOU") == [[(0, 1, "A"), (1, 2, "A")]]


def test_a_tag_without_a_letter_is_refused_while_seqeval_invents_a_label() -> None:
    from seqeval.metrics.sequence_labeling import get_entities

    with pytest.warns(UserWarning, match="seems not to be NE tag"):
        assert get_entities(["EVENT"]) == [("VENT", 0, 0)]
    with pytest.raises(AskedWrongly, match='row 2, token 3: "EVENT" is no tag'):
        spans_of_tags([["O"], ["B-A", "O", "EVENT"]])


@pytest.mark.parametrize(
    ("tag", "how"), [("", {}), ("o", {}), ("O-A", {}), ("X-A", {}), ("B_A", {}), ("S-A", {"reading": "strict"})]
)
def test_what_is_no_tag_of_the_scheme_is_refused(tag: str, how: dict) -> None:
    with pytest.raises(AskedWrongly, match="is no tag"):
        spans_of_tags([["O", tag]], **how)


def test_an_unknown_reading_or_scheme_and_a_wrong_number_of_rows_are_refused() -> None:
    for how in ({"reading": "lenient"}, {"scheme": "IOE1"}):
        with pytest.raises(AskedWrongly, match="default or strict"):
            spans_of_tags([], **how)
    with pytest.raises(AskedWrongly, match="1 rows of tags for 2 items"):
        annotations_of_tags(["a", "b"], ["A"], [["O"]])


@pytest.mark.parametrize("spans", [[(0, 2, "A"), (1, 3, "A")], [(3, 5, "A")], [(-1, 1, "A")], [(2, 2, "A")]])
def test_spans_that_tags_cannot_say_are_refused(spans: list) -> None:
    with pytest.raises(AskedWrongly, match="cannot be said in tags"):
        tags_of_spans(spans, 4)
