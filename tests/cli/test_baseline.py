"""harness baseline and reproduce: accepted in a repository, gated against, a fork without a key."""

import html
import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from corpora import write_document
from harness.cli import run
from harness.runs import Run

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
words = "tfidf(chars=0)"
"""
WORSE = BENCH.replace('"tfidf(chars=0)"', '"chance"')
KEYED = 'asked = \'endpoint(url="http://127.0.0.1:9/v1", model="m", key="HARNESS_NO_SUCH_KEY")\'\n'


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> tuple[int, str, str]:
        code = run(list(args))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def git(*asked: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *asked], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a corpus of 60 documents, each a group, and a benchmark of it."""
    (tmp_path / "waves").mkdir()
    (tmp_path / "waves" / "corpus.toml").write_text(CORPUS)
    for i in range(60):
        folder = tmp_path / "waves" / "documents" / f"g{i:02}"
        folder.mkdir(parents=True)
        (folder / "group.toml").write_text("")
        label = ("WARM", "COLD")[i % 2]
        write_document(folder, "d", f"It was {label.lower()} on day {i}.\n", layers={"tone": [{"label": label}]})
    (tmp_path / "bench.toml").write_text(BENCH)
    (tmp_path / ".gitignore").write_text("runs/\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HARNESS_NO_SUCH_KEY", raising=False)
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "a corpus and a benchmark")
    return tmp_path


def test_a_worse_model_is_stopped_by_the_baseline_that_was_accepted(said, here: Path) -> None:
    assert said("run", "bench.toml", "--out", "runs/main")[0] == 0
    code, out, _ = said("gate", "main", "runs/main")  # the first run has nothing to be held against
    assert code == 0
    assert out.startswith("NO BASELINE")
    assert "harness baseline accept runs/main --name main" in out
    assert json.loads(said("gate", "main", "runs/main", "--json")[1])["state"] == "no baseline"
    files = ("--junit", "j.xml", "--summary", "s.md", "--metrics", "m.txt", "--annotate")
    code, _, err = said("gate", "main", "runs/main", *files)  # a step of CI that reads them finds them
    [skipped] = ElementTree.parse("j.xml").getroot().iter("skipped")
    for told in (skipped.attrib["message"], err, html.unescape(Path("s.md").read_text())):
        assert "nothing was accepted as main yet" in told
        assert "harness baseline accept runs/main --name main" in told
    assert (code, "harness_exit 0" in Path("m.txt").read_text()) == (0, True)
    for name in ("j.xml", "s.md", "m.txt"):
        Path(name).unlink()
    accept = ("baseline", "accept", "runs/main", "--name", "main", "--reason", "first", "--looks", "2")
    code, out, _ = said(*accept)
    assert (code, out.splitlines()[0]) == (0, f"Accepted 1 results of runs/main as main at commit {_head()[:12]}.")
    git("add", "baselines", "baselines.lock")
    git("commit", "-q", "-m", "a baseline")
    assert said("gate", "main", "runs/main")[0] == 0
    code, _, err = said("gate", "mian", "runs/main")  # a slip that would pass for ever
    assert (code, 'Did you mean "main"?' in err) == (2, True)
    (here / "bench.toml").write_text(WORSE)
    assert said("run", "bench.toml", "--out", "runs/worse")[0] == 0
    code, out, err = said("baseline", "accept", "runs/worse", "--name", "next", "--reason", "x")
    assert code == 2
    assert "bench.toml. Commit them" in err
    assert said("gate", "main", "runs/worse", "--look", "--junit", "bench.toml/x.xml")[0] == 5
    code, out, _ = said("gate", "main", "runs/worse")
    assert "look 1 of 2, not recorded" in out  # what was not told was not looked at
    code, out, _ = said("gate", "main", "runs/worse", "--look")
    assert code == 1
    assert "REGRESSED" in out
    assert "look 1 of 2" in out
    assert json.loads(said("gate", "main", "runs/worse", "--json")[1])["exit"] == 1
    assert "look 2 of 2, not recorded" in said("gate", "main", "runs/main")[1]
    (here / "runs" / "worse" / "tone" / "words" / "content.json").unlink()
    assert said("baseline", "accept", "runs/worse", "--name", "next", "--reason", "x")[0] in (2, 5)


def _head() -> str:
    return git("rev-parse", "HEAD")


