"""The reports csv and parquet: every number of every result, once, as its JSON has it."""

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from told import account_of, altered, contents, make_run

from harness.registry import make, parse
from harness.reporting.account import Account

WHICH = ("task", "model", "metric", "label", "slice")
WHAT = ("value", "low", "high", "n", "units", "unit", "note")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


def written(account: Account, form: str, path: Path) -> Path:
    make("reports", parse(form)).write(account, path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """The rows, numbers as numbers, and None where nothing stands."""
    if path.suffix == ".parquet":
        return [dict(row) for row in pq.read_table(path).to_pylist()]
    kinds = {"value": float, "low": float, "high": float, "n": int, "units": int, "seed": int}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        {key: (kinds[key](value) if value else None) if key in kinds else value for key, value in row.items()}
        for row in rows
    ]


def due(told: Path) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What the results say."""
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for (task, model), said in contents(told).items():
        for score in said["scores"]:
            found[(task, model, *(score[name] for name in WHICH[2:]))] = tuple(score[name] for name in WHAT)
        for answered, count in said["denominators"].items():
            found[task, model, "items", answered, ""] = (count, None, None, said["n"], None, "", "")
    return found


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_every_number_is_there_once_and_equals_that_of_the_result(told: Path, tmp_path: Path, suffix: str) -> None:
    rows = read(written(account_of(told), suffix, tmp_path / f"out.{suffix}"))
    found = {tuple(row[name] for name in WHICH): tuple(row[name] for name in WHAT) for row in rows}
    assert found == due(told)
    assert len(rows) == len(found) > 60


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_score_that_is_not_defined_is_empty_and_not_left_out(told: Path, tmp_path: Path, suffix: str) -> None:
    account = altered(account_of(told), lambda said: said["scores"][0].update(value=None))
    rows = read(written(account, suffix, tmp_path / f"out.{suffix}"))
    assert len(rows) == len(due(told))
    assert sum(row["value"] is None for row in rows) == len(account.entries)


def test_a_name_that_a_spreadsheet_would_run_gets_a_quote_before_it(told: Path, tmp_path: Path) -> None:
    account = altered(account_of(told), lambda said: None, bayes="=cmd()", finder='a "b", c\nd')
    rows = read(written(account, "csv", tmp_path / "out.csv"))
    assert {"'=cmd()", 'a "b", c\nd'} < {row["model"] for row in rows}


@pytest.mark.parametrize("form", ["csv", "parquet", "latex"])
def test_two_reports_of_one_run_are_the_same_bytes(told: Path, tmp_path: Path, form: str) -> None:
    one, other = (written(account_of(told), form, tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
