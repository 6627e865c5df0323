"""Questions asked of layers: items, gold apart from them, and what cannot be asked."""

from dataclasses import replace
from pathlib import Path

import pytest

import harness
from harness.corpus import Corpus
from harness.errors import AskedWrongly, ProblemsFound, UnknownName
from harness.registry import make, names, parse

ROOT = Path(harness.__file__).parent.parent


@pytest.fixture(scope="module")
def kabar() -> Corpus:
    return harness.load(ROOT / "corpora" / "kabar")


def asked(spec: str, corpus: Corpus):
    return make("tasks", parse(spec), corpus, "mine")


def test_stance_asks_each_listed_pair_by_the_names_of_holder_and_target(kabar) -> None:
    task = harness.task("stance", kabar)
    assert len(task) == 1041
    at = list(task.items["item"]).index("venezuela/000_57d2df40f0143d75#opv>penahanan")
    assert task.items["holder"][at] == "Observatorium Penjara Venezuela"
    assert task.items["target"][at] == "penahanan terkait pemilihan"
    assert task.gold.answer(at) == "AGAINST"


def test_event_asks_the_primary_type_and_events_primary_and_secondary(kabar) -> None:
    event, events = harness.task("event", kabar), harness.task("events", kabar)
    at = list(event.items["item"]).index("venezuela/000_57d2df40f0143d75")
    assert event.gold.answer(at) == "RELEASE"
    assert events.gold.answer(at) == ["RELEASE", "LEGAL", "STATEMENT"]


def test_entities_asks_spans_with_the_tiers_of_the_layer(kabar) -> None:
    task = harness.task("entities", kabar)
    at = list(task.items["item"]).index("venezuela/000_57d2df40f0143d75")
    assert len(task.gold.answer(at)) == 26
    assert list(task.gold.tiers) == ["names", "values"]


@pytest.mark.parametrize("name", ["stance", "event", "events", "entities"])
def test_no_column_of_the_items_holds_gold(kabar, name: str) -> None:
    task = harness.task(name, kabar)
    shown = {"item", "document", "group", "split", "language", "text", "holder", "target"}
    assert set(task.items.columns) <= shown
    assert len(set(task.items["item"])) == len(task)


@pytest.mark.parametrize("name", names("tasks"))
def test_every_kind_of_question_carries_its_settings_into_its_identity(kabar, name: str) -> None:
    layer = {"label": "stance", "labels": "event", "spans": "entities"}[name]
    task = asked(f"{name}(layer='{layer}')", kabar)
    assert task.settings == {"use": name, "layer": layer, "where": {}}
    assert task.corpus_digest == kabar.digest


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("label(layer='stanse')", 'Did you mean "stance"'),
        ("spans(layer='stance')", "layer stance is of kind label"),
        ("labels(layer='stance')", "is about holder, target. Use label"),
        ("label(layer='event', where={'rol': 'primary'})", 'Did you mean "role"'),
        ("label(layer='event', where={'role': 'primry'})", 'Did you mean "primary"'),
        ("label(layer='entities')", "asks layers of kind label or labels"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_what_can(kabar, spec: str, said: str) -> None:
    with pytest.raises(AskedWrongly, match=said):
        asked(spec, kabar)


def test_a_question_without_one_answer_names_every_document(kabar) -> None:
    with pytest.raises(ProblemsFound) as found:
        asked("label(layer='event', where={'role': 'background'})", kabar)
    assert len(found.value.problems) > 20


def test_an_unknown_task_names_the_nearest(kabar) -> None:
    with pytest.raises(UnknownName, match='Did you mean "entities"'):
        harness.task("entites", kabar)


def test_documents_of_the_pool_and_layers_not_done_are_not_asked(kabar) -> None:
    first, second, *rest = kabar.documents
    undone = replace(second, gold={"event": second.gold["event"]})
    changed = Corpus(kabar.root, kabar.schema, (replace(first, split="pool"), undone, *rest))
    assert len(harness.task("entities", changed)) == 359
    assert len(harness.task("event", changed)) == 360


def test_the_corpus_digest_changes_with_whatever_decides_items_gold_and_scores_and_with_nothing_else(kabar) -> None:
    first, *rest = kabar.documents

    def digest(**change: object) -> str:
        return Corpus(kabar.root, kabar.schema, (replace(first, **change), *rest)).digest

    assert digest(meta={"source": "else"}) == kabar.digest
    remarked = [{**line, "note": "a remark"} for line in first.gold["stance"]]
    assert digest(gold={**first.gold, "stance": remarked}) == kabar.digest
    target = first.pairs["stance"][0][1]
    named = {**first.names, "target": {**first.names["target"], target: "another name"}}
    changed = [{"text": "else"}, {"split": "pool"}, {"pairs": {}}, {"gold": {}}, {"name": "zz"}, {"language": "xx"}]
    assert len({kabar.digest, *(digest(**change) for change in changed), digest(names=named)}) == 8
    pool = replace(first, name="new", split="pool")
    assert Corpus(kabar.root, kabar.schema, (*kabar.documents, pool)).digest == kabar.digest
    fewer = replace(kabar.schema.layers["entities"], tiers={"names": ("PER",)})
    layers = {**kabar.schema.layers, "entities": fewer}
    assert Corpus(kabar.root, replace(kabar.schema, layers=layers), kabar.documents).digest != kabar.digest
