"""What is told of a corpus: its numbers, the tables made of them, the generated part of a card, Croissant metadata."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packing import pack

import harness
from corpora import make_corpus, write_document
from harness.cli import run
from harness.corpus.description import quartiles
from harness.corpus.reading import read_corpus
from harness.describing.tables import Table, markdown, tables
from harness.describing.writing import BEGIN, END, warnings_of, write_generated
from harness.errors import AskedWrongly, ProblemsFound

KABAR = Path(harness.__file__).parent.parent / "corpora" / "kabar"
CARD = f"""---
language: [en, ar, hi]
license: cc0-1.0
size_categories:
  - n<1K
tags:
  - toy
---

# tiny

A **toy** corpus.

## Sizes

{BEGIN}
{END}

## After

Kept as it is.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "tiny")


def told(root: Path) -> list[str]:
    return [str(warning) for warning in warnings_of(read_corpus(root, everyone=True))]


def test_a_corpus_is_counted_by_split_layer_label_and_name(root: Path) -> None:
    about = harness.load(root).describe()
    assert about["splits"] == ["train", "test"]
    assert about["groups"] == {"train": 1, "test": 1, "all": 2}
    assert about["documents"] == {"train": 2, "test": 1, "all": 3}
    assert {language: row["all"] for language, row in about["languages"].items()} == {"en": 1, "ar": 1, "hi": 1}
    done = {name: layer["documents"]["all"] for name, layer in about["layers"].items()}
    assert done == {"tone": 2, "stance": 3, "topic": 3, "entities": 3}
    stance = about["layers"]["stance"]
    assert stance["labels"]["FAVOR"] == {"train": 2, "test": 0, "all": 2}
    assert stance["facets"]["target"] == {
        "recurring": {"strike": {"name": "the strike", "groups": 2, "labels": {"FAVOR": 2, "AGAINST": 1, "NONE": 1}}},
        "others": {"names": 1, "labels": {"FAVOR": 0, "AGAINST": 0, "NONE": 1}},
    }
    assert about["tasks"]["topic"]["labels"]["STRIKE"] == {"train": 2, "test": 0, "all": 2}
    assert about["layers"]["topic"]["labels"]["TRADE"]["all"] == 1
    assert about["layers"]["entities"]["unseen"] == {"names": {"test": {"spans": 2, "unseen": 2}}}


def test_a_name_is_unseen_only_where_no_training_document_has_it(root: Path) -> None:
    entities = [{"span": "Lima Port", "label": "LOC"}, {"span": "Callao", "label": "LOC"}]
    write_document(root / "documents/market", "d", "Lima Port and Callao.", layers={"entities": entities})
    unseen = harness.load(root).describe()["layers"]["entities"]["unseen"]
    assert unseen == {"names": {"test": {"spans": 4, "unseen": 3}}}


def test_what_names_no_split_language_or_tag_is_counted_all_the_same(root: Path) -> None:
    (root / "documents/harbour/group.toml").write_text('[holders]\nmayor = "the mayor"\n')
    meta = root / "documents/market/c.meta.json"
    meta.write_text(json.dumps({"tags": ["b", "a", "b"], "pairs": json.loads(meta.read_text())["pairs"]}))
    about = harness.load(root).describe()
    assert about["documents"] == {"test": 1, "none": 2, "all": 3}
    assert about["languages"]["none"]["all"] == 1
    assert about["tags"] == {name: {"test": 1, "none": 0, "all": 1} for name in "ab"}
    assert about["layers"]["entities"]["unseen"] == {}


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_quartiles_are_numpys(lengths: list[int]) -> None:
    assert list(quartiles(lengths).values()) == pytest.approx(np.percentile(lengths, [0, 25, 50, 75, 100]), rel=1e-12)


