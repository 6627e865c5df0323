"""Hugging Face folders: what `datasets` wrote is read, what we write it loads, and no path of a file is followed."""

import json
import tempfile
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from hypothesis import given, settings
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import HarnessError, Problem
from harness.parts import Row
from harness.registry import make, parse


@pytest.fixture(autouse=True)
def quiet() -> Any:
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def read(path: Path, spec: str = "huggingface") -> tuple[list[Row], list[str]]:
    problems: list[Problem] = []
    found = [row for _, row in make("formats", parse(spec)).read(path, problems)]
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


@settings(max_examples=12, deadline=None)
@given(rows=many(overlap=True))
def test_what_is_written_is_read_back(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make("formats", parse("huggingface")).write(rows, Path(folder, "out"), LAYERS)
        again, problems = read(Path(folder, "out"))
        losses = Losses(LAYERS)
        losses.compare(rows, again)
        assert (problems, losses.lines()) == ([], [])


ROWS: list[Row] = [
    {"id": "a", "text": "Ana 👩‍🌾", "split": "train", "tone": "WARM", "n": 1, "tags": ["x", 1],
     "entities": [{"start": 0, "end": 3, "label": "PER", "text": "Ana", "entity_id": "ana"}]},
    {"id": "b", "text": "b", "split": "test", "entities": [], "stance": [
        {"holder": "union", "target": "strike", "label": "NONE", "explicit": True, "evidence": [[0, 1]],
         "text": ["b"]}]},
    {"id": "c", "text": "c", "annotator": "rina", "topic": [{"label": "TRADE"}, {"label": "NEW"}]},
]  # fmt: skip


def test_the_library_loads_what_we_write_in_both_of_its_ways(tmp_path: Path) -> None:
    make("formats", parse("huggingface")).write(ROWS, tmp_path / "out", LAYERS)
    saved = datasets.load_from_disk(str(tmp_path / "out"))
    assert sorted(saved) == ["test", "train", "unsplit"]
    features = saved["train"].features
    assert features["tone"] == ClassLabel(names=["WARM", "COLD"])
    assert features["stance"].feature["label"] == ClassLabel(names=["FAVOR", "AGAINST", "NONE"])
    assert features["topic"].feature["label"].names == ["TRADE", "STRIKE", "WEATHER", "NEW"]
    assert isinstance(features["entities"], List)
    assert saved["train"][0]["entities"][0]["label"] == 0
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert loaded["test"][0]["stance"][0]["evidence"] == [[0, 1]]
    again, problems = read(tmp_path / "out")
    losses = Losses(LAYERS)
    losses.compare(ROWS, again)
    assert problems == []
    assert losses.lines() == ["tags: a list is read back as other text (once in row 1)"]
    assert read(tmp_path / "out", "huggingface(split='test')")[0][0]["id"] == "b"
    assert read(tmp_path / "out", "huggingface(split='dev')")[1] == [
        ": no data of split dev. Splits there are: test, train, unsplit."
    ]


TAGGED = {"tokens": ["U.N.", "official", "👩‍🌾"], "ner_tags": [1, 0, 2], "pos_tags": [0, 0, 1]}
NAMES = Features(
    {
        "tokens": List(Value("string")),
        "ner_tags": List(ClassLabel(names=["O", "B-ORG", "I-PER"])),
        "pos_tags": List(ClassLabel(names=["NN", "O-x"])),
    }
)
SPANS = [{"start": 0, "end": 4, "label": "ORG"}, {"start": 14, "end": 17, "label": "PER"}]
READ = {"text": "U.N. official 👩‍🌾", "ner_tags": SPANS, "pos_tags": ["NN", "NN", "O-x"]}


@pytest.mark.parametrize("form", ["disk", "parquet", "card"])
def test_tokens_and_tags_become_a_text_with_spans(form: str, tmp_path: Path) -> None:
    dataset = Dataset.from_list([TAGGED], features=NAMES)
    if form == "disk":
        dataset.save_to_disk(str(tmp_path))
        assert read(tmp_path) == ([READ], [])
        return
    (tmp_path / "data").mkdir()
    if form == "parquet":
        dataset.to_parquet(str(tmp_path / "data" / "validation-00000-of-00001.parquet"))
        assert read(tmp_path) == ([{**READ, "split": "dev"}], [])
        return
    (tmp_path / "data" / "x.jsonl").write_text(json.dumps(TAGGED) + "\n")
    info = "".join(
        f"  - name: {name}\n    sequence:\n      class_label:\n        names:\n"
        + "".join(f"          '{i}': {label}\n" for i, label in enumerate(NAMES[name].feature.names))
        for name in ("ner_tags", "pos_tags")
    )
    card = "configs:\n- config_name: x\n  data_files:\n  - split: dev\n    path: data/*.jsonl\n"
    (tmp_path / "README.md").write_text(f"---\n{card}dataset_info:\n  features:\n{info}---\n# R&D\n")
    assert read(tmp_path) == ([{**READ, "split": "dev"}], [])


def test_the_splits_of_a_dict_are_kept_and_minus_one_is_no_label(tmp_path: Path) -> None:
    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    parts = {"train": {"text": ["a", "b"], "label": [1, -1]}, "test": {"text": ["c"], "label": [0]}}
    made = DatasetDict({name: Dataset.from_dict(part, features=kinds) for name, part in parts.items()})
    made.save_to_disk(str(tmp_path))
    assert read(tmp_path) == (
        [{"text": "c", "label": "neg", "split": "test"}, {"text": "a", "label": "pos", "split": "train"},
         {"text": "b", "split": "train"}],
        [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("configs:\n- data_files: ../x.jsonl", '/README.md:1: data files "../x.jsonl" outside'),
        ("configs:\n- data_files: /etc/passwd", '/README.md:1: data files "/etc/passwd" outside'),
        ("configs:\n- data_files: hf://a/b", '/README.md:1: data files "hf://a/b" outside'),
        ("configs:\n- config_name: a\n- config_name: b", '/README.md:1: no configuration "default". Say which'),
        ("a: &a [1]\nb: *a", "/README.md:1: malformed YAML"),
        ("a: [", "/README.md:1: malformed YAML"),
        ("a: !!python/object/apply:os.system [x]", "/README.md:1: malformed YAML"),
        ("configs:\n- data_files: none*", ": no data of split any"),
        ("x: 1", ": no data of split any"),
    ],
)
def test_a_card_that_leads_astray_is_named(card: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"---\n{card}\n---\n")
    rows, problems = read(tmp_path)
    assert (rows, len(problems)) == ([], 1)
    assert problems[0].startswith(problem), problems


@pytest.mark.parametrize("name", ["validation", "valid", "val", "dev"])
def test_the_split_to_validate_with_is_dev_here_and_is_asked_for_by_its_own_name(name: str, tmp_path: Path) -> None:
    made = DatasetDict({one: Dataset.from_dict({"text": [one]}) for one in (name, "train", "eval")})
    made.save_to_disk(str(tmp_path))
    assert sorted(row["split"] for row in read(tmp_path)[0]) == ["dev", "eval", "train"]
    assert read(tmp_path, f"huggingface(split='{name}')") == ([{"text": name, "split": "dev"}], [])
    make("formats", parse("huggingface")).write(read(tmp_path)[0], tmp_path / "again", LAYERS)
    assert sorted(datasets.load_from_disk(str(tmp_path / "again"))) == ["dev", "eval", "train"]


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("d/**", ["a", "b", "c"]),
        ("**", ["a", "b", "c", "e"]),
        ("**/*.jsonl", ["a", "b", "c", "e"]),
        ("d/**/c.jsonl", ["c"]),
        ("d/**/*", ["a", "b", "c"]),
        ("d/*", ["a", "b"]),
        ("./d//[ab]*", ["a", "b"]),
        ("d**b/*", []),
        ("d/a**l", ["a"]),
        ("d/", ["a", "b", "c"]),
        (".h/*", ["h"]),
        ("**/**/**/" * 300 + "c.jsonl", ["c"]),
    ],
)
def test_patterns_of_a_card_name_files_as_datasets_takes_them(pattern: str, texts: list[str], tmp_path: Path) -> None:
    for name in ("d/a", "d/b", "d/f/g/c", "e", ".h/h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.jsonl").write_text(f'{{"text": "{name[-1]}"}}\n')
    (tmp_path / "dataset_infos.json").write_text("{}")
    (tmp_path / "README.md").write_text(f"---\nconfigs:\n- data_files: '{pattern}'\n---\n")
    rows, problems = read(tmp_path)
    assert [row["text"] for row in rows] == texts
    assert [one.partition(".")[0] for one in problems] == [] if texts else [": no data of split any"]


