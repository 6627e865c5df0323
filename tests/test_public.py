"""The four public data sets: conversion loses nothing unsaid, and entity scores have conlleval's digits."""

import importlib.util
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from seqeval.metrics import classification_report

import harness
from harness.benchmark import read
from harness.cli import run
from harness.tags import spans_of_tags, tags_of_spans

ROOT = Path(harness.__file__).parent.parent
DATA = Path(os.environ.get("HARNESS_DATA") or ROOT.parent / "shared" / "data")
BENCHMARKS = ROOT / "benchmarks" / "public"
CONLLEVAL = ROOT.parent / "shared" / "golden" / "conlleval.json"
needs_data = pytest.mark.skipif(not (DATA / "nergrit").exists(), reason=f"the public data sets are not in {DATA}")
PUBLISHED = {  # from the data's own pages: documents and annotations of each file
    "nergrit": {"train.txt": (1672, 5321), "valid.txt": (209, 662), "test.txt": (209, 688)},
    "wnut17": {"wnut17train.conll": (3394, 1975), "emerging.dev.conll": (1009, 836)}
    | {"emerging.test.annotated": (1287, 1079)},
    "newsmtsc": {"train.jsonl": (7758, 8739), "devtest_rw.jsonl": (1067, 1146), "devtest_mt.jsonl": (721, 1476)},
    "plover": {"PLOVER_GSR_CAMEO.json": (322, 322)},
}  # fmt: skip
LABELS = {
    ("nergrit", "test.txt"): {"PLACE": 357, "PERSON": 207, "ORGANISATION": 124},
    ("wnut17", "emerging.test.annotated"): {"person": 429, "group": 165, "location": 150, "creative-work": 142}
    | {"product": 127, "corporation": 66},
    ("newsmtsc", "train.jsonl"): {"NEGATIVE": 3316, "NEUTRAL": 3028, "POSITIVE": 2395},
}


