"""Duplicates are those that brute force finds, no more and no less; those across splits fail a check, others do not."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from corpora import make_corpus, write_document
from harness import duplicates
from harness.cli import run
from harness.corpus.reading import read_corpus
from harness.duplicates import Duplicate, find, leakage_of, shared_runs
from harness.errors import AskedWrongly
from harness.records import Document

ROOT = Path(harness.__file__).parent.parent
NEWS = ROOT.parent / "shared" / "data" / "newsmtsc"
LONG = " ".join(f"word{i}" for i in range(60))
BACK = " ".join(f"word{i}" for i in reversed(range(60)))

texts = st.lists(st.sampled_from("abc"), min_size=1, max_size=14).map(" ".join)


def documents_of(*rows: tuple[str, str]) -> list[Document]:
    """Documents of a text and a split each, every one in a group of its own."""
    return [Document(f"g{i}", "d", text, split) for i, (text, split) in enumerate(rows)]


def told(found: list[Duplicate]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.first.group, one.second.group) for one in found]


def brute(documents: list[Document], near: float, containment: float, shortest: int) -> set[tuple]:
    """Kind, documents and values of all pairs of different texts, by Python sets of every two texts."""
    first: dict[str, Document] = {}
    for document in documents:
        first.setdefault(" ".join(document.text.casefold().split()), document)
    rows = []
    for i, (text, document) in enumerate(first.items()):
        words = text.split()
        shingles = {tuple(words[j : j + 3]) for j in range(max(1, len(words) - 2))}
        rows.append((len(shingles), i, shingles, len(words), document))
    found = set()
    for (n, i, ours, words, one), (m, j, theirs, _, other) in combinations(sorted(rows, key=lambda row: row[:2]), 2):
        shared = len(ours & theirs)
        jaccard, contained = shared / (n + m - shared), shared / n
        if jaccard >= near:
            both = (one.id, other.id) if i < j else (other.id, one.id)
            found.add(("near", *both, jaccard, contained))
        elif contained >= containment and words >= shortest:
            found.add(("contained", one.id, other.id, jaccard, contained))
    return found


def values(found: list[Duplicate]) -> set[tuple]:
    return {(d.kind, d.first.id, d.second.id, d.jaccard, d.containment) for d in found if d.kind != "exact"}


@settings(deadline=None, max_examples=150)
@given(st.lists(texts, max_size=25), st.sampled_from([0.3, 0.5, 0.8, 1.0]), st.sampled_from([0.4, 0.8, 0.9, 1.0]))
def test_all_near_and_contained_pairs_of_brute_force_are_found_and_no_other(
    drawn: list[str], near: float, containment: float
) -> None:
    documents = documents_of(*((text, "train") for text in drawn))
    found = find(documents, near=near, containment=containment, shortest=5)
    assert values(found) == brute(documents, near, containment, 5)
    assert len(found) == len(set(told(found)))
    copies = [one for one in found if one.kind == "exact"]
    assert len(copies) == len(drawn) - len(set(drawn))


@pytest.mark.parametrize("block", [1, 50, 1 << 22])
def test_longer_texts_with_mended_copies_give_the_pairs_of_brute_force_whatever_the_block(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "BLOCK", block)
    draw = random.Random(7)
    drawn: list[str] = []
    for _ in range(150):
        words = [f"w{int(draw.paretovariate(0.7)) % 200}" for _ in range(draw.randrange(5, 80))]
        if drawn and draw.random() < 0.4:
            words = draw.choice(drawn).split()
            words = words[draw.randrange(len(words) // 2 + 1) :] if draw.random() < 0.5 else words
            words[draw.randrange(len(words))] = "mended"
        drawn.append(" ".join(words))
    documents = documents_of(*((text, "") for text in drawn))
    wanted = brute(documents, 0.8, 0.8, 8)
    assert {kind for kind, *_ in wanted} == {"near", "contained"}
    assert values(find(documents)) == wanted


def test_planted_copies_are_told_with_their_kind_and_values() -> None:
    words = LONG.split()
    near = " ".join([*words[:59], "other"])
    part = " ".join(words[10:30])
    found = find(documents_of((LONG, "train"), ("nothing of it at all", "test"), (near, "test"), (part, "dev")))
    assert told(found) == [("near", "g0", "g2"), ("contained", "g3", "g0"), ("contained", "g3", "g2")]
    assert found[0].jaccard == 57 / 59
    assert found[0].longest == (" ".join(words[:59]), 59)
    assert (found[1].containment, found[1].longest) == (1.0, (part, 20))


def test_case_white_space_and_composition_make_no_other_text() -> None:
    same = ("Señor  MÜLLER\nspoke.", "sen\u0303or mu\u0308ller spoke.", "SEN\u0303OR müller\tspoke. ")
    assert told(find(documents_of(*((text, "train") for text in same)))) == [
        ("exact", "g0", "g1"),
        ("exact", "g0", "g2"),
    ]
    assert find(documents_of(("señor müller spoke.", ""), ("senor muller spoke.", ""))) == []


@pytest.mark.parametrize("text", ["a", "Ya.", "A b", "好", "好的"])
def test_texts_shorter_than_a_shingle_are_compared_too(text: str) -> None:
    found = find(documents_of((text, "train"), (f" {text.upper()}\n", "test"), (f"{text} and more than that", "test")))
    assert told(found) == [("exact", "g0", "g1")]


def test_a_text_of_few_words_is_no_part_of_a_longer_one() -> None:
    rows = [(" ".join(LONG.split()[start:end]), "train") for start, end in ((20, 27), (40, 48))]
    assert told(find(documents_of((LONG, "test"), *rows))) == [("contained", "g2", "g0")]
    assert len(find(documents_of((LONG, "test"), rows[0]), shortest=7)) == 1


def test_blank_texts_and_no_texts_are_no_duplicates() -> None:
    assert find([]) == find(documents_of(("", "train"), (" \n", "test"))) == []
    assert shared_runs([]) == shared_runs(documents_of(("", "train"), ("a b", "test"))) == 0


CHINESE = "市政府周三宣布，由于连日暴雨，河边的三个村庄将在本周末之前全部撤离，居民可以暂时住在城里的学校。"
THAI = "เมื่อวันพุธเทศบาลประกาศว่าหมู่บ้านริมแม่น้ำสามแห่งต้องอพยพก่อนสิ้นสัปดาห์เพราะฝนตกหนักติดต่อกันหลายวัน"


@pytest.mark.parametrize(("text", "runs"), [(CHINESE, 4 + 1 + 13 - 7), (THAI, 20 - 7)])  # a comma stands alone
def test_scripts_without_spaces_are_compared_by_their_characters(text: str, runs: int) -> None:
    changed = text[1:]
    part = text[8:30]
    found = find(documents_of((text, "train"), (changed, "test"), (part, "dev"), (text[::-1], "test")))
    assert told(found) == [("near", "g0", "g1"), ("contained", "g2", "g0"), ("contained", "g2", "g1")]
    assert found[1].longest[0] == part
    assert shared_runs(documents_of((text, "train"), (part, "dev"))) == runs


def test_a_copy_stands_beside_one_in_another_split_where_there_is_one() -> None:
    found = find(documents_of((LONG, "train"), (LONG, "train"), (LONG, "test"), (LONG, ""), (LONG, "train")))
    assert [(*pair[1:], one.where) for pair, one in zip(told(found), found, strict=True)] == [
        ("g0", "g1", "split"),
        ("g0", "g2", "across"),
        ("g0", "g3", "split"),
        ("g2", "g4", "across"),
    ]


def test_near_texts_with_copies_are_told_across_splits_where_that_can_be() -> None:
    near = LONG.replace("word59", "other")
    (_, found) = find(documents_of((LONG, "train"), (LONG, "test"), (near, "train")))
    assert (found.kind, found.first.group, found.second.group, found.where) == ("near", "g1", "g2", "across")


def test_the_splits_pool_and_settle_are_splits_and_none_is_not() -> None:
    for one, other, across in (("train", "pool", True), ("settle", "pool", True), ("", "test", False), ("", "", False)):
        (found,) = find(documents_of((LONG, one), (LONG, other)))
        assert found.across is across


def test_the_order_of_documents_decides_the_order_of_duplicates_and_nothing_else() -> None:
    rows = [(" ".join(LONG.split()[i:]), "train" if i % 2 else "test") for i in range(12)]
    documents = documents_of(*rows)
    found = find(documents)
    assert found == find(documents)
    assert {frozenset(pair[1:]) for pair in told(found)} == {
        frozenset(pair[1:]) for pair in told(find(documents[::-1]))
    }


def test_runs_of_words_across_splits_are_those_that_a_table_finds() -> None:
    draw = random.Random(3)
    rows = [(" ".join(draw.choices("ab", k=40)), draw.choice(["train", "dev", "test", ""])) for _ in range(30)]
    where: dict[tuple[str, ...], set[str]] = {}
    for text, split in rows:
        words = text.split()
        for i in range(len(words) - 7):
            where.setdefault(tuple(words[i : i + 8]), set()).add(split)
    wanted = sum(len(splits - {""}) > 1 for splits in where.values())
    assert shared_runs(documents_of(*rows)) == wanted > 0
    assert shared_runs(documents_of((LONG, "train"), (LONG, "test")), words=20) == 41


@pytest.mark.parametrize("wrong", [{"near": 0}, {"near": 1.1}, {"containment": 0}, {"shingle": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(AskedWrongly, match="at least 1"):
        find([], **wrong)


def test_more_pairs_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST", 5)
    rows = [(f"{LONG} number {i}", "train") for i in range(5)]
    with pytest.raises(AskedWrongly, match="more than 5 pairs"):
        find(documents_of(*rows))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The tiny corpus with a text in train, a copy of it in test, and near ones in the first's group and another.

    The other group holds two more that are near each other alone.
    """
    root = make_corpus(tmp_path / "tiny")
    rows = {"one": ("train", "a", LONG), "two": ("test", "b", LONG.upper()), "three": ("train", "c", f"{LONG} word60")}
    for group, (split, name, text) in rows.items():
        folder = root / "documents" / group
        folder.mkdir()
        (folder / "group.toml").write_text(f'split = "{split}"\n', encoding="utf-8")
        write_document(folder, name, text + "\n", layers={})
        if group == "one":
            write_document(folder, "near", text + " at last\n", layers={})
        if group == "three":
            write_document(folder, "e", BACK + "\n", layers={})
            write_document(folder, "f", BACK + " at last\n", layers={})
    return root


