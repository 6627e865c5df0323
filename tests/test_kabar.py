"""The kabar corpus: the seed converted whole, invented names, balance, and what it promises of itself."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import harness
from harness.agreement import disputed
from harness.checking import check
from harness.corpus.reading import read_corpus
from harness.describing.writing import BEGIN, warnings_of
from harness.disputes import disputes

ROOT = Path(harness.__file__).parent.parent
KABAR = ROOT / "corpora" / "kabar"
SEED = "venezuela/000_57d2df40f0143d75"
RULED = ("PER", "ORG", "GPE", "LOC", "FAC", "EVENT")  # names that must be invented


@pytest.fixture(scope="module")
def kabar() -> harness.Corpus:
    return harness.load(KABAR)


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((ROOT / "seeds" / "seed_gold.json").read_text(encoding="utf-8"))


def facts_of(group: str) -> dict:
    return tomllib.loads((KABAR / "documents" / group / "group.toml").read_text(encoding="utf-8"))


def test_the_corpus_is_well() -> None:
    assert check(KABAR) == []


def test_it_has_the_seed_and_90_groups_of_4(kabar) -> None:
    sizes = Counter(document.group for document in kabar)
    assert sizes.pop("venezuela") == 1
    assert list(sizes.values()) == [4] * 90
    assert {len(document.gold) for document in kabar} == {3}


def test_the_seed_article_is_there_byte_for_byte(kabar, reference) -> None:
    received = (ROOT / "seeds" / reference["file"]).read_bytes()
    assert (KABAR / "documents" / f"{SEED}.txt").read_bytes() == received
    assert len(received) == reference["n_bytes"]
    assert kabar[SEED].meta["sha256"] == reference["sha256"]


def test_the_seeds_events_are_converted_whole(kabar, reference) -> None:
    def spans(given: list[dict]) -> list[tuple]:
        return [(one["start"], one["end"], one["text"]) for one in given]

    wanted = {
        one["type"]: (one["role"], one["subtype"], one["realis"], spans(one["triggers"]), spans(one["evidence"]))
        for one in reference["events"]
    }
    found = {
        line["label"]: (
            line["role"],
            line.get("subtype"),
            line["realis"],
            spans(line["triggers"]),
            [(s, e, text) for (s, e), text in zip(line["evidence"], line["text"], strict=True)],
        )
        for line in kabar[SEED].gold["event"]
    }
    assert found == wanted
    assert len(found) == 7


def test_the_seeds_stances_are_converted_whole(kabar, reference) -> None:
    def row(given: dict, evidence: tuple) -> tuple:
        keys = ("label", "kind", "attribution", "explicit", "conditional", "unsure")
        return (*(given.get(key) for key in keys), evidence)

    wanted = Counter(
        row(one, (one["evidence"]["start"], one["evidence"]["end"], one["evidence"]["text"]))
        for one in reference["stances"]
    )
    lines = kabar[SEED].gold["stance"]
    found = Counter(row(line, (*line["evidence"][0], line["text"][0])) for line in lines)
    assert found == wanted
    assert len({(line["holder"], line["target"]) for line in lines}) == 20


def test_the_seeds_entities_are_converted_whole(kabar, reference) -> None:
    wanted = [(one["start"], one["end"], one["label"], one["text"]) for one in reference["entities"]]
    lines = kabar[SEED].gold["entities"]
    assert [(line["start"], line["end"], line["label"], line["text"]) for line in lines] == wanted
    assert len(lines) == 26
    inner = [one for line in lines for one in line.get("inner", ())]
    assert [(one["start"], one["end"], one["label"]) for one in inner] == [(598, 607, "GPE")]


def test_the_converter_writes_the_files_that_are_committed(tmp_path: Path) -> None:
    shutil.copy(KABAR / "corpus.toml", tmp_path)
    subprocess.run([sys.executable, ROOT / "seeds" / "convert_seed.py", tmp_path], check=True)
    for path in sorted((tmp_path / "documents" / "venezuela").iterdir()):
        assert path.read_bytes() == (KABAR / "documents" / "venezuela" / path.name).read_bytes(), path.name


def test_every_name_in_a_written_text_is_registered_as_invented(kabar) -> None:
    countries = set(tomllib.loads((KABAR / "backdrop.toml").read_text(encoding="utf-8"))["names"])
    unknown = []
    for document in kabar:
        if document.group == "venezuela":
            continue
        facts = facts_of(document.group)["facts"]
        registered = [name for key in ("people", "organisations", "places", "other") for name in facts.get(key, [])]
        words = {word.casefold() for name in registered for word in name.split()}
        for line in document.gold["entities"]:
            known = line["text"] in registered or set(line["text"].casefold().split()) <= words
            if line["label"] in RULED and not known and line["text"] not in countries:
                unknown.append((document.id, line["label"], line["text"]))
    assert unknown == []


def test_no_group_shares_a_persons_name_with_another() -> None:
    people = Counter(
        name
        for path in sorted((KABAR / "documents").iterdir())
        for name in facts_of(path.name).get("facts", {}).get("people", [])
    )
    assert max(people.values()) == 1


def test_in_every_group_recurring_targets_and_holders_have_each_label_a_quarter_of_the_time(kabar) -> None:
    count: dict[tuple[str, str, str], Counter] = {}
    for document in kabar:
        if document.group == "venezuela":
            continue
        for line in document.gold["stance"]:
            for facet in ("holder", "target"):
                count.setdefault((document.group, facet, line[facet]), Counter())[line["label"]] += 1
    for key, labels in count.items():
        total = labels.total()
        if total >= 3:
            for label in ("FAVOR", "AGAINST", "NONE"):
                assert labels[label] >= max(1, total // 4), (key, labels)


def test_the_writers_labels_stand_beside_the_gold_and_were_not_needed_to_settle_it(kabar) -> None:
    same = total = 0
    for document in kabar:
        path = KABAR / "documents" / f"{document.id}.writer.jsonl"
        if path.is_file():
            meant = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
            gold = {(line["holder"], line["target"]): line["label"] for line in document.gold["stance"]}
            same += sum(gold[line["holder"], line["target"]] == line["label"] for line in meant)
            total += len(meant)
    assert total == 1021
    assert same / total > 0.9


def test_texts_are_60_to_180_words_and_no_two_begin_alike(kabar) -> None:
    written = [document for document in kabar if document.group != "venezuela"]
    assert all(60 <= len(document.text.split()) <= 180 for document in written)
    openings = Counter(" ".join(document.text.split()[:4]) for document in written)
    assert max(openings.values()) == 1


def test_to_dataset_gives_splits_with_frozen_labels(kabar) -> None:
    data = kabar.to_dataset()
    assert sorted(data) == ["dev", "test", "train"]
    assert sum(len(split) for split in data.values()) == 361
    stance = data["train"].features["stance"].feature["label"]
    assert stance.names == ["FAVOR", "AGAINST", "NONE"]
    [seed] = [row for row in data["train"] if row["id"] == SEED]
    assert len(seed["entities"]) == 26
    assert seed["event"][0]["label"] == data["train"].features["event"].feature["label"].str2int("RELEASE")


def test_the_data_card_and_croissant_state_the_sizes_that_are(kabar) -> None:
    card = (KABAR / "README.md").read_text(encoding="utf-8")
    about = kabar.describe()
    assert f"{about['documents']['all']} short news texts in {about['groups']['all']} groups" in card
    assert BEGIN in card
    assert (KABAR / "croissant.json").is_file()
    assert warnings_of(read_corpus(KABAR, everyone=True)) == []


QUOTA = {
    **dict.fromkeys(("PROTEST", "REPRESSION", "ARREST", "RELEASE", "LEGAL", "STATEMENT"), 34),
    **dict.fromkeys(("ATTACK", "ELECTION", "OFFICE", "POLICY", "TALKS", "DISASTER", "ECONOMY"), 20),
    "OTHER": 16,
}
CHALLENGES = (
    *("negation", "irony", "nested-source", "opposite-stances", "background-trap", "planned-event", "minimal-pair"),
    "ambiguous-name",
)


def test_primary_events_languages_and_splits_are_within_15_percent_of_their_quotas(kabar) -> None:
    found = Counter(harness.task("event", kabar).gold.answers())
    languages = Counter(document.language for document in kabar)
    for count, quota in ((found, QUOTA), (languages, {"id": 264, "en": 48, "es": 48})):
        assert all(abs(count[name] - wanted) <= 0.15 * wanted for name, wanted in quota.items()), count
    groups = Counter({document.group: document.split for document in kabar}.values())
    assert groups == {"train": 37, "dev": 9, "test": 45}


def test_recurring_targets_stand_in_8_groups_and_on_both_sides_of_every_split(kabar) -> None:
    groups: dict[str, set[tuple[str, str]]] = {}
    for document in kabar:
        for _, target in document.pairs.get("stance", ()):
            groups.setdefault(target, set()).add((document.group, document.split))
    recurring = {target: own for target, own in groups.items() if len(own) >= 8}
    assert len(recurring) >= 12
    for target, own in recurring.items():
        assert {split for _, split in own} == {"train", "dev", "test"}, target


def test_each_challenge_stands_in_30_documents(kabar) -> None:
    count = Counter(tag for document in kabar for tag in document.meta.get("tags", ()))
    assert {tag: count[tag] for tag in CHALLENGES if count[tag] < 30} == {}


def test_half_of_the_names_in_test_were_not_seen_in_training(kabar) -> None:
    def names(split: str) -> list[str]:
        lines = [line for document in kabar if document.split == split for line in document.gold["entities"]]
        return [line["text"].casefold() for line in lines if line["label"] in (*RULED, "NORP", "MISC")]

    seen = set(names("train"))
    test = names("test")
    assert sum(name not in seen for name in test) >= len(test) / 2


def test_no_run_of_8_words_is_shared_across_splits(kabar) -> None:
    where: dict[tuple[str, ...], str] = {}
    for document in kabar:
        words = document.text.casefold().split()
        for i in range(len(words) - 7):
            run = tuple(words[i : i + 8])
            assert where.setdefault(run, document.split) == document.split, (document.id, run)


def test_a_second_reader_read_120_documents_of_30_groups_and_the_seed(kabar) -> None:
    read = [d for d in kabar if (KABAR / "documents" / f"{d.id}.reader2.jsonl").is_file()]
    assert len(read) == 121
    assert len({document.group for document in read}) == 31
    twice = [d.id for d in read if (KABAR / "documents" / f"{d.id}.reader1.jsonl").is_file()]
    assert [d.id for d in read if d.id not in twice] == [SEED]  # its first reading is the reference


def test_every_dispute_of_every_doubly_read_document_is_logged() -> None:
    reading = read_corpus(KABAR, everyone=True)
    logged = {
        document: [(line["layer"], line.get("label", line.get("start")), line["said"]) for _, line in rows[1:]]
        for document, (_, rows) in reading.disputes.items()
    }
    counted = {one.document for one in disputed(reading, most=1000)}  # roles besides primary are no items there
    assert counted <= logged.keys()
    found = {}
    for document, files in reading.annotations.items():
        own = {file.by: file for file in files}
        first = own.get("reader1", own["gold"])
        if "reader2" in own:
            both = disputes([first, own["reader2"]], own["gold"], reading.schema.layers.values())
            found[document] = [(d.about["layer"], d.about.get("label", d.about.get("start")), d.said) for d in both]
    assert logged == {document: lines for document, lines in found.items() if lines}
    assert sum(map(len, logged.values())) == 79


def test_every_dispute_is_settled_by_a_rule_that_stands_in_the_guidelines() -> None:
    sections = (KABAR / "GUIDELINES.md").read_text(encoding="utf-8").split("\n## ")
    rules = {section.split(".")[0]: section for section in sections}
    for path in sorted(KABAR.glob("documents/*/*.disputes.jsonl")):
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()[1:]):
            section, number, word = re.fullmatch(r"(?:([0-9])(?:\.([0-9]+)| ([A-Z]+))|none)", line["rule"]).groups()
            if section is None:
                assert line["note"], (path, line)
            elif number:
                assert f"\n{number}. " in rules[section], (path, line)
            else:
                assert re.search(rf"\b{word}\b", rules[section]), (path, line)


def test_the_logs_are_written_from_the_decisions_that_are_kept(tmp_path: Path) -> None:
    shutil.copy(KABAR / "corpus.toml", tmp_path)
    groups = {path.parent.name for path in KABAR.glob("documents/*/*.reader2.jsonl")}
    for group in sorted(groups):
        ignored = shutil.ignore_patterns("*.disputes.jsonl")
        shutil.copytree(KABAR / "documents" / group, tmp_path / "documents" / group, ignore=ignored)
    subprocess.run([sys.executable, ROOT / "seeds" / "log_disputes.py", tmp_path], check=True)
    written, kept = (
        {path.relative_to(root).as_posix(): path.read_bytes() for path in root.glob("documents/*/*.disputes.jsonl")}
        for root in (tmp_path, KABAR)
    )
    assert written == kept
    assert len(kept) == 52
