"""Adding documents: texts as received or not at all, conversions that lose nothing silently, groups proposed."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import checking, corpus
from harness.corpus.schema import Layer
from harness.editing.adding import Adding, Asked, apply_adding, plan_adding
from harness.editing.converting import from_docx, from_html
from harness.editing.new import new_corpus
from harness.editing.receiving import sources_of
from harness.errors import AskedWrongly, Problem, ProblemsFound

KABAR = Path("corpora/kabar")
STORY = "The port union of Lima said on Monday that its members will not return to work before the ministry answers.\n"
OTHER = "Rain fell on the northern hills for three days, and the river took two bridges and a mill with it.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    new_corpus(tmp_path / "mine", [Layer("tone", "label", ("WARM", "COLD"))], ["en"], tmp_path / "mine.toml")
    return tmp_path / "mine"


def given(tmp_path: Path, **files: str | bytes) -> list[Path]:
    """Files of these stems, `.txt` where none is said (`a__md`)."""
    paths = []
    for name, content in files.items():
        path = tmp_path / (name.replace("__", ".") if "__" in name else f"{name}.txt")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return paths


def plan(root: Path, *paths: Path, **asked: Any) -> Adding:
    problems: list[Problem] = []
    return plan_adding(root, sources_of(paths, None, problems)[0], Asked(**asked), problems)


def added(root: Path, *paths: Path, split: str = "train", **asked: Any) -> Adding:
    ready = plan(root, *paths, **asked)
    apply_adding(ready, split)
    return ready


def reasons(plan: Adding) -> list[str]:
    return [f"{Path(problem.file).name}{str(problem).removeprefix(problem.file)}" for problem in plan.problems]


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else b"" for p in sorted(root.rglob("*"))}


# --- as received --------------------------------------------------------------------------------------


def test_a_text_is_stored_byte_for_byte_with_what_is_known_of_it(root: Path, tmp_path: Path) -> None:
    text = "  A\u00a0text\tas it is.  \n\n\u202eend"
    added(root, *given(tmp_path, a=text), group="g", meta={"source": "Antara", "date": "2024-05"})
    (document,) = corpus.load(root)
    assert (document.id, document.text, document.split, document.language) == ("g/a", text, "train", "en")
    sha = hashlib.sha256(text.encode()).hexdigest()
    assert document.meta == {"sha256": sha, "language": "en", "source": "Antara", "date": "2024-05"}
    assert checking.check(root) == []


def test_a_repaired_or_decoded_text_keeps_the_digest_of_what_came(root: Path, tmp_path: Path) -> None:
    data = "Itâ€™s\r\nhere".encode()
    added(root, *given(tmp_path, a=data), group="g", fix=True)
    added(root, *given(tmp_path, b=b"caf\xe9 \x93x\x94"), group="g", encoding="cp1252")
    one, two = corpus.load(root)
    assert (one.text, two.text) == ("It’s\nhere", "café “x”")
    assert one.meta["original_sha256"] == hashlib.sha256(data).hexdigest()
    assert one.meta["original_name"] == "a.txt"
    assert checking.check(root) == []


def test_kabar_as_a_folder_comes_in_as_it_is(root: Path, tmp_path: Path) -> None:
    texts = {path.read_bytes() for path in KABAR.glob("documents/*/*.txt")}
    folder = tmp_path / "news"
    folder.mkdir()
    for i, text in enumerate(sorted(texts)):
        (folder / f"n{i:03}.txt").write_bytes(text)
    ready = added(root, folder, group="kabar", split="pool")
    assert not any(document.sights for document in ready.documents)
    assert {document.text.encode() for document in corpus.load(root)} == texts
    assert checking.check(root) == []


def test_without_a_group_each_document_is_one_of_its_own(root: Path, tmp_path: Path) -> None:
    added(root, *given(tmp_path, a=STORY, b=OTHER), split="pool")
    assert [document.id for document in corpus.load(root)] == ["a/a", "b/b"]


# --- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\r\nb", "CRLF line end (1), which no corpus holds. Add --fix to repair it."),
        ("Selamat".encode("utf-16"), "UTF-16. Save it as UTF-8, or add --encoding utf-16."),
        (
            "Selamat".encode("utf-16-be"),
            "UTF-16 without a byte order mark. Save it as UTF-8, or add --encoding utf-16-be.",
        ),
        (b"It\x92s", 'byte 2 (0x92) is not UTF-8. Save it as UTF-8, or add --encoding cp1252, if "It’s" reads well.'),
        (b"%PDF-1.7 x", "a PDF file. Save its text as UTF-8 in a .txt, or as .docx or .html."),
        (b"\x89PNG\r\n\x1a\n", "a picture. Save its text as UTF-8 in a .txt, or as .docx or .html."),
        (bytes(range(256)) * 9, "binary, for the most part. Save its text as UTF-8 in a .txt, or as .docx or .html."),
        (b"", "no text. Give a document that has one."),
        (" \n\u00a0".encode(), "no text. Give a document that has one."),
    ],
)
def test_what_is_no_text_is_refused_with_the_remedy(root: Path, tmp_path: Path, data: bytes, reason: str) -> None:
    before = tree(root)
    found = plan(root, *given(tmp_path, a=data, good="Good text."), group="g")
    assert [said.partition(": ")[2] for said in reasons(found)] == [reason]
    with pytest.raises(ProblemsFound):
        apply_adding(found, "train")
    assert tree(root) == before


def test_what_is_no_plain_file_is_refused(root: Path, tmp_path: Path) -> None:
    (real,) = given(tmp_path, real=STORY)
    folder = tmp_path / "in"
    (folder / "deep.txt").mkdir(parents=True)
    (folder / "link.txt").symlink_to(real)
    os.mkfifo(folder / "pipe.txt")
    table = tmp_path / "rows.csv"
    table.write_text("text\n")
    found = plan(root, folder, tmp_path / "nowhere.txt", table, group="g")
    assert reasons(found) == [
        "deep.txt: a folder. Give a file, a folder of .txt files, or - for standard input.",
        "link.txt: a link. Give the file that it leads to.",
        "pipe.txt: no plain file. Give a file, a folder of .txt files, or - for standard input.",
        "nowhere.txt: cannot be read (No such file or directory). Check the path.",
        "rows.csv: a .csv file. A file of many documents: harness import FILE --to CORPUS --as FORMAT.",
    ]


def test_a_huge_file_is_refused_before_it_is_read(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert "too much for one document" in reasons(plan(root, path))[0]


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".", "a.gold", "x" * 101, "naïve"])
def test_a_name_that_climbs_or_cannot_be_a_file_is_never_one(root: Path, tmp_path: Path, name: str) -> None:
    for key in ("group", "name") if name else ():
        with pytest.raises(AskedWrongly, match="for example"):
            plan(root, *given(tmp_path, a=STORY), **{key: name})
    if "/" not in name and len(name) < 99:
        path = tmp_path / f"{name}.txt"
        path.write_text(STORY)
        added(root, path)
        assert checking.check(root) == []


def test_a_group_that_is_a_link_out_of_the_corpus_is_not_written_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "documents" / "g").symlink_to(tmp_path / "outside")
    found = plan(root, *given(tmp_path, a=STORY), group="g")
    assert "a link that leads out of the corpus" in reasons(found)[0]


def test_names_that_are_one_but_for_case_or_taken_are_refused(root: Path, tmp_path: Path) -> None:
    added(root, *given(tmp_path, a=STORY), group="port")
    assert "port/A is port/a but for its case" in reasons(plan(root, *given(tmp_path, A=OTHER), group="port"))[0]
    assert "but for its case" in reasons(plan(root, *given(tmp_path, b=OTHER), group="Port"))[0]
    assert "the corpus has group port" in reasons(plan(root, *given(tmp_path, port=OTHER)))[0]
    twice = plan(root, *given(tmp_path, c=OTHER, c__md=OTHER + STORY), group="port")
    assert "c.md: it would be port/c, as" in reasons(twice)[0]


def test_a_text_that_is_there_is_never_changed_and_never_added_twice(root: Path, tmp_path: Path) -> None:
    added(root, *given(tmp_path, a=STORY), group="port")
    before = tree(root)
    again = added(root, *given(tmp_path, a=STORY, copy=STORY), group="port")
    assert [document for _, document in again.known] == ["port/a", "port/a"]
    changed = plan(root, *given(tmp_path, a=STORY + "More."), group="port")
    assert "the corpus has another text as port/a" in reasons(changed)[0]
    assert tree(root) == before


def test_a_file_that_changes_meanwhile_is_not_added(root: Path, tmp_path: Path) -> None:
    (path,) = given(tmp_path, a=STORY)
    ready = plan(root, path, group="g")
    path.write_text("Something else.")
    with pytest.raises(AskedWrongly, match="was changed while it was added"):
        apply_adding(ready, "train")
    assert len(corpus.load(root)) == 0


def test_addresses_of_people_are_not_written(root: Path, tmp_path: Path) -> None:
    with pytest.raises(AskedWrongly, match="e-mail"):
        plan(root, *given(tmp_path, a=STORY), meta={"source": "from rina@example.org"})


def test_a_files_name_that_cannot_be_written_asks_for_an_id(root: Path, tmp_path: Path) -> None:
    for name in (b"rina@example.org.txt", b"caf\xe9.txt"):
        path = tmp_path / os.fsdecode(name)
        path.write_text(f"\ufeff{STORY}")
        assert "Say its id: --id NAME." in reasons(plan(root, path))[0]
        ready = plan(root, path, name="story", fix=True)
        assert (ready.problems, [new.id for new in ready.documents]) == ([], ["story/story"])
    apply_adding(ready, "train")
    assert "original_name" not in corpus.load(root).documents[0].meta


def test_half_characters_in_another_encoding_are_refused(root: Path, tmp_path: Path) -> None:
    (path,) = given(tmp_path, a="It is +2AA- so.")
    assert "half a character in utf-7" in reasons(plan(root, path, encoding="utf-7"))[0]


# --- groups and splits ---------------------------------------------------------------------------------


def test_a_text_that_resembles_one_of_the_corpus_is_proposed_its_group(root: Path, tmp_path: Path) -> None:
    added(root, *given(tmp_path, a=STORY), group="port")
    mended = STORY.replace("Monday", "Tuesday")
    found = plan(root, *given(tmp_path, b=mended, c=OTHER))
    assert {group: [one.name for one in some] for group, some in found.proposals().items()} == {"port": ["b"]}
    with pytest.raises(AskedWrongly, match="resemble"):
        apply_adding(found, "train")
    assert plan(root, *given(tmp_path, b=mended), apart=True).proposals() == {}
    (resembled,) = plan(root, *given(tmp_path, b=mended), group="other").resembles["other/b"]
    assert (resembled.document, resembled.copy) == ("port/a", True)


def test_new_texts_that_resemble_each_other_are_proposed_one_group(root: Path, tmp_path: Path) -> None:
    found = plan(root, *given(tmp_path, a=STORY, b=OTHER, c=STORY + "The ministry was silent."))
    assert {group: [one.name for one in some] for group, some in found.proposals().items()} == {"a": ["a", "c"]}


def test_each_document_of_kabar_left_out_is_proposed_no_group_but_its_own() -> None:
    from harness.editing.resembling import resemblances

    documents = list(corpus.load(KABAR))
    texts = [(i, document.text) for i, document in enumerate(documents)]
    found = resemblances([document.id for document in documents], texts, [])
    assert len(found) > 10
    for number, (one,) in found.items():
        assert one.document.partition("/")[0] == documents[number].group


def test_many_batches_find_what_one_finds(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.editing import resembling

    documents = list(corpus.load(KABAR))[:80]
    texts = [(i, document.text) for i, document in enumerate(documents)]
    names = [document.id for document in documents]
    there = [(document.id, document.text) for document in documents[::3]]
    whole = resembling.resemblances(names, texts, there)
    monkeypatch.setattr(resembling, "BATCH", 500)
    assert resembling.resemblances(names, texts, there) == whole


def test_a_split_is_asked_of_a_new_group_alone_and_must_fit(root: Path, tmp_path: Path) -> None:
    paths = given(tmp_path, a=STORY)
    with pytest.raises(AskedWrongly, match="needs its split"):
        apply_adding(plan(root, *paths, group="port"))
    added(root, *paths, group="port", split="test")
    added(root, *given(tmp_path, b=OTHER), group="port", split="")
    assert {document.split for document in corpus.load(root)} == {"test"}
    with pytest.raises(AskedWrongly, match="is in test already"):
        plan(root, *given(tmp_path, c=OTHER + STORY), group="port", split="train")
    with pytest.raises(AskedWrongly, match="unknown split"):
        plan(root, *paths, group="x", split="settle")


# --- other kinds of files ------------------------------------------------------------------------------


def test_a_word_file_gives_its_blocks_and_says_what_it_leaves_out(root: Path, tmp_path: Path) -> None:
    import docx

    made = docx.Document()
    made.add_heading("Talks in Lima", 1)
    made.add_paragraph("First.\tThen").add_run(" and \U0001f6a2.")
    made.add_paragraph("one", style="List Bullet")
    table = made.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "abcd", strict=True):
        cell.text = text
    made.sections[0].header.paragraphs[0].text = "Page head"
    path = tmp_path / "talks.docx"
    made.save(str(path))
    text, left_out = from_docx(path.read_bytes())
    assert text == "Talks in Lima\nFirst.\tThen and \U0001f6a2.\none\na\tb\nc\td\n"
    assert left_out == ["1 header"]
    added(root, path, group="g")
    (document,) = corpus.load(root)
    assert document.meta["original_name"] == "talks.docx"
    assert document.meta["original_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_inserted_text_of_a_word_file_is_read_and_deleted_text_is_counted(tmp_path: Path) -> None:
    import docx
    from docx.oxml import parse_xml

    made, name = docx.Document(), 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    paragraph = made.add_paragraph("They ")._p
    paragraph.append(parse_xml(f"<w:ins {name}><w:r><w:t>won</w:t></w:r></w:ins>"))
    paragraph.append(parse_xml(f"<w:del {name}><w:r><w:delText>lost</w:delText></w:r></w:del>"))
    paragraph.append(parse_xml(f"<w:r {name}><w:footnoteReference w:id='1'/></w:r>"))
    made.save(str(tmp_path / "a.docx"))
    assert from_docx((tmp_path / "a.docx").read_bytes()) == ("They won\n", ["1 deleted passage", "1 footnote"])


@pytest.mark.parametrize("data", [b"PK\3\4nothing", b"", b"text"])
def test_a_broken_word_file_is_refused(root: Path, tmp_path: Path, data: bytes) -> None:
    assert "no Word file that can be read" in reasons(plan(root, *given(tmp_path, a__docx=data)))[0]


def test_a_page_gives_its_blocks_with_menus_and_without_scripts() -> None:
    page = """<!doctype html><html><head><title>T</title><style>p{}</style><body><nav>Home <a>News</a></nav>
    <h1>Big &amp; <i>bold</i></h1><p>One
    two&nbsp;three.<br>Line <b>x</b>y.</p><ul><li>a<li>b</ul><table><tr><td>1</td><td>2</td></tr><tr><td>3<td>4</table>
    <pre> a\n  b</pre><svg><text>no</text></svg><script>"<p>"</script><p>End"""
    text, left_out = from_html(page)
    assert text == "Home News\n\nBig & bold\n\nOne two\xa0three.\nLine xy.\n\na\nb\n\n1\t2\n3\t4\n\n a\n  b\n\nEnd\n"
    assert left_out == ["1 svg"]
    assert from_html("<p>a</p><svg><p>b")[1] == ["1 svg", "all after a <svg> that has no end"]


def test_a_page_in_another_encoding_says_which(root: Path, tmp_path: Path) -> None:
    page = b'<meta charset="iso-8859-2"><p>za\xbf\xf3\xb3\xe6'
    assert "--encoding iso-8859-2" in reasons(plan(root, *given(tmp_path, a__html=page)))[0]
    added(root, *given(tmp_path, a__html=page), encoding="iso-8859-2")
    assert [document.text for document in corpus.load(root)] == ["zażółć\n"]


# --- all or nothing ------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from harness.cli import run
from harness.editing import placing
real, left = placing.{call}, [{after}]
def fatal(*given, **more):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return real(*given, **more)
placing.{call} = fatal
run(["add", "in", "--to", "mine", "--group", "port"])
"""


