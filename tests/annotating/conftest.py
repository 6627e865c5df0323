"""One browser and one served corpus for each module of browser tests, and in it a document of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from browsing import CHROMIUM, Desk, Person, served

import corpora

COPIES = 60
PAIRS = [("union", "strike"), ("mayor", "strike")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def people(browser: Any) -> Iterator[Callable[..., Person]]:
    """Opens pages; at the end none of them had an error, or asked anybody but its own server for anything."""
    contexts, opened = [], []

    def person(address: str, document: str, *, context: Any = None, **settings: Any) -> Person:
        if context is None:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
            context.set_default_timeout(15_000)
            contexts.append(context)
        one = Person(context, address, document)
        opened.append((one, address.partition("/#")[0]))
        return one

    yield person
    for context in contexts:
        context.close()
    for one, origin in opened:
        assert not one.errors
        assert one.asked and all(url.startswith((origin + "/", "data:")) for url in one.asked)


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Desk]]:
    """One server; a document for each test, with two behind it in the queue that are its own as well."""
    root = corpora.make_corpus(tmp_path_factory.mktemp("desks") / "tiny")
    folder = root / "documents" / "harbour"
    for number in range(COPIES):
        corpora.write_document(folder, f"a{number:02}", corpora.A, layers={}, by="none", pairs=PAIRS)
        (folder / f"a{number:02}.none.jsonl").unlink()
    (root / "GUIDELINES.md").write_text("# <b>Rules</b>\n\n- <script>1</script>\n", "utf-8")
    with served(root) as address:
        yield (Desk(root, address, f"harbour/a{number:02}") for number in count(0, 3))


@pytest.fixture
def desk(desks: Iterator[Desk]) -> Desk:
    return next(desks)
