"""Baselines: what is kept, what is refused, all or nothing, which look a candidate is."""

import gzip
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from answers import items_of

from harness import baselines
from harness.annotations import Annotations
from harness.baselines import accept, accepted, changes, look_at, problems_of, results_of
from harness.errors import AskedWrongly, HarnessError, NotComparable, ProblemsFound, UnknownName
from harness.parts import Task
from harness.registry import parse
from harness.running import metrics_of, run_model
from harness.runs import Run, results_in


def task_of(n: int = 24) -> Task:
    items = items_of([("banjir" if i % 2 else "harga") + f" {i}" for i in range(n)])
    gold = Annotations.of_label(items["item"], ("A", "B"), ["A", "B"] * (n // 2))
    return Task("topic", items, gold, ("f1",), "news", "0" * 64)


TASK = task_of()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside any repository."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder: str, **models: str) -> Path:
    """A run of some models that came to its end."""
    run = Run.begin(Path(folder), "bench", len(models), {"topic": {"corpus": "news", "use": "topic"}}, "bench.toml")
    for name, spec in models.items():
        run_model(TASK, parse(spec), metrics_of(TASK), seed=1, folds=3).write(run.folder_of("topic", name))
    run.end([])
    return run.folder


def took(run: Path, name: str = "main", **settings):
    return accept(run, name, reason="first", tasks={"topic": TASK}, **settings)


def state(root: Path) -> dict[str, bytes]:
    """All files of the baselines there."""
    paths = [root / baselines.LOCK, *(root / baselines.FOLDER).rglob("*")]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def git(*asked: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *asked], check=True, capture_output=True, text=True).stdout.strip()


def test_what_is_read_back_is_what_was_accepted(here: Path) -> None:
    run = made("run", floor="majority", words="tfidf(chars=0)")
    entry, note = took(run, looks=2)
    assert (entry.commit, entry.looks, entry.benchmark) == ("", 2, "bench.toml")
    assert "Not in a git repository" in note
    assert accepted() == {"main": entry}
    there, came = results_in(run), results_of("main")
    assert there.keys() == came.keys()
    for key, kept in came.items():
        assert kept.digest == there[key].digest
        assert kept.item == there[key].item
        assert kept.answers(TASK.items).digest == there[key].answers(TASK.items).digest
        assert kept.provenance == there[key].provenance


def test_accepting_the_same_run_twice_gives_the_same_bytes(here: Path) -> None:
    run = made("run", floor="majority")
    took(run)
    before = state(here)
    took(run, replace=True)
    assert state(here) == before
    with pytest.raises(AskedWrongly, match=r"is there already\. --replace"):
        took(run)


def test_another_name_adds_lines_to_the_lock_and_changes_none(here: Path) -> None:
    run = made("run", floor="majority")
    took(run, "rolling")
    before = (here / "baselines.lock").read_text()
    took(run, "anchor")
    after = (here / "baselines.lock").read_text()
    assert [*accepted()] == ["anchor", "rolling"]
    assert {*before.splitlines()} <= {*after.splitlines()}


@pytest.mark.parametrize("file", ["content.json", "predictions.jsonl.gz", "provenance.json"])
def test_a_file_that_is_gone_or_changed_is_named(here: Path, file: str) -> None:
    took(made("run", floor="majority"))
    path = Path("baselines/main/topic/floor") / file
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(ProblemsFound, match=f"{file}: not there"):
        results_of("main")
    if file != "provenance.json":  # it is no part of what a result is
        spoilt = gzip.compress(b"{}\n") if file.endswith(".gz") else whole.replace(b'"seed":1', b'"seed":2')
        for data in (spoilt, whole[:-9]):
            path.write_bytes(data)
            with pytest.raises(ProblemsFound, match=r"not what was accepted|or broken"):
                results_of("main")
    path.write_bytes(whole)
    results_of("main")


def test_an_unknown_name_is_told_with_those_there_are(here: Path) -> None:
    took(made("run", floor="majority"), "rolling")
    with pytest.raises(UnknownName, match='Did you mean "rolling"'):
        results_of("roling")


@pytest.mark.parametrize("broken", ["[main]\nreason = 1\n", "<<<<<<< HEAD\n", "[main]\n", 'main = "x"\n'])
def test_a_lock_that_was_spoilt_is_refused_with_its_line(here: Path, broken: str) -> None:
    Path("baselines.lock").write_text(broken)
    with pytest.raises(ProblemsFound, match=r"baselines\.lock:1: "):
        accepted()


def test_a_run_that_is_not_whole_is_refused(here: Path) -> None:
    run = made("run", floor="majority", words="tfidf(chars=0)")
    Run(run, {"complete": True, "planned": 3, "failures": [], "tasks": {}}).end([])
    with pytest.raises(HarnessError, match="holds 2 results, 3 were planned"):
        took(run)
    Run(run, {"planned": 2}).end(["topic · words: no."])
    with pytest.raises(HarnessError, match="lacks 1 results, first topic · words: no"):
        took(run)
    Run.begin(run, "bench", 2)
    with pytest.raises(HarnessError, match="broke off"):
        took(run)
    with pytest.raises(ProblemsFound, match=r"run\.json: cannot be read"):
        took(here / "nowhere")
    assert state(here) == {}


def test_another_corpus_and_other_predictions_are_refused(here: Path) -> None:
    run = made("run", floor="majority")
    with pytest.raises(
        NotComparable, match="corpus: topic · floor was run on news@00000000, here stands news@11111111"
    ):
        accept(run, "main", reason="x", tasks={"topic": replace(TASK, corpus_digest="1" * 64)})
    path = run / "topic" / "floor" / "predictions.jsonl"
    path.write_text(path.read_text().replace('"label":"A"', '"label":"B"'))
    with pytest.raises(ProblemsFound, match="not the predictions"):
        took(run)
    assert state(here) == {}


@pytest.mark.parametrize("name", ["", "a/b", "..", ".x", "a b"])
def test_a_name_that_can_be_no_folder_is_refused(here: Path, name: str) -> None:
    with pytest.raises(AskedWrongly, match="letters, digits"):
        took(made("run", floor="majority"), name)


def test_in_a_repository_the_commit_is_kept_and_changes_are_refused(here: Path) -> None:
    run = made("run", floor="majority")
    git("init", "-q")
    assert "Nothing is committed yet" in took(run)[1]
    Path("bench.toml").write_text("seed = 1\n")
    git("add", "bench.toml", "baselines", "baselines.lock")
    with pytest.raises(AskedWrongly, match="1 files have changes that are not committed, first bench"):
        took(run, replace=True)
    git("commit", "-q", "-m", "x")
    entry, note = took(run, "other")
    assert (entry.commit, note) == (git("rev-parse", "HEAD"), "")
    took(run, "other", replace=True)  # what baselines hold may change
    Path("bench.toml").write_text("seed = 2\n")
    with pytest.raises(AskedWrongly, match=r"1 files have changes that are not committed, first bench\.toml"):
        took(run, "third")
    assert "third" not in accepted()


class Killed(BaseException):
    """Nobody catches it, as nobody catches a kill."""


@pytest.mark.parametrize("step", range(1, 12))
def test_a_kill_at_any_step_leaves_the_old_baseline_or_the_new_one(
    here: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    old, new = made("old", floor="majority"), made("new", floor="majority", words="chance")
    took(old)
    left = [step]

    def counting(function):
        def call(*args, **settings):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return function(*args, **settings)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", counting(Path.rename))
        patched.setattr(baselines, "write_atomically", counting(baselines.write_atomically))
        patched.setattr(shutil, "rmtree", counting(shutil.rmtree))
        try:
            took(new, replace=True)
        except Killed:
            assert step <= 10  # six files, two names, the lock, the old folder
        else:
            assert step == 11
    came = {key: kept.digest for key, kept in results_of("main").items()}
    assert came in [{key: kept.digest for key, kept in results_in(run).items()} for run in (old, new)]
    took(new, replace=True)
    assert results_of("main").keys() == results_in(new).keys()
    assert [path.name for path in Path("baselines").iterdir()] == ["main"]


def test_changes_are_told_by_task_and_model(here: Path) -> None:
    old = results_in(made("old", floor="majority", words="tfidf(chars=0)", away="chance"))
    new = results_in(made("new", floor="majority", words="chance", fresh="chance"))
    found = {one.model: one for one in changes(old, new, {"topic": TASK})}
    assert {name: one.what for name, one in found.items()} == {
        "away": "gone", "floor": "same", "fresh": "added", "words": "changed",
    }  # fmt: skip
    held = found["words"].comparison
    assert held and held.primary.difference == new["topic", "words"]["f1"].value - old["topic", "words"]["f1"].value
    other = {"topic": replace(TASK, items=items_of([f"other {i}" for i in range(24)]))}
    assert {one.what for one in changes(old, new, other)} == {"gone", "added", "same", "not comparable"}


def test_a_look_is_another_candidate_and_recorded_only_when_asked(here: Path) -> None:
    base = made("run", floor="majority")
    took(base, looks=2)
    others = {"one": "chance", "two": "chance(strategy='uniform')", "three": "tfidf(chars=0)"}
    one, two, three = (results_in(made(name, floor=spec)) for name, spec in others.items())
    assert str(look_at("main", one)) == "look 1 of 2, not recorded: --look does"
    assert str(look_at("main", one, record=True)) == "look 1 of 2"
    assert str(look_at("main", two)) == "look 2 of 2, not recorded: --look does"
    look_at("main", two, record=True)
    assert str(look_at("main", one, record=True)) == "look 1 of 2"
    assert "look 3 of 2 that were declared: false alarms are more frequent" in str(look_at("main", three))
    assert not list(problems_of(accepted()["main"], Path("baselines/main")))
    took(base, replace=True, looks=1)
    assert str(look_at("main", two)) == "look 1 of 1, not recorded: --look does"
