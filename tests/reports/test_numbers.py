"""The reports csv and parquet: every number of every result, once, as its JSON has it."""

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from told import account_of, altered, contents, make_run

from harness.registry import make, parse
from harness.reporting.account import Account


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


def written(account: Account, form: str, path: Path) -> Path:
    make("reports", parse(form)).write(account, path)
    return path


def rows_of_csv(path: Path) -> list[dict[str, Any]]:
    """The rows, numbers as numbers and nothing where nothing stands."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kinds = {"value": float, "low": float, "high": float, "n": int, "units": int, "seed": int}
    return [{key: kinds.get(key, str)(value) if value else None for key, value in row.items()} for row in rows]


def due(told: Path) -> list[tuple[Any, ...]]:
    """What the results say: task, model, metric, label, slice, value, low, high, n, units, unit, note."""
    found: list[tuple[Any, ...]] = []
    for (task, model), said in contents(told).items():
        for score in said["scores"]:
            found.append((task, model, *(_number(score[name]) for name in NAMES)))
        for answered, count in said["denominators"].items():
            found.append((task, model, "items", answered, "", float(count), None, None, said["n"], None, "", ""))
    return found


def _number(value: Any) -> Any:
    """JSON has no 0.0, canonical JSON that is; n and units stay whole."""
    return value


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_number_is_there_once_and_equals_that_of_the_result(told: Path, tmp_path: Path, form: str) -> None:
    path = written(account_of(told), form, tmp_path / f"out.{form}")
    rows = rows_of_csv(path) if form == "csv" else pq.read_table(path).to_pylist()
    names = ("task", "model", *NAMES)
    found = [tuple("" if row[name] is None and name in TEXTS else row[name] for name in names) for row in rows]
    assert sorted(found, key=repr) == sorted(due(told), key=repr)


def test_a_score_that_is_not_defined_is_empty_and_not_left_out(told: Path, tmp_path: Path) -> None:
    def change(said: dict[str, Any]) -> None:
        said["scores"][0]["value"] = None

    account = altered(account_of(told), change)
    for path in (written(account, "csv", tmp_path / "a.csv"), written(account, "parquet", tmp_path / "a.parquet")):
        rows = rows_of_csv(path) if path.suffix == ".csv" else pq.read_table(path).to_pylist()
        assert sum(row["value"] is None for row in rows) == len(account.entries)


def test_a_name_that_a_spreadsheet_would_run_gets_a_quote_before_it(told: Path, tmp_path: Path) -> None:
    account = altered(account_of(told), lambda said: None, bayes="=cmd()", finder='a "b", c\nd')
    rows = rows_of_csv(written(account, "csv", tmp_path / "a.csv"))
    assert {"'=cmd()", 'a "b", c\nd'} < {row["model"] for row in rows}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_two_of_one_run_are_the_same_bytes(told: Path, tmp_path: Path, form: str) -> None:
    one, other = (written(account_of(told), form, tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
