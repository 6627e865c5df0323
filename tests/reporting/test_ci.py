"""What a gate tells other programs: JUnit, GitHub's summary and annotations, OpenMetrics, pytest, and the CI files."""

import html
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import click
import numpy as np
import pytest
import yaml
from markdown_it import MarkdownIt

import harness
from harness import telling
from harness.annotations import Annotations
from harness.cli import cli, run
from harness.comparing import Pair, compare
from harness.editing.new import WORKFLOW
from harness.errors import HarnessError, NotComparable
from harness.gating import Gated, Policy, Report
from harness.registry import make, parse
from harness.reporting.annotations import workflow_commands
from harness.reporting.cases import cases_of
from harness.reporting.junit import junit
from harness.reporting.openmetrics import openmetrics
from harness.reporting.summary import LIMIT, summary

ROOT = Path(harness.__file__).parent.parent
HOSTILE = (
    'a|b `c` **d** <img src=x onerror=1> </pre> @team #1 ]]> \x1b[31m\u202e\r\n::error::x "q" & ﷽ 👩🏽‍⚕️ [l](http://x.y)'
)
FINE, BROKEN = "AB" * 100, "AB" * 85 + "BA" * 15  # all right; 30 of 200 wrong
PART = ["x"] * 100 + ["y"] * 80 + ["z"] * 20


def gated(base: str, candidate: str, model: str = "m", slices: tuple[str, ...] = ()) -> Gated:
    """One model on a task of 200 documents; every text and every item's name is hostile."""
    item = [f"g{i:03}/{HOSTILE}" for i in range(200)]
    task = harness.gold(list(FINE), ["A", "B"], item=item, texts=[f"{i} {HOSTILE}" for i in item], marks={"part": PART})
    both = tuple(Annotations.of_label(item, ("A", "B"), list(said)) for said in (base, candidate))
    metrics = {name: make("metrics", parse(name)) for name in ("accuracy", "f1")}
    found = compare(Pair(task, ("base", "new"), both, 7), metrics, slices=slices)
    return Gated("stance", model, found, warnings=(f"beware of {HOSTILE}",))


def ranked() -> Gated:
    """A classifier's label as its score, so that a ranking can stand beside the primary metric."""
    found = gated(FINE, BROKEN).comparison
    assert found is not None
    scored = tuple(
        replace(said, scores=np.eye(2, dtype=np.float32)[np.maximum(said.codes, 0)]) for said in found.pair.answers
    )
    metrics = {name: make("metrics", parse(name)) for name in ("accuracy", "roc_auc")}
    return Gated("stance", "m", compare(replace(found.pair, answers=scored), metrics))


def report(*all_: Gated, **policy: object) -> Report:
    return Report(Policy(**policy), all_, ("main", f"runs/{HOSTILE}"), ("it can see little", "a note"))


WORSE = gated(FINE, BROKEN, HOSTILE, ("part",))
SAME = gated(FINE, FINE)
OPEN = gated("AB" * 97 + "BA" * 3, "BA" * 2 + "AB" * 96 + "BA" * 2)
OTHER = Gated("event", "m", None, NotComparable("texts", f"main was run on other texts {HOSTILE}", "Restore them."))
UNRUN = Gated("event", "n", None, HarnessError("not run: no key"))


def test_the_examples_are_what_their_names_say() -> None:
    assert [one.state for one in (WORSE, SAME, OPEN, OTHER, UNRUN)] == [
        "regressed", "pass", "inconclusive", "not comparable", "failed",
    ]  # fmt: skip


