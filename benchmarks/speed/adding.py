"""What adding many documents costs: `harness import --apply`, `check` and `add`, CPU seconds and peak memory.

    python benchmarks/speed/adding.py                    2,500 and 10,000 documents
    python benchmarks/speed/adding.py --documents 1000

Documents of about 1,500 characters in groups of four, each with a label, a set of labels and a dozen spans with their
surfaces, are made up from a seed and imported into a new corpus as JSON lines; as files of a folder the same texts are
added to another corpus, in one group. Bars at 10,000 documents: 20 s CPU for all of it; memory that grows no faster
than the texts.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.corpus.schema import Layer
from harness.editing.new import new_corpus

LAYERS = (
    Layer("tone", "label", ("WARM", "COLD")),
    Layer("frame", "labels", ("ECONOMY", "HEALTH", "LAW")),
    Layer("entities", "spans", ("PER", "ORG")),
)
WORDS = "the union of Åsa Lindqvist and Zoé asked for talks — again “today” in Río said ministers who signed it".split()  # noqa: SIM905
BAR = 20.0  # CPU seconds


def rows(n: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """So many rows, every eighth with an emoji in its text."""
    draw = random.Random(seed)
    for i in range(n):
        words = [draw.choice(WORDS) for _ in range(270)] + (["👩‍🌾"] if i % 8 == 0 else [])
        spans, at = [], 0
        for k, word in enumerate(words):
            if k % 22 == 3:
                spans.append({"start": at, "end": at + len(word), "label": draw.choice(("PER", "ORG")), "text": word})
            at += len(word) + 1
        row = {"id": f"d{i}", "group": f"g{i // 4}", "split": "train", "language": "en", "text": " ".join(words)}
        yield {**row, "tone": draw.choice(("WARM", "COLD")), "frame": ["LAW"], "entities": spans}


def cost(*command: str) -> tuple[float, int]:
    """CPU seconds and peak MB of `harness COMMAND`, which must succeed."""
    process = subprocess.Popen([sys.executable, "-m", "harness", *command], stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said.decode()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def main() -> None:
    """Measure each size and say whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="+", default=[2_500, 10_000])
    for n in parser.parse_args().documents:
        with tempfile.TemporaryDirectory() as folder:
            root, file = Path(folder, "mine"), Path(folder, "in.jsonl")
            new_corpus(root, LAYERS, ["en"], Path(folder, "mine.toml"))
            with file.open("w", encoding="utf-8") as out:  # one by one: a child's peak starts from this process's own
                out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(n))
            brought = cost("import", str(file), "--to", str(root), "--as", "jsonl", "--apply")
            checked = cost("check", str(root))
            texts = Path(folder, "texts")
            texts.mkdir()
            for row in rows(n):
                Path(texts, f"{row['id']}.txt").write_text(str(row["text"]), encoding="utf-8")
            new_corpus(Path(folder, "other"), LAYERS, ["en"], Path(folder, "other.toml"))
            added = cost("add", str(texts), "--to", str(Path(folder, "other")), "--group", "all", "--split", "pool")
        said = (
            f"{what} {took:.1f} s CPU, {peak} MB"
            for what, took, peak in (("import", *brought), ("check", *checked), ("add", *added))
        )
        print(f"{n:,} documents: {'; '.join(said)}")
        if n == 10_000 and brought[0] + checked[0] + added[0] > BAR:
            sys.exit(f"more than {BAR:.0f} s CPU")


if __name__ == "__main__":
    main()
