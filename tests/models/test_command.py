"""Programs that answer well, badly, late or not at all."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from answers import LABELS, items_of

from harness.annotations import Annotations
from harness.errors import AskedWrongly, HarnessError
from harness.models.command import command
from harness.records import STATUSES, Items

READ = """
import json, sys, time, os, subprocess
lines = [json.loads(line) for line in sys.stdin]
items = [line for line in lines if "item" in line]
def say(line): print(json.dumps(line))
"""


def asked(folder: Path, code: str, items: Items, gold: Annotations | None = None, **settings) -> Annotations:
    program = folder / "program.py"
    program.write_text(READ + code)
    model = command(run=shlex.join([sys.executable, str(program)]), **settings)
    known = items_of(["one", "two"], target=["x", "y"])
    model.fit(known, gold or Annotations.of_label(known["item"], LABELS, ["A", "B"]), seed=13)
    said = model.predict(items)
    assert said.flaw(items) == ""
    return said


def answered(said: Annotations) -> list:
    return [answer or STATUSES[status] for answer, status in zip(said.answers(), said.status, strict=True)]


def test_it_is_told_the_task_the_training_items_and_those_to_answer(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    asked(tmp_path, f"open({str(seen)!r}, 'w').write(json.dumps(lines))", items_of(["é 👩‍👩‍👧\n"], target=["z"]))
    task, one, two, mark, item = json.loads(seen.read_text())
    assert task == {"task": {"kind": "label", "labels": list(LABELS), "of": ["target"]}, "seed": 13}
    assert (one["train"]["text"], one["train"]["target"], one["train"]["label"]) == ("one", "x", "A")
    assert (two["train"]["item"], two["train"]["label"], mark) == ("g1/d", "B", {"predict": 1})
    assert (item["item"], item["text"], item["target"]) == ("g0/d", "é 👩‍👩‍👧\n", "z")
    assert "label" not in item


def test_answers_come_in_any_order_with_scores_and_evidence(tmp_path: Path) -> None:
    code = """
for item in reversed(items):
    say({"item": item["item"], "label": item["text"][0], "scores": {"A": 0.25, "B": 0.75}, "evidence": [[0, 1]]})
