"""The section on every kind of model is of today's corpus and benchmark, and its light rows are recomputed."""

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import tomli_w

import harness
from harness.benchmark import read
from harness.registry import Spec, parse
from harness.running import kinds_of, metrics_of, run_model

BENCHMARKS = Path(harness.__file__).parent.parent / "benchmarks"
TABLE = tomllib.loads((BENCHMARKS / "kabar-full.toml").read_text(encoding="utf-8"))
LIGHT = ("majority", "chance", "gazetteer")  # which need no time, and no library that is not always there
KINDS = {"stance": "label", "event": "label", "entities": "spans"}


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.chdir(BENCHMARKS.parent)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import full

    return full


@pytest.fixture
def section(full) -> str:
    said: str = full.standing((BENCHMARKS / "README.md").read_text(encoding="utf-8"))
    assert said.endswith(full.END)
    return said


def rows_of(section: str, heading: str) -> dict[str, str]:
    """The rows of the table under a heading, by what stands first in them."""
    below = section.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in below.splitlines() if line.startswith("| ")][1:]  # the first is the head
    found = {row.split(" | ")[0].removeprefix("| "): row for row in rows}
    assert len(found) == len(rows)  # none stands twice
    return found


def specs() -> dict[str, Spec]:
    """The models of the TOML. Reading the whole benchmark would make them, and want their libraries."""
    found = {}
    for name, said in TABLE["models"].items():
        if isinstance(said, str):
            found[name] = parse(said)
        else:
            found[name] = Spec(said["use"], {key: one for key, one in said.items() if key not in ("use", "tasks")})
    return found


def test_eight_kinds_of_model_and_more_are_compared_the_transformer_and_the_endpoint_among_them() -> None:
    kinds = {spec.name for spec in specs().values()}
    assert len(kinds) >= 8
    assert kinds >= {"transformer", "endpoint", "embedding", "spacy", "tfidf", "calibrated", "vote", "sklearn", "crf"}


def test_the_models_are_those_of_the_benchmark(section: str) -> None:
    assert rows_of(section, "The models") == {name: f"| {name} | `{spec}` |" for name, spec in specs().items()}


@pytest.mark.parametrize("task", KINDS)
def test_each_model_that_can_answer_a_task_has_its_row_and_nobody_else(section: str, task: str) -> None:
    only = {name: said["tasks"] for name, said in TABLE["models"].items() if "tasks" in said}
    due = [name for name, spec in specs().items() if KINDS[task] in kinds_of(spec) and task in only.get(name, [task])]
    assert list(rows_of(section, f"{task}, train>test")) == due
    assert [one["use"] for one in TABLE["tasks"]] == list(KINDS)


def test_the_light_rows_are_what_they_give_today_on_the_corpus_of_today(full, section: str, tmp_path: Path) -> None:
    tasks = [{**task, "corpus": str(BENCHMARKS / task["corpus"])} for task in TABLE["tasks"]]
    light = {**TABLE, "tasks": tasks, "models": {name: TABLE["models"][name] for name in LIGHT}}
    (tmp_path / "light.toml").write_text(tomli_w.dumps(light))
    benchmark = read(tmp_path / "light.toml")
    cells = list(benchmark.cells())
    assert len(cells) == 6
    splits = benchmark.tasks[1].items["split"]
    head = full.HEAD.partition("{server}")[0].format(train=splits.count("train"), test=splits.count("test"))
    assert section.startswith(full.BEGIN + head)
    for task, name, spec in cells:
        result = run_model(task, spec, metrics_of(task), seed=benchmark.seed, split=benchmark.split)
        row = full.Row(name, result)
        assert rows_of(section, f"{task.name}, train>test")[name].startswith(row.line)
        assert f"\n## {task.name}, train>test\n\n{full.said_of(result)}\n" in section


def test_what_was_not_answered_stands_in_the_row(full, section: str) -> None:
    """A chat model of random weights answers nothing that can be read."""
    lost = rows_of(section, "stance, train>test")["endpoint"].split(" | ")[-2]
    counts = [int(many) for many in re.findall(r"(?:invalid|abstained) (\d+) of 513", lost)]
    assert sum(counts) > 0
    assert rows_of(section, "stance, train>test")["tfidf"].split(" | ")[-2] == "0"
