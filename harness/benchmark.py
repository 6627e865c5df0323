"""A benchmark TOML -> the runs it asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.built import task_in
from harness.corpus import Corpus, find, load
from harness.corpus.reading import Tell
from harness.errors import AskedWrongly, HarnessError, Problem, UnknownName, quote, suggestion
from harness.files import digest, read_toml
from harness.parts import Task
from harness.registry import Spec, make, parse
from harness.result import Result
from harness.running import FOLDS, SEED, Asked, Progress, fits, metrics_of, run_all, score_answers, silent
from harness.slicing import refuse_unknown
from harness.store import Store

TOP = ("seed", "seeds", "folds", "split", "tasks", "models")
MODEL_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
No = Callable[[Sequence[str], str, str], None]  # where, what was found, the remedy
EXAMPLE = {"metrics": "f1", "slices": "language", "readers": "reader2"}
OF_TASK = ("corpus", "built_by", "use", "metrics", "slices", "readers")
ELSEWHERE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")  # as in a shell: what the environment says, else what stands here


def task_of(name: str, corpus: Corpus) -> Task:
    """A question asked of a corpus: one that its `corpus.toml` declares, or a layer by its name."""
    declared = corpus.schema.tasks.get(name)
    if declared is None:
        if name not in corpus.schema.layers:
            raise UnknownName(f"task of {corpus.name}", name, tasks_of(corpus))
        declared = {"layer": name}
    settings = dict(declared)
    use = settings.pop("use", corpus.schema.layers[settings["layer"]].kind)
    if "metrics" in settings:
        settings["metrics"] = tuple(settings["metrics"])
    task: Task = make("tasks", Spec(use, settings), corpus, name)
    return task


def read_by(readers: Sequence[str], task: Task, use: str, path: Path) -> Task:
    """The task with the answers of other annotators beside it; what all of them read is what will be scored.

    Raises AskedWrongly for one who has not done the layer of any document.
    """
    answers, read = {}, [True] * len(task)
    place = {item: i for i, item in enumerate(task.items["item"])}
    for reader in readers:
        theirs = task_of(use, load(find(path), by=reader))
        came = {place[item]: i for i, item in enumerate(theirs.items["item"]) if item in place}
        if not came:
            raise AskedWrongly(
                f"{reader} has not done {task.name} of any document. Readers are the NAME of ID.NAME.jsonl."
            )
        done = set(theirs.items["document"])
        read = [both and document in done for both, document in zip(read, task.items["document"], strict=True)]
        answers[reader] = theirs.gold.bare.take([came.get(i, -1) for i in range(len(task))])
    return replace(task, readers=answers, read=read if readers else ())


def tasks_of(corpus: Corpus) -> list[str]:
    """The tasks that can be asked of a corpus: those declared, then each layer by its name."""
    return [*corpus.schema.tasks, *(name for name in corpus.schema.layers if name not in corpus.schema.tasks)]


@dataclass(frozen=True)
class Benchmark:
    """Tasks and models, and the protocol that all of them are run under."""

    name: str
    tasks: tuple[Task, ...]
    models: Mapping[str, Spec]  # the benchmark's name for it -> spec
    only_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # model -> names of tasks
    seed: int = SEED
    folds: int = FOLDS
    split: str = ""
    seeds: int = 1  # trainings of each model; what differs is the seed of training, not the folds
    corpora: Mapping[str, Path] = field(default_factory=dict)  # a corpus by its name, built or not -> where it is
    file: Path | None = None  # where it was read from

    def cells(self) -> Iterator[tuple[Task, str, Spec]]:
        """Every task with every model that can answer it."""
        for task in self.tasks:
            for name, spec in self.models.items():
                if fits(task, spec) and task.name in self.only_on.get(name, (task.name,)):
                    yield task, name, spec

    def asked(self) -> Iterator[tuple[str, str, Asked]]:
        """Every task with every model that can answer it and every seed of training: their names, and what is asked."""
        made = {id(task): metrics_of(task) for task in self.tasks}
        for task, name, spec in self.cells():
            metrics = made[id(task)]
            for seed in range(self.seed, self.seed + self.seeds):
                yield self.title(task), name, Asked(task, spec, metrics, seed, self.folds, self.split, self.seed)

    def only(self, models: tuple[str, ...]) -> Benchmark:
        """The same with some of its models alone."""
        for model in models:
            if model not in self.models:
                raise UnknownName(f"model in {self.name}", model, self.models)
        kept = {name: spec for name, spec in self.models.items() if not models or name in models}
        return replace(self, models=kept)

    def title(self, task: Task) -> str:
        """The task's name, with its corpus's where the benchmark has two tasks of one name."""
        alone = sum(other.name == task.name for other in self.tasks) == 1
        return task.name if alone else f"{task.corpus}.{task.name}"

    @property
    def sources(self) -> dict[str, dict[str, str]]:
        """Where each task's gold can be read again: the corpus, from the working folder, and the task's name."""
        return {
            self.title(task): {"corpus": os.path.relpath(self.corpora[task.corpus]), "use": task.name}
            for task in self.tasks
            if task.corpus in self.corpora
        }

    @property
    def identity(self) -> str:
        """Digest of what is asked: corpora, tasks, models and protocol. Names the folder of its results."""
        tasks = [
            [task.corpus_digest, task.name, dict(task.settings), list(task.metrics), list(task.slices), [*task.readers]]
            for task in self.tasks
        ]
        models = {name: str(spec) for name, spec in self.models.items()}
        return digest([tasks, models, self.seed, self.seeds, self.folds, self.split])


@dataclass(frozen=True)
class Outcome:
    """One model with one seed on one task of a benchmark, and what came of it: a result, or why there is none."""

    task: str
    model: str
    seed: int
    result: Result | None
    error: HarnessError | None = None

    @property
    def failure(self) -> str:
        """Why there is no result; empty where there is one."""
        return str(self.error) if self.error else ""


def read(path: Path, tell: Tell = lambda done, total: None) -> Benchmark:
    """A benchmark from its file. Raises AskedWrongly with every problem of it, each with its line."""
    problems: list[Problem] = []
    place = str(path)
    table, lines = read_toml(path, place, problems)
    if problems:
        raise AskedWrongly("\n".join(map(str, sorted(set(problems)))))

    def no(where: Sequence[str], found: str, remedy: str) -> None:
        problems.append(Problem(place, lines(*where), found, remedy))

    for key in table:
        if key not in TOP:
            no((key,), f"unknown key {quote(key)}", suggestion(key, TOP))
    for key, kind, wanted in (
        ("seed", int, "a whole number"),
        ("seeds", int, "a whole number"),
        ("folds", int, "a whole number"),
        ("split", str, "a text"),
    ):
        if key in table and (not isinstance(table[key], kind) or isinstance(table[key], bool)):
            no((key,), f"{key} is not {wanted}", f"Write {wanted}.")
    if "folds" in table and "split" in table:
        no(("split",), "both folds and split are given", "Keep one: cross-validation, or learn>score.")
    models, only_on = _models(table.get("models"), no)
    corpora: dict[str, Path] = {}
    tasks = _tasks(table.get("tasks"), path.parent, corpora, no, tell)
    _refuse_shared(table.get("tasks"), models, no)
    known = {task.name for task in tasks}
    for name, wanted_tasks in only_on.items():
        for task in wanted_tasks:
            if task not in known:
                no(("models", name, "tasks"), f"unknown task {quote(task)}", suggestion(task, sorted(known)))
    if problems:
        raise AskedWrongly("\n".join(map(str, sorted(set(problems)))))
    seed, seeds = table.get("seed", SEED), table.get("seeds", 1)
    if seed < 0 or seeds < 1 or seed + seeds > 2**32:
        raise AskedWrongly(
            f"{place}:{lines('seed')}: seed or seeds out of range. Give a seed from 0 to {2**32 - 1}, and seeds from 1."
        )
    folds, split = table.get("folds", FOLDS), table.get("split", "")
    return Benchmark(path.stem, tuple(tasks), models, only_on, seed, folds, split, seeds, corpora, path)


def _models(table: Any, no: No) -> tuple[dict[str, Spec], dict[str, tuple[str, ...]]]:
    models: dict[str, Spec] = {}
    only_on: dict[str, tuple[str, ...]] = {}
    if not isinstance(table, dict) or not table:
        no(("models",), "no models", 'Write [models] and below it NAME = "tfidf(C=1.0)".')
        return models, only_on
    for name, value in table.items():
        here = ("models", name)
        try:
            if not MODEL_NAME.fullmatch(name):
                no(here, f"model name {quote(name)}", "Use letters, digits, - and _: it names a folder.")
            elif isinstance(value, str):
                models[name] = parse(value)
            elif isinstance(value, dict) and isinstance(value.get("use"), str):
                settings = {key: one for key, one in value.items() if key not in ("use", "tasks")}
                models[name] = Spec(value["use"], settings)
                wanted = value.get("tasks")
                if isinstance(wanted, list):
                    only_on[name] = tuple(map(str, wanted))
                elif wanted is not None:
                    no((*here, "tasks"), "tasks is not a list", 'Write tasks = ["stance"].')
            else:
                no(here, f"model {name} is neither a text nor a table with use", 'Write use = "…".')
            if name in models:
                make("models", models[name])
        except AskedWrongly as error:
            no(here, *_in_two(error))
    return models, only_on


def _refuse_shared(tables: Any, models: Mapping[str, Spec], no: No) -> None:
    """Say no to a reader with a model's name: their results would stand in one folder."""
    for i, table in enumerate(tables if isinstance(tables, list) else ()):
        readers = table.get("readers") if isinstance(table, dict) else ()
        for reader in readers if readers and _is_list_of_texts(readers) else ():
            if reader in models:
                found = f"{quote(reader)} is a reader and a model, whose results would stand in one folder"
                no(("tasks", str(i), "readers"), found, "Give the model another name.")


