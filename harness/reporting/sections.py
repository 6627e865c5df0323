"""What a report shows of one task: scores as tables and pictures, who was confused with whom, how sure models are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.annotations import Annotations
from harness.parts import Task
from harness.records import ANSWERED
from harness.reporting import figures
from harness.reporting.account import Account, Entry
from harness.reporting.figures import NARROW, WIDE, Point
from harness.reporting.overlaying import marks
from harness.scores import Score

NOTHING = "–"  # where a gold span was missed, one was spurious, or no answer was given
BINS = 10  # of a reliability diagram
SLACK = 1e-3  # how far from 1 probabilities may sum
ROLES = {"model": "", "floor": "floor", "reader": "second reader"}


@dataclass(frozen=True)
class Picture:
    """A figure at two widths, what stands over it, the signs in it, and what was left out."""

    title: str
    wide: str
    narrow: str
    signs: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Confusion:
    """Gold by prediction, (n_rows, n_columns) counts; `right` are the cells that are no error."""

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    caption: str

    def shade(self, r: int, c: int) -> int:
        """How dark a cell is, 0 to 10, by its share of its row."""
        whole = sum(self.counts[r])
        return round(10 * self.counts[r][c] / whole) if whole else 0


@dataclass(frozen=True)
class Section:
    """All that stands under the heading of a task."""

    title: str
    anchor: str
    sentence: str
    brief: str  # n, units and what can be detected, in a line
    about: str
    detects: str
    entries: list[Entry]
    metrics: list[str]
    forest: Picture
    parts: list[Picture]  # by label, then by each slice
    confusions: list[Confusion]
    reliabilities: list[tuple[str, str, str]] = field(default_factory=list)  # model, figure, what was counted
    notes: list[str] = field(default_factory=list)

    @property
    def roles(self) -> Mapping[str, str]:
        """What a result is, where it is no model."""
        return ROLES


def sections(account: Account) -> list[Section]:
    """A section for each task of a run, in its order."""
    return [_section(account, title, n) for n, title in enumerate(account.titles, 1)]


def _section(account: Account, title: str, n: int) -> Section:
    entries, task = account.of(title), _asked(account, title)
    ranked, least = models_first(entries), account.detectable(title)
    metric = account.metric(title)
    points = [_point(entry, entry.primary) for entry in entries]
    scores = [score for entry in entries for score in entry.kept.headlines]
    readable = [(entry, said) for entry in ranked if (said := account.answers(entry)) is not None]
    return Section(
        title=title,
        anchor=f"task-{n}",
        sentence=f"{account.sentence(title)} {_lead(account, title)}".rstrip(),
        brief=_brief(entries[0].primary, least, account.lower(title)),
        about=_about(entries[0], task),
        detects=_detects(metric, least, account.lower(title)),
        entries=entries,
        metrics=list(dict.fromkeys(score.metric for score in scores)),
        forest=_forest(points, metric),
        parts=[*_by_label(ranked, task, metric), *_by_slice(ranked, metric)],
        confusions=[own for entry, said in readable if (own := confusion(account.tasks[title], said, entry))],
        reliabilities=[one for entry, said in readable if (one := _reliability(account.tasks[title], said, entry))],
        notes=list(dict.fromkeys(score.note for score in scores if score.note)),
    )


def models_first(entries: Sequence[Entry]) -> list[Entry]:
    """Models, then floors, then readers, in each the order given."""
    return sorted(entries, key=lambda entry: list(ROLES).index(entry.role))


def _asked(account: Account, title: str) -> Task | None:
    """The task with the items alone that were scored, which every result on it shares."""
    task = account.tasks.get(title)
    scored = {*account.of(title)[0].kept.item} if task else ()
    return task and task.take([i for i, item in enumerate(task.items["item"]) if item in scored])


def _about(entry: Entry, task: Task | None) -> str:
    first = entry.primary
    documents = len(set(task.items["document"])) if task else 0
    kind = {"label": "one label each", "labels": "a set of labels each", "spans": "labelled spans"}[entry.kept.kind]
    of = f" in {documents:,} documents" if documents and documents != first.n else " (documents)" if documents else ""
    units = f"{first.units:,} {first.unit}{'s' if first.units != 1 else ''}"
    protocol = str(entry.kept.content["protocol"])
    how = "" if entry.role == "reader" else f", {protocol}"
    return f"{first.n:,} items{of}, {kind}{how}. Chance is drawn over {units}: intervals are at 95 %."


def _lead(account: Account, title: str) -> str:
    """By how much the first is ahead of the second, with that pair's own interval."""
    many = account.compared(title)
    if many is None:
        return ""
    one, (first, second) = many.between(0, 1), many.names[:2]
    ends = [end for end in (one.low, one.high) if end is not None]
    if one.difference != one.difference or (one.difference == 0 and not ends):
        return ""
    lower = account.lower(title)
    if lower:
        ends = sorted(-end for end in ends)  # less is better: how much less
    times, digits = (1, 3) if lower else (100, 1)
    gap = f"{times * abs(one.difference):.{digits}f}"
    interval = f" [{', '.join(f'{times * end:.{digits}f}' for end in ends)}]" if ends else ""
    said = f"{first} is ahead of {second} by {gap}{interval}{'' if lower else ' points'}"
    return f"{said}{'' if one.apart else ', which may be chance'}."