def suites(text: str) -> ElementTree.Element:
    """The file as a reader of JUnit takes it: the shape of junit-10.xsd is held, and its counts."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    for suite in [root, *root]:
        cases = list(suite.iter("testcase"))
        inner = Counter(child.tag for case in cases for child in case)
        wanted = {"tests": len(cases), "failures": inner["failure"], "errors": inner["error"]}
        wanted |= {"skipped": inner["skipped"]} if suite is not root else {}
        assert {key: int(suite.get(key, "")) for key in wanted} == wanted
        assert set(suite.keys()) == {"name", "time", *wanted}
    for case in root.iter("testcase"):
        assert case.keys() == ["name", "classname", "time"]
        assert [child.tag for child in case][1:] == []
        for child in case:
            assert child.tag in ("failure", "error", "skipped", "system-out")
            assert child.tag in ("skipped", "system-out") or {"type", "message"} == set(child.keys())
    return root


def test_junit_has_one_case_for_each_gated_cell() -> None:
    root = suites(junit(report(WORSE, SAME, OPEN, OTHER, UNRUN)))
    kinds = [(case.get("name"), *(child.tag for child in case)) for case in root.iter("testcase")]
    assert kinds[0] == ("accuracy", "failure")
    assert ("f1[part=x]", "system-out") in kinds
    assert ("f1[part=y]", "skipped") in kinds, "worse, and the policy warns of it"
    assert not any("part=z" in str(name) for name, _ in kinds), "20 units are shown, never gated"
    assert len(kinds) == (2 + 2 * 2) + 2 + 2 + 1 + 1
    assert [kind for name, kind in kinds if name == "accuracy"] == ["failure", "system-out", "skipped"]
    assert kinds[-2:] == [("event · m", "error"), ("event · n", "error")]
    skipped = next(child for child in root.iter("skipped") if "not settled" in child.get("message", ""))
    assert "further documents" in skipped.get("message", "")


def test_junit_is_red_where_the_process_ends_with_an_error() -> None:
    def red(said: Report) -> bool:
        root = suites(junit(said))
        return bool(int(root.get("failures", "")) + int(root.get("errors", "")))

    for fail_on in ("regressed", "inconclusive", "never"):
        for family in ("warn", "block"):
            for one in (WORSE, SAME, OPEN, OTHER, UNRUN):
                said = report(one, fail_on=fail_on, family=family)
                assert red(said) == (said.exit_code != 0)


def test_text_that_xml_cannot_hold_is_named_and_all_other_survives() -> None:
    root = suites(junit(report(WORSE, OTHER)))
    message = next(root.iter("error")).get("message", "")
    kept = HOSTILE.replace("\x1b", "\\u001b").replace("\r", "\\u000d")
    assert kept in message
    assert kept in (next(root.iter("failure")).text or "")
    assert "]]>" in message


def test_the_summary_says_the_verdict_first_and_how_to_see_it_again() -> None:
    page = summary(report(SAME, WORSE), "harness gate main 'a b'")
    lines = page.split("\n")
    assert lines[0].startswith("## ❌")
    assert lines[0].endswith(": regressed")
    assert "<pre>harness gate main &#x27;a b&#x27;</pre>" in page
    assert page.index("❌ |") < page.index("✅ |"), "what is worse stands first in the table"
    assert summary(report(SAME), "x").split("\n")[0].endswith(": pass")
    assert summary(report(OPEN), "x").split("\n")[0].endswith(": inconclusive, does not block")
    assert summary(report(SAME, UNRUN), "x").split("\n")[0].endswith(": failed")


class Rendered(HTMLParser):
    """The tags of a page, and the pieces of its text that stand in no code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.attributes, self.outside, self.within = set[str](), set[tuple[str, str | None]](), [""], 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)
        self.within += tag in ("pre", "code")

    def handle_endtag(self, tag: str) -> None:
        self.within -= tag in ("pre", "code")

    def handle_data(self, data: str) -> None:
        self.outside += [] if self.within else [data]