def test_a_baseline_is_shown_and_one_that_was_tampered_with_is_told(said, here: Path) -> None:
    assert "No baselines are here" in said("baseline", "show")[1]
    said("run", "bench.toml", "--out", "runs/main")
    said("baseline", "accept", "runs/main", "--name", "main", "--reason", "the first one")
    code, out, _ = said("baseline", "show", "main")
    assert code == 0
    assert "main: the first one" in out
    assert "tone · words" in out
    path = here / "baselines" / "main" / "tone" / "words" / "content.json"
    whole = path.read_text()
    path.write_text(whole.replace('"folds"', '"folded"').replace('"n":60', '"n":61'))
    code, _, err = said("baseline", "show")
    assert code == 1
    assert "content.json: not what was accepted" in err
    told = json.loads(said("baseline", "show", "--json")[1])
    assert (told["exit"], len(told["baselines"][0]["problems"])) == (1, 1)
    assert said("gate", "main", "runs/main")[0] == 5  # 1 would say regressed
    assert said("baseline", "show", "other")[0] == 2


def test_what_accepting_would_change_is_shown(said, here: Path) -> None:
    said("run", "bench.toml", "--out", "runs/main")
    said("baseline", "accept", "runs/main", "--name", "main", "--reason", "x")
    (here / "bench.toml").write_text(WORSE + 'floor = "majority"\n')
    said("run", "bench.toml", "--out", "runs/new")
    code, out, _ = said("baseline", "diff", "main", "runs/new")
    assert code == 0
    assert "2 of 2 results would change." in out
    rows = {
        row["model"]: row for row in json.loads(said("baseline", "diff", "main", "runs/new", "--json")[1])["changes"]
    }
    assert (rows["floor"]["what"], rows["floor"]["base"]) == ("added", None)
    assert rows["words"]["difference"] == rows["words"]["run"] - rows["words"]["base"] < 0
    assert said("baseline", "diff", "main", "runs/main")[1] == "0 of 1 results would change.\n"


def test_without_a_key_that_model_alone_is_not_run_and_a_maintainers_run_takes_its_place(said, here: Path) -> None:
    (here / "bench.toml").write_text(BENCH + KEYED)
    code, out, err = said("run", "bench.toml", "--out", "runs/fork")
    assert code == 5
    assert "not run: no key. The environment variable HARNESS_NO_SUCH_KEY is not set" in err
    assert "harness run BENCH --only MODEL" in err
    assert (here / "runs" / "fork" / "tone" / "words" / "content.json").exists()
    assert said("run", "bench.toml", "--out", "runs/fork2", "--workers", "2")[0] == 5
    code, _, err = said("baseline", "accept", "runs/fork", "--name", "main", "--reason", "x")
    assert code == 5
    assert "lacks 1 results, first tone · asked: " in err
    answers = "".join(json.dumps({"item": f"g{i:02}/d", "label": "WARM"}) + "\n" for i in range(60))
    (here / "supplied.jsonl").write_text(answers)
    (here / "bench.toml").write_text(BENCH + "asked = 'predictions(path=\"supplied.jsonl\")'\n")
    assert said("run", "bench.toml", "--out", "runs/supplied")[0] == 0
    git("commit", "-q", "-a", "-m", "supplied")
    assert said("baseline", "accept", "runs/supplied", "--name", "main", "--reason", "x")[0] == 0
    code, out, _ = said("gate", "main", "runs/fork")
    assert code == 5
    assert "not run: no key" in out
    assert said("gate", "main", "runs/supplied")[0] == 0


def test_results_runs_and_baselines_are_reproduced(said, here: Path) -> None:
    said("run", "bench.toml", "--out", "runs/main")
    git("add", ".")
    said("baseline", "accept", "runs/main", "--name", "main", "--reason", "x")
    for place in ("runs/main", "main", "runs/main/tone/words"):
        code, out, _ = said("reproduce", place, "--tier", "T2")
        assert (code, out.splitlines()[0]) == (0, "T2 is reached by 1 of 1 results.")
        assert "Every library has the version that it had then." in out
    content = here / "runs" / "main" / "tone" / "words" / "content.json"
    content.write_text(content.read_text().replace('"seed":13', '"seed":14').replace('"value":1', '"value":0.5', 1))
    code, out, _ = said("reproduce", "runs/main", "--tier", "T0")
    assert code == 1
    assert "T0 is not reached by 1 of 1 results, first tone · words." in out
    assert "tone · words, T0: score accuracy, value: " in out
    assert json.loads(said("reproduce", "runs/main", "--tier", "T0", "--json")[1])["exit"] == 1
    (here / "waves" / "documents" / "g00" / "d.txt").write_text("changed")
    Run.begin(here / "runs" / "empty", "bench", 1)
    assert said("reproduce", "runs/empty")[0] == 2
    assert said("reproduce", "nothing/here")[0] == 2
