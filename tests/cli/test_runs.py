"""harness runs: what is stored is listed and cleaned, nothing else is touched; curves are shown."""

import json
import os
import time
from pathlib import Path

import pytest

from corpora import write_document
from harness.cli import run
from harness.files import canonical, write_atomically
from harness.runs import Run, runs_in
from harness.store import Store

CORPUS = """name = "waves"
version = "1"
licence = "CC0-1.0"
languages = ["en"]
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = ["WARM", "COLD"]
"""
BENCH = """folds = 2
[[tasks]]
corpus = "waves"
use = "tone"
metrics = ["accuracy"]
[models]
floor = "majority"
words = "tfidf(chars=0)"
"""


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> tuple[int, str, str]:
        code = run(list(args))
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus of 20 documents, each a group, and a benchmark of it."""
    (tmp_path / "waves").mkdir()
    (tmp_path / "waves" / "corpus.toml").write_text(CORPUS)
    for i in range(20):
        folder = tmp_path / "waves" / "documents" / f"g{i:02}"
        folder.mkdir(parents=True)
        (folder / "group.toml").write_text("")
        label = ("WARM", "COLD")[i % 2]
        write_document(folder, "d", f"It was {label.lower()} on day {i}.\n", layers={"tone": [{"label": label}]})
    (tmp_path / "bench.toml").write_text(BENCH)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(name: str, *, results: int = 1, planned: int = 1, days: float = 0, ended: bool = True) -> Path:
    """A run's folder below runs/, last written some days ago."""
    begun = Run.begin(Path("runs") / name, "bench", planned)
    for i in range(results):
        for file in ("content.json", "provenance.json", "predictions.jsonl"):
            write_atomically(begun.folder_of("tone", f"m{i}") / file, b"{}\n")
    if ended:
        begun.end(["tone · m9: no"] * (planned - results))
    aged(begun.folder, days)
    return begun.folder


def aged(folder: Path, days: float) -> None:
    for path in folder.rglob("*"):
        os.utime(path, times=(time.time() - days * 86_400,) * 2)


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_runs_are_listed_the_newest_first_and_say_how_they_ended(said, here: Path) -> None:
    assert said("runs", "list") == (0, "No runs are in runs.\n", "")
    made("whole", results=2, planned=2, days=3)
    made("broken", results=1, planned=4, ended=False, days=2)
    made("failed", results=3, planned=4, days=1)
    (made("old", days=4) / "run.json").unlink()
    (made("odd", days=5) / "run.json").write_text("{")
    aged(here / "runs" / "odd", 5)
    (here / "runs" / "no-run").mkdir()
    code, out, _ = said("runs", "list")
    assert code == 0
    rows = [line.split("  ") for line in out.splitlines() if "UTC" not in line]
    assert [row[0].strip() for row in rows if row[0].strip() and "─" not in row[0]][1:] == [
        "failed", "broken", "whole", "old", "odd",
    ]  # fmt: skip
    for text in ("3 of 4", "complete, 1 failed", "1 of 4", "broken off, or still running", "2 of 2", "no run.json"):
        assert text in out
    rows = json.loads(said("runs", "list", "--json")[1])["runs"]
    assert [row["complete"] for row in rows] == [True, False, True, None, None]
    assert rows[0]["failures"] == ["tone · m9: no"]
    assert rows[2]["bytes"] == sum(path.stat().st_size for path in files_in(here / "runs" / "whole"))


def test_a_run_lists_as_many_results_as_were_planned(said, here: Path) -> None:
    assert said("run", "bench.toml")[0] == 0
    [row] = json.loads(said("runs", "list", "--json")[1])["runs"]
    assert (row["benchmark"], row["results"], row["planned"], row["complete"]) == ("bench", 2, 2, True)


