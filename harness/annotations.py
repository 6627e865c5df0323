"""Somebody's answers, columnar: gold, a person's and a model's are of one type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from operator import index, itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.errors import AskedWrongly
from harness.records import ANSWERED, INVALID, MISSING, STATUSES, Items, Kind, column_digest, digest_of

if TYPE_CHECKING:  # numpy is imported when columns are built, so that `check` and `--help` never load it
    import numpy as np
    import numpy.typing as npt

SpanTuple: TypeAlias = "tuple[int, int, str]"


@dataclass(frozen=True, eq=False)
class Annotations:
    """Somebody's answers, columnar: gold, a person's and a model's are of this one type.

    `codes` are positions in `labels`. A label layer has one code an item, -1 where there is no answer; label
    sets and spans are flat, and item i owns the stretch `offsets[i]:offsets[i + 1]`. `status` (positions in
    STATUSES) tells an empty answer from none.

    A gold may carry what metrics and slices need and no model sees: `marks`, one text or list of texts an item
    (target, tags, pair), and `besides`, other answers about the same items (background events, evidence, tokens).
    Predictions may carry `besides` too (evidence).
    """

    kind: Kind
    labels: tuple[str, ...]
    item: Sequence[Any]  # names, or only positions where the names stand elsewhere
    status: npt.NDArray[np.uint8]  # (n_items,)
    codes: npt.NDArray[np.int32]  # (n_items,) or flat
    offsets: npt.NDArray[np.int64] | None = None  # (n_items + 1,)
    starts: npt.NDArray[np.int32] | None = None  # flat, code points
    ends: npt.NDArray[np.int32] | None = None  # flat, exclusive
    scores: npt.NDArray[np.float32] | None = None  # (n_items, n_labels), in label order
    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    besides: Mapping[str, Annotations] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item)

    @classmethod
    def of(cls, kind: Kind, item: Sequence[str], labels: Sequence[str], answers: Sequence[Any]) -> Annotations:
        """Answers of a kind, one an item, None where it is missing. Raises AskedWrongly where they are not of it."""
        make: Any = {"label": cls.of_label, "labels": cls.of_labels, "spans": cls.of_spans}[kind]
        if len(answers) != len(item):
            raise AskedWrongly(f"{len(answers):,} answers to {len(item):,} items. Give one answer an item.")
        try:
            made: Annotations = make(item, labels, answers)
        except (TypeError, ValueError, OverflowError, IndexError) as error:
            wanted = {"label": "a text", "labels": "a set of texts", "spans": "a list of (start, end, label)"}[kind]
            raise AskedWrongly(f"an answer is not {wanted} ({error}). None stands for no answer.") from None
        return made

    @classmethod
    def of_label(
        cls,
        item: Sequence[str],
        labels: Sequence[str],
        answers: Sequence[str | None],
        *,
        status: Sequence[int] | None = None,
        scores: npt.NDArray[np.float32] | None = None,
    ) -> Annotations:
        """One label an item. An answer outside `labels` is invalid, None is missing, unless `status` says."""
        import numpy as np

        code: dict[str | None, int] = {None: -2, **{label: i for i, label in enumerate(labels)}}
        n = len(item)
        codes = np.fromiter(map(code.get, answers, repeat(-1)), np.int32, n)
        if status is None:
            state = np.select([codes >= 0, codes == -1], [ANSWERED, INVALID], MISSING).astype(np.uint8)
        else:
            state = np.asarray(status, np.uint8).reshape(n)
        codes[state != ANSWERED] = -1
        return cls("label", tuple(labels), item, state, np.maximum(codes, -1), scores=scores)

    @classmethod
    def of_labels(
        cls,
        item: Sequence[str],
        labels: Sequence[str],
        answers: Sequence[Iterable[str] | None],
        *,
        status: Sequence[int] | None = None,
        scores: npt.NDArray[np.float32] | None = None,
    ) -> Annotations:
        """A set of labels an item, possibly empty; None is missing, a set with an unknown label is invalid."""
        import numpy as np

        code = {label: i for i, label in enumerate(labels)}
        flat: list[int] = []
        offsets = [0]
        state: list[int] = []
        for i, answer in enumerate(answers):
            said = MISSING if answer is None else ANSWERED
            if isinstance(answer, str):
                raise TypeError(f"{answer!r} is a text")
            chosen = set() if answer is None else set(answer)
            if not chosen <= code.keys():
                said = INVALID
            if status is not None:
                said = status[i]
            if said == ANSWERED:
                flat.extend(sorted(code[label] for label in chosen))
            offsets.append(len(flat))
            state.append(said)
        return cls(
            "labels",
            tuple(labels),
            item,
            np.array(state, np.uint8),
            np.array(flat, np.int32),
            np.array(offsets, np.int64),
            scores=scores,
        )

    @classmethod
    def of_spans(
        cls,
        item: Sequence[str],
        labels: Sequence[str],
        answers: Sequence[Iterable[SpanTuple] | None],
        *,
        status: Sequence[int] | None = None,
        tiers: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Annotations:
        """(start, end, label) spans an item, sorted here; a span with an unknown label keeps code -1.

        Such a span matches nothing and so counts as a false positive: it is never dropped.
        """
        import numpy as np

        code = {label: i for i, label in enumerate(labels)}
        if status is None:
            state = np.fromiter((MISSING if answer is None else ANSWERED for answer in answers), np.uint8, len(item))
        else:
            state = np.asarray(status, np.uint8).reshape(len(item))
            answers = [answer if said == ANSWERED else None for answer, said in zip(answers, status, strict=True)]
        listed = [answer if isinstance(answer, list | tuple) else tuple(answer or ()) for answer in answers]
        offsets = np.append(0, np.cumsum(np.fromiter(map(len, listed), np.int64, len(item))))
        flat = list(chain.from_iterable(listed))
        borders = (map(index, map(itemgetter(place), flat)) for place in (0, 1))  # no float is a place
        starts, ends = (np.fromiter(places, np.int32, len(flat)) for places in borders)
        codes = np.fromiter(map(code.get, map(itemgetter(2), flat), repeat(-1)), np.int32, len(flat))
        place = np.repeat(np.arange(len(item)), np.diff(offsets)) << 32 | starts  # where it stands, but for nested ones
        if (place[1:] <= place[:-1]).any():
            order = np.lexsort((codes, ends, place))
            starts, ends, codes = starts[order], ends[order], codes[order]
        return cls("spans", tuple(labels), item, state, codes, offsets, starts, ends, tiers=dict(tiers or {}))

    @property
    def digest(self) -> str:
        """The identity of the answers, whatever the items are called; scores beside them do not count."""
        columns = (self.status, self.codes, self.offsets, self.starts, self.ends)
        labels = (label.encode() for label in self.labels)
        return digest_of([*labels, *(b"" if column is None else column.astype("<i8").tobytes() for column in columns)])

    @property
    def surroundings(self) -> str:
        """The identity of what the answers carry besides them: marks, and other answers."""
        marks = {name: column_digest(list(map(str, values))) for name, values in self.marks.items()}
        others = {name: other.digest for name, other in self.besides.items()}
        both = (("mark", marks), ("besides", others))
        parts = (part for what, own in both for one in sorted(own.items()) for part in (what, *one))
        return digest_of(part.encode() for part in parts)

    def flaw(self, items: Items) -> str:
        """What is wrong with these answers to these items, or nothing: the promise of a model, held."""
        import numpy as np

        n, flat = len(items), self.kind != "label"
        if list(self.item) != list(items["item"]):
            return "not one answer an item, in the order of the items"
        if self.status.shape != (n,) or (self.status >= len(STATUSES)).any():
            return "a status that is none"
        if flat and (self.offsets is None or self.offsets.shape != (n + 1,) or (np.diff(self.offsets) < 0).any()):
            return "offsets that do not belong to the items"
        if len(self.codes) != (self.offsets[-1] if flat and self.offsets is not None else n):
            return "codes that do not belong to the items"
        if ((self.codes < -1) | (self.codes >= len(self.labels))).any():
            return "a label that is not declared"
        if not flat and ((self.status == ANSWERED) != (self.codes >= 0)).any():
            return "an answer without a label, or a label without an answer"
        if self.scores is not None and not (
            self.scores.shape == (n, len(self.labels)) and np.isfinite(self.scores).all()
        ):
            return "scores that are not one finite number a label"
        if self.kind == "spans":
            assert self.offsets is not None and self.starts is not None and self.ends is not None
            last = self.ends
            if "text" in items and n:
                last = np.repeat([len(text) for text in items["text"]], np.diff(self.offsets))
            if ((self.starts < 0) | (self.starts >= self.ends) | (self.ends > last)).any():
                return "a span that is not inside its text"
        return ""

    def answer(self, i: int) -> Any:
        """The answer to item i as a person reads it: a label, a list of labels, or a list of spans.

        None where the item was not answered.
        """
        if self.status[i] != ANSWERED:
            return None
        if self.kind == "label":
            return self._name(self.codes[i])
        assert self.offsets is not None
        own = range(self.offsets[i], self.offsets[i + 1])
        if self.kind == "labels":
            return [self._name(self.codes[j]) for j in own]
        assert self.starts is not None and self.ends is not None
        return [(int(self.starts[j]), int(self.ends[j]), self._name(self.codes[j])) for j in own]

    def answers(self) -> list[Any]:
        """`answer(i)` for every item."""
        return [self.answer(i) for i in range(len(self))]

    def take(self, index: Iterable[int]) -> Annotations:
        """The answers at these positions, in this order, with what they carry besides; -1 is an item without any."""
        import numpy as np

        index = np.fromiter(index, np.int64) if not isinstance(index, np.ndarray) else index
        source = self._and_a_missing_one() if (index < 0).any() else self
        columns: dict[str, Any] = {"status": source.status[index]}
        if source.offsets is None:
            columns["codes"] = source.codes[index]
        else:
            lengths = np.diff(source.offsets)[index]
            columns["offsets"] = np.append(0, np.cumsum(lengths))
            flat = np.arange(columns["offsets"][-1])
            flat += np.repeat(source.offsets[:-1][index] - columns["offsets"][:-1], lengths)
            for name in ("codes", "starts", "ends"):
                held = getattr(source, name)
                columns[name] = None if held is None else held[flat]
        if source.scores is not None:
            columns["scores"] = source.scores[index]
        columns["item"] = range(len(index)) if isinstance(self.item, range) else [source.item[i] for i in index]
        marks = {name: [values[i] for i in index] for name, values in source.marks.items()}
        besides = {name: other.take(index) for name, other in self.besides.items()}
        return replace(self, **columns, marks=marks, besides=besides)

    def _and_a_missing_one(self) -> Annotations:
        """The answers, and after them, at -1, an item that was not answered."""
        import numpy as np

        parts: dict[str, Any] = {"status": np.append(self.status, np.uint8(MISSING))}
        if self.offsets is None:
            parts["codes"] = np.append(self.codes, np.int32(-1))
        else:
            parts["offsets"] = np.append(self.offsets, self.offsets[-1])
        if self.scores is not None:
            parts["scores"] = np.vstack([self.scores, np.zeros((1, len(self.labels)), np.float32)])
        parts["item"] = range(len(self) + 1) if isinstance(self.item, range) else [*self.item, ""]
        return replace(self, **parts, marks={name: [*values, ""] for name, values in self.marks.items()})

    def stretch(self, low: int, high: int) -> Annotations:
        """The answers from position `low` up to `high`; columns are looked at, not copied."""
        columns: dict[str, Any] = {"item": self.item[low:high], "status": self.status[low:high]}
        if self.scores is not None:
            columns["scores"] = self.scores[low:high]
        if self.offsets is None:
            columns["codes"] = self.codes[low:high]
        else:
            a, b = self.offsets[low], self.offsets[high]
            columns["offsets"] = self.offsets[low : high + 1] - a
            for name in ("codes", "starts", "ends"):
                held = getattr(self, name)
                columns[name] = None if held is None else held[a:b]
        marks = {name: values[low:high] for name, values in self.marks.items()}
        besides = {name: other.stretch(low, high) for name, other in self.besides.items()}
        return replace(self, **columns, marks=marks, besides=besides)

    def keep(self, flat: npt.NDArray[np.bool_]) -> Annotations:
        """The same answers with those of the flat ones alone where the mask is true."""
        import numpy as np

        assert self.offsets is not None
        offsets = np.append(0, np.cumsum(flat))[self.offsets]
        parts = {name: held[flat] for name in ("codes", "starts", "ends") if (held := getattr(self, name)) is not None}
        return replace(self, offsets=offsets, **parts)

    @property
    def bare(self) -> Annotations:
        """The answers without what they carry besides: what a model may learn from."""
        return replace(self, marks={}, besides={})

    def _name(self, code: int) -> str:
        return self.labels[code] if code >= 0 else "?"


def joined(parts: Sequence[Annotations]) -> Annotations:
    """Answers one after another, those of the first part first. Scores are kept where every part has them."""
    import numpy as np

    columns: dict[str, Any] = {}
    for name in ("status", "codes", "starts", "ends", "scores"):
        held = [getattr(part, name) for part in parts]
        columns[name] = None if any(column is None for column in held) else np.concatenate(held)
    if parts[0].offsets is not None:
        lengths = [np.diff(part.offsets) for part in parts if part.offsets is not None]
        columns["offsets"] = np.append(0, np.cumsum(np.concatenate(lengths)))
    unnamed = all(isinstance(part.item, range) for part in parts)
    columns["item"] = range(len(columns["status"])) if unnamed else [item for part in parts for item in part.item]
    marks = {name: [v for part in parts for v in part.marks[name]] for name in _shared([part.marks for part in parts])}
    shared = _shared([part.besides for part in parts])
    besides = {name: joined([part.besides[name] for part in parts]) for name in shared}
    return replace(parts[0], **columns, marks=marks, besides=besides)


def _shared(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names that every table has, in the order of the first."""
    return [name for name in tables[0] if all(name in table for table in tables)]
