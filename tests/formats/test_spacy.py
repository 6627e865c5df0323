"""spaCy's JSON and DocBin: what spaCy itself writes is read, what we write spaCy reads, and nothing is executed."""

import io
import json
import pickle
import tempfile
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import Problem
from harness.parts import Row
from harness.registry import make, parse

spacy = pytest.importorskip("spacy")

PLAIN = ("id", "text", "group", "language", "entities", "tone", "stance")


def back(rows: list[Row], folder: Path, spec: str) -> list[Row]:
    form, problems = make("formats", parse(spec)), list[Problem]()
    path = folder / f"out{form.suffix}"
    form.write(rows, path, LAYERS)
    read = [row for _, row in form.read(path, problems)]
    assert not problems
    return read


def read(data: bytes, folder: Path) -> tuple[list[Row], list[str]]:
    path, problems = folder / "in", list[Problem]()
    path.write_bytes(data)
    found = [row for _, row in make("formats", parse("spacy")).read(path, problems)]
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


def json_of(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def losses(rows: list[Row], spec: str) -> set[str]:
    with tempfile.TemporaryDirectory() as folder:
        found = Losses(LAYERS)
        found.compare(rows, back(rows, Path(folder), spec))
        return {line.partition(" (")[0] for line in found.lines()}


EVIDENCE = {f"{layer}: field {name} is lost" for layer in ("stance", "topic") for name in ("evidence", "text")}
NO_PAIRS = "stance: is read back as not annotated"  # none at all, for which there is no category


@settings(max_examples=60, deadline=None)
@given(rows=many(overlap=True))
def test_a_docbin_loses_evidence_and_that_no_pair_was_annotated_and_no_more(rows: list[Row]) -> None:
    assert losses(rows, "spacy(docbin=True)") <= {*EVIDENCE, NO_PAIRS}


@settings(max_examples=60, deadline=None)
@given(rows=many(overlap=True))
def test_the_training_form_loses_the_ids_too(rows: list[Row]) -> None:
    meta = {f"{key}: is lost" for key in ("id", "group", "language")}
    assert losses(rows, "spacy") <= {*EVIDENCE, NO_PAIRS, *meta}


def test_spacy_reads_the_docbin_that_we_write_with_entities_to_train_on(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"id": "a", "text": "New Yorkers  like🍕", "tone": ["WARM"], "n": 1 << 70, "entities": [
            {"start": 0, "end": 7, "label": "LOC"}, {"start": 17, "end": 18, "label": "ORG", "kb_id": "Q1"}]},
        {"id": "b", "text": " a ", "entities": []},
        {"id": "c", "text": "c\n"},
        {"id": "d", "text": "a b c", "entities": [
            {"start": 0, "end": 2, "label": "PER"}, {"start": 3, "end": 5, "label": "PER"}]},
    ]  # fmt: skip
    form = make("formats", parse("spacy"))
    form.write(rows, tmp_path / "x.spacy", LAYERS)
    docs = list(spacy.tokens.DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("xx").vocab))
    assert [doc.text for doc in docs] == [row["text"] for row in rows]
    assert [(e.start_char, e.end_char, e.label_) for e in docs[0].ents] == [(0, 7, "LOC"), (17, 18, "ORG")]
    assert docs[0].cats == {"tone|WARM": 1.0, "tone|COLD": 0.0}
    assert docs[1].has_annotation("ENT_IOB") and not docs[2].has_annotation("ENT_IOB")
    again = [row for _, row in form.read(tmp_path / "x.spacy", [])]
    assert again == [{**rows[0], "n": str(1 << 70)}, *rows[1:]]


def test_spacy_takes_the_training_form_that_we_write(tmp_path: Path) -> None:
    rows: list[Row] = [{"text": "Ana met Bo", "topic": ["TRADE"], "entities": [{"start": 0, "end": 3, "label": "PER"}]}]
    make("formats", parse("spacy")).write(rows, tmp_path / "x.json", LAYERS)
    ((text, annotations),) = json.loads((tmp_path / "x.json").read_text("utf-8"))
    doc = spacy.blank("xx").make_doc(text)
    example = spacy.training.Example.from_dict(doc, annotations)
    assert [(e.text, e.label_) for e in example.reference.ents] == [("Ana", "PER")]
    assert example.reference.cats == {"topic|TRADE": 1.0, "topic|STRIKE": 0.0, "topic|WEATHER": 0.0}


