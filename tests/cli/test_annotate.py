"""`harness annotate` as a process: whose name it takes, what it refuses, what it says, and how it ends."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import httpx2
import pytest

from corpora import make_corpus
from harness.cli import run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "tiny")


@pytest.fixture
def served(root: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A server in a process of its own, and the lines that it said, the address last."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Zoé Núñez\n")
    outside = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment = {**outside, "GIT_CONFIG_GLOBAL": str(config), "BROWSER": "false"}
    command = [sys.executable, "-m", "harness", "annotate", str(root)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, env=environment) as process:  # type: ignore[call-overload]
        yield process, [process.stdout.readline().strip() for _ in range(2)]
        process.kill()


def test_it_says_who_annotates_and_where_and_ends_cleanly(
    served: tuple[subprocess.Popen[str], list[str]],
) -> None:
    process, (first, address) = served
    assert "3 documents, annotated by zoe-nunez" in first
    origin, _, token = address.partition("/#token=")
    assert origin.startswith("http://127.0.0.1:")
    with httpx2.Client(base_url=origin, headers={"X-Harness-Token": token}) as client:
        assert client.get("/").status_code == 200
        assert client.get("/api/corpus").json()["by"].startswith("zoe-nunez")
        assert httpx2.get(f"{origin}/api/corpus").status_code == 401
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (out, err.strip()) == ("", "Stopped. Everything that the page called saved is on disk.")


def test_raw_requests_that_no_client_would_send_are_refused_too(
    served: tuple[subprocess.Popen[str], list[str]], root: Path
) -> None:
    origin, _, token = served[1][1].partition("/#token=")
    host = origin.removeprefix("http://")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    put = (
        "PUT /api/documents/harbour/a HTTP/1.1", f"X-Harness-Token: {token}", 'If-Match: ""',
        "Content-Type: application/json",
    )  # fmt: skip
    chunks = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    too_large = chunks * 129 + b"0\r\n\r\n"  # 8 MiB and 64 KiB, of no length announced
    for status, lines, body in [
        (200, ("GET / HTTP/1.1", f"Host: {host}"), b""),
        (404, ("GET /page/../app.py HTTP/1.1", f"Host: {host}"), b""),
        (404, ("GET /page/%2e%2e%2fapp.py HTTP/1.1", f"Host: {host}"), b""),
        (401, ("GET //api/corpus HTTP/1.1", f"Host: {host}"), b""),
        (401, ("GET /%61pi/corpus HTTP/1.1", f"Host: {host}"), b""),
        (400, ("GET / HTTP/1.1", f"Host: {host}", "Host: evil.example"), b""),
        (421, ("GET http://evil.example/ HTTP/1.1", "Host: evil.example"), b""),
        (421, ("GET / HTTP/1.1", f"Host: evil@{host}"), b""),
        (413, (*put, f"Host: {host}", "Transfer-Encoding: chunked"), too_large),
    ]:
        assert _status(host, "\r\n".join((*lines, "Connection: close")).encode() + b"\r\n\r\n" + body) == status, lines
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def _status(host: str, request: bytes) -> int:
    with socket.create_connection(tuple(host.split(":")), timeout=30) as connection:  # type: ignore[arg-type]
        connection.sendall(request)
        return int(connection.recv(64).split()[1])


@pytest.mark.parametrize("name", ["gold", "Gold", "disputes", "meta", "../x", "a.b", "", "-x", "a" * 61])
def test_a_name_that_is_no_annotators_is_refused(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["annotate", str(root), f"--by={name}", "--no-browser"]) == 2
    assert "--by" in capsys.readouterr().err


def test_without_any_name_it_asks_for_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.delenv("USER", raising=False)
    assert run(["annotate", str(root)]) == 2
    assert "--by NAME" in capsys.readouterr().err


def test_an_address_names_nobodys_files(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tname = rina@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("USER", "rina@example.org")
    assert run(["annotate", str(root)]) == 2
    assert "--by NAME" in capsys.readouterr().err


def test_a_missing_library_is_told_with_its_extra(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    assert run(["annotate", str(root), "--by", "mira"]) == 2
    assert 'pip install "text-harness[annotate]"' in capsys.readouterr().err


def test_a_build_is_not_annotated(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "build", str(root), "--out", str(tmp_path / "built")]) == 0
    assert run(["annotate", str(tmp_path / "built"), "--by", "mira"]) == 2
    assert "which is not edited" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "told"), [("nothing", "unknown model"), ("tfidf(c=1)", "unknown setting"), (".", "is a folder")]
)
def test_a_model_that_cannot_be_is_told_before_anything_is_served(
    root: Path, model: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["annotate", str(root), "--by", "mira", "--suggest", model]) == 2
    assert told in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run(["annotate", str(root), "--by", "mira", "--port", str(port), "--no-browser"]) == 2
    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("display", "asked", "opened"), [(":0", [], True), ("", [], False), (":0", ["--no-browser"], False)]
)
def test_the_browser_is_opened_only_where_there_is_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, display: str, asked: list[str], opened: bool
) -> None:
    import uvicorn

    seen: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(click, "launch", lambda address: seen.append(address))
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    assert run(["annotate", str(root), "--by", "mira", *asked]) == 0
    assert bool(seen) is opened
