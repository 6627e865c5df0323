"""UIMA CAS: JSON and XMI round trips, INCEpTION's own shapes, cassis as the other reader, refused entities."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rows import LAYERS, many

from harness.editing.exporting import Losses
from harness.errors import AskedWrongly, Problem
from harness.parts import Row
from harness.registry import make, parse

cassis = pytest.importorskip("cassis")


def read(path: Path) -> tuple[list[Row], list[str]]:
    problems: list[Problem] = []
    found = [row for _, row in make("formats", parse("uima")).read(path, problems)]
    return found, [str(problem).removeprefix(str(path)) for problem in problems]


def write(rows: list[Row], path: Path, form: str) -> None:
    make("formats", parse(f"uima(form='{form}')")).write(rows, path, LAYERS)


@pytest.mark.parametrize("form", ["json", "xmi"])
@settings(max_examples=40, deadline=None)
@given(rows=many(overlap=True))
def test_what_is_written_is_read_back(form: str, rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(rows, Path(folder, "out"), form)
        again, problems = read(Path(folder, "out"))
        losses = Losses(LAYERS)
        losses.compare(rows, again)
        assert (problems, losses.lines()) == ([], [])


ROW: Row = {
    "id": "a", "group": "g", "text": "😊 Ana\r\n", "split": "test", "annotator": "rina", "source": "[x", "n": "[1]",
    "entities": [{"start": 2, "end": 5, "label": "PER", "text": "Ana", "entity_id": "ana",
                  "inner": [{"start": 2, "end": 3, "label": "LOC", "text": "A"}]}],
    "stance": [{"holder": "union", "target": "strike", "label": "NONE", "explicit": False, "note": "\"q\""}],
}  # fmt: skip


@pytest.mark.parametrize("form", ["json", "xmi"])
def test_fields_and_metadata_are_kept_and_cassis_reads_the_same(form: str, tmp_path: Path) -> None:
    write([ROW], tmp_path, form)
    again, problems = read(tmp_path)
    losses = Losses(LAYERS)
    losses.compare([ROW], again)
    assert (problems, losses.lines()) == ([], [])
    data = (tmp_path / f"g.a.rina.{form}").read_bytes().decode()
    if form == "json":
        assert json.loads(data)["%FEATURE_STRUCTURES"][0]["sofaString"] == ROW["text"]
        cas = cassis.load_cas_from_json(data)
    else:
        with (tmp_path / "TypeSystem.xml").open("rb") as types:
            cas = cassis.load_cas_from_xmi(data, typesystem=cassis.load_typesystem(types))
    (one,) = cas.select("webanno.custom.entities")
    assert (one.begin, one.end, one.get_covered_text(), one.value) == (2, 5, "Ana", "PER")


def test_what_xml_cannot_hold_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(AskedWrongly, match="XML cannot hold"):
        write([{"text": "a\x0bb"}], tmp_path / "x", "xmi")
    write([{"text": "a\x0bb"}], tmp_path / "j", "json")
    assert read(tmp_path / "j") == ([{"text": "a\x0bb"}], [])


NE = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
LINK = "webanno.custom.RoleLink"


def made_by_cassis() -> Any:
    """A document as INCEpTION exports it: entities, a span with a slot, document metadata, tokens."""
    types = cassis.TypeSystem()
    entity = types.create_type(NE)
    types.create_feature(entity, "value", "uima.cas.String")
    token = types.create_type("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token")
    link = types.create_type(LINK, "uima.cas.TOP")
    types.create_feature(link, "role", "uima.cas.String")
    types.create_feature(link, "target", NE)
    event = types.create_type("webanno.custom.Event")
    types.create_feature(event, "kind", "uima.cas.String")
    types.create_feature(event, "sure", "uima.cas.Boolean")
    types.create_feature(event, "weight", "uima.cas.Double")
    types.create_feature(event, "roles", "uima.cas.FSArray", elementType=LINK)
    types.create_feature(event, "words", "uima.cas.StringArray")
    topic = types.create_type("webanno.custom.Topic", "uima.cas.AnnotationBase")
    types.create_feature(topic, "topic", "uima.cas.String")
    cas = cassis.Cas(types)
    cas.sofa_string = "😊 Ana left"
    cas.sofa_mime = "text/plain"
    ana = entity(begin=2, end=5, value="PER")
    array = types.get_type("uima.cas.FSArray")
    texts = types.get_type("uima.cas.StringArray")
    roles = array(elements=[link(role="who", target=ana)])
    left = event(begin=6, end=10, kind="GO", sure=True, weight=0.5, roles=roles, words=texts(elements=["a b", "c"]))
    cas.add_all([ana, token(begin=0, end=1), left, topic(topic="TRADE"), entity(begin=0, end=1)])
    return cas


@pytest.mark.parametrize("form", ["json", "xmi"])
def test_the_shapes_of_inception_are_read_in_code_points(form: str, tmp_path: Path) -> None:
    cas = made_by_cassis()
    (tmp_path / f"a.{form}").write_text(cas.to_json() if form == "json" else cas.to_xmi(), "utf-8")
    (tmp_path / "TypeSystem.xml").write_text(cas.typesystem.to_xml(), "utf-8")
    rows, problems = read(tmp_path / f"a.{form}")
    assert not problems
    event = {"start": 6, "end": 10, "label": "GO", "sure": True, "weight": 0.5,
             "roles": [{"role": "who", "target": {"start": 2, "end": 5}}], "words": ["a b", "c"]}  # fmt: skip
    entities = [{"start": 2, "end": 5, "label": "PER"}, {"start": 0, "end": 1, "label": "NamedEntity"}]
    topic = [{"label": "TRADE"}]
    wanted = {"text": "😊 Ana left", "NamedEntity": entities, "Event": [event], "Topic": topic}
    assert {key: sorted(value, key=str) if key != "text" else value for key, value in rows[0].items()} == {
        key: sorted(value, key=str) if key != "text" else value for key, value in wanted.items()
    }


SOFA = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaNum": 1, "sofaID": "_InitialView", "sofaString": "😊 I"}


@pytest.mark.parametrize(
    ("structures", "problem"),
    [
        (None, ":1: no %FEATURE_STRUCTURES"),
        ([1], ":1: no %FEATURE_STRUCTURES"),
        ([], ":1: no text in it"),
        ([{"%ID": "1", "%TYPE": "x"}], ":1: a feature structure without a %ID"),
        ({"9" * 5000: {"%TYPE": "uima.cas.Sofa"}}, ":1: a feature structure without a %ID"),
        ([SOFA, SOFA], ":1: a feature structure without a %ID of its own"),
        ([SOFA, {"%ID": 2, "%TYPE": "x.E", "@sofa": 1, "begin": 1, "end": 2}], ":1: x.E 2: 1:2 is on no character's"),
        ([SOFA, {"%ID": 2, "%TYPE": "x.E", "@sofa": 1, "begin": 0, "end": 99}], ":1: x.E 2: 0:99 is on no"),
        ([SOFA, {"%ID": 2, "%TYPE": "x.E", "@sofa": 1, "begin": "0", "end": True}], ":1: x.E 2: 0:True is on no"),
        ([SOFA, {"%ID": 2, "%TYPE": "x.E", "@sofa": 1, "start": 1}], ":1: x.E 2 has a feature start"),
    ],
)
def test_what_is_damaged_in_json_is_named(structures: object, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"%TYPES": {}, "%FEATURE_STRUCTURES": structures, "%VIEWS": {}}))
    rows, problems = read(path)
    assert (rows, len(problems)) == ([], 1)
    assert problems[0].startswith(problem), problems


def test_structures_that_refer_to_each_other_end(tmp_path: Path) -> None:
    ring = {"%ID": 2, "%TYPE": "x.E", "@sofa": 1, "@next": 3}
    (tmp_path / "a.json").write_text(json.dumps({"%FEATURE_STRUCTURES": [
        SOFA, ring, {"%ID": 3, "%TYPE": "x.F", "@next": 3, "n": float(1)}, {"%ID": 4, "%TYPE": "X[]", "%ELEMENTS": [4]},
        {"%ID": 5, "%TYPE": "x.G", "@sofa": 1, "@many": 4}]}))  # fmt: skip
    rows, problems = read(tmp_path)
    assert not problems
    assert rows[0]["E"] == [{"label": "E", "next": {"n": 1.0, "next": {"n": 1.0, "next": {"n": 1.0}}}}]


NS = 'xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" xmlns:x="http:///x.ecore"'
TYPES = '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"/>'


@pytest.mark.parametrize(
    ("body", "types", "problem"),
    [
        ("<a/>", None, ":1: no TypeSystem.xml in the same folder"),
        ('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', TYPES, ":1: a document type"),
        ("<a>", TYPES, ":1: malformed XML"),
        ("<a/>", TYPES, ":1: no text in it"),
        (f'<xmi:XMI {NS}><x:E xmi:id="1"/></xmi:XMI>', TYPES, ":1: type x.E that TypeSystem.xml does not describe"),
        (f'<xmi:XMI {NS}><cas:Sofa xmi:id="a"/></xmi:XMI>', TYPES, ':1: the id of uima.cas.Sofa is "a", no number'),
    ],
)
def test_what_is_damaged_in_xmi_is_named(body: str, types: str | None, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xmi"
    path.write_text(body)
    if types:
        (tmp_path / "TypeSystem.xml").write_text(types)
    rows, problems = read(path)
    assert (rows, len(problems)) == ([], 1)
    assert problems[0].startswith(problem), problems