"""
    said = asked(tmp_path, code, items_of(["A x", "B y"]))
    assert said.answers() == ["A", "B"]
    assert said.scores.tolist() == [[0.25, 0.75, 0, 0]] * 2
    assert said.besides["evidence"].answers() == [[(0, 1, "evidence")]] * 2


def test_sets_and_spans_are_answered(tmp_path: Path) -> None:
    items = items_of(["👩‍👩‍👧 Ana"])
    sets = Annotations.of_labels(["g0/d", "g1/d"], LABELS, [["A"], []])
    said = asked(tmp_path, "say({'item': 'g0/d', 'labels': ['B', 'A']})", items, sets)
    assert said.answers() == [["A", "B"]]
    spans = Annotations.of_spans(["g0/d", "g1/d"], LABELS, [[(0, 3, "A")], []])
    code = "t = items[0]['text']; say({'item': 'g0/d', 'spans': [[t.find('Ana'), t.find('Ana') + 3, 'A']]})"
    assert asked(tmp_path, code, items, spans).answers() == [[(6, 9, "A")]]


def test_what_is_unanswered_is_missing_and_what_is_no_answer_is_invalid(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    code = """
print("loading the model")
say({"item": "g0/d", "label": "A"})
say({"item": "g1/d", "label": "Z"})
say({"item": "g2/d", "label": 3})
say({"item": "g3/d", "label": "A", "scores": {"A": "high"}})
say({"item": "g4/d", "label": "A"}); say({"item": "g4/d", "label": "B"})
say({"item": "g5/d", "status": "refused"})
sys.stdout.buffer.write(b"\\xff\\n[1]\\n\\n")
say({"item": "elsewhere", "label": "A"})
print('{"item": "g6/d", "label": "B"}', end="")
"""
    said = asked(tmp_path, code, items_of(["text"] * 8))
    assert answered(said) == ["A", "invalid", "invalid", "invalid", "invalid", "refused", "B", "missing"]
    assert '4 lines answer no item, such as: "loading the model"' in capsys.readouterr().err


def test_a_program_that_dies_is_shown_with_its_code_and_its_last_words(tmp_path: Path) -> None:
    code = "say({'item': 'g0/d', 'label': 'A'})\nprint('x' * 9000, file=sys.stderr)\nraise ValueError('no such thing')"
    with pytest.raises(HarnessError) as error:
        asked(tmp_path, code, items_of(["a", "b"]))
    said = str(error.value)
    assert "ended with exit code 1; 1 of 2 items are answered." in said
    assert said.endswith("ValueError: no such thing")
    assert len(said) < 3000
    with pytest.raises(HarnessError, match="was killed by signal 9"):
        asked(tmp_path, "os.kill(os.getpid(), 9)", items_of(["a"]))


def test_a_program_of_another_tongue_is_no_score(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"answered no item\. It wrote .A,0\.9"):
        asked(tmp_path, "print('A,0.9')", items_of(["a"]))


def test_pipes_that_are_full_on_all_sides_hang_nothing(tmp_path: Path) -> None:
    """It answers at length before it has read what it is told, and complains all the while."""
    first = "import sys, json\nfor i in range(3000):\n"
    first += "    print(json.dumps({'item': f'g{i}/d', 'label': 'A', 'why': 'x' * 300}))\n"
    first += "    print('y' * 300, file=sys.stderr)\nfor line in sys.stdin: pass\n"
    (tmp_path / "first.py").write_text(first)
    items = items_of(["long text " * 100] * 3000)
    model = command(run=shlex.join([sys.executable, str(tmp_path / "first.py")]), timeout=30.0)
    model.fit(items, Annotations.of_label(items["item"], LABELS, ["A"] * 3000), seed=1)
    assert model.predict(items).answers() == ["A"] * 3000


@pytest.mark.parametrize(
    ("code", "settings", "finding"),
    [
        (
            "say({'item': 'g0/d', 'label': 'A'}); time.sleep(60)",
            {"timeout": 0.3},
            "wrote nothing for 0.3 seconds; 1 of 2",
        ),
        ("time.sleep(60)", {"timeout": 0.1, "limit": 1.0}, "did not end in 1 seconds; 0 of 2 items"),
        ("os.close(1); time.sleep(60)", {"timeout": 0.3}, "closed its output and did not end"),
    ],
)
def test_a_program_that_hangs_is_stopped(code: str, settings: dict, finding: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(HarnessError, match=finding):
        asked(tmp_path, code, items_of(["a", "b"]), **settings)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("hangs", [True, False])
def test_nothing_that_it_started_is_left_running(hangs: bool, tmp_path: Path) -> None:
    code = f"""
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
for item in items: say({{"item": item["item"], "label": "A"}})
if {hangs}: time.sleep(600)
"""
    assert asked(tmp_path, code, items_of(["a", "b"]), timeout=0.5).answers() == ["A", "A"]
    assert ends(int((tmp_path / "pid").read_text()))


def ends(pid: int) -> bool:
    """Whether a process is gone within five seconds; it is not left running."""
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":  # killed, and nobody's to bury
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False


HARNESS = """
import sys
from pathlib import Path
from test_command import asked, items_of
asked(Path(sys.argv[1]), sys.argv[2], items_of(["a"]))
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_program_ends_with_the_harness_however_that_is_ended(how: signal.Signals, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code = f"open({str(told)!r}, 'w').write(f'{{os.getpid()}}.'); time.sleep(600)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    process = subprocess.Popen([sys.executable, "-c", HARNESS, str(tmp_path), code], env=environment)
    end = time.monotonic() + 60
    while not (told.exists() and told.read_text().endswith(".")) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait() == -how
    assert ends(int(told.read_text().rstrip(".")))


def test_its_identity_is_that_of_the_files_it_names(tmp_path: Path) -> None:
    program, settings = tmp_path / "p.py", tmp_path / "s.json"
    program.write_text("1")
    settings.write_text("{}")
    model = command(run=f"python {program} --settings={settings} --fast")
    before = model.identity
    assert before == model.identity
    for path in (program, settings):
        path.write_text("2")
        assert model.identity != before
        before = model.identity


def test_the_same_seed_orders_sets_of_words_alike(tmp_path: Path) -> None:
    code = "say({'item': 'g0/d', 'label': sorted('ABCD', key=hash)[0]})"
    assert len({asked(tmp_path, code, items_of(["a"])).answers()[0] for _ in range(4)}) == 1


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ({"run": ""}, "needs a program"),
        ({"run": "x", "timeout": 0}, "above 0 seconds"),
        ({"run": "'x"}, "cannot be read"),
        ({"run": "no-such-program --fast"}, '"no-such-program" cannot be run'),
    ],
)
def test_what_cannot_be_run_is_told(settings: dict, finding: str) -> None:
    with pytest.raises(AskedWrongly, match=finding):
        model = command(**settings)
        model.fit(items_of(["x"]), Annotations.of_label(["g0/d"], LABELS, ["A"]), seed=1)
        model.predict(items_of(["x"]))
