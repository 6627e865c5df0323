"""Items cut into parts."""

from pathlib import Path

import numpy as np
import pytest
from answers import items_of

import harness
from harness.annotations import Annotations
from harness.errors import AskedWrongly, UnknownName
from harness.slicing import Seen, cut_by

CORPUS = Path(harness.__file__).parent.parent / "corpora" / "kabar"


def parts_of(names: list[str], texts: list[str], gold: Annotations, **facets: list[str]) -> dict[str, list[int]]:
    cut = cut_by(names, items_of(texts, **facets), gold)
    return {name: np.flatnonzero(mask).tolist() for name, _, _, mask in cut(gold, gold)}


def test_items_are_cut_by_label_length_facet_and_mark() -> None:
    texts = ["a b", "w " * 40, "w " * 70, ""]
    gold = Annotations.of_label(texts, ("A", "B"), ["A", "B", "B", "A"])
    gold = Annotations(
        **{**gold.__dict__, "marks": {"tags": [["x", "y"], ["y"], [], ["x"]], "source": ["s", "", "s", "t"]}}
    )
    found = parts_of(["label", "length", "target", "tags", "source"], texts, gold, target=["u", "v", "u", "v"])
    assert found == {
        "label=A": [0, 3],
        "label=B": [1, 2],
        "length=under 32 words": [0, 3],
        "length=32-63 words": [1],
        "length=64-127 words": [2],
        "target=u": [0, 2],
        "target=v": [1, 3],
        "tags=x": [0, 3],
        "tags=y": [0, 1],
        "source=s": [0, 2],
        "source=t": [3],
    }


def test_spans_are_cut_by_whether_their_surface_was_seen_in_training() -> None:
    texts = ["Ana sees Budi", "Budi sees Citra"]
    gold = Annotations.of_spans(texts, ("PER",), [[(0, 3, "PER"), (9, 13, "PER")], [(0, 4, "PER"), (10, 15, "PER")]])
    said = Annotations.of_spans(texts, ("PER",), [[(0, 3, "PER")], [(10, 15, "PER"), (5, 9, "PER")]])
    seen = Seen(np.array([0, 1]), [frozenset({"Ana"}), frozenset({"Budi"})])
    parts = {name: (due, given) for name, due, given, _ in cut_by(["name"], items_of(texts), gold, seen)(gold, said)}
    assert [side.answers() for side in parts["name=seen"]] == [
        [[(0, 3, "PER")], [(0, 4, "PER")]],
        [[(0, 3, "PER")], []],
    ]
    assert [side.answers() for side in parts["name=unseen"]] == [
        [[(9, 13, "PER")], [(10, 15, "PER")]],
        [[], [(5, 9, "PER"), (10, 15, "PER")]],
    ]


def test_what_cannot_cut_these_items_is_refused_with_what_can() -> None:
    texts = ["a", "b"]
    gold = Annotations.of_label(texts, ("A",), ["A", "A"])
    with pytest.raises(UnknownName, match="There are: group, label, language, length, split"):
        cut_by(["tag"], items_of(texts), gold)
    many = [str(i) for i in range(300)]
    with pytest.raises(AskedWrongly, match="has 300 values, and 200 is the most"):
        cut_by(["group"], items_of(many), Annotations.of_label(many, ("A",), ["A"] * 300))
    spans = Annotations.of_spans(texts, ("A",), [[], []])
    with pytest.raises(AskedWrongly, match="needs folds, or a split to learn from"):
        cut_by(["name"], items_of(texts), spans)


def test_a_run_scores_its_slices_and_unseen_names_score_below_seen_ones() -> None:
    task = harness.task("entities", harness.load(CORPUS))
    result = harness.run("gazetteer", task, metrics=["entity_f1(tier='all')"], slices=["name", "language"], folds=3)
    assert {score.slice for score in result.parts} == {
        "name=seen", "name=unseen", "language=en", "language=es", "language=id",
    }  # fmt: skip
    metric = "entity_f1(tier='all')"
    assert result[f"{metric}[name=unseen]"].value == 0 < result[f"{metric}[name=seen]"].value
    assert result.content["slices"] == ["name", "language"]


def test_a_split_that_is_scored_knows_the_names_of_the_training_split(tmp_path: Path) -> None:
    task = harness.task("entities", harness.load(CORPUS))
    harness.run("gazetteer", task, split="train>test").write(tmp_path)
    again = harness.score(tmp_path / "predictions.jsonl", task, slices=["name"], split="test")
    direct = harness.run("gazetteer", task, split="train>test", slices=["name"])
    assert [score.value for score in again.parts] == [score.value for score in direct.parts]
    with pytest.raises(AskedWrongly, match="name the split that is scored"):
        harness.score(tmp_path / "predictions.jsonl", task, slices=["name"])
