"""Label documents in the browser: a page that this machine alone serves, which saves as you work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from socket import socket


@click.command()
@click.argument("corpus")
@click.option("--by", metavar="NAME", help="Whose annotations: ID.NAME.jsonl. Else git's user.name, else $USER.")
@click.option("--suggest", metavar="MODEL", help="A model that learns from the gold of train, or predictions.")
@click.option("--port", type=click.IntRange(1, 65535), help="Else always the same for a corpus, where that is free.")
@click.option("--no-browser", is_flag=True, help="Only say the address.")
def command(corpus: str, by: str | None, suggest: str | None, port: int | None, no_browser: bool) -> int:
    """Serve the page that annotates CORPUS, at an address that no other machine can reach.

    Every change is saved within a second to your own file beside the text; gold is made by adjudication, and nothing
    is committed. Ctrl-C ends it.
    """
    import importlib.util
    import secrets
    import socket as sockets

    from harness.corpus import find
    from harness.errors import AskedWrongly, NotInstalled

    for library in ("starlette", "uvicorn"):
        if importlib.util.find_spec(library) is None:
            raise NotInstalled(library, "annotate")
    import uvicorn

    from harness.annotating.app import make_app
    from harness.annotating.documents import Desk
    from harness.annotating.queueing import Queue
    from harness.annotating.suggesting import Suggester, spec_of
    from harness.cli import _show
    from harness.corpus.reading import read_folder
    from harness.files import sweep

    root = find(corpus)
    desk = Desk(root, _annotator(by, root))
    sweep(root / "documents")  # what a killed server left half written
    reading = read_folder(root, everyone=True, tell=_show.counter("groups read"))
    if not reading.documents:
        raise AskedWrongly(f"{root} has no documents. Add some: harness import FILE --to {root} --as csv.")
    suggester = Suggester(root, spec_of(suggest)) if suggest else None
    if suggester:
        suggester.start()
    with sockets.socket() as listening:
        listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        _bind(listening, port, f"{root.resolve()} {desk.by}")
        listening.listen(128)  # from here on a browser may ask; it is answered once the server runs
        token, port = secrets.token_urlsafe(32), listening.getsockname()[1]
        app = make_app(desk, Queue(reading, desk.by), suggester, token=token, port=port)
        address = f"http://127.0.0.1:{port}/#token={token}"
        click.echo(f"{root}: {len(reading.documents)} documents, annotated by {desk.by}. Ctrl-C ends it.")
        if reading.problems:
            click.echo(f"The corpus has problems ({len(reading.problems)}): harness check {corpus}", err=True)
        click.echo(address)
        sys.stdout.flush()
        if not no_browser and _has_display():
            click.launch(address)
        settings = uvicorn.Config(
            app, log_level="warning", proxy_headers=False, server_header=False, timeout_graceful_shutdown=3
        )
        try:
            uvicorn.Server(settings).run(sockets=[listening])
        except KeyboardInterrupt:
            click.echo("Stopped. Everything that the page called saved is on disk.", err=True)
    return 0


def _bind(listening: socket, port: int | None, name: str) -> None:
    """Take the port asked for, else the one that belongs to a name: what a browser holds back, it holds for a port."""
    import zlib

    from harness.errors import AskedWrongly

    own = 20_000 + zlib.crc32(name.encode()) % 20_000
    try:
        listening.bind(("127.0.0.1", port or own))
    except OSError as error:
        if port:
            raise AskedWrongly(f"port {port}: {error.strerror}. Leave --port out for a free one.") from None
        listening.bind(("127.0.0.1", 0))


def _annotator(given: str | None, root: Path) -> str:
    """The name of the annotator's files. Raises AskedWrongly for one that cannot be."""
    from harness.corpus.reading import STEM
    from harness.editing.cells import slug
    from harness.errors import AskedWrongly, quote

    name = given
    if name is None:
        names = (_git_name(root), os.environ.get("USER", "").strip())
        known = next((one for one in names if one and "@" not in one), "")  # an address is never written
        name = slug(known) if known else ""
        if not name:
            raise AskedWrongly("who annotates is not known. Say it: --by NAME.")
    if not STEM.fullmatch(name) or len(name) > 60:
        raise AskedWrongly(f"--by {quote(name)}: use at most 60 of A-Z, a-z, 0-9, - and _.")
    if name.lower() in ("gold", "disputes", "meta"):
        raise AskedWrongly(f"--by {name}: that file is not an annotator's. Take a name of your own.")
    return name


def _git_name(root: Path) -> str:
    """The name that git knows, empty where it knows none."""
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "config", "user.name"], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return asked.stdout.strip()


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
