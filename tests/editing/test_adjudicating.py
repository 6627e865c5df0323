"""Gold made of what readers wrote: agreement accepted, disputes settled by a rule, readers never touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from corpora import make_corpus, read_lines, write_lines
from harness.cli import run

FOLDER = "documents/harbour"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Of harbour/a: ann and ben differ in a label, a stance, a role, a label left out, and a moved border; no gold."""
    root = make_corpus(tmp_path / "tiny")
    first, *lines = read_lines(root / FOLDER / "a.gold.jsonl")
    gold = dict(enumerate(lines, 2))
    stance = {key: value for key, value in gold[4].items() if key != "kind"} | {"label": "NONE"}
    name = gold[7] | {"start": 0, "end": 14, "text": "The Port Union"}
    changed: dict[str, dict[int, Any]] = {
        "ann": {2: gold[2] | {"label": "COLD"}, 6: None},
        "ben": {4: stance, 5: gold[5] | {"role": "secondary"}, 7: name},
    }
    for by, other in changed.items():
        write_lines(root / FOLDER / f"a.{by}.jsonl", [first | {"by": by}, *filter(None, (gold | other).values())])
    (root / FOLDER / "a.gold.jsonl").unlink()
    return root


def ask(root: Path, *more: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = run(["corpus", "adjudicate", str(root), "--json", *more])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def said(lines: list[dict[str, Any]]) -> list[str]:
    """What lines say, whatever their order."""
    return sorted(json.dumps(line, sort_keys=True) for line in lines)


def queue(root: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    ask(root, "--out", str(root.parent / "queue.jsonl"), capsys=capsys)
    return read_lines(root.parent / "queue.jsonl")


def settle(root: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    write_lines(root.parent / "queue.jsonl", rows)
    return ask(root, "--settle", str(root.parent / "queue.jsonl"), "--apply", capsys=capsys)


def test_agreement_becomes_gold_and_disputed_layers_stay_open(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readers = {path: path.read_bytes() for path in root.rglob("*.??n.jsonl")}
    assert len(readers) == 2
    code, answer = ask(root, capsys=capsys)
    assert (code, answer["written"], answer["disputes"]) == (
        1,
        False,
        {"tone": 1, "stance": 1, "topic": 2, "entities": 2},
    )
    assert not (root / FOLDER / "a.gold.jsonl").exists()
    ask(root, "--apply", capsys=capsys)
    head, *lines = read_lines(root / FOLDER / "a.gold.jsonl")
    assert set(head["layers"].values()) == {"open"}
    assert [line["layer"] for line in lines] == ["stance", "entities", "entities"]
    assert {path: path.read_bytes() for path in readers} == readers
    assert run(["check", str(root)]) == 0


def test_what_is_settled_becomes_gold_with_its_rule(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = queue(root, capsys)
    assert "⟦Port Union⟧ 👩‍🌾 praised" in next(row["context"] for row in rows if row.get("text") == "Port Union")
    right = {"tone": "ben", "stance": "ben", "topic": "ann", "entities": "ben"}
    for row in rows:
        row |= {"gold": row["said"][right[row["layer"]]], "rule": "2.1"}
    code, answer = settle(root, rows, capsys)
    assert (code, answer["settled"], answer["open"]) == (0, 6, 0)
    head, *lines = read_lines(root / FOLDER / "a.gold.jsonl")
    by = {name: read_lines(root / FOLDER / f"a.{name}.jsonl")[1:] for name in ("ann", "ben")}
    assert set(head["layers"].values()) == {"done"}
    assert said(lines) == said([line for name in by for line in by[name] if right[line["layer"]] == name])
    logged = read_lines(root / FOLDER / "a.disputes.jsonl")
    assert logged[0]["readers"] == ["ann", "ben"]
    assert all(line["rule"] == "2.1" for line in logged[1:])
    assert run(["check", str(root)]) == 0
    assert ask(root, capsys=capsys)[1]["documents"] == 0


def test_disputes_are_settled_in_rounds_and_nothing_decided_is_lost(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    while rows := queue(root, capsys):
        rows[0] |= {"gold": rows[0]["said"]["ann"], "rule": "none", "note": "It reads so."}
        left = settle(root, rows, capsys)[1]["open"]
        assert left == len(rows) - 1
        assert run(["check", str(root)]) == 0
    _, *lines = read_lines(root / FOLDER / "a.gold.jsonl")
    _, *ann = read_lines(root / FOLDER / "a.ann.jsonl")
    assert said(lines) == said(ann)


def test_a_kill_between_log_and_gold_is_asked_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask(root, "--apply", capsys=capsys)
    before = (root / FOLDER / "a.gold.jsonl").read_bytes()
    rows = queue(root, capsys)
    for row in rows:
        row |= {"gold": row["said"]["ann"], "rule": "2.1"}
    settle(root, rows, capsys)
    (root / FOLDER / "a.gold.jsonl").write_bytes(before)
    again = queue(root, capsys)
    assert [row["said"] for row in again] == [row["said"] for row in rows if row["said"]["ann"] is not None]


def test_every_line_that_cannot_settle_is_told_at_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = queue(root, capsys)
    rows[0] |= {"gold": "HOT", "rule": "2.1"}
    rows[1] |= {"gold": None}
    rows[2] |= {"doc": "harbour/z", "gold": None, "rule": "2.1"}
    write_lines(root.parent / "queue.jsonl", rows)
    assert run(["corpus", "adjudicate", str(root), "--settle", str(root.parent / "queue.jsonl"), "--apply"]) == 1
    told = capsys.readouterr().err
    assert 'queue.jsonl:1: gold "HOT". Write one of WARM, COLD, or null.' in told
    assert "queue.jsonl:2: no rule." in told
    assert "queue.jsonl:3: no open dispute is about this." in told
    assert not (root / FOLDER / "a.gold.jsonl").exists()


def test_names_that_are_not_there_are_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "adjudicate", str(root), "--layer", "tonne"]) == 2
    assert run(["corpus", "adjudicate", str(root), "--reader", "bem"]) == 2
    told = capsys.readouterr().err
    assert 'unknown layer "tonne". Did you mean "tone"?' in told
    assert 'unknown reader "bem". Did you mean "ben"?' in told


def test_gold_that_somebody_began_stands_against_agreement(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head, *lines = read_lines(root / FOLDER / "a.ann.jsonl")
    expert = {**lines[-2], "label": "LOC"}
    layers = dict.fromkeys(head["layers"], "open")
    write_lines(root / FOLDER / "a.gold.jsonl", [{**head, "by": "gold", "layers": layers}, expert])
    assert run(["corpus", "adjudicate", str(root), "--apply"]) == 1
    assert "1 agreed annotations stand otherwise in the open gold" in capsys.readouterr().out
    assert expert in read_lines(root / FOLDER / "a.gold.jsonl")


def test_decisions_that_do_not_fit_together_are_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = queue(root, capsys)
    for row in rows:
        row |= {"gold": next(said for said in row["said"].values() if said), "rule": "2.1"}
    write_lines(root.parent / "queue.jsonl", rows)
    assert run(["corpus", "adjudicate", str(root), "--settle", str(root.parent / "queue.jsonl"), "--apply"]) == 1
    assert "overlap" in capsys.readouterr().err
    assert not (root / FOLDER / "a.gold.jsonl").exists()


def test_a_reader_who_corrects_himself_leaves_no_stale_dispute(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = queue(root, capsys)
    rows[0] |= {"gold": "WARM", "rule": "2.1"}
    settle(root, rows, capsys)
    head, tone, *lines = read_lines(root / FOLDER / "a.ann.jsonl")
    write_lines(root / FOLDER / "a.ann.jsonl", [head, {**tone, "label": "WARM"}, *lines])
    assert run(["corpus", "adjudicate", str(root), "--apply"]) == 1
    assert run(["check", str(root)]) == 0


def test_answers_are_kept_when_asking_is_broken_off(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["1", " ", "2.1"])

    def prompt(*asked: str, **more: object) -> str:
        if (answer := next(answers, None)) is None:
            raise click.Abort
        return answer

    monkeypatch.setattr("click.prompt", prompt)
    assert run(["corpus", "adjudicate", str(root), "--ask", "--apply"]) == 130
    assert "What was answered is written." in capsys.readouterr().err
    assert len(read_lines(root / FOLDER / "a.disputes.jsonl")) == 2
    assert run(["check", str(root)]) == 0


def test_readers_who_differ_by_layer_are_heard_layer_by_layer(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, dropped in (("ann", {"tone"}), ("ben", {"stance", "topic", "entities"})):
        head, *lines = read_lines(root / FOLDER / f"a.{name}.jsonl")
        head["layers"] = {layer: "done" for layer in head["layers"] if layer not in dropped}
        write_lines(
            root / FOLDER / f"a.{name}.jsonl", [head, *(one for one in lines if one["layer"] in head["layers"])]
        )
    head, *lines = read_lines(root / FOLDER / "a.ben.jsonl")
    write_lines(root / FOLDER / "a.cid.jsonl", [{**head, "by": "cid"}, *lines])
    assert ask(root, "--apply", capsys=capsys)[1]["agreed"] == {"tone": 1}
    assert read_lines(root / FOLDER / "a.gold.jsonl")[0]["layers"] == {"tone": "done"}
