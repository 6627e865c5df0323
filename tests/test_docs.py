"""The README's commands and examples run as they stand; the tables are those that the scripts write."""

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_journey import write_news

import harness
from harness.cli import run
from harness.errors import HarnessError

ROOT = Path(harness.__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("corpora", "benchmarks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    write_news(tmp_path / "news.csv")
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "dam.txt").write_text("The dam held, said the mayor of Port Lima on Monday.\n")
    (tmp_path / "predictions.jsonl").write_text(blocks("json")[0])
    item, stances = [f"{i:03}" for i in range(30)], ["FAVOR", "AGAINST", "NONE"] * 10
    for name in ("mine", "gold"):
        pq.write_table(pa.table({"item": item, "label": stances}), tmp_path / f"{name}.parquet")
    (tmp_path / "tagged.conll").write_text("Ana S-PER S-PER\n\nRome S-LOC O\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_two_commands_stand_at_the_top_before_any_explanation() -> None:
    first = README.split("```")[1]
    assert "make run" in first
    assert "make test" in first
    assert len(README.split("```")[0].splitlines()) <= 2


def test_the_readmes_commands_run(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 10
    for command in commands:
        if command == "harness run benchmarks/kabar.toml":
            continue  # what `make run` does; held by the test of the tables below
        name, *args = shlex.split(command)
        assert name == "harness"
        assert run(args) == 0, (command, capsys.readouterr().err)


def test_the_readmes_python_runs(checkout: Path) -> None:
    out = io.StringIO()
    names: dict = {}
    with contextlib.redirect_stdout(out):
        for block in blocks("python"):
            exec(compile(block, "README.md", "exec"), names)
    assert "True" in out.getvalue()
    assert "Longest(words=120) | seed 13" in out.getvalue()


def test_links_lead_somewhere() -> None:
    for path in (
        "README.md",
        "CONTRIBUTING.md",
        "benchmarks/README.md",
        "corpora/kabar/README.md",
        "corpora/TUTORIAL.md",
    ):
        text = (ROOT / path).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / path).parent / target).exists(), (path, target)


def test_the_tables_are_those_that_the_script_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the models that learn in a moment; `.ci/run` holds them all."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import tables

    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").splitlines()
    written = tables.text(only=("majority", "gazetteer")).splitlines()
    assert set(written) <= set(page)
    assert sum(line.startswith("| majority") for line in written) == 8  # four tasks, twice


def test_the_pictures_hold_the_numbers_of_the_tables_below_them_light_and_dark() -> None:
    """`.ci/run` draws them anew."""
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    shown = re.findall(
        r"(?s)<picture>.*?srcset=\"([^\"]+)\".*?src=\"([^\"]+)\".*?</picture>\n\n(.*?)\n\n", f"{page}\n\n"
    )
    assert len(shown) == 8  # four tasks, twice
    for dark, light, table in shown:
        drawn = [(ROOT / "benchmarks" / path).read_text(encoding="utf-8") for path in (dark, light)]
        cells = [[cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines()[2:] if row[0] == "|"]
        due = {(name.split(" (")[0], value.removesuffix(" [not estimable]")) for name, value in cells}
        for svg in drawn:
            parsed = ElementTree.fromstring(svg)
            texts = ["".join(text.itertext()) for text in parsed.iter("{http://www.w3.org/2000/svg}text")]
            names, values = (texts[i : 2 * len(due) + i : 2] for i in (0, 1))
            assert {(name.split(" · ")[0], value) for name, value in zip(names, values, strict=True)} == due
            assert "@media" not in svg  # the page says which theme is on
        dark_one, light_one = (re.sub("(?s)<style>.*</style>", "", svg) for svg in drawn)
        assert dark_one == light_one
        assert drawn[0] != drawn[1]


def test_a_table_without_a_failed_model_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import tables

    failed = tables.Outcome("event", "tfidf", 1, None, HarnessError("it broke"))
    for write in (tables.table, tables.gaps):
        with pytest.raises(SystemExit, match="tfidf on event gave no result: it broke"):
            write([failed])


@pytest.mark.parametrize("path", sorted((ROOT / "harness").rglob("*.py")), ids=lambda path: path.name)
def test_examples_in_docstrings_are_right(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if ">>>" in path.read_text(encoding="utf-8"):
        __import__(name)
        assert doctest.testmod(sys.modules[name]).failed == 0


def test_no_file_names_a_registry_or_a_path_of_this_machine() -> None:
    bad = re.compile(
        "|".join(["pypi" + r"\.org", "files" + r"\.pythonhosted", "registry" + r"\.npmjs", "/work" + "/main"])
    )
    for folder in ("harness", "tests", "benchmarks", "seeds", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in (".py", ".toml", ".md", "") and os.access(path, os.R_OK):
                assert not bad.search(path.read_text(encoding="utf-8")), path
