"""Each kind of bad input gets its file, its line, what was found and what to do; all of them in one pass."""

# ruff: noqa: E501  (a case of a table is a line)

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import regex
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import harness
from corpora import make_corpus, one_line, read_lines, sha256, span, write_document, write_lines
from harness.checking import _is_grapheme_border, check
from harness.cli import run
from harness.errors import Problem, ProblemsFound
from harness.offsets import borders

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Damage = Callable[[Path], object]


def line(number: int, where: str = "harbour/a.gold.jsonl", /, drop: str = "", **changes: Any) -> Damage:
    """Change keys of one line of an annotation file."""

    def damage(root: Path) -> None:
        path = root / "documents" / where
        rows = read_lines(path)
        rows[number - 1] = {key: value for key, value in (rows[number - 1] | changes).items() if key != drop}
        write_lines(path, rows)

    return damage


def more(*rows: object, where: str = "harbour/a.gold.jsonl") -> Damage:
    """Append lines to an annotation file."""

    def damage(root: Path) -> None:
        path = root / "documents" / where
        write_lines(path, [*read_lines(path), *rows])

    return damage


def swap(where: str, old: str, new: str) -> Damage:
    """Replace the first place of a text in a file."""

    def damage(root: Path) -> None:
        text = (root / where).read_text("utf-8")
        assert old in text
        (root / where).write_bytes(text.replace(old, new, 1).encode("utf-8", "surrogatepass"))

    return damage


def meta(**changes: Any) -> Damage:
    """Change keys of the meta of harbour/a."""

    def damage(root: Path) -> None:
        path = root / "documents/harbour/a.meta.json"
        path.write_text(one_line(json.loads(path.read_text("utf-8")) | changes), "utf-8")

    return damage


def write(where: str, data: bytes) -> Damage:
    """Write a file, whatever was there."""
    return lambda root: (root / where).write_bytes(data)


def text(words: str) -> Damage:
    """Add a document without annotations."""
    return lambda root: write_document(root / "documents/market", "d", words, layers={})


def link(where: str, *, folder: bool = False) -> Damage:
    """Move a file or folder out of the corpus and leave a link to it."""

    def damage(root: Path) -> None:
        outside = root.parent / "outside"
        shutil.move(root / where, outside)
        (root / where).symlink_to(outside, target_is_directory=folder)

    return damage


def entity(surface: str, start: int, label: str = "PER") -> dict[str, Any]:
    return {"layer": "entities", "start": start, "end": start + len(surface), "label": label, "text": surface}


GOLD, META, GROUP = (f"documents/harbour/{name}" for name in ("a.gold.jsonl", "a.meta.json", "group.toml"))
STANCE = {"layer": "stance", "holder": "mayor", "target": "strike", "label": "NONE"}

