"""Features of Hugging Face datasets: which columns are ClassLabels, what a card says, and features for layers."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import AskedWrongly, Problem, quote
from harness.files import parse_object, read_text
from harness.parts import Row, Shape
from harness.tags import spans_of_tags

Kinds = dict[str, Any]  # column -> the names of a ClassLabel (tuple), a list [kind], fields {name: kind}, or None
TAG = re.compile(r"O|[BIESLU]-.+", re.DOTALL)


class Wrong(ValueError):
    """What is wrong with a row against its features."""


def kinds_of(metadata: Mapping[bytes, bytes] | None) -> Kinds:
    """The kinds in the metadata of an Arrow schema, as `datasets` writes them; none where there are none."""
    said = (metadata or {}).get(b"huggingface")
    table = parse_object(said.decode("utf-8", "replace"), "", 0, []) if said else None
    info = table.get("info") if table else None
    features = info.get("features") if isinstance(info, dict) else None
    return {key: _kind(one) for key, one in features.items()} if isinstance(features, dict) else {}


def _kind(feature: Any) -> Any:
    """The kind of a feature as JSON. A Sequence of a table is a table of lists, which is how it reads."""
    if isinstance(feature, list):
        return [_kind(feature[0])] if feature else None
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") == "ClassLabel":
        return _label_names(feature.get("names"))
    if feature.get("_type") in ("List", "LargeList", "Sequence"):
        return [_kind(feature.get("feature"))]
    return None if isinstance(feature.get("_type"), str) else {key: _kind(one) for key, one in feature.items()}


def _label_names(names: Any) -> tuple[str, ...] | None:
    if isinstance(names, dict):  # in cards: {"0": "O", "1": "B-PER"}
        names = [names.get(str(i), names.get(i)) for i in range(len(names))]
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def card(path: Path, config: str, problems: list[Problem]) -> tuple[Kinds, list[tuple[str, str]]]:
    """Kinds, and pairs of split and pattern of files, that the YAML header of a card gives to a configuration."""
    import yaml  # type: ignore[import-untyped]

    place, text = str(path), (read_text(path, str(path), problems) if path.exists() else "") or ""
    header = re.match(r"---\r?\n(.*?)^---\r?$", text, re.DOTALL | re.MULTILINE)
    try:
        said = yaml.safe_load(header[1]) if header else {}
        if header and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(header[1], yaml.SafeLoader)):
            raise ValueError("an alias, which can unfold without end")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problems.append(Problem(place, 1, f"malformed YAML ({quote(str(error))})", "Mend the header."))
        return {}, []
    said = said if isinstance(said, dict) else {}
    configs, infos = _tables(said.get("configs")), _tables(said.get("dataset_info"))
    names = [str(one.get("config_name", "default")) for one in configs]
    default = next((str(one.get("config_name")) for one in configs if one.get("default") is True), "default")
    wanted = config or (names[0] if len(names) == 1 else default)
    if names and wanted not in names:
        remedy = f"Say which: --as \"huggingface(config='{names[0]}')\". There are: {', '.join(names)}."
        problems.append(Problem(place, 1, f"no configuration {quote(wanted)}", remedy))
        return {}, []
    info = next((one for one in infos if len(infos) == 1 or one.get("config_name", "default") == wanted), {})
    kinds = {str(one.get("name")): _card_kind(one) for one in _tables(info.get("features"))}
    files = next((one.get("data_files") for one in configs if str(one.get("config_name", "default")) == wanted), None)
    patterns = _patterns(files)
    for _, pattern in patterns:
        if "://" in pattern or "\\" in pattern or pattern.startswith("/") or ".." in pattern.split("/") or not pattern:
            problems.append(
                Problem(place, 1, f"data files {quote(pattern)} outside of the folder", "Name those in it.")
            )
            return {}, []
    return kinds, patterns


def _tables(value: Any) -> list[dict[str, Any]]:
    value = value if isinstance(value, list) else [value]
    return [one for one in value if isinstance(one, dict)]


def _patterns(files: Any) -> list[tuple[str, str]]:
    files = files if isinstance(files, list) else [files] if files is not None else []
    found = []
    for one in files:
        split, paths = (str(one.get("split", "train")), one.get("path")) if isinstance(one, dict) else ("train", one)
        found += [(split, str(path)) for path in (paths if isinstance(paths, list) else [paths])]
    return [(split, f"{pattern}/**/*" if pattern.endswith("/") else pattern) for split, pattern in found]


def _card_kind(feature: Mapping[str, Any]) -> Any:
    """The kind of a feature in a card: `dtype: {class_label: …}`, `list:`, `sequence:` or `struct:`."""
    kind = feature.get("dtype", feature)
    if isinstance(kind, dict) and isinstance(kind.get("class_label"), dict):
        return _label_names(kind["class_label"].get("names"))
    for key in ("list", "sequence"):
        inner = feature.get(key)
        if isinstance(inner, list):
            table = {str(one.get("name")): _card_kind(one) for one in _tables(inner)}
            return [table] if key == "list" else {name: [one] for name, one in table.items()}
        if isinstance(inner, dict):
            return [_card_kind(inner)]
    struct = feature.get("struct")
    return {str(one.get("name")): _card_kind(one) for one in _tables(struct)} if isinstance(struct, list) else None


def named(row: Row, kinds: Kinds) -> Row:
    """A row with names for numbers, and a text with spans for tokens and tags. Raises Wrong."""
    row = {key: _named(value, kinds.get(key), key) for key, value in row.items()}
    row = {key: value for key, value in row.items() if value is not None}
    tokens = row.get("tokens")
    tagged = [key for key, kind in kinds.items() if key in row and _are_tags(kind)]
    if "text" in row or not tagged or not isinstance(tokens, list) or not all(isinstance(one, str) for one in tokens):
        return row
    places, at = [], 0
    for token in row.pop("tokens"):
        places.append((at, at + len(token)))
        at += len(token) + 1
    row["text"] = " ".join(tokens)
    for key in tagged:
        if not isinstance(row[key], list) or len(row[key]) != len(tokens) or None in row[key]:
            raise Wrong(f"{key} has not a tag for each of {len(tokens)} tokens")
        try:
            spans = spans_of_tags([row[key]])[0]
        except AskedWrongly as error:
            raise Wrong(str(error)) from error
        row[key] = [{"start": places[a][0], "end": places[b - 1][1], "label": label} for a, b, label in spans]
    return row


def _are_tags(kind: Any) -> bool:
    names = kind[0] if isinstance(kind, list) and kind else None
    return isinstance(names, tuple) and "O" in names and all(TAG.fullmatch(name) for name in names)


def _named(value: Any, kind: Any, key: str) -> Any:
    if value is None or kind is None:
        return value
    if isinstance(kind, list):
        return [_named(one, kind[0], key) for one in value] if isinstance(value, list) else value
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            return value
        table = {name: _named(one, kind.get(name), f"{key}.{name}") for name, one in value.items()}
        return {name: one for name, one in table.items() if one is not None}
    if isinstance(value, str) or value == -1:  # as `datasets` writes that there is none
        return None if value == -1 else value
    if type(value) is not int or not 0 <= value < len(kind):
        raise Wrong(f"{key} is {quote(value)}, where there are {len(kind)} labels")
    return kind[value]


def cell(value: Any, layer: Shape) -> Any:
    """A layer's cell as lines; where nothing but one label is said, as the label itself."""
    if value is ... or value is None:
        return ...
    lines = [{"label": one} if isinstance(one, str) else one for one in ([value] if isinstance(value, str) else value)]
    if layer.kind == "label" and not layer.of and len(lines) == 1 and lines[0].keys() == {"label"}:
        return lines[0]["label"]
    return lines