def made_by_spacy() -> Any:
    doc = spacy.blank("en")("Zoe\u0301 paid $3 in 👩‍🌾 Lima.\n\nOk")
    doc.set_ents([spacy.tokens.Span(doc, 0, 1, "PERSON"), spacy.tokens.Span(doc, 5, 6, "GPE", kb_id="Q9")])
    doc.spans["sc"] = [doc.char_span(0, 9, "X"), doc.char_span(5, 12, "Y")]
    doc.cats = {"A": 1.0, "B": 0.0}
    for token in doc:
        token.is_sent_start = token.i == 0
    return doc


def test_what_spacy_wrote_is_read(tmp_path: Path) -> None:
    doc = made_by_spacy()
    spacy.tokens.Doc.set_extension("source", default="", force=True)
    doc._.source = "paper"
    doc.user_data["id"] = "d1"
    ents = [{"start": e.start_char, "end": e.end_char, "label": e.label_} for e in doc.ents]
    ents[1]["kb_id"] = "Q9"
    group = [{"start": s.start_char, "end": s.end_char, "label": s.label_} for s in doc.spans["sc"]]
    wanted = {"text": doc.text, "entities": ents, "sc": group, "cats": ["A"], "id": "d1", "source": "paper"}
    packed = spacy.tokens.DocBin(docs=[doc], store_user_data=True).to_bytes()
    assert read(packed, tmp_path) == ([wanted], [])
    said = doc.to_json()
    rows, problems = read(json_of(said), tmp_path)
    assert not problems
    assert rows[0]["text"] == doc.text
    assert rows[0]["entities"] == [ents[0], {"start": 16, "end": 17, "label": "GPE"}]  # it keeps no kb_id
    assert [(s["start"], s["end"], s["label"]) for s in rows[0]["sc"]] == [
        (s["start"], s["end"], s["label"]) for s in group
    ]
    assert rows[0]["cats"] == ["A"]


@pytest.mark.parametrize("drop", [(), ("entities",), ("entities", "raw")])
def test_the_json_of_version_2_is_read_by_offsets_or_by_its_tokens(drop: tuple[str, ...], tmp_path: Path) -> None:
    doc = made_by_spacy()
    old = spacy.training.docs_to_json([doc], doc_id=7)
    old["paragraphs"][0]["links"] = []
    for key in drop:
        del old["paragraphs"][0][key]
    rows, problems = read(json_of([old]), tmp_path)
    assert not problems
    ents = [{"start": e.start_char, "end": e.end_char, "label": e.label_} for e in doc.ents]
    assert rows == [{"text": doc.text, "entities": ents, "cats": ["A"], "id": "7"}]


def test_old_tokens_without_spaces_are_set_apart_by_one(tmp_path: Path) -> None:
    tokens = [{"orth": "New", "ner": "B-LOC"}, {"orth": "York", "ner": "L-LOC"}, {"orth": "!", "ner": "O"}]
    plain = [{"orth": "a"}, {"orth": "b", "ner": "-"}]
    old = {"id": 0, "paragraphs": [{"sentences": [{"tokens": tokens}]}, {"sentences": [{"tokens": plain}]}]}
    rows, problems = read(json_of([old]), tmp_path)
    assert not problems
    span = {"start": 0, "end": 8, "label": "LOC"}
    assert rows == [{"id": "0-0", "text": "New York !", "entities": [span]}, {"id": "0-1", "text": "a b"}]


def test_tokens_that_are_blocked_are_no_entity(tmp_path: Path) -> None:
    doc = spacy.blank("en")("Ana met Bo in Lima today")
    doc.set_ents([spacy.tokens.Span(doc, 0, 1, "PER")], blocked=[doc[2:4], doc[5:6]])
    rows, problems = read(spacy.tokens.DocBin(docs=[doc]).to_bytes(), tmp_path)
    assert not problems
    assert rows[0]["entities"] == [{"start": 0, "end": 3, "label": "PER"}]


