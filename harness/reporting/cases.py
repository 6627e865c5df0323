"""What a gate asked, one case a cell: what came of it, whether it blocks, and why, for every form of report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness import telling
from harness.comparing import Cell
from harness.gating import Gated, Policy, Report, State


@dataclass(frozen=True)
class Case:
    """One gated cell; where nothing could be compared, the task and model by itself, without a cell."""

    gated: Gated
    cell: Cell | None
    state: State
    blocks: bool  # whether it alone would end the process with an error
    reason: str  # in one line

    @property
    def primary(self) -> bool:
        """Whether it says the verdict on its task and model, and no cell of the family."""
        return self.gated.comparison is None or self.cell is self.gated.comparison.primary

    @property
    def name(self) -> str:
        """`stance · tfidf · f1[language=id]`."""
        parts = (self.gated.task, self.gated.model, self.cell.name if self.cell else "")
        return " · ".join(part for part in parts if part)


def cases_of(report: Report) -> list[Case]:
    """Every gated cell, in the order of the report; slices too small and rankings beside the primary are none."""
    return [case for one in report.gated for case in _of(one, report.policy)]


def worst_first(cases: list[Case]) -> list[Case]:
    """Those that are more than a pass: what blocks first, and in each half the heavier first."""
    order = ("failed", "not comparable", "regressed", "inconclusive")
    open_ = [case for case in cases if case.state != "pass"]
    return sorted(open_, key=lambda case: (not case.blocks, order.index(case.state)))


def _of(one: Gated, policy: Policy) -> Iterator[Case]:
    if one.comparison is None:
        yield Case(one, None, one.state, True, str(one.error))
        return
    for i, cell in enumerate(one.comparison.cells):
        if i and (cell.verdict is None or cell.verdict.state == "shown"):
            continue
        state: State = one.state if not i else cell.verdict.state  # type: ignore[union-attr, assignment]
        blocks = _blocks(state, policy, primary=not i)
        parts = [telling.cell_in_words(cell), telling.settling_in_words(one) if not i else ""]
        if state == "regressed" and not blocks:
            parts.append("the policy warns of it and does not block")
        if cell.verdict is None:
            parts.append("a ranking is shown, never gated")
        yield Case(one, cell, state, blocks, "; ".join(part for part in parts if part))


def _blocks(state: State, policy: Policy, *, primary: bool) -> bool:
    if state == "regressed":
        return policy.fail_on != "never" and (primary or policy.family == "block")
    return state == "inconclusive" and primary and policy.fail_on == "inconclusive"
