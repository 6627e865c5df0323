"""The HTML report: its numbers are those of the results, texts are text, and the same run gives the same bytes."""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import odd
import pytest

from harness.cli import run
from harness.reporting.overlaying import marks, partners, pieces


class Read(HTMLParser):
    """What a parser makes of the page: elements with attributes, text by element, and the JSON in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script":
            self.scripts[-1] += data
        self.text.append(data)

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a run on the odd corpus, which stays the working folder."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("odd")
        patch.chdir(folder)
        yield odd.ran(folder)


def report(made: Path, *args: str, name: str = "report.html") -> str:
    out = made.parent / name
    assert run(["report", str(made), "--out", str(out), *args]) == 0
    return out.read_bytes().decode()


def test_every_number_equals_the_result(made: Path) -> None:
    page = Read(report(made))
    shown = [float(at["value"]) for tag, at in page.elements if tag == "data" and at.get("class") == "score"]
    contents = [json.loads(path.read_text()) for path in sorted(made.glob("*/*/content.json"))]
    kept = [score["value"] for content in contents for score in content["scores"]]
    assert sorted(shown) == sorted(kept) and len(kept) > 20
    text = " ".join(page.text)
    for content in contents:
        for score in content["scores"]:
            ends = "not estimable" if score["low"] is None else f"{score['low']:.3f}, {score['high']:.3f}"
            assert f"{score['value']:.3f} [{ends}]" in text
    [refused] = [c["denominators"] for c in contents if c["model"] == "./mine.py:Odd" and c["kind"] == "label"]
    assert refused["refused"] == 1
    row = [refused[name] for name in ("correct", "wrong", "invalid", "missing", "abstained", "refused", "errored")]
    assert " ".join(f"{count}" for count in [*row, 8]) in " ".join(re.sub(r"\s+", " ", text).split())


def test_a_confusion_adds_up_to_the_denominators(made: Path) -> None:
    from harness.cli import _accounts
    from harness.reporting.sections import confusion

    account = _accounts.account([str(made)])
    for entry in account.of("stance"):
        answers = account.answers(entry)
        assert answers is not None
        found = confusion(account.tasks["stance"], answers, entry)
        assert found is not None
        whole = sum(map(sum, found.counts))
        right = sum(found.counts[r][found.columns.index(name)] for r, name in enumerate(found.rows))
        assert (whole, right) == (entry.kept.n, entry.kept.denominators["correct"])


def test_a_text_is_text_whatever_stands_in_it(made: Path) -> None:
    whole = report(made)
    page = Read(whole)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not [tag for tag, _ in page.elements if tag in ("img", "i", "em", "iframe", "object")]
    assert not [at for _, at in page.elements if any(name.startswith("on") for name in at)]
    texts = {row[1] for row in page.data["documents"]}
    assert texts == {text for text, _ in odd.TEXTS}
    text = "".join(page.text)
    assert "document.title='hit'" in text and "{{ 7 * 7 }} {% raw %}" in text and "the <i>Union</i>" in text
    assert "All texts are <em>made up</em>." in text and "licence: CC0-1.0, but not the letters" in text
    assert "synthetic" in text
    allowed = next(at["content"] for tag, at in page.elements if at.get("http-equiv") == "Content-Security-Policy")
    assert allowed and allowed.startswith("default-src 'none'")
    assert not re.search(r"""(src|href)=["'](?!#|data:,)""", re.sub(r"<script.*?</script>", "", whole, flags=re.DOTALL))


def test_two_reports_of_a_run_are_the_same_bytes(made: Path) -> None:
    assert report(made) == report(made, name="again.html")
    assert report(made, "--as", "markdown", name="a.md") == report(made, "--as", "markdown", name="b.md")


def test_without_texts_nothing_of_a_text_is_in_the_file(made: Path) -> None:
    page = report(made, "--no-text")
    for surface in ("First Bank", "Lima", "Zoe", "שלום", "the <i>Union", "&lt;i&gt;Union"):
        assert surface not in page
    assert "g04/d" in page and "Without texts: ids alone." in page
    assert Read(page).data["tasks"][1]["rows"][0][1] == ["union", "strike"]  # their ids, not their names