def test_the_summary_shows_five_newly_wrong_texts_and_nothing_in_them_does_anything() -> None:
    page = summary(report(WORSE), f"harness gate {shlex.quote(HOSTILE)}")
    texts = re.findall(r"^<pre>(.*?)</pre>$", page, re.DOTALL | re.MULTILINE)[1:]
    assert len(texts) == 5
    assert html.unescape(texts[0]).endswith("👩🏽‍⚕️ [l](http://x.y)")
    seen = Rendered()
    seen.feed(MarkdownIt("commonmark").enable("table").render(page))
    assert seen.tags <= {"h2", "h3", "p", "pre", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert seen.attributes <= {("style", "text-align:left")}
    assert "beware of" in " ".join(seen.outside)
    assert not any("@team" in piece or "#1" in piece for piece in seen.outside), "a comment keeps it from being a link"
    table = [line for line in page.split("\n") if line.startswith("|")]
    assert {line.count("|") for line in table} == {10}
    for raw in ("\x1b", "\u202e", "\r"):
        assert raw not in page


def test_the_summary_stays_within_githubs_limit_and_says_where_it_was_cut() -> None:
    many = report(*[replace(SAME, model=f"model {i} {HOSTILE}") for i in range(3_000)])
    page = summary(many, "harness gate main new")
    assert len(page.encode()) <= LIMIT
    assert "Cut here" in page
    assert "harness gate main new" in page
    short = summary(report(WORSE), "harness gate main new", limit=3_000)
    assert len(short.encode()) <= 3_000
    assert "Cut here" in short
    assert "Cut here" not in summary(report(WORSE), "harness gate main new")


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Level, properties and message as GitHub's runner decodes them."""
    found = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line)
    assert found, line

    def decoded(text: str) -> str:
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(code, character)
        return text

    pairs = (part.partition("=") for part in found[2].split(","))
    return found[1], {key: decoded(value) for key, _, value in pairs}, decoded(found[3])


def test_annotations_are_at_most_ten_lines_and_errors_come_first(tmp_path: Path) -> None:
    read = [read_command(line) for line in workflow_commands(report(OPEN, WORSE, OTHER), {}, file="a,b:c%2C.toml")]
    assert [level for level, *_ in read][:2] == ["error", "error"]
    assert "not comparable: not comparable, texts" in read[0][2] or read[0][2].startswith("not comparable")
    assert all(place["file"] == "a,b:c%2C.toml" for _, place, _ in read)
    many = workflow_commands(report(*[replace(WORSE, model=f"m{i}") for i in range(20)]), {})
    assert len(many) == 10
    assert "more are in the log" in many[-1]
    assert [read_command(line)[0] for line in workflow_commands(report(SAME), {})] == ["notice"]
    assert not any("\n" in line or "\r" in line for line in many)


def test_documents_that_are_newly_wrong_are_annotated_at_their_files(tmp_path: Path) -> None:
    (tmp_path / "documents/g").mkdir(parents=True)
    for i in range(200):
        (tmp_path / f"documents/g/{i}.txt").write_text("text")
    task = harness.gold(list(FINE), ["A", "B"], item=[f"g/{i}#x>y" for i in range(200)], texts=["text"] * 200)
    both = tuple(Annotations.of_label(task.items["item"], ("A", "B"), list(said)) for said in (FINE, BROKEN))
    found = compare(Pair(task, ("base", "new"), both, 7), {"accuracy": make("metrics", parse("accuracy"))})
    lines = workflow_commands(report(Gated("stance", "m", found)), {"stance": str(tmp_path)})
    read = [read_command(line) for line in lines]
    assert [level for level, *_ in read] == ["error"] + ["warning"] * 9
    assert read[1][1]["file"] == (tmp_path / "documents/g/170.txt").as_posix()
    assert read[1][1]["line"] == "1"
    assert "g/170#x>y: gold A, base A, candidate B" in read[1][2]


SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')


def exposition(text: str) -> dict[tuple[str, str], float]:
    """OpenMetrics text as its grammar has it: families whole and one after another, no sample twice, # EOF last."""
    assert text.endswith("# EOF\n")
    samples: dict[tuple[str, str], float] = {}
    family = ""
    for line in text.split("\n")[:-2]:
        if line.startswith("# TYPE "):
            family = line.split(" ")[2]
            assert line.split(" ")[3] == "gauge"
            assert not any(name == family for name, _ in samples)
        elif not line.startswith(f"# HELP {family} "):
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] == family
            assert (family, found[2]) not in samples
            samples[family, found[2] or ""] = float(found[3])
    return samples


