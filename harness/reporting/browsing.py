"""The data of the error browser: documents that went wrong, with gold and every model's answers, as plain lists."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.annotations import Annotations
from harness.comparing import Comparison
from harness.parts import Task
from harness.records import ANSWERED, STATUSES, Document
from harness.reporting.account import Account
from harness.reporting.overlaying import partners
from harness.reporting.sections import models_first

Key = tuple[str, str]  # the name of a corpus and the id of a document in it
VALUES = 40  # values of a mark at most, to be filtered by
SEED = 13  # of the random sample where there are too many documents


@dataclass(frozen=True, eq=False)
class Asked:
    """One task with the answers of all who answered it; an item that somebody was not asked is None in `asked`."""

    title: str
    task: Task
    names: tuple[str, ...]
    roles: tuple[str, ...]
    answers: tuple[Annotations, ...]
    asked: tuple[frozenset[str] | None, ...]  # the items of each; None: all
    documents: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Browsed:
    """What the browser shows, and of how many."""

    data: dict[str, Any]
    wrong: int  # documents that went wrong in any task
    shown: int
    worst: int  # of the shown, how many are there as the worst; the others were drawn at random

    @property
    def changed(self) -> str:
        """How many are here of a comparison."""
        if self.shown == self.wrong:
            return f"{self.wrong:,} documents with an answer that got worse or better."
        rest = self.shown - self.worst
        return (
            f"{self.shown:,} of {self.wrong:,} documents that changed: {self.worst:,} worst, {rest:,} drawn at random."
        )

    @property
    def said(self) -> str:
        """How many are here, and where not all, which."""
        if self.shown == self.wrong:
            return f"{self.wrong:,} documents on which any answer is wrong."
        rest = self.shown - self.worst
        return (
            f"{self.shown:,} of {self.wrong:,} documents on which any answer is wrong: the {self.worst:,} with most "
            f"wrong answers, and {rest:,} of the others drawn at random (seed {SEED})."
        )


def browsed(account: Account, *, texts: bool, most: int) -> Browsed:
    """The documents of a run on which any answer is wrong. Without `texts` no text and no name that stands in one."""
    asked = []
    for title in account.titles:
        own = [
            (entry, said) for entry in models_first(account.of(title)) if (said := account.answers(entry)) is not None
        ]
        if own:
            entries, answers = zip(*own, strict=True)
            of = tuple(frozenset(entry.kept.item) for entry in entries)
            names, roles = tuple(e.label for e in entries), tuple(e.role for e in entries)
            documents = account.abouts[title].documents
            asked.append(Asked(title, account.tasks[title], names, roles, tuple(answers), of, documents))
    return _browsed(asked, texts=texts, most=most)


def of_comparisons(found: Sequence[tuple[str, Comparison]], *, texts: bool, most: int) -> Browsed:
    """The documents that got worse or better from base to candidate, by title; positions stand in `worse`, `better`."""
    asked = []
    for title, one in found:
        pair = one.pair
        asked.append(Asked(title, pair.task, pair.names, ("model", "model"), pair.answers, (None, None)))
    whole = _browsed(asked, texts=texts, most=most, only=[{*one.newly_wrong, *one.newly_right} for _, one in found])
    for told, (_, one) in zip(whole.data["tasks"], found, strict=True):
        row = {at: i for i, at in enumerate(told.pop("at"))}
        for name, places in (("worse", one.newly_wrong), ("better", one.newly_right)):
            told[name] = [row[at] for at in places if at in row]
    return whole


def _browsed(asked: Sequence[Asked], *, texts: bool, most: int, only: Sequence[set[int]] | None = None) -> Browsed:
    tasks = [_rows(one, texts, only[k] if only else None) for k, one in enumerate(asked)]
    badness: dict[Key, tuple[int, int]] = {}  # document -> wrong answers, the highest confidence in one
    for rows in tasks:
        for row in rows:
            many, sure = badness.get(row.document, (0, 0))
            badness[row.document] = (many + row.wrong, max(sure, row.sure))
    wrong = [name for name, (many, _) in badness.items() if many or only]
    kept, worst = _chosen(wrong, badness, most)
    number = {name: i for i, name in enumerate(kept)}
    slices: dict[str, int] = {}
    known = _documents(asked, number, slices, texts)
    data = {
        "texts": texts,
        "documents": known,
        "slices": list(slices),
        "tasks": [_told(one, rows, number, only is not None) for one, rows in zip(asked, tasks, strict=True)],
    }
    return Browsed(data, len(wrong), len(kept), worst)


def _chosen(wrong: Sequence[Key], badness: Mapping[Key, tuple[int, int]], most: int) -> tuple[list[Key], int]:
    """The documents that are shown, in their order; half of too many are the worst, half are drawn."""
    if len(wrong) <= most:
        return list(wrong), len(wrong)
    ranked = sorted(wrong, key=lambda name: (-badness[name][0], -badness[name][1], name))
    worst = most - most // 2
    drawn = random.Random(SEED).sample(ranked[worst:], most // 2)
    both = {*ranked[:worst], *drawn}
    return [name for name in wrong if name in both], worst


@dataclass(frozen=True)
class _Row:
    document: Key
    at: int
    cells: list[Any]  # facets, gold, evidence, roles, answers
    wrong: int
    sure: int


def _rows(asked: Asked, texts: bool, only: set[int] | None) -> list[_Row]:
    task = asked.task
    items, gold = task.items, task.gold
    codes = {label: i for i, label in enumerate(gold.labels)}
    rows = []
    for i, item in enumerate(items["item"]):
        if only is not None and i not in only:
            continue
        due = _plain(gold, i, codes)
        said: list[Any] = []
        wrong, sure = 0, 0
        for own, of in zip(asked.answers, asked.asked, strict=True):
            if of is not None and item not in of:
                said.append(None)
                continue
            answer, right, confidence = _answer(own, i, due, codes)
            said.append(answer)
            if not right:
                wrong, sure = wrong + 1, max(sure, confidence)
        facets = [items[facet][i] for facet in task.of] if texts else _ids(item)
        evidence, roles = _reasons(asked, i, texts)
        rows.append(_Row((task.corpus, items["document"][i]), i, [facets, due, evidence, roles, said], wrong, sure))
    return rows


def _plain(said: Annotations, i: int, codes: Mapping[str, int]) -> Any:
    """An answer with its labels as numbers: 2, [0, 3], or [[start, end, 2], …]; -1 is a label that is not declared."""
    answer = said.answer(i)
    if answer is None:
        return STATUSES[said.status[i]]
    if isinstance(answer, str):
        return codes.get(answer, -1)
    return [codes.get(one, -1) if isinstance(one, str) else [one[0], one[1], codes.get(one[2], -1)] for one in answer]


def _answer(said: Annotations, i: int, due: Any, codes: Mapping[str, int]) -> tuple[Any, bool, int]:
    """A prediction beside its gold: as it is kept, whether it is right, and how sure it was in thousandths, or -1.

    Labels are kept as [answer, confidence]; spans as the position of the gold span that they equal, or else as
    [start, end, label, the position of the gold span that they belong to or -1]. What was not answered is its status.
    """
    answer = _plain(said, i, codes)
    if said.status[i] != ANSWERED:
        return answer, False, -1
    if said.kind == "spans":
        of = partners(due, answer) if isinstance(due, list) else [-1] * len(answer)
        kept = [at if at >= 0 and due[at] == span else [*span, at] for span, at in zip(answer, of, strict=True)]
        return kept, len(due) == len(kept) and all(isinstance(one, int) for one in kept), -1
    sure = -1
    if said.scores is not None:
        row = said.scores[i]
        if said.kind == "label":
            sure = round(1000 * float(row[said.codes[i]]))
        elif isinstance(due, list):
            off = [float(row[code]) for code in answer if code not in due and code >= 0]
            off += [1 - float(row[code]) for code in due if code not in answer and code < len(row)]
            sure = round(1000 * max(off, default=0.0))
    return [answer, sure], bool(answer == due), sure


def _ids(item: str) -> list[str]:
    return item.partition("#")[2].split(">") if "#" in item else []


def _reasons(asked: Asked, i: int, texts: bool) -> tuple[list[list[int]], list[str]]:
    """Where the evidence of the gold stands, and of events each label with its role, sub-type and more."""
    task = asked.task
    document = asked.documents.get(task.items["document"][i])
    lines = document.gold.get(str(task.settings.get("layer", "")), ()) if document is not None else ()
    roles = [_role(line) for line in lines if "role" in line and task.gold.kind != "spans"]
    if not texts or task.gold.kind == "spans":
        return [], roles
    if "evidence" in task.gold.besides:
        return [[start, end] for start, end, _ in task.gold.besides["evidence"].answer(i) or ()], roles
    named = set(task.gold.answer(i) or ()) if task.gold.kind == "labels" else set()
    places = {(start, end) for line in lines if line["label"] in named for start, end in line.get("evidence", ())}
    return [list(place) for place in sorted(places)], roles


def _role(line: Mapping[str, Any]) -> str:
    more = [str(line[key]) for key in ("subtype", "realis") if key in line]
    return f"{line['role']} {line['label']}" + (f" ({', '.join(more)})" if more else "")


def _documents(
    asked: Sequence[Asked], number: Mapping[Key, int], slices: dict[str, int], texts: bool
) -> list[list[Any]]:
    """[id, text, language, tags, slices] of each document that is shown."""
    rows: list[list[Any]] = [[name, "", "", [], []] for _, name in number]
    seen: set[int] = set()
    for one in asked:
        items, marks = one.task.items, dict(_marks(one.task))
        tags = one.task.gold.marks.get("tags")
        for i, name in enumerate(items["document"]):
            at = number.get((one.task.corpus, name))
            if at is None or at in seen:
                continue
            seen.add(at)
            own = [f"{mark}={values[i]}" for mark, values in marks.items() if isinstance(values[i], str) and values[i]]
            found = tags[i] if tags is not None else []
            language = items["language"][i] if "language" in items else ""
            listed = [found] if isinstance(found, str) and found else list(found)
            where = [slices.setdefault(value, len(slices)) for value in own]
            rows[at] = [name, items["text"][i] if texts and "text" in items else "", language, listed, where]
    return rows


def _marks(task: Task) -> Iterator[tuple[str, Sequence[Any]]]:
    """What documents can be told apart by: languages, splits, and metadata of few values."""
    columns = {name: task.items[name] for name in ("language", "split") if name in task.items}
    others = {name: values for name, values in task.gold.marks.items() if name not in (*task.of, "tags", "pair")}
    for name, values in {**columns, **others}.items():
        if all(isinstance(value, str) for value in values) and 1 < len({*values}) <= VALUES:
            yield name, values


def _told(asked: Asked, rows: Sequence[_Row], number: Mapping[Key, int], places: bool) -> dict[str, Any]:
    kept = [row for row in rows if row.document in number]
    said = {
        "title": asked.title,
        "kind": asked.task.gold.kind,
        "labels": list(asked.task.gold.labels),
        "of": list(asked.task.of),
        "models": [
            [name, role, answers.scores is not None]
            for name, role, answers in zip(asked.names, asked.roles, asked.answers, strict=True)
        ],
        "rows": [[number[row.document], *row.cells] for row in kept],
    }
    return {**said, "at": [row.at for row in kept]} if places else said