def test_above_the_most_the_worst_and_a_sample_stand_there_and_it_is_said(made: Path) -> None:
    page = report(made, "--as", "html(most=4)")
    assert "4 of 8 documents on which any answer is wrong: the 2 with most wrong answers, and 2 of the others" in page
    assert len(Read(page).data["documents"]) == 4


def test_markdown_has_the_sentence_the_scores_and_the_counts(made: Path) -> None:
    text = report(made, "--as", "markdown", name="c.md")
    assert "### stance" in text and "| refused |" in text and "**By f1:" in text
    assert text.count("| odd |") == 3 and "Zoe" not in text


def test_a_run_that_broke_off_says_so(made: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(made, broken)
    said = json.loads((broken / "run.json").read_text())
    (broken / "run.json").write_text(json.dumps({**said, "complete": False}))
    shutil.rmtree(broken / "stance" / "odd")
    page = report(broken, name="broken.html")
    assert "broke off: 5 of 6 results are there" in page and "stance" in page


def test_a_task_whose_corpus_is_gone_keeps_its_numbers(made: Path, tmp_path: Path, monkeypatch: Any) -> None:
    shutil.copytree(made, tmp_path / "ran")
    monkeypatch.chdir(tmp_path)
    page = report(tmp_path / "ran")
    assert "stance: without texts and gold." in page and "They cannot be shown: the gold is not at hand." in page
    kept = json.loads((tmp_path / "ran" / "stance" / "odd" / "content.json").read_text())["scores"][0]
    assert f'value="{kept["value"]}"' in page


def test_a_corpus_that_has_changed_is_told_of(made: Path, tmp_path: Path, monkeypatch: Any) -> None:
    shutil.copytree(made.parent, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    (Path("odd") / "documents" / "g09" / "group.toml").write_text('split = "test"\nevent = "another"\n')
    shutil.rmtree(Path("odd") / "documents" / "g00")
    assert "has changed since the run. The scores are those of the run" in report(tmp_path / "here" / "ran")
    shutil.rmtree(Path("odd") / "documents" / "g07")
    page = report(tmp_path / "here" / "ran")
    assert "1 of the items answered, as g07/d, are no longer in the corpus." in page
    assert "They cannot be shown: the gold is not at hand." in page


def test_a_comparison_shows_what_got_worse_beside_what_got_better(made: Path, capsys: Any) -> None:
    both = [str(made / "stance" / name) for name in ("floor", "odd")]
    assert run(["compare", *both, "--html", "cmp.html", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err.endswith("cmp.html\n")
    [wanted] = json.loads(out)["comparisons"]
    page = Path("cmp.html").read_text(encoding="utf-8")
    data = Read(page).data
    [task] = data["tasks"]
    for name, key in (("worse", "newly_wrong"), ("better", "newly_right")):
        shown = [data["documents"][task["rows"][i][0]][0] for i in task[name]]
        assert shown == [item.partition("#")[0] for item in wanted[key]] != []
    assert wanted["sentence"] in page and "Newly wrong" in page and "Newly right" in page
    run(["compare", *both, "--html", "none.html", "--no-text"])
    assert "Zoe" not in Path("none.html").read_text(encoding="utf-8")


def test_spans_that_belong_together_are_found_one_to_one() -> None:
    gold = [(0, 4, "PER"), (0, 9, "ORG"), (12, 15, "LOC"), (20, 25, "PER")]
    said = [(0, 9, "LOC"), (2, 4, "PER"), (12, 15, "LOC"), (30, 31, "PER")]
    assert partners(gold, said) == [1, 0, 2, -1]
    states = [mark.state for mark in marks(gold, said)]
    assert sorted(states) == ["border", "label", "missed", "same", "spurious"]


def test_no_span_hides_another() -> None:
    text = "x" * 20
    gold = [(0, 10, "A"), (2, 6, "B"), (5, 15, "C")]
    cut = list(pieces(text, marks(gold, [(2, 6, "B")])))
    assert "".join(piece.text for piece in cut) == text
    at, seen = 0, {span[:2]: set[int]() for span in gold}
    for piece in cut:
        assert len({(bar.side, bar.lane) for bar in piece.bars}) == len(piece.bars)
        for bar in piece.bars:
            seen[bar.start, bar.end] |= {*range(at, at + len(piece.text))}
        at += len(piece.text)
    assert all(places == {*range(*span)} for span, places in seen.items())
    assert sum(len(piece.signs) for piece in cut) == 3
