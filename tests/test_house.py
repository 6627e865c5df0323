"""The house's own rules: who imports whom, what starts with what, names and first lines."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness

HERE = Path(harness.__file__).parent
ROOT = HERE.parent
FILES = sorted(HERE.rglob("*.py"))

GROUND = {"annotations", "errors", "offsets", "records", "scores", "strict", "version"}
TABLE = {  # room -> what it may import, besides the ground and itself
    "annotations": set(),
    "errors": set(),
    "offsets": set(),
    "records": set(),
    "scores": set(),
    "strict": set(),
    "version": set(),
    "stats": set(),
    "files": set(),
    "parts": set(),
    "predictions": {"files"},
    "outside": set(),
    "registry": {"outside", "parts"},
    "counts": set(),
    "matching": set(),
    "entities": {"counts", "matching"},
    "hierarchy": {"counts"},
    "tags": set(),
    "calibration": set(),
    "ranking": set(),
    "asking": {"files", "parts"},
    "columns": {"parts", "files"},
    "corpus": {"files"},
    "formats": {"parts", "files", "tags"},
    "tasks": {"parts", "corpus"},
    "models": {"outside", "answers", "asking", "parts", "files", "predictions", "tags"},
    "metrics": {"parts", "counts", "calibration", "ranking", "stats", "matching", "entities", "hierarchy", "tags"},
    "checking": {"corpus", "counts", "disputes", "stats"},
    "disputes": {"corpus", "files"},
    "agreement": {"corpus", "counts", "stats"},
    "duplicates": {"corpus", "counts", "stats"},
    "describing": {"corpus", "files"},
    "editing": {"corpus", "checking", "disputes", "duplicates", "files", "parts", "registry"},
    "annotating": {"checking", "corpus", "disputes", "editing", "files", "parts", "registry", "running", "tasks"},
    "answers": {"columns", "files", "predictions", "tags"},
    "slicing": set(),
    "scoring": {"parts", "slicing", "stats"},
    "result": {"registry", "files", "parts", "predictions", "stats"},
    "store": {"files", "predictions"},
    "runs": {"files", "result"},
    "gating": {"comparing", "files", "parts", "registry", "result", "runs", "scoring", "slicing", "stats"},
    "telling": {"comparing", "gating", "stats"},
    "rehearsing": {"comparing", "gating", "parts", "registry", "result", "scoring", "stats"},
    "comparing": {"files", "parts", "result", "scoring", "slicing", "stats"},
    "reporting": {"comparing", "files", "gating", "parts", "registry", "result", "scores", "scoring", "telling"},
    "reports": {"comparing", "files", "parts", "registry", "reporting", "result", "scores", "telling"},
    "rerunning": {"comparing", "parts", "registry", "result", "running", "slicing", "store"},
    "baselines": {"comparing", "files", "parts", "registry", "result", "runs"},
    "reproducing": {"files", "parts", "registry", "result", "running"},
    "running": {"outside", "parts", "registry", "result", "scoring", "files", "predictions", "slicing", "store"},
    "streaming": {"registry", "answers", "columns", "files", "parts", "result", "scoring", "slicing"},
    "given": {"parts", "running"},
    "built": {"answers", "columns", "corpus", "parts", "running"},
    "benchmark": {"built", "registry", "corpus", "result", "running", "files", "parts", "slicing", "store"},
}
WITHOUT_GROUND = {"stats"}
DOORS = {"__init__", "__main__", "cli", "pytest_plugin"}
OPEN_FOLDERS = ("formats", "tasks", "models", "metrics", "reports")


def room_of(path: Path) -> str:
    return path.relative_to(HERE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted names below `harness` that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "harness":
            if node.module == "harness":
                yield from (alias.name for alias in node.names)
            else:
                yield node.module.removeprefix("harness.")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "harness":
                    yield alias.name.removeprefix("harness.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_a_room_imports_only_from_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    if room in DOORS | {"api"}:
        return
    allowed = TABLE[room] | {room} | (set() if room in WITHOUT_GROUND else GROUND)
    assert {name.split(".")[0] for name in imports(path)} <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_nothing_inside_imports_the_package_root_or_the_door(path: Path) -> None:
    if room_of(path) in DOORS:
        return
    assert not {"harness", "api", "cli", "__init__"} & {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("folder", OPEN_FOLDERS)
def test_the_files_of_an_open_folder_do_not_import_each_other(folder: str) -> None:
    for path in (HERE / folder).glob("*.py"):
        own = [name for name in imports(path) if name.startswith(f"{folder}.")]
        assert all(name.split(".")[1].startswith("_") for name in own), path


def test_every_room_stands_in_the_table() -> None:
    rooms = {room_of(path) for path in FILES}
    assert rooms - DOORS - {"api"} == set(TABLE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_a_file_says_its_purpose_in_its_first_line(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n")[0]
    assert re.fullmatch(r'"""[^"].{8,130}[.:?]("""|)', first), first


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "common", "base", "misc", "manager", "core"}
    assert not empty & {path.stem for path in FILES}


def test_no_module_outside_the_command_line_bears_a_public_functions_name() -> None:
    public = {name for name in harness.__all__ if name.islower()}
    outside = {path.stem for path in FILES if room_of(path) != "cli"}
    assert not public & outside


def test_public_names_are_all_there_and_listed() -> None:
    for name in harness.__all__:
        assert getattr(harness, name) is not None
    assert dir(harness) == harness.__all__
    with pytest.raises(AttributeError):
        harness.nothing  # noqa: B018


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh process has loaded after running some code."""
    ask = f"{code}\nimport sys\nprint('\\nLOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


HEAVY = {"sklearn", "scipy", "datasets", "pandas", "pycrfsuite", "rich", "jinja2"}
COLUMNS = {"numpy", "pyarrow"}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import harness", HEAVY | COLUMNS | {"click", "msgspec"}),
        ("import harness.pytest_plugin", HEAVY | COLUMNS | {"click", "msgspec", "harness.errors"}),
        ("from harness.cli import run; run(['--help'])", HEAVY | COLUMNS | {"msgspec", "harness.corpus"}),
        ("from harness.cli import run; run(['check', 'corpora/kabar'])", HEAVY | COLUMNS | {"harness.duplicates"}),
        ("from harness.cli import run; run(['list', 'models'])", HEAVY | COLUMNS),
        ("from harness.cli import run; run(['score', '--help'])", HEAVY | COLUMNS),
        ("import harness; harness.load('corpora/kabar')", HEAVY | COLUMNS),
    ],
)
def test_start_up_loads_nothing_that_is_not_needed(code: str, absent: set[str]) -> None:
    assert not absent & loaded_after(code)


def test_scoring_loads_numpy_and_nothing_heavier(tmp_path: Path) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_text('{"item":"venezuela/000_57d2df40f0143d75","label":"RELEASE"}\n')
    ask = ["score", str(file), "--corpus", "corpora/kabar", "--task", "event"]
    loaded = loaded_after(f"from harness.cli import run; assert run({ask!r}) == 0")
    assert "numpy" in loaded
    assert not (HEAVY | {"pyarrow"}) & loaded
