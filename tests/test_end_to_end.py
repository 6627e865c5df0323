"""Comparing in CI from end to end: a git repository, a baseline accepted in it, and what is proposed against it."""

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from faults import serving

import harness
from harness.cli import run

HERE = Path(harness.__file__).parent.parent
LABELS = ("GOOD", "BAD")
BENCH = """seed = 13
split = "train>test"
[[tasks]]
corpus = "../corpora/small"
use = "tone"
metrics = ["accuracy", "f1"]
[models]
floor = "majority"
rules = "./mine.py:Rules"
"""
RULES = '''"""Goes by one word."""

from harness import Annotations


class Rules:
    def fit(self, items, gold, *, seed):
        self.labels = gold.labels

    def predict(self, items):
        return Annotations.of_label(items["item"], self.labels, [self.said(text) for text in items["text"]])

    def said(self, text):
        return "GOOD" if "senang" in text else "BAD"
'''
WORSE = RULES.replace('if "senang" in text', 'if "senang" in text and "mungkin" not in text')
HARMLESS = RULES.replace('"GOOD" if "senang" in text else "BAD"', '("BAD", "GOOD")["senang" in text.split()]')
SLOW = RULES.replace("self.labels = gold.labels", "__import__('time').sleep(60)")
GATE = ("gate", "main", "runs/candidate")


def git(folder: Path, *asked: str) -> str:
    """What git says, asked without this machine's own settings."""
    who = {
        f"GIT_{role}_{key}": said for role in ("AUTHOR", "COMMITTER") for key, said in (("NAME", "a"), ("EMAIL", "a@b"))
    }
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *asked], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout


