"""What is written is read back the same, whatever the text holds."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from corpora import CORPUS_TOML, make_corpus
from harness.corpus import Corpus
from harness.corpus.reading import read_folder
from harness.corpus.schema import Layer, Schema
from harness.corpus.writing import annotation_file, document_files, group_file, with_split
from harness.records import Document

few = settings(max_examples=60, deadline=None)
# Emoji with joiners, combining marks, right to left, every line end there is, a byte order mark, NUL.
ODD = '👩\u200d🌾🚢e\u0301ابَ\u202eש\u2028\u2029\x85\x0b\x0c\x1c\r\n\x00\ufeffहि\U0010ffff"\\'
TEXTS = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return read_folder(make_corpus(tmp_path_factory.mktemp("corpus"))).schema


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    at = st.integers(0, len(text) - 1)

    def span() -> dict[str, Any]:
        start = draw(at)
        end = draw(st.integers(start + 1, len(text)))
        return {"start": start, "end": end, "text": text[start:end]}

    evidence = span()
    proof = {"evidence": [[evidence["start"], evidence["end"]]], "text": [evidence["text"]]}
    gold: dict[str, list[Mapping[str, Any]]] = {
        "tone": [{"label": "COLD"}],
        "stance": [{"holder": "union", "target": "strike", "label": "NONE", "note": draw(TEXTS), **proof}],
        "topic": [{"label": label, "role": "primary", "triggers": [span()]} for label in ("STRIKE", "TRADE")],
        "entities": [{**span(), "label": label} for label in ("PER", "ORG", "PER")],
    }
    done = draw(st.sets(st.sampled_from(list(gold))))
    return Document(
        group="g",
        name="one",
        text=text,
        language=draw(st.sampled_from(["", "ar"])),
        meta={"source": draw(TEXTS), "more": {"x": [1, None, True]}},
        pairs={"stance": [("union", "strike")]},
        gold={layer: lines for layer, lines in gold.items() if layer in done},
        guideline="1",
    )


@few
@given(document=documents())
def test_writing_then_reading_a_document_gives_the_same_document(document: Document, schema: Schema) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "corpus.toml").write_text(CORPUS_TOML, "utf-8")
        group = root / "documents/g"
        group.mkdir(parents=True)
        files = document_files(document, schema.layers, "1")
        (group / "group.toml").write_bytes(group_file("dev"))
        for name, data in files:
            (group / name).write_bytes(data)
        corpus = harness.load(root)
        again = corpus["g/one"]
        assert (again.text, again.split, again.language) == (document.text, "dev", document.language)
        assert {key: again.meta[key] for key in document.meta} == document.meta
        assert again.pairs == document.pairs
        assert again.guideline == ("1" if document.gold else "")
        assert again.gold.keys() == document.gold.keys()
        for layer, lines in document.gold.items():
            told = [{"layer": layer, **line} for line in lines]
            assert sorted(again.gold[layer], key=repr_of) == sorted(told, key=repr_of)
        assert document_files(again, schema.layers, "1") == files
        assert Corpus(root, schema, (again,)).digest == corpus.digest


def repr_of(line: Mapping[str, Any]) -> str:
    return json.dumps(line, sort_keys=True)


@few
@given(document=documents(), chance=st.randoms(use_true_random=False))
def test_a_file_is_the_same_whatever_order_its_lines_came_in(document: Document, chance: Any, schema: Schema) -> None:
    mixed = {}
    for layer, lines in document.gold.items():
        distinct = {repr_of(line): line for line in lines}
        mixed[layer] = [dict(chance.sample(list(line.items()), len(line))) for line in distinct.values()]
        chance.shuffle(mixed[layer])
    plain = {layer: [*{repr_of(line): line for line in lines}.values()] for layer, lines in document.gold.items()}
    assert annotation_file(document, "gold", mixed, schema.layers, "1") == annotation_file(
        document, "gold", plain, schema.layers, "1"
    )


def test_a_changed_label_changes_one_line() -> None:
    layers = {"tone": Layer("tone", "label", ("A", "B")), "topic": Layer("topic", "labels", ("X", "Y"))}
    document = Document("g", "one", "One.")
    before = annotation_file(document, "mira", {"tone": [{"label": "A"}], "topic": [{"label": "X"}]}, layers, "1")
    after = annotation_file(document, "mira", {"tone": [{"label": "B"}], "topic": [{"label": "X"}]}, layers, "1")
    rows = list(zip(before.split(b"\n"), after.split(b"\n"), strict=True))
    assert [new for old, new in rows if old != new] == [b'{"layer":"tone","label":"B"}']


@pytest.mark.parametrize(
    "toml",
    [
        "",
        'split = "dev"\n',
        'event = "x"\nsplit="dev" # drawn\n',
        '[holders]\nsplit = "Split Ltd"\n',
        '# split = "x"\n',
    ],
)
def test_setting_a_split_changes_the_split_and_nothing_else(toml: str) -> None:
    before, after = tomllib.loads(toml), tomllib.loads(with_split(toml, "test"))
    assert after == {**before, "split": "test"}


def test_a_document_without_gold_has_no_gold_file() -> None:
    names = [name for name, _ in document_files(Document("g", "one", "One."), {}, "1")]
    assert names == ["one.txt", "one.meta.json"]
