"""Documents added by hand: what adding them would do, and doing it, all or nothing, one text in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.corpus.reading import read_folder
from harness.corpus.schema import Schema, read_schema
from harness.corpus.sources import Group, Tell, folder_groups, inside, is_built
from harness.corpus.writing import document_files, group_file
from harness.editing.cells import as_name
from harness.editing.persons import EMAIL
from harness.editing.placing import File, half_placed, place
from harness.editing.receiving import Received, Refused, Source, receive
from harness.editing.seeing import Sight, look, mend
from harness.errors import AskedWrongly, Problem, ProblemsFound, UnknownName, quote
from harness.files import digest_bytes, read_toml
from harness.records import Document

if TYPE_CHECKING:  # numpy is loaded where there are texts to compare
    from harness.editing.resembling import Resemblance

SAY_ID = "Say its id: --id NAME."
SPLITS = ("train", "dev", "test", "pool")  # that a person may choose; `settle` is drawn


@dataclass(frozen=True)
class Asked:
    """How documents are to be added."""

    group: str = ""  # of all of them; else each is a group of its own
    name: str = ""  # the id, of one document
    split: str = ""  # of the groups that are new
    language: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    fix: bool = False
    apart: bool = False  # a group of its own even for what resembles another


@dataclass(frozen=True)
class New:
    """A document that would be added; its text is read again when it is."""

    source: Source
    group: str
    name: str
    received: str  # SHA-256 of the bytes as they came
    sha256: str  # of the text as it is stored
    characters: int
    sights: Sequence[Sight]  # in the text as it came
    left_out: Sequence[str]

    @property
    def id(self) -> str:
        """GROUP/NAME."""
        return f"{self.group}/{self.name}"


@dataclass
class Adding:
    """What adding would do; nothing is written as long as there are problems, or documents without a group."""

    root: Path
    schema: Schema
    asked: Asked
    documents: list[New]
    known: list[tuple[str, str]]  # place and the document that has its text already
    problems: list[Problem]
    resembles: Mapping[str, Sequence[Resemblance]]  # id -> what it resembles, of the corpus first
    splits: Mapping[str, str]  # of the groups that the corpus has
    language: str

    @property
    def new_groups(self) -> list[str]:
        """Groups that would be made."""
        return sorted({document.group for document in self.documents} - self.splits.keys())

    def proposals(self) -> dict[str, list[New]]:
        """Group -> the documents without one that resemble something in it, or one another."""
        if self.asked.group or self.asked.apart:
            return {}
        by_id = {document.id: document for document in self.documents}
        group_of: dict[str, str] = {}
        found: dict[str, list[New]] = {}
        for document in self.documents:  # what it resembles among the new ones came before it
            if resembled := self.resembles.get(document.id):
                other = resembled[0].document
                group = group_of[document.id] = group_of.get(other, other.partition("/")[0])
                if other in by_id and other not in group_of:
                    found.setdefault(group, []).append(by_id[other])
                    group_of[other] = group
                found.setdefault(group, []).append(document)
        return found


class _There:
    """The corpus before, of which names are held and no texts; without what a killed addition left half done."""

    def __init__(self, root: Path) -> None:
        if is_built(root):
            read_folder(root)  # which says why it is not edited
        problems: list[Problem] = []
        self.schema, self.folder = read_schema(root, problems), root / "documents"
        if problems or (self.folder.is_symlink() and not inside(root, self.folder)):
            raise ProblemsFound(
                problems or [Problem("documents", 0, "a link out of the corpus", "Put the folder here.")]
            )
        half = {str(path) for path in half_placed(self.folder)}
        self.groups: list[tuple[Group, list[str]]] = []
        self.splits: dict[str, str] = {}
        self.cases: dict[str, str] = {}  # ids and groups, folded -> as they are
        for group in folder_groups(root, problems, lambda done, total: None):
            files = group.names([])
            names = [f[:-4] for f in files if f.endswith(".txt") and str(self.folder / group.name / f) not in half]
            self.groups.append((group, names))
            table = read_toml(group.file("group.toml"), "", [])[0] if "group.toml" in files else {}
            self.splits[group.name] = str(table.get("split", ""))
            self.cases |= {one.casefold(): one for one in (group.name, *(f"{group.name}/{name}" for name in names))}
        self.blocked = [problem for problem in problems if problem.file != "documents"]  # links out, stray files

    def texts(self) -> Iterator[tuple[str, str]]:
        """Id and text of each document, one after another."""
        for group, names in self.groups:
            for name in names:
                yield f"{group.name}/{name}", group.file(f"{name}.txt").read_bytes().decode(errors="replace")

    def digest(self, document: str) -> str:
        """SHA-256 of a document's text."""
        return digest_bytes((self.folder / f"{document}.txt").read_bytes())