def commit(folder: Path, why: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", why)


def write_document(corpus: Path, group: str, text: str, label: str) -> None:
    folder = corpus / "documents" / group
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.txt").write_text(text)
    own = hashlib.sha256(text.encode()).hexdigest()
    header = {"doc": "a", "text_sha256": own, "unit": "codepoint", "by": "gold", "layers": {"tone": "done"}}
    lines = [json.dumps(line) for line in (header, {"layer": "tone", "label": label})]
    (folder / "a.gold.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "group.toml").write_text(f'split = "{"train" if group.startswith("t") else "test"}"\n')


def text_of(i: int) -> str:
    """Half are glad, a fifth of all are in doubt besides; one in ten hides it from the rule."""
    word = "" if i % 10 == 9 else "senang" if i % 2 else "sedih"
    return f"<b>Berita {i}</b> | @{i} warga {word} {'mungkin' if i % 5 == 1 else 'pasti'}."


def write_project(folder: Path) -> None:
    """120 documents to score and 10 to learn from, a benchmark, a model."""
    corpus = folder / "corpora/small"
    for i in range(120):
        write_document(corpus, f"g{i:03}", text_of(i), LABELS[(i + 1) % 2])
    for i in range(10):
        write_document(corpus, f"t{i:03}", text_of(i), LABELS[(i + 1) % 2])
    schema = f'name = "small"\n[layers.tone]\nkind = "label"\nlabels = {json.dumps(LABELS)}\n'
    (corpus / "corpus.toml").write_text(schema)
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks/tone.toml").write_text(BENCH)
    (folder / "mine.py").write_text(RULES)
    (folder / ".gitignore").write_text("runs/\n__pycache__/\n.pytest_cache/\nharness-*\n")
    (folder / ".gitattributes").write_text("*.txt -text\n")


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a baseline that was accepted, both committed."""
    folder = tmp_path_factory.mktemp("upstream")
    write_project(folder)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "a corpus, a benchmark, a model")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["run", "benchmarks/tone.toml", "--out", "runs/base"]) == 0
        assert run(["baseline", "accept", "runs/base", "--name", "main", "--reason", "the first"]) == 0
    commit(folder, "accept the baseline")
    assert git(folder, "status", "--porcelain") == ""
    return folder


@pytest.fixture
def clone(upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean clone on a branch of its own: nothing but what was committed."""
    git(tmp_path, "clone", "-q", str(upstream), "clone")
    folder = tmp_path / "clone"
    git(folder, "switch", "-q", "-c", "proposal")
    monkeypatch.chdir(folder)
    return folder


def propose(model: str = RULES) -> int:
    Path("mine.py").write_text(model)
    return run(["run", "benchmarks/tone.toml", "--out", "runs/candidate"])


TOLD = (
    "--junit",
    "harness-junit.xml",
    "--summary",
    "harness-summary.md",
    "--metrics",
    "harness-metrics.txt",
    "--annotate",
)


def cases() -> dict[str, list[str]]:
    """What the JUnit file says of each case, by model and metric."""
    root = ElementTree.parse("harness-junit.xml").getroot()
    return {f"{case.get('classname')} {case.get('name')}": [one.tag for one in case] for case in root.iter("testcase")}


def test_a_worse_model_is_stopped_and_everybody_is_told(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert propose(WORSE) == 0
    capsys.readouterr()
    assert run([*GATE, *TOLD]) == 1
    said = capsys.readouterr()
    assert "REGRESSED" in said.out
    assert "12 items newly wrong" in said.out
    found = cases()
    assert found["tone.rules accuracy"] == ["failure"]
    assert found["tone.floor accuracy"] == ["system-out"]
    page = Path("harness-summary.md").read_text()
    assert page.startswith("## ❌")
    assert "<pre>harness gate main runs/candidate</pre>" in page
    assert page.count("<pre>&lt;b&gt;Berita ") == 5
    assert (
        'harness_score{task="tone",model="rules",metric="accuracy",slice=""}' in Path("harness-metrics.txt").read_text()
    )
    told = [line for line in said.err.splitlines() if line.startswith("::")]
    assert len(told) <= 10
    assert told[0].startswith("::error title=tone · rules · accuracy::regressed: accuracy 0.900 → 0.800")
    assert any("file=corpora/small/documents/g011/a.txt,line=1" in line for line in told[1:])


def test_the_process_ends_as_its_json_says(clone: Path) -> None:
    assert propose(WORSE) == 0
    for fail_on, code in (("regressed", 1), ("never", 0)):
        command = [sys.executable, "-m", "harness", *GATE, "--fail-on", fail_on, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, json.loads(done.stdout)["exit"]) == (code, code)


def test_a_harmless_change_passes(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert propose(HARMLESS) == 0
    assert run([*GATE, *TOLD]) == 0
    assert "PASS" in capsys.readouterr().out
    assert set(map(tuple, cases().values())) == {("system-out",)}
    assert Path("harness-summary.md").read_text().startswith("## ✅")


def test_a_text_that_was_changed_under_it_is_not_comparable(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_document(clone / "corpora/small", "g007", "Lain sama sekali senang.", "GOOD")
    assert propose() == 0
    assert run([*GATE, *TOLD]) == 4
    assert "texts" in capsys.readouterr().out
    assert cases()["tone.rules tone · rules"] == ["error"]


def test_where_a_label_was_changed_both_are_scored_on_the_new_one(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_document(clone / "corpora/small", "g019", text_of(19), "BAD")  # the rule has said so all along
    assert propose() == 0
    capsys.readouterr()
    assert run([*GATE, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    rules = next(one for one in said["gated"] if one["model"] == "rules")
    assert rules["state"] == "pass"
    assert any("labels of the gold have changed" in warning for warning in rules["warnings"])
    kept = json.loads(Path("baselines/main/tone/rules/content.json").read_bytes())
    before = next(score["value"] for score in kept["scores"] if score["metric"] == "accuracy")
    assert rules["cells"][0]["base"] == rules["cells"][0]["candidate"] == pytest.approx(before + 1 / 120)


def test_where_documents_were_added_the_command_that_settles_it_is_said_and_works(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(120, 126):
        write_document(clone / "corpora/small", f"g{i:03}", text_of(i), LABELS[(i + 1) % 2])
    assert propose() == 0
    capsys.readouterr()
    assert run([*GATE]) == 4
    said = capsys.readouterr().out
    assert "6 documents added since main was run" in said
    assert run([*shlex.split(said.partition(": harness ")[2].split("\n")[0]), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert [one["n"] for one in whole["comparisons"]] == [126, 126]
    assert not whole["not_comparable"]
    assert propose(HARMLESS) == 0  # the base is not to be run with the candidate's code
    capsys.readouterr()
    assert run([*shlex.split(said.partition(": harness ")[2].split("\n")[0]), "--json"]) == 4
    [refused] = json.loads(capsys.readouterr().out)["not_comparable"]
    assert refused["field"] == "model code"


def test_a_run_that_was_killed_does_not_pass(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(SLOW)
    command = [sys.executable, "-m", "harness", "run", "benchmarks/tone.toml", "--out", "runs/candidate"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    killed = subprocess.Popen(command, start_new_session=True, **quiet)
    first = Path("runs/candidate/tone/floor/content.json")
    try:
        for _ in range(600):
            if first.exists():
                break
            time.sleep(0.05)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    assert first.exists(), "one model had ended"
    assert run([*GATE, *TOLD]) == 5
    assert "1 of 2 results are there" in capsys.readouterr().out
    assert ["error"] in cases().values()


def test_a_fork_without_the_key_is_told_so_and_what_can_be_done(
    upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the key the endpoint's results are accepted; a clone of that without the key ends with 5."""
    git(tmp_path, "clone", "-q", str(upstream), "owner")
    monkeypatch.chdir(tmp_path / "owner")
    with serving(lambda request: '{"label": "GOOD"}') as server:
        asked = f"endpoint(url='{server.url}', model='any', key='OWNERS_KEY')"
        Path("benchmarks/tone.toml").write_text(BENCH + f'asked = "{asked}"\n')
        commit(Path(), "an endpoint")
        monkeypatch.setenv("OWNERS_KEY", "sk-secret-1234")
        assert run(["run", "benchmarks/tone.toml", "--out", "runs/base"]) == 0
        assert run(["baseline", "accept", "runs/base", "--name", "main", "--replace", "--reason", "asked"]) == 0
        commit(Path(), "accept it")
    monkeypatch.delenv("OWNERS_KEY")
    git(tmp_path, "clone", "-q", str(tmp_path / "owner"), "fork")
    monkeypatch.chdir(tmp_path / "fork")
    assert propose(HARMLESS) == 5
    capsys.readouterr()
    assert run([*GATE, *TOLD]) == 5
    said = capsys.readouterr().out
    assert "not run: no key" in said
    assert "harness run BENCH --only MODEL" in said
    assert cases()["tone.rules accuracy"] == ["system-out"], "all else was gated"
    assert ["error"] in cases().values()
    followed = [Path(name).read_bytes() for name in git(Path(), "ls-files").splitlines()]
    assert not any(b"sk-secret" in one for one in followed)


TEST = """
def test_mine(harness_gate):
    assert harness_gate("main", "runs/candidate").exit_code == 0
"""


def test_pytest_gates_by_an_option_and_by_a_fixture(clone: Path) -> None:
    Path("test_mine.py").write_text(TEST)

    def pytested(*options: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "harness.pytest_plugin",
            "-p",
            "no:cacheprovider",
            "-rs",
            *options,
        ]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert propose(WORSE) == 0
    done = pytested("--harness-gate", "main", "runs/candidate", "-v")
    assert done.returncode == 1, done.stdout
    assert "tone · rules · accuracy FAILED" in done.stdout
    assert "tone · floor · accuracy PASSED" in done.stdout
    assert "test_mine FAILED" in done.stdout
    assert "REGRESSED" in done.stdout, "the fixture says what the gate says"
    assert "Traceback" not in done.stdout
    assert propose(HARMLESS) == 0
    done = pytested("--harness-gate", "main", "runs/candidate")
    assert done.returncode == 0, done.stdout
    done = pytested("--harness-gate", "first", "runs/candidate")
    assert done.returncode == 0, done.stdout
    assert "no baseline of this name was accepted yet" in done.stdout
    done = pytested("--harness-gate", "main", "runs/nothing")
    assert done.returncode == 4
    assert "runs/nothing is no result and no run" in done.stderr
