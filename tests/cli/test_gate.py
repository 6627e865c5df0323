"""harness gate: every exit code by a real case, JSON that agrees with it, documents that changed, a plan."""

import json
import random
import shutil
from pathlib import Path

import pytest

from corpora import write_document
from harness import api
from harness.cli import run
from harness.runs import Run

CORPUS = """name = "waves"
version = "1"
licence = "CC0-1.0"
languages = ["en", "id"]
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = ["WARM", "COLD", "DULL"]
"""
N = 240
LABELS = ("WARM", "COLD", "DULL")
METRICS = ["f1", "accuracy"]


def document(i: int, text: str = "", label: str = "") -> None:
    folder = Path("waves") / "documents" / f"g{i:03}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "group.toml").write_text("")
    layers = {"tone": [{"label": label or LABELS[i % 3]}]}
    write_document(folder, "d", text or f"It was day {i}.\n", language=("en", "id")[i % 4 == 0], layers=layers)


def answers(wrong: float, seed: int = 0, also: float = 0.0) -> list[str]:
    """One answer a document, `wrong` of them; `also` turns more of them wrong, `seed` says which."""
    draw, more = random.Random(0), random.Random(seed)
    said = [draw.random() < wrong for _ in range(N)]
    said = [one or more.random() < also for one in said]
    return [LABELS[(i + bad) % 3] for i, bad in enumerate(said)]