def plan_adding(
    root: Path,
    sources: Sequence[Source],
    asked: Asked,
    problems: Sequence[Problem] = (),
    tell: Tell = lambda done, total: None,
) -> Adding:
    """What adding these documents to a corpus would do; nothing is written.

    `problems` are those of sources that could not be found. Raises AskedWrongly for settings that cannot be, and
    ProblemsFound for a corpus that cannot be added to.
    """
    there = _There(root)
    languages = there.schema.languages
    _check(asked, there, len(sources))
    plan = Adding(root, there.schema, asked, [], [], list(problems), {}, there.splits, asked.language)
    if not plan.language and len(languages) == 1:
        plan.language = languages[0]
    taken: dict[str, New] = {}  # folded id, group, and digest of the text -> the document before
    for done, source in enumerate(sources):
        tell(done, len(sources))
        try:
            document = _read(source, asked)
            if not _is_known(document, there, taken, plan):
                plan.documents.append(document)
                _refuse_unfit(document, plan)
        except Refused as no:
            plan.problems.append(Problem(source.place, no.line, no.found, no.remedy))
    tell(len(sources), len(sources))
    if plan.documents and not plan.problems:
        _compare(plan, there)
    return plan


def _check(asked: Asked, there: _There, sources: int) -> None:
    for option, name in (("--group", asked.group), ("--id", asked.name)):
        if name and as_name(name) != name:
            raise AskedWrongly(f"{option} {quote(name)}: use A-Z, a-z, 0-9, - and _, for example {as_name(name)}.")
    if asked.name and sources > 1:
        raise AskedWrongly(f"--id is for one document, and {sources} are given. Each is called by its file's name.")
    if asked.group and asked.apart:
        raise AskedWrongly("--group puts all into one group, --apart each into its own. Leave one of them out.")
    if asked.split and asked.split not in SPLITS:
        raise UnknownName("split to add to", asked.split, SPLITS)
    old = there.splits.get(asked.group)
    if asked.split and old is not None and old != asked.split:
        remedy = "A group goes to one split whole: leave --split out, or take a group of its own."
        raise AskedWrongly(f"group {asked.group} is in {old or 'no split'} already, not in {asked.split}. {remedy}")
    if asked.language and there.schema.languages and asked.language not in there.schema.languages:
        raise UnknownName("language", asked.language, there.schema.languages)
    for key, value in asked.meta.items():
        if EMAIL.search(value):
            raise AskedWrongly(f"--{key} holds an e-mail address, which is never written. Leave it out.")


def _read(source: Source, asked: Asked) -> New:
    """A document read once, looked at and let go. Raises Refused."""
    if not source.stem and not asked.name:
        raise Refused("no file's name to call it by", SAY_ID)
    if not asked.name and not _can_be_kept(source.stem):
        raise Refused("a file's name that is not UTF-8, or an e-mail address, which is never written", SAY_ID)
    received = receive(source, asked.encoding)
    sights, text = look(received.text), mend(received.text) if asked.fix else received.text
    if not text.strip():
        raise Refused("no text", "Give a document that has one.")
    name = asked.name or as_name(source.stem)
    sha = _digest(text, received)
    return New(source, asked.group or name, name, received.digest, sha, len(text), sights, received.left_out)


def _can_be_kept(name: str) -> bool:
    """Whether a file's name can be written down: UTF-8, which on some disks it need not be, and no address."""
    return name == name.encode(errors="ignore").decode() and not EMAIL.search(name)


def _digest(text: str, received: Received) -> str:
    """SHA-256 of a text as it is stored, which most often is as it came."""
    return received.digest if received.as_it_is and text is received.text else digest_bytes(text.encode())


def _refuse_unfit(new: New, plan: Adding) -> None:
    """A text with signs that `harness check` calls a problem is named with the others, and stops them all."""
    bad = [sight for sight in new.sights if sight.lot == "refused"]
    if bad and not plan.asked.fix:
        what = ", ".join(f"{sight.name} ({sight.count:,})" for sight in bad)
        remedy = "Add --fix to repair it."
        plan.problems.append(Problem(new.source.place, bad[0].line, f"{what}, which no corpus holds", remedy))


