"""The command line: verbs, exit codes, JSON that says the same as the exit code."""

import json
import re
from pathlib import Path

import pytest

import harness
from harness.cli import run

ROOT = Path(harness.__file__).parent.parent
KABAR = str(ROOT / "corpora" / "kabar")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> tuple[int, str, str]:
        code = run(list(args))
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_verb_has_help_and_stands_in_the_list(said) -> None:
    code, out, _ = said("--help")
    assert code == 0
    verbs = re.findall(r"^  ([a-z]+)  +[A-Z]", out.partition("Commands:")[2], re.MULTILINE)
    assert verbs == [
        "add", "annotate", "baseline", "check", "compare", "corpus", "export", "gate", "import", "list", "report",
        "reproduce", "run", "runs", "score", "show",
    ]  # fmt: skip
    for verb in [[verb] for verb in verbs] + [["corpus", "new"], ["corpus", "split"]]:
        code, out, _ = said(*verb, "--help")
        assert code == 0
        assert out.startswith("Usage: harness")


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["chek"], 2, 'unknown command "chek". Did you mean "check"'),
        (["corpus", "nwe"], 2, 'Did you mean "new"'),
        (["check"], 2, "Missing argument"),
        (["check", "nowhere/at/all"], 1, "no corpus here"),
        (["run"], 2, "give a BENCH.toml, or all of --corpus, --task and --model"),
        (["run", "nothing.toml"], 2, "cannot be read"),
        (["run", "--corpus", KABAR, "--task", "stanc", "--model", "majority"], 2, 'Did you mean "stance"'),
        (["run", "--corpus", KABAR, "--task", "stance", "--model", "tfdif"], 2, 'Did you mean "tfidf"'),
        (["run", "--corpus", KABAR, "--task", "stance", "--model", "tfidf(D=1)"], 2, 'unknown setting of tfidf "D"'),
        (["run", "--corpus", KABAR, "--task", "stance", "--model", "tfidf(C=f())"], 2, "cannot be read"),
        (["run", "--corpus", KABAR, "--task", "stance", "--model", "crf"], 2, "crf answers with spans"),
        (["run", "--corpus", KABAR, "--task", "event", "--model", "majority", "--folds", "99"], 2, "91 groups"),
        (
            ["run", "--corpus", KABAR, "--task", "event", "--model", "majority", "--metric", "f2"],
            2,
            'Did you mean "f1"',
        ),
        (["score", "none.jsonl", "--corpus", KABAR, "--task", "event"], 1, "cannot be read"),
        (["show", KABAR, "venezuela/00"], 2, "unknown document"),
        (["list", "model"], 2, "is not one of"),
    ],
)
def test_a_mistake_is_answered_with_its_remedy_and_its_exit_code(
    said, empty: Path, args: list[str], code: int, message: str
) -> None:
    got, out, err = said(*args)
    assert got == code
    assert message in out + err
    assert "Traceback" not in out + err


def test_json_says_the_same_as_the_exit_code(said, empty: Path) -> None:
    for args in (
        ["check", KABAR, "--json"],
        ["check", "nowhere/at/all", "--json"],
        ["show", KABAR, "--json"],
        ["show", KABAR, "venezuela/000_57d2df40f0143d75", "--json"],
        ["list", "models", "--json"],
        ["run", "--corpus", KABAR, "--task", "event", "--model", "majority", "--json"],
        ["run", "--corpus", KABAR, "--task", "evnt", "--model", "majority", "--json"],
        ["score", "none.jsonl", "--corpus", KABAR, "--task", "event", "--json"],
    ):
        code, out, _ = said(*args)
        assert json.loads(out)["exit"] == code, args


def test_run_shows_a_table_and_keeps_its_results(said, empty: Path) -> None:
    code, out, _ = said("run", "--corpus", KABAR, "--task", "stance", "--model", "majority", "--out", "here")
    assert code == 0
    assert re.search(r"majority +0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] .* 1041 +91 groups", out)
    content = json.loads((empty / "here/stance/majority/content.json").read_text())
    assert content["n"] == 1041
    assert json.loads((empty / "here/stance/majority/provenance.json").read_text())["libraries"]["numpy"]
    code, again, _ = said(
        "score", "here/stance/majority/predictions.jsonl", "--corpus", KABAR, "--task", "stance", "--json"
    )
    assert json.loads(again)["content"]["scores"] == content["scores"]


def test_a_failing_model_ends_with_exit_5_and_its_reason(said, empty: Path) -> None:
    (empty / "mine.py").write_text(
        "class Bad:\n"
        "    def fit(self, items, gold, *, seed): raise RuntimeError('no luck')\n"
        "    def predict(self, items): ...\n"
    )
    code, out, err = said("run", "--corpus", KABAR, "--task", "event", "--model", "./mine.py:Bad", "--json")
    assert code == json.loads(out)["exit"] == 5
    assert "RuntimeError: no luck" in err


def test_an_error_is_said_as_json_only_where_json_was_asked_for(said) -> None:
    for args in (["--json"], ["--as", "json"], ["--as=json"]):
        assert json.loads(said("compare", "nothing", "nowhere", *args)[1])["exit"] == 2, args
    code, out, _ = said("import", "nothing.jsonl", "--to", "nowhere", "--as", "jsonl")
    assert (code, out) == (2, "")


