"""How quick the local page is: to open 50,000 characters with 1,000 spans, and from each key to the paint.

    python benchmarks/annotate_speed.py

Serves a throw-away corpus with `harness annotate`, opens it in Chromium (HARNESS_CHROMIUM, else `chromium`), and prints
medians. Bounds: open under 1,000 ms (request to paint), key to paint under 50 ms.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import CHROMIUM, Person, served

import corpora

RUNS = 5
LINE = "Lorem ipsum dolor Maria Rossi amet in Lima today. "  # 50 characters, the name at 18
KEYS = {
    "cursor": ["ArrowRight", "ArrowDown", "Shift+ArrowRight"],
    "next span": ["Escape", "Tab", "Tab"],
    "label": ["3", "2"],
    "border": ["Alt+Shift+ArrowLeft", "Alt+Shift+ArrowRight"],
    "remove": ["Delete"],
    "undo": ["Control+z", "Control+y"],
}
SHAPES = {"100 paragraphs": 10, "1 paragraph": 1000}  # lines that a paragraph joins


def main() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started, tempfile.TemporaryDirectory() as folder:
        root = corpora.make_corpus(Path(folder) / "tiny")
        for name, joined in SHAPES.items():
            text = "\n".join([(LINE * joined).rstrip()] * (1000 // joined))
            names = [
                {"start": s, "end": s + 11, "label": "PER", "text": "Maria Rossi"} for s in range(18, len(text), 50)
            ]
            document = "p" + name.split()[0]
            corpora.write_document(root / "documents/harbour", document, text, layers={"entities": names}, by="me")
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(root) as address:
            for name in SHAPES:
                for tab in ("document", "spans"):
                    print(f"{name}, {tab} tab: " + measure(browser, address, "harbour/p" + name.split()[0], tab))
        browser.close()


def measure(browser: Any, address: str, document: str, tab: str) -> str:
    """One line: the median time to open in ms, and for each kind of key the median and the worst."""
    opened: list[float] = []
    painted: dict[str, list[float]] = {kind: [] for kind in KEYS}
    for _ in range(RUNS):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        me = Person(context, address, document)
        opened.append(me.page.evaluate("Number(document.documentElement.dataset.opened)"))
        me.at(f"#tab-{tab}").click()
        me.page.focus("#text")
        for kind, keys in KEYS.items():
            for key in keys:
                me.page.evaluate("() => { delete document.documentElement.dataset.painted; }")
                me.press(key)
                me.until("document.documentElement.dataset.painted !== undefined")
                painted[kind].append(me.page.evaluate("Number(document.documentElement.dataset.painted)"))
        context.close()
    keys = ", ".join(
        f"{kind} {statistics.median(times):.0f} (worst {max(times):.0f})" for kind, times in painted.items()
    )
    return f"open {statistics.median(opened):.0f} (worst {max(opened):.0f}) ms; key to paint {keys} ms"


if __name__ == "__main__":
    main()
