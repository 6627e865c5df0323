"""A file of predictions as a model."""

from pathlib import Path

import pytest
from answers import items_of

from harness.errors import ProblemsFound
from harness.parts import Task
from harness.records import Annotations
from harness.registry import parse
from harness.running import predict


def topic(n: int) -> Task:
    items = items_of([f"t{i}" for i in range(n)])
    return Task("topic", items, Annotations.of_label(items["item"], ("A", "B"), ["A", "B"] * (n // 2)), (), "c", "d")


def test_it_answers_what_the_file_answers_and_the_rest_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text('{"item":"g0/d","label":"B"}\n{"item":"g3/d","label":"C"}\n')
    _, said = predict(topic(6), parse(f"predictions(path='{file}')"), seed=1, folds=3)
    assert said.answers() == ["B", None, None, None, None, None]
    assert said.status.tolist() == [0, 2, 2, 1, 2, 2]


def test_a_changed_file_changes_its_answers(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    spec = parse(f"predictions(path='{file}')")
    file.write_text('{"item":"g0/d","label":"B"}\n')
    before = predict(topic(2), spec, seed=1, folds=2)[1].answers()
    file.write_text('{"item":"g0/d","label":"A"}\n')
    assert predict(topic(2), spec, seed=1, folds=2)[1].answers() != before


def test_a_file_about_other_items_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text('{"item":"elsewhere","label":"B"}\n')
    with pytest.raises(ProblemsFound, match=r"said.jsonl:1: no item"):
        predict(topic(2), parse(f"predictions(path='{file}')"), seed=1, folds=2)
