"""harness compare: what it says of results, runs and documents that were added; its forms and exit codes."""

import json
import random
import shutil
from pathlib import Path

import pytest

import harness
from corpora import write_document
from harness.cli import run
from harness.files import canonical

CORPUS = """name = "waves"
version = "1"
licence = "CC0-1.0"
languages = ["en"]
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = ["WARM", "COLD"]
[layers.names]
kind = "spans"
labels = ["PER"]
overlap = "none"
[tasks.tone]
layer = "tone"
metrics = ["f1", "accuracy"]
[tasks.names]
layer = "names"
"""
BENCH = """split = "train>test"
[[tasks]]
corpus = "waves"
use = "tone"
[[tasks]]
corpus = "waves"
use = "names"
[models]
floor = "majority"
"""
CURIOUS = '''
from pathlib import Path

from harness import Annotations

class Curious:
    """Answers by the first word, and notes which items it was asked about."""

    def fit(self, items, gold, *, seed):
        self.labels, self.learned = gold.labels, len(items)

    def predict(self, items):
        with Path("asked.txt").open("a") as file:
            file.writelines(f"{item} {self.learned}\\n" for item in items["item"])
        said = ["WARM" if text.startswith("Sun") else "COLD" for text in items["text"]]
        return Annotations.of_label(items["item"], self.labels, said)
'''
WORDS = {"WARM": ("Sun", "Sun", "Rain"), "COLD": ("Rain", "Rain", "Sun")}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> tuple[int, str, str]:
        code = run(list(args))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def add_documents(which: range) -> None:
    for i in which:
        folder = Path("waves/documents") / f"g{i:02}"
        folder.mkdir(parents=True)
        (folder / "group.toml").write_text(f'split = "{"train" if i < 30 else "test"}"\n')
        label = ("WARM", "COLD")[i % 2]
        text = f"{random.Random(i).choice(WORDS[label])} over Ana on day {i}.\n"
        layers = {"tone": [{"label": label}], "names": [{"span": "Ana", "label": "PER"}]}
        write_document(folder, "d", text, layers=layers)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus of 80 documents, 30 of them to learn from."""
    monkeypatch.chdir(tmp_path)
    Path("waves").mkdir()
    Path("waves/corpus.toml").write_text(CORPUS)
    Path("bench.toml").write_text(BENCH)
    Path("mine.py").write_text(CURIOUS)
    add_documents(range(80))
    return tmp_path


def ran(name: str, model: str, *args: str) -> str:
    """The folder of the result of a model."""
    ask = ["run", "--corpus", "waves", "--task", "tone", "--model", model, "--out", name]
    assert run([*ask, *(args or ("--split", "train>test"))]) == 0
    return str(next(Path(name).glob("tone/*")))


def test_the_first_line_says_what_is_true_and_the_table_what_it_rests_on(said, here: Path) -> None:
    a, b = ran("one", "majority"), ran("two", "./mine.py:Curious")
    said("list")
    code, out, err = said("compare", a, b, "--slice", "label", "--docs", "newly-right", "--most", "2")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("Curious beats majority by ")
    assert lines[0].endswith("points of f1.")
    assert "tone of waves, train>test: 50 documents." in out
    for row in ("f1 ", "accuracy ", "  label=WARM", "  label=COLD"):
        assert any(line.startswith(row) for line in lines)
    assert "Newly right: 2 of " in out
    assert "\x1b[" not in out
    assert "gold WARM · majority COLD · Curious WARM" in out or "gold COLD · majority WARM · Curious COLD" in out
    assert said("compare", b, a)[1].startswith("Curious beats majority by ")
    assert said("compare", a, a)[1].startswith("majority (1) and majority (2) answer alike on all 50 documents.")


def test_json_has_the_numbers_of_scoring_and_the_exit_code(said, here: Path) -> None:
    a, b = ran("one", "majority"), ran("two", "./mine.py:Curious")
    said("list")
    code, out, _ = said("compare", a, b, "--as", "json", "--docs", "changed")
    answer = json.loads(out)
    assert code == answer["exit"] == 0
    [one] = answer["comparisons"]
    task = harness.task("tone", "waves")
    for cell in one["cells"]:
        for side, place in (("base", a), ("candidate", b)):
            alone = harness.score(f"{place}/predictions.jsonl", task, split="test")
            assert cell[side] == pytest.approx(alone[cell["metric"]].value)
    changed = one["changed"]
    assert [doc["item"] for doc in one["documents"]] == changed[:5]
    assert {*one["newly_right"], *one["newly_wrong"]} == {*changed}
    assert out == said("compare", a, b, "--json", "--docs", "changed")[1]


def test_three_are_compared_pair_by_pair(said, here: Path) -> None:
    three = [ran("one", "majority"), ran("two", "./mine.py:Curious"), ran("three", "chance")]
    said("list")
    code, out, _ = said("compare", *three)
    assert code == 0
    assert out.startswith("By f1: Curious beats ")
    assert "for all 3 pairs by the step-down max-T" in out
    assert "Holm's method" in said("compare", *three, "--family", "holm", "--as", "markdown")[1]
    for args in (["--slice", "label"], ["--docs", "changed"], ["--rerun-base"], ["--metric", "f1", "--metric", "mcc"]):
        code, out, err = said("compare", *three, *args)
        assert (code, out) == (2, "")
        assert "Give A and B alone" in err


def test_runs_are_matched_by_task_and_model_and_what_one_lacks_is_told(said, here: Path) -> None:
    for out in ("before", "after"):
        assert run(["run", "bench.toml", "--out", out]) == 0
        Path("bench.toml").write_text(BENCH + 'new = "chance"\n')
    said("list")
    code, out, err = said("compare", "before", "after")
    assert code == 0
    assert out.count("before and after answer alike on all 50 documents.") == 2
    assert "tone · floor: " in out
    assert "names · floor: " in out
    assert "tone · new is in after alone" in err
    assert said("compare", "before", "after", "--task", "tone")[1].count("answer alike") == 1
    assert said("compare", "before", "after", "--task", "nothing")[0] == 2
    write_over(Path("after/tone/floor/content.json"), protocol="5-fold")
    code, out, err = said("compare", "before", "after", "--json")
    answer = json.loads(out)
    assert code == answer["exit"] == 4
    assert [one["field"] for one in answer["not_comparable"]] == ["protocol"]
    assert [one["title"] for one in answer["comparisons"]] == ["names · floor"]
    assert "tone · floor: not comparable, protocol" in err


def write_over(path: Path, **changed) -> None:
    path.write_bytes(canonical({**json.loads(path.read_text()), **changed}))


def test_documents_that_were_added_are_answered_by_the_base_and_no_others(said, here: Path) -> None:
    a = ran("one", "./mine.py:Curious")
    add_documents(range(80, 87))
    b = ran("two", "majority")
    Path("asked.txt").unlink()
    said("list")
    code, out, err = said("compare", a, b)
    assert (code, out) == (4, "")
    assert "not comparable, items: 7 documents were added" in err
    assert f"harness compare {a} {b} --rerun-base" in err
    assert json.loads(said("compare", a, b, "--as", "json")[1]).keys() == {"exit", "error"}
    code, out, err = said("compare", a, b, "--rerun-base", "--json")
    assert code == 0, err
    [one] = json.loads(out)["comparisons"]
    assert one["n"] == 57
    assert "learned from today's train and answered 7 further documents" in one["notes"][0]
    assert {line.split()[0] for line in Path("asked.txt").read_text().splitlines()} == {
        f"g{i}/d" for i in range(80, 87)
    }
    assert {line.split()[1] for line in Path("asked.txt").read_text().splitlines()} == {"30"}
    whole = ran("whole", "./mine.py:Curious", "--split", "train>test", "--again")
    said("list")
    [anew] = json.loads(said("compare", whole, b, "--json")[1])["comparisons"]
    assert anew["cells"] == one["cells"]
    Path("mine.py").write_text(f"{Path('mine.py').read_text()}\n# the candidate's code by now\n")
    code, _, err = said("compare", a, b, "--rerun-base")
    assert code == 4
    assert "not comparable, model code: the code of ./mine.py:Curious is not what the base was run with" in err


def test_under_cross_validation_the_base_is_run_whole(said, here: Path) -> None:
    a = ran("one", "./mine.py:Curious", "--folds", "3")
    add_documents(range(80, 87))
    b = ran("two", "majority", "--folds", "3")
    said("list")
    assert said("compare", a, b)[0] == 4
    code, out, err = said("compare", a, b, "--rerun-base", "--json")
    assert code == 0, err
    [one] = json.loads(out)["comparisons"]
    assert one["n"] == 87
    assert "run again on all of today's corpus" in one["notes"][0]


def test_a_base_that_cannot_answer_what_was_added_is_refused(said, here: Path) -> None:
    ran("one", "majority")
    file = "one/tone/majority/predictions.jsonl"
    a = ran("given", f"predictions(path='{file}')")
    add_documents(range(80, 82))
    b = ran("two", "majority")
    said("list")
    code, _, err = said("compare", a, b, "--rerun-base")
    assert code == 4
    assert "not comparable, " in err


def test_texts_that_changed_are_refused_and_labels_that_changed_are_scored_anew(said, here: Path) -> None:
    a, b = ran("one", "majority"), ran("two", "./mine.py:Curious")
    said("list")
    gold = Path("waves/documents/g40/d.gold.jsonl")
    gold.write_text(gold.read_text().replace('"label":"WARM"', '"label":"COLD"'))
    code, out, _ = said("compare", a, b)
    assert code == 0
    assert "Labels of the gold have changed since majority was run" in out
    shutil.rmtree("waves/documents/g40")
    assert "1 document of the results is no longer in the corpus" in said("compare", a, b)[2]
    add_documents(range(40, 41))
    document = Path("waves/documents/g40")
    shutil.rmtree(document)
    document.mkdir()
    (document / "group.toml").write_text('split = "test"\n')
    write_document(document, "d", "Hail over Ana.\n", layers={"tone": [{"label": "WARM"}], "names": []})
    code, out, err = said("compare", a, b)
    assert (code, out) == (4, "")
    assert "not comparable, texts: majority was run on other texts" in err


def test_names_seen_in_training_and_others_are_told_apart(said, here: Path) -> None:
    assert run(["run", "bench.toml", "--out", "floors"]) == 0
    said("list")
    ask = ["run", "--corpus", "waves", "--task", "names", "--model", "gazetteer", "--split", "train>test", "--out", "g"]
    assert run(ask) == 0
    said("list")
    code, out, err = said("compare", "floors/names/floor", "g/names/gazetteer", "--slice", "name", "--docs", "changed")
    assert (code, err) == (0, "")
    assert "  name=seen" in out
    assert "over [Ana] on day" in out
    assert "gold PER · floor – · gazetteer PER" in out


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["A"], 2, "give two results or more"),
        (["A", "nowhere"], 2, "nowhere is no result and no run"),
        (["A", "B", "--metric", "f9"], 2, 'unknown metric "f9"'),
        (["A", "B", "--slice", "sauce"], 2, 'unknown slice "sauce"'),
        (["A", "B", "--docs", "changed", "--as", "latex"], 2, "Take --as markdown"),
        (["A", "B", "--alpha", "0"], 2, "--alpha"),
    ],
)
def test_a_mistake_is_answered_with_its_remedy(said, here: Path, args: list[str], code: int, message: str) -> None:
    places = {"A": ran("one", "majority"), "B": ran("two", "chance")}
    said("list")
    found, out, err = said("compare", *(places.get(arg, arg) for arg in args))
    assert (found, out) == (code, "")
    assert message in err
