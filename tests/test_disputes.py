"""A log of disputes is held against its readers and the gold: what is stale, doubled, open or left out is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpora import make_corpus, one_line, read_lines, write_lines
from harness.checking import check
from harness.cli import run
from harness.corpus.reading import Reading, read_corpus
from harness.disputes import Dispute, dispute_file, disputes

FOLDER = "documents/harbour"
LOG = f"{FOLDER}/a.disputes.jsonl"


def reread(root: Path, by: str, **changed: Any) -> None:
    """A copy of the gold of harbour/a by another name; `changed` gives lines anew by number, None drops them."""
    first, *lines = read_lines(root / FOLDER / "a.gold.jsonl")
    rows = {f"line{number}": line for number, line in enumerate(lines, 2)} | changed
    write_lines(root / FOLDER / f"a.{by}.jsonl", [first | {"by": by}, *filter(None, rows.values())])


def found(root: Path) -> tuple[Reading, list[Dispute]]:
    reading = read_corpus(root, everyone=True)
    files = {file.by: file for file in reading.annotations["harbour/a"]}
    return reading, disputes([files["ann"], files["ben"]], files["gold"], reading.schema.layers.values())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ann and ben differ in a label, a stance, a role, a label left out, and a moved border; all is settled."""
    root = make_corpus(tmp_path / "tiny")
    gold = [{}, *read_lines(root / FOLDER / "a.gold.jsonl")]
    reread(root, "ann", line2=gold[2] | {"label": "COLD"}, line6=None)
    stance = {key: value for key, value in gold[4].items() if key != "kind"} | {"label": "NONE"}
    name = gold[7] | {"start": 0, "end": 14, "text": "The Port Union"}
    reread(root, "ben", line4=stance, line5=gold[5] | {"role": "secondary"}, line7=name)
    settle(root)
    return root


def settle(root: Path) -> None:
    reading, all_of_them = found(root)
    lines = [dispute.line("1.2") for dispute in all_of_them]
    document = next(one for one in reading.documents if one.id == "harbour/a")
    (root / LOG).write_bytes(dispute_file(document, "1", ["ann", "ben"], lines))


def test_each_kind_of_layer_tells_what_its_readers_judged_differently(root: Path) -> None:
    assert [(dict(one.about), dict(one.said), one.gold) for one in found(root)[1]] == [
        ({"layer": "tone"}, {"ann": "COLD", "ben": "WARM"}, "WARM"),
        ({"layer": "stance", "holder": "union", "target": "strike"}, {"ann": "FAVOR", "ben": "NONE"}, "FAVOR"),
        ({"layer": "topic", "label": "TRADE"}, {"ann": None, "ben": "secondary"}, "secondary"),
        ({"layer": "topic", "label": "STRIKE"}, {"ann": "primary", "ben": "secondary"}, "primary"),
        ({"layer": "entities", "start": 0, "end": 14, "text": "The Port Union"}, {"ann": None, "ben": "ORG"}, None),
        ({"layer": "entities", "start": 4, "end": 14, "text": "Port Union"}, {"ann": "ORG", "ben": None}, "ORG"),
    ]


def test_a_log_that_settles_every_dispute_is_well_and_so_is_none_at_all(root: Path) -> None:
    assert check(root) == []
    (root / LOG).unlink()
    assert check(root) == []


def test_differences_of_other_fields_and_layers_that_one_has_not_done_are_no_disputes(root: Path) -> None:
    gold = [{}, *read_lines(root / FOLDER / "a.gold.jsonl")]
    bare = {key: value for key, value in gold[5].items() if key not in ("evidence", "text", "triggers", "subtype")}
    reread(root, "ann", line5=bare, line8={k: v for k, v in gold[8].items() if k != "entity_id"})
    reread(root, "ben", line2=gold[2] | {"label": "COLD"})
    rows = read_lines(root / FOLDER / "a.ben.jsonl")
    rows[0]["layers"]["tone"] = "open"
    write_lines(root / FOLDER / "a.ben.jsonl", rows)
    assert found(root)[1] == []


