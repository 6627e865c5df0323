"""Predictions files: what is written is read back, and every line that cannot be is told in one pass."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import predictions
from harness.annotations import Annotations
from harness.errors import ProblemsFound
from harness.records import STATUSES, Items, Kind

LABELS = ("A", "B b", "Ü|")
TEXT = "Zoe 👩‍🌾 met Bo."
KINDS: tuple[Kind, ...] = ("label", "labels", "spans")
GOOD: dict[Kind, Any] = {"label": "A", "labels": ["A", "Ü|"], "spans": [[0, 3, "A"]]}


def items_of(n: int, **facets: list[str]) -> Items:
    ids = [f"g/{i}" for i in range(n)]
    return Items({"item": ids, "document": ids, "text": [TEXT] * n, **facets})


def read(lines: list[Any], kind: Kind, items: Items | None = None, of: tuple[str, ...] = ()) -> Annotations:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.jsonl"
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        path.write_text(text, encoding="utf-8")
        return predictions.read(path, items or items_of(3), kind, LABELS, of)


def told(lines: list[Any], kind: Kind = "label", items: Items | None = None, of: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        read(lines, kind, items, of)
    return [str(problem).rpartition("p.jsonl:")[2] for problem in found.value.problems]


def state(answers: Annotations) -> list[str]:
    return [STATUSES[code] for code in answers.status]


@st.composite
def answers(draw: st.DrawFn, kind: Kind) -> Annotations:
    n = draw(st.integers(0, 6))
    item = [f"g/{i}" for i in range(n)]
    status = draw(st.lists(st.integers(0, len(STATUSES) - 1), min_size=n, max_size=n))
    one = st.sampled_from(LABELS)
    spans = st.integers(0, len(TEXT) - 1).flatmap(
        lambda start: st.tuples(st.just(start), st.integers(start + 1, len(TEXT)), one | st.just("unknown"))
    )
    evidence = st.lists(spans.map(lambda span: (span[0], span[1], "evidence")), max_size=2)
    some: st.SearchStrategy[Any] = {"label": one, "labels": st.lists(one), "spans": st.lists(spans, max_size=4)}[kind]
    said = draw(st.lists(some, min_size=n, max_size=n))
    if kind == "spans":
        return Annotations.of_spans(item, LABELS, said, status=status)
    scores = None
    if draw(st.booleans()) and 0 in status:
        rows = st.lists(st.floats(0, 1, width=32), min_size=len(LABELS), max_size=len(LABELS))
        scores = np.array(draw(st.lists(rows, min_size=n, max_size=n)), np.float32)
    make = Annotations.of_label if kind == "label" else Annotations.of_labels
    found = make(item, LABELS, said, status=status, scores=scores)
    given = [draw(st.none() | evidence) if state == 0 else None for state in status]
    if all(one is None for one in given):
        return found
    return replace(found, besides={"evidence": Annotations.of_spans(item, ("evidence",), given)})


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_back(kind: Kind, data: st.DataObject) -> None:
    written = data.draw(answers(kind))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.jsonl"
        predictions.write(path, written)
        again = predictions.read(path, items_of(len(written)), kind, LABELS)
    assert again.answers() == written.answers()
    assert again.status.tolist() == written.status.tolist()
    for name, other in written.besides.items():
        assert again.besides[name].answers() == other.answers()
    assert again.besides.keys() == written.besides.keys()
    assert (again.scores is None) == (written.scores is None)
    if again.scores is not None and written.scores is not None:
        answered = written.status == 0
        np.testing.assert_allclose(again.scores[answered], written.scores[answered], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_come_in_the_order_of_the_items_and_the_others_are_missing(kind: Kind) -> None:
    lines = [{"item": "g/2", kind: GOOD[kind]}, {"item": "g/0", "status": "refused"}]
    found = read(lines, kind)
    assert state(found) == ["refused", "missing", "answered"]
    assert found.answer(2) == ([(0, 3, "A")] if kind == "spans" else GOOD[kind])
    assert list(found.item) == ["g/0", "g/1", "g/2"]


def test_every_status_can_be_said() -> None:
    lines = [{"item": f"g/{i}", "status": status, "label": "A"} for i, status in enumerate(STATUSES)]
    assert state(read(lines, "label", items_of(len(STATUSES)))) == list(STATUSES)


@pytest.mark.parametrize(("kind", "value"), [("label", "C"), ("label", ""), ("labels", ["A", "C"])])
def test_an_unknown_label_is_an_invalid_answer_and_never_dropped(kind: Kind, value: Any) -> None:
    assert state(read([{"item": "g/1", kind: value}], kind)) == ["missing", "invalid", "missing"]


def test_a_span_with_an_unknown_label_stays_and_matches_nothing() -> None:
    found = read([{"item": "g/1", "spans": [[0, 3, "C"], {"start": 4, "end": 5, "label": "A"}]}], "spans")
    assert state(found)[1] == "answered"
    assert found.codes.tolist() == [-1, 0]


def test_no_labels_and_no_spans_are_answers() -> None:
    assert read([{"item": "g/0", "labels": []}], "labels").answers() == [[], None, None]
    assert read([{"item": "g/0", "spans": []}], "spans").answers() == [[], None, None]


def test_an_empty_file_answers_nothing() -> None:
    assert state(read([], "label")) == ["missing"] * 3


def test_scores_are_kept_in_label_order_where_every_answer_has_them() -> None:
    first, second = ({"item": f"g/{i}", "label": "A", "scores": {"Ü|": 0.25, "A": 1}} for i in (0, 1))
    found = read([first, second, {"item": "g/2", "status": "errored"}], "label").scores
    assert found is not None
    assert found.tolist() == [[1, 0, 0.25], [1, 0, 0.25], [0, 0, 0]]
    assert read([first, {"item": "g/1", "label": "A"}], "label").scores is None


def test_evidence_is_kept_of_answered_items_and_may_be_none_at_all() -> None:
    first = {"item": "g/0", "label": "A", "evidence": [[4, 6], [0, 3]]}
    lines = [first, {"item": "g/1", "label": "A", "evidence": []}, {"item": "g/2", "label": "C", "evidence": [[0, 1]]}]
    evidence = read(lines, "label").besides["evidence"]
    assert evidence.answers() == [[(0, 3, "evidence"), (4, 6, "evidence")], [], None]
    assert evidence.labels == ("evidence",)
    assert not read([{"item": "g/0", "label": "A"}], "label").besides


def test_document_and_facets_may_stand_for_the_item() -> None:
    ids = ["g/a#x>y", "g/a#x>z"]
    items = Items(
        {"item": ids, "document": ["g/a"] * 2, "text": [TEXT] * 2, "holder": ["X", "X"], "target": ["Y", "Z"]}
    )
    of = ("holder", "target")
    lines = [{"document": "g/a", "holder": "x", "target": "z", "label": "A"}]
    assert read(lines, "label", items, of).answers() == [None, "A"]
    assert read([{"document": "g/1", "label": "A"}], "label").answers() == [None, "A", None]
    assert (
        'no item "g/a#x>q" in this task. Did you mean "g/a#x>'
        in told([{**lines[0], "target": "q"}], "label", items, of)[0]
    )
    assert 'no item "g/a#x>None"' in told([{"document": "g/a", "holder": "x", "label": "A"}], "label", items, of)[0]


@pytest.mark.parametrize(
    ("kind", "line", "found"),
    [
        ("label", {"item": "g/9", "label": "A"}, 'no item "g/9" in this task. Did you mean "g/'),
        ("label", {"item": 5, "label": "A"}, 'no item is named. Items are named like "g/0"'),
        ("label", {"label": "A"}, "no item is named"),
        ("label", {"item": "g/0"}, 'no "label"'),
        ("label", {"item": "g/0", "label": ["A"]}, "label is no text"),
        ("label", {"item": "g/0", "label": "A", "status": "done"}, 'unknown status "done"'),
        ("label", {"item": "g/0", "label": "A", "status": ["x"]}, "unknown status"),
        ("label", {"item": "g/0", "label": "A", "scores": [1]}, '"scores" is not a table'),
        ("label", {"item": "g/0", "label": "A", "scores": {"C": 1}}, 'a score for unknown label "C"'),
        ("label", {"item": "g/0", "label": "A", "scores": {"A": "1"}}, 'the score of "A" is no number'),
        ("label", {"item": "g/0", "label": "A", "scores": {"A": True}}, 'the score of "A" is no number'),
        ("label", {"item": "g/0", "label": "A", "scores": {"A": 10**400}}, 'the score of "A" is no number'),
        ("label", {"item": "g/0", "label": "A", "evidence": "Zoe"}, '"evidence" is not a list'),
        ("label", {"item": "g/0", "label": "A", "evidence": [[0, 99]]}, "evidence 0:99 is outside the text of"),
        ("label", {"item": "g/0", "label": "A", "evidence": [[2, 2]]}, "evidence 2:2 is outside the text"),
        ("label", {"item": "g/0", "label": "A", "evidence": [[False, True]]}, "is not [start, end]"),
        ("label", {"item": "g/0", "label": "A", "evidence": [0, 3]}, 'evidence "0" is not [start, end]'),
        ("labels", {"item": "g/0", "labels": "A"}, '"labels" is not a list'),
        ("labels", {"item": "g/0", "labels": [["A"]]}, "labels are not texts"),
        ("spans", {"item": "g/0", "spans": [[0, 99, "A"]]}, f"span 0:99 is outside the text of {len(TEXT)} characters"),
        ("spans", {"item": "g/0", "spans": [[3, 3, "A"]]}, "span 3:3 is outside"),
        ("spans", {"item": "g/0", "spans": [[-1, 3, "A"]]}, "span -1:3 is outside"),
        ("spans", {"item": "g/0", "spans": [[False, True, "A"]]}, "is not [start, end, label]"),
        ("spans", {"item": "g/0", "spans": [{"start": False, "end": 1, "label": "A"}]}, "is not [start, end, label]"),
        ("spans", {"item": "g/0", "spans": [[0, 3.0, "A"]]}, "is not [start, end, label]"),
        ("spans", {"item": "g/0", "spans": [[0, 3]]}, "is not [start, end, label]"),
        ("spans", {"item": "g/0", "spans": ["A"]}, "is not [start, end, label]"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_an_answer_says_why(kind: Kind, line: Any, found: str) -> None:
    (problem,) = told([line], kind)
    assert problem.startswith("1: "), problem
    assert found in problem


def test_all_problems_are_told_in_one_pass_each_with_its_line() -> None:
    lines = [
        {"item": "g/0", "label": "A"},
        {"item": "g/0", "label": "A"},
        '{"item": "g/1", "label"',
        {"item": "nowhere", "label": "A"},
        '{"item": "g/1", "item": "g/2", "label": "A"}',
        {"item": "g/2", "label": 1},
    ]
    found = told(lines)
    assert [problem.split(":")[0] for problem in found] == ["2", "3", "4", "5", "6"]
    assert found[0] == '2: a second answer to "g/0". See line 1.'


def test_thousands_of_unknown_items_are_told_quickly() -> None:
    assert len(told([{"item": f"other/{i}", "label": "A"} for i in range(5000)], "label", items_of(200))) == 5000


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["A", "C", "g/0", "answered", "errored"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["start", "end", "label", "A"]), inner, max_size=3)
    ),
    max_leaves=6,
)
json_lines = st.fixed_dictionaries(
    {"item": st.sampled_from(["g/0", "g/1"]) | json_values},
    optional=dict.fromkeys(("label", "labels", "spans", "scores", "evidence", "status", "document", "x"), json_values),
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(lines=st.lists(json_lines | json_values | st.text(max_size=9), max_size=4))
def test_no_file_gives_a_traceback(kind: Kind, lines: list[Any]) -> None:
    try:
        assert len(read(lines, kind)) == 3
    except ProblemsFound as found:
        assert found.problems
