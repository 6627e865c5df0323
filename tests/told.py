"""A small run to be told: labels with a second reader, stance with pairs, spans in which every fault occurs."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpora import write_document
from harness.cli import run
from harness.cli._accounts import account
from harness.reporting.account import Account, Entry
from harness.result import Kept

CORPUS = """name = "waves"
version = "1"
licence = "CC0-1.0"
languages = ["en"]
unit = "codepoint"
guideline = "1"
[layers.tone]
kind = "label"
labels = ["WARM", "COLD", "MIXED"]
[layers.stance]
kind = "label"
of = ["holder", "target"]
labels = ["FAVOR", "AGAINST", "NONE"]
[layers.names]
kind = "spans"
labels = ["PER", "LOC"]
overlap = "none"
[tasks.tone]
layer = "tone"
metrics = ["f1", "kappa"]
[tasks.stance]
layer = "stance"
metrics = ["f1(average='micro')"]
[tasks.names]
layer = "names"
metrics = ["entity_f1"]
[holders]
ana = "Ana & co"
[targets]
rain = "the rain_fall"
"""
BENCH = """split = "train>test"
[[tasks]]
corpus = "waves"
use = "tone"
readers = ["reader2"]
slices = ["language"]
[[tasks]]
corpus = "waves"
use = "stance"
[[tasks]]
corpus = "waves"
use = "names"
[models]
floor = "majority"
bayes = "sklearn(make='./mine.py:words')"
finder = "./mine.py:Finder"
"""
MINE = '''
from harness import Annotations

KINDS = ("spans",)


def words():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    return make_pipeline(CountVectorizer(), MultinomialNB())


class Finder:
    """Ana Lestari right, Lima as a person, Beni without his family name, nobody in Quito, and the day for a place."""

    def fit(self, items, gold, *, seed):
        self.labels = gold.labels

    def predict(self, items):
        wanted = (("Ana Lestari", "PER"), ("Lima", "PER"), ("Beni", "PER"), ("day", "LOC"))
        found = [
            [(text.index(word), text.index(word) + len(word), label) for word, label in wanted]
            for text in items["text"]
        ]
        return Annotations.of_spans(items["item"], self.labels, found)
'''
TEXT = (
    "{sky} for Ana Lestari in Lima and Beni Sutan in Quito on day {i}: "
    "👩‍🌾 <script>alert(1)</script> \u202eabc\u202c.\n"
)
NAMES = (("Ana Lestari", "PER"), ("Lima", "LOC"), ("Beni Sutan", "PER"), ("Quito", "LOC"))


def make_run(folder: Path, documents: int = 24) -> Path:
    """Write corpus and benchmark into a folder, run it there, and give the run's folder; odd documents are the test."""
    waves = folder / "waves"
    waves.mkdir()
    (waves / "corpus.toml").write_text(CORPUS)
    (folder / "mine.py").write_text(MINE)
    (folder / "bench.toml").write_text(BENCH)
    for i in range(documents):
        group = waves / "documents" / f"g{i:02}"
        group.mkdir(parents=True)
        (group / "group.toml").write_text(f'split = "{("train", "test")[i % 2]}"\n')
        label, text = ("WARM", "COLD")[i // 2 % 2], TEXT.format(sky=("Sun", "Rain")[i // 2 * 5 // 3 % 2], i=i)
        stance = {"holder": "ana", "target": "rain", "label": ("FAVOR", "AGAINST", "NONE")[i % 3]}
        layers = {
            "tone": [{"label": label}],
            "stance": [stance],
            "names": [{"span": word, "label": name} for word, name in NAMES],
        }
        write_document(group, "d", text, layers=layers, pairs=[("ana", "rain")])
        read = {"tone": [{"label": label if i % 5 else "MIXED"}]}
        write_document(group, "d", text, layers=read, pairs=[("ana", "rain")], by="reader2")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert run(["run", "bench.toml", "--out", "told"]) == 0
    finally:
        os.chdir(before)
    return folder / "told"


def account_of(told: Path) -> Account:
    """The account of such a run."""
    return account([str(told)], [str(told.parent / "waves")])


def contents(told: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """What the results of a run say, by task and model: read from their files, not by the code under test."""
    return {(path.parts[-3], path.parts[-2]): json.loads(path.read_text()) for path in told.glob("*/*/content.json")}


def name_of(score: dict[str, Any]) -> str:
    """`f1`, `f1[WARM]`, `f1[language=en]`."""
    part = score["label"] or score["slice"]
    return f"{score['metric']}[{part}]" if part else score["metric"]


def altered(account: Account, change: Callable[[dict[str, Any]], None], **names: str) -> Account:
    """The same account, its results' contents changed, and models renamed."""

    def entry(one: Entry) -> Entry:
        content = copy.deepcopy(one.kept.content)
        change(content)
        return replace(one, name=names.get(one.name, one.name), kept=Kept(one.kept.place, content, one.kept.provenance))

    return replace(account, entries=tuple(map(entry, account.entries)))