# what was done to the corpus, then the file, line, finding and remedy that must be told
BAD: dict[str, tuple[Damage, str, int, str, str]] = {
    # --- texts
    "a text that is not UTF-8": (write("documents/market/d.txt", b"One\ntw\xff"), "documents/market/d.txt", 2, "byte 6 (0xff) is not UTF-8", "as UTF-8"),
    "a byte order mark": (text("\ufeffOne"), "documents/market/d.txt", 1, "a byte order mark", "without BOM"),
    "CR line ends": (text("One\ntwo\r\nthree\r\n"), "documents/market/d.txt", 2, "a carriage return", "LF line ends"),
    "a NUL": (text("One\n\ntw\x00o"), "documents/market/d.txt", 3, "a NUL character", "Remove it"),
    "an empty text": (text(" \n"), "documents/market/d.txt", 0, "an empty text", "restore"),
    "an unknown language": (meta(language="em"), META, 0, 'unknown language "em"', 'Did you mean "en"?'),
    # --- spans
    "a span whose text differs": (line(8, text="Zoe Nunez"), GOLD, 8, 'annotation says "Zoe Nunez"', "nowhere in the text"),
    "a span that has moved": (line(7, start=6, end=16), GOLD, 7, 'text reads "rt Union 👩"', '"Port Union" is at 4:14'),
    "a span out of range": (line(9, start=9000, end=9004), GOLD, 9, "span 9000:9004", "Offsets count code points"),
    "a negative offset": (line(9, start=-4), GOLD, 9, "span -4:", "Offsets count code points"),
    "a huge offset": (line(9, start=10**30), GOLD, 9, "out of range", "Offsets count code points"),
    "an empty span": (line(9, end=3, start=3), GOLD, 9, "span 3:3", "Offsets count code points"),
    "a boolean as offset": (line(7, start=True), GOLD, 7, 'whole numbers "start" and "end"', "Add what is missing"),
    "a span on white space": (line(7, start=3, text=" Port Union"), GOLD, 7, "span 3:14 starts or ends on white space", "Move the border"),
    "a span that cuts an emoji": (more(entity("👩", 15)), GOLD, 10, "span 15:16 cuts the character", "Move the border"),
    "a span that cuts off an accent": (line(8, start=39, end=42, text="Zoe"), GOLD, 8, 'cuts the character "e\u0301"', "Move the border"),
    "evidence that has moved": (line(4, evidence=[[20, 38]]), GOLD, 4, "(offsets 20:38)", "is at 19:37"),
    "evidence of one number": (line(4, evidence=[[20]]), GOLD, 4, 'evidence "[20]" is not [start, end]', "two whole numbers"),
    "evidence without text": (line(4, drop="text"), GOLD, 4, "evidence and text do not belong together", '"evidence": [[start, end]'),
    "a moved trigger": (line(5, triggers=[{"start": 0, "end": 6, "text": "strike"}]), GOLD, 5, 'text reads "The Po"', '"strike" is at 31:37'),
    "spans that are no tables": (line(5, triggers=[[0, 3]]), GOLD, 5, "field triggers is not made of spans", '{"start"'),
    "an inner span of unknown label": (line(9, inner=[{"start": 52, "end": 56, "text": "Lima", "label": "LOK"}]), GOLD, 9, 'unknown label "LOK" in inner', 'Did you mean "LOC"?'),
    "spans that overlap": (more(entity("Union", 9)), GOLD, 10, '"Union" overlaps "Port Union" of line 7', "Keep the longest"),
    "a second label for a span": (more(entity("Port Union", 4)), GOLD, 10, "a second label for the span of line 7", "Keep one"),
    # --- names that are not known
    "an unknown layer": (more({"layer": "stanse", "label": "FAVOR"}), GOLD, 10, 'unknown layer "stanse"', 'Did you mean "stance"?'),
    "a layer that is a list": (more({"layer": ["stance"]}), GOLD, 10, "unknown layer", "There are: tone, stance"),
    "an unknown layer in the header": (line(1, layers={"toon": "done"}), GOLD, 1, 'unknown layer "toon"', 'Did you mean "tone"?'),
    "a layer state": (line(1, layers={"tone": "don"}), GOLD, 1, 'layer state "don"', 'Did you mean "done"?'),
    "a layer that the header does not list": (line(1, layers={"stance": "done"}), GOLD, 2, "layer tone, which the header does not list", 'Add "tone": "done"'),
    "an unknown label": (line(3, label="FAVOUR"), GOLD, 3, 'unknown label "FAVOUR" in layer stance', 'Did you mean "FAVOR"?'),
    "a null label": (line(2, label=None), GOLD, 2, 'unknown label "None"', "There are: WARM, COLD"),
    "a list as label": (line(2, label=["WARM"]), GOLD, 2, "unknown label", "There are: WARM, COLD"),
    "an unknown field": (line(4, kin="evaluative"), GOLD, 4, 'unknown field "kin" in layer stance', 'Did you mean "kind"?'),
    "an unknown value of a field": (line(4, kind="evaluativ"), GOLD, 4, 'unknown kind "evaluativ"', 'Did you mean "evaluative"?'),
    "a sub-type of another label": (line(6, subtype="walk_out"), GOLD, 6, '"TRADE" has no subtype', "Remove subtype"),
    "a boolean in quotes": (line(4, explicit="true"), GOLD, 4, "field explicit is not true or false", "without quotes"),
    "a number as note": (line(4, note=3), GOLD, 4, "field note is not a text", 'Write "note"'),
    "an unknown holder": (line(3, holder="mayer"), GOLD, 3, 'unknown holder "mayer"', 'Did you mean "mayor"?'),
    "an unknown target": (line(3, target="strikes"), GOLD, 3, 'unknown target "strikes"', "[targets] of group.toml"),
    "no holder": (line(3, drop="holder"), GOLD, 3, "no holder", 'Add "holder": one of mayor, union'),
    "a table as holder": (line(3, holder={"id": "mayor"}), GOLD, 3, "unknown holder", "There are: mayor, union"),
    "an unknown holder in a field": (line(3, via=["union"]), GOLD, 3, "unknown holder", "There are: mayor, union"),
    # --- pairs, and lines against each other
    "a listed pair without a label": (meta(pairs={"stance": [["union", "strike"], ["mayor", "strike"], ["union", "port"]]}, targets={"port": "the port"}), GOLD, 0, "no label for the listed pair union > port", '"stance": "open"'),
    "a label without its pair": (meta(pairs={"stance": [["union", "strike"]]}), GOLD, 3, "a label for mayor > strike, which is no listed pair", 'List it under "pairs"'),
    "a label without its pair in an open layer": (lambda root: (meta(pairs={})(root), line(1, layers={"stance": "open", "tone": "done", "topic": "done", "entities": "done"})(root)), GOLD, 4, "which is no listed pair", "remove the line"),
    "a pair of unknown ids": (meta(pairs={"stance": [["union", "strik"]]}), META, 1, 'unknown target "strik" in pairs', 'Did you mean "strike"?'),
    "a pair of three": (meta(pairs={"stance": [["union", "strike", "x"]]}), META, 1, "pair", "one id each for holder, target"),
    "a pair of tables": (meta(pairs={"stance": [[{}, []]]}), META, 1, 'unknown holder "{}" in pairs', "There are: mayor, union"),
    "pairs that are a list": (meta(pairs=[["union", "strike"]]), META, 1, "pairs is not a table of layers", '{"stance"'),
    "pairs that are a text": (meta(pairs={"stance": "union"}), META, 1, 'pair "union"', "one id each"),
    "pairs of a layer about nothing": (meta(pairs={"tone": []}), META, 1, 'pairs of unknown layer "tone"', "There are: stance"),
    "a pair listed twice": (meta(pairs={"stance": [["union", "strike"], ["mayor", "strike"], ["union", "strike"]]}), META, 1, "is listed twice", "Keep one"),
    "two lines that contradict": (more({**STANCE, "label": "FAVOR"}), GOLD, 10, "contradicts line 3 of mayor > strike in layer stance", "Keep one of them"),
    "a contradiction beside a wrong field": (more({**STANCE, "label": "FAVOR", "kin": 1}), GOLD, 10, "contradicts line 3 of mayor > strike", "Keep one of them"),
    "one line twice": (more(entity("Port Union", 4, "ORG")), GOLD, 10, "the same annotation as line 7", "Keep one"),
    "two labels of a document": (more({"layer": "tone", "label": "COLD"}), GOLD, 10, "contradicts line 2 in layer tone", "Keep one of them"),
    "a layer done without its label": (line(1, "market/c.gold.jsonl", layers={"tone": "done", "stance": "done", "topic": "done", "entities": "done"}), "documents/market/c.gold.jsonl", 1, "layer tone is done but has no label", "write open"),
    "two primary topics": (line(6, role="primary"), GOLD, 0, "2 annotations of layer topic with role primary", "Task topic wants one"),
    # --- headers
    "a digest that is not the text's": (swap("documents/harbour/a.txt", "waited", "waits"), GOLD, 1, "text_sha256 is not the digest of a.txt", "Restore the text"),
    "a meta digest that is not the text's": (swap("documents/harbour/a.txt", "waited", "waits"), META, 1, "sha256 is not the text's", "Restore the text"),
    "no header": (lambda root: write_lines(root / GOLD, read_lines(root / GOLD)[1:]), GOLD, 1, "the first line is not a header", 'Write {"doc"'),
    "an empty annotation file": (write(GOLD, b""), GOLD, 1, "the first line is not a header", 'Write {"doc"'),
    "a header of another document": (line(1, doc="../b"), GOLD, 1, 'header says doc "../b"', 'Write "a"'),
    "a header of another annotator": (line(1, by="mira"), GOLD, 1, 'header says by "mira"', 'Write "gold"'),
    "a header of another unit": (line(1, unit="utf16"), GOLD, 1, 'offset unit "utf16"', "Only codepoint"),
    "a header that lists no layers": (line(1, layers=["tone"]), GOLD, 1, "the header lists no layers", '"layers": {'),
    "an unknown key in the header": (line(1, layer_s={}), GOLD, 1, 'unknown key "layer_s" in the header', 'Did you mean "layers"?'),
    "a guideline that is a list": (line(1, guideline=["1"]), GOLD, 1, "guideline is not a string", 'Write "guideline"'),
    # --- JSON
    "malformed JSON": (more('{"layer": "tone", "label" "WARM"}'), GOLD, 10, "malformed JSON at column 27", "Write one"),
    "a malformed header": (swap(GOLD, '{"doc"', '{doc"'), GOLD, 1, "malformed JSON at column 2", "Write one"),
    "malformed meta": (write(META, b'{\n "language": "en",\n "pairs" {}\n}\n'), META, 3, "malformed JSON at column 10", "Write one"),
    "a duplicate key": (more('{"layer":"tone","label":"WARM","label":"COLD"}'), GOLD, 10, 'duplicate key "label"', "Keep one of them"),
    "a duplicate key in meta": (write(META, b'{"source": "x", "tags": {"a": 1, "a": 2}}'), META, 1, 'duplicate key "a"', "Keep one of them"),
    "an array as line": (more("[1, 2]"), GOLD, 10, "a JSON array where an object was expected", "Write one"),
    "null as meta": (write(META, b"null"), META, 1, "a JSON null where an object was expected", "Write one"),
    "NaN": (more('{"layer":"tone","label":NaN}'), GOLD, 10, "NaN is not JSON", "Write a number"),
    "a number beyond all": (more('{"layer":"tone","label":1e999}'), GOLD, 10, 'number "1e999" is too big', "smaller"),
    "an integer beyond printing": (more('{"layer":"tone","label":1' + "0" * 5000 + "}"), GOLD, 10, "an integer that is too big", "smaller"),
    "half a surrogate pair": (more('{"layer":"tone","label":"\\ud83d"}'), GOLD, 10, "half of a surrogate pair", "the character itself"),
    "deep nesting": (more('{"layer":"tone","label":' + "[" * 500 + "]" * 500 + "}"), GOLD, 10, "brackets nested more than 64 deep", "flatter"),
    "nesting deeper than any reader goes": (write(META, b'{"a":' * 100_000), META, 1, "brackets nested more than 64 deep", "flatter"),
    "an empty line": (more("", STANCE), GOLD, 10, "an empty line", "Remove it"),
    "gold that is not UTF-8": (write(GOLD, b'{"doc":"a"}\n\xfe\n'), GOLD, 2, "is not UTF-8", "as UTF-8"),
    "gold with a byte order mark": (swap(GOLD, "{", "\ufeff{"), GOLD, 1, "starts with a byte order mark", "without BOM"),
    "meta with a byte order mark": (swap(META, "{", "\ufeff{"), META, 1, "starts with a byte order mark", "without BOM"),
    "a source that is a number": (meta(source=3), META, 1, "source is not a string", 'Write "source"'),
    "holders that are a list": (meta(holders=["x"]), META, 1, "holders is not a table", "Write [holders]"),
    # --- groups
    "no split": (swap(GROUP, 'split = "train"\n', ""), GROUP, 0, "in no split", "harness corpus split"),
    "no group.toml": (lambda root: (root / GROUP).unlink(), GROUP, 0, "in no split", 'Write split = "train"'),
    "an unknown split": (swap(GROUP, '"train"', '"trian"'), GROUP, 1, 'unknown split "trian"', 'Did you mean "train"?'),
    "a list as split": (swap(GROUP, '"train"', '["train"]'), GROUP, 1, "unknown split", "There are: train"),
    "an empty list as split": (swap(GROUP, '"train"', "[]"), GROUP, 1, "unknown split", "There are: train"),
    "a table as name of a holder": (swap(GROUP, '"the mayor"', '{ name = "x" }'), GROUP, 5, 'the name of "mayor" in holders is not a string', 'Write id = "name"'),
    "an id in capitals": (swap(GROUP, "mayor =", "Mayor ="), GROUP, 5, 'id "Mayor" in holders', "a-z, 0-9 and -"),
    "holders of a group that are a text": (swap(GROUP, '[holders]\nmayor = "the mayor"', 'holders = "mayor"'), GROUP, 4, "holders is not a table", "Write [holders]"),
    "malformed TOML": (swap(GROUP, "mayor =", "mayor"), GROUP, 5, "malformed TOML at column 7", "Mend the line"),
    "a group.toml that is not UTF-8": (write(GROUP, b"split = '\xe9'"), GROUP, 1, "is not UTF-8", "as UTF-8"),
    "deep TOML": (write(GROUP, b"x = " + b"[" * 5000), GROUP, 0, "brackets nested more than 64 deep", "flatter"),
    "deep keys": (write(GROUP, b".".join([b"a"] * 3000) + b" = 1"), GROUP, 0, "brackets nested more than 64 deep", "flatter"),
    "a TOML integer beyond printing": (write(GROUP, b"split = 0x" + b"f" * 9000), GROUP, 0, "an integer that is too big", "smaller"),
    # --- files and names
    "ids that differ in case alone": (lambda root: write_document(root / "documents/harbour", "A", "One.", layers={}), "documents/harbour/a.txt", 0, "the same id as documents/harbour/A.txt but for its case", "Rename one"),
    "a file of no document": (write("documents/harbour/z.gold.jsonl", b""), "documents/harbour/z.gold.jsonl", 0, "a file that belongs to no document", "Add the text beside it (ID.txt)"),
    "a file of no group": (write("documents/notes.md", b""), "documents/notes.md", 0, "a file that belongs to no group", "documents/GROUP/"),
    "a file that is no annotator's": (write("documents/harbour/a.gold.json", b""), "documents/harbour/a.gold.json", 0, "neither meta, gold nor an annotator's", "ID.NAME.jsonl"),
    "a folder in a group": (lambda root: (root / "documents/harbour/more").mkdir(), "documents/harbour/more", 0, "a folder inside a group", "plain files only"),
    "a group without documents": (lambda root: (root / "documents/empty").mkdir(), "documents/empty", 0, "a group without documents", "Add ID.txt"),
    "a group name that climbs": (lambda root: (root / "documents/..up").mkdir(), "documents/..up", 0, 'group name "..up"', "Use A-Z"),
    "a document name that climbs": (write("documents/harbour/..up.txt", b"One"), "documents/harbour/..up.txt", 0, 'document name "..up"', "no dots"),
    "a name of two lines": (write("documents/harbour/x\ny.txt", b"One"), "documents/harbour/x\\u000ay.txt", 0, "document name", "Use A-Z"),
    "what an import left": (lambda root: (root / "documents/.import-7").mkdir(), "documents/.import-7", 0, "left over from an import", "Import again"),
    "a text linked out of the corpus": (link("documents/harbour/a.txt"), "documents/harbour/a.txt", 0, "a link that leads out of the corpus", "plain files"),
    "a group linked out of the corpus": (link("documents/harbour", folder=True), "documents/harbour", 0, "a link that leads out of the corpus", "documents/GROUP/"),
    "all documents linked out of the corpus": (link("documents", folder=True), "documents", 0, "a link that leads out of the corpus", "the folder itself"),
    "a corpus.toml linked out of the corpus": (link("corpus.toml"), "corpus.toml", 0, "a link that leads out of the corpus", "the file itself"),
    "a circle of links": (lambda root: (root / "documents/harbour/z.txt").symlink_to("z.txt"), "documents/harbour/z.txt", 0, "a link ", "plain files"),
    "a link to nothing": (lambda root: (root / "documents/harbour/z.txt").symlink_to("y.txt"), "documents/harbour/z.txt", 0, "a link to nothing", "plain files"),
    "no documents": (lambda root: shutil.rmtree(root / "documents"), "documents", 0, "the folder is missing", "harness import"),
    "an empty corpus.toml": (write("corpus.toml", b""), "corpus.toml", 1, "is empty", "Declare name and layers"),
    "a malformed corpus.toml": (write("corpus.toml", b'name = "x"\nname = "y"\n'), "corpus.toml", 2, "malformed TOML", "Mend the line"),
    "a corpus.toml that is not UTF-8": (write("corpus.toml", b"name = '\xe9'"), "corpus.toml", 1, "is not UTF-8", "as UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_kind_of_bad_input_is_told_with_its_place_and_its_remedy(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, file, number, found, remedy = BAD[name]
    root = make_corpus(tmp_path / "tiny")
    damage(root)
    told = [p for p in check(root) if p.file == file and p.line == number and found in p.found]
    assert len(told) == 1, f"{file}:{number}: {found} not among\n" + "\n".join(map(str, check(root)))
    assert remedy in told[0].remedy
    assert run(["check", str(root)]) == 1
    assert str(told[0]) in capsys.readouterr().out.split("\n")


CASCADES = {
    "an unknown label": 1,
    "an unknown field": 1,
    "an unknown holder in a field": 1,
    "a malformed corpus.toml": 1,
    "a null label": 1,
    "one line twice": 1,
    "an unknown split": 1,
    "a list as split": 1,
    "a text that is not UTF-8": 1,
    "a span whose text differs": 1,
    "a listed pair without a label": 1,
    "a duplicate key in meta": 3,  # the pairs of that meta are lost
}


@pytest.mark.parametrize("name", CASCADES)
def test_one_mistake_is_told_once_and_not_again_by_what_follows_from_it(name: str, tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    BAD[name][0](root)
    assert len(check(root)) == CASCADES[name], "\n".join(map(str, check(root)))


def test_a_sound_corpus_has_no_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_corpus(tmp_path / "tiny")
    assert check(root) == []
    assert check(harness.load(root)) == []
    assert run(["check", str(root)]) == 0
    assert "no problems in 3 documents, 2 groups, 19 annotations, 1 annotators" in capsys.readouterr().out


TOGETHER = (
    "a text that is not UTF-8", "a span out of range", "a span that cuts off an accent", "an unknown label",
    "an unknown value of a field", "a moved trigger", "a duplicate key", "a pair of unknown ids", "no split",
    "ids that differ in case alone", "a file of no document", "a file of no group", "a circle of links",
    "a layer done without its label",
)  # fmt: skip


def test_many_problems_are_listed_in_one_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_corpus(tmp_path / "tiny")
    for name in TOGETHER:
        BAD[name][0](root)
    assert run(["check", str(root), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["exit"] == 1
    for name in TOGETHER:
        _, file, number, found, _ = BAD[name]
        assert any(p["file"] == file and p["line"] == number and found in p["found"] for p in answer["problems"]), name


def test_loading_a_broken_corpus_raises_all_that_makes_it_unusable(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    wanted = ("a span out of range", "an unknown label", "a duplicate key", "a pair of unknown ids", "malformed TOML")
    for name in wanted:
        BAD[name][0](root)
    with pytest.raises(ProblemsFound) as raised:
        harness.load(root)
    assert raised.value.exit_code == 1
    for name in wanted:
        _, file, number, found, _ = BAD[name]
        assert any(p.file == file and p.line == number and found in p.found for p in raised.value.problems), name


def test_a_file_whose_header_is_broken_is_still_read_to_its_end(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    for damage in (line(3, label="FAVOUR"), more("{"), swap(GOLD, '{"doc"', "{doc")):
        damage(root)
    assert [p.line for p in check(root) if p.file == GOLD] == [1, 3, 10]


def test_the_other_files_of_an_unreadable_text_are_still_parsed(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    for where, data in (("a.txt", b"\xff"), ("a.meta.json", b"{"), ("a.gold.jsonl", b"{}\n{")):
        (root / "documents/harbour" / where).write_bytes(data)
    assert [(p.file[-12:], p.line) for p in check(root)] == [
        ("a.gold.jsonl", 2),
        ("/a.meta.json", 1),
        ("arbour/a.txt", 1),
    ]


@pytest.mark.parametrize("unit, said", [("utf16", "UTF-16"), ("byte", "UTF-8 bytes"), ("crlf", "CRLF line ends")])
def test_spans_that_all_fit_another_unit_say_so(unit: str, said: str, tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    words = "🚢 one\nπ two\n🚢 three"
    entities = []
    for word in ("one", "two", "three"):
        one = span(word, words)
        at = borders(words, unit)
        entities.append({"start": at[one["start"]], "end": at[one["end"]], "label": "PER", "text": word})
    write_document(root / "documents/market", "d", words, layers={"entities": entities})
    told = [p for p in check(root) if p.file.endswith("d.gold.jsonl")]
    assert told and all(p.remedy.endswith(f"All spans fit {said}: import with --offsets {unit}.") for p in told)
    entities.append({"start": 0, "end": 3, "label": "PER", "text": "six"})
    write_document(root / "documents/market", "d", words, layers={"entities": entities})
    assert not any("All spans fit" in p.remedy for p in check(root))


def test_a_single_span_out_of_range_in_code_points_is_explained_too(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    one = {"start": 5, "end": 7, "label": "PER", "text": "ab"}
    write_document(root / "documents/market", "d", "🚢🚢 ab", layers={"entities": [one]})
    (told,) = check(root)
    assert "out of range" in told.found and "All spans fit UTF-16" in told.remedy


def test_nesting_and_crossing_follow_what_the_layer_allows(tmp_path: Path) -> None:
    words = "a b c d"
    rows = {
        "nested": [{"start": 0, "end": 5, "label": "PER", "text": "a b c"}, {"start": 2, "end": 3, "label": "PER", "text": "b"}],
        "crossing": [{"start": 0, "end": 3, "label": "PER", "text": "a b"}, {"start": 2, "end": 5, "label": "PER", "text": "b c"}],
    }  # fmt: skip
    for overlap, wrong in (("none", {"nested", "crossing"}), ("nested", {"crossing"}), ("any", set())):
        root = make_corpus(tmp_path / overlap)
        swap("corpus.toml", 'overlap = "none"', f'overlap = "{overlap}"')(root)
        for name, entities in rows.items():
            write_document(root / "documents/market", name, words, layers={"entities": entities})
        assert {Path(p.file).name.removesuffix(".gold.jsonl") for p in check(root)} == wrong


def test_every_annotators_file_is_checked_and_none_but_gold_hinders_loading(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    rows = read_lines(root / GOLD)
    write_lines(root / "documents/harbour/a.mira.jsonl", [{**rows[0], "by": "mira"}, {**rows[1], "label": "HOT"}])
    told = [p for p in check(root) if "HOT" in p.found]
    assert [(p.file, p.line) for p in told] == [("documents/harbour/a.mira.jsonl", 2)]
    assert len(harness.load(root)) == 3


def test_a_path_without_a_corpus_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for where in (tmp_path / "nowhere", tmp_path):
        assert run(["check", str(where)]) == 1
        assert f"{where}: no corpus here: there is no corpus.toml. Give the folder" in capsys.readouterr().out
        with pytest.raises(ProblemsFound):
            harness.load(where)


@pytest.mark.parametrize("name", ["a.txt", "a.meta.json", "a.gold.jsonl", "group.toml", "corpus.toml"])
def test_a_file_that_cannot_be_read_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_corpus(tmp_path / "tiny")
    whole = {"os.open": os.open, "io.open": open}  # of a group's files, of corpus.toml

    def refuse(way: str) -> Callable[..., Any]:
        def opened(path: Any, *how: Any, **more: Any) -> Any:
            if Path(path).name == name:
                raise PermissionError(13, "Permission denied")
            return whole[way](path, *how, **more)

        return opened

    for way in whole:
        monkeypatch.setattr(way, refuse(way))
    told = [p for p in check(root) if "cannot be read (Permission denied)" in p.found]
    assert told and all(p.file.endswith(name) and "you may read it" in p.remedy for p in told)


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_corpus(tmp_path / "tiny")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    assert check(root) == [
        Problem("documents", 0, "cannot be read (Permission denied)", "Check that you may read the folder.")
    ]


def test_checking_imports_neither_numpy_nor_pyarrow(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    heavy = {"numpy", "pyarrow", "pandas", "datasets", "sklearn", "rich"}
    code = (
        f"import sys; from harness.cli import run; run(['check', {str(root)!r}]); print({heavy} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("set()\n"), ran.stdout


# --- hostile input ---------------------------------------------------------------------------------------

FILES = ("corpus.toml", GROUP, META, GOLD, "documents/harbour/a.txt")


@contextmanager
def throw_away() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield make_corpus(Path(folder) / "tiny")


def refuses_or_reads(root: Path) -> list[Problem]:
    """The problems of a corpus; check and load must agree, and neither may break."""
    found = check(root)
    try:
        harness.load(root).digest  # noqa: B018
    except ProblemsFound as refused:
        assert set(refused.problems) <= set(found)
    for problem in found:
        assert problem.found and problem.remedy and "\n" not in problem.file
    return found


@few
@given(st.sampled_from(FILES), st.binary(max_size=200))
def test_random_bytes_in_any_file_are_never_a_traceback(where: str, data: bytes) -> None:
    with throw_away() as root:
        (root / where).write_bytes(data)
        refuses_or_reads(root)


KEYS = st.sampled_from(
    ["layer", "label", "start", "end", "text", "holder", "target", "evidence", "triggers", "inner", "via", "role", "doc", "by",
     "unit", "layers", "pairs", "stance", "holders", "targets", "sha256", "language", "split"]
)  # fmt: skip
WORDS = st.sampled_from(["stance", "tone", "topic", "entities", "done", "FAVOR", "STRIKE", "PER", "union", "", "\x00"])
ATOMS = (
    st.none() | st.booleans() | st.integers() | st.just(10**40) | st.floats() | st.text(max_size=5) | WORDS
    | st.just("\ud800")
)  # fmt: skip
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@few
@given(st.lists(VALUES, max_size=5), st.booleans())
def test_random_json_in_annotations_is_never_a_traceback(rows: list[Any], keep_header: bool) -> None:
    with throw_away() as root:
        first = read_lines(root / GOLD)[:1] if keep_header else []
        lines = [json.dumps(row) for row in [*first, *rows]]
        (root / GOLD).write_text("".join(f"{one}\n" for one in lines), "utf-8")
        assert refuses_or_reads(root)


@few
@given(st.dictionaries(KEYS, VALUES, max_size=5) | VALUES)
def test_random_json_in_meta_is_never_a_traceback(value: Any) -> None:
    with throw_away() as root:
        (root / META).write_text(json.dumps(value), "utf-8")
        refuses_or_reads(root)


def altered(value: Any, chance: random.Random, puts: list[Any]) -> Any:
    """The value with some part replaced by something of another type, or dropped."""
    if chance.random() < 0.08:
        return chance.choice(puts)
    if isinstance(value, dict):
        return {key: altered(inner, chance, puts) for key, inner in value.items() if chance.random() > 0.03}
    if isinstance(value, list):
        return [altered(inner, chance, puts) for inner in value]
    return value


ODD: list[Any] = ["", "x", "stance", 0, -1, 10**18, True, 1.5, float("nan"), [], {}, [[]], [{}], {"a": 1}, {"x": ["y"]}, ["A", "A"]]  # fmt: skip


@few
@given(st.randoms(use_true_random=False))
def test_a_wrong_type_at_any_place_of_any_file_is_never_a_traceback(chance: random.Random) -> None:
    with throw_away() as root:
        for path in sorted(root.rglob("*")):
            if path.suffix == ".toml":
                path.write_text(
                    tomli_w.dumps(as_table(altered(tomllib.loads(path.read_text("utf-8")), chance, ODD))), "utf-8"
                )
            elif path.suffix == ".jsonl":
                rows = [altered(row, chance, [*ODD, None, ["union", []], "\ud800"]) for row in read_lines(path)]
                path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
            elif path.suffix == ".json":
                path.write_text(json.dumps(altered(json.loads(path.read_text("utf-8")), chance, ODD)), "utf-8")
        refuses_or_reads(root)


def as_table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"x": value}


CHARACTERS = st.text(
    st.sampled_from("aZ .\r\n\u0301\u200d👩🌾🇩🇪क्षिंกำเ각각ابَ\u0600\u110b\u1161這い\u3099ｶﾞ‼↔©\ufe0f🏽\u2028\ufeff")
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(CHARACTERS)
def test_grapheme_borders_are_those_of_the_whole_text(words: str) -> None:
    true = {0, len(words)} | {match.end() for match in regex.finditer(r"\X", words)}
    assert {at for at in range(len(words) + 1) if _is_grapheme_border(words, at)} == true


def test_the_digest_in_a_message_is_the_one_to_write(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    line(1, text_sha256="0" * 64)(root)
    (told,) = check(root)
    assert sha256((root / "documents/harbour/a.txt").read_text("utf-8")) in told.found
