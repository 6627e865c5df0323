"""The report mlflow: a store that MLflow's own client reads, with the numbers of the results."""

import math
import sqlite3
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from told import account_of, altered, contents, make_run

from harness.errors import NotInstalled
from harness.registry import make, parse
from harness.reporting.account import Account


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


def written(account: Account, path: Path) -> Path:
    for name in ("mlflow", "sqlalchemy", "alembic"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pytest.importorskip(name)
    make("reports", parse("mlflow")).write(account, path)
    return path


def runs(path: Path) -> tuple[Any, dict[tuple[str, str], Any]]:
    """The experiment and its runs by task and model, as MLflow's client gives them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        client = MlflowClient(f"sqlite:///{path}")
        [experiment] = [one for one in client.search_experiments() if one.name != "Default"]
        found = client.search_runs([experiment.experiment_id])
    return experiment, {tuple(run.info.run_name.split(" · ")): run for run in found}


def key(score: dict[str, Any]) -> str:
    part = score["label"] or score["slice"].replace("=", ":")
    return score["metric"].replace('(average="micro")', " average:micro") + (f"/{part}" if part else "")


def test_the_client_reads_every_number_setting_and_digest(told: Path, tmp_path: Path) -> None:
    experiment, found = runs(written(account_of(told), tmp_path / "m.sqlite"))
    due = contents(told)
    assert experiment.name == "bench"
    assert found.keys() == due.keys()
    for which, said in due.items():
        data, wanted = found[which].data, {}
        for score in said["scores"]:
            ends = {".low": score["low"], ".high": score["high"]}
            wanted |= {key(score): score["value"]}
            wanted |= {key(score) + name: end for name, end in ends.items() if end is not None}
        wanted |= {f"items/{answered}": count for answered, count in said["denominators"].items()}
        wanted |= {"n": said["n"], "units": said["scores"][0]["units"]}
        assert data.metrics == wanted
        assert data.params["model"] == said["model"]
        assert (data.params["protocol"], data.params["seed"]) == (said["protocol"], "13")
        assert data.tags["predictions"] == said["predictions"]
        assert data.tags["corpus"] == said["corpus"]["digest"]
        assert data.tags["signature"].startswith("waves@")
        assert found[which].info.status == "FINISHED"
    assert found["tone", "bayes"].data.params["model.make"] == "./mine.py:words"
    assert found["tone", "reader2"].data.tags["role"] == "reader"


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    base = sqlite3.connect(path)
    names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: sorted(base.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}
    base.close()
    return found


def test_two_of_one_run_have_the_same_rows_without_texts(told: Path, tmp_path: Path) -> None:
    one, other = (written(account_of(told), tmp_path / name) for name in ("one", "other"))
    assert rows(one) == rows(other)
    assert len(rows(one)["runs"]) == 7
    assert b"Ana Lestari" not in one.read_bytes()
    assert str(tmp_path).encode() not in one.read_bytes()


def test_a_score_that_is_not_defined_is_nan_to_the_client(told: Path, tmp_path: Path) -> None:
    account = altered(account_of(told), lambda said: said["scores"][0].update(value=None))
    _, found = runs(written(account, tmp_path / "m.sqlite"))
    assert math.isnan(found["tone", "bayes"].data.metrics["f1"])


def test_without_the_library_the_line_that_installs_it_is_said(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    with pytest.raises(NotInstalled, match=r'pip install "text-harness\[mlflow\]"'):
        make("reports", parse("mlflow")).write(account_of(told), tmp_path / "m.sqlite")
    assert not (tmp_path / "m.sqlite").exists()