def test_pairs_may_stand_one_a_line_and_other_keys_are_metadata(tmp_path: Path) -> None:
    data = b'["a b", {"entities": [[0, 1, "X", "Q1"]], "heads": [0]}]\n["c", {"cats": {"A": 0.4, "B": 0.5}}]\n'
    span = {"start": 0, "end": 1, "label": "X", "kb_id": "Q1"}
    rows: list[Row] = [{"text": "a b", "entities": [span], "heads": [0]}, {"text": "c", "cats": ["B"]}]
    assert read(data, tmp_path) == (rows, [])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1], ":1: no text with annotations"),
        ([["a"]], ":1: no text with annotations"),
        ([["a", {"entities": ["B-X"]}]], ':1: "B-X" is no span'),
        ([["a", {"entities": [[0, "1", "X"]]}]], ":1: \"{'start': 0, 'end': '1', 'label': 'X'}\" has no whole numbers"),
        ([["a", {"entities": 1}]], ":1: spans that are no list"),
        ([["a", {"spans": []}]], None),
        ([["a", {"spans": [1]}]], ":1: spans or cats that are no object"),
        ([["a", {"cats": {"A": "1"}}]], ":1: a category that is no number"),
        ([{"id": 1, "paragraphs": [1]}], ":1: a paragraph without"),
        ([{"id": 1, "paragraphs": [{"sentences": [{"tokens": [{}]}]}]}], ":1: a paragraph without"),
        ([{"paragraphs": [{"raw": "b", "sentences": [{"tokens": [{"orth": "a", "ner": "O"}]}]}]}],
         ':1: token "a" is not what the text says next, at 0'),
        ([{"paragraphs": [{"sentences": [{"tokens": [{"orth": "a", "ner": "XX"}]}]}]}], ":1: a tag that is none"),
    ],
)  # fmt: skip
def test_what_is_damaged_in_json_is_named(value: object, problem: str | None, tmp_path: Path) -> None:
    rows, problems = read(json_of(value), tmp_path)
    assert len(rows) == (problem is None)
    assert [one.startswith(problem or "") for one in problems] == [True] * (problem is not None), problems


def docbin(**changes: Any) -> bytes:
    table = msgspec.msgpack.decode(zlib.decompress(spacy.tokens.DocBin(docs=[made_by_spacy()]).to_bytes()))
    return zlib.compress(msgspec.msgpack.encode(table | changes))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x\x9c", ": cut off"),
        (b"x\x9c\xff\xff\xff", ": no DocBin: it cannot be unpacked"),
        (zlib.compress(bytes(80 << 20)), ": too big: it unpacks into more than 64 MiB"),
        (zlib.compress(b"\xc1"), ": malformed msgpack"),
        (zlib.compress(b"\x91" * 99999), ": malformed msgpack"),
        (zlib.compress(b"\x90"), ": no table"),
        (zlib.compress(b"\x80"), ": no attrs, strings or cats"),
    ],
)
def test_what_is_no_docbin_is_named(data: bytes, problem: str, tmp_path: Path) -> None:
    rows, problems = read(data, tmp_path)
    assert (rows, len(problems)) == ([], 1)
    assert problems[0].startswith(problem), problems


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tokens": b"1"}, ": tokens that are no table"),
        ({"tokens": None}, ": no tokens, spaces or lengths"),
        ({"lengths": b"\xff\xff\xff\xff"}, ": lengths that do not add up"),
        ({"cats": []}, ": cats that are not one a document"),
        ({"cats": [{"A": "x"}]}, ":1: cats that are no table of numbers"),
        ({"strings": []}, ":1: a number that stands for no string"),
        ({"span_groups": [b"\xc1"]}, ":1: malformed span groups"),
        ({"span_groups": [msgspec.msgpack.encode({b"\x80": ["x"]})]}, ":1: a span group without keys or spans"),
        ({"span_groups": [msgspec.msgpack.encode({msgspec.msgpack.encode({"spans": [b"1"]}): ["x"]})]},
         ":1: a span of another length"),
        ({"user_data": [b"\xc1"]}, ":1: malformed msgpack"),
    ],
)  # fmt: skip
def test_what_is_damaged_in_a_docbin_is_named(changes: dict[str, Any], problem: str, tmp_path: Path) -> None:
    rows, problems = read(docbin(**changes), tmp_path)
    assert (rows, len(problems)) == ([], 1)
    assert problems[0].startswith(problem), problems


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (io.open, (str(Path(tempfile.gettempdir()) / "harness-was-executed"), "w"))


def test_a_pickle_in_user_data_is_not_executed(tmp_path: Path) -> None:
    marker = Path(tempfile.gettempdir()) / "harness-was-executed"
    array = {b"nd": True, b"kind": b"O", b"type": "O", b"shape": [1], b"data": pickle.dumps(Trap())}
    data = docbin(user_data=[msgspec.msgpack.encode({"x": array})])
    read(data, tmp_path)
    assert not marker.exists()


@settings(max_examples=25, deadline=None)
@given(at=st.integers(0, 2000), byte=st.binary(min_size=1, max_size=4))
def test_no_changed_byte_of_a_docbin_makes_it_fall_over(at: int, byte: bytes) -> None:
    data = bytearray(zlib.decompress(docbin()))
    at %= len(data)
    data[at : at + len(byte)] = byte
    with tempfile.TemporaryDirectory() as folder:
        rows, problems = read(zlib.compress(bytes(data)), Path(folder))
        assert rows or problems
        assert np.all([isinstance(row["text"], str) for row in rows])