def keep(name: str, *, complete: bool = True, planned: int = 0, **models: list[str]) -> str:
    """A run's folder under runs/ with a result for each model."""
    task = api.task("tone", api.load("waves"))
    sources = {"tone": {"corpus": "waves", "use": "tone"}}
    kept = Run.begin(Path("runs") / name, "bench", planned or len(models), sources, "bench.toml")
    for model, said in models.items():
        api.score(said, task, metrics=METRICS).write(kept.folder_of("tone", model.replace("_seed_", "/seed-")))
    if complete:
        kept.end(["tone · lost: it has no words"] if len(models) < planned else [])
    return str(kept.folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of 240 documents, each a group, a quarter of them in another language; and a base of it."""
    home = tmp_path_factory.mktemp("waves")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        (home / "waves").mkdir()
        (home / "waves" / "corpus.toml").write_text(CORPUS)
        for i in range(N):
            document(i)
        keep("base", mine=answers(0.2), other=answers(0.4))
        keep("worse", mine=answers(0.2, also=0.15), other=answers(0.4))
    return home


@pytest.fixture
def gate(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `harness gate` in a copy of that folder; JSON is asked for too, and must agree with the process."""
    shutil.copytree(built, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")

    def call(*args: str) -> tuple[int, str, dict]:
        code = run(["gate", *args])
        out, err = capsys.readouterr()
        assert run(["gate", *args, "--json"]) == code
        said = json.loads(capsys.readouterr().out)
        assert said["exit"] == code
        return code, out + err, said

    return call


def test_a_worse_model_ends_with_1_and_says_how_much_worse(gate) -> None:
    code, out, said = gate("runs/base", "runs/worse", "--policy", policy())
    assert code == 1
    first, second, *_, last = out.splitlines()
    assert first.startswith("tone f1: 240 documents; a drop of ")
    assert "points would be caught 80% of the time" in first
    assert second.startswith("REGRESSED       tone · mine: f1 0.8")
    assert "PASS            tone · other" in out
    assert "said of these fitted models, not of this pipeline" in out
    assert last == "runs/worse against runs/base: 1 pass, 1 regressed (exit 1)"
    mine, other = said["gated"]
    assert (mine["state"], other["state"]) == ("regressed", "pass")
    primary = mine["cells"][0]
    assert primary["verdict"]["p_worse"] <= 0.05
    assert primary["low"] <= -0.02
    assert primary["difference"] == pytest.approx(primary["candidate"] - primary["base"])
    assert len(mine["newly_wrong"]) > 0
    assert mine["newly_right"] == []


def test_no_change_passes_and_warns_where_so_few_could_not_have_shown_it(gate) -> None:
    code, out, said = gate("runs/base", "runs/base")
    assert code == 0
    assert out.count("PASS") == 2
    assert "no prediction differs on these 240 items" in out
    assert "the two never differ" in out.splitlines()[0]
    assert "too few" not in out  # 1 - 0.05^(1/240) is 1.2 %, under the margin
    assert [one["cells"][0]["verdict"]["p_worse"] for one in said["gated"]] == [1, 1]
    narrow = gate("runs/base", "runs/base", "--policy", policy("margin = 0.01"))
    assert narrow[0] == 0
    assert "240 documents are too few: what touches 1.2% of all may well show in none of them" in narrow[1]


def test_what_is_open_passes_by_default_and_says_what_would_settle_it(gate) -> None:
    open_ = keep("open", mine=answers(0.2, also=0.015), other=answers(0.4))
    code, out, said = gate("runs/base", open_)
    assert code == 0
    assert "INCONCLUSIVE    tone · mine" in out
    more = said["gated"][0]["settled_by"]
    assert 0 < more["where_apart"] < more["at_random"]
    assert f"about {more['at_random']:,} further documents drawn at random, or by about {more['where_apart']:,}" in out
    assert gate("runs/base", open_, "--fail-on", "inconclusive")[0] == 3
    assert gate("runs/base", open_, "--policy", policy('fail_on = "inconclusive"'))[0] == 3
    assert gate("runs/base", "runs/worse", "--fail-on", "never")[0] == 0


def test_a_text_that_changed_under_it_is_4_and_a_label_is_scored_anew(gate) -> None:
    document(3, label="COLD")
    code, out, said = gate("runs/base", "runs/worse")
    assert code == 1
    assert "labels of the gold have changed since runs/base was run" in out
    assert said["gated"][0]["cells"][0]["base"] < 0.9
    document(3, text="It was another day.\n")
    code, out, said = gate("runs/base", "runs/worse")
    assert code == 4
    assert "NOT COMPARABLE  tone · mine: not comparable, texts" in out
    assert {one["field"] for one in said["gated"]} == {"texts"}
    assert "than the corpus holds today: 1 document, first g003/d. Restore" in out


def test_what_was_not_run_is_5_and_what_only_the_candidate_has_is_noted(gate) -> None:
    lacking = keep("lacking", planned=3, mine=answers(0.2), third=answers(0.1))
    code, out, said = gate("runs/base", lacking)
    assert code == 5
    assert "FAILED          tone · other: not run: runs/lacking has no result of it" in out
    assert "tone · third: only runs/lacking has it" in out
    assert [one["state"] for one in said["gated"]] == ["pass", "failed"]
    keep("base", planned=3, mine=answers(0.2), lost=answers(0.1))
    assert "not run: runs/lacking has no result of it (it has no words)" in gate("runs/base", lacking)[1]


@pytest.mark.parametrize("which", ["base", "candidate"])
def test_a_run_that_broke_off_is_5_whatever_its_results_say(gate, which: str) -> None:
    broken = keep("broken", complete=False, planned=4, mine=answers(0.2), other=answers(0.4))
    sides = [broken, "runs/base"] if which == "base" else ["runs/base", broken]
    code, out, said = gate(*sides)
    assert code == 5
    assert "FAILED          runs/broken: runs/broken broke off: 2 of 4 results are there" in out
    assert [one["state"] for one in said["gated"]] == ["failed", "pass", "pass"]


def test_a_run_that_broke_off_before_its_first_result_is_5(gate) -> None:
    alone = keep("alone", mine=answers(0.2))
    nothing = keep("nothing", complete=False, planned=1)
    assert gate(alone, nothing)[0] == 5
    assert gate(nothing, alone)[0] == 5


def test_files_that_cannot_be_read_are_5_and_never_1(gate) -> None:
    path = Path("runs/worse/tone/mine/predictions.jsonl")
    path.write_text(path.read_text().replace('"COLD"', '"WARM"', 1))
    code, out, _ = gate("runs/base", "runs/worse")
    assert code == 4  # what was scored is gone, so that the two cannot be held against each other
    assert "not the predictions that content.json was counted from" in out
    (path.parent / "content.json").write_text("{")
    assert gate("runs/base", "runs/worse")[0] == 5
    shutil.rmtree("runs/worse/tone/mine")
    Path("waves/documents/g001/d.txt").write_bytes(b"\xff")
    assert gate("runs/base", "runs/worse")[0] == 5


def test_a_slice_that_is_worse_warns_or_blocks_as_the_policy_says(gate) -> None:
    said = answers(0.2)
    harmed = [LABELS[(i + 1) % 3] if i % 4 == 0 and i % 8 else one for i, one in enumerate(said)]  # of `id` every other
    spread = [LABELS[i % 3] if i % 4 and harmed[i] != LABELS[i % 3] and i % 6 else one for i, one in enumerate(harmed)]
    keep("slice", mine=spread, other=answers(0.4))
    code, out, found = gate("runs/base", "runs/slice", "--policy", policy('slices = ["language"]'))
    assert code == 0
    assert "also worse (warns, does not block): f1[language=id]" in out
    [cell] = [cell for cell in found["gated"][0]["cells"] if cell["name"] == "accuracy[language=id]"]
    assert cell["verdict"]["state"] == "regressed"
    assert cell["verdict"]["p_worse"] >= cell["verdict"]["p_alone"]
    block = policy('slices = ["language"]\nfamily = "block"')
    code, out, _ = gate("runs/base", "runs/slice", "--policy", block)
    assert code == 1
    assert "also worse (blocks)" in out
    assert gate("runs/base", "runs/slice", "--policy", policy('slices = ["langage"]'))[0] == 2


def test_one_result_is_held_against_one_whatever_the_models_are_called(gate) -> None:
    code, out, _ = gate("runs/base/tone/mine", "runs/worse/tone/other")
    assert code == 1
    assert "tone · mine → other: f1 0.8" in out
    assert gate("runs/base/tone/mine", "runs/worse")[0] == 1  # the one of the same name
    assert gate("runs/worse", "runs/base/tone/mine")[0] == 0
    single = keep("single", new=answers(0.2, also=0.2))
    assert gate("runs/base/tone/mine", single)[0] == 1
    code, out, _ = gate(single, "runs/base")
    assert code == 2
    assert "Name the folder of one: tone/mine, tone/other" in out


def test_of_several_trainings_one_is_gated_and_the_mean_is_told(gate) -> None:
    for name, shift in (("trained", 0), ("retrained", 100)):
        seeds = {f"mine_seed_{seed}": answers(0.2, seed + shift, 0.05) for seed in (13, 14, 15)}
        keep(name, **seeds)
        for seed in (13, 14, 15):  # as `harness run --seeds 3` keeps them
            path = Path(f"runs/{name}/tone/mine/seed-{seed}/content.json")
            path.write_text(path.read_text().replace('"seed":13', f'"seed":{seed}'))
    code, out, said = gate("runs/trained", "runs/retrained")
    assert code == 0
    assert len(said["gated"]) == 1
    assert "training 13 is gated, one of 3; mean f1 over 3 and 3 trainings: " in out


def test_documents_that_changed_are_listed_with_gold_and_both_answers(gate) -> None:
    code, out, said = gate("runs/base", "runs/worse", "--docs", "newly-wrong")
    assert code == 1
    first = said["gated"][0]["newly_wrong"]
    rows = [line.split() for line in out.splitlines() if line.strip().startswith("g")]
    assert [row[0] for row in rows] == first
    i = int(first[0][1:4])
    assert rows[0][1:] == [LABELS[i % 3], LABELS[i % 3], LABELS[(i + 1) % 3]]
    assert (
        sum(line.strip().startswith("g") for line in gate("runs/base", "runs/worse", "--docs", "2")[1].split("\n")) == 2
    )
    assert gate("runs/base", "runs/worse", "--docs", "all")[0] == 2


def test_a_corpus_that_moved_is_named_by_hand(gate) -> None:
    Path("waves").rename("elsewhere")
    code, out, _ = gate("runs/base", "runs/worse")
    assert code == 2
    assert "corpus waves, which the results are of, is not at hand" in out
    assert gate("runs/base", "runs/worse", "--corpus", "elsewhere")[0] == 1


def test_what_is_no_result_is_said(gate) -> None:
    code, out, _ = gate("waves", "runs/worse")
    assert code == 2
    assert "waves is no result and no run" in out
    assert gate("runs/base")[0] == 2


def test_a_plan_says_what_the_set_can_see_and_comes_out_the_same_again(gate) -> None:
    code, out, said = gate("--plan", "runs/base", "--trials", "20")
    assert code == 0
    assert "tone · mine, f1: 240 documents catch" in out  # the better of the two
    assert "An unchanged model passes" in out
    [one] = said["rehearsed"]
    assert one["measured"] is False
    assert [row["drop"] for row in one["rows"]][:5] == [0, 0.01, 0.02, 0.03, 0.05]
    assert gate("--plan", "runs/base", "--trials", "20")[2] == said
    [both] = gate("--plan", "runs/base", "runs/worse", "--trials", "20")[2]["rehearsed"]
    assert both["measured"] is True
    assert both["rows"] != one["rows"]


def test_a_file_that_cannot_be_written_is_5_and_the_one_thing_that_is_said(gate) -> None:
    for base in ("runs/base", "main"):  # a run, and a baseline that nothing was accepted as yet
        code, out, said = gate(base, "runs/worse", "--junit", "waves/corpus.toml/x.xml")
        assert code == 5
        assert said.keys() == {"exit", "error"}
        assert "REGRESSED" not in out and "NO BASELINE" not in out


def policy(text: str = "") -> str:
    Path("gate.toml").write_text(f"{text}\n")
    return "gate.toml"
