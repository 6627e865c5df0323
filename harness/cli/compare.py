"""Hold results against each other: which is better, is it real, and where do they differ?"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _complete
from harness.errors import AskedWrongly, NotComparable

if TYPE_CHECKING:
    from harness.comparing import Comparison
    from harness.parts import Task
    from harness.reporting.comparison import Page
    from harness.reporting.documents import Changed
    from harness.result import Kept

DOCS = ("newly-wrong", "newly-right", "changed")


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="A B [C]...")
@click.option("--corpus", "corpora", multiple=True, metavar="C", help="Where the gold is, if no run.json says it.")
@click.option("--task", metavar="T", shell_complete=_complete.tasks, help="Of runs, this task alone.")
@click.option("--metric", "metrics", multiple=True, shell_complete=_complete.metrics,
              help="Instead of the results' own; the first is the primary one.")  # fmt: skip
@click.option("--slice", "slices", multiple=True, metavar="NAME", shell_complete=_complete.slices,
              help="Parts too: tags, target, language, length, label, name …; may be repeated.")  # fmt: skip
@click.option("--margin", type=click.FloatRange(0, 1, min_open=True), default=0.02, show_default=True,
              help="A difference under this does not matter.")  # fmt: skip
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True), default=0.05, show_default=True,
              help="Chance of a difference where there is none; intervals are at 1 - alpha.")  # fmt: skip
@click.option("--family", type=click.Choice(["max-t", "holm"]), default="max-t", show_default=True,
              help="How p are adjusted where more than two are compared.")  # fmt: skip
@click.option("--docs", type=click.Choice(DOCS), help="Show documents that changed, with both answers.")
@click.option("--most", type=click.IntRange(1), default=5, show_default=True, help="With --docs: how many.")
@click.option("--rerun-base", is_flag=True, help="Let A answer documents that were added since it was run.")
@click.option("--store", type=click.Path(path_type=Path), default=Path("runs/store"), show_default=True,
              help="With --rerun-base: where finished cells are kept.")  # fmt: skip
@click.option("--as", "form", type=click.Choice(["table", "markdown", "latex", "json"]), default="table",
              show_default=True)  # fmt: skip
@click.option("--json", "form", flag_value="json", help="The same as --as json.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Write a page besides, with the documents that are newly wrong and newly right.")  # fmt: skip
@click.option("--no-text", is_flag=True, help="With --html: ids alone, where a licence forbids to pass texts on.")
def command(
    results: tuple[str, ...],
    corpora: tuple[str, ...],
    task: str | None,
    metrics: tuple[str, ...],
    slices: tuple[str, ...],
    margin: float,
    alpha: float,
    family: str,
    docs: str | None,
    most: int,
    rerun_base: bool,
    store: Path,
    form: str,
    html: Path | None,
    no_text: bool,
) -> int:
    """Compare A, the base, with B; or each of several with every other.

    \b
    harness compare runs/main/stance/tfidf runs/main/stance/majority
    harness compare runs/main runs/mine --slice language --docs newly-wrong
    harness compare runs/a/stance/tfidf runs/b/stance/svm runs/c/stance/crf --as latex

    Each is a result's folder or a run's; runs are matched by task and model. Both answers to an item belong together,
    and chance is drawn over whole documents, or groups of them. The gold is that of the corpus as it stands today.
    This explores: p are two-sided. `harness gate` decides, by a policy. Exit codes: 0 compared, 4 not comparable.
    """
    if len(results) < 2:
        raise AskedWrongly("give two results or more: harness compare A B.")
    if len(results) > 2 and (slices or docs or rerun_base or len(metrics) > 1):
        raise AskedWrongly("--slice, --docs, --rerun-base and a second --metric compare two. Give A and B alone.")
    if docs and form == "latex":
        raise AskedWrongly("--docs is no part of a table for LaTeX. Take --as markdown, or leave --docs away.")
    chosen, notes = _matched(results, corpora, task)
    names = _short(results)
    pages: list[tuple[Page, list[Changed], str]] = []
    compared: list[Comparison | None] = []
    refused: list[tuple[str, NotComparable]] = []
    for title, kept, today in chosen:
        title = title if len(chosen) > 1 else ""
        try:
            if len(kept) > 2:
                pages.append((_many(title, kept, names, today, metrics, family, alpha), [], ""))
                compared.append(None)
                continue
            with _base(kept, today, results, store if rerun_base else None) as (base, said):
                both = (base, kept[1])
                two = (names[0], names[1])
                found, told = _two(title, both, two, today, metrics, slices, margin, alpha, docs, most, said)
                pages.append(told)
                compared.append(found)
        except NotComparable as error:
            if len(chosen) == 1:
                raise
            refused.append((title, error))
    code = max((error.exit_code for _, error in refused), default=0)
    _print(pages, refused, notes, form, code)
    if html:
        told_of = [(page, one) for (page, _, _), one in zip(pages, compared, strict=True)]
        _write(html, told_of, results, [*(f"{title}: {error}" for title, error in refused), *notes], no_text)
        click.echo(str(html), err=form != "table")
    return code


def _matched(
    places: Sequence[str], corpora: Sequence[str], only: str | None
) -> tuple[list[tuple[str, list[Kept], Task]], list[str]]:
    """Title, results and task of all that is held against each other; and what is in some of the runs alone."""
    from harness.cli import _sides
    from harness.gating import matched

    sides = [_sides.side(place) for place in places]
    if len(sides) > 2 and len({side.alone for side in sides}) > 1:
        raise AskedWrongly("a run and a single result are compared as two. Give results alone, or runs alone.")
    found: dict[tuple[str, str], list[Kept]] = {}
    tasks: dict[str, Task] = {}
    lacking = [f"{side.name} broke off: {side.missing}" for side in sides if side.missing]
    for other in sides[1:]:
        tasks |= _sides.tasks(sides[0], other, corpora)
        for title, model, ours, theirs in matched(sides[0], other):
            if not (ours and theirs):
                lacking.append(f"{title} · {model} is in {(sides[0] if ours else other).name} alone")
                continue
            seed = min(ours.keys() & theirs.keys(), default=min(ours))
            base, candidate = ours[seed], theirs.get(seed, theirs[min(theirs)])
            if max(len(ours), len(theirs)) > 1:
                lacking.append(f"{title} · {model}: the training with seed {seed} is compared, of several")
            key = (title, "" if sides[0].alone else model)
            found.setdefault(key, [base]).append(candidate)
    whole = {
        key: own
        for key, own in found.items()
        if len(own) == len(sides) and only in (None, key[0], own[0].content["task"]["name"])
    }
    if not whole:
        wanted = f" of task {only}" if only else ""
        raise AskedWrongly(f"there is no result{wanted} that all of {', '.join(places)} have.")
    return [(" · ".join(filter(None, key)), own, tasks[key[0]]) for key, own in whole.items()], [
        *dict.fromkeys(lacking)
    ]


@contextmanager
def _base(kept: Sequence[Kept], task: Task, places: Sequence[str], store: Path | None) -> Iterator[tuple[Kept, str]]:
    """The base, run again where documents were added and that is asked for; and what to say of it."""
    import tempfile

    from harness.cli import _show
    from harness.comparing import added, documents_of

    base, candidate = kept
    new = added(base, candidate)
    if not new:
        yield base, ""
        return
    if store is None:
        many = len(documents_of(new))
        found = f"{many} document{'s were' if many != 1 else ' was'} added since {places[0]} was run"
        again = f"harness compare {shlex.join(places)} --rerun-base"
        raise NotComparable("items", found, f"Let the base answer them too: {again}")
    from harness.rerunning import rerun
    from harness.store import Store

    with tempfile.TemporaryDirectory() as folder:
        tell = _show.counter("fits")
        done = iter(range(1, 10**6))
        yield rerun(base, task, Path(folder), store=Store(store), progress=lambda step: tell(next(done), 0))


def _two(
    title: str,
    kept: tuple[Kept, Kept],
    names: tuple[str, str],
    task: Task,
    metrics: Sequence[str],
    slices: Sequence[str],
    margin: float,
    alpha: float,
    docs: str | None,
    most: int,
    said: str,
) -> tuple[Comparison, tuple[Page, list[Changed], str]]:
    from dataclasses import replace

    from harness.comparing import explore, pair
    from harness.reporting.comparison import page
    from harness.reporting.documents import documents
    from harness.rerunning import seen_by
    from harness.running import metrics_of

    held = pair(*kept, task, names)
    held = replace(held, notes=(said, *held.notes) if said else held.notes)
    asked = metrics or dict.fromkeys([*kept[0].content["metrics"], *kept[1].content["metrics"]])
    seen = seen_by(held, task, kept[0].content["draw_seed"]) if "name" in slices and task.gold.kind == "spans" else None
    found = explore(held, metrics_of(held.task, tuple(asked)), slices=slices, margin=margin, alpha=alpha, seen=seen)
    if docs is None:
        return found, (page(found, title), [], "")
    which = {"newly-wrong": found.newly_wrong, "newly-right": found.newly_right, "changed": found.changed}[docs]
    heading = f"{docs.capitalize().replace('-', ' ')}: {min(most, len(which))} of {len(which):,}"
    return found, (page(found, title), documents(found, which, most), heading)


def _many(
    title: str,
    kept: Sequence[Kept],
    names: Sequence[str],
    task: Task,
    metrics: Sequence[str],
    family: Any,
    alpha: float,
) -> Page:
    from harness.comparing import compare_all
    from harness.parts import Metric
    from harness.reporting.comparison import page_of_many
    from harness.running import metrics_of

    [(spec, metric), *_] = metrics_of(task, metrics or kept[0].content["metrics"][:1]).items()
    if not isinstance(metric, Metric):
        raise AskedWrongly(f"{spec} is no sum over documents: more than two cannot be compared by it. Give A and B.")
    return page_of_many(compare_all(kept, names, task, spec, metric, family=family, alpha=alpha), title)


def _write(
    path: Path, told: list[tuple[Page, Comparison | None]], results: Sequence[str], notes: list[str], no_text: bool
) -> None:
    """The page of `--html`."""
    from harness.reporting.pages import write_comparison

    again = f"harness compare {shlex.join(results)} --html {shlex.quote(str(path))}"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_comparison(path, told, command=again + " --no-text" * no_text, notes=notes, texts=not no_text)


def _short(places: Sequence[str]) -> list[str]:
    """What to call each: the last part of its path in which they differ, else the path as given."""
    parts = [Path(place).parts for place in places]
    for back in range(1, min(map(len, parts)) + 1):
        own = [part[-back] for part in parts]
        if len({*own}) == len(own):
            return own
    return [f"{Path(place).name} ({n})" for n, place in enumerate(places, 1)]


def _print(
    pages: Sequence[tuple[Page, list[Changed], str]],
    refused: Sequence[tuple[str, NotComparable]],
    notes: Sequence[str],
    form: str,
    code: int,
) -> None:
    from harness.files import compact
    from harness.reporting import writing

    for title, error in refused:
        click.secho(f"{title}: {error}", fg="red", err=True)
    if form == "json":
        told = [
            {"title": one.title, **one.content, **({"documents": [doc.content for doc in docs]} if heading else {})}
            for one, docs, heading in pages
        ]
        no = [{"title": title, "field": error.field, "error": str(error)} for title, error in refused]
        click.echo(compact({"exit": code, "comparisons": told, "not_comparable": no, "notes": [*notes]}))
        return
    width = min(120, shutil.get_terminal_size().columns)
    for n, (one, docs, heading) in enumerate(pages):
        if form == "table":
            lines = writing.terminal(one, docs, heading, lambda text, colour: click.style(text, fg=colour), width)
        else:
            lines = writing.markdown(one, docs, heading) if form == "markdown" else writing.latex(one)
        click.echo(("\n" if n else "") + "\n".join(lines))
    for note in notes:
        click.echo(f"Note: {note}.", err=True)
