"""Disputes of a document's readers, settled in the page: gold and the log of disputes are written, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from harness.annotating.documents import Answer, Desk, Opened, Refused
from harness.editing.adjudicating import Adjudication, Settled, adjudicate, adjudicated
from harness.errors import AskedWrongly
from harness.files import compact, write_atomically

SETTLED = ("about", "line", "rule", "note", "slip")


class Settling:
    """Where disputes are settled on a corpus, whoever the annotator is."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def disputes(self, group: str, name: str) -> Answer:
        """What the readers dispute and have not settled. `etag` is that of the gold file."""
        with self.desk.alone():
            opened = self.desk.open(group, name)
            one = self._adjudication(opened)
            return _shown(one, opened.etag("gold"))

    def settle(self, group: str, name: str, etag: str, body: Mapping[str, Any]) -> tuple[Opened, Answer]:
        """Write gold with some disputes settled. Refused with 412 where it changed, with 422 where they do not fit."""
        desk = self.desk
        settled = _settled(body, desk.schema.layers)
        with desk.alone():
            opened = desk.open(group, name)
            one = self._adjudication(opened)
            now = opened.etag("gold")
            if now != etag:
                raise Refused(412, "the gold was changed elsewhere. Load the disputes again.", **_shown(one, now))
            if one is None:
                raise Refused(409, "nothing to settle: no layer of two readers waits for gold")
            try:
                files, problems = adjudicated(one, settled, desk.schema)
            except AskedWrongly as error:
                raise Refused(422, str(error)) from None
            if problems:
                raise Refused(422, f"{problems[0].found}. {problems[0].remedy}", problems)
            for file, data in reversed(files):  # the log before the gold that it explains
                write_atomically(opened.folder / file, data)
            opened = desk.open(group, name)
            return opened, _shown(self._adjudication(opened), opened.etag("gold"))

    def _adjudication(self, opened: Opened) -> Adjudication | None:
        """Refused with 409 where a reader's file is broken: what cannot be read would be lost."""
        problems = opened.reading.problems
        if problems:
            raise Refused(409, f"{problems[0]} See: harness check", problems)
        return adjudicate(opened.reading, opened.document)


def _shown(one: Adjudication | None, etag: str) -> Answer:
    if one is None:
        return {"readers": [], "disputes": [], "agreed": 0, "etag": etag, "settled": []}
    return {
        "readers": [file.by for file in one.readers],
        "disputes": [
            {
                "about": dispute.about,
                "said": dispute.said,
                "gold": dispute.gold,
                "rule": "",
                "lines": one.lines_for(dispute),
            }
            for dispute in one.disputes
        ],
        "agreed": sum(map(len, one.agreed.values())),
        "etag": etag,
        "settled": one.log,
    }


def _settled(body: Mapping[str, Any], layers: Collection[str]) -> list[Settled]:
    """The decisions of a request. Refused with 422 where they have not that form."""
    given = body.get("settled")
    if not isinstance(given, list) or not given:
        raise Refused(422, 'no list of "settled"')
    settled = []
    for one in given:
        whole = isinstance(one, dict) and one.keys() <= set(SETTLED) and "line" in one
        if not whole or not isinstance(one.get("about"), dict) or not isinstance(one["line"], dict | None):
            raise Refused(422, f"not a decision: {compact(one)[:200]}")
        about, line = one["about"], one["line"]
        strange = line is not None and (
            line.get("layer", about.get("layer")) != about.get("layer") or "label" not in line
        )
        if strange or str(about.get("layer")) not in layers:
            raise Refused(422, f"the line is not of the layer that is disputed: {compact(one)[:200]}")
        rule, note, slip = one.get("rule", ""), one.get("note", ""), one.get("slip", False)
        if not isinstance(rule, str) or not isinstance(note, str) or not isinstance(slip, bool):
            raise Refused(422, f"rule and note are texts, slip is true or false: {compact(one)[:200]}")
        settled.append(Settled(about, line, rule, note, slip))
    return settled
