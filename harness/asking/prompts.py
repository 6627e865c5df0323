"""Prompt files with named fields, filled with an item, and examples chosen from the training items alone."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.annotations import Annotations
from harness.asking.reading import written
from harness.errors import AskedWrongly, UnknownName, quote
from harness.records import ITEM_COLUMNS, Items

HERE = Path(__file__).parent
FIELD = re.compile(r"\{([a-z_]+)\}")  # braces around anything else, such as JSON, stand for themselves
SHARED = ("text", "language", "labels", "about", "examples")
STANCE = {"holder", "target"}


def read_prompt(path: str) -> str:
    """A prompt file's text. Raises AskedWrongly where it cannot be read."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise AskedWrongly(
            f"prompt {quote(path)} cannot be read ({error.strerror}). Paths start here: {Path.cwd()}."
        ) from None
    except UnicodeDecodeError:
        raise AskedWrongly(f"prompt {quote(path)} is not UTF-8. Save it as UTF-8.") from None


def built_in(kind: str, facets: Sequence[str]) -> str:
    """The prompt of ours for such a question: that of stance where a label is asked about a holder and a target."""
    name = "stance" if kind == "label" and set(facets) == STANCE else kind
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")


def facets_of(items: Items) -> list[str]:
    """What an item is about besides its document: the holder and the target of a stance."""
    return [name for name in items.columns if name not in ITEM_COLUMNS]


def refuse_unfit(prompt: str, name: str, facets: Sequence[str], shots: int) -> None:
    """Say no to a prompt with a field that items lack, without any of an item, or without a place for examples."""
    fields = set(FIELD.findall(prompt))
    known = [*SHARED, *facets]
    for field in sorted(fields):
        if field not in known:
            raise UnknownName(f"field of prompt {name}", field, known)
    if not fields & {"text", "about", *facets}:
        raise AskedWrongly(f"prompt {name} shows nothing of an item. Write {{text}} where its text should stand.")
    if shots and "examples" not in fields:
        raise AskedWrongly(f"prompt {name} has no place for examples. Write {{examples}} in it, or ask for shots=0.")


def fill(prompt: str, values: dict[str, str]) -> str:
    """The prompt with its fields replaced, all at once: a text that holds a field's name is left as it is."""
    return FIELD.sub(lambda match: values[match[1]], prompt)


def filler(prompt: str, labels: Sequence[str], examples: str) -> Callable[[Items, int], str]:
    """(items, i) -> what a server is asked about item i."""

    def asked(items: Items, i: int) -> str:
        facets = facets_of(items)
        of_item = {name: items[name][i] for name in ("text", "language", *facets)}
        shared = {"labels": ", ".join(labels), "about": _about(items, facets, i), "examples": examples}
        return fill(prompt, {**of_item, **shared})

    return asked


def shown(items: Items, gold: Annotations, shots: int, seed: int) -> str:
    """`shots` training items with their gold answers, as the text that stands for {examples}; empty for none.

    Labels take turns in an order drawn by the seed, each giving an item that the seed picks among its own, so that
    no label is shown twice before each that has items was shown once. An item without any label counts as a label.
    """
    if not shots:
        return ""
    facets = facets_of(items)
    answers = gold.answers()
    parts = ["", "Examples:"]
    for i in _chosen(items, gold, answers, shots, seed):
        answer = written(gold.kind, answers[i], items["text"][i])
        about = _about(items, facets, i)
        parts.append(f"\nText:\n{items['text'][i]}\n{about + chr(10) if about else ''}Answer: {answer}")
    return "\n".join(parts) + "\n"


def _chosen(items: Items, gold: Annotations, answers: Sequence[object], shots: int, seed: int) -> list[int]:
    draw = random.Random(seed)
    by_label: dict[str, list[int]] = {label: [] for label in ("", *gold.labels)}
    for i in sorted((i for i, answer in enumerate(answers) if answer is not None), key=items["item"].__getitem__):
        for label in _labels_in(answers[i]) or {""}:
            by_label[label].append(i)
    queues = [members for members in by_label.values() if members]
    for members in queues:
        draw.shuffle(members)
    draw.shuffle(queues)
    chosen: list[int] = []
    while len(chosen) < shots and any(queues):
        for members in queues:
            while members and members[-1] in chosen:
                members.pop()
            if members and len(chosen) < shots:
                chosen.append(members.pop())
    return chosen


def _labels_in(answer: object) -> set[str]:
    if isinstance(answer, str):
        return {answer}
    assert isinstance(answer, list)
    return {one if isinstance(one, str) else one[2] for one in answer}


def _about(items: Items, facets: Sequence[str], i: int) -> str:
    return "\n".join(f"{name.capitalize()}: {items[name][i]}" for name in facets)
