"""Task files: the items and gold of a task come back as they were, and what is no task file is told."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import harness
from corpora import make_corpus
from harness.cli.corpus_build import build_corpus
from harness.columns import TaskFile, read_task_header, write_task
from harness.corpus import building
from harness.errors import ProblemsFound

KABAR = Path(harness.__file__).parent.parent / "corpora" / "kabar"
TASKS = ("stance", "event", "events", "entities")


def answers(table: pa.Table, kind: str) -> list[object]:
    """The gold column as Annotations.answers() gives it."""
    column = table[kind].to_pylist()
    if kind != "spans":
        return column
    return [[(span["start"], span["end"], span["label"]) for span in spans] for spans in column]


@pytest.mark.parametrize("name", TASKS)
def test_a_built_task_has_the_items_and_gold_of_the_task_itself(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "ROW_GROUP_BYTES", 20_000)  # so that the task is written in parts
    build_corpus(KABAR, tmp_path / "built")
    task = harness.task(name, KABAR)
    path = tmp_path / "built/tasks" / f"{name}.parquet"
    header, table = read_task_header(path), pq.read_table(path)
    assert pq.read_metadata(path).num_row_groups > 3
    assert (header.name, header.corpus, header.corpus_digest) == (name, "kabar", task.corpus_digest)
    assert (header.kind, header.labels, header.metrics) == (task.gold.kind, task.gold.labels, task.metrics)
    assert (header.of, dict(header.settings), header.items) == (task.of, dict(task.settings), len(task))
    assert list(header.tiers.items()) == list(task.gold.tiers.items())
    assert header.ordered == (list(task.items["item"]) == sorted(set(task.items["item"])))
    for column in ("item", "document", "group", "split", "language", *task.of):
        assert table[column].to_pylist() == list(task.items[column])
    assert set(table.column_names) == {"item", "document", "group", "split", "language", *task.of, header.kind}
    assert answers(table, header.kind) == task.gold.answers()


def test_a_task_written_at_once_and_in_parts_reads_the_same(tmp_path: Path) -> None:
    task = harness.task("entities", KABAR)
    write_task(tmp_path / "whole.parquet", task)
    parts = TaskFile(tmp_path / "parts.parquet")
    for part in (range(0), range(5), range(5, len(task))):
        parts.add(task.take(part))
    assert parts.finish(task.corpus_digest) == len(task)
    whole, parted = (pq.read_table(tmp_path / name).to_pylist() for name in ("whole.parquet", "parts.parquet"))
    assert whole == parted
    assert read_task_header(tmp_path / "whole.parquet") == read_task_header(tmp_path / "parts.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts.parquet", "whole.parquet"]


@pytest.mark.parametrize("name", TASKS)
def test_labels_are_a_dictionary_in_the_order_declared_in_every_part(name: str, tmp_path: Path) -> None:
    task = harness.task(name, KABAR)
    write_task(tmp_path / "task.parquet", task)
    for batch in pq.ParquetFile(tmp_path / "task.parquet").iter_batches(7):
        column = batch[task.gold.kind]
        flat = column if task.gold.kind == "label" else column.flatten()
        labels = flat.field("label") if task.gold.kind == "spans" else flat
        assert tuple(labels.dictionary.to_pylist()) == task.gold.labels


def test_items_that_do_not_ascend_are_said_not_to(tmp_path: Path) -> None:
    task = harness.task("entities", make_corpus(tmp_path / "tiny"))
    for order, ordered in (([0, 1, 2], True), ([1, 0, 2], False), ([0, 0, 1], False), ([], True)):
        write_task(tmp_path / "task.parquet", task.take(order))
        assert read_task_header(tmp_path / "task.parquet").ordered == ordered


def test_what_is_no_task_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "task.parquet"
    table = pa.table({"item": ["a"]})
    headers = [b"", b"{", b"[]", b"{}", b"\xff", b'{"name":"x","labels":[1]}', b"[" * 10_000]
    for header in headers:
        pq.write_table(table.replace_schema_metadata({"harness": header} if header else None), path)
        with pytest.raises(ProblemsFound, match=r"no header of a task|cannot be read as Parquet"):
            read_task_header(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(ProblemsFound, match="cannot be read as Parquet"):
        read_task_header(path)
    with pytest.raises(ProblemsFound, match="cannot be read as Parquet"):
        read_task_header(tmp_path / "nothing.parquet")
