"""Log loss, Brier score and calibration error against scikit-learn, published values and plain loops."""

import gc
import json
import math
import weakref
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from answers import LABELS, items_of, some_answers
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.annotations import Annotations
from harness.calibration import BLOCK, judged, mean_counts, mean_of, natural_log
from harness.errors import AskedWrongly
from harness.parts import Metric, Task
from harness.registry import make, parse
from harness.scoring import score

SPECS = ("log_loss", "brier", "ece")
GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "sklearn_docs.json"
CLIP = float(np.finfo(np.float32).smallest_subnormal)


def metric_of(spec: str) -> Metric:
    return make("metrics", parse(spec))


def ours(spec: str, gold: Annotations, predicted: Annotations) -> float:
    metric = metric_of(spec)
    return float(metric.score(metric.count(gold, predicted).total))


def answers_of(labels: tuple[str, ...], due: list[str], scores: list[list[float]]) -> tuple[Annotations, Annotations]:
    """Gold, and predictions that answer with the label of the highest score."""
    item = [f"g/{i}" for i in range(len(due))]
    table = np.array(scores, np.float32).reshape(len(due), len(labels))
    said = [labels[int(row.argmax())] for row in table]
    return Annotations.of_label(item, labels, due), Annotations.of_label(item, labels, said, scores=table)


def answered(n: int, seed: int, labels: tuple[str, ...] = LABELS) -> tuple[Annotations, Annotations]:
    """Random gold, and predictions that answer every item."""
    said = some_answers("label", n, seed + 1, labels=labels)
    scores = said.scores
    assert scores is not None
    top = [labels[int(row.argmax())] for row in scores]
    gold = some_answers("label", n, seed, gold=True, labels=labels)
    return gold, Annotations.of_label(said.item, labels, top, scores=scores)


@settings(max_examples=80, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**31), k=st.integers(2, 4))
def test_log_loss_and_brier_score_equal_scikit_learn(n: int, seed: int, k: int) -> None:
    from sklearn import metrics as sk

    labels = LABELS[:k]
    gold, said = answered(n, seed, labels)
    p = said.scores.astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)  # float32 sums to 1 within 1e-7, scikit-learn wants it closer
    theirs = sk.log_loss(gold.codes, p, labels=list(range(k)))
    assert ours("log_loss", gold, said) == pytest.approx(theirs, abs=5e-7)
    theirs = sk.brier_score_loss(gold.codes, p, labels=list(range(k)), scale_by_half=False)
    assert ours("brier", gold, said) == pytest.approx(theirs, abs=5e-7)


@settings(max_examples=80, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**31), k=st.integers(2, 4))
def test_log_loss_equals_scikit_learn_to_the_last_digits_on_dyadic_probabilities(n: int, seed: int, k: int) -> None:
    from sklearn import metrics as sk

    labels, draw = LABELS[:k], np.random.default_rng(seed)
    # sums are exactly 1 in float32 too; some gold labels get 2**-12, far above the clips
    p = (1 + draw.multinomial(4096 - k, draw.dirichlet(np.ones(k)), size=n)) / 4096
    due = draw.integers(0, k, n)
    gold, said = answers_of(labels, [labels[code] for code in due], p.tolist())
    theirs = sk.log_loss(due, p, labels=list(range(k)))
    assert ours("log_loss", gold, said) == pytest.approx(theirs, abs=2e-14, rel=0)
    theirs = sk.brier_score_loss(due, p, labels=list(range(k)), scale_by_half=False)
    assert ours("brier", gold, said) == pytest.approx(theirs, abs=2e-15, rel=0)
    if k == 2:
        assert ours("brier", gold, said) == pytest.approx(2 * sk.brier_score_loss(due, p[:, 1], labels=[0, 1]))


def test_below_scikit_learns_clip_a_probability_still_counts_as_what_it_is() -> None:
    from sklearn import metrics as sk

    p = [[1.0, 2.0**-100], [0.0, 1.0]]
    gold, said = answers_of(("A", "B"), ["B", "A"], p)
    # scikit-learn clips both at 2.2e-16; we at the smallest float32, so a hundred bits of surprise cost a hundred
    assert sk.log_loss([1, 0], p, labels=[0, 1]) == pytest.approx(52 * math.log(2))
    assert ours("log_loss", gold, said) == pytest.approx((100 + 149) / 2 * math.log(2), abs=1e-13)


def test_the_examples_in_scikit_learns_documentation() -> None:
    if not GOLDEN.is_file():
        pytest.skip(f"the reference values are not at {GOLDEN}")
    cases = {case["fn"]: case for case in json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]}
    case = cases["log_loss"]
    pair = answers_of(("ham", "spam"), case["y"], case["p"])
    assert ours("log_loss", *pair) == pytest.approx(case["value"], abs=3e-8)  # 0.9 is stored as a float32
    case = cases["brier_score_loss"]
    pair = answers_of(("0", "1"), list(map(str, case["y"])), [[1 - p, p] for p in case["p"]])
    assert ours("brier", *pair) == pytest.approx(2 * case["value"], abs=3e-8)