def _brief(first: Score, least: float | None, lower: bool) -> str:
    said = f"n {first.n:,} in {first.units:,} {first.unit}s"
    if first.n == first.units:
        said = f"n {first.n:,} {first.unit}s"
    if least is None or least != least:
        return said
    drop = f"{least:.3f}" if lower else f"{100 * least:.1f} points"
    return f"{said}; can show a drop of {drop} between the two best, 8 times in 10"


def _detects(metric: str, least: float | None, lower: bool) -> str:
    if least is None or least != least:
        return "What this set can detect is not known: it takes two models and the gold."
    if lower:
        return f"This set shows a rise of {least:.3f} in {metric} 8 times in 10; a smaller one may hide."
    return (
        f"This set shows a drop of {100 * least:.1f} points of {metric} 8 times in 10 (between its two "
        "best); a smaller one may hide."
    )


def _point(entry: Entry, score: Score, series: int = 0) -> Point:
    return Point(entry.label, entry.role, score.value, score.low, score.high, series)


def _forest(points: Sequence[Point], metric: str) -> Picture:
    wide, narrow = (figures.forest(points, metric=metric, width=width) for width in (WIDE, NARROW))
    held = {point.role for point in points}
    said = {"floor": "hollow: a floor, dashed line: the best floor", "reader": "diamond and dotted line: second reader"}
    return Picture(metric, wide, narrow, note="; ".join(text for role, text in said.items() if role in held))


def _by_label(entries: Sequence[Entry], task: Task | None, metric: str) -> Iterator[Picture]:
    """The first metric that has scores of labels; a label's n is how often the gold has it."""
    held = [score.metric for entry in entries for score in entry.kept.scores if score.label]
    if not held:
        return
    metric = metric if metric in held else held[0]
    times = gold_counts(task) if task else {}
    own = {e: {s.label: s for s in e.kept.scores if s.label and s.metric == metric} for e in entries}
    names = list(dict.fromkeys(label for scores in own.values() for label in scores))
    rows = [(name, f"n {times[name]:,}" if name in times else "") for name in names]
    yield _dots(f"{metric} of each label", rows, names, own, metric, "n: how often the gold has the label.")


def _by_slice(entries: Sequence[Entry], metric: str) -> Iterator[Picture]:
    """A picture for each slice by the primary metric."""
    own = {e: {s.slice: s for s in e.kept.scores if s.slice and not s.label and s.metric == metric} for e in entries}
    known = {name: score for scores in own.values() for name, score in scores.items()}
    for slice_ in dict.fromkeys(name.partition("=")[0] for name in known):
        names = [name for name in known if name.partition("=")[0] == slice_]
        rows = [(name.partition("=")[2], f"n {known[name].n:,}") for name in names]
        yield _dots(f"{metric} by {slice_}", rows, names, own, metric, "n: items.")


