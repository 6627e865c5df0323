"""Every way to say no: one tree of exceptions, each with the exit code it ends the command with.

HarnessError                5  the run failed
├── NoKey                   5  … since the key of a server is not there, as in a fork
├── AskedWrongly            2  a command, setting or name that cannot be
│   ├── UnknownName         2  … with the nearest valid name
│   └── NotInstalled        2  a library that an extra brings, with the line that installs it
├── NotComparable           4  two results that cannot be held against each other, and why
└── ProblemsFound           1  the answer is no: every problem of the input, each with its place
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class HarnessError(Exception):
    """Something the person in front of the screen can read and act on; never a bug of ours."""

    exit_code = 5


class AskedWrongly(HarnessError):
    """The question cannot be asked this way."""

    exit_code = 2


class UnknownName(AskedWrongly):
    """A name that is not among the valid ones.

    >>> print(UnknownName("metric", "f2", ["accuracy", "f1"]))
    unknown metric "f2". Did you mean "f1"? There are: accuracy, f1.
    """

    def __init__(self, what: str, name: str, valid: Iterable[str], place: str = "") -> None:
        self.name, self.valid = name, sorted(valid)
        super().__init__(f"{place}unknown {what} {quote(name)}. {suggestion(name, self.valid)}")


class NotInstalled(AskedWrongly):
    """A library that only some parts need is not there.

    >>> print(NotInstalled("spacy", "spacy"))
    spacy is not installed. Install it: pip install "text-harness[spacy]"
    """

    def __init__(self, library: str, extra: str) -> None:
        what = f'"text-harness[{extra}]"' if extra else library
        super().__init__(f"{library} is not installed. Install it: pip install {what}")


class NoKey(HarnessError):
    """A server's key is not there, as in a fork: what needs it is not run, all else is.

    >>> print(NoKey("SOME_KEY"))  # doctest: +ELLIPSIS
    not run: no key. The environment variable SOME_KEY is not set. Set it to the key that the server asks for, or ...
    """

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"not run: no key. The environment variable {variable} is not set. Set it to the key that the server asks "
            "for, or let somebody who has it supply the predictions: harness run BENCH --only MODEL --out RUN makes "
            "them, and harness gate BASE RUN, or the model predictions(path='RUN/TASK/MODEL/predictions.jsonl'), "
            "takes them."
        )


class NotComparable(HarnessError):
    """Two results that cannot be held against each other: `field` is what differs."""

    exit_code = 4

    def __init__(self, field: str, found: str, remedy: str) -> None:
        self.field = field
        super().__init__(f"not comparable, {field}: {found}. {remedy}")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with one place of the input, and what to do about it."""

    file: str
    line: int  # 1-based; 0 where the whole file is meant
    found: str
    remedy: str
    counts: str = "line"  # what `line` is the number of: line or item

    def __str__(self) -> str:
        where = f":{self.line}" if self.counts == "line" else f" {self.counts} {self.line}"
        return f"{self.file}{where if self.line else ''}: {self.found}. {self.remedy}"


class ProblemsFound(HarnessError):
    """All the problems of one input, found in one pass."""

    exit_code = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def quote(value: object) -> str:
    """A value as it is shown in a message: in double quotes, cut where it is long, control characters named."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return f'"{text if len(text) <= 60 else text[:57] + "…"}"'


def shown(name: str) -> str:
    """A file's name as messages give it: one line that any terminal can print, whatever bytes the disk holds."""
    return name if name.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name)


def suggestion(name: str, valid: Sequence[str]) -> str:
    """The nearest valid name and the list of all, as the remedy of a message."""
    import difflib

    near = difflib.get_close_matches(name.lower(), [v.lower() for v in valid], n=1, cutoff=0.4)
    first = next((v for v in valid if near and v.lower() == near[0]), None)
    all_of_them = ", ".join(valid) if valid else "none"
    return (f"Did you mean {quote(first)}? " if first else "") + f"There are: {all_of_them}."
