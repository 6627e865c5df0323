"""A throw-away corpus of texts that would break a careless page, and a model that answers it in every wrong way."""

from __future__ import annotations

from pathlib import Path

from corpora import write_document
from harness.cli import run

CORPUS = """name = "odd"
version = "1"
licence = "CC0-1.0, but not the letters"
languages = ["en", "he"]
unit = "codepoint"
guideline = "1"
[layers.stance]
kind = "label"
of = ["holder", "target"]
labels = ["FAVOR", "AGAINST", "NONE"]
evidence = "optional"
[layers.topic]
kind = "labels"
labels = ["TRADE", "STRIKE", "WEATHER"]
evidence = "optional"
[layers.topic.fields]
role = ["primary", "secondary"]
[layers.names]
kind = "spans"
labels = ["PER", "ORG", "LOC"]
overlap = "any"
[tasks.stance]
layer = "stance"
[tasks.topics]
layer = "topic"
metrics = ["f1"]
[tasks.names]
layer = "names"
metrics = ["entity_f1"]
[holders]
union = "the <i>Union</i>"
[targets]
strike = "the \\"strike\\""
"""
CARD = "---\ntags:\n  - synthetic\n---\n\n# odd\n\n**All texts are <em>made up</em>.**\n\n## More\n"
BENCH = """split = "train>test"
[[tasks]]
corpus = "odd"
use = "stance"
slices = ["language"]
[[tasks]]
corpus = "odd"
use = "topics"
[[tasks]]
corpus = "odd"
use = "names"
[models]
floor = "majority"
odd = "./mine.py:Odd"
"""
MODEL = '''
import numpy as np

from harness import Annotations


class Odd:
    """Answers by position: right, wrong, unsure, or not at all."""

    def fit(self, items, gold, *, seed):
        self.kind, self.labels = gold.kind, gold.labels

    def predict(self, items):
        item, n = items["item"], len(items)
        if self.kind == "label":
            said = [None if i == 2 else self.labels[i % 3] for i in range(n)]
            sure = np.array([[0.125 if label != one else 0.75 for label in self.labels] for one in said], np.float32)
            sure[2] = [0.25, 0.25, 0.5]
            status = [4 if i == 2 else 0 for i in range(n)]
            return Annotations.of_label(item, self.labels, said, status=status, scores=sure)
        if self.kind == "labels":
            return Annotations.of_labels(item, self.labels, [{self.labels[i % 3]} for i in range(n)])
        return Annotations.of_spans(item, self.labels, [list(self.spans(text)) for text in items["text"]])

    def spans(self, text):
        for surface, label in (("First Bank of Lima", "ORG"), ("Bank", "LOC"), ("Lima City", "PER"), ("Zoe", "PER")):
            if surface in text:
                yield text.index(surface), text.index(surface) + len(surface), label
'''
NASTY = (
    "</script><script>document.title='hit'</script><img src=x onerror=document.title='hit'> \"q\" 'p' & <!-- \\u003c "
)
TEXTS = (
    (f"{NASTY}Zoe of the First Bank of Lima City waits.\n", "en"),
    ("שלום Zoe, הבנק First Bank of Lima City נסגר 👩‍🌾🇵🇪 היום.\n", "he"),
    ("{{ 7 * 7 }} {% raw %} Zoe likes \u202eFirst Bank of Lima City\u202c 🚢.\r\nNew line.\n", "en"),
    ("Zoe. First Bank of Lima City. Plain.\n", "en"),
)
SPANS = (("Bank of Lima", "ORG"), ("First Bank of Lima", "ORG"), ("Lima City", "LOC"), ("Lima", "LOC"))


def corpus(root: Path) -> Path:
    """Write the corpus: each text once to learn from and twice to be scored."""
    (root / "documents").mkdir(parents=True)
    (root / "corpus.toml").write_text(CORPUS, encoding="utf-8")
    (root / "README.md").write_text(CARD, encoding="utf-8")
    for i in range(3 * len(TEXTS)):
        text, language = TEXTS[i % len(TEXTS)]
        folder = root / "documents" / f"g{i:02}"
        folder.mkdir()
        (folder / "group.toml").write_text(f'split = "{"train" if i < len(TEXTS) else "test"}"\n')
        names = [{"span": surface, "label": label} for surface, label in sorted(SPANS, key=lambda s: place(text, s[0]))]
        layers = {
            "stance": [
                {"holder": "union", "target": "strike", "label": ("FAVOR", "AGAINST")[i % 2], "evidence": ["Zoe"]}
            ],
            "topic": [{"role": "primary", "label": ("STRIKE", "TRADE")[i % 2], "evidence": ["Lima City"]}],
            "names": names,
        }
        write_document(folder, "d", text, language=language, pairs=[("union", "strike")], layers=layers)
    return root


def place(text: str, surface: str) -> tuple[int, int]:
    """Where a surface stands first."""
    return text.index(surface), text.index(surface) + len(surface)


def ran(folder: Path) -> Path:
    """A run on the corpus, both in this folder, which is the working folder."""
    corpus(folder / "odd")
    (folder / "bench.toml").write_text(BENCH)
    (folder / "mine.py").write_text(MODEL)
    assert run(["run", "bench.toml", "--out", "ran"]) == 0
    return folder / "ran"