def _dots(
    title: str,
    rows: Sequence[tuple[str, str]],
    names: Sequence[str],
    own: Mapping[Entry, Mapping[str, Score]],
    metric: str,
    note: str,
) -> Picture:
    entries = [entry for entry in own if own[entry]]
    points = [[_point(e, own[e][name], i) for i, e in enumerate(entries) if name in own[e]] for name in names]
    rows, points, all_ = list(rows)[: figures.MOST], points[: figures.MOST], len(rows)
    if all_ > len(rows):
        note += f" The first {len(rows)} of {all_} are drawn; all stand in the table of numbers."
    wide, narrow = (figures.dots(rows, points, metric=metric, width=width) for width in (WIDE, NARROW))
    signs = figures.legend([_point(entry, entry.primary, i) for i, entry in enumerate(entries)])
    return Picture(title, wide, narrow, tuple(signs), note)


def gold_counts(task: Task) -> dict[str, int]:
    """How often the gold has each label."""
    found = Counter(int(code) for code in task.gold.codes if code >= 0)
    return {label: found[i] for i, label in enumerate(task.gold.labels)}


def confusion(task: Task, said: Annotations, entry: Entry) -> Confusion | None:
    """Gold by predicted label, of the items that were asked; None where no two labels meet, as in sets of one label.

    Of label sets, a wrong answer's missing labels are held against its superfluous ones. Of spans, those that overlap
    are held together; the last row and column are spurious and missed spans.
    """
    gold, asked = task.gold, set(entry.kept.item)
    found: Counter[tuple[str, str]] = Counter()
    for i, item in enumerate(task.items["item"]):
        if item in asked:
            found.update(_met(gold.kind, gold.answer(i), said.answer(i)))
    labels = list(gold.labels)
    rows = [*labels, NOTHING] if any(due == NOTHING for due, _ in found) else labels
    others = {name for _, name in found} - {*labels}
    columns = [*labels, *sorted(others)]
    if not found:
        return None
    captions = {
        "label": "Rows are gold, columns predictions; – is no valid answer.",
        "labels": "Rows are labels of the gold, columns those predicted. On the diagonal, labels that were found; off "
        "it, each label that was missed against each that was wrongly given in its place; –: none in its place.",
        "spans": "Rows are gold spans, columns the predicted spans that overlap them; – is nothing: missed, spurious. "
        "On the diagonal are wrong borders too.",
    }
    counts = tuple(tuple(found[row, column] for column in columns) for row in rows)
    return Confusion(entry.label, tuple(rows), tuple(columns), counts, captions[gold.kind])


def _met(kind: str, due: Any, answer: Any) -> Iterator[tuple[str, str]]:
    """Pairs of a label of the gold and one of the prediction."""
    if kind == "label":
        if due is not None:
            yield due, NOTHING if answer is None else answer
    elif kind == "spans":
        for mark in marks(due or (), answer or ()):
            yield mark.gold[2] if mark.gold else NOTHING, mark.said[2] if mark.said else NOTHING
    else:
        gold, said = set(due or ()), set(answer or ())
        missed, extra = sorted(gold - said), sorted(said - gold)
        yield from ((label, label) for label in sorted(gold & said))
        yield from ((a, b) for a in missed or [NOTHING] * bool(extra) for b in extra or [NOTHING] * bool(missed))


def _reliability(task: Task, said: Annotations, entry: Entry) -> tuple[str, str, str] | None:
    """The diagram of a model that gives probabilities with one label an item; nothing of floors and others."""
    import numpy as np

    if said.kind != "label" or said.scores is None or entry.role != "model":
        return None
    there = (said.status == ANSWERED) & (task.gold.codes >= 0)
    scores = np.asarray(said.scores[there], np.float64)
    if not len(scores) or (scores < 0).any() or (np.abs(scores.sum(axis=1) - 1) > SLACK).any():
        return None
    sure, right = scores.max(axis=1), said.codes[there] == task.gold.codes[there]
    order = np.argsort(sure, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    bins = [(float(sure[part].mean()), float(right[part].mean()), len(part)) for part in parts]
    said_ = f"n {len(sure):,} answers, by confidence in {len(bins)} bins of equal size"
    return entry.label, figures.reliability(bins, name=entry.label), said_
