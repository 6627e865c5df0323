"""What differs between two states of a corpus, in words, and the page for its reviewer."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from corpora import make_corpus, read_lines, write_lines
from harness.cli import run

GOLD = "documents/harbour/a.gold.jsonl"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A corpus in a repository of its own, committed."""
    root = make_corpus(tmp_path / "tiny")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


def git(root: Path, *asked: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *asked], cwd=root, check=True, capture_output=True)


def edit(root: Path) -> None:
    """A label changed, a border moved, a field set, a span removed, and a document less."""
    head, *lines = read_lines(root / GOLD)
    lines[0] |= {"label": "COLD"}
    lines[1] |= {"via": "mayor"}
    lines[5] |= {"start": 0, "end": 14, "text": "The Port Union"}
    del lines[7]
    write_lines(root / GOLD, [head, *lines])
    for path in (root / "documents" / "harbour").glob("b.*"):
        path.unlink()


def test_the_same_corpus_does_not_differ(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "diff", str(root), f"{root}@HEAD"]) == 0
    assert capsys.readouterr().out == "No difference.\n"


def test_every_edit_is_said_once_and_in_words(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(root)
    assert run(["corpus", "diff", f"{root}@HEAD", str(root)]) == 1
    assert capsys.readouterr().out.split("\n") == [
        "harbour/b: removed",
        "harbour/a: by gold",
        "  tone: WARM → COLD",
        "  stance: the mayor > the strike NONE → via mayor",
        "  entities: “Port Union” ORG → “The Port Union”",
        "  entities: removed “Lima Port” ORG",
        "",
    ]
    assert run(["corpus", "diff", f"{root}@HEAD", str(root), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["exit"], answer["removed"], len(answer["changes"])) == (1, ["harbour/b"], 4)
    assert answer["changes"][0]["before"]["label"] == "WARM"


def test_what_is_known_of_a_document_and_the_schema_differ_too(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copytree(root, tmp_path / "other")
    toml = other / "corpus.toml"
    toml.write_text(toml.read_text().replace('"LOC", "DATE"]', '"LOC", "DATE", "NUM"]'))
    group = other / "documents/harbour/group.toml"
    group.write_text(group.read_text().replace('"train"', '"dev"'))
    run(["corpus", "diff", str(root), str(other)])
    told = capsys.readouterr().out
    assert 'layer entities: labels ["PER","ORG","LOC","DATE"] → ["PER","ORG","LOC","DATE","NUM"]' in told
    assert "harbour/a: split train → dev" in told


def test_a_review_says_what_matters_first_and_is_plain_text_to_markdown(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root)
    folder = root / "documents" / "bell"
    folder.mkdir()
    (folder / "group.toml").write_text('split = "dev"\n')
    (folder / "z.txt").write_text("<script>alert(1)</script> @everyone see https://example.org *now* #1\n")
    assert run(["corpus", "review", "--corpus", str(root)]) == 0
    page = capsys.readouterr().out
    assert "**1 document added, 1 document removed, 1 document changed**; 4 annotations changed." in page
    assert "| tone | WARM | 1 | 0 |" in page
    assert page.index("### harbour/b was removed") < page.index("### bell/z (new)")
    assert "- gold · entities: “Port Union” ORG → “The Port Union”" in page
    for markup in ("<script", "@everyone", "https://", " *now*", " #1"):
        assert markup not in page
    (root / GOLD).write_text((root / GOLD).read_text().replace('"label":"COLD"', '"label":"HOT"'))
    assert run(["corpus", "review", "HEAD", "--corpus", str(root)]) == 1
    page = capsys.readouterr().out
    assert page.index("finds 1 problem:") < page.index("### bell/z")


def test_a_commit_that_is_not_there_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "review", "HEAD~7", "--corpus", str(root)]) == 2
    assert "HEAD~7 is no commit" in capsys.readouterr().err


def test_a_review_outside_a_repository_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_corpus(tmp_path / "loose")
    assert run(["corpus", "review", "--corpus", str(root)]) == 2
    assert "is in no git repository" in capsys.readouterr().err