def test_numbers_that_are_no_label_and_tags_that_do_not_fit_are_named(tmp_path: Path) -> None:
    rows = [{"tokens": ["a"], "ner_tags": [7]}, {"tokens": ["a"], "ner_tags": []}, {"tokens": ["a"], "ner_tags": [0]}]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    kind = "  - name: ner_tags\n    list:\n      class_label:\n        names: [O, B-A]\n"
    (tmp_path / "README.md").write_text(f"---\ndataset_info:\n  features:\n{kind}---\n")
    found, problems = read(tmp_path)
    assert found == [{"text": "a", "ner_tags": [], "split": "train"}]
    assert [one.partition(". ")[0] for one in problems] == [
        '/x.jsonl:1: ner_tags is "7", where there are 2 labels',
        "/x.jsonl:2: ner_tags has not a tag for each of 1 tokens"
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff\xff\xff\xff\xff\xff\xff\x7f"])
def test_a_damaged_arrow_file_is_named(damage: bytes, tmp_path: Path) -> None:
    Dataset.from_dict({"text": ["a"]}).save_to_disk(str(tmp_path))
    file = next(tmp_path.glob("*.arrow"))
    file.write_bytes(damage + file.read_bytes()[8:100] if damage else b"")
    rows, problems = read(tmp_path)
    assert (rows, len(problems)) == ([], 1)
    assert "cannot be read as an Arrow stream" in problems[0]


def test_the_hub_is_asked_only_where_there_is_no_such_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load(name: str, *args: Any, **settings: Any) -> DatasetDict:
        asked.append((name, args, settings))
        return DatasetDict({"test": Dataset.from_list([TAGGED], features=NAMES)})

    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.chdir(tmp_path)
    spec = "huggingface(config='c', revision='r')"
    assert read(Path("owner/name"), spec) == ([{**READ, "split": "test"}], [])
    assert asked == [("owner/name", ("c",), {"split": None, "revision": "r"})]
    Path("owner/name").mkdir(parents=True)
    Path("owner/name/train.jsonl").write_text('{"text": "a"}\n')
    assert read(Path("owner/name"))[0] == [{"text": "a", "split": "train"}]
    assert "cannot be read" in read(tmp_path / "none")[1][0]
    assert len(asked) == 1


def test_a_hub_that_cannot_be_reached_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*args: Any, **settings: Any) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        HarnessError, match=r"owner/name: no such path here, and not to be had from the hub \(no network\)"
    ):
        read(Path("owner/name"))
