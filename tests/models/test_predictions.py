"""A file of predictions as a model."""

from pathlib import Path

import pytest
from answers import items_of

from harness.annotations import Annotations
from harness.errors import ProblemsFound
from harness.parts import Task
from harness.registry import parse
from harness.result import Result
from harness.running import run_model


def topic(n: int) -> Task:
    items = items_of([f"t{i}" for i in range(n)])
    return Task("topic", items, Annotations.of_label(items["item"], ("A", "B"), ["A", "B"] * (n // 2)), (), "c", "d")


def asked(file: Path, n: int) -> Result:
    return run_model(topic(n), parse(f"predictions(path='{file}')"), {}, seed=1, folds=2)


def test_it_answers_what_the_file_answers_and_the_rest_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text('{"item":"g0/d","label":"B"}\n{"item":"g3/d","label":"C"}\n')
    said = asked(file, 6).predicted
    assert said.answers() == ["B", None, None, None, None, None]
    assert said.status.tolist() == [0, 2, 2, 1, 2, 2]


def test_a_changed_file_changes_its_answers(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text('{"item":"g0/d","label":"B"}\n')
    before = asked(file, 2)
    file.write_text('{"item":"g0/d","label":"A"}\n')
    after = asked(file, 2)
    assert before.predicted.answers() != after.predicted.answers()
    assert before.content["model"] != after.content["model"]


def test_where_the_file_lies_and_how_often_it_is_asked_is_no_part_of_the_result(tmp_path: Path) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).write_text('{"item":"g0/d","label":"B"}\n')
    one, two = (asked(tmp_path / name, 2) for name in ("one.jsonl", "two.jsonl"))
    assert one.content == two.content
    assert one.protocol == "all"


def test_a_file_about_other_items_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text('{"item":"elsewhere","label":"B"}\n')
    with pytest.raises(ProblemsFound, match=r"said.jsonl:1: no item"):
        asked(file, 2)
