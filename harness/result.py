"""One model on one task: identities, answers, counts and scores, as they are kept and shown."""

from __future__ import annotations

import contextlib
import datetime
import functools
import math
import os
import platform
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness import predictions
from harness.annotations import Annotations
from harness.errors import Problem, ProblemsFound
from harness.files import canonical, digest, digest_bytes, read_json, stream_json_lines, write_atomically
from harness.parts import Ranking, Task
from harness.records import STATUSES, Items, column_digest
from harness.registry import make, parse
from harness.scores import Score, show_value
from harness.stats.bootstrap import DRAWS, LEVEL, METHOD
from harness.version import VERSION

CONTENT, PROVENANCE, PREDICTIONS = "content.json", "provenance.json", "predictions.jsonl"
PACKED = f"{PREDICTIONS}.gz"  # as a baseline keeps them
MARKED = 100_000  # items up to which the provenance knows each text


class Scored(ABC):
    """Scores with how the items were answered, as a person and a program read them."""

    scores: tuple[Score, ...]
    denominators: Mapping[str, int]  # how the n items were answered

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind of answer that was scored."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """One line that says what was measured; two results with one signature can be compared."""

    @property
    @abstractmethod
    def content(self) -> dict[str, Any]:
        """What must come out the same whoever runs it. Canonical JSON of it is the result's identity."""

    @property
    def n(self) -> int:
        """How many items were scored."""
        return sum(self.denominators.values())

    @property
    def headlines(self) -> list[Score]:
        """One score a metric, the primary one first."""
        return [score for score in self.scores if not score.label and not score.slice]

    @property
    def parts(self) -> list[Score]:
        """The scores of slices, in the order in which they were asked for."""
        return [score for score in self.scores if score.slice]

    def __getitem__(self, metric: str) -> Score:
        """A score by its metric's name as typed, `metric[LABEL]` or `metric[slice=value]`."""
        for score in self.scores:
            if score.name in (metric, metric.replace("'", '"')):
                return score
        raise KeyError(metric)

    def __str__(self) -> str:
        lines = [self.signature]
        wide = max((len(score.metric) for score in self.headlines), default=0)
        for score in self.headlines:
            note = f"  ({score.note})" if score.note else ""
            unit = f"{score.units} {score.unit}{'s' if score.units != 1 else ''}"
            lines.append(f"{score.metric:<{wide}}  {show_value(score)}  n {score.n}, {unit}{note}")
        counts = self.denominators
        said = " + ".join(f"{name} {counts[name]}" for name in counts if counts[name] or name in ("correct", "wrong"))
        whole = "" if self.kind == "label" else "whole answers: "
        lines.append(f"{whole}{said} = {self.n:,}")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Result(Scored):
    """What came of one model on one task."""

    task: Task  # the items that were scored
    answers: Callable[[], Annotations]  # gives the predictions; where scores were kept, they are read when asked for
    answered: str  # the identity of the predictions
    scores: tuple[Score, ...]
    denominators: Mapping[str, int]  # how the n items were answered
    model: str
    protocol: str  # "5-fold", "train>test"
    metrics: tuple[str, ...]
    seed: int  # of training
    draw: int  # of folds and intervals
    code: str = ""  # the identity of the model's code; kept, but no part of the content

    @functools.cached_property
    def predicted(self) -> Annotations:
        """One answer an item, in the order of the items."""
        return self.answers()

    @property
    def kind(self) -> str:
        """The kind of answer that the task asks for."""
        return self.task.gold.kind

    @property
    def signature(self) -> str:
        """One line that says what was measured; two results with one signature can be compared."""
        corpus = f"{self.task.corpus}@{self.task.corpus_digest[:8]}"
        metrics = "+".join(self.metrics)
        seed = f"seed {self.seed}" if self.seed == self.draw else f"seed {self.seed} of {self.draw}"
        return " | ".join((corpus, self.task.name, self.protocol, self.model, seed, metrics, f"harness {VERSION}"))

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """What must come out the same whoever runs it: identities, configuration, counts, scores.

        Canonical JSON of it is the result's identity; it holds no versions and no times.
        """
        task = self.task
        return {
            "corpus": {"name": task.corpus, "digest": task.corpus_digest},
            "task": {"name": task.name, "of": list(task.of), **task.settings},
            "kind": task.gold.kind,
            "labels": list(task.gold.labels),
            "items": task.items.digest,
            "names": task.items.digests["item"],
            "texts": task.items.digests["text"] if "text" in task.items else column_digest(()),
            "gold": task.gold.digest,
            "model": self.model,
            "protocol": self.protocol,
            "seed": self.seed,
            "draw_seed": self.draw,
            "metrics": list(self.metrics),
            "slices": list(task.slices),
            "besides": task.gold.surroundings,
            "interval": interval_content(self.metrics),
            "n": len(task),
            "denominators": dict(self.denominators),
            "scores": [plain(score) for score in self.scores],
            "predictions": self.answered,
        }

    def write(self, folder: str | Path) -> None:
        """Keep it: `content.json`, `provenance.json` and `predictions.jsonl`, each written whole.

        Where the same content stands, nothing is written: it was written last.
        """
        folder, whole = Path(folder), canonical(self.content)
        with contextlib.suppress(OSError):
            if (folder / CONTENT).read_bytes() == whole:
                return
        (folder / CONTENT).unlink(missing_ok=True)
        predictions.write(folder / PREDICTIONS, self.predicted)
        write_atomically(folder / PROVENANCE, canonical(self._provenance()))
        write_atomically(folder / CONTENT, whole)

    def _provenance(self) -> dict[str, Any]:
        texts = self.task.items.columns.get("text", ())
        marks = {"texts": marks_of(texts)} if 0 < len(texts) <= MARKED else {}
        return {**provenance(), "model_code": self.code, **marks}


