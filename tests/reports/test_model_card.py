"""The report model_card: read back by huggingface_hub, with the same numbers; of one model, which is asked for."""

from pathlib import Path

import pytest
from told import account_of, altered, contents, make_run, name_of

from harness.cli import run
from harness.errors import AskedWrongly, UnknownName
from harness.registry import make, parse
from harness.reporting.account import Account
from harness.scores import Score, show_value


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("told"))


def written(account: Account, path: Path, form: str) -> Path:
    make("reports", parse(form)).write(account, path)
    return path


@pytest.mark.parametrize("model", ["bayes", "floor", "finder"])
def test_the_hub_reads_every_headline_in_full_with_its_interval(told: Path, tmp_path: Path, model: str) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard.load(written(account_of(told), tmp_path / "README.md", f"model_card(model='{model}')"))
    found = {(one.task_name, one.metric_name): one for one in card.data.eval_results}
    due = {
        (task, score["metric"]): (score, said)
        for (task, name), said in contents(told).items()
        for score in said["scores"]
        if name == model and not score["label"] and not score["slice"]
    }
    assert found.keys() == due.keys()
    for key, (score, said) in due.items():
        one = found[key]
        assert one.metric_value == score["value"]
        assert (one.metric_args.get("low"), one.metric_args.get("high")) == (score["low"], score["high"])
        assert (one.metric_args["n"], one.metric_args["units"]) == (score["n"], score["units"])
        assert (one.dataset_name, one.dataset_revision) == ("waves", said["corpus"]["digest"])
        assert (one.dataset_split, one.dataset_args["seed"]) == ("train>test", 13)
        assert one.task_type == ("token-classification" if key[0] == "names" else "text-classification")
        assert one.metric_type in score["metric"]
    assert card.data.language == ["en"]
    assert card.data.model_name == model


def test_the_text_has_every_score_of_labels_and_slices_too(told: Path, tmp_path: Path) -> None:
    text = written(account_of(told), tmp_path / "README.md", "model_card(model='bayes')").read_text()
    for (_, model), said in contents(told).items():
        for score in said["scores"] if model == "bayes" else ():
            name = name_of(score).replace("[", "\\[").replace("]", "\\]")
            assert f"| {name} | {show_value(Score(**score))} | {score['n']} | {score['note']} |" in text
    assert "Licence of the texts: CC0-1.0." in text


def test_a_score_that_is_not_defined_stands_in_the_text_alone(told: Path, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    account = altered(account_of(told), lambda said: said["scores"][0].update(value=None))
    path = written(account, tmp_path / "README.md", "model_card(model='bayes')")
    names = [(one.task_name, one.metric_name) for one in ModelCard.load(path).data.eval_results]
    assert names == [("tone", "kappa")]
    assert path.read_text().count("| not defined |") == 2


def test_a_wild_name_is_neither_yaml_nor_markdown(told: Path, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    wild = "a: b\n---\n# |x| <script>"
    account = altered(account_of(told), lambda said: None, bayes=wild)
    card = ModelCard.load(written(account, tmp_path / "README.md", "model_card(model='a: b\\n---\\n# |x| <script>')"))
    assert card.data.model_name == wild
    assert "<script>" not in card.text


def test_a_model_that_is_not_named_or_not_there_is_asked_for(told: Path, tmp_path: Path) -> None:
    with pytest.raises(AskedWrongly, match=r"a card is of one model. Say which"):
        written(account_of(told), tmp_path / "x", "model_card")
    with pytest.raises(UnknownName, match=r'unknown model of this run "bayesian"\. Did you mean "bayes"'):
        written(account_of(told), tmp_path / "x", "model_card(model='bayesian')")
    with pytest.raises(UnknownName):
        written(account_of(told), tmp_path / "x", "model_card(model='reader2')")
    assert not (tmp_path / "x").exists()


def test_the_command_takes_the_name_with_a_dash(told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["report", str(told), "--corpus", str(told.parent / "waves"), "--as"]
    assert run([*ask, "model-card(model='bayes')"]) == 0
    assert capsys.readouterr().out.strip() == str(told / "model_card.md")
    first = (told / "model_card.md").read_bytes()
    assert run([*ask, "model_card(model='bayes')"]) == 0
    assert (told / "model_card.md").read_bytes() == first
    assert run([*ask, "model-cards"]) == 2
