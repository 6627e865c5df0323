"""The comparisons of benchmarks/speed, small: both sides give the same numbers, and the frame says what is so."""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

SPEED = Path(__file__).parents[1] / "benchmarks" / "speed"
NAMES = ("_frame", "_made_up", "labels", "spans", "tags", "resampling", "calibration", "score")
PEERS = {"sklearn", "seqeval", "nervaluate", "spacy", "scipy", "sacrebleu"}
N = 200


@pytest.fixture(scope="module", autouse=True)
def scripts() -> Iterator[dict[str, ModuleType]]:
    """The scripts as modules, found only while these tests run."""
    sys.path.insert(0, str(SPEED))
    yield {name: importlib.import_module(name) for name in NAMES}
    sys.path.remove(str(SPEED))
    for name in NAMES:
        del sys.modules[name]


@pytest.fixture
def comparison(scripts: dict[str, ModuleType]) -> object:
    """One whose peer is a hundred times slower, on a tenth of the work."""
    found = scripts["_frame"].Comparison("work", "peer", lambda: {"f1": 0.5}, lambda: {"f1": 0.5}, lambda: None)
    return replace(found, reach=2_000, times=10)


@pytest.mark.filterwarnings("ignore:The y_prob values do not sum to one")  # float32, as scikit-learn sees it
@pytest.mark.parametrize("name", ["labels", "spans", "tags", "resampling", "calibration"])
def test_both_sides_give_the_same_numbers(scripts: dict[str, ModuleType], name: str) -> None:
    absent: set[str | None] = set()
    checked = 0
    for comparison in scripts[name].comparisons(N, *([50] if name == "resampling" else [])):
        try:
            comparison.ready()
            scripts["_frame"].check(comparison)
            checked += 1
        except ModuleNotFoundError as error:
            absent.add(error.name)
    assert absent <= PEERS
    if not checked:
        pytest.skip(f"there is no {', '.join(map(str, absent))}")


def test_different_numbers_are_refused(scripts: dict[str, ModuleType], comparison: object) -> None:
    for theirs in ({"f1": 0.5 + 2e-9}, {"other": 0.5}, {}):
        with pytest.raises(AssertionError, match="work"):
            scripts["_frame"].check(replace(comparison, theirs=lambda theirs=theirs: theirs))


def test_a_scaled_ratio_is_marked_and_a_missed_one_said(scripts: dict[str, ModuleType], comparison: object) -> None:
    row = str(scripts["_frame"].Row(comparison, 1_000, ours=0.01, theirs=1.0, floor=0.005))
    assert row == "| 1,000 | work | peer | 10 ms | 1 s * | 100 × * | 2,000 ×, missed | 2 (5 ms) |"


def test_a_section_is_written_in_its_place_and_the_others_stay(scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    page, write = tmp_path / "README.md", scripts["_frame"].write_section
    page.write_text("# Cost\n\n## Start-up\n\nold\n\n## Spans\n\nold\n\n## Spans, more\n\nkept\n", encoding="utf-8")
    write("Spans", r"new \1", page)
    write("Tags", "new", page)
    assert page.read_text(encoding="utf-8") == (
        "# Cost\n\n## Start-up\n\nold\n\n## Spans\n\nnew \\1\n\n## Spans, more\n\nkept\n\n## Tags\n\nnew\n"
    )


def test_made_up_files_are_scored_as_scikit_learn_scores_their_labels(
    scripts: dict[str, ModuleType], tmp_path: Path
) -> None:
    from harness.api import score_files

    score = scripts["score"]
    gold, predictions = score.write_files(tmp_path, N)
    found = score_files(predictions, gold, labels=scripts["_made_up"].LABELS, kind="label", metrics=["f1"], seed=13)
    with pytest.raises(AssertionError):
        score.check(b'{"content": {"scores": [{"value": 0.5, "low": 0.4, "high": 0.6}]}}', N)
    score.check(scripts["score"].json.dumps({"content": found.content}).encode(), N)
