"""Puts what the scripts measured into README.md, each between its own two marks."""

from pathlib import Path

from harness.files import write_atomically

PAGE = Path(__file__).parent / "README.md"


def replace_table(name: str, text: str, *, write: bool) -> None:
    """Print the text, or put it between the marks of this name."""
    if not write:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    head, tail = page[: page.index(first) + len(first)], page[page.index(last) :]
    write_atomically(PAGE, f"{head}\n{text}\n\n{tail}".encode())
