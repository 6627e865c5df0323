"""Files of answers: every form holds the same, and is scored against another in a stream."""

import contextlib
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answers import LABELS, some_answers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import harness
from harness import answers, api, predictions
from harness.annotations import Annotations, joined
from harness.answers import Asked
from harness.errors import AskedWrongly, HarnessError, ProblemsFound, UnknownName
from harness.predictions import lines_of

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
    asked = {"slices": ["source"] if kind == "spans" else ["source", "label"], "seed": 7}
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
    suffix=st.sampled_from([".parquet", ".jsonl", ".csv"]),
)
def test_blocks_missing_answers_and_order_change_no_score(
    seed: int,
    dropped: set[int],
    shuffled: bool,
    size: int,
    suffix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    due, said = some("spans", 50, seed, gold=True), some("spans", 50, seed + 1)
    group = [f"g{i // 4:03}" for i in range(50)]
    gold = write(tmp_path / f"gold{suffix}", due, group=group)
    order = [i for i in range(50) if i not in dropped]
    if shuffled:
        random.Random(seed).shuffle(order)
    path = write(tmp_path / f"said{suffix}", said, order)
    if not order:
        return
    warned: list[str] = []
    with monkeypatch.context() as patch:
        for form in ("parquet", "rows"):
            patch.setattr(f"harness.answers.{form}.SIZE", size)
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
    with pytest.raises(ProblemsFound, match=r"gold\.jsonl:2: gold with a label that is not declared"):
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
    "scores that add up": (
        {
            "item": ["i000000", "i000001"],
            "label": ["A", "A"],
            "scores": [[0.5] * (len(LABELS) - 1), [0.5] * (len(LABELS) + 1)],
        },
        "scores must be",
    ),
    "no score": (
        {"item": ["i000000"], "label": ["A"], "scores": [[None] + [0.5] * (len(LABELS) - 1)]},
        "scores must be",
    ),
    "no number": ({"item": ["i000000"], "label": ["A"], "scores": [[1e300] * len(LABELS)]}, "must be finite"),
    "nan": ({"item": ["i000000"], "label": ["A"], "scores": [{"A": float("nan")}]}, "must be finite"),
    "an unknown score": ({"item": ["i000000"], "label": ["A"], "scores": [{"?": 1.0}]}, "score for unknown label"),
    "two columns": (
        pa.Table.from_arrays([pa.array(["i000000"]), pa.array(["A"]), pa.array(["B"])], ["item", "label", "label"]),
        "two columns label",
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_a_parquet_file_that_holds_something_else_is_a_problem_with_its_place(case: str, tmp_path: Path) -> None:
    content, message = ODD[case]
    path = tmp_path / "said.parquet"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pq.write_table(content if isinstance(content, pa.Table) else pa.table(content), path)
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
        predictions.read(
            gold, harness.gold(["A"] * 5, LABELS, item=names(5), texts=[""] * 5).items, "label", LABELS
        ).digest
        == due.digest
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


def table(path: Path, lines: list[dict]) -> Path:
    """Lines as they are, in the form that the suffix asks for; other than JSON lines, each has the same keys."""
    if path.suffix == ".parquet":
        pq.write_table(pa.table({key: [line[key] for line in lines] for key in lines[0]}), path)
    else:
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def labelled(n: int = 20, **columns: object) -> list[dict]:
    """n items, A and B in turn; a column is a list, or the same for all."""
    known = {name: values if isinstance(values, list) else [values] * n for name, values in columns.items()}
    lines = [{"item": f"i{i:03}", "label": "AB"[i % 2]} for i in range(n)]
    return [line | {name: values[i] for name, values in known.items()} for i, line in enumerate(lines)]


@pytest.mark.parametrize("offset", [2**32, 0.9])
def test_an_offset_that_is_no_offset_is_refused_and_not_cut(offset: float, tmp_path: Path) -> None:
    spans = [[{"start": offset, "end": offset + 5, "label": LABELS[0]}]]
    path = table(tmp_path / "said.parquet", [{"item": "i0", "spans": spans[0]}])
    gold = table(tmp_path / "gold.jsonl", [{"item": "i0", "spans": [[0, 5, LABELS[0]]]}])
    with pytest.raises(ProblemsFound, match=r"said\.parquet: column spans"):
        harness.score(path, gold, labels=LABELS)


@pytest.mark.parametrize("name", ["group", "document"])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_unit_may_be_a_number_and_stands_with_every_item(name: str, suffix: str, tmp_path: Path) -> None:
    said = table(tmp_path / f"said{suffix}", labelled())
    numbered = table(tmp_path / f"gold{suffix}", labelled(**{name: [10 + i // 4 for i in range(20)]}))
    assert harness.score(said, numbered, labels="AB")["f1"].units == 5
    for i, values in enumerate([[0.5] * 20, [None] + ["x"] * 19, ["x"] * 19 + [None]]):
        broken = table(tmp_path / f"{i}{suffix}", labelled(**{name: values}))
        with pytest.raises(ProblemsFound, match=name):
            harness.score(said, broken, labels="AB")


@pytest.mark.parametrize("at", [0, 1999])
def test_a_group_in_some_lines_alone_is_a_problem_of_the_file(at: int, tmp_path: Path) -> None:
    lines = labelled(2000)
    lines[at]["group"] = "g"
    with pytest.raises(ProblemsFound, match=r"gold\.jsonl:.* group is named"):
        harness.score(
            table(tmp_path / "said.jsonl", labelled(2000)), table(tmp_path / "gold.jsonl", lines), labels="AB"
        )
    lines = [line | {"group": ["g"]} for line in labelled()]
    with pytest.raises(ProblemsFound, match="no group is named"):
        harness.score(table(tmp_path / "said.jsonl", labelled()), table(tmp_path / "gold.jsonl", lines), labels="AB")


SLICED = {
    "numbers": ([2020] * 10 + [2021] * 10, ["2020", "2021"]),
    "fractions": ([0.5] * 10 + [2.0] * 10, ["0.5", "2"]),
    "truth": ([True, False] * 10, ["no", "yes"]),
    "lists": ([["x"], ["x", "y"]] * 10, ["x", "y"]),
    "lists of numbers": ([[1, 2]] * 20, ["1", "2"]),
    "known later": ([None] + ["web"] * 19, ["web"]),
}


@pytest.mark.parametrize("case", SLICED)
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("size", [3, 100])
def test_any_plain_column_can_be_sliced_by(
    case: str, suffix: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, expected = SLICED[case]
    for form in ("parquet", "rows"):
        monkeypatch.setattr(f"harness.answers.{form}.SIZE", size)
    gold = table(tmp_path / f"gold{suffix}", labelled(other=values))
    for lines in (labelled(), labelled()[::-1]):
        found = harness.score(
            table(tmp_path / "said.jsonl", lines), gold, labels="AB", metrics=["f1"], slices=["other"]
        )
        assert {part.slice for part in found.parts} == {f"other={value}" for value in expected}


def test_evidence_is_read_from_every_form_and_held_against_the_text(tmp_path: Path) -> None:
    task = harness.task("stance", harness.load(KABAR))
    gold = task.gold
    lines = [
        {
            "item": item,
            "label": gold.answer(i),
            "evidence": [[a, b] for a, b, _ in gold.besides["evidence"].answer(i) or []],
        }
        for i, item in enumerate(task.items["item"])
    ]
    cells = ["\t".join([line["item"], line["label"], json.dumps(line["evidence"])]) for line in lines]
    (tmp_path / "said.tsv").write_text("\n".join(["item\tlabel\tevidence", *cells]))
    for path in (table(tmp_path / "said.jsonl", lines), table(tmp_path / "said.parquet", lines), tmp_path / "said.tsv"):
        assert harness.score(path, task, metrics=["evidence_f1"])["evidence_f1"].value == 1
    lines[0]["evidence"] = [[0, 10**6]]
    with pytest.raises(ProblemsFound, match="evidence with a span that is not inside its text"):
        harness.score(table(tmp_path / "said.parquet", lines), task)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("a B-PER\n\nc B-LOC\n", r"said\.conll:1: another sentence than .*gold\.conll:1 \(1 and 2 tokens\)"),
        ("a B-PER\nb O\n\nd B-LOC\n", r"said\.conll:4: another sentence"),
        ("a B-PER\nb PER\n\nc B-LOC\n", r'said\.conll:2: "PER" is no tag'),
    ],
)
def test_sentences_of_two_files_are_the_same_and_their_tags_are_tags(said: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "gold.conll").write_text("a B-PER\nb I-PER\n\nc B-LOC\n")
    (tmp_path / "said.conll").write_text(said)
    with pytest.raises(ProblemsFound, match=message):
        harness.score(tmp_path / "said.conll", tmp_path / "gold.conll", labels=["PER", "LOC"])


def test_a_document_line_that_comes_late_and_an_unknown_label_are_problems_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "gold.conll"
    path.write_text("a B-PER B-PER\n\n-DOCSTART- O O\n\nb O O\nc B-LOC O\n")
    with pytest.raises(ProblemsFound) as refused:
        harness.score(path, path, labels=["PER"])
    assert [problem.line for problem in refused.value.problems] == [0, 6]
    assert "none before the first sentence" in str(refused.value)


CSV = {
    "a short row": ("item,labels\ni0,A\ni1\n", "said.csv:3: fewer cells than columns"),
    "a long row": ("item,labels\ni0,A,B\n", "said.csv:2: more cells than columns"),
    "no name": ("item,labels\n,A\n", "said.csv:2: no item is named"),
    "a stray quote": ('"item,labels\n' + "i0,A\n" * 2_500_000, "said.csv:1: cannot be read"),
    "two columns": ("item,labels,labels\ni0,A,B\n", "two columns labels"),
    "no rows": ("item,labels\n", "holds no answers"),
}


@pytest.mark.parametrize("case", CSV)
def test_a_table_that_is_none_is_a_problem_with_its_line(case: str, tmp_path: Path) -> None:
    text, message = CSV[case]
    (tmp_path / "said.csv").write_text(text)
    gold = table(tmp_path / "gold.jsonl", [{"item": item, "labels": ["A"]} for item in ("i1", "i0")])
    with pytest.raises(ProblemsFound, match=message):
        harness.score(tmp_path / "said.csv", gold, labels=["A"])


UNDECLARED = {
    "spans of two": ("gold.jsonl", {"item": "i0", "spans": [[0, 1]]}, "The gold holds: "),
    "labels of numbers": ("gold.parquet", {"item": "i0", "label": 1}, "The gold holds: 1"),
    "spans as lists": ("gold.parquet", {"item": "i0", "spans": [[0, 1]]}, "column spans cannot be read"),
}


@pytest.mark.parametrize("case", UNDECLARED)
def test_a_gold_without_declared_labels_is_told_whatever_it_holds(case: str, tmp_path: Path) -> None:
    name, line, message = UNDECLARED[case]
    gold = table(tmp_path / name, [line])
    with pytest.raises(HarnessError, match=message):
        harness.score(gold, gold)


def test_a_metric_that_needs_all_answers_has_them_and_says_so(tmp_path: Path) -> None:
    scores = [{"A": 0.9 if i % 3 else 0.2, "B": 0.1 if i % 3 else 0.8} for i in range(20)]
    said = table(tmp_path / "said.jsonl", labelled(scores=scores))
    gold = table(tmp_path / "gold.jsonl", labelled(group=[f"g{i // 2:02}" for i in range(20)]))
    warned: list[str] = []
    found = api.score_files(said, gold, labels="AB", metrics=["roc_auc", "f1"], warn=warned.append)
    task = harness.gold(
        ["A", "B"] * 10, "AB", item=[f"i{i:03}" for i in range(20)], group=[f"g{i // 2:02}" for i in range(20)]
    )
    table_of = np.array([[one["A"], one["B"]] for one in scores], np.float32)
    given = Annotations.of_label(task.items["item"], ("A", "B"), ["A", "B"] * 10, scores=table_of)
    assert found["roc_auc"] == harness.score(given, task, metrics=["roc_auc"])["roc_auc"]
    assert warned and warned[0].startswith("metric roc_auc needs all answers at once")
    assert "rankings" in found.content["interval"]
    assert "rankings" not in api.score_files(said, gold, labels="AB", metrics=["f1"]).content["interval"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_second_answer_is_told_as_one_wherever_blocks_end(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.answers.rows.SIZE", size)
    gold = table(tmp_path / "gold.jsonl", labelled())
    lines = labelled()
    said = table(tmp_path / "said.jsonl", [*lines[:8], lines[3], *lines[9:]])
    with pytest.raises(ProblemsFound, match='a second answer to item "i003"'):
        harness.score(said, gold, labels="AB")


def test_names_of_items_may_be_a_dictionary_in_either_file(tmp_path: Path) -> None:
    paths = []
    for name, n in (("gold", 20), ("said", 15)):
        columns = {key: [line[key] for line in labelled(n)] for key in ("item", "label")}
        paths.append(tmp_path / f"{name}.parquet")
        pq.write_table(pa.table({**columns, "item": pa.array(columns["item"]).dictionary_encode()}), paths[-1])
    assert harness.score(paths[1], paths[0], labels="AB").denominators["missing"] == 5


def test_splits_are_joined_by_plus_and_an_unknown_one_is_told_with_the_others(tmp_path: Path) -> None:
    gold = table(tmp_path / "gold.jsonl", labelled(split=["dev"] * 4 + ["test"] * 6 + ["train"] * 10))
    assert harness.score(gold, gold, labels="AB", split="train + test").n == 16
    with pytest.raises(UnknownName, match=r'unknown split of the gold "tset".*There are: dev, test, train'):
        harness.score(gold, gold, labels="AB", split="train+tset")


def test_the_signature_says_labels_and_reading(tmp_path: Path) -> None:
    gold = table(tmp_path / "gold.jsonl", labelled())
    two, three = (harness.score(gold, gold, labels=labels).signature for labels in ("AB", "ABC"))
    assert "label(labels=['A', 'B']) | all | predictions(sha256=\"" in two != three
    (tmp_path / "a.conll").write_text("x O I-PER\n")
    path = tmp_path / "a.conll"
    read = {how: api.score_files(path, path, labels=["PER"], tags={"reading": how}) for how in ("default", "strict")}
    assert all(f'reading="{how}"' in found.signature for how, found in read.items())
    assert api.score_files(path, path, labels=["PER"]).content == read["default"].content
    with pytest.raises(AskedWrongly, match="neither file holds tags"):
        api.score_files(gold, gold, labels="AB", tags={"reading": "strict"})
    with pytest.raises(AskedWrongly, match="A,B,A names a label twice"):
        harness.score(gold, gold, labels="ABA")


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_message_about_an_answer_names_its_item(suffix: str, tmp_path: Path) -> None:
    scores = [{"A": 0.5, "B": 0.5}] * 19 + [{"A": 0.5, "B": 0.9}]
    said = table(tmp_path / f"said{suffix}", labelled(scores=scores))
    with pytest.raises(AskedWrongly, match='those of "i019" reach'):
        harness.score(said, table(tmp_path / "gold.jsonl", labelled()), labels="AB", metrics=["log_loss"])
