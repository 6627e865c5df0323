"""Many questions to one server: each asked once, by threads, what is known already not at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias

from harness.asking.client import MOST, Client, Failure, Reply, key_from
from harness.asking.keeping import Kept
from harness.asking.reading import MODES, response_format
from harness.asking.spending import Budget, Limits
from harness.errors import HarnessError
from harness.files import digest_bytes

Said: TypeAlias = "Reply | Failure | None"  # None: not asked, for the budget was spent
UNFIT = (400, 404, 415, 422)  # how servers say that they do not take a mode
BROKEN = (500, 501)  # how some others do: believed of a server that nothing is known of
FEW, MANY = 3, 25  # failures in a row after which a server is given up: before it gave any answer, and at all


@dataclass(frozen=True)
class Server:
    """A server and how it is asked."""

    url: str
    model: str
    key: str = ""  # the name of an environment variable
    structured: str = "auto"
    temperature: float = 0.0
    max_tokens: int = 1024
    timeout: float = 60.0
    attempts: int = 5
    backoff: float = 0.5
    at_once: int = 8
    cache: str = "runs/endpoint-cache.sqlite"
    extra: dict[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    @property
    def most_written(self) -> int | None:
        """The most tokens that the body of a request lets the server write, all choices of it; None where it is silent.

        Of two limits the higher counts. Servers take a limit below 1 for none.
        """
        sent = {"max_tokens": self.max_tokens, **self.extra}
        limits = [sent[name] for name in ("max_tokens", "max_completion_tokens") if sent.get(name) is not None]
        choices = 1 if sent.get("n") is None else sent["n"]
        if not limits or any(type(n) is not int or n < 1 for n in (*limits, choices)):
            return None
        most = max(limits) * choices
        return most if most <= MOST else None

    def body(self, prompt: str, mode: str, schema: dict[str, Any], seed: int) -> bytes:
        """The request that asks a prompt in a mode, as it is sent; the key is no part of it."""
        fields = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": seed,
            **response_format(mode, schema),
            **self.extra,
        }
        said = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def ask(
    server: Server, prompts: Sequence[str], schema: dict[str, Any], seed: int, purse: str
) -> tuple[list[Said], dict[str, float]]:
    """What the server says to each prompt, in order, and what that cost: requests, tokens, and money as `cost`.

    Equal prompts are asked once, those asked before not again.

    Raises HarnessError where no prompt was answered at all and one failed.
    """
    with closing(Kept(server.cache)) as kept:
        asking = _Asking(server, kept, schema, seed)
        asking.recall(list(dict.fromkeys(prompts)))
        budget = Budget(kept, purse, server.limits)
        if asking.left:
            key = key_from(server.key) if server.key else ""
            pace = {name: getattr(server, name) for name in ("at_once", "attempts", "timeout", "backoff")}
            with Client(server.url, key, **pace, seed=seed) as client:
                asking.ask(client, budget)
    return [asking.said[prompt] for prompt in prompts], budget.spent


class _Asking:
    def __init__(self, server: Server, kept: Kept, schema: dict[str, Any], seed: int) -> None:
        self.server, self.kept, self.schema, self.seed = server, kept, schema, seed
        forced = "" if server.structured == "auto" else server.structured
        self.known = self.mode = forced or kept.mode(server.url, server.model)
        self.modes = (forced,) if forced else tuple(dict.fromkeys((self.known or MODES[0], *MODES)))
        self.said: dict[str, Said] = {}
        self.left: list[str] = []
        self.lock, self.failures, self.spent = Lock(), 0, False
        self.given_up: Failure | None = None

    def recall(self, prompts: Sequence[str]) -> None:
        """Answer what was answered before; the others are left to ask."""
        for prompt in prompts:
            known = self.kept.answer(self._key(self._body(prompt, self.mode))) if self.mode else None
            if known is None:
                self.left.append(prompt)
            else:
                self.said[prompt] = known

    def ask(self, client: Client, budget: Budget) -> None:
        """Ask what is left: one by one until it is known which mode the server takes, then by threads."""
        self.client, self.budget = client, budget
        left = iter(self.left)
        for prompt in left:
            if self._settle(prompt) or self.known:
                break
        pool = ThreadPoolExecutor(self.server.at_once)
        try:
            for _ in pool.map(lambda prompt: self._note(prompt, self._ask(prompt, self.mode)), left):
                pass  # so that what goes wrong in a thread goes wrong here
        finally:
            client.stop()
            pool.shutdown(cancel_futures=True)
        self._report()

    def _settle(self, prompt: str) -> bool:
        """Ask in one mode after the other; whether one was taken.

        A server that once took a mode is not doubted for an error of its own: what is kept was asked in that mode.
        """
        said: Said = None
        for mode in self.modes:
            said = self._ask(prompt, mode)
            if isinstance(said, Reply):
                self.mode = mode
                if len(self.modes) > 1:
                    self.kept.remember(self.server.url, self.server.model, mode)
            if not isinstance(said, Failure) or said.code not in (UNFIT if self.known else UNFIT + BROKEN):
                break
        self._note(prompt, said)
        return isinstance(said, Reply)

    def _ask(self, prompt: str, mode: str) -> Said:
        if self.spent or self.given_up:
            said: Said = self.given_up
        else:
            body = self._body(prompt, mode)
            worst = len(body), self.server.most_written or 0  # what says no limit has no budget in tokens
            said = self.client.ask(body, lambda: self.budget.take(worst), lambda each: self.budget.settle(worst, each))
            if isinstance(said, Reply):
                self.kept.keep(self._key(body), said, self.server.url, self.server.model, mode)
        return said

    def _note(self, prompt: str, said: Said) -> None:
        """Keep in mind what was said, and whether to go on asking."""
        with self.lock:
            self.said[prompt] = said
            if said is None:
                self.spent = True
            elif isinstance(said, Reply):
                self.failures = 0
            elif not self.given_up:
                self.failures += 1
                answered = any(isinstance(one, Reply) for one in self.said.values())
                few = said.passing and not answered
                if self.failures >= (FEW if few else MANY) or (said.hopeless and not answered):
                    self.given_up = said
                    self.client.stop()

    def _report(self) -> None:
        """Say what was not asked. Raises HarnessError where nothing was answered."""
        said = list(self.said.values())
        failed = [one for one in said if isinstance(one, Failure)]
        where = f"{self.server.model} at {self.server.url}"
        if failed and not any(isinstance(one, Reply) for one in said):
            raise HarnessError(f"{where} answered nothing: {failed[-1].found}. {self._remedy(failed[-1])}")
        if self.given_up:
            print(f"{where}: given up after {MANY} failures in a row ({self.given_up.found}).", file=sys.stderr)
        if missing := said.count(None):
            print(f"{where}: the budget is spent; {missing:,} questions were not asked.", file=sys.stderr)

    def _remedy(self, failure: Failure) -> str:
        if failure.unreachable:
            return "Start the server, or correct url."
        if failure.code in (401, 403):
            known = f"Check the key in {self.server.key}."
            return known if self.server.key else 'Name the variable that holds its key: key="OPENAI_API_KEY".'
        if failure.code == 404:
            return "Correct model, or url, which ends before /chat/completions, often in /v1."
        return "Answers that came before are kept: run it again once the server is well."

    def _body(self, prompt: str, mode: str) -> bytes:
        return self.server.body(prompt, mode, self.schema, self.seed)

    def _key(self, body: bytes) -> str:
        return digest_bytes(self.server.url.encode() + b"\0" + body)
