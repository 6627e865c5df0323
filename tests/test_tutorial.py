"""Every command of corpora/TUTORIAL.md, from Label Studio's export to a commit, as it stands on the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from label_studio_tasks import write_tasks

import harness
from corpora import read_lines
from harness.cli import run

PAGE = (Path(harness.__file__).parent.parent / "corpora" / "TUTORIAL.md").read_text(encoding="utf-8")


def do(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run one line of a console block; what it printed."""
    command, _, remark = line.partition("    # ")
    expected = int(remark.removeprefix("exit code ")[0]) if remark else 0
    command, _, file = command.partition(" > ")
    name, *args = shlex.split(command)
    if name == "git":
        who = {f"GIT_{role}_{part}": "x@localhost" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        subprocess.run(["git", *args], check=True, env={**os.environ, **who})
        return ""
    assert run(args) == expected, (line, capsys.readouterr())
    out = capsys.readouterr().out
    if file:
        Path(file.strip()).write_text(out, encoding="utf-8")
    return out


def test_the_tutorial_runs_from_the_export_to_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tasks(Path("export.json"))
    told = {}
    for kind, block in re.findall(r"^```(console|toml|python)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        if kind == "toml":
            drafted = Path("map.toml").read_text("utf-8")
            assert all(
                line in drafted for line in ('story = "group"', 'PERSON = "PER"', 'Pro = "FAVOR"', '"#dc6efed3"')
            )
            assert "example.org" not in drafted
            Path("map.toml").write_text(block, encoding="utf-8")
        elif kind == "python":
            exec(compile(block, "TUTORIAL.md", "exec"), {})
        else:
            for line in block.splitlines():
                told[line] = do(line.removeprefix("$ "), capsys)
    dry, applied = (told[line] for line in told if "--map map.toml" in line)
    assert "605 items" in dry
    assert "300 new documents in 75 groups" in dry
    assert "left out: 5 cancelled" in dry
    assert "Written to" in applied
    documents = Path("corpora/strike/documents")
    assert len([*documents.rglob("*.txt")]) == len([*documents.rglob("*.gold.jsonl")]) == 300
    assert all(set(read_lines(path)[0]["layers"].values()) == {"done"} for path in documents.rglob("*.gold.jsonl"))
    assert not any("@example.org" in path.read_text("utf-8") for path in Path("corpora").rglob("*") if path.is_file())
    review = list(told.values())[-1]
    assert "**300 documents added**." in review
    assert "`harness check`: no problems." in review
    assert re.search(r"\| stance \| FAVOR \| 0 \| 1\d\d \|", review)
    status = subprocess.run(["git", "status", "--porcelain", "corpora"], capture_output=True, text=True, check=True)
    assert not status.stdout
