"""Folders of documents: what is a link is told, and never read, whichever file of a document it is."""

import os
from pathlib import Path
from typing import Any

import pytest

from harness.errors import Problem
from harness.parts import LeftOut
from harness.registry import make, parse

SECRET = "secret"
TSV = f"#FORMAT=WebAnno TSV 3.3\n\n\n#Text={SECRET}\n1-1\t0-6\t{SECRET}\t\n"
SOFA = f'{{"%FEATURE_STRUCTURES":[{{"%ID":1,"%TYPE":"uima.cas.Sofa","sofaString":"{SECRET}"}}]}}'
XMI = (
    '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore">'
    f'<cas:Sofa xmi:id="1" sofaString="{SECRET}"/></xmi:XMI>'
)
TYPES = '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"/>'
CARD = "---\nconfigs:\n- data_files: '{}'\n---\n"
JSON = f'{{"text":"{SECRET}"}}\n'


def read(spec: str, folder: Path) -> tuple[list[Any], list[str]]:
    problems: list[Problem] = []
    rows = [row for _, row in make("formats", parse(spec)).read(folder, problems)]
    return [row for row in rows if not isinstance(row, LeftOut)], [str(one) for one in problems]


@pytest.mark.parametrize(
    ("spec", "files", "link"),
    [
        ("inline", {"a.txt": SECRET}, "a.txt"),
        ("brat", {"a.txt": SECRET, "a.ann": ""}, "a.txt"),
        ("brat", {"a.txt": SECRET, "a.ann": f"T1\tX 0 6\t{SECRET}\n"}, "a.ann"),
        ("gate", {"a.bdocjs": JSON.replace("}", ',"offset_type":"p"}')}, "a.bdocjs"),
        ("uima", {"a.json": SOFA}, "a.json"),
        ("uima", {"a.xmi": XMI, "TypeSystem.xml": TYPES}, "TypeSystem.xml"),
        ("webanno", {"a.tsv": TSV}, "a.tsv"),
        ("huggingface", {"a.jsonl": JSON}, "a.jsonl"),
        ("huggingface", {"d/a.jsonl": JSON}, "d"),
        ("huggingface", {"d/a.jsonl": JSON, "README.md": CARD.format("d/*")}, "d"),
        ("huggingface", {"a.jsonl": JSON, "README.md": CARD.format("a*")}, "a.jsonl"),
        ("huggingface", {"a.jsonl": JSON, "README.md": CARD.format("none")}, "README.md"),
        ("inline", {"g/a.txt": SECRET}, "g"),
    ],
)
def test_a_link_in_a_folder_is_told_and_not_followed(
    spec: str, files: dict[str, str], link: str, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    if link != "README.md":
        rows, told = read(spec, folder)
        assert SECRET in str(rows)
        assert not told
    (folder / link).rename(tmp_path / "elsewhere")
    (folder / link).symlink_to(tmp_path / "elsewhere")
    rows, told = read(spec, folder)
    assert link in ("a.ann", "README.md") or SECRET not in str(rows)
    assert f"{folder / link}: a link, which is not followed. Put the file itself there." in told


@pytest.mark.parametrize(
    ("spec", "files"),
    [
        ("brat", {"a.ann": f"T1\tX 0 6\t{SECRET}\n", "a.txt": SECRET}),
        ("uima", {"a.xmi": XMI, "TypeSystem.xml": TYPES}),
    ],
)
def test_a_link_beside_a_file_is_not_followed_either(spec: str, files: dict[str, str], tmp_path: Path) -> None:
    file, beside = (tmp_path / name for name in files)
    for path, content in zip((file, tmp_path / "elsewhere"), files.values(), strict=True):
        path.write_text(content)
    beside.symlink_to(tmp_path / "elsewhere")
    rows, told = read(spec, file)
    assert (rows, len(told)) == ([], 1)
    assert "a link, which is not followed" in told[0]


@pytest.mark.parametrize("spec", ["brat", "gate", "huggingface", "inline", "parquet", "uima", "webanno"])
def test_links_to_nothing_and_in_a_circle_are_told(spec: str, tmp_path: Path) -> None:
    suffix = {"brat": "txt", "huggingface": "jsonl", "inline": "txt", "parquet": "parquet", "webanno": "tsv"}
    name = f"a.{suffix.get(spec, 'json')}"
    (tmp_path / name).symlink_to(name)
    (tmp_path / "round").symlink_to(tmp_path)
    rows, told = read(spec, tmp_path)
    assert not rows
    assert [one.partition(":")[0] for one in told if "a link" in one] == [str(tmp_path / name), str(tmp_path / "round")]


def test_a_pipe_in_a_saved_dataset_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    os.mkfifo(tmp_path / "data-0.arrow")
    assert len(read("huggingface", tmp_path)[1]) == 1