def test_a_corpus_without_documents_is_described_too(tmp_path: Path) -> None:
    root = tmp_path / "none"
    (root / "documents").mkdir(parents=True)
    (root / "corpus.toml").write_text('name = "none"\n[layers.tone]\nkind = "label"\nlabels = ["A", "B"]\n')
    corpus = harness.load(root)
    assert corpus.describe()["documents"] == {"all": 0}
    assert [table.title for table in tables(corpus.describe())] == ["Sizes by split", "Labels of tone"]
    assert write_generated(corpus) == ["README.md", "croissant.json"]


def test_a_build_says_the_same_as_its_folder_and_is_not_written_to(root: Path, tmp_path: Path) -> None:
    assert pack(root, tmp_path / "built")
    built = harness.load(tmp_path / "built")
    assert built.describe() == harness.load(root).describe()
    with pytest.raises(AskedWrongly, match="folder that it was built from"):
        write_generated(built)


def test_a_cell_of_markdown_is_no_markup() -> None:
    text = markdown(Table("T", ("a", "b"), (("x|y\n<!-- z", "1"),), "note"))
    assert text == "**T**\n\n| a | b |\n| --- | ---: |\n| x\\|y \\<!-- z | 1 |\n\nnote"


def test_writing_touches_the_generated_part_alone_and_once(root: Path) -> None:
    (root / "README.md").write_text(CARD)
    assert write_generated(harness.load(root)) == ["README.md", "croissant.json"]
    card = (root / "README.md").read_text()
    before, after = CARD.split(f"{BEGIN}\n{END}")
    assert card.startswith(before)
    assert card.endswith(after)
    assert "| documents | 2 | 1 | 3 |" in card
    assert write_generated(harness.load(root)) == []
    assert told(root) == []


def test_a_card_without_a_generated_part_gets_one_at_its_end(root: Path) -> None:
    (root / "README.md").write_text("# tiny\n\nMine.\n")
    write_generated(harness.load(root))
    card = (root / "README.md").read_text()
    assert card.startswith(f"# tiny\n\nMine.\n\n## Sizes\n\n{BEGIN}\n")
    assert card.endswith(f"{END}\n")


def test_a_card_keeps_its_line_ends(root: Path) -> None:
    (root / "README.md").write_bytes(CARD.replace("\n", "\r\n").encode())
    write_generated(harness.load(root))
    card = (root / "README.md").read_bytes()
    assert card.count(b"\n") == card.count(b"\r\n") > CARD.count("\n")
    assert told(root) == []


def test_a_card_with_half_a_mark_is_refused(root: Path) -> None:
    (root / "README.md").write_text(f"# tiny\n\n{BEGIN}\n")
    assert "one of the two lines" in told(root)[0]
    with pytest.raises(ProblemsFound, match="one of the two lines"):
        write_generated(harness.load(root))
    assert not (root / "croissant.json").exists()


