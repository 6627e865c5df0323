"""Any server that speaks the OpenAI chat API, asked with a prompt, its answers kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from harness.annotations import Annotations
from harness.asking import prompts
from harness.asking.answering import Said, Server, ask
from harness.asking.client import Reply, key_from
from harness.asking.reading import read_answer, schema_of
from harness.asking.spending import Limits
from harness.errors import AskedWrongly, NoKey
from harness.parts import Model
from harness.records import ERRORED, MISSING, REFUSED, Items, digest_of

KINDS = ("label", "labels", "spans")


def endpoint(
    *,
    url: str,
    model: str,
    key: str = "",
    prompt: str = "",
    shots: int = 0,
    structured: Literal["auto", "json_schema", "json_object", "text"] = "auto",
    temperature: float = 0.0,
    max_tokens: int = 1024,
    extra: dict[str, Any] | None = None,
    timeout: float = 60.0,
    attempts: int = 5,
    backoff: float = 0.5,
    at_once: int = 8,
    most_requests: int | None = None,
    most_tokens: int | None = None,
    most_cost: float | None = None,
    price_in: float = 0.0,
    price_out: float = 0.0,
    cache: str = "runs/endpoint-cache.sqlite",
) -> Model:
    """Asks `model` at `url` (`http://127.0.0.1:8000/v1`) about each item, and reads its answers strictly.

    `key` names the environment variable that holds the server's key; the key itself stands nowhere. `prompt` is a file
    with the fields {text} {labels} {examples} {language}, each facet ({target} {holder}) and {about} (all facets); by
    default one of ours. `shots` training items are shown as examples, balanced by label. The answer is asked for by
    JSON schema, else as a JSON object, else in words: `auto` keeps to the first that the server takes. Spans are asked
    for as surfaces; one that is not in the text counts as a false positive. `extra` goes into each request, None takes
    a field out: extra={"max_tokens": None, "max_completion_tokens": 512}.

    On 429, 5xx, time-outs (`timeout` seconds) and broken connections it tries again, `attempts` times in all, after
    waits that double from `backoff` seconds, and never sooner than Retry-After. `at_once` requests run side by side
    for each fit: that many times the workers of a run. Two processes with one cache may both ask a question that they
    come to at the same moment; its answer then is paid for twice, and the later one is kept.
    The budget holds for one run where HARNESS_RUN names it, else for one fit; prices are per million tokens. Items
    over it are missing. Answers are kept in `cache` and cost nothing the second time; failures are not kept.
    """
    _refuse_url(url)
    counts = {"max_tokens": max_tokens, "attempts": attempts, "at_once": at_once}
    for name, value in {**counts, "timeout": timeout}.items():
        if value <= 0:
            raise AskedWrongly(f"endpoint: {name}={value} does not fit. It is above 0.")
    limits = {"most_requests": most_requests, "most_tokens": most_tokens, "most_cost": most_cost}
    never_below: dict[str, float | None] = {
        "shots": shots,
        "backoff": backoff,
        "price_in": price_in,
        "price_out": price_out,
        **limits,
    }
    for name, most in never_below.items():
        if most is not None and most < 0:
            raise AskedWrongly(f"endpoint: {name}={most} does not fit. It is 0 or more.")
    if most_cost is not None and not (price_in or price_out):
        raise AskedWrongly("endpoint: most_cost needs price_in and price_out, in money per million tokens.")
    if key:
        with suppress(NoKey):  # told when it is asked, so that all else of a benchmark runs
            key_from(key)
    spending = Limits(most_requests, most_tokens, most_cost, price_in, price_out)
    server = Server(
        url,
        model,
        key,
        structured,
        temperature,
        max_tokens,
        timeout,
        attempts,
        backoff,
        at_once,
        cache,
        extra or {},
        spending,
    )
    if server.most_written is None and not (most_tokens is None and most_cost is None):
        raise AskedWrongly(
            "endpoint: most_tokens and most_cost need a limit on what is written, and extra leaves none that counts. "
            'Give one: extra={"max_completion_tokens": 512, …}.'
        )
    return _Endpoint(server, prompt, shots)


def _refuse_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise AskedWrongly('endpoint: url is no address. Write it as in url="http://127.0.0.1:8000/v1".')
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise AskedWrongly('endpoint: url has room for no key, name or query. Name a variable: key="OPENAI_API_KEY".')


class _Endpoint:
    def __init__(self, server: Server, path: str, shots: int) -> None:
        self.server, self.path, self.shots = server, path, shots
        self.prompt = prompts.read_prompt(path) if path else ""

    @property
    def identity(self) -> str:
        """What its answers depend on besides its settings: the prompt's words, and the code behind this file."""
        own = sorted(Path(prompts.__file__).parent.glob("*.*"))
        code = [part for path in own if path.is_file() for part in (path.name.encode(), path.read_bytes())]
        return digest_of([self.prompt.encode(), *code])

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        self.kind, self.labels, self.seed = gold.kind, gold.labels, seed
        facets = prompts.facets_of(items)
        asked = self.prompt or prompts.built_in(gold.kind, facets)
        prompts.refuse_unfit(asked, self.path or gold.kind, facets, self.shots)
        self.asked = prompts.filler(asked, gold.labels, prompts.shown(items, gold, self.shots, seed))
        name = "".join(f" {value}" for value in (self.server, self.path, self.shots))
        self.purse = os.environ.get("HARNESS_RUN", uuid4().hex) + digest_of([name.encode()])

    def predict(self, items: Items) -> Annotations:
        questions = [self.asked(items, i) for i in range(len(items))]
        schema = schema_of(self.kind, self.labels)
        said, self.spent = ask(self.server, questions, schema, self.seed, self.purse) if questions else ([], {})
        self.unfinished = not all(isinstance(one, Reply) for one in said)  # to be asked again, another time
        read = [self._read(one, text) for one, text in zip(said, items["text"], strict=True)]
        make: Any = getattr(Annotations, f"of_{self.kind}")
        made: Annotations = make(
            items["item"], self.labels, [answer for _, answer in read], status=[status for status, _ in read]
        )
        return made

    def _read(self, said: Said, text: str) -> tuple[int, Any]:
        if said is None:
            return MISSING, None
        if not isinstance(said, Reply):
            return ERRORED, None
        return (REFUSED, None) if said.refused else read_answer(said.text, self.kind, self.labels, text)
