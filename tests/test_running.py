"""Folds, splits, cells and the store."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers import items_of, some_answers
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError, UnknownName
from harness.files import canonical
from harness.parts import Task
from harness.records import Items
from harness.registry import module_of, parse
from harness.result import Result
from harness.running import Asked, Step, by_split, folds_of, metrics_of, run_all, run_model
from harness.running.cells import Cell, Recipe, dealt
from harness.store import Store

ROOT = Path(harness.__file__).parent.parent


def task_of(texts: list[str], gold: list[str], **columns: list[str]) -> Task:
    items = items_of(texts)
    items = Items({**items.columns, **columns})
    return Task("topic", items, Annotations.of_label(items["item"], ("A", "B"), gold), ("f1",), "c", "d")


def run(task: Task, spec: str, *, folds: int = 5, store: Store | None = None) -> Result:
    return run_model(task, parse(spec), metrics_of(task), seed=1, folds=folds, store=store)


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(st.integers(0, 9), min_size=10, max_size=60), k=st.integers(2, 5), seed=st.integers(0, 99))
def test_folds_hold_every_item_once_and_cut_no_group(groups: list[int], k: int, seed: int) -> None:
    names = [f"g{i}" for i in groups]
    task = task_of(["x"] * len(names), ["A"] * len(names), group=names)
    if len(set(names)) < k:
        with pytest.raises(AskedWrongly, match=r"cannot be dealt|At least 2 are needed"):
            folds_of(task, k, seed)
        return
    folds = folds_of(task, k, seed)
    assert sorted(i for fold in folds for i in fold) == list(range(len(names)))
    assert all(folds)
    for group in set(names):
        assert sum(any(names[i] == group for i in fold) for fold in folds) == 1
    assert folds == folds_of(task, k, seed)


def test_a_split_protocol_names_both_sides() -> None:
    task = task_of(["a", "b", "c"], ["A", "B", "A"], split=["train", "dev", "test"])
    assert by_split(task, "train+dev>test") == ([0, 1], [2])
    with pytest.raises(UnknownName, match='Did you mean "test"'):
        by_split(task, "train>tests")
    with pytest.raises(AskedWrongly, match="train>test"):
        by_split(task, "train")
    with pytest.raises(AskedWrongly, match="scores what it learns from"):
        by_split(task, "train+test>test")


def test_answers_come_back_in_the_order_of_the_items() -> None:
    task = task_of([f"t{i}" for i in range(20)], ["A", "B"] * 10)
    result = run(task, "majority", folds=4)
    assert list(result.predicted.item) == list(task.items["item"]) == list(result.task.items["item"])


def test_a_finished_cell_is_read_and_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(["banjir", "harga"] * 10, ["A", "B"] * 10)
    first = run(task, "tfidf", store=Store(tmp_path))
    assert len(sorted(tmp_path.rglob("*.jsonl"))) == 5

    def never(*args: object) -> None:
        raise AssertionError("run again")

    monkeypatch.setattr("harness.running.working.answers_of", never)
    again = run(task, "tfidf", store=Store(tmp_path))
    assert canonical(again.content) == canonical(first.content)
    assert first.predicted.answers() == again.predicted.answers()
    assert (first.predicted.scores == again.predicted.scores).all()
    other = replace(task, metrics=("accuracy",))  # other scores of the same cells
    assert run(other, "tfidf", store=Store(tmp_path))["accuracy"].value == first["f1"].value == 1
    with pytest.raises(AssertionError):
        run(task, "tfidf(C=2.0)", store=Store(tmp_path))


def test_scores_that_were_kept_are_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(["banjir", "harga"] * 10, ["A", "B"] * 10)
    first = run(task, "majority", store=Store(tmp_path))

    def never(*args: object, **settings: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr("harness.running.plans.scoring.score", never)
    again = run(task, "majority", store=Store(tmp_path))
    assert canonical(again.content) == canonical(first.content)
    assert list(again.denominators) == list(first.denominators)
    assert str(again) == str(first)
    with pytest.raises(AssertionError):
        run(task, "majority", store=Store(tmp_path, again=True))


def test_workers_give_the_same_bytes(tmp_path: Path) -> None:
    task = task_of(["banjir besar", "harga beras"] * 10, ["A", "B"] * 10)
    metrics = metrics_of(task)
    asked = [Asked(task, parse(spec), metrics, 3) for spec in ("tfidf", "majority", "tfidf(C=2.0)")]
    alone = {i: canonical(came.content) for i, came in run_all(asked) if not isinstance(came, HarnessError)}
    steps: list[Step] = []
    store = Store(tmp_path)
    both = {
        i: canonical(came.content)
        for i, came in run_all(asked, store=store, workers=2, progress=steps.append)
        if not isinstance(came, HarnessError)
    }
    assert alone == both
    assert len(steps) == 15


def test_a_worker_that_dies_costs_its_own_cell_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import os, signal\n"
        "from harness import Annotations\n"
        "class Dies:\n"
        "    def fit(self, items, gold, *, seed): self.labels = gold.labels\n"
        "    def predict(self, items):\n"
        "        if 't0' in items['text']: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return Annotations.of_label(items['item'], self.labels, ['A'] * len(items))\n"
    )
    task = task_of([f"t{i}" for i in range(20)], ["A", "B"] * 10)
    store = Store(tmp_path / "store")
    asked = [Asked(task, parse(spec), metrics_of(task), 3) for spec in (f"{file}:Dies", "majority")]
    came = dict(run_all(asked, store=store, workers=2))
    assert "1 of 5 folds failed" in str(came[0])
    assert "was killed" in str(came[0])
    assert not isinstance(came[1], HarnessError)
    assert len(list((tmp_path / "store").rglob("*.jsonl"))) == 9


def test_training_seeds_differ_and_folds_do_not() -> None:
    task = task_of([f"t{i}" for i in range(20)], ["A", "B"] * 10)
    folds = dealt(task, folds=4, split="", seed=13)
    cells = [Cell(folds[0], Recipe.of(parse("tfidf")), seed) for seed in (13, 14)]
    assert cells[0].key != cells[1].key
    results = [came for _, came in run_all([Asked(task, parse("tfidf"), metrics_of(task), s, 4) for s in (13, 14)])]
    assert [result.content["draw_seed"] for result in results] == [13, 13]
    assert [result.content["seed"] for result in results] == [13, 14]


ONE_LABEL = """
from harness import Annotations
LIBRARIES = ()
seen = []
class One:
    def predict(self, items): return Annotations.of_label(items['item'], self.labels, ['A'] * len(items))
    def fit(self, items, gold, *, seed):
        self.labels = gold.labels
