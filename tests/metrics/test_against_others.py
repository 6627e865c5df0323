"""Our numbers against scikit-learn's and seqeval's on the same answers."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from answers import LABELS, some_answers
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.registry import make, parse

ULP = 2.3e-16  # one unit in the last place of a number up to 1


def ours(spec: str, gold: Annotations, predicted: Annotations) -> float:
    metric = make("metrics", parse(spec))
    return float(metric.score(metric.count(gold, predicted).total))


def each(spec: str, gold: Annotations, predicted: Annotations) -> np.ndarray:
    metric = make("metrics", parse(spec))
    return np.array([metric.by_label.score(counts.total) for counts in metric.by_label.count(gold, predicted)])


@settings(max_examples=80, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**31), few=st.integers(1, 4))
def test_label_scores_equal_scikit_learn(n: int, seed: int, few: int) -> None:
    from sklearn import metrics as sk

    gold = some_answers("label", n, seed, gold=True, labels=LABELS[:few])
    gold = Annotations.of_label(gold.item, LABELS, gold.answers())
    predicted = some_answers("label", n, seed + 1)
    due = [str(label) for label in gold.answers()]
    said = [str(label) for label in predicted.answers()]  # an unanswered item is "None", a label of nobody's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for average in ("macro", "micro"):
            theirs = sk.f1_score(due, said, labels=LABELS, average=average, zero_division=0)
            assert ours(f"f1(average='{average}')", gold, predicted) == pytest.approx(theirs, abs=ULP, rel=0)
        theirs = sk.f1_score(due, said, labels=LABELS, average=None, zero_division=0)
        assert each("f1", gold, predicted) == pytest.approx(theirs, abs=ULP, rel=0)
        assert ours("accuracy", gold, predicted) == pytest.approx(sk.accuracy_score(due, said), abs=ULP, rel=0)
        theirs = sk.f1_score(due, said, labels=["A", "B"], average="macro", zero_division=0)
        assert ours("favor_against(favor='A', against='B')", gold, predicted) == pytest.approx(theirs, abs=ULP, rel=0)


@settings(max_examples=80, deadline=None)
@given(n=st.integers(2, 60), seed=st.integers(0, 2**31), few=st.integers(1, 4))
def test_the_other_label_scores_equal_scikit_learn_too(n: int, seed: int, few: int) -> None:
    from sklearn import metrics as sk

    gold = some_answers("label", n, seed, gold=True, labels=LABELS[:few])
    gold = Annotations.of_label(gold.item, LABELS, gold.answers())
    predicted = some_answers("label", n, seed + 1)
    due, said = ([str(label) for label in answers.answers()] for answers in (gold, predicted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for average in ("macro", "micro", "weighted"):
            settings_ = {"labels": LABELS, "average": average, "zero_division": 0}
            for name, theirs in (
                ("precision", sk.precision_score(due, said, **settings_)),
                ("recall", sk.recall_score(due, said, **settings_)),
                ("f1", sk.f1_score(due, said, **settings_)),
            ):
                assert ours(f"{name}(average='{average}')", gold, predicted) == pytest.approx(theirs, abs=2 * ULP)
            if average != "weighted":
                theirs = sk.jaccard_score(due, said, **settings_)
                assert ours(f"jaccard(average='{average}')", gold, predicted) == pytest.approx(theirs, abs=2 * ULP)
        assert ours("mcc", gold, predicted) == pytest.approx(sk.matthews_corrcoef(due, said), abs=1e-12)
        theirs = sk.balanced_accuracy_score(due, said)
        assert ours("balanced_accuracy", gold, predicted) == pytest.approx(theirs, abs=2 * ULP)
        if len({*due, *said}) > 1:
            assert ours("kappa", gold, predicted) == pytest.approx(sk.cohen_kappa_score(due, said), abs=1e-12)


GOLDEN = Path(__file__).parents[3] / "shared" / "golden"


def golden(name: str) -> dict:
    path = GOLDEN / name
    if not path.is_file():
        pytest.skip(f"the reference values are not at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


def test_favor_against_equals_the_official_scorer_of_semeval_2016() -> None:
    cases = golden("semeval2016_task6.json")["cases"]
    assert len(cases) == 8
    labels = ("FAVOR", "AGAINST", "NONE")
    for case in cases:
        item = [str(i) for i in range(len(case["gold"]))]
        gold, said = (Annotations.of_label(item, labels, case[side]) for side in ("gold", "pred"))
        assert ours("favor_against", gold, said) == pytest.approx(case["f_avg"], abs=5e-5), case["name"]
        for name, at in (("precision", 0), ("recall", 1), ("f1", 2)):
            favor, against, _ = each(name, gold, said)
            assert favor == pytest.approx(case["favor"][at], abs=5e-5)
            assert against == pytest.approx(case["against"][at], abs=5e-5)


def test_label_scores_equal_the_examples_in_scikit_learns_documentation() -> None:
    done = 0
    for case in golden("sklearn_docs.json")["cases"]:
        name = OF_SKLEARN.get(case["fn"])
        if name is None:
            continue
        labels = tuple(sorted({str(label) for label in (*case["y"], *case["p"])}))
        item = [str(i) for i in range(len(case["y"]))]
        gold, said = (Annotations.of_label(item, labels, list(map(str, case[side]))) for side in ("y", "p"))
        assert ours(name, gold, said) == pytest.approx(case["value"], abs=1e-12), case["fn"]
        done += 1
    assert done == 6


OF_SKLEARN = {
    "f1_score macro": "f1",
    "f1_score weighted": "f1(average='weighted')",
    "accuracy": "accuracy",
    "balanced accuracy = macro recall": "balanced_accuracy",
    "matthews_corrcoef": "mcc",
    "cohen_kappa": "kappa",
}


@settings(max_examples=80, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**31))
def test_scores_of_label_sets_equal_scikit_learn(n: int, seed: int) -> None:
    from sklearn import metrics as sk

    gold, predicted = some_answers("labels", n, seed, gold=True), some_answers("labels", n, seed + 1)

    def table(answers: Annotations) -> np.ndarray:
        return np.array([[label in (answer or ()) for label in LABELS] for answer in answers.answers()])

    due, said = table(gold), table(predicted)
    for average in ("macro", "micro"):
        theirs = sk.f1_score(due, said, average=average, zero_division=0)
        assert ours(f"f1(average='{average}')", gold, predicted) == pytest.approx(theirs, abs=ULP, rel=0)
    theirs = sk.f1_score(due, said, average=None, zero_division=0)
    assert each("f1", gold, predicted) == pytest.approx(theirs, abs=ULP, rel=0)
    answered = predicted.status == 0  # scikit-learn cannot tell an empty answer from none
    right = (due == said).all(axis=1) & answered
    assert ours("accuracy", gold, predicted) == pytest.approx(right.mean(), abs=ULP, rel=0)


def tags(answers: Annotations) -> list[list[str]]:
    rows = []
    for answer in answers.answers():
        row = ["O"] * 12
        for start, end, label in answer or ():
            row[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
        rows.append(row)
    return rows


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**31))
def test_entity_scores_equal_seqevals_strict_mode(n: int, seed: int) -> None:
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    gold, predicted = some_answers("spans", n, seed, gold=True), some_answers("spans", n, seed + 1)
    due, said = tags(gold), tags(predicted)
    if not any(label != "O" for row in (*due, *said) for label in row):
        return  # seqeval has no report on nothing
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = classification_report(due, said, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    assert ours("entity_f1", gold, predicted) == pytest.approx(theirs["micro avg"]["f1-score"], abs=ULP, rel=0)
    for label, value in zip(LABELS, each("entity_f1", gold, predicted), strict=True):
        if label in theirs:  # seqeval leaves out a label that neither side holds
            assert value == pytest.approx(theirs[label]["f1-score"], abs=ULP, rel=0)
        else:
            assert value == 0


def test_the_textbook_example_of_favor_against() -> None:
    # 2 of 3 FAVOR found with one false alarm: F1 2/3. 1 of 2 AGAINST found with none: F1 2/3.
    gold = ["FAVOR", "FAVOR", "FAVOR", "AGAINST", "AGAINST", "NONE"]
    said = ["FAVOR", "FAVOR", "NONE", "AGAINST", "NONE", "FAVOR"]
    labels = ("FAVOR", "AGAINST", "NONE")
    item = [str(i) for i in range(6)]
    pair = [Annotations.of_label(item, labels, answers) for answers in (gold, said)]
    assert ours("favor_against", *pair) == pytest.approx(2 / 3)


def test_a_tier_scores_its_own_labels_alone() -> None:
    labels, tiers = ("PER", "ORG", "DATE"), {"names": ("PER", "ORG"), "values": ("DATE",)}
    gold = Annotations.of_spans(["a"], labels, [[(0, 3, "PER"), (4, 8, "ORG"), (9, 12, "DATE")]], tiers=tiers)
    said = Annotations.of_spans(["a"], labels, [[(0, 3, "PER"), (4, 8, "DATE"), (9, 12, "DATE")]])
    assert ours("entity_f1", gold, said) == pytest.approx(2 * 1 / (1 + 2))  # 1 hit, 1 said, 2 due
    assert ours("entity_f1(tier='values')", gold, said) == pytest.approx(2 * 1 / (2 + 1))
    assert ours("entity_f1(tier='all')", gold, said) == pytest.approx(2 * 2 / (3 + 3))


def test_a_span_of_an_undeclared_label_is_a_false_positive_and_one_said_twice_matches_once() -> None:
    gold = Annotations.of_spans(["a"], ("PER",), [[(0, 3, "PER")]])
    unknown = Annotations.of_spans(["a"], ("PER",), [[(0, 3, "PER"), (0, 3, "WHO")]])
    twice = Annotations.of_spans(["a"], ("PER",), [[(0, 3, "PER"), (0, 3, "PER")]])
    assert ours("entity_f1", gold, unknown) == pytest.approx(2 / 3)
    assert ours("entity_f1", gold, twice) == pytest.approx(2 / 3)
