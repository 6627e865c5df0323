"""One number with the interval that chance draws around it, and how a person reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One number with the interval that chance draws around it.

    `low` and `high` are None where no interval can be given; `note` says why, or what to beware of.
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int  # items
    units: int  # what chance is drawn over
    unit: str  # "document" or "group"
    label: str = ""  # one label's own score; empty for the score as a whole
    note: str = ""
    slice: str = ""  # the score on some items alone: "language=id"

    @property
    def name(self) -> str:
        """The metric as typed, then whose score it is of all that it gives: `f1`, `f1[FAVOR]`, `f1[language=id]`."""
        part = self.label or self.slice
        return f"{self.metric}[{part}]" if part else self.metric

    def __str__(self) -> str:
        name = self.name
        about = f"n {self.n}, {self.units} {self.unit}{'s' if self.units != 1 else ''}"
        return f"{name} {show_value(self)}  {about}{f'  ({self.note})' if self.note else ''}"


def show_value(score: Score) -> str:
    """`0.612 [0.540, 0.690]`, the same everywhere a person reads a score."""
    if score.value != score.value:
        return "not defined"
    if score.low is None or score.high is None:
        return f"{score.value:.3f} [not estimable]"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
