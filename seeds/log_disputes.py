"""The decisions in seeds/disputes.jsonl -> the log of disputes of every doubly read document of corpora/kabar.

    python seeds/log_disputes.py [FOLDER]        (default: corpora/kabar)

A line of decisions names a dispute as the log does, and the rule that settled it. Nothing is written while a dispute
has no decision, or a decision no dispute: those are listed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from harness.corpus.reading import Reading, read_corpus
from harness.disputes import Dispute, dispute_file, disputes
from harness.errors import ProblemsFound
from harness.files import compact, stream_json_lines, write_atomically

HERE = Path(__file__).parent
FIRST = ("reader1", "gold")  # of the seed article the reference is the first reading
SECOND = "reader2"
DECIDED = ("rule", "slip", "note")


def disputes_of(reading: Reading, document: str) -> tuple[tuple[str, str], list[Dispute]]:
    """The two readers of a document, and what they dispute; none where it was read once."""
    files = {file.by: file for file in reading.annotations[document]}
    readers = (next(by for by in FIRST if by in files), SECOND)
    if SECOND not in files:
        return readers, []
    return readers, disputes([files[by] for by in readers], files["gold"], reading.schema.layers.values())


def decisions() -> dict[tuple[str, str], dict[str, Any]]:
    """What settled each dispute, by document and what it is about."""
    found = {}
    for _, line in stream_json_lines(HERE / "disputes.jsonl"):
        settled = {key: line.pop(key) for key in DECIDED if key in line}
        found[line.pop("document"), compact(line)] = settled
    return found


def main(root: Path) -> int:
    """Write every log, or list what has no decision and which decision has no dispute."""
    reading = read_corpus(root, everyone=True)
    if reading.problems:
        raise ProblemsFound(reading.problems)
    decided, open_ones, logs = decisions(), [], {}
    for document in reading.documents:
        readers, found = disputes_of(reading, document.id)
        lines = []
        for dispute in found:
            settled = decided.pop((document.id, compact(dispute.about)), None)
            if settled is None:
                open_ones.append(compact({"document": document.id, **dispute.line("…")}))
            else:
                lines.append(dispute.line(**settled))
        if lines:
            place = root / "documents" / document.group / f"{document.name}.disputes.jsonl"
            logs[place] = dispute_file(document, document.guideline, readers, lines)
    if open_ones or decided:
        print("no decision:", *open_ones, "no such dispute:", *decided, sep="\n")
        return 1
    for place, data in logs.items():
        write_atomically(place, data)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "corpora" / "kabar"))
