"""One request to a server, tried again where trying again can help."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.errors import AskedWrongly, NoKey, quote
from harness.files import digest_bytes

if TYPE_CHECKING:
    import httpx2

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST_WAIT = 60.0  # seconds, of our own; a server may ask for more
LONGEST_ASKED = 600.0  # seconds; who asks for more is taken to have said no
BIGGEST = 16 << 20  # bytes of an answer
HIDDEN = "[key]"
SHORTEST_SECRET = 6  # characters; servers of one's own take keys such as "x", which must not be cut out of answers
MOST = 1 << 40  # tokens; a count above is no count, and would not fit where it is kept
WITHHELD = ("content_filter", "content_policy_violation")  # why a server would not answer, as some say it: HTTP 400


@dataclass(frozen=True)
class Reply:
    """What a server answered; `tokens` as it counted them, (read, written), None where it did not say."""

    text: str
    refused: bool = False
    tokens: tuple[int, int] | None = None


@dataclass(frozen=True)
class Failure:
    """Why there is no answer."""

    found: str
    code: int = 0  # the HTTP status; 0 where no whole answer came
    unreachable: bool = False
    after: float = 0.0  # seconds that the server asks us to wait

    @property
    def passing(self) -> bool:
        """Whether to try again: too many requests, the server's own errors, answers late, cut off or never there."""
        return self.code in (0, 408, 429) or self.code >= 500

    @property
    def hopeless(self) -> bool:
        """Whether no item would fare better: no server, no such address, a key that it does not know."""
        return self.unreachable or self.code in (401, 404)

    @property
    def costly(self) -> bool:
        """Whether the server may have done the work all the same."""
        return self.code == 0 and not self.unreachable


def key_from(variable: str) -> str:
    """The key that an environment variable holds. Raises NoKey where it is not set; never shows its value."""
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable):
        raise AskedWrongly(
            'key is the name of an environment variable, such as key="OPENAI_API_KEY", never a key itself.'
        )
    value = os.environ.get(variable, "").strip()
    if not value:
        raise NoKey(variable)
    if not (value.isascii() and value.isprintable()):
        raise AskedWrongly(f"the environment variable {variable} holds characters that no key has. Set it anew.")
    return value


