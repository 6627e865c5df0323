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
from harness.running import by_split, folds_of, metrics_of, predict, run_model
from harness.store import Store, key_of

ROOT = Path(harness.__file__).parent.parent


def task_of(texts: list[str], gold: list[str], **columns: list[str]) -> Task:
    items = items_of(texts)
    items = Items({**items.columns, **columns})
    return Task("topic", items, Annotations.of_label(items["item"], ("A", "B"), gold), ("f1",), "c", "d")


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
    scored, said, _ = predict(task, parse("majority"), seed=1, folds=4)
    assert list(said.item) == list(task.items["item"]) == list(scored.items["item"])


def test_a_finished_cell_is_read_and_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(["banjir", "harga"] * 10, ["A", "B"] * 10)
    first = predict(task, parse("tfidf"), seed=1, store=Store(tmp_path))[1]
    files = sorted(tmp_path.rglob("*.jsonl"))
    assert len(files) == 5

    def never(*args: object) -> None:
        raise AssertionError("run again")

    monkeypatch.setattr("harness.running._ask", never)
    again = predict(task, parse("tfidf"), seed=1, store=Store(tmp_path))[1]
    assert first.answers() == again.answers()
    assert (first.scores == again.scores).all()
    with pytest.raises(AssertionError):
        predict(task, parse("tfidf(C=2.0)"), seed=1, store=Store(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"text": ["banjir"] * 4},
        {"group": ["x"] * 4},
        {"language": ["en"] * 4},
    ],
)
def test_a_changed_input_is_another_cell(change: dict[str, list[str]]) -> None:
    task = task_of(list("abcd"), list("AABB"))
    other = Task(**{**vars(task), "items": Items({**task.items.columns, **change})})

    def key(train: Task, model: str = "m", code: bytes = b"c", seed: int = 1) -> str:
        return key_of(train, task.items, model, code, ("numpy",), seed)

    keys = {key(task), key(other), key(task, model="n"), key(task, code=b"d"), key(task, seed=2)}
    relabelled = Task(**{**vars(task), "gold": Annotations.of_label(task.items["item"], ("A", "B"), list("ABBB"))})
    assert len(keys | {key(relabelled)}) == 6


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
        predict(task, parse(f"{file}:Breaks"), seed=1, folds=2)
    with pytest.raises(HarnessError, match="Fails failed on task topic: ZeroDivisionError"):
        predict(task, parse(f"{file}:Fails"), seed=1, folds=2)


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
    predict(task, spec, seed=1, folds=3)
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
        predict(task_of(list("abcdef"), list("ABABAB")), parse(f"{file}:Odd"), seed=1, folds=2)


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
    spans = Task(**{**vars(task), "gold": Annotations.of_spans(task.items["item"], ("A",), [[]] * 4)})
    with pytest.raises(HarnessError, match="a span that is not inside its text"):
        predict(spans, parse(f"{file}:Far"), seed=1, folds=2, store=Store(tmp_path / "store"))


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