@pytest.mark.parametrize(
    ("rain", "came", "half"), [(1, "yes", 0), (1, "no", 1), (0.7, "yes", 0.09), (0.3, "yes", 0.49), (0.5, "no", 0.25)]
)
def test_brier_is_twice_the_textbooks_score_of_rain(rain: float, came: str, half: float) -> None:
    # the worked examples of Wikipedia's "Brier score", which looks at rain alone, not at no rain too
    assert ours("brier", *answers_of(("yes", "no"), [came], [[rain, 1 - rain]])) == pytest.approx(2 * half, abs=1e-7)


def loop_ece(gold: Annotations, said: Annotations, bins: int) -> float:
    held: list[list[tuple[Fraction, int]]] = [[] for _ in range(bins)]
    for i, due in enumerate(gold.answers()):
        if said.status[i]:
            held[-1].append((Fraction(1), 0))
            continue
        row = [Fraction(float(p)) for p in said.scores[i]]
        confidence = max(row)
        label = said.answer(i) if row[said.labels.index(said.answer(i))] == confidence else None
        label = label or said.labels[row.index(confidence)]
        place = next(m for m in range(bins) if confidence <= Fraction(m + 1, bins))
        held[place].append((confidence, label == due))
    n = sum(map(len, held))
    gaps = [abs(sum(c for c, _ in one) / len(one) - Fraction(sum(r for _, r in one), len(one))) for one in held if one]
    return float(sum(len(one) * gap for one, gap in zip([one for one in held if one], gaps, strict=True)) / n)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**31), bins=st.integers(1, 20))
def test_calibration_error_equals_a_plain_loop_in_fractions(n: int, seed: int, bins: int) -> None:
    gold, said = some_answers("label", n, seed, gold=True), some_answers("label", n, seed + 1)
    assert ours(f"ece(bins={bins})", gold, said) == pytest.approx(loop_ece(gold, said, bins), abs=1e-15)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    gold, said = answers_of(("A", "B"), ["A", "B", "A"], [[0.75, 0.25], [0.5, 0.5], [1.0, 0.0]])
    n, *gaps = metric_of("ece(bins=4)").count(gold, said).total.tolist()
    assert n == 3
    assert gaps == [0, 0.5, -0.25, 0]  # confidence less right, in each bin


def test_the_answered_label_is_the_top_one_among_equals() -> None:
    gold = Annotations.of_label(["a"], ("A", "B"), ["B"])
    even = np.array([[0.5, 0.5]], np.float32)
    for answer, gap in (("B", -0.5), ("A", 0.5)):
        rows = metric_of("ece").count(gold, Annotations.of_label(["a"], ("A", "B"), [answer], scores=even)).total
        assert rows[1:].sum() == gap


@pytest.mark.parametrize(("spec", "worst"), [("log_loss", -math.log(CLIP)), ("brier", 2.0), ("ece", 1.0)])
def test_an_item_without_an_answer_or_without_scores_costs_the_most(spec: str, worst: float) -> None:
    labels, item = ("A", "B"), ["a", "b", "c", "d"]
    gold = Annotations.of_label(item, labels, ["A"] * 4)
    scores = np.array([[1, 0], [1, 0], [0, 0], [np.nan, np.inf]], np.float32)  # right, not answered, no scores, broken
    said = Annotations.of_label(item, labels, ["A"] * 4, status=[0, 2, 0, 0], scores=scores)
    metric = metric_of(spec)
    for i, due in enumerate([0.0, worst, worst, worst]):
        one = metric.count(gold.take([i]), said.take([i]))
        assert float(metric.score(one.total)) == pytest.approx(due, abs=1e-13)
    wrong = Annotations.of_label(item, labels, ["B"] * 4, scores=np.tile(np.float32([0, 1]), (4, 1)))
    assert ours(spec, gold, wrong) == pytest.approx(worst, abs=1e-13)


@pytest.mark.parametrize("spec", SPECS)
def test_a_model_without_scores_is_refused_by_name(spec: str) -> None:
    gold, said = answered(10, 1)
    items = items_of(["x"] * 10)
    bare = Annotations.of_label(said.item, LABELS, said.answers())
    with pytest.raises(AskedWrongly, match=f"metric {spec} needs a probability of every label, and the model gives no"):
        score(Task("t", items, gold, (), "c", "d"), bare, {spec: metric_of(spec)}, seed=13)
    found, _ = score(Task("t", items, gold, (), "c", "d"), said, {spec: metric_of(spec)}, seed=13)
    assert len(found) == 1
    assert found[0].low < found[0].value < found[0].high


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("row", [[2.0, -1.0], [0.9, 0.9], [0.4, 0.4], [3.1, -0.4]])
def test_scores_that_are_no_probabilities_are_refused(spec: str, row: list[float]) -> None:
    gold, said = answers_of(("A", "B"), ["A", "B"], [[0.5, 0.5], row])
    with pytest.raises(AskedWrongly, match=r'scores of 1 items are none, those of "g/1" reach from .* and sum to'):
        ours(spec, gold, said)


