"""A corpus folder as documents: names, groups, layers and what loading tolerates."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from corpora import A, make_corpus, read_lines, sha256, write_document, write_lines
from harness.corpus.reading import read_folder
from harness.errors import UnknownName


def test_documents_come_by_group_and_id_with_what_their_group_says(tmp_path: Path) -> None:
    corpus = harness.load(make_corpus(tmp_path))
    assert [document.id for document in corpus] == ["harbour/a", "harbour/b", "market/c"]
    assert [document.split for document in corpus] == ["train", "train", "test"]
    assert corpus["harbour/a"].text == A
    assert corpus["c"].names["target"] == {"strike": "the strike", "prices": "the prices"}
    assert corpus["a"].names["holder"] == {"union": "the Port Union", "mayor": "the mayor"}
    assert corpus["a"].pairs == {"stance": [("union", "strike"), ("mayor", "strike")]}
    assert corpus["a"].meta["sha256"] == sha256(A)


def test_texts_are_read_byte_for_byte(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    text = "\ufeffone\r\ntwo\u2028three\x85four\x0bfive\x0c\x00\r"
    write_document(root / "documents/market", "d", text, layers={"entities": []})
    assert harness.load(root)["d"].text == text


def test_gold_holds_the_layers_that_are_done_and_no_others(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    path = root / "documents/harbour/a.gold.jsonl"
    rows = read_lines(path)
    rows[0]["layers"] |= {"entities": "open"}
    write_lines(path, rows)
    gold = harness.load(root)["a"].gold
    assert list(gold) == ["tone", "stance", "topic"]
    assert [line["label"] for line in gold["topic"]] == ["STRIKE", "TRADE"]
    assert list(harness.load(root)["c"].gold) == ["stance", "topic", "entities"]


def test_the_order_of_the_disk_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_corpus(tmp_path)
    digest = harness.load(root).digest
    import os

    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: reversed(list(scan(path))))
    again = harness.load(root)
    assert again.digest == digest
    assert [document.id for document in again] == ["harbour/a", "harbour/b", "market/c"]


@pytest.mark.parametrize(
    "where, old, new",
    [
        ("documents/harbour/a.gold.jsonl", '"label":"FAVOR"', '"label":"AGAINST"'),
        ("documents/harbour/a.meta.json", '["mayor","strike"]', '["mayor","strike"],["union","port"]'),
        ("documents/market/group.toml", '"test"', '"dev"'),
        ("corpus.toml", '["WARM", "COLD"]', '["WARM", "COLD", "HOT"]'),
    ],
)
def test_the_digest_changes_with_what_decides_items_and_gold(where: str, old: str, new: str, tmp_path: Path) -> None:
    root = make_corpus(tmp_path, toml=(make_corpus(tmp_path / "x") / "corpus.toml").read_text() + 'port = "the port"\n')
    digest = harness.load(root).digest
    text = (root / where).read_text("utf-8")
    assert old in text
    (root / where).write_text(text.replace(old, new, 1), "utf-8")
    assert harness.load(root).digest != digest


def test_the_digest_does_not_change_with_names_and_notes(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    digest = harness.load(root).digest
    (root / "README.md").write_text("A card.")
    group = root / "documents/harbour/group.toml"
    group.write_text(group.read_text() + 'cook = "the cook"\n')
    assert harness.load(root).digest == digest


def test_links_that_stay_in_the_corpus_are_followed(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    (root / "shelf").mkdir()
    text = root / "documents/harbour/b.txt"
    text.rename(root / "shelf/b.txt")
    text.symlink_to("../../shelf/b.txt")
    assert harness.check(root) == []
    (tmp_path / "other").symlink_to(root, target_is_directory=True)
    assert len(harness.load(tmp_path / "other")) == 3


def test_annotators_are_read_when_everyone_is_asked_for(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    rows = read_lines(root / "documents/harbour/a.gold.jsonl")
    write_lines(root / "documents/harbour/a.mira.jsonl", [{**rows[0], "by": "mira"}, *rows[1:]])
    assert [file.by for file in read_folder(root, everyone=True).annotations["harbour/a"]] == ["gold", "mira"]
    assert [file.by for file in read_folder(root).annotations["harbour/a"]] == ["gold"]


def test_groups_without_a_split_load_and_stand_in_none(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    (root / "documents/harbour/group.toml").write_text('[holders]\nmayor = "the mayor"\n')
    assert [document.split for document in harness.load(root)] == ["", "", "test"]
    assert read_folder(root).unsplit == ["documents/harbour/group.toml"]


def test_a_document_is_found_by_its_id_alone_where_only_one_has_it(tmp_path: Path) -> None:
    root = make_corpus(tmp_path)
    write_document(root / "documents/market", "a", "One.", layers={"entities": []})
    corpus = harness.load(root)
    assert corpus["b"].id == "harbour/b"
    for name in ("a", "z"):
        with pytest.raises(UnknownName, match="unknown document"):
            corpus[name]


def test_a_corpus_says_what_it_is_in_one_line(tmp_path: Path) -> None:
    corpus = harness.load(make_corpus(tmp_path))
    assert repr(corpus) == f"Corpus('tiny', 3 documents in 2 groups, {corpus.digest[:8]})"


def test_who_suggested_a_line_is_no_part_of_a_corpus_identity(tmp_path: Path) -> None:
    root = make_corpus(tmp_path / "tiny")
    before = harness.load(root).digest
    path = root / "documents" / "harbour" / "a.gold.jsonl"
    path.write_text(path.read_text().replace('"label":"WARM"', '"label":"WARM","suggested_by":"tfidf"'))
    after = harness.load(root)
    assert any("suggested_by" in line for line in after["harbour/a"].gold["tone"])
    assert after.digest == before