@pytest.fixture(scope="module")
def building() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_public", BENCHMARKS / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names in their annotations
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the beginning of every file: at most 800 sentences to learn from, 300 else."""
    folder = tmp_path_factory.mktemp("data")
    for name, files in PUBLISHED.items():
        own = {"plover": "plover_gsr"}.get(name, name)
        (folder / own).mkdir()
        for file in files:
            text, most = (DATA / own / file).read_text(encoding="utf-8"), 800 if "train" in file else 300
            if name in ("nergrit", "wnut17"):
                text = text.replace("\n\t\n", "\n\n")
                text = "\n\n".join(text.split("\n\n")[:most]) + "\n"
            elif name == "newsmtsc":
                text = "".join(text.splitlines(keepends=True)[:most])
            (folder / own / file).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def corpora(building: ModuleType, few: Path) -> Path:
    """The corpora of it, built."""
    out = few.parent / f"{few.name}-corpora"
    assert building.main(["--data", str(few), "--out", str(out)]) == 0
    return out


def items_of(building: ModuleType, name: str, file: str) -> list:
    source = building.SOURCES[name]
    folder = DATA / building.FOLDERS.get(name, name)
    return list(source.read(folder / file, source.files[file], source.layer))


@needs_data
@pytest.mark.parametrize("name", PUBLISHED)
def test_all_that_is_published_is_taken_or_refused_with_its_reason(building: ModuleType, name: str) -> None:
    assert set(building.SOURCES[name].files) == set(PUBLISHED[name])
    for file, (documents, annotations) in PUBLISHED[name].items():
        items = items_of(building, name, file)
        taken = [item for item in items if not isinstance(item, building.Refused)]
        refused = {item.place: item.why for item in items if isinstance(item, building.Refused)}
        labels = Counter(line["label"] for one in taken for lines in one.gold.values() for line in lines)
        if file == "emerging.dev.conll":
            assert refused == {"emerging.dev.conll:16728": "a byte order mark inside"}
            documents, annotations = documents - 1, annotations - 1  # it holds one person
        elif name == "plover":
            assert list(refused) == ["PLOVER-GSR01-DOCUMENT-0001"]
        else:
            assert not refused
        assert (len(taken), labels.total()) == (documents, annotations)
        assert labels == LABELS.get((name, file), labels)
        assert len({(one.group, one.name) for one in taken}) == len(taken)


@needs_data
@pytest.mark.parametrize("name", ["nergrit", "wnut17"])
def test_spans_of_sentences_are_their_tokens_and_tags_come_back(building: ModuleType, name: str) -> None:
    for file in PUBLISHED[name]:
        folder = DATA / name
        lines = [line.split() for line in (folder / file).read_text(encoding="utf-8").split("\n")]
        taken = [item for item in items_of(building, name, file) if not isinstance(item, building.Refused)]
        assert len(taken) > 200
        for document in taken:
            first = int(document.meta["source"].rpartition(":")[2]) - 1
            rows = lines[first : first + len(document.text.split(" "))]
            assert document.text.split(" ") == [token for token, _ in rows]
            spans = [(line["start"], line["end"], line["label"]) for line in document.gold["entities"]]
            assert all(document.text[line["start"] : line["end"]] == line["text"] for line in document.gold["entities"])
            assert tags(document.text, spans) == [tag for _, tag in rows]


@needs_data
def test_targets_slice_to_their_mentions_and_what_is_named_twice_stays_two(building: ModuleType) -> None:
    twice = 0
    for file in PUBLISHED["newsmtsc"]:
        for document in items_of(building, "newsmtsc", file):
            lines = document.gold["sentiment"]
            for line in lines:
                span = line["mention"]
                assert document.text[span["start"] : span["end"]] == span["text"]
                assert document.meta["targets"][line["target"]] == span["text"]
            assert len({line["target"] for line in lines}) == len(lines)
            twice += len(lines) - len({line["mention"]["text"] for line in lines})
    assert twice == 60  # 59 of them are listed twice at one place, with one polarity


@needs_data
def test_corpora_are_built_with_their_splits_and_licences(corpora: Path) -> None:
    sizes = {}
    for name in PUBLISHED:
        corpus = harness.load(corpora / name)
        assert corpus.schema.licence
        assert "commit" in (corpora / name / "README.md").read_text(encoding="utf-8")
        sizes[name] = dict(Counter(document.split for document in corpus))
    assert sizes["nergrit"] == {"train": 800, "dev": 209, "test": 209}
    assert sizes["wnut17"] == {"train": 800, "dev": 300, "test": 300}
    assert sizes["newsmtsc"] == {"train": 800, "test": 600}
    assert sizes["plover"] == {"train": 322}
    assert not list(corpora.glob(".*.documents"))


def tags(text: str, spans: list) -> list[str]:
    """Spans of characters -> a tag for each token between blanks. Raises where a span is not made of tokens."""
    starts, ends, at = {}, {}, 0
    for i, token in enumerate(text.split(" ")):
        starts[at], ends[at + len(token)] = i, i + 1
        at += len(token) + 1
    return tags_of_spans([(starts[a], ends[b], label) for a, b, label in spans], len(starts))


def conlleval(sentences: list[tuple[list[str], list[str]]]) -> dict[str, tuple[float, float, float]]:
    """Precision, recall and F1 in per cent, two digits, as conlleval.pl counts chunks; "" is overall."""
    correct, found, due = Counter[str](), Counter[str](), Counter[str]()
    for gold, said in sentences:
        ours, theirs = set(chunks(gold)), set(chunks(said))
        for counter, some in ((correct, ours & theirs), (found, theirs), (due, ours)):
            counter.update(label for _, _, label in some)
            counter[""] += len(some)
    scores = {}
    for label in {*found, *due}:
        p = 100 * correct[label] / found[label] if found[label] else 0.0
        r = 100 * correct[label] / due[label] if due[label] else 0.0
        scores[label] = (round(p, 2), round(r, 2), round(2 * p * r / (p + r), 2) if p + r else 0.0)
    return scores


def chunks(row: list[str]) -> Iterator[tuple[int, int, str]]:
    """(start, end, type), by its subroutines endOfChunk and startOfChunk, as far as they speak of B, I and O."""
    start, before = -1, ("O", "")
    for i, tag in enumerate([*row, "O"]):
        now = (tag[:1], tag[2:])
        differs = now[1] != before[1]
        if start >= 0 and (now[0] in "BO" or differs):
            yield start, i, before[1]
            start = -1
        if now[0] == "B" or (now[0] == "I" and (before[0] == "O" or differs)):
            start = i
        before = now


@pytest.mark.skipif(not CONLLEVAL.exists(), reason="shared/golden is not part of the repository")
def test_our_conlleval_prints_the_digits_of_the_program_itself() -> None:
    cases = [case for case in json.loads(CONLLEVAL.read_text(encoding="utf-8"))["cases"] if "gold" in case]
    cases = [case for case in cases if not {tag[0] for row in case["gold"] + case["pred"] for tag in row} - set("BIO")]
    assert len(cases) >= 8
    for case in cases:
        scores = conlleval(list(zip(case["gold"], case["pred"], strict=True)))
        wanted = {**case["expected"]["types"], "": case["expected"]}
        for label, one in wanted.items():
            assert scores[label] == (one["precision"], one["recall"], one["f1"]), (case["name"], label)


@needs_data
@pytest.mark.parametrize("name", ["nergrit", "wnut17"])
def test_entity_scores_have_the_digits_of_conlleval_and_seqeval(corpora: Path, tmp_path: Path, name: str) -> None:
    metrics = ["entity_f1", "entity_precision", "entity_recall"]
    task = harness.task("entities", corpora / name)
    result = harness.run("crf(tokens='blanks', iterations=40)", task, metrics=metrics, split="train>test")
    gold, said = (
        [tags(text, spans) for text, spans in zip(result.task.items["text"], answers.answers(), strict=True)]
        for answers in (result.task.gold, result.predicted)
    )
    scores = conlleval(list(zip(gold, said, strict=True)))
    report = classification_report(gold, said, output_dict=True, zero_division=0)
    assert scores[""][2] > 5  # it has learned something
    for label in ("", *task.gold.labels):
        own = f"[{label}]" if label else ""
        ours = [result[f"{metric}{own}"].value for metric in ("entity_precision", "entity_recall", "entity_f1")]
        peer = report[label or "micro avg"]
        assert ours == pytest.approx([peer["precision"], peer["recall"], peer["f1-score"]], abs=1e-12)
        assert tuple(round(100 * value, 2) for value in ours) == scores[label]
    file = tmp_path / "said.conll"
    rows = [[f"w {a} {b}" for a, b in zip(*pair, strict=True)] for pair in zip(gold, said, strict=True)]
    file.write_text("\n\n".join("\n".join(row) for row in rows) + "\n")
    again = harness.score(file, file, labels=task.gold.labels)
    assert again["entity_f1"].value == result["entity_f1"].value
    assert sum(map(len, spans_of_tags(gold))) == len(result.task.gold.codes)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_benchmark_whose_corpus_is_not_there_says_how_to_build_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HARNESS_PUBLIC", str(tmp_path / "nowhere"))
    assert run(["run", str(BENCHMARKS / f"{name}.toml")]) == 2
    said = capsys.readouterr().err
    assert f"{name}.toml:6: corpus {tmp_path / 'nowhere' / name} is not there" in said
    assert f"python benchmarks/public/build.py {name}" in said


@needs_data
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_benchmark_finds_its_corpus_where_the_environment_says(
    name: str, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_PUBLIC", str(corpora))
    benchmark = read(BENCHMARKS / f"{name}.toml")
    (task,) = benchmark.tasks
    assert len(list(benchmark.cells())) == len(benchmark.models)
    assert len(set(task.items["split"])) == (1 if name == "plover" else 2 if name == "newsmtsc" else 3)


def test_absent_data_is_said_with_its_home_and_builds_nothing(
    building: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert building.main(["nergrit", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "train.txt is not there. Get it from GitHub, IndoNLP/indonlu" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_rank_correlations_are_those_of_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import transfer
    from scipy.stats import kendalltau, spearmanr

    ours, theirs = np.random.default_rng(13).integers(0, 6, (2, 20, 9)).astype(float)  # with ties
    wanted = [(kendalltau(a, b).statistic, spearmanr(a, b).statistic) for a, b in zip(ours, theirs, strict=True)]
    found = np.stack([transfer.kendall(ours, theirs), transfer.spearman(ours, theirs)], axis=1)
    assert found == pytest.approx(np.array(wanted), abs=1e-12)
    assert np.isnan(transfer.kendall(np.ones(4), np.arange(4.0)))


def test_the_interval_of_a_rank_correlation_holds_the_truth_about_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """8 models with true scores that rank alike but for two pairs, each score known with an error of its own."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import transfer

    random = np.random.default_rng(13)
    truth = np.arange(8) / 10, np.array([1, 0, 2, 3, 5, 4, 6, 7]) / 10
    tau = float(transfer.kendall(*truth))
    held = 0
    for _ in range(200):
        seen = [side + random.normal(0, 0.05, 8) for side in truth]
        drawn = [side + random.normal(0, 0.05, (400, 8)) for side in seen]
        low, high = transfer.interval(float(transfer.kendall(*seen)), transfer.kendall(*drawn), 90)
        held += low <= tau + 1e-9 and tau - 1e-9 <= high
    assert held / 200 > 0.88
