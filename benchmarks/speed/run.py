"""What a run costs above its models: CPU beside a bare scikit-learn script, of a model that does nothing, and cached.

    python benchmarks/speed/run.py [--documents 100000] [--runs 3] [--write]

Each is a process of its own, in turn with what it is compared to: medians of user and system time. The texts are made
up, 20 words each; half are learned from and half answered.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from _frame import write_section

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
HARNESS = str(Path(sys.executable).parent / "harness")
WARM = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
NOTHING = """
import numpy as np
from harness import Annotations
LIBRARIES = ()
class Nothing:
    def fit(self, items, gold, *, seed): self.labels = gold.labels
    def predict(self, items):
        n = len(items)
        return Annotations("label", self.labels, items["item"], np.zeros(n, np.uint8), np.zeros(n, np.int32))
"""
BARE = """
import sys
import pyarrow.parquet as pq
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
import numpy as np
table = pq.read_table({data!r})
text, label = np.array(table["text"].to_pylist(), object), np.array(table["label"].to_pylist())
split = np.array(table["split"].to_pylist())
learn, held = split == "train", split == "test"
views = [TfidfVectorizer(token_pattern=r"[^\\W_]+", ngram_range=(1, 2), sublinear_tf=True),
         TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)]
rows = hstack([view.fit_transform(text[learn]) for view in views], format="csr")
asked = hstack([view.transform(text[held]) for view in views], format="csr")
said = []
for name in ("A", "B", "C"):
    head = LogisticRegression(C=1.0, solver="liblinear", class_weight="balanced", random_state=13)
    said.append(head.fit(rows, label[learn] == name).predict_proba(asked)[:, 1])
best = np.array(["A", "B", "C"])[np.argmax(said, axis=0)]
print((best == label[held]).mean())
"""


def make(folder: Path, documents: int) -> Path:
    """A corpus built into Parquet, and the same texts as one plain Parquet table for the bare script."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(7)
    words = np.array([f"kata{i}" for i in range(5_000)])
    weight = 1 / np.arange(1, len(words) + 1)
    drawn = words[random.choice(len(words), size=(documents, 19), p=weight / weight.sum())]
    label = random.integers(0, 3, documents)
    hint = np.where(random.random(documents) < 0.5, label, random.integers(0, 3, documents))
    texts = [" ".join([f"hint{h}", *row]) for h, row in zip(hint.tolist(), drawn.tolist(), strict=True)]
    split = np.where(np.arange(documents) % 2, "test", "train")
    columns = {"item": [f"{i:06}" for i in range(documents)], "text": texts, "split": split.tolist()}
    pq.write_table(pa.table({**columns, "label": ["ABC"[k] for k in label]}), folder / "plain.parquet")
    corpus = folder / "corpus"
    for i, text in enumerate(texts):
        group = corpus / "documents" / f"g{i:06}"
        group.mkdir(parents=True)
        _document(group, text, "ABC"[label[i]], split[i])
    (corpus / "corpus.toml").write_text('name = "made-up"\n[layers.t]\nkind = "label"\nlabels = ["A", "B", "C"]\n')
    subprocess.run([HARNESS, "corpus", "build", corpus, "--out", folder / "built"], check=True, capture_output=True)
    return folder / "built"


def _document(group: Path, text: str, label: str, split: str) -> None:
    import hashlib
    import json

    (group / "group.toml").write_text(f'split = "{split}"\n')
    (group / "a.txt").write_text(text)
    sha = hashlib.sha256(text.encode()).hexdigest()
    header = {"doc": "a", "text_sha256": sha, "unit": "codepoint", "by": "gold", "layers": {"t": "done"}}
    lines = (header, {"layer": "t", "label": label})
    (group / "a.gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def cpu(command: Sequence[object]) -> float:
    """CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*map(str, command)], capture_output=True, cwd=ROOT, env=WARM)
    if done.returncode:
        sys.exit(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def side_by_side(commands: Sequence[Sequence[object]], runs: int) -> list[float]:
    """The median of each command, all of them run in turn."""
    times = [[cpu(command) for command in commands] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def measure(documents: int, runs: int) -> list[str]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = make(folder, documents)
        (folder / "nothing.py").write_text(NOTHING)
        (folder / "bare.py").write_text(BARE.format(data=str(folder / "plain.parquet")))
        asked = [HARNESS, "run", "--corpus", built, "--task", "t", "--split", "train>test", "--again"]
        asked += ["--store", folder / "store", "--out", folder / "out"]
        bare, ours, nothing = side_by_side(
            [
                [sys.executable, folder / "bare.py"],
                [*asked, "--model", "tfidf"],
                [*asked, "--model", f"{folder}/nothing.py:Nothing"],
            ],
            runs,
        )
        main = [HARNESS, "run", "benchmarks/kabar.toml", "--store", folder / "kabar", "--out", folder / "kabar-out"]
        cpu(main)
        [cached] = side_by_side([main], max(5, runs))
    ratio = f"{ours:.1f} s / {bare:.1f} s = {ours / bare:.2f} ×"
    each = f"{nothing:.1f} s, {nothing / documents * 1000:.3f} ms a document"
    return [
        "| what | CPU | bar |",
        "|---|---|---|",
        f"| tfidf on {documents:,} documents, beside a bare script | {ratio} | 1.10 × |",
        f"| a model that does nothing, {documents:,} documents from Parquet | {each} | 0.03 ms |",
        f"| the main benchmark, all of it cached | {cached:.2f} s | 1 s |",
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = measure(given.documents, given.runs)
    print("\n".join(rows))
    if given.write:
        write_section("run", rows)
