"""Maps: what a file's names are in a corpus, every word of them checked, and drafted from the file itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import LAYERS, adds_up, new_root, planned, reasons, tree, write_jsonl

from harness import corpus
from harness.cli import run
from harness.corpus.reading import read_corpus
from harness.corpus.schema import Schema
from harness.editing.drafting import draft, label_of
from harness.editing.importing import apply_import
from harness.editing.mapping import Map
from harness.editing.persons import pseudonym_key
from harness.errors import ProblemsFound


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_root(tmp_path)


SCHEMA = Schema("mine", "1", {layer.name: layer for layer in LAYERS}, {}, ("id", "en"))
MAP = """
[fields]
topic = "group"
lang = "language"
lead_time = ""

[layers.ner]
layer = "entities"
[layers.ner.labels]
Person = "PER"
Thing = ""

[layers."stance_*"]
layer = "stance"
target = "*"
holder = {column = "speaker"}
[layers."stance_*".labels]
Pro = "FAVOR"
Con = "AGAINST"
Unclear = ""

[layers.mood]
layer = ""

[annotators]
"rina@example.org" = "a1"
"7" = "a2"
"""
ROW = {
    "id": "a", "topic": "g", "lang": "en", "lead_time": 3, "text": "Zoe met Bo.", "annotator": "rina@example.org",
    "ner": [{"start": 0, "end": 3, "label": "Person"}, {"start": 8, "end": 10, "label": "Thing"}],
    "stance_dam": "Pro", "stance_new road": "Con", "stance_war": "Unclear", "speaker": "Zoe", "mood": "x", "other": 1,
}  # fmt: skip


def write_map(root: Path, text: str) -> Path:
    path = root.parent / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_map_turns_columns_controls_labels_and_annotators(root: Path) -> None:
    found = planned(root, ROW, {**ROW, "annotator": 7}, map=write_map(root, MAP))
    assert (reasons(found), found.metadata, adds_up(found)) == ([], ["other"], True)
    apply_import(found)
    reading = read_corpus(root, everyone=True)
    (document,) = reading.documents
    assert (document.id, document.language, document.meta["targets"]) == (
        "g/a", "en", {"dam": "dam", "new-road": "new road"},
    )  # fmt: skip
    first, second = reading.annotations["g/a"]
    assert (first.by, second.by) == ("a1", "a2")
    for file in (first, second):
        assert [tuple(line.values()) for _, line in file.lines] == [
            ("stance", "zoe", "dam", "FAVOR"),
            ("stance", "zoe", "new-road", "AGAINST"),
            ("entities", 0, 3, "PER", "Zoe"),
        ]
    assert b"example.org" not in b"".join(tree(root).values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[field]\na = "id"', 'map.toml:1: unknown key "field". Did you mean "fields"?'),
        ('[fields]\na = "groop"', 'map.toml:2: unknown field "groop". Did you mean "group"?'),
        ("[fields]\na = 5", 'map.toml:2: unknown field "5"'),
        ('[fields]\na = "id"\nb = "id"', 'map.toml:3: "a" is "id" already'),
        ("fields = 5", "map.toml:1: fields is not a table"),
        ('[layers.ner]\nlayer = "entity"', 'map.toml:2: unknown layer "entity". Did you mean "entities"?'),
        ("[layers.ner]", 'map.toml:1: control "ner" names no layer'),
        ("[layers]\nner = 5", 'map.toml:2: control "ner" names no layer'),
        ('[layers.ner]\nlayer = "entities"\nlabel = 5', 'map.toml:3: unknown key "label". Did you mean "labels"?'),
        ('[layers.ner]\nlayer = "entities"\n[layers.ner.labels]\nP = "PERS"',
         'map.toml:4: unknown label of layer entities "PERS". Did you mean "PER"?'),
        ('[layers.ner]\nlayer = "entities"\n[layers.ner.fields]\nx = "y"',
         'map.toml:4: unknown field of layer entities "y"'),
        ('[layers.s]\nlayer = "stance"\ntarget = "*"', 'map.toml:3: target is "*", but the control has none'),
        ('[layers.s]\nlayer = "stance"\nholder = {columns = "x"}', "map.toml:3: holder is no name"),
        ('[layers."a*b*"]\nlayer = "tone"', 'map.toml:1: control "a*b*" has more than one *'),
        ('[annotators]\nrina = "Rina S."', 'map.toml:2: pseudonym "Rina S." cannot be in a file\'s name'),
        ('[annotators]\nrina = "r@x.org"', "map.toml:2: a pseudonym cannot be in a file's name"),
        ('[annotators]\nRina = "Gold"', 'map.toml:2: pseudonym "Gold" cannot be in a file\'s name'),
        ('[annotators]\nRina = "a1"\nBudi = "A1"', 'map.toml:3: pseudonym "A1" is another annotator\'s already'),
        ("[annotators", "map.toml:1: malformed TOML"),
    ],
)  # fmt: skip
def test_what_a_map_says_wrong_is_told_with_its_line(text: str, problem: str, root: Path) -> None:
    with pytest.raises(ProblemsFound) as found:
        planned(root, ROW, map=write_map(root, text))
    assert str(found.value).removeprefix(f"{root.parent}/").startswith(problem), str(found.value)


def test_a_name_that_is_nearly_one_of_the_files_is_an_error_and_another_is_noted(root: Path) -> None:
    with pytest.raises(ProblemsFound, match=r'map.toml:2: the file has no "topics"\. Did you mean "topic"\?'):
        planned(root, ROW, map=write_map(root, '[fields]\ntopics = "group"'))
    found = planned(root, {"text": "A."}, map=write_map(root, '[layers.zzz]\nlayer = "tone"'))
    assert found.notes == ["the map's zzz is not in the file"]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (MAP.replace("Thing =", "Thin ="), 'the file has no "Thin". Did you mean "Thing"?'),
        (MAP.replace("[layers.mood]", '[layers.ner.fields]\ncertain = ""\n[layers.mood]'), "Did you mean"),
        (MAP.replace('"7" =', '"Rena" ='), 'the file has no "Rena". Did you mean "Rina"?'),
    ],
)
def test_a_label_a_field_and_an_annotator_that_are_nearly_the_files_are_errors(
    text: str, near: str, root: Path
) -> None:
    ner = [{"start": 0, "end": 3, "label": "Person", "certainly": 1}, {"start": 8, "end": 10, "label": "Thing"}]
    rows = ({**ROW, "ner": ner}, {**ROW, "annotator": "Rina"})
    with pytest.raises(ProblemsFound) as found:
        planned(root, *rows, map=write_map(root, text))
    assert near in str(found.value)


def test_what_of_a_map_the_file_has_not_is_noted_and_whom_it_does_not_list_is_rejected(root: Path) -> None:
    text = MAP.replace('Thing = ""', 'Thing = ""\nPlanet = ""').replace('"7"', '"bo@example.org"')
    found = planned(root, ROW, {**ROW, "annotator": "Budi"}, map=write_map(root, text))
    assert (
        found.notes[1:]
        == [
            f"the map's annotators {pseudonym_key('bo@example.org')} is not in the file",
            "the map's ner labels Planet is not in the file",
        ][::-1]
    )
    assert 'annotator "Budi", whom the map\'s [annotators] do not list' in reasons(found)[1]


def test_a_cell_that_cannot_be_read_is_rejected_with_its_control(root: Path) -> None:
    found = planned(root, {**ROW, "ner": "Zoe"}, map=write_map(root, MAP))
    assert (found.rejected_rows, adds_up(found)) == (1, True)
    assert "ner: spans are not given as a text" in reasons(found)[0]


def test_a_drafted_map_is_a_map_and_does_what_it_says(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root.parent)
    rows = [{**ROW, "holder": "Zoe", "ner": ROW["ner"][:1]}, {**ROW, "annotator": "bo@example.org", "holder": "Zoe"}]  # type: ignore[index]
    rows = [{key: value for key, value in row.items() if key not in ("stance_war", "speaker")} for row in rows]
    write_jsonl(Path("in.jsonl"), *rows)
    assert run(["import", "in.jsonl", "--to", "mine", "--as", "jsonl", "--suggest-map"]) == 0
    text = capsys.readouterr().out
    assert "example.org" not in text
    for line in (
        'topic = "group"', 'lang = "language"', "[layers.ner]", 'layer = "entities"', 'Person = "PER"', '"#',
        '[layers."stance_*"]', 'target = "*"', 'Pro = "FAVOR"', "# Thing = ", "# other = ", '= "a2"',
    ):  # fmt: skip
        assert line in text, line
    Path("map.toml").write_text(text.replace('# Thing = "…"', 'Thing = ""'), encoding="utf-8")
    assert run(["import", "in.jsonl", "--to", "mine", "--as", "jsonl", "--map", "map.toml", "--apply", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 1
    assert {file.by for file in read_corpus(root, everyone=True).annotations["g/a"]} == {"a1", "a2"}
    assert len(corpus.load(root)) == 1


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("per", "PER"), ("Person", "PER"), ("ORGANIZATION", "ORG"), ("PRE", None), ("Date", None), ("", None)],
)
def test_labels_are_matched_by_case_alias_and_likeness(theirs: str, ours: str | None) -> None:
    assert label_of(theirs, SCHEMA.layers["entities"]) == ours


names = st.sampled_from(
    ["ner", "entities", "stance_a", "stance_b", "tone", "topic", "a b", 'q"', "id", "ünï", "x.y", "a@b.cd"]
) | st.text(max_size=4)
cells: st.SearchStrategy[Any] = (
    st.sampled_from(["warm", "PER", "Pro", "", "x\n", "a|b", "\x7f", "a@b.cd"])
    | st.integers()
    | st.lists(st.sampled_from(["ECONOMY", "health", 'a"b', "\\"]), max_size=2)
    | st.lists(
        st.fixed_dictionaries({"start": st.just(0), "end": st.just(1), "label": st.text(max_size=4)}), max_size=2
    )
    | st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=1)
)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.dictionaries(names, cells, max_size=5), max_size=4))
def test_a_draft_of_anything_is_accepted_and_names_nobody(rows: list[dict[str, Any]], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("maps") / "map.toml"
    text = draft(enumerate(rows, 1), SCHEMA, "in\n.jsonl", "mine")
    path.write_text(text, encoding="utf-8")
    made = Map(path, SCHEMA)
    for row in rows:
        made.turn(row, lambda found, remedy: None)
    made.finish()
    assert "a@b.cd" not in text


def test_an_address_is_one_whatever_its_case() -> None:
    assert pseudonym_key("Rina@Example.org ") == pseudonym_key("rina@example.org") != pseudonym_key("bo@example.org")