def test_check_warns_of_what_is_stale_and_ends_as_before(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "README.md").write_text(CARD)
    write_generated(harness.load(root))
    (root / "documents/market").rename(root / "documents/bazaar")
    assert run(["check", str(root)]) == 0
    out, err = capsys.readouterr()
    assert "no problems" in out
    assert "warning" not in out
    assert err.splitlines() == [
        f"warning: croissant.json: is stale. Bring it up to date: harness corpus describe {root} --write.",
    ]
    write_document(root / "documents/bazaar", "d", "New.", layers={"tone": [{"label": "WARM"}]})
    assert run(["check", str(root), "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert [warning["file"] for warning in warnings] == ["README.md", "croissant.json"]
    assert warnings[0]["line"] == CARD.count("\n", 0, CARD.index(BEGIN)) + 1
    assert run(["corpus", "describe", str(root), "--write"]) == 0
    assert told(root) == []


def test_a_corpus_with_nothing_generated_is_not_warned_of(root: Path) -> None:
    (root / "README.md").write_text("---\nlanguage: [fr]\n---\n# tiny\n")
    assert told(root) == []


def test_a_header_that_says_something_else_is_warned_of(root: Path) -> None:
    for header in ("language: [en, ar]", "language:\n- en\n- ar"):
        card = CARD.replace("language: [en, ar, hi]", header).replace("n<1K", "1K<n<10K")
        (root / "README.md").write_text(card)
        write_generated(harness.load(root))
        assert told(root) == [
            "README.md:1: the header says language en, ar, the corpus en, ar, hi. Mend the header.",
            "README.md:1: the header says size_categories 1K<n<10K, the corpus n<1K. Mend the header.",
        ]


def test_a_card_that_cannot_be_read_is_a_warning(root: Path) -> None:
    (root / "README.md").write_bytes(b"\xff")
    assert "README.md:1: byte 0 (0xff) is not UTF-8" in told(root)[0]


@pytest.mark.skipif(os.name == "nt", reason="no links there")
def test_a_card_that_leads_out_of_the_corpus_is_not_written_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("theirs")
    (root / "README.md").symlink_to(tmp_path / "other.md")
    with pytest.raises(ProblemsFound, match="leads out of the corpus"):
        write_generated(harness.load(root))
    assert (tmp_path / "other.md").read_text() == "theirs"


def test_the_command_says_the_same_as_python_in_all_its_forms(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = harness.load(root).describe()
    assert run(["corpus", "describe", str(root), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"exit": 0, "corpus": str(root), "name": "tiny", **about}
    assert run(["corpus", "describe", str(root), "--as", "markdown"]) == 0
    assert capsys.readouterr().out == "\n\n".join(map(markdown, tables(about))) + "\n"
    assert run(["corpus", "describe", str(root)]) == 0
    out = capsys.readouterr().out
    for table in tables(about):
        assert table.title in out
        assert all(cell in out for row in table.rows for cell in row)


def test_kabars_tables_fit_into_a_terminal_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    run(["corpus", "describe", str(KABAR)])
    assert max(len(line.rstrip()) for line in capsys.readouterr().out.splitlines()) <= 80


@pytest.mark.filterwarnings("ignore")  # of mlcroissant, about the libraries that it stands on
def test_mlcroissant_loads_the_metadata_and_reads_every_record(root: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant comes with the extra `peers`")
    (root / "README.md").write_text(CARD)
    corpus = harness.load(root)
    write_generated(corpus)
    dataset = mlcroissant.Dataset(jsonld=root / "croissant.json")
    assert dataset.metadata.name == "tiny"
    assert dataset.metadata.description == "A toy corpus."
    assert dataset.metadata.keywords == ["toy"]
    assert not dataset.metadata.ctx.issues.errors

    def records(name: str) -> list[dict[str, object]]:
        rows = [{key.split("/")[1]: value for key, value in row.items()} for row in dataset.records(name)]
        return [{k: v.decode() if isinstance(v, bytes) else v for k, v in row.items()} for row in rows]

    texts = {row["id"]: (row["group"], row["text"]) for row in records("documents")}
    assert texts == {document.id: (document.group, document.text) for document in corpus}
    keys = ("layer", "label", "holder", "target", "start", "end")
    found = [(row["document"], *(row[key] for key in keys)) for row in records("annotations") if row["layer"]]
    lines = [(d.id, line) for d in corpus for own in d.gold.values() for line in own]
    assert sorted(map(str, found)) == sorted(str((d, *(line.get(key) for key in keys))) for d, line in lines)
    assert {row["group"]: row["split"] for row in records("groups")} == {"harbour": "train", "market": "test"}
    assert [row["label"] for row in records("labels") if row["layer"] == "stance"] == ["FAVOR", "AGAINST", "NONE"]


@pytest.mark.filterwarnings("ignore")  # of mlcroissant, about the libraries that it stands on
def test_kabars_metadata_is_valid() -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant comes with the extra `peers`")
    metadata = mlcroissant.Dataset(jsonld=KABAR / "croissant.json").metadata
    assert not metadata.ctx.issues.errors
    assert "fiction" in metadata.description
    assert metadata.license
