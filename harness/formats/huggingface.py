"""Hugging Face datasets: a folder saved to disk, a folder of data files with its card, or a dataset of the hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, NotInstalled, Problem, ProblemsFound
from harness.files import stream_json_lines
from harness.formats import _features as features
from harness.formats._arrow import as_json, batches_of, column, rows_of, values_by_key
from harness.formats._documents import own_files
from harness.parts import Format, Row, Shape

HUB = re.compile(r"[\w.-]+/[\w.-]+")
SPLIT = re.compile(r"\w+(\.\w+)*")
DEV = dict.fromkeys(("validation", "valid", "val"), "dev")
NONE = "unsplit"  # the split of documents that are in none
SPLITS = {"train": "train|training", "validation": "validation|valid|dev|val", "test": "test|testing|eval|evaluation"}
DATA = (".parquet", ".arrow", ".jsonl", ".json", ".jsonl.gz", ".ndjson")
STATE = "state.json"  # which `save_to_disk` puts beside the data of each split
BESIDES = ("README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json")  # no data


def huggingface(*, config: str = "", split: str = "", revision: str = "") -> Format:
    """A folder of `save_to_disk`, a folder of Parquet, Arrow or JSON-lines files with its README.md, or `OWNER/NAME`.

    Columns are the keys of JSON lines, the name of the split is `split`, where validation, valid and val are dev,
    as which it is written. The numbers of a ClassLabel become names; -1 is none. `tokens` and ClassLabels
    that are tags become a text with single spaces and spans under the name of the tags. `config` and `split` take one
    of several, by its name there; a local path is never looked up on the hub, `revision` is for the hub alone, and
    no script of a dataset is run.

    Written is a DatasetDict of `save_to_disk`, a dataset a split, and a README.md that names its files, so that
    `load_dataset` takes the folder too. Labels are ClassLabels in the order of the layer; columns that Arrow has no
    type for are JSON texts.
    """

    def read(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
        if not path.exists() and not path.is_absolute() and HUB.fullmatch(path.as_posix()):
            yield from _hub(path.as_posix(), config, split, revision, problems)
        else:
            yield from _local(path, config, split, problems)

    return Format(read=read, write=_write, counts="item")


def _hub(name: str, config: str, split: str, revision: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    """Rows of a dataset of the hub. Raises HarnessError where it cannot be had."""
    datasets = _library()
    try:
        made = datasets.load_dataset(name, config or None, split=split or None, revision=revision or None)
    except Exception as error:  # of the network, the hub or the data, in the words of many libraries
        why = str(error).partition("\n")[0] or type(error).__name__
        remedy = "Check the name and the network, or download the dataset and name its folder."
        raise HarnessError(f"{name}: no such path here, and not to be had from the hub ({why}). {remedy}") from error
    number = 1
    for part, dataset in made.items() if isinstance(made, dict) else [(split, made)]:
        schema = dataset.features.arrow_schema
        for table in dataset.with_format("arrow").iter(1000):
            for batch in table.combine_chunks().to_batches():
                yield from _rows(batch, schema.metadata, {}, name, number, part, problems)
                number += batch.num_rows


def _library() -> Any:
    try:
        import datasets
    except ImportError:
        raise NotInstalled("datasets", "") from None
    return datasets


def _rows(
    batch: Any, metadata: Any, known: features.Kinds, place: str, first: int, part: str, problems: list[Problem]
) -> Iterator[tuple[int, Row]]:
    kinds = features.kinds_of(metadata) or known
    for number, row in rows_of(batch, place, first, problems):
        yield from _finished(row, kinds, place, number, part, problems)


def _finished(
    row: Row, kinds: features.Kinds, place: str, number: int, part: str, problems: list[Problem]
) -> Iterator[tuple[int, Row]]:
    try:
        named = features.named(row, kinds)
    except features.Wrong as error:
        problems.append(Problem(place, number, str(error), "Mend the features, or the row."))
        return
    if part and part != NONE:
        named.setdefault("split", DEV.get(part, part))
    yield number, named


def _local(path: Path, config: str, split: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    counted, known = 0, features.Kinds()
    try:
        if path.is_file():
            files = [(split, path)]
        else:
            known, files = _files(path, config, problems)
    except OSError as error:
        remedy = "Check that it is there, or write OWNER/NAME for a dataset of the hub."
        problems.append(Problem(str(path), 0, f"cannot be read ({error.strerror})", remedy))
        return
    chosen = [(part, file) for part, file in files if not split or part == split]
    if not chosen and not problems:
        there = ", ".join(sorted({part for part, _ in files})) or "none"
        problems.append(Problem(str(path), 0, f"no data of split {split or 'any'}", f"Splits there are: {there}."))
    for part, file in chosen:
        for number, row in _file_rows(file, known, part, problems):
            counted += 1
            yield (number if len(chosen) == 1 else counted), row


def _file_rows(file: Path, known: features.Kinds, part: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    place = str(file)
    if file.name.endswith((".jsonl", ".json", ".jsonl.gz", ".ndjson")):
        try:
            for number, row in stream_json_lines(file):
                yield from _finished(row, known, place, number, part, problems)
        except ProblemsFound as found:
            problems.extend(found.problems)
        return
    first = 1
    try:
        opened = file.open("rb")
    except OSError as error:
        problems.append(Problem(place, 0, f"cannot be read ({error.strerror})", "Check the path."))
        return
    with opened:
        for batch in batches_of(file, opened, problems, stream=file.suffix == ".arrow"):
            yield from _rows(batch, batch.schema.metadata, known, place, first, part, problems)
            first += batch.num_rows


def _files(folder: Path, config: str, problems: list[Problem]) -> tuple[features.Kinds, list[tuple[str, Path]]]:
    """What the card says of columns, and the data files with their splits: saved, as the card says, or by name."""
    list(folder.iterdir())  # raises where it is no folder
    found = own_files(folder, ("",), problems)
    saved = {file.parent: file.parent.name if file.parent != folder else "" for file in found if file.name == STATE}
    if saved:
        data = [file for file in found if re.fullmatch(r"data-.*\.arrow", file.name)]
        return features.Kinds(), [(saved[file.parent], file) for file in data if file.parent in saved]
    kinds, patterns, before = features.Kinds(), list[tuple[str, str]](), len(problems)
    if folder / "README.md" in found:
        kinds, patterns = features.card(folder / "README.md", config, problems)
    if len(problems) > before:
        return kinds, []
    named = [(file.relative_to(folder), file) for file in found if file.name not in BESIDES]
    if patterns:
        return kinds, [(part, file) for part, one in patterns for name, file in named if _fits(name, one)]
    return kinds, [(_split_of(name), file) for name, file in named if name.name.endswith(DATA)]


def _fits(file: Path, pattern: str) -> bool:
    """Whether a pattern names a file: `**` is any folders, the file too; names that begin with a dot are hidden."""
    if any(part.startswith(".") for part in file.parts) and "/." not in f"/{pattern.removeprefix('./')}":
        return False
    reached = {0}  # how many parts of the name the pattern so far may stand for
    for one in (part for part in pattern.split("/") if part not in ("", ".")):
        if one == "**" and reached:
            reached = set(range(min(reached), len(file.parts) + 1))
        else:
            reached = {i + 1 for i in reached if i < len(file.parts) and fnmatchcase(file.parts[i], one)}
    return len(file.parts) in reached


def _split_of(file: Path) -> str:
    """The split that a path names, as `datasets` guesses it."""
    for split, words in SPLITS.items():
        if re.search(rf"(^|[^a-zA-Z0-9])({words})([^a-zA-Z0-9]|$)", file.as_posix()):
            return split
    return "train"


def _write(rows: Iterable[Row], path: Path, layers: Mapping[str, Shape]) -> None:
    import pyarrow as pa

    datasets = _library()
    rows = list(rows)
    columns, kinds = {}, {}
    plain = [{key: value for key, value in row.items() if key != "split"} for row in rows]
    for key, values in values_by_key(plain).items():
        if key in layers:
            values = [features.cell(value, layers[key]) for value in values]
        array = column(values, ordered=key not in layers)
        columns[key] = pa.array(as_json(values), pa.string()) if array is None else array
        kinds[key] = features.feature(columns[key].type, layers.get(key), values)
    by_split: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        split = row.get("split")
        by_split.setdefault(split if isinstance(split, str) and SPLIT.fullmatch(split) else NONE, []).append(i)
    schema = datasets.Features(kinds)
    made = datasets.DatasetDict()
    for split, index in by_split.items():
        of = {key: array.take(pa.array(index)).to_pylist() for key, array in columns.items()}
        made[split] = datasets.Dataset.from_dict(of, features=schema)
    features.save(made, path)