Damage = Callable[[list[dict[str, Any]]], object]
BAD: dict[str, tuple[Damage, int, str, str]] = {  # what was done to the log, then line, finding and remedy
    "no header": (lambda rows: rows.pop(0), 1, "the first line is not a header", '"readers"'),
    "another document": (lambda rows: rows[0].update(doc="b"), 1, 'header says doc "b"', 'Write "a"'),
    "another text": (lambda rows: rows[0].update(text_sha256="0"), 1, "text_sha256 is not", "Restore the text"),
    "a guideline that is a number": (lambda rows: rows[0].update(guideline=1), 1, "guideline is not", '"guideline"'),
    "a header's unknown key": (lambda rows: rows[0].update(by="x"), 1, 'unknown key "by"', "There are: doc"),
    "one reader": (lambda rows: rows[0].update(readers=["ann"]), 1, "does not name two readers", '"readers"'),
    "a reader twice": (lambda rows: rows[0].update(readers=["ann"] * 2), 1, "does not name two readers", '"readers"'),
    "a reader without a file": (
        lambda rows: rows[0].update(readers=["ann", "eve"]), 1, 'reader "eve" has no file', "Restore a.eve.jsonl"
    ),
    "a reader that is a number": (lambda rows: rows[0].update(readers=["ann", 1]), 1, 'reader "1" has no file', "ben"),
    "an unknown layer": (lambda rows: rows[1].update(layer="tune"), 2, 'unknown layer "tune"', 'Did you mean "tone"?'),
    "an unknown key": (lambda rows: rows[1].update(why="x"), 2, 'unknown key "why"', "rule"),
    "a dispute left out": (lambda rows: rows.pop(1), 0, "no line for the dispute of tone", '"ben":"WARM"'),
    "a dispute twice": (lambda rows: rows.append(rows[2]), 8, "the same dispute as line 3", "Keep one"),
    "a dispute that is none": (
        lambda rows: rows[2].update(holder="mayor"), 3, "no dispute of the readers is about stance mayor > str", "Rem"
    ),
    "a place that is a list": (lambda rows: rows[5].update(start=[1]), 6, "no dispute of the readers", "Remove"),
    "a reader who said otherwise": (
        lambda rows: rows[1]["said"].update(ann="WARM"), 2, 'said is {"ann":"WARM","ben":"WARM"}, the files', "anew"
    ),
    "a gold that says otherwise": (lambda rows: rows[1].update(gold="COLD"), 2, 'gold is "COLD", the files', "anew"),
    "no gold said": (lambda rows: rows[1].pop("gold"), 2, "gold is null, the files say", "anew"),
    "no rule": (lambda rows: rows[1].pop("rule"), 2, "no rule", '"rule": "…"'),
    "a rule still to be given": (lambda rows: rows[1].update(rule="…"), 2, "no rule", '"rule": "…"'),
    "a slip that is a name": (lambda rows: rows[1].update(slip="ann"), 2, "slip is not true", '"slip": true'),
    "an empty note": (lambda rows: rows[1].update(note=""), 2, "field note is not a text", '"note"'),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_log_is_told_with_its_line_and_remedy(case: str, root: Path) -> None:
    damage, line, told, remedy = BAD[case]
    rows = read_lines(root / LOG)
    damage(rows)
    write_lines(root / LOG, rows)
    problems = check(root)
    assert any(p.file == LOG and p.line == line and told in p.found and remedy in p.remedy for p in problems), problems


def test_all_of_it_is_told_in_one_pass(root: Path) -> None:
    rows = read_lines(root / LOG)
    rows[0]["doc"] = "b"
    del rows[1]["rule"]
    rows[2]["gold"] = "NONE"
    write_lines(root / LOG, rows[:-1])
    assert [problem.line for problem in check(root)] == [0, 1, 2, 3]


def test_the_line_that_a_problem_proposes_is_the_one_to_add(root: Path) -> None:
    rows = read_lines(root / LOG)
    write_lines(root / LOG, rows[:-1])
    [problem] = check(root)
    proposed = problem.remedy.removeprefix("Settle it: ").removesuffix(".").replace('"…"', '"1.2"')
    assert proposed == one_line(rows[-1])


def test_a_log_goes_stale_when_a_reader_or_the_gold_is_changed(root: Path) -> None:
    for by, number in (("ann", 2), ("gold", 2)):
        path = root / FOLDER / f"a.{by}.jsonl"
        kept, rows = path.read_bytes(), read_lines(path)
        rows[number - 1]["label"] = "COLD" if by == "gold" else "WARM"
        write_lines(path, rows)
        assert [(problem.file, problem.line) for problem in check(root)] == [(LOG, 2)]
        path.write_bytes(kept)


def test_a_reader_with_a_broken_line_is_told_of_alone(root: Path) -> None:
    path = root / FOLDER / "a.ann.jsonl"
    rows = read_lines(path)
    rows[1]["label"] = "TEPID"
    write_lines(path, rows)
    assert {problem.file for problem in check(root)} == {f"{FOLDER}/a.ann.jsonl"}


def test_disputes_without_gold_are_not_settled(root: Path) -> None:
    (root / FOLDER / "a.gold.jsonl").unlink()
    [problem] = check(root)
    assert (problem.file, problem.found) == (LOG, "disputes without gold")


def test_a_log_that_is_no_json_is_told_and_loading_does_not_read_it(root: Path) -> None:
    (root / LOG).write_text("{\n")
    assert LOG in {problem.file for problem in check(root)}
    assert not read_corpus(root).problems


def test_the_gold_itself_may_be_one_of_the_readers(root: Path) -> None:
    (root / FOLDER / "a.ann.jsonl").unlink()
    reading = read_corpus(root, everyone=True)
    files = {file.by: file for file in reading.annotations["harbour/a"]}
    lines = [
        dispute.line("1.2", slip=True, note="seen")
        for dispute in disputes([files["gold"], files["ben"]], files["gold"], reading.schema.layers.values())
    ]
    document = next(one for one in reading.documents if one.id == "harbour/a")
    (root / LOG).write_bytes(dispute_file(document, "1", ["gold", "ben"], lines))
    assert lines
    assert check(root) == []


def test_a_built_corpus_keeps_its_logs_and_checks_them(root: Path, tmp_path: Path) -> None:
    assert run(["corpus", "build", str(root), "--out", str(tmp_path / "built")]) == 0
    assert check(tmp_path / "built") == []
    shutil.rmtree(tmp_path / "built")
    rows = read_lines(root / LOG)
    write_lines(root / LOG, rows[:-1])
    assert run(["corpus", "build", str(root), "--out", str(tmp_path / "built")]) == 0
    assert [problem.found[:11] for problem in check(tmp_path / "built")] == ["no line for"]
