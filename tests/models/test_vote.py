"""A vote of models, each answering as it is told."""

from pathlib import Path

import numpy as np
import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly
from harness.models.vote import vote
from harness.parts import Task
from harness.records import Items
from harness.registry import parse
from harness.running import run_model


class Says:
    """A model that answers what it is told, and keeps its seed."""

    def __init__(self, kind: str, answers: list, scores: list | None = None, status: list | None = None) -> None:
        self.kind, self.answers, self.scores, self.status = kind, answers, scores, status

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.seed = seed

    def predict(self, items: Items) -> Annotations:
        if self.kind == "spans":
            return Annotations.of_spans(items["item"], LABELS, self.answers, status=self.status)
        make = Annotations.of_label if self.kind == "label" else Annotations.of_labels
        scores = None if self.scores is None else np.array(self.scores, np.float32)
        return make(items["item"], LABELS, self.answers, status=self.status, scores=scores)


def elected(*models: Says) -> Annotations:
    return vote(models=models).predict(items_of(["a text of some length"] * len(models[0].answers)))


def test_the_label_of_most_models_wins_and_among_equals_the_first_declared() -> None:
    said = elected(Says("label", ["A", "C"]), Says("label", ["B", "B"]), Says("label", ["B", "D"]))
    assert said.answers() == ["B", "B"]
    assert said.scores is None


def test_among_equals_the_highest_sum_of_scores_wins_and_scores_are_the_mean() -> None:
    one = Says("label", ["A"], [[0.6, 0.4, 0, 0]])
    two = Says("label", ["B"], [[0.1, 0.9, 0, 0]])
    said = elected(one, two)
    assert said.answers() == ["B"]
    assert np.allclose(said.scores, [[0.35, 0.65, 0, 0]])
    assert elected(one, Says("label", ["B"])).answers() == ["A"]


def test_those_that_do_not_answer_have_no_vote() -> None:
    silent = Says("label", [None, None], status=[2, 4])
    said = elected(silent, Says("label", ["B", None], status=[0, 5]), Says("label", ["B", None], status=[0, 3]))
    assert said.answers() == ["B", None]
    assert said.status.tolist() == [0, 4]


def test_of_sets_each_label_needs_more_than_half_and_at_half_the_scores_tell() -> None:
    three = [Says("labels", [sets]) for sets in (["A", "B"], ["B"], ["C", "B", "A"])]
    assert elected(*three).answers() == [["A", "B"]]
    one = Says("labels", [["A", "B"]], [[0.9, 0.6, 0, 0]])
    two = Says("labels", [["C"]], [[0.2, 0.1, 0.7, 0]])
    assert elected(one, two).answers() == [["A"]]


def test_of_spans_those_stay_that_more_than_half_give_alike() -> None:
    sets = [[(0, 4, "A"), (5, 9, "B")], [(0, 4, "A"), (5, 8, "B")], [(0, 4, "C"), (5, 9, "B")]]
    assert elected(*(Says("spans", [spans]) for spans in sets)).answers() == [[(0, 4, "A"), (5, 9, "B")]]
    assert elected(*(Says("spans", [spans]) for spans in sets[:2])).answers() == [[(0, 4, "A")]]


def test_each_model_has_a_seed_of_its_own_the_first_that_of_the_run() -> None:
    models = [Says("label", ["A"]) for _ in range(3)]
    vote(models=models).fit(items_of(["x"]), Annotations.of_label(["g0/d"], LABELS, ["A"]), seed=2**32 - 2)
    assert [model.seed for model in models] == [2**32 - 2, 2**32 - 1, 0]


def test_files_of_predictions_vote_and_are_known_by_their_bytes(tmp_path: Path) -> None:
    items = items_of(["x"] * 4)
    task = Task("t", items, Annotations.of_label(items["item"], LABELS, ["A"] * 4), (), "c", "d")
    files = [tmp_path / f"{n}.jsonl" for n in range(3)]
    for file, label in zip(files, "ABB", strict=True):
        file.write_text("".join(f'{{"item":"g{i}/d","label":"{label}"}}\n' for i in range(4)))
    inner = ", ".join(f"\"predictions(path='{file}')\"" for file in files)
    before = run_model(task, parse(f"vote(models=({inner}))"), {}, seed=1)
    assert before.predicted.answers() == ["B"] * 4
    files[1].write_text(files[0].read_text())
    after = run_model(task, parse(f"vote(models=({inner}))"), {}, seed=1)
    assert after.predicted.answers() == ["A"] * 4
    assert before.model != after.model


def test_a_vote_of_nobody_is_refused() -> None:
    with pytest.raises(AskedWrongly, match="vote needs models"):
        vote(models=())


def test_what_its_models_spent_is_added_up_and_one_unfinished_model_leaves_it_unfinished() -> None:
    one, two = Says("label", ["A"]), Says("label", ["B"])
    made = vote(models=(one, two, Says("label", ["A"])))
    assert (made.spent, made.unfinished) == ({}, False)
    one.spent, two.spent, two.unfinished = {"requests": 2.0, "cost": 0.5}, {"requests": 3.0}, True
    assert (made.spent, made.unfinished) == ({"requests": 5.0, "cost": 0.5}, True)
