"""One HTML file that needs nothing else: what is true, every score with its interval, and what went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly
from harness.parts import Rendering


def html(*, texts: bool = True, most: int = 10_000) -> Rendering:
    """A page to open by double click, to send to a colleague, or to print.

    It asks nobody for anything, and works without JavaScript but for the filters. `texts=False` leaves out every text
    of the corpus, where its licence forbids to pass them on. Of more than `most` documents that went wrong, half of
    those in the page are the worst, the others are drawn at random, and the page says so.
    """
    if most < 1:
        raise AskedWrongly(f"html(most={most}): most must be 1 or more.")

    def write(account: Any, path: Path) -> None:
        from harness.reporting.pages import write_report

        write_report(account, path, texts=texts, most=most)

    return Rendering(write=write, suffix=".html")