class Client:
    """Asks one server, by several threads at once. `timeout` and `backoff` are seconds, `attempts` tries a request.

    `key` is sent and nowhere else to be found: it is cut out of all that the server says.
    """

    def __init__(self, url: str, key: str, *, at_once: int, attempts: int, timeout: float, backoff: float, seed: int):
        import httpx2

        self._url, self._key = f"{url.rstrip('/')}/chat/completions", key
        self._attempts, self._timeout, self._backoff, self._seed = attempts, timeout, backoff, seed
        self._stopped, self._lock, self._not_before = Event(), Lock(), 0.0
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._http: httpx2.Client = httpx2.Client(
            headers=headers,
            timeout=timeout,
            limits=httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once),
            verify=url.startswith("https:"),  # certificates take 50 ms to load
            trust_env=urlsplit(url).hostname not in LOOPBACK,  # no proxy stands before this machine
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self._http.close()

    def stop(self) -> None:
        """Let those who wait go without an answer."""
        self._stopped.set()

    def ask(
        self, body: bytes, allowed: Callable[[], bool], told: Callable[[Reply | Failure], None]
    ) -> Reply | Failure | None:
        """The answer to a request, or why there is none at last; None where one more was not `allowed`.

        Tried `attempts` times at most, with waits that double from `backoff` seconds, shortened by up to half by the
        seed and the request; never sooner than the server asks, and where it asks, nobody else asks sooner either.
        `told` hears how each try went.
        """
        chance = random.Random(f"{self._seed} {digest_bytes(body)}")
        for attempt in range(self._attempts):
            self._stopped.wait(max(0.0, self._not_before - monotonic()))
            if attempt and self._stopped.is_set():
                break
            if not allowed():
                return None
            said: Reply | Failure = Failure("the request went wrong")
            try:
                said = self._once(body)
            finally:
                told(said)
            if isinstance(said, Reply) or not said.passing or said.after > LONGEST_ASKED:
                break
            if said.after:
                with self._lock:
                    self._not_before = max(self._not_before, monotonic() + said.after)
            if attempt + 1 < self._attempts:
                self._stopped.wait(min(LONGEST_WAIT, self._backoff * 2**attempt) * chance.uniform(0.5, 1.0))
        return said

    def _once(self, body: bytes) -> Reply | Failure:
        import httpx2

        deadline = monotonic() + self._timeout
        data = bytearray()
        try:
            with self._http.stream("POST", self._url, content=body) as response:
                for chunk in response.iter_bytes():
                    data += chunk
                    if monotonic() > deadline:  # a server that drips is as late as one that is silent
                        return Failure(f"no whole answer within {self._timeout:g} s")
                    if len(data) > BIGGEST:
                        return Failure(f"an answer of more than {BIGGEST >> 20} MiB", 413)
        except httpx2.TimeoutException as error:
            unreachable = isinstance(error, httpx2.ConnectTimeout)
            return Failure(f"no answer within {self._timeout:g} s", unreachable=unreachable)
        except httpx2.ConnectError as error:
            return Failure(f"no connection ({self._shown(str(error))})", unreachable=True)
        except httpx2.RequestError as error:
            return Failure(f"the connection broke ({type(error).__name__})")
        if response.status_code != 200:
            failure = self._refusal(response.status_code, bytes(data))
            after = seconds_to_wait(response.headers.get("Retry-After", ""))
            return replace(failure, after=after) if isinstance(failure, Failure) else failure
        return self._reply(bytes(data))

    def _reply(self, data: bytes) -> Reply | Failure:
        """What a chat completion says. Anything else is taken for a broken answer, and asked for again."""
        try:
            answer = json.loads(data)
            choice = answer["choices"][0]
            message, reason = choice["message"], choice.get("finish_reason")
            content, refusal = message.get("content"), message.get("refusal")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return Failure(f"the answer is no chat completion: {self._shown(data.decode('utf-8', 'replace'))}")
        refused = bool(refusal) or reason == "content_filter"
        text = refusal if refused and isinstance(refusal, str) else content
        if text is not None and not isinstance(text, str):
            return Failure(f"the answer's content is no text: {self._shown(str(text))}")
        return Reply(self._without_key(text or ""), refused, _tokens(answer.get("usage")))

    def _refusal(self, code: int, data: bytes) -> Reply | Failure:
        """What an HTTP error says: a content filter's no is the server's answer, all else is a failure."""
        text = data.decode("utf-8", "replace")
        try:
            error = json.loads(text)["error"]
            why, said = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
        except (ValueError, KeyError, TypeError, RecursionError):
            why, said = None, text
        if code == 400 and why in WITHHELD:
            return Reply("", refused=True, tokens=(0, 0))
        return Failure(f"HTTP {code}: {self._shown(str(said))}", code)

    def _shown(self, text: str) -> str:
        return quote(self._without_key(text))

    def _without_key(self, text: str) -> str:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a pair cannot be written
        return text.replace(self._key, HIDDEN) if len(self._key) >= SHORTEST_SECRET else text


def seconds_to_wait(header: str) -> float:
    """The seconds that a Retry-After header asks for, as a number or an HTTP date; 0 where it asks for none."""
    try:
        if re.fullmatch(r"\s*\d+(\.\d+)?\s*", header):
            return float(header)
        due = parsedate_to_datetime(header)
        return max(0.0, (due.replace(tzinfo=due.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _tokens(usage: Any) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    counted = usage.get("prompt_tokens"), usage.get("completion_tokens") or 0
    return counted if all(type(n) is int and 0 <= n <= MOST for n in counted) else None  # type: ignore[return-value]
