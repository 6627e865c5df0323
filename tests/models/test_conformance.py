"""Contracts that every model in the open folder keeps: a model needs one row in the table below, and no other line."""

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import made
import numpy as np
import pytest
from answers import LABELS
from faults import serving
from tiny_encoder import write_encoder, write_inference

from harness.annotations import Annotations
from harness.parts import Model, Task
from harness.records import ANSWERED, Items
from harness.registry import make, module_of, names, parse
from harness.running import kinds_of, run_model


def nothing(_: Path) -> None:
    """What a model needs before it can be asked."""


@dataclass(frozen=True)
class Row:
    """How a model is asked here.

    In `spec`, {folder} is an empty folder, {tests} that of these files, {made} the file made.py, {url} a chat server.
    """

    spec: str
    needs: str = ""  # the library without which it is skipped
    prepare: Callable[[Path], None] = nothing  # puts into {folder} what the spec names
    learns: bool = True  # so quickly that it answers with no label that training has not


TABLE = {
    "blind": [Row("blind(see='target')")],
    "calibrated": [
        Row("calibrated(model='tfidf(chars=0)', folds=2)"),
        Row("calibrated(method='temperature', folds=2)"),
    ],
    "chance": [Row("chance")],
    "command": [Row("command(run='{python} {tests}/program.py')")],
    "crf": [Row("crf")],
    "embedding": [
        Row("embedding(name='{folder}')", "model2vec", made.model2vec),
        Row("embedding(name='{folder}')", "sentence_transformers", made.sentence_transformers),
    ],
    "endpoint": [Row("endpoint(url='{url}', model='m', cache='{folder}/kept')", learns=False)],
    "gazetteer": [Row("gazetteer")],
    "majority": [Row("majority")],
    "predictions": [],  # has a file instead of an opinion: test_predictions.py
    "sklearn": [Row("sklearn(make='{made}:pipeline')"), Row("sklearn(make='{made}:margins')")],
    "spacy": [Row("spacy(language='xx', network='words', epochs=1)", "spacy", learns=False)],
    "tfidf": [Row("tfidf")],
    "transformer": [Row("transformer(name='{folder}', epochs=4, lr=0.005, batch=8)", "transformers", write_encoder)],
    "vote": [Row("vote(models=('majority', 'tfidf', 'chance'))"), Row("vote(models=('gazetteer', 'crf'))")],
    "zero_shot": [Row("zero_shot(name='{folder}')", "transformers", write_inference, learns=False)],
}


def test_every_model_of_the_folder_has_a_row() -> None:
    assert sorted(TABLE) == names("models")


WORDS = ("pasar", "banjir", "Menteri", "Ana", "Kota", "naik", "13", "tidak", "é", "👩‍👩‍👧", "สวัสดี", "(x)", "…")


def some_items(n: int, seed: int) -> Items:
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 15))) for _ in range(n)]
    ids = [f"g{i}/d" for i in range(n)]
    return Items(
        {
            "item": ids,
            "document": ids,
            "group": [f"g{i}" for i in range(n)],
            "language": ["id"] * n,
            "text": texts,
            "target": [draw.choice(["kenaikan pasar", "Kota Ana"]) for _ in range(n)],
        }
    )


def some_gold(items: Items, kind: str, labels: tuple[str, ...] = LABELS) -> Annotations:
    if kind == "spans":
        at = [text.find("Ana") for text in items["text"]]
        spans = [[(i, i + 3, labels[0])] if i >= 0 else [] for i in at]
        return Annotations.of_spans(items["item"], labels, spans)
    words = ("pasar", "banjir", "Menteri")
    sets = [[label for label, word in zip(labels, words, strict=False) if word in text] for text in items["text"]]
    if kind == "labels":
        return Annotations.of_labels(items["item"], labels, sets)
    return Annotations.of_label(items["item"], labels, [(chosen or [labels[-1]])[0] for chosen in sets])


FITTED: dict[tuple[str, str], Model] = {}


