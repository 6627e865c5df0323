"""The same corpus as Parquet shards, with a gold file for each task: for tens of thousands of documents and more."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.columns import TaskFile
    from harness.corpus import Corpus
    from harness.corpus.sources import Tell
    from harness.errors import Problem


@click.command()
@click.argument("corpus")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--shard-size", type=click.IntRange(1, 100_000), default=256, show_default=True, metavar="MB",
              help="A shard is closed once it has reached this size.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Take the place of an earlier build.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(corpus: str, out: Path, shard_size: int, replace: bool, as_json: bool) -> int:
    """Build CORPUS into Parquet: whole, or not at all. The folder stays what is edited.

    \b
    harness corpus build kabar --out kabar.parquet
    harness check kabar.parquet
    harness run --corpus kabar.parquet --task event --model majority

    DIR holds the documents, a row each with the texts of all its files, and in tasks/NAME.parquet the items and gold
    of every task, without the texts. Every command that reads a corpus reads it, with the same digest and the same
    problems; what edits one wants the folder.
    """
    from harness.cli import _show
    from harness.corpus import find

    tell = _show.counter("groups built")
    built = build_corpus(find(corpus), out, shard_bytes=shard_size << 20, replace=replace, tell=tell)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"exit": 0, "out": str(out), **msgspec.to_builtins(built)}).decode())
        return 0
    click.echo(f"{built.name}@{built.digest[:8]}  {built.digest}")
    many = "shard" if built.shards == 1 else "shards"
    click.echo(f"{built.documents} documents in {built.groups} groups, {built.shards} {many}")
    for name, items in built.tasks.items():
        click.echo(f"  task {name}: {items} items")
    for name, why in built.no_tasks.items():
        click.echo(f"  no file for layer {name}, which no task of corpus.toml asks: {why}")
    click.secho(f"Written to {out}.", fg="green")
    return 0


@dataclass(frozen=True)
class Built:
    """What was written."""

    name: str
    digest: str
    documents: int
    groups: int
    shards: int
    tasks: dict[str, int]  # name -> items
    no_tasks: dict[str, str] = field(default_factory=dict)  # layers that cannot be asked by their name, and why


def build_corpus(
    root: Path, out: Path, *, shard_bytes: int = 256 << 20, replace: bool = False, tell: Tell = lambda done, total: None
) -> Built:
    """Build a corpus into Parquet, its tasks with it, a part of some MB in memory at a time.

    Raises ProblemsFound with everything that makes the corpus, or a task that it declares, unusable; AskedWrongly
    where `out` is there and may not be replaced.
    """
    from harness.corpus.building import building

    with building(root, out, shard_bytes=shard_bytes, replace=replace, tell=tell) as build:
        tasks = _Tasks(build.folder / "tasks")
        try:
            for part in build.parts():
                tasks.take(part)
            items = tasks.finish(build.digest)
        finally:
            tasks.drop()
        name, counts = build.schema.name, (build.documents, build.groups, build.shards)
        return Built(name, build.digest, *counts, items, tasks.without)


class _Tasks:
    """The task files of a build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, TaskFile] = {}
        self.without: dict[str, str] = {}
        self.problems: list[Problem] = []

    def take(self, part: Corpus) -> None:
        """Ask every task of the next documents."""
        from harness.benchmark import task_of, tasks_of
        from harness.columns import TaskFile
        from harness.errors import AskedWrongly, ProblemsFound

        for name in tasks_of(part):
            if name in self.without:
                continue
            try:
                task = task_of(name, part)
            except (ProblemsFound, AskedWrongly) as error:
                if name not in part.schema.tasks:
                    self.without[name] = str(error).partition("\n")[0]
                    if name in self.files:
                        self.files.pop(name).drop()
                elif isinstance(error, ProblemsFound):
                    self.problems.extend(error.problems)
                else:
                    raise
                continue
            self.files.setdefault(name, TaskFile(self.folder / f"{name}.parquet")).add(task)

    def finish(self, digest: str) -> dict[str, int]:
        """Write the headers; gives the items of each task."""
        from harness.errors import ProblemsFound

        if self.problems:
            raise ProblemsFound(self.problems)
        return {name: file.finish(digest) for name, file in self.files.items()}

    def drop(self) -> None:
        for file in self.files.values():
            file.drop()