def test_ctrl_c_ends_quietly(said, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.corpus.load", stop)
    code, _, err = said("show", KABAR)
    assert code == 130
    assert "nothing is half written" in err


def test_show_marks_spans_inner_ones_inside(said) -> None:
    _, out, _ = said("show", KABAR, "000_57d2df40f0143d75")
    assert "[Observatorium Penjara [Venezuela](GPE)](ORG)" in out
    assert "RELEASE (primary, ACTUAL, release)" in out
    assert "Observatorium Penjara Venezuela → penahanan terkait pemilihan: AGAINST" in out


def test_a_terminal_is_not_commanded_by_a_text() -> None:
    from harness.cli.show import marked

    assert "\x1b" not in marked("a\x1b[2Jb\u202ec", [], {})


def test_lists_name_parts_with_their_purpose(said) -> None:
    for what in ("models", "metrics", "tasks", "formats"):
        code, out, _ = said("list", what, "--settings")
        assert code == 0
        assert all(re.match(r"\w+ +\(", line) for line in out.splitlines())
    _, out, _ = said("list", "tasks", "--corpus", KABAR)
    assert out.startswith("stance")


def test_python_dash_m_harness_is_the_command() -> None:
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "harness", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"harness, version {harness.__version__}\n"


def test_the_shell_completes_verbs_and_models() -> None:
    import os
    import subprocess
    import sys

    for words, wanted in (("harness ch", "check"), ("harness run --model tf", "tfidf"),
                          (f"harness score --corpus {KABAR} --task st", "stance")):  # fmt: skip
        env = {
            **os.environ,
            "_HARNESS_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        binary = Path(sys.executable).parent / "harness"
        done = subprocess.run([binary], capture_output=True, text=True, env=env, check=False)
        assert wanted in done.stdout


def model_file(folder: Path, body: str) -> None:
    (folder / "mine.py").write_text(
        "import os, sys\n"
        "from harness import Annotations\n"
        "class Mine:\n"
        "    def fit(self, items, gold, *, seed): self.labels = gold.labels\n"
        "    def predict(self, items):\n"
        f"        {body}\n"
        "        return Annotations.of_label(items['item'], self.labels, ['OTHER'] * len(items))\n"
    )


RUN_MINE = ("run", "--corpus", KABAR, "--task", "event", "--model", "./mine.py:Mine", "--json")


def test_what_a_model_prints_does_not_stand_in_the_answer(said, empty: Path) -> None:
    model_file(empty, "print('HELLO')")
    code, out, err = said(*RUN_MINE)
    assert code == json.loads(out)["exit"] == 0
    assert "HELLO" in err


def test_a_model_that_exits_is_a_failed_run_with_its_place(said, empty: Path) -> None:
    model_file(empty, "sys.exit(3)")
    code, out, err = said(*RUN_MINE)
    assert code == json.loads(out)["exit"] == 5
    assert "SystemExit: 3 (mine.py:6)" in err
    assert not (empty / "runs" / "kabar-event").exists()


def test_a_changed_neighbour_of_a_model_is_another_model(said, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.syspath_prepend(str(empty))
    model_file(empty, "import beside_mine; print(beside_mine.X)")
    (empty / "beside_mine.py").write_text("X = 'one'")
    mine = (empty / "mine.py").read_text()
    (empty / "mine.py").write_text(f"import beside_mine\n{mine}")
    for value in ("one", "two"):
        (empty / "beside_mine.py").write_text(f"X = '{value}!'")
        sys.modules.pop("beside_mine", None)
        for name in [name for name in sys.modules if name.startswith("harness_outside")]:
            del sys.modules[name]
        _, _, err = said(*RUN_MINE)
        assert f"{value}!" in err


def test_a_place_that_cannot_be_written_is_named(said, empty: Path) -> None:
    (empty / "file").write_text("")
    code, _, err = said("run", "--corpus", KABAR, "--task", "event", "--model", "majority", "--out", "file")
    assert code == 5
    assert "file" in err
    assert "Check the path" in err


def test_a_corpus_name_that_is_not_there_names_the_nearest(said, empty: Path) -> None:
    (empty / "corpora").mkdir()
    (empty / "corpora" / "kabar").symlink_to(KABAR)
    code, _, err = said("check", "kabr")
    assert code == 2
    assert 'unknown corpus "kabr". Did you mean "kabar"' in err


def test_a_file_about_all_items_is_scored_on_one_split(said, empty: Path) -> None:
    said("run", "--corpus", KABAR, "--task", "event", "--model", "majority", "--out", "here")
    file = "here/event/majority/predictions.jsonl"
    code, out, _ = said("score", file, "--corpus", KABAR, "--task", "event", "--split", "test", "--json")
    assert code == 0
    assert json.loads(out)["content"]["n"] == 180


def test_unanswered_items_are_told_under_the_table(said, empty: Path) -> None:
    model_file(empty, "return Annotations.of_label(items['item'], self.labels, ['?'] * len(items))")
    _, out, _ = said(*RUN_MINE[:-1])
    assert "Mine: 361 invalid, counted as wrong" in out


def test_a_narrow_terminal_cuts_no_number(said, empty: Path) -> None:
    import subprocess
    import sys

    ask = f"stty cols 40; {sys.executable} -m harness run --corpus {KABAR} --task events --model majority"
    done = subprocess.run(["script", "-qec", ask, "/dev/null"], capture_output=True, text=True, check=False)
    if "not found" in done.stderr:
        pytest.skip("the command script is not here")
    assert "…" not in done.stdout
    assert "91 groups" in done.stdout


def test_one_part_is_told_whole(said) -> None:
    _, out, _ = said("list", "formats", "csv")
    assert out.startswith('csv(delimiter=",")')
    assert "holder" in out


def test_what_takes_long_is_counted_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys
    import time

    from harness.cli import _show

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    now = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    for stream, told in ((Terminal(), "rows read: 3"), (io.StringIO(), "")):
        monkeypatch.setattr(sys, "stderr", stream)
        assert list(_show.counted("abc", "rows read")) == ["a", "b", "c"]
        assert told in stream.getvalue()
        assert bool(stream.getvalue()) == bool(told)