def _tasks(tables: Any, folder: Path, corpora: dict[str, Path], no: No, tell: Tell) -> list[Task]:
    """The tasks asked for; `corpora` is told where each of their corpora is."""
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        no(("tasks",), "no tasks", 'Write [[tasks]] with corpus = "…" and use = "…".')
        return []
    tasks: list[Task] = []
    loaded: dict[Path, Corpus] = {}
    for i, table in enumerate(tables):
        here = ("tasks", str(i))
        for key in table:
            if key not in OF_TASK:
                no((*here, key), f"unknown key {quote(key)} in [[tasks]]", suggestion(key, OF_TASK))
        where, use = table.get("corpus"), table.get("use")
        if not isinstance(where, str) or not isinstance(use, str):
            no(here, "a task needs corpus and use", 'Write corpus = "../corpora/kabar", use = "stance".')
            continue
        lists = {key: table[key] for key in EXAMPLE if key in table}
        odd = [key for key, value in lists.items() if not _is_list_of_texts(value)]
        for key in odd:
            no((*here, key), f"{key} is not a list of {key}", f'Write {key} = ["{EXAMPLE[key]}"].')
        if odd:
            continue
        path = folder / ELSEWHERE.sub(_from_environment, where)
        if "built_by" in table and not path.exists():
            remedy = f"Build it: {table['built_by']} (what it needs is said there)."
            no((*here, "corpus"), f"corpus {os.path.normpath(path)} is not there", remedy)
            continue
        try:
            wanted = {key: lists.get(key, ()) for key in ("metrics", "slices")}
            task = None if "readers" in lists else task_in(find(path), use, **wanted)
            if task is None:
                if path not in loaded:
                    loaded[path] = load(find(path), tell)
                task = read_by(lists.get("readers", ()), task_of(use, loaded[path]), use, path)
        except AskedWrongly as error:
            no((*here, "use"), *_in_two(error))
            continue
        corpora[task.corpus] = find(path)
        if any((task.corpus, task.name) == (other.corpus, other.name) for other in tasks):
            no(here, f"task {task.name} of {task.corpus} is asked twice", "Keep one, with the metrics of both.")
        try:
            asked = tuple(lists.get("metrics", task.metrics)), tuple(lists.get("slices", ()))
            tasks.append(replace(task, metrics=asked[0], slices=asked[1]))
            metrics_of(tasks[-1])
        except AskedWrongly as error:
            no((*here, "metrics"), *_in_two(error))
        try:
            refuse_unknown(lists.get("slices", ()), task.items, task.gold)
        except AskedWrongly as error:
            no((*here, "slices"), *_in_two(error))
    return tasks


