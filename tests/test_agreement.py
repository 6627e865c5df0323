"""Readers' agreement is what others compute of the same files, 1 of a reader with itself, and refused where none is."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from corpora import make_corpus, read_lines, write_document, write_lines
from harness.agreement import agreements, disputed
from harness.cli import run
from harness.corpus.reading import Reading, read_corpus
from harness.errors import AskedWrongly, UnknownName
from harness.scores import Score

ANN = [("FAVOR", "STRIKE", ("WEATHER",)), ("NONE", "TRADE", ()), ("AGAINST", "STRIKE", ()), ("NONE", "STRIKE", ())]
BEN = [("FAVOR", "STRIKE", ()), ("NONE", "STRIKE", ("TRADE",)), ("FAVOR", "STRIKE", ()), ("NONE", "STRIKE", ())]


def copied(root: Path, old: str, new: str) -> None:
    """Every file of one annotator, as another's."""
    for path in sorted((root / "documents").glob(f"*/*.{old}.jsonl")):
        first, *lines = read_lines(path)
        write_lines(path.with_name(path.name.replace(old, new)), [first | {"by": new}, *lines])


def read_by_two(root: Path) -> Path:
    """A corpus of 24 documents in 12 groups that ann and ben read, the same four cases again and again."""
    make_corpus(root)
    shutil.rmtree(root / "documents")
    for i in range(24):
        folder = root / "documents" / f"g{i // 2:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "group.toml").write_text('split = "train"\n')
        for by, cases in (("ann", ANN), ("ben", BEN)):
            stance, first, others = cases[i % 4]
            layers: Mapping[str, Any] = {
                "stance": [{"holder": "union", "target": "strike", "label": stance}],
                "topic": [
                    {"role": "primary", "label": first},
                    *({"role": "secondary", "label": other} for other in others),
                ],
                "entities": [
                    {"span": "Ana", "label": "PER"},
                    {"span": "Rome" if by == "ann" or i % 4 else "Rome Port", "label": "LOC"},
                ],
            }
            text = "Ana saw Rome Port."
            write_document(folder, f"d{i}", text, layers=layers, pairs=[("union", "strike")], by=by)
    return root


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return read_by_two(tmp_path / "two")


def everyones(root: Path) -> Reading:
    reading = read_corpus(root, everyone=True)
    assert not reading.problems
    return reading


def scores(reading: Reading) -> dict[tuple[str, str], Score]:
    return {(one.layer, one.score.name): one.score for one in agreements(reading)}