@pytest.mark.parametrize(("call", "after"), [("_write", 0), ("_write", 3), ("_settle", 0), ("_settle", 3)])
def test_after_a_kill_the_same_command_adds_all(root: Path, tmp_path: Path, call: str, after: int) -> None:
    added(root, *given(tmp_path, first=STORY), group="port")
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(4):
        (folder / f"d{i}.txt").write_text(f"{OTHER}{i}")
    code = KILLED.format(call=call, after=after)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    again = added(root, folder, group="port")
    assert len(again.documents) == 4
    assert len(corpus.load(root)) == 5
    assert checking.check(root) == []
    assert not list(root.glob("documents/.import*"))


def test_an_error_while_writing_takes_everything_back(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, before = plan(root, *given(tmp_path, a=STORY, b=OTHER), group="g"), tree(root)
    (tmp_path / "b.txt").unlink()
    with pytest.raises(AskedWrongly, match="a moment ago"):
        apply_adding(ready, "train")
    assert tree(root) == before


def test_texts_are_not_held(root: Path, tmp_path: Path) -> None:
    import tracemalloc

    peaks = []
    for many in (20, 80):
        paths = [tmp_path / f"{many}-{i}.txt" for i in range(many)]
        for i, path in enumerate(paths):
            path.write_text(f"{i} {'x' * 100_000}\n")
        tracemalloc.start()
        added(root, *paths, group=f"g{many}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000