def _from_environment(match: re.Match[str]) -> str:
    """`${HARNESS_PUBLIC:-../../runs/public}`: a folder of the environment counts from where the command is run."""
    value = os.environ.get(match[1])
    return str(Path(value).absolute()) if value else match[2]


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _in_two(error: AskedWrongly) -> tuple[str, str]:
    """What was found, and the remedy, from one message."""
    found, _, remedy = str(error).partition(". ")
    return found.removesuffix("."), remedy or "Mend it."


def run_benchmark(
    benchmark: Benchmark | str | Path,
    *,
    store: Store | None = None,
    workers: int = 1,
    progress: Progress = silent,
    finished: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run every cell of a benchmark. One that fails is told with its reason, and the others go on.

    `finished` is called with each outcome as it ends, so that what is done is kept whatever comes after.
    """
    if not isinstance(benchmark, Benchmark):
        benchmark = read(Path(benchmark))
    plan = list(benchmark.asked())
    done: dict[int, Outcome] = {}
    readers = [outcome for task in benchmark.tasks for outcome in _of_readers(task, benchmark)]
    for outcome in readers:
        finished(outcome)
    for i, came in run_all([asked for *_, asked in plan], store=store, workers=workers, progress=progress):
        task, model, asked = plan[i]
        both = (None, came) if isinstance(came, HarnessError) else (came, None)
        done[i] = Outcome(task, model, asked.seed, *both)
        finished(done[i])
    return [*(done[i] for i in range(len(plan))), *readers]


def _of_readers(task: Task, benchmark: Benchmark) -> Iterator[Outcome]:
    """Each reader of a task scored as a model is, on what all of them read."""
    both = [i for i, read in enumerate(task.read) if read]
    for reader, answers in task.readers.items():
        seed, measures = benchmark.seed, metrics_of(task)
        result = score_answers(task.take(both), answers.take(both), measures, seed=seed, model=reader, protocol="read")
        yield Outcome(benchmark.title(task), reader, seed, result)
