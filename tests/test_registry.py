"""The registry: specs print as they are typed, are never executed, and say what they could have been."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import AskedWrongly, UnknownName
from harness.registry import FOLDERS, Spec, make, names, parse, purposes, settings_of
from harness.running.cells import code_of

literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
).filter(lambda value: "inf" not in repr(value) or isinstance(value, float | str))
specs = st.builds(
    Spec,
    st.sampled_from(["tfidf", "./mine.py:Model", "pack.age:part"]),
    st.dictionaries(st.sampled_from(["C", "see", "words", "x_1"]), literals, max_size=3),
)

MINE = """\
from __future__ import annotations
from dataclasses import dataclass
import typing

@dataclass(kw_only=True)
class Model:
    depth: int = 3
    see: typing.Literal["all", "text"] = "all"
    names: tuple[str, ...] = ()
    rate: float | None = None

def strict(*, must: bool) -> Model:
    return Model()

NUMBER = 3
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(MINE)
    return str(tmp_path / "mine.py")


@given(spec=specs)
@settings(deadline=None)
def test_a_spec_prints_so_that_it_is_read_as_itself(spec: Spec) -> None:
    assert parse(str(spec)) == spec
    assert str(parse(str(spec))) == str(spec)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("tfidf", "tfidf"),
        (" tfidf() ", "tfidf"),
        ("tfidf(C=0.5)", "tfidf(C=0.5)"),
        ("blind( see='target' , model = 'majority' )", 'blind(model="majority", see="target")'),
        ("csv(delimiter=';')", 'csv(delimiter=";")'),
        (r"csv(delimiter='\t')", r"csv(delimiter='\t')"),
        ("x(a=(1, 'b'), b=[True, None], c=-1e999)", "x(a=(1, 'b'), b=[True, None], c=-1e999)"),
        ("./my models/mine.py:Model(depth=3)", "./my models/mine.py:Model(depth=3)"),
    ],
)
def test_a_spec_is_typed_and_printed(typed: str, printed: str) -> None:
    assert str(parse(typed)) == printed


@pytest.mark.parametrize(
    "text",
    ["", "  ", "()", "tfidf(", "tfidf(C=0.5", "tfidf)", "tfidf(0.5)", "tfidf(**{})", "tfidf(*[1])", "tfidf(C=)",
     "tfidf(C=1, C=2)", "tfidf(C=1)(C=2)", "tfidf(C=x)", "tfidf(C={[]: 1})", "tfidf(C=\x00)", "tfidf(C=1) or f(C=2)",
     f"tfidf(C={'-' * 100_000}1)", f"tfidf(C={'[' * 500})", "tfidf(C=1+x)", "tfidf(if=1)"],
)  # fmt: skip
def test_what_is_no_spec_is_refused(text: str) -> None:
    with pytest.raises(AskedWrongly):
        parse(text)


@given(text=st.text("tfidf(C=1,)'\"[]{}:.#\\ \n0x*-", max_size=30) | st.text(max_size=20))
@settings(deadline=None)
def test_no_text_gives_a_traceback(text: str) -> None:
    try:
        spec = parse(text)
    except AskedWrongly:
        return
    assert parse(str(spec)) == spec


