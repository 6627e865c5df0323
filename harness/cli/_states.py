"""States of a corpus to hold against each other: a folder as it is, or as a commit has it."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import AskedWrongly, Problem
from harness.reporting.summary import visible

if TYPE_CHECKING:
    from harness.corpus.reading import Reading
    from harness.editing.differing import Change, Difference


def reading_of(root: Path) -> Reading:
    """A corpus with the files of all annotators, as far as they can be read; what is wrong is in `problems`."""
    from harness.corpus.reading import read_corpus

    return read_corpus(root, everyone=True)


@contextmanager
def committed(root: Path, revision: str) -> Iterator[Reading]:
    """A corpus as a commit has it; an empty one where the commit has none."""
    from harness.corpus.reading import Reading
    from harness.corpus.schema import Schema

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / root.resolve().name
        place.mkdir()
        commit = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if not commit:
            raise AskedWrongly(f"{revision} is no commit of the repository that {root} is in.")
        done = subprocess.run(
            ["git", "-C", str(root), "archive", "--format=tar", commit, "."], check=False, capture_output=True
        )
        if not done.returncode:
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                archive.extractall(place, filter="data")
        if (place / "corpus.toml").is_file():
            yield reading_of(place)
        else:
            yield Reading(place, Schema(root.name, "", {}, {}))


def git(root: Path, *asked: str) -> str:
    """What git answers, without the line end; empty where it fails."""
    done = subprocess.run(["git", "-C", str(root), *asked], check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def base_of(root: Path) -> str:
    """What a pull request is held against: the last commit shared with the main branch, else the one before.

    Raises AskedWrongly outside a repository.
    """
    if not git(root, "rev-parse", "--verify", "--quiet", "HEAD"):
        raise AskedWrongly(f"{root} is in no git repository with a commit. Use harness corpus diff A B for folders.")
    for branch in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
        shared = git(root, "merge-base", "HEAD", branch)
        if shared and shared != git(root, "rev-parse", "HEAD"):
            return shared
    return "HEAD" if git(root, "status", "--porcelain", "--", ".") else "HEAD~1"


def plain_text(found: Difference) -> Iterator[str]:
    """The difference as lines for a terminal, on which no text of a corpus acts."""
    yield from map(visible, _plain(found))


def _plain(found: Difference) -> Iterator[str]:
    yield from found.schema
    yield from (f"{name}: removed" for name in found.removed)
    yield from (f"{name}: {said}" for name, some in found.facts.items() for said in some)
    last = ""
    for change in found.changes:
        head = f"{change.document}: {'new document, ' if change.document in found.added else ''}by {change.by}"
        if head != last:
            yield head
        last = head
        yield f"  {change.layer}: {change.said}"
    annotated = {change.document for change in found.changes}
    yield from (f"{name}: new document, not annotated" for name in found.added if name not in annotated)


def markdown(found: Difference, after: Reading, title: str, problems: Sequence[Problem]) -> Iterator[str]:
    """The difference as a page for a pull request: what to look at first comes first."""
    documents = {change.document for change in found.changes} - {*found.added}
    yield f"## {_inert(title)}"
    yield ""
    many = [
        (len(found.added), "added"),
        (len(found.removed), "removed"),
        (len(documents | found.facts.keys()), "changed"),
    ]
    said = ", ".join(f"{count} document{'s' * (count != 1)} {what}" for count, what in many if count)
    edits = sum(change.document not in found.added for change in found.changes)
    yield f"**{said or 'No document changed'}**" + (
        f"; {edits} annotation{'s' * (edits != 1)} changed." if edits else "."
    )
    yield ""
    if problems:
        yield f"**harness check finds {len(problems)} problem{'s' * (len(problems) != 1)}:**"
        yield from (f"- {_inert(str(problem))}" for problem in problems[:20])
        yield from [f"- … and {len(problems) - 20} more"] * (len(problems) > 20)
    else:
        yield "`harness check`: no problems."
    if found.schema:
        yield from ("", "### The schema", "", *(f"- {_inert(one)}" for one in found.schema))
    rows = [
        f"| {layer} | {_inert(label)} | {old[label]} | {new[label]} |"
        for layer, (old, new) in found.labels.items()
        for label in after.schema.layers[layer].labels
        if old[label] != new[label]
    ]
    if rows:
        yield from ("", "| layer | label | gold before | after |", "|---|---|---:|---:|", *rows)
    yield from (line for name in found.removed for line in ("", f"### {name} was removed"))
    texts = {document.id: document for document in after.documents}
    changes: dict[str, list[Change]] = {}
    for change in found.changes:
        changes.setdefault(change.document, []).append(change)
    for name in sorted({*found.added, *documents, *found.facts}):
        document = texts[name]
        new = " (new)" if name in found.added else ""
        about = f"{document.split or 'no split'}, {document.language or 'no language'}"
        yield from ("", f"### {name}{new}: {_inert(about)}", "")
        if new:
            yield from (f"> {_inert(line)}  " for line in document.text[:1200].split("\n") if line.strip())
            yield from ["> …"] * (len(document.text) > 1200)
            yield ""
        yield from (f"- **{_inert(one)}**" for one in found.facts.get(name, ()))
        own = changes.get(name, [])
        yield from _of_new(own) if new else (f"- {_who(change)}: {_inert(change.said)}" for change in own)


def _of_new(changes: Sequence[Change]) -> Iterator[str]:
    """A line for each layer of a new document; of readers beside the gold only how much they wrote."""
    for (by, _), some in groupby(changes, key=lambda change: (change.by, change.layer)):
        own = list(some)
        if by != "gold" and any(change.by == "gold" for change in changes):
            yield f"- {_who(own[0])}: {len(own)} annotations"
        else:
            yield f"- {_who(own[0])}: {'; '.join(_inert(one.said.removeprefix('added ')) for one in own)}"


def _who(change: Change) -> str:
    return f"{change.by} · {change.layer}"


def _inert(text: str) -> str:
    """Text of a corpus as one line of Markdown that is neither markup, nor a link, nor a mention of anybody."""
    line = visible(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")
    line = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)
    line = re.sub(r"^(\d+)([.)])|^([#>+=-])", r"\1\\\2\3", line)
    return re.sub(r"(?i)(https?|ftp|www)(?=[:.])|([@#])(?=\w)|(GH)(?=-\d)|([0-9a-f]{7})(?=[0-9a-f])", _broken, line)


def _broken(found: re.Match[str]) -> str:
    return f"{found[0]}<!-- -->"
