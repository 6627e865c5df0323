"""A chat server of the tests' own, on loopback, that fails by a seeded schedule and logs what it was asked."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Plan = Callable[[str, int], str]  # digest of a request and how often it came before -> how it is served
PASSING = ("429", "date", "500", "half", "hang", "page", "shape")  # a second or third try gets an answer
FOR_GOOD = {"refusal": "refused", "filter": "refused", "withheld": "refused", "empty": "abstained", "none": "abstained"}
FOR_GOOD |= {"words": "invalid", "label": "invalid", "cut": "invalid", "dead": "errored"}


def well(digest: str, before: int) -> str:
    """Every request is answered."""
    return ""


def faulty(seed: int, share: float = 0.3) -> Plan:
    """A share of the requests meets a fault: some pass after a try or two, others stay."""

    def plan(digest: str, before: int) -> str:
        draw = random.Random(f"{seed} {digest}")
        if draw.random() >= share:
            return ""
        fault = draw.choice((*PASSING, *FOR_GOOD))
        if fault == "hang" and draw.random() < 0.8:  # each costs a time-out, which must be long on a busy machine
            fault = "half"
        return "" if fault in PASSING and before >= draw.randint(1, 2) else fault

    return plan


@dataclass
class Faults:
    """Says `answer(request)` unless the plan has a fault; refuses modes not in `modes` with HTTP 400."""

    answer: Callable[[dict], str]
    plan: Plan = well
    modes: tuple[str, ...] = ("json_schema", "json_object", "text")
    no_mode: int = 400
    slow: float = 0.0  # seconds that each answer takes
    log: list[tuple[str, str]] = field(default_factory=list)  # digest of a request, and how it was served
    times: list[float] = field(default_factory=list)  # when each came, in seconds
    asked: list[dict] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: int = 0
    served: Counter = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.log)


@contextmanager
def serving(answer: Callable[[dict], str], plan: Plan = well, **settings) -> Iterator[Faults]:
    """A server that runs in threads of this process until the block ends."""
    faults = Faults(answer, plan, **settings)

    class Handler(_Handler):
        server_side = faults

    server = _Server(("127.0.0.1", 0), Handler)
    faults.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield faults
    finally:
        faults.done.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request, address) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_side: Faults

    def do_POST(self) -> None:
        faults = self.server_side
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest, request = sha256(body).hexdigest(), json.loads(body)
        with faults.lock:
            faults.served[digest] += 1
            fault = faults.plan(digest, faults.served[digest] - 1)
            if request.get("response_format", {}).get("type", "text") not in faults.modes:
                fault = "mode"
            faults.log.append((digest, fault))
            faults.times.append(time.monotonic())
            faults.asked.append(request)
            faults.under_way += 1
            faults.most_at_once = max(faults.most_at_once, faults.under_way)
        try:
            time.sleep(faults.slow)
            self.serve(fault, faults.answer(request))
        finally:
            with faults.lock:
                faults.under_way -= 1

    def serve(self, fault: str, content: str) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if fault == "mode":
            self.error(self.server_side.no_mode, "this response_format is not supported")
        elif fault == "429":
            self.error(429, f"too many requests with {key}", {"Retry-After": "0.01"})
        elif fault == "date":
            self.error(503, "busy", {"Retry-After": formatdate(time.time() - 5, usegmt=True)})
        elif fault in ("1", "3600"):
            self.error(429, "later", {"Retry-After": fault})
        elif fault in ("500", "dead"):
            self.error(500, f"it broke while {key} was asking")
        elif fault.isdigit():
            self.error(int(fault), f"no: {key}")
        elif fault == "withheld":
            self.error(400, "this prompt is not answered", code="content_filter")
        elif fault == "hang":
            self.server_side.done.wait(30)
            self.close_connection = True
        elif fault == "drip":
            self.start(200, 1000)
            while not self.server_side.done.wait(0.05):
                self.wfile.write(b" ")
        elif fault == "half":
            data = completion(content)
            self.start(200, len(data))
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif fault == "page":
            self.whole(200, f"<html>the gateway saw {key}</html>".encode())
        elif fault == "shape":
            self.whole(200, b'{"choices": []}')
        else:
            self.whole(200, spoiled(fault, content, key))

    def error(self, status: int, message: str, headers: dict[str, str] | None = None, code: str = "") -> None:
        self.whole(status, json.dumps({"error": {"message": message, "code": code}}).encode(), headers)

    def whole(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.start(status, len(data), headers)
        self.wfile.write(data)

    def start(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(length),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr, where the tests look for the key."""


def completion(content: str | None, *, refusal: str | None = None, finish: str = "stop") -> bytes:
    """A chat completion that read 100 tokens and wrote 10."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    answer = {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}
    return json.dumps({"id": "x", "object": "chat.completion", **answer}).encode()


def spoiled(fault: str, content: str, key: str) -> bytes:
    """A completion whose content has the fault."""
    if fault == "refusal":
        return completion(None, refusal=f"I cannot help {key} with that.")
    if fault == "filter":
        return completion("", finish="content_filter")
    said = {
        "empty": "  \n",
        "none": None,
        "words": f"Sure, {key}!",
        "label": '{"label": "NO SUCH LABEL"}',
        "cut": content[:-2],
    }
    return completion(said.get(fault, content))