def test_a_dry_run_removes_nothing_and_apply_what_was_listed(said, here: Path) -> None:
    old, new = made("old", days=40), made("new", days=20)
    store = Store(here / "runs" / "store")
    for key in ("a" * 64, "b" * 64):
        store.put_scores(key, {"scores": []})
    aged(store.root, 40)
    assert store.scores("b" * 64) == {"scores": []}  # what is read counts as used
    foreign = here / "runs" / "store" / "aa" / "notes.json"
    paid = here / "runs" / "endpoint-cache.sqlite"
    dead = here / "runs" / "new" / f"{_temporary()}"
    for path in (foreign, paid, dead):
        path.write_bytes(b"x")
        os.utime(path, times=(0, 0))
    before = files_in(here)
    code, out, _ = said("runs", "clean")
    assert code == 0
    assert files_in(here) == before
    assert "To be removed: 1 runs, 1 files of the store, 1 half-written files" in out
    listed = json.loads(said("runs", "clean", "--json")[1])
    assert listed["removed"] is False
    [cell] = listed["store"]
    assert Path(cell).name.startswith("a" * 64)
    gone = {path for path in before if path.is_relative_to(here / old)} | {here / cell, dead}
    assert listed["bytes"] == sum(path.stat().st_size for path in gone)
    applied = json.loads(said("runs", "clean", "--apply", "--json")[1])
    assert applied == listed | {"removed": True}
    assert files_in(here) == before - gone
    assert not (here / old).exists()
    assert (here / new).exists()
    assert said("runs", "clean")[1] == "To be removed: 0 runs, 0 files of the store, 0 half-written files, 0 B.\n"


def _temporary() -> str:
    """The name of a file that a process of this machine, no longer there, was writing."""
    import platform
    import subprocess
    import sys
    from hashlib import sha256

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return f".{sha256(platform.node().encode()).hexdigest()[:8]}-{gone.pid}-x.tmp"


def test_links_are_not_followed_and_what_no_run_wrote_stays(said, here: Path) -> None:
    outside = here / "outside"
    (outside / "aa").mkdir(parents=True)
    kept = [outside / "content.json", outside / "run.json", outside / "aa" / f"{'a' * 64}.{'0' * 16}.json"]
    for path in kept:
        path.write_bytes(b"{}")
    with_link, with_notes, inner = made("linked"), made("noted"), made("nested/inner")
    (with_link / "tone" / "m1").symlink_to(outside)
    (with_notes / "notes.md").write_text("mine")
    elsewhere = Run.begin(here / "elsewhere", "bench", 1).folder  # a run, but for where it stands
    (here / "runs" / "direct").symlink_to(elsewhere)
    (here / "runs" / "store").mkdir()
    (here / "runs" / "store" / "aa").symlink_to(outside / "aa")
    (here / "runs" / "store" / "bb").mkdir()
    (here / "runs" / "store" / "bb" / f"{'b' * 64}.{'0' * 16}.json").symlink_to(kept[2])
    for path in files_in(here):
        os.utime(path, times=(0, 0), follow_symlinks=False)
    for path in kept:
        os.utime(path, times=(0, 0))
    before = files_in(here)
    code, out, _ = said("runs", "clean", "--days", "0", "--apply")
    assert code == 0
    assert files_in(here) == before
    assert "linked stays: runs/linked/tone/m1 was written by no run" in out
    assert "noted stays" in out
    assert "nested stays" in out
    assert inner.exists()


def test_a_run_is_not_taken_for_a_folder_of_runs(said, here: Path) -> None:
    folder = made("old", days=40)
    code, _, err = said("runs", "clean", "--dir", str(folder), "--apply")
    assert code == 2
    assert "is one run. Name the folder that it stands in" in err
    assert [one.folder for one in runs_in(here / "runs")] == [here / "runs" / "old"]


def test_cells_that_were_cleaned_are_run_again_and_not_missed_later(said, here: Path) -> None:
    assert said("run", "bench.toml", "--out", "first")[0] == 0
    for path in (here / "runs" / "store").rglob("*.jsonl"):
        path.unlink()  # the scores are still there
    assert said("run", "bench.toml", "--out", "second")[0] == 0
    contents = [(here / out / "tone" / "words" / "content.json").read_bytes() for out in ("first", "second")]
    assert contents[0] == contents[1]


MINE = """class Mine:
    def fit(self, items, gold, *, seed): self.labels = gold.labels
    def predict(self, items):
        from harness import Annotations
        return Annotations.of_label(items["item"], self.labels, ["WARM"] * len(items))
"""


def test_a_result_of_an_earlier_run_does_not_pass_for_one_that_failed(said, here: Path) -> None:
    (here / "bench.toml").write_text(BENCH + 'mine = "./mine.py:Mine"\n')
    (here / "mine.py").write_text(MINE)
    assert said("run", "bench.toml", "--out", "one")[0] == 0
    noted = here / "one" / "tone" / "mine" / "notes.md"
    noted.write_text("mine")
    (here / "mine.py").write_text(MINE.replace("from harness", "1 / 0; from harness"))
    assert said("run", "bench.toml", "--out", "one")[0] == 5
    assert files_in(noted.parent) == {noted}
    assert (here / "one" / "tone" / "floor" / "content.json").exists()