def test_a_reader_agrees_with_itself_by_1_in_every_layer(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    copied(root, "gold", "ann")
    copied(root, "gold", "ben")
    reading = everyones(root)
    found = agreements(reading)
    assert {one.layer for one in found} == {"tone", "stance", "topic", "entities"}
    assert {one.score.value for one in found} == {1.0}
    assert disputed(reading) == []


def test_kappa_is_that_of_scikit_learn(two: Path) -> None:
    found = scores(everyones(two))
    for layer, name, at in (("stance", "kappa", 0), ("topic", "kappa(role='primary')", 1)):
        ann, ben = [str(case[at]) for case in ANN], [str(case[at]) for case in BEN]
        assert found[layer, name].value == pytest.approx(cohen_kappa_score(ann * 6, ben * 6))


def test_alpha_of_labels_is_the_one_worked_out_by_hand(two: Path) -> None:
    """48 values: 18 FAVOR, 24 NONE, 6 AGAINST; 6 of 24 items differ. (Krippendorff 2011, section C.)"""
    same = 18 * 17 + 24 * 23 + 6 * 5
    expected = 1 - same / (48 * 47)
    assert scores(everyones(two))["stance", "alpha"].value == pytest.approx(1 - (6 / 24) / expected)


def test_alpha_of_sets_is_the_one_worked_out_by_hand(two: Path) -> None:
    """Of four cases two are equal, two hold one another: MASI 1 - 1/2 * 2/3 (Passonneau 2006)."""
    s, sw, t, st = 30, 6, 6, 6  # {STRIKE}, {STRIKE, WEATHER}, {TRADE}, {STRIKE, TRADE}
    part, cross = 1 - 1 / 2 * 2 / 3, 1 - 1 / 3 * 1 / 3
    unequal = s * sw * part + s * t + s * st * part + sw * t + sw * st * cross + t * st * part
    expected = 2 * unequal / (48 * 47)
    found = scores(everyones(two))["topic", "alpha(distance='masi')"]
    assert found.value == pytest.approx(1 - (2 / 4 * part) / expected)


def test_f1_of_spans_counts_the_distinct_ones(two: Path) -> None:
    found = scores(everyones(two))
    overall, place = found["entities", "strict_f1"], found["entities", "strict_f1[LOC]"]
    assert (overall.value, overall.n) == (2 * 42 / 96, 24 + 18 + 2 * 6)
    assert (place.value, place.n) == (2 * 18 / 48, 18 + 2 * 6)
    assert ("entities", "strict_f1[ORG]") not in found


def test_the_interval_is_over_groups_where_documents_come_in_groups(two: Path) -> None:
    score = scores(everyones(two))["stance", "kappa"]
    assert (score.n, score.units, score.unit) == (24, 12, "group")
    assert score.low is not None
    assert score.high is not None
    assert score.low < score.value < score.high


def test_documents_that_one_reader_alone_has_done_are_left_aside(two: Path) -> None:
    for i in range(1, 24, 2):
        path = two / "documents" / f"g{i // 2:02}" / f"d{i}.ben.jsonl"
        header, *lines = read_lines(path)
        write_lines(path, [header | {"layers": {**header["layers"], "stance": "open"}}, *lines])
    found = scores(everyones(two))
    assert (found["stance", "kappa"].n, found["stance", "kappa"].unit) == (12, "document")
    assert found["entities", "strict_f1"].unit == "group"


def test_an_item_without_a_single_primary_label_is_left_out_and_told(two: Path) -> None:
    path = two / "documents" / "g00" / "d0.ben.jsonl"
    write_lines(path, [line for line in read_lines(path) if line.get("role") != "primary"])
    score = scores(everyones(two))["topic", "kappa(role='primary')"]
    assert score.n == 23
    assert "1 left out" in score.note


def test_the_most_disputed_come_first_with_their_items(two: Path) -> None:
    found = disputed(everyones(two))
    assert len(found) == 10
    assert [dict(one.items) for one in found[:6]] == [{"topic": 1, "entities": 2}] * 6
    assert found[0].document == "g00/d0"
    assert {one.total for one in found[6:]} == {1}


def test_gold_and_writer_are_no_readers(two: Path) -> None:
    before = agreements(everyones(two))
    copied(two, "ann", "gold")
    copied(two, "ann", "writer")
    assert agreements(everyones(two)) == before


def test_three_readers_are_three_pairs_and_an_item_is_disputed_once(two: Path) -> None:
    before = disputed(everyones(two))
    copied(two, "ben", "cyd")
    reading = everyones(two)
    assert {one.readers for one in agreements(reading)} == {("ann", "ben"), ("ann", "cyd"), ("ben", "cyd")}
    assert disputed(reading) == before


def test_a_layer_that_two_have_not_done_is_refused_with_the_remedy(two: Path) -> None:
    reading = everyones(two)
    with pytest.raises(AskedWrongly, match=r"no two readers have done tone .*ann, ben.*Add a second"):
        agreements(reading, layers=["tone"])
    with pytest.raises(UnknownName, match='Did you mean "stance"'):
        agreements(reading, layers=["stanc"])


def test_the_command_prints_a_table(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "agree", str(two), "--layer", "stance"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"stance +ann \+ ben +kappa +0\.\d{3} \[\d\.\d{3}, \d\.\d{3}\] +24 +12 groups", out)
    assert "entities" not in out
    assert "g01/d2" in out


def test_the_command_gives_canonical_json(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "agree", str(two), "--json"]) == 0
    out = capsys.readouterr().out
    answer = json.loads(out)
    assert list(answer) == ["agreements", "corpus", "disputed", "exit"]
    kappa = next(one for one in answer["agreements"] if one["layer"] == "stance" and one["metric"] == "kappa")
    assert (kappa["readers"], kappa["n"], kappa["units"]) == (["ann", "ben"], 24, 12)
    assert answer["disputed"][0] == {"document": "g00/d0", "items": {"entities": 2, "topic": 1}}


def test_the_command_exits_2_where_there_are_no_readers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_corpus(tmp_path / "tiny")
    assert run(["corpus", "agree", str(root), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["exit"] == 2


def test_a_layer_whose_documents_list_no_pairs_is_not_defined(two: Path) -> None:
    for path in (two / "documents").glob("*/*.jsonl"):
        write_lines(path, [line for line in read_lines(path) if line.get("layer") not in ("stance", "entities")])
    for path in (two / "documents").glob("*/*.meta.json"):
        path.write_text(json.dumps({"sha256": json.loads(path.read_text())["sha256"]}))
    toml = two / "corpus.toml"
    toml.write_text(toml.read_text().replace('kind = "label"\nof =', 'kind = "labels"\nof ='))
    found = scores(everyones(two))
    for score in (found["stance", "alpha(distance='masi')"], found["entities", "strict_f1"]):
        assert (score.n, score.low, score.note) == (0, None, "not defined: nothing that both judged")


def test_a_built_corpus_gives_the_same_answers(two: Path, tmp_path: Path) -> None:
    assert run(["corpus", "build", str(two), "--out", str(tmp_path / "built")]) == 0
    assert agreements(everyones(tmp_path / "built")) == agreements(everyones(two))