"""
BASE = {"item": [f"d{i}" for i in range(8)], "text": [f"t{i}" for i in range(8)], "group": [f"g{i}" for i in range(8)]}


@settings(max_examples=80, deadline=None)
@given(
    place=st.integers(0, 7),
    what=st.sampled_from(["text", "document", "language", "gold", "seed", "model", "setting", "labels", "column"]),
    mark=st.text(min_size=1, max_size=4).filter(lambda text: text not in BASE["text"]),
)
def test_a_changed_input_is_another_cell_and_nothing_else_is(place: int, what: str, mark: str) -> None:
    task = task_of(BASE["text"], list("ABABABAB"), group=BASE["group"])
    changed, seed, model = task, 1, "tfidf"
    if what in ("text", "document", "language"):
        values = list(task.items[what])
        values[place] += mark
        changed = replace(task, items=Items({**task.items.columns, what: values}))
    elif what == "gold":
        answers = task.gold.answers()
        answers[place] = "B" if answers[place] == "A" else "A"
        changed = replace(task, gold=Annotations.of_label(task.items["item"], ("A", "B"), answers))
    elif what == "labels":
        changed = replace(
            task, gold=Annotations.of_label(task.items["item"], ("A", "B", mark + "!"), task.gold.answers())
        )
    elif what == "column":
        changed = replace(task, items=Items({**task.items.columns, "target": [mark] * 8}))
    seed, model = 2 if what == "seed" else 1, {"model": "majority", "setting": "tfidf(C=2.0)"}.get(what, "tfidf")
    fold = dealt(task, folds=2, split="", seed=1)[0]
    other = replace(fold, task=replace(changed, gold=changed.gold.bare))
    was, now = Cell(fold, Recipe.of(parse("tfidf")), 1).key, Cell(other, Recipe.of(parse(model)), seed).key
    held_out_gold = what == "gold" and place in fold.score  # which no model sees
    assert (was == now) == held_out_gold

    marked = replace(changed, gold=replace(changed.gold, marks={"tags": [mark] * 8}), metrics=("accuracy",), name=mark)
    marked = replace(marked, items=Items({**marked.items.columns, "split": [mark] * 8}), slices=("tags",))
    same = replace(fold, task=replace(marked, gold=marked.gold.bare))
    assert Cell(same, Recipe.of(parse(model)), seed).key == now


def test_code_a_prompt_or_a_library_that_changes_is_another_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, file = tmp_path / "beside.py", tmp_path / "mine.py"
    source = (
        "from pathlib import Path\n"
        "LIBRARIES = ('numpy',)\n"
        "class Mine:\n"
        "    identity = property(lambda self: Path({prompt!r}).read_text())\n"
        "    def fit(self, items, gold, *, seed): ...\n"
        "    def predict(self, items): ...\n"
    )
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Which?")
    file.write_text(source.format(prompt=str(prompt)))
    spec = parse(f"{file}:Mine")
    first = Recipe.of(spec).identity
    assert Recipe.of(spec).identity == first
    (tmp_path / ".hidden.py").write_text("# no part of it")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    (tmp_path / "venv" / "part.py").write_text("# no part of it either")
    assert Recipe.of(spec).identity == first
    beside.write_text("# it may be imported in predict")
    beside_it = Recipe.of(spec).identity
    beside.unlink()
    file.write_text(source.format(prompt=str(prompt)) + "# changed\n")
    second = Recipe.of(spec).identity
    prompt.write_text("Which one?")
    third = Recipe.of(spec).identity
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    assert len({first, beside_it, second, third, Recipe.of(spec).identity}) == 5


def test_a_module_of_a_package_is_made_of_the_whole_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    models = tmp_path / "wholepackage" / "models"
    models.mkdir(parents=True)
    for folder in (models, models.parent):
        (folder / "__init__.py").write_text("")
    (models / "mine.py").write_text(ONE_LABEL)
    (models.parent / "rules.py").write_text("ANSWER = 'A'")
    (tmp_path / "elsewhere.py").write_text("")
    spec = parse("wholepackage.models.mine:One")
    first = Recipe.of(spec).identity
    (tmp_path / "elsewhere.py").write_text("# no part of it")
    assert Recipe.of(spec).identity == first
    (models.parent / "rules.py").write_text("ANSWER = 'B'")
    assert Recipe.of(spec).identity != first


def test_a_model_among_too_many_files_is_told_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.outside.MANY", 3)
    (tmp_path / "mine.py").write_text(ONE_LABEL)
    for i in range(2):
        (tmp_path / f"m{i}.py").write_text("")
    Recipe.of(parse(f"{tmp_path}/mine.py:One"))
    (tmp_path / "m2.py").write_text("")
    with pytest.raises(AskedWrongly, match=r"more than 3 Python files.*folder of its own"):
        Recipe.of(parse(f"{tmp_path}/mine.py:One"))


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_of_a_model_that_is_edited_while_it_runs_are_not_kept(
    workers: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "code" / "mine.py"
    file.parent.mkdir()
    file.write_text(
        ONE_LABEL + "        from pathlib import Path; Path(__file__).write_text(Path(__file__).read_text() + '#')\n"
    )
    task = task_of(list("abcdef"), list("ABABAB"))
    asked = Asked(task, parse(f"{file}:One"), metrics_of(task), 1, folds=2)
    [(_, came)] = run_all([asked], store=Store(tmp_path / "store"), workers=workers)
    assert isinstance(came, Result)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert capfd.readouterr().err.count("was edited while it ran") == 1


RANDOM = """
import os
from harness import Annotations
LIBRARIES = ()
class Random:
    def fit(self, items, gold, *, seed): self.labels = gold.labels
    def predict(self, items):
        return Annotations.of_label(items['item'], self.labels, ['AB'[x & 1] for x in os.urandom(len(items))])