def test_a_run_removes_results_that_its_benchmark_no_longer_asks_for(said, here: Path) -> None:
    def results() -> set[str]:
        return {path.parent.relative_to(here / "one").as_posix() for path in (here / "one").rglob("content.json")}

    ask = ("run", "bench.toml", "--out", "one")
    assert said(*ask, "--seeds", "2")[0] == 0
    assert said(*ask, "--only", "floor")[0] == 0  # this adds to what is there
    trained = {f"tone/{model}/seed-{seed}" for model in ("floor", "words") for seed in (13, 14)}
    assert results() == {*trained, "tone/floor"}
    foreign = here / "one" / "some" / "where" / "content.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("{}")
    (here / "one" / "tone" / "link").symlink_to(here / "one" / "tone" / "floor")
    code, _, err = said(*ask)
    assert code == 0
    assert "4 results in one that bench.toml no longer asks for were removed" in err
    assert results() - {"tone/link"} == {"tone/floor", "tone/words", "some/where"}


def test_curve_shows_scores_by_fraction_and_what_doubling_adds(said, here: Path) -> None:
    code, out, _ = said("runs", "curve", "bench.toml", "--fractions", "0.5,1")
    assert code == 0
    assert "tone: accuracy, by the fraction learned from" in out
    assert "0.5 → 1" in out
    assert "of these fitted models" in out
    assert said("run", "bench.toml", "--out", "whole")[0] == 0
    code, out, _ = said("runs", "curve", "bench.toml", "--fractions", "1,0.5", "--only", "words", "--json")
    answer = json.loads(out)
    [curve] = answer["curves"]
    assert (curve["task"], curve["model"], curve["metric"]) == ("tone", "words", "accuracy")
    assert [point["fraction"] for point in curve["points"]] == [0.5, 1]
    assert [point["groups"] for point in curve["points"]] == [5, 10]
    content = json.loads((here / "whole" / "tone" / "words" / "content.json").read_bytes())
    assert curve["points"][1]["score"] == content["scores"][0]
    [doubling] = curve["doublings"]
    values = [point["score"]["value"] for point in curve["points"]]
    assert doubling["gain"]["value"] == values[1] - values[0]
    assert canonical(answer).decode() + "\n" == out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--fractions", "0.5,2"], "above 0 and up to 1"),
        (["--fractions", "half"], "above 0 and up to 1"),
        (["--task", "tune"], 'Did you mean "tone"'),
        (["--only", "word"], 'Did you mean "words"'),
    ],
)
def test_a_curve_asked_wrongly_is_told_the_remedy(said, here: Path, args: list[str], message: str) -> None:
    code, _, err = said("runs", "curve", "bench.toml", *args)
    assert code == 2
    assert message in err


def test_a_curve_leaves_out_what_learns_nothing_and_ends_with_the_code_of_what_failed(said, here: Path) -> None:
    (here / "mine.py").write_text(
        "class Bad:\n"
        "    def fit(self, items, gold, *, seed): raise RuntimeError('no luck')\n"
        "    def predict(self, items): ...\n"
    )
    models = 'file = "predictions(path=\'none.jsonl\')"\nbad = "./mine.py:Bad"\n'
    (here / "more.toml").write_text(BENCH + models)
    code, out, err = said("runs", "curve", "more.toml", "--fractions", "1", "--only", "bad", "--only", "file")
    assert code == 5
    assert "Without a curve, since they learn nothing: file." in out
    assert "failed" in out
    assert "no luck" in err


@pytest.mark.report
def test_a_run_ends_with_its_report_which_is_written_where_it_is_new(here: Path, said) -> None:
    (here / "bench.toml").write_text(BENCH)
    code, out, err = said("run", "bench.toml", "--out", "runs/one")
    assert code == 0, err
    page = here / "runs/one/report.html"
    assert f"Its report: {Path('runs/one/report.html')}" in out
    assert "words" in page.read_text("utf-8")
    before = page.stat().st_mtime_ns
    assert "Its report" in said("run", "bench.toml", "--out", "runs/one")[1]
    assert page.stat().st_mtime_ns == before
    said("run", "bench.toml", "--out", "runs/one", "--seed", "14")
    assert page.stat().st_mtime_ns > before
    assert "harness report" not in said("run", "bench.toml", "--out", "runs/two", "--no-report")[1]
    assert not (here / "runs/two/report.html").exists()
    assert all(not stored.foreign for stored in runs_in(here / "runs"))
