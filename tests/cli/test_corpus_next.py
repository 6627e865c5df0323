"""harness corpus next: what is drawn and recorded; the gate that uses it, and everything else that does not."""

import json
import random
import shutil
import tomllib
from pathlib import Path

import pytest

from corpora import write_document, write_lines
from harness import api
from harness.cli import run
from harness.corpus import load

LABELS = ("WARM", "COLD", "DULL")
TEST, POOL = 240, 1_200
CORPUS = f"""name = "waves"
version = "1"
licence = "CC0-1.0"
languages = ["en"]
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = {json.dumps(LABELS)}
"""


def due(i: int) -> str:
    return LABELS[i % 3]


def answers(worse: float, seed: int = 7) -> list[str]:
    """A label a document, 20 % of them wrong; of a share `worse` all, and of twice that share none."""
    first, then = random.Random(0), random.Random(seed)
    said = []
    for i in range(TEST + POOL):
        wrong, turn = first.random() < 0.2, then.random()
        said.append(LABELS[(i + (turn < worse or (wrong and turn < 1 - 2 * worse))) % 3])
    return said


def name(i: int) -> str:
    return f"g{i:04}/d"


def label(root: Path, i: int) -> None:
    write_document(root / "documents" / f"g{i:04}", "d", f"Day {i}.\n", layers={"tone": [{"label": due(i)}]})


