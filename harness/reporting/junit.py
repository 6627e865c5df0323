"""A gate as JUnit XML: a case for each gated cell, so that any CI shows it among the tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from harness import telling
from harness.gating import Report
from harness.reporting.cases import Case, cases_of

UNFIT = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold, and \r
SHOWN = 5  # newly wrong items in a failure
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def junit(report: Report) -> str:
    """The whole file, of the shape of Jenkins' junit-10.xsd: a suite for each task.

    What blocks is a failure. What does not is skipped with its reason: a verdict that is open, or a regression that the
    policy only warns of. What could not be compared or was not run is an error. So the file is red where the process
    ends with an error, and green where not.
    """
    cases = cases_of(report)
    root = ElementTree.Element("testsuites", _counts("harness gate", cases))
    del root.attrib["skipped"]  # the schema has it of a suite alone
    for task in dict.fromkeys(case.gated.task for case in cases):
        own = [case for case in cases if case.gated.task == task]
        suite = ElementTree.SubElement(root, "testsuite", _counts(task or "harness gate", own))
        for case in own:
            _write(case, ElementTree.SubElement(suite, "testcase"), report)
    return _whole(root)


def without_baseline(name: str, said: str) -> str:
    """The file where nothing was accepted yet under the name of the base: one case, skipped, that says so."""
    counts = {"name": "harness gate", "tests": "1", "failures": "0", "errors": "0"}
    root = ElementTree.Element("testsuites", {**counts, "time": "0"})
    suite = ElementTree.SubElement(root, "testsuite", {**counts, "skipped": "1", "time": "0"})
    case = ElementTree.SubElement(suite, "testcase", name=_fit(name), classname="harness gate", time="0")
    ElementTree.SubElement(case, "skipped", message=_fit(said))
    return _whole(root)


def _whole(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _write(case: Case, into: ElementTree.Element, report: Report) -> None:
    about = ".".join(part for part in (case.gated.task, case.gated.model) if part)
    into.attrib.update(name=_fit(case.cell.name if case.cell else case.name), classname=_fit(about), time="0")
    kind = _kind(case)
    if kind == "skipped":
        ElementTree.SubElement(into, kind, message=_fit(case.reason))
    elif kind:
        inner = ElementTree.SubElement(into, kind, type=case.state, message=_fit(case.reason))
        inner.text = _fit("\n".join([*telling.of_gated(case.gated, report), *_newly_wrong(case)]))
    else:
        ElementTree.SubElement(into, "system-out").text = _fit(case.reason)


def _newly_wrong(case: Case) -> list[str]:
    found = case.gated.comparison
    if found is None:
        return []
    rows = telling.documents(found, found.newly_wrong[:SHOWN])
    return [f"  newly wrong {item}: gold {gold}, base {base}, candidate {now}" for item, gold, base, now in rows]


def _kind(case: Case) -> str:
    if case.cell is None:
        return "error"
    return "failure" if case.blocks else "" if case.state == "pass" else "skipped"


def _counts(name: str, cases: list[Case]) -> dict[str, str]:
    kinds = [_kind(case) for case in cases]
    counts = {counted: str(kinds.count(kind)) for kind, counted in COUNTED.items()}
    return {"name": _fit(name), "tests": str(len(cases)), **counts, "time": "0"}


def _fit(text: str) -> str:
    """What XML cannot hold is named: an escape character reads `\\u001b`."""
    return UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
