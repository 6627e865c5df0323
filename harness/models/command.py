"""A program of yours, in any language: it reads JSON lines and writes JSON lines."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from harness.annotations import Annotations, SpanTuple
from harness.errors import AskedWrongly, HarnessError, Problem, quote
from harness.files import compact, digest_file, parse_object
from harness.parts import Model
from harness.predictions import KEYS, annotations_of, answer_of, evidence_of, scores_of
from harness.records import ANSWERED, INVALID, ITEM_COLUMNS, MISSING, Items, digest_of

KINDS = ("label", "labels", "spans")  # no LIBRARIES: what the program imports is not known
LAST = 2000  # bytes of what the program complained of that are shown
PIECE = 1 << 16


def command(*, run: str, timeout: float = 60.0, limit: float = 3600.0) -> Model:
    """Starts a program once for each fit, such as `command(run="python mine.py --fast")`; no shell is between.

    On its standard input it finds, one JSON object a line, all at once:

        {"task": {"kind": "label", "labels": ["FAVOR", "AGAINST"], "of": ["target"]}, "seed": 13}
        {"train": {"item": "a/1", "text": "…", "target": "the strike", …, "label": "FAVOR"}}    as many as there are
        {"predict": 2}
        {"item": "b/1", "text": "…", "target": "the strike", …}    as many as it says

    It writes one line an item, in any order, in the form of a predictions file, and ends:
    `{"item": "b/1", "label": "AGAINST", "scores": {"AGAINST": 0.9}}`, or `labels`, or `spans` as [start, end, label].

    An item without an answer is missing; one with an answer that cannot be read, or with two, is invalid. The cell
    fails where the program ends with another code than 0, is silent for `timeout` seconds after its first line, or
    has not answered all after `limit` seconds. At the end, also where the process that asks it is killed, it is killed
    with all that it started. It should write each line at once. Files that the command names are part of the identity;
    what they read besides is not.
    """
    try:
        words = shlex.split(run)
    except ValueError as error:
        raise AskedWrongly(f"command: {quote(run)} cannot be read ({error}).") from None
    if not words or timeout <= 0 or limit <= 0:
        raise AskedWrongly("command needs a program to run, and timeout and limit above 0 seconds.")
    return _Command(words, timeout, limit)


class _Command:
    def __init__(self, words: list[str], timeout: float, limit: float) -> None:
        self.words, self.timeout, self.limit = words, timeout, limit

    @property
    def identity(self) -> str:
        """The digest of all files that the command names, `--setting=FILE` too."""
        named = [Path(word.rpartition("=")[2]) for word in self.words]
        return digest_of(digest_file(path).encode() for path in named if path.is_file())

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.items, self.gold, self.seed = items, gold, seed

    def predict(self, items: Items) -> Annotations:
        if not len(items):
            return Annotations.of(self.gold.kind, [], self.gold.labels, [])
        read = _Answers(items, self.gold)
        with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as complaint:
            for line in self._lines(items):
                told.write(compact(line).encode() + b"\n")
            told.seek(0)
            process = self._start(told, complaint)
            try:
                with _guard(process.pid):
                    for answer in self._talk(process, read):
                        read.line(answer)
                    failed = self._code(process, read)
            except TimeoutError as late:
                failed = str(late)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                assert process.stdout is not None
                process.stdout.close()
            failed = failed or read.failed()
            if failed:
                raise HarnessError(f"{shlex.join(self.words)} {failed}{_end_of(complaint)}")
        if read.strange:
            print(
                f"{shlex.join(self.words)}: {read.count} lines answer no item, such as: {read.strange}", file=sys.stderr
            )
        return read.annotations()

    def _lines(self, items: Items) -> Iterator[dict[str, Any]]:
        """All that the program is told."""
        gold, key = self.gold, KEYS[self.gold.kind]
        facets = [name for name in items.columns if name not in ITEM_COLUMNS]
        yield {"task": {"kind": gold.kind, "labels": gold.labels, "of": facets}, "seed": self.seed}
        for i, row in enumerate(_rows(self.items)):
            yield {"train": {**row, key: gold.answer(i)}}
        yield {"predict": len(items)}
        yield from _rows(items)

    def _start(self, told: IO[bytes], complaint: IO[bytes]) -> subprocess.Popen[bytes]:
        """The program in a group of processes of its own, so that none of them outlives it."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": str(self.seed)}
        try:
            return subprocess.Popen(
                self.words,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=complaint,
                bufsize=0,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise AskedWrongly(f"command: {quote(self.words[0])} cannot be run ({error.strerror}).") from None

    def _talk(self, process: subprocess.Popen[bytes], read: _Answers) -> Iterator[bytes]:
        """The lines that the program writes. Raises TimeoutError where it takes too long over them."""
        end, pending = time.monotonic() + self.limit, b""
        quiet = end
        assert process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while True:
                left = min(quiet, end) - time.monotonic()
                if left <= 0 or not ready.select(left):
                    if process.poll() is not None or read.complete:
                        return  # what it started holds its output open, or it waits for more: it is done
                    waited = f"wrote nothing for {self.timeout:g}" if quiet < end else f"did not end in {self.limit:g}"
                    raise TimeoutError(f"{waited} seconds; {read.answered} of {len(read.items)} items are answered.")
                piece = os.read(process.stdout.fileno(), PIECE)
                *lines, pending = (pending + piece).split(b"\n")
                yield from lines
                if lines:
                    quiet = min(end, time.monotonic() + self.timeout)
                if not piece:
                    yield pending
                    return

    def _code(self, process: subprocess.Popen[bytes], read: _Answers) -> str:
        """What is to be said of how the program ended; nothing where all is well."""
        try:
            code = process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            return "" if read.complete else f"closed its output and did not end in {self.timeout:g} seconds."
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{how}; {read.answered} of {len(read.items)} items are answered." if code else ""


class _Answers:
    """The answers of a program, gathered line by line."""

    def __init__(self, items: Items, gold: Annotations) -> None:
        self.items, self.kind, self.labels = items, gold.kind, gold.labels
        self.known = set(gold.labels)
        self.position = {item: i for i, item in enumerate(items["item"])}
        self.answers: list[Any] = [None] * len(items)
        self.status: list[int] = [MISSING] * len(items)
        self.scores: dict[int, list[float]] = {}
        self.evidence: dict[int, list[SpanTuple]] = {}
        self.seen: set[int] = set()
        self.strange, self.count = "", 0  # the first line that answers no item, and how many there are

    @property
    def answered(self) -> int:
        return len(self.seen)

    @property
    def complete(self) -> bool:
        return len(self.seen) == len(self.items)

    def line(self, data: bytes) -> None:
        """Take one line; what cannot be read makes its item invalid."""
        if not data.strip():
            return
        problems: list[Problem] = []
        text = data.decode("utf-8", "replace")
        line = parse_object(text, "", 1, problems) or {}
        item = line.get("item")
        i = self.position.get(item) if isinstance(item, str) else None
        if i is None:
            self.strange, self.count = self.strange or quote(text), self.count + 1
            return
        answer = answer_of(line, self.kind, self.known, len(self.items["text"][i]))
        scores = scores_of(line.get("scores"), self.labels)
        evidence = evidence_of(line.get("evidence"), len(self.items["text"][i]))
        self.scores.pop(i, None)
        self.evidence.pop(i, None)
        if i in self.seen or isinstance(answer, str) or isinstance(scores, str) or isinstance(evidence, str):
            self.status[i], self.answers[i] = INVALID, None
        else:
            self.status[i], self.answers[i] = answer
            if scores and self.status[i] == ANSWERED:
                self.scores[i] = scores
            if evidence is not None and self.status[i] == ANSWERED:
                self.evidence[i] = evidence
        self.seen.add(i)

    def failed(self) -> str:
        """Why the whole answer is none: not one line of it was about an item."""
        return "" if self.seen or not self.strange else f"answered no item. It wrote {self.strange}."

    def annotations(self) -> Annotations:
        item = self.items["item"]
        return annotations_of(item, self.kind, self.labels, self.answers, self.status, self.scores, self.evidence)


def _guard(group: int) -> subprocess.Popen[bytes]:
    """A shell that kills a group of processes once its pipe to us is closed, as it is however this process ends.

    A handler of signals would not hear SIGKILL, and would take the place of the user's.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", f"read never; kill -s KILL -- -{group}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _rows(items: Items) -> Iterator[dict[str, str]]:
    names: Sequence[str] = list(items.columns)
    for row in zip(*items.columns.values(), strict=True):
        yield dict(zip(names, row, strict=True))


def _end_of(complaint: IO[bytes]) -> str:
    """The last lines that the program wrote to its standard error."""
    size = complaint.seek(0, os.SEEK_END)
    complaint.seek(max(0, size - LAST))
    said = complaint.read().decode("utf-8", "replace").strip()
    return f"\n{said}" if said else ""