def _is_known(new: New, there: _There, taken: dict[str, New], plan: Adding) -> bool:
    """Whether the corpus or an earlier source has this document. Raises Refused where it has another of its name."""
    group, twin = (there.cases.get(one.casefold()) for one in (new.group, new.id))
    if twin == new.id:
        if there.digest(new.id) == new.sha256:
            plan.known.append((new.source.place, new.id))
            return True
        remedy = "Give another --id. A text that is there is never changed, since annotations hang on it."
        raise Refused(f"the corpus has another text as {new.id}", remedy)
    if group and not plan.asked.group:
        remedy = f"Add it with --group {group}, or give another --id."
        raise Refused(f"without a group it would be group {new.group}, and the corpus has group {group}", remedy)
    if (twin or new.id) != new.id or (group or new.group) != new.group:
        found = f"{new.id} is {twin or group} but for its case"
        raise Refused(found, "Some disks take them for one: use the same letters, or another name.")
    for problem in there.blocked:
        if problem.file == f"documents/{new.group}":
            raise Refused(f"group {new.group} is {problem.found}", problem.remedy)
    if (same := taken.setdefault(new.sha256, new)) is not new:
        plan.known.append((new.source.place, f"{same.id}, given as {same.source.place}"))
        return True
    if (other := taken.setdefault(new.id.casefold(), new)) is not new:
        raise Refused(f"it would be {new.id}, as {other.source.place} is", "Rename one, or add it alone with --id.")
    return False


def _compare(plan: Adding, there: _There) -> None:
    """Hold the new documents against the corpus and, where each is a group of its own, against each other."""
    if plan.asked.group and not any(names for _, names in there.groups):
        return
    from harness.editing.resembling import resemblances

    new, asked = plan.documents, plan.asked
    digests = {document.sha256: document for document in new}
    same: dict[str, str] = {}

    class Texts:
        def __iter__(self) -> Iterator[tuple[int, str]]:
            for number, document in enumerate(new):
                yield number, receive(document.source, asked.encoding).text

    class Old:
        def __iter__(self) -> Iterator[tuple[str, str]]:
            for document, text in there.texts():
                if copied := digests.get(digest_bytes(text.encode())):
                    same.setdefault(copied.id, document)
                yield document, text

    names = [document.id for document in new]
    found = resemblances(names, Texts(), Old(), among=not asked.group)
    plan.known += [(document.source.place, same[document.id]) for document in new if document.id in same]
    plan.documents = [document for document in new if document.id not in same]
    plan.resembles = {names[number]: some for number, some in found.items() if names[number] not in same}


def apply_adding(plan: Adding, split: str = "", progress: Callable[[int], None] = lambda done: None) -> None:
    """Write the documents of a plan, all or none; `split` is that of the groups that are new.

    Raises ProblemsFound or AskedWrongly where the plan is not one that can be written.
    """
    split = split or plan.asked.split
    if plan.problems:
        raise ProblemsFound(plan.problems)
    if plan.proposals():
        raise AskedWrongly("some documents resemble others: say their group.")
    if plan.new_groups and split not in SPLITS:
        raise AskedWrongly(f"a new group needs its split: {', '.join(SPLITS)}.")
    toml = dict.fromkeys(plan.new_groups, group_file(split))

    def files() -> Iterator[tuple[str, Sequence[File]]]:
        for done, new in enumerate(plan.documents):
            own = document_files(_document(new, plan), plan.schema.layers, plan.schema.guideline)
            head = [("group.toml", toml.pop(new.group))] if new.group in toml else []
            yield new.group, [*head, *own]
            progress(done + 1)

    if plan.documents:
        name = digest_bytes("".join(document.sha256 + document.id for document in plan.documents).encode())
        place(plan.root / "documents", files(), name)


def _document(new: New, plan: Adding) -> Document:
    """The document with its text, read again and held against what was looked at."""
    try:
        received = receive(new.source, plan.asked.encoding)
    except Refused as no:
        raise AskedWrongly(f"{new.source.place}: {no.found}, a moment ago it was not. Nothing is written.") from None
    text = mend(received.text) if plan.asked.fix else received.text
    if received.digest != new.received or _digest(text, received) != new.sha256:
        raise AskedWrongly(f"{new.source.place} was changed while it was added. Nothing is written; add it again.")
    meta: dict[str, Any] = dict(plan.asked.meta)
    if new.received != new.sha256:
        if new.source.path and _can_be_kept(new.source.path.name):
            meta["original_name"] = new.source.path.name
        meta["original_sha256"] = new.received
    return Document(new.group, new.name, text, language=plan.language, meta=meta)