def predictions(path: str, said: list[str], which: range) -> str:
    write_lines(Path(path), [{"item": name(i), "label": said[i]} for i in which])
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 documents in test, 1,200 without gold in the pool; a base, a model 3 points worse; what both say of both."""
    home = tmp_path_factory.mktemp("waves")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        root = Path("corpora/waves")
        for i in range(TEST + POOL):
            folder = root / "documents" / f"g{i:04}"
            folder.mkdir(parents=True)
            split = "test" if i < TEST else "pool"
            (folder / "group.toml").write_text(f'split = "{split}"\nevent = "day {i}"  # as it was\n')
            if i < TEST:
                label(root, i)
            else:
                (folder / "d.txt").write_text(f"Day {i}.\n")
        (root / "corpus.toml").write_text(CORPUS)
        task = api.task("tone", api.load("waves"))
        for who, worse in (("base", 0.0), ("mine", 0.08)):
            said = answers(worse)
            api.score(said[:TEST], task, metrics=["f1", "accuracy"]).write(Path("runs") / who / "tone" / "m")
            predictions(f"{who}.jsonl", said, range(TEST, TEST + POOL))
            predictions(f"{who}-all.jsonl", said, range(TEST + POOL))
        Path("gate.toml").write_text("looks = 2\n")
    return home


@pytest.fixture
def here(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs a command in a copy of that folder."""
    shutil.copytree(built, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")

    def call(*args: str) -> tuple[int, str]:
        code = run([*args])
        out, err = capsys.readouterr()
        return code, out + err

    return call


NEXT = ("corpus", "next", "waves", "--disagreements", "base.jsonl", "mine.jsonl", "--n", "90")
GATE = ("gate", "--policy", "gate.toml", "runs/base/tone/m", "runs/mine/tone/m")
SETTLE = ("--settle", "base.jsonl", "mine.jsonl")


def annotate(groups: list[str]) -> None:
    for group in groups:
        label(Path("corpora/waves"), int(group[1:]))


def test_documents_are_drawn_where_the_two_disagree_and_nothing_is_written_without_apply(here) -> None:
    before = {path: path.read_bytes() for path in Path("corpora").rglob("*") if path.is_file()}
    code, out = here(*NEXT, "--json")
    said = json.loads(out)
    assert (code, said["written"], said["pool"], said["drawn"], len(said["groups"])) == (0, False, POOL, 90, 90)
    base, mine = answers(0.0), answers(0.08)
    apart = {f"g{i:04}" for i in range(TEST, TEST + POOL) if base[i] != mine[i]}
    assert {*said["groups"]} < apart and said["apart"] == len(apart)
    assert said["probability"] == 90 / len(apart)
    assert json.loads(here(*NEXT, "--json")[1]) == said
    assert json.loads(here(*NEXT, "--json", "--seed", "14")[1])["groups"] != said["groups"]
    assert {path: path.read_bytes() for path in Path("corpora").rglob("*") if path.is_file()} == before
    assert "Nothing was written" in here(*NEXT)[1]


def test_apply_moves_whole_groups_with_a_record_and_leaves_the_test_set_what_it_was(here) -> None:
    before = load(Path("corpora/waves")).digest
    groups = json.loads(here(*NEXT, "--json", "--apply")[1])["groups"]
    text = Path(f"corpora/waves/documents/{groups[0]}/group.toml").read_text()
    assert text.startswith(f'split = "settle"\nevent = "day {int(groups[0][1:])}"  # as it was\n\n[settle]\n')
    record = tomllib.loads(text)["settle"]
    assert (record["task"], record["picked_by"], record["drawn"]) == ("tone", "disagreement", 90)
    after = load(Path("corpora/waves"))
    assert {document.group for document in after if document.split == "settle"} == {*groups}
    assert after.digest == before
    assert here("check", "corpora/waves")[0] == 0
    code, out = here(*NEXT)
    assert code == 2 and "drawn for these two already" in out


def test_a_model_that_does_not_answer_the_whole_pool_or_never_disagrees_is_refused(here) -> None:
    predictions("few.jsonl", answers(0.08), range(TEST, TEST + POOL - 3))
    code, out = here(*NEXT[:4], "base.jsonl", "few.jsonl", "--n", "5")
    assert code == 2 and f"B does not answer 3 of the {POOL} items" in out
    assert "agree on all" in here(*NEXT[:4], "base.jsonl", "base.jsonl", "--n", "5")[1]
    assert "no file of predictions" in here(*NEXT[:4], "base.jsonl", "none.jsonl", "--n", "5")[1]


def test_groups_of_several_documents_are_drawn_whole_and_about_as_many_documents_as_asked(here) -> None:
    root = Path("corpora/waves/documents")
    for i in range(TEST, TEST + POOL, 4):
        for j in range(1, 4):
            shutil.move(root / f"g{i + j:04}" / "d.txt", root / f"g{i:04}" / f"d{j}.txt")
            shutil.rmtree(root / f"g{i + j:04}")
    for who, worse in (("base", 0.0), ("mine", 0.08)):
        said, which = answers(worse), range(TEST, TEST + POOL)
        items = [f"g{i - i % 4:04}/d{i % 4 or ''}" for i in which]  # TEST is a multiple of 4
        write_lines(
            Path(f"{who}.jsonl"), [{"item": item, "label": said[i]} for item, i in zip(items, which, strict=True)]
        )
    said = json.loads(here(*NEXT, "--json", "--apply")[1])
    assert (said["drawn"], said["pool"], len(said["documents"])) == (23, POOL // 4, 92)
    assert said["probability"] == 23 / said["apart"]


def test_the_gate_settles_what_is_open_and_says_so(here) -> None:
    code, out = here(*GATE, "--fail-on", "inconclusive")
    assert code == 3 and "drawn where the two disagree" in out
    groups = json.loads(here(*NEXT, "--json", "--apply")[1])["groups"]
    code, out = here(*GATE, *SETTLE, "--fail-on", "inconclusive")
    assert code == 3 and "90 of its documents have no gold of this task yet" in out
    annotate(groups)
    assert here(*GATE, "--fail-on", "inconclusive")[0] == 3  # nothing but --settle uses them
    code, out = here(*GATE, *SETTLE)
    assert code == 1
    assert "REGRESSED" in out and "left open by the test set; with gold of 90 of the" in out
    said = json.loads(here(*GATE, *SETTLE, "--json")[1])
    [one] = said["gated"]
    assert (said["exit"], one["state"], one["cells"][0]["verdict"]["state"]) == (1, "regressed", "inconclusive")
    assert (one["settled"]["groups"], one["settled"]["pool"], one["settled"]["cell"]["n"]) == (90, POOL, TEST + 90)
    assert one["settled"]["cell"]["verdict"]["alpha"] == pytest.approx(0.0304, abs=5e-5)
    assert one["settled_by"] == {"at_random": None, "where_apart": None}


def test_what_was_added_after_the_draw_is_answered_by_nobody_and_dilutes_nothing(here) -> None:
    groups = json.loads(here(*NEXT, "--json", "--apply")[1])["groups"]
    annotate(groups)
    folder = Path("corpora/waves/documents") / groups[0]
    write_document(folder, "later", "Later that day.\n", layers={"tone": [{"label": "WARM"}]})
    code, out = here(*GATE, *SETTLE, "--fail-on", "inconclusive")
    assert code == 3
    assert "the settle set was not used: 1 of its items are in no predictions file" in out


def test_a_second_look_that_nobody_declared_is_refused(here) -> None:
    annotate(json.loads(here(*NEXT, "--json", "--apply")[1])["groups"])
    code, out = here(GATE[0], *GATE[3:], *SETTLE)
    assert code == 2 and "--settle is a second look, and one is declared" in out


def test_only_the_files_that_the_set_was_drawn_by_will_do(here) -> None:
    assert "has no settle set of tone" in here(*GATE, *SETTLE)[1]
    annotate(json.loads(here(*NEXT, "--json", "--apply")[1])["groups"])
    code, out = here(*GATE, "--settle", "mine.jsonl", "base.jsonl")
    assert code == 2 and "A before B" in out
    with Path("mine.jsonl").open("a") as file:
        file.write("\n")
    code, out = here(*GATE, *SETTLE)
    assert code == 2 and "drawn for others: 90 groups" in out
    Path("mine.jsonl").write_text("{\n")
    assert here(*GATE, *SETTLE)[0] == 5  # and never 1, which says regressed


def test_files_that_answer_the_test_set_too_must_be_those_of_the_two_results(here) -> None:
    both = ("base-all.jsonl", "mine-all.jsonl")
    annotate(json.loads(here(*NEXT[:4], *both, "--n", "90", "--json", "--apply")[1])["groups"])
    assert here(*GATE, "--settle", *both)[0] == 1
    code, out = here(*GATE[:4], "runs/base/tone/m", "--settle", *both)
    assert code == 0 and "PASS" in out  # nothing is open, and so nothing is looked at again
    api.score(answers(0.08, 9)[:TEST], api.task("tone", api.load("waves")), metrics=["f1"]).write("runs/x/tone/m")
    api.score(answers(0.0)[:TEST], api.task("tone", api.load("waves")), metrics=["f1"]).write("runs/y/tone/m")
    code, out = here(*GATE[:3], "runs/y/tone/m", "runs/x/tone/m", "--settle", *both)
    assert code == 4 and "otherwise than runs/x/tone/m" in out


def test_a_group_that_is_gone_or_a_record_that_was_changed_is_5(here) -> None:
    groups = json.loads(here(*NEXT, "--json", "--apply")[1])["groups"]
    annotate(groups)
    path = Path(f"corpora/waves/documents/{groups[0]}/group.toml")
    whole = path.read_text()
    path.write_text(whole.replace('split = "settle"', 'split = "pool"'))
    code, out = here(*GATE, *SETTLE)
    assert code == 5 and "89 of 90 drawn groups are there" in out
    path.write_text(whole.replace("drawn = 90", 'drawn = "many"'))
    code, out = here(*GATE, *SETTLE)
    assert code == 5 and "is no record of a draw" in out


def test_no_other_scorer_asks_a_document_that_was_drawn(here) -> None:
    groups = json.loads(here(*NEXT, "--json", "--apply")[1])["groups"]
    annotate(groups)
    task = api.task("tone", api.load("waves"))
    assert len(task) == TEST and not {*task.items["group"]} & {*groups}
    predictions("one.jsonl", answers(0.0), range(int(groups[0][1:]), int(groups[0][1:]) + 1))
    code, out = here("score", "one.jsonl", "--corpus", "waves", "--task", "tone")
    assert code == 1 and f'no item "{groups[0]}/d" in this task' in out
    assert {*task.items["split"]} == {"test"}
