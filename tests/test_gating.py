"""Policies with every problem of theirs, levels of looks, and which verdict a process ends with."""

from pathlib import Path

import pytest

from harness.errors import AskedWrongly, HarnessError, NotComparable
from harness.gating import Gated, Policy, Report, read_policy

ROOT = Path(__file__).parent.parent


def read(tmp_path: Path, text: str) -> Policy:
    (tmp_path / "gate.toml").write_text(text)
    return read_policy(tmp_path / "gate.toml")


def test_a_policy_is_read_as_it_stands_and_an_empty_one_is_the_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Policy()
    said = 'margin = 0.01\nalpha = 0.1\nlooks = 2\nslices = ["language"]\nfamily = "block"\nfail_on = "never"\n'
    found = read(tmp_path, said + "[margins]\naccuracy = 0.03\n\"f1( average='micro' )\" = 0.04\n")
    margins = {"accuracy": 0.03, 'f1(average="micro")': 0.04}
    assert found == Policy(0.01, margins, 0.1, 2, ("language",), "block", "never")
    assert (found.margin_of("accuracy"), found.margin_of("f1")) == (0.03, 0.01)


def test_every_problem_of_a_policy_is_told_in_one_pass_with_its_line(tmp_path: Path) -> None:
    text = """margin = 2
alpha = 0.6
looks = true
slices = "language"
family = "stop"
fail_on = "worse"
margn = 0.1
[margins]
acuracy = 0.01
f1 = 0
"""
    with pytest.raises(AskedWrongly) as no:
        read(tmp_path, text)
    told = str(no.value).splitlines()
    assert [int(line.partition("gate.toml:")[2].partition(":")[0]) for line in told] == [*range(1, 8), 9, 10]
    assert 'Did you mean "accuracy"?' in told[7]
    assert 'Did you mean "margin"?' in told[6]
    with pytest.raises(AskedWrongly, match=r"gate\.toml:1: malformed TOML"):
        read(tmp_path, "margin 2")
    with pytest.raises(AskedWrongly, match="cannot be read"):
        read_policy(tmp_path / "none.toml")


def test_the_example_is_a_policy() -> None:
    assert read_policy(ROOT / "benchmarks" / "gate.toml").slices == ("language",)


def test_each_of_two_looks_has_the_level_that_keeps_alpha_over_both() -> None:
    """Pocock, 1977: two-sided 0.0294 for each of two looks; one-sided 0.05 gives 0.0304."""
    assert Policy().level == 0.05
    assert Policy(looks=2).level == pytest.approx(0.0304, abs=5e-5)


def test_the_worst_that_blocks_decides_and_not_run_before_not_comparable() -> None:
    def code(*errors: HarnessError, fail_on: str = "never") -> int:
        gated = tuple(Gated("t", "m", None, error) for error in errors)
        return Report(Policy(fail_on=fail_on), gated, ("a", "b")).exit_code  # type: ignore[arg-type]

    no = NotComparable("texts", "they differ", "Run both again.")
    assert code() == 0
    assert code(no) == 4
    assert code(HarnessError("not run")) == 5
    assert code(no, HarnessError("not run"), no) == 5