def test_a_check_fails_where_a_text_stands_in_two_splits_and_says_where(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(copied)]) == 0
    capsys.readouterr()
    assert run(["check", str(copied), "--leakage"]) == 1
    out = capsys.readouterr().out
    assert (
        "documents/one/a.txt: exact duplicate of documents/two/b.txt (the same but for case and white space, "
        '60 shared words: "word0 word1 word2 word3 word4 word5 word6 word7 word8 wor…"), train and test. '
        "Put both in one group, or remove one.\n"
    ) in out
    assert "no problem, within a split: documents/one/near.txt: near duplicate of documents/three/c.txt" in out
    assert (
        "duplicates: 3 across splits, 1 within a split, 1 within a group; runs of 8 words in several splits: 53" in out
    )
    assert "names in several splits: 0 of 8 entities, 1 of 2 holders, 1 of 2 targets\n" in out


def test_json_says_the_same_and_exits_the_same(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(copied), "--leakage", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["exit"] == 1
    assert len(answer["problems"]) == 3
    leakage = answer["leakage"]
    assert Counter(one["where"] for one in leakage["duplicates"]) == {"across": 3, "split": 1, "group": 1}
    assert leakage["duplicates"][0]["documents"] == ["one/a", "two/b"]
    assert leakage["runs"] == {"words": 8, "across": 53}
    assert leakage["names"]["holders"] == {"across": 1, "all": 2}


def test_duplicates_within_a_split_do_not_fail_and_names_never_do(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "documents" / "two" / "group.toml").write_text('split = "train"\n', encoding="utf-8")
    assert run(["check", str(copied), "--leakage"]) == 0
    assert "duplicates: 0 across splits, 3 within a split, 2 within a group" in capsys.readouterr().out
    assert run(["check", str(copied), "--leakage", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []


def test_kabar_has_no_duplicate_and_no_run_across_splits() -> None:
    leakage = leakage_of(read_corpus(ROOT / "corpora" / "kabar", everyone=True))
    assert (leakage.duplicates, leakage.runs) == ([], 0)
    assert all(0 <= across <= total for across, total in leakage.names.values())


@pytest.mark.skipif(not NEWS.is_dir(), reason="NewsMTSC is not in ../shared/data")
def test_copies_in_published_sentences_are_those_of_brute_force() -> None:
    documents = []
    for name, most in (("train", 900), ("devtest_rw", 200), ("devtest_mt", 200)):
        lines = (NEWS / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[:most]
        texts = [json.loads(line)["sentence_normalized"] for line in lines if line]
        documents += [Document(f"{name}{i}", "s", text, name) for i, text in enumerate(texts)]
    for near, containment in ((0.8, 0.8), (0.2, 0.3)):
        wanted = brute(documents, near, containment, 8)
        assert values(find(documents, near=near, containment=containment)) == wanted
    assert {kind for kind, *_ in wanted} == {"near", "contained"}
