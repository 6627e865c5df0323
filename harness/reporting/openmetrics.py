"""A gate as OpenMetrics text, for whatever draws a line over time: GitLab's metrics reports, Prometheus.

Source: OpenMetrics 1.0, text format.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.comparing import Cell
from harness.gating import Report

FAMILIES: tuple[tuple[str, str, Callable[[Cell], float | None]], ...] = (
    ("harness_score", "score of the candidate", lambda cell: cell.candidate),
    ("harness_base_score", "score of the base", lambda cell: cell.base),
    ("harness_difference", "candidate less base", lambda cell: cell.difference),
    ("harness_low", "low end of the interval of the difference", lambda cell: cell.low),
    ("harness_high", "high end of the interval of the difference", lambda cell: cell.high),
    ("harness_p", "p of being worse, adjusted within the family", lambda c: c.verdict.p_worse if c.verdict else None),
)


def openmetrics(report: Report) -> str:
    """Every cell that was compared, in gauges with the labels task, model, metric and slice; no value where none is."""
    lines = []
    for name, help_, value in FAMILIES:
        lines += [f"# TYPE {name} gauge", f"# HELP {name} {help_}"]
        for one in report.gated:
            for cell in one.comparison.cells if one.comparison else ():
                number = value(cell)
                if number is not None and math.isfinite(number):
                    labels = {"task": one.task, "model": one.model, "metric": cell.metric, "slice": cell.slice}
                    inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
                    lines.append(f"{name}{{{inner}}} {float(number)!r}")
    lines += [
        "# TYPE harness_exit gauge",
        "# HELP harness_exit exit code of the gate",
        f"harness_exit {report.exit_code}",
    ]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
