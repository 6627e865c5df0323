"""What a model that is made of others tells of them: what they spent, and whether one is unfinished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.parts import Model


def spent_by(*models: Model) -> dict[str, float]:
    """What the last `predict` of each model cost, added up by name."""
    return added(getattr(model, "spent", None) or {} for model in models)


def added(costs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Costs added up by name."""
    total: dict[str, float] = {}
    for cost in costs:
        for name, much in cost.items():
            total[name] = total.get(name, 0) + much
    return total


def unfinished_of(*models: Model) -> bool:
    """Whether a model's last answers are not to be kept, since a server failed or a budget was spent."""
    return any(getattr(model, "unfinished", False) for model in models)
