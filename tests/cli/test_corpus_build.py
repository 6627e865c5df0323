"""`harness corpus build`: what it says, and that every other command takes what it made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from corpora import make_corpus
from harness.cli import run


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    def call(*args: str | Path) -> tuple[int, str, str]:
        code = run([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "tiny")


def test_it_says_what_was_written(said, folder: Path, tmp_path: Path) -> None:
    code, out, err = said("corpus", "build", folder, "--out", tmp_path / "built")
    assert (code, err) == (0, "")
    assert harness.load(folder).digest in out
    assert "3 documents in 2 groups, 1 shard\n" in out
    assert "task stance: 5 items" in out
    assert f"Written to {tmp_path / 'built'}." in out


def test_json_says_the_same(said, folder: Path, tmp_path: Path) -> None:
    code, out, _ = said("corpus", "build", folder, "--out", tmp_path / "built", "--json")
    answer = json.loads(out)
    assert (code, answer["exit"]) == (0, 0)
    assert answer["digest"] == harness.load(folder).digest
    assert (answer["documents"], answer["groups"], answer["shards"]) == (3, 2, 1)
    assert answer["tasks"] == {"stance": 5, "topic": 3, "topics": 3, "entities": 3, "tone": 2}
    code, out, err = said("corpus", "build", folder, "--out", tmp_path / "built", "--json")
    assert (code, json.loads(out)["exit"]) == (2, 2)
    assert "Add --replace" in err


def test_what_is_wrong_with_the_corpus_is_told_and_nothing_is_made(said, folder: Path, tmp_path: Path) -> None:
    (folder / "documents/harbour/a.meta.json").write_text("{")
    code, _, err = said("corpus", "build", folder, "--out", tmp_path / "built")
    assert code == 1
    assert "documents/harbour/a.meta.json:1: malformed JSON" in err
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_every_command_that_reads_a_corpus_reads_a_build(said, folder: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    said("corpus", "build", folder, "--out", built)
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_text('{"item":"harbour/a","label":"STRIKE"}\n')
    for ask in (
        ("show", "CORPUS"),
        ("show", "CORPUS", "harbour/a"),
        ("show", "CORPUS", "--json"),
        ("check", "CORPUS"),
        ("score", predictions, "--corpus", "CORPUS", "--task", "topic", "--json"),
        ("run", "--corpus", "CORPUS", "--task", "topic", "--model", "majority", "--folds", "2", "--json"),
    ):
        of_folder = said(*(folder if word == "CORPUS" else word for word in ask))
        of_build = said(*(built if word == "CORPUS" else word for word in ask))
        assert of_build[0] == of_folder[0] == 0, of_build
        assert of_build[1].replace(str(built), str(folder)) == of_folder[1]


def test_what_edits_a_corpus_refuses_a_build_and_names_the_folder(said, folder: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    said("corpus", "build", folder, "--out", built)
    before = {path: path.read_bytes() for path in built.rglob("*.*")}
    rows = tmp_path / "rows.csv"
    rows.write_text("id,text\nx,New.\n")
    for ask in (
        ("corpus", "split", built, "--seed", "1", "--again"),
        ("import", rows, "--to", built, "--as", "csv", "--apply"),
    ):
        code, _, err = said(*ask)
        assert code == 2
        assert "Edit the folder that it was built from, then: harness corpus build FOLDER" in err
    assert {path: path.read_bytes() for path in built.rglob("*.*")} == before


def test_pyarrow_comes_with_a_build_and_not_with_a_folder(folder: Path, tmp_path: Path) -> None:
    run(["corpus", "build", str(folder), "--out", str(tmp_path / "built")])
    asked = (["corpus", "build", "--help"], ["check", str(folder)], ["check", str(tmp_path / "built")])
    for args, expected in zip(asked, ("False", "False", "True"), strict=True):
        code = f"import sys; from harness.cli import run; run({args!r}); print('pyarrow' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] == expected, args


def test_help_shows_an_example(said) -> None:
    code, out, _ = said("corpus", "build", "--help")
    assert code == 0
    assert "harness corpus build kabar --out kabar.parquet" in out
