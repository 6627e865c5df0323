"""Answers kept in a file, by several processes, and files that cannot keep any."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from harness.asking.client import Failure, Reply
from harness.asking.keeping import Kept
from harness.asking.spending import Budget, Limits
from harness.errors import HarnessError

WRITER = """
import sys
from harness.asking.client import Reply
from harness.asking.keeping import Kept
from harness.asking.spending import Budget, Limits
kept = Kept(sys.argv[1])
budget = Budget(kept, "run", Limits(requests=100, tokens=10_000))
done = 0
for i in range(50):
    kept.keep(f"{sys.argv[2]} {i}", Reply(f"answer {i}"), "url", "model", "text")
    if budget.take((60, 40)):
        done += 1
        budget.settle((60, 40), Reply("", tokens=(60, 40)))
print(done)
"""


def test_what_is_kept_is_given_back(tmp_path: Path) -> None:
    path = str(tmp_path / "folder" / "kept.sqlite")
    replies = [Reply("é👩‍👩‍👧", tokens=(3, 4)), Reply("no", refused=True), Reply("")]
    with closing(Kept(path)) as kept:
        for i, reply in enumerate(replies):
            kept.keep(str(i), reply, "u", "m", "text")
        kept.remember("u", "m", "json_object")
    with closing(Kept(path)) as kept:
        assert [kept.answer(str(i)) for i in range(4)] == [*replies, None]
        assert (kept.mode("u", "m"), kept.mode("u", "other")) == ("json_object", "")
    assert [file.name for file in Path(path).parent.iterdir()] == ["kept.sqlite"]


def test_several_processes_write_to_one_file_and_share_one_purse(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.sqlite")
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(n)], stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    done = [int(process.communicate()[0]) for process in started]
    assert sum(done) == 100
    with closing(Kept(path)) as kept:
        assert all(kept.answer(f"{n} {i}") == Reply(f"answer {i}") for n in range(3) for i in range(50))


def test_threads_never_go_over_a_budget_and_use_what_others_give_back(tmp_path: Path) -> None:
    with closing(Kept(str(tmp_path / "kept.sqlite"))) as kept:
        budget = Budget(kept, "run", Limits(tokens=1000))

        def ask(i: int) -> bool:
            worst = (250, 250)
            if not budget.take(worst):
                return False
            budget.settle(worst, Reply("", tokens=(6, 4)) if i % 2 else Failure("HTTP 500", 500))
            return True

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(ask, range(90)))
        assert all(done)  # 45 answers cost 450
        assert sum(ask(1) for _ in range(99)) == 6  # 510 are spent, and the worst case has no room any more


def test_a_try_that_broke_off_stays_paid(tmp_path: Path) -> None:
    with closing(Kept(str(tmp_path / "kept.sqlite"))) as kept:
        budget = Budget(kept, "run", Limits(cost=1.0, price_in=1e6, price_out=0))
        assert budget.take((1, 9))
        budget.settle((1, 9), Failure("no answer within 1 s"))
        assert not budget.take((1, 9))


def test_a_file_that_can_keep_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database at all, but long enough to be taken for one " * 99)
    for path in (tmp_path / "text", tmp_path, tmp_path / "text" / "below.sqlite"):
        with pytest.raises(HarnessError, match="cache=") as told:
            Kept(str(path))
        assert str(told.value).startswith(str(path))
