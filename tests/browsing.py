"""A real Chromium on a real `harness annotate`: served corpora, pages, and what a person does in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import corpora

CHROMIUM = os.environ.get("HARNESS_CHROMIUM") or shutil.which("chromium")

# Where code points are on the screen, once all is drawn: the middle of the first and of the last character of
# [start, end).
WHERE = """async ([start, end]) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const paragraphs = [...document.querySelectorAll("#text > p")];
  const at = (point, edge) => {
    for (const paragraph of paragraphs) {
      const letters = [...paragraph.textContent];
      if (point < letters.length + (edge ? 1 : 0) && point <= letters.length) {
        let left = letters.slice(0, point).join("").length;
        const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const node = walker.currentNode;
          if (left < node.length) return [node, left];
          left -= node.length;
        }
      }
      point -= letters.length + 1;
    }
  };
  const box = (point) => {
    const [node, offset] = at(point, false);
    const range = new Range();
    range.setStart(node, offset);
    range.setEnd(node, offset + ([...node.data.slice(offset)][0].length));
    return range.getBoundingClientRect();
  };
  const scroller = document.querySelector("#text");
  scroller.scrollTop += box(start).top - scroller.getBoundingClientRect().top - 80;
  const [a, b] = [box(start), box(end - 1)];
  return [a.left + a.width / 2, a.top + a.height / 2, b.left + b.width / 2, b.top + b.height / 2];
}"""


# Every text that is seen, and its contrast where it is below what AA asks for.
CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const paint = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => one ? [...behind(one.parentElement), getComputedStyle(one).backgroundColor] : ["#fff"];
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const checks = own ? [[getComputedStyle(element), behind(element)]] : [];
    const after = getComputedStyle(element, "::after");
    if (element.matches(".seg")) checks.push([after, [...behind(element), after.backgroundColor]]);
    if (!element.checkVisibility()) continue;
    for (const [style, back] of checks) {
      const found = ratio(paint(...back, style.color), paint(...back));
      if (found < 4.5) low.push([element.id || element.className || element.tagName, found]);
    }
  }
  return low;
}"""


@contextmanager
def served(root: Path, by: str = "me", *more: str) -> Iterator[str]:
    """Serve a corpus as a person would, and end that when done: the address with its token."""
    command = [sys.executable, "-m", "harness", "annotate", str(root), "--by", by, "--no-browser", *more]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout is not None and server.stderr is not None
    try:
        lines = []
        while not (lines and lines[-1].startswith("http://")):
            line = server.stdout.readline()
            assert line, f"the server did not start: {server.stderr.read()}"
            lines.append(line.strip())
        yield lines[-1]
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()
        server.stderr.close()


class Desk(NamedTuple):
    """Where a test works: the corpus, the page's address, and a document that nobody annotated."""

    root: Path
    address: str
    document: str

    @property
    def file(self) -> Path:
        """What the page saves of the document."""
        return self.root / f"documents/{self.document}.me.jsonl"

    def rewrite(self, text: str, *, by: str = "me", **layers: list[dict[str, Any]]) -> None:
        """Make it another document, with an annotator's lines."""
        group, _, name = self.document.partition("/")
        corpora.write_document(self.root / "documents" / group, name, text, layers=layers, by=by)

    def spans(self) -> set[tuple[str, str]]:
        """Label and surface of every span in the file."""
        return {(label, surface) for *_, label, surface in surfaces(self.root, self.document)}


class Person:
    """Somebody at a page: keys, mouse, and what can be read there. Errors of the page are errors of the test."""

    def __init__(self, context: Any, address: str, document: str) -> None:
        self.page = context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self._note(said))
        self.page.on("request", lambda request: self.asked.append(request.url))
        base, _, fragment = address.partition("#")
        self.page.goto(f"{base}?document={document}#{fragment}")
        self.page.wait_for_selector("html[data-ready='1'][data-opened]")
        self.page.focus("#text")

    def _note(self, said: Any) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:  # a refusal of the server is none
            self.errors.append(said.text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def until(self, script: str) -> None:
        """Wait until something holds; the page's own rules forbid the usual way, which evaluates a text there."""
        end = time.monotonic() + 15
        while not self.page.evaluate(script):
            state = self.page.evaluate("document.querySelector('footer').textContent")
            assert time.monotonic() < end, f"not true after 15 s: {script}; the page says {state}"
            self.page.wait_for_timeout(20)

    def saved(self) -> None:
        """Wait until the page says that all is saved."""
        self.until("document.querySelector('#state').dataset.kind === 'saved'")

    def at(self, selector: str) -> Any:
        return self.page.locator(selector)

    def drag(self, start: int, end: int) -> None:
        """Drag the mouse over the code points [start, end)."""
        left, top, right, bottom = self.page.evaluate(WHERE, [start, end])
        mouse = self.page.mouse
        mouse.move(left, top)
        mouse.down()
        mouse.move((left + right) / 2, (top + bottom) / 2)
        mouse.move(right, bottom)
        mouse.up()


def words(page: Any) -> list[tuple[int, int]]:
    """Where the cursor stops, as (start, end) in code points; the browser's own segmenter says so."""
    script = """() => {
      const text = [...document.querySelectorAll("#text > p")].map((p) => p.textContent).join("\\n");
      const parts = [...new Intl.Segmenter(document.querySelector("#text").lang, {granularity: "word"}).segment(text)];
      const points = (unit) => [...text.slice(0, unit)].length;
      return parts.filter((part) => /\\S/u.test(part.segment))
        .map((part) => [points(part.index), points(part.index + part.segment.length)]);
    }"""
    return [(start, end) for start, end in page.evaluate(script)]


def lines_of(root: Path, document: str, by: str = "me", layer: str = "") -> list[dict[str, Any]]:
    """The lines of an annotator's file, those of one layer where one is named."""
    path = root / "documents" / f"{document}.{by}.jsonl"
    lines = corpora.read_lines(path)[1:] if path.exists() else []
    return [line for line in lines if not layer or line["layer"] == layer]


def surfaces(root: Path, document: str, by: str = "me", layer: str = "entities") -> list[tuple[int, int, str, str]]:
    """The spans of a file: start, end, label, text."""
    return [(s["start"], s["end"], s["label"], s["text"]) for s in lines_of(root, document, by, layer)]
