"""A comparison in words, tables, Markdown and LaTeX: what is claimed is what the numbers allow."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

import harness
from harness.comparing import Cell, Comparison, Many, Pair, Versus
from harness.reporting.comparison import outcome, page, page_of_many, sentence, sentence_of_many
from harness.reporting.documents import documents
from harness.reporting.writing import latex, markdown, terminal

TASK = harness.gold(["A", "B"] * 20, ["A", "B"], texts=[f"{'word ' * 200}text {i}" for i in range(40)])


def cell(low: float | None, value: float, high: float | None, p: float | None, **said) -> Cell:
    """A cell of a difference, two-sided level 0.05, margin 0.02."""
    verdict = SimpleNamespace(margin=0.02, alpha=0.025, identical=False)  # what is looked at of a Verdict
    said = {"metric": "f1", "slice": "", "verdict": verdict, **said}
    return Cell(
        n=40,
        units=40,
        unit="document",
        base=0.5,
        candidate=0.5 + value,
        difference=value,
        low=low,
        high=high,
        p=p,
        **said,
    )


def comparison(*cells: Cell, changed: tuple[int, ...] = (0, 1), names: tuple[str, str] = ("A", "B")) -> Comparison:
    other = TASK.gold.of_label(TASK.items["item"], ["A", "B"], ["B", "B"] + ["A", "B"] * 19)
    both = Pair(TASK, names, (TASK.gold, other), 1, protocol="all")
    return Comparison(both, cells, (0,), (), changed)


@pytest.mark.parametrize(
    ("one", "said", "word"),
    [
        (cell(0.009, 0.041, 0.072, 0.01), "B beats A by 4.1 [0.9, 7.2] points of f1.", "better"),
        (cell(-0.072, -0.041, -0.009, 0.01), "A beats B by 4.1 [0.9, 7.2] points of f1.", "worse"),
        (
            cell(-0.005, 0.006, 0.017, 0.3),
            "A and B cannot be told apart on f1: difference 0.6 [-0.5, 1.7] points, 40 documents.",
            "same",
        ),
        (
            cell(0.001, 0.04, 0.08, 0.06),  # the interval and p disagree: nothing is claimed
            "A and B cannot be told apart on f1: difference 4.0 [0.1, 8.0] points, 40 documents.",
            "open",
        ),
        (
            cell(-0.0004, 0.0, 0.0004, 1.0),
            "A and B cannot be told apart on f1: difference 0.0 [0.0, 0.0] points, 40 documents.",
            "same",
        ),
        (
            cell(-0.3, -0.2, -0.1, 0.001, metric="log_loss", lower=True),
            "B beats A by 0.200 [0.100, 0.300] of log_loss.",
            "better",
        ),
        (
            cell(None, 0.3, None, 0.2),
            "A and B cannot be told apart on f1: difference 30.0 points, 40 documents.",
            "open",
        ),
    ],
)
def test_the_sentence_and_the_verdict_say_no_more_than_the_numbers(one: Cell, said: str, word: str) -> None:
    assert sentence(comparison(one)) == said
    assert outcome(one) == word


def test_no_answer_that_differs_is_said_at_once() -> None:
    assert sentence(comparison(cell(None, 0.0, None, 1.0), changed=())) == "A and B answer alike on all 40 documents."


def many(apart: set[str], names: str = "abcd") -> Many:
    """Results in order; `apart` names the pairs that can be told apart."""
    pairs = tuple(
        Versus(i, j, 0.1 * (j - i), 0.05, 0.2, 0.01, 0.01, f"{names[i]}{names[j]}" in apart)
        for i in range(len(names))
        for j in range(i + 1, len(names))
    )
    values = tuple(0.9 - 0.1 * i for i in range(len(names)))
    return Many(TASK, "f1", tuple(names), values, pairs, 40, "document", "max-t", 0.05, False, "all", tuple(names))


@pytest.mark.parametrize(
    ("names", "apart", "said"),
    [
        ("cba", {"ca", "ba"}, "c and b beat a; c and b cannot be told apart"),
        ("cba", {"cb", "ca", "ba"}, "c beats b and a; b beats a"),
        ("cba", set(), "c, b and a cannot be told apart"),
        ("cba", {"ca"}, "c beats a; c and b cannot be told apart; b and a cannot be told apart"),
        (
            "abcd",
            {"ac", "ad", "bc", "bd"},
            "a and b beat c and d; a and b cannot be told apart; c and d cannot be told apart",
        ),
    ],
)
def test_of_several_it_is_said_who_beats_whom_and_who_cannot_be_told_apart(names: str, apart: set, said: str) -> None:
    assert sentence_of_many(many(apart, names)) == f"By f1: {said}."


def test_the_square_of_differences_is_its_own_mirror() -> None:
    square = page_of_many(many({"ab"})).tables[0]
    for i, row in enumerate(square.rows):
        for j, text in enumerate(row[2:]):
            mirror = square.rows[j][2 + i]
            if i == j:
                assert text == ""
            else:
                assert float(text.strip("* ")) == -float(mirror.strip("* "))
                assert ("*" in text) == ("*" in mirror) == ({i, j} == {0, 1})


def test_columns_stand_under_their_names_and_sentences_are_broken_at_the_width() -> None:
    found = comparison(cell(0.009, 0.041, 0.072, 0.01), cell(0.0, 0.01, 0.3, None, slice="language=id"))
    lines = list(terminal(page(found, "tone"), documents(found, (0,), 5), "Newly wrong", width=60))
    start = next(i for i, line in enumerate(lines) if line.startswith("score"))
    rows = lines[start + 2 : start + 4]
    assert rows[1].startswith("  language=id")
    assert [row.index("+") for row in rows] == [lines[start].index("difference")] * 2
    assert all(len(line) <= 60 for line in lines[:start] + lines[start + 4 :])
    assert "  gold A · A A · B B" in lines


def test_names_and_texts_are_no_markup() -> None:
    found = comparison(cell(0.009, 0.041, 0.072, 0.01), names=("a_b|c", "<b>&50%"))
    said = "\n".join(markdown(page(found), documents(found, (0,), 5), "Newly wrong"))
    assert r"a\_b\|c" in said
    assert "<b>" not in said
    table = [line for line in said.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {8}
    tex = "\n".join(latex(page(found)))
    assert r"a\_b$|$c" in tex
    assert r"\&50\%" in tex
    assert not re.search(r"(?<!\\)[_%#]", tex)


def test_latex_is_what_a_parser_of_latex_reads_back_as_the_names() -> None:
    walker = pytest.importorskip("pylatexenc.latexwalker")
    told = pytest.importorskip("pylatexenc.latex2text")
    names = (r"a_b|c\d~e^f", "<b>&50% {$x$} #1")
    found = comparison(cell(0.009, 0.041, 0.072, 0.01), names=names)
    tex = "\n".join(latex(page(found)))
    [table], _, _ = walker.LatexWalker(tex, tolerant_parsing=False).get_latex_nodes()
    inner = [node for node in table.nodelist if node.isNodeType(walker.LatexEnvironmentNode)]
    assert (table.environmentname, [node.environmentname for node in inner]) == ("table", ["tabular"])
    said = " ".join(told.LatexNodes2Text(strict_latex_spaces=True).latex_to_text(tex).replace("ˆ", "^").split())
    for name in names:
        assert said.count(name) > 1  # in the caption and over its column


def test_latex_has_the_rules_of_booktabs_and_as_many_cells_as_columns() -> None:
    lines = list(latex(page_of_many(many({"ab"}))))
    text = "\n".join(lines)
    for rule in ("toprule", "midrule", "bottomrule"):
        assert text.count(rf"\{rule}") == 2
    assert "hline" not in text
    columns = [len(spec) for spec in re.findall(r"\\begin\{tabular\}\{(\w+)\}", text)]
    cells = [line.count("&") + 1 for line in lines if line.endswith(r"\\")]
    assert cells == [columns[0]] * 5 + [columns[1]] * 7


def test_of_spans_only_what_changed_is_shown_in_its_place() -> None:
    text = f"{'x' * 100} Ana met Ben in Rome and Oslo."
    at = {name: (text.index(name), text.index(name) + len(name)) for name in ("Ana", "Ben", "Rome", "Oslo")}
    task = harness.gold([[(*at["Ana"], "PER"), (*at["Rome"], "LOC")]], ["PER", "LOC"], kind="spans", texts=[text])

    def spans(*pairs: tuple[str, str]):
        return task.gold.of_spans(task.items["item"], ["PER", "LOC"], [[(*at[name], label) for name, label in pairs]])

    answers = spans(("Ana", "PER"), ("Ben", "PER"), ("Oslo", "LOC")), spans(("Ana", "LOC"), ("Oslo", "LOC"))
    found = replace(comparison(cell(0.009, 0.041, 0.072, 0.01)), pair=Pair(task, ("A", "B"), answers, 1))
    [one] = documents(found, (0,), 5)
    assert [line[line.index("gold") :] for line in one.lines] == ["gold PER · A PER · B LOC", "gold – · A PER · B –"]
    assert "[Ana] met Ben" in one.lines[0]
    assert one.lines[0].startswith("…x")
