"""A task from the columns of a build: the same results as from the documents, or the documents are read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import harness
from harness import benchmark, columns
from harness.built import task_in
from harness.cli.corpus_build import build_corpus
from harness.registry import parse
from harness.running import metrics_of, run_model

KABAR = Path(harness.__file__).parent.parent / "corpora" / "kabar"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "kabar"
    build_corpus(KABAR, out)
    return out


@pytest.mark.parametrize("name", ["stance", "event", "events", "entities"])
def test_a_result_from_columns_has_the_content_of_one_from_the_documents(name: str, built: Path) -> None:
    whole, quick = harness.task(name, KABAR), task_in(built, name)
    assert quick is not None
    assert quick.items == whole.items and str(quick) == str(whole)
    results = [run_model(task, parse("majority"), metrics_of(task), seed=13, folds=3) for task in (whole, quick)]
    assert results[0].content == results[1].content


def test_what_columns_do_not_hold_is_read_from_the_documents(built: Path) -> None:
    assert task_in(built, "event", slices=["language"]) and task_in(built, "stance", slices=["target"])
    assert not task_in(built, "event", slices=["tags"])
    assert not task_in(built, "event", metrics=["evidence_f1"])
    assert not task_in(built, "nothing")
    assert not task_in(KABAR, "event")


def test_other_code_or_a_changed_file_sends_to_the_documents(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tasks/event.parquet", "corpus.toml", "documents-00000-of-00001.parquet"):
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(built, copy)
        data = (copy / name).read_bytes()
        (copy / name).write_bytes(data.replace(b"a", b"b", 1))
        assert task_in(copy, "event") is None, name
    with monkeypatch.context() as patched:
        patched.setattr("harness.built.code", lambda: "of another day")
        assert task_in(built, "event") is None
    assert task_in(built, "event") is not None
    assert columns.read_task_header(built / "tasks/event.parquet").code == columns.code()


def test_a_benchmark_takes_the_columns_of_a_build_and_the_documents_for_readers(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.toml"
    text = f'[models]\nm = "majority"\n[[tasks]]\ncorpus = "{built}"\nuse = "event"\n'
    file.write_text(text)
    with monkeypatch.context() as patched:
        patched.setattr(benchmark, "load", lambda *given: pytest.fail("read the documents"))
        asked = benchmark.read(file)
        identity, where = asked.identity, asked.sources["event"]
    assert (Path.cwd() / where["corpus"]).resolve() == built.resolve() and where["use"] == "event"
    with monkeypatch.context() as patched:
        patched.setattr(benchmark, "task_in", lambda *given, **settings: None)
        assert benchmark.read(file).identity == identity
    file.write_text(text + 'readers = ["reader1"]\n')
    assert list(benchmark.read(file).tasks[0].readers) == ["reader1"]
