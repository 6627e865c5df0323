"""One request that is tried again: how long it waits, and what it takes for an answer."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event

import pytest
from faults import Faults, serving

from harness.asking.client import Client, Failure, Reply, seconds_to_wait
from harness.asking.keeping import Kept

BODY = json.dumps({"messages": [{"role": "user", "content": "text 1"}]}).encode()


def ask(server: Faults, body: bytes = BODY, *, seed: int = 13, attempts: int = 4, **pace) -> Reply | Failure | None:
    pace = {"at_once": 2, "timeout": 0.4, "backoff": 0.01, **pace}
    with Client(server.url, "", attempts=attempts, seed=seed, **pace) as client:
        return client.ask(body, lambda: True, lambda said: None)


def said(request: dict) -> str:
    return "A"


@pytest.mark.parametrize("fault", ["429", "date", "500", "half", "hang", "drip", "page", "shape"])
def test_what_may_pass_is_tried_again_until_it_has(fault: str) -> None:
    with serving(said, lambda digest, before: fault if before < 2 else "") as server:
        assert ask(server) == Reply("A", tokens=(100, 10))
        assert len(server) == 3
    with serving(said, lambda digest, before: fault) as server:
        assert isinstance(ask(server, attempts=2), Failure)
        assert len(server) == 2


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "413", "422", "302"])
def test_what_will_not_pass_is_not_tried_again(status: str) -> None:
    with serving(said, lambda digest, before: status) as server:
        failure = ask(server)
        assert isinstance(failure, Failure)
        assert failure.code == int(status)
        assert len(server) == 1


@pytest.mark.parametrize(("key", "text"), [("x", "an axe"), ("sk-123456", "an axe, [key]")])
def test_a_secret_is_cut_out_of_what_is_said_and_a_stand_in_is_not(key: str, text: str) -> None:
    pace = {"at_once": 1, "attempts": 1, "timeout": 5.0, "backoff": 0.01, "seed": 1}
    with (
        serving(lambda request: "an axe" + ", sk-123456" * (key != "x")) as server,
        Client(server.url, key, **pace) as one,
    ):
        assert one.ask(BODY, lambda: True, lambda said: None) == Reply(text, tokens=(100, 10))


def test_it_waits_as_long_as_the_server_asks_and_so_do_the_others() -> None:
    with serving(said, lambda digest, before: "1" if len(server) == 0 else "") as server:
        with Client(server.url, "", at_once=2, attempts=2, timeout=5, backoff=0.01, seed=1) as client:
            with ThreadPoolExecutor(2) as pool:
                first = pool.submit(client.ask, BODY, lambda: True, lambda said: None)
                while not client._not_before:
                    time.sleep(0.01)
                second = pool.submit(client.ask, BODY + b" ", lambda: True, lambda said: None)
            assert first.result() == second.result() == Reply("A", tokens=(100, 10))
        assert min(server.times[1:]) - server.times[0] >= 1.0


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    with serving(said, lambda digest, before: "3600") as server:
        failure = ask(server)
        assert isinstance(failure, Failure)
        assert failure.after == 3600
        assert len(server) == 1


class Waits(Event):
    """Writes down for how long it should wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout:
            self.seconds.append(timeout)
        return self.is_set()


def test_waits_double_up_to_a_minute_and_are_drawn_by_the_seed_and_the_request() -> None:
    waits = []
    with serving(said, lambda digest, before: "500") as server:
        for seed, body in ((1, BODY), (1, BODY), (2, BODY), (1, BODY + b" ")):
            with Client(server.url, "", at_once=1, attempts=11, timeout=5, backoff=0.5, seed=seed) as client:
                client._stopped = Waits()
                client.ask(body, lambda: True, lambda said: None)
                waits.append(client._stopped.seconds)
    for wait in waits:
        assert len(wait) == 10
        most = [min(60, 0.5 * 2**n) for n in range(10)]
        assert all(top / 2 <= seconds <= top for seconds, top in zip(wait, most, strict=True))
    assert waits[0] == waits[1]
    assert waits[0] != waits[2] != waits[3] != waits[0]


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert seconds_to_wait("7") == 7
    assert seconds_to_wait(" 0.5 ") == 0.5
    due = datetime.now(UTC) + timedelta(seconds=30)
    assert 28 < seconds_to_wait(format_datetime(due, usegmt=True)) <= 30
    for header in ("", "soon", "-3", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 99 Oct 2015", "1e9", "inf", "nan"):
        assert seconds_to_wait(header) == 0


def reply_to(content: str, usage: dict) -> Reply | Failure:
    """What a client makes of an answer; `content` is JSON."""
    data = f'{{"choices": [{{"message": {{"content": {content}}}}}], "usage": {json.dumps(usage)}}}'
    pace = {"at_once": 1, "attempts": 1, "timeout": 5.0, "backoff": 0.01, "seed": 1}
    with Client("http://127.0.0.1:1", "", **pace) as one:
        return one._reply(data.encode())


def test_a_strange_reply_can_be_kept(tmp_path: Path) -> None:
    """Half a surrogate pair has no UTF-8, and a count of 2**63 tokens is more than sqlite takes."""
    used = {"prompt_tokens": 5, "completion_tokens": 6}
    half = reply_to(r'"A\ud83d \ud83d\ude00"', used)
    assert half == Reply("A\ufffd \U0001f600", tokens=(5, 6))
    huge = reply_to('"A"', {**used, "prompt_tokens": 2**63})
    assert huge == Reply("A", tokens=None)
    with closing(Kept(str(tmp_path / "kept.sqlite"))) as kept:
        for key, reply in (("half", half), ("huge", huge)):
            kept.keep(key, reply, "u", "m", "text")
            assert kept.answer(key) == reply