"""


def test_scores_and_answers_are_of_one_run_where_a_model_never_answers_the_same(tmp_path: Path) -> None:
    file, root = tmp_path / "mine.py", tmp_path / "store"
    file.write_text(RANDOM)
    task = task_of([f"t{i}" for i in range(40)], ["A", "B"] * 20)
    for again in (False, True, True, True):
        last = run(task, f"{file}:Random", folds=2, store=Store(root, again=again))
        assert len(list(root.rglob("*.jsonl"))) == 2
        kept = run(task, f"{file}:Random", folds=2, store=Store(root))
        assert kept.predicted.answers() == last.predicted.answers()
        assert kept.predicted.digest == kept.answered
        assert canonical(kept.content) == canonical(last.content)


def test_kept_scores_are_counted_again_where_the_answers_are_others(tmp_path: Path) -> None:
    task = task_of([f"t{i}" for i in range(20)], ["A", "B"] * 10)
    first = run(task, "majority", folds=2, store=Store(tmp_path))
    lazy = run(task, "majority", folds=2, store=Store(tmp_path))
    for fold in dealt(task, folds=2, split="", seed=1):
        gold = task.gold.take(fold.score)
        Store(tmp_path).put(Cell(fold, Recipe.of(parse("majority")), 1).key, gold)
    with pytest.raises(HarnessError, match="answered otherwise"):
        lazy.predicted  # noqa: B018
    second = run(task, "majority", folds=2, store=Store(tmp_path))
    assert (first["f1"].value, second["f1"].value) != (1, first["f1"].value)
    assert second["f1"].value == 1


@pytest.mark.parametrize("metric", ["{file}:mine", "by_target(metric='{file}:mine')"])
def test_scores_by_a_metric_of_your_own_are_counted_again_when_it_is_edited(metric: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    source = (
        "import numpy as np\n"
        "from harness.parts import Metric\n"
        "from harness.records import Counts\n"
        "def mine() -> Metric:\n"
        "    def count(gold, predicted): return Counts(np.zeros(len(gold), np.int64), np.ones((1, 1)))\n"
        "    return Metric(('label',), count, lambda totals: totals[..., 0] * 0 + {value})\n"
    )
    task = task_of([f"t{i}" for i in range(12)], ["A", "B"] * 6)
    task = replace(task, gold=replace(task.gold, marks={"target": ["x", "y"] * 6}))
    values = []
    for value in (0.25, 0.75):
        file.write_text(source.format(value=value))
        made = metrics_of(task, [metric.format(file=file)])
        asked = run_model(task, parse("majority"), made, seed=1, folds=2, store=Store(tmp_path / "store"))
        values.append(asked.scores[0].value)
    assert values == [0.25, 0.75]


def test_scores_are_counted_again_by_another_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(list("abcdef"), list("ABABAB"))
    for version in ("1", "2", "2"):
        monkeypatch.setattr("harness.running.plans.np.__version__", version)
        run(task, "majority", folds=2, store=Store(tmp_path))
    assert len([path for path in tmp_path.rglob("*.json") if path.is_file()]) == 2


def test_a_library_that_a_model_loads_while_it_runs_finds_one_thread_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(ONE_LABEL + "        import os; seen.append(dict(os.environ))\n")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    spec = parse(f"{tmp_path}/mine.py:One")
    run(task_of(list("abcdef"), list("ABABAB")), str(spec), folds=2)
    [seen, _] = module_of("models", spec.name).seen
    assert {seen[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")} == {"1"}
    assert dict(os.environ) == before


def test_a_library_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "LIBRARIES = ('no-such-library',)\nEXTRA = 'mine'\n"
        "class M:\n    def fit(self): ...\n    def predict(self): ...\n"
    )
    with pytest.raises(AskedWrongly, match=r'no-such-library is not installed.*pip install "text-harness\[mine\]"'):
        run(task_of(list("abcdef"), list("ABABAB")), f"{file}:M")


def test_a_model_that_fails_or_breaks_its_promise_is_told_by_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "class Breaks:\n"
        "    def fit(self, items, gold, *, seed): self.gold = gold\n"
        "    def predict(self, items): return self.gold\n"
        "class Fails(Breaks):\n"
        "    def predict(self, items): return 1 / 0\n"
    )
    task = task_of(list("abcdef"), list("ABABAB"))
    with pytest.raises(HarnessError, match="not one answer an item"):
        run(task, f"{file}:Breaks", folds=2)
    with pytest.raises(HarnessError, match="Fails failed on task topic: ZeroDivisionError"):
        run(task, f"{file}:Fails", folds=2)


SCRIPT = """
import sys, harness
from harness.files import canonical
task = harness.task("stance", "corpora/kabar")
task = task.take(range(180))
for model in ("tfidf(chars=0)", "majority"):
    sys.stdout.buffer.write(canonical(harness.run(model, task, folds=3).content))
