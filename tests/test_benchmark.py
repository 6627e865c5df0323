"""A benchmark file: what it asks for, and every problem of it with its line."""

from pathlib import Path

import pytest

import harness
from harness.benchmark import read, run_benchmark
from harness.errors import AskedWrongly

ROOT = Path(harness.__file__).parent.parent
KABAR = ROOT / "corpora" / "kabar"


def write(folder: Path, text: str) -> Path:
    path = folder / "bench.toml"
    path.write_text(text.replace("KABAR", KABAR.as_posix()))
    return path


GOOD = """seed = 7
folds = 3
[[tasks]]
corpus = "KABAR"
use = "stance"
[[tasks]]
corpus = "KABAR"
use = "entities"
metrics = ["entity_f1(tier='all')"]
[models]
floor = "majority"
names = "gazetteer"
[models.blind]
use = "blind"
see = "target"
model = "tfidf(chars=0)"
tasks = ["stance"]
"""


def test_each_model_is_run_on_the_tasks_that_it_can_answer(tmp_path: Path) -> None:
    benchmark = read(write(tmp_path, GOOD))
    cells = [(task.name, name, str(spec)) for task, name, spec in benchmark.cells()]
    assert cells == [
        ("stance", "floor", "majority"),
        ("stance", "blind", 'blind(model="tfidf(chars=0)", see="target")'),
        ("entities", "floor", "majority"),
        ("entities", "names", "gazetteer"),
    ]
    done = run_benchmark(benchmark)
    assert all(cell.result and cell.result.seed == 7 and cell.result.protocol == "3-fold" for cell in done)
    assert [score.metric for score in done[-1].result.headlines] == ['entity_f1(tier="all")']


def test_the_main_benchmark_asks_all_four_tasks() -> None:
    benchmark = read(ROOT / "benchmarks" / "kabar.toml")
    assert [task.name for task in benchmark.tasks] == ["stance", "event", "events", "entities"]
    assert len(list(benchmark.cells())) == 11


BAD = [
    ("folds = 5", 'folds = "5"', ":2: folds is not a whole number"),
    ("folds = 3", 'folds = 3\nsplit = "train>test"', "both folds and split"),
    ("seed = 7", "sede = 7", ':1: unknown key "sede". Did you mean "seed"'),
    ('use = "stance"', 'use = "stanze"', ':5: unknown task of kabar "stanze". Did you mean "stance"'),
    ('floor = "majority"', 'floor = "majorty"', ':11: unknown model "majorty". Did you mean "majority"'),
    ("see = ", "seee = ", ':13: unknown setting of blind "seee". Did you mean "see"'),
    ("chars=0", "chars='no'", "chars="),
    ('tasks = ["stance"]', 'tasks = ["stence"]', ':17: unknown task "stence". Did you mean "stance"'),
    (
        "entity_f1(tier='all')",
        "f1",
        ":9: metric f1 scores answers of kind label",
    ),
    ("entity_f1(tier='all')", "entity_f1(tier='all", "is not a part"),
    ("[models]\n", "[modles]\n", 'unknown key "modles"'),
    ('use = "blind"', "use = 3", "neither a text nor a table"),
    ("seed = 7", "seed = = 7", ":1: malformed TOML"),
    ("[[tasks]]", "[[questions]]", "no tasks"),
    ('floor = "majority"', '"../floor" = "majority"', ':11: model name "../floor"'),
    ('tasks = ["stance"]', 'tasks = "stance"', ":17: tasks is not a list"),
    ("metrics = [\"entity_f1(tier='all')\"]", "metrics = 3", ":9: metrics is not a list"),
    ('use = "entities"', 'use = "stance"', ":6: task stance of kabar is asked twice"),
    ('corpus = "KABAR"', "corpus = 5", ":3: a task needs corpus and use"),
]


@pytest.mark.parametrize(("old", "new", "said"), BAD)
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GOOD.replace("folds = 3", "folds = 5") if old == "folds = 5" else GOOD
    with pytest.raises(AskedWrongly) as found:
        read(write(tmp_path, text.replace(old, new)))
    assert said in str(found.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("seed = 7", "sede = 7").replace('"majority"', '"majorty"').replace("stance", "stanze")
    with pytest.raises(AskedWrongly) as found:
        read(write(tmp_path, text))
    assert len(str(found.value).split("\n")) == 4


def test_a_failed_cell_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Bad:\n"
        "    def fit(self, items, gold, *, seed): raise RuntimeError('no')\n"
        "    def predict(self, items): ...\n"
    )
    text = f'[[tasks]]\ncorpus = "KABAR"\nuse = "event"\n[models]\nbad = "{tmp_path}/mine.py:Bad"\nfloor = "majority"\n'
    bad, floor = run_benchmark(read(write(tmp_path, text)))
    assert bad.result is None
    assert "RuntimeError: no" in bad.failure
    assert floor.result is not None


READ = """folds = 3
[[tasks]]
corpus = "KABAR"
use = "event"
readers = ["reader2"]
[models]
floor = "majority"
"""


def test_a_reader_is_scored_as_a_model_is_and_all_on_what_was_read(tmp_path: Path) -> None:
    benchmark = read(write(tmp_path, READ))
    floor, reader = run_benchmark(benchmark)
    assert floor.result and reader.result
    assert reader.model == reader.result.model == "reader2"
    for result in (floor.result, reader.result):
        assert len(result.task) == sum((KABAR / "documents" / f"{name}.reader2.jsonl").is_file()
                                       for name in benchmark.tasks[0].items["document"])  # fmt: skip
    assert floor.result.content["items"] == reader.result.content["items"]
    assert reader.result["accuracy"].value > 0.9 > floor.result["accuracy"].value
    whole = run_benchmark(read(write(tmp_path, READ.replace('readers = ["reader2"]\n', ""))))[0].result
    assert whole
    said = dict(zip(whole.predicted.item, whole.predicted.answers(), strict=True))
    assert [said[item] for item in floor.result.predicted.item] == floor.result.predicted.answers()


def test_a_reader_and_a_model_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AskedWrongly, match=':5: "reader2" is a reader and a model'):
        read(write(tmp_path, READ.replace("floor", "reader2")))


def test_a_reader_who_read_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(AskedWrongly, match="reader9 has not done event of any document"):
        read(write(tmp_path, READ.replace("reader2", "reader9")))


def test_seeds_give_one_outcome_each_on_the_same_folds(tmp_path: Path) -> None:
    text = f"seeds = 2\n{GOOD.replace('folds = 3', 'folds = 2')}"
    outcomes = [one for one in run_benchmark(read(write(tmp_path, text)).only(("floor",))) if one.task == "stance"]
    assert [one.seed for one in outcomes] == [7, 8]
    assert [one.result.content["draw_seed"] for one in outcomes if one.result] == [7, 7]