def test_openmetrics_have_every_number_that_there_is() -> None:
    read = exposition(openmetrics(report(WORSE, SAME, OTHER, slices=("part",))))
    cells = WORSE.comparison.cells if WORSE.comparison else ()
    mine = [value for (name, labels), value in read.items() if name == "harness_score" and 'model="m"' not in labels]
    assert mine == [cell.candidate for cell in cells]
    labels = 'task="stance",model="m",metric="accuracy",slice=""'
    assert read["harness_p", labels] == 1
    assert ("harness_low", labels) not in read, "where nothing differs there is no interval"
    assert read["harness_exit", ""] == 4
    [own] = [one for name, one in read if name == "harness_p" and 'metric="accuracy",slice=""' in one and one != labels]
    said = re.search(r'model="((?:[^"\\]|\\.)*)"', own)
    assert said
    assert re.sub(r"\\(.)", lambda one: {"n": "\n"}.get(one[1], one[1]), said[1]) == HOSTILE


def test_every_form_tells_of_the_same_cells() -> None:
    said = report(WORSE, SAME, OPEN, OTHER)
    assert len(cases_of(said)) == int(suites(junit(said)).get("tests", ""))
    assert len(cases_of(said)) == sum(
        re.match(r"\| (✅|❌|⚠️|❔|⛔)", line) is not None for line in summary(said, "").split("\n")
    )
    assert telling.plain(said)["exit"] == said.exit_code


# The CI files


def steps(path: str) -> list[dict]:
    table = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return table["runs"]["steps"]


def test_the_action_hands_inputs_to_the_shell_by_the_environment_alone() -> None:
    table = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert {"benchmark", "baseline", "policy", "fail-on", "junit", "json"} <= table["inputs"].keys()
    assert all(one.get("description") for one in table["inputs"].values())
    assert table["runs"]["using"] == "composite"
    ran = [step for step in steps("action.yml") if "run" in step]
    assert len(ran) == 3
    for step in ran:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        named = set(re.findall(r"\b[A-Z_]{3,}\b", step["run"])) - {
            "GITHUB_OUTPUT",
            "GITHUB_STEP_SUMMARY",
            "GITHUB_ACTION_PATH",
        }
        assert named == set(step.get("env", {}))


STAND_IN = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
sys.exit(int(os.environ.get("CODE_" + sys.argv[1].upper(), 0)))
"""


def acted(folder: Path, codes: dict[str, int], **inputs: str) -> tuple[int, list[list[str]], dict[str, str]]:
    """The action's run and gate as a runner does them, with a stand-in for harness; exit code, calls, outputs."""
    (folder / "bin").mkdir(exist_ok=True)
    stand_in = folder / "bin/harness"
    stand_in.write_text(STAND_IN.format(python=sys.executable))
    stand_in.chmod(0o755)
    table = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    given = {name: one.get("default", "") for name, one in table["inputs"].items()} | inputs
    outputs = folder / "outputs"
    for name in ("calls", "outputs"):
        (folder / name).write_text("")
    env = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "CALLS": str(folder / "calls")}
    env |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": "page.md"}
    env |= {f"CODE_{verb.upper()}": str(code) for verb, code in codes.items()}
    code = 0
    for step in steps("action.yml"):
        if step.get("id") in ("run", "gate") and code == 0:
            said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
            own = {
                name: said.get("exit-code", "")
                if "steps.run" in value
                else given[re.findall(r"inputs\.([a-z-]+)", value)[0]]
                for name, value in step["env"].items()
            }
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            code = subprocess.run(shell, cwd=folder, env=env | own, check=False).returncode
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    return code, calls, dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def test_the_action_runs_and_gates_and_nothing_in_an_input_is_run(tmp_path: Path) -> None:
    evil = '"; touch pwned; $(touch pwned) `touch pwned` #'
    code, calls, said = acted(tmp_path, {}, benchmark=evil, baseline=evil, policy=evil, **{"fail-on": "never"})
    assert code == 0
    assert calls[0] == ["run", "--out", "runs/candidate", "--", evil]
    assert calls[1][-3:] == ["--", evil, "runs/candidate"]
    assert calls[1][calls[1].index("--policy") + 1] == evil
    assert calls[1][calls[1].index("--fail-on") + 1] == "never"
    assert not (tmp_path / "pwned").exists()
    assert said == {"exit-code": "0"}