class Kept(Scored):
    """A result as it was written: its content, where it came from, and beside it the predictions."""

    content: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, place: Path, content: dict[str, Any], provenance: dict[str, Any]) -> None:
        self.place, self.content, self.provenance = place, content, provenance

    @property
    def kind(self) -> str:
        """The kind of answer that the task asks for."""
        return str(self.content["kind"])

    @property
    def digest(self) -> str:
        """The identity of the result."""
        return digest(self.content)

    @functools.cached_property
    def scores(self) -> tuple[Score, ...]:  # type: ignore[override]
        """The scores as they were counted then."""
        rows = self.content["scores"]
        return tuple(Score(**{**row, "value": math.nan if row["value"] is None else row["value"]}) for row in rows)

    @property
    def denominators(self) -> Mapping[str, int]:  # type: ignore[override]
        """How the n items were answered."""
        return {name: self.content["denominators"][name] for name in ("correct", "wrong", *STATUSES[1:])}

    @property
    def signature(self) -> str:
        """One line that says what was measured; two results with one signature can be compared."""
        said = self.content
        corpus, seeds = f"{said['corpus']['name']}@{said['corpus']['digest'][:8]}", (said["seed"], said["draw_seed"])
        seed = f"seed {seeds[0]}" if seeds[0] == seeds[1] else f"seed {seeds[0]} of {seeds[1]}"
        parts = (corpus, said["task"]["name"], said["protocol"], said["model"], seed, "+".join(said["metrics"]))
        return " | ".join((*parts, f"harness {self.provenance.get('harness', VERSION)}"))

    @property
    def file(self) -> Path:
        """The predictions, packed or not."""
        plain = self.place / PREDICTIONS
        return plain if plain.is_file() else self.place / PACKED

    @property
    def item(self) -> list[str]:
        """The items that were answered, in their order."""
        return [str(line.get("item")) for _, line in stream_json_lines(self.file)]

    def other_texts(self, items: Items) -> list[str]:
        """Those of these items, which are those of `item`, whose text is another by now; none where nothing tells."""
        then = self.provenance.get("texts")
        now = marks_of(items["text"]) if then else ""
        if not isinstance(then, str) or len(then) != len(now):
            return []
        return [name for i, name in enumerate(items["item"]) if then[8 * i : 8 * i + 8] != now[8 * i : 8 * i + 8]]

    def answers(self, items: Items) -> Annotations:
        """The predictions of these items, which are those of `item`. Raises ProblemsFound where they were changed."""
        labels = self.content["labels"]
        said = predictions.read(self.file, items, self.content["kind"], labels)
        if said.digest != self.content["predictions"]:
            found = "not the predictions that content.json was counted from"
            remedy = "Restore them, or run the model again."
            raise ProblemsFound([Problem(str(self.file), 0, found, remedy)])
        return said


def read(place: str | Path) -> Kept:
    """The result in a folder. Raises ProblemsFound where there is none, or a part of one."""
    place, problems = Path(place), list[Problem]()
    tables = [read_json(place / name, str(place / name), problems) for name in (CONTENT, PROVENANCE)]
    content, provenance_ = tables
    if content is not None and not content.keys() >= {"kind", "labels", "names", "texts", "predictions", "scores"}:
        problems.append(Problem(str(place / CONTENT), 0, "no content of a result", "Run the model again."))
    if not problems and not any((place / name).is_file() for name in (PREDICTIONS, PACKED)):
        problems.append(Problem(str(place / PREDICTIONS), 0, "not there", "Run the model again."))
    if problems or content is None:
        raise ProblemsFound(problems)
    return Kept(place, content, provenance_ or {})


def interval_content(metrics: Sequence[str]) -> dict[str, Any]:
    """How intervals were made; those of rankings, where they are among the metrics, by a method of their own."""
    rankings = any(isinstance(make("metrics", parse(spec)), Ranking) for spec in metrics)
    said = {"rankings": "Student's t on the influence of each unit"} if rankings else {}
    return {"method": METHOD, "draws": DRAWS, "level": LEVEL, **said}


def plain(score: Score) -> dict[str, Any]:
    """A score as it stands in a result's content."""
    row = asdict(score)
    row["value"] = None if score.value != score.value else score.value
    return row


def provenance() -> dict[str, Any]:
    """Where, when and with what: nothing of it is part of a result's identity."""
    return {
        "harness": VERSION,
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count() or 0,
        "byteorder": sys.byteorder,
        "threads": {name: os.environ[name] for name in THREADS if name in os.environ},
        "libraries": installed(),
        "lock": digest(installed()),
    }


def marks_of(texts: Sequence[str]) -> str:
    """The first 8 hexadecimal digits of each text's SHA-256: enough to say which of them have changed."""
    return "".join(digest_bytes(text.encode("utf-8", "surrogatepass"))[:8] for text in texts)


THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@functools.cache
def installed() -> dict[str, str]:
    """The version of every library of this environment, by name."""
    from importlib.metadata import distributions

    return dict(sorted((d.metadata["Name"], d.version) for d in distributions() if d.metadata["Name"]))
