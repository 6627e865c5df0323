"""Hypothesis explores at random on a developer's machine, and draws the same examples each time in CI."""

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _runs_write_no_report(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in tests end with the command for a report, which costs a second; tests of it are marked `report`."""
    if "report" not in request.keywords:
        monkeypatch.setattr("harness.cli._run_report.MOST", -1)
