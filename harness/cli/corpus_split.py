"""Give each group that has none a split; one that is set is never changed silently."""

from __future__ import annotations

import click


@click.command()
@click.argument("corpus")
@click.option("--by", default="group", show_default=True, help="group, or a metadata field whose values stay together.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    required=True,
    help="The same seed gives the same splits.",
)
@click.option("--ratio", default="train=0.6,dev=0.1,test=0.3", show_default=True, help="Shares of the documents.")
@click.option("--again", is_flag=True, help="Deal out all groups anew, those with a split too.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def command(corpus: str, by: str, seed: int, ratio: str, again: bool, dry_run: bool, as_json: bool) -> int:
    """Write a split into each group.toml of CORPUS that has none. Groups go to one split whole."""
    from collections import Counter

    from harness.cli import _show
    from harness.corpus import find
    from harness.corpus.reading import read_folder
    from harness.editing.splitting import apply_split, plan_split
    from harness.errors import AskedWrongly, ProblemsFound

    try:
        shares = [(name.strip(), float(share)) for name, share in (part.split("=") for part in ratio.split(","))]
        if len(dict(shares)) < len(shares):
            raise ValueError("a split twice")
    except ValueError:
        raise AskedWrongly(f'--ratio "{ratio}": write train=0.6,dev=0.1,test=0.3.') from None
    reading = read_folder(find(corpus), tell=_show.counter("groups read"))
    if reading.problems:
        raise ProblemsFound(reading.problems)
    chosen = plan_split(reading, by=by, seed=seed, ratios=dict(shares), again=again)
    had = {document.group for document in reading.documents if document.split}
    changed = sorted(had & chosen.keys())
    if not dry_run:
        apply_split(reading.root, chosen)
    after = Counter(chosen.get(document.group, document.split) for document in reading.documents)
    if as_json:
        import msgspec

        answer = {"exit": 0, "written": not dry_run, "groups": chosen, "changed": changed, "documents": dict(after)}
        click.echo(msgspec.json.encode(answer).decode())
        return 0
    if chosen:
        also = f", {len(changed)} of them had another" if changed else ""
        click.echo(f"{len(chosen)} groups {'would get' if dry_run else 'got'} a split{also}.")
    else:
        click.echo("Every group keeps the split it has. --again deals them out anew.")
    click.echo("documents: " + ", ".join(f"{name or 'none'} {count}" for name, count in sorted(after.items())))
    return 0
