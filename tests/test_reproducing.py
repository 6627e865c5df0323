"""Reproducing: what comes out again, and the first thing that does not."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import items_of

import harness
from harness.annotations import Annotations
from harness.errors import NotComparable
from harness.files import canonical
from harness.parts import Task
from harness.registry import parse
from harness.reproducing import Reproduced, reproduce
from harness.result import Kept, Result, read
from harness.running import Asked, metrics_of, run_all, run_model, score_answers, score_file

ROOT = Path(harness.__file__).parent.parent
WORDS = ("banjir", "harga", "pasar", "hujan")


def task_of(n: int = 40) -> Task:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(WORDS, 4)) for _ in range(n)]
    items = items_of(texts)
    split = ["train" if i % 4 else "test" for i in range(n)]
    items = replace(items, columns={**items.columns, "split": split, "language": ["id", "en"] * (n // 2)})
    gold = Annotations.of_label(items["item"], ("A", "B"), ["A" if "banjir" in text else "B" for text in texts])
    return Task("topic", items, gold, ("f1", "log_loss"), "news", "0" * 64, slices=("language",))


def spans_of(n: int = 24) -> Task:
    items = items_of([f"Ana {i} and Bo" for i in range(n)])
    ends = [len(text) for text in items["text"]]
    gold = Annotations.of_spans(items["item"], ("PER",), [[(0, 3, "PER"), (end - 2, end, "PER")] for end in ends])
    return Task("names", items, gold, ("entity_f1",), "news", "0" * 64, slices=("name",))


TASK = task_of()


def kept(result: Result, folder: Path) -> Kept:
    result.write(folder)
    return read(folder)


def trained(folder: Path, spec: str, task: Task = TASK, **how) -> Kept:
    return kept(run_model(task, parse(spec), metrics_of(task), seed=7, **how), folder)


def held(one: Kept, task: Task = TASK, **how) -> Reproduced:
    """The same task as somebody else loads it: with neither metrics nor slices of the benchmark."""
    bare = replace(task, metrics=("accuracy",), slices=())
    [came] = reproduce({("topic", "m"): one}, {"topic": bare}, **how)
    return came


def spoil(one: Kept, change) -> Kept:
    content = json.loads((one.place / "content.json").read_bytes())
    change(content)
    (one.place / "content.json").write_bytes(canonical(content))
    return read(one.place)


@pytest.mark.parametrize("how", [{"folds": 4}, {"split": "train>test"}])
@pytest.mark.parametrize("spec", ["majority", "chance", "tfidf(chars=0)"])
def test_a_model_that_keeps_its_promise_reaches_the_highest_tier(tmp_path: Path, spec: str, how: dict) -> None:
    came = held(trained(tmp_path, spec, **how))
    assert (came.differs, came.reached, came.learns, came.libraries) == ({"T0": "", "T1": "", "T2": ""}, "T2", True, ())
    assert all(came.reaches(tier) for tier in ("T0", "T1", "T2"))


def test_names_that_were_seen_in_training_are_known_again(tmp_path: Path) -> None:
    task = spans_of()
    assert held(trained(tmp_path, "gazetteer", task, folds=3), task).reached == "T2"


def test_a_seed_of_training_apart_from_that_of_the_folds_is_kept(tmp_path: Path) -> None:
    asked = Asked(TASK, parse("chance"), metrics_of(TASK), 5, 3, "", 9, 0.5)
    [(_, result)] = run_all([asked])
    assert isinstance(result, Result)
    assert held(kept(result, tmp_path)).reached == "T2"


def test_where_readers_decide_what_is_scored_it_is_scored_again(tmp_path: Path) -> None:
    read_by_all = replace(TASK, readers={"ana": TASK.gold.bare}, read=[i % 3 > 0 for i in range(len(TASK))])
    assert held(trained(tmp_path / "model", "tfidf(chars=0)", read_by_all, folds=3)).reached == "T2"
    both = [i for i, read in enumerate(read_by_all.read) if read]
    theirs = score_answers(
        TASK.take(both), TASK.gold.bare.take(both), metrics_of(TASK, ["f1"]), seed=3, model="ana", protocol="read"
    )
    came = held(kept(theirs, tmp_path / "ana"))
    assert (came.differs, came.learns, came.reaches("T2")) == ({"T0": ""}, False, True)


@pytest.mark.parametrize("split", ["", "test"])
def test_a_file_of_predictions_has_the_lowest_tier_alone(tmp_path: Path, split: str) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text("".join(json.dumps({"item": item, "label": "A"}) + "\n" for item in TASK.items["item"][3:]))
    result = score_file(TASK, file, metrics_of(TASK, ["f1"]), seed=1, split=split)
    came = held(kept(result, tmp_path / "r"), tier="T2")
    assert (came.differs, came.learns, came.reaches("T2")) == ({"T0": ""}, False, True)


def test_a_score_that_was_changed_is_named(tmp_path: Path) -> None:
    def change(content):
        row = next(row for row in content["scores"] if row["slice"] == "language=id")
        row["high"] += 1e-9

    came = held(spoil(trained(tmp_path, "majority"), change))
    assert came.differs["T0"].startswith("score f1[language=id], high: ")
    assert (came.reached, came.differs["T1"], came.differs["T2"]) == (None, "", "")


def test_predictions_that_were_changed_are_named(tmp_path: Path) -> None:
    one = trained(tmp_path, "majority")
    path = one.place / "predictions.jsonl"
    path.write_text(path.read_text().replace('"label":"A"', '"label":"B"').replace('"label":"B"', '"label":"A"', 1))
    came = held(one)
    assert "not the predictions that content.json was counted from" in came.differs["T0"]
    assert came.reached is None


def test_another_training_is_told_with_the_first_document_that_differs(tmp_path: Path) -> None:
    one = trained(tmp_path, "chance")
    came = held(spoil(one, lambda content: content.update(seed=8)))
    assert came.differs["T0"] == ""  # the seed of training is no part of the scores
    assert came.reached == "T0"
    assert not came.reaches("T1")
    count, first = came.differs["T1"].split(" of 40 answers, first ")
    item = first.partition(":")[0]
    i = list(one.item).index(item)
    then = one.answers(TASK.items)
    again = run_model(TASK, parse("chance"), metrics_of(TASK), seed=8).predicted  # other folds, other answers
    assert int(count) > 0
    assert first.startswith(f'{item}: "{then.answer(i)}" then, ')
    assert len(again) == 40


def test_scores_beside_the_answers_that_are_off_leave_the_middle_tier(tmp_path: Path) -> None:
    one = trained(tmp_path, "tfidf(chars=0)")
    path = one.place / "predictions.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    due = TASK.gold.answer(5)
    other = {"A": "B", "B": "A"}[due]
    lines[5]["scores"][due] -= 1e-3
    lines[5]["scores"][other] += 1e-3
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    came = held(one)
    assert came.differs["T1"] == ""
    assert came.differs["T2"].startswith(f"scores of 1 of 40 answers by up to 1.0e-03, first {one.item[5]}: ")
    assert came.differs["T0"].startswith("score log_loss, ")


def test_nothing_is_trained_for_the_lowest_tier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = trained(tmp_path, "majority")
    monkeypatch.setattr("harness.running.working.answers_of", lambda cell: 1 / 0)
    assert held(one, tier="T0").differs == {"T0": ""}


def test_a_model_that_can_no_longer_be_trained_fails_alone(tmp_path: Path) -> None:
    good = trained(tmp_path / "a", "majority")
    bad = spoil(trained(tmp_path / "b", "majority"), lambda content: content.update(model="no-such-model"))
    came = reproduce({("topic", "a"): good, ("topic", "b"): bad}, {"topic": TASK})
    assert [one.reached for one in came] == ["T2", "T0"]
    assert 'unknown model "no-such-model"' in came[1].differs["T1"]


def test_another_corpus_is_no_ground_to_reproduce_on(tmp_path: Path) -> None:
    with pytest.raises(NotComparable, match="corpus: topic · m is of news@00000000, here stands 22222222"):
        held(trained(tmp_path, "majority"), replace(TASK, corpus_digest="2" * 64))


def test_libraries_that_are_others_than_then_are_named(tmp_path: Path) -> None:
    one = trained(tmp_path, "majority")
    assert len(one.provenance["lock"]) == 64
    libraries = one.provenance["libraries"]
    now = libraries["numpy"]
    libraries["numpy"] = "1.0"
    libraries["no-such-library"] = "2.0"
    del libraries["click"]
    came = held(one, tier="T0").libraries
    assert {"no-such-library is not there, then 2.0", f"numpy {now}, then 1.0"} < {*came}
    assert any(said.startswith("click ") and said.endswith("then not there") for said in came)


BENCH = """folds = 3
[[tasks]]
corpus = "kabar"
use = "event"
metrics = ["f1"]
[models]
majority = "majority"
words = "tfidf(chars=0)"
"""


def test_a_slice_of_kabar_comes_out_again_as_if_on_another_cpu(tmp_path: Path) -> None:
    corpus = tmp_path / "kabar" / "documents"
    corpus.mkdir(parents=True)
    whole = ROOT / "corpora" / "kabar"
    (tmp_path / "kabar" / "corpus.toml").write_bytes((whole / "corpus.toml").read_bytes())
    for group in sorted((whole / "documents").iterdir())[:15]:
        shutil.copytree(group, corpus / group.name)
    (tmp_path / "bench.toml").write_text(BENCH)

    def call(*asked: str, **environment: str) -> str:
        command = [sys.executable, "-m", "harness", *asked]
        env = {**os.environ, **environment}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout

    call("run", "bench.toml", "--out", "native")
    came = json.loads(call("reproduce", "native", "--json", OPENBLAS_CORETYPE="Haswell"))
    assert {one["model"]: one["reached"] for one in came["results"]} == {"majority": "T2", "words": "T2"}
    assert came["exit"] == 0
