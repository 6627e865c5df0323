"""`harness score` from end to end: two Parquet files to a score with its interval, as a process of its own.

    python benchmarks/speed/score.py [--items N ...] [--write]

A gold file (item, document, group, label) and a file of predictions (item, label), both sorted by item, five labels.
Wall seconds and peak memory of the process, interval included, beside those of a process that imports numpy and
pyarrow, reads every column of both files and adds up the codes of the labels: the floor. The score must be
scikit-learn's. Groups of one document are few distinct units, and 10,000 draws; groups of ten are nearly all distinct,
and above 10,000 of them the interval is the jackknife's. Memory is flat where it does not grow with the items.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from _frame import ONE_THREAD, in_words, run, times
from _made_up import LABELS, label_codes

SIZES = (1_000, 1_000_000, 10_000_000)
BARS = {1_000_000: 3.0}  # wall seconds
TOGETHER = (1, 10)  # documents in a group
PART = 1_000_000  # rows written at a time
FLOOR = """
import sys
import numpy as np
import pyarrow.parquet as pq
for path in sys.argv[1:]:
    for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=65536):
        batch.column("label").indices.to_numpy().sum()
"""
# A process of its own, since a child's peak begins with that of the process it was forked from.
WATCH = """
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:]).returncode
wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, file=sys.stderr)
sys.exit(code)
"""


def write_files(folder: Path, n: int, together: int = 1) -> tuple[Path, Path]:
    """Gold and predictions of n items, so many in each group."""
    gold, said = label_codes(n)
    paths = folder / "gold.parquet", folder / "predictions.parquet"
    text, few = pa.string(), pa.dictionary(pa.int32(), pa.string())
    schemas = [
        pa.schema({"item": text, "document": text, "group": text, "label": few}),
        pa.schema({"item": text, "label": few}),
    ]
    writers = [pq.ParquetWriter(path, schema) for path, schema in zip(paths, schemas, strict=True)]
    for first in range(0, n, PART):
        place = np.arange(first, min(first + PART, n))
        item, group = _names("d", place), _names("g", place // together)
        for writer, names, codes in zip(writers, ([item, item, group], [item]), (gold, said), strict=True):
            label = pa.DictionaryArray.from_arrays(codes[place].astype(np.int32), list(LABELS))
            writer.write_table(pa.table([*names, label], schema=writer.schema), row_group_size=131_072)
    for writer in writers:
        writer.close()
    return paths


def _names(letter: str, number: Any) -> pa.Array:
    return pc.binary_join_element_wise(letter, pc.utf8_lpad(pa.array(number).cast(pa.string()), 9, "0"), "")


def process(command: Sequence[str]) -> tuple[list[float], bytes]:
    """Wall and CPU seconds, peak memory in MB; and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command], capture_output=True, env={**os.environ, **ONE_THREAD}
    )
    assert done.returncode == 0, done.stderr.decode()
    return [float(number) for number in done.stderr.split()[-3:]], done.stdout


def check(said: bytes, n: int) -> None:
    """Raise AssertionError where macro-F1 is not scikit-learn's, or has no interval."""
    from sklearn.metrics import f1_score

    due = f1_score(*label_codes(n), average="macro")
    found = json.loads(said)["content"]["scores"][0]  # the headline, then each label
    assert abs(found["value"] - due) < 1e-9, f"{n:,}: {found['value']}, scikit-learn {due}"
    assert found["low"] < due < found["high"], f"{n:,}: {found}"


def measured(n: int, together: int) -> tuple[str, float]:
    """One row of the table, and the peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        gold, predictions = write_files(Path(folder), n, together)
        harness = str(Path(sys.executable).parent / "harness")
        score = [harness, "score", str(predictions), "--gold", str(gold), "--kind", "label"]
        score += ["--labels", ",".join(LABELS), "--metric", "f1", "--json"]
        floor = [sys.executable, "-c", FLOOR, str(gold), str(predictions)]
        check(process(score)[1], n)
        runs = [(process(score)[0], process(floor)[0]) for _ in range(5 if n <= 1_000_000 else 1)]
    (wall, cpu, peak), (least, _, read) = np.median(np.array(runs), axis=0).tolist()
    bar = "" if n not in BARS else f"{BARS[n]:g} s" + ", missed" * (wall > BARS[n])
    floor_cells = f"{times(wall / least)} ({in_words(least)})", f"{times(read)} MB"
    cells = (f"{n:,}", str(together), in_words(wall), bar, in_words(cpu), f"{times(peak)} MB", *floor_cells)
    row = f"| {' | '.join(cells)} |"
    print(row, flush=True)
    return row, peak


HEAD = """\
| items | a group | wall | at most | CPU | peak memory | times the floor | floor's memory |
|---|---|---|---|---|---|---|---|"""


def table(sizes: Sequence[int]) -> str:
    """A row a size and number of documents in a group, then whether memory grows."""
    rows = {(n, together): measured(n, together) for together in TOGETHER for n in sizes}
    lines = [HEAD, *(row for row, _ in rows.values()), ""]
    large = sorted(n for n in sizes if n >= 1_000_000)
    for together in TOGETHER if len(large) > 1 else ():
        growth = rows[large[-1], together][1] - rows[large[0], together][1]
        about = f"From {large[0]:,} to {large[-1]:,} items the peak grows by {growth:.0f} MB"
        lines.append(f"{about} in groups of {together}.")
    return "\n".join(lines)


if __name__ == "__main__":
    run("Scoring a file", __doc__ or "", ("scikit-learn",), table, SIZES)
