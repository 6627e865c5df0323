"""A new corpus: layers asked for by flags, guidelines stub, card, benchmark, CI file."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command()
@click.argument("name")
@click.option("--label", "single", multiple=True, metavar="LAYER=A,B", help="A layer with one label a document.")
@click.option("--labels", "several", multiple=True, metavar="LAYER=A,B", help="A layer with several labels a document.")
@click.option("--spans", multiple=True, metavar="LAYER=A,B", help="A layer of labelled spans.")
@click.option("--of", "about", multiple=True, metavar="LAYER=X,Y",
              help="What a --label layer is about besides the document: stance=holder,target.")  # fmt: skip
@click.option(
    "--language", multiple=True, help="A language of the texts (id, en, …); may be repeated or listed with commas."
)
@click.option("--in", "folder", type=click.Path(path_type=Path), default=Path("corpora"), show_default=True,
              help="The folder that the corpus is made in.")  # fmt: skip
def command(
    name: str,
    single: tuple[str, ...],
    several: tuple[str, ...],
    spans: tuple[str, ...],
    about: tuple[str, ...],
    language: tuple[str, ...],
    folder: Path,
) -> int:
    """Make corpora/NAME, benchmarks/NAME.toml and, where there is none, .github/workflows/harness.yml.

    \b
    harness corpus new mine --labels frame=economy,security,health --language id,en
    harness corpus new mine --label stance=FAVOR,AGAINST,NONE --of stance=holder,target
    harness corpus new mine --spans entities=PER,ORG,GPE
    """
    from harness.corpus.schema import NAME, Layer
    from harness.editing.new import new_corpus
    from harness.errors import AskedWrongly, UnknownName, quote

    if not NAME.fullmatch(name):
        raise AskedWrongly(f"corpus name {quote(name)}: use a-z, 0-9 and -. Its folder goes after --in.")
    given = (
        [("label", one) for one in single] + [("labels", one) for one in several] + [("spans", one) for one in spans]
    )
    if not given:
        raise AskedWrongly("a corpus needs a layer: add --label, --labels or --spans, for example --label topic=A,B.")
    of = dict(_pair(one, "--of") for one in about)
    layers = []
    for kind, text in given:
        layer, labels = _pair(text, f"--{kind}")
        layers.append(Layer(name=layer, kind=kind, labels=labels, of=of.pop(layer, ())))
    known = [layer.name for layer in layers]
    if of:
        raise UnknownName("layer in --of", next(iter(of)), known)
    if len(set(known)) < len(known):
        raise AskedWrongly("two layers have one name.")
    if any(layer.of and layer.kind != "label" for layer in layers):
        raise AskedWrongly("--of goes with --label: one label for each holder and target, say.")
    languages = [code.strip() for text in language for code in text.split(",") if code.strip()]
    benchmark = Path("benchmarks") / f"{name}.toml"
    written = new_corpus(folder / name, layers, languages, benchmark, Path())
    for path in written:
        click.echo(f"wrote {path}")
    if benchmark not in written:
        click.echo(f"kept {benchmark}, which is there already")
    where = name if folder == Path("corpora") else shlex.quote(str(folder / name))
    click.echo(f"Next: harness import FILE --to {where} --as csv")
    return 0


def _pair(text: str, option: str) -> tuple[str, tuple[str, ...]]:
    from harness.errors import AskedWrongly

    name, equals, values = text.partition("=")
    parts = tuple(part.strip() for part in values.split(",") if part.strip())
    if not equals or not name or not parts or len(set(parts)) < len(parts):
        raise AskedWrongly(f'{option} "{text}": write NAME=A,B with different names.')
    return name.strip(), parts