@pytest.mark.parametrize("bins", [0, -1, 1001])
def test_a_number_of_bins_that_cannot_be_is_refused(bins: int) -> None:
    with pytest.raises(AskedWrongly, match="bins must be 1 to 1000"):
        metric_of(f"ece(bins={bins})")


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 400), seed=st.integers(0, 2**31), spec=st.sampled_from(SPECS), cut=st.integers(0, 400))
def test_sums_are_the_same_bits_in_any_order_and_from_any_shards(n: int, seed: int, spec: str, cut: int) -> None:
    gold, said = some_answers("label", n, seed, gold=True), some_answers("label", n, seed + 1)
    metric = metric_of(spec)
    order, cut = np.random.default_rng(seed).permutation(n), min(cut, n)
    whole = metric.count(gold, said).total
    assert metric.count(gold.take(order), said.take(order)).total.tolist() == whole.tolist()
    shards = [metric.count(gold.take(part), said.take(part)) for part in (order[:cut], order[cut:])]
    assert (shards[0].total + shards[1].total).tolist() == whole.tolist()
    one_by_one = np.zeros_like(whole)
    for row in metric.count(gold, said).rows:
        one_by_one += row
    assert one_by_one.tolist() == whole.tolist()


def test_a_mean_of_many_items_is_exact() -> None:
    values = np.random.default_rng(1).random(200_000) * 100
    counts = mean_counts(len(values), lambda own: values[own].copy())
    exact = sum(map(Fraction, (counts.rows[:, 0] + counts.rows[:, 1]).tolist())) / 200_000
    assert Fraction(float(counts.total[0])) + Fraction(float(counts.total[1])) == exact * 200_000
    assert float(mean_of(counts.total)) == float(exact)
    assert float(mean_of(counts.total[None] * 3)[0]) == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_blocks_of_items_with_and_without_answers_are_judged_as_each_item_is(k: int) -> None:
    labels, n = tuple("ABCDEFGHIJ"[:k]), 3 * BLOCK // k
    draw = np.random.default_rng(k)
    scores = draw.dirichlet(np.ones(k), size=n).astype(np.float32)
    said = np.where(draw.random(n) < 0.9, scores.argmax(axis=1), draw.integers(0, k, n)).astype(np.int32)
    status = np.zeros(n, np.uint8)
    hurt = np.arange(n // 2, n // 2 + 50)  # the first block and the last are whole
    status[hurt[:20]], said[hurt[:20]] = 2, -1
    scores[hurt[10:30]] = 0
    scores[hurt[30:40], 0] = np.inf
    due = draw.integers(0, k, n).astype(np.int32)
    gold = Annotations("label", labels, range(n), np.zeros(n, np.uint8), due)
    found = judged(gold, Annotations("label", labels, range(n), status, said, scores=scores), "x")
    there = np.ones(n, bool)
    there[hurt[:40]] = False
    assert found.there.tolist() == there.tolist()
    each, exact = np.arange(n), np.where(np.isfinite(scores), scores, 0).astype(np.float64)
    top = np.where(exact[each, said] == exact.max(axis=1), said, exact.argmax(axis=1))
    assert (found.given == scores[each, due])[there].all()
    assert (found.highest == scores.max(axis=1))[there].all()
    assert (found.right == (top == due))[there].all()
    wanted = ((exact - (due[:, None] == np.arange(k))) ** 2).sum(axis=1)
    assert np.abs(found.squares - wanted)[there].max() < 2e-15


def test_what_is_judged_once_is_not_held_longer_than_the_predictions() -> None:
    gold, said = answered(20, 1)
    other = Annotations.of_label(gold.item, LABELS, [LABELS[0]] * 20)
    first = judged(gold, said, "x")
    assert judged(gold, said, "x") is first
    assert judged(other, said, "x") is not first
    gone = weakref.ref(judged(gold, said, "x"))
    del said, first
    gc.collect()
    assert gone() is None


@given(st.floats(CLIP, 1.0, width=32, allow_subnormal=True))
def test_the_logarithm_is_that_of_the_standard_library(p: float) -> None:
    value = float(natural_log(np.array([p]))[0])
    assert value == pytest.approx(math.log(p), rel=4.5e-16, abs=0)