def feature(kind: Any, layer: Shape | None, values: Sequence[Any]) -> Any:
    """The feature of a column: as Arrow has it, the labels of a layer as ClassLabel, in the order of the layer."""
    from datasets import ClassLabel, List
    from datasets.features.features import generate_from_arrow_type

    plain = generate_from_arrow_type(kind)
    if layer is None:
        return plain
    there = [value for value in values if value is not ...]
    if there and all(isinstance(value, str) for value in there):
        return ClassLabel(names=list(dict.fromkeys((*layer.labels, *there))))
    if isinstance(plain, List) and isinstance(plain.feature, dict) and "label" in plain.feature:
        used = [line["label"] for value in there for line in value]
        label = ClassLabel(names=list(dict.fromkeys((*layer.labels, *used))))
        return List(dict(plain.feature) | {"label": label})
    return plain


def save(made: Any, path: Path) -> None:
    """Save a DatasetDict with its card, whole or not at all: written beside, then put in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        made.save_to_disk(str(beside))
        files = "".join(f"      - split: {split}\n        path: {split}/data-*.arrow\n" for split in made)
        header = f"configs:\n  - config_name: default\n    data_files:\n{files}" if made else "configs: []\n"
        (beside / "README.md").write_text(f"---\n{header}---\n", encoding="utf-8")
        beside.chmod(0o755)
        if path.is_dir():
            shutil.rmtree(path)
        beside.replace(path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
