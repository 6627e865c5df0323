"""The endpoint model against a chat server that fails: every item accounted for, nothing asked twice, no key told."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from answers import LABELS, items_of
from faults import FOR_GOOD, PASSING, Faults, faulty, serving

from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError, NoKey, UnknownName
from harness.records import STATUSES, Items
from harness.registry import Spec, make

SECRET = "sk-3f9a-Very-Secret-0b7c"
ROOT = Path(__file__).parents[2]


def label_of(request: dict) -> str:
    """What the server says to a text "text 17 …": its number's label."""
    number = int(re.findall(r"text (\d+)", request["messages"][0]["content"])[-1])
    return json.dumps({"label": LABELS[number % 4]})


def texts(n: int) -> Items:
    return items_of([f"text {i} about {'é👩‍👩‍👧'[i % 6]}" for i in range(n)])


def due(items: Items) -> Annotations:
    return Annotations.of_label(items["item"], LABELS, [LABELS[i % 4] for i in range(len(items))])


def model(server: Faults | str, folder: Path, **settings):
    url = server if isinstance(server, str) else server.url
    quick = {"timeout": 10.0, "backoff": 0.01, "cache": str(folder / "cache.sqlite")}
    return make("models", Spec("endpoint", {"url": url, "model": "m", **quick, **settings}))


def asked(server: Faults | str, folder: Path, items: Items, gold: Annotations | None = None, **settings) -> Annotations:
    made = model(server, folder, **settings)
    made.fit(items, due(items) if gold is None else gold, seed=13)
    said = made.predict(items)
    assert said.flaw(items) == ""
    return said


def statuses(said: Annotations) -> Counter[str]:
    return Counter(STATUSES[status] for status in said.status)


def test_of_a_thousand_items_with_30_percent_faults_each_is_accounted_for_and_none_asked_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("SOME_KEY", SECRET)
    items, attempts = texts(1000), 4
    settings = {"key": "SOME_KEY", "attempts": attempts, "at_once": 8, "timeout": 4.0}
    with serving(label_of, faulty(13)) as server:
        said = asked(server, tmp_path, items, **settings)
        first = list(server.log)
        again = asked(server, tmp_path, items, **settings)

    served: dict[str, list[str]] = {}
    for digest, fault in first:
        served.setdefault(digest, []).append(fault)
    assert len(served) == 1000
    assert 0.25 < sum(any(faults) for faults in served.values()) / 1000 < 0.35
    last = Counter(FOR_GOOD.get(faults[-1], "answered") for faults in served.values())
    assert statuses(said) == last
    assert set(last) == {"answered", "refused", "abstained", "invalid", "errored"}
    right = sum(answer == truth for answer, truth in zip(said.answers(), due(items).answers(), strict=True))
    assert right == last["answered"]
    for faults in served.values():  # no try after an answer, and none too many
        assert len(faults) <= attempts
        assert all(fault in (*PASSING, "dead") for fault in faults[:-1])

    asked_again = [digest for digest, _ in server.log[len(first) :]]
    assert set(asked_again) == {digest for digest, faults in served.items() if faults[-1] == "dead"}
    assert again.answers() == said.answers()
    assert (again.status == said.status).all()
    assert not places_of(SECRET, tmp_path)
    assert SECRET not in "".join(capfd.readouterr())


def places_of(secret: str, folder: Path) -> list[Path]:
    """The files below a folder that hold a secret."""
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_second_run_asks_nothing_and_answers_alike(tmp_path: Path) -> None:
    items = texts(60)
    with serving(label_of, lambda digest, before: "500" if before == 0 else "") as server:
        first = asked(server, tmp_path, items)
        many = len(server)
        second = asked(server, tmp_path, items)
    assert many == 120
    assert len(server) == many
    assert first.answers() == second.answers() == due(items).answers()


def test_equal_items_are_asked_once(tmp_path: Path) -> None:
    items = items_of(["text 1"] * 5 + ["text 2"])
    with serving(label_of) as server:
        said = asked(server, tmp_path, items)
    assert len(server) == 2
    assert said.answers() == ["B"] * 5 + ["C"]


def test_a_changed_prompt_model_or_seed_is_asked_anew(tmp_path: Path) -> None:
    prompt = tmp_path / "p.txt"
    items = texts(2)
    with serving(label_of) as server:
        for words in ("One of {labels}: {text}", "Which of {labels}? {text}"):
            prompt.write_text(words)
            made = model(server, tmp_path, prompt=str(prompt))
            made.fit(items, due(items), seed=13)
            made.predict(items)
        assert len(server) == 4
        asked(server, tmp_path, items, model="other")
        assert len(server) == 6
        other = model(server, tmp_path, prompt=str(prompt))
        other.fit(items, due(items), seed=14)
        other.predict(items)
        assert len(server) == 8


