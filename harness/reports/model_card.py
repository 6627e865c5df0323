"""A model card for the Hugging Face Hub: one model's scores as `model-index` metadata, and as tables below."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import AskedWrongly, UnknownName
from harness.files import write_atomically
from harness.parts import Rendering

if TYPE_CHECKING:
    from harness.reporting.account import Account, Entry

TASKS = {"label": "text-classification", "labels": "text-classification", "spans": "token-classification"}


def model_card(*, model: str = "") -> Rendering:
    """A README.md with a result for each task and metric of `model`, which may be left out where there is only one.

    The metadata hold the score as a whole by each metric, in full, and its interval as arguments of the metric; a score
    that is not defined stands in the text alone. `dataset.split` is the protocol, `dataset.revision` the digest of the
    corpus. The tables hold the scores of labels too. Say yourself what the model is for: a run does not know.
    """
    return Rendering(write=lambda account, path: _write(account, path, model), suffix=".md")


def _write(account: Any, path: Path, model: str) -> None:
    from huggingface_hub import ModelCardData

    own = _entries(account, model)
    found = [_result(entry, score) for entry in own for score in entry.kept.headlines if score.value == score.value]
    tasks = [task for entry in own if (task := account.tasks.get(entry.task))]
    languages = sorted({name for task in tasks for name in task.items.columns.get("language", ()) if name})
    about = ModelCardData(
        model_name=own[0].name, language=languages or None, tags=["text-harness"], eval_results=found or None
    )
    text = "\n".join(("---", about.to_yaml().strip(), "---", "", *_body(account, own), ""))
    write_atomically(path, text.encode())


def _entries(account: Account, model: str) -> list[Entry]:
    """The results of one model, on every task and with every seed."""
    names = list(dict.fromkeys(entry.name for entry in account.entries if entry.role != "reader"))
    if not model:
        models = list(dict.fromkeys(entry.name for entry in account.entries if entry.role == "model"))
        if len(models) != 1:
            raise AskedWrongly(f"a card is of one model. Say which: --as \"model-card(model='{names[-1]}')\".")
        model = models[0]
    if model not in names:
        raise UnknownName("model of this run", model, names)
    return [entry for entry in account.entries if entry.name == model]


def _result(entry: Entry, score: Any) -> Any:
    from huggingface_hub import EvalResult

    from harness.registry import parse

    said = entry.kept.content
    settings = parse(score.metric).settings
    ends = {"low": score.low, "high": score.high, "level": said["interval"]["level"]}
    interval = ends if score.low is not None else {}
    return EvalResult(
        task_type=TASKS[entry.kept.kind],
        task_name=entry.task,
        dataset_type=said["corpus"]["name"],
        dataset_name=said["corpus"]["name"],
        dataset_config=said["task"]["name"],
        dataset_split=said["protocol"],
        dataset_revision=said["corpus"]["digest"],
        dataset_args={"seed": said["seed"]},
        metric_type=parse(score.metric).name,
        metric_name=score.metric,
        metric_value=score.value,
        metric_args={**settings, **interval, "n": score.n, "units": score.units, "unit": score.unit},
    )


def _body(account: Account, own: list[Entry]) -> Iterator[str]:
    from harness.reporting.writing import escaped
    from harness.scores import show_value

    yield f"# {escaped(own[0].name)}"
    yield ""
    yield f"`{own[0].kept.content['model']}`, measured with text-harness: `{account.command}`. Intervals are at 95 %."
    for entry in own:
        said, first = entry.kept.content, entry.primary
        seed = "" if entry.seed is None else f", seed {entry.seed}"
        yield from ("", f"## {escaped(entry.task)}{seed}", "")
        yield f"{first.n:,} items in {first.units:,} {first.unit}s of {said['corpus']['name']}, {said['protocol']}."
        about = account.abouts.get(entry.task)
        if about is not None and about.licence:
            yield f"Licence of the texts: {escaped(about.licence)}."
        apart = {name: n for name, n in entry.kept.denominators.items() if n and name not in ("correct", "wrong")}
        if apart:
            yield f"Counted as wrong: {', '.join(f'{n:,} {name}' for name, n in apart.items())}."
        yield from ("", "| score | value, interval | n | beware |", "|---|---|---:|---|")
        for score in entry.kept.scores:
            yield f"| {escaped(score.name)} | {show_value(score)} | {score.n:,} | {escaped(score.note)} |"
        yield from ("", f"`{entry.kept.signature}`  ", f"result `{entry.kept.digest}`")
    for note in account.notes:
        yield from ("", f"Note: {escaped(note)}")
