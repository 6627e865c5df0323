"""A corpus in a few lines, or a document with its spans coloured and its labels beside it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from harness.cli._overlay import visible
from harness.errors import AskedWrongly

if TYPE_CHECKING:
    from harness.corpus import Corpus, Layer
    from harness.records import Document

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red", "bright_cyan", "bright_yellow", "bright_green")


@click.command()
@click.argument("corpus")
@click.argument("document", required=False)
@click.option(
    *("--predictions", "places"),
    multiple=True,
    metavar="RUN",
    help="Draw what a run's models, or one result, said of DOCUMENT over the gold. May be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(corpus: str, document: str | None, places: tuple[str, ...], as_json: bool) -> int:
    """Show CORPUS, or one DOCUMENT of it by GROUP/ID (ID alone where only one document has it).

    \b
    harness show kabar venezuela/04 --predictions runs/kabar-159a70c7
    """
    from harness.cli import _show

    loaded = _show.loaded(corpus)
    if places and document is None:
        raise AskedWrongly(
            "--predictions are drawn over one document. Name it: harness show CORPUS DOC --predictions RUN"
        )
    if document is None:
        _corpus(loaded, as_json)
    elif places:
        _overlaid(loaded, loaded[document], places, as_json)
    else:
        _document(loaded, loaded[document], as_json)
    return 0


def _corpus(corpus: Corpus, as_json: bool) -> None:
    from harness.benchmark import tasks_of

    about = corpus.describe()
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"exit": 0, "name": corpus.name, "digest": corpus.digest, **about}).decode())
        return
    click.secho(f"{corpus.name}@{corpus.digest[:8]}", bold=True)
    click.echo(f"{about['documents']['all']} documents in {about['groups']['all']} groups")
    lines = {
        "splits": {name: about["documents"][name] for name in about["splits"]},
        "languages": {name: row["all"] for name, row in about["languages"].items()},
        "layers": {name: layer["documents"]["all"] for name, layer in about["layers"].items()},
    }
    for key, counts in lines.items():
        click.echo(f"{key:<10} {', '.join(f'{name} {count}' for name, count in counts.items())}")
    click.echo(f"{'tasks':<10} {', '.join(tasks_of(corpus))}")
    for document in corpus:
        first = " ".join(document.text.split())
        short = visible(first[:70]) + ("…" if len(first) > 70 else "")
        click.echo(f"{click.style(document.id, fg='cyan')}  {short}")


def _overlaid(corpus: Corpus, document: Document, places: Sequence[str], as_json: bool) -> None:
    from harness.cli import _overlay

    found = _overlay.said_of(corpus, document, places)
    if as_json:
        import msgspec

        told = {"exit": 0, "id": document.id, "text": document.text, "tasks": _overlay.plain(found)}
        click.echo(msgspec.json.encode(told).decode())
        return
    click.secho(_head(document), bold=True)
    for line in _overlay.lines(document, found):
        click.echo(line)


def _document(corpus: Corpus, document: Document, as_json: bool) -> None:
    if as_json:
        import msgspec

        plain = {"id": document.id, "text": document.text, "split": document.split, "gold": document.gold}
        click.echo(msgspec.json.encode({"exit": 0, **plain, "meta": document.meta}).decode())
        return
    click.secho(_head(document), bold=True)
    click.echo()
    layers = corpus.schema.layers
    spans = [line for name, layer in layers.items() if layer.kind == "spans" for line in document.gold.get(name, ())]
    colour = {label: COLOURS[i % len(COLOURS)] for layer in layers.values() for i, label in enumerate(layer.labels)}
    click.echo(marked(document.text, spans, colour if sys.stdout.isatty() else {}))
    for name, layer in layers.items():
        if layer.kind != "spans" and name in document.gold:
            click.echo()
            click.secho(name, bold=True)
            for line in document.gold[name]:
                click.echo(f"  {_label(line, layer, document)}")


def _head(document: Document) -> str:
    tags = document.meta.get("tags", [])
    tags = ", ".join(map(str, tags)) if isinstance(tags, list) else str(tags)
    parts = (document.id, document.language, document.split, tags)
    return visible(" · ".join(part for part in parts if part))


def marked(text: str, spans: Sequence[Mapping[str, Any]], colour: Mapping[str, str]) -> str:
    """The text with `[surface](LABEL)` around each span, inner ones inside; coloured where colours are given."""
    nested = [*spans, *(inner for span in spans for inner in span.get("inner", ()))]
    marks: list[tuple[int, int, int, str]] = []
    for span in nested:
        length, label = span["end"] - span["start"], span.get("label", "")
        hue = colour.get(label, "")
        for at, order, sign in ((span["start"], -length, "["), (span["end"], length, f"]({visible(label)})")):
            mark = click.style(sign, fg=hue, bold=True) if hue else sign
            marks.append((at, int(sign == "["), order, mark))
    parts, last = [], 0
    for at, _, _, mark in sorted(marks):
        parts += [visible(text[last:at]), mark]
        last = at
    return "".join([*parts, visible(text[last:])])


def _label(line: Mapping[str, Any], layer: Layer, document: Document) -> str:
    about = " → ".join(document.name_of(facet, line[facet]) for facet in layer.of)
    said = [str(line[key]) for key, kind in layer.fields.items() if key in line and not isinstance(kind, str)]
    flags = [key for key, kind in layer.fields.items() if kind == "bool" and line.get(key)]
    evidence = " … ".join(f"“{surface}”" for surface in line.get("text", []))
    label = click.style(visible(str(line["label"])), bold=True)
    extra = f" ({', '.join([*said, *flags])})" if said or flags else ""
    return visible(f"{about}: " if about else "") + label + visible(f"{extra} {evidence}".rstrip())
