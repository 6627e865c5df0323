"""The server killed while it saves: the small version of benchmarks/annotate_kill.py."""

import sys
from pathlib import Path

import pytest

import harness


def test_a_server_that_is_killed_leaves_a_whole_file_with_every_save_that_it_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(Path(harness.__file__).parent.parent / "benchmarks"), *sys.path])
    from annotate_kill import trial

    seen = trial(tmp_path, saves=10, seed=7)
    assert seen["saves"] == 10
    assert {seen[name] for name in ("broken", "lost", "unasked", "left_over_after_a_start")} == {0}
