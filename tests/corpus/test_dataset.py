"""A corpus as a `datasets.DatasetDict`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from corpora import make_corpus, read_lines, write_lines


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return harness.load(make_corpus(tmp_path_factory.mktemp("corpus"))).to_dataset()


def test_documents_stand_under_their_split(dataset: Any) -> None:
    assert {split: rows["id"][:] for split, rows in dataset.items()} == {
        "test": ["market/c"],
        "train": ["harbour/a", "harbour/b"],
    }
    assert dataset["train"]["language"][:] == ["en", "ar"]
    assert dataset["train"]["group"][:] == ["harbour", "harbour"]
    assert dataset["train"][0]["text"].startswith("The Port Union 👩\u200d🌾")


def test_the_id_of_a_label_is_its_position_in_corpus_toml(dataset: Any) -> None:
    features = dataset["train"].features
    assert features["tone"].names == ["WARM", "COLD"]
    assert dataset["train"]["tone"][:] == [0, 1]
    assert features["stance"].feature["label"].names == ["FAVOR", "AGAINST", "NONE"]
    assert [row["label"] for row in dataset["train"][0]["stance"]] == [2, 0]
    assert features["topic"].feature["label"].names == ["TRADE", "STRIKE", "WEATHER"]
    assert [(row["role"], row["label"]) for row in dataset["train"][0]["topic"]] == [("primary", 1), ("secondary", 0)]
    assert features["entities"].feature["label"].names == ["PER", "ORG", "LOC", "DATE"]


def test_a_label_about_something_names_it(dataset: Any) -> None:
    (row,) = dataset["train"][1]["stance"]
    assert row == {"holder": "union", "target": "strike", "label": 0, "kind": None}


def test_spans_count_code_points(dataset: Any) -> None:
    for rows in dataset.values():
        for row in rows:
            for one in row["entities"]:
                assert row["text"][one["start"] : one["end"]] == one["text"]


def test_a_layer_that_is_not_done_is_none_and_an_empty_one_is_empty(dataset: Any, tmp_path: Path) -> None:
    assert dataset["test"]["tone"][:] == [None]
    root = make_corpus(tmp_path)
    path = root / "documents/harbour/b.gold.jsonl"
    rows = [row for row in read_lines(path) if row.get("layer") not in ("entities", "stance")]
    rows[0]["layers"]["stance"] = "open"
    write_lines(path, rows)
    assert harness.check(root) == []
    row = harness.load(root).to_dataset()["train"][1]
    assert row["stance"] is None
    assert row["entities"] == []


def test_documents_of_no_split_stand_under_unsplit(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    (root / "documents/market/group.toml").write_text('[targets]\nprices = "the prices"\n')
    assert sorted(harness.load(root).to_dataset()) == ["train", "unsplit"]
