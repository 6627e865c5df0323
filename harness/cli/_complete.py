"""Shell completion of names: models, metrics, tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click


def models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Models whose name begins so."""
    return _parts("models", incomplete)


def metrics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Metrics whose name begins so."""
    return _parts("metrics", incomplete)


def formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Formats whose name begins so."""
    return _parts("formats", incomplete)


def tasks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Tasks of the corpus given by --corpus."""
    from harness.corpus import find
    from harness.corpus.schema import read_schema
    from harness.errors import HarnessError

    problems: list[Any] = []
    try:
        schema = read_schema(find(str(ctx.params.get("corpus"))), problems)
    except HarnessError:
        return []
    return sorted(name for name in {**schema.tasks, **schema.layers} if name.startswith(incomplete))


def slices(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """What every corpus can be sliced by."""
    return [name for name in ("group", "label", "language", "length", "name", "split") if name.startswith(incomplete)]


def corpora(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names under `corpora/`."""
    from pathlib import Path

    known = sorted(path.parent.name for path in Path("corpora").glob("*/corpus.toml"))
    return [name for name in known if name.startswith(incomplete)]


def _parts(folder: str, incomplete: str) -> list[str]:
    from harness.registry import names

    return [name for name in names(folder) if name.startswith(incomplete)]


def reports(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Kinds of report whose name begins so."""
    return _parts("reports", incomplete)
