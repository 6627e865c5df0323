"""`harness score` against a corpus, a gold file, and a file that holds both."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import harness
from harness.cli import run

KABAR = str(Path(harness.__file__).parent.parent / "corpora" / "kabar")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    gold = [{"item": f"{i:03}", "label": "AB"[i % 2], "source": "web" if i < 30 else "print"} for i in range(60)]
    mine = [{"item": f"{i:03}", "label": "AB"[i % 2] if i % 5 else "A"} for i in range(60)]
    for name, lines in (("gold", gold), ("mine", mine)):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def call(*args: str) -> tuple[int, str, str]:
        code = run(["score", *args])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_a_gold_file_takes_the_place_of_a_corpus(said) -> None:
    code, out, err = said("mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--slice", "source", "--by-label")
    assert (code, err) == (0, "")
    assert "accuracy  0.900 [" in out
    assert "n 60, 60 items" in out
    assert "correct 54 + wrong 6 = 60" in out
    for name in ("f1[A]", "f1[B]", "f1[source=web]", "accuracy[source=print]"):
        assert name in out


def test_json_holds_what_was_scored_and_is_the_same_again(said) -> None:
    first = said("mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--json")
    assert first == said("mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--json")
    answer = json.loads(first[1])
    assert answer["exit"] == first[0] == 0
    assert answer["content"]["n"] == 60
    assert answer["content"]["labels"] == ["A", "B"]
    assert answer["signature"].startswith("gold.jsonl@")
    assert "harness" not in json.dumps(answer["content"])


def test_tags_in_columns_need_no_gold_file_and_the_reading_is_named(said) -> None:
    Path("out.conll").write_text("x O I-PER\ny B-PER I-PER\n\nz B-PER B-PER\n")
    strict = said("out.conll", "--labels", "PER", "--reading", "strict", "--scheme", "IOB2")[1]
    default = said("out.conll", "--labels", "PER")[1]
    assert "entity_f1  0.667" in strict
    assert "entity_f1  0.500" in default
    assert said("out.conll", "--gold", "out.conll", "--labels", "PER")[1] == default


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["mine.jsonl"], 2, "say what the gold is: --corpus C --task T, or --gold FILE"),
        (["mine.jsonl", "--gold", "gold.jsonl"], 2, "--labels A,B"),
        (["mine.jsonl", "--corpus", KABAR], 2, "--corpus needs --task"),
        (["mine.jsonl", "--corpus", KABAR, "--task", "event", "--gold", "gold.jsonl"], 2, "leave --corpus away"),
        (["none.jsonl", "--gold", "gold.jsonl", "--labels", "A,B"], 1, "none.jsonl: there is no such file"),
        (["mine.jsonl", "--gold", "none.jsonl", "--labels", "A,B"], 1, "none.jsonl: there is no such file"),
        (["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--slice", "sauce"], 2, 'Did you mean "source"'),
        (
            ["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--metric", "entity_f1"],
            2,
            "answers of kind spans",
        ),
        (["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--kind", "spans"], 2, "gold.jsonl holds label"),
        (
            ["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A"],
            1,
            'gold with a label that is not declared, "B"',
        ),
        (["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--split", "test"], 2, "no column split"),
        (["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B,A"], 2, "names a label twice"),
        (
            ["mine.jsonl", "--gold", "gold.jsonl", "--labels", "A,B", "--reading", "strict"],
            2,
            "neither file holds tags",
        ),
        (["mine.jsonl", "--corpus", KABAR, "--task", "event", "--as", "csv"], 2, "leave --as, --scheme, --reading"),
        (["mine.jsonl", "--corpus", KABAR, "--task", "event", "--scheme", "BIOES"], 2, "leave --as, --scheme"),
    ],
)
def test_a_mistake_is_answered_with_its_remedy(said, args: list[str], code: int, message: str) -> None:
    found, out, err = said(*args)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_a_build_is_scored_by_its_gold_alone_and_gives_the_scores_of_the_folder(said, tmp_path: Path) -> None:
    run(["corpus", "build", KABAR, "--out", "built"])
    for task in ("event", "entities", "stance"):
        model = "gazetteer" if task == "entities" else "majority"
        run(["run", "--corpus", KABAR, "--task", task, "--model", model, "--out", f"out-{task}"])
        text = Path(f"out-{task}/{task}/{model}/predictions.jsonl").read_text()
        lines = [json.loads(line) for line in text.split("\n") if line]
        kind = "spans" if task == "entities" else "label"
        keys = ("start", "end", "label")
        values = [line[kind] for line in lines]
        if kind == "spans":
            values = [[dict(zip(keys, span, strict=True)) for span in spans] for spans in values]
        pq.write_table(pa.table({"item": [line["item"] for line in lines], kind: values}), "said.parquet")
        said("said.parquet", "--corpus", KABAR, "--task", task)  # what the run said is read away
        answer = json.loads(said("said.parquet", "--corpus", KABAR, "--task", task, "--json")[1])
        folder, signature = answer["content"], answer["signature"]
        code, out, _ = said("said.parquet", "--corpus", "built", "--task", task, "--json", "--slice", "language")
        built = json.loads(out)["content"]
        assert code == 0
        assert json.loads(out)["signature"] == signature
        assert "gold" not in built
        assert built["corpus"] == folder["corpus"]
        assert [score for score in built["scores"] if not score["slice"]] == folder["scores"]
        assert any(score["slice"] == "language=id" for score in built["scores"])
        splits = ["said.parquet", "--task", task, "--json", "--split", "train+test", "--corpus"]
        both = [json.loads(said(*splits, corpus)[1])["content"] for corpus in (KABAR, "built")]
        assert both[0]["scores"] == both[1]["scores"]
        assert 'unknown split of the gold "tset"' in said(*splits[:3], "--split", "tset", "--corpus", "built")[2]
        slow = said("said.parquet", "--corpus", "built", "--task", task, "--slice", "tags")[1]
        assert "tags=negation" in slow


def test_a_gold_file_that_was_changed_after_the_build_is_refused(said, tmp_path: Path) -> None:
    run(["corpus", "build", KABAR, "--out", "built"])
    pq.write_table(pa.table({"item": ["a"], "label": ["RELEASE"]}), "said.parquet")
    file = Path("built/tasks/event.parquet")
    file.write_bytes(file.read_bytes().replace(b"RELEASE", b"RELEASF"))
    said("--help")  # what the build said is read away
    code, out, err = said("said.parquet", "--corpus", "built", "--task", "event")
    assert (code, out) == (1, "")
    assert "tasks/event.parquet" in err


def test_a_build_whose_manifest_was_changed_is_refused(said) -> None:
    run(["corpus", "build", KABAR, "--out", "built"])
    pq.write_table(pa.table({"item": ["a"], "label": ["RELEASE"]}), "said.parquet")
    file = Path("built/build.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"digest": "0" * 64}))
    said("--help")  # what the build said is read away
    code, _, err = said("said.parquet", "--corpus", "built", "--task", "event")
    assert code == 1
    assert "event.parquet: holds no task of this build" in err


def test_scoring_columns_loads_no_pandas(said) -> None:
    pq.write_table(pa.table({"item": ["a", "b"], "label": ["A", "B"]}), "gold.parquet")
    ask = "from harness.cli import run; import sys; assert run(['score', 'gold.parquet', '--gold', 'gold.parquet', "
    ask += "'--labels', 'A,B']) == 0; assert not {'pandas', 'sklearn', 'scipy', 'datasets'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True)
