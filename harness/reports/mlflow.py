"""A tracking store of MLflow: an SQLite file with a run for each model and task, its scores, settings and digests."""

from __future__ import annotations

import datetime
import logging
import os
import re
import sqlite3
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import NotInstalled
from harness.files import digest, write_atomically
from harness.parts import Rendering

if TYPE_CHECKING:
    from harness.reporting.account import Account, Entry
    from harness.scores import Score

ARTIFACTS = "mlflow-artifacts:/"  # none are kept; a place of the server's, so that no path of ours is written
TABLES = ("runs", "metrics", "latest_metrics", "params", "tags")  # that hold the identifier of a run
BATCH = 500  # metrics that are logged at once; MLflow takes 1,000


def mlflow() -> Rendering:
    """An SQLite file for `mlflow server --backend-store-uri sqlite:///FILE`; texts and predictions are not in it.

    An experiment has the run's name, each of its runs is a model on a task. Every score is a metric, as `f1` or
    `f1/FAVOR`, with `f1.low` and `f1.high` beside it; so is how often items were answered in which way. What MLflow
    draws by chance or by the clock is set to digests and to the time of the result: the same run gives the same rows.
    The bytes may differ, since MLflow makes its tables in the order of a set.
    """
    return Rendering(write=_write, suffix=".sqlite")


def _write(account: Any, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        draft, final = Path(folder) / "draft.sqlite", Path(folder) / "final.sqlite"
        with warnings.catch_warnings():  # of libraries that MLflow uses
            warnings.simplefilter("ignore")
            runs = _log(account, draft)
        _settle(draft, final, runs)
        write_atomically(path, final.read_bytes())


def _log(account: Account, file: Path) -> dict[str, str]:
    """Let MLflow write the runs; the identifier that each should have, by the one that MLflow drew."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # before it is imported: nothing leaves this machine
    try:
        import alembic  # noqa: F401
        import sqlalchemy  # noqa: F401
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param, RunTag
    except ImportError:
        raise NotInstalled("mlflow", "mlflow") from None
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    client, names = MlflowClient(f"sqlite:///{file}"), {}
    experiment = client.create_experiment(account.name, artifact_location=ARTIFACTS)
    for entry in account.entries:
        when = _when(entry)
        run = client.create_run(experiment, start_time=when, run_name=f"{entry.task} · {entry.label}").info.run_id
        metrics = [Metric(key, value, when, 0) for key, value in _metrics(entry).items()]
        params = [Param(key, str(value)) for key, value in _params(entry).items()]
        tags = [RunTag(key, str(value)) for key, value in _tags(account, entry).items()]
        client.log_batch(run, params=params, tags=tags)
        for start in range(0, len(metrics), BATCH):
            client.log_batch(run, metrics=metrics[start : start + BATCH])
        client.set_terminated(run, end_time=when)
        names[run] = digest([entry.task, entry.label, entry.kept.digest])[:32]
    return names


def _settle(draft: Path, final: Path, runs: Mapping[str, str]) -> None:
    """The store with identifiers and times that are always the same, its rows packed anew."""
    base = sqlite3.connect(draft)
    with base:
        for drawn, ours in runs.items():
            for table in TABLES:
                base.execute(f"UPDATE {table} SET run_uuid = ? WHERE run_uuid = ?", (ours, drawn))
        base.execute("UPDATE runs SET artifact_uri = ? || run_uuid || '/artifacts'", (ARTIFACTS,))
        first = "(SELECT min(start_time) FROM runs)"
        base.execute(f"UPDATE experiments SET creation_time = {first}, last_update_time = {first}")
        base.execute("UPDATE experiments SET artifact_location = ?", (ARTIFACTS,))
    base.execute("VACUUM INTO ?", (str(final),))
    base.close()


def _when(entry: Entry) -> int:
    """When a result was made, in milliseconds."""
    said = entry.kept.provenance.get("when")
    return int(datetime.datetime.fromisoformat(said).timestamp() * 1000) if said else 0


def _metrics(entry: Entry) -> dict[str, float]:
    found: dict[str, float] = {}
    for score in entry.kept.scores:
        key = _key(score)
        ends = {f"{key}.low": score.low, f"{key}.high": score.high}
        found |= {key: score.value, **{name: end for name, end in ends.items() if end is not None}}
    found |= {f"items/{answered}": count for answered, count in entry.kept.denominators.items()}
    return found | {"n": entry.kept.n, "units": entry.primary.units}


def _key(score: Score) -> str:
    """A name of signs that MLflow takes: `f1 average:micro/FAVOR`."""
    from harness.registry import parse

    spec = parse(score.metric)
    settings = "".join(f" {name}:{value}" for name, value in sorted(spec.settings.items()))
    part = score.label or score.slice
    said = f"{spec.name}{settings}{f'/{part}' if part else ''}".replace("=", ":")
    return re.sub(r"[^\w\-. :/]", "_", said)


def _params(entry: Entry) -> dict[str, Any]:
    from harness.registry import parse

    said = entry.kept.content
    settings = {f"model.{name}": value for name, value in parse(said["model"]).settings.items()}
    about = {"corpus": said["corpus"]["name"], "task": entry.task, "model": said["model"], **settings}
    return about | {name: said[name] for name in ("protocol", "seed", "draw_seed")}


def _tags(account: Account, entry: Entry) -> dict[str, Any]:
    said = entry.kept.content
    digests = {name: said[name] for name in ("items", "texts", "gold", "predictions")}
    tags = {"signature": entry.kept.signature, "result": entry.kept.digest, "corpus": said["corpus"]["digest"]}
    return {**tags, **digests, "role": entry.role, "unit": entry.primary.unit, "command": account.command}
