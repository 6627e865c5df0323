"""A new corpus: whole, valid once documents are in, found by its benchmark wherever it lies."""

from pathlib import Path

import pytest

from harness import benchmark, checking, corpus
from harness.cli import run
from harness.corpus.schema import Layer
from harness.editing import new
from harness.editing.new import new_corpus
from harness.errors import AskedWrongly

ASK = ["--labels", "frame=economy,health", "--label", "stance=FAVOR,AGAINST", "--of", "stance=holder,target"]
ROWS = "id,text,frame,holder,target,stance,split\na,A.,economy,X,Y,FAVOR,train\nb,B.,[],X,Y,AGAINST,test\n"


@pytest.mark.parametrize("folder", ["corpora", "data/deep/er", "./corpora/../elsewhere", "ABSOLUTE", "../beside", "."])
def test_a_new_corpus_passes_the_check_and_its_benchmark_is_read(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    inside = str(tmp_path / "far away" / 'q"') if folder == "ABSOLUTE" else folder
    assert (
        run(["corpus", "new", "mine", *ASK, "--spans", "ent=PER,ORG", "--language", "id, en,id", "--in", inside]) == 0
    )
    root = Path(inside) / "mine"
    Path("in.csv").write_text(ROWS)
    assert run(["import", "in.csv", "--to", str(root), "--as", "csv", "--apply"]) == 0
    assert checking.check(root) == []
    assert corpus.load(root).schema.languages == ("id", "en")
    asked = benchmark.read(Path("benchmarks/mine.toml"))
    assert {task.name: len(task) for task in asked.tasks} == {"frame": 2, "stance": 2, "ent": 0}
    assert 'corpus = "/' not in Path("benchmarks/mine.toml").read_text(), "relative, so that the project may be moved"
    assert len(list(asked.cells())) > 2
    capsys.readouterr()


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["mine"], "needs a layer"),
        (["../mine", *ASK], "use a-z, 0-9 and -"),
        (["a/b", *ASK], "use a-z, 0-9 and -"),
        (["Mine", *ASK], "use a-z, 0-9 and -"),
        (["", *ASK], "use a-z, 0-9 and -"),
        (["mine", "--label", "tone"], "write NAME=A,B"),
        (["mine", "--label", "tone=A,A"], "with different names"),
        (["mine", "--label", "tone=A", "--labels", "tone=B"], "two layers have one name"),
        (["mine", "--label", "Tone=A"], "layer name"),
        (["mine", "--label", "text=A"], "is taken"),
        (["mine", "--label", "tone=A|B"], "separated by commas"),
        (["mine", "--label", "tone=A", "--of", "tune=holder"], 'Did you mean "tone"'),
        (["mine", "--spans", "ent=A", "--of", "ent=holder"], "--of goes with --label"),
        (["mine", "--label", "tone=A", "--of", "tone=pair"], "facet name"),
        (["mine", "--label", "tone=A", "--of", "tone=text"], "facet name"),
        (["mine", "--label", "tone=A", "--of", "tone=tone"], "facet name"),
        (["mine", "--label", "tone=A", "--of", "tone=Holder"], "facet name"),
    ],
)
def test_a_corpus_that_cannot_be_is_refused_and_nothing_is_written(
    args: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["corpus", "new", *args]) == 2
    assert reason in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_there_already_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("benchmarks").mkdir()
    Path("benchmarks/mine.toml").write_text("mine")
    assert run(["corpus", "new", "mine", *ASK]) == 0
    assert "kept benchmarks/mine.toml" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert run(["corpus", "new", "mine", *ASK]) == 2
    assert "is there already. Choose another name." in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("after", range(5))
def test_an_interruption_leaves_no_half_corpus(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = new.write_atomically, iter(range(10))

    def stops(path: Path, data: bytes) -> None:
        if next(calls) == after:
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(new, "write_atomically", stops)
    with pytest.raises(KeyboardInterrupt):
        new_corpus(tmp_path / "mine", [Layer("tone", "label", ("A",))], [], tmp_path / "b" / "mine.toml")
    assert not (tmp_path / "mine").exists()


def test_the_layers_are_those_asked_for_with_labels_in_their_order(tmp_path: Path) -> None:
    layers = [
        Layer("tone", "label", ("B", "A")),
        Layer("stance", "label", ("Z", "Y"), of=("holder", "target")),
        Layer("ent", "spans", ('P"R', "O R\\G")),
    ]
    new_corpus(tmp_path / "mine", layers, [], tmp_path / "mine.toml")
    assert list(corpus.load(tmp_path / "mine").schema.layers.values()) == layers
    with pytest.raises(AskedWrongly):
        new_corpus(tmp_path / "Mine", layers, [], tmp_path / "mine.toml")
