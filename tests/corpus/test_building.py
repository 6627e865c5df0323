"""A corpus built into Parquet is the corpus, document for document; and it is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from corpora import make_corpus, write_document
from harness.cli.corpus_build import build_corpus
from harness.corpus import building
from harness.corpus.reading import read_corpus, read_folder
from harness.errors import AskedWrongly, ProblemsFound

KABAR = Path(harness.__file__).parent.parent / "corpora" / "kabar"
ODD = '👩\u200d🌾🚢e\u0301ابَ\u202eש\u2028\u2029\x85\x0b\x0c\x1c\r\n\x00\ufeffहि\U0010ffff"\\'
TEXTS = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.text(st.sampled_from("abzAB019-_"), min_size=1, max_size=4).filter(lambda name: name[0] not in "-_")
GROUPS = st.dictionaries(NAMES, st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4), min_size=1, max_size=5)


def assert_the_same(folder: Path, built: Path) -> None:
    """The build is the folder to whoever reads it."""
    one, other = harness.load(folder), harness.load(built)
    assert other.documents == one.documents
    assert other.digest == one.digest
    assert other.schema == one.schema
    whole, packed = read_corpus(folder, everyone=True), read_corpus(built, everyone=True)
    assert packed.annotations == whole.annotations
    assert (packed.problems, packed.places, packed.unsplit) == (whole.problems, whole.places, whole.unsplit)


@settings(max_examples=25, deadline=None)
@given(GROUPS, st.sampled_from(["", 'split = "dev"\n', '# nothing\nsplit = "pool"']), st.integers(1, 3000), st.data())
def test_what_is_built_is_read_as_the_folder_is(
    groups: dict[str, dict[str, str]], group_toml: str, row_group: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = make_corpus(Path(folder) / "tiny")
        for group, documents in groups.items():
            place = root / "documents" / group
            place.mkdir()
            for name, text in documents.items():
                write_document(place, name, text, layers={"entities": [], "topic": []})
                if data.draw(st.booleans()):
                    (place / f"{name}.meta.json").unlink()
                if data.draw(st.booleans()):
                    (place / f"{name}.gold.jsonl").rename(place / f"{name}.someone.jsonl")
            if group_toml:
                (place / "group.toml").write_text(group_toml)
        patch.setattr(building, "ROW_GROUP_BYTES", row_group)
        (root / "corpus.toml").write_text((root / "corpus.toml").read_text().replace('use = "label"', 'use = "labels"'))
        build_corpus(root, Path(folder) / "built", shard_bytes=data.draw(st.sampled_from([1, 4000, 1 << 20])))
        assert_the_same(root, Path(folder) / "built")


def test_kabar_is_the_same_in_parquet_in_any_number_of_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "ROW_GROUP_BYTES", 20_000)
    for shard_bytes in (1 << 17, 1 << 26):
        built = build_corpus(KABAR, tmp_path / str(shard_bytes), shard_bytes=shard_bytes)
        assert (built.shards > 3) == (shard_bytes == 1 << 17)
        assert_the_same(KABAR, tmp_path / str(shard_bytes))
        assert harness.check(tmp_path / str(shard_bytes)) == harness.check(KABAR) == []
    whole = pq.ParquetFile(tmp_path / str(1 << 26) / "documents-00000-of-00001.parquet")
    parts = [set(whole.read_row_group(i, ["group"])["group"].to_pylist()) for i in range(whole.num_row_groups)]
    assert len(parts) > 3
    assert sum(map(len, parts)) == len(set().union(*parts)), "a group stands in one row group"


def test_a_build_can_be_built_from_again(tmp_path: Path) -> None:
    build_corpus(KABAR, tmp_path / "one")
    build_corpus(tmp_path / "one", tmp_path / "two")
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_the_same_corpus_gives_the_same_bytes(tmp_path: Path) -> None:
    first = build_corpus(KABAR, tmp_path / "one")
    assert build_corpus(KABAR, tmp_path / "two") == first
    assert (tmp_path / "one/build.json").read_bytes() == (tmp_path / "two/build.json").read_bytes()


def test_a_corpus_without_documents_can_be_built(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    shutil.rmtree(root / "documents")
    (root / "documents").mkdir()
    assert build_corpus(root, tmp_path / "built").documents == 0
    assert_the_same(root, tmp_path / "built")


def test_what_cannot_be_used_is_not_built_and_every_problem_is_told(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    (root / "documents/harbour/a.meta.json").write_text("{")
    (root / "documents/market/c.mira.jsonl").write_bytes(b"\xff")
    (root / "documents/market/c.gold.jsonl").write_bytes(b"\xff")
    with pytest.raises(ProblemsFound) as problems:
        build_corpus(root, tmp_path / "built")
    assert {problem.file for problem in problems.value.problems} == {
        "documents/harbour/a.meta.json",
        "documents/market/c.gold.jsonl",
        "documents/market/c.mira.jsonl",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_declared_task_that_cannot_be_asked_stops_the_build_and_a_bare_layer_does_not(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    gold = root / "documents/harbour/a.gold.jsonl"
    text = gold.read_text("utf-8")
    gold.write_text(text.replace('{"layer":"tone","label":"WARM"}\n', ""), "utf-8")  # done, and no label
    built = build_corpus(root, tmp_path / "built")
    assert list(built.no_tasks) == ["tone"]
    assert sorted(path.stem for path in (tmp_path / "built/tasks").iterdir()) == [
        "entities",
        "stance",
        "topic",
        "topics",
    ]
    gold.write_text(text.replace('"role":"primary"', '"role":"secondary"'), "utf-8")
    with pytest.raises(ProblemsFound, match="task topic wants one label"):
        build_corpus(root, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_nothing_is_replaced_that_is_no_build(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "full", tmp_path / "file", root, root / "documents/built", root / "documents"):
        for replace in (False, True):
            with pytest.raises(AskedWrongly):
                build_corpus(root, out, replace=replace)
    (tmp_path / "empty").mkdir()
    build_corpus(root, tmp_path / "empty")
    with pytest.raises(AskedWrongly, match="Add --replace"):
        build_corpus(root, tmp_path / "empty")
    build_corpus(root, tmp_path / "empty", replace=True)
    assert (tmp_path / "full/mine.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    assert len(harness.load(root)) == 3


def test_what_edits_a_corpus_asks_for_the_folder(tmp_path: Path) -> None:
    build_corpus(make_corpus(tmp_path / "tiny"), tmp_path / "built")
    with pytest.raises(AskedWrongly, match="Edit the folder that it was built from"):
        read_folder(tmp_path / "built")


def an_earlier_build(where: Path) -> tuple[Path, Path, dict[str, str]]:
    """A corpus that was built and then changed: its folder, its build, and the digests of the old one and the new."""
    root, out = make_corpus(where / "tiny"), where / "built"
    old = build_corpus(root, out).digest
    write_document(root / "documents/market", "d", "More.", layers={"entities": []})
    return root, out, {old: "old", harness.load(root).digest: "new"}


@pytest.mark.parametrize("module, name", [(os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir")])
def test_an_interruption_anywhere_leaves_the_old_build_or_the_new(
    module: object, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, out, known = an_earlier_build(tmp_path)
    plain = getattr(module, name)
    for allowed in range(1000):
        calls = iter([False] * allowed + [True])  # whether this call is the one that is interrupted

        def interrupted(*args: Any, calls: Iterator[bool] = calls, **settings: Any) -> object:
            if next(calls, False):
                raise KeyboardInterrupt
            return plain(*args, **settings)

        with monkeypatch.context() as patch:
            patch.setattr(module, name, interrupted)
            try:
                build_corpus(root, out, replace=True)
                break
            except KeyboardInterrupt:
                pass
        assert harness.load(out).digest in known
        assert {path.name for path in tmp_path.iterdir()} <= {"tiny", "built", ".built.replaced"}
    assert allowed > 0
    assert known[harness.load(out).digest] == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"tiny", "built"}


KILLED = """
import os, sys
from pathlib import Path
from harness.cli.corpus_build import build_corpus
plain, left = Path.rename, int(sys.argv[3])
def rename(self, target):
    global left
    left -= 1
    return os._exit(9) if left < 0 else plain(self, target)
Path.rename = rename
build_corpus(Path(sys.argv[1]), Path(sys.argv[2]), replace=True)
"""


@pytest.mark.parametrize("renames, stands", [(0, "old"), (1, "old"), (2, None)])
def test_a_kill_leaves_a_whole_build_or_none_and_the_next_call_clears_up(
    renames: int, stands: str | None, tmp_path: Path
) -> None:
    root, out, known = an_earlier_build(tmp_path)
    ask = [sys.executable, "-c", KILLED, str(root), str(out), str(renames)]
    assert subprocess.run(ask, check=False).returncode == 9
    assert known[harness.load(out).digest] == stands if stands else not out.exists()
    assert (tmp_path / ".built.building").exists()
    build_corpus(root, out, replace=True)
    assert known[harness.load(out).digest] == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"tiny", "built"}
