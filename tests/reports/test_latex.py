"""The report latex: read back by a parser of LaTeX, and by pdflatex where there is one; best in bold, ties marked."""

import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from told import account_of, altered, contents, make_run, name_of

from harness.registry import make, parse
from harness.reporting.account import Account

WILD = r"50%_of {a} & b\c #1 ~x^2 $y <z>|"  # a name with all that LaTeX takes for a command
PAGE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


def written(account: Account, path: Path, form: str = "latex") -> str:
    make("reports", parse(form)).write(account, path)
    return path.read_text(encoding="utf-8")


def tables(text: str) -> list[tuple[list[list[str]], str]]:
    """The cells of each table as a reader sees them, bold ones between asterisks, and its caption."""
    latex2text = pytest.importorskip("pylatexenc.latex2text")
    latexwalker = pytest.importorskip("pylatexenc.latexwalker")
    macros = latex2text.get_default_latex_context_db()
    bold = latex2text.MacroTextSpec("textbf", simplify_repl="*%s*")
    dagger = latex2text.MacroTextSpec("dagger", simplify_repl="†")
    macros.add_context_category("told", prepend=True, macros=[bold, dagger])
    as_text = latex2text.LatexNodes2Text(latex_context=macros, math_mode="text", strict_latex_spaces="macros")
    found = []
    for part in re.findall(r"(?s)\\begin\{table\}(.*?)\\end\{table\}", text):
        latexwalker.LatexWalker(part, tolerant_parsing=False).get_latex_nodes()  # raises where it is no LaTeX
        rows = re.search(r"(?s)\\toprule(.*)\\bottomrule", part)[1].replace(r"\midrule", "").split(r"\\")
        cells = [
            [as_text.latex_to_text(cell).strip().replace("^†", "†") for cell in re.split(r"(?<!\\)&", row)]
            for row in rows
            if row.strip()
        ]
        caption = re.search(r"(?s)\\caption\{(.*)\}", part)[1]
        found.append((cells, as_text.latex_to_text(caption)))
    return found


def test_every_headline_stands_in_its_cell_with_its_interval(told: Path, tmp_path: Path) -> None:
    account = account_of(told)
    due = {}
    for (task, model), said in contents(told).items():
        for score in said["scores"]:
            ends = "" if score["low"] is None else f" [{score['low']:.3f}, {score['high']:.3f}]"
            due[task, model, name_of(score)] = f"{score['value']:.3f}{ends}"
    found = tables(written(account, tmp_path / "t.tex"))
    assert len(found) == len(account.titles)
    for title, (rows, caption) in zip(account.titles, found, strict=True):
        own = {model: dict(zip(rows[0][1:], cells, strict=True)) for model, *cells in rows[1:]}
        assert {re.sub(r"†| \(reader\)", "", model) for model in own} == {entry.name for entry in account.of(title)}
        for model, cells in own.items():
            for metric, cell in cells.items():
                name = re.sub(r"†| \(reader\)", "", model)
                assert cell.replace("*", "").replace("  ", " ") == due[title, name, metric.replace("”", '"')]
        assert caption.startswith(f"{title} of ")


def test_the_best_is_bold_and_a_second_reader_never_is(told: Path, tmp_path: Path) -> None:
    account = account_of(told)
    rows, _ = tables(written(account, tmp_path / "t.tex"))[account.titles.index("tone")]
    assert [(row[0].strip("†"), ["*" in cell for cell in row[1:]]) for row in rows[1:]] == [
        ("bayes", [True, True]),
        ("floor", [False, False]),
        ("reader2 (reader)", [False, False]),  # whose scores are higher
    ]


def test_where_less_is_better_the_least_is_bold(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(said: dict[str, Any]) -> None:
        for score in said["scores"]:
            score["metric"] = "log_loss"

    monkeypatch.setattr(Account, "compared", lambda self, title: None)  # which would count log_loss anew
    account = altered(account_of(told), change)
    rows, _ = tables(written(account, tmp_path / "t.tex"))[account.titles.index("names")]
    assert [(row[0].strip("†"), "*" in row[1]) for row in rows[1:]] == [("floor", True), ("finder", False)]


@pytest.mark.parametrize("apart", [True, False])
def test_those_that_cannot_be_told_from_the_best_are_marked(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    account = account_of(told)
    versus = SimpleNamespace(one=0, other=1, apart=apart)
    monkeypatch.setattr("harness.reporting.account.sentence_of_many", lambda found: "So it is.")
    many = SimpleNamespace(names=("bayes", "floor"), pairs=(versus,))
    monkeypatch.setattr(Account, "compared", lambda self, title: many if title == "tone" else None)
    rows, caption = tables(written(account, tmp_path / "t.tex"))[account.titles.index("tone")]
    assert [row[0].endswith("†") for row in rows[1:]] == [False, not apart, False]
    assert ("not told from the best" in caption) is not apart


def test_a_name_with_signs_of_latex_is_read_back_as_it_is(told: Path, tmp_path: Path) -> None:
    text = written(altered(account_of(told), lambda said: None, bayes=WILD), tmp_path / "t.tex")
    read = {
        row[0].strip("†").replace("ˆ", "^") for rows, _ in tables(text) for row in rows
    }  # the parser's \textasciicircum
    assert WILD in read


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_pdflatex_sets_it(told: Path, tmp_path: Path) -> None:
    text = written(altered(account_of(told), lambda said: None, bayes=WILD), tmp_path / "t.tex")
    (tmp_path / "page.tex").write_text(PAGE % text)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