@pytest.mark.parametrize(
    ("codes", "ended", "verbs"),
    [
        ({"gate": 1}, 1, ["run", "gate"]),
        ({"gate": 3}, 3, ["run", "gate"]),
        ({"run": 5, "gate": 0}, 5, ["run", "gate"]),  # a model failed that the baseline does not have
        ({"run": 5, "gate": 5}, 5, ["run", "gate"]),
        ({"run": 2}, 2, ["run"]),
    ],
)
def test_the_action_ends_as_the_gate_does_and_never_well_where_a_model_failed(
    tmp_path: Path, codes: dict[str, int], ended: int, verbs: list[str]
) -> None:
    code, calls, said = acted(tmp_path, codes, benchmark="b.toml")
    assert code == ended
    assert [call[0] for call in calls] == verbs
    assert said["exit-code"] == str(ended)


def test_gitlab_and_pre_commit_ask_for_what_there_is() -> None:
    gitlab = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text(encoding="utf-8"))
    script = " ".join(gitlab["harness"]["script"])
    assert set(re.findall(r"HARNESS_\w+", script)) == gitlab["variables"].keys()
    assert gitlab["harness"]["artifacts"]["reports"]["junit"] in script
    assert gitlab["harness"]["artifacts"]["reports"]["metrics"] in script
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"]: hook["entry"] for hook in hooks} == {
        "harness-check": "harness check",
        "harness-corpus-fmt": "harness corpus fmt",
    }
    assert {hook["language"] for hook in hooks} == {"python"}


def options_of(verb: str) -> set[str]:
    command = cli.get_command(click.Context(cli), verb)
    assert command
    return {name for option in command.params for name in option.opts if name.startswith("--")}


@pytest.mark.parametrize("path", ["action.yml", "ci/gitlab.yml", "harness/editing/workflow.yml"])
def test_every_option_in_a_ci_file_is_one(path: str) -> None:
    text = re.sub(r"#.*|\n +(?!- )", " ", (ROOT / path).read_text(encoding="utf-8"))
    asked = set(re.findall(r"--[a-z][a-z-]+", text)) - {"--quiet"}
    assert asked
    assert asked <= options_of("gate") | options_of("run") | options_of("check")


def test_a_new_corpus_comes_with_a_ci_file_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["corpus", "new", "mine", "--label", "tone=A,B"]) == 0
    table = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert table["permissions"] == {"contents": "read"}
    assert table["jobs"]["harness"]["env"] == {
        "CORPUS": "corpora/mine", "BENCHMARK": "benchmarks/mine.toml", "BASELINE": "main",
    }  # fmt: skip
    assert "pull_request_target" not in WORKFLOW.read_text()
    for step in table["jobs"]["harness"]["steps"]:
        assert "${{" not in step.get("run", "")
    WORKFLOW.write_text("mine")
    assert run(["corpus", "new", "other", "--label", "tone=A,B"]) == 0
    assert WORKFLOW.read_text() == "mine"


def test_a_corpus_outside_the_folder_gets_no_ci_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run(["corpus", "new", "mine", "--label", "tone=A,B", "--in", "../beside"]) == 0
    assert not WORKFLOW.exists()


def test_the_pytest_plugin_is_named_and_there() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert table["project"]["entry-points"]["pytest11"] == {"harness": "harness.pytest_plugin"}
    assert (ROOT / "harness/pytest_plugin.py").is_file()


def test_a_ranking_beside_the_primary_metric_is_said_to_have_no_verdict() -> None:
    one = report(ranked())
    line = "a ranking, shown and never gated: roc_auc 1.000 → 0.8"
    assert any(line in said for said in telling.lines(one))
    assert "a ranking, shown and never gated: roc_auc 1.000" in html.unescape(summary(one, "again")).replace(
        "&#95;", "_"
    )
    cells = telling.plain(one)["gated"][0]["cells"]
    assert [(cell["name"], cell["not_gated"]) for cell in cells] == [
        ("accuracy", ""),
        ("roc_auc", "a ranking has no verdict"),
    ]
