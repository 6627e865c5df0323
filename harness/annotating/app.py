"""The page's addresses: its own files, and below /api/ what it reads and saves; a function each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from harness.annotating.documents import ORDERS, Answer, Desk, Refused
from harness.annotating.guarding import Guard
from harness.annotating.queueing import Queue
from harness.annotating.settling import Settling
from harness.annotating.suggesting import Suggester
from harness.corpus.sources import inside
from harness.errors import HarnessError, Problem
from harness.files import parse_object, read_text

PAGE = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ETAG = re.compile(r'"([0-9a-f]{64}|)"')
Body = Mapping[str, Any]


def make_app(desk: Desk, queue: Queue, suggester: Suggester | None, *, token: str, port: int) -> Guard:
    """The whole server as an ASGI application, for one annotator on one port."""
    api = _Api(desk, queue, suggester)
    document = "/documents/{group}/{name}"
    files = {path.name: path for path in sorted(PAGE.glob("*")) if path.suffix in KINDS}

    async def file(request: Request) -> Response:
        path = files.get(request.path_params.get("file", "index.html"))
        if path is None:
            raise HTTPException(404)
        return Response(await run_in_threadpool(path.read_bytes), media_type=KINDS[path.suffix])

    def get(path: str, answer: Callable[[Request], Any]) -> Route:
        async def call(request: Request) -> Response:
            return _json(await run_in_threadpool(answer, request))

        return Route(f"/api{path}", call, methods=["GET"])

    def put(path: str, answer: Callable[[Request, Body], Any]) -> Route:
        async def call(request: Request) -> Response:
            return _json(await run_in_threadpool(answer, request, _object(await request.body())))

        return Route(f"/api{path}", call, methods=["PUT"])

    routes = [
        Route("/", file, methods=["GET"]),
        Route("/page/{file}", file, methods=["GET"]),
        get("/corpus", api.corpus),
        get("/queue", api.queued),
        get(document, api.document),
        put(document, api.save),
        get(f"{document}/by/{{by}}", api.written_by),
        get(f"{document}/suggestions", api.suggestions),
        put(f"{document}/names", api.add_name),
        put(f"{document}/pairs", api.add_pairs),
        get(f"{document}/disputes", api.disputes),
        put(f"{document}/disputes", api.settle),
    ]
    handlers: dict[Any, Any] = {Refused: _refused, HTTPException: _no_page, HarnessError: _said, OSError: _failed}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token=token, port=port)


class _Api:
    """What is answered below /api/, each method in a thread of its own."""

    def __init__(self, desk: Desk, queue: Queue, suggester: Suggester | None) -> None:
        self.desk, self.queue, self.suggester = desk, queue, suggester
        self.settling = Settling(desk)

    def corpus(self, request: Request) -> Answer:
        schema, guide = self.desk.schema, self.desk.root / "GUIDELINES.md"
        there = guide.is_file() and inside(self.desk.root, guide)
        known = self.suggester is not None
        layers = {name: msgspec.to_builtins(layer) for name, layer in schema.layers.items()}
        return {
            "name": schema.name,
            "by": self.desk.by,
            "layers": {name: {k: v for k, v in one.items() if k != "name"} for name, one in layers.items()},
            "languages": schema.languages,
            "guideline": schema.guideline,
            "guide": (read_text(guide, "GUIDELINES.md", []) if there else "") or "",
            "annotators": self.queue.annotators,
            "suggests": known,
            "adjudicates": self.queue.adjudicates,
            "orders": [order for order in ORDERS if known or order != "uncertain"],
        }

    def queued(self, request: Request) -> Answer:
        order = request.query_params.get("order", ORDERS[0])
        if order not in ORDERS:
            raise Refused(404, f"no such order. There are: {', '.join(ORDERS)}.")
        return {"documents": self.queue.documents(order, self.suggester.uncertainty if self.suggester else {})}

    def document(self, request: Request) -> Answer:
        opened, answer = self.desk.shown(*_where(request))
        self.queue.take(opened)
        return answer

    def save(self, request: Request, body: Body) -> Answer:
        opened, answer = self.desk.save(*_where(request), _if_match(request), body)
        self.queue.take(opened)
        return answer

    def written_by(self, request: Request) -> Answer:
        return self.desk.written_by(*_where(request), request.path_params["by"])

    def suggestions(self, request: Request) -> Answer | Response:
        if self.suggester is None:
            raise Refused(404, "no model was named. Start with --suggest MODEL.")
        document = self.desk.open(*_where(request)).document
        if document.split == "test":
            raise Refused(403, "nothing is suggested for test documents")
        if not self.suggester.ready.is_set():
            return _json({"working": True}, 202)
        if self.suggester.error:
            raise Refused(503, self.suggester.error)
        return {"lines": self.suggester.lines(document, self.desk.schema)}

    def add_name(self, request: Request, body: Body) -> Answer:
        return self.desk.add_name(*_where(request), body)[1]

    def add_pairs(self, request: Request, body: Body) -> Answer:
        return self.desk.add_pairs(*_where(request), body)[1]

    def disputes(self, request: Request) -> Answer:
        return self.settling.disputes(*_where(request))

    def settle(self, request: Request, body: Body) -> Answer:
        opened, answer = self.settling.settle(*_where(request), _if_match(request), body)
        self.queue.take(opened)
        return answer


def _where(request: Request) -> tuple[str, str]:
    return request.path_params["group"], request.path_params["name"]


def _if_match(request: Request) -> str:
    """The digest that the page says it read; empty where there was no file."""
    given = request.headers.get("if-match")
    if given is None:
        raise Refused(428, "no If-Match: say which version of the file the page has read")
    match = ETAG.fullmatch(given.strip())
    if match is None:
        raise Refused(400, 'If-Match is not "…" with the digest of a file, or ""')
    return match[1]


def _object(body: bytes) -> dict[str, Any]:
    problems: list[Problem] = []
    value = None
    with suppress(UnicodeDecodeError):
        value = parse_object(body.decode(), "request", 1, problems)
    if value is None:
        raise Refused(400, "the body is no JSON object", problems)
    return value


def _json(value: Any, status: int = 200) -> Response:
    if isinstance(value, Response):
        return value
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _refused(request: Request, error: Refused) -> Response:
    return _json(error.answer, error.status)


def _no_page(request: Request, error: HTTPException) -> Response:
    return _json({"error": error.detail, "problems": []}, error.status_code)


def _said(request: Request, error: HarnessError) -> Response:
    return _json({"error": str(error), "problems": []}, 409)


def _failed(request: Request, error: OSError) -> Response:
    return _json({"error": f"{error.strerror or error}. Check the rights and the space left.", "problems": []}, 507)
