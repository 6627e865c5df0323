"""The report every_eval_ever: what the published schema takes, with the numbers of the results."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from told import account_of, altered, contents, make_run, name_of

from harness.registry import make, parse
from harness.reporting.account import Account

SCHEMA = Path(__file__).parent / "every_eval_ever" / "eval.schema.json"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


def written(account: Account, folder: Path, form: str = "every_eval_ever") -> dict[Path, dict[str, Any]]:
    make("reports", parse(form)).write(account, folder)
    return {path: json.loads(path.read_text()) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_file_is_valid_by_the_published_schema(told: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    for record in written(account_of(told), tmp_path / "eee").values():
        jsonschema.Draft7Validator(schema).validate(record)
        assert record["schema_version"] == schema["version"]
    with pytest.raises(jsonschema.ValidationError):  # so that the validator is seen to look
        jsonschema.Draft7Validator(schema).validate({**record, "evaluation_results": [{}]})


def test_the_projects_own_validator_takes_every_file_where_it_is_installed(told: Path, tmp_path: Path) -> None:
    core = pytest.importorskip("every_eval_ever.validator.validation_core")
    for path in written(account_of(told), tmp_path / "eee"):
        place = path.relative_to(tmp_path / "eee").as_posix()
        report = core.validate_aggregate(path, repo_path=place, run_semantic_checks=True)
        assert (report.valid, report.errors, report.warnings) == (True, [], [])


def test_every_number_equals_that_of_the_result(told: Path, tmp_path: Path) -> None:
    files = written(account_of(told), tmp_path / "eee")
    assert {path.parts[-2] for path in files} == {"bayes", "finder", "floor"}  # a reader is no model
    for path, record in files.items():
        found = {one["evaluation_result_id"]: one for one in record["evaluation_results"]}
        own = {task: said for (task, model), said in contents(told).items() if model == path.parts[-2]}
        due = {f"{task}/{name_of(score)}": score for task, said in own.items() for score in said["scores"]}
        assert found.keys() == due.keys()
        for name, score in due.items():
            details = found[name]["score_details"]
            ends = details.get("uncertainty", {}).get("confidence_interval", {})
            assert details["score"] == score["value"]
            assert (ends.get("lower"), ends.get("upper")) == (score["low"], score["high"])
            assert (details["details"]["n"], details["details"]["units"]) == (str(score["n"]), str(score["units"]))
            said = own[name.split("/")[0]]
            for answered, count in said["denominators"].items():
                assert details["details"][f"items_{answered}"] == str(count)
            assert found[name]["source_data"]["additional_details"]["digest"] == said["corpus"]["digest"]


def test_a_file_stands_where_the_datastore_wants_it_under_a_name_of_its_content(told: Path, tmp_path: Path) -> None:
    one, other = (written(account_of(told), tmp_path / name, "every_eval_ever(developer='me & you')") for name in "ab")
    assert [path.relative_to(tmp_path / "a") for path in one] == [path.relative_to(tmp_path / "b") for path in other]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    for path, record in one.items():
        data, benchmark, developer, model, name = path.relative_to(tmp_path / "a").parts
        assert (data, benchmark, developer) == ("data", "bench", "me-you")
        assert uuid.UUID(Path(name).stem).version == 4
        assert record["model_info"]["id"] == f"me-you/{model}"
        assert record["evaluation_id"] == f"bench/me-you/{model}/{record['retrieved_timestamp']}"


def test_ranges_are_those_of_the_metrics_docstrings(told: Path, tmp_path: Path) -> None:
    ranges = {"kappa": (-1, 1, False), "brier": (0, 2, True), "by_target(metric='mcc')": (-1, 1, False)}
    for metric, due in ranges.items():

        def change(said: dict[str, Any], metric: str = metric) -> None:
            for score in said["scores"]:
                score["metric"] = metric

        for record in written(altered(account_of(told), change), tmp_path / metric).values():
            for one in record["evaluation_results"]:
                said = one["metric_config"]
                assert (said["min_score"], said["max_score"], said["lower_is_better"]) == due


def test_a_score_that_is_not_defined_is_named_apart(told: Path, tmp_path: Path) -> None:
    account = altered(account_of(told), lambda said: said["scores"][0].update(value=None))
    records = {path.parts[-2]: record for path, record in written(account, tmp_path / "eee").items()}
    assert records["bayes"]["source_metadata"]["additional_details"]["not_defined"] == (
        'stance: f1(average="micro"); tone: f1'
    )
    names = [one["evaluation_result_id"] for one in records["bayes"]["evaluation_results"]]
    assert "tone/f1" not in names
    assert "tone/kappa" in names
