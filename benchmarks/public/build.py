"""Makes corpora of four public data sets: NERGRIT and WNUT-17 (names), NewsMTSC (sentiment), PLOVER (events).

python benchmarks/public/build.py [NAME ...] [--data DIR] [--out DIR]

`--data` holds one folder a data set, its files as received (default: $HARNESS_DATA, else ../shared/data beside this
project); `--out` is where the corpora go, in their Parquet form (default: $HARNESS_PUBLIC, else runs/public).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.checking import check
from harness.cli.corpus_build import build_corpus
from harness.corpus import Layer
from harness.corpus.writing import document_files, group_file
from harness.errors import AskedWrongly, HarnessError, ProblemsFound
from harness.files import to_toml
from harness.records import Document
from harness.tags import spans_of_tags

ROOT = Path(__file__).resolve().parents[2]
POLARITY = {2.0: "NEGATIVE", 4.0: "NEUTRAL", 6.0: "POSITIVE"}
TYPES = (  # of PLOVER, from cooperation to conflict
    "AGREE", "CONSULT", "SUPPORT", "COOPERATE", "AID", "CONCEDE", "RETREAT", "INVESTIGATE", "DEMAND", "DISAPPROVE",
    "REJECT", "THREATEN", "PROTEST", "MOBILIZE", "SANCTION", "COERCE", "ASSAULT", "FIGHT",
)  # fmt: skip
ARTICLE = re.compile(r"(allsides_\d+_\d+|polusa_v1_\d+)_(?:-1_)?\d+_")  # a sentence's id begins with its article's


@dataclass(frozen=True)
class Refused:
    """An item of the source that makes no item of the corpus."""

    place: str
    why: str


@dataclass(frozen=True)
class Source:
    """A data set: where it is from, what its layer is, and how its files are read."""

    title: str
    version: str  # the commit that the files are from
    home: str
    licence: str
    language: str
    layer: Layer
    note: str  # how it was turned into documents
    files: dict[str, str]  # name -> split
    read: Callable[[Path, str, Layer], Iterator[Document | Refused]]
    metrics: list[str] = field(default_factory=list)


def sentences(path: Path, split: str, layer: Layer) -> Iterator[Document | Refused]:
    """A token and its IOB2 tag a line -> a document a sentence, its tokens joined by one blank each."""
    lines = path.read_text(encoding="utf-8").split("\n")
    rows: list[list[str]] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            rows.append(line.split())
        elif rows:
            place = f"{path.name}:{number - len(rows)}"
            broken = any("\ufeff" in token for token, _ in rows)
            yield Refused(place, "a byte order mark inside") if broken else sentence(rows, place, split, layer)
            rows = []


def sentence(rows: list[list[str]], place: str, split: str, layer: Layer) -> Document:
    """One sentence; nothing tells which sentences are of one text, so each is a group."""
    ends, starts = [], []
    for token, _ in rows:
        starts.append(ends[-1] + 1 if ends else 0)
        ends.append(starts[-1] + len(token))
    text = " ".join(token for token, _ in rows)
    tagged = spans_of_tags([[tag for _, tag in rows]], reading="strict")[0]
    spans = [(starts[a], ends[b - 1], label) for a, b, label in tagged]
    lines = [{"start": a, "end": b, "label": label, "text": text[a:b]} for a, b, label in spans]
    name = f"{split}-{int(place.rpartition(':')[2]):06}"
    return Document(name, name, text, split, meta={"source": place}, gold={layer.name: lines})


def targets(path: Path, split: str, layer: Layer) -> Iterator[Document]:
    """A JSON object a sentence -> a document, with a pair for each target, which may stand there twice."""
    for number, line in enumerate(path.read_text(encoding="utf-8").strip().split("\n"), 1):
        row = json.loads(line)
        text, article = row["sentence_normalized"], ARTICLE.match(row["primary_gid"])
        assert article is not None, row["primary_gid"]
        names, lines = {}, []
        for one in row["targets"]:
            start, end, mention = one["from"], one["to"], one["mention"]
            again = sum(name.startswith(f"at-{start}-{end}-") for name in names)
            key = f"at-{start}-{end}-{again + 1}"
            names[key] = mention
            span = {"start": start, "end": end, "text": mention}
            lines.append({"target": key, "label": POLARITY[one["polarity"]], "mention": span})
        yield Document(
            group=f"{split}-{article[1].replace('_', '-')}",
            name=f"{path.stem.replace('_', '-')}-{number:05}",
            text=text,
            split=split,
            meta={"source": f"{path.name}:{number}", "set": path.stem.rpartition("_")[2], "targets": names},
            pairs={layer.name: [(name,) for name in names]},
            gold={layer.name: lines},
        )


def records(path: Path, split: str, layer: Layer) -> Iterator[Document | Refused]:
    """One JSON list of records -> a document each; records of one text share a group, and so a fold."""
    groups: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for row in json.loads(path.read_text(encoding="utf-8")):
        name = row["id"].removeprefix("PLOVER-GSR01-").lower()
        if row["event"] not in layer.labels:
            yield Refused(row["id"], f"{row['event']} is no event type: it documents the file")
            continue
        seen[name] += 1
        name += f"-{seen[name]}" if seen[name] > 1 else ""  # two records bear one id
        group = groups.setdefault(row["text"], name)
        lines = [{"label": row["event"]}]
        yield Document(group, name, row["text"], split, meta={"source": row["id"]}, gold={layer.name: lines})


SOURCES = {
    "nergrit": Source(
        title="NERGRIT named entities, as released with IndoNLU",
        version="ce728f69",
        home="GitHub, IndoNLP/indonlu, folder dataset/nergrit_ner-grit",
        licence="Apache-2.0 (IndoNLU); MIT per NusaCrowd; the contributors are to be named",
        language="id",
        layer=Layer("entities", "spans", ("PERSON", "ORGANISATION", "PLACE")),
        note="A document is a sentence, tokens joined by blanks; the files name no texts, so each is its own group.",
        files={"train.txt": "train", "valid.txt": "dev", "test.txt": "test"},
        read=sentences,
        metrics=["entity_f1"],
    ),
    "wnut17": Source(
        title="WNUT-17, emerging and rare entities",
        version="e52a2d2a",
        home="GitHub, leondz/emerging_entities_17",
        licence="CC-BY-4.0",
        language="en",
        layer=Layer("entities", "spans", ("person", "location", "group", "creative-work", "corporation", "product")),
        note="A document is a sentence, tokens joined by blanks; the files name no texts, so each is its own group.",
        files={"wnut17train.conll": "train", "emerging.dev.conll": "dev", "emerging.test.annotated": "test"},
        read=sentences,
        metrics=["entity_f1"],
    ),
    "newsmtsc": Source(
        title="NewsMTSC, sentiment toward targets in policy news",
        version="b9d9b797",
        home="GitHub, fhamborg/NewsMTSC",
        licence="MIT",
        language="en",
        layer=Layer(
            "sentiment", "label", ("NEGATIVE", "NEUTRAL", "POSITIVE"), of=("target",), fields={"mention": "span"}
        ),
        note="A document is a sentence, a group the article that its id names, within a split: of the articles of the"
        " test files many have other sentences in the training file, as published. A target is called by its mention;"
        " what is named twice, or listed twice at one place, stays two items, told apart by number. Both test files"
        " make the test split: `set` is rw (sentences as they come) or mt (sentences with several targets).",
        files={"train.jsonl": "train", "devtest_rw.jsonl": "test", "devtest_mt.jsonl": "test"},
        read=targets,
        metrics=["f1", "accuracy"],
    ),
    "plover": Source(
        title="PLOVER gold-standard records, the examples of the CAMEO manual",
        version="5e0c24fb",
        home="GitHub, openeventdata/PLOVER",
        licence="CC-BY-SA-4.0",
        language="en",
        layer=Layer("event", "label", TYPES),
        note="A document is a record with its one event type, as published; records of one text, which may be of two"
        " types, share a group. No splits are published: all stand in train, to be scored by folds. Actors, modes and"
        " contexts are left aside.",
        files={"PLOVER_GSR_CAMEO.json": "train"},
        read=records,
        metrics=["f1", "accuracy"],
    ),
}
FOLDERS = {"plover": "plover_gsr"}  # where the folder of the data is not called as the corpus


@dataclass
class Built:
    """What came of a data set: every item taken, or refused with its reason."""

    digest: str
    documents: Counter[str]  # by file
    labels: dict[str, Counter[str]]  # by file, how often each label was taken
    refused: list[Refused]


def build(name: str, data: Path, out: Path) -> Built:
    """Build one corpus into `out/NAME`, whole or not at all.

    Raises AskedWrongly where its files are not there, ProblemsFound where a span does not read as its surface.
    """
    source = SOURCES[name]
    folder = data / FOLDERS.get(name, name)
    for file in source.files:
        if not (folder / file).is_file():
            raise AskedWrongly(f"{folder / file} is not there. Get it from {source.home}, or say where: --data DIR.")
    out.mkdir(parents=True, exist_ok=True)
    staging = out / f".{name}.documents"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        built = Built("", Counter(), {}, [])
        for file, split in source.files.items():
            for one in source.read(folder / file, split, source.layer):
                if isinstance(one, Refused):
                    built.refused.append(one)
                    continue
                write(one, staging, source)
                built.documents[file] += 1
                count = built.labels.setdefault(file, Counter())
                count.update(line["label"] for line in one.gold[source.layer.name])
        describe(name, source, staging)
        built.digest = build_corpus(staging, out / name, replace=True).digest
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if problems := check(out / name):
        raise ProblemsFound(problems)
    return built


def write(document: Document, staging: Path, source: Source) -> None:
    """A document's files into its group's folder; a build reads and checks them all."""
    folder = staging / "documents" / document.group
    folder.mkdir(parents=True, exist_ok=True)
    assert not (folder / f"{document.name}.txt").exists(), document.id
    (folder / "group.toml").write_bytes(group_file(document.split))
    for name, data in document_files(document, {source.layer.name: source.layer}, ""):
        (folder / name).write_bytes(data)


def describe(name: str, source: Source, staging: Path) -> None:
    """The `corpus.toml` and the card."""
    layer = source.layer
    shape: dict[str, Any] = {"kind": layer.kind, "labels": list(layer.labels)}
    shape |= {"of": list(layer.of)} if layer.of else {}
    shape |= {"fields": dict(layer.fields)} if layer.fields else {}
    table = {"name": name, "version": source.version, "licence": source.licence, "languages": [source.language]}
    table |= {"layers": {layer.name: shape}, "tasks": {layer.name: {"layer": layer.name, "metrics": source.metrics}}}
    (staging / "corpus.toml").write_text(to_toml(table), encoding="utf-8")
    card = f"# {name}\n\n{source.title}. From {source.home}, commit {source.version}. Licence: {source.licence}.\n"
    (staging / "README.md").write_text(f"{card}\n{source.note}\n", encoding="utf-8")


def show(name: str, built: Built, out: Path) -> None:
    """What was taken and what was refused, file by file."""
    print(f"{name}@{built.digest[:8]}  {out / name}")
    for file, documents in built.documents.items():
        counts = ", ".join(f"{label} {n:,}" for label, n in built.labels[file].most_common())
        print(f"  {file}: {documents:,} documents, {built.labels[file].total():,} annotations taken: {counts}")
    print(f"  refused: {len(built.refused)}")
    for one in built.refused:
        print(f"    {one.place}: {one.why}")


def main(arguments: list[str]) -> int:
    """Build the corpora named, or all; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SOURCES))
    data, out = ROOT.parent / "shared" / "data", ROOT / "runs" / "public"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("HARNESS_DATA") or data))
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("HARNESS_PUBLIC") or out))
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(SOURCES):
        parser.error(f"no data set {', '.join(sorted(unknown))}; there are {', '.join(SOURCES)}")
    code = 0
    for name in asked.names or SOURCES:
        try:
            show(name, build(name, asked.data, asked.out), asked.out)
        except HarnessError as error:
            print(f"{name}: {error}", file=sys.stderr)
            code = max(code, error.exit_code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
