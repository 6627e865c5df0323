"""What a newcomer does: from a CSV to a scored, checked, split corpus in six commands; a metric in one file."""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import harness

HERE = Path(harness.__file__).parent
ROOT = HERE.parent

WORDS = {
    "economy": ("harga", "upah", "wage", "market", "precio", "sueldo"),
    "security": ("polisi", "penahanan", "police", "arrest", "policía", "cárcel"),
    "health": ("klinik", "dokter", "clinic", "nurse", "clínica", "médico"),
}


def write_news(path: Path) -> None:
    """500 documents in three languages, each with one to three frames."""
    draw = random.Random(1)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "language", "outlet", "frame"])
        for i in range(500):
            frames = draw.sample(sorted(WORDS), draw.randint(1, 3))
            words = [draw.choice(WORDS[frame]) for frame in frames for _ in range(5)]
            draw.shuffle(words)
            text = f"Laporan {i}, «{' '.join(words)}» — 👩🏽‍⚕️\n\nSelesai."
            rows.writerow([f"n{i}", text, draw.choice(["id", "en", "es"]), draw.choice("ABC"), "|".join(frames)])


COMMANDS = """
harness corpus new mine --labels frame=economy,security,health --language id,en,es
harness import news.csv --to mine --as csv
harness import news.csv --to mine --as csv --apply
harness corpus split mine --by group --seed 13
harness check mine
harness run benchmarks/mine.toml
"""


def test_a_layer_of_ones_own_goes_from_csv_to_scores_in_six_commands(tmp_path: Path) -> None:
    write_news(tmp_path / "news.csv")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    commands = COMMANDS.strip().split("\n")
    assert len(commands) <= 6
    said = []
    for command in commands:
        done = subprocess.run(command.split(), cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        said.append(done.stdout + done.stderr)
    assert "500 new documents in 500 groups" in said[1]
    assert "Nothing is written" in said[1]
    assert "train 300" in said[3]
    assert "no problems in 500 documents" in said[4]
    assert "500 documents" in said[5]
    [content] = (tmp_path / "runs").glob("*/frame/tfidf/content.json")
    [micro] = [
        one
        for one in json.loads(content.read_text())["scores"]
        if one["metric"] == 'f1(average="micro")' and not one["label"]
    ]
    assert micro["value"] > 0.95
    again = subprocess.run(commands[2].split(), cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert "0 new documents" in again.stdout
    assert "500 rows that the corpus has already" in again.stdout


METRIC = '''"""Share of items with an answer of any kind, as a throw-away example."""

import numpy as np

from harness.parts import Metric
from harness.records import Counts


def answered() -> Metric:
    """Answered items divided by all. Range 0 to 1, higher is better; nan where there is no item. Source: me."""
    return Metric(kinds=("label", "labels", "spans"), count=_count, score=_score)


def _count(gold, predicted):
    return Counts((predicted.status != 0).astype(int), np.array([[1.0, 1], [0, 1]]))


def _score(totals):
    return totals[..., 0] / np.maximum(totals[..., 1], 1)
'''

BENCH = """[[tasks]]
corpus = "corpora/kabar"
use = "event"
metrics = ["answered", "f1"]
[models]
floor = "majority"
"""


LIST = ("-m", "harness", "list", "metrics")


def test_a_metric_is_one_file_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "corpora", tmp_path / "corpora")
    for name in ("metrics/test_metrics.py", "answers.py"):
        (tmp_path / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    (tmp_path / "harness" / "metrics" / "answered.py").write_text(METRIC)
    (tmp_path / "bench.toml").write_text(BENCH)

    def call(*args: str) -> str:
        env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{tmp_path / 'tests'}"}
        done = subprocess.run(
            [sys.executable, *args], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert re.search(r"^answered +Share of items with an answer of any kind", call(*LIST), re.MULTILINE)
    assert "1.000 [not estimable]" in call("-m", "harness", "run", "bench.toml")
    one = ("run", "--corpus", "kabar", "--task", "entities", "--model", "majority", "--metric", "answered")
    assert "answered" in call("-m", "harness", *one)
    covered = call("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/metrics", "-k", "answered-spans or answered]")
    assert "passed" in covered


@pytest.mark.parametrize("folder", ["models", "formats", "tasks"])
def test_the_other_open_folders_list_a_new_file_too(tmp_path: Path, folder: str) -> None:
    shutil.copytree(HERE, tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "harness" / folder / "mine.py").write_text(
        '"""A part of my own, for a test."""\n\n\ndef mine(*, x: int = 1):\n    ...\n'
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ask = [sys.executable, "-m", "harness", "list", folder, "--settings"]
    done = subprocess.run(ask, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert "(x=1) A part of my own, for a test" in done.stdout