@pytest.mark.parametrize(
    "value",
    ["open('{}', 'w')", "__import__('pathlib').Path('{}').touch()", "[open('{}', 'w') for _ in (1,)]",
     "(lambda: open('{}', 'w'))()", "f\"{{open('{}', 'w')}}\""],
)  # fmt: skip
def test_nothing_in_a_spec_is_ever_executed(value: str, tmp_path: Path) -> None:
    with pytest.raises(AskedWrongly, match="cannot be read"):
        parse(f"tfidf(C={value.format(tmp_path / 'made')})")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("folder", "spec", "message"),
    [
        ("metrics", "f2", 'unknown metric "f2". Did you mean "f1"? There are: '),
        ("models", "tfdf", 'unknown model "tfdf". Did you mean "tfidf"? There are: '),
        ("formats", "json", 'unknown format "json". Did you mean "jsonl"? There are: '),
        ("metrics", "../metrics/f1", "unknown metric"),
        ("metrics", "__init__", "unknown metric"),
        ("models", "tfidf(c=1)", 'unknown setting of tfidf "c". Did you mean "C"? There are: '),
        ("metrics", "f1(averag='micro')", 'Did you mean "average"?'),
        ("models", "majority(x=1)", 'unknown setting of majority "x". There are: none.'),
        ("models", r"command(run='a\x00b')", 'command: run="a\\u0000b" holds a null character.'),
        ("models", "tfidf(C='1')", 'tfidf: C="1" does not fit. It takes float.'),
        ("models", "tfidf(C=True)", "tfidf: C=True does not fit. It takes float."),
        ("models", "tfidf(words=1.5)", "tfidf: words=1.5 does not fit. It takes int."),
        ("models", "blind(see=None)", "blind: see=None does not fit. It takes str."),
        ("models", "predictions", "predictions needs path. Write predictions(path=…)."),
        ("models", "./nowhere.py:Model", "there is no file ./nowhere.py"),
        ("models", "nowhere.at.all:Model", "nowhere.at.all cannot be imported"),
        ("models", "..:Model", "cannot be imported"),
        ("models", "json:lods", 'Did you mean "loads"?'),
        ("models", "json:loads", "cannot be called as one"),
        ("models", "math:pi", "unknown model in"),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_told_with_the_nearest(folder: str, spec: str, message: str) -> None:
    with pytest.raises(AskedWrongly) as error:
        make(folder, parse(spec))
    assert message in str(error.value)


@pytest.mark.parametrize("spec", ["tfidf(C=1)", "blind(see='target')", "majority", "crf(iterations=5)"])
def test_settings_that_fit_make_the_part(spec: str) -> None:
    assert make("models", parse(spec)) is not None


def test_a_part_in_a_file_works_like_one_of_ours(mine: str) -> None:
    model = make("models", parse(f"{mine}:Model(depth=5, see='text', names=('a',), rate=1)"))
    assert (model.depth, model.see, model.names, model.rate) == (5, "text", ("a",), 1)
    assert settings_of("models", f"{mine}:Model") == {"depth": "3", "see": '"all"', "names": "()", "rate": "None"}
    assert settings_of("models", f"{mine}:strict") == {"must": "required"}


def test_a_part_is_found_relative_to_the_working_folder(mine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(mine).parent)
    assert make("models", parse("./mine.py:Model")).depth == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("Modl", 'Did you mean "Model"?'),
        ("NUMBER", "unknown model in"),
        ("", "unknown model in"),
        ("Model(deep=1)", '"deep". Did you mean "depth"?'),
        ("Model(depth='1')", "It takes int"),
        ("Model(see='tex')", 'It takes "all" | "text"'),
        ("Model(names='a')", "does not fit"),
        ("Model(names=(1,))", "does not fit"),
        ("Model(rate='x')", "does not fit"),
        ("strict", "needs must"),
    ],
)
def test_a_part_in_a_file_is_checked_like_one_of_ours(call: str, message: str, mine: str) -> None:
    with pytest.raises(AskedWrongly) as error:
        make("models", parse(f"{mine}:{call}"))
    assert message in str(error.value)


@pytest.mark.parametrize(
    "code", ["def", "1 / 0", "import nowhere_at_all", "raise SystemError('x')", "raise SystemExit(0)"]
)
def test_a_file_that_cannot_be_imported_is_told_without_a_traceback(code: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(code)
    with pytest.raises(AskedWrongly, match="cannot be imported"):
        make("models", parse(f"{tmp_path}/bad.py:Model"))


@pytest.mark.parametrize("code", ["raise ValueError('depth must be odd')", "raise SystemExit('depth must be odd')"])
def test_a_part_of_yours_that_cannot_be_made_is_told_with_its_place(code: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(f"class Model:\n    def __init__(self, *, depth: int = 2):\n        {code}\n")
    with pytest.raises(AskedWrongly, match=r"depth=4.*cannot be made.*: depth must be odd \(bad.py:3\)"):
        make("models", parse(f"{tmp_path}/bad.py:Model(depth=4)"))


@pytest.mark.parametrize("code", ["1 / 0", "raise SystemExit(0)"])
def test_a_model_of_yours_that_cannot_tell_its_identity_is_told_with_its_place(code: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(f"class Model:\n    @property\n    def identity(self):\n        {code}\n")
    with pytest.raises(AskedWrongly, match=r"cannot tell its identity.*\(bad.py:4\)"):
        code_of(parse(f"{tmp_path}/bad.py:Model"))


def test_a_part_that_cannot_be_called_as_one_is_refused(mine: str) -> None:
    with pytest.raises(AskedWrongly, match="cannot be called as one"):
        make("tasks", parse(f"{mine}:Model"), "corpus", "name")


def test_an_unknown_name_knows_the_valid_ones() -> None:
    with pytest.raises(UnknownName) as error:
        make("formats", parse("xml"))
    assert error.value.valid == names("formats")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_part_is_listed_with_its_purpose_and_settings(folder: str) -> None:
    assert list(purposes(folder)) == names(folder)
    assert all(purposes(folder).values())
    for name in names(folder):
        assert all(isinstance(default, str) for default in settings_of(folder, name).values())


def test_listing_imports_nothing() -> None:
    code = (
        "import sys; from harness.registry import FOLDERS, names, purposes\n"
        "for folder in FOLDERS: names(folder), purposes(folder)\n"
        "print([m for m in sys.modules if m.startswith(tuple(f'harness.{f}' for f in FOLDERS)) or m == 'numpy'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
