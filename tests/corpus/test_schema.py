"""What a `corpus.toml` may declare, and what a wrong one is told."""

# ruff: noqa: E501  (a case of a table is a line)

from __future__ import annotations

from pathlib import Path

import pytest

from corpora import CORPUS_TOML, make_corpus
from harness.corpus.schema import read_schema
from harness.errors import Problem, ProblemsFound

# a replacement in the corpus.toml of tests/corpora.py, then how the line begins, the finding and the remedy told
WRONG: dict[str, tuple[str, str, str, str, str]] = {
    "an unknown key": ('version = "1"', 'versoin = "1"', "versoin =", 'unknown key "versoin"', 'Did you mean "version"?'),
    "a number as name": ('name = "tiny"', "name = 3", "name = 3", "name is not a string", "in quotes"),
    "a date as version": ('version = "1"', "version = 2024-01-01", "version =", "version is not a string", "in quotes"),
    "languages that are a text": ('["en", "ar", "hi"]', '"en"', "languages =", "languages is not a list of different strings", 'Write ["A", "B"]'),
    "another offset unit": ('"codepoint"', '"byte"', "unit =", 'offset unit "byte"', "codepoint units only"),
    "layers that are a text": ("[layers.tone]", "[layers]\nx = 3\n[layers.tone]", "[layers]", "layers is not made of tables", "[layers.NAME]"),
    "an unknown kind": ('kind = "label"\nlabels = ["WARM", "COLD"]', 'kind = "lable"\nlabels = ["WARM", "COLD"]', 'kind = "lable"', 'unknown kind "lable"', 'Did you mean "label"?'),
    "a list as kind": ('kind = "label"\nlabels = ["WARM", "COLD"]', 'kind = ["label"]\nlabels = ["WARM", "COLD"]', 'kind = ["label"]', "unknown kind", "There are: label, labels, spans"),
    "no labels": ('["WARM", "COLD"]', "[]", "labels = []", "declares no labels", "only append later"),
    "a label twice": ('["WARM", "COLD"]', '["WARM", "WARM"]', 'labels = ["WARM", "WARM"]', "labels is not a list of different strings", 'Write ["A", "B"]'),
    "labels that are numbers": ('["WARM", "COLD"]', "[1, 2]", "labels = [1, 2]", "labels is not a list of different strings", 'Write ["A", "B"]'),
    "an unknown key of a layer": ('overlap = "none"', 'overlaps = "none"', "overlaps =", 'unknown key "overlaps"', 'Did you mean "overlap"?'),
    "an unknown overlap": ('overlap = "none"', "overlap = false", "overlap = false", 'unknown overlap "False"', "There are: none, nested, any"),
    "an unknown evidence": ('evidence = "optional"', 'evidence = "option"', "evidence =", 'unknown evidence "option"', 'Did you mean "optional"?'),
    "a layer named like a column": ("[layers.tone]", "[layers.text]", "[layers.text]", 'layer name "text" is taken', "something else"),
    "a layer name with a blank": ("[layers.tone]", '[layers."my tone"]', '[layers."my tone"]', 'layer name "my tone"', "a-z, 0-9"),
    "a facet named like a key": ('of = ["holder", "target"]', 'of = ["holder", "label"]', "of =", 'facet name "label" is taken', "something else"),
    "a facet named like a table": ('of = ["holder", "target"]', 'of = ["holder", "task"]', "of =", 'facet name "task" is taken', "something else"),
    "facets that are a text": ('of = ["holder", "target"]', 'of = "holder"', "of =", "of is not a list of different strings", 'Write ["A", "B"]'),
    "spans about something": ('kind = "spans"', 'kind = "spans"\nof = ["holder"]', 'of = ["holder"]', "spans are not about anything", "Remove `of`"),
    "a tier of unknown labels": ('names = ["PER"', 'names = ["PERS"', "names =", 'tier of unknown label "PERS"', 'Did you mean "PER"?'),
    "an unknown table of a layer": ("[layers.entities.tiers]", "[layers.entities.tier]", "[layers.entities.tier]", 'unknown key "tier"', 'Did you mean "tiers"?'),
    "an unknown kind of field": ('explicit = "bool"', 'explicit = "boolean"', "explicit =", 'unknown explicit "boolean"', 'Did you mean "bool"?'),
    "a number as kind of field": ('explicit = "bool"', "explicit = 1", "explicit =", 'unknown explicit "1"', "There are: bool"),
    "a field named like a key": ('explicit = "bool"', 'end = "bool"', "end =", 'field name "end" is taken', "something else"),
    "a field of unknown labels": ('STRIKE = ["sit_in"', 'STRIK = ["sit_in"', "STRIK =", 'field subtype of unknown label "STRIK"', 'Did you mean "STRIKE"?'),
    "a task of an unknown layer": ('layer = "stance"', 'layer = "stanse"', "layer =", 'task of unknown layer "stanse"', 'Did you mean "stance"?'),
    "a list as layer of a task": ('layer = "stance"', 'layer = ["stance"]', "layer =", "task of unknown layer", "There are: tone"),
    "a table as layer of a task": ('layer = "stance"', 'layer = { a = 1 }', "layer =", "task of unknown layer", "There are: tone"),
    "a condition that is a text": ('{ role = "primary" }', '"primary"', "where =", "where is not a table", "FIELD"),
    "a condition on an unknown field": ('{ role = "primary" }', '{ rule = "primary" }', "where =", 'unknown field "rule"', 'Did you mean "role"?'),
    "metrics that are a text": ('layer = "stance"\n', 'layer = "stance"\nmetrics = "f1"\n', "metrics =", "metrics is not a list of different strings", 'Write ["A", "B"]'),
    "a number as use": ('use = "label"', "use = 1", "use =", 'use is "1"', '"label", "labels" or "spans"'),
    "code as use": ('use = "label"', 'use = "./mine.py:f"', "use =", 'use is "./mine.py:f"', '"label", "labels" or "spans".'),
    "code as metric": ('use = "label"', 'metrics = ["mine.py:f"]', "metrics =", 'metric "mine.py:f"', "code is named in a benchmark"),
    "a corpus name that climbs": ('name = "tiny"', 'name = "../tiny"', "name =", 'corpus name "../tiny"', "Use a-z"),
    "a task name that climbs": ("[tasks.topics]", '[tasks."../topics"]', '[tasks."../topics"]', 'task name "../topics"', "Use a-z"),
    "a facet named like a layer": ('of = ["holder", "target"]', 'of = ["holder", "tone"]', "of =", 'facet name "tone" is taken', "something else"),
    "holders that are a list": ('[holders]\nunion = "the Port Union"', '[[holders]]\nunion = "x"', "[[holders]]", "holders is not a table", "Write [holders]"),
    "a list as name of a target": ('strike = "the strike"', 'strike = ["the strike"]', "strike = [", 'the name of "strike" in targets is not a string', 'id = "name"'),
}  # fmt: skip


