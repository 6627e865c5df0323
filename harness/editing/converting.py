"""Other kinds of documents as plain text: Word files and web pages, nothing that is read left out silently."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

from harness.errors import NotInstalled

MOST_BYTES = 16 << 20  # of a document, packed or not: more is no document that anybody reads
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
LEFT_OUT = {  # what a Word file holds beside its text
    "footnoteReference": "footnote",
    "endnoteReference": "endnote",
    "commentReference": "comment",
    "del": "deleted passage",
    "headerReference": "header",
    "footerReference": "footer",
    "sym": "symbol of a font",
}

Converted = tuple[str, list[str]]  # the text, and what was left out of it


def from_docx(data: bytes) -> Converted:
    """The text of a Word file, a paragraph a line, cells of tables apart by tabs. Raises ValueError for any other."""
    try:
        import docx
    except ImportError:
        raise NotInstalled("python-docx", "docx") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(one.file_size for one in packed.infolist())
        body = docx.Document(io.BytesIO(data)).element.body if size <= 8 * MOST_BYTES else None
    except Exception as error:  # whatever the readers of ZIP and XML raise, which are other people's
        raise ValueError(f"no Word file that can be read ({type(error).__name__})") from None
    if body is None:
        raise ValueError("a Word file that unpacks to too much")
    lines: list[str] = []
    seen: Counter[str] = Counter()
    _blocks(body, lines, seen)
    return "\n".join(lines).rstrip("\n") + "\n", [f"{n} {name}{'s' * (n > 1)}" for name, n in seen.items()]


def _blocks(element: Any, lines: list[str], seen: Counter[str]) -> None:
    """The paragraphs and table rows below an element, those in content controls too."""
    for child in element:
        tag = str(child.tag).removeprefix(WORD)
        if tag == "p":
            lines.append(_inline(child, seen))
        elif tag == "tr":
            cells = []
            for cell in child.iter(f"{WORD}tc"):
                if next(cell.iterancestors(f"{WORD}tr")) is not child:
                    continue  # of a table in this one's cell
                own: list[str] = []
                _blocks(cell, own, seen)
                cells.append(" ".join(filter(None, own)))
            lines.append("\t".join(cells))
        elif tag == "sectPr":
            _inline(child, seen)
        else:
            _blocks(child, lines, seen)


def _inline(element: Any, seen: Counter[str]) -> str:
    """The text of a paragraph, with what was inserted and without what was deleted."""
    parts = []
    for child in element:
        tag = str(child.tag).removeprefix(WORD)
        if tag in LEFT_OUT:
            seen[LEFT_OUT[tag]] += 1
        elif tag == "numPr":
            seen["number or bullet of a list"] += 1
        elif tag == "t":
            parts.append(child.text or "")
        elif tag in SIGNS:
            parts.append(SIGNS[tag])
        elif tag == "p":  # of a text box
            parts.append(f"\n{_inline(child, seen)}")
        elif tag not in ("tabs", "instrText") and not tag.endswith("}Fallback"):
            parts.append(_inline(child, seen))
    return "".join(parts)


BLOCKS = re.compile(
    "address|article|aside|body|caption|center|dd|details|dialog|div|dt|fieldset|figcaption|figure|footer|form|header|"
    "hr|html|legend|li|main|nav|option|section|summary|tbody|tfoot|thead|tr"
)
APART = re.compile("blockquote|dl|h[1-6]|menu|ol|p|pre|table|ul")  # with an empty line around
IN_HEAD = ("head", "title", "meta", "link", "base", "style", "script", "noscript", "template")
UNSEEN = (*IN_HEAD[:2], *IN_HEAD[5:], "svg", "math", "iframe", "object", "audio", "video", "canvas", "select")
WHITE = re.compile("[ \t\n\r\f]+")  # not the no-break space, which HTML keeps


class _Page(HTMLParser):
    """Collects what a page shows, in blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.breaks = 0  # line ends that are owed before the next text
        self.unseen: list[str] = []
        self.pre = 0
        self.left_out: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.unseen == ["head"] and tag not in IN_HEAD:  # whose end may be left out
            self.unseen = []
        if tag in UNSEEN:
            self.left_out[tag] += not self.unseen and tag not in IN_HEAD
            self.unseen.append(tag)
        if self.unseen:
            return
        self._edge(tag)
        self.pre += tag == "pre"
        if tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th") and self.parts and not self.breaks:
            self.parts.append("\t")
        elif tag == "img" and dict(attrs).get("alt"):
            self.left_out["description of a picture"] += 1

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            if tag in self.unseen:
                del self.unseen[self.unseen.index(tag) :]
            return
        self._edge(tag)
        self.pre -= tag == "pre" and self.pre > 0

    def _edge(self, tag: str) -> None:
        self.breaks = max(self.breaks, 2 if APART.fullmatch(tag) else 1 if BLOCKS.fullmatch(tag) else 0)

    def handle_data(self, data: str) -> None:
        if self.unseen:
            return
        text = data if self.pre else WHITE.sub(" ", data)
        if not self.pre and (self.breaks or (self.parts and self.parts[-1][-1:] in " \n\t")):
            text = text.lstrip(" ")
        if not text:
            return
        if self.breaks and self.parts:
            self.parts[-1] = self.parts[-1].rstrip(" ")
            self.parts.append("\n" * self.breaks)
        self.breaks = 0
        self.parts.append(text)


def from_html(data: str) -> Converted:
    """The text that a page shows, blocks on lines of their own; menus and footers too: nobody said what matters."""
    page = _Page()
    page.feed(data)
    page.close()
    text = re.sub(" +\n", "\n", "".join(page.parts)).strip("\n ")
    left_out = [f"{n} {tag}" for tag, n in page.left_out.items() if n]
    if {*page.unseen} - {"head"}:
        left_out.append(f"all after a <{page.unseen[0]}> that has no end")
    return f"{text}\n", left_out


BY_ENDING: Mapping[str, Callable[..., Converted]] = {".docx": from_docx, ".html": from_html, ".htm": from_html}