task = harness.task("entities", "corpora/kabar").take(range(60))
sys.stdout.buffer.write(canonical(harness.run("crf(iterations=10)", task, folds=3).content))
"""


def test_content_is_the_same_bytes_whatever_the_hash_seed_threads_and_locale() -> None:
    outputs = set()
    for seed, threads, locale in (("0", "1", "C"), ("4711", "2", "C.UTF-8")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        env |= {"LC_ALL": locale, "PYTHONUTF8": "0"}
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, cwd=ROOT, env=env, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


def test_content_is_canonical_and_says_who_was_asked_what() -> None:
    task = harness.task("event", ROOT / "corpora" / "kabar")
    result = harness.run("majority", task)
    assert result.content == json.loads(canonical(result.content))
    assert result.signature.startswith("kabar@")
    assert " | event | 5-fold | majority | seed 13 | f1+accuracy | harness 0." in result.signature
    counts = result.content["denominators"]
    assert sum(counts.values()) == result.content["n"] == len(task)


def test_no_model_sees_gold_or_splits(tmp_path: Path) -> None:
    file = tmp_path / "spy.py"
    file.write_text(
        "from harness import Annotations\n"
        "seen = []\n"
        "class Spy:\n"
        "    def fit(self, items, gold, *, seed):\n"
        "        seen.append((set(items.columns), list(items['item']), list(gold.item)))\n"
        "        self.labels = gold.labels\n"
        "    def predict(self, items):\n"
        "        seen.append((set(items.columns), list(items['item']), None))\n"
        "        return Annotations.of_label(items['item'], self.labels, ['A'] * len(items))\n"
    )
    task = task_of(list("abcdef"), list("ABABAB"))
    spec = parse(f"{file}:Spy")
    run(task, str(spec), folds=3)
    seen = module_of("models", spec.name).seen
    assert len(seen) == 6
    for (columns, learned, gold), (asked_columns, asked, _) in zip(seen[::2], seen[1::2], strict=True):
        assert columns == asked_columns == {"item", "document", "group", "language", "text"}
        assert gold == learned
        assert not set(learned) & set(asked)


FLAWS = {
    "a status that is none": "status=np.full(n, 9, np.uint8)",
    "a label that is not declared": "codes=np.full(n, 7, np.int32)",
    "an answer without a label": "codes=np.full(n, -1, np.int32)",
    "codes that do not belong": "codes=np.zeros(n + 1, np.int32)",
    "scores that are not one finite number": "scores=np.full((n, 2), np.nan, np.float32)",
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_answers_are_looked_at_before_they_are_believed(tmp_path: Path, flaw: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "from dataclasses import replace\n"
        "from harness import Annotations\n"
        "class Odd:\n"
        "    def fit(self, items, gold, *, seed): self.labels = gold.labels\n"
        "    def predict(self, items):\n"
        "        n = len(items)\n"
        "        said = Annotations.of_label(items['item'], self.labels, ['A'] * n)\n"
        f"        return replace(said, {FLAWS[flaw]})\n"
    )
    with pytest.raises(HarnessError, match=flaw):
        run(task_of(list("abcdef"), list("ABABAB")), f"{file}:Odd", folds=2)


def test_a_span_outside_its_text_is_told_the_first_time_already(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from harness import Annotations\n"
        "class Far:\n"
        "    def fit(self, items, gold, *, seed): self.labels = gold.labels\n"
        "    def predict(self, items):\n"
        "        return Annotations.of_spans(items['item'], self.labels, [[(0, 1000, 'A')]] * len(items))\n"
    )
    task = task_of(list("abcd"), list("ABAB"))
    gold = Annotations.of_spans(task.items["item"], ("A",), [[]] * 4)
    spans = replace(task, gold=gold, metrics=("entity_f1",))
    with pytest.raises(HarnessError, match="a span that is not inside its text"):
        run(spans, f"{file}:Far", folds=2, store=Store(tmp_path / "store"))


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
def test_the_store_gives_back_what_was_put(tmp_path: Path, kind: str) -> None:
    said = some_answers(kind, 30, 3)
    items = Items({**items_of(["x" * 12] * 30).columns, "item": list(said.item)})
    if kind == "label":  # scores stand beside answers: take the answered ones
        answered = [i for i in range(30) if said.status[i] == 0]
        said, items = said.take(answered), items.take(answered)
        said = replace(said, scores=np.random.default_rng(1).random((len(said), 4)).astype(np.float32))
    store, key = Store(tmp_path), "ab" * 32
    store.put(key, said)
    back = store.get(key, items, said)
    assert back is not None
    assert back.digest == said.digest
    assert (back.scores is None) == (said.scores is None)
    if said.scores is not None:
        assert (back.scores == said.scores).all()
    assert Store(tmp_path, again=True).get(key, items, said) is None
    [file] = (tmp_path / "ab").iterdir()
    for damaged in (b"", file.read_bytes()[:-9], b"not ours"):
        file.write_bytes(damaged)
        assert store.get(key, items, said) is None


def test_a_seed_out_of_range_is_refused() -> None:
    task = task_of(list("abcd"), list("ABAB"))
    with pytest.raises(AskedWrongly, match="seed -1"):
        run_model(task, parse("majority"), metrics_of(task), seed=-1)
