"""Results in the schema of EvalEval's project Every Eval Ever: a JSON file a model, ready for its datastore."""

from __future__ import annotations

import datetime
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.files import canonical, digest, write_atomically
from harness.parts import Ranking, Rendering

if TYPE_CHECKING:
    from harness.registry import Spec
    from harness.reporting.account import Account, Entry
    from harness.scores import Score

VERSION = "0.3.0"  # of the schema
ELSEWHERE = ("endpoint", "command", "predictions", ".py:")  # in the specification of models that run who knows where


def every_eval_ever(*, organization: str = "not stated", developer: str = "text-harness") -> Rendering:
    """A folder with `data/BENCHMARK/DEVELOPER/MODEL/UUID.json` for each model and floor; no readers, who are no models.

    Every score that is defined is a result, those of labels and slices too, in full. The identifier of a file is made
    of its content, and its time is that of the run, so that the same run gives the same files; files of another run are
    left where they are. `organization` is who measured, `developer` who made the models.

    Source: eval.schema.json 0.3.0 of the package every-eval-ever, MIT licence.
    """
    return Rendering(write=lambda account, path: _write(account, path, organization, developer))


def _write(account: Any, path: Path, organization: str, developer: str) -> None:
    models: dict[str, list[Entry]] = {}
    for entry in account.entries:
        if entry.role != "reader":
            models.setdefault(entry.label, []).append(entry)
    for label, own in models.items():
        model = f"{_portable(developer)}/{_portable(label)}"
        record = _record(account, own, model, organization)
        name = uuid.UUID(bytes=bytes.fromhex(digest(record))[:16], version=4)
        place = path / "data" / _portable(account.name) / model / f"{name}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, canonical(record) + b"\n")


def _portable(name: str) -> str:
    """A name as a part of a path."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "unnamed"


def _record(account: Account, own: list[Entry], model: str, organization: str) -> dict[str, Any]:
    first = own[0].kept
    when = max(_when(entry) for entry in own)
    made = str(int(when.timestamp()))
    undefined = [f"{entry.task}: {s.name}" for entry in own for s in entry.kept.scores if s.value != s.value]
    results = [_result(account, entry, s) for entry in own for s in entry.kept.scores if s.value == s.value]
    source = {"command": account.command, **({"not_defined": "; ".join(undefined)} if undefined else {})}
    return {
        "schema_version": VERSION,
        "evaluation_id": f"{_portable(account.name)}/{model}/{made}",
        "evaluation_timestamp": when.isoformat(),
        "retrieved_timestamp": made,
        "source_metadata": {
            "source_name": account.name,
            "source_type": "evaluation_run",
            "source_organization_name": organization,
            "evaluator_relationship": "other",
            "additional_details": source,
        },
        "eval_library": {"name": "text-harness", "version": str(first.provenance.get("harness", "unknown"))},
        "model_info": _model(own[0], model),
        "evaluation_results": results,
    }


def _when(entry: Entry) -> datetime.datetime:
    """When a result was made; the beginning of time where nobody noted it."""
    said = entry.kept.provenance.get("when")
    return datetime.datetime.fromisoformat(said) if said else datetime.datetime.fromtimestamp(0, datetime.UTC)


def _model(entry: Entry, model: str) -> dict[str, Any]:
    spec = str(entry.kept.content["model"])
    deployed = "unknown" if any(name in spec for name in ELSEWHERE) else "self_deployed"
    details = {"deployment_type": deployed, "model_availability": "unknown", "specification": spec, "role": entry.role}
    return {"name": entry.label, "id": model, "developer": model.split("/")[0], "additional_details": details}


def _result(account: Account, entry: Entry, score: Score) -> dict[str, Any]:
    said, kept = entry.kept.content, entry.kept
    details = {"n": score.n, "units": score.units, "unit": score.unit, "label": score.label, "slice": score.slice}
    details |= {"note": score.note, **{f"items_{name}": n for name, n in kept.denominators.items()}}
    found: dict[str, Any] = {"score": score.value, "details": _texts(details)}
    if score.low is not None and score.high is not None:
        found["uncertainty"] = _uncertainty(score, said["interval"])
    about = {"digest": said["corpus"]["digest"], "task": said["task"]["name"], "protocol": said["protocol"]}
    if entry.task in account.abouts:
        about |= {"version": account.abouts[entry.task].version, "licence": account.abouts[entry.task].licence}
    run = {"signature": kept.signature, "result": kept.digest, "seed": said["seed"], "draw_seed": said["draw_seed"]}
    return {
        "evaluation_result_id": f"{entry.task}/{score.name}",
        "evaluation_name": entry.task,
        "source_data": {
            "dataset_name": said["corpus"]["name"],
            "source_type": "other",
            "additional_details": _texts(about),
        },
        "metric_config": _metric(account, score),
        "score_details": found,
        "generation_config": {"additional_details": _texts(run)},
    }


def _uncertainty(score: Score, interval: dict[str, Any]) -> dict[str, Any]:
    from harness.registry import make, parse

    ranking = isinstance(make("metrics", parse(score.metric)), Ranking)
    ends = {"lower": score.low, "upper": score.high, "confidence_level": interval["level"]}
    ends["method"] = interval["rankings" if ranking else "method"]
    draws = {} if ranking else {"num_bootstrap_samples": interval["draws"]}
    return {"confidence_interval": ends, "num_samples": score.units, **draws}


def _metric(account: Account, score: Score) -> dict[str, Any]:
    from harness.registry import parse

    spec = parse(score.metric)
    lower = account.lower_is_better(score.metric)
    low, high = _range(spec, lower)
    plain = {key: value for key, value in spec.settings.items() if isinstance(value, str | int | float | bool | None)}
    return {
        "metric_id": f"text-harness.{spec.name}",
        "metric_name": score.name,
        "metric_kind": spec.name,
        "metric_parameters": plain,
        "lower_is_better": lower,
        "score_type": "continuous",
        "min_score": low,
        "max_score": high,
    }


def _range(spec: Spec, lower: bool) -> tuple[float | str, float | str]:
    """The range that the docstring of a metric says; where it says none, what every metric promises."""
    from harness.registry import factory, parse

    if isinstance(inner := spec.settings.get("metric"), str):
        return _range(parse(inner), lower)
    said = re.search(r"Range\s+(-?[\d.]+)\s+to\s+(-?[\d.]*\d)", factory("metrics", spec.name).__doc__ or "")
    if said:
        return float(said[1]), float(said[2])
    return (0, "Infinity") if lower else ("-Infinity", 1)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """The values as texts, as the schema wants details; empty ones left out."""
    return {key: str(value) for key, value in values.items() if value not in ("", None)}
