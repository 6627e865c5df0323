"""Bytes on disk: canonical JSON, lines, TOML, atomic writes."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.corpus.sources import inside
from harness.errors import Problem, ProblemsFound, shown
from harness.files import (
    TomlLines,
    canonical,
    compact,
    digest,
    parse_object,
    read_json_lines,
    read_toml,
    stream_json_lines,
    to_toml,
    write_atomically,
    write_json_lines,
)

many = settings(max_examples=100, deadline=None)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(-(2**53) + 1, 2**53 - 1) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


def parsed(line: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    problems: list[Problem] = []
    return parse_object(line, "x.jsonl", 7, problems), problems


# --- JSON --------------------------------------------------------------------------------------------------


@many
@given(JSON)
def test_canonical_json_equals_itself_after_parsing(value: Any) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


@many
@given(st.dictionaries(WORDS, JSON, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_change_a_digest(value: dict[str, Any], chance: Any) -> None:
    assert digest(dict(chance.sample(list(value.items()), len(value)))) == digest(value)


def test_the_digest_of_a_known_value_stands() -> None:
    assert canonical({"b": 1.0, "a": "\u20ac"}) == '{"a":"€","b":1}'.encode()  # RFC 8785, sections 3.2.2 and 3.2.3
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@many
@given(st.dictionaries(WORDS, JSON, max_size=5), st.sampled_from([compact, json.dumps]))
def test_an_object_that_was_written_is_parsed_the_same(value: dict[str, Any], write: Any) -> None:
    assert parsed(write(value)) == (value, [])


@many
@given(st.dictionaries(WORDS, JSON, min_size=1, max_size=3), st.lists(st.sampled_from("[{"), max_size=30), st.data())
def test_a_duplicate_key_is_found_at_any_depth(value: dict[str, Any], wraps: list[str], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(list(value)))
    line = compact(value)[:-1] + f",{json.dumps(key)}:{json.dumps(value[key])}}}"
    for wrap in wraps:
        line = f"[1,{line}]" if wrap == "[" else f'{{"w":{line}}}'
    found, problems = parsed(f'{{"w":{line}}}')
    assert found is None
    assert [(p.line, p.found.startswith("duplicate key"), p.remedy) for p in problems] == [
        (7, True, "Keep one of them.")
    ]


@many
@given(st.text(max_size=30) | st.text('[]{}",:0123456789eE+-.nulltrefasNI\\du \ud800', max_size=30))
def test_any_line_is_an_object_or_one_problem(line: str) -> None:
    value, problems = parsed(line)
    assert (value is None) == (len(problems) == 1)


@pytest.mark.parametrize("depth, fine", [(63, True), (64, False), (2000, False), (100_000, False)])
@pytest.mark.parametrize("opening, closing", [('{"a":', "}"), ("[", "]")])
def test_nesting_has_a_floor(depth: int, fine: bool, opening: str, closing: str) -> None:
    value, problems = parsed('{"a":' + opening * depth + "1" + closing * depth + "}")
    assert (value is not None) == fine
    assert [p.found for p in problems] == ([] if fine else ["brackets nested more than 64 deep"])


def test_lines_are_split_on_newline_alone(tmp_path: Path) -> None:
    rows = [{"a": "\u2028\x85\x0b\x0c\x1c"}, {"b": "\r"}]
    write_json_lines(tmp_path / "x.jsonl", rows)
    problems: list[Problem] = []
    assert list(read_json_lines(tmp_path / "x.jsonl", "x", problems)) == [(1, rows[0]), (2, rows[1])]
    assert list(stream_json_lines(tmp_path / "x.jsonl")) == [(1, rows[0]), (2, rows[1])]
    assert problems == []


def test_a_stream_tells_all_its_bad_lines_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a":1}\r\n\xff\n\n[]\n{"a":2}\n{"a":')
    rows = []
    with pytest.raises(ProblemsFound) as raised:
        rows.extend(stream_json_lines(path))
    assert [p.line for p in raised.value.problems] == [2, 4, 6]
    with pytest.raises(ProblemsFound, match="cannot be read"):
        list(stream_json_lines(tmp_path / "nowhere"))


# --- TOML --------------------------------------------------------------------------------------------------

TOML = """\
name = "x"
"my key" = 1

