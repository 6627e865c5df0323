"""The Parquet form of a corpus: read as its folder is, problem for problem, and never believed."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing import pack, rows_of, seal_again, write_shard
from test_checking import BAD

import harness
from corpora import header, make_corpus, read_lines, write_lines
from harness.cli.corpus_build import build_corpus
from harness.corpus.reading import read_corpus
from harness.corpus.shards import task_file
from harness.errors import HarnessError, Problem, ProblemsFound, UnknownName

SHARD = "documents-00000-of-00001.parquet"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    build_corpus(make_corpus(tmp_path / "tiny"), tmp_path / "built")
    return tmp_path / "built"


def told(root: Path) -> list[Problem]:
    """What checking says, with the corpus's own path taken out."""
    try:
        problems = harness.check(root)
    except ProblemsFound as found:
        problems = list(found.problems)
    return [Problem(p.file, p.line, p.found, p.remedy.replace(str(root), "CORPUS")) for p in problems]


def packable(name: str) -> bool:
    """Whether rows can hold what is broken: files that belong to no document, and links, they cannot."""
    with tempfile.TemporaryDirectory() as folder:
        root = make_corpus(Path(folder) / "tiny")
        BAD[name][0](root)
        return pack(root, Path(folder) / "built")


PACKABLE = [name for name in BAD if packable(name)]


def test_most_kinds_of_bad_input_can_stand_in_parquet_too() -> None:
    assert len(PACKABLE) >= 80


