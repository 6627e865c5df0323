"""A gate among the tests of pytest: the fixture `harness_gate`, and `pytest --harness-gate BASE CANDIDATE`.

It is loaded at the start of every pytest where the harness is installed, so nothing of the harness is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.gating import Report
    from harness.reporting.cases import Case

NONE_YET = "no baseline of this name was accepted yet"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, as `pytest --help` shows them."""
    group = parser.getgroup("harness", "text-harness")
    group.addoption(
        "--harness-gate",
        nargs=2,
        metavar=("BASE", "CANDIDATE"),
        help="Gate CANDIDATE, a run, against BASE, a run or a baseline: a test for each gated cell.",
    )
    group.addoption("--harness-policy", metavar="GATE.toml", help="The policy of --harness-gate and of harness_gate.")


@pytest.fixture
def harness_gate(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """`harness_gate(base, candidate, policy=None)` fails the test where the gate blocks, and gives its report."""

    def gated(base: str, candidate: str, *, policy: str | None = None, corpora: Sequence[str] = ()) -> Report:
        from harness import telling
        from harness.errors import HarnessError

        try:
            asked = policy or request.config.getoption("--harness-policy")
            report = _report(str(base), str(candidate), asked, corpora)
        except HarnessError as error:
            pytest.fail(str(error), pytrace=False)
        if report is None:
            pytest.skip(NONE_YET)
        if report.exit_code:
            pytest.fail("\n".join(telling.lines(report)), pytrace=False)
        return report

    return gated


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among them too
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --harness-gate, a test for each gated cell after all others."""
    asked = config.getoption("--harness-gate")
    if asked:
        items.extend(_items(session, *asked, policy=config.getoption("--harness-policy")))


def _items(session: pytest.Session, base: str, candidate: str, *, policy: str | None) -> Iterator[pytest.Item]:
    from harness.errors import HarnessError
    from harness.reporting.cases import cases_of

    try:
        report = _report(base, candidate, policy)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    for case in cases_of(report) if report else [None]:
        yield _Item.from_parent(session, name=case.name if case else base, case=case)


def _report(base: str, candidate: str, policy: str | None, corpora: Sequence[str] = ()) -> Report | None:
    """What `harness gate` finds; None where nothing was accepted under the name of the base yet."""
    from harness.cli import _baselines, _sides
    from harness.gating import Policy, gate, read_policy

    if none := _baselines.none_yet(base, candidate):
        _baselines.say_none_yet(none, as_json=False)
        return None
    asked = _baselines.declared(base, read_policy(Path(policy)) if policy else Policy())
    sides = _sides.side(base), _sides.side(candidate)
    report = gate(*sides, _sides.tasks(*sides, corpora), asked)
    return _baselines.looked(base, sides[1], report, record=False)


class _Said(Exception):
    """What the gate says of a cell, where it is no pass."""


class _Item(pytest.Item):
    """A gated cell: an error where nothing could be compared, a failure where it blocks, skipped where it is open."""

    def __init__(self, *, case: Case | None, **settings: Any) -> None:
        super().__init__(**settings)
        self.case = case

    def setup(self) -> None:
        if self.case is None:
            pytest.skip(NONE_YET)
        if self.case.cell is None:
            raise _Said(self.case.reason)

    def runtest(self) -> None:
        assert self.case
        said = f"{self.case.state}: {self.case.reason}"
        if self.case.blocks:
            raise _Said(said)
        if self.case.state != "pass":
            pytest.skip(said)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, _Said) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.session.path, None, f"harness gate: {self.name}"
