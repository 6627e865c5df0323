"""A run that is killed goes on where it was: the small version of benchmarks/kill.py."""

import sys
from pathlib import Path

import pytest

import harness


def test_a_run_that_is_killed_loses_nothing_and_runs_no_cell_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(Path(harness.__file__).parent.parent / "benchmarks"), *sys.path])
    from kill import trial

    seen = trial(tmp_path, kills=5, seed=7)
    assert seen.pop("cells") == 40
    assert 1 <= seen.pop("kills") <= 5
    assert seen == {"twice": 0, "lost": 0, "left over": 0, "differing": 0}