@pytest.mark.parametrize("name", PACKABLE)
def test_the_problems_of_a_broken_corpus_are_the_same_in_both_forms(name: str, tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    BAD[name][0](root)
    assert pack(root, tmp_path / "built")
    assert told(tmp_path / "built") == told(root) != []
    assert read_corpus(tmp_path / "built").problems == read_corpus(root).problems


def test_what_is_packed_by_hand_is_read_as_what_the_command_builds(tmp_path: Path, built: Path) -> None:
    assert pack(tmp_path / "tiny", tmp_path / "packed")
    assert harness.load(tmp_path / "packed").documents == harness.load(built).documents
    assert harness.load(tmp_path / "packed").digest == harness.load(built).digest
    assert told(tmp_path / "packed") == []


def test_every_annotators_file_is_read_from_a_build_when_everyone_is_asked_for(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    rows = read_lines(root / "documents/harbour/a.gold.jsonl")
    write_lines(root / "documents/harbour/a.mira.jsonl", [{**rows[0], "by": "mira"}, *rows[1:]])
    write_lines(root / "documents/harbour/a.zoe.jsonl", [header("a", "another text", ["tone"], by="zoe")])
    build_corpus(root, tmp_path / "built")
    reading = read_corpus(tmp_path / "built", everyone=True)
    assert reading.annotations == read_corpus(root, everyone=True).annotations
    assert [file.by for file in reading.annotations["harbour/a"]] == ["gold", "mira", "zoe"]
    assert told(tmp_path / "built") == told(root) != []


ROWS: dict[str, tuple[Callable[[list[dict[str, Any]]], object], int, str]] = {
    "a group that climbs": (lambda rows: rows[0].update(group="../../a"), 0, 'group name "../../a"'),
    "an id that climbs": (lambda rows: rows[0].update(id="../../../etc/passwd"), 0, 'document name "../../../etc/p'),
    "an id with a NUL": (lambda rows: rows[0].update(id="\0"), 0, "document name"),
    "an empty id": (lambda rows: rows[0].update(id=""), 0, 'document name ""'),
    "an annotator that climbs": (
        lambda rows: rows[0]["annotators"].append({"name": "/x", "content": ""}),
        0,
        "neither",
    ),
    "a second gold": (lambda rows: rows[0]["annotators"].append({"name": "gold", "content": ""}), 1, "a second file"),
    "an annotator of no name": (lambda rows: rows[0]["annotators"].append({"name": None, "content": ""}), 1, "without"),
    "no text": (lambda rows: rows[1].update(text=None), 2, "a row without group, id or text"),
    "no group": (lambda rows: rows[1].update(group=None), 2, "a row without group, id or text"),
    "an id that is not UTF-8": (lambda rows: rows[1].update(id=b"\xff"), 2, "a row without group, id or text"),
    "a text that is not UTF-8": (lambda rows: rows[1].update(text=b"a\n\xff"), 2, "byte 2 (0xff) is not UTF-8"),
    "one id twice": (lambda rows: rows[1].update(id="a"), 2, "rows are not sorted"),
    "ids that fall": (lambda rows: rows.insert(0, rows.pop(1)), 2, "rows are not sorted"),
    "groups that fall": (lambda rows: rows.insert(0, rows.pop()), 2, "rows are not sorted, or a group is cut"),
    "a group in two places": (lambda rows: rows.insert(1, rows.pop()), 3, "rows are not sorted, or a group is cut"),
    "two group files": (lambda rows: rows[1].update(group_toml='split = "dev"\n'), 2, "another group_toml"),
    "another split": (lambda rows: rows[2].update(split="dev"), 3, 'column split is not "test"'),
    "another language": (lambda rows: rows[2].update(language="en"), 3, 'column language is not "hi"'),
    "another digest": (lambda rows: rows[2].update(sha256="0" * 64), 3, "column sha256 is not"),
    "a text changed": (lambda rows: rows[2].update(text="Changed."), 1, "text_sha256 is not the digest"),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_that_are_no_corpus_are_told_and_nothing_of_them_is_believed(name: str, built: Path) -> None:
    damage, line, found = ROWS[name]
    rows = rows_of(built)
    damage(rows)
    write_shard(built, rows)
    seal_again(built)
    with pytest.raises(ProblemsFound) as problems:
        harness.load(built)
    assert any(problem.line == line and found in problem.found for problem in problems.value.problems), problems.value


COLUMNS: dict[str, tuple[dict[str, Any], str]] = {
    "no text": ({"text": None}, '0 columns "text", not 1'),
    "a column more": ({"more": pa.array([1, 2, 3])}, '1 columns "more", not 0'),
    "numbers as text": ({"text": pa.array([1, 2, 3])}, 'column text is of type "int64", not "string"'),
    "bytes as gold": ({"gold": pa.array([b""] * 3)}, 'column gold is of type "binary", not "string"'),
    "annotators as text": ({"annotators": pa.array(["", "", ""])}, 'column annotators is of type "string"'),
    "a struct as group": ({"group": pa.array([{"a": 1}] * 3)}, 'column group is of type "struct'),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_another_kind_are_told(name: str, built: Path) -> None:
    columns, found = COLUMNS[name]
    write_shard(built, rows_of(built), **columns)
    seal_again(built)
    with pytest.raises(ProblemsFound) as problems:
        harness.load(built)
    assert found in str(problems.value)
    assert problems.value.problems[0].file == SHARD


@pytest.mark.parametrize(
    "how", [{"use_dictionary": True}, {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}]
)
def test_a_small_file_that_would_fill_the_memory_is_not_opened(how: dict[str, Any], built: Path) -> None:
    path = built / SHARD
    table = pq.read_table(path)
    rows = table.slice(0, 1).to_pylist() * 1000
    huge = [{**row, "group": "g", "id": f"{i:05}", "text": "x" * 1_000_000} for i, row in enumerate(rows)]
    few = dict.fromkeys(("group", "split", "language", "group_toml"), pa.string())
    plain = pa.schema([pa.field(field.name, few.get(field.name, field.type)) for field in table.schema])
    pq.write_table(
        pa.Table.from_pylist(huge, plain), path, compression="zstd", dictionary_pagesize_limit=1 << 30, **how
    )
    assert path.stat().st_size < 1_000_000
    seal_again(built)
    with pytest.raises(ProblemsFound, match='column "text" is encoded as'):
        harness.load(built)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_damage_to_a_shard_is_told_and_never_a_traceback(chance: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, out = make_corpus(Path(folder) / "tiny"), Path(folder) / "built"
        pack(root, out)
        data = bytearray((out / SHARD).read_bytes())
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (out / SHARD).write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        seal_again(out)
        try:
            assert harness.check(out) or harness.load(out).digest == harness.load(root).digest
        except HarnessError as error:
            assert str(error)


def change(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda built: (built / name).write_bytes(data)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda built: (built / "build.json").unlink(), "build.json: cannot be read"),
    "an empty manifest": (change("build.json", b"{}"), "build.json:1: is not what a build says of itself"),
    "a manifest that is no JSON": (change("build.json", b"{"), "build.json:1: malformed JSON"),
    "a shard missing": (lambda built: (built / SHARD).unlink(), f"{SHARD}: cannot be read (No such file)"),
    "a shard cut short": (change(SHARD, b"PAR1"), f"{SHARD}: is not the file that build.json tells of"),
    "another corpus.toml": (
        lambda built: (built / "corpus.toml").write_text((built / "corpus.toml").read_text() + "\n"),
        "corpus.toml: is not the file that build.json tells of",
    ),
    "a folder of documents": (lambda built: (built / "documents").mkdir(), "documents: a folder of documents beside"),
    "a shard that leads out": (
        lambda built: (built / SHARD).rename(built.parent / "out") and (built / SHARD).symlink_to(built.parent / "out"),
        f"{SHARD}: a link that leads out of the corpus",
    ),
    "a manifest that leads out": (
        lambda built: (
            (built / "build.json").rename(built.parent / "out")
            and (built / "build.json").symlink_to(built.parent / "out")
        ),
        "build.json: a link that leads out of the corpus",
    ),
    "a manifest that climbs": (
        lambda built: (built / "build.json").write_text(
            (built / "build.json").read_text().replace("tasks/stance", "tasks/../../stance")
        ),
        "build.json:1: is not what a build says of itself",
    ),
    "a manifest of fewer shards": (
        lambda built: (built / "build.json").write_text(
            (built / "build.json").read_text().replace("00000-of-00001", "00000-of-00002")
        ),
        "build.json:1: does not list every shard",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_build_that_is_not_whole_is_told(name: str, built: Path) -> None:
    damage, message = FILES[name]
    damage(built)
    with pytest.raises(ProblemsFound) as problems:
        harness.load(built)
    assert message in str(problems.value)


def test_checking_tells_task_files_that_are_stale_or_of_another_build(tmp_path: Path, built: Path) -> None:
    assert told(built) == []
    other = make_corpus(tmp_path / "other")
    gold = other / "documents/harbour/a.gold.jsonl"
    gold.write_text(gold.read_text("utf-8").replace('"FAVOR"', '"AGAINST"'), "utf-8")
    build_corpus(other, tmp_path / "new")
    data = (tmp_path / "new/tasks/stance.parquet").read_bytes()
    (built / "tasks/stance.parquet").write_bytes(data)
    (built / "tasks/more.parquet").write_bytes(data)
    (built / "documents-00001-of-00002.parquet").write_bytes(b"")
    assert {(problem.file, problem.found) for problem in told(built)} == {
        ("documents-00001-of-00002.parquet", "a file that does not belong to this build"),
        ("tasks/more.parquet", "a file that does not belong to this build"),
        ("tasks/stance.parquet", "is not the file that build.json tells of"),
    }
    (built / "tasks/stance.parquet").unlink()
    assert ("tasks/stance.parquet", "cannot be read (No such file)") in {(p.file, p.found) for p in told(built)}


def test_a_task_file_is_found_without_reading_documents_and_only_if_it_is_of_the_build(built: Path) -> None:
    digest = harness.load(built).digest
    (built / SHARD).write_bytes(b"")
    assert task_file(built, "stance") == (built / "tasks/stance.parquet", digest)
    with pytest.raises(UnknownName, match='Did you mean "stance"'):
        task_file(built, "stanc")
    for name in ("tasks/stance.parquet", "corpus.toml"):
        with pytest.raises(ProblemsFound, match="is not the file that"), (built / name).open("ab") as file:
            file.write(b"\n")
            file.flush()
            task_file(built, "stance")


def test_checking_tells_a_manifest_that_speaks_of_another_corpus(built: Path) -> None:
    manifest = built / "build.json"
    manifest.write_text(manifest.read_text().replace('"digest":"', '"digest":"0'))
    assert [problem.found for problem in told(built)] == ["speaks of another corpus than this"]
