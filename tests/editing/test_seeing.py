"""What the eye cannot see: every kind named with its place, and repaired where one repair is right and nowhere else."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.editing.seeing import look, mend

KABAR = Path("corpora/kabar/documents")
# Characters that rules are about, beside any others.
TRICKY = "\r\n\t \0\ufeff\xa0\xad\u200b\u200c\u200d\u202e\u2028\x85\x92\x81\ufffdâ€™Ã©Â°ðŸ˜€e\u0301میक्षกก👩🌾"
texts = st.text(st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"])))


@pytest.mark.parametrize(
    ("text", "name", "lot", "place", "mended"),
    [
        ("a\r\nb\r\n", "CRLF line end", "refused", (1, 2), "a\nb\n"),
        ("a\nb\rc", "carriage return without a line feed", "refused", (2, 2), "a\nb\nc"),
        ("\ufeffa", "byte order mark U+FEFF", "refused", (1, 1), "a"),
        ("a\0", "NUL character", "refused", (1, 2), "a"),
        ("5\xa0km", "no-break space U+00A0", "kept", (1, 2), "5\xa0km"),
        ("5\u202fkm", "narrow no-break space U+202F", "kept", (1, 2), "5\u202fkm"),
        ("日\u3000本", "ideographic space U+3000", "kept", (1, 2), "日\u3000本"),
        ("so\xadft", "soft hyphen U+00AD", "mended", (1, 3), "soft"),
        ("a\u200bb", "zero width space U+200B", "mended", (1, 2), "ab"),
        ("กิน\u200bข้าว", "zero width space U+200B that its script needs", "kept", (1, 4), "กิน\u200bข้าว"),
        ("Auf\u200clage", "zero width non-joiner U+200C", "mended", (1, 4), "Auflage"),
        ("می\u200cخواهم", "zero width non-joiner U+200C that its script needs", "kept", (1, 3), "می\u200cخواهم"),
        ("क्\u200dष", "zero width joiner U+200D that its script needs", "kept", (1, 3), "क्\u200dष"),
        ("a\u202eb", "right-to-left override U+202E", "kept", (1, 2), "a\u202eb"),
        ("a\u200fb", "right-to-left mark U+200F", "kept", (1, 2), "a\u200fb"),
        ("a\u2066b", "left-to-right isolate U+2066", "kept", (1, 2), "a\u2066b"),
        ("it\x92s", "CP1252 ’ left as control character U+0092", "mended", (1, 3), "it’s"),
        ("a\x81", "control character U+0081", "kept", (1, 2), "a\x81"),
        ("itâ€™s", "UTF-8 that was read as CP1252", "mended", (1, 3), "it’s"),
        ("caf\u0065\u0301", "not composed (not NFC)", "mended", (1, 4), "café"),
        ("a\ufffd", "replacement character U+FFFD", "kept", (1, 2), "a\ufffd"),
        ("a\n\nb \nc", "space at the end of a line", "mended", (3, 2), "a\n\nb\nc"),
        ("a  \nb", "white space at the end of a line", "kept", (1, 2), "a  \nb"),
        ("a\tb", "tab", "kept", (1, 2), "a\tb"),
        ("a\u2028b", "line separator U+2028", "kept", (1, 2), "a\u2028b"),
        ("a\fb", "control character U+000C", "kept", (1, 2), "a\fb"),
        ("a\uf0b7", "private-use character U+F0B7", "kept", (1, 2), "a\uf0b7"),
        ("a\U000e0041", "tag latin capital letter a U+E0041", "kept", (1, 2), "a\U000e0041"),
    ],
)
def test_each_thing_is_named_with_its_place_and_repaired_where_that_is_right(
    text: str, name: str, lot: str, place: tuple[int, int], mended: str
) -> None:
    (seen,) = look(text)
    assert (seen.name, seen.lot, (seen.line, seen.column)) == (name, lot, place)
    assert mend(text) == mended


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d🌾 ❤️\u200d🔥 👩🏽\u200d🚀",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "naïve “x” — Łódź",
    ],
)
def test_what_makes_one_sign_that_is_seen_is_not_named(text: str) -> None:
    assert look(text) == []


@pytest.mark.parametrize("text", ["santé\xa0»", "MENÜ“", "CAFÉ”", "IRMÃ”", "„Ä–Ö–Ü“", "voilà\xa0»", "À «", "Å‚"])
def test_letters_before_quotes_are_not_taken_for_mojibake(text: str) -> None:
    assert mend(text) == text


@pytest.mark.parametrize(
    "text", ["“Ya, itu benar” — kata Óscar’s €5", "привет", "Zażółć gęślą jaźń", "أهلا وسهلا", "你好 — 世界", "😀"]
)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_utf8_that_was_read_as_western_is_read_again(text: str, encoding: str) -> None:
    broken = "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())
    assert mend(broken) == text
    assert mend("".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in broken.encode())) == text


def test_counts_are_of_all_places_and_the_first_is_told() -> None:
    (seen,) = look("a\n\xa0b\xa0\xa0\nc\xa0")
    assert (seen.count, seen.line, seen.column) == (4, 2, 1)


def test_the_texts_of_kabar_hold_nothing_that_is_repaired() -> None:
    for path in KABAR.glob("*/*.txt"):
        text = path.read_bytes().decode()
        assert mend(text) == text, path


@given(texts)
def test_a_text_in_which_nothing_is_repaired_is_left_as_it_is(text: str) -> None:
    assert (mend(text) == text) == all(seen.lot == "kept" for seen in look(text))


@given(texts)
def test_repairing_twice_is_repairing_once_and_leaves_what_a_corpus_holds(text: str) -> None:
    mended = mend(text)
    assert mend(mended) == mended
    assert not {"\r", "\0", "\ufeff"} & set(mended)
    assert unicodedata.is_normalized("NFC", mended)


@given(texts)
def test_places_are_those_of_a_reader_who_splits_lines_on_line_feeds(text: str) -> None:
    lines = text.split("\n")
    assert all(1 <= seen.column <= len(lines[seen.line - 1]) + 1 for seen in look(text))
