"""How far the readers of a corpus agree, layer by layer, and the documents that they dispute most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.agreement import Agreement, Disputed


@click.command()
@click.argument("corpus")
@click.option("--layer", "layers", multiple=True, help="Of this layer alone; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(corpus: str, layers: tuple[str, ...], as_json: bool) -> int:
    """Say how far every two readers of CORPUS agree, on the documents that both have done.

    Readers are all annotators but gold and writer. Exit 2 where no two of them have done the same layer.
    """
    from harness.agreement import agreements, disputed
    from harness.cli import _show
    from harness.corpus import find
    from harness.corpus.reading import read_corpus
    from harness.errors import ProblemsFound

    reading = read_corpus(find(corpus), everyone=True, tell=_show.counter("groups read"))
    if reading.problems:
        raise ProblemsFound(reading.problems)
    found, documents = agreements(reading, layers=layers), disputed(reading, layers=layers)
    if as_json:
        from harness.files import canonical

        answer = {
            "exit": 0,
            "corpus": str(reading.root),
            "agreements": [_plain(one) for one in found],
            "disputed": [{"document": one.document, "items": dict(one.items)} for one in documents],
        }
        click.echo(canonical(answer).decode())
        return 0
    _tables(reading.schema.name, found, documents)
    return 0


def _plain(one: Agreement) -> dict[str, Any]:
    score = one.score
    return {
        "layer": one.layer,
        "readers": list(one.readers),
        "metric": score.metric,
        "label": score.label,
        "value": None if score.value != score.value else score.value,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "units": score.units,
        "unit": score.unit,
        "note": score.note,
    }


def _tables(name: str, found: Sequence[Agreement], documents: Sequence[Disputed]) -> None:
    from harness.agreement import SEED
    from harness.cli import _show
    from harness.scores import show_value

    rows = []
    for one in found:
        score, readers = one.score, " + ".join(one.readers)
        rows.append((one.layer, readers, score.name, show_value(score), str(score.n), _show.units(score), score.note))
    header = ("layer", "readers", "coefficient", "value", "n", "unit", "")
    screen = _show.console()
    screen.print(_show.table(f"{name}: agreement", header, rows))
    screen.print(f"n counts items, in layers of spans distinct spans. Intervals of 95 %, seed {SEED}.")
    if not documents:
        screen.print("No item is in dispute.")
        return
    layers = list(dict.fromkeys(one.layer for one in found))
    counts = [(d.document, *(str(d.items.get(layer, 0)) for layer in layers), str(d.total)) for d in documents]
    screen.print(_show.table("most disputed", ("document", *layers, "items"), counts))