def test_its_identity_is_that_of_the_prompts_words_wherever_they_stand(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("{text}")
    two.write_text("{text}")
    before = model("http://127.0.0.1:1", tmp_path, prompt=str(one)).identity
    assert before == model("http://127.0.0.1:1", tmp_path, prompt=str(two)).identity
    two.write_text("{text}!")
    assert before != model("http://127.0.0.1:1", tmp_path, prompt=str(two)).identity


KILLED = """
import sys
from answers import LABELS
sys.path.insert(0, "tests/models")
from pathlib import Path
from test_endpoint import asked, texts
asked(sys.argv[1], Path(sys.argv[2]), texts(200), at_once=4)
"""


def test_killed_in_the_middle_it_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    items = texts(200)
    environment = {**os.environ, "PYTHONPATH": "tests"}
    with serving(label_of, slow=0.02) as server:
        command = [sys.executable, "-c", KILLED, server.url, str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        end = time.monotonic() + 60
        while len(server) < 100 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.1)
        before = len(server)
        assert 100 <= before < 200
        said = asked(server, tmp_path, items, at_once=4)
    assert said.answers() == due(items).answers()
    assert len({digest for digest, _ in server.log}) == 200
    assert len(server) <= 200 + 4  # those under way when it was killed


def test_no_server_no_model_and_a_wrong_key_end_the_run_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", SECRET)
    with serving(label_of) as gone:
        pass
    with pytest.raises(HarnessError, match=r"answered nothing: no connection .*\. Start the server, or correct url"):
        asked(gone, tmp_path, texts(30))
    for status, remedy in (
        ("401", "key in SOME_KEY"),
        ("403", "key in SOME_KEY"),
        ("404", "Correct model"),
        ("500", ""),
    ):
        with serving(label_of, lambda digest, before, status=status: status) as server:
            with pytest.raises(HarnessError, match=f"HTTP {status}.*{remedy}") as told:
                asked(server, tmp_path, texts(30), key="SOME_KEY", attempts=2)
            assert len(server) <= {"401": 1, "404": 3}.get(status, 25)
            assert max(server.served.values()) == (2 if status == "500" else 1)
        assert SECRET not in f"{told.value!r}{told.value.__cause__!r}{told.value.__context__!r}"
    assert not places_of(SECRET, tmp_path)


def test_a_server_that_dies_in_the_middle_is_given_up_and_its_items_are_errored(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    with serving(label_of) as server:
        server.plan = lambda digest, before: "500" if len(server.served) > 20 else ""
        said = asked(server, tmp_path, texts(200), attempts=2, at_once=2)
    assert statuses(said) == {"answered": 20, "errored": 180}
    assert len(server) < 20 + 2 * 30
    assert "given up after 25 failures in a row" in capsys.readouterr().err


@pytest.mark.parametrize("status", ["400", "403", "500"])
def test_one_item_that_fails_fails_alone_and_be_it_the_first(tmp_path: Path, status: str) -> None:
    with serving(label_of) as server:
        server.plan = lambda digest, before: status if digest == next(iter(server.served)) else ""
        said = asked(server, tmp_path, texts(10), attempts=2, structured="text")
    assert said.status.tolist() == [STATUSES.index("errored")] + [0] * 9


def test_a_missing_key_names_its_variable_and_a_key_given_as_such_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(NoKey, match=r"not run: no key\. The environment variable NO_SUCH_KEY is not set"):
        asked("http://127.0.0.1:1/v1", tmp_path, texts(1), key="NO_SUCH_KEY")
    with pytest.raises(AskedWrongly) as told:
        model("http://127.0.0.1:1/v1", tmp_path, key=SECRET)
    assert SECRET not in str(told.value)
    monkeypatch.setenv("SOME_KEY", f"{SECRET}\u00e9")
    with pytest.raises(AskedWrongly) as told:
        model("http://127.0.0.1:1/v1", tmp_path, key="SOME_KEY")
    assert SECRET not in str(told.value)
    for url in ("127.0.0.1:1", "http://", f"http://me:{SECRET}@host/v1", f"http://host/v1?key={SECRET}", "http://[::1"):
        with pytest.raises(AskedWrongly) as told:
            model(url, tmp_path)
        assert SECRET not in str(told.value)


def test_the_key_is_sent_and_stands_in_no_repr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", SECRET)
    heard = []

    with serving(label_of, lambda digest, before: "refusal") as server:  # which repeats the key to the client
        made = model(server, tmp_path, key="SOME_KEY")
        items = texts(1)
        made.fit(items, due(items), seed=13)
        heard.append(made.predict(items))
    assert statuses(heard[0]) == {"refused": 1}
    assert SECRET not in f"{made!r} {vars(made)!r} {made.identity}"
    assert not places_of(SECRET, tmp_path)
    assert places_of("I cannot help [key] with that.", tmp_path)  # it was sent, or the server could not have said it


@pytest.mark.parametrize(
    ("budget", "most"),
    [
        ({"most_requests": 17}, 17),
        ({"most_tokens": 3000}, 27),
        ({"most_cost": 0.02, "price_in": 2.0, "price_out": 100.0}, 16),  # 0.0012 each, 0.0008 held back at most
        ({"most_requests": 0}, 0),
    ],
)
def test_a_budget_stops_cleanly_and_is_never_gone_over(
    tmp_path: Path, budget: dict, most: int, capsys: pytest.CaptureFixture
) -> None:
    items = texts(100)
    with serving(label_of) as server:
        said = asked(server, tmp_path, items, max_tokens=20, **budget)
        assert statuses(said)["answered"] == len(server) <= most
        assert len(server) >= most - 12  # what one request may cost at worst is held back
        assert statuses(said)["missing"] == 100 - len(server)
        assert f"the budget is spent; {100 - len(server)} questions were not asked" in capsys.readouterr().err
        known = len(server)
        if known:
            said = asked(server, tmp_path, items, max_tokens=20, **budget)
            assert statuses(said)["answered"] == len(server) > known  # what is kept costs nothing


def test_the_cells_of_one_run_share_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_RUN", "run 1")
    items = texts(40)
    with serving(label_of) as server:
        for part in (range(20), range(20, 40)):
            asked(server, tmp_path, items.take(part), due(items).take(part), most_requests=25)
        assert len(server) == 25
        monkeypatch.setenv("HARNESS_RUN", "run 2")
        asked(server, tmp_path, items, most_requests=25)
        assert len(server) == 40


def test_tries_that_failed_count_as_requests_and_nothing_else(tmp_path: Path) -> None:
    with serving(label_of, lambda digest, before: "500" if before == 0 else "") as server:
        said = asked(server, tmp_path, texts(30), most_requests=21)
        assert len(server) == 21
        assert statuses(said)["answered"] <= 10
        assert statuses(said)["missing"] >= 20


def test_no_more_requests_run_side_by_side_than_asked_for(tmp_path: Path) -> None:
    for most in (1, 3):
        with serving(label_of, slow=0.01) as server:
            asked(server, tmp_path / str(most), texts(30), at_once=most)
        assert server.most_at_once == most


@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_mode_that_the_server_does_not_take_gives_way_to_the_next_which_is_remembered(
    tmp_path: Path, status: int
) -> None:
    items = texts(5)
    modes = ("json_schema", "json_object", "text")
    for first in range(3):
        with serving(label_of, modes=modes[first:], no_mode=status) as server:
            folder = tmp_path / str(first)
            said = asked(server, folder, items, attempts=2)
            assert said.answers() == due(items).answers()
            tries = 2 if status == 500 else 1
            assert len(server) == 5 + tries * first
            asked(server, folder, texts(7), attempts=2)
            assert len(server) == 7 + tries * first
            kept = [request.get("response_format", {}).get("type", "text") for request in server.asked]
            assert set(kept[tries * first :]) == {modes[first]}


def test_the_schema_is_made_of_the_labels_and_the_pace_of_the_settings(tmp_path: Path) -> None:
    with serving(label_of) as server:
        asked(server, tmp_path, texts(1), extra={"top_p": 0.5, "max_tokens": None, "max_completion_tokens": 9})
    [request] = server.asked
    assert request["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"] == list(LABELS)
    assert (request["temperature"], request["seed"], request["model"]) == (0.0, 13, "m")
    assert (request["top_p"], request["max_completion_tokens"]) == (0.5, 9)
    assert "max_tokens" not in request


def test_sets_and_spans_are_answered_and_what_is_not_in_the_text_counts_as_said(tmp_path: Path) -> None:
    items = items_of(["Ana met Ana in é Kota", "none"])
    sets = Annotations.of_labels(items["item"], LABELS, [["A"], []])
    with serving(lambda request: '{"labels": ["C", "A"]}') as server:
        assert asked(server, tmp_path, items, sets).answers() == [["A", "C"]] * 2
    said = [{"text": "Ana", "label": "A"}, {"text": "Kota", "label": "Z"}, {"text": "Ana", "label": "A"}]
    said += [{"text": "Budi", "label": "B"}, {"text": "Ana", "label": "A"}]
    spans = Annotations.of_spans(items["item"], LABELS, [[(0, 3, "A"), (8, 11, "A")], []])
    with serving(lambda request: json.dumps({"spans": said})) as server:
        found = asked(server, tmp_path, items, spans)
    assert found.answers() == [
        [(0, 1, "?"), (0, 1, "?"), (0, 3, "A"), (8, 11, "A"), (17, 21, "?")],
        [(0, 1, "?")] * 5,
    ]
    f1 = make("metrics", Spec("entity_precision", {}))
    assert f1.score(f1.count(spans, found).total) == 2 / 10


def test_a_prompt_shows_holder_and_target_and_examples_from_the_training_items_alone(tmp_path: Path) -> None:
    facets = {"holder": ["opv", "Ana"] * 10, "target": ["pasar", "Kota"] * 10}
    train = items_of([f"text {i} train" for i in range(20)], **facets)
    test = items_of(["text 1 {labels} asked"], holder=["Budi"], target=["jalan"])
    with serving(label_of) as server:
        made = model(server, tmp_path, shots=4)
        made.fit(train, due(train), seed=13)
        assert made.predict(test).answers() == ["B"]
    [request] = server.asked
    words = request["messages"][0]["content"]
    assert "Holder: Budi\nTarget: jalan" in words
    assert "text 1 {labels} asked" in words  # what a text holds is not filled in
    assert words.count("train") == 4
    assert sorted(re.findall(r'Answer: {"label":"(.)"}', words)) == list(LABELS)


def test_a_prompt_that_cannot_be_filled_is_refused(tmp_path: Path) -> None:
    items = texts(2)
    for words, finding in (
        ("{txet}", 'Did you mean "text"'),
        ("{text} {holder}", 'unknown field of prompt .* "holder"'),
        ("{labels}", "shows nothing of an item"),
        ("{text}", "no place for examples"),
    ):
        (tmp_path / "p.txt").write_text(words)
        with pytest.raises((AskedWrongly, UnknownName), match=finding):
            asked("http://127.0.0.1:1/v1", tmp_path, items, prompt=str(tmp_path / "p.txt"), shots=1)
    with pytest.raises(AskedWrongly, match="cannot be read"):
        model("http://127.0.0.1:1/v1", tmp_path, prompt=str(tmp_path / "no.txt"))


def test_none_one_and_a_very_long_item_are_answered(tmp_path: Path) -> None:
    items = texts(4)
    with serving(label_of) as server:
        made = model(server, tmp_path)
        made.fit(items, due(items), seed=1)
        assert len(made.predict(items.take([]))) == 0
        assert len(server) == 0
        turned = made.predict(items.take([3, 2, 1, 0])).answers()
        assert turned == ["D", "C", "B", "A"]
        long = items_of(["text 3 " + "é👩‍👩‍👧 Ana " * 1000])
        assert made.predict(long).answers() == ["D"]


@pytest.mark.parametrize(
    "settings",
    [{"at_once": 0}, {"attempts": 0}, {"timeout": 0}, {"most_cost": 1.0}, {"most_tokens": -1}, {"shots": -1}],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, settings: dict) -> None:
    with pytest.raises(AskedWrongly, match="endpoint: "):
        model("http://127.0.0.1:1/v1", tmp_path, **settings)


@pytest.mark.parametrize(
    ("extra", "asks"),
    [
        ({"max_tokens": 2000}, False),
        ({"max_completion_tokens": 2000}, False),
        ({"max_tokens": 1, "max_completion_tokens": 2000}, False),
        ({"n": 100}, False),
        ({"max_tokens": None, "max_completion_tokens": 20}, True),
    ],
)
def test_a_budget_has_room_for_all_that_the_request_itself_lets_the_server_write(
    tmp_path: Path, extra: dict, asks: bool
) -> None:
    with serving(label_of) as server:
        asked(server, tmp_path, texts(3), max_tokens=20, most_tokens=1999, extra=extra)
    assert bool(len(server)) == asks


@pytest.mark.parametrize("budget", [{"most_tokens": 10**6}, {"most_cost": 1.0, "price_in": 1.0}])
@pytest.mark.parametrize(
    "extra", [{"max_tokens": None}, {"max_tokens": -1}, {"max_tokens": "9"}, {"max_tokens": 2**63}, {"n": 2.5}]
)
def test_a_budget_in_tokens_is_refused_where_the_request_has_no_limit(
    tmp_path: Path, budget: dict, extra: dict
) -> None:
    with pytest.raises(AskedWrongly, match="need a limit on what is written"):
        model("http://127.0.0.1:1/v1", tmp_path, extra=extra, **budget)
    model("http://127.0.0.1:1/v1", tmp_path, extra=extra, most_requests=5)
