"""Entity scores from lists of tags in Python against seqeval on the same lists.

    python benchmarks/speed/tags.py [--items N ...] [--write]

Sentences of 24 IOB2 tags with 2.5 spans of 4 types, as made up in `_made_up.py`. Both sides begin with the lists. The
floor is one walk over every tag in Python, one numpy sum over the span columns and one sort of the spans as keys.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np
from _frame import HEAD, STAR, Comparison, measure, run
from _made_up import NUMBERS, TYPES, sides
from spans import AGAINST, floor_of

from harness.annotations import Annotations
from harness.tags import annotations_of_tags

PART = 100_000  # the most that seqeval is given
REACH = {"f1": 12, "report": 60}  # at a hundred thousand sentences


def read(tags: list[list[str]], reading: str) -> Annotations:
    """Lists of tags as answers."""
    return annotations_of_tags(NUMBERS[: len(tags)], TYPES, tags, reading=reading)


def comparisons(n: int) -> Iterator[Comparison]:
    """F1, the report, and the strict report."""
    tags = [side.tags for side in sides(n)]
    part = [one[:PART] for one in tags]
    reach = REACH if n == 100_000 else {}
    floor = _floor(tags)
    for work, peer, ours, theirs, _, key in AGAINST[:3]:
        reading = "strict" if "strict" in peer else "default"
        yield Comparison(
            work,
            peer,
            lambda ours=ours, reading=reading: ours(*(read(one, reading) for one in tags)),
            lambda theirs=theirs: theirs(*part),
            floor,
            reach.get(key),
            part=lambda ours=ours, reading=reading: ours(*(read(one, reading) for one in part)),
            times=n / len(part[0]),
        )


def _floor(tags: list[list[list[str]]]) -> Callable[[], object]:
    """One walk over the tags, then what spans ask for."""
    code = dict.fromkeys((tag for one in tags for row in one for tag in row), 0)
    rest = floor_of([read(one, "default") for one in tags])

    def floor() -> object:
        walked = [np.fromiter(map(code.__getitem__, chain.from_iterable(one)), np.int8) for one in tags]
        return walked, rest()

    return floor


def table(sizes: Sequence[int]) -> str:
    """One row a comparison and size."""
    rows = [str(measure(comparison, n)) for n in sizes for comparison in comparisons(n)]
    return "\n".join([HEAD, *rows, "", STAR])


if __name__ == "__main__":
    run("Entities from tags", __doc__ or "", ("seqeval",), table)
