"""One self-contained HTML file of a run or of a comparison: the template filled, style and script inside."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.comparing import Comparison
from harness.files import write_atomically
from harness.reporting.account import Account
from harness.reporting.browsing import Browsed, browsed, of_comparisons
from harness.reporting.comparison import Page
from harness.reporting.overlaying import STATES, Mark, pieces
from harness.reporting.sections import sections
from harness.scores import show_value

PAGE = Path(__file__).parent / "page"
PLAIN = 400  # documents that can be read without JavaScript


def write_report(account: Account, path: Path, *, texts: bool = True, most: int = 10_000) -> None:
    """The report of a run. `texts` False: ids alone; `most` documents at most can be browsed."""
    told = browsed(account, texts=texts, most=most)
    _write(
        path,
        "report.html.j2",
        told,
        account=account,
        title=account.name,
        sections=sections(account),
        cards=list(_cards(account)),
        entries=account.entries,
        texts=texts,
    )


def write_comparison(
    path: Path,
    compared: Sequence[tuple[Page, Comparison | None]],
    *,
    command: str,
    notes: Sequence[str] = (),
    texts: bool = True,
    most: int = 10_000,
) -> None:
    """Results held against each other, each as a table, and of two the documents that got worse and better.

    A page without its Comparison is one of more than two results: it has no documents.
    """
    titled = [(page.title or page.content["task"], one) for page, one in compared if one is not None]
    told = of_comparisons(titled, texts=texts, most=most)
    names = " and ".join(dict.fromkeys(name for page, _ in compared for name in _names(page)))
    pages = [page for page, _ in compared]
    _write(path, "comparison.html.j2", told, title=names, pages=pages, command=command, notes=notes, texts=texts)


def _names(page: Page) -> list[str]:
    return list(page.content.get("names") or (page.content["base"], page.content["candidate"]))


def _write(path: Path, template: str, told: Browsed, **known: Any) -> None:
    script = (PAGE / "report.js").read_text(encoding="utf-8")
    filled = (
        _environment()
        .get_template(template)
        .render(
            told=told,
            data=told.data,
            articles=functools.partial(_articles, told.data),
            left=max(0, len(told.data["documents"]) - PLAIN),
            states=STATES,
            script=script,
            style=(PAGE / "report.css").read_text(encoding="utf-8"),
            allowed=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            json=_json,
            **known,
        )
    )
    write_atomically(path, f"{filled.rstrip()}\n".encode("utf-8", "replace"))


@functools.cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["shown"] = show_value
    made.filters["number"] = lambda value: "" if value is None else f"{value:,}"
    made.filters["text"] = lambda text: text.replace("\0", "\ufffd")
    return made


def _json(value: Any) -> str:
    """JSON that can stand in a script element: no text in it can end that element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _articles(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The first documents for a page without JavaScript: the text with the spans of each task's best model, and tables.

    In a comparison it is the candidate whose spans are drawn.
    """
    shown = range(min(PLAIN, len(data["documents"])))
    own: dict[int, list[tuple[dict[str, Any], list[Any]]]] = {d: [] for d in shown}
    for task in data["tasks"]:
        for row in task["rows"]:
            if row[0] in own:
                own[row[0]].append((task, row))
    for d in shown:
        name, text, language, tags, _ = data["documents"][d]
        drawn, by, evidence, tables = [], "", [], list[dict[str, Any]]()
        for task, row in own[d]:
            if task["kind"] == "spans":
                at = len(task["models"]) - 1 if "worse" in task else 0
                drawn, by = _marks(task, row, at), f"{task['title']}: {task['models'][at][0]}"
                others = enumerate(task["models"])
                tables.append({"title": task["title"], "spans": [(m[0], _counted(task, row, k)) for k, m in others]})
                continue
            if not tables or tables[-1]["title"] != task["title"]:
                tables.append({"title": task["title"], "task": task, "rows": [], "roles": row[4]})
            number = f"{task['title']} {len(tables[-1]['rows']) + 1}"
            evidence += [(*place, number) for place in row[3]]
            tables[-1]["rows"].append((" → ".join(row[1]), _label(task, row[2]), [*_said(task, row)]))
        yield {
            "name": name,
            "language": language,
            "tags": tags,
            "by": by,
            "tables": tables,
            "pieces": list(pieces(text, drawn, evidence)) if text else [],
        }


def _marks(task: dict[str, Any], row: list[Any], k: int) -> list[Mark]:
    """The spans of gold and of model k of a row, as `browsing` keeps them."""
    labels = [*task["labels"], "?"]
    gold = [(a, b, labels[c]) for a, b, c in row[2]] if isinstance(row[2], list) else []
    said = row[5][k] if isinstance(row[5][k], list) else []
    used, found = set[int](), []
    for one in said:
        at = one if isinstance(one, int) else one[3]
        used.add(at)
        span = gold[one] if isinstance(one, int) else (one[0], one[1], labels[one[2]])
        found.append(Mark(gold[at] if at >= 0 else None, span))
    return found + [Mark(span, None) for i, span in enumerate(gold) if i not in used]


def _counted(task: dict[str, Any], row: list[Any], k: int) -> str:
    """`12 agreement, 2 missed`, or why there is no answer."""
    if not isinstance(row[5][k], list):
        return f"no answer ({row[5][k]})" if row[5][k] else "not asked"
    states = [mark.state for mark in _marks(task, row, k)]
    return ", ".join(f"{states.count(state)} {words}" for state, (_, words) in STATES.items() if state in states)


def _label(task: dict[str, Any], answer: Any) -> str:
    labels = [*task["labels"], "?"]
    if isinstance(answer, str):
        return f"no answer ({answer})"
    return labels[answer] if isinstance(answer, int) else ", ".join(labels[code] for code in answer) or "none"


def _said(task: dict[str, Any], row: list[Any]) -> Iterator[tuple[str, bool]]:
    """What each model answered, and whether it is right."""
    for answer in row[5]:
        if answer is None:
            yield "not asked", True
        elif isinstance(answer, str):
            yield f"no answer ({answer})", False
        else:
            sure = f" {answer[1] / 1000:.2f}" if answer[1] >= 0 else ""
            yield _label(task, answer[0]) + sure, answer[0] == row[2]


def _cards(account: Account) -> Iterator[dict[str, str]]:
    """What a reader must know of each corpus: version, licence, and the words with which its data card opens."""
    seen = set()
    for about in account.abouts.values():
        if about.corpus in seen:
            continue
        seen.add(about.corpus)
        card = re.sub(r"\A---\n.*?\n---\n", "", about.card, flags=re.DOTALL)
        opening = re.split(r"^## ", card, maxsplit=1, flags=re.MULTILINE)[0]
        said = [re.sub(r"[*_`]|<!--.*?-->", "", block) for block in opening.split("\n\n")]
        tags = re.search(r"^tags:\n((?:  - .*\n)*)", about.card, flags=re.MULTILINE)
        yield {
            "corpus": about.corpus,
            "version": about.version,
            "licence": about.licence,
            "guideline": about.guideline,
            "tags": ", ".join(re.findall(r"- (.*)", tags[1])) if tags else "",
            "opening": "\n".join(
                " ".join(one.split()) for one in said if one.strip() and not one.strip().startswith("#")
            ),
        }
