"""Files of answers: every form holds the same, and is scored against another in a stream."""

import contextlib
import json
import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answers import LABELS, some_answers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import harness
from harness import answers, api, predictions
from harness.answers import Asked
from harness.errors import AskedWrongly, HarnessError, ProblemsFound
from harness.predictions import lines_of
from harness.records import Annotations, joined

KABAR = Path(harness.__file__).parent.parent / "corpora" / "kabar"
KINDS = ("label", "labels", "spans")
SHAPES = {
    "label": pa.string(),
    "labels": pa.list_(pa.string()),
    "spans": pa.list_(pa.struct({"start": pa.int32(), "end": pa.int32(), "label": pa.string()})),
}


def names(n: int) -> list[str]:
    return [f"i{i:06}" for i in range(n)]


def some(kind: str, n: int, seed: int, *, gold: bool = False) -> Annotations:
    made = some_answers(kind, n, seed, gold=gold)
    return Annotations.of(kind, names(n), LABELS, made.answers()) if gold else renamed(made, names(n))


def renamed(made: Annotations, item: list[str]) -> Annotations:
    return replace(made, item=item)


def write_as(path: Path, said: Annotations) -> Path:
    """Without scores: labels are those of another task."""
    return write(path, replace(said, scores=None))


def write(path: Path, said: Annotations, order: list[int] | None = None, **columns: list) -> Path:
    """The same answers in the form that the suffix asks for, with other columns beside them."""
    lines = [{**line, **{name: values[i] for name, values in columns.items()}} for i, line in enumerate(lines_of(said))]
    lines = lines if order is None else [lines[i] for i in order]
    kind = said.kind
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    elif path.suffix == ".csv":
        rows = ["item," + ",".join([kind, "status", "scores", *columns])]
        for line in lines:
            value = line.get(kind, "")
            text = value if kind == "label" else "|".join(value) if kind == "labels" else json.dumps(value or [])
            cells = [line["item"], text, line.get("status", ""), json.dumps(line["scores"]) if "scores" in line else ""]
            cells += [str(line[name]) for name in columns]
            rows.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
        path.write_text("\n".join(rows) + "\n")
    else:
        table = {"item": pa.array([line["item"] for line in lines], pa.string())}
        values = [line.get(kind) for line in lines]
        if kind == "spans":
            keys = ("start", "end", "label")
            values = [v and [dict(zip(keys, span, strict=True)) for span in v] if v is not None else v for v in values]
        table[kind] = pa.array(values, SHAPES[kind])
        table["status"] = pa.array([line.get("status") for line in lines], pa.string())
        if said.scores is not None:
            scores = [[line["scores"][label] for label in LABELS] if "scores" in line else None for line in lines]
            table["scores"] = pa.array(scores, pa.list_(pa.float32()))
        for name in columns:
            table[name] = pa.array([line[name] for line in lines])
        pq.write_table(pa.table(table), path)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_every_form_holds_the_same_answers(kind: str, suffix: str, tmp_path: Path) -> None:
    said = some(kind, 60, 3)
    path = write(tmp_path / f"said{suffix}", said)
    blocks = list(answers.read(path, Asked(kind, LABELS)))
    found = joined([block.answers for block in blocks])
    assert [item for block in blocks for item in block.item.to_pylist()] == said.item
    assert found.digest == said.digest
    if said.scores is not None:
        answered = said.status == 0
        assert (found.scores[answered] == said.scores[answered]).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_a_file_scores_as_the_answers_in_it_do(kind: str, suffix: str, tmp_path: Path) -> None:
    due, said = some(kind, 60, 3, gold=True), some(kind, 60, 4)
    group = [f"g{i // 3:03}" for i in range(60)]
    gold = write(tmp_path / f"gold{suffix}", due, group=group, document=names(60), source=["web", "print"] * 30)
    asked = {"slices": ["source"], "seed": 7}
    found = harness.score(write(tmp_path / f"said{suffix}", said), gold, labels=LABELS, **asked)
    given = harness.gold(
        due.answers(), LABELS, kind=kind, item=names(60), group=group, marks={"source": ["web", "print"] * 30}
    )
    expected = harness.score(said, given, **asked)
    assert found.scores == expected.scores
    assert found.denominators == expected.denominators
    assert found.kind == kind and found.n == 60


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 999),
    dropped=st.sets(st.integers(0, 49), max_size=30),
    shuffled=st.booleans(),
    size=st.integers(1, 60),
)
def test_blocks_missing_answers_and_order_change_no_score(
    seed: int, dropped: set[int], shuffled: bool, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, said = some("spans", 50, seed, gold=True), some("spans", 50, seed + 1)
    group = [f"g{i // 4:03}" for i in range(50)]
    gold = write(tmp_path / "gold.parquet", due, group=group)
    order = [i for i in range(50) if i not in dropped]
    if shuffled:
        random.Random(seed).shuffle(order)
    path = write(tmp_path / "said.parquet", said, order)
    if not order:
        return
    warned: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr("harness.answers.parquet.SIZE", size)
        found = api.score_files(path, gold, labels=LABELS, warn=warned.append)
    there = [i if i not in dropped else -1 for i in range(50)]
    task = harness.gold(due.answers(), LABELS, kind="spans", item=names(50), group=group)
    expected = harness.score(renamed(said.take(there), names(50)), task)
    assert found.scores == expected.scores
    assert found.denominators == expected.denominators
    assert bool(warned) == (order != sorted(order))


def test_what_a_stream_costs_where_it_cannot_be_one_is_said(tmp_path: Path) -> None:
    due = some("label", 10, 1, gold=True)
    gold = write(tmp_path / "gold.jsonl", due, list(range(9, -1, -1)))
    warned: list[str] = []
    api.score_files(write(tmp_path / "said.jsonl", due), gold, labels=LABELS, warn=warned.append)
    assert warned == [
        "the gold is not sorted by item: all of both files is held in memory. "
        "Sort both by item to score them as a stream."
    ]


def test_labels_are_declared_and_never_taken_from_the_gold(tmp_path: Path) -> None:
    gold = write(tmp_path / "gold.jsonl", Annotations.of_label(["a", "b"], ("B", "A"), ["B", "A"]))
    with pytest.raises(AskedWrongly, match=r"The gold holds: A,B\. Declare all there can be: --labels A,B"):
        harness.score(gold, gold)
    with pytest.raises(ProblemsFound, match=r"gold\.jsonl:2: gold without an answer, or with a label"):
        harness.score(gold, gold, labels=["B"])


def test_tags_in_columns_score_as_conlleval_scores_them(tmp_path: Path) -> None:
    path = tmp_path / "out.conll"
    path.write_text(
        "-DOCSTART- O O\n\nAna B-PER B-PER\nsaw O O\n\nBudi B-PER O\n\n-DOCSTART- O O\n\nRome B-LOC B-PER\n"
    )
    found = api.score_files(path, path, labels=("PER", "LOC"))
    assert found["entity_f1"].value == pytest.approx(2 * 1 / (2 + 3))
    assert (found.n, found["entity_f1"].units, found["entity_f1"].unit) == (3, 2, "document")


def test_answers_at_hand_are_scored_and_gold_outside_the_labels_is_refused() -> None:
    due = harness.gold([{"A"}, {"A", "B"}, set()] * 4, ["A", "B"], kind="labels")
    assert harness.score([["A"], ["B", "A"], None] * 4, due).denominators["missing"] == 4
    with pytest.raises(AskedWrongly, match='gold "000000001": "C" is not of the labels A, B'):
        harness.gold(["A", "C"], ["A", "B"])
    with pytest.raises(AskedWrongly, match="Give both as files"):
        harness.score(["A"], "gold.jsonl")


BROKEN = {
    "an answer to no item": ({"item": "z", "label": "A"}, 'no item "z" in the gold'),
    "two answers": ({"item": "i000001", "label": "A"}, 'a second answer to item "i000001"'),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("turned", [False, True])
def test_predictions_that_do_not_belong_to_the_gold_are_refused(case: str, turned: bool, tmp_path: Path) -> None:
    line, message = BROKEN[case]
    due = some("label", 4, 1, gold=True)
    gold, path = write(tmp_path / "gold.jsonl", due), write(tmp_path / "said.jsonl", due)
    lines = [*path.read_text().splitlines(), json.dumps(line)]
    path.write_text("\n".join(reversed(lines) if turned else lines) + "\n")
    with pytest.raises(ProblemsFound, match=message):
        harness.score(path, gold, labels=LABELS)


ODD = {
    "no Parquet": (b"PAR1 nonsense", "is no Parquet file"),
    "no item": ({"label": ["A"]}, "no column item"),
    "no kind": ({"item": ["i000000"], "said": ["A"]}, "no column label"),
    "numbers as items": ({"item": [1], "label": ["A"]}, "column item is int64, not text"),
    "numbers as labels": ({"item": ["i000000"], "label": [[1.5]]}, "another type than asked for"),
    "an unnamed item": ({"item": [None, "i000000"], "label": ["A", "A"]}, "no item is named"),
    "an unknown status": ({"item": ["i000000"], "label": ["A"], "status": ["tired"]}, "another type than asked for"),
    "scores of another length": ({"item": ["i000000"], "label": ["A"], "scores": [[0.5]]}, "scores must be"),
}


@pytest.mark.parametrize("case", ODD)
def test_a_parquet_file_that_holds_something_else_is_a_problem_with_its_place(case: str, tmp_path: Path) -> None:
    content, message = ODD[case]
    path = tmp_path / "said.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pq.write_table(pa.table(content), path)
    gold = write(tmp_path / "gold.jsonl", some("label", 1, 1, gold=True))
    with pytest.raises(HarnessError, match=message) as refused:
        harness.score(path, gold, labels=LABELS)
    assert str(path) in str(refused.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), suffix=st.sampled_from([".jsonl", ".csv", ".tsv", ".conll", ".parquet"]))
def test_any_bytes_are_scored_or_refused_and_never_crash(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"said{suffix}"
    path.write_bytes(data)
    kind = "spans" if suffix == ".conll" else "label"
    gold = write(tmp_path / "gold.jsonl", some(kind, 1, 1, gold=True))
    with contextlib.suppress(HarnessError):
        harness.score(path, gold, labels=LABELS)


def test_the_form_is_told_by_the_suffix_or_said(tmp_path: Path) -> None:
    due = some("label", 5, 1, gold=True)
    gold = write(tmp_path / "gold.jsonl", due)
    other = tmp_path / "gold.answers"
    other.write_bytes(gold.read_bytes())
    assert api.score_files(gold, other, labels=LABELS, forms=("", "jsonl")).n == 5
    with pytest.raises(AskedWrongly, match="the name does not tell how to read it"):
        api.score_files(gold, other, labels=LABELS)
    assert (
        predictions.read(gold, api.gold(["A"] * 5, LABELS, item=names(5)).items, "label", LABELS).digest == due.digest
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_task_of_a_corpus_takes_every_form_of_predictions(kind: str, suffix: str, tmp_path: Path) -> None:
    task = harness.task({"label": "stance", "labels": "events", "spans": "entities"}[kind], harness.load(KABAR))
    said = harness.run("majority" if kind != "spans" else "gazetteer", task, folds=3)
    lines = write_as(tmp_path / f"said{suffix}", said.predicted)
    assert harness.score(lines, task).scores == said.scores


def test_a_span_outside_its_text_is_a_problem_of_the_file(tmp_path: Path) -> None:
    task = harness.task("entities", harness.load(KABAR))
    spans = [[(0, 10**6, "PER")]] + [[]] * (len(task) - 1)
    path = write_as(tmp_path / "said.parquet", Annotations.of_spans(task.items["item"], task.gold.labels, spans))
    with pytest.raises(ProblemsFound, match="a span that is not inside its text"):
        harness.score(path, task)
