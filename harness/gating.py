"""May this be merged: every task and model of a candidate held against a base, by a policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.comparing import Cell, Comparison
from harness.errors import HarnessError
from harness.stats.verdict import ALPHA, MARGIN

EXIT = {"pass": 0, "regressed": 1, "inconclusive": 3, "not comparable": 4, "failed": 5}
State = Literal["pass", "regressed", "inconclusive", "not comparable", "failed"]
Blocking = Literal["regressed", "inconclusive", "never"]


@dataclass(frozen=True)
class Policy:
    """What a gate asks for. `margin` is the drop that matters, `alpha` the chance of a false alarm, per look."""

    margin: float = MARGIN
    margins: dict[str, float] = field(default_factory=dict)  # of single metrics
    alpha: float = ALPHA
    looks: int = 1
    slices: tuple[str, ...] = ()
    family: Literal["warn", "block"] = "warn"  # what a regression of another metric or a slice does
    fail_on: Blocking = "regressed"


@dataclass(frozen=True)
class Gated:
    """One task and model: the comparison, or why there is none."""

    task: str
    model: str
    comparison: Comparison | None
    error: HarnessError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """What is said of the primary metric, or what kept it from being said."""
        if self.comparison is None:
            return "not comparable" if self.error and self.error.exit_code == 4 else "failed"
        verdict = self.comparison.primary.verdict
        return "inconclusive" if verdict is None or verdict.state == "shown" else verdict.state

    @property
    def alarms(self) -> list[Cell]:
        """The cells of the family that regressed."""
        cells = self.comparison.cells[1:] if self.comparison else ()
        return [cell for cell in cells if cell.verdict and cell.verdict.state == "regressed"]


@dataclass(frozen=True)
class Report:
    """All that was gated, and what a process that tells it exits with."""

    policy: Policy
    gated: tuple[Gated, ...]
    names: tuple[str, str]  # base, candidate
    notes: tuple[str, ...] = ()  # of the whole: what this set can detect first

    @property
    def exit_code(self) -> int:
        """That of the worst that blocks: not comparable and failed always, the others as the policy says."""
        codes = [0]
        for one in self.gated:
            if one.state in ("not comparable", "failed"):
                codes.append(EXIT[one.state])
            elif self.policy.fail_on != "never" and (
                one.state == "regressed" or (self.policy.family == "block" and one.alarms)
            ):
                codes.append(EXIT["regressed"])
            elif self.policy.fail_on == "inconclusive" and one.state == "inconclusive":
                codes.append(EXIT["inconclusive"])
        worst = [5, 4, 1, 3, 0]
        return min(codes, key=worst.index)