def told(root: Path) -> list[Problem]:
    problems: list[Problem] = []
    read_schema(root, problems)
    return problems


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_declaration_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, line, found, remedy = WRONG[name]
    assert old in CORPUS_TOML
    toml = CORPUS_TOML.replace(old, new, 1)
    problems = told(make_corpus(tmp_path, toml=toml))
    hits = [p for p in problems if found in p.found and remedy in p.remedy]
    assert hits, "\n".join(map(str, problems))
    assert hits[0].file == "corpus.toml"
    assert toml.split("\n")[hits[0].line - 1].startswith(line)


@pytest.mark.parametrize("key", ["tiers", "fields"])
@pytest.mark.parametrize("value", ['"x"', "[]", '["a"]', "3", "false"])
def test_tiers_and_fields_are_tables(key: str, value: str, tmp_path: Path) -> None:
    toml = f'name = "x"\n[layers.a]\nkind = "spans"\nlabels = ["A"]\n{key} = {value}\n'
    assert told(make_corpus(tmp_path, toml=toml)) == [
        Problem("corpus.toml", 5, f"{key} is not a table", f"Write [layers.a.{key}].")
    ]


def test_a_corpus_without_layers_is_told(tmp_path: Path) -> None:
    (told_,) = told(make_corpus(tmp_path, toml='name = "x"\n'))
    assert told_.found == "declares no layer" and "[layers.NAME]" in told_.remedy


def test_what_is_declared_is_what_is_read(tmp_path: Path) -> None:
    problems: list[Problem] = []
    schema = read_schema(make_corpus(tmp_path), problems)
    assert problems == []
    assert (schema.name, schema.version, schema.languages) == ("tiny", "1", ("en", "ar", "hi"))
    assert list(schema.layers) == ["tone", "stance", "topic", "entities"]
    stance, topic, entities = (schema.layers[name] for name in ("stance", "topic", "entities"))
    assert stance.of == ("holder", "target") and stance.labels == ("FAVOR", "AGAINST", "NONE")
    assert stance.fields["kind"] == ("evaluative", "epistemic") and stance.fields["via"] == "holder"
    assert topic.fields["subtype"] == {"STRIKE": ("sit_in", "walk_out")} and topic.span_fields == ("triggers",)
    assert entities.tiers == {"names": ("PER", "ORG", "LOC")} and entities.overlap == "none"
    assert schema.names == {"holder": {"union": "the Port Union"}, "target": {"strike": "the strike"}}
    assert schema.tasks["topic"] == {"layer": "topic", "use": "label", "where": {"role": "primary"}}


def test_a_task_takes_the_layer_of_its_name_where_it_names_none(tmp_path: Path) -> None:
    toml = CORPUS_TOML.replace('[tasks.stance]\nlayer = "stance"', "[tasks.stance]")
    problems: list[Problem] = []
    assert read_schema(make_corpus(tmp_path, toml=toml), problems).tasks["stance"] == {"layer": "stance"}
    assert problems == []


def test_a_folder_without_corpus_toml_is_refused(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "nowhere", tmp_path / ("x" * 300), tmp_path / "a\x00b", tmp_path / "\udcff\n"):
        with pytest.raises(ProblemsFound, match="no corpus here") as raised:
            read_schema(where, [])
        str(raised.value).encode()
