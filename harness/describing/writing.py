"""The generated part of a data card and `croissant.json`: written at release, and told when they are stale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.corpus import Corpus
from harness.corpus.reading import Reading
from harness.corpus.sources import inside, is_built
from harness.describing.croissant import metadata
from harness.describing.tables import markdown, tables
from harness.errors import AskedWrongly, Problem, ProblemsFound
from harness.files import read_text, write_atomically

CARD, CROISSANT = "README.md", "croissant.json"
BEGIN, END = "<!-- begin: harness corpus describe -->", "<!-- end: harness corpus describe -->"
GENERATED = re.compile(rf"^{re.escape(BEGIN)}\r?$.*?^{re.escape(END)}\r?$", re.MULTILINE | re.DOTALL)
HALF = ("one of the two lines around what is generated is missing", f"Write both, alone on a line: {BEGIN} and {END}")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
BIGGEST = "n>1M"  # dataset cards divide further; no corpus of ours does


def write_generated(corpus: Corpus) -> list[str]:
    """Bring both files of a corpus folder up to date; gives the names of those that were not.

    A card that has no generated part gets one at its end, and where there is no card, one that holds nothing else.
    Raises AskedWrongly for a corpus built into Parquet, ProblemsFound for a card that cannot be read.
    """
    if is_built(corpus.root):
        remedy = "Write them into the folder that it was built from, then build again."
        raise AskedWrongly(f"{corpus.root} is a corpus built into Parquet, which is not edited. {remedy}")
    card = _read(corpus.root, CARD)
    known = f"# {corpus.name}\n" if card is None else card
    if not GENERATED.search(known):
        _refuse_half(known)
        known = f"{known.rstrip()}\n\n## Sizes\n\n{BEGIN}\n{END}\n"
    wanted = {CARD: _with_tables(known, corpus.describe()), CROISSANT: _croissant(corpus, known)}
    stale = [name for name, text in wanted.items() if _read(corpus.root, name) != text]
    for name in stale:
        write_atomically(corpus.root / name, wanted[name].encode())
    return stale


def warnings_of(reading: Reading) -> list[Problem]:
    """What is generated, there, and stale; of a corpus without any of it nothing. Wants a reading without problems."""
    corpus = Corpus(reading.root, reading.schema, tuple(reading.documents))
    remedy = f"Bring it up to date: harness corpus describe {corpus.root} --write."
    try:
        card, croissant = _read(corpus.root, CARD) or "", _read(corpus.root, CROISSANT)
    except ProblemsFound as error:
        return error.problems
    found = []
    if generated := GENERATED.search(card):
        if _with_tables(card, corpus.describe()) != card:
            line = card.count("\n", 0, generated.start()) + 1
            found.append(Problem(CARD, line, "the generated part is stale", remedy))
        found += _check_header(card, corpus)
    elif BEGIN in card or END in card:
        found.append(Problem(CARD, 0, *HALF))
    if croissant is not None and not is_built(corpus.root) and croissant != _croissant(corpus, card):
        found.append(Problem(CROISSANT, 0, "is stale", remedy))
    return found


def _refuse_half(card: str) -> None:
    """Raise where one of the two marks is there and the other is not, or not as it should be."""
    if BEGIN in card or END in card:
        raise ProblemsFound([Problem(CARD, 0, *HALF)])


def _read(root: Path, name: str) -> str | None:
    """The text of a file beside `corpus.toml`, or None. Raises ProblemsFound where it cannot be read."""
    path, problems = root / name, list[Problem]()
    if not path.is_file() and not path.is_symlink():
        return None
    if not inside(root, path):
        raise ProblemsFound([Problem(name, 0, "a link that leads out of the corpus", "Put the file itself here.")])
    text = read_text(path, name, problems)
    if problems:
        raise ProblemsFound(problems)
    return text


def _with_tables(card: str, about: dict[str, Any]) -> str:
    """The card with its generated part made anew, in the line ends that it has."""
    part = "\n\n".join([BEGIN, *map(markdown, tables(about)), END])
    part = part.replace("\n", "\r\n") + "\r" if "\r\n" in card else part
    return GENERATED.sub(lambda _: part, card, count=1)


def _croissant(corpus: Corpus, card: str) -> str:
    """The text of `croissant.json`; what the card says in its first paragraphs is the description."""
    body = re.sub(r"\A---\r?\n.*?^---\r?$", "", card, count=1, flags=re.DOTALL | re.MULTILINE)
    first = re.search(r"^# [^\n]*\n(.*?)(?=^#|^<!--|\Z)", body, re.DOTALL | re.MULTILINE)
    paragraphs = " ".join(first[1].replace("*", "").split()) if first else ""
    licence, tags = ", ".join(_header_list(card, "license")), list(_header_list(card, "tags"))
    said = {"description": paragraphs, "license": licence, "keywords": tags}
    content = metadata(corpus.schema, corpus.documents, said)
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"


def _header_list(card: str, key: str) -> Iterator[str]:
    """A list of plain words in the YAML header of a card, on one line or one a line; no YAML beyond that."""
    header = re.match(r"---\r?\n(.*?)^---\r?$", card, re.DOTALL | re.MULTILINE)
    found = re.search(rf"^{key}:(.*(?:\n *- .*)*)", header[1], re.MULTILINE) if header else None
    for word in re.split(r"[\s,\[\]]+", found[1]) if found else ():
        if word.strip("\"'") not in ("", "-"):
            yield word.strip("\"'")


def _check_header(card: str, corpus: Corpus) -> list[Problem]:
    """Where the YAML header of the card says something else than the corpus of languages and size."""
    size = next((name for most, name in SIZES if len(corpus) < most), BIGGEST)
    wanted: list[tuple[str, Sequence[str]]] = [("language", corpus.schema.languages), ("size_categories", [size])]
    problems = []
    for key, values in wanted:
        said = list(_header_list(card, key))
        if said and values and sorted(said) != sorted(values):
            found = f"the header says {key} {', '.join(said)}, the corpus {', '.join(values)}"
            problems.append(Problem(CARD, 1, found, "Mend the header."))
    return problems
