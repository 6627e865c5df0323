"""Canonical form that changes nothing but form, and git's merge of what two people wrote in one file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpora import make_corpus, one_line, read_lines, write_lines
from harness.cli import run

GOLD = "documents/harbour/a.gold.jsonl"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_corpus(tmp_path / "tiny")
    assert run(["corpus", "fmt", str(root)]) == 0
    return root


def git(root: Path, *asked: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *asked], cwd=root, capture_output=True, text=True, env={**os.environ, "PATH": path}, check=False
    )


def test_form_is_mended_and_what_files_say_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert run(["corpus", "fmt", "--check", str(root)]) == 0
    head, *lines = read_lines(root / GOLD)
    write_lines(root / GOLD, [head, *(dict(reversed(line.items())) for line in reversed(lines))])
    capsys.readouterr()
    assert run(["corpus", "fmt", "--check", str(root)]) == 1
    assert f"would change {root / GOLD}" in capsys.readouterr().out
    assert run(["corpus", "fmt", str(root)]) == 0
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == files


def test_a_layer_that_is_open_stays_open(root: Path) -> None:
    head, *lines = read_lines(root / GOLD)
    write_lines(root / GOLD, [head | {"layers": head["layers"] | {"tone": "open"}}, *reversed(lines)])
    assert run(["corpus", "fmt", str(root)]) == 0
    assert read_lines(root / GOLD)[0]["layers"]["tone"] == "open"


def test_a_corpus_with_problems_is_left_as_it_is(root: Path) -> None:
    with (root / GOLD).open("a") as file:
        file.write('{"layer":"tone","label":"HOT"}\n')
    before = (root / GOLD).read_bytes()
    assert run(["corpus", "fmt", str(root)]) == 1
    assert (root / GOLD).read_bytes() == before


def branches(root: Path, mine: dict[int, dict[str, object]], theirs: dict[int, dict[str, object]]) -> int:
    """Git's answer to merging two branches that each change lines of one gold file, by number."""
    git(root, "init", "-q", "-b", "main")
    assert run(["corpus", "merge", "--install", str(root)]) == 0
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    rows = dict(enumerate(read_lines(root / GOLD), 1))
    for branch, changed in (("theirs", theirs), ("mine", mine)):
        git(root, "checkout", "-q", "-b", branch, "main")
        write_lines(root / GOLD, [row | changed.get(number, {}) for number, row in rows.items()])
        git(root, "commit", "-qam", branch)
    return git(root, "merge", "-q", "-m", "both", "theirs").returncode


def test_git_merges_changes_of_neighbouring_lines(root: Path) -> None:
    assert branches(root, {2: {"label": "COLD"}}, {3: {"label": "FAVOR"}}) == 0
    lines = read_lines(root / GOLD)
    assert (lines[1]["label"], lines[2]["label"]) == ("COLD", "FAVOR")
    assert run(["check", str(root)]) == 0


def test_what_both_changed_apart_is_marked_and_nothing_else(root: Path) -> None:
    assert branches(root, {3: {"label": "FAVOR"}}, {2: {"label": "COLD"}, 3: {"label": "AGAINST"}}) == 1
    text = (root / GOLD).read_text("utf-8")
    assert text.count("<<<<<<<") == text.count("=======") == text.count(">>>>>>>") == 1
    ours, theirs = text.split("<<<<<<< ours\n")[1].split(">>>>>>> theirs")[0].split("=======\n")
    assert '"label":"FAVOR"' in ours
    assert '"label":"AGAINST"' in theirs
    assert '"label":"COLD"' in text


def test_a_file_that_is_no_annotation_file_is_merged_as_text(tmp_path: Path) -> None:
    for name, text in (("base", "a\nb\nc\n"), ("mine", "A\nb\nc\n"), ("theirs", "a\nb\nC\n")):
        (tmp_path / name).write_text(text)
    asked = [str(tmp_path / name) for name in ("base", "mine", "theirs")]
    assert run(["corpus", "merge", *asked, "notes.jsonl"]) == 0
    assert (tmp_path / "mine").read_text() == "A\nb\nC\n"


def test_files_about_different_texts_are_not_mixed(root: Path, tmp_path: Path) -> None:
    head, *lines = read_lines(root / GOLD)
    for name, sha in (("base", "0" * 64), ("mine", "0" * 64), ("theirs", "1" * 64)):
        write_lines(tmp_path / name, [one_line(head | {"text_sha256": sha}), *lines])
    asked = [str(tmp_path / name) for name in ("base", "mine", "theirs")]
    assert (
        run(["corpus", "merge", *asked, str(root / GOLD)]) == 0
    )  # the header is changed on one side: plain git's merge
    assert read_lines(tmp_path / "mine")[0]["text_sha256"] == "1" * 64


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": 1}, {"id": 2}],
        [{"doc": "a", "readers": ["x", "y"]}, {"layer": "tone", "said": {}}],
        [{"doc": "a", "by": "gold", "text_sha256": "0", "layers": ["tone"]}],
        [{"doc": "a", "by": "gold", "text_sha256": "0", "layers": {}}, {"start": 0, "end": 1, "label": "PER"}],
    ],
)
def test_no_line_of_another_file_is_lost(rows: list[object], root: Path, tmp_path: Path) -> None:
    for name in ("base", "mine", "theirs"):
        write_lines(tmp_path / name, rows)
    asked = [str(tmp_path / name) for name in ("base", "mine", "theirs")]
    assert run(["corpus", "merge", *asked, str(root / GOLD)]) == 0
    assert read_lines(tmp_path / "mine") == rows


def test_a_span_that_clashes_with_two_keeps_all_three(root: Path, tmp_path: Path) -> None:
    head, *_ = read_lines(root / GOLD)
    head |= {"layers": {"entities": "done"}}
    line = {"layer": "entities", "label": "ORG"}
    sides = {"base": [], "mine": [(0, 14, "The Port Union")], "theirs": [(0, 3, "The"), (4, 8, "Port")]}
    for name, spans in sides.items():
        write_lines(tmp_path / name, [head, *(line | {"start": s, "end": e, "text": t} for s, e, t in spans)])
    asked = [str(tmp_path / name) for name in sides]
    assert run(["corpus", "merge", *asked, str(root / GOLD)]) == 1
    text = (tmp_path / "mine").read_text("utf-8")
    assert text.count("<<<<<<<") == 1
    for surface in ("The Port Union", "The", "Port"):
        assert text.count(f'"text":"{surface}"') == 1
