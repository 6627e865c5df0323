"""What stands before every request: who asks, with which token, in what form and size; and headers on answers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

MOST_BYTES = 8 << 20  # of a body
READ_AND_DROPPED = 64 << 20  # of one that is too large, so that the sender hears why instead of a broken connection
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Guard:
    """Lets through to `app` only what this page's own script may have sent.

    The address's name must be this machine's (against DNS rebinding). But for the page's own files the token must be
    there; a request that writes must come from no foreign page, and hold JSON of at most 8 MiB (no form of one can).
    """

    def __init__(self, app: App, *, token: str, port: int) -> None:
        self.app = app
        self.token = token.encode()
        self.hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
        self.origins = {b"http://" + host for host in self.hosts}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket; closed before it is opened
            await send({"type": "websocket.close", "code": 1008})
            return
        guarded = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is None and scope["method"] not in ("GET", "HEAD"):
            body = await _body(receive)
            if body is None:
                refusal = 413, f"more than {MOST_BYTES >> 20} MiB in one request"
            else:
                receive = _replay(body, receive)
        if refusal is None:
            await self.app(scope, receive, guarded)
        else:
            await _refuse(guarded, *refusal)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        """Status and reason where the head of a request already says no."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)

        def one(name: bytes) -> bytes:
            return headers.get(name, [b""])[0] if len(headers.get(name, ())) < 2 else b"\0"  # twice is never right

        if one(b"host") not in self.hosts:
            return 421, "this server answers to 127.0.0.1 and localhost alone"
        if scope["path"] == "/" or scope["path"].startswith("/page/"):  # no secret is in them, and all else is guarded
            return None
        if not hmac.compare_digest(one(b"x-harness-token"), self.token):
            return 401, "no token, or not this server's: open the link that the terminal shows"
        writes = scope["method"] not in ("GET", "HEAD")
        if b"origin" in headers and one(b"origin") not in self.origins:
            return 403, "asked by another page"
        if writes and b"origin" not in headers and one(b"sec-fetch-site") not in (b"", b"same-origin"):
            return 403, "asked by another page"
        if writes and one(b"content-type").split(b";")[0].strip().lower() != b"application/json":
            return 415, "only application/json is read here"
        return None


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is too large, whatever length was announced."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= READ_AND_DROPPED:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts) if size <= MOST_BYTES else None


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then what comes after it."""
    waiting = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": waiting.pop(), "more_body": False} if waiting else await receive()

    return again


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            message["headers"] = [*message.get("headers", ()), *own]
        await send(message)

    return guarded


async def _refuse(send: Send, status: int, why: str, more: Mapping[str, Any] | None = None) -> None:
    body = msgspec.json.encode({"error": why, "problems": [], **(more or {})})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