[layers.a]
kind = "label"
text = '''
[layers.no]
'''

  [layers."b c".fields]
  role = ["x",
    "y"]
deep.er = 3

[[tasks]]
"""


@pytest.mark.parametrize(
    "path, line",
    [
        (("name",), 1),
        (("my key",), 2),
        (("layers", "a"), 4),
        (("layers", "a", "kind"), 5),
        (("layers", "a", "labels"), 4),
        (("layers", "b c", "fields", "role"), 11),
        (("layers", "b c", "fields", "deep", "er"), 13),
        (("tasks",), 15),
        (("nowhere", "at", "all"), 0),
        ((), 0),
    ],
)
def test_the_line_of_a_toml_key_is_found_or_that_of_the_table_around_it(path: tuple[str, ...], line: int) -> None:
    assert TomlLines(TOML)(*path) == line


KEYS = st.text("abcXYZ019_- é.", min_size=1, max_size=6)


@many
@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(0, 9) | KEYS, max_size=3), max_size=4))
def test_every_key_that_was_written_has_its_line(value: dict[str, dict[str, Any]]) -> None:
    text = to_toml(value)
    lines, rows = TomlLines(text), text.split("\n")
    for table, inner in value.items():
        for key in inner:
            row = rows[lines(table, key) - 1]
            assert row.startswith((f"{key} =", f'"{key}" ='))


@many
@given(st.binary(max_size=60) | st.text("[]{}=\"'\n#.,0123456789xeabinf_-T:\\u", max_size=40).map(str.encode))
def test_any_bytes_as_toml_are_a_table_or_one_problem(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.toml"
        path.write_bytes(data)
        problems: list[Problem] = []
        table, _ = read_toml(path, "x.toml", problems)
    assert len(problems) <= 1 or "byte order mark" in problems[0].found
    assert not (table and problems) or "byte order mark" in problems[0].found
    for problem in problems:
        assert 0 <= problem.line <= data.count(b"\n") + 1


# --- writing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace", "fdopen"])
@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_is_cut_off_leaves_the_old_file_and_nothing_else(
    step: str, stop: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.json"
    write_atomically(path, b"old")

    def fail(*_: Any, **__: Any) -> None:
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(Path if step == "replace" else os, step, fail)
        with pytest.raises(type(stop)):
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.json"]
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_writing_makes_the_folders_above_and_a_file_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "a/b/x.json"
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644


# --- folders -----------------------------------------------------------------------------------------------


def test_inside_follows_links_and_refuses_what_climbs_or_circles(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "here").symlink_to("there")
    (root / "out").symlink_to(tmp_path)
    (root / "circle").symlink_to("circle")
    assert inside(root, root / "here")
    assert not inside(root, root / "out")
    assert not inside(root, root / "../x")
    assert not inside(root, tmp_path / "rootless")
    inside(root, root / "circle")  # whichever answer, no exception


@many
@given(st.text())
def test_a_name_is_shown_on_one_line_that_can_be_printed(name: str) -> None:
    assert shown(name).isprintable() or not name
    shown(name).encode()


@many
@given(
    values=st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=3), max_size=4),
    odd=st.sampled_from(
        ["", "{}", '{"a":1,"a":2}', '{"a":1} {"b":2}', "[1]", "{", '{"a":"\\ud83d"}', "[" * 70, "\ufeff{}"]
    ),
    place=st.integers(0, 4),
)
def test_lines_read_together_are_what_they_are_one_by_one(values: list, odd: str, place: int) -> None:
    lines = [json.dumps(value) for value in values]
    for told in (lines, [*lines[:place], odd, *lines[place:]]):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lines.jsonl"
            path.write_text("\n".join(told) + "\n", encoding="utf-8")
            together, problems = [], []
            together = list(read_json_lines(path, "x", problems))
        alone, flaws = [], []
        text = "\n".join(told).removeprefix("\ufeff")
        for number, line in enumerate(text.split("\n"), 1):
            value = parse_object(line, "x", number, flaws) if line.strip() else None
            alone += [(number, value)] if value is not None else []
        assert together == alone
        assert [p for p in problems if "empty line" not in p.found and "mark" not in p.found] == flaws