@dataclass
class Case:
    row: Row
    kind: str
    spec: str
    items: Items
    gold: Annotations

    def new(self) -> Model:
        return make("models", parse(self.spec))

    def fitted(self) -> Model:
        """A model that has learned, the same for all tests: asking it changes nothing."""
        if (self.spec, self.kind) not in FITTED:
            model = self.new()
            model.fit(self.items, self.gold, seed=13)
            FITTED[self.spec, self.kind] = model
        return FITTED[self.spec, self.kind]


def spec_of(row: Row, folder: Path, url: str = "") -> str:
    here = {"tests": Path(__file__).parent, "made": made.__file__, "python": sys.executable}
    return row.spec.format(folder=folder, url=url, **here)


ROWS = [(f"{name}{n or ''}", row) for name, rows in TABLE.items() for n, row in enumerate(rows)]
CASES = [
    pytest.param((row, kind), id=f"{name}-{kind}")
    for name, row in ROWS
    for kind in kinds_of(parse(spec_of(row, Path())))
]
SPANS = [param for param in CASES if param.values[0][1] == "spans"]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Row, Path]:
    """The folders that rows have prepared, each once."""
    return {}


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Where a chat server answers."""
    with serving(made.chat) as server:
        yield server.url


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, folders: dict[Row, Path], tmp_path_factory: pytest.TempPathFactory) -> Case:
    row, kind = request.param
    if row.needs and find_spec(row.needs) is None:
        pytest.skip(f"{row.needs} is not installed")
    if row not in folders:
        folder = tmp_path_factory.mktemp("made")
        row.prepare(folder)
        folders[row] = folder
    items, at = some_items(40, 1), request.getfixturevalue("url") if "{url}" in row.spec else ""
    return Case(row, kind, spec_of(row, folders[row], at), items, some_gold(items, kind))


def test_it_answers_every_item_once_in_order_with_declared_labels(case: Case) -> None:
    asked = some_items(9, 2)
    said = case.fitted().predict(asked)
    assert (said.kind, said.labels) == (case.gold.kind, case.gold.labels)
    assert said.flaw(asked) == ""
    assert (said.status == ANSWERED).all()
    assert (said.codes >= 0).all()
    if said.scores is not None:
        assert said.scores.dtype == np.float32
        assert ((said.scores >= 0) & (said.scores <= 1)).all()


def test_the_same_seed_gives_the_same_answers(case: Case) -> None:
    again = case.new()
    again.fit(case.items, case.gold, seed=13)
    one, two = (model.predict(some_items(9, 2)) for model in (case.fitted(), again))
    assert one.answers() == two.answers()
    assert one.scores is two.scores or np.array_equal(one.scores, two.scores)


def test_fitting_again_forgets_what_was_learned_of_other_labels_too(case: Case) -> None:
    model = case.new()
    few = case.items.take(range(5))
    model.fit(few, some_gold(few, case.kind, ("X", "Y", "Z")), seed=13)
    model.fit(case.items, case.gold, seed=13)
    said = model.predict(case.items)
    assert said.labels == LABELS
    assert said.answers() == case.fitted().predict(case.items).answers()


def test_the_order_of_the_asked_items_does_not_matter(case: Case) -> None:
    model, asked, turned = case.fitted(), some_items(9, 2), list(reversed(range(9)))
    assert model.predict(asked.take(turned)).answers() == model.predict(asked).take(turned).answers()


def test_nothing_is_learned_from_the_gold_of_the_items_that_are_asked_about(case: Case) -> None:
    split = ["train"] * 30 + ["test"] * 10
    items = Items({**case.items.columns, "split": split})
    changed = list(range(30)) + list(reversed(range(30, 40)))
    other = replace(case.gold.take(changed), item=case.gold.item)
    assert other.digest != case.gold.digest
    said = []
    for gold in (case.gold, other):
        task = Task("t", items, gold, (), "c", "d")
        said.append(run_model(task, parse(case.spec), {}, seed=13, split="train>test").predicted.answers())
    assert said[0] == said[1]


def test_none_one_and_a_very_long_item_are_answered(case: Case) -> None:
    model = case.fitted()
    none = model.predict(case.items.take([]))
    assert (len(none), none.kind, none.labels) == (0, case.kind, LABELS)
    assert len(model.predict(case.items.take([0]))) == 1
    long = Items({**some_items(1, 3).columns, "text": [("Ana naik pasar 👩‍👩‍👧. " * 600)[:10_000]]})
    said = model.predict(long)
    assert said.flaw(long) == ""
    assert said.status.tolist() == [ANSWERED]


def test_a_text_that_is_empty_and_a_target_never_seen_are_answered(case: Case) -> None:
    asked = Items({**some_items(3, 2).columns, "text": ["", " \n", "naik"], "target": ["", "ไม่", "a new target"]})
    said = case.fitted().predict(asked)
    assert said.flaw(asked) == ""
    assert (said.status == ANSWERED).all()


def test_items_without_a_facet_are_learned_from_and_answered(case: Case) -> None:
    if "target" in case.spec:
        pytest.skip("it is asked to see the target")
    items, model = case.items.without("target"), case.new()
    model.fit(items, case.gold, seed=13)
    assert (model.predict(items).status == ANSWERED).all()


def test_training_texts_without_a_word_are_no_error(case: Case) -> None:
    empty = Items({**case.items.columns, "text": ["…"] * 40, "target": ["…"] * 40})
    spans = Annotations.of_spans(empty["item"], LABELS, [[]] * 40)
    model = case.new()
    model.fit(empty, spans if case.kind == "spans" else case.gold, seed=1)
    assert model.predict(case.items).flaw(case.items) == ""


def test_a_gold_of_one_label_is_learned(case: Case) -> None:
    same = {"label": ["A"] * 40, "labels": [["A"]] * 40, "spans": [[(0, 1, "A")]] * 40}[case.kind]
    model = case.new()
    model.fit(case.items, Annotations.of(case.kind, case.items["item"], LABELS, same), seed=1)
    said = model.predict(case.items)
    assert said.flaw(case.items) == ""
    if case.row.learns:
        assert set(said.codes.tolist()) <= {0}
    if case.row.learns and case.kind == "label":
        assert said.answers() == same


@pytest.mark.parametrize("case", SPANS, indirect=True)
def test_emoji_and_combining_marks_keep_offsets(case: Case) -> None:
    text = "👩‍👩‍👧 é Ana 𝒳 tidak Ana"
    train = Items({**case.items.columns, "text": [text] * 40})
    at = [i for i in range(len(text)) if text.startswith("Ana", i)]
    model = case.new()
    model.fit(train, Annotations.of_spans(train["item"], LABELS, [[(i, i + 3, "A") for i in at]] * 40), seed=1)
    asked = train.take([0])
    predicted = model.predict(asked)
    assert predicted.flaw(asked) == ""
    [said] = predicted.answers()
    if case.row.learns:
        assert said or case.row.spec == "majority"  # which finds nothing, anywhere
        assert all(text[start:end] == "Ana" for start, end, _ in said)


def test_what_a_model_is_shown_holds_no_gold() -> None:
    items = Items({**some_items(4, 1).columns, "split": ["train", "train", "test", "test"]})
    besides = {"evidence": some_gold(items, "spans")}
    gold = replace(some_gold(items, "label"), marks={"pair": ["secret"] * 4}, besides=besides)
    spy = f"{made.__file__}:Spy"
    run_model(Task("t", items, gold, (), "c", "d"), parse(spy), {}, seed=1, split="train>test")
    learned, seen, asked = module_of("models", spy).Spy.shown
    assert set(asked.columns) == {"item", "document", "group", "language", "text", "target"}
    assert list(seen.item) == list(learned["item"]) == ["g0/d", "g1/d"]
    assert not seen.marks and not seen.besides
