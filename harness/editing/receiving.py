"""Documents that are given to be added: files, the files of folders, standard input -> their texts, as received."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.corpus.sources import READ, all_of
from harness.editing.converting import BY_ENDING, MOST_BYTES
from harness.errors import AskedWrongly, Problem, quote, shown
from harness.files import digest_bytes

ENDINGS = (".txt", ".md")  # that a folder adds
TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet", ".conll", ".ann", ".xmi")  # of many documents, or annotated
BINARY = {
    b"%PDF": "a PDF file",
    b"PK\3\4": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"{\\rtf": "an RTF file",
}
BINARY_REMEDY = "Save its text as UTF-8 in a .txt, or as .docx or .html."
CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)


class Refused(Exception):
    """A document that cannot be taken: what was found, and what to do."""

    def __init__(self, found: str, remedy: str, line: int = 0) -> None:
        super().__init__(found)
        self.found, self.remedy, self.line = found, remedy, line


@dataclass(frozen=True)
class Source:
    """Where a document comes from: a file, or bytes that cannot be read again."""

    place: str  # what messages call it
    path: Path | None = None
    data: bytes = b""

    @property
    def stem(self) -> str:
        """What its name says of its id."""
        return self.path.stem if self.path else ""


@dataclass(frozen=True)
class Received:
    """A document that was read."""

    text: str
    digest: str  # SHA-256 of the bytes as they came
    left_out: list[str] = field(default_factory=list)  # by a conversion
    as_it_is: bool = False  # whether these bytes are the text in UTF-8


def sources_of(
    paths: Iterable[Path], standard_input: bytes | None, problems: list[Problem]
) -> tuple[list[Source], Counter[str]]:
    """The documents that paths name, in their order, and of folders what is passed over, by its ending.

    A folder gives its own texts, sorted by name; those of folders inside it are not looked at.
    """
    found: list[Source] = []
    passed: Counter[str] = Counter()
    for path in paths:
        if str(path) == "-":
            found.append(Source("standard input", data=standard_input or b""))
        elif path.is_dir() and not path.is_symlink():
            for name in sorted(os.listdir(path)):  # noqa: PTH208
                inner = path / name
                if inner.suffix.lower() in ENDINGS and not name.startswith("."):
                    _take(inner, found, problems)
                else:
                    passed["folder" if inner.is_dir() else inner.suffix.lower() or name] += 1
        else:
            _take(path, found, problems)
    return found, passed


def _take(path: Path, found: list[Source], problems: list[Problem]) -> None:
    place = shown(str(path))
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        problems.append(Problem(place, 0, f"cannot be read ({why})", "Check the path."))
        return
    if stat.S_ISREG(mode):
        found.append(Source(place, path))
    elif stat.S_ISLNK(mode):
        problems.append(Problem(place, 0, "a link", "Give the file that it leads to."))
    else:
        what = "a folder" if stat.S_ISDIR(mode) else "no plain file"
        problems.append(Problem(place, 0, what, "Give a file, a folder of .txt files, or - for standard input."))


def known_encoding(name: str) -> str:
    """The plain name of an encoding of texts. Raises AskedWrongly for any other."""
    try:
        found = codecs.lookup(name)
        if (
            not getattr(found, "_is_text_encoding", True)
            or "escape" in found.name
            or found.name in ("idna", "punycode")
        ):
            raise LookupError
        "a".encode(found.name)
    except (LookupError, UnicodeError):
        raise AskedWrongly(f"--encoding {quote(name)} is none: write utf-16, cp1252, latin-1 or the like.") from None
    return found.name


def receive(source: Source, encoding: str = "") -> Received:
    """The text of a document, every character as received. Raises Refused."""
    ending = source.path.suffix.lower() if source.path else ""
    if ending in TABLES:
        raise Refused(f"a {ending} file", "A file of many documents: harness import FILE --to CORPUS --as FORMAT.")
    data = _bytes_of(source)
    try:
        if ending == ".docx":
            text, left_out = BY_ENDING[ending](data)
        elif ending in BY_ENDING:
            text, left_out = BY_ENDING[ending](_decoded(data, encoding))
        else:
            text, left_out = _decoded(data, encoding), []
    except ValueError as error:
        raise Refused(str(error), "Save its text as UTF-8 in a .txt.") from None
    return Received(text, digest_bytes(data), left_out, ending not in BY_ENDING and not encoding)


def _bytes_of(source: Source) -> bytes:
    data, size = source.data, len(source.data)
    if source.path:
        try:
            handle = os.open(source.path, READ)
            try:
                size = os.fstat(handle).st_size
                data = all_of(handle, size + 1) if size <= MOST_BYTES else b""
            finally:
                os.close(handle)
        except OSError as error:
            raise Refused(f"cannot be read ({error.strerror})", "Check that you may read it.") from None
    if size > MOST_BYTES:
        remedy = "Divide it; many documents in one file: harness import FILE --to CORPUS --as FORMAT."
        raise Refused(f"more than {MOST_BYTES >> 20} MB, too much for one document", remedy)
    return data


def _decoded(data: bytes, encoding: str) -> str:
    """The text of these bytes. Raises Refused, with the encoding that they seem to be in."""
    if encoding:
        try:
            text = data.decode(encoding)
            text.encode()  # UTF-7 and its like give halves of characters, too
            return text
        except UnicodeEncodeError:
            raise Refused(f"half a character in {encoding}", "Give another --encoding.") from None
        except UnicodeError as error:
            at = getattr(error, "start", 0)
            raise Refused(
                f"byte {at} is not {encoding}", "Give another --encoding.", data.count(b"\n", 0, at) + 1
            ) from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused("UTF-16", "Save it as UTF-8, or add --encoding utf-16.")
    for start, what in BINARY.items():
        if data.startswith(start):
            raise Refused(what, BINARY_REMEDY)
    nuls = data.count(0)
    if nuls * 4 >= len(data) > 0:
        half = [data[i::2].count(0) for i in (0, 1)]  # of Western texts in UTF-16 every second byte is 0
        if min(half) * 10 <= max(half):
            order = "le" if half[1] > half[0] else "be"
            raise Refused("UTF-16 without a byte order mark", f"Save it as UTF-8, or add --encoding utf-16-{order}.")
        raise Refused("binary, for the most part", BINARY_REMEDY)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _no_utf8(data, error.start) from None


def _no_utf8(data: bytes, at: int) -> Refused:
    if sum(data[:4096].count(byte) for byte in (*range(9), *range(14, 27))) * 20 > len(data[:4096]):
        return Refused("binary, for the most part", BINARY_REMEDY)
    line, found = data.count(b"\n", 0, at) + 1, f"byte {at} (0x{data[at]:02x}) is not UTF-8"
    said = CHARSET.search(data[:2048])
    for name in (said[1].decode() if said else "", "cp1252"):
        try:
            reads = data[max(0, at - 20) : at + 20].decode(name) if name else ""
            if name and data.decode(name):
                remedy = f"Save it as UTF-8, or add --encoding {name}, if {quote(reads)} reads well."
                return Refused(found, remedy, line)
        except (LookupError, UnicodeError):
            continue
    return Refused(found, "Save it as UTF-8, or give its --encoding.", line)
